"""What the bytes of a file become as they arrive: its digest, and for a TFRecord its runs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from . import _core
from .builder import IndexBuilder
from .file_sample import sample_sha256
from .inputs import RECORD_BYTES, Source


class Intake:
    """Digests the bytes of a file as they arrive.

    Attributes:
        num_bytes: how many bytes have arrived.
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.num_bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the file."""
        self._digest.update(chunk)
        self.num_bytes += len(chunk)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes that have arrived, as hexadecimal digits."""
        return self._digest.hexdigest()


class RecordIntake(Intake):
    """Digests and parses the bytes of a TFRecord as they arrive.

    Args:
        source: the name of the file, for errors.
        num_bytes: about how many bytes will arrive.
    """

    def __init__(self, source: str, num_bytes: int) -> None:
        super().__init__()
        self.builder = IndexBuilder()
        self.builder.reserve(num_bytes // RECORD_BYTES)
        self._reader = _core.RecordReader(self.builder.table, source, os.cpu_count() or 1)

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the file.

        Raises:
            FormatError: a record is damaged. The text names the byte.
        """
        super().feed(chunk)
        self._reader.feed(chunk)

    def finish(self, name: str, partial: Path, url: str) -> IndexBuilder:
        """The builder with all runs and their source, once the last byte of the file was fed.

        Args:
            name: of the file, for the provenance.
            partial: where its bytes were stored.
            url: where it was downloaded from.

        Raises:
            FormatError: the last record is cut short.
        """
        self._reader.finish()
        records = self._reader.num_records
        state = partial.stat().st_mtime_ns, sample_sha256(partial)
        self.builder.add_source(Source(name, self.num_bytes, self.sha256, records, *state, url=url))
        return self.builder
