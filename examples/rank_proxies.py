"""How well zero-cost proxies rank the cells of NB101-digits, as a table and as a figure.

    python examples/rank_proxies.py [FIGURE]

The proxies look at untrained networks with the settings of NB101-digits and at 64 training images.
FIGURE is a file for the figure, which ends with .png or .svg. This needs
`pip install "nb101fast[torch,plots]" nb101train`; TensorFlow is not needed.
"""

from __future__ import annotations

import sys

from scipy.stats import kendalltau, spearmanr

import nb101fast
from nb101fast import plotting, proxies
from nb101fast.locations import BUILT_IN
from nb101train import DIGITS, load_dataset

BATCH = 64
DRAWN = ("params", "synflow", "zen", "naswot", "jacob_cov", "grad_norm")


def main() -> None:
    index, dataset = nb101fast.open(BUILT_IN), load_dataset("digits")
    images = dataset.normalised(dataset.train.images[:BATCH]).transpose(0, 3, 1, 2)
    codes = nb101fast.cell_codes()[index.cells]
    scores = proxies.score_cells(
        codes, images, dataset.train.labels[:BATCH], config=DIGITS, progress=True
    )
    accuracies = index.objective("test_accuracy", epochs=108)(codes)
    ranked = {
        name: (spearmanr(values, accuracies)[0], kendalltau(values, accuracies)[0])
        for name, values in scores.items()
    }
    print(f"{index}\n\n| proxy | Spearman | Kendall |\n|---|---:|---:|")
    for name, (rho, tau) in sorted(ranked.items(), key=lambda item: -item[1][0]):
        print(f"| {name} | {rho:.2f} | {tau:.2f} |")
    for path in sys.argv[1:2]:
        with plotting.style():
            figure, panels = plotting.panels(2, 3, inches=(2.6, 2.2), sharey=True)
            for name, panel in zip(DRAWN, panels, strict=True):
                panel.scatter(scores[name], accuracies, s=8)
                panel.set(title=f"{name}: {ranked[name][0]:.2f}")
            panels[DRAWN.index("synflow")].set_xscale("log")
            for panel in panels[::3]:
                panel.set_ylabel("test accuracy")
            plotting.write(figure, path)


if __name__ == "__main__":
    main()
