"""The runs of a JSON file; docs/json.md describes its form with an example."""

from __future__ import annotations

import itertools
import math
import reprlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from . import _core
from ._core import FormatError, OutOfDomainError
from .cell import Cell
from .ids import cell_parameters
from .json_documents import documents
from .json_form import NUMBERS_AS_TEXTS, STATED_ONCE
from .measurement import EVALUATION_METRICS, STAGES
from .phrases import alternatives, with_nearest
from .provenance import Marks
from .regular_file import open_regular
from .run_rows import RunRows, checked_names

_CELL_KEYS = {*STATED_ONCE, "runs", "id", "hash", "synthetic", "dataset"}
_RUN_KEYS = {*STAGES, "total_time", *STATED_ONCE}
_ROWS_AT_ONCE = 1 << 14


def read_json(table: _core.RunTable, path: str) -> Marks:
    """Append the runs of a JSON file to a table; return what the file says of its values.

    `json_form` describes the form. JSON lines are read line by line, any other file as a whole.

    Raises:
        FormatError: the file does not have this form. The message says where, which value is
            wrong, and what is allowed. The table then holds a part of the runs.
    """
    before = len(table)
    marks = Marks()
    with open(path, "rb", opener=open_regular) as file:
        objects = (each for document in documents(path, file) for each in _objects(*document))
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
    fixed |= {key: spec[key] for key in STATED_ONCE if key in spec}
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
        given = spec.get(key, allowed)
        if isinstance(given, str):
            given = given.lower()  # as in all other places where a hash is given
        if type(given) is not type(allowed) or given != allowed:
            _fail(f"{where}: {key}", spec[key], f"{allowed!r}, as the other keys say")
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
    own = {key: run.get(key, fixed[key]) for key in STATED_ONCE}
    graph = cell if not {"matrix", "ops"} & run.keys() else _stored_cell(where, own)
    if graph.id != cell.id:
        raise FormatError(
            f"{where}: the run has a graph of cell {graph.id}; use a graph of its own cell, "
            f"{cell.id}"
        )
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
    if isinstance(value, str) and value in NUMBERS_AS_TEXTS:
        return NUMBERS_AS_TEXTS[value]
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
