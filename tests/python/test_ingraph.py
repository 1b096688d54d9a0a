"""Look-ups inside a graph give the engine's answers, in each array library that is installed.

JAX and TensorFlow start threads, and no test can fork after that. So each of them has a process of
its own, which runs this file again.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import Index, ingraph
from nb101fast.codes import Codes
from reference.missing_library import lacks
from reference.tfrecord import Record

Sample = tuple[Path, list[Record]]
Tables = dict[str, npt.NDArray[Any]]
Function = Callable[..., Any]

METRICS = ("validation_accuracy", "training_time", "total_time")


@dataclass(frozen=True)
class Library:
    """An array library, its way in, and what it does to functions of codes."""

    xp: Any
    array: Function
    compiled: Function
    mapped: Function | None = None  # over the codes, one by one

    def tables(self, tables: Tables) -> dict[str, Any]:
        return {name: self.array(table) for name, table in tables.items()}


def needed(module: str) -> Any:
    return pytest.importorskip(module, reason=f"look-ups in {module} need {module}")


def numpy() -> Library:
    return Library(np, np.asarray, lambda function: function)


def array_api_strict() -> Library:
    strict = needed("array_api_strict")
    return Library(strict, strict.asarray, lambda function: function)


def jax() -> Library:
    jax, jnp = needed("jax"), needed("jax.numpy")
    return Library(jnp, jnp.asarray, jax.jit, jax.vmap)


def torch() -> Library:
    torch = needed("torch")

    def compiled(function: Function) -> Function:
        traced: Function = torch.compile(function, fullgraph=True, backend="aot_eager")
        return traced

    return Library(torch, torch.tensor, compiled, torch.func.vmap)


def tensorflow() -> Library:
    tf = needed("tensorflow")

    def compiled(function: Function) -> Function:
        traced: Function = tf.function(function, jit_compile=True)
        return traced

    def mapped(function: Function) -> Function:
        return lambda codes: tf.vectorized_map(function, codes)

    return Library(tf, tf.constant, compiled, mapped)


LIBRARIES = {make.__name__: make for make in (numpy, array_api_strict, jax, torch, tensorflow)}
APART = ("jax", "tensorflow")
WITHOUT_KERAS = {"TF_USE_LEGACY_KERAS": "1"}  # TensorFlow loads Keras 2, or none if it is missing
LIBRARY_VARIABLE = "NB101FAST_TESTED_LIBRARY"  # of this process
HERE = os.environ.get(LIBRARY_VARIABLE, "numpy array_api_strict torch").split()


@pytest.fixture(scope="module", params=HERE)
def library(request: pytest.FixtureRequest) -> Library:
    return LIBRARIES[request.param]()


@pytest.mark.slow
@pytest.mark.skipif(LIBRARY_VARIABLE in os.environ, reason="this is a library's own process")
@pytest.mark.parametrize("name", APART)
def test_in_a_process_of_its_own(name: str) -> None:
    if importlib.util.find_spec(name) is None:
        pytest.skip(lacks(name))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
        env=os.environ | WITHOUT_KERAS | {LIBRARY_VARIABLE: name},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"^[23]\d passed", done.stdout, re.MULTILINE), done.stdout


@pytest.fixture(scope="module")
def tables(index: Index) -> Tables:
    return index.tables(*METRICS)


@pytest.fixture(scope="module")
def moved(library: Library, tables: Tables) -> dict[str, Any]:
    """The tables as the library's arrays."""
    return library.tables(tables)


@pytest.fixture(scope="module")
def codes(index: Index) -> Codes:
    """Every matrix once with some labels, every cell, any 32 bits, and last the cells present."""
    rng = np.random.default_rng(7)
    labels = sum(rng.integers(0, 3, 1 << 21, np.uint32) << 2 * vertex for vertex in range(5))
    matrices = np.arange(1 << 21, dtype=np.uint32) | labels << 21
    whole = rng.integers(0, 1 << 32, 100_000, np.uint32)
    special = np.array([0, 1 << 5, 1 << 31, 1 << 31 | 1 << 5, (1 << 32) - 1], np.uint32)
    cells = nb101fast.cell_codes()
    return np.concatenate([matrices, cells, whole, special, cells[index.cells]])


def same(answers: Any, expected: npt.NDArray[Any]) -> bool:
    """Equal in dtype, shape and every bit, NaN included."""
    answers = np.asarray(answers)
    kinds = (answers.dtype, answers.shape) == (expected.dtype, expected.shape)
    return kinds and np.array_equal(answers, expected, equal_nan=expected.dtype.kind == "f")


# -------------------------------------------------------------------- the tables


def test_tables_are_plain_arrays(index: Index, tables: Tables) -> None:
    assert list(tables) == ["placements", "ranks", *METRICS]
    kinds = [(table.dtype.name, table.ndim) for table in tables.values()]
    assert kinds == [("int32", 1)] * 2 + [("float32", 1)] * len(METRICS)
    assert len(tables["placements"]) == 1 << 21
    assert all(table.flags.c_contiguous and table.flags.owndata for table in tables.values())
    for metric in METRICS:
        assert same(tables[metric], index.objective(metric)(nb101fast.cell_codes()))


def test_tables_without_metrics_have_the_four(index: Index) -> None:
    assert list(index.tables()) == ["placements", "ranks", *nb101fast.METRICS]


def test_values_beyond_float32_become_infinite(tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").write_text('{"id": 4, "epochs": 108, "training_time": 1e39}')
    nb101fast.compile(tmp_path / "odd.jsonl", tmp_path / "odd.nb101")
    odd = nb101fast.open(tmp_path / "odd.nb101")
    times = odd.tables("training_time", repeat=0)["training_time"]
    assert times[4] == np.inf
    assert np.isnan(np.delete(times, 4)).all()


def test_tables_of_a_place(index: Index) -> None:
    for place in ({"epochs": 4, "stage": "halfway"}, {"repeat": 1}, {"epochs": 36, "repeat": 0}):
        chosen: dict[str, Any] = place
        column = index.tables("test_accuracy", **chosen)["test_accuracy"]
        expected = index.objective("test_accuracy", **chosen)(nb101fast.cell_codes())
        assert same(column, expected)


@pytest.mark.parametrize(
    ("metrics", "place", "message"),
    [
        (("accuracy",), {}, "metric='accuracy' is not allowed; use 'train_accuracy', "),
        ((), {"epochs": 12}, "epochs=12 is not in this index; use 4, 36 or 108"),
        ((), {"stage": "last"}, "stage='last' is not allowed; use 'start', 'halfway' or 'final'"),
        ((), {"repeat": 3}, "repeat=3 is not allowed; use 0 to 2 or 'mean'"),
        ((), {"repeat": "random"}, "repeat='random' is not allowed; use 0 to 2 or 'mean'"),
    ],
)
def test_tables_refuse(index: Index, metrics: Any, place: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        index.tables(*metrics, **place)


# -------------------------------------------------------------------- look-ups


def test_ids(library: Library, moved: dict[str, Any], codes: Codes) -> None:
    expected = nb101fast.cell_ids(codes)
    assert len(np.unique(expected)) == nb101fast.NUM_CELLS + 1
    assert same(ingraph.query(moved, library.array(codes), library.xp), expected)


@pytest.mark.parametrize("metric", METRICS)
def test_metrics(
    library: Library, moved: dict[str, Any], codes: Codes, index: Index, metric: str
) -> None:
    expected = index.objective(metric)(codes)
    assert not np.isnan(expected).all()
    given = library.array(codes)
    assert same(ingraph.evaluate(moved, given, library.xp, metric), expected)


def test_compiled(library: Library, moved: dict[str, Any], codes: Codes, index: Index) -> None:
    given = library.array(codes)
    ids = library.compiled(lambda codes: ingraph.query(moved, codes, library.xp))
    assert same(ids(given), nb101fast.cell_ids(codes))
    times = library.compiled(
        lambda tables, codes: ingraph.evaluate(tables, codes, library.xp, "training_time")
    )
    assert same(times(moved, given), index.objective("training_time")(codes))


def test_mapped(library: Library, moved: dict[str, Any], codes: Codes, index: Index) -> None:
    """The mapped function gets one code at a time."""
    if library.mapped is None:
        pytest.skip(f"{library.xp.__name__} maps no function over the elements of an array")
    chosen = codes[-20_000:]
    given = library.array(chosen)
    ids = library.mapped(lambda code: ingraph.query(moved, code, library.xp))
    assert same(ids(given), nb101fast.cell_ids(chosen))
    accuracies = library.mapped(lambda code: ingraph.evaluate(moved, code, library.xp))
    assert same(accuracies(given), index.objective()(chosen))


def test_compiled_for_any_length(
    library: Library, moved: dict[str, Any], codes: Codes, index: Index
) -> None:
    if library.xp.__name__ != "tensorflow":
        pytest.skip("only TensorFlow's graphs may leave lengths open")
    tf = library.xp
    anything = tf.function(
        lambda codes: ingraph.evaluate(moved, codes, tf.experimental.numpy),
        input_signature=[tf.TensorSpec([None], tf.uint32)],
    )
    for length in (0, 1, 10_000):
        chosen = codes[len(codes) - length :]
        assert same(anything(tf.constant(chosen)), index.objective()(chosen))


def test_tables_of_numpy_serve_too(library: Library, tables: Tables, codes: Codes) -> None:
    chosen = codes[-20_000:]
    given = library.array(chosen)
    assert same(ingraph.query(tables, given, library.xp), nb101fast.cell_ids(chosen))


def test_codes_of_numpy_serve_too(library: Library, moved: dict[str, Any]) -> None:
    """The package's own codes are read-only."""
    codes = nb101fast.cell_codes()
    answers = ingraph.query(moved, codes, library.xp)
    assert same(answers, np.arange(len(codes), dtype=np.int32))


@pytest.mark.parametrize("shape", [(0,), (1,), (3, 4), (2, 3, 4)])
def test_shapes(library: Library, moved: dict[str, Any], codes: Codes, shape: Any) -> None:
    if len(shape) > 1 and library.xp.__name__ == "array_api_strict":
        pytest.skip("take of the standard wants indices of one dimension")
    chosen = codes[-np.prod(shape, dtype=int) or len(codes) :].reshape(shape)
    given = library.array(chosen)
    expected = nb101fast.cell_ids(chosen.reshape(-1)).reshape(shape)
    assert same(ingraph.query(moved, given, library.xp), expected)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_wide_integers_are_refused(library: Library, moved: dict[str, Any], dtype: str) -> None:
    if library.xp.__name__ == "jax.numpy":
        pytest.skip("JAX has 32 bits, unless told otherwise")
    with pytest.raises(TypeError, match=f"{dtype}.*but a code is uint32"):
        ingraph.query(moved, library.array(np.ones(3, dtype)), library.xp)


@pytest.mark.parametrize("dtype", ["float32", "int16", "uint8", "int32"])
def test_dtypes_that_are_refused(library: Library, moved: dict[str, Any], dtype: str) -> None:
    given = library.array(np.ones(3, dtype))
    with pytest.raises(TypeError, match=rf"codes have dtype .*{dtype}.*, but a code is uint32"):
        ingraph.query(moved, given, library.xp)


def test_ids_are_refused(index: Index, library: Library, moved: dict[str, Any]) -> None:
    given = library.array(index.cells)
    with pytest.raises(TypeError, match=re.escape("cell_codes()[ids]")):
        ingraph.evaluate(moved, given, library.xp)


def test_plain_numbers_are_refused(library: Library, moved: dict[str, Any]) -> None:
    for codes in (32, [32, 33]):
        with pytest.raises(TypeError, match=r"codes have dtype (int|list), but a code is uint32"):
            ingraph.query(moved, codes, library.xp)


def test_metrics_that_are_not_there(tables: Tables) -> None:
    codes = nb101fast.cell_codes()
    for metric in ("test_accuracy", "ranks", "placements"):
        message = (
            f"metric={metric!r} is not in these tables; use "
            "'validation_accuracy', 'training_time' or 'total_time'"
        )
        with pytest.raises(ValueError, match=re.escape(message)):
            ingraph.evaluate(tables, codes, np, metric)


@pytest.mark.slow
@pytest.mark.skipif(LIBRARY_VARIABLE in os.environ, reason="this is a library's own process")
def test_example(tmp_path: Path) -> None:
    if importlib.util.find_spec("jax") is None:
        pytest.skip("the example needs jax")
    path = tmp_path / "some.nb101"
    nb101fast.synthetic.write_index(path, codes=nb101fast.cell_codes()[::40], epochs=(108,))
    example = Path(__file__).parents[2] / "examples" / "ingraph_gpu.py"
    done = subprocess.run(
        [sys.executable, example, path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for what in ("ids", "validation_accuracy"):
        assert re.search(rf"JAX .*: {what}, \d\S+ cells per second", done.stdout)
