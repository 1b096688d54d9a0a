"""Compiling: the index keeps all of a TFRecord file, and damaged inputs write nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
import re
import resource
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import Cell, CompileReport, FormatError, Index
from nb101fast.findings import sentences
from reference import tfrecord
from reference.cells import Graph, graph_of, module_hash
from reference.runs import (
    METRICS,
    STAGES,
    Stage,
    accuracy,
    graph_of_record,
    mean_of,
    random_metrics,
    random_records,
    record_of,
    with_ticks,
)
from reference.tfrecord import EvaluationData, ModelMetrics, Record

CHAIN = graph_of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [0])
DIAMOND = graph_of([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]], [1, 2])
EDGE = graph_of([[0, 1], [0, 0]], [])
GOLDEN = graph_of(  # the first cell of the official file
    np.reshape(list("0100110001000000010010000010000001000000010000000"), (7, 7)), [0, 2, 0, 0, 1]
)
EVERY_COLUMN: list[tuple[str, Stage]] = [
    *product(("train_accuracy", "validation_accuracy", "test_accuracy"), STAGES),
    *product(("training_time", "current_epoch"), STAGES),
    ("total_time", "final"),
    ("trainable_parameters", "final"),
]


def compiled(
    folder: Path, records: Iterable[Record] | bytes, **keywords: Any
) -> tuple[CompileReport, Index]:
    data = records if isinstance(records, bytes) else tfrecord.write(records)
    (folder / "in.tfrecord").write_bytes(data)
    report = nb101fast.compile(folder / "in.tfrecord", folder / "out.nb101", **keywords)
    return report, nb101fast.open(folder / "out.nb101", verify="full")


def stored_value(metrics: ModelMetrics, metric: str, stage: str) -> float:
    if metric in EvaluationData._fields:
        return float(getattr(metrics.evaluations[STAGES.index(stage)], metric))
    return float(getattr(metrics, metric))


def check_every_value(index: Index, records: Iterable[Record]) -> None:
    """Check that the index has each number of each record exactly, and no other run."""
    runs: dict[tuple[int, int], list[Record]] = defaultdict(list)
    for record in records:
        graph = graph_of_record(record)
        cell_id = nb101fast.cell_ids(nb101fast.encode(graph.matrix, graph.labels))
        runs[cell_id, record.epochs].append(record)
    rows = {cell_id: row for row, cell_id in enumerate(index.cells.tolist())}
    assert rows.keys() == {cell_id for cell_id, _ in runs}
    assert index.epochs == tuple(sorted({epochs for _, epochs in runs}))
    for position, epochs in enumerate(index.epochs):
        counts = [len(runs[cell_id, epochs]) for cell_id in rows]
        assert index.run_counts(epochs=epochs).tolist() == counts
        assert index.repeats[position] == max(counts)
        for (metric, stage), repeat in product(EVERY_COLUMN, range(max(counts))):
            column = index.column(metric, epochs=epochs, stage=stage, repeat=repeat, stored=True)
            for cell_id, row in rows.items():
                if repeat >= len(runs[cell_id, epochs]):
                    continue
                expected = stored_value(runs[cell_id, epochs][repeat].metrics, metric, stage)
                value = column[row]
                if column.dtype == np.uint16:
                    assert index.denominator
                    value = np.float32(value) / np.float32(index.denominator)
                if column.dtype.names:
                    value = (int(value["low"]) + int(value["high"]) * 2**32) / 2**22
                assert np.float64(value).tobytes() == np.float64(expected).tobytes()


def with_accuracy(graph: Graph, value: float, final_time: float = 2.0) -> Record:
    """A run of one accuracy throughout."""
    times = 0.0, 1.0, final_time
    stages = tuple(
        EvaluationData(e, t, *[value] * 3) for e, t in zip((0, 2, 4), times, strict=True)
    )
    parameters = random_metrics(np.random.default_rng(0), graph, 4).trainable_parameters
    return record_of(graph, 4, ModelMetrics(stages, parameters, 3.0))


# -------------------------------------------------------------------- real data


def test_the_real_record(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "real_record.tfrecord"
    if not path.is_file():
        pytest.skip(f"the real data is missing: no {path.name} in ../shared/data")
    records = list(tfrecord.read(path.read_bytes()))
    report, index = compiled(tmp_path, path.read_bytes())
    check_every_value(index, records)
    assert index.denominator == 9984
    times = [
        index.query(records[0].module_hash, epochs=4, stage=s)["training_time"] for s in STAGES
    ]
    assert times == [0.0, 45.152000427246094, 89.90399932861328]
    columns = [index.column("validation_accuracy", epochs=4, stage=s, stored=True) for s in STAGES]
    assert [column.tolist() for column in columns] == [[976], [1051], [3484]]
    cell = Cell.from_id(int(index.cells[0]))
    assert cell.hash == "00005c142e6f48ac74fdcf73e3439874"
    assert cell.trainable_parameters == 8_555_530
    assert not report.findings.told()
    assert report.wide_columns == ()


@pytest.fixture(scope="module")
def real_cells(shared_data: Path) -> list[dict[str, Any]]:
    """52 real cells as the official JSON has them."""
    path = shared_data / "nb101_real_52.json"
    if not path.is_file():
        pytest.skip(f"the real data is missing: no {path.name} in ../shared/data")
    cells: list[dict[str, Any]] = json.loads(path.read_text())
    return cells


def real_records(cells: Iterable[dict[str, Any]]) -> list[Record]:
    records = []
    for cell in cells:
        adjacency = "".join(str(element) for row in cell["module_adjacency"] for element in row)
        names = tuple(cell["module_operations"])
        for epochs, runs in cell["computed"].items():
            for run in runs:
                zero = EvaluationData(0.0, 0.0, *[accuracy(998)] * 3)
                later = [
                    EvaluationData(
                        int(epochs) * share,
                        run[f"{stage}_training_time"],
                        run[f"{stage}_train_accuracy"],
                        run[f"{stage}_validation_accuracy"],
                        run[f"{stage}_test_accuracy"],
                    )
                    for stage, share in (("halfway", 0.5), ("final", 1.0))
                ]
                total = later[1].training_time * 1.1
                metrics = ModelMetrics((zero, *later), cell["trainable_parameters"], total)
                records.append(Record(cell["module_hash"], int(epochs), adjacency, names, metrics))
    return records


def test_real_cells(real_cells: list[dict[str, Any]], tmp_path: Path) -> None:
    report, index = compiled(tmp_path, real_records(real_cells))
    assert (report.cells, report.runs, report.denominator) == (52, 156, 9984)
    assert report.wide_columns == ()
    codes = [nb101fast.encode(c["module_adjacency"], c["module_operations"]) for c in real_cells]
    hashes = [cell["module_hash"] for cell in real_cells]
    ids = index.find(hashes)
    assert (ids == nb101fast.cell_ids(np.array(codes, np.uint32))).all()
    assert (ids >= 0).all()
    check_every_value(index, real_records(real_cells))
    for stage, repeat in product(STAGES[1:], range(3)):
        table = index.query(np.array(codes, np.uint32), stage=stage, repeat=repeat)
        for metric in METRICS:
            truth = [c["computed"]["108"][repeat][f"{stage}_{metric}"] for c in real_cells]
            f = index.objective(metric, stage=stage, repeat=repeat)
            assert f(np.array(codes, np.uint32)).tolist() == truth
            assert list(map(f, codes)) == truth
            assert table[metric].tolist() == truth
            by_hash = [index.query(h, stage=stage, repeat=repeat)[metric] for h in hashes]
            assert by_hash == truth
            column = index.column(metric, stage=stage, repeat=repeat, stored=True)
            column = column[np.searchsorted(index.cells, ids)]
            if column.dtype == np.uint16:
                column = column.astype(np.float32) / np.float32(9984)
            assert column.tolist() == truth
    for metric in METRICS:
        runs = [c["computed"]["108"] for c in real_cells]
        means = [mean_of([run[f"final_{metric}"] for run in three]) for three in runs]
        assert index.objective(metric)(np.array(codes, np.uint32)).tolist() == means


def test_real_cells_in_any_order(
    real_cells: list[dict[str, Any]], tmp_path: Path, rng: np.random.Generator
) -> None:
    records = sorted(real_records(real_cells), key=lambda record: record.module_hash)
    report, _ = compiled(tmp_path, records)
    assert report.official_order
    for _ in range(3):
        records = [records[i] for i in rng.permutation(len(records))]
        report, index = compiled(tmp_path, records)
        assert not report.official_order
        check_every_value(index, records)


# -------------------------------------------------------------------- what records may hold


def test_uneven_repeats_and_budgets(tmp_path: Path, rng: np.random.Generator) -> None:
    records = [
        *random_records(rng, [CHAIN], {1: 1, 4: 7}),
        *random_records(rng, [DIAMOND], {4: 2, 108: 1, 100_000: 1}),
        *random_records(rng, [EDGE], {108: 3}),
    ]
    records = [records[i] for i in rng.permutation(len(records))]
    report, index = compiled(tmp_path, records)
    assert index.epochs == (1, 4, 108, 100_000)
    assert index.repeats == (1, 7, 3, 1)
    assert report.missing_runs == 3 * (1 + 7 + 3 + 1) - len(records)
    check_every_value(index, records)


def test_isomorphic_graphs_are_one_cell(tmp_path: Path, rng: np.random.Generator) -> None:
    swapped = graph_of(DIAMOND.matrix, [2, 1])
    assert module_hash(swapped) == module_hash(DIAMOND)
    records = random_records(rng, [DIAMOND, swapped], {4: 2})
    report, index = compiled(tmp_path, records)
    assert (report.cells, index.repeats) == (1, (4,))
    check_every_value(index, records)
    graphs = [int(index.column("graph", epochs=4, repeat=r, stored=True)[0]) for r in range(4)]
    assert graphs == [
        nb101fast.encode(graph.matrix, graph.labels) for graph in map(graph_of_record, records)
    ]


def test_several_inputs(tmp_path: Path, rng: np.random.Generator) -> None:
    records = random_records(rng, [CHAIN, DIAMOND, EDGE], {4: 2, 12: 1})
    paths = []
    for i in range(3):
        paths.append(tmp_path / f"{i}.tfrecord")
        paths[-1].write_bytes(tfrecord.write(records[3 * i : 3 * i + 3]))
    for order in ((0, 1, 2), (2, 0, 1)):
        chosen = [paths[i] for i in order]
        report = nb101fast.compile(iter(chosen), tmp_path / "out.nb101")
        assert [source.name for source in report.sources] == [path.name for path in chosen]
        check_every_value(
            nb101fast.open(tmp_path / "out.nb101", verify="full"),
            [record for i in order for record in records[3 * i : 3 * i + 3]],
        )


@pytest.mark.parametrize("denominator", [1, 400, 2000, 9984, 10_000, 65_534])
def test_denominators_are_found(tmp_path: Path, rng: np.random.Generator, denominator: int) -> None:
    records = [
        record_of(graph, 4, random_metrics(rng, graph, 4, denominator))
        for graph in (CHAIN, DIAMOND, EDGE) * 20
    ]
    report, index = compiled(tmp_path, records)
    assert report.wide_columns == ()
    check_every_value(index, records)
    if denominator not in (1, 65_534):
        assert report.denominator == index.denominator == denominator
    for metric in METRICS[:3]:
        assert index.column(metric, epochs=4, stored=True).dtype == np.uint16
    given, _ = compiled(tmp_path, records, denominator=denominator)
    assert given.denominator == denominator


def test_denominators_that_are_refused(tmp_path: Path) -> None:
    for denominator in (65_535, 2**31, -1, 2**32):
        with pytest.raises(ValueError, match="denominator"):
            compiled(tmp_path, [with_accuracy(EDGE, 0.5)], denominator=denominator)
        assert not (tmp_path / "out.nb101").exists()


@pytest.mark.parametrize("given", [None, 9984, 7])
def test_accuracies_that_are_no_counts(
    tmp_path: Path, rng: np.random.Generator, given: int | None
) -> None:
    values = [0.1, float(np.float32(0.1)), 1 / 3, 0.9241786599159241, math.nextafter(1, 0), 5e-324]
    values += rng.random(20).tolist()
    records = [with_accuracy(CHAIN, value) for value in values]
    records += [with_accuracy(EDGE, 0.3) for value in values]  # No column has one value alone.
    report, index = compiled(tmp_path, records, denominator=given)
    check_every_value(index, records)
    assert len(report.wide_columns) == len(set(report.wide_columns))
    assert index.column("test_accuracy", epochs=4, repeat=0, stored=True).dtype == np.float64
    wide = [name for name in report.wide_columns if "of repeat 0 " in name]
    assert len(wide) == 9
    table = [index.query(CHAIN_CODE, epochs=4, repeat=r) for r in range(len(values))]
    assert [row["test_accuracy"] for row in table] == values


CHAIN_CODE = nb101fast.encode(CHAIN.matrix, CHAIN.labels)


def test_total_times_of_a_clock_are_ticks(tmp_path: Path, rng: np.random.Generator) -> None:
    """Times that are multiples of 2**-22 s take 5 bytes; one other time makes them doubles."""
    records = [with_ticks(record) for record in random_records(rng, [CHAIN, DIAMOND], {4: 2})]
    records += map(with_ticks, random_records(rng, [EDGE], {4: 1}))
    extremes = [0.0, 2.0**-22, 2.0**18 - 2.0**-21, 1.0]
    chain = [i for i, record in enumerate(records) if record.module_hash == module_hash(CHAIN)]
    for i, seconds in zip(chain, extremes, strict=False):
        records[i] = with_total_time(records[i], seconds)
    _, index = compiled(tmp_path, records)
    check_every_value(index, records)
    for repeat in (0, 1):
        stored = index.column("total_time", epochs=4, repeat=repeat, stored=True)
        assert stored.dtype == np.dtype([("low", "<u4"), ("high", "u1")])
        assert not stored.flags.writeable
        counts = stored["low"] + stored["high"] * 2.0**32
        expected = index.column("total_time", epochs=4, repeat=repeat)
        assert expected.dtype == np.float64
        counts[counts == 2**40 - 1] = np.nan
        np.testing.assert_array_equal(counts / 2**22, expected)
    assert np.isnan(expected).sum() == 1


@pytest.mark.parametrize(
    "value", [-0.0, 2.0**-23, 2.0**18 - 2.0**-22, 2.0**18, -1.0, math.nan, math.inf, 5e-324, 1e300]
)
def test_total_times_of_no_clock_are_doubles(
    tmp_path: Path, rng: np.random.Generator, value: float
) -> None:
    records = [with_ticks(record) for record in random_records(rng, [CHAIN, DIAMOND, EDGE], {4: 2})]
    records[1] = with_total_time(records[1], value)
    report, index = compiled(tmp_path, records)
    check_every_value(index, records)
    assert index.column("total_time", epochs=4, repeat=0, stored=True).dtype.names
    assert index.column("total_time", epochs=4, repeat=1, stored=True).dtype == np.float64
    assert report.wide_columns == ()


def with_total_time(record: Record, seconds: float) -> Record:
    return record._replace(metrics=record.metrics._replace(total_time=seconds))


def test_a_few_odd_accuracies_among_counts(tmp_path: Path, rng: np.random.Generator) -> None:
    records = random_records(rng, [CHAIN, DIAMOND, EDGE], {4: 30})
    evaluations = records[7].metrics.evaluations
    odd = (*evaluations[:2], evaluations[2]._replace(test_accuracy=0.123456789))
    records[7] = records[7]._replace(metrics=records[7].metrics._replace(evaluations=odd))
    report, index = compiled(tmp_path, records)
    assert report.denominator == 9984
    check_every_value(index, records)
    assert report.wide_columns == (
        "section column test_accuracy final of repeat 7 at budget number 0",
    )


def test_counts_that_no_denominator_fits_are_float32(tmp_path: Path) -> None:
    values = [float(np.float32(value)) for value in np.random.default_rng(1).random(50)]
    records = [with_accuracy(CHAIN, value) for value in values]
    records += [with_accuracy(EDGE, value / 2) for value in values]
    report, index = compiled(tmp_path, records)
    assert report.denominator is None
    assert index.denominator is None
    assert index.column("test_accuracy", epochs=4, stored=True).dtype == np.float32
    assert len(set(report.wide_columns)) == len(report.wide_columns) == 50 * 9, "not counts: told"
    check_every_value(index, records)


@pytest.mark.parametrize("value", [-0.0, math.inf, -math.inf, -0.5, 1.5, 1e300])
def test_odd_accuracies_are_kept_and_told(tmp_path: Path, value: float) -> None:
    records = [with_accuracy(EDGE, accuracy(100)), with_accuracy(CHAIN, value)]
    report, index = compiled(tmp_path, records)
    check_every_value(index, records)
    count, first = report.findings.odd_accuracies
    if value == 0:
        assert count == 0
    else:
        assert count == 9
        assert first.startswith("run 1 (cell ")
        assert "4 epochs): an accuracy of " in first
    assert report.findings.odd_times == (0, "")
    answer = index.query(CHAIN_CODE, epochs=4, repeat=0)["test_accuracy"]
    assert np.float64(answer).tobytes() == np.float64(value).tobytes()


def test_a_value_that_is_nan_is_told_as_missing(tmp_path: Path) -> None:
    records = [with_accuracy(CHAIN, 0.5), with_accuracy(EDGE, math.nan, final_time=math.nan)]
    report, index = compiled(tmp_path, records)
    check_every_value(index, records)
    told = report.findings.told()
    staged = [f"{stage}_{metric}" for stage in STAGES for metric in METRICS[:3]]
    assert {*told} == {f"missing {name}" for name in (*staged, "final_training_time")}
    first = f"run 1 (cell {index.cells[0]}, 4 epochs): NaN"
    assert {*told.values()} == {(1, first)}
    assert [*sentences(told, 2)] == [
        "1 of 2 runs has no value of start_train_accuracy, halfway_train_accuracy, "
        "final_train_accuracy, start_validation_accuracy, halfway_validation_accuracy, "
        "final_validation_accuracy, start_test_accuracy, halfway_test_accuracy, "
        "final_test_accuracy, final_training_time"
    ]


@pytest.mark.parametrize("value", [math.inf, -1.0, 0.5])
def test_odd_times_are_kept_and_told(tmp_path: Path, value: float) -> None:
    records = [with_accuracy(CHAIN, 0.5, final_time=value)]
    report, index = compiled(tmp_path, records)
    check_every_value(index, records)
    count, first = report.findings.odd_times
    assert count == 1
    assert first.startswith("run 0 (cell ")
    assert first.endswith("after 1 s")


def test_other_parameters_are_kept_and_told(tmp_path: Path) -> None:
    record = with_accuracy(CHAIN, 0.5)
    for parameters in (0, -5, 2**31 - 1):
        other = record._replace(metrics=record.metrics._replace(trainable_parameters=parameters))
        report, index = compiled(tmp_path, [record, other])
        assert report.findings.other_parameters[0] == 1
        assert f": {parameters} trainable parameters, " in report.findings.other_parameters[1]
        check_every_value(index, [record, other])
        f = index.objective("trainable_parameters", epochs=4, repeat=1)
        assert f(CHAIN_CODE) == np.float32(parameters)


def test_unknown_fields_are_told(tmp_path: Path) -> None:
    metrics = tfrecord.encode_metrics(with_accuracy(CHAIN, 0.5).metrics)
    more = tfrecord.encode_varint(9 << 3 | 2) + tfrecord.encode_varint(3) + b"abc"
    payload = payload_of(with_accuracy(CHAIN, 0.5), protobuf=metrics + more)
    plain = tfrecord.write([with_accuracy(EDGE, 0.5)])
    report, index = compiled(tmp_path, plain + tfrecord.frame(payload))
    assert report.findings.unknown_fields == (1, "run 1")
    check_every_value(index, [with_accuracy(EDGE, 0.5), with_accuracy(CHAIN, 0.5)])


def test_report(tmp_path: Path, rng: np.random.Generator) -> None:
    records = random_records(rng, [CHAIN, DIAMOND], {4: 2, 12: 1})
    calls: list[tuple[int, int]] = []
    report, index = compiled(tmp_path, records, progress=lambda *done: calls.append(done))
    data = (tmp_path / "in.tfrecord").read_bytes()
    (source,) = report.sources
    assert source.name == "in.tfrecord"
    assert source.num_bytes == len(data)
    assert source.sha256 == hashlib.sha256(data).hexdigest()
    assert source.records == report.records == report.runs == index.num_runs == 6
    assert report.output == str(tmp_path / "out.nb101")
    assert report.num_bytes == (tmp_path / "out.nb101").stat().st_size
    assert (report.cells, report.missing_runs, report.official_order) == (2, 0, True)
    assert report.seconds > 0
    assert calls[-1] == (len(data), len(data))
    with pytest.raises(AttributeError):
        report.runs = 7  # type: ignore[misc]
    assert index.provenance["sources"] == source.facts()


def test_equal_inputs_give_equal_bytes(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1234567890")
    records = random_records(rng, [CHAIN, DIAMOND, EDGE], {4: 200, 12: 100})
    (tmp_path / "in.tfrecord").write_bytes(tfrecord.write(records))
    outputs = set()
    for threads in (1, 2, 7):
        target = tmp_path / f"{threads}.nb101"
        nb101fast.compile(tmp_path / "in.tfrecord", target, threads=threads)
        outputs.add(target.read_bytes())
        index = nb101fast.open(target)
        assert index.provenance["created"] == "2009-02-13T23:31:30+00:00"
    assert len(outputs) == 1


# -------------------------------------------------------------------- damaged inputs


def check_refused(folder: Path, data: bytes, number: int, offset: int) -> str:
    """Check the FormatError and its place, and that the folder is as it was before."""
    source, target = folder / "in.tfrecord", folder / "out.nb101"
    source.write_bytes(data)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(FormatError) as caught:
        nb101fast.compile(source, target, threads=1)
    message = str(caught.value)
    assert message.startswith(f"{source}: byte {offset}: record {number}: "), message
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    return message


@pytest.fixture(params=["no old output", "an old output"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder that has an index under the output's name, or is empty."""
    if request.param == "an old output":
        compiled(tmp_path, [with_accuracy(EDGE, 0.25)])
    return tmp_path


@pytest.fixture(scope="module")
def two_records() -> list[bytes]:
    """Two framed records."""
    rng = np.random.default_rng(2)
    return [tfrecord.write([r]) for r in random_records(rng, [GOLDEN, DIAMOND], {4: 1})]


def test_every_flipped_byte(folder: Path, two_records: list[bytes]) -> None:
    data = b"".join(two_records)
    assert len(data) > 720
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 1 << position % 8
        second = position >= len(two_records[0])
        check_refused(folder, bytes(damaged), int(second), len(two_records[0]) if second else 0)


def test_every_length_of_truncation(folder: Path, two_records: list[bytes]) -> None:
    first = len(two_records[0])
    data = b"".join(two_records)
    for length in range(1, len(data)):
        if length == first:
            continue  # a sound file of one record
        second = length > first
        message = check_refused(folder, data[:length], int(second), first if second else 0)
        assert "cut short" in message


def test_no_records(folder: Path) -> None:
    before = sorted(folder.iterdir())
    with pytest.raises(FormatError, match=r"in\.tfrecord.*(empty|no record)"):
        compiled(folder, b"")
    assert sorted(folder.iterdir()) in (before, sorted([*before, folder / "in.tfrecord"]))


@pytest.mark.parametrize("length", [1, 7, 11, 12, 100, 100_000])
def test_garbage(folder: Path, rng: np.random.Generator, length: int) -> None:
    check_refused(folder, rng.bytes(length), 0, 0)
    check_refused(folder, bytes(length), 0, 0)
    sound = tfrecord.write([with_accuracy(EDGE, 0.5)])
    check_refused(folder, sound + rng.bytes(length), 1, len(sound))


def test_payloads_of_no_record(folder: Path) -> None:
    for payload in (b"", b"[]", b"null", b"\x00", b'"', b"[" * 1000, b"\xff" * 50, b'["'):
        check_refused(folder, tfrecord.frame(payload), 0, 0)


def payload_of(record: Record, **changes: Any) -> bytes:
    """The payload, with parts of the JSON list or the protobuf replaced."""
    parts = json.loads(tfrecord.encode_record(record))
    if "protobuf" in changes:
        changes["metrics"] = base64.encodebytes(changes.pop("protobuf")).decode("ascii")
    names = ("module_hash", "epochs", "adjacency", "operations", "metrics")
    return json.dumps([changes.get(k, part) for k, part in zip(names, parts, strict=True)]).encode()


RECORD = with_accuracy(DIAMOND, 0.5)
PROTOBUF = tfrecord.encode_metrics(RECORD.metrics)
BASE64 = base64.encodebytes(PROTOBUF).decode("ascii")
UNPRUNED = "0110000000010000"  # the vertex 1 leads nowhere


def without_evaluation(count: int) -> bytes:
    kept = RECORD.metrics.evaluations[:1] * count
    return tfrecord.encode_metrics(RECORD.metrics._replace(evaluations=kept))


@pytest.mark.parametrize(
    ("changes", "pattern"),
    [
        ({"module_hash": "0" * 32}, f"its module hash is {'0' * 32}, but that of its graph is "),
        ({"module_hash": "xyz"}, "'xyz' is not a module hash of 32 hex digits"),
        ({"module_hash": RECORD.module_hash.upper()}, "not a module hash of 32 hex digits"),
        ({"module_hash": 7}, "not the JSON of a record"),
        ({"epochs": 0}, "its epochs are not a positive integer"),
        ({"epochs": -4}, "its epochs are not a positive integer"),
        ({"epochs": 2**32}, "its epochs are not a positive integer"),
        ({"epochs": 4.5}, "not the JSON of a record"),
        ({"epochs": "4"}, "its epochs are not a positive integer"),
        ({"epochs": None}, "its epochs are not a positive integer"),
        ({"adjacency": ""}, "its adjacency has 0 characters"),
        ({"adjacency": "01100001000100"}, "its adjacency has 14 characters"),
        ({"adjacency": "0" * 64}, "its adjacency has 64 characters"),
        ({"adjacency": "0" * 16}, "not pruned"),
        ({"adjacency": UNPRUNED}, "not pruned"),
        ({"adjacency": "0110000100010010"}, "'1' at row 3, column 2"),
        ({"adjacency": "1110000100010000"}, "'1' at row 0, column 0"),
        ({"adjacency": "0120000100010000"}, "'2' at row 0, column 2"),
        ({"operations": "input,conv1x1-bn-relu,maxpool5x5,output"}, "'maxpool5x5' as operation 2"),
        ({"operations": "input,conv1x1-bn-relu,output"}, "'output' as operation 2"),
        ({"operations": "input,conv1x1-bn-relu,maxpool3x3"}, "as operation"),
        ({"operations": "conv1x1-bn-relu,input,maxpool3x3,output"}, "as operation 0"),
        ({"operations": "input,maxpool3x3,conv3x3-bn-relu,output"}, "its module hash is"),
        ({"operations": "input,conv1x1-bn-relu,maxpool3x3,output,"}, "as operation 3"),
        ({"operations": ""}, "'' as operation 0 of 4"),
        ({"metrics": ""}, "0 evaluations"),
        ({"metrics": BASE64[:-3]}, "its base64 is cut short"),
        ({"metrics": "*" + BASE64}, "its base64 has the byte 42"),
        ({"metrics": "=" + BASE64}, "its base64 has the byte"),
        ({"metrics": BASE64 + "===="}, "base64"),
        ({"metrics": "é" + BASE64}, "an escape|base64"),
        ({"protobuf": without_evaluation(2)}, "it has 2 evaluations; 3 are needed"),
        ({"protobuf": without_evaluation(4)}, "it has more than 3 evaluations"),
        ({"protobuf": PROTOBUF[:-1]}, "its protobuf is cut short"),
        ({"protobuf": PROTOBUF + b"\x0b"}, "protobuf wire type 3"),
        ({"protobuf": PROTOBUF + b"\xff" * 11}, "varint"),
        ({"protobuf": PROTOBUF + b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"}, "."),
    ],
)
def test_wrong_records(folder: Path, changes: dict[str, Any], pattern: str) -> None:
    sound = tfrecord.write([with_accuracy(EDGE, 0.5)])
    damaged = tfrecord.frame(payload_of(RECORD, **changes))
    message = check_refused(folder, sound + damaged, 1, len(sound))
    assert re.search(pattern, message), message


@pytest.mark.parametrize("junk", ["x", "]", " []", ", 1", "\x00"])
def test_junk_after_the_list(folder: Path, junk: str) -> None:
    payload = tfrecord.encode_record(RECORD) + junk.encode()
    assert "goes on after" in check_refused(folder, tfrecord.frame(payload), 0, 0)
    inside = tfrecord.encode_record(RECORD)[:-1] + b", 1]"
    assert "not the JSON of a record" in check_refused(folder, tfrecord.frame(inside), 0, 0)


def test_a_graph_of_ten_edges(folder: Path) -> None:
    graph = graph_of(np.triu(np.ones((5, 5), int), 1), [0, 1, 2])
    metrics = random_metrics(np.random.default_rng(0), graph, 4)
    assert "its graph has 10 edges; a cell has at most 9" in check_refused(
        folder, tfrecord.write([record_of(graph, 4, metrics)]), 0, 0
    )


def test_every_wrong_double_of_the_hash_is_seen(folder: Path) -> None:
    digest = bytes.fromhex(RECORD.module_hash)
    for bit in range(0, 128, 5):
        near = bytearray(digest)
        near[bit // 8] ^= 1 << bit % 8
        check_refused(folder, tfrecord.frame(payload_of(RECORD, module_hash=near.hex())), 0, 0)


def test_a_damaged_file_among_sound_ones(tmp_path: Path, two_records: list[bytes]) -> None:
    for name, data in (("a", two_records[0]), ("b", two_records[1][:-1]), ("c", two_records[0])):
        (tmp_path / name).write_bytes(data)
    with pytest.raises(FormatError, match=rf"{tmp_path}/b: byte 0: record 0: cut short"):
        nb101fast.compile([tmp_path / name for name in "abc"], tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]


def test_the_first_of_many_damaged_records_is_named(folder: Path) -> None:
    sound = tfrecord.write([RECORD])
    damaged = tfrecord.frame(payload_of(RECORD, epochs=0))
    check_refused(
        folder, sound * 700 + damaged + sound * 300 + damaged * 400, 700, 700 * len(sound)
    )
    (folder / "in.tfrecord").write_bytes(sound * 700 + damaged + sound * 300 + damaged * 400)
    for _ in range(10):
        with pytest.raises(FormatError, match=f"byte {700 * len(sound)}: record 700: "):
            nb101fast.compile(folder / "in.tfrecord", folder / "out.nb101", threads=4)


# -------------------------------------------------------------------- inputs and output


def test_the_output_is_the_input(tmp_path: Path, two_records: list[bytes]) -> None:
    source = tmp_path / "a"
    source.write_bytes(two_records[0])
    os.link(source, tmp_path / "hard")
    (tmp_path / "soft").symlink_to("a")
    for target in ("a", "hard", "soft", "./a"):
        with pytest.raises(ValueError, match="is the input"):
            nb101fast.compile(source, f"{tmp_path}/{target}")
    assert source.read_bytes() == two_records[0]
    assert len(list(tmp_path.iterdir())) == 3


def test_inputs_and_outputs_that_are_missing(tmp_path: Path, two_records: list[bytes]) -> None:
    source = tmp_path / "in.tfrecord"
    source.write_bytes(two_records[0])
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*none'"):
        nb101fast.compile(source, tmp_path / "none" / "out")
    with pytest.raises(FileNotFoundError) as caught:
        nb101fast.compile(tmp_path / "other", tmp_path / "out")
    assert caught.value.filename == str(tmp_path / "other")
    with pytest.raises(ValueError, match="no input files: give at least one"):
        nb101fast.compile([], tmp_path / "out")
    with pytest.raises(IsADirectoryError):
        nb101fast.compile(tmp_path, tmp_path / "out")
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        nb101fast.compile(source, tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "in.tfrecord"]


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="no /proc that takes no files")
def test_a_folder_that_takes_no_files(tmp_path: Path, two_records: list[bytes]) -> None:
    (tmp_path / "in.tfrecord").write_bytes(two_records[0])
    with pytest.raises(OSError, match="/proc/self/out"):
        nb101fast.compile(tmp_path / "in.tfrecord", "/proc/self/out")


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, rng: np.random.Generator) -> None:
    compiled(folder := tmp_path, [with_accuracy(EDGE, 0.25)])
    records = random_records(rng, [CHAIN, DIAMOND, EDGE], {4: 100})
    (folder / "in.tfrecord").write_bytes(tfrecord.write(records))
    before = {path: path.read_bytes() for path in folder.iterdir()}
    program = "import nb101fast; nb101fast.compile('in.tfrecord', 'out.nb101')"
    limit: Callable[[], None] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))  # noqa: E731
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(nb101fast.__file__))},
    )
    assert done.returncode == 1
    assert "OSError" in done.stderr
    assert "File too large" in done.stderr
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_progress_that_raises(folder: Path, two_records: list[bytes]) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    (folder / "in.tfrecord").write_bytes(two_records[0])
    before = sorted(folder.iterdir())
    with pytest.raises(KeyboardInterrupt):
        nb101fast.compile(folder / "in.tfrecord", folder / "out.nb101", progress=stop)
    assert sorted(folder.iterdir()) == before


def test_strings_and_odd_names(
    tmp_path: Path, two_records: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("plain", "ümlaut ☃", "a" * 255):
        Path(name).write_bytes(two_records[0])
        nb101fast.compile(name, "out.nb101")
        assert nb101fast.open("out.nb101").provenance["sources"][0]["name"] == name
        nb101fast.compile("plain", name + ".nb101" if len(name) < 200 else "b" * 240)
        Path(name).unlink() if name != "plain" else None


@pytest.mark.parametrize(
    ("threads", "error"), [(0, ValueError), (4097, ValueError), (True, TypeError), ("2", TypeError)]
)
def test_numbers_of_threads_that_are_refused(
    tmp_path: Path, threads: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match=f"threads={threads!r} is not allowed; use an integer"):
        nb101fast.compile("in.tfrecord", tmp_path / "out.nb101", threads=threads)
    with pytest.raises(error, match=f"threads={threads!r} is not allowed; use an integer"):
        nb101fast.export(nb101fast.open(), tmp_path / "out.csv", threads=threads)
    assert list(tmp_path.iterdir()) == []
