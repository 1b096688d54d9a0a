"""Libraries that the extra `test` leaves out. Tests that need one are skipped without it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from typing import Any

import pytest

from reference.missing_library import lacks


def needs(library: str) -> pytest.MarkDecorator:
    """A mark that skips a test without the library."""
    return pytest.mark.skipif(importlib.util.find_spec(library) is None, reason=lacks(library))


def cases(names: Iterable[str], library: str) -> list[Any]:
    """The cases of a test. Those that have the library's name in theirs are skipped without it."""
    return [pytest.param(name, marks=needs(library)) if library in name else name for name in names]


def import_or_skip(module: str, *, of: str | None = None) -> Any:
    """Import a module. Without its library, skip the test, or all tests of the file.

    Args:
        module: the module's full name.
        of: the library that it needs, if it is not part of it.
    """
    library = of or module.partition(".")[0]
    return pytest.importorskip(module, reason=lacks(library), exc_type=ImportError)
