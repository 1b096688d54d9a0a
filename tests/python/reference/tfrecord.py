"""A plain reader and writer of the official file format: frames, payloads, protobufs."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

CRC32C_POLYNOMIAL = 0x82F63B78  # Castagnoli, bits reversed
VARINT, DOUBLE, BYTES = 0, 1, 2  # protobuf wire types
MAX_PAYLOAD = 1 << 20  # bytes; no record is longer


class EvaluationData(NamedTuple):
    """One evaluation, in the order of its protobuf fields 1..5."""

    current_epoch: float
    training_time: float
    train_accuracy: float
    validation_accuracy: float
    test_accuracy: float


class ModelMetrics(NamedTuple):
    """What one run measured: the start, halfway and final evaluations, and the totals."""

    evaluations: tuple[EvaluationData, ...]
    trainable_parameters: int
    total_time: float


class HarnessFields(NamedTuple):
    """What the training harness adds to the protobuf: fields 101..106."""

    repeat: int
    seed: int
    attempts: int
    compile_seconds: float
    step_seconds: float
    evaluation_seconds: float


FIRST_HARNESS_FIELD = 101


class Record(NamedTuple):
    """One run of one cell."""

    module_hash: str
    epochs: int
    adjacency: str
    operations: tuple[str, ...]
    metrics: ModelMetrics


def _crc_table_entry(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (CRC32C_POLYNOMIAL if byte & 1 else 0)
    return byte


CRC32C_TABLE = tuple(_crc_table_entry(byte) for byte in range(256))


@lru_cache(maxsize=10_000)  # Tests write one file after another that differ in a few sections.
def crc32c(data: bytes) -> int:
    """CRC-32C of the bytes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC32C_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def masked_crc32c(data: bytes) -> int:
    """The checksum as TFRecord stores it."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frame(payload: bytes) -> bytes:
    """One framed record."""
    length = struct.pack("<Q", len(payload))
    checksums = masked_crc32c(length), masked_crc32c(payload)
    return length + struct.pack("<I", checksums[0]) + payload + struct.pack("<I", checksums[1])


def payloads(data: bytes) -> Iterator[bytes]:
    """Return the payload of each framed record, after checking its checksums."""
    offset = 0
    while offset < len(data):
        length, length_crc = struct.unpack_from("<QI", data, offset)
        payload = data[offset + 12 : offset + 12 + length]
        (payload_crc,) = struct.unpack_from("<I", data, offset + 12 + length)
        if length_crc != masked_crc32c(data[offset : offset + 8]):
            raise ValueError(f"wrong checksum of the length at byte {offset}")
        if payload_crc != masked_crc32c(payload):
            raise ValueError(f"wrong checksum of the payload at byte {offset + 12}")
        yield payload
        offset += 12 + length + 4


def whole_payloads(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Offset and payload of each record of a result shard, without a torn one at the end.

    The end is torn if nothing but zeros follows the damaged record.
    """
    offset = 0
    while offset < len(data):
        head = data[offset : offset + 12]
        has_head = len(head) == 12 and head[8:] == struct.pack("<I", masked_crc32c(head[:8]))
        length = struct.unpack("<Q", head[:8])[0] if has_head else 0
        if not has_head or length > MAX_PAYLOAD:
            rest = data[offset + 12 :]
        else:
            end = offset + 12 + length + 4
            payload, crc = data[offset + 12 : end - 4], data[end - 4 : end]
            if len(data) >= end and crc == struct.pack("<I", masked_crc32c(payload)):
                yield offset, payload
                offset = end
                continue
            rest = data[end:]
        if any(rest):
            raise ValueError(f"a damaged record at byte {offset}")
        return


def encode_varint(value: int) -> bytes:
    """A protobuf varint; a negative int32 takes ten bytes."""
    value &= 0xFFFFFFFFFFFFFFFF
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def decode_varint(data: bytes, offset: int) -> tuple[int, int]:
    """The varint at offset, and the offset after it."""
    value = shift = 0
    while True:
        byte = data[offset]
        offset += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, offset


def _key(field: int, wire_type: int) -> bytes:
    return encode_varint(field << 3 | wire_type)


def _double(field: int, value: float) -> bytes:
    return _key(field, DOUBLE) + struct.pack("<d", value)


def encode_metrics(metrics: ModelMetrics) -> bytes:
    """The protobuf of ModelMetrics; zeros are written."""
    encoded = b""
    for evaluation in metrics.evaluations:
        body = b"".join(_double(field, value) for field, value in enumerate(evaluation, start=1))
        encoded += _key(1, BYTES) + encode_varint(len(body)) + body
    encoded += _key(2, VARINT) + encode_varint(metrics.trainable_parameters)
    return encoded + _double(3, metrics.total_time)


def fields(data: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """The fields of a message, in order: number and value."""
    offset = 0
    while offset < len(data):
        key, offset = decode_varint(data, offset)
        field, wire_type = key >> 3, key & 7
        if wire_type == VARINT:
            value, offset = decode_varint(data, offset)
            yield field, value
        elif wire_type == DOUBLE:
            yield field, struct.unpack_from("<d", data, offset)[0]
            offset += 8
        elif wire_type == BYTES:
            length, offset = decode_varint(data, offset)
            yield field, data[offset : offset + length]
            offset += length
        else:
            raise ValueError(f"wire type {wire_type} of field {field}")


def decode_evaluation(data: bytes) -> EvaluationData:
    """One EvaluationData, which must have exactly the five doubles."""
    values = dict(fields(data))
    if sorted(values) != [1, 2, 3, 4, 5]:
        raise ValueError(f"evaluation with fields {sorted(values)}")
    return EvaluationData(*(float(values[field]) for field in range(1, 6)))


def decode_metrics(data: bytes) -> ModelMetrics:
    """The values of a ModelMetrics protobuf."""
    evaluations: list[EvaluationData] = []
    numbers: dict[int, float] = {}
    for field, value in fields(data):
        if isinstance(value, bytes):
            evaluations.append(decode_evaluation(value))
        else:
            numbers[field] = value
    return ModelMetrics(tuple(evaluations), int(numbers[2]), float(numbers[3]))


def encode_harness_fields(harness: HarnessFields) -> bytes:
    """The protobuf fields that follow the official ones."""
    encoded = b""
    for field, value in enumerate(harness, start=FIRST_HARNESS_FIELD):
        if isinstance(value, int):
            encoded += _key(field, VARINT) + encode_varint(value)
        else:
            encoded += _double(field, value)
    return encoded


def decode_harness_fields(payload: bytes) -> HarnessFields:
    """The harness's fields of a record."""
    values = dict(fields(base64.b64decode(json.loads(payload)[4])))
    names = HarnessFields._fields
    return HarnessFields(*(values[FIRST_HARNESS_FIELD + i] for i in range(len(names))))  # type: ignore[arg-type]


def encode_record(record: Record, harness: HarnessFields | None = None) -> bytes:
    """The payload of a record."""
    protobuf = encode_metrics(record.metrics)
    protobuf += encode_harness_fields(harness) if harness else b""
    metrics = base64.encodebytes(protobuf).decode("ascii")
    operations = ",".join(record.operations)
    values = [record.module_hash, record.epochs, record.adjacency, operations, metrics]
    return json.dumps(values).encode("ascii")


def decode_record(payload: bytes) -> Record:
    """The record of a payload."""
    module_hash, epochs, adjacency, operations, metrics = json.loads(payload)
    decoded = decode_metrics(base64.decodebytes(metrics.encode("ascii")))
    return Record(module_hash, epochs, adjacency, tuple(operations.split(",")), decoded)


def write(records: Iterable[Record]) -> bytes:
    """A TFRecord file of these records."""
    return b"".join(frame(encode_record(record)) for record in records)


def read(data: bytes) -> Iterator[Record]:
    """The records of a TFRecord file."""
    return map(decode_record, payloads(data))
