"""Objectives by cell id, and the draws of random objectives in copies and in other processes."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import re
import shutil
import subprocess
import sys
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import Index
from reference.child_processes import environment
from reference.tfrecord import Record

Sample = tuple[Path, list[Record]]

START_METHODS = multiprocessing.get_all_start_methods()  # fork, spawn and forkserver on Linux
NUM_CELLS = nb101fast.NUM_CELLS


@pytest.fixture(scope="module")
def index(small_sample: Sample) -> Index:
    return nb101fast.open(small_sample[0])


@pytest.fixture(scope="module")
def all_ids() -> npt.NDArray[np.int32]:
    return np.arange(NUM_CELLS, dtype=np.int32)


def same(values: Any, expected: Any) -> bool:
    return np.array_equal(values, expected, equal_nan=True)


# -------------------------------------------------------------------- by id


@pytest.mark.parametrize("repeat", [0, 2, "mean", "random"])
def test_ids_give_what_codes_give(
    index: Index, all_ids: npt.NDArray[np.int32], repeat: Any
) -> None:
    by_code, by_id = (index.objective(repeat=repeat, seed=1) for _ in range(2))
    expected = by_code(nb101fast.cell_codes())
    values = by_id.by_id(all_ids)
    assert (values.dtype, values.shape) == (np.dtype("float32"), (NUM_CELLS,))
    assert same(values, expected)
    assert np.count_nonzero(~np.isnan(values)) > 5


def test_one_id_gives_a_float(index: Index) -> None:
    f = index.objective("training_time", epochs=4)
    for cell_id in index.cells:
        values = [f.by_id(cell_id), f.by_id(int(cell_id)), f.by_id(np.array(cell_id))]
        assert all(type(value) is float for value in values)
        assert values == [f(nb101fast.cell_codes()[cell_id])] * 3
    assert np.isnan(f.by_id(7))


def test_ids_by_name_and_in_lists(index: Index) -> None:
    f = index.objective(epochs=4)
    expected = f.by_id(index.cells)
    assert same(f.by_id(ids=index.cells), expected)
    assert same(f.by_id(index.cells.tolist()), expected)
    assert same(f.by_id(ids=tuple(index.cells)), expected)
    assert same(f.by_id(index.cells[::-2]), expected[::-2])
    assert f.by_id([]).shape == (0,)


def test_what_the_index_returns_goes_to_by_id(index: Index) -> None:
    best = index.top_k("test_accuracy", 5)
    values = index.objective("test_accuracy").by_id(best)
    assert not np.isnan(values).any()
    assert (np.diff(values) <= 0).all()
    with pytest.raises(TypeError, match=re.escape("cell_codes()[ids]")):
        index.objective("test_accuracy")(best)  # type: ignore[arg-type]


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("repeat", [0, "random"])
def test_threads_and_out(
    index: Index, all_ids: npt.NDArray[np.int32], threads: int, repeat: Any
) -> None:
    expected = index.objective(repeat=repeat, seed=2).by_id(all_ids)
    out = np.empty(NUM_CELLS, np.float32)
    f = index.objective(repeat=repeat, seed=2)
    assert f.by_id(all_ids, out=out, threads=threads) is out
    assert same(out, expected)


def test_wrong_ids(index: Index) -> None:
    f: Any = index.objective().by_id
    outside = f"use 0 to {NUM_CELLS - 1}"
    cases: list[tuple[type[Exception], str, tuple[Any, ...], dict[str, Any]]] = [
        (IndexError, f"cell id 423624 does not exist; {outside}", (423_624,), {}),
        (
            IndexError,
            f"cell id -1 does not exist; {outside}: -1 means that there is no cell",
            (-1,),
            {},
        ),
        (IndexError, "cell id 423624 at position 2", ([0, 1, 423_624],), {}),
        (IndexError, "cell id -7 at position 1", (np.array([0, -7, -8], np.int32),), {}),
        (IndexError, "cell id 1180591620717411303424", (1 << 70,), {}),
        (TypeError, "dtype uint32, but a cell id is int32", (np.zeros(2, np.uint32),), {}),
        (TypeError, "dtype int64, but a cell id is int32", (np.zeros(2, np.int64),), {}),
        (TypeError, "dtype int64, but a cell id is int32", (np.int64(1),), {}),
        (TypeError, "dtype bool", (np.zeros(2, np.bool_),), {}),
        (TypeError, "an id can't be a bool", (True,), {}),
        (TypeError, "an id can't be a float", ([1.0],), {}),
        (TypeError, "an id can't be a Cell", (nb101fast.Cell.from_id(1),), {}),
        (ValueError, "shape (1, 2); use (N,)", (np.zeros((1, 2), np.int32),), {}),
        (TypeError, "given 0 arguments", (), {}),
        (TypeError, "given 2 arguments", (1,), {"ids": 2}),
        (TypeError, "no argument 'codes'", (), {"codes": 2}),
        (TypeError, "out= is allowed for arrays only", (1,), {"out": np.empty(1, np.float32)}),
        (TypeError, "out has dtype float64", ([1],), {"out": np.empty(1)}),
        (ValueError, "threads=0", ([1],), {"threads": 0}),
    ]
    for kind, message, arguments, keywords in cases:
        with pytest.raises(kind, match=re.escape(message)):
            f(*arguments, **keywords)


def test_a_refused_batch_draws_nothing(index: Index) -> None:
    first, second = (index.objective(repeat="random", seed=3) for _ in range(2))
    with pytest.raises(IndexError):
        first.by_id([0, 1, -1])
    assert same(first.by_id(index.cells), second.by_id(index.cells))


def test_a_notebook_shows_what_an_objective_is_bound_to(index: Index, tmp_path: Path) -> None:
    named = shutil.copy(index.path, tmp_path / "<b>.nb101")
    html = nb101fast.open(named).objective("test_accuracy", epochs=36, repeat=1)._repr_html_()
    assert html.startswith("<table>")
    shown = re.findall(r"<th>(\w+)</th><td>(.*?)</td>", html)
    assert dict(shown) == {
        "metric": "test_accuracy",
        "epochs": "36",
        "stage": "final",
        "repeat": "1",
        "file": escape(str(named)),
        "values": "synthetic, made up for load tests",
    }


# -------------------------------------------------------------------- copies of random objectives


def cell_of_three_runs(index: Index) -> int:
    return int(index.cells[index.run_counts() == 3][0])


@pytest.fixture(scope="module")
def batch(index: Index) -> npt.NDArray[np.int32]:
    """One cell of three runs, so often that two sequences of draws are never equal by chance."""
    return np.full(200, cell_of_three_runs(index), np.int32)


def test_draws_are_reproducible_in_one_process(index: Index, batch: npt.NDArray[np.int32]) -> None:
    first, second = (index.objective(repeat="random", seed=4) for _ in range(2))
    expected = [first.by_id(batch).tobytes() for _ in range(3)]
    assert len(set(expected)) == 3
    assert [second.by_id(batch).tobytes() for _ in range(3)] == expected


def test_copies_draw_numbers_of_their_own(index: Index, batch: npt.NDArray[np.int32]) -> None:
    f = index.objective(repeat="random", seed=5)
    pickled = pickle.dumps(f)
    copies = [f, pickle.loads(pickled), pickle.loads(pickled), copy.copy(f), copy.deepcopy(f)]
    assert len({g.by_id(batch).tobytes() for g in copies}) == len(copies)
    assert set(copies[1].by_id(batch)) == set(f.by_id(batch))


class Drawing:
    """A task of a pool: draws by an objective, which is pickled with it."""

    def __init__(self, objective: Any, ids: npt.NDArray[np.int32]) -> None:
        self.objective, self.ids = objective, ids

    def __call__(self, _: int) -> bytes:
        values: bytes = self.objective.by_id(self.ids).tobytes()
        return values


inherited: Any = None


def draw_inherited(ids: npt.NDArray[np.int32]) -> bytes:
    values: bytes = inherited.by_id(ids).tobytes()
    return values


def take(objective: Any) -> None:
    global inherited
    inherited = objective


@pytest.mark.parametrize("method", START_METHODS)
def test_tasks_of_a_pool_draw_different_repeats(
    index: Index, batch: npt.NDArray[np.int32], method: str
) -> None:
    f = index.objective(repeat="random", seed=6)
    with multiprocessing.get_context(method).Pool(2) as pool:
        drawn = pool.map(Drawing(f, batch), range(6), chunksize=1)
    assert len({f.by_id(batch).tobytes(), *drawn}) == 7


@pytest.mark.parametrize("method", START_METHODS)
def test_workers_that_were_given_an_objective_draw_different_repeats(
    index: Index, batch: npt.NDArray[np.int32], method: str
) -> None:
    f = index.objective(repeat="random", seed=7)
    with multiprocessing.get_context(method).Pool(3, take, (f,)) as pool:
        drawn = pool.map(draw_inherited, [batch] * 9, chunksize=1)
    assert len({f.by_id(batch).tobytes(), *drawn}) == 10


@pytest.mark.skipif("fork" not in START_METHODS, reason="this system has no fork")
def test_forked_children_draw_different_repeats(index: Index, batch: npt.NDArray[np.int32]) -> None:
    """A child inherits the objective and the number of its queries, and draws by other numbers."""
    take(index.objective(repeat="random", seed=8))
    context = multiprocessing.get_context("fork")
    drawn = []
    for _ in range(3):
        with context.Pool(1) as pool:
            drawn.append(pool.apply(draw_inherited, (batch,)))
    assert len({inherited.by_id(batch).tobytes(), *drawn}) == 4


@pytest.mark.skipif("fork" not in START_METHODS, reason="this system has no fork")
def test_a_seed_is_reproducible_in_a_forked_child(
    index: Index, batch: npt.NDArray[np.int32]
) -> None:
    with multiprocessing.get_context("fork").Pool(1) as pool:
        drawn = pool.apply(draw_by_seed, (index.path, batch))
    assert drawn == draw_by_seed(index.path, batch)


def draw_by_seed(path: str, ids: npt.NDArray[np.int32]) -> bytes:
    return nb101fast.open(path).objective(repeat="random", seed=9).by_id(ids).tobytes()


# -------------------------------------------------------------------- memory


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_random_repeat_takes_memory_for_the_runs_alone(tmp_path: Path) -> None:
    """With 2,000 repeats of one cell, a value for each repeat of each cell would take 3 GB."""
    program = """if True:
        import resource, sys
        import numpy as np
        import nb101fast
        from nb101fast import synthetic

        code = nb101fast.cell_codes()[5:6]
        synthetic.write_index(sys.argv[1], codes=code, epochs=(108,), repeats=2000)
        index = nb101fast.open(sys.argv[1])
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), -1))
        f = index.objective(repeat="random", seed=1)
        print(len(np.unique(f(np.tile(code, 20_000)))) > 20)
    """
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "many.nb101")],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert (done.stderr, done.stdout) == ("", "True\n")


def test_an_error_of_the_users_own_number_is_raised(index: Index) -> None:
    class Broken(np.uint32):
        def __index__(self) -> int:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        index.objective("test_accuracy")(Broken(32))
    with pytest.raises(ZeroDivisionError):
        nb101fast.cell_ids(Broken(32))


def test_a_keyword_of_any_characters_is_refused(index: Index) -> None:
    options: dict[str, Any] = {"a\ud800": 1}
    with pytest.raises(TypeError, match="an objective has no argument"):
        index.objective("test_accuracy")(32, **options)
