"""Search with several objectives: NSGA-II against a plain one, and the fronts of the runs."""

from __future__ import annotations

import json
import math
import pickle
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import FormatError, Index, _core, search
from nb101fast.locations import BUILT_IN
from reference import optimizers as plain
from reference import pareto
from reference.hostile_json import refusals
from reference.libraries import import_or_skip

INDEX = nb101fast.open(BUILT_IN)
ACCURACY_AND_SIZE = search.Objectives(("test_accuracy",), ("parameters",))
find = partial(search.find_fronts, index=INDEX)


def equal(a: Any, b: Any) -> bool:
    if isinstance(a, search.Observations):
        return all(np.array_equal(value, getattr(b, name)) for name, value in vars(a).items())
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else bool(a == b)


def check_equal(a: search.Fronts, b: search.Fronts) -> None:
    assert [name for name, value in vars(a).items() if not equal(value, getattr(b, name))] == []


def told(trial: plain.Trial) -> Sequence[float]:
    """What an optimizer is told: the validation accuracy of the run, and the parameters."""
    if trial.cell_id < 0:
        return (math.inf, math.inf)
    return (-trial.accuracy, float(nb101fast.cell_parameters()[trial.cell_id]))


@pytest.fixture(scope="module")
def sampler() -> plain.Sampler:
    return plain.Sampler("all")


# -------------------------------------------------------------------- against plain ones


@pytest.mark.parametrize("sizes", [{}, {"population": 7, "crossover_rate": 0.4}])
def test_compiled_equals_plain(sampler: plain.Sampler, sizes: dict[str, Any]) -> None:
    """Every training that joined a front, and the hypervolume of the front after it."""
    training = plain.PlainTraining(INDEX, (108,))
    make = partial(
        plain.NSGA2,
        sampler,
        objectives=told,
        size=sizes.get("population", 100),
        crossover_rate=sizes.get("crossover_rate", 0.9),
    )
    fronts = find(search.NSGA2(**sizes), runs=2, budget_seconds=1500, seed=5, first_run=7)
    assert fronts.num_evaluations.min() > 150
    span = fronts.reference - fronts.ideal
    for run in range(2):
        ended, num_invalid = plain.run_plainly(make, training, 1500, 5, 7 + run)
        assert fronts.num_evaluations[run] == len(ended)
        assert fronts.num_invalid[run] == num_invalid
        rows = range(*fronts.incumbents.starts[run : run + 2])
        front: list[plain.Trial] = []
        joined = []
        for seconds, trial in ended:
            if any(all(np.less_equal(told(each), told(trial))) for each in front):
                continue
            front = [each for each in front if not pareto.dominates(told(trial), told(each))]
            front.append(trial)
            joined.append((seconds, trial.code, trial.repeat))
            row = rows[len(joined) - 1]
            means = np.array([(training.mean_test(t.cell_id), told(t)[1]) for t in front])
            scaled = (means - fronts.ideal) / span
            expected = plain_hypervolume(scaled)
            assert fronts.hypervolume[row] == pytest.approx(expected, rel=1e-6)
            assert fronts.told[row].tolist() == pytest.approx(np.abs(told(trial)).tolist())
        columns = fronts.incumbents
        found = zip(columns.seconds[rows], columns.code[rows], columns.repeat[rows], strict=True)
        assert list(found) == joined
        ids = sorted(trial.cell_id for trial in front)
        assert sorted(columns.cell_id[fronts.rows_of_front(run)]) == ids


def plain_hypervolume(points: Any) -> float:
    """The area between points of a plane and (1, 1), strip by strip."""
    area, ceiling = 0.0, 1.0
    for x, y in sorted(points.tolist()):
        if x < 1 and y < ceiling:
            area += (1 - x) * (ceiling - y)
            ceiling = y
    return area


@pytest.mark.parametrize("count", [1, 2, 40, 200])
@pytest.mark.parametrize("num_objectives", [1, 2, 3, 5])
@pytest.mark.parametrize("levels", [4, 1_000_000])
def test_sort_and_distances_equal_plain_ones(
    rng: np.random.Generator, count: int, num_objectives: int, levels: int
) -> None:
    points = rng.integers(0, levels, (count, num_objectives)).astype(np.float64)
    points[rng.random(count) < 0.1] = np.inf
    fronts = _core.dominance_sort(points)
    ranks = plain.ranked(points.tolist())
    for number, front in enumerate(fronts):
        assert front == [i for i, (rank, _) in enumerate(ranks) if rank == number]
        distances = _core.crowding_distances(points[front])
        assert distances == [-ranks[i][1] for i in front]
    assert sum(map(len, fronts)) == count


def test_sort_and_distances_equal_those_of_pymoo(rng: np.random.Generator) -> None:
    import_or_skip("pymoo")
    from pymoo.operators.survival.rank_and_crowding.metrics import calc_crowding_distance
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

    points = rng.random((300, 3))
    fronts = _core.dominance_sort(points)
    theirs = NonDominatedSorting().do(points)
    assert fronts == [sorted(front.tolist()) for front in theirs]
    for front in fronts:
        ours = np.array(_core.crowding_distances(points[front]))
        if len(front) > 2:  # they give two points or fewer an infinite distance
            np.testing.assert_allclose(ours / 3, calc_crowding_distance(points[front]), rtol=1e-12)


# -------------------------------------------------------------------- the protocol


def test_the_exact_front_is_that_of_the_index() -> None:
    training = search.front_training_for(search.NSGA2(), INDEX, ACCURACY_AND_SIZE)
    ids = INDEX.pareto(["test_accuracy"], ["parameters"])
    rows = INDEX.query(ids=ids)
    expected = {
        (accuracy, float(size))
        for accuracy, size in zip(
            rows["test_accuracy"].tolist(), nb101fast.cell_parameters()[ids], strict=True
        )
    }
    assert set(map(tuple, training.exact_front.tolist())) == expected
    corner = dict(zip(ACCURACY_AND_SIZE.names, training.reference.tolist(), strict=True))
    volume = INDEX.hypervolume(["test_accuracy"], ["parameters"], reference=corner)
    box = np.abs(training.reference - training.ideal).prod()
    assert training.best_hypervolume == pytest.approx(volume / box, rel=1e-12)


def test_the_regret_is_that_of_the_cells_which_a_run_keeps() -> None:
    reference = {"test_accuracy": 0.9, "parameters": 1e7}
    fronts = find("nsga2", runs=3, max_evaluations=80, reference=reference)
    assert fronts.reference.tolist() == [0.9, 1e7]
    box = np.abs(fronts.reference - fronts.ideal).prod()
    for run in range(3):
        ids = fronts.incumbents.cell_id[fronts.rows_of_front(run)]
        found = INDEX.hypervolume(["test_accuracy"], ["parameters"], reference=reference, ids=ids)
        expected = fronts.best_hypervolume - found / box
        assert fronts.final_regret[run] == pytest.approx(expected, abs=1e-12)
    assert np.array_equal(fronts.regret_after([80])[:, 0], fronts.final_regret)
    with pytest.raises(TypeError, match=r"evaluations=\[80\.0\] is not allowed; use integers"):
        fronts.regret_after([80.0])
    with pytest.raises(ValueError, match="seconds=nan is not allowed; use a number from 0 to inf"):
        fronts.rows_of_front(0, seconds=np.nan)
    assert np.isnan(fronts.regret_at([0.0])).all()


def test_runs_depend_only_on_seed_and_number() -> None:
    found = partial(find, "nsga2", budget_seconds=600, seed=1)
    whole = found(runs=70)
    check_equal(found(runs=70, threads=3), whole)
    parts = [found(runs=n, first_run=first) for first, n in ((0, 1), (1, 39), (40, 30))]
    check_equal(search.Fronts.joined(parts), whole)
    with pytest.raises(ValueError, match="cannot follow"):
        search.Fronts.joined([whole, found(runs=1, seed=2)])


def test_an_optimizer_in_python_is_told_the_objectives() -> None:
    class Asked:
        """NSGA-II, asked and told from Python."""

        def __init__(self, training: search.SimulatedTraining, seed: int) -> None:
            assert isinstance(training, search.MultiObjectiveTraining)
            self.training, self.optimizer = training, search.NSGA2()(training, seed)

        def ask(self) -> tuple[Any, int]:
            return self.optimizer.ask()

        def tell(self, trial: search.Trial) -> None:
            expected = told(plain.Trial(*trial))
            assert self.training.told(trial).tolist() == pytest.approx(list(expected))
            self.optimizer.tell(trial)

    alone = find(Asked, runs=2, budget_seconds=700, seed=3)
    check_equal(
        replace(alone, optimizer="nsga2"), find("nsga2", runs=2, budget_seconds=700, seed=3)
    )


def test_other_optimizers_have_fronts_too() -> None:
    """Theirs is the front of what they happened to train, one by one."""
    fronts = find("re", runs=2, budget_seconds=500, seed=4, minimize=["training_time"])
    steps = search.run("re", INDEX, runs=2, budget_seconds=500, seed=4, record="everything")
    assert steps.evaluations is not None
    assert fronts.num_evaluations.tolist() == steps.num_evaluations.tolist()
    for run in range(2):
        start, stop = steps.evaluations.starts[run : run + 2]
        ended = np.diff(steps.evaluations.seconds[start:stop], prepend=0.0)
        points = np.stack([-steps.evaluations.validation_accuracy[start:stop], ended], axis=1)
        expected = steps.evaluations.cell_id[start:stop][_core.pareto_front(points)]
        found = fronts.incumbents.cell_id[fronts.rows_of_front(run)]
        assert set(found.tolist()) == set(expected.tolist())


def test_an_own_column_is_an_objective(tmp_path: Path) -> None:
    """A cell without a value of it is trained, but it is on no front."""
    ids = INDEX.cells[::2]
    latencies = np.random.default_rng(1).random(len(ids))
    path = tmp_path / "own.nb101"
    nb101fast.attach(INDEX, {"latency_ms": latencies}, path, ids=ids)
    index = nb101fast.open(path)
    fronts = search.find_fronts(
        "nsga2", index, minimize=["latency_ms"], runs=2, budget_seconds=1000
    )
    assert set(fronts.incumbents.cell_id.tolist()) <= set(ids.tolist())
    assert np.isin(fronts.told[:, 1], latencies).all()
    exact = index.query(ids=index.pareto(["test_accuracy"], ["latency_ms"]))["latency_ms"]
    assert set(fronts.exact_front[:, 1].tolist()) == set(exact.tolist())


def test_a_preset_of_small_cells_has_their_front() -> None:
    fronts = find("nsga2", runs=1, max_evaluations=10, preset="mini", minimize=["num_vertices"])
    assert fronts.exact_front[:, 1].max() <= 6
    assert fronts.reference[1] <= 6


@pytest.mark.slow
def test_nsga2_is_better_than_random_search(full_index: Index) -> None:
    done = [
        search.find_fronts(name, full_index, runs=10, budget_seconds=1e6).final_regret.mean()
        for name in ("rs", "nsga2")
    ]
    assert done[1] < 0.8 * done[0]


# -------------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": "hb"}, "'hb' trains at 4, 12, 36, 108 epochs; use one that trains at"),
        (
            {"optimizer": "sa"},
            "optimizer='sa' is not allowed in preset 'paper'; use 'rs', .*'nsga2'",
        ),
        ({"maximize": ["accuracy"]}, "'accuracy' is not a column; use 'train_accuracy', "),
        ({"minimize": ["parameters", "parameters"]}, "'parameters' is given 2 times"),
        ({"maximize": [], "minimize": []}, "no objectives; give one or more of"),
        ({"reference": {"parameters": 1e6}}, "reference=.* is not allowed; give a value for each"),
        (
            {"reference": {"parameters": 10, "test_accuracy": 0.5}},
            "no cell of .* has a better parameters than the reference 10; use another reference",
        ),
        ({"runs": 0}, "runs=0 is not allowed"),
        ({"budget_seconds": None}, "budget_seconds and max_evaluations are both missing"),
    ],
)
def test_arguments_that_are_refused(changes: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"optimizer": "nsga2", "runs": 1, "budget_seconds": 100.0}
    with pytest.raises(ValueError, match=message):
        find(**arguments | changes)


def test_two_objectives_of_which_the_same_is_told_are_refused() -> None:
    index = nb101fast.open(BUILT_IN)
    both = ["test_accuracy", "validation_accuracy"]
    with pytest.raises(ValueError, match="test_accuracy and validation_accuracy can't both be obj"):
        search.find_fronts("rs", index, runs=1, max_evaluations=5, maximize=both)


def test_fronts_up_to_other_points_are_not_compared() -> None:
    index = nb101fast.open(BUILT_IN)
    limits: dict[str, Any] = {"runs": 2, "max_evaluations": 5}
    far = {"test_accuracy": 0.5, "parameters": 1e9}
    goals: dict[str, Any] = {"maximize": ["test_accuracy"], "minimize": ["parameters"]}
    one = search.find_fronts("rs", index, **limits, **goals)
    other = search.find_fronts("rs", index, **limits, **goals, reference=far)
    with pytest.raises(ValueError, match="'b' has another reference point than 'a'"):
        search.plot_fronts({"a": one, "b": other})


def test_nsga2_needs_several_objectives() -> None:
    with pytest.raises(ValueError, match=r"'nsga2' needs several objectives; use search.find_fro"):
        search.run("nsga2", INDEX, runs=1, budget_seconds=100)
    with pytest.raises(TypeError, match="minimize='parameters' is one string"):
        find("nsga2", minimize="parameters", runs=1, budget_seconds=100)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"population": 0}, "population=0 is not allowed; use an integer from 1 to 10000"),
        ({"crossover_rate": 2}, "crossover_rate=2 is not allowed; use a number from 0 to 1"),
        ({"sampling": "some"}, "sampling='some' is not allowed"),
    ],
)
def test_settings_that_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        search.NSGA2(**settings)


def test_directions_follow_known_names() -> None:
    words = ["parameters", "test_accuracy", "depth:maximize"]
    objectives = search.Objectives.of_words(words)
    assert objectives.names == ("test_accuracy", "depth", "parameters")
    assert str(objectives) == "test_accuracy:maximize, depth:maximize, parameters:minimize"
    with pytest.raises(
        ValueError, match=r"'depth' is not allowed; use depth:maximize or depth:mini"
    ):
        search.Objectives.of_words(["depth"])


# -------------------------------------------------------------------- files and figures


def test_parquet_and_back(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "f.parquet"
    done = find("nsga2", runs=3, budget_seconds=300, first_run=2)
    done.to_parquet(path)
    check_equal(search.Fronts.from_parquet(path), done)
    check_equal(pickle.loads(pickle.dumps(done)), done)
    table = done.to_arrow()
    assert table["mean_parameters"].to_pylist() == done.means[:, 1].tolist()
    assert set(table["run"].to_pylist()) == {2, 3, 4}
    with pytest.raises(FormatError, match=r"f\.parquet is not a Parquet file of trajectories"):
        search.Trajectories.from_parquet(path)


def test_damaged_fronts_are_refused(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = find("rs", runs=2, budget_seconds=100).to_arrow()
    [key] = table.schema.metadata
    path = tmp_path / "a.parquet"

    def read(text: bytes) -> None:
        parquet.write_table(table.replace_schema_metadata({key: text}), path)
        repr(search.Fronts.from_parquet(path))

    facts = json.loads(table.schema.metadata[key])
    facts["exact_front"] = facts["exact_front"][:2]  # each value of the text is broken in turn
    texts = refusals(read, facts)
    assert len(texts) > 100
    assert all("a.parquet" in text for text in texts)


def test_the_figure_shows_regret_and_the_points_that_half_of_the_runs_attained() -> None:
    pytest.importorskip("matplotlib")
    runs = [find(name, runs=5, budget_seconds=300) for name in ("rs", "nsga2")]
    regret, attained = search.plot_fronts(runs).axes
    assert [line.get_label() for line in regret.lines] == ["Random search", "NSGA-II"]
    for line, each in zip(regret.lines, runs, strict=True):
        expected = each.regret_at(np.asarray(line.get_xdata(), np.float64)).mean(axis=0)
        np.testing.assert_allclose(np.asarray(line.get_ydata(), np.float64), expected, rtol=1e-12)
    assert (attained.get_xlabel(), attained.get_ylabel()) == ("parameters", "test accuracy")
    line = attained.lines[1]
    for size, height in np.asarray(line.get_xydata(), np.float64)[::50]:
        bests = [
            max(
                (a for a, p in runs[0].means[runs[0].rows_of_front(run)] if p <= size * (1 + 1e-9)),
                default=-math.inf,
            )
            for run in range(5)
        ]
        middle = sorted(bests)[2]
        assert height == middle or (math.isnan(height) and math.isinf(middle))


def test_large_values_of_an_objective_have_short_labels() -> None:
    """A power of ten above the axis would meet the title."""
    pytest.importorskip("matplotlib")
    fronts = find("rs", runs=2, budget_seconds=300, maximize=["parameters"], minimize=["macs"])
    figure = search.plot_fronts([fronts])
    figure.draw_without_rendering()
    assert figure.axes[1].yaxis.get_offset_text().get_text() == ""
    assert figure.axes[1].get_yticklabels()[-1].get_text().endswith("M")


def test_more_than_two_objectives_show_the_final_regrets() -> None:
    pytest.importorskip("matplotlib")
    fronts = find("rs", runs=3, budget_seconds=300, minimize=["parameters", "training_time"])
    figure = fronts.plot()
    assert figure.axes[1].get_xlabel() == "hypervolume regret"
    assert repr(fronts).startswith(
        "<Fronts of rs (paper) in test_accuracy, parameters, training_time: 3 runs of 300 s, mean"
    )
    assert "<img" in fronts._repr_html_()
    other = find("nsga2", runs=3, budget_seconds=300)
    with pytest.raises(ValueError, match=re.escape("the fronts of 'nsga2' have objectives=")):
        search.plot_fronts([fronts, other])
