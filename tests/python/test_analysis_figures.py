"""The figures of the built-in index: what they show, and that they look like the golden ones."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import nb101fast
from nb101fast import analysis, figure_file, plotting
from nb101fast.analysis.part import Part
from nb101fast.analysis.summary import IndexSummary
from nb101fast.locations import BUILT_IN
from reference.pictures import difference, read, small, write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

pytest.importorskip("matplotlib")

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "figures"
RENEW = "NB101FAST_RENEW_FIGURES"  # if it is set, the golden images are written again
PARTS = (
    "distributions",
    "relations",
    "replacements",
    "shapes",
    "budgets",
    "locality",
    "best_cells",
)
TOLERANCE = 0.005  # a missing curve makes more than that


@pytest.fixture(scope="module")
def summary() -> IndexSummary:
    return analysis.summarize(nb101fast.open(BUILT_IN))


def drawn(part: Part) -> Figure:
    figure = part.figure()
    assert figure is not None
    return figure


@pytest.mark.parametrize("name", PARTS)
def test_figure(summary: IndexSummary, name: str) -> None:
    picture, golden = small(drawn(getattr(summary, name))), GOLDEN / f"analysis_{name}.png"
    if os.environ.get(RENEW):
        write(golden, picture)
    assert difference(picture, read(golden)) < TOLERANCE


@pytest.mark.parametrize(
    ("name", "panel", "curves"),
    [("distributions", 0, 3), ("distributions", 1, 4), ("budgets", 2, 6)],
)
def test_a_missing_curve_is_seen(summary: IndexSummary, name: str, panel: int, curves: int) -> None:
    figure = drawn(getattr(summary, name))
    for axes in figure.axes:
        axes.set_visible(axes is figure.axes[panel])
    whole, lines = small(figure), list(figure.axes[panel].lines)
    assert len(lines) == curves
    for line in lines:
        line.set_visible(False)
        assert difference(small(figure), whole) > TOLERANCE
        line.set_visible(True)


def test_each_curve_is_named(summary: IndexSummary) -> None:
    legends = [axes.get_legend() for axes in drawn(summary.distributions).axes]
    texts = [[text.get_text() for text in legend.get_texts()] for legend in legends if legend]
    assert texts == [
        ["train", "validation", "test"],
        [f"{epochs} epochs" for epochs in (4, 12, 36, 108)],
    ]


def test_few_very_noisy_cells_do_not_stretch_the_panel_of_noise(summary: IndexSummary) -> None:
    noise = {
        epochs: np.sort(np.r_[np.linspace(0.001, 0.01, 995), np.full(5, 0.4)])
        for epochs in summary.distributions.noise
    }
    figure = drawn(dataclasses.replace(summary.distributions, noise=noise))
    low, high = figure.axes[1].get_xlim()
    assert 0.05 < low < 0.12
    assert 1.0 < high < 1.2


def test_numbers_on_a_heat_map_have_the_higher_contrast() -> None:
    """Black or white, whichever is told from the square's colour more easily."""
    with plotting.style():
        _, axes = plotting.panels()
        plotting.matrix(axes[0], np.linspace(0, 1, 16).reshape(4, 4), range(4), ".2f")
    squares = axes[0].collections[0]
    for text, value in zip(axes[0].texts, np.linspace(0, 1, 16), strict=True):
        luminance = luminance_of(squares.to_rgba(np.asarray(value))[:3])
        is_lighter = (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05)
        assert text.get_color() == ("black" if is_lighter else "white")


def luminance_of(colour: Sequence[float]) -> float:
    """The relative luminance of WCAG 2: 0 to 1."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_many_cells_are_binned(tmp_path: Path) -> None:
    """Without bins, the SVG of the whole space would have a path for each cell."""
    path = tmp_path / "many.nb101"
    cells = nb101fast.cell_codes()[:2532]
    nb101fast.synthetic.write_index(path, codes=cells, epochs=(108,), repeats=1)
    figure = drawn(analysis.summarize(nb101fast.open(path)).relations)
    assert len(figure_file.render(figure, "svg")) < 500_000
    bins = figure.axes[0].collections[0].get_array()
    assert bins is not None
    assert 0.98 * 2532 <= bins.sum() <= 2532


def test_the_figure_of_own_columns_has_a_curve_for_each(tmp_path: Path) -> None:
    index = nb101fast.open(BUILT_IN)
    columns = {name: np.arange(91.0) for name in ("latency_ms", "energy")}
    nb101fast.attach(index, columns, tmp_path / "own.nb101", ids=index.cells)
    own = analysis.summarize(nb101fast.open(tmp_path / "own.nb101")).own_columns
    assert own is not None
    for panel in drawn(own).axes:
        assert [line.get_label() for line in panel.get_lines()] == ["latency_ms", "energy"]


def test_drawing_leaves_pyplot_alone() -> None:
    program = (
        "import sys, nb101fast, nb101fast.analysis as analysis\n"
        "assert 'matplotlib' not in sys.modules\n"
        "summary = analysis.summarize(nb101fast.open(nb101fast.locations.BUILT_IN))\n"
        "assert 'matplotlib' not in sys.modules\n"
        "[part.figure() for part in summary.parts]\n"
        "assert 'matplotlib' in sys.modules\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
