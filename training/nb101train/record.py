"""A run's result, and its record in the official format.

The record is the official JSON list of module hash, epochs, adjacency, operations and base64 of a
protobuf `ModelMetrics`. The protobuf carries six fields more, which other readers skip: what a
sweep must know of a run, and where its time went.

Source: `nasbench/lib/model_metrics.proto` and `nasbench/api.py`.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import nb101fast
from nb101fast import FormatError, OutOfDomainError

from .ops import OPS

_VARINT, _DOUBLE, _BYTES = 0, 1, 2  # protobuf's wire types
_MAX_VARINT_BITS = 64
_EVALUATION_FIELD = 1

# Name and wire type of each field by its number.
_Fields = dict[int, tuple[str, int]]
_EVALUATION_FIELDS: _Fields = {
    1: ("epochs", _DOUBLE),
    2: ("training_time", _DOUBLE),
    3: ("train_accuracy", _DOUBLE),
    4: ("validation_accuracy", _DOUBLE),
    5: ("test_accuracy", _DOUBLE),
}
_RUN_FIELDS: _Fields = {
    2: ("trainable_parameters", _VARINT),
    3: ("total_time", _DOUBLE),
    # The official fields end here.
    101: ("repeat", _VARINT),
    102: ("seed", _VARINT),
    103: ("attempts", _VARINT),
    104: ("compile_seconds", _DOUBLE),
    105: ("step_seconds", _DOUBLE),
    106: ("evaluation_seconds", _DOUBLE),
}


@dataclass(frozen=True)
class Evaluation:
    """The accuracies at one stage of a run.

    Attributes:
        epochs: trained so far: 0, half of the budget, or all.
        training_time: seconds, in the official meaning: compilation and steps, no evaluation; 0.0
            at the start.
        train_accuracy, validation_accuracy, test_accuracy: float32(k / n).
    """

    epochs: float
    training_time: float
    train_accuracy: float
    validation_accuracy: float
    test_accuracy: float


@dataclass(frozen=True)
class RunResult:
    """What one run gave.

    Attributes:
        matrix, ops: the pruned cell in the vertex order that was trained.
        epochs, repeat: the budget, and which of its repeats.
        seed: of the attempt that succeeded.
        attempts: begun, this one included.
        evaluations: at the start, halfway and at the end.
        trainable_parameters: of the network that was built.
        total_time: seconds of the whole run, in the official meaning: with compilation and
            evaluation.
        compile_seconds: of this cell's training program. A cell compiles once for all its runs;
            each is charged with it, since officially each run compiled its own.
        step_seconds: of training steps alone.
        evaluation_seconds: of evaluations.
    """

    matrix: npt.NDArray[np.uint8]
    ops: tuple[str, ...]
    epochs: int
    repeat: int
    seed: int
    attempts: int
    evaluations: tuple[Evaluation, Evaluation, Evaluation]
    trainable_parameters: int
    total_time: float
    compile_seconds: float
    step_seconds: float
    evaluation_seconds: float

    @property
    def module_hash(self) -> str:
        """The official hash of the cell; labels beyond the official three are those of `OPS`."""
        return module_hash(self.matrix, self.ops)


def module_hash(matrix: npt.ArrayLike, ops: tuple[str, ...]) -> str:
    """The official hash, also of a cell with the further operations of the official map."""
    return nb101fast.module_hash(matrix, [OPS.index(op) for op in ops[1:-1]])


def record_payload(result: RunResult) -> bytes:
    """The record of a run, without TFRecord's frame."""
    matrix = result.matrix
    protobuf = base64.encodebytes(_metrics(result)).decode("ascii")
    adjacency = "".join(map(str, matrix.flatten().tolist()))
    ops = ",".join(result.ops)
    return json.dumps([result.module_hash, result.epochs, adjacency, ops, protobuf]).encode()


def _metrics(result: RunResult) -> bytes:
    parts = []
    for evaluation in result.evaluations:
        nested = _encoded(evaluation, _EVALUATION_FIELDS)
        parts.append(_key(_EVALUATION_FIELD, _BYTES) + _varint(len(nested)) + nested)
    return b"".join(parts) + _encoded(result, _RUN_FIELDS)


def _encoded(values: Evaluation | RunResult, fields: _Fields) -> bytes:
    parts = []
    for number, (name, wire_type) in fields.items():
        value = getattr(values, name)
        encoded = _varint(value) if wire_type == _VARINT else struct.pack("<d", value)
        parts.append(_key(number, wire_type) + encoded)
    return b"".join(parts)


def _key(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def parse_payload(payload: bytes) -> RunResult:
    """The run of a record that `record_payload` made.

    Raises:
        FormatError: not such a record.
    """
    try:
        module, epochs, adjacency, ops, protobuf = _json_values(payload)
        vertices = len(names := tuple(ops.split(",")))
        metrics = list(_fields(base64.b64decode(protobuf)))
        start, halfway, final = (
            Evaluation(**_decoded(_fields(nested), _EVALUATION_FIELDS))
            for number, wire_type, nested in metrics
            if (number, wire_type) == (_EVALUATION_FIELD, _BYTES)
        )
        result = RunResult(
            matrix=np.array(list(adjacency), np.uint8).reshape(vertices, vertices),
            ops=names,
            epochs=epochs,
            evaluations=(start, halfway, final),
            **_decoded(metrics, _RUN_FIELDS),
        )
        matches = result.module_hash == module
    except (ValueError, TypeError, IndexError, RecursionError, OutOfDomainError) as error:
        raise FormatError(f"not a record of a training run: {error!r}: {payload[:80]!r}") from None
    if not matches:
        raise FormatError(f"record of module {module}, whose graph is {result.module_hash}")
    return result


def _json_values(payload: bytes) -> tuple[str, int, str, str, str]:
    values = json.loads(payload)
    if [type(value) for value in values] != [str, int, str, str, str]:
        raise ValueError("its values are not text, number and three times text")
    module, epochs, adjacency, ops, protobuf = values
    if epochs < 1:
        raise ValueError(f"epochs={epochs}")
    return module, epochs, adjacency, ops, protobuf


def _decoded(metrics: Iterable[tuple[int, int, Any]], fields: _Fields) -> dict[str, Any]:
    """The values of these fields by name; others are left out."""
    values = {}
    for number, wire_type, value in metrics:
        name, expected = fields.get(number, ("", wire_type))
        if wire_type != expected:
            raise ValueError(f"wire type {wire_type} of field {number}; {expected} is expected")
        if name:
            values[name] = value
    return values


def _fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """Number, wire type and value of each field of integers, doubles and messages."""
    position = 0
    while position < len(data):
        key, position = _read_varint(data, position)
        number, wire_type = key >> 3, key & 7
        size = 8
        if wire_type == _VARINT:
            value, position = _read_varint(data, position)
            yield number, wire_type, value
            continue
        if wire_type == _BYTES:
            size, position = _read_varint(data, position)
        elif wire_type != _DOUBLE:
            raise ValueError(f"wire type {wire_type} of field {number}")
        if size > len(data) - position:
            raise ValueError(f"field {number} is cut short")
        part = data[position : position + size]
        yield number, wire_type, part if wire_type == _BYTES else struct.unpack("<d", part)[0]
        position += size


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while shift < _MAX_VARINT_BITS:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position
    raise ValueError(f"a number of more than {_MAX_VARINT_BITS} bits")
