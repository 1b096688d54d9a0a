"""A gzip stream that arrives in pieces."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import numpy as np
import pytest

from nb101fast.gzip_stream import GzipStream


def test_the_pieces_of_a_gzip_stream_may_have_any_size(rng: np.random.Generator) -> None:
    data = rng.integers(0, 4, 100_000, np.uint8).tobytes()
    empty = gzip.compress(b"")
    packed = b"".join([empty, gzip.compress(data), empty, gzip.compress(data[:5]), bytes(99)])
    for size in (1, 7, 5000, len(packed)):
        stream = GzipStream("in.gz")
        chunks = (packed[at : at + size] for at in range(0, len(packed), size))
        pieces = [piece for chunk in chunks for piece in stream.unpack(chunk)]
        stream.finish()
        assert b"".join(pieces) == data + data[:5]
        assert all(pieces)


def test_the_work_for_a_gzip_member_does_not_grow_with_what_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = []
    decompressobj = zlib.decompressobj

    class Counted:
        def __init__(self, window: int) -> None:
            self._member = decompressobj(window)

        def decompress(self, piece: memoryview, most: int) -> bytes:
            given.append(len(piece))
            return self._member.decompress(piece, most)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._member, name)

    monkeypatch.setattr(zlib, "decompressobj", Counted)
    packed = gzip.compress(b"") * 5000
    assert list(GzipStream("in.gz").unpack(packed)) == []
    assert len(given) == 5000
    assert max(given) == 4096
