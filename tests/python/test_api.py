"""The drop-in for nasbench.api against a plain reader of the official records."""

from __future__ import annotations

import copy
import gzip
import json
import os
import pickle
import random
import re
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import FormatError, inception
from nb101fast.api import ModelSpec, NASBench, OutOfDomainError
from nb101fast.locations import BUILT_IN
from reference import tfrecord
from reference.cells import (
    Graph,
    edge_count,
    graph_of,
    module_hash,
    names_of,
    orders,
    prune,
    relabel,
)
from reference.runs import graph_of_record, random_metrics, record_of
from reference.sampling import random_connected_graphs, random_graph
from reference.tfrecord import EvaluationData, ModelMetrics, Record

Sample = tuple[Path, list[Record]]
Matrix = npt.NDArray[Any]

METRICS = ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
CHAIN = np.diag([1, 1], 1)  # input -> vertex -> output
CHAIN_OPS = ["input", "conv3x3-bn-relu", "output"]
CHAIN_OF_TWO = np.diag([1, 1, 1], 1)
FORK = np.array([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]])
UNJOINED = np.diag([1, 0, 1], 1)
DTYPES = [bool, np.int8, np.uint8, np.int16, np.int32, np.int64, np.float16, np.float32, float]


class PlainBench:
    """The official reader's rules, the plain way, on specs that the reference understands."""

    def __init__(self, records: list[Record], seed: Any = None) -> None:
        random.seed(seed)
        self.fixed: dict[str, dict[str, Any]] = {}
        self.computed: dict[str, dict[int, list[dict[str, float]]]] = {}
        for record in records:
            self._add(record)
        self.valid_epochs = {record.epochs for record in records}
        self.spent = [0.0, 0]

    def _add(self, record: Record) -> None:
        graph = graph_of_record(record)
        fixed = {
            "module_adjacency": [list(row) for row in graph.matrix],
            "module_operations": list(record.operations),
            "trainable_parameters": record.metrics.trainable_parameters,
        }
        self.fixed.setdefault(record.module_hash, fixed)
        runs = self.computed.setdefault(record.module_hash, {}).setdefault(record.epochs, [])
        _, halfway, final = record.metrics.evaluations
        parts = (("halfway_", halfway), ("final_", final))
        runs.append({stage + name: getattr(at, name) for stage, at in parts for name in METRICS})

    def query(self, graph: Graph, epochs: int, stop_halfway: bool) -> dict[str, Any]:
        if epochs not in self.valid_epochs:
            raise OutOfDomainError("invalid number of epochs")
        pruned = prune(graph)
        if pruned is None:
            raise OutOfDomainError("disconnected")
        if len(pruned.matrix) > 7:
            raise OutOfDomainError("too many vertices")
        if edge_count(pruned.matrix) > 9:
            raise OutOfDomainError("too many edges")
        digest = module_hash(pruned)
        runs = self.computed[digest][epochs]
        run = runs[random.randint(0, len(runs) - 1)]
        stage = "halfway_" if stop_halfway else "final_"
        values = {name: run[stage + name] for name in METRICS}
        self.spent[0] += values["training_time"]
        self.spent[1] += epochs // 2 if stop_halfway else epochs
        return {**self.fixed[digest], **values}


def plain(value: Any) -> Any:
    """The same with lists in place of arrays, to be compared."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    return value.tolist() if isinstance(value, np.ndarray) else value


def outcome(call: Callable[[], dict[str, Any]]) -> Any:
    """What a query gives, or the kind of its refusal and the beginning of its reason."""
    try:
        return plain(call())
    except OutOfDomainError as error:
        reason = str(error)
        for known in ("epochs", "disconnected", "vertices", "edges"):
            if known in reason:
                return known
        return reason
    except KeyError as error:
        return error.args


def spec_of(graph: Graph, dtype: Any = np.int64) -> ModelSpec:
    return ModelSpec(np.array(graph.matrix, dtype), names_of(graph))


@pytest.fixture
def bench(small_sample: Sample) -> NASBench:
    return NASBench(small_sample[0], seed=7)


@pytest.fixture
def records(small_sample: Sample) -> list[Record]:
    return small_sample[1]


def known_spec(records: list[Record], epochs: int = 108) -> ModelSpec:
    """A spec with several runs at that budget."""
    hashes = [record.module_hash for record in records if record.epochs == epochs]
    digest = max(hashes, key=hashes.count)
    found = next(r for r in records if r.module_hash == digest)
    return spec_of(graph_of_record(found))


# ---------------------------------------------------------------- traces


def relabelled(rng: np.random.Generator, graph: Graph) -> Graph:
    """The graph in one of its vertex orders."""
    some = list(islice(orders(graph.matrix), 12))
    return relabel(graph, some[int(rng.integers(len(some)))])


def with_dead_vertex(graph: Graph) -> Graph:
    """The graph with a vertex that nothing leaves, before the output."""
    n = len(graph.matrix)
    matrix = np.insert(np.insert(np.array(graph.matrix), n - 1, 0, axis=0), n - 1, 0, axis=1)
    matrix[0, n - 1] = 1
    return graph_of(matrix, [*graph.labels, 2])


def mixed_graphs(rng: np.random.Generator, records: list[Record], count: int) -> Iterator[Graph]:
    """Cells of the data in other orders and with dead vertices, and any graphs up to 9."""
    for _ in range(count):
        graph = graph_of_record(records[int(rng.integers(len(records)))])
        kind = rng.integers(4)
        if kind == 0:
            yield random_graph(rng, int(rng.integers(2, 10)))
        elif kind == 1:
            yield with_dead_vertex(relabelled(rng, graph))
        else:
            yield relabelled(rng, graph)


@pytest.mark.parametrize("seed", [0, 11, "text"])
def test_same_seed_same_trace(seed: Any, small_sample: Sample, rng: np.random.Generator) -> None:
    path, records = small_sample
    questions = [
        (graph, int(rng.choice([4, 36, 108, 5])), bool(rng.integers(2)), rng.choice(len(DTYPES)))
        for graph in mixed_graphs(rng, records, 500)
    ]
    reader = PlainBench(records, seed)
    expected = [outcome(lambda q=q: reader.query(*q[:3])) for q in questions]  # type: ignore[misc]
    state_after = random.getstate()
    bench = NASBench(path, seed)
    for (graph, epochs, halfway, dtype), wanted in zip(questions, expected, strict=True):
        spec = spec_of(graph, DTYPES[dtype])
        found = outcome(lambda: bench.query(spec, epochs, stop_halfway=halfway))  # noqa: B023
        assert found == wanted
    assert random.getstate() == state_after
    assert bench.get_budget_counters() == tuple(reader.spent)
    kinds = [type(wanted) for wanted in expected]
    assert kinds.count(dict) > 100
    assert kinds.count(tuple) > 10
    assert kinds.count(str) > 50


def test_no_seed_seeds_too(small_sample: Sample) -> None:
    random.seed(5)
    state = random.getstate()
    NASBench(small_sample[0])
    assert random.getstate() != state


def test_refusals_draw_and_count_nothing(bench: NASBench, records: list[Record]) -> None:
    spec, state = known_spec(records), random.getstate()
    unknown = ModelSpec(np.triu(np.ones((4, 4), int), 1), ["input", *CHAIN_OPS[1:2] * 2, "output"])
    refused: list[tuple[ModelSpec, int, type[Exception]]] = [
        (spec, 12, OutOfDomainError),
        (
            ModelSpec(UNJOINED, ["input", "maxpool3x3", "maxpool3x3", "output"]),
            108,
            OutOfDomainError,
        ),
        (ModelSpec(CHAIN, ["input", "conv5x5", "output"]), 108, OutOfDomainError),
        (unknown, 108, KeyError),
    ]
    for refused_spec, epochs, kind in refused:
        with pytest.raises(kind):
            bench.query(refused_spec, epochs)
    assert random.getstate() == state
    assert bench.get_budget_counters() == (0.0, 0)


def test_a_cell_without_runs_at_a_budget(bench: NASBench, records: list[Record]) -> None:
    having = {record.module_hash for record in records if record.epochs == 108}
    lacking = next(record for record in records if record.module_hash not in having)
    state = random.getstate()
    with pytest.raises(KeyError, match="108"):
        bench.query(spec_of(graph_of_record(lacking)), 108)
    assert random.getstate() == state


def test_epochs_are_checked_before_the_spec(bench: NASBench) -> None:
    spec = ModelSpec(UNJOINED, ["input", "maxpool3x3", "maxpool3x3", "output"])
    with pytest.raises(OutOfDomainError, match=r"^invalid number of epochs, must be one of \{"):
        bench.query(spec, epochs=5)
    with pytest.raises(OutOfDomainError, match=r"^invalid spec, provided graph is disconnected\.$"):
        bench.query(spec, epochs=4)


# ---------------------------------------------------------------- answers


def test_keys_and_types_of_an_answer(bench: NASBench, records: list[Record]) -> None:
    data = bench.query(known_spec(records), epochs=108)
    assert list(data) == ["module_adjacency", "module_operations", "trainable_parameters", *METRICS]
    assert data["module_adjacency"].dtype == np.int8
    assert type(data["module_operations"]) is list
    assert type(data["trainable_parameters"]) is int
    assert all(type(data[name]) is float for name in METRICS)


def test_answers_are_copies(bench: NASBench, records: list[Record]) -> None:
    spec = known_spec(records)
    before = plain(bench.get_metrics_from_spec(spec)[0])
    data = bench.query(spec)
    data["module_adjacency"][:] = 1
    data["module_operations"].clear()
    fixed, computed = bench.get_metrics_from_spec(spec)
    assert plain(fixed) == before
    fixed["module_adjacency"][:] = 1
    computed[108][0]["final_test_accuracy"] = 2.0
    again_fixed, again_computed = bench.get_metrics_from_spec(spec)
    assert plain(again_fixed) == before
    assert again_computed[108][0]["final_test_accuracy"] <= 1


def test_budget_counters(bench: NASBench, records: list[Record]) -> None:
    spec = known_spec(records, 36)
    data = bench.query(spec, 36)
    assert bench.get_budget_counters() == (data["training_time"], 36)
    half = bench.query(spec, 36, stop_halfway=True)
    total = data["training_time"] + half["training_time"]
    assert bench.get_budget_counters() == (total, 54)
    assert (bench.training_time_spent, bench.total_epochs_spent) == (total, 54)
    bench.is_valid(spec)
    bench.get_metrics_from_spec(spec)
    assert bench.get_budget_counters() == (total, 54)
    bench.reset_budget_counters()
    assert bench.get_budget_counters() == (0.0, 0)


def test_odd_epochs_halve_downwards(tmp_path: Path, rng: np.random.Generator) -> None:
    graph = graph_of(CHAIN, [0])
    record = record_of(graph, 5, random_metrics(rng, graph, 5))
    (tmp_path / "five.tfrecord").write_bytes(tfrecord.write([record]))
    bench = NASBench(tmp_path / "five.tfrecord")
    bench.query(spec_of(graph), 5, True)
    assert bench.total_epochs_spent == 2


def test_every_metric_of_every_cell(bench: NASBench, records: list[Record]) -> None:
    reader = PlainBench(records)
    assert list(bench.hash_iterator()) == list(reader.fixed)  # in the file's order
    assert bench.valid_epochs == reader.valid_epochs
    for digest in bench.hash_iterator():
        fixed, computed = bench.get_metrics_from_hash(digest)
        assert plain(fixed) == reader.fixed[digest]
        assert computed == reader.computed[digest]
        assert plain(bench.fixed_statistics[digest]) == reader.fixed[digest]
        assert bench.computed_statistics[digest] == reader.computed[digest]
        assert list(computed[max(computed)][0]) == [
            stage + name for stage in ("halfway_", "final_") for name in METRICS
        ]


def test_statistics_are_those_of_the_first_record(tmp_path: Path, rng: np.random.Generator) -> None:
    """Records of one cell may hold other orders of its vertices, and other counts."""
    one, other = graph_of(CHAIN_OF_TWO, [0, 1]), graph_of(FORK, [0, 1])
    swapped = graph_of(FORK, [1, 0])
    assert module_hash(other) == module_hash(swapped)
    runs = [(swapped, 36, 17), (one, 36, 18), (other, 4, 19), (one, 4, 20)]
    records = [
        record_of(
            graph, epochs, random_metrics(rng, graph, epochs)._replace(trainable_parameters=count)
        )
        for graph, epochs, count in runs
    ]
    (tmp_path / "r.tfrecord").write_bytes(tfrecord.write(records))
    bench, reader = NASBench(tmp_path / "r.tfrecord"), PlainBench(records)
    assert {digest: plain(bench.fixed_statistics[digest]) for digest in bench.hash_iterator()} == (
        reader.fixed
    )
    assert list(bench.hash_iterator()) == list(reader.fixed)


@pytest.mark.parametrize("unknown", ["0" * 32, "no hash", ""])
def test_unknown_hash_is_a_key_error(bench: NASBench, unknown: str) -> None:
    with pytest.raises(KeyError) as error:
        bench.get_metrics_from_hash(unknown)
    assert error.value.args == (unknown,)


def test_unknown_cell_is_a_key_error_of_its_hash(bench: NASBench) -> None:
    spec = ModelSpec(inception.MATRIX, inception.OPS)
    assert bench.is_valid(spec)
    for ask in (bench.query, bench.get_metrics_from_spec):
        with pytest.raises(KeyError) as error:
            ask(spec)
        assert error.value.args == (inception.HASH,)


def test_official_order_is_by_hash(tmp_path: Path) -> None:
    nb101fast.synthetic.write_index(tmp_path / "i.nb101", codes=nb101fast.cell_codes()[50:90])
    hashes = list(NASBench(tmp_path / "i.nb101").hash_iterator())
    assert hashes == sorted(hashes)
    assert len(hashes) == 40


def test_real_cells(shared_data: Path, tmp_path: Path) -> None:
    """52 published cells, written as official records: every value comes back."""
    path = shared_data / "nb101_real_52.json"
    if not path.is_file():
        pytest.skip(f"the real data is missing: no {path.name} in ../shared/data")
    cells = json.loads(path.read_text())
    (tmp_path / "real.tfrecord").write_bytes(
        tfrecord.write(record for cell in cells for record in records_of(cell))
    )
    bench = NASBench(tmp_path / "real.tfrecord", seed=1)
    assert list(bench.hash_iterator()) == [cell["module_hash"] for cell in cells]
    for cell in cells:
        spec = ModelSpec(cell["module_adjacency"], cell["module_operations"])
        fixed, computed = bench.get_metrics_from_spec(spec)
        assert plain(fixed) == {name: cell[name] for name in fixed}
        assert computed == {108: cell["computed"]["108"]}
        for stage, halfway in (("halfway_", True), ("final_", False)):
            data = bench.query(spec, stop_halfway=halfway)
            assert {stage + name: data[name] for name in METRICS} in [
                {stage + name: run[stage + name] for name in METRICS} for run in computed[108]
            ]


def records_of(cell: dict[str, Any]) -> Iterator[Record]:
    """The records of a published cell; what isn't published of them is zero."""
    adjacency = "".join(str(element) for row in cell["module_adjacency"] for element in row)
    for run in cell["computed"]["108"]:
        halfway, final = (
            EvaluationData(epoch, *(run[stage + name] for name in METRICS))
            for epoch, stage in ((54.0, "halfway_"), (108.0, "final_"))
        )
        start = EvaluationData(0.0, 0.0, 0.0, 0.0, 0.0)
        metrics = ModelMetrics((start, halfway, final), cell["trainable_parameters"], 0.0)
        operations = tuple(cell["module_operations"])
        yield Record(cell["module_hash"], 108, adjacency, operations, metrics)


# ---------------------------------------------------------------- specs


def test_specs_are_pruned(rng: np.random.Generator) -> None:
    for dtype in DTYPES:
        for graph in random_connected_graphs(rng, 60, range(2, 12)):
            matrix, ops = np.array(graph.matrix, dtype), names_of(graph)
            spec, wanted = ModelSpec(matrix, ops), prune(graph)
            assert wanted is not None
            assert spec.matrix is not None
            assert spec.matrix.dtype == spec.original_matrix.dtype == matrix.dtype
            assert spec.matrix.tolist() == [list(row) for row in wanted.matrix]
            assert spec.ops == names_of(wanted)
            assert spec.original_matrix.tolist() == matrix.tolist()
            assert spec.original_ops == ops
            assert spec.valid_spec is True
            assert spec.data_format == "channels_last"


def test_specs_hold_copies() -> None:
    matrix, ops = CHAIN.copy(), list(CHAIN_OPS)
    spec = ModelSpec(matrix, ops, "channels_first")
    matrix[:] = 0
    ops[1] = "maxpool3x3"
    assert spec.matrix is not None
    spec.matrix[0, 2] = 1
    spec.ops[1] = "conv1x1-bn-relu"
    assert spec.original_matrix.tolist() == CHAIN.tolist()
    assert spec.original_ops == CHAIN_OPS
    assert spec.data_format == "channels_first"


@pytest.mark.parametrize(
    "matrix",
    [
        UNJOINED,
        np.zeros((2, 2), int),
        np.zeros((1, 1), int),
        np.zeros((0, 0), int),
        np.zeros((40, 40)),
    ],
    ids=lambda matrix: f"{len(matrix)}",
)
def test_disconnected_specs(matrix: Matrix, bench: NASBench) -> None:
    ops = ["input", *["maxpool3x3"] * (len(matrix) - 2), "output"][: len(matrix)]
    spec = ModelSpec(matrix, ops)
    assert spec.valid_spec is False
    assert spec.matrix is None
    assert spec.ops is None
    assert spec.original_ops == ops
    assert not bench.is_valid(spec)
    for ask in (bench.query, bench.get_metrics_from_spec):
        with pytest.raises(
            OutOfDomainError, match=r"^invalid spec, provided graph is disconnected"
        ):
            ask(spec)
    with pytest.raises(OutOfDomainError, match="disconnected"):
        spec.hash_spec(bench.config["available_ops"])


@pytest.mark.parametrize(
    ("matrix", "ops", "message"),
    [
        (np.zeros((2, 3)), ["input", "output"], "matrix must be square"),
        (np.zeros(4), ["input", "output"], "matrix must be square"),
        ([], [], "matrix must be square"),
        (CHAIN.T, ["input", "output"], "length of ops must match matrix dimensions"),
        (CHAIN.T, CHAIN_OPS, "matrix must be upper triangular"),
        (np.eye(2), ["input", "output"], "matrix must be upper triangular"),
        ([[0, 1], [-1, 0]], ["input", "output"], "matrix must be upper triangular"),
        (np.eye(1), ["input"], "matrix must be upper triangular"),
        (np.tri(40), ["input"] * 40, "matrix must be upper triangular"),
    ],
)
def test_faulty_specs(matrix: Any, ops: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        ModelSpec(matrix, ops)


def test_unusual_containers(bench: NASBench, records: list[Record]) -> None:
    """Whatever NumPy takes for a matrix and whatever has a length for operations."""
    usual = known_spec(records)
    wanted = plain(bench.get_metrics_from_spec(usual))
    assert usual.matrix is not None
    matrix, ops = usual.matrix, usual.ops
    strided = np.zeros((2 * len(matrix), 3 * len(matrix)), int)
    strided[::2, ::3] = matrix
    for given in (
        matrix.tolist(),
        tuple(map(tuple, matrix.tolist())),
        np.asfortranarray(matrix),
        strided[::2, ::3],
        matrix.astype(">i4"),
        matrix.astype(">f8"),
        matrix.astype(object),
        matrix.astype(np.longdouble),
    ):
        kinds: list[Any] = [ops, tuple(ops), np.array(ops), [np.str_(op) for op in ops]]
        for names in kinds:
            spec = ModelSpec(given, names)
            assert bench.is_valid(spec)
            assert spec.hash_spec(bench.config["available_ops"]) == usual.hash_spec(nb101fast.OPS)
            assert plain(bench.get_metrics_from_spec(spec)) == wanted
            assert bench.query(spec)["module_operations"] == wanted[0]["module_operations"]


def test_padding_of_pruned_vertices(rng: np.random.Generator) -> None:
    """A vertex that is pruned may have any operation, in a Cell too."""
    for graph in random_connected_graphs(rng, 50, range(3, 8)):
        kept = ModelSpec(np.array(graph.matrix), [*range(len(graph.matrix))]).ops
        names = names_of(graph)
        padded = [name if v in kept else "null" for v, name in enumerate(names)]
        spec, cell = ModelSpec(np.array(graph.matrix), padded), nb101fast.Cell(graph.matrix, padded)
        assert spec.ops == list(cell.ops) == [names[v] for v in kept]
        assert spec.hash_spec(list(nb101fast.OPS)) == cell.hash


def test_pruned_tuples_become_lists() -> None:
    spec = ModelSpec(with_dead_vertex(graph_of(CHAIN, [0])).matrix, (*CHAIN_OPS[:2], "x", "output"))
    assert spec.ops == CHAIN_OPS
    assert spec.original_ops == (*CHAIN_OPS[:2], "x", "output")


@pytest.mark.parametrize("dtype", DTYPES)
def test_hash_of_any_dtype(dtype: Any, rng: np.random.Generator) -> None:
    available = list(nb101fast.OPS)
    for graph in random_connected_graphs(rng, 40, range(2, 12)):
        assert spec_of(graph, dtype).hash_spec(available) == module_hash(graph)


def test_hash_follows_the_canonical_operations() -> None:
    spec = ModelSpec(CHAIN, ["input", "x", "output"])
    assert spec.hash_spec(["y", "x"]) == module_hash(graph_of(CHAIN, [1]))
    with pytest.raises(ValueError, match="not in list"):
        spec.hash_spec(["y"])


def test_hash_of_many_vertices() -> None:
    chain = graph_of(np.diag([1] * 31, 1), [0] * 30)
    assert spec_of(chain).hash_spec(list(nb101fast.OPS)) == module_hash(chain)
    longer = graph_of(np.diag([1] * 32, 1), [0] * 31)
    with pytest.raises(
        OutOfDomainError, match=r"^a graph of 33 vertices can't be hashed; use at most 32$"
    ):
        spec_of(longer).hash_spec(list(nb101fast.OPS))


def test_large_matrix_of_a_small_cell(bench: NASBench, records: list[Record]) -> None:
    usual = known_spec(records)
    assert usual.matrix is not None
    n = len(usual.matrix)
    places = [*range(n - 1), 59]
    matrix = np.zeros((60, 60), int)
    matrix[np.ix_(places, places)] = usual.matrix
    spec = ModelSpec(matrix, [*usual.ops[:-1], *["unused"] * (60 - n), "output"])
    assert spec.ops == usual.ops
    assert bench.query(spec)["module_operations"]


def test_pickle_and_copy(bench: NASBench, records: list[Record]) -> None:
    spec = known_spec(records)
    bench.query(spec)
    state = random.getstate()
    for twin, spec_twin in (
        (pickle.loads(pickle.dumps(bench)), pickle.loads(pickle.dumps(spec))),
        (copy.deepcopy(bench), copy.deepcopy(spec)),
    ):
        assert random.getstate() == state
        assert twin.get_budget_counters() == bench.get_budget_counters()
        assert twin.config == bench.config
        assert plain(twin.get_metrics_from_spec(spec_twin)) == plain(
            bench.get_metrics_from_spec(spec)
        )


def test_visualize(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[str, ...]] = []

    class Digraph:
        def node(self, *arguments: str) -> None:
            drawn.append(arguments)

        edge = node

    monkeypatch.setitem(sys.modules, "graphviz", SimpleNamespace(Digraph=Digraph))
    assert isinstance(ModelSpec(CHAIN, CHAIN_OPS).visualize(), Digraph)
    nodes = [("0", "input"), ("1", "conv3x3-bn-relu"), ("2", "output")]
    assert drawn == [*nodes, ("0", "1"), ("1", "2")]
    with pytest.raises(OutOfDomainError, match="disconnected"):
        ModelSpec(UNJOINED, ["input", "x", "x", "output"]).visualize()


# ---------------------------------------------------------------- checks


def all_joined(vertices: int) -> Matrix:
    return np.triu(np.ones((vertices, vertices), int), 1)


@pytest.mark.parametrize(
    ("matrix", "ops", "message"),
    [
        (
            np.diag([1] * 7, 1),
            ["wrong", *["wrong"] * 6, "wrong"],
            "too many vertices, got 8 (max vertices = 7)",
        ),
        (all_joined(8), ["wrong"] * 8, "too many vertices, got 8 (max vertices = 7)"),
        (np.diag([1] * 39, 1), ["wrong"] * 40, "too many vertices, got 40 (max vertices = 7)"),
        (all_joined(5), ["wrong"] * 5, "too many edges, got 10 (max edges = 9)"),
        (all_joined(5) * 1.0, ["wrong"] * 5, "too many edges, got 10 (max edges = 9)"),
        (all_joined(5) == 1, ["wrong"] * 5, "too many edges, got 10 (max edges = 9)"),
        (CHAIN, ["wrong", "wrong", "wrong"], "first operation should be 'input'"),
        (CHAIN, ["input", "wrong", "wrong"], "last operation should be 'output'"),
        (
            CHAIN,
            ["input", "wrong", "output"],
            "unsupported op wrong (available ops = "
            "['conv3x3-bn-relu', 'conv1x1-bn-relu', 'maxpool3x3'])",
        ),
        (CHAIN, ["input", "input", "output"], "unsupported op input (available ops = "),
        (CHAIN, [0, 1, 2], "first operation should be 'input'"),
        (CHAIN * 2, CHAIN_OPS, "matrix elements must be 0 or 1, got 2 at (0, 1)"),
        (CHAIN * 0.5, CHAIN_OPS, "matrix elements must be 0 or 1, got 0.5 at (0, 1)"),
        (-CHAIN, CHAIN_OPS, "matrix elements must be 0 or 1, got -1 at (0, 1)"),
    ],
)
def test_messages_in_the_order_of_the_checks(
    matrix: Matrix, ops: list[Any], message: str, bench: NASBench
) -> None:
    spec = ModelSpec(matrix, ops)
    assert spec.valid_spec
    assert not bench.is_valid(spec)
    for ask in (bench.query, bench.get_metrics_from_spec, bench._check_spec):
        with pytest.raises(OutOfDomainError, match=f"^{re.escape(message)}"):
            ask(spec)


def test_out_of_domain_error_is_the_packages() -> None:
    assert OutOfDomainError is nb101fast.OutOfDomainError


def test_valid_after_pruning(bench: NASBench) -> None:
    """15 edges before pruning, 9 or fewer after it: valid in the official meaning."""
    matrix = np.zeros((7, 7), int)
    matrix[0, 6] = 1
    matrix[:6, :6] = all_joined(6)
    assert bench.is_valid(ModelSpec(matrix, ["input", *["maxpool3x3"] * 5, "output"]))


def test_present_values_count(bench: NASBench, records: list[Record]) -> None:
    """A spec that is changed afterwards is judged as it is now, and not pruned again."""
    available = bench.config["available_ops"]
    spec = ModelSpec(CHAIN, CHAIN_OPS)
    assert spec.matrix is not None
    spec.ops[1] = "maxpool3x3"
    assert bench._hash_spec(spec) == module_hash(graph_of(CHAIN, [2]))
    spec.matrix[0, 2] = 1
    assert spec.hash_spec(available) == module_hash(graph_of(np.triu(np.ones((3, 3)), 1), [2]))
    spec.ops[1] = "conv5x5"
    assert not bench.is_valid(spec)
    spec.ops, spec.matrix = list(CHAIN_OPS), CHAIN.T
    with pytest.raises(OutOfDomainError, match=r"^matrix must be upper triangular$"):
        bench.query(spec)
    spec.matrix = CHAIN[:2, :2]
    with pytest.raises(
        OutOfDomainError, match=r"^the matrix has shape \(2, 2\); 3 operations need \(3, 3\)$"
    ):
        bench.query(spec)
    spec.valid_spec = False
    with pytest.raises(OutOfDomainError, match="disconnected"):
        bench.query(spec)
    usual = known_spec(records)
    usual.matrix, usual.ops = inception.MATRIX, list(inception.OPS)  # type: ignore[assignment]
    assert bench._hash_spec(usual) == inception.HASH


def test_unpruned_afterwards_is_unknown(bench: NASBench, records: list[Record]) -> None:
    spec = known_spec(records)
    assert spec.matrix is not None
    spec.matrix = np.insert(np.insert(spec.matrix, 1, 0, axis=0), 1, 0, axis=1)
    spec.ops.insert(1, "maxpool3x3")
    if len(spec.ops) <= 7:
        with pytest.raises(KeyError):
            bench.query(spec)


def test_config(bench: NASBench, records: list[Record]) -> None:
    assert bench.config["module_vertices"] == 7
    assert bench.config["max_edges"] == 9
    assert bench.config["available_ops"] == list(nb101fast.OPS)
    assert bench.config["num_repeats"] == 3
    spec = known_spec(records)
    first = bench.get_metrics_from_spec(spec)[1][108][0]
    bench.config["num_repeats"] = 1
    assert {bench.query(spec)["test_accuracy"] for _ in range(9)} == {first["final_test_accuracy"]}
    bench.config["max_edges"] = 0
    with pytest.raises(OutOfDomainError, match=r"too many edges, got \d+ \(max edges = 0\)"):
        bench.query(spec)


def test_evaluate_says_what_is_missing(
    bench: NASBench, records: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nb101train.tensorflow_start", None)
    with pytest.raises(ImportError, match="this needs nb101train: pip install nb101train"):
        bench.evaluate(known_spec(records), "folder")


# ---------------------------------------------------------------- files


@pytest.fixture
def official_file(tmp_path: Path, small_sample: Sample, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An official file in a folder of its own, with an empty cache beside."""
    monkeypatch.setenv("NB101FAST_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "some.tfrecord").write_bytes(tfrecord.write(small_sample[1][:40]))
    return folder / "some.tfrecord"


def stamp(path: Path) -> tuple[int, int]:
    """Changes when the file is replaced."""
    return path.stat().st_ino, path.stat().st_mtime_ns


def test_compiled_once_beside_the_file(official_file: Path) -> None:
    bench = NASBench(official_file)
    compiled = official_file.with_suffix(".nb101")
    assert bench.index.path == str(compiled)
    before = stamp(compiled)
    assert list(NASBench(str(official_file)).hash_iterator()) == list(bench.hash_iterator())
    assert stamp(compiled) == before
    assert not (official_file.parent.parent / "cache").exists()


def test_compiled_again_when_the_file_changed(official_file: Path, records: list[Record]) -> None:
    NASBench(official_file)
    compiled = official_file.with_suffix(".nb101")
    before = stamp(compiled)
    os.utime(official_file, ns=(1, 1))  # another time, the same size
    assert len(NASBench(official_file).hash_iterator()) == len(NASBench(compiled).hash_iterator())
    assert stamp(compiled) != before
    official_file.write_bytes(tfrecord.write(records[:1]))
    os.utime(official_file, ns=(1, 1))  # another size, the same time
    assert list(NASBench(official_file).hash_iterator()) == [records[0].module_hash]


def test_an_index_with_own_columns_or_marks_is_not_written_over(official_file: Path) -> None:
    beside = official_file.with_suffix(".nb101")
    nb101fast.compile(official_file, beside, synthetic=True)
    assert NASBench(official_file).index.is_synthetic
    before = beside.read_bytes()
    os.utime(official_file)
    NASBench(official_file)
    assert beside.read_bytes() == before
    nb101fast.compile(official_file, beside)
    numbers = {"latency": np.arange(len(nb101fast.open(beside)), dtype=float)}
    nb101fast.attach(beside, numbers, beside, ids=nb101fast.open(beside).cells)
    before = beside.read_bytes()
    os.utime(official_file)
    NASBench(official_file)
    assert beside.read_bytes() == before


def test_compiled_again_when_a_block_changed_and_the_size_and_time_did_not(
    official_file: Path, records: list[Record], capfd: pytest.CaptureFixture[str]
) -> None:
    official_file.write_bytes(tfrecord.write(records[:2]))
    NASBench(official_file)
    before, told = official_file.stat(), capfd.readouterr().err.splitlines()[0]
    official_file.write_bytes(tfrecord.write(records[1::-1]))
    os.utime(official_file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert official_file.stat().st_size == before.st_size
    exported = official_file.with_name("exported.tfrecord")
    nb101fast.export(NASBench(official_file).index, exported, unmarked=True)
    assert exported.read_bytes() == official_file.read_bytes()
    assert (
        capfd.readouterr().err.splitlines()[0]
        == told
        == (f"compiling {official_file} once, into {official_file.with_suffix('.nb101')}")
    )


def test_compiled_into_the_cache(official_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    bench = NASBench(official_file)
    assert Path(bench.index.path).parent == official_file.parent.parent / "cache"
    assert os.listdir(official_file.parent) == ["some.tfrecord"]
    before = stamp(Path(bench.index.path))
    assert NASBench(official_file).index.path == bench.index.path
    assert stamp(Path(bench.index.path)) == before


def test_a_compressed_file(official_file: Path) -> None:
    compressed = official_file.with_name("some.tfrecord.gz")
    compressed.write_bytes(gzip.compress(official_file.read_bytes()))
    assert list(NASBench(compressed).hash_iterator()) == list(
        NASBench(official_file).hash_iterator()
    )


@pytest.mark.parametrize("name", ["some.tfrecord", "some.tfrecord.gz"])
def test_the_source_may_be_deleted(name: str, official_file: Path) -> None:
    source = official_file.with_name(name)
    if name.endswith(".gz"):
        source.write_bytes(gzip.compress(official_file.read_bytes()))
    hashes = list(NASBench(source).hash_iterator())
    source.unlink()
    assert list(NASBench(source).hash_iterator()) == hashes


def test_files_of_other_origin_stay(official_file: Path) -> None:
    """What has the copy's name already, but isn't the file's copy, is never replaced."""
    taken = official_file.with_suffix(".nb101")
    for make in (
        lambda: taken.write_bytes(b"mine"),
        lambda: nb101fast.synthetic.write_index(taken, codes=nb101fast.cell_codes()[:3]),
    ):
        make()
        before = taken.read_bytes()
        assert Path(NASBench(official_file).index.path).parent.name == "cache"
        assert taken.read_bytes() == before


def test_told_by_the_contents(official_file: Path) -> None:
    misnamed = official_file.rename(official_file.with_name("records.nb101"))
    bench = NASBench(misnamed)
    assert Path(bench.index.path).parent.name == "cache"
    as_record = Path(bench.index.path).rename(misnamed.with_name("index.tfrecord"))
    assert NASBench(as_record).index.path == str(as_record)


@pytest.mark.parametrize("contents", [b"", b"\0" * 12, b"PK\3\4" + b"x" * 60], ids=len)
def test_neither_index_nor_records(contents: bytes, tmp_path: Path) -> None:
    (tmp_path / "odd.tfrecord").write_bytes(contents)
    with pytest.raises(FormatError, match=r"odd\.tfrecord: byte 0: this is neither an index nor"):
        NASBench(tmp_path / "odd.tfrecord")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.tfrecord"):
        NASBench(tmp_path / "none.tfrecord")


def test_damaged_records_leave_nothing(official_file: Path) -> None:
    official_file.write_bytes(official_file.read_bytes()[:-1])
    with pytest.raises(FormatError):
        NASBench(official_file)
    assert os.listdir(official_file.parent) == ["some.tfrecord"]


PAGE = Path(__file__).parents[2] / "docs" / "drop_in.md"
LINES = re.findall(
    r"^\| `(.+)` \| `(.+)` \|$", PAGE.read_text().partition("have the same value")[2], re.MULTILINE
)


def test_the_page_of_the_drop_in_has_lines_in_both_interfaces() -> None:
    assert len(LINES) == 10


@pytest.mark.parametrize(("official", "ours"), LINES)
def test_a_line_of_the_official_interface_and_ours_have_the_same_value(
    official: str, ours: str
) -> None:
    index = nb101fast.open(BUILT_IN)
    cell = index.best()
    nasbench = NASBench(BUILT_IN)
    spec = ModelSpec(cell.matrix, list(cell.ops))
    names: dict[str, Any] = {"index": index, "cell": cell, "nasbench": nasbench, "spec": spec}
    names |= {"nb101fast": nb101fast, "api": nb101fast.api}
    names["fixed"], names["computed"] = nasbench.get_metrics_from_spec(spec)
    assert eval(ours, names) == pytest.approx(eval(official, names))
