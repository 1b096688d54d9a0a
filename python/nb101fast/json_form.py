"""Cells with their runs as JSON; `json_runs` reads it, and docs/json.md has an example.

This is a cell:

    {"id": 4,
     "hash": "d32d0b26d534203b48d866facd98cc3e",
     "matrix": [[0, 1, 1], [0, 0, 1], [0, 0, 0]],
     "ops": ["input", "conv3x3-bn-relu", "output"],
     "trainable_parameters": 11051402,
     "runs": {"108": [{"start":   {"current_epoch": 0.0, "training_time": 0.0,
                                   "train_accuracy": 0.1, "validation_accuracy": 0.1,
                                   "test_accuracy": 0.1},
                       "halfway": {...}, "final": {...},
                       "total_time": 1234.5}]}}

- `runs`: a list for each number of epochs. A run's position in its list is its repeat.
- `matrix` and `ops`: the stored, pruned graph. If a run was stored with another graph of the cell
  or with another number of parameters, the run has its own `matrix`, `ops` or
  `trainable_parameters`.
- A number has enough digits to give the same double when it is read. JSON cannot write some values
  as numbers; they are the texts "NaN", "Infinity" and "-Infinity".
- `synthetic` is true if the values were made up, and otherwise absent. `dataset` names the data
  sets of the training, if the index does.

An object to be read needs `runs`, and one of these: `matrix` with `ops`, `hash`, or `id`. If
several of them are there, they must name one cell. A value that is left out or null is missing: it
becomes NaN, and missing parameters become those of the official network. Other keys are refused.
There is also a form with an object for each run and without `runs`; docs/own_results.md describes
its keys. A file holds one object, a list of them, or `{"cells": [...]}`. JSON lines may have any of
these on each line. The runs of a cell and budget get the repeats 0, 1 and so on, in the order of
the file.

    with open("cells.jsonl", "w") as file:
        for code in nb101fast.cell_codes()[index.cells]:
            print(index.to_json(code), file=file)
    nb101fast.compile("cells.jsonl", "again.nb101")
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np

from ._core import OutOfDomainError
from .arrays import Doubles
from .cell import Cell
from .ids import Ids, cell_codes, cell_parameters
from .measurement import EVALUATION_METRICS, STAGES
from .provenance import Marks
from .reader import IndexReader, Rows
from .run_columns import check_graphs

_CELLS_AT_ONCE = 2048
# A cell states these once; a run states only those in which it differs.
STATED_ONCE = ("matrix", "ops", "trainable_parameters")
NUMBERS_AS_TEXTS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def cells_as_json(reader: IndexReader, ids: Ids) -> str:
    """All runs of cells as JSON lines, a cell on each, without a line break at the end.

    Args:
        ids: int32 (N,) cell ids; `runs` is empty for a cell that the index lacks.

    Raises:
        OutOfDomainError: an id is -1.
        FormatError: the index is damaged.
    """
    reader.verify("sections")
    return "\n".join(json.dumps(cell, allow_nan=False) for cell in cell_objects(reader, ids))


def cell_objects(reader: IndexReader, ids: Ids) -> Iterator[dict[str, Any]]:
    """Each cell as the object that its JSON stands for. Arguments as in `cells_as_json`."""
    if (ids < 0).any():
        position = int(np.argmax(ids < 0))
        raise OutOfDomainError(
            f"the cell at position {position} is outside the search space, or its hash is not in "
            "the index; leave it out"
        )
    marks: dict[str, Any] = dict(Marks.of(reader.provenance).in_words())
    if "synthetic" in marks:
        marks["synthetic"] = True
    for begin in range(0, len(ids), _CELLS_AT_ONCE):
        batch = ids[begin : begin + _CELLS_AT_ONCE]
        runs_by_budget = [_runs_at(reader, batch, budget) for budget in range(len(reader.epochs))]
        for number, *listed in zip(batch.tolist(), *runs_by_budget, strict=True):
            by_epochs = zip(map(str, reader.epochs), listed, strict=True)
            runs = {epochs: runs for epochs, runs in by_epochs if runs}
            yield {**_heading(number, runs), **marks, "runs": runs}


def _heading(number: int, runs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """The keys that a cell states once. Equal values are removed from its runs."""
    representative = _fixed(int(cell_codes()[number]), int(cell_parameters()[number]))
    first = next(iter(runs.values()))[0] if runs else representative
    fixed = {key: first[key] for key in STATED_ONCE}
    for run in (run for listed in runs.values() for run in listed):
        for key in STATED_ONCE:
            if run[key] == fixed[key]:
                del run[key]
    return {"id": number, "hash": Cell.from_id(number).hash, **fixed}


def _runs_at(reader: IndexReader, ids: Ids, budget: int) -> list[list[dict[str, Any]]]:
    """For each cell its runs at a budget, each with its graph and parameters."""
    rows = reader.rows_of(ids)
    by_cell: list[list[dict[str, Any]]] = [[] for _ in ids]
    for repeat in range(reader.repeats[budget]):
        graphs = _values(reader, rows, budget, repeat, "graph")
        present = np.flatnonzero(~np.isnan(graphs))  # A graph is an integer, never NaN.
        check_graphs(reader, rows[present], graphs[present].astype(np.uint32))
        values = partial(_values, reader, rows[present], budget, repeat)
        evaluations = {stage: _evaluations(values, stage) for stage in STAGES}
        parameters = values("trainable_parameters").astype(int).tolist()
        totals = values("total_time").tolist()
        for place, cell in enumerate(present.tolist()):
            by_cell[cell].append(
                {
                    **_fixed(int(graphs[cell]), parameters[place]),
                    **{stage: listed[place] for stage, listed in evaluations.items()},
                    "total_time": _writable(totals[place]),
                }
            )
    return by_cell


def _evaluations(values: Callable[[str, str], Doubles], stage: str) -> list[dict[str, Any]]:
    """The metrics of runs at a stage, by name for each run."""
    columns = [map(_writable, values(metric, stage).tolist()) for metric in EVALUATION_METRICS]
    return [dict(zip(EVALUATION_METRICS, each, strict=True)) for each in zip(*columns, strict=True)]


def _values(
    reader: IndexReader, rows: Rows, budget: int, repeat: int, metric: str, stage: str = "final"
) -> Doubles:
    measurement = reader.measurement(
        metric, epochs=reader.epochs[budget], stage=stage, repeat=repeat
    )
    return reader.values(measurement, rows)


def _fixed(code: int, parameters: int) -> dict[str, Any]:
    matrix, ops = _graph(code)
    return dict(zip(STATED_ONCE, ([[*row] for row in matrix], [*ops], parameters), strict=True))


@lru_cache(maxsize=1024)
def _graph(code: int) -> tuple[list[list[int]], tuple[str, ...]]:
    cell = Cell.from_code(code)
    return cell.matrix.tolist(), cell.ops


def _writable(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return next(text for text, other in NUMBERS_AS_TEXTS.items() if str(value) == str(other))
