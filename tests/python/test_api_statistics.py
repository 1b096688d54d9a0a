"""fixed_statistics and computed_statistics against the plain dictionaries of the official code."""

from __future__ import annotations

import copy
import json
import operator
import os
import pickle
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast.api import ModelSpec, NASBench, OutOfDomainError
from nb101fast.builder import IndexBuilder
from nb101fast.official.read_when_asked import READING, UNREAD
from reference.tfrecord import Record
from test_api import PlainBench, known_spec, plain

Sample = tuple[Path, list[Record]]
Tables = tuple[Any, dict[str, Any]]  # ours, and the plain one

ADDED = "f" * 32


@pytest.fixture
def bench(small_sample: Sample) -> NASBench:
    return NASBench(small_sample[0], seed=7)


@pytest.fixture
def reader(small_sample: Sample) -> PlainBench:
    return PlainBench(small_sample[1])


@pytest.fixture(params=["fixed", "computed"])
def tables(request: pytest.FixtureRequest, bench: NASBench, reader: PlainBench) -> Tables:
    """One of the two dictionaries. Nothing of it has been read."""
    reader.computed = by_epochs(reader.computed)
    return getattr(bench, f"{request.param}_statistics"), getattr(reader, request.param)


def plain_table(table: Any) -> dict[str, Any]:
    """With lists in place of arrays, and dictionaries of the one type dict."""
    return {key: plain(dict(entry)) for key, entry in dict(table).items()}


def same(ours: Any, official: dict[str, Any]) -> bool:
    """Equal in values and in order."""
    return list(ours) == list(official) and plain_table(ours) == official


def by_epochs(computed: dict[str, Any]) -> dict[str, Any]:
    """With the epochs of each cell in ascending order, as ours are."""
    return {digest: dict(sorted(runs.items())) for digest, runs in computed.items()}


def stored(table: Any) -> int:
    """How many values the storage holds."""
    return sum(value is not UNREAD for value in dict.values(table))


def test_they_are_dictionaries(tables: Tables) -> None:
    ours, official = tables
    assert isinstance(ours, dict)
    assert all(isinstance(entry, dict) for entry in ours.values())
    assert len(ours) == len(official) > 0
    assert ours
    assert same(ours, official)


@pytest.mark.parametrize(
    "loop",
    [
        lambda table: list(table),
        lambda table: list(table.keys()),
        lambda table: list(reversed(table)),
        lambda table: list(reversed(table.keys())),
        lambda table: [key for key, _ in table.items()],
        lambda table: sorted(table),
        lambda table: len(table.keys() & set(list(table)[:3])),
        lambda table: [plain(dict(entry)) for entry in table.values()],
        lambda table: plain_table(table.copy()),
        lambda table: plain_table({**table}),
        lambda table: plain_table(table | {}),
        lambda table: plain_table({"a": {}} | table),
        lambda table: table.get("no hash", 3),
        lambda table: "no hash" in table,
    ],
)
def test_loops_and_copies(loop: Callable[[Any], Any], tables: Tables) -> None:
    ours, official = tables
    assert plain(loop(ours)) == loop(official)


def drop_last(table: Any) -> Any:
    return table.popitem()[0]


def drop_second(table: Any) -> Any:
    del table[list(table)[1]]


def pop_third(table: Any) -> Any:
    return plain(dict(table.pop(list(table)[2])))


def pop_unknown(table: Any) -> Any:
    return table.pop(ADDED, "none")


def add(table: Any) -> Any:
    table[ADDED] = {"mine": 1}


def replace(table: Any) -> Any:
    table[list(table)[1]] = {"mine": 1}


def add_by_default(table: Any) -> Any:
    first = next(iter(table))
    return table.setdefault(ADDED, {"mine": 2}), plain(dict(table.setdefault(first, {})))


def update(table: Any) -> Any:
    table.update({ADDED: {}}, other={})


def merge(table: Any) -> Any:
    table |= {ADDED: {"mine": 3}}


CHANGES: list[Callable[[Any], Any]] = [
    drop_last, drop_second, pop_third, pop_unknown, add, replace, add_by_default, update, merge,
    lambda table: table.clear(),
]  # fmt: skip


@pytest.mark.parametrize("after_a_loop", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_changes(change: Callable[[Any], Any], after_a_loop: bool, tables: Tables) -> None:
    ours, official = tables
    if after_a_loop:
        assert len(list(ours.values())) == len(official)
    assert change(ours) == change(official)
    assert same(ours, official)
    assert (ADDED in ours) == (ADDED in official)
    assert len(ours) == len(official)


def test_many_changes_in_any_order(tables: Tables) -> None:
    ours, official = tables
    rng = random.Random(1)
    for _ in range(60):
        change = rng.choice(CHANGES[:-1])
        if len(official) > 3:
            assert change(ours) == change(official)
        key = rng.choice(list(official))
        assert plain(dict(ours[key])) == official[key]
        if rng.random() < 0.2:
            assert len(list(ours.values())) == len(official)
    assert same(ours, official)


def test_errors_are_those_of_a_dictionary(tables: Tables) -> None:
    ours, _ = tables
    digest = next(iter(ours))
    for unknown in ("0" * 32, digest.upper(), digest[:-1], "", "\ud800", None, 3):
        assert unknown not in ours
        for ask in (ours.__getitem__, ours.pop, ours.__delitem__):
            with pytest.raises(KeyError) as error:
                ask(unknown)
            assert error.value.args == (unknown,)
    with pytest.raises(TypeError, match="unhashable"):
        ours[[]]
    ours.clear()
    with pytest.raises(KeyError):
        ours.popitem()


def test_only_what_is_asked_for_is_held(bench: NASBench, reader: PlainBench) -> None:
    fixed, computed = bench.fixed_statistics, bench.computed_statistics
    digests = list(reader.fixed)[3:5]
    for digest in digests:
        assert digest in fixed
        bench.get_metrics_from_hash(digest)
    assert (stored(fixed), stored(computed)) == (0, 0)
    runs = [computed[digest] for digest in digests]
    assert (stored(fixed), stored(computed), len(dict.keys(computed))) == (0, 2, 3)
    epochs = max(runs[0])
    assert runs[0][epochs] == reader.computed[digests[0]][epochs]
    assert [stored(run) for run in runs] == [1, 0]
    assert list(computed) == list(reader.computed)
    assert stored(computed) == 2


def test_values_are_the_entries(tables: Tables) -> None:
    ours, official = tables
    digests = list(official)
    view, early = ours.values(), ours[digests[4]]
    early["mine"] = 1
    values = list(view)
    assert len(view) == len(values) == len(official)
    assert values[4] is early
    assert all(ours[digest] is value for digest, value in zip(digests, values, strict=True))
    assert all(a is b for a, b in zip(reversed(view), reversed(values), strict=True))
    assert early in view
    assert "mine" not in view
    values[3]["mine"] = 2
    assert ours[digests[3]]["mine"] == ours.get(digests[3])["mine"] == 2
    ours[ADDED] = {}
    assert list(view) == [*values, {}]
    assert all(a is b for a, b in zip(view, values, strict=False))


def test_an_entry_is_one_object(tables: Tables) -> None:
    ours, official = tables
    digests = list(official)[:4]
    entries = [ours[digest] for digest in digests]
    assert all(ours[digest] is entry for digest, entry in zip(digests, entries, strict=True))
    assert all(ours.get(digest) is entry for digest, entry in zip(digests, entries, strict=True))
    for table in (ours, ours.copy(), ours | {}):
        assert all(table[digest] is entry for digest, entry in zip(digests, entries, strict=True))


def test_changes_of_an_entry_stay(bench: NASBench, reader: PlainBench) -> None:
    """Padding in place, as public code does it: to 7 vertices, with a label of its own."""
    for digest in bench.hash_iterator():
        fixed, wanted = bench.fixed_statistics[digest], reader.fixed[digest]
        for operations in (fixed["module_operations"], wanted["module_operations"]):
            operations[-1:-1] = ["null"] * (7 - len(operations))
        short = 7 - len(wanted["module_adjacency"])
        fixed["module_adjacency"] = np.pad(fixed["module_adjacency"], (0, short))
        wanted["module_adjacency"] = np.pad(wanted["module_adjacency"], (0, short)).tolist()
        epochs = max(reader.computed[digest])
        for computed in (bench.computed_statistics, reader.computed):
            computed[digest][epochs][0]["final_test_accuracy"] = 2.0
    assert plain_table(bench.fixed_statistics) == reader.fixed
    assert plain_table(bench.computed_statistics) == reader.computed
    for digest in bench.hash_iterator():
        fixed, computed = bench.get_metrics_from_hash(digest)
        assert plain(fixed) == reader.fixed[digest]
        assert computed == reader.computed[digest]


def test_queries_follow_changes(bench: NASBench, small_sample: Sample) -> None:
    spec = known_spec(small_sample[1])
    digest = spec.hash_spec(bench.config["available_ops"])
    for run in bench.computed_statistics[digest][108]:
        run["final_test_accuracy"] = 2.0
    bench.fixed_statistics[digest]["module_operations"].insert(1, "null")
    data = bench.query(spec)
    assert data["test_accuracy"] == 2.0
    assert data["module_operations"][1] == "null"
    data["module_operations"].clear()  # a copy
    assert bench.query(spec)["module_operations"][1] == "null"
    del bench.computed_statistics[digest]
    with pytest.raises(KeyError, match=digest):
        bench.query(spec)


def test_same_trace_after_a_look_at_an_entry(small_sample: Sample) -> None:
    spec = known_spec(small_sample[1])
    traces = []
    for look in (False, True):
        bench = NASBench(small_sample[0], seed=4)
        if look:
            list(bench.fixed_statistics.values())
        traces.append([plain(bench.query(spec, stop_halfway=i % 2 == 1)) for i in range(30)])
        traces.append([random.getstate(), bench.get_budget_counters()])
    assert traces[:2] == traces[2:]


def read_one(table: Any) -> None:
    key = list(table)[2]
    table[key]["mine"] = 1


@pytest.mark.parametrize(
    "prepare", [len, read_one, drop_last, add, list, lambda t: list(t.values())]
)
@pytest.mark.parametrize(
    "twin_of", [copy.deepcopy, lambda table: pickle.loads(pickle.dumps(table)), copy.copy]
)
def test_twins(prepare: Any, twin_of: Any, tables: Tables) -> None:
    ours, official = tables
    prepare(ours)
    prepare(official)
    twin = twin_of(ours)
    assert isinstance(twin, dict)
    assert same(twin, official)
    assert same(ours, official)
    del twin[next(iter(twin))]
    assert same(ours, official)


def test_a_pickle_names_the_file_and_holds_what_was_read(bench: NASBench) -> None:
    assert len(pickle.dumps(bench.computed_statistics)) < 2000
    digest = next(iter(bench.fixed_statistics))
    bench.fixed_statistics[digest]["module_operations"].append("mine")
    twin = pickle.loads(pickle.dumps(bench))
    assert twin.fixed_statistics[digest]["module_operations"][-1] == "mine"
    assert twin.get_metrics_from_hash(digest)[0]["module_operations"][-1] == "mine"
    assert stored(twin.fixed_statistics) == 1


def test_comparison(bench: NASBench, reader: PlainBench) -> None:
    ours, official = bench.computed_statistics, by_epochs(reader.computed)
    assert ours == official
    assert official == ours
    assert (ours != official) is False
    digest = next(iter(official))
    assert ours[digest] == official[digest]
    assert repr(ours[digest]) == repr(official[digest])
    assert repr(ours) == f"<ComputedStatistics of {len(official)} modules by hash>"
    ours[digest][max(official[digest])][0]["final_test_accuracy"] = 2.0
    assert ours != official
    assert ours[digest] != official[digest]


@pytest.mark.parametrize("options", [{}, {"indent": 1}, {"sort_keys": True}])
def test_json(options: dict[str, Any], bench: NASBench, reader: PlainBench) -> None:
    ours, official = bench.computed_statistics, by_epochs(reader.computed)
    digest = list(official)[1]
    assert json.dumps(ours[digest], **options) == json.dumps(official[digest], **options)
    untouched = pickle.loads(pickle.dumps(bench)).computed_statistics
    for table in (ours, untouched):
        assert json.dumps(table, **options) == json.dumps(official, **options)


def test_c_code_that_reads_the_storage_is_refused(bench: NASBench) -> None:
    """It finds an object of no known kind, rather than nothing."""
    assert set(map(type, dict.values(bench.computed_statistics))) == {type(UNREAD)}
    assert repr(UNREAD) == "UNREAD"
    assert copy.deepcopy(UNREAD) is pickle.loads(pickle.dumps(UNREAD)) is UNREAD


def test_all_cells_in_the_official_order(tmp_path: Path) -> None:
    nb101fast.synthetic.write_index(tmp_path / "i.nb101", codes=nb101fast.cell_codes()[50:2050])
    bench = NASBench(tmp_path / "i.nb101")
    hashes = list(bench.hash_iterator())
    assert hashes == sorted(hashes)
    keys: Any = bench.hash_iterator()
    assert list(reversed(keys)) == hashes[::-1]
    by_hash = {digest: plain(bench.get_metrics_from_hash(digest)[0]) for digest in hashes}
    assert plain_table(bench.fixed_statistics) == by_hash
    assert len(hashes) == 2000


def test_a_cell_may_have_runs_at_any_number_of_budgets(tmp_path: Path) -> None:
    epochs = tuple(range(1, 140))
    parts = {0: epochs[::2], 1: epochs[1::3], 2: epochs[:1], 3: epochs[-1:]}
    builder = IndexBuilder()
    for cell_id, budgets in parts.items():
        codes = nb101fast.cell_codes()[[cell_id]]
        for runs in nb101fast.synthetic.generate(codes=codes, epochs=budgets, repeats=1):
            builder.add_runs(runs)
    builder.finish(tmp_path / "i.nb101", synthetic=True)
    bench = NASBench(tmp_path / "i.nb101")
    for cell_id, budgets in parts.items():
        assert tuple(bench.computed_statistics[nb101fast.Cell.from_id(cell_id).hash]) == budgets


# ---------------------------------------------------------------- subclasses


class OwnData(NASBench):
    """Fills the dictionaries itself, as programs do that cache them in a file of their own."""

    def __init__(self, fixed: dict[str, Any], computed: dict[str, Any]) -> None:
        self.config = {
            "module_vertices": 7,
            "max_edges": 9,
            "num_repeats": 3,
            "available_ops": list(nb101fast.OPS),
        }
        self.fixed_statistics, self.computed_statistics = fixed, computed
        self.valid_epochs = {4, 36, 108}
        self.reset_budget_counters()


def test_a_subclass_with_dictionaries_of_its_own(
    bench: NASBench, reader: PlainBench, small_sample: Sample
) -> None:
    own = OwnData(reader.fixed, reader.computed)
    spec = known_spec(small_sample[1])
    for seed in range(20):
        answers = []
        for each in (bench, own):
            random.seed(seed)
            answers.append((plain(each.query(spec)), random.getstate()))
        assert answers[0] == answers[1]
    assert bench.get_budget_counters() == own.get_budget_counters()
    assert list(own.hash_iterator()) == list(bench.hash_iterator())
    repr(own)


def test_a_subclass_with_rules_of_its_own(small_sample: Sample) -> None:
    class Strict(NASBench):
        asked = 0

        def _check_spec(self, model_spec: ModelSpec) -> None:
            super()._check_spec(model_spec)
            self.asked += 1
            if "maxpool3x3" in model_spec.ops:
                raise OutOfDomainError("no pooling here")

    bench = Strict(small_sample[0], seed=1)
    assert not bench.is_valid(ModelSpec(np.diag([1, 1], 1), ["input", "maxpool3x3", "output"]))
    spec = next(spec for spec in specs_of(small_sample[1]) if "maxpool3x3" in spec.ops)
    with pytest.raises(OutOfDomainError, match="no pooling here"):
        bench.query(spec, 108)
    assert bench.asked == 2


class HalvedSpec(ModelSpec):
    """Doesn't prune, and hashes in its own way."""

    def _prune(self) -> None:
        self.pruned = True

    def hash_spec(self, canonical_ops: Any) -> str:
        return str(self.data_format)


def test_a_spec_with_rules_of_its_own(bench: NASBench, reader: PlainBench) -> None:
    digest = next(key for key in reader.computed if 108 in reader.computed[key])
    matrix = np.array([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]])
    ops = ["input", "maxpool3x3", "maxpool3x3", "output"]
    spec = HalvedSpec(matrix, ops, digest)
    assert spec.matrix is not None
    assert spec.matrix.tolist() == matrix.tolist()
    assert (spec.ops, spec.valid_spec, spec.pruned) == (ops, True, True)
    assert plain(bench.get_metrics_from_spec(spec)[0]) == reader.fixed[digest]
    with pytest.raises(TypeError, match=r"model_spec=<object.*> is not allowed; use a ModelSpec"):
        bench.query(object())  # type: ignore[arg-type]
    runs = reader.computed[digest][108]
    answer = bench.query(spec)["test_accuracy"]
    assert answer in [run["final_test_accuracy"] for run in runs]


def test_pruning_again(bench: NASBench) -> None:
    spec = ModelSpec(np.diag([1, 1], 1), ["input", "maxpool3x3", "output"])
    spec.original_matrix = np.array([[0, 1, 1], [0, 0, 0], [0, 0, 0]])
    spec._prune()
    assert spec.ops == ["input", "output"]
    spec.original_matrix = np.zeros((3, 3), int)
    spec._prune()
    assert (spec.matrix, spec.ops, spec.valid_spec) == (None, None, False)
    assert not bench.is_valid(spec)


@pytest.mark.parametrize("of_all", [None, "values", "items", "set"])
def test_threads_get_the_same_entries(small_sample: Sample, of_all: str | None) -> None:
    interval = sys.getswitchinterval()
    hashes = [record[0] for record in small_sample[1]]
    try:
        sys.setswitchinterval(1e-6)
        for _ in range(5):
            bench = NASBench(small_sample[0], seed=7)
            barrier = threading.Barrier(4)

            def read(
                thread: int, bench: NASBench = bench, barrier: threading.Barrier = barrier
            ) -> list[Any]:
                fixed, computed = bench.fixed_statistics, bench.computed_statistics
                barrier.wait()
                if thread == 0 and of_all == "set":
                    fixed[ADDED] = {}
                elif thread == 0 and of_all is not None:
                    list(getattr(fixed, of_all)())
                    list(getattr(computed, of_all)())
                entries = []
                for digest in hashes:
                    runs = computed[digest]
                    entries += [fixed[digest], runs, *(runs[epochs] for epochs in runs)]
                return entries

            with ThreadPoolExecutor(4) as pool:
                first, *others = pool.map(read, range(4))
            for entries in others:
                assert all(map(operator.is_, first, entries))
    finally:
        sys.setswitchinterval(interval)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_can_read_while_a_thread_reads(bench: NASBench) -> None:
    is_over = threading.Event()
    first = next(iter(bench.fixed_statistics))

    def read_again_and_again() -> None:
        while not is_over.is_set():
            with READING:
                is_over.wait(0.001)

    thread = threading.Thread(target=read_again_and_again)
    thread.start()
    try:
        for _ in range(20):
            child = os.fork()
            if not child:
                bench.fixed_statistics[first]
                os._exit(0)
            deadline = time.monotonic() + 60
            while os.waitpid(child, os.WNOHANG) == (0, 0):
                if time.monotonic() > deadline:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                    pytest.fail("the forked process waits")
                time.sleep(0.001)
    finally:
        is_over.set()
        thread.join()


def specs_of(records: list[Record]) -> Iterator[ModelSpec]:
    for record in records:
        vertices = len(record.operations)
        matrix = np.array(list(record.adjacency), int).reshape(vertices, vertices)
        yield ModelSpec(matrix, list(record.operations))
