"""The figures of an experiment: what they show, and that they look like the golden ones."""

from __future__ import annotations

import dataclasses
import os
import shutil
import xml.etree.ElementTree
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import Index, figure_file, plotting, search
from nb101fast.experiment import ExperimentPlan
from nb101fast.experiment.figures import RunsByName, figures
from nb101fast.locations import BUILT_IN
from nb101fast.search.regret_figure import lines_of
from reference.pictures import difference, read, small, write

pytest.importorskip("matplotlib")

GOLDEN = Path(__file__).parents[1] / "data" / "figures" / "experiment_regret.png"
RENEW = "NB101FAST_RENEW_FIGURES"  # if it is set, the golden images are written again
OPTIMIZERS = ("rs", "re", "hb")
TOLERANCE = 0.005  # a missing curve or band makes more than twice that


def plan_of(index: Index, **changes: Any) -> ExperimentPlan:
    options: dict[str, Any] = {"optimizers": OPTIMIZERS, "runs": 30, "budget_seconds": 500}
    return ExperimentPlan.of(index, **options | changes)


def runs_of(plan: ExperimentPlan) -> dict[str, search.Trajectories]:
    return {
        name: search.run(
            name if name in search.PRESETS[plan.preset].optimizers else settings,
            plan.index,
            runs=plan.runs,
            budget_seconds=plan.limits.budget_seconds,
            max_evaluations=plan.limits.max_evaluations,
            preset=plan.preset,
        )
        for name, settings in plan.optimizers.items()
    }


@pytest.fixture(scope="module")
def plan() -> ExperimentPlan:
    return plan_of(nb101fast.open(BUILT_IN))


@pytest.fixture(scope="module")
def runs(plan: ExperimentPlan) -> RunsByName:
    return runs_of(plan)


def test_names_are_not_taken_for_mathematics(
    plan: ExperimentPlan, runs: RunsByName, tmp_path: Path
) -> None:
    shutil.copyfile(BUILT_IN, tmp_path / "$\\frac{$\x1b.nb101")
    other = dataclasses.replace(plan, index=nb101fast.open(tmp_path / "$\\frac{$\x1b.nb101"))
    for figure in figures(other, runs).values():
        assert figure_file.render(figure, "svg")


# -------------------------------------------------------------------- how they look


def test_golden(plan: ExperimentPlan, runs: RunsByName) -> None:
    now = small(figures(plan, runs)["regret"])
    if os.environ.get(RENEW):
        write(GOLDEN, now)
    assert difference(now, read(GOLDEN)) < TOLERANCE


@pytest.mark.parametrize("panel", [0, 1])
@pytest.mark.parametrize("number", range(len(OPTIMIZERS)))
def test_golden_shows_every_curve(
    plan: ExperimentPlan, runs: RunsByName, panel: int, number: int
) -> None:
    figure = figures(plan, runs)["regret"]
    figure.axes[panel].lines[number].set_visible(False)
    assert difference(small(figure), read(GOLDEN)) > 2 * TOLERANCE


@pytest.mark.parametrize("number", range(len(OPTIMIZERS)))
def test_golden_shows_every_band(plan: ExperimentPlan, runs: RunsByName, number: int) -> None:
    figure = figures(plan, runs)["regret"]
    figure.axes[0].collections[number].set_visible(False)
    assert difference(small(figure), read(GOLDEN)) > 2 * TOLERANCE


# -------------------------------------------------------------------- what they show


def test_mean_curves(plan: ExperimentPlan, runs: RunsByName) -> None:
    [axes] = figures(plan, runs)["mean_regret"].axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert "seconds" in axes.get_xlabel()
    assert axes.get_ylabel() == "test regret"
    assert len(axes.lines) == len(axes.collections) == len(OPTIMIZERS)
    for line, trajectories in zip(axes.lines, runs.values(), strict=True):
        seconds = np.asarray(line.get_xdata(), np.float64)
        starts = trajectories.incumbents.starts[:-1]
        assert seconds[0] == pytest.approx(trajectories.incumbents.seconds[starts].max())
        assert seconds[-1] == pytest.approx(plan.limits.budget_seconds)
        regret = trajectories.regret_at(seconds)
        drawn = np.asarray(line.get_ydata(), np.float64)
        np.testing.assert_allclose(drawn, regret.mean(axis=0), rtol=1e-12)
        assert line.get_drawstyle() == "steps-post"


def test_distribution(plan: ExperimentPlan, runs: RunsByName) -> None:
    [axes] = figures(plan, runs)["final_regret"].axes
    assert axes.get_xlabel() == "test regret"
    for line, trajectories in zip(axes.lines, runs.values(), strict=True):
        values, shares = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        for value in np.unique(trajectories.final_regret):
            drawn = shares[np.searchsorted(values, value, side="right") - 1]
            assert drawn == pytest.approx(np.mean(trajectories.final_regret <= value))


def test_names_and_looks(plan: ExperimentPlan, runs: RunsByName) -> None:
    axes = figures(plan, runs)["regret"].axes
    titles = ["Random search", "Regularized evolution", "Hyperband"]
    legend = axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == titles
    [alone] = figures(plan, {"re": runs["re"]})["final_regret"].axes
    for panel in axes:  # one optimizer, one look, whatever the others are
        assert panel.lines[1].get_color() == alone.lines[0].get_color()


def test_title_of_synthetic_values(tmp_path: Path, plan: ExperimentPlan, runs: RunsByName) -> None:
    assert "SYNTHETIC" not in figures(plan, runs)["regret"].get_suptitle()
    path = tmp_path / "made_up.nb101"
    nb101fast.synthetic.write_index(path, codes=nb101fast.cell_codes()[:91])
    made_up = plan_of(nb101fast.open(path), optimizers=["rs"], runs=3, budget_seconds=1e4)
    for figure in figures(made_up, runs_of(made_up)).values():
        assert figure.get_suptitle().startswith("SYNTHETIC values, made up")


def test_queried_test_accuracy(plan: ExperimentPlan) -> None:
    notebook = plan_of(plan.index, optimizers=["rs", "re"], preset="notebook")
    runs = runs_of(notebook)
    mean, final = figures(notebook, runs)["regret"].axes
    assert mean.get_yscale() == final.get_xscale() == "linear"
    assert mean.get_ylabel() == final.get_xlabel() == "queried test accuracy"
    for line, trajectories in zip(mean.lines, runs.values(), strict=True):
        last = trajectories.incumbents.starts[1:] - 1
        expected = trajectories.incumbents.test_accuracy[last].mean()
        assert np.asarray(line.get_ydata())[-1] == pytest.approx(expected)


@pytest.mark.parametrize("regret", search.trajectories.REGRETS)
def test_curves_over_evaluations(plan: ExperimentPlan, regret: search.trajectories.Regret) -> None:
    few = plan_of(plan.index, budget_seconds=None, max_evaluations=40, runs=10)
    runs = runs_of(few)
    mean, final = figures(few, runs, regret=regret)["regret"].axes
    assert mean.get_xlabel() == "evaluations"
    assert mean.get_xlim() == (1, 40)
    assert mean.get_ylabel() == final.get_xlabel() == f"{regret} regret"
    for line, trajectories in zip(mean.lines, runs.values(), strict=True):
        evaluations = np.floor(line.get_xdata()).astype(np.int64)  # The curves have steps.
        expected = trajectories.regret_after(evaluations, regret=regret).mean(axis=0)
        np.testing.assert_allclose(np.asarray(line.get_ydata(), np.float64), expected, rtol=1e-12)


def test_mini_shows_the_median_and_the_quartiles(plan: ExperimentPlan) -> None:
    mini = plan_of(plan.index, optimizers=None, runs=None, preset="mini")
    assert list(mini.optimizers) == ["rs", "nre", "re"]
    assert mini.runs == 100
    runs = runs_of(mini)
    [axes] = figures(mini, runs)["median_regret"].axes
    assert axes.get_title(loc="left") == "Median test regret, with 25-75 % band"
    for line, band, trajectories in zip(axes.lines, axes.collections, runs.values(), strict=True):
        last = trajectories.final_regret
        assert np.asarray(line.get_ydata())[-1] == pytest.approx(np.median(last))
        heights = set(np.asarray(band.get_paths()[0].vertices)[:, 1].tolist())
        assert {np.quantile(last, 0.25), np.quantile(last, 0.75)} <= heights


def test_regret_by_mutation_rate(plan: ExperimentPlan, runs: RunsByName) -> None:
    assert "mutation_rate" not in figures(plan, runs)
    rates = plan_of(plan.index, optimizers=None, preset="mutation-rates", runs=10)
    runs = runs_of(rates)
    [axes] = figures(rates, runs)["mutation_rate"].axes
    assert axes.get_xlabel() == "mutation rate"
    [by_rate, *_, random] = axes.lines
    drawn_rates, means = (np.asarray(values).tolist() for values in by_rate.get_data())
    assert drawn_rates == [0.125, 0.25, 0.5, 1, 2, 4]
    for rate, mean in zip(drawn_rates, means, strict=True):
        assert mean == pytest.approx(runs[f"re-{rate:g}"].final_regret.mean())
    level = np.asarray(random.get_ydata())[0]
    assert level == pytest.approx(runs["rs"].final_regret.mean())


def looks_of(plan: ExperimentPlan) -> list[dict[str, Any]]:
    lines = lines_of(plan.optimizers)
    return [plotting.curve(lines[name]) for name in plan.optimizers]


def test_no_two_curves_look_alike(plan: ExperimentPlan) -> None:
    rates = plan_of(plan.index, optimizers=None, preset="mutation-rates")
    assert len({look["color"] for look in looks_of(rates)}) == 7
    many = plan_of(plan.index, optimizers={f"number{i}": "rs" for i in range(30)} | {"re": "re"})
    assert len({(look["color"], str(look["linestyle"])) for look in looks_of(many)}) == 31


def luminance(colour: str) -> float:
    """How light a colour is in grey print: CIE L*, from 0 to 100."""
    from matplotlib.colors import to_rgb

    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in to_rgb(colour)
    )
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return float(116 * np.cbrt(y) - 16 if y > 0.008856 else 903.3 * y)


def test_the_papers_seven_differ_in_grey_print_too(plan: ExperimentPlan) -> None:
    seven = plan_of(plan.index, optimizers=search.PRESETS["paper"].compared)
    looks = looks_of(seven)
    assert len({look["color"] for look in looks}) == 7
    for one, other in combinations(looks, 2):
        is_lighter = abs(luminance(one["color"]) - luminance(other["color"])) > 20
        assert one["linestyle"] != other["linestyle"] or is_lighter
        assert one["marker"] != other["marker"]


@pytest.mark.parametrize(("budget", "num_runs"), [(3.5, 1), (3.5, 2), (8.0, 20), (500, 1)])
def test_few_runs_and_short_budgets(plan: ExperimentPlan, budget: float, num_runs: int) -> None:
    """Runs without trainings, a single run without a band and a regret of 0 can be drawn."""
    short = plan_of(plan.index, optimizers=["rs", "re"], runs=num_runs, budget_seconds=budget)
    for figure in figures(short, runs_of(short)).values():
        picture = figure_file.render(figure, "svg")
        assert len(picture) > 1000
        assert xml.etree.ElementTree.fromstring(picture).tag.endswith("svg")
