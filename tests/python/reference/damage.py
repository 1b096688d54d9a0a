"""Bytes that are damaged in one bit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def flipped_bits(data: bytes, rng: np.random.Generator, count: int) -> Iterator[tuple[int, bytes]]:
    """Random bits of the data, and for each the data in which it is flipped."""
    for bit in rng.choice(8 * len(data), count, replace=False).tolist():
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        yield bit, bytes(damaged)
