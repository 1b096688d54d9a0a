"""The seeds of functions that draw at random."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

Seed: TypeAlias = "int | np.random.Generator | None"  # quoted: numpy.random loads late


def seed_word(seed: Seed) -> int:
    """The 64 bits that a draw of the core begins with.

    Args:
        seed: an int; a Generator, from which one number is drawn; or None for any seed.
    """
    return int(np.random.default_rng(seed).integers(1 << 64, dtype=np.uint64))
