"""Differential fuzzing: the compiled parser against json, base64 and the protobuf runtime."""

from __future__ import annotations

import base64
import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nb101fast
from nb101fast import FormatError
from reference import tfrecord
from reference.cells import graph_of
from reference.runs import STAGES, random_metrics, record_of

CHAIN = graph_of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [0])
FIELDS = ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")


def model_metrics_class() -> Any:
    """nasbench's model_metrics.proto, proto2, built without a compiler."""
    file = descriptor_pb2.FileDescriptorProto(name="model_metrics.proto", package="nb101test")
    kinds = descriptor_pb2.FieldDescriptorProto
    evaluation = file.message_type.add(name="EvaluationData")
    for number, name in enumerate(("current_epoch", *FIELDS), start=1):
        evaluation.field.add(
            name=name, number=number, type=kinds.TYPE_DOUBLE, label=kinds.LABEL_OPTIONAL
        )
    evaluation.field.add(
        name="checkpoint_path", number=6, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL
    )
    metrics = file.message_type.add(name="ModelMetrics")
    metrics.field.add(
        name="evaluation_data", number=1, type=kinds.TYPE_MESSAGE, label=kinds.LABEL_REPEATED,
        type_name=".nb101test.EvaluationData",
    )  # fmt: skip
    metrics.field.add(
        name="trainable_parameters", number=2, type=kinds.TYPE_INT32, label=kinds.LABEL_OPTIONAL
    )
    metrics.field.add(
        name="total_time", number=3, type=kinds.TYPE_DOUBLE, label=kinds.LABEL_OPTIONAL
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = pool.FindMessageTypeByName("nb101test.ModelMetrics")
    return message_factory.GetMessageClass(found)


METRICS = model_metrics_class()


def plain_parse(payload: bytes) -> Any:
    """The protobuf of a payload whose other four parts are those of CHAIN at 4 epochs, or None."""
    try:
        *parts, encoded = json.loads(payload)
        metrics = METRICS.FromString(base64.b64decode(encoded.replace("\n", ""), validate=True))
    except (ValueError, TypeError, AttributeError, DecodeError, UnicodeDecodeError):
        return None
    expected = json.loads(sound_payload(b""))[:4]
    return metrics if parts == expected and len(metrics.evaluation_data) == 3 else None


def sound_payload(protobuf: bytes) -> bytes:
    record = record_of(CHAIN, 4, random_metrics(np.random.default_rng(0), CHAIN, 4))
    parts = json.loads(tfrecord.encode_record(record))[:4]
    return json.dumps([*parts, base64.encodebytes(protobuf).decode()]).encode()


def compiled_value(payload: bytes, folder: Path) -> nb101fast.Index | None:
    """The index of one record, or None where the compiler refuses it."""
    (folder / "in").write_bytes(tfrecord.frame(payload))
    try:
        nb101fast.compile(folder / "in", folder / "i.nb101")
    except FormatError:
        return None
    return nb101fast.open(folder / "i.nb101", verify="full")


def same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or struct.pack("d", a) == struct.pack("d", b)


def check(payload: bytes, folder: Path) -> None:
    """Both read the same values, or both refuse."""
    expected, index = plain_parse(payload), compiled_value(payload, folder)
    assert (expected is None) == (index is None), payload
    if expected is None or index is None:
        return
    assert index.column("trainable_parameters", epochs=4)[0] == expected.trainable_parameters
    assert same(float(index.column("total_time", epochs=4)[0]), expected.total_time)
    for stage, evaluation in zip(STAGES, expected.evaluation_data, strict=True):
        values = index.query(CHAIN_HASH, epochs=4, stage=stage, repeat=0)
        for name in FIELDS:
            assert same(values[name], getattr(evaluation, name)), (stage, name)


CHAIN_HASH = json.loads(sound_payload(b""))[0]
QUICK = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
DOUBLES = st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 0.1, 949 / 9984, math.nan])


@st.composite
def protobufs(draw: st.DrawFn) -> bytes:
    """Messages with any of the fields, in any order of the evaluations' fields."""
    metrics = METRICS()
    for _ in range(draw(st.sampled_from([3, 3, 3, 2, 4]))):
        evaluation = metrics.evaluation_data.add()
        for name in draw(st.permutations(["current_epoch", *FIELDS])):
            if draw(st.integers(0, 5)):
                setattr(evaluation, name, draw(DOUBLES))
        if not draw(st.integers(0, 5)):
            evaluation.checkpoint_path = draw(st.text(max_size=5))
    if draw(st.booleans()):
        metrics.trainable_parameters = draw(st.integers(-(2**31), 2**31 - 1))
    if draw(st.booleans()):
        metrics.total_time = draw(DOUBLES)
    return bytes(metrics.SerializeToString())


@pytest.mark.slow
@QUICK
@given(protobuf=protobufs())
def test_any_message(tmp_path: Path, protobuf: bytes) -> None:
    check(sound_payload(protobuf), tmp_path)


@QUICK
@given(protobuf=protobufs(), data=st.data())
def test_damaged_payloads(tmp_path: Path, protobuf: bytes, data: st.DataObject) -> None:
    """Bytes of the base64 part changed, dropped or doubled; the frame's checksums are right."""
    payload = bytearray(sound_payload(protobuf))
    first = payload.rindex(b', "')
    place = data.draw(st.integers(first, len(payload) - 1))
    kind = data.draw(st.sampled_from(["change", "drop", "double"]))
    if kind == "change":
        payload[place] = data.draw(st.integers(0, 127))
    elif kind == "drop":
        del payload[place]
    else:
        payload.insert(place, payload[place])
    check(bytes(payload), tmp_path)


@pytest.mark.parametrize("spaced", [" ", "\n\t", ""])
def test_json_of_other_spaces_and_escapes(tmp_path: Path, spaced: str) -> None:
    metrics = tfrecord.encode_metrics(random_metrics(np.random.default_rng(0), CHAIN, 4))
    parts = json.loads(sound_payload(metrics))
    payload = json.dumps(parts, separators=("," + spaced, ": ")).replace("/", "\\/")
    assert compiled_value(payload.replace("n", "\\u006e", 1).encode(), tmp_path) is not None
    check(payload.encode(), tmp_path)
