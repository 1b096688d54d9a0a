"""Records of runs: the official format, what is added to it, and damaged ones."""

from __future__ import annotations

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nb101fast
from nb101fast import Cell, FormatError, _core
from nb101train.record import (
    RunResult,
    StageResult,
    parse_payload,
    read_results,
    record_payload,
)
from nb101train.shard_runs import read_runs
from reference import tfrecord
from test_differential import METRICS  # the official protobuf as the protobuf runtime has it

DOCS = Path(__file__).resolve().parents[2] / "docs" / "sweeps.md"
FURTHER = ("repeat", "seed", "attempts", "compile_seconds", "step_seconds", "evaluation_seconds")


def result_of(cell: Cell, seed: int = 0, **changes: Any) -> RunResult:
    """A run of made-up values, none of them round."""
    rng = np.random.default_rng(seed)
    shares = rng.integers(0, 9985, (3, 3)).astype(np.float32) / np.float32(9984)
    times = (0.0, *np.sort(rng.uniform(1, 5000, 2)).tolist())
    evaluations = [
        StageResult(stage * 54.0, times[stage], *map(float, shares[stage])) for stage in range(3)
    ]
    result = RunResult(
        matrix=cell.matrix,
        ops=cell.ops,
        epochs=108,
        repeat=2,
        seed=int(rng.integers(2**63)),
        attempts=3,
        evaluations=(evaluations[0], evaluations[1], evaluations[2]),
        trainable_parameters=cell.trainable_parameters,
        total_time=float(rng.uniform(5000, 9000)),
        compile_seconds=float(rng.uniform(1, 9)),
        step_seconds=float(rng.uniform(1000, 5000)),
        evaluation_seconds=float(rng.uniform(1, 100)),
    )
    return dataclasses.replace(result, **changes)


def cells() -> list[Cell]:
    ids = [0, 1, 90, 5000, *np.random.default_rng(8).integers(0, nb101fast.NUM_CELLS, 20).tolist()]
    return [Cell.from_id(cell_id) for cell_id in ids]


def parts_of(payload: bytes) -> tuple[list[Any], bytes]:
    *parts, encoded = json.loads(payload)
    return parts, base64.b64decode(encoded)


def with_protobuf(payload: bytes, protobuf: bytes) -> bytes:
    parts, _ = parts_of(payload)
    return json.dumps([*parts, base64.encodebytes(protobuf).decode()]).encode()


def assert_same(one: RunResult, other: RunResult) -> None:
    for field in dataclasses.fields(RunResult):
        mine, its = getattr(one, field.name), getattr(other, field.name)
        assert np.array_equal(mine, its), field.name
        assert type(mine) is type(its), field.name


# ------------------------------------------------------------------------------- official meaning


def test_the_fields_that_are_added() -> None:
    """They are declared in the core; the results and the plain reader of the tests have all."""
    names = tuple(name for _, name, _, _ in _core.HARNESS_FIELDS)
    assert names == FURTHER == tfrecord.HarnessFields._fields
    assert [number for number, *_ in _core.HARNESS_FIELDS] == list(range(101, 107))
    result = result_of(Cell.from_id(7))
    for _, name, kind, meaning in _core.HARNESS_FIELDS:
        assert type(getattr(result, name)) is {"integer": int, "seconds": float}[kind]
        assert f"| `{name}` | {meaning} |" in DOCS.read_text("utf-8")


def test_records_are_those_of_the_plain_writer() -> None:
    for number, cell in enumerate(cells()):
        result = result_of(cell, number)
        payload = record_payload(result)
        harness = tfrecord.decode_harness_fields(payload)
        assert harness == tuple(getattr(result, name) for name in FURTHER)
        assert tfrecord.encode_record(tfrecord.decode_record(payload), harness) == payload


def test_the_runs_of_a_shard(tmp_path: Path) -> None:
    results = [
        result_of(cell, 100 * number + repeat, repeat=repeat, epochs=4 + repeat)
        for number, cell in enumerate(cells())
        for repeat in range(3)
    ]
    shard = tmp_path / "shard.tfrecord"
    frames = [tfrecord.frame(record_payload(result)) for result in results]
    shard.write_bytes(b"".join(frames) + frames[0][:50])
    for result, read in zip(results, read_results(shard), strict=True):
        assert_same(read, result)
    runs = read_runs(shard)
    assert runs.offsets.tolist() == np.cumsum([0, *map(len, frames)])[:-1].tolist()
    assert runs.codes.tolist() == [nb101fast.encode(each.matrix, each.ops) for each in results]
    assert runs.epochs.tolist() == [each.epochs for each in results]
    assert runs.repeats.tolist() == [each.repeat for each in results]
    assert runs.seeds.tolist() == [each.seed for each in results]
    assert runs.attempts.tolist() == [each.attempts for each in results]
    assert runs.codes.dtype == runs.epochs.dtype == np.uint32
    assert len(runs) == len(results)


def test_a_record_of_no_run_is_named(tmp_path: Path) -> None:
    official = tfrecord.encode_record(tfrecord.decode_record(SOUND))
    shard = tmp_path / "shard.tfrecord"
    first = tfrecord.frame(SOUND)
    shard.write_bytes(first + tfrecord.frame(official))
    fault = "it is not a record of a training run: it lacks"
    where = f"shard.tfrecord: byte {len(first)}: record 1: {fault}"
    with pytest.raises(FormatError, match=where):
        read_runs(shard)
    with pytest.raises(FormatError, match=where):
        list(read_results(shard))


def test_there_and_back() -> None:
    for number, cell in enumerate(cells()):
        result = result_of(cell, number)
        assert_same(parse_payload(record_payload(result)), result)


def test_official_part_as_the_core_writes_it() -> None:
    """Byte for byte, once the further fields are cut off."""
    for number, cell in enumerate(cells()):
        result = result_of(cell, number)
        values = [dataclasses.astuple(evaluation) for evaluation in result.evaluations]
        official = _core.format_runs(
            np.array([cell.code], np.uint32),
            np.array([108], np.uint32),
            np.array(values, np.float64).reshape(1, 15),
            np.array([result.trainable_parameters], np.int32),
            np.array([result.total_time]),
        )
        payload = record_payload(result)
        _, protobuf = parts_of(payload)
        [official_payload] = tfrecord.payloads(official)
        _, official_protobuf = parts_of(official_payload)
        assert protobuf.startswith(official_protobuf)
        assert with_protobuf(payload, protobuf[: len(official_protobuf)]) == official_payload


def test_what_the_protobuf_runtime_reads() -> None:
    """The official fields by name; the further ones are unknown to it and kept."""
    result = result_of(Cell.from_id(77))
    _, protobuf = parts_of(record_payload(result))
    metrics = METRICS.FromString(protobuf)
    assert metrics.trainable_parameters == result.trainable_parameters
    assert metrics.total_time == result.total_time
    for message, evaluation in zip(metrics.evaluation_data, result.evaluations, strict=True):
        assert message.current_epoch == evaluation.epochs
        for name in ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy"):
            assert getattr(message, name) == getattr(evaluation, name)
    assert metrics.SerializeToString() == protobuf
    metrics.DiscardUnknownFields()
    official = metrics.SerializeToString()
    further = dict(tfrecord.fields(protobuf[len(official) :]))
    assert further == {n: getattr(result, name) for n, name in enumerate(FURTHER, 101)}


def test_a_plain_reader() -> None:
    result = result_of(Cell.from_id(90))
    record = tfrecord.decode_record(record_payload(result))
    assert record.module_hash == Cell.from_id(90).hash == result.module_hash
    assert record.epochs == 108
    assert record.adjacency == "".join(map(str, result.matrix.ravel()))
    assert record.operations == result.ops
    assert record.metrics.evaluations[2] == dataclasses.astuple(result.evaluations[2])


def test_compiled_without_findings(tmp_path: Path) -> None:
    results = [
        result_of(cell, number, repeat=repeat)
        for number, cell in enumerate(cells()[:6])
        for repeat in range(3)
    ]
    shard = tmp_path / "shard.tfrecord"
    shard.write_bytes(b"".join(map(tfrecord.frame, map(record_payload, results))))
    report = nb101fast.compile(shard, tmp_path / "index.nb101")
    findings = report.findings
    assert (report.cells, report.runs) == (6, 18)
    assert findings.unknown_fields[0] == findings.odd_accuracies[0] == 0
    assert findings.other_parameters[0] == 0
    index = nb101fast.open(tmp_path / "index.nb101")
    for result in results:
        cell = Cell(result.matrix, result.ops)
        found = index.query(cell, epochs=108, repeat=result.repeat)
        assert found["test_accuracy"] == np.float32(result.evaluations[2].test_accuracy)


def test_operations_beyond_the_official_three() -> None:
    matrix = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], np.uint8)
    ops = ("input", "bottleneck5x5", "output")
    result = result_of(Cell.from_id(0), matrix=matrix, ops=ops)
    assert result.module_hash == nb101fast.module_hash(matrix, [5])
    assert_same(parse_payload(record_payload(result)), result)


# ---------------------------------------------------------------------------------- damaged ones


SOUND = record_payload(result_of(Cell.from_id(90), epochs=4))
PROTOBUF = parts_of(SOUND)[1]


def is_sound_or_told(payload: bytes) -> None:
    """A well-formed result or a FormatError, never anything else."""
    try:
        result = parse_payload(payload)
    except FormatError:
        return
    assert_types(result)


def assert_types(result: RunResult) -> None:
    assert result.matrix.dtype == np.uint8
    assert result.matrix.shape == (len(result.ops),) * 2
    for name in ("epochs", "repeat", "seed", "attempts", "trainable_parameters"):
        assert type(getattr(result, name)) is int
        assert 0 <= getattr(result, name) < 2**70
    for name in ("total_time", "compile_seconds", "step_seconds", "evaluation_seconds"):
        assert type(getattr(result, name)) is float
    assert len(result.evaluations) == 3
    for evaluation in result.evaluations:
        assert all(type(value) is float for value in dataclasses.astuple(evaluation))


def test_every_truncated_protobuf() -> None:
    for size in range(len(PROTOBUF)):
        with pytest.raises(FormatError):  # the last field is needed
            parse_payload(with_protobuf(SOUND, PROTOBUF[:size]))


def test_every_flipped_bit_of_a_protobuf() -> None:
    for position in range(len(PROTOBUF)):
        for bit in range(8):
            flipped = bytearray(PROTOBUF)
            flipped[position] ^= 1 << bit
            is_sound_or_told(with_protobuf(SOUND, bytes(flipped)))


def test_every_truncated_and_flipped_payload() -> None:
    for position in range(len(SOUND)):
        with pytest.raises(FormatError):
            parse_payload(SOUND[:position])
        for bit in range(8):
            flipped = bytearray(SOUND)
            flipped[position] ^= 1 << bit
            is_sound_or_told(bytes(flipped))


@given(st.binary(max_size=200))
def test_any_protobuf(protobuf: bytes) -> None:
    is_sound_or_told(with_protobuf(SOUND, protobuf))


@given(st.binary(max_size=60), st.integers(0, len(PROTOBUF)))
def test_bytes_put_into_a_protobuf(inserted: bytes, place: int) -> None:
    is_sound_or_told(with_protobuf(SOUND, PROTOBUF[:place] + inserted + PROTOBUF[place:]))


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("value", [None, True, 4.0, -1, 300, "", "\u0663", "{}", [], [300], {}])
def test_other_json_values(place: int, value: Any) -> None:
    values = json.loads(SOUND)
    values[place] = value
    if (place, value) == (1, 300):
        return  # any number of epochs is a number of epochs
    with pytest.raises(FormatError):
        parse_payload(json.dumps(values).encode())


@pytest.mark.parametrize("text", ["", "[]", "{}", "3", '"text"', "null", "[" * 100_000, "\xff"])
def test_no_record_at_all(text: str) -> None:
    with pytest.raises(FormatError, match="record 0: not the JSON of a record"):
        parse_payload(text.encode("latin-1"))


def changed(*changes: tuple[int, Any]) -> bytes:
    values = json.loads(SOUND)
    for place, value in changes:
        values[place] = value
    return json.dumps(values).encode()


def test_what_is_said_of_damaged_records() -> None:
    other = Cell.from_id(89)
    with pytest.raises(FormatError, match=f"its module hash is {other.hash}, its graph has"):
        parse_payload(changed((0, other.hash)))
    with pytest.raises(FormatError, match="the protobuf field 2 of wire type 1, which no run"):
        parse_payload(with_protobuf(SOUND, b"\x11" + bytes(8) + PROTOBUF))
    with pytest.raises(FormatError, match="its protobuf is cut short"):
        parse_payload(with_protobuf(SOUND, PROTOBUF[:20]))
    with pytest.raises(FormatError, match="a protobuf varint of more than ten bytes"):
        parse_payload(with_protobuf(SOUND, b"\xff" * 11 + PROTOBUF))
    with pytest.raises(FormatError, match="not a record of a training run: nothing joins"):
        parse_payload(changed((2, "0" * 16)))


@pytest.mark.parametrize("number", range(1, 6))
def test_an_evaluation_without_one_of_its_fields(number: int) -> None:
    evaluation: npt.NDArray[np.float64] = np.arange(5.0)
    fields = [bytes([n << 3 | 1]) + evaluation[n - 1].tobytes() for n in range(1, 6) if n != number]
    body = b"".join(fields)
    rest = PROTOBUF[3 * 47 :]
    message = b"\x0a" + bytes([len(body)]) + body
    with pytest.raises(FormatError):
        parse_payload(with_protobuf(SOUND, message * 3 + rest))
