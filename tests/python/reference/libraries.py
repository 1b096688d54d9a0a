"""Libraries that the extra `test` leaves out. Tests that need one are skipped without it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from typing import Any

import pytest

INSTALLED_BY = {  # what is given to pip
    **dict.fromkeys(("ConfigSpace", "hpbandster", "hyperopt", "scipy", "smac"), '".[test-search]"'),
    **dict.fromkeys(("optuna", "optunahub", "pymoo", "ray"), '".[test-adapters]"'),
    **dict.fromkeys(("onnxruntime", "onnxscript", "torch"), '".[test-torch]"'),
    "syne_tune": '".[test-adapters,syne-tune]"',
    **dict.fromkeys(
        ("kubernetes_validate", "nb101train", "tensorflow", "wheel", "yaml"),
        '".[test-train]" ./training',
    ),
}


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


def missing_library(error: ImportError) -> str | None:
    """The optional library that is missing, or None if the package lacks a name or a module."""
    cause = error if error.__cause__ is None else error.__cause__
    if not isinstance(cause, ModuleNotFoundError) or cause.name is None:
        return None
    library = cause.name.partition(".")[0]
    return None if library == "nb101fast" else library


def lacks(library: str) -> str:
    """The reason of a skipped test: the library that is missing, and how to install it."""
    wanted = INSTALLED_BY.get(library, library)
    return f"{library} is not installed: pip install {wanted}"
