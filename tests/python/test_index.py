"""Look-ups in an index against plain computations on the records that it was compiled from."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import re
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import Cell, FormatError, Index, OutOfDomainError
from nb101fast.__main__ import main
from nb101fast.adapters.predictor_data import predictor_data
from nb101fast.analysis import summarize
from reference import tfrecord
from reference.cells import encode
from reference.runs import METRICS, STAGES, graph_of_record, mean_of, values_of
from reference.tfrecord import Record

Sample = tuple[Path, list[Record]]
EVERY_METRIC = [*METRICS, "current_epoch", "total_time", "trainable_parameters", "graph"]
INVALID = {
    "no path": 0,
    "ten edges": (1 << 21) - 1,
    "label 3": 1 << 5 | 3 << 21,
    "bit 31": 1 << 31 | 1 << 5,
    "33 bits": 1 << 32 | 1 << 5,
    "64 bits": 1 << 64 | 1 << 5,
    "negative": -1,
    "very negative": -(1 << 70),
}


@pytest.fixture(scope="module")
def graphs(small_sample: Sample) -> dict[str, int]:
    """A code of each cell by hash."""
    return {r.module_hash: encode(graph_of_record(r)) for r in small_sample[1]}


def codes_of(graphs: dict[str, int]) -> npt.NDArray[np.uint32]:
    return np.fromiter(graphs.values(), np.uint32)


def same(a: Any, b: Any) -> bool:
    """Equal bit for bit as doubles, NaN included."""
    return np.asarray(a, np.float64).tobytes() == np.asarray(b, np.float64).tobytes()


# -------------------------------------------------------------------- objective


@pytest.mark.parametrize("metric", EVERY_METRIC)
@pytest.mark.parametrize("stage", STAGES)
def test_mean(
    index: Index, graphs: dict[str, int], small_sample: Sample, metric: str, stage: Any
) -> None:
    for epochs in (4, 36, 108):
        f = index.objective(metric, epochs=epochs, stage=stage)
        expected = [mean_of(values_of(small_sample[1], h, metric, epochs, stage)) for h in graphs]
        answers = f(codes_of(graphs))
        assert answers.dtype == np.float32
        assert same(answers, expected)
        assert same([f(code) for code in graphs.values()], expected)


@pytest.mark.parametrize("metric", EVERY_METRIC)
def test_each_repeat(
    index: Index, graphs: dict[str, int], small_sample: Sample, metric: str
) -> None:
    for epochs, stage in product((4, 36, 108), STAGES):
        for repeat in range(index.repeats[index.epochs.index(epochs)]):
            f = index.objective(metric, epochs=epochs, stage=stage, repeat=repeat)
            runs = [values_of(small_sample[1], h, metric, epochs, stage) for h in graphs]
            expected = [values[repeat] if repeat < len(values) else np.nan for values in runs]
            exact = np.array(expected)
            if metric in METRICS:
                assert same(exact.astype(np.float32), exact), "float32 holds the sample's values"
            assert same(f(codes_of(graphs)), exact.astype(np.float32))
            assert same([f(code) for code in graphs.values()], exact.astype(np.float32))


def test_scalars_of_every_kind(index: Index, graphs: dict[str, int]) -> None:
    f = index.objective(epochs=4)
    for code in graphs.values():
        cell = Cell.from_code(code)
        kinds: list[Any] = [np.uint32(code), np.array(code, np.uint32), cell]
        answers = [f(kind) for kind in kinds]
        assert all(type(answer) is float for answer in answers)
        assert answers == [f(code)] * len(kinds)


def test_isomorphic_and_unpruned_codes_are_the_same_cell(index: Index) -> None:
    f = index.objective("training_time", epochs=36)
    for cell_id in index.cells:
        code = int(nb101fast.cell_codes()[cell_id])
        matrices, labels = nb101fast.decode(np.array([code], np.uint32))
        unused = ~matrices[0, 1:6].any(axis=1)
        if unused.any():
            vertex = int(np.flatnonzero(unused)[0]) + 1
            matrices[0, 0, vertex] = 1  # a dead end
            assert f(int(nb101fast.encode(matrices, labels)[0])) == f(code)


def test_dtypes_strides_and_sizes_of_arrays(index: Index, graphs: dict[str, int]) -> None:
    f, codes = index.objective(epochs=4), codes_of(graphs)
    expected = f(codes)
    assert same(f(codes.astype(">u4")), expected)
    assert same(f(codes.tolist()), expected)
    assert same(f([Cell.from_code(code) for code in codes.tolist()]), expected)
    assert same(f(np.repeat(codes, 2)[::2]), expected)
    assert same(f(codes[::-1]), expected[::-1])
    assert f(codes[:0]).shape == (0,)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_threads_and_out(
    index: Index, graphs: dict[str, int], rng: np.random.Generator, threads: int
) -> None:
    f = index.objective()
    codes = rng.choice(codes_of(graphs), 50_001)
    expected = [f(int(code)) for code in codes[:500]]
    out = np.empty(len(codes), np.float32)
    assert f(codes, out=out, threads=threads) is out
    assert same(out[:500], expected)
    assert same(out, f(codes))


@pytest.mark.parametrize("code", INVALID.values(), ids=INVALID.keys())
@pytest.mark.parametrize("repeat", [0, "mean", "random"])
def test_one_invalid_cell(index: Index, code: int, repeat: Any) -> None:
    with pytest.raises(OutOfDomainError, match=rf"code {code} is outside the search space"):
        index.objective(repeat=repeat)(code)
    with pytest.raises(OutOfDomainError, match=rf"code {code} is outside the search space"):
        index.query(code, repeat=repeat)


def test_a_number_that_is_no_code_but_could_be_an_id_is_answered_with_ids(index: Index) -> None:
    with pytest.raises(OutOfDomainError, match=r"code 4 is outside .*; give a cell id as ids=$"):
        index.query(4)


def test_an_invalid_cell_object(index: Index) -> None:
    cell = Cell(np.triu(np.ones((7, 7), int), 1), [0] * 5)
    with pytest.raises(OutOfDomainError, match=f"code {cell.code} is outside"):
        index.objective()(cell)
    with pytest.raises(OutOfDomainError, match="outside the search space"):
        index.query(cell)


def test_invalid_cells_in_an_array(index: Index, graphs: dict[str, int]) -> None:
    good = codes_of(graphs)
    bad = np.array([code for code in INVALID.values() if 0 <= code < 1 << 32], np.uint32)
    mixed = np.insert(good, np.arange(len(bad)) * 5, bad)
    is_bad = np.isin(mixed, bad)
    for repeat in (0, "mean", "random"):
        answers = index.objective(epochs=4, repeat=repeat)(mixed)
        assert np.isnan(answers[is_bad]).all()
        assert not np.isnan(answers[~is_bad]).any()
        table = index.query(mixed, epochs=4, repeat=repeat)
        for metric in METRICS:
            assert (np.isnan(table[metric]) == is_bad).all()


def test_cells_and_runs_that_are_absent(index: Index, small_sample: Sample) -> None:
    absent = [i for i in range(100) if i not in index.cells]
    for cell_id in absent:
        code = int(nb101fast.cell_codes()[cell_id])
        for repeat in (0, "mean", "random"):
            f = index.objective(repeat=repeat)
            assert np.isnan(f(code))
            assert np.isnan(f(np.array([code], np.uint32))).all()
        assert all(np.isnan(value) for value in index.query(code).values())
        digest = Cell.from_id(cell_id).hash
        assert all(np.isnan(value) for value in index.query(digest).values())
    counts = Counter(record.module_hash for record in small_sample[1] if record.epochs == 108)
    for cell_id in index.cells:
        cell = Cell.from_id(cell_id)
        for repeat in range(3):
            f = index.objective(repeat=repeat)
            assert np.isnan(f(cell.code)) == (repeat >= counts[cell.hash])


# -------------------------------------------------------------------- random repeats


def cell_of_three_runs(small_sample: Sample) -> str:
    counts = Counter(record.module_hash for record in small_sample[1] if record.epochs == 108)
    return next(digest for digest, count in sorted(counts.items()) if count == 3)


def test_draws_are_those_of_the_seed(index: Index, graphs: dict[str, int]) -> None:
    codes = np.tile(codes_of(graphs), 20)
    draws = {
        seed: index.objective(repeat="random", seed=seed)(codes).tobytes() for seed in range(20)
    }
    assert len(set(draws.values())) == 20
    for seed, drawn in draws.items():
        assert index.objective(repeat="random", seed=seed)(codes).tobytes() == drawn
    unseeded = [index.objective(repeat="random")(codes).tobytes() for _ in range(5)]
    assert len(set(unseeded)) == 5


@pytest.mark.parametrize("seed", [0, -1, 2**63, 2**64, 10**30, np.int64(7)])
def test_any_integer_is_a_seed(index: Index, graphs: dict[str, int], seed: int) -> None:
    first, second = (index.objective(repeat="random", seed=seed) for _ in range(2))
    assert same(first(codes_of(graphs)), second(codes_of(graphs)))


def test_draws_do_not_depend_on_grouping(
    index: Index, graphs: dict[str, int], rng: np.random.Generator
) -> None:
    codes = rng.choice(codes_of(graphs), 5000)
    expected = index.objective(repeat="random", seed=3)(codes)
    f = index.objective(repeat="random", seed=3)
    parts = [f(codes[:1000]), f(codes[1000:4000], threads=3)]
    parts.append(np.array([f(int(code)) for code in codes[4000:4500]], np.float32))
    parts.append(np.array([f(Cell.from_code(int(code))) for code in codes[4500:]], np.float32))
    assert same(np.concatenate(parts), expected)


def test_only_runs_that_are_present_are_drawn(
    index: Index, graphs: dict[str, int], small_sample: Sample
) -> None:
    for epochs in (4, 108):
        f = index.objective("training_time", epochs=epochs, repeat="random", seed=1)
        for digest, code in graphs.items():
            drawn = f(np.full(100, code, np.uint32))
            present = values_of(small_sample[1], digest, "training_time", epochs)
            if present:
                assert set(drawn.tolist()) == set(present)
            else:
                assert np.isnan(drawn).all()


def test_draws_are_uniform_and_independent(
    index: Index, graphs: dict[str, int], small_sample: Sample
) -> None:
    digest = cell_of_three_runs(small_sample)
    values = values_of(small_sample[1], digest, "training_time", 108)
    f = index.objective("training_time", repeat="random", seed=11)
    drawn = f(np.full(90_000, graphs[digest], np.uint32)).tolist()
    repeats = np.array([values.index(value) for value in drawn])
    # 99.9 % quantiles of chi-square with 2 and 8 degrees of freedom.
    for numbers, kinds, limit in ((repeats, 3, 13.8), (3 * repeats[:-1] + repeats[1:], 9, 26.1)):
        expected = len(numbers) / kinds
        counts = np.bincount(numbers, minlength=kinds)
        assert ((counts - expected) ** 2 / expected).sum() < limit


def test_query_draws_one_repeat_for_all_metrics(
    index: Index, graphs: dict[str, int], small_sample: Sample
) -> None:
    digest = cell_of_three_runs(small_sample)
    columns = [values_of(small_sample[1], digest, metric, 108) for metric in METRICS]
    runs = set(zip(*columns, strict=True))
    drawn = {tuple(index.query(digest, repeat="random").values()) for _ in range(60)}
    assert drawn == runs
    table = index.query(np.full(200, graphs[digest], np.uint32), repeat="random")
    assert set(table.tolist()) == runs


def test_many_repeats(tmp_path: Path, small_sample: Sample) -> None:
    record = small_sample[1][0]
    evaluations = record.metrics.evaluations
    runs = [
        record._replace(
            metrics=record.metrics._replace(
                evaluations=(*evaluations[:2], evaluations[2]._replace(training_time=9000.0 + i))
            )
        )
        for i in range(100)
    ]
    (tmp_path / "many.tfrecord").write_bytes(tfrecord.write(runs))
    nb101fast.compile(tmp_path / "many.tfrecord", tmp_path / "many.nb101")
    index = nb101fast.open(tmp_path / "many.nb101", verify="full")
    assert index.repeats == (100,)
    cell, epochs = Cell.from_hash(record.module_hash), record.epochs
    table = index.query(np.full(500, cell.code, np.uint32), epochs=epochs, repeat="random")
    assert set(table["training_time"]) <= {9000.0 + i for i in range(100)}
    assert len(set(table["training_time"])) > 80


# -------------------------------------------------------------------- objectives as objects


@pytest.mark.parametrize("repeat", [0, 1, "mean", "random"])
def test_pickle_and_copy_of_objectives(index: Index, graphs: dict[str, int], repeat: Any) -> None:
    f = index.objective("test_accuracy", epochs=36, stage="halfway", repeat=repeat, seed=5)
    expected = f(codes_of(graphs))
    again = [pickle.loads(pickle.dumps(f, protocol)) for protocol in range(2, 6)]
    for g in (*again, copy.copy(f), copy.deepcopy(f)):
        if repeat != "random":  # whose copies draw numbers of their own
            assert same(g(codes_of(graphs)), expected)
        assert repr(g) == repr(f)
    assert re.fullmatch(
        r"<Objective test_accuracy at 36 epochs, .*halfway.* small\.nb101>", repr(f)
    )


def test_an_objective_outlives_its_index(small_sample: Sample, graphs: dict[str, int]) -> None:
    index = nb101fast.open(small_sample[0])
    f, column = index.objective(), index.column("training_time", stored=True)
    expected, values = f(codes_of(graphs)), column.tolist()
    del index
    gc.collect()
    assert same(f(codes_of(graphs)), expected)
    assert same(column, values)


def test_wrong_arguments_of_an_objective(index: Index, graphs: dict[str, int]) -> None:
    f: Any = index.objective()
    codes = codes_of(graphs)
    read_only = np.empty(len(codes), np.float32)
    read_only.setflags(write=False)
    cases: list[tuple[type[Exception], str, tuple[Any, ...], dict[str, Any]]] = [
        (TypeError, "no argument 'thread'", (codes,), {"thread": 2}),
        (TypeError, "not 0 arguments", (), {}),
        (TypeError, "not 2 arguments", (codes, codes), {}),
        (TypeError, "dtype float64; .*uint32", (codes.astype(float),), {}),
        (TypeError, "dtype bool; .*uint32", (codes > 0,), {}),
        (TypeError, "can't be a str; ", ("28cfc7874f6d200472e1a9dcd8650aa0",), {}),
        (TypeError, "can't be a float; ", (1.0,), {}),
        (TypeError, "can't be a NoneType; ", (None,), {}),
        (TypeError, "no argument 'ids'.*by_id", (), {"ids": codes}),
        (ValueError, r"shape \(1, 36\); use \(N,\)", (codes[None],), {}),
        (ValueError, "code -1 at position 3", ([5, 5, 5, -1],), {}),
        (ValueError, "code 4294967296 at position 1", ([5, 1 << 32],), {}),
        (TypeError, "dtype float64; .*float32", (codes,), {"out": np.empty(36)}),
        (TypeError, "<class 'list'>; .*float32", (codes,), {"out": [0.0] * 36}),
        (ValueError, r"shape \(35,\); use .* \(36,\)", (codes,), {"out": np.empty(35, np.float32)}),
        (ValueError, "contiguous", (codes,), {"out": np.empty(72, np.float32)[::2]}),
        (ValueError, "writable", (codes,), {"out": read_only}),
        (ValueError, "shares memory", (codes,), {"out": codes.view(np.float32)}),
        (TypeError, "out= is allowed for arrays only", (5,), {"out": np.empty(1, np.float32)}),
        (ValueError, "threads=0", (codes,), {"threads": 0}),
        (ValueError, "threads=-1", (codes,), {"threads": -1}),
        (TypeError, "threads", (codes,), {"threads": "two"}),
        (TypeError, "threads", (codes,), {"threads": 1.5}),
    ]
    faults = []
    for kind, pattern, arguments, keywords in cases:
        try:
            f(*arguments, **keywords)
        except Exception as error:
            if type(error) is not kind or not re.search(pattern, str(error)):
                faults.append(f"{pattern!r} expected: {error!r}")
        else:
            faults.append(f"{pattern!r} expected: no error")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"metric": "accuracy"}, "metric='accuracy' is not allowed; use 'train_accuracy', "),
        ({"metric": None}, "metric=None"),
        ({"epochs": 12}, "epochs=12 is not in this index; use 4, 36 or 108"),
        ({"stage": "end"}, "stage='end' is not allowed; use 'start', 'halfway' or 'final'"),
        ({"repeat": 3}, "repeat=3 is not allowed; use 0 to 2, 'mean'"),
        ({"repeat": 2, "epochs": 36}, "repeat=2 is not allowed; use 0 to 1, 'mean'"),
        ({"repeat": -1}, "repeat=-1 is not allowed; use 0 to 2"),
        ({"repeat": 1.0}, "repeat=1.0 is not allowed; use 0 to 2"),
        ({"repeat": True}, "repeat=True is not allowed; use 0 to 2"),
        ({"repeat": "median"}, "repeat='median' is not allowed; use 0 to 2"),
        ({"repeat": None}, "repeat=None is not allowed; use 0 to 2"),
    ],
)
def test_unknown_names(index: Index, keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        index.objective(**keywords)
    if "metric" not in keywords:
        with pytest.raises(ValueError, match=re.escape(message)):
            index.query(1 << 5, **keywords)
        with pytest.raises(ValueError, match=re.escape(message)):
            index.query(np.empty(0, np.uint32), **keywords)
    if "repeat" not in keywords:
        with pytest.raises(ValueError, match=re.escape(message)):
            index.column(**{"metric": "test_accuracy", **keywords}, stored=True)


@pytest.mark.parametrize("repeat", [3, -1, "mean", "random", None, 0.0])
def test_unknown_repeat_of_a_column(index: Index, repeat: Any) -> None:
    with pytest.raises(
        ValueError, match=re.escape(f"repeat={repeat!r} is not allowed; use 0 to ")
    ) as caught:
        index.column("test_accuracy", repeat=repeat, stored=True)
    assert "or 'mean'" not in str(caught.value), "a stored column has one repeat"


# -------------------------------------------------------------------- query


@pytest.mark.parametrize("stage", STAGES)
def test_query(index: Index, graphs: dict[str, int], small_sample: Sample, stage: Any) -> None:
    for epochs in index.epochs:
        for repeat in ("mean", *range(index.repeats[index.epochs.index(epochs)])):
            table = index.query(codes_of(graphs), epochs=epochs, stage=stage, repeat=repeat)
            assert table.dtype == [(metric, np.float64) for metric in METRICS]
            for i, (digest, code) in enumerate(graphs.items()):
                expected = []
                for metric in METRICS:
                    values = values_of(small_sample[1], digest, metric, epochs, stage)
                    missing = isinstance(repeat, int) and repeat >= len(values)
                    one = values[repeat] if isinstance(repeat, int) and not missing else np.nan
                    expected.append(mean_of(values) if repeat == "mean" else one)
                assert same(list(table[i].tolist()), expected)
                if i % 6:
                    continue
                spellings: list[Any] = [code, np.uint32(code), np.array(code, np.uint32), digest]
                for cell in (*spellings, Cell.from_code(code)):
                    answer = index.query(cell, epochs=epochs, stage=stage, repeat=repeat)
                    assert list(answer) == list(METRICS)
                    assert all(type(value) is float for value in answer.values())
                    assert same(list(answer.values()), expected)


def test_wrong_cells_of_a_query(index: Index) -> None:
    query: Any = index.query
    for cell in (None, 1.0, b"0" * 32):
        with pytest.raises(TypeError, match="code"):
            query(cell)
    with pytest.raises(ValueError, match="module hash 'ab' is not allowed; use 32 hex digits"):
        query("ab")
    with pytest.raises(OutOfDomainError, match=f"no cell has the module hash '{'0' * 32}'"):
        query("0" * 32)
    with pytest.raises(TypeError, match="dtype float64"):
        query(np.zeros(3))


# -------------------------------------------------------------------- find


def test_find(index: Index, graphs: dict[str, int]) -> None:
    ids = nb101fast.cell_ids(codes_of(graphs))
    hexes = list(graphs)
    binary = np.frombuffer(bytes.fromhex("".join(hexes)), np.uint8).reshape(-1, 16)
    spellings: list[Any] = [hexes, tuple(hexes), np.array(hexes), np.array(hexes, object)]
    spellings += [[h.upper() for h in hexes], np.array(hexes, "S32"), binary]
    spellings += [np.asfortranarray(binary), np.repeat(binary, 2, axis=0)[::2]]
    for spelling in spellings:
        found = index.find(spelling)
        assert found.dtype == np.int32
        assert (found == ids).all()
    many = np.tile(binary, (1000, 1))
    assert (index.find(many, threads=4) == np.tile(ids, 1000)).all()


def test_foreign_hashes(index: Index, rng: np.random.Generator) -> None:
    everything = index.find(nb101fast.cell_hashes())
    ids = np.arange(nb101fast.NUM_CELLS)
    assert (everything == np.where(np.isin(ids, index.cells), ids, -1)).all()
    assert (index.find(rng.integers(0, 256, (100_000, 16), np.uint8)) == -1).all()
    assert (index.find(np.zeros((3, 16), np.uint8)) == -1).all()


def test_near_hashes(index: Index) -> None:
    for digest in nb101fast.cell_hashes()[index.cells]:
        near = np.tile(digest, (128, 1))
        near[np.arange(128), np.arange(128) // 8] ^= np.tile(1 << np.arange(8, dtype=np.uint8), 16)
        assert (index.find(near) == -1).all()


def test_empty_find(index: Index) -> None:
    kinds: list[Any] = [[], np.empty((0, 16), np.uint8), np.empty(0, "U32")]
    for nothing in kinds:
        found = index.find(nothing)
        assert found.shape == (0,)
        assert found.dtype == np.int32


def test_wrong_hashes(index: Index) -> None:
    find: Any = index.find
    with pytest.raises(TypeError, match="is one string; give a list"):
        find("0" * 32)
    for wrong in (np.zeros((2, 15), np.uint8), np.zeros(16, np.uint8), np.zeros((2, 16))):
        with pytest.raises(ValueError, match=re.escape(f"shape {wrong.shape}")):
            find(wrong)
    for text in ("0" * 31, "g" * 32, " " * 32, "00 " * 11):
        with pytest.raises(ValueError, match=re.escape(f"module hash {text!r}")):
            find(["0" * 32, text])
    with pytest.raises(ValueError, match="threads=0"):
        find(["0" * 32], threads=0)


# -------------------------------------------------------------------- column


def mapped_at(address: int) -> str:
    """The file that is mapped at an address of this process."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, *_, name = line.split(maxsplit=5)
        first, last = (int(end, 16) for end in span.split("-"))
        if first <= address < last:
            return name
    return ""


def test_columns(index: Index, small_sample: Sample) -> None:
    for metric, stage, epochs in product(EVERY_METRIC, STAGES, index.epochs):
        for repeat in range(index.repeats[index.epochs.index(epochs)]):
            column = index.column(metric, epochs=epochs, stage=stage, repeat=repeat, stored=True)
            assert column.shape == index.cells.shape
            assert not column.flags.writeable
            with pytest.raises(ValueError, match=r"read-only|WRITEABLE"):
                column[0] = 0
            with pytest.raises(ValueError, match="WRITEABLE"):
                column.setflags(write=True)
            for value, cell_id in zip(column.tolist(), index.cells, strict=True):
                digest = nb101fast.cell_hashes()[cell_id].tobytes().hex()
                values = values_of(small_sample[1], digest, metric, epochs, stage)
                if repeat < len(values):
                    if metric.endswith("accuracy"):
                        value = float(np.float32(value) / np.float32(9984))
                    assert value == values[repeat]
                elif column.dtype == np.uint16:
                    assert value == 65535
                elif column.dtype.kind == "f":
                    assert np.isnan(value)


def test_types_of_columns(index: Index) -> None:
    types = {
        metric: index.column(metric, epochs=36, stored=True).dtype.name for metric in EVERY_METRIC
    }
    assert types == {
        "train_accuracy": "uint16",
        "validation_accuracy": "uint16",
        "test_accuracy": "uint16",
        "training_time": "float32",
        "current_epoch": "float32",
        "total_time": "float64",
        "trainable_parameters": "int32",
        "graph": "uint32",
    }


def test_columns_are_views_of_the_file(index: Index, small_sample: Sample) -> None:
    places = {name: (offset, size) for name, _, offset, size in index.sections}
    data = small_sample[0].read_bytes()
    column = index.column("test_accuracy", epochs=36, repeat=1, stored=True)
    assert column.base is not None
    assert np.shares_memory(column, index.column("test_accuracy", epochs=36, repeat=1, stored=True))
    offset, size = places["section column test_accuracy final of repeat 1 at budget number 1"]
    assert column.tobytes() == data[offset : offset + size]
    if not os.path.exists("/proc/self/maps"):
        pytest.skip("no /proc/self/maps to see mappings in")
    assert mapped_at(column.__array_interface__["data"][0]) == str(small_sample[0])
    assert mapped_at(index.cells.__array_interface__["data"][0]) == str(small_sample[0])


def test_constant_columns_take_no_memory(index: Index) -> None:
    for column, value in (
        (index.column("training_time", epochs=36, stage="start", stored=True), 0),
        (index.column("current_epoch", epochs=36, stored=True), 36),
    ):
        assert column.strides == (0,)
        assert (column == value).all()


# -------------------------------------------------------------------- what it says of itself


def test_properties(index: Index, small_sample: Sample, graphs: dict[str, int]) -> None:
    path, records = small_sample
    ids = sorted(nb101fast.cell_ids(codes_of(graphs)).tolist())
    assert index.path == str(path)
    assert index.epochs == (4, 36, 108)
    assert index.repeats == (3, 2, 3)
    assert index.cells.dtype == np.int32
    assert index.cells.tolist() == ids
    assert not index.cells.flags.writeable
    assert len(index) == len(ids) == 36
    assert index.num_runs == len(records)
    assert index.denominator == 9984
    assert index.is_synthetic
    counts = Counter(record.module_hash for record in records if record.epochs == 108)
    hashes = (nb101fast.cell_hashes()[i].tobytes().hex() for i in ids)
    assert index.run_counts(epochs=108).tolist() == [counts[digest] for digest in hashes]
    assert [index.reader.num_repeats(epochs) for epochs in (4, 36, 108)] == [3, 2, 3]
    with pytest.raises(ValueError, match="epochs=12 is not in this index; use 4, 36 or 108"):
        index.reader.num_repeats(12)


def test_provenance(index: Index, small_sample: Sample) -> None:
    source = small_sample[0].with_suffix(".tfrecord")
    provenance = index.provenance
    assert provenance["tool"] == "nb101fast"
    assert provenance["version"] == nb101fast.__version__
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", provenance["created"])
    (said,) = provenance["sources"]
    assert said["name"] == source.name
    assert said["num_bytes"] == source.stat().st_size
    assert said["records"] == len(small_sample[1])


def test_sections(index: Index, small_sample: Sample) -> None:
    size = small_sample[0].stat().st_size
    assert len(index.sections) == 6 + 3 + 8 * 18
    for name, dtype, offset, num_bytes in index.sections:
        assert name.startswith("section ")
        assert isinstance(dtype, np.dtype)
        assert offset % 64 == 0
        assert offset + num_bytes <= size
        assert (offset > 0) == (num_bytes > 0)


def test_types_of_sections(index: Index) -> None:
    """A section's dtype is that of its elements: its bytes are a number of them."""
    types = {name: dtype for name, dtype, _, _ in index.sections}
    assert types["section provenance"].itemsize == 1
    assert types["section hashes"].itemsize == 16
    assert types["section pilots"] == np.uint16
    for name, dtype, _, num_bytes in index.sections:
        assert num_bytes % dtype.itemsize == 0, name


def test_repr(index: Index, small_sample: Sample) -> None:
    runs = len(small_sample[1])
    assert repr(index) == (
        f"<SYNTHETIC index small.nb101: 36 cells, {runs} runs, epochs 4, 36, 108, repeats 3, 2, 3>"
    )
    html = index._repr_html_()
    assert html.startswith("<table>")
    for text in ("small.nb101", "synthetic", "4, 36, 108", str(runs)):
        assert text in html


def test_repr_of_measured_values(tmp_path: Path, small_sample: Sample) -> None:
    target = tmp_path / "a<b>&.nb101"
    nb101fast.compile(small_sample[0].with_suffix(".tfrecord"), target)
    index = nb101fast.open(target)
    assert not index.is_synthetic
    assert repr(index).startswith("<Index a<b>&.nb101: 36 cells")
    assert "<td>measured</td>" in index._repr_html_()
    assert "a&lt;b&gt;&amp;.nb101" in index._repr_html_()


def test_pickle(index: Index, graphs: dict[str, int]) -> None:
    for again in (pickle.loads(pickle.dumps(index)), copy.copy(index), copy.deepcopy(index)):
        assert again.path == index.path
        assert same(again.objective()(codes_of(graphs)), index.objective()(codes_of(graphs)))


# -------------------------------------------------------------------- open


@pytest.fixture
def no_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing to open but what is built in; the cache folder, which is empty."""
    monkeypatch.delenv("NB101FAST_INDEX", raising=False)
    monkeypatch.setenv("NB101FAST_CACHE", str(tmp_path))
    return tmp_path


def test_open_without_anything_warns_and_says_what_to_do(no_default: Path) -> None:
    advice = r"NB101-digits is opened.*`nb101fast fetch` gets.*\$NB101FAST_INDEX chooses another"
    with pytest.warns(UserWarning, match=advice) as caught:
        index = nb101fast.open()
    assert [warning.filename for warning in caught] == [__file__]
    assert index.path == str(Path(nb101fast.__file__).parent / "data" / "nb101_digits.nb101")
    assert (len(index), index.num_runs, index.epochs) == (91, 1092, (4, 12, 36, 108))
    assert not index.is_synthetic
    assert index.cells.tolist() == list(range(91))  # those of at most 4 vertices


def test_open_by_variable(
    no_default: Path, small_sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NB101FAST_INDEX", str(small_sample[0]))
    assert nb101fast.open().path == str(small_sample[0])
    monkeypatch.setenv("NB101FAST_INDEX", str(no_default / "none.nb101"))
    with pytest.raises(FileNotFoundError, match=r"none\.nb101: .* \$NB101FAST_INDEX names it; set"):
        nb101fast.open()


def test_open_from_the_cache(
    no_default: Path, small_sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("nasbench_only108.nb101", "nasbench_full.nb101"):
        (no_default / name).write_bytes(small_sample[0].read_bytes())
        assert nb101fast.open().path == str(no_default / name)
    monkeypatch.delenv("NB101FAST_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(no_default / "xdg"))
    (no_default / "xdg" / "nb101fast").mkdir(parents=True)
    target = no_default / "xdg" / "nb101fast" / "nasbench_full.nb101"
    target.write_bytes(small_sample[0].read_bytes())
    assert nb101fast.open().path == str(target)


def test_open_paths(tmp_path: Path, small_sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("plain.nb101", "ümlaut ☃.nb101", "spaces and 'quotes'"):
        (tmp_path / name).write_bytes(small_sample[0].read_bytes())
        assert nb101fast.open(name).path == str(tmp_path / name)
        assert len(nb101fast.open(tmp_path / name)) == 36


def test_what_can_not_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        nb101fast.open(tmp_path / "none")
    assert missing.value.filename == str(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        nb101fast.open(tmp_path)
    (tmp_path / "empty").touch()
    with pytest.raises(FormatError, match="empty"):
        nb101fast.open(tmp_path / "empty")
    with pytest.raises(
        ValueError, match="verify='all' is not allowed; use 'header', 'sections' or 'full'"
    ):
        nb101fast.open(tmp_path / "empty", verify="all")  # type: ignore[arg-type]


@pytest.mark.parametrize("verify", ["header", "sections", "full"])
def test_levels_of_verification(small_sample: Sample, verify: Any) -> None:
    assert len(nb101fast.open(small_sample[0], verify=verify)) == 36


def test_without_epochs_the_highest_budget_is_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "fifty.nb101"
    chosen = nb101fast.cell_codes()[:9]
    nb101fast.synthetic.write_index(path, codes=chosen, epochs=(7, 50), repeats=2)
    index = nb101fast.open(path)
    metric = "test_accuracy"
    finals = index.query(ids=index.cells, epochs=50)[metric]
    assert finals.tolist() != index.query(ids=index.cells, epochs=7)[metric].tolist()
    assert index.query(ids=index.cells)[metric].tolist() == finals.tolist()
    assert index.objective(metric).by_id(index.cells).tolist() == finals.tolist()
    assert index.column(metric, repeat="mean").tolist() == finals.tolist()
    assert index.tables(metric)[metric][index.cells].tolist() == finals.tolist()
    assert index.run_counts().tolist() == [2] * 9
    best = int(index.cells[finals.argmax()])
    assert index.top_k(metric, 1).tolist() == [best]
    assert index.best(metric).id == best
    assert index.where(test_accuracy=(finals.max(), None)).tolist() == [best]
    assert index.ranks(metric)[best] == 1
    assert best in index.pareto([metric], ["training_time"])
    corner = {metric: 0.0, "parameters": 1e9}
    volume = index.hypervolume([metric], ["parameters"], reference=corner)
    assert volume == index.hypervolume([metric], ["parameters"], reference=corner, epochs=50)
    assert "50 epochs" in index.plot("parameters", metric).axes[0].get_ylabel()

    assert nb101fast.search.SimulatedTraining(index).epochs == (50,)
    for optimizer in ("rs", "re"):
        done = nb101fast.search.run(optimizer, index, runs=1, max_evaluations=5)
        assert done.final_regret.min() >= 0
    data = predictor_data(index, "path", target=metric, num_train=9, num_test=0)
    assert sorted(data.train.targets.tolist()) == sorted(finals.tolist())
    assert summarize(index).distributions.final_epochs == 50

    assert main(["query", str(path), "id:3"]) == 0
    assert f"test_accuracy={np.float32(finals[3])!s} " in capsys.readouterr().out
