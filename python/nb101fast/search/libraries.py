"""The libraries behind TPE, SMAC and BOHB, kept from disturbing the program that uses them.

A library is loaded when an optimizer first needs it. Its warnings concern only its own authors, so
they are silenced; its log messages are dropped unless the program has set up logging.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..extras import import_extra

_NOWHERE = logging.NullHandler()


def library(module: str) -> Any:
    """Import a module of a library that the extra `search` installs.

    Raises:
        ImportError: the library is missing; the error says what to install.
    """
    with undisturbed():
        found = import_extra(module, extra="search")
    logging.getLogger(module.partition(".")[0]).addHandler(_NOWHERE)
    return found


@contextmanager
def undisturbed() -> Iterator[None]:
    """Run a block without warnings, whatever the caller's filters and NumPy's error state are.

    This matters for results too: if a warning is an error, HpBandSter takes it for a failed
    proposal and draws one at random.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def seed_of_32_bits(seed: int) -> int:
    """A seed for `numpy.random.RandomState`, which takes no more than 32 bits."""
    return int(np.random.SeedSequence(seed).generate_state(1)[0])
