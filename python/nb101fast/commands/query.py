"""`nb101fast query` prints the results of cells."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..cell_text import FORMS, cell_of_text, form_of_text
from ..chosen_cells import choose_cells
from ..command_line import CommandLine
from ..index import Index
from ..measurement import METRICS, STAGES
from ..progress import tell
from .index_argument import index_or_default

_SUFFIX = ".nb101"  # of an index, which tells it from a cell


class NotInIndexError(Exception):
    """The index lacks the run that was asked for, of at least one cell."""


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "query",
        _query,
        "print the accuracies and the training time of cells",
        "nb101fast query nasbench_full.nb101 28cfc7874f6d200472e1a9dcd8650aa0 --epochs 36",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    command.usage = "nb101fast query [-h] [options] [INDEX] CELL [CELL ...]"
    command.add_argument(
        "cells",
        nargs="+",
        metavar="CELL",
        help=f"{FORMS}. The INDEX file may stand before the first CELL "
        "(default: the one that `nb101fast info` describes)",
    )
    command.add_argument(
        "--epochs",
        type=int,
        help="for how many epochs the cells were trained (default: the highest of the index)",
    )
    command.add_argument(
        "--stage",
        choices=STAGES,
        default="final",
        help="when the cells were evaluated in the training (default: %(default)s)",
    )
    command.add_argument(
        "--repeat",
        default="mean",
        help="the number of a run, from 0; or mean, all, or random (default: %(default)s)",
    )


def _query(options: Namespace) -> None:
    path, cells = _index_and_cells(options.cells)
    index = index_or_default(path)
    repeat = int(options.repeat) if options.repeat.isdecimal() else options.repeat
    if index.is_synthetic:
        tell("synthetic values, made up for load tests", "warning")
    epochs = index.epochs[-1] if options.epochs is None else options.epochs
    missing = []
    for text in cells:
        chosen = _cell_named(text)
        values = index.query(**chosen, epochs=epochs, stage=options.stage, repeat=repeat)
        if _has_run(index, chosen, epochs, repeat):
            means = () if repeat != "mean" else METRICS
            print(text, *(f"{name}={_shown(v, name in means)}" for name, v in values.items()))
        else:
            missing.append(text)
    if missing:
        runs = f"run {repeat}" if isinstance(repeat, int) else "run"
        raise NotInIndexError(
            f"{path or index.path} has no {runs} at {epochs} epochs of {', '.join(missing)}; "
            "`nb101fast info` shows what it has"
        )


def _index_and_cells(texts: Sequence[str]) -> tuple[str | None, Sequence[str]]:
    """The index of the command line, None for the default, and the names of the cells."""
    first, *others = texts
    if not first.endswith(_SUFFIX) and not os.path.exists(first):
        return None, texts
    if not others:
        raise ValueError(f"no cells after the index {first!r}; give {FORMS}")
    return first, others


def _cell_named(text: str) -> dict[str, Any]:
    """The cell of a command line as `Index.query` takes it."""
    if form_of_text(text) == "hash":  # An index finds a hash sooner than the whole space does.
        return {"hashes": text}
    return {"codes": cell_of_text(text)}


def _has_run(index: Index, chosen: dict[str, Any], epochs: int, repeat: int | str) -> bool:
    """Whether the index has that run of the one cell, or any run where none is named."""
    reader = index.reader
    row = int(reader.rows_of(choose_cells(reader, **chosen).ids)[0])
    count = int(reader.run_counts(epochs)[row]) if row >= 0 else 0
    return count > (repeat if isinstance(repeat, int) else 0)


def _shown(values: Any, is_mean: bool) -> str:
    """All digits that the values have: a mean is a float32, all else a double."""
    kind = np.float32 if is_mean else np.float64
    doubles = np.atleast_1d(values)
    return ",".join(np.format_float_positional(kind(value), trim="-") for value in doubles)
