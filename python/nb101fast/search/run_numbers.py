"""The numbers of runs and their seed: a run depends on both, and on nothing else that is random."""

from __future__ import annotations

from typing import SupportsIndex

from ..checks import check_count, checked_integer
from ..phrases import shown

MOST_RUNS = (1 << 31) - 1  # A file of runs numbers them with an int32.
LARGEST_SEED = 1 << 256  # A file of runs holds no longer one.


def checked_runs(runs: SupportsIndex, first_run: SupportsIndex) -> tuple[int, int]:
    """How many runs there are, and the number of the first one, as ints.

    Raises:
        TypeError: one of them is no integer.
        ValueError: there are no runs, or one has a number that is not from 0 to 2^31 - 2.
    """
    count, first = checked_integer("runs", runs), checked_integer("first_run", first_run)
    check_count("runs", count, 1, MOST_RUNS)
    check_count("first_run", first, 0, MOST_RUNS - count)
    return count, first


def checked_seed(seed: SupportsIndex) -> int:
    """The seed of runs as an int.

    Raises:
        TypeError: it is no integer.
        ValueError: it is not from -2^256 to 2^256.
    """
    number = checked_integer("seed", seed)
    if abs(number) > LARGEST_SEED:
        raise ValueError(
            f"seed={shown(number)} is not allowed; use an integer from -2^256 to 2^256"
        )
    return number


def seed_of_runs(seed: SupportsIndex) -> int:
    """The seed of runs for the core, which takes 64 bits: any seed modulo 2^64."""
    return checked_seed(seed) % (1 << 64)
