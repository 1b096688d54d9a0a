"""Codes that are drawn at random, from one of several sets."""

from __future__ import annotations

import re
import sys

from .. import _core
from ..checks import check_choice, check_count, check_type, checked_integer
from ..codes import Codes
from ..seed import Seed, seed_word

SAMPLINGS: dict[str, _core.Sampling] = {
    sampling.name.replace("_", "-"): sampling for sampling in _core.Sampling
}


def sample(n: int, *, how: str = "cells", seed: Seed = None) -> Codes:
    """Draw n codes, each independently of the others.

    Args:
        n: how many codes to draw.
        how: which codes are drawn, each as likely as any other.
            "cells": the representatives of the 423,624 cells.
            "vertices:N": the representatives of the cells of N vertices, 2 to 7.
            "raw": all raw configurations (7x7 matrices and five labels) that are valid in the
            official meaning: after pruning, input and output are joined by at most 9 edges.
            "raw-9": those that have at most 9 edges before pruning too, as `nas_benchmarks` and
            HPOBench have it.
            "all": all 2^21 * 3^5 raw configurations, invalid ones included.
        seed: an int; a NumPy Generator, from which one number is drawn; or None for any seed.

    Returns:
        uint32 (n,).

    Raises:
        ValueError: no such sampler, or n < 0.

    Example:
        >>> sample(3, how="vertices:2", seed=0)
        array([32, 32, 32], dtype=uint32)
    """
    check_type("how", how, str, use="the name of a sampler")
    count = checked_integer("n", n)
    check_count("n", count, 0, sys.maxsize)
    if match := re.fullmatch(r"vertices:([2-7])", how):
        return _core.sample_codes_of(int(match[1]), count, seed_word(seed))
    check_choice("how", how, (*SAMPLINGS, *(f"vertices:{n}" for n in range(2, 8))))
    return _core.sample_codes(SAMPLINGS[how], count, seed_word(seed))
