"""How well zero-cost proxies rank the cells of NB101-digits, as own columns, a table and a figure.

    python examples/rank_proxies.py OUTPUT [FIGURE]

OUTPUT is a file for the index of NB101-digits with the proxies as own columns. FIGURE is a file for
the figure, which ends with .png or .svg. The proxies look at untrained networks with the settings
of NB101-digits and at 64 training images. This needs `pip install "nb101fast[torch,plots]"
nb101train`; TensorFlow is not needed.
"""

from __future__ import annotations

import sys

import nb101fast
from nb101fast import analysis, figure_file, plotting, proxies
from nb101fast.locations import BUILT_IN
from nb101train import DIGITS, load_dataset

BATCH = 64
DRAWN = ("params", "synflow", "zen", "naswot", "jacob_cov", "grad_norm")


def attach_proxies(output: str) -> nb101fast.Index:
    """Score all cells of NB101-digits, and attach the scores under names such as `proxy_zen`."""
    index, dataset = nb101fast.open(BUILT_IN), load_dataset("digits")
    images = dataset.normalised(dataset.train.images[:BATCH]).transpose(0, 3, 1, 2)
    codes = nb101fast.cell_codes()[index.cells]
    scores = proxies.score_cells(
        codes, images, dataset.train.labels[:BATCH], config=DIGITS, progress=True
    )
    columns = {f"proxy_{name}": values for name, values in scores.items()}
    nb101fast.attach(index, columns, output, codes=codes)
    return nb101fast.open(output)


def draw(index: nb101fast.Index, spearman: dict[str, float], path: str) -> None:
    """Draw test accuracy over some of the proxies."""
    accuracies = index.objective("test_accuracy").by_id(index.cells)
    with plotting.style():
        figure, panels = plotting.panels(2, 3, inches=(2.6, 2.2), sharey=True)
        for name, panel in zip(DRAWN, panels, strict=True):
            panel.scatter(index.column(f"proxy_{name}"), accuracies, s=8)
            panel.set(title=f"{name}: {spearman[f'proxy_{name}']:.2f}")
        plotting.set_log(panels[DRAWN.index("synflow")], "x")
        for panel in panels[::3]:
            panel.set_ylabel("test accuracy")
        figure_file.write(figure, path)


def main() -> None:
    index = attach_proxies(sys.argv[1])
    ranked = analysis.summarize(index).own_columns
    assert ranked is not None  # there are own columns
    rows = zip(ranked.names, ranked.spearman[:, 0], ranked.kendall[:, 0], strict=True)
    print(f"{index}\n\n| proxy | Spearman | Kendall |\n|---|---:|---:|")
    for name, rho, tau in sorted(rows, key=lambda row: -row[1]):
        print(f"| {name.removeprefix('proxy_')} | {rho:.2f} | {tau:.2f} |")
    for path in sys.argv[2:3]:
        draw(index, dict(zip(ranked.names, ranked.spearman[:, 0], strict=True)), path)


if __name__ == "__main__":
    main()
