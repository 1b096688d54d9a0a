"""The official file format, the plain way: framing, payload and protobuf by hand."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

CRC32C_POLYNOMIAL = 0x82F63B78  # Castagnoli, bits reversed
VARINT, DOUBLE, BYTES = 0, 1, 2  # protobuf wire types


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
    """The payload of each framed record, its checksums checked."""
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


def encode_record(record: Record) -> bytes:
    """The payload of a record."""
    metrics = base64.encodebytes(encode_metrics(record.metrics)).decode("ascii")
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
