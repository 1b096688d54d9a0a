"""The main module of the running program, which worker processes do not load."""

from __future__ import annotations

import pickle
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from .extras import import_extra

_MAIN = "__main__"
_hiding = threading.RLock()  # held while the main module is another one


@contextmanager
def hidden() -> Iterator[None]:
    """Give the program an empty main module for a while.

    A process that `multiprocessing` spawns in the meantime does not run the program again. So a
    program may start workers although it has no `if __name__ == "__main__":`.
    """
    with _hiding:
        main = sys.modules[_MAIN]
        sys.modules[_MAIN] = ModuleType(_MAIN)
        try:
            yield
        finally:
            sys.modules[_MAIN] = main


def pickled_without(value: Any) -> bytes:
    """Pickle a value for a process that lacks the main module; `pickle.loads` reads it.

    Functions and classes are sent by the names of their modules, as `pickle` does. If some belong
    to the main module or to another function, cloudpickle sends what they consist of.

    Raises:
        ImportError: cloudpickle is needed and missing.
        TypeError: the value contains something that can't be sent, such as an open file.
    """
    try:
        with hidden():
            return pickle.dumps(value)
    except (pickle.PicklingError, AttributeError):
        cloudpickle = import_extra("cloudpickle", extra=None)
        return bytes(cloudpickle.dumps(value))
