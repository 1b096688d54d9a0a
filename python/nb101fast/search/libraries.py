"""The libraries that TPE, SMAC and BOHB come from, kept to themselves.

None is loaded before it is used. Their warnings are for their own authors, and what they log goes
nowhere unless the user has asked for logs.
"""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..extras import needs

_NOWHERE = logging.NullHandler()


def library(module: str) -> Any:
    """A module of the extra `search`, or ImportError that says how to get it."""
    package = module.partition(".")[0]
    with needs(package, extra="search"), undisturbed():
        found = importlib.import_module(module)
    logging.getLogger(package).addHandler(_NOWHERE)
    return found


@contextmanager
def undisturbed() -> Iterator[None]:
    """Run without warnings, whatever the caller's filters and NumPy's error state.

    HpBandSter takes a warning that is an error for a failed proposal and draws at random.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def seed_of_32_bits(seed: int) -> int:
    """For a `RandomState`, which takes no more."""
    return int(np.random.SeedSequence(seed).generate_state(1)[0])
