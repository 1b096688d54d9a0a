"""The examples of docstrings: doctest runs them, and they must print what they show.

An example that shows nothing may print anything.
"""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from reference.missing_library import lacks, missing_library

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
SCALAR = re.compile(r"\bnp\.\w+\(")  # NumPy 1 prints only the number


class Checker(doctest.OutputChecker):
    """Compares what an example prints with what it shows, if it shows something."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return not want or super().check_output(want, got, optionflags)


def modules_with_examples(package: ModuleType) -> list[str]:
    """The names of all modules of a package whose docstrings have examples."""
    folder = Path(str(package.__file__)).parent
    return [
        ".".join((package.__name__, *path.relative_to(folder).with_suffix("").parts)).removesuffix(
            ".__init__"
        )
        for path in sorted(folder.rglob("*.py"))
        if ">>> " in path.read_text("utf-8")
    ]


def examples(module: str, names: Mapping[str, Any]) -> Iterator[doctest.DocTest]:
    """The examples of each docstring of a module, with names that they take for granted."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    yield from finder.find(import_module(module), module, extraglobs=dict(names))


def check_examples(module: str, names: Mapping[str, Any], not_run: Mapping[str, str]) -> None:
    """Run the examples of a module in the current folder.

    The test is skipped if some examples lack a library, and all others are right.

    Args:
        module: its name.
        names: what the examples take for granted, beside the names of their module.
        not_run: the docstrings whose examples are left out, and the reasons.
    """
    lacking = []
    runner = doctest.DebugRunner(Checker(), verbose=False, optionflags=OPTIONS)
    try:
        for test in examples(module, names):
            if test.name not in not_run:
                lacking += run(runner, test)
    except ImportError as error:
        library = missing_library(error)
        if library is None:
            raise
        lacking.append(f"{module}: {lacks(library)}")
    if lacking:
        pytest.skip("; ".join(lacking))


def run(runner: doctest.DebugRunner, test: doctest.DocTest) -> list[str]:
    """Run the examples of one docstring; returns what they lack."""
    scalars = [example.source for example in test.examples if SCALAR.search(example.want)]
    assert not scalars, f"{test.name}: NumPy 1 and 2 print other scalars for {scalars}"
    try:
        runner.run(test)
    except doctest.DocTestFailure as failure:
        shown = failure.example
        pytest.fail(f"{test.name}: {shown.source}shows\n{shown.want}but prints\n{failure.got}")
    except doctest.UnexpectedException as unexpected:
        error = unexpected.exc_info[1]
        library = missing_library(error) if isinstance(error, ImportError) else None
        if library is not None:
            return [f"{test.name}: {lacks(library)}"]
        pytest.fail(f"{test.name}: {unexpected.example.source}raises {error!r}")
    return []
