"""A gzip stream that is unpacked as its bytes arrive, in a time that grows with its size alone."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from ._core import FormatError

MOST_BYTES = 8 << 20  # that a piece has when it is unpacked

# zlib copies what follows the end of a member. So a new member is given little, and then more and
# more: many small members then take no longer than one large one.
_FIRST_BYTES = 4 << 10
_FIRST_OF_MEMBER = 0x1F
_GZIP_WINDOW = 31  # This value makes zlib expect a gzip header and checksum.


class GzipStream:
    """A stream of any number of members. Zeros may follow the last one, as in `gzip`.

    Args:
        path: the file's name, for errors.

    Example:
        >>> stream = GzipStream("in.tfrecord.gz")
        >>> unpacked = [piece for chunk in chunks for piece in stream.unpack(chunk)]
        >>> stream.finish()
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._member: Any = None  # None between two members
        self._begin = self._offset = 0  # where the member begins, and how far it is read
        self._num_bytes = _FIRST_BYTES
        self._is_padding = False

    def unpack(self, chunk: bytes | memoryview) -> Iterator[bytes]:
        """What the next bytes of the stream hold, in pieces.

        Raises:
            FormatError: they are not gzip. The text names the file and the byte.
        """
        rest = memoryview(chunk)
        while rest and not self._is_padding:
            if self._member is None:
                self._start(rest)
                continue
            data, num_read = self._read(rest[: self._num_bytes])
            rest = rest[num_read:]
            if data:
                yield data
        if self._is_padding and bytes(rest).strip(b"\0"):
            raise self._error("only zeros may follow the first zero here; remove all other bytes")

    def finish(self) -> None:
        """Check that the stream has reached its end.

        Raises:
            FormatError: a member is cut short.
        """
        if self._member is not None:
            raise self._error("the gzip member here is cut short; get the whole file")

    def _start(self, rest: memoryview) -> None:
        """Begin a member, or the padding behind the last one."""
        self._begin = self._offset
        if rest[0] == _FIRST_OF_MEMBER:
            self._member = zlib.decompressobj(_GZIP_WINDOW)
            self._num_bytes = _FIRST_BYTES
        elif rest[0] == 0:
            self._is_padding = True
        else:
            raise self._error("no gzip member begins here; remove the bytes from here on")

    def _read(self, piece: memoryview) -> tuple[bytes, int]:
        """What a piece holds, and how many of its bytes were read."""
        try:
            data = self._member.decompress(piece, MOST_BYTES)
        except zlib.error as error:
            raise self._error(f"the gzip member here is damaged: {error}") from None
        num_read = len(piece) - len(self._member.unconsumed_tail) - len(self._member.unused_data)
        self._offset += num_read
        self._num_bytes = min(2 * self._num_bytes, MOST_BYTES)
        if self._member.eof:
            self._member = None
        return data, num_read

    def _error(self, fault: str) -> FormatError:
        return FormatError(f"{self._path}: byte {self._begin}: {fault}")
