"""Runs as JSON: a cell in full, to read, to send, and to compile again.

A cell:

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

- `runs`: by epochs; a run's place in its list is its repeat.
- `matrix` and `ops`: the stored, pruned graph. A run stored with another graph of the cell, or
  another count of parameters, has a `matrix`, `ops` or `trainable_parameters` of its own.
- Numbers have as many digits as give the same double again. What JSON has no number for is text:
  "NaN", "Infinity", "-Infinity".
- `synthetic` is true where the index says so, and otherwise absent.

To be read, `id`, `hash` and `synthetic` may be absent; what is there must be right, and nothing
else may be. A file holds one cell, or `{"cells": [...]}`, or a list of cells; or JSON lines, any of
these on each line. The r-th run of a cell and budget in a file is its repeat r.

    with open("cells.jsonl", "w") as file:
        for code in nb101fast.cell_codes()[index.cells]:
            print(index.to_json(code), file=file)
    nb101fast.compile("cells.jsonl", "again.nb101")
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Iterator, Mapping, Set
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from . import _core
from .cell import Cell, OutOfDomainError
from .codes import cell_codes, cell_parameters
from .tables import EVALUATION_FIELDS

if TYPE_CHECKING:
    from .index import Index

FormatError = _core.FormatError

_FIXED = ("matrix", "ops", "trainable_parameters")  # of a cell, unless a run has its own
_CELL_KEYS = {*_FIXED, "runs"}
_CELL_MAY = {"id", "hash", "synthetic"}
_RUN_KEYS = {*_core.STAGES, "total_time"}
_UNWRITABLE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


# ---------------------------------------------------------------- a cell as JSON


def cell_json(index: Index, cell: int | Cell | str) -> dict[str, Any]:
    """All runs of a cell in the form that the module describes; without runs, `runs` is empty.

    Args:
        cell: a code, a Cell or an official hash.

    Raises:
        OutOfDomainError: outside the search space.
    """
    number = index._id_of(cell)
    runs = {
        str(epochs): runs
        for budget, epochs in enumerate(index.epochs)
        if (runs := list(_runs_at(index, number, budget)))
    }
    representative = _fixed(int(cell_codes()[number]), int(cell_parameters()[number]))
    first = next(iter(runs.values()))[0] if runs else representative
    fixed = {key: first[key] for key in _FIXED}
    for run in (run for listed in runs.values() for run in listed):
        for key in _FIXED:
            if run[key] == fixed[key]:
                del run[key]
    marks = {"synthetic": True} if index.is_synthetic else {}
    return {"id": number, "hash": Cell.from_id(number).hash, **fixed, **marks, "runs": runs}


def _runs_at(index: Index, cell_id: int, budget: int) -> Iterator[dict[str, Any]]:
    """The runs of a cell at a budget, each with its graph and parameters."""
    rows = index._file.rows_of(np.array([cell_id], np.int32))
    for repeat in range(index.repeats[budget]):
        value = partial(_value, index, rows, budget, repeat)
        code = value("graph")
        if math.isnan(code):
            return  # no such run: graphs are integers
        yield {
            **_fixed(int(code), int(value("trainable_parameters"))),
            **{s: {m: _writable(value(m, s)) for m in EVALUATION_FIELDS} for s in _core.STAGES},
            "total_time": _writable(value("total_time")),
        }


def _value(
    index: Index,
    rows: npt.NDArray[np.int64],
    budget: int,
    repeat: int,
    metric: str,
    stage: str = "final",
) -> float:
    place = _core.METRICS.index(metric), _core.STAGES.index(stage)
    return float(index._file.run_values(*place, budget, repeat, rows)[0])


def _fixed(code: int, parameters: int) -> dict[str, Any]:
    cell = Cell.from_code(code)
    values = cell.matrix.tolist(), list(cell.ops), parameters
    return dict(zip(_FIXED, values, strict=True))


def _writable(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return next(text for text, other in _UNWRITABLE.items() if str(value) == str(other))


# ---------------------------------------------------------------- JSON back in


def read_json(table: _core.RunTable, path: str) -> int:
    """Append the runs of a JSON file, of the form the module describes, to a table; how many.

    JSON lines are read a line at a time, any other file at once.

    Raises:
        FormatError: not such a file: where, which value, and what is allowed. The table then has a
            part of the runs.
    """
    count = 0
    for where, document in _documents(path):
        for place, cell in _cells(where, document):
            count += _append_cell(table, place, cell)
    if not count:
        raise FormatError(f"{path}: it has no runs: one is needed")
    return count


def _documents(path: str) -> Iterator[tuple[str, Any]]:
    """Each line's value and what it is called; or the whole file's, if it isn't lines."""
    is_first = True
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            where = f"{path}: line {number}"
            try:
                document = _parsed(where, line)
            except json.JSONDecodeError as error:
                if not is_first:
                    raise FormatError(f"{where}: not JSON: {error}") from None
                yield path, _whole(path, b"\n" * (number - 1) + line + file.read())
                return
            yield where, document
            is_first = False


def _whole(path: str, data: bytes) -> Any:
    try:
        return _parsed(path, data)
    except json.JSONDecodeError as error:
        raise FormatError(f"{path}: not JSON: {error}") from None


def _parsed(where: str, data: bytes) -> Any:
    """The value, JSONDecodeError, or FormatError for what JSON or this form doesn't allow."""
    try:
        return json.loads(data, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{where}: not JSON: {error}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {max(keys, key=keys.count)!r} is there twice")
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f'{name} is no number there; "{name}" is allowed')


def _cells(where: str, document: Any) -> Iterator[tuple[str, Any]]:
    """Each cell of a document and what it is called."""
    if not isinstance(document, list) and not (isinstance(document, dict) and "cells" in document):
        yield where, document
        return
    listed = document
    if isinstance(document, dict):
        _check_keys(where, document, {"cells"})
        listed = document["cells"]
    if not isinstance(listed, list):
        _fail(f"{where}: cells", listed, "a list")
    for position, cell in enumerate(listed):
        yield f"{where}: cells[{position}]", cell


def _append_cell(table: _core.RunTable, where: str, spec: Any) -> int:
    """Append the runs of a cell; how many there were."""
    _check_keys(where, spec, _CELL_KEYS, _CELL_MAY)
    cell = _stored_cell(where, spec)
    for key, allowed in (("id", cell.id), ("hash", cell.hash)):
        if key in spec and (type(spec[key]) is bool or spec[key] != allowed):
            _fail(f"{where}: {key}", spec[key], f"{allowed!r}, that of its graph,")
    if not isinstance(spec.get("synthetic", False), bool):
        _fail(f"{where}: synthetic", spec["synthetic"], "true or false")
    if not isinstance(spec["runs"], dict):
        _fail(f"{where}: runs", spec["runs"], "an object of lists by epochs")
    count = 0
    for text, runs in spec["runs"].items():
        place = f"{where}: runs.{text}"
        if not isinstance(runs, list):
            _fail(place, runs, "a list of runs")
        epochs = _epochs(place, text)
        for repeat, run in enumerate(runs):
            _append_run(table, f"{place}[{repeat}]", run, epochs, spec, cell)
        count += len(runs)
    return count


def _append_run(
    table: _core.RunTable, where: str, run: Any, epochs: int, spec: dict[str, Any], cell: Cell
) -> None:
    _check_keys(where, run, _RUN_KEYS, set(_FIXED))
    own = {key: run.get(key, spec[key]) for key in _FIXED}
    graph = cell if not {"matrix", "ops"} & run.keys() else _stored_cell(where, own)
    if graph.id != cell.id:
        _fail(where, f"a graph of cell {graph.id}", f"one of its cell, {cell.id},")
    values = []
    for stage in _core.STAGES:
        place = f"{where}.{stage}"
        _check_keys(place, run[stage], set(EVALUATION_FIELDS))
        values += [_number(place, run[stage], field) for field in EVALUATION_FIELDS]
    parameters = own["trainable_parameters"]
    if type(parameters) is not int or not -(1 << 31) <= parameters < 1 << 31:
        _fail(f"{where}.trainable_parameters", parameters, "an integer of 32 bits")
    table.append(
        np.array([graph.code], np.uint32),
        np.array([epochs], np.uint32),
        np.array([values], np.float64),
        np.array([parameters], np.int32),
        np.array([_number(where, run, "total_time")], np.float64),
    )


def _stored_cell(where: str, spec: Mapping[str, Any]) -> Cell:
    """The cell of a matrix and operations, which must be those of a stored graph."""
    matrix, ops = spec["matrix"], spec["ops"]
    try:
        cell = Cell(matrix, ops)
    except (ValueError, OutOfDomainError) as error:
        raise FormatError(f"{where}: matrix and ops: {error}") from None
    if not cell.is_valid:
        _fail(f"{where}: matrix", matrix, "a cell of the search space")
    if cell.matrix.tolist() != matrix:
        _fail(f"{where}: matrix", matrix, "a pruned graph")
    if list(cell.ops) != ops:
        _fail(f"{where}: ops", ops, "the names of all vertices' operations")
    return cell


def _epochs(where: str, text: str) -> int:
    """Epochs as a key, without a sign or leading zeros."""
    epochs = int(text) if text.isdecimal() and text.isascii() and len(text) <= 10 else 0
    if str(epochs) != text or not 1 <= epochs < 1 << 32:
        _fail(where, text, "a positive integer of 32 bits")
    return epochs


def _number(where: str, values: Mapping[str, Any], key: str) -> float:
    value = values[key]
    if isinstance(value, str) and value in _UNWRITABLE:
        return _UNWRITABLE[value]
    if type(value) is float and math.isfinite(value):
        return value
    if type(value) is int and abs(value) <= 1 << 53:
        return float(value)
    _fail(f"{where}.{key}", value, "a number that a double holds")


def _check_keys(where: str, value: Any, needed: Set[str], may: Set[str] = frozenset()) -> None:
    if not isinstance(value, dict):
        _fail(where, value, "an object")
    if missing := sorted(needed - value.keys()):
        raise FormatError(f"{where}: {missing[0]!r} is missing")
    if unknown := sorted(value.keys() - needed - may):
        raise FormatError(
            f"{where}: {unknown[0]!r} is unknown; {', '.join(sorted(needed | may))} are allowed"
        )


def _fail(where: str, value: Any, allowed: str) -> NoReturn:
    raise FormatError(f"{where}: {reprlib.repr(value)}; {allowed} is allowed")
