"""Runs as JSON, written and read back; docs/json.md describes the form with an example.

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

A file to be read needs `runs`, and `matrix` with `ops`, or `hash`, or `id`. If several of these are
there, they must name one cell. A value that is left out or null is missing: it becomes NaN, and
missing parameters become those of the official network. Other keys are refused. A file may also
have an object for each run, without `runs`; docs/own_results.md describes its keys. A file holds
one such object, a list of them, or `{"cells": [...]}`. JSON lines may have any of these on each
line. The r-th run of a cell and budget in a file is its repeat r.

    with open("cells.jsonl", "w") as file:
        for code in nb101fast.cell_codes()[index.cells]:
            print(index.to_json(code), file=file)
    nb101fast.compile("cells.jsonl", "again.nb101")
"""

from __future__ import annotations

import itertools
import json
import math
import reprlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, BinaryIO, NoReturn

import numpy as np

from . import _core
from ._core import FormatError
from .cell import Cell, OutOfDomainError
from .codes import cell_codes, cell_parameters
from .measurement import EVALUATION_METRICS, STAGES
from .phrases import alternatives, with_nearest
from .provenance import Marks
from .reader import Doubles, Ids, IndexReader, Rows
from .regular_file import open_regular
from .run_columns import check_graphs
from .run_rows import RunRows, checked_names

_CELLS_AT_ONCE = 2048
_FIXED = (
    "matrix",
    "ops",
    "trainable_parameters",
)  # A cell states these once; a run states only those in which it differs.
_CELL_KEYS = {*_FIXED, "runs", "id", "hash", "synthetic", "dataset"}
_RUN_KEYS = {*STAGES, "total_time", *_FIXED}
_ROWS_AT_ONCE = 1 << 14
_UNWRITABLE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


# ---------------------------------------------------------------- cells as JSON


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
        raise OutOfDomainError(f"the cell at position {position} is outside the search space")
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
    fixed = {key: first[key] for key in _FIXED}
    for run in (run for listed in runs.values() for run in listed):
        for key in _FIXED:
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
        stages = [
            [
                [_writable(v) for v in values(metric, stage).tolist()]
                for metric in EVALUATION_METRICS
            ]
            for stage in STAGES
        ]
        parameters = values("trainable_parameters").astype(int).tolist()
        totals = values("total_time").tolist()
        for place, cell in enumerate(present.tolist()):
            evaluations = {
                stage: dict(zip(EVALUATION_METRICS, [c[place] for c in columns], strict=True))
                for stage, columns in zip(STAGES, stages, strict=True)
            }
            by_cell[cell].append(
                {
                    **_fixed(int(graphs[cell]), parameters[place]),
                    **evaluations,
                    "total_time": _writable(totals[place]),
                }
            )
    return by_cell


def _values(
    reader: IndexReader, rows: Rows, budget: int, repeat: int, metric: str, stage: str = "final"
) -> Doubles:
    measurement = reader.measurement(
        metric, epochs=reader.epochs[budget], stage=stage, repeat=repeat
    )
    return reader.values(measurement, rows)


def _fixed(code: int, parameters: int) -> dict[str, Any]:
    matrix, ops = _graph(code)
    return dict(zip(_FIXED, ([[*row] for row in matrix], [*ops], parameters), strict=True))


@lru_cache(maxsize=1024)
def _graph(code: int) -> tuple[list[list[int]], tuple[str, ...]]:
    cell = Cell.from_code(code)
    return cell.matrix.tolist(), cell.ops


def _writable(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return next(text for text, other in _UNWRITABLE.items() if str(value) == str(other))


# ---------------------------------------------------------------- JSON back in


def read_json(table: _core.RunTable, path: str) -> Marks:
    """Append the runs of a JSON file to a table; return what the file says of its values.

    The module describes the form. JSON lines are read line by line, any other file as a whole.

    Raises:
        FormatError: the file does not have this form. The message says where, which value is
            wrong, and what is allowed. The table then holds a part of the runs.
    """
    before = len(table)
    marks = Marks()
    with open(path, "rb", opener=open_regular) as file:
        objects = (each for document in _documents(path, file) for each in _objects(*document))
        for is_row, part in itertools.groupby(objects, lambda each: _is_row(each[1])):
            if is_row:
                for rows in _rows(path, part):
                    marks |= rows.marks()
                    table.append(*rows.runs().arrays())
                continue
            for place, cell in part:
                marks |= _append_cell(table, place, cell)
    if len(table) == before:
        raise FormatError(f"{path}: no runs: give at least one")
    return marks


def _is_row(spec: Any) -> bool:
    """Whether an object is a single run, and not a cell with all its runs."""
    return isinstance(spec, dict) and "runs" not in spec


def _rows(path: str, objects: Iterator[tuple[str, dict[str, Any]]]) -> Iterator[RunRows]:
    """Objects of one run each as rows of a table, whose columns are their keys."""
    while part := list(itertools.islice(objects, _ROWS_AT_ONCE)):
        places, specs = zip(*part, strict=True)
        names = checked_names(path, dict.fromkeys(key for spec in specs for key in spec))
        columns = {name: [spec.get(own) for spec in specs] for name, own in names.items()}
        yield RunRows(columns, names, places.__getitem__)


def _documents(path: str, file: BinaryIO) -> Iterator[tuple[str, Any]]:
    """Each line's value, after its name in errors. A file that is not JSON lines is one value."""
    is_first = True
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        where = f"{path}: line {number}"
        try:
            document = _parsed(where, line)
        except json.JSONDecodeError as error:
            if not is_first:
                raise FormatError(f"{where}: not JSON: {error}") from None
            yield path, parse_whole(path, b"\n" * (number - 1) + line + file.read())
            return
        yield where, document
        is_first = False


def parse_whole(path: str, data: bytes) -> Any:
    """The value that a file of JSON holds.

    Raises:
        FormatError: the file is not JSON, or a key of an object occurs twice in it.
    """
    try:
        return _parsed(path, data)
    except json.JSONDecodeError as error:
        raise FormatError(f"{path}: not JSON: {error}") from None


def _parsed(where: str, data: bytes) -> Any:
    """Parse a value.

    Raises:
        JSONDecodeError: the text breaks the syntax of JSON.
        FormatError: a key occurs twice, a number is NaN or infinite, or lists are nested too deep.
    """
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
        raise ValueError(f"the key {max(keys, key=keys.count)!r} occurs twice; give it once")
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f'{name} is not a number in JSON; use the text "{name}"')


def _objects(where: str, document: Any) -> Iterator[tuple[str, Any]]:
    """Each cell or run of a document, after its name in errors."""
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


def _append_cell(table: _core.RunTable, where: str, spec: Any) -> Marks:
    """Append the runs of a cell; return what it says of them."""
    _check_keys(where, spec, _CELL_KEYS)
    cell = _named_cell(where, spec)
    fixed = {"matrix": cell.matrix.tolist(), "ops": [*cell.ops], "trainable_parameters": None}
    fixed |= {key: spec[key] for key in _FIXED if key in spec}
    if not isinstance(spec["runs"], dict):
        _fail(f"{where}: runs", spec["runs"], "an object of lists by epochs")
    for text, runs in spec["runs"].items():
        place = f"{where}: runs.{text}"
        if not isinstance(runs, list):
            _fail(place, runs, "a list of runs")
        epochs = _epochs(place, text)
        for repeat, run in enumerate(runs):
            _append_run(table, f"{place}[{repeat}]", run, epochs, fixed, cell)
    return _marks(where, spec)


def _named_cell(where: str, spec: Mapping[str, Any]) -> Cell:
    """The cell that the matrix, the hash or the id names. All that are there must name the same."""
    if {"matrix", "ops"} & spec.keys():
        _need_keys(where, spec, ("matrix", "ops"))
        cell = _stored_cell(where, spec)
    else:
        cell = _cell_of_hash_or_id(where, spec)
    for key, allowed in (("id", cell.id), ("hash", cell.hash)):
        if key in spec and (type(spec[key]) is bool or spec[key] != allowed):
            _fail(f"{where}: {key}", spec[key], f"{allowed!r}, that of its graph")
    return cell


def _cell_of_hash_or_id(where: str, spec: Mapping[str, Any]) -> Cell:
    for key, read in (("hash", Cell.from_hash), ("id", Cell.from_id)):
        if key in spec:
            try:
                return read(spec[key])
            except (ValueError, TypeError, IndexError, OutOfDomainError) as error:
                raise FormatError(f"{where}: {key}: {error}") from None
    raise FormatError(f"{where}: nothing names the cell; give matrix and ops, hash or id")


def _marks(where: str, spec: Mapping[str, Any]) -> Marks:
    synthetic, dataset = spec.get("synthetic", False), spec.get("dataset")
    if not isinstance(synthetic, bool):
        _fail(f"{where}: synthetic", synthetic, "true or false")
    if not isinstance(dataset, str | None):
        _fail(f"{where}: dataset", dataset, "the name of a data set")
    return Marks.of_datasets([dataset] if dataset else [], synthetic=synthetic)


def _append_run(
    table: _core.RunTable, where: str, run: Any, epochs: int, fixed: dict[str, Any], cell: Cell
) -> None:
    _check_keys(where, run, _RUN_KEYS)
    own = {key: run.get(key, fixed[key]) for key in _FIXED}
    graph = cell if not {"matrix", "ops"} & run.keys() else _stored_cell(where, own)
    if graph.id != cell.id:
        _fail(where, f"a graph of cell {graph.id}", f"one of its own cell, {cell.id}")
    values = []
    for stage in STAGES:
        place, evaluation = f"{where}.{stage}", run.get(stage, {})
        _check_keys(place, evaluation, EVALUATION_METRICS)
        values += [_number(place, evaluation, field) for field in EVALUATION_METRICS]
    parameters = own["trainable_parameters"]
    if parameters is None:
        parameters = int(cell_parameters()[cell.id])
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
    value = values.get(key)
    if value is None:
        return math.nan
    if isinstance(value, str) and value in _UNWRITABLE:
        return _UNWRITABLE[value]
    if type(value) is float and math.isfinite(value):
        return value
    if type(value) is int and abs(value) <= 1 << 53:
        return float(value)
    _fail(f"{where}.{key}", value, "a number that a double holds")


def _check_keys(where: str, value: Any, allowed: Collection[str]) -> None:
    if not isinstance(value, dict):
        _fail(where, value, "an object")
    if unknown := [key for key in value if key not in allowed]:
        raise FormatError(
            f"{where}: unknown keys: {with_nearest(unknown, allowed)}; use "
            f"{alternatives(sorted(allowed))}"
        )


def _need_keys(where: str, spec: Mapping[str, Any], needed: Sequence[str]) -> None:
    if missing := [key for key in needed if key not in spec]:
        raise FormatError(f"{where}: the key {missing[0]!r} is missing; add it")


def _fail(where: str, value: Any, allowed: str) -> NoReturn:
    raise FormatError(f"{where}: {reprlib.repr(value)} is not allowed; use {allowed}")
