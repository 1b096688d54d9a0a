"""Parquet files with checksums: the only way in which this package writes and reads Parquet.

Each page has a checksum, which is verified when it is read. The footer and the heads of the pages
have none. What they say is verified by a digest of the contents in the metadata, `DIGEST`.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from ._core import FormatError
from .content_digest import ContentDigest
from .extras import import_extra
from .regular_file import open_regular
from .whole_file import WholeFile

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

File: TypeAlias = IO[bytes] | WholeFile

DIGEST = b"nb101fast.digest"
_TAIL = struct.Struct("<I4s")  # the size of the footer, and the magic


def parquet_writer(file: File, schema: pyarrow.Schema) -> pyarrow.parquet.ParquetWriter:
    """A writer of a Parquet file, whose `with` block writes the footer at its end."""
    parquet = import_extra("pyarrow.parquet", extra="arrow")
    return parquet.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True)


def write_table(
    table: pyarrow.Table, target: str | os.PathLike[str] | File, digest: ContentDigest
) -> None:
    """Write a pyarrow.Table as a Parquet file, which appears only when it is complete.

    Args:
        table: the table.
        target: the file's name, or an open binary file.
        digest: of the table's contents, for the metadata.
    """
    if isinstance(target, (str, os.PathLike)):
        with WholeFile(target) as file:
            write_table(table, file, digest)
        return
    with parquet_writer(target, table.schema) as writer:
        writer.write_table(table)
        add_digest(writer, digest)


def add_digest(writer: pyarrow.parquet.ParquetWriter, digest: ContentDigest) -> None:
    """Put the digest of the contents into the metadata of a file that is being written.

    It is no part of the table's schema. So a program that reads the table, changes it and writes it
    again does not keep the digest.
    """
    writer.add_key_value_metadata({DIGEST: digest.hexdigest()})


@contextlib.contextmanager
def open_parquet(path: str | os.PathLike[str]) -> Iterator[pyarrow.parquet.ParquetFile]:
    """Open a Parquet file. The checksums of its pages, if it has any, are verified as it is read.

    Raises:
        FormatError: the file is damaged, or it is no Parquet file.
        OSError: the file can't be read.
        ImportError: pyarrow is not installed.

    Example:
        >>> with open_parquet("runs.parquet") as file:
        ...     table = file.read()
    """
    arrow = import_extra("pyarrow", extra="arrow")
    parquet = import_extra("pyarrow.parquet", extra="arrow")
    with open(path, "rb", opener=open_regular) as file, _arrow_errors(arrow, path):
        reader = parquet.ParquetFile(file, page_checksum_verification=True)
        _check_footer(path, file, reader.metadata)
        yield reader


def check_digest(
    path: str | os.PathLike[str], file: pyarrow.parquet.ParquetFile, digest: ContentDigest
) -> None:
    """Check the digest of what was read. A file that another program wrote has none.

    Args:
        path: the file's name, for the error.
        file: the open file.
        digest: of the contents that were read.

    Raises:
        FormatError: the file has the digest of other contents.
    """
    expected = (file.metadata.metadata or {}).get(DIGEST)
    if expected not in (None, digest.hexdigest().encode()):
        raise FormatError(
            f"{os.fspath(path)}: not a sound Parquet file: its contents have the digest "
            f"{digest.hexdigest()[:12]}, but it states {expected[:12].decode('utf-8', 'replace')}; "
            "get or write the file again"
        )


def _check_footer(path: str | os.PathLike[str], file: IO[bytes], metadata: Any) -> None:
    """Check that the whole footer was understood. One flipped bit can hide the rest of it."""
    file.seek(-_TAIL.size, os.SEEK_END)
    num_bytes, _ = _TAIL.unpack(file.read(_TAIL.size))
    if metadata.serialized_size != num_bytes:
        raise FormatError(
            f"{os.fspath(path)}: not a sound Parquet file: only {metadata.serialized_size} of the "
            f"{num_bytes} bytes of its footer can be read"
        )


@contextlib.contextmanager
def _arrow_errors(arrow: Any, path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn an error of pyarrow about a damaged file into a FormatError."""
    try:
        yield
    except FormatError:
        raise
    except (arrow.ArrowException, OSError, ValueError) as error:  # such as names that are no UTF-8
        if isinstance(error, OSError) and error.errno is not None:
            raise  # It comes from the operating system, not from the contents.
        raise FormatError(f"{os.fspath(path)}: not a sound Parquet file: {error}") from error
