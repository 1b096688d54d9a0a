"""Seeds, from which all random numbers of a run or of a sweep follow."""

from __future__ import annotations

from nb101fast.checks import check_count

MOST_SEED = (1 << 64) - 1


def check_seed(seed: object) -> None:
    """Raise ValueError unless a seed is an int from 0 to `MOST_SEED`; a bool is refused."""
    check_count("seed", seed, 0, MOST_SEED)
