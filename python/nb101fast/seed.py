"""The seeds of functions that draw at random."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from .checks import checked_integer

Seed: TypeAlias = "int | np.random.Generator | None"  # quoted: numpy.random loads late


def generator(seed: Seed) -> np.random.Generator:
    """A generator itself, or one that begins with a seed.

    Args:
        seed: an int; a Generator; or None for any seed.

    Raises:
        TypeError: the seed is something else.
        ValueError: it is below 0.
    """
    if seed is None or isinstance(seed, np.random.Generator):
        return np.random.default_rng(seed)
    return np.random.default_rng(checked_integer("seed", seed))


def seed_word(seed: Seed) -> int:
    """The 64 bits that a draw of the core begins with. They are drawn from `generator(seed)`."""
    return int(generator(seed).integers(1 << 64, dtype=np.uint64))
