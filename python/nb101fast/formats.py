"""The formats of files that hold runs, told apart by their first bytes."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from . import _core
from .regular_file import open_regular

Format: TypeAlias = Literal["index", "tfrecord", "tfrecord.gz", "parquet", "json", "csv"]

FORMAT_NAMES: dict[Format, str] = {
    "index": "an index",
    "tfrecord": "a TFRecord file",
    "tfrecord.gz": "a gzip file",
    "parquet": "a Parquet file",
    "json": "a JSON file",
    "csv": "a CSV file",
}

_INDEX_MAGIC = b"\x89NB101\r\n"
_PARQUET_MAGIC = b"PAR1"
_GZIP_MAGIC = b"\x1f\x8b"
_FRAME_START_BYTES = 12  # A TFRecord begins with the length of its first record and a checksum.
_LONGEST_HEADER_BYTES = 4096
_CSV_HEADER = re.compile(r"[^\x00-\x08\x0b-\x1f\ufffd]*[,;\t][^\x00-\x08\x0b-\x1f\ufffd]*")


def format_of(path: str) -> Format | None:
    """The format of a file, or None if its first bytes belong to none of them."""
    with open(path, "rb", opener=open_regular) as file:
        start = file.read(_LONGEST_HEADER_BYTES)
    # This check comes first, because the length of a record may look like any of the others.
    if _core.is_frame_start(start[:_FRAME_START_BYTES]):
        return "tfrecord"
    if start.startswith(_INDEX_MAGIC):
        return "index"
    if start.startswith(_PARQUET_MAGIC):
        return "parquet"
    if start.startswith(_GZIP_MAGIC):
        return "tfrecord.gz"
    if start.lstrip().startswith((b"{", b"[")):
        return "json"
    return "csv" if _is_csv_start(start) else None


def _is_csv_start(start: bytes) -> bool:
    """Whether the first line is text with commas, semicolons or tabs between words."""
    line = start.splitlines()[0] if start else b""
    return _CSV_HEADER.fullmatch(line.decode("utf-8", "replace")) is not None
