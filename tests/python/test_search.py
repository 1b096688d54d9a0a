"""The compiled optimizers against plain ones, and the rules that every run follows."""

from __future__ import annotations

import json
import math
import pickle
import re
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import FormatError, Index, search
from nb101fast.codes import Validity
from nb101fast.locations import BUILT_IN
from nb101fast.search.settings import CompiledSettings
from reference import optimizers as plain
from reference import tfrecord
from reference.cells import graph_of
from reference.damage import flipped_bits
from reference.hostile_json import refusals
from reference.randomness import LABELINGS, labelled
from reference.runs import random_records
from reference.statistics import chi_square_deviations
from reference.tfrecord import Record

PAPER = search.PRESETS["paper"].optimizers
OURS = [name for name in search.OPTIMIZERS if isinstance(PAPER[name], CompiledSettings)]


@pytest.fixture(scope="module")
def index() -> Index:
    """An index of 91 cells that were really trained."""
    return nb101fast.open(BUILT_IN)


@pytest.fixture(scope="module")
def uneven_index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """An index of 5,296 synthetic cells, some of which lack repeats or budgets."""
    path = tmp_path_factory.mktemp("uneven") / "uneven.nb101"
    cells = nb101fast.cell_codes()[::80]
    thrice, once = path.with_name("thrice.nb101"), path.with_name("once.nb101")
    nb101fast.synthetic.write_index(thrice, codes=cells[::2], epochs=(36, 108))
    nb101fast.synthetic.write_index(once, codes=cells[1::2], epochs=(108,), repeats=1)
    nb101fast.compile([thrice, once], path, synthetic=True)
    return nb101fast.open(path)


@pytest.fixture(scope="module")
def sampler() -> plain.Sampler:
    return plain.Sampler("all")


def plain_makers(sampler: plain.Sampler) -> dict[str, plain.Make]:
    return {
        "rs": partial(plain.RandomSearch, sampler),
        "re": partial(plain.Evolution, sampler),
        "nre": partial(plain.Evolution, sampler, is_regularized=False),
        "ls": partial(plain.LocalSearch, sampler),
        "hb": partial(plain.Hyperband, sampler),
        "rl": plain.Reinforce,
        "tpe": partial(plain.TPE, sampler),
        "bohb": partial(plain.BOHB, sampler),
    }


def check_against_plain(
    trajectories: search.Trajectories, make: plain.Make, training: plain.PlainTraining
) -> None:
    """Compare every training of every run, and the reported regret."""
    steps = trajectories.evaluations
    assert steps is not None
    for run, (start, stop) in enumerate(zip(steps.starts, steps.starts[1:], strict=False)):
        number = trajectories.first_run + run
        seconds, evaluations = (
            math.inf if limit is None else limit for limit in trajectories.limits
        )
        ended, num_invalid = plain.run_plainly(
            make, training, seconds, trajectories.seed, number, evaluations
        )
        rows = slice(start, stop)
        assert steps.evaluation[rows].tolist() == list(range(1, len(ended) + 1))
        assert steps.code[rows].tolist() == [trial.code for _, trial in ended]
        assert steps.cell_id[rows].tolist() == [trial.cell_id for _, trial in ended]
        assert steps.epochs[rows].tolist() == [trial.epochs for _, trial in ended]
        assert steps.repeat[rows].tolist() == [trial.repeat for _, trial in ended]
        assert steps.validation_accuracy[rows].tolist() == [trial.accuracy for _, trial in ended]
        assert steps.seconds[rows].tolist() == [end for end, _ in ended]
        assert trajectories.num_invalid[run] == num_invalid
        assert trajectories.num_evaluations[run] == len(ended)
        incumbent = max(ended, key=lambda pair: pair[1].accuracy)[1]  # the first of equal ones
        expected = trajectories.best_test_accuracy - training.mean_test(incumbent.cell_id)
        assert trajectories.final_regret[run] == expected
        expected = trajectories.best_validation_accuracy - incumbent.accuracy
        assert trajectories.final_validation_regret[run] == expected


def test_the_optimizers_have_the_names_that_the_page_gives() -> None:
    page = Path(__file__).parents[2] / "docs" / "optimizers.md"
    table = page.read_text("utf-8").split("## The optimizers")[1].split("\n\n")[1]
    names = [
        name for row in table.splitlines() for name in re.findall("`(.+?)`", row.split("|")[1])
    ]
    assert sorted(names) == sorted(settings.name for settings in PAPER.values())


# -------------------------------------------------------------------- against plain optimizers


@pytest.mark.parametrize("name", [name for name in OURS if name != "smac"])
def test_compiled_equals_plain_on_real_runs(
    index: Index, sampler: plain.Sampler, name: str
) -> None:
    budgets = PAPER[name].budgets(108)
    training = plain.PlainTraining(index, budgets)
    trajectories = search.run(
        name, index, runs=2, budget_seconds=1200, seed=5, first_run=7, record="everything"
    )
    assert trajectories.num_evaluations.min() > 100  # more than the first population
    assert trajectories.num_invalid.min() > 10
    check_against_plain(trajectories, plain_makers(sampler)[name], training)
    best = max(training.mean_test(cell) for cell in index.cells.tolist())
    assert trajectories.best_test_accuracy == best
    best = max(training.mean_validation(cell) for cell in index.cells.tolist())
    assert trajectories.best_validation_accuracy == best


@pytest.mark.parametrize("budget_seconds", [None, 300.0])
@pytest.mark.parametrize("name", [name for name in OURS if name != "smac"])
def test_compiled_equals_plain_with_a_number_of_evaluations(
    index: Index, sampler: plain.Sampler, name: str, budget_seconds: float | None
) -> None:
    training = plain.PlainTraining(index, PAPER[name].budgets(108))
    trajectories = search.run(
        name,
        index,
        runs=2,
        budget_seconds=budget_seconds,
        max_evaluations=60,
        seed=2,
        record="everything",
    )
    if budget_seconds is None:
        assert trajectories.num_evaluations.tolist() == [60, 60]
    else:
        assert trajectories.num_evaluations.max() <= 60
    check_against_plain(trajectories, plain_makers(sampler)[name], training)


@pytest.mark.parametrize("name", ["rs", "nre", "rl"])
def test_compiled_equals_plain_on_small_cells(
    uneven_index: Index, sampler: plain.Sampler, name: str
) -> None:
    training = plain.PlainTraining(uneven_index, [108], most_vertices=6)
    trajectories = search.run(
        name, uneven_index, runs=1, budget_seconds=30_000, preset="mini", record="everything"
    )
    check_against_plain(trajectories, plain_makers(sampler)[name], training)
    small = [cell for cell, _ in training.runs]
    assert trajectories.best_test_accuracy == max(map(training.mean_test, small))
    assert trajectories.best_validation_accuracy == max(map(training.mean_validation, small))
    everything = search.run(name, uneven_index, runs=1, budget_seconds=30_000)
    assert everything.best_test_accuracy > trajectories.best_test_accuracy


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rs", "re", "ls", "rl", "tpe"])
def test_compiled_equals_plain_if_runs_are_missing(
    uneven_index: Index, sampler: plain.Sampler, name: str
) -> None:
    training = plain.PlainTraining(uneven_index, [108])
    trajectories = search.run(
        name, uneven_index, runs=2, budget_seconds=80_000, seed=-1, record="everything"
    )
    assert trajectories.evaluations is not None
    assert set(trajectories.evaluations.repeat.tolist()) == {0, 1, 2}
    check_against_plain(trajectories, plain_makers(sampler)[name], training)


@pytest.mark.slow
def test_the_scripts_have_other_settings(index: Index, sampler: plain.Sampler) -> None:
    for name, seconds, make in (
        ("re", 1500, partial(plain.Evolution, sampler, with_replacement=True)),
        (
            "nre",
            1500,
            partial(plain.Evolution, sampler, with_replacement=True, is_regularized=False),
        ),
        ("rl", 1500, partial(plain.Reinforce, rate=0.1)),
        ("bohb", 600, partial(plain.BOHB, sampler, random_fraction=0.33, num_samples=64)),
    ):
        trajectories = search.run(
            name, index, runs=1, budget_seconds=seconds, preset="scripts", record="everything"
        )
        training = plain.PlainTraining(index, PAPER[name].budgets(108))
        check_against_plain(trajectories, make, training)


def test_notebook_protocol(index: Index) -> None:
    """The preset has the notebook's validity, population, mutation and reported test accuracy."""
    training = plain.PlainTraining(index, [108], most_edges=21)
    sampler = plain.Sampler("raw")
    evolution = partial(plain.Evolution, sampler, size=50, mutation="notebook")
    for name, make in (("rs", partial(plain.RandomSearch, sampler)), ("re", evolution)):
        trajectories = search.run(
            name, index, runs=1, budget_seconds=800, seed=3, preset="notebook", record="everything"
        )
        steps = trajectories.evaluations
        assert steps is not None
        assert len(steps) > 60
        ended, num_invalid = plain.run_plainly(make, training, 800, 3, 0)
        assert steps.code.tolist() == [trial.code for _, trial in ended]
        assert trajectories.num_invalid[0] == num_invalid
        queried = [
            training.runs[trial.cell_id, 108][trial.repeat]["test_accuracy"] for _, trial in ended
        ]
        assert steps.test_accuracy.tolist() == queried
        best = int(np.argmax(steps.validation_accuracy))
        assert trajectories.final_regret[0] == trajectories.best_test_accuracy - queried[best]


# -------------------------------------------------------------------- how runs are computed


@pytest.mark.parametrize("name", OURS)
def test_ask_and_tell_gives_the_same_run(index: Index, name: str) -> None:
    settings = PAPER[name]
    training = search.training_for(settings, index)
    together = search.run(name, index, runs=3, budget_seconds=700, seed=9, record="everything")

    class Asked(search.Settings):
        """The same optimizer, asked and told from Python."""

        name = "asked"

        def budgets(self, epochs: int) -> tuple[int, ...]:
            return settings.budgets(epochs)

        def __call__(self, training: search.SimulatedTraining, seed: int) -> search.Optimizer:
            return settings(training, seed)

    alone = search.run(Asked(), index, runs=3, budget_seconds=700, seed=9, record="everything")
    check_equal(alone, together, besides=("optimizer",))
    few, few_alone = (
        search.run(which, index, runs=3, max_evaluations=30, seed=9, record="everything")
        for which in (name, Asked())
    )
    check_equal(few_alone, few, besides=("optimizer",))
    assert training.epochs == settings.budgets(108)


@pytest.mark.parametrize("name", ["rs", "re", "hb", "tpe", "bohb"])
def test_runs_depend_only_on_seed_and_number(index: Index, name: str) -> None:
    """Neither the threads nor the other runs matter."""
    run = partial(search.run, name, index, budget_seconds=500, seed=1, record="everything")
    whole = run(runs=140)
    check_equal(run(runs=140, threads=3), whole)
    parts = [run(runs=n, first_run=first) for first, n in ((0, 1), (1, 70), (71, 69))]
    check_equal(search.Trajectories.joined(parts), whole)
    assert len({tuple(row) for row in whole.regret_at([50, 100, 200, 400]).tolist()}) > 20
    other = search.run(name, index, runs=140, budget_seconds=500, seed=2)
    assert not np.array_equal(other.final_regret, whole.final_regret)


def check_equal(
    a: search.Trajectories, b: search.Trajectories, *, besides: tuple[str, ...] = ()
) -> None:
    for name, value in vars(a).items():
        other = getattr(b, name)
        if name in besides:
            continue
        if isinstance(value, search.Observations):
            for column, numbers in vars(value).items():
                assert np.array_equal(numbers, getattr(other, column)), (name, column)
                assert numbers.dtype == getattr(other, column).dtype
        else:
            assert np.array_equal(value, other), name


# -------------------------------------------------------------------- rules of every run


@pytest.mark.parametrize("name", OURS)
def test_clock_and_incumbents(index: Index, name: str) -> None:
    budget = 400.0
    done = search.run(name, index, runs=10, budget_seconds=budget, record="everything")
    steps, incumbents = done.evaluations, done.incumbents
    assert steps is not None
    assert (steps.seconds <= budget).all()
    assert (done.seconds <= budget).all()
    assert len(steps) == done.num_evaluations.sum()
    assert len(done) == 10
    longest = max(
        np.nanmax(
            nb101fast.whole_space.WholeSpace(index.reader, e, repeat=r).values("training_time")
        )
        for e in PAPER[name].budgets(108)
        for r in range(3)
    )
    assert (done.seconds > budget - longest).all()  # no further training fitted
    for run in range(10):
        rows = slice(steps.starts[run], steps.starts[run + 1])
        assert (np.diff(steps.seconds[rows]) > 0).all()
        best = slice(incumbents.starts[run], incumbents.starts[run + 1])
        assert (np.diff(incumbents.validation_accuracy[best]) > 0).all()
        assert incumbents.validation_accuracy[best][-1] == steps.validation_accuracy[rows].max()
        assert done.seconds[run] == steps.seconds[rows][-1]
    assert np.array_equal(steps.cell_id, nb101fast.cell_ids(steps.code))
    assert max((code & 0x1FFFFF).bit_count() for code in steps.code.tolist()) <= 9


def test_repeats_are_drawn_evenly_and_told_as_measured(index: Index) -> None:
    steps = search.run("rs", index, runs=100, budget_seconds=1000, record="everything").evaluations
    assert steps is not None
    counts = np.bincount(steps.repeat, minlength=3)
    assert abs(chi_square_deviations(counts, np.full(3, 1 / 3))) < 4
    for repeat in range(3):
        drawn = steps.repeat == repeat
        seen = index.query(steps.code[drawn], repeat=repeat)
        assert np.array_equal(seen["validation_accuracy"], steps.validation_accuracy[drawn])
    means = np.mean([index.query(steps.code, repeat=r)["test_accuracy"] for r in range(3)], axis=0)
    assert np.allclose(steps.test_accuracy, means, rtol=0, atol=1e-15)


def test_random_search_is_uniform_over_the_cells_it_meets(index: Index) -> None:
    """A cell occurs in proportion to the raw configurations of at most 9 edges that are it."""
    masks = np.arange(1 << 21, dtype=np.uint32)
    masks = masks[nb101fast.is_valid(masks, validity="raw-9")]
    counts = np.zeros(nb101fast.NUM_CELLS)
    for labels in LABELINGS:
        ids = nb101fast.cell_ids(masks | np.uint32(labelled(0, labels)))
        counts += np.bincount(ids[ids >= 0], minlength=nb101fast.NUM_CELLS)
    expected = counts[index.cells] / counts[index.cells].sum()
    steps = search.run("rs", index, runs=200, budget_seconds=1000, record="everything").evaluations
    assert steps is not None
    met = np.bincount(np.searchsorted(index.cells, steps.cell_id), minlength=len(index.cells))
    assert abs(chi_square_deviations(met, expected)) < 4


def test_regret_is_a_step_function(index: Index) -> None:
    done = search.run("re", index, runs=8, budget_seconds=500, seed=4)
    ends = done.incumbents.seconds
    points = np.sort(np.concatenate([[0.0, 1.0, 499.0, 1e9], ends, np.nextafter(ends, 0)]))
    regret = done.regret_at(points)
    assert regret.shape == (8, len(points))
    assert regret.dtype == np.float64
    for run in range(8):
        rows = range(done.incumbents.starts[run], done.incumbents.starts[run + 1])
        for at, point in enumerate(points):
            expected = math.nan
            for row in rows:
                if done.incumbents.seconds[row] <= point:
                    expected = done.best_test_accuracy - done.incumbents.test_accuracy[row]
            assert regret[run, at] == expected or (
                math.isnan(expected) and math.isnan(regret[run, at])
            )
    assert np.array_equal(regret[:, -1], done.final_regret)
    assert done.regret_at(100).shape == (8, 1)
    with pytest.raises(ValueError, match=r"seconds=.* is not allowed; use numbers of shape"):
        done.regret_at([math.nan])
    with pytest.raises(ValueError, match="regret='train' is not allowed; use 'test' or 'valid"):
        done.regret_at(1, regret="train")  # type: ignore[arg-type]


def test_regret_after_evaluations_is_that_at_their_ends(index: Index) -> None:
    done = search.run("rs", index, runs=5, max_evaluations=50, seed=4, record="everything")
    assert done.evaluations is not None
    ends = done.evaluations.seconds.reshape(5, 50)
    for regret in search.trajectories.REGRETS:
        after = done.regret_after(np.arange(1, 51), regret=regret)
        for run in range(5):
            assert (after[run] == done.regret_at(ends[run], regret=regret)[run]).all()
        assert (np.diff(after) <= 0).all() or regret == "test"
        assert (done.regret_after(1, regret=regret)[:, 0] == after[:, 0]).all()
    assert np.isnan(done.regret_after([0, -1])).all()
    assert done.regret_after([10**9]).ravel().tolist() == done.final_regret.tolist()
    for seconds in (1.5, [1e4, 2e4], True):
        with pytest.raises(TypeError, match=r"evaluations=.* is not allowed; use integers"):
            done.regret_after(seconds)
    with pytest.raises(ValueError, match=r"evaluations=.* is not allowed; use numbers of shape"):
        done.regret_after([[1]])


@pytest.mark.slow
def test_evolution_beats_random_search_where_good_cells_cluster(full_index: Index) -> None:
    """On synthetic values, evolution is not ahead at first and far ahead at the end."""
    regret = {
        name: search.run(name, full_index, runs=100, budget_seconds=1e7).regret_at([2e4, 2e6, 1e7])
        for name in ("rs", "re")
    }
    ahead = (regret["rs"] - regret["re"]).mean(axis=0)
    noise = 4 * np.hypot(*(values.std(axis=0) / 10 for values in regret.values()))
    assert ahead[0] < noise[0]
    assert (ahead[1:] > noise[1:]).all()
    assert regret["re"].mean(axis=0)[1] < regret["rs"].mean(axis=0)[2]  # five times sooner


# -------------------------------------------------------------------- files and objects


def test_parquet_and_back(index: Index, tmp_path: Path) -> None:
    for record in ("incumbents", "everything"):
        done = search.run("hb", index, runs=5, budget_seconds=300, first_run=2, record=record)
        path = tmp_path / "hb.parquet"
        done.to_parquet(path)
        check_equal(search.Trajectories.from_parquet(path), done)
        table = done.to_arrow()
        steps = done.incumbents if done.evaluations is None else done.evaluations
        assert table.num_rows == len(steps)
        assert set(table["run"].to_pylist()) == {2, 3, 4, 5, 6}
        at = {run: row for row, run in enumerate(table["run"].to_pylist())}  # the last row of each
        finals = [table["test_regret"][at[run]].as_py() for run in range(2, 7)]
        assert finals == done.final_regret.tolist()
        assert sum(table["is_incumbent"].to_pylist()) == len(done.incumbents)
    for name, contents in (("no.parquet", b"PAR1"), ("empty", b"")):
        (tmp_path / name).write_bytes(contents)
        with pytest.raises(
            FormatError, match=re.escape(f"{tmp_path / name}: not a sound Parquet file: ")
        ):
            search.Trajectories.from_parquet(tmp_path / name)
    index.to_parquet(tmp_path / "index.parquet")
    with pytest.raises(ValueError, match="is not a Parquet file of trajectories"):
        search.Trajectories.from_parquet(tmp_path / "index.parquet")
    check_equal(pickle.loads(pickle.dumps(done)), done)
    assert repr(done).startswith("<Trajectories of hb (paper): 5 runs of 300 s, mean final regret ")


def test_no_flipped_bit_gives_other_trajectories(
    index: Index, tmp_path: Path, rng: np.random.Generator
) -> None:
    path = tmp_path / "re.parquet"
    search.run("re", index, runs=2, budget_seconds=200).to_parquet(path)
    whole, expected = path.read_bytes(), search.Trajectories.from_parquet(path)
    told = same = 0
    for _, damaged in flipped_bits(whole, rng, 300):
        path.write_bytes(damaged)
        try:
            check_equal(search.Trajectories.from_parquet(path), expected)
        except ValueError as error:
            told += str(path) in str(error)
        else:
            same += 1
    assert told + same == 300
    assert told > 100


def test_parts_of_different_runs_are_not_joined(index: Index) -> None:
    a, b = (search.run("rs", index, runs=2, budget_seconds=99, seed=s) for s in (0, 1))
    for parts in ([a, b], [a, a], []):
        with pytest.raises(ValueError, match=r"cannot follow|no parts"):
            search.Trajectories.joined(parts)


# -------------------------------------------------------------------- optimizers of a user


def test_damaged_trajectories_are_refused(index: Index, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = search.run("rs", index, runs=3, budget_seconds=100).to_arrow()
    [key] = table.schema.metadata
    path = tmp_path / "a.parquet"

    def read(text: bytes) -> None:
        parquet.write_table(table.replace_schema_metadata({key: text}), path)
        repr(search.Trajectories.from_parquet(path))

    texts = refusals(read, json.loads(table.schema.metadata[key]))
    assert len(texts) > 100
    assert all("a.parquet" in text for text in texts)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("run", lambda run: run[::-1], "column run is not ascending from 0"),
        ("run", lambda run: run + 7, "column run is not ascending from 0, with at most 3 runs"),
        ("code", lambda code: code.astype(np.int64), "column code of type int64 is not allowed"),
        ("seconds", lambda seconds: [str(each) for each in seconds], "seconds of type string"),
        ("seconds", lambda seconds: [None, *seconds[1:]], "of type double with 1 null is not"),
        ("evaluation", lambda numbers: [*numbers[:-1], None], "of type int64 with 1 null is not"),
        ("seconds", lambda seconds: seconds[::-1], "column seconds is not ascending in each run"),
        ("seconds", lambda seconds: seconds * np.nan, "column seconds is not ascending in each"),
        ("evaluation", lambda numbers: -numbers, "column evaluation is not ascending in each run"),
    ],
)
def test_damaged_columns_of_trajectories_are_refused(
    index: Index, tmp_path: Path, column: str, values: Any, message: str
) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = search.run("rs", index, runs=3, budget_seconds=100).to_arrow()
    place = table.column_names.index(column)
    changed = arrow.array(values(table[column].to_numpy()))
    parquet.write_table(table.set_column(place, column, changed), tmp_path / "a.parquet")
    with pytest.raises(FormatError, match=message):
        search.Trajectories.from_parquet(tmp_path / "a.parquet")


class Repeated:
    """An optimizer that always proposes the same configuration."""

    def __init__(self, code: int, epochs: int) -> None:
        self.asked, self.told = (code, epochs), list[search.Trial]()

    def ask(self) -> tuple[int, int]:
        return self.asked

    def tell(self, trial: search.Trial) -> None:
        self.told.append(trial)


def test_an_optimizer_of_a_user(index: Index) -> None:
    made: list[Repeated] = []

    def repeated(training: search.SimulatedTraining, seed: int) -> Repeated:
        assert training.epochs == (4, 12, 36, 108)
        made.append(Repeated(32, 12))
        return made[-1]

    done = search.run(repeated, index, runs=2, budget_seconds=50)
    assert done.optimizer == "repeated"
    assert len(made) == 2
    assert done.num_evaluations.tolist() == [len(one.told) for one in made]
    for trial in made[0].told:
        seen = index.query(32, epochs=12, repeat=trial.repeat)
        assert trial.validation_accuracy == seen["validation_accuracy"]
        assert trial.seconds == seen["training_time"]
        assert (trial.cell_id, trial.epochs) == (nb101fast.cell_ids(32), 12)
    mean = sum(index.query(32, repeat=r)["test_accuracy"] for r in range(3)) / 3
    assert (done.final_regret == done.best_test_accuracy - mean).all()
    stuck = SimpleNamespace(ask=lambda: 0, tell=lambda trial: None)
    with pytest.raises(ValueError, match=r"run 0 proposed 1,000,000 configurations in a row"):
        search.run(lambda training, seed: stuck, index, runs=1, budget_seconds=50)


@pytest.fixture
def hasty_index(tmp_path: Path) -> Index:
    """Two cells: runs of one take 100 s, and those of the other next to no time."""
    graphs = [graph_of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [label]) for label in (0, 2)]
    slow, quick = (random_records(np.random.default_rng(1), [g], {108: 3}) for g in graphs)
    records = [*(with_time(each, 100.0) for each in slow), *(with_time(r, 1e-30) for r in quick)]
    (tmp_path / "hasty.tfrecord").write_bytes(tfrecord.write(records))
    nb101fast.compile(tmp_path / "hasty.tfrecord", tmp_path / "hasty.nb101")
    return nb101fast.open(tmp_path / "hasty.nb101")


def with_time(record: Record, seconds: float) -> Record:
    """The record with another time at the end of the training."""
    *others, last = record.metrics.evaluations
    evaluations = (*others, last._replace(training_time=seconds))
    return record._replace(metrics=record.metrics._replace(evaluations=evaluations))


def first_cell_again(training: search.SimulatedTraining, seed: int) -> Repeated:
    return Repeated(int(nb101fast.cell_codes()[training.index.cells[0]]), 108)


@pytest.mark.parametrize("optimizer", ["rs", first_cell_again])
def test_a_budget_that_hardly_ends_is_refused(hasty_index: Index, optimizer: Any) -> None:
    quick = int(hasty_index.cells[1])
    expected = rf"a run of cell {quick} in <Index hasty.* takes 1e-30 s, .* 1,000,000,000 times"
    with pytest.raises(ValueError, match=rf"budget_seconds=1000 is too long: {expected}"):
        search.run(optimizer, hasty_index, runs=1, budget_seconds=1000)
    with pytest.raises(ValueError, match=expected):
        search.SimulatedTraining(hasty_index).start(1000, seed=0)
    done = search.run(optimizer, hasty_index, runs=2, budget_seconds=1000, max_evaluations=20)
    assert 0 < done.num_evaluations.min() <= done.num_evaluations.max() <= 20


def test_one_run_by_hand(index: Index) -> None:
    run = search.SimulatedTraining(index).start(60, seed=0)
    assert math.isnan(run.regret)
    assert run.seconds == 0
    assert not run.is_over
    assert run.evaluate(0) == (0, -1, 108, -1, 0.0, 0.0)
    assert run.evaluate((1 << 21) - 1, 108) is not None
    assert run.num_invalid == 2
    first = run.evaluate(32)
    assert first is not None
    assert run.seconds == first.seconds
    assert run.num_evaluations == 1
    assert run.regret > 0
    while run.evaluate(32):
        pass
    assert run.is_over
    assert run.seconds <= 60
    ended = (run.num_evaluations, run.num_invalid, run.seconds)
    assert run.evaluate(0) is None
    assert run.evaluate(32) is None
    assert ended == (run.num_evaluations, run.num_invalid, run.seconds)


def test_every_kind_of_code_means_the_same(index: Index) -> None:
    training = search.SimulatedTraining(index)
    kinds: tuple[Any, ...] = (
        32,
        np.uint32(32),
        np.array(32, np.uint32),
        nb101fast.Cell.from_code(32),
    )
    trials = [training.start(100, seed=0).evaluate(code) for code in kinds]
    assert trials[0] is not None
    assert trials == trials[:1] * len(kinds)
    assert type(trials[1]) is search.Trial
    assert [type(value) for value in trials[1]] == [int, int, int, int, float, float]


def test_a_proposal_of_an_id_is_refused(index: Index) -> None:
    """Most ids are codes of other cells, so the type must tell them apart."""

    class ByIds:
        def __init__(self, training: search.SimulatedTraining, seed: int) -> None:
            self._ids = iter(index.top_k("validation_accuracy", 5))

        def ask(self) -> tuple[Any, int]:
            return next(self._ids), 108

        def tell(self, trial: search.Trial) -> None:
            pass

    with pytest.raises(TypeError, match="int32"):
        search.run(ByIds, index, runs=1, budget_seconds=100)


def test_official_validity_allows_dead_edges(index: Index) -> None:
    dead = 32 | sum(
        1 << bit for bit in range(11, 21)
    )  # edges between vertices that the input does not reach
    meanings: tuple[tuple[Validity, bool], ...] = (("raw-9", False), ("official", True))
    for validity, is_valid in meanings:
        training = search.SimulatedTraining(index, validity=validity)
        told = training.start(100, seed=0).evaluate(dead)
        assert told is not None
        assert (told.cell_id >= 0) == is_valid


# -------------------------------------------------------------------- bad input


def only_epochs(tmp_path: Path, *epochs: int) -> Index:
    path = tmp_path / f"{len(epochs)}.nb101"
    nb101fast.synthetic.write_index(path, codes=nb101fast.cell_codes()[:50], epochs=epochs)
    return nb101fast.open(path)


def test_bad_arguments(index: Index, tmp_path: Path) -> None:
    def refused(match: str, optimizer: Any = "rs", index: Index = index, **others: Any) -> None:
        options = {"runs": 1, "budget_seconds": 100.0, **others}
        with pytest.raises(ValueError, match=match):
            search.run(optimizer, index, **options)

    refused(
        r"optimizer='sa' is not allowed in preset 'paper'; use 'rs', 're', 'nre', .*'bohb'",
        "sa",
    )
    refused(
        r"optimizer='ls' is not allowed in preset 'notebook'; use 'rs', 're' or 'nsga2'",
        "ls",
        preset="notebook",
    )
    refused(
        "preset='best' is not allowed; use 'paper', 'scripts', 'notebook', 'mini' or 'mutation",
        preset="best",
    )
    refused("runs=0 is not allowed; use an integer from 1", runs=0)
    refused("first_run=-1 is not allowed; use an integer from 0", first_run=-1)
    for first in (2**31 - 1, 10**5000):  # A file of runs could not hold them.
        refused("first_run=.* is not allowed; use an integer from 0 to 2147483646", first_run=first)
    for seed in (2**256 + 1, -(2**256) - 1, 10**5000):
        refused(r"seed=.* is not allowed; use an integer from -2\^256 to 2\^256", seed=seed)
    refused("record='all' is not allowed; use 'incumbents' or 'everything'", record="all")
    for budget in (0, -1, math.inf, math.nan):
        refused(
            "budget_seconds=.* is not allowed; use a finite number of seconds above 0",
            budget_seconds=budget,
        )
    refused(
        "budget_seconds and max_evaluations are both missing, so a run would never end; give one",
        budget_seconds=None,
    )
    for number in (0, -5, 1.5):
        refused(
            "max_evaluations=.* is not allowed; use an integer from 1 to",
            max_evaluations=number,
        )
    refused(
        r"budget_seconds=0.5 is too short; the shortest training of .* takes [\d.]+ s",
        budget_seconds=0.5,
    )
    refused(
        "epochs=7 are needed, but <Index .*> has no such budget; use 4, 12, 36, 108, or", epochs=7
    )
    refused("epochs=4 are needed", "hb", only_epochs(tmp_path, 12, 36, 108))
    refused("epochs=108 are needed", "rs", only_epochs(tmp_path, 4, 12), epochs=108)
    with pytest.raises(
        TypeError, match="optimizer=3 is not allowed; use a name, settings or a factory"
    ):
        search.run(3, index, runs=1, budget_seconds=100)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="threads"):
        search.run("rs", index, runs=1, budget_seconds=100, threads=0)


def test_bad_settings() -> None:
    for settings, match in (
        ({"population": 0}, "population=0 is not allowed; use an integer from 1 to 1000000"),
        ({"tournament": 101}, "tournament=101 is not allowed; use an integer from 1 to 100"),
        ({"mutation": "big"}, "mutation='big' is not allowed; use 'parameter', "),
        ({"sampling": "most"}, "sampling='most' is not allowed; use 'cells', "),
        (
            {"mutation": "pruned"},
            "mutation='pruned' needs valid parents, but sampling='all' draws invalid",
        ),
    ):
        with pytest.raises(ValueError, match=re.escape(match)):
            search.Evolution(**settings)
    with pytest.raises(ValueError, match="eta=1 is not allowed; use an integer from 2 to 100"):
        search.Hyperband(eta=1)
    with pytest.raises(
        ValueError, match=r"baseline_decay=1\.0 is not allowed; use a number from 0 to 0\.999999"
    ):
        search.Reinforce(baseline_decay=1.0)


def test_bad_configurations(index: Index) -> None:
    training = search.SimulatedTraining(index)
    run = training.start(100, seed=0)
    for code in (1 << 31, 3 << 21):
        with pytest.raises(ValueError, match=f"code {code} has bit 31 or a label 3 set"):
            run.evaluate(code)
    with pytest.raises(ValueError, match="code -1 does not fit"):
        run.evaluate(-1)
    with pytest.raises(ValueError, match="epochs=12 is not allowed; use 108"):
        run.evaluate(32, 12)
    not_codes: list[Any] = [
        "32",
        np.int32(32),
        np.int64(32),
        32.0,
        True,
        nb101fast.cell_codes()[:1],
    ]
    for code in not_codes:
        with pytest.raises(TypeError, match="code"):
            run.evaluate(code)
    assert run.seconds == run.num_invalid == 0
    for options in ({"validity": "raw"}, {"test": "best"}, {"epochs": (108, 108)}, {"epochs": ()}):
        with pytest.raises(ValueError, match="is not allowed; use"):
            search.SimulatedTraining(index, **options)


def test_an_optimizer_that_never_finds_a_cell_ends_with_an_error(tmp_path: Path) -> None:
    """The index has one cell, which random configurations hardly ever are."""
    path = tmp_path / "one.nb101"
    rare = nb101fast.cell_codes()[-1:]
    nb101fast.synthetic.write_index(path, codes=rare, epochs=(108,))
    with pytest.raises(ValueError, match=r"run 0 proposed 1,000,000 configurations in a row"):
        search.run("rl", nb101fast.open(path), runs=1, budget_seconds=1e9)
