"""The regret of optimizers as a figure, from trajectories alone."""

from __future__ import annotations

import re
import shutil
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import plotting, search
from nb101fast.locations import BUILT_IN
from nb101fast.search.regret_figure import lines_of

pytest.importorskip("matplotlib")

INDEX = nb101fast.open(BUILT_IN)


def runs_of(optimizer: str, **changes: Any) -> search.Trajectories:
    options: dict[str, Any] = {"runs": 5, "budget_seconds": 300}
    return search.run(optimizer, INDEX, **options | changes)


def test_any_two_optimizers_differ_by_colour_and_by_marker() -> None:
    curves = [plotting.curve(number) for number in lines_of(search.OPTIMIZERS).values()]
    for one, other in combinations(curves, 2):
        assert one["color"] != other["color"]
        assert one["marker"] != other["marker"]


def test_random_search_and_hyperband_differ_by_dash_and_hue() -> None:
    lines = lines_of(["rs", "hb"])
    random, hyperband = (plotting.curve(lines[name]) for name in ("rs", "hb"))
    assert random["linestyle"] != hyperband["linestyle"]
    assert {random["color"], hyperband["color"]} == {"#0072b2", "#000000"}


@pytest.mark.parametrize("regret", ["test", "validation"])
def test_both_panels_show_the_runs(regret: search.trajectories.Regret) -> None:
    runs = [runs_of("rs"), runs_of("re")]
    figure = search.plot_regret(runs, regret=regret)
    mean, final = figure.axes
    legend = mean.get_legend()
    assert legend is not None
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["Random search", "Regularized evolution"]
    for line, each in zip(mean.lines, runs, strict=True):
        expected = each.regret_at(np.asarray(line.get_xdata(), np.float64), regret=regret)
        drawn = np.asarray(line.get_ydata(), np.float64)
        np.testing.assert_allclose(drawn, expected.mean(axis=0), rtol=1e-12)
    assert final.get_xlabel() == f"{regret} regret"
    assert final.lines[0].get_color() == mean.lines[0].get_color()


def test_a_panel_without_a_positive_regret_is_linear() -> None:
    """The accuracy of a single run may be better than the best mean of a cell."""
    runs = search.run("bohb", INDEX, runs=5, budget_seconds=3000)
    assert (runs.final_validation_regret < 0).all()
    middle, final = search.plot_regret([runs], regret="validation").axes
    assert (middle.get_yscale(), final.get_xscale()) == ("log", "linear")


def test_a_dictionary_names_the_curves() -> None:
    figure = search.plot_regret({"one $": runs_of("rs"), "two": runs_of("rs", seed=1)})
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [r"one \$", "two"]
    assert figure.axes[0].lines[0].get_color() != figure.axes[0].lines[1].get_color()


def test_trajectories_plot_themselves_and_show_themselves() -> None:
    runs = runs_of("re", max_evaluations=9, budget_seconds=None)
    figure = runs.plot()
    assert figure.axes[0].get_xlabel() == "evaluations"
    html = runs._repr_html_()
    assert "&lt;Trajectories of re (paper): 5 runs of 9 evaluations" in html
    assert '<img alt="&lt;Trajectories of re' in html
    assert "base64,iVBOR" in html


def test_trajectories_show_their_text_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = runs_of("re")

    def missing(module: str = "matplotlib") -> Any:
        raise ImportError(module)

    monkeypatch.setattr(plotting, "import_matplotlib", missing)
    assert runs._repr_html_().startswith("<p>&lt;Trajectories of re")
    assert "<img" not in runs._repr_html_()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (list, "no trajectories; give those of at least one optimizer"),
        (lambda: [runs_of("rs"), runs_of("rs")], "two trajectories are those of 'rs'; give a dict"),
        (lambda: [runs_of("rs"), 5], "trajectories=5 is not allowed; use Trajectories"),
        (
            lambda: [runs_of("rs"), runs_of("re", budget_seconds=200)],
            "the trajectories of 're' have budget_seconds=200.0, those of 'rs' 300.0; use runs of",
        ),
        (
            lambda: [runs_of("rs"), runs_of("re", preset="scripts")],
            "the trajectories of 're' have preset='scripts', those of 'rs' 'paper'; use runs of",
        ),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(given: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        search.plot_regret(given())


def test_a_figure_says_that_some_values_are_made_up(tmp_path: Path) -> None:
    codes = nb101fast.cell_codes()[INDEX.cells]
    nb101fast.synthetic.write_index(tmp_path / "i.nb101", codes=codes, epochs=(108,))
    made = search.run("rs", nb101fast.open(tmp_path / "i.nb101"), runs=2, budget_seconds=1e4)
    real = runs_of("rs", runs=2, budget_seconds=1e4)
    for pair in ({"made": made, "real": real}, {"real": real, "made": made}):
        assert "SYNTHETIC" in search.plot_regret(pair).get_suptitle()
    shutil.copy(BUILT_IN, tmp_path / "SYNTHETIC_free.nb101")
    free = nb101fast.open(tmp_path / "SYNTHETIC_free.nb101")
    assert not search.run("rs", free, runs=2, budget_seconds=300).plot().get_suptitle()


def test_trainings_that_take_no_time_are_drawn(tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text(
        "id,epochs,validation_accuracy,test_accuracy,training_time\n"
        + "".join(f"{i},4,0.5,0.{i}5,{time}\n" for i in range(9) for time in (0, 2))
    )
    nb101fast.compile(tmp_path / "i.csv", tmp_path / "i.nb101")
    done = search.run("rs", nb101fast.open(tmp_path / "i.nb101"), runs=9, budget_seconds=50)
    assert done.plot().axes[0].get_xlim()[0] > 0
