"""A cell's runs as JSON, and back in."""

from __future__ import annotations

import copy
import json
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import Cell, FormatError, Index, OutOfDomainError, _core
from nb101fast.json_runs import read_json
from reference import tfrecord
from reference.cells import module_hash
from reference.runs import STAGES, graph_of_record
from reference.tfrecord import EvaluationData, Record

Sample = tuple[Path, list[Record]]
DIAMOND = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]


def cell_json(index: Index, cell: Cell) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(index.to_json(cell))
    return spec


@pytest.fixture
def spec(index: Index) -> dict[str, Any]:
    """A cell with runs at every budget."""
    has_all = index.run_counts(epochs=4).astype(bool) & index.run_counts(epochs=108).astype(bool)
    return cell_json(index, Cell.from_id(int(index.cells[np.argmax(has_all)])))


def all_cells(index: Index) -> list[dict[str, Any]]:
    return [cell_json(index, Cell.from_id(cell)) for cell in index.cells.tolist()]


def by_cell(index: Index, folder: Path) -> list[str]:
    """The records of an index, those of a cell and budget in their order."""
    nb101fast.export(index, folder / "exported.tfrecord", unmarked=True)
    records = tfrecord.read((folder / "exported.tfrecord").read_bytes())
    return list(map(repr, sorted(records, key=lambda r: (r.module_hash, r.epochs))))


def written(folder: Path, text: str) -> Path:
    path = folder / "cells.json"
    path.write_text(text)
    return path


# -------------------------------------------------------------------- out


def test_a_cell_says_what_its_records_say(index: Index, small_sample: Sample) -> None:
    for spec in all_cells(index):
        records = [r for r in small_sample[1] if r.module_hash == spec["hash"]]
        assert spec["id"] == Cell.from_hash(spec["hash"]).id
        assert spec["synthetic"] is True
        graph = graph_of_record(records[0])
        assert module_hash(graph) == spec["hash"]
        assert spec["matrix"] == [list(row) for row in graph.matrix]
        assert tuple(spec["ops"]) == records[0].operations
        assert {spec["trainable_parameters"]} == {r.metrics.trainable_parameters for r in records}
        assert list(spec["runs"]) == [str(e) for e in sorted({r.epochs for r in records})]
        for epochs, runs in spec["runs"].items():
            of_budget = [r.metrics for r in records if r.epochs == int(epochs)]
            for run, metrics in zip(runs, of_budget, strict=True):
                assert run.keys() == {*STAGES, "total_time"}
                assert run["total_time"] == metrics.total_time
                evaluations = zip(STAGES, metrics.evaluations, strict=True)
                assert all(run[stage] == e._asdict() for stage, e in evaluations)


def test_a_cell_by_code_hash_and_cell(index: Index) -> None:
    cell = Cell.from_id(int(index.cells[3]))
    text = index.to_json(cell)
    assert index.to_json(cell.code) == index.to_json(cell.hash) == text
    assert "\n" not in text
    assert json.loads(text) == cell_json(index, cell)


def test_a_cell_without_runs(index: Index) -> None:
    absent = Cell.from_id(next(i for i in range(99) if i not in index.cells))
    spec = cell_json(index, absent)
    assert spec["runs"] == {}
    assert Cell(spec["matrix"], spec["ops"]) == absent
    assert spec["trainable_parameters"] == absent.trainable_parameters
    with pytest.raises(OutOfDomainError):
        index.to_json(0)
    with pytest.raises(OutOfDomainError, match=r"position 1 .*, or its hash is not in the index"):
        index.to_json(hashes=[Cell.from_id(int(index.cells[3])).hash, "0" * 32])


# -------------------------------------------------------------------- and back


@pytest.mark.parametrize("form", ["lines", "object", "list", "pretty", "one line each"])
def test_json_and_back(index: Index, tmp_path: Path, form: str) -> None:
    cells = all_cells(index)
    text = {
        "lines": "\n".join(map(json.dumps, cells)),
        "object": json.dumps({"cells": cells}),
        "list": json.dumps(cells),
        "pretty": "\n" + json.dumps({"cells": cells}, indent=2),
        "one line each": "".join(json.dumps({"cells": [cell]}) + "\n\n" for cell in cells),
    }[form]
    path = written(tmp_path, text)
    table = _core.RunTable()
    read_json(table, str(path))
    assert len(table) == index.num_runs
    report = nb101fast.compile(path, tmp_path / "again.nb101")
    assert report.records == index.num_runs
    again = nb101fast.open(tmp_path / "again.nb101", verify="full")
    assert by_cell(again, tmp_path) == by_cell(index, tmp_path)


def test_one_cell_and_back(tmp_path: Path, spec: dict[str, Any]) -> None:
    for indent in (None, 1):
        path = written(tmp_path, json.dumps(spec, indent=indent))
        nb101fast.compile(path, tmp_path / "again.nb101")
        again = nb101fast.open(tmp_path / "again.nb101")
        assert {**cell_json(again, spec["hash"]), "synthetic": True} == spec


def test_odd_values_are_kept(tmp_path: Path) -> None:
    codes = [nb101fast.encode(DIAMOND, labels) for labels in ([1, 2], [2, 1])]
    odd = np.array([math.nan, math.inf, -math.inf, -0.0, 1 / 3, 5e-324])
    table = _core.RunTable()
    table.append(
        np.array([*codes, codes[1]], np.uint32),
        np.array([4, 4, (1 << 32) - 1], np.uint32),
        np.resize(odd, (3, 15)),
        np.array([7, -(1 << 31), 7], np.int32),
        odd[:3],
    )
    _core.IndexAssembly(table).write(str(tmp_path / "odd.nb101"), "{}")
    index = nb101fast.open(tmp_path / "odd.nb101")
    (number,) = index.cells.tolist()
    spec = json.loads(index.to_json(Cell.from_id(number)), parse_constant=pytest.fail)
    first, second = spec["runs"]["4"]
    assert first["total_time"] == "NaN"
    assert second["total_time"] == "Infinity"
    assert spec["ops"] == ["input", "conv1x1-bn-relu", "maxpool3x3", "output"]
    assert second["ops"] == ["input", "maxpool3x3", "conv1x1-bn-relu", "output"]
    assert second["trainable_parameters"] == -(1 << 31)
    assert "trainable_parameters" not in spec["runs"]["4294967295"][0]
    nb101fast.compile(written(tmp_path, json.dumps(spec)), tmp_path / "again.nb101")
    again = nb101fast.open(tmp_path / "again.nb101")
    assert by_cell(again, tmp_path) == by_cell(index, tmp_path)


def test_what_may_be_left_out(tmp_path: Path, spec: dict[str, Any]) -> None:
    bare = {key: spec[key] for key in ("matrix", "ops", "trainable_parameters", "runs")}
    nb101fast.compile(written(tmp_path, json.dumps(bare)), tmp_path / "again.nb101")
    again = cell_json(nb101fast.open(tmp_path / "again.nb101"), spec["hash"])
    assert {**again, "synthetic": True} == spec


def test_real_cells_in_every_form(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "nb101_real_52.json"
    if not path.is_file():
        pytest.skip(f"the real data is missing: no {path.name} in ../shared/data")
    cells = json.loads(path.read_text())
    specs = [real_spec(cell) for cell in cells]
    nb101fast.compile(written(tmp_path, json.dumps({"cells": specs})), tmp_path / "json.nb101")
    index = nb101fast.open(tmp_path / "json.nb101")
    assert (len(index), index.num_runs, index.denominator) == (52, 156, 9984)
    index.to_parquet(tmp_path / "real.parquet")
    nb101fast.compile(tmp_path / "real.parquet", tmp_path / "parquet.nb101")
    rows = {(r["hash"], r["repeat"]): r for r in index.to_arrow(form="runs").to_pylist()}
    for opened in (index, nb101fast.open(tmp_path / "parquet.nb101")):
        assert [cell_json(opened, cell["module_hash"]) for cell in cells] == specs
    for cell in cells:
        for repeat, run in enumerate(cell["computed"]["108"]):
            row = rows[cell["module_hash"], repeat]
            assert {key: row[key] for key in run} == run


def real_spec(cell: dict[str, Any]) -> dict[str, Any]:
    """A real cell in our form; what its source leaves out is made up."""
    start = dict.fromkeys(EvaluationData._fields, 0.0)
    runs = [
        {
            "start": start,
            "halfway": {"current_epoch": 54.0, **stage_of(run, "halfway_")},
            "final": {"current_epoch": 108.0, **stage_of(run, "final_")},
            "total_time": run["final_training_time"] * 1.1,
        }
        for run in cell["computed"]["108"]
    ]
    return {
        "id": Cell.from_hash(cell["module_hash"]).id,
        "hash": cell["module_hash"],
        "matrix": cell["module_adjacency"],
        "ops": cell["module_operations"],
        "trainable_parameters": cell["trainable_parameters"],
        "runs": {"108": runs},
    }


def stage_of(run: dict[str, float], prefix: str) -> dict[str, float]:
    return {key.removeprefix(prefix): run[key] for key in run if key.startswith(prefix)}


# -------------------------------------------------------------------- at fault


def run_of(spec: dict[str, Any]) -> dict[str, Any]:
    run: dict[str, Any] = spec["runs"]["108"][0]
    return run


def change(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda spec: spec.update(values)


def change_run(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda spec: run_of(spec).update(values)


def change_final(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda spec: run_of(spec)["final"].update(values)


UNPRUNED = [[0, 1, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
FAULTS: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda spec: spec.pop("ops"), "the key 'ops' is missing; add it"),
    (
        change(run=1, hasch=2),
        "unknown keys: 'run' (is it 'runs'?), 'hasch' (is it 'hash'?); use 'dataset', 'hash', "
        "'id', 'matrix', 'ops', 'runs', 'synthetic' or 'trainable_parameters'",
    ),
    (change(dataset=1), "dataset: 1 is not allowed; use the name of a data set"),
    (
        lambda spec: [spec.pop(key) for key in ("id", "hash", "matrix", "ops")],
        "nothing names the cell; give matrix and ops, hash or id",
    ),
    (change(id=423_623), "id: 423623 is not allowed; use "),
    (change(id=True), "id: True is not allowed; use "),
    (change(hash="0" * 32), "hash: '000000000000...0000000000000' is not allowed; use '"),
    (change(synthetic="no"), "synthetic: 'no' is not allowed; use true or false"),
    (change(matrix=[[0, 1], [0]]), "matrix and ops: "),
    (change(matrix=[[0, 2], [0, 0]]), "matrix and ops: matrix element 2 at [0, 1] is not allowed"),
    (change(matrix=None), "matrix and ops: "),
    (change(ops=["input", "conv", "output"]), "matrix and ops: "),
    (change(matrix=UNPRUNED, ops=["input", *["maxpool3x3"] * 2, "output"]), "a pruned graph"),
    (
        change(matrix=DIAMOND, ops=[1, 2]),
        "ops: [1, 2] is not allowed; use the names of all vertices' operations",
    ),
    (change(matrix=[[0, 0], [0, 0]], ops=["input", "output"]), "a cell of the search space"),
    (change(runs=[]), "runs: [] is not allowed; use an object of lists by epochs"),
    (change(runs={"108": {}}), "runs.108: {} is not allowed; use a list of runs"),
    (change(runs={"0": []}), "runs.0: '0' is not allowed; use a positive integer of 32 bits"),
    (change(runs={"04": []}), "runs.04: '04' is not allowed; use a positive integer of 32 bits"),
    (
        change(runs={"4294967296": []}),
        "runs.4294967296: '4294967296' is not allowed; use a positive integer",
    ),
    (change(runs={"108": [7]}), "runs.108[0]: 7 is not allowed; use an object"),
    (change(runs={}), "no runs: give at least one"),
    (
        change(trainable_parameters=1.5),
        "runs.4[0].trainable_parameters: 1.5 is not allowed; use an integer of 32",
    ),
    (
        change_run(trainable_parameters=1 << 31),
        "runs.108[0].trainable_parameters: 2147483648 is not allowed; use an",
    ),
    (change_run(repeat=0), "runs.108[0]: unknown keys: 'repeat'; use "),
    (change_run(start=[]), "runs.108[0].start: [] is not allowed; use an object"),
    (
        change_final(test_accuracy=True),
        "runs.108[0].final.test_accuracy: True is not allowed; use a number",
    ),
    (
        change_final(test_accuracy="nan"),
        "runs.108[0].final.test_accuracy: 'nan' is not allowed; use a number",
    ),
    (
        change_final(test_accuracy=(1 << 53) + 1),
        ".final.test_accuracy: 9007199254740993 is not allowed; use a number",
    ),
    (
        change_run(total_time="1"),
        "runs.108[0].total_time: '1' is not allowed; use a number that a double holds",
    ),
    (
        change_run(matrix=[[0, 1], [0, 0]], ops=["input", "output"]),
        "runs.108[0]: the run has a graph of cell 0; use a graph of its own cell, ",
    ),
]


@pytest.mark.parametrize(("damage", "message"), FAULTS)
def test_a_faulty_value_is_refused_with_its_place(
    tmp_path: Path,
    spec: dict[str, Any],
    damage: Callable[[dict[str, Any]], Any],
    message: str,
) -> None:
    faulty = copy.deepcopy(spec)
    damage(faulty)
    path = written(tmp_path, json.dumps(faulty))
    with pytest.raises(FormatError, match=re.escape(message)) as error:
        nb101fast.compile(path, tmp_path / "out.nb101")
    assert str(error.value).startswith(f"{path}: ")
    assert os.listdir(tmp_path) == ["cells.json"]


def test_the_place_of_a_fault(tmp_path: Path, spec: dict[str, Any]) -> None:
    faulty = copy.deepcopy(spec)
    faulty["id"] = -3
    fault = f"id: -3 is not allowed; use {spec['id']}, as the other keys say"
    lines = "\n\n".join([json.dumps(spec), json.dumps({"cells": [spec, faulty]})])
    for text, where in (
        (lines, "line 3: cells[1]: "),
        (json.dumps({"cells": [spec, faulty]}, indent=1), "cells[1]: "),
        (json.dumps(faulty, indent=1), ""),
    ):
        path = written(tmp_path, text)
        with pytest.raises(FormatError, match=re.escape(f"{path}: {where}{fault}")):
            read_json(_core.RunTable(), str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no runs: give at least one"),
        ("[]", "no runs: give at least one"),
        ("7", "line 1: 7 is not allowed; use an object"),
        ('{"cells": 7}', "line 1: cells: 7 is not allowed; use a list"),
        ('{"cells": [], "more": 1}', "line 1: unknown keys: 'more'; use 'cells'"),
        ('{"cells": [', "not JSON: Expecting value: line 1 column 12 (char 11)"),
        ('\n{"cells":\n [}', "not JSON: Expecting value: line 3 column 3"),
        ('{"cells": []}\n{"cells": [', "line 2: not JSON: Expecting value: line 1 column 12"),
        (
            '{"cells": [], "cells": []}',
            "line 1: not JSON: the key 'cells' occurs twice; give it once",
        ),
        ('{"cells": [NaN]}', 'line 1: not JSON: NaN is not a number in JSON; use the text "NaN"'),
        ("[" * 200_000, "line 1: not JSON: "),
        ('{"cells": "\udcff"}', "line 1: not JSON: 'utf-8' codec can't decode byte 0xff"),
    ],
)
def test_a_text_that_is_not_such_json_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "cells.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(FormatError, match=re.escape(f"{path}: {message}")):
        read_json(_core.RunTable(), str(path))


def test_a_number_too_large(tmp_path: Path, spec: dict[str, Any]) -> None:
    run_of(spec)["total_time"] = 12345.5
    path = written(tmp_path, json.dumps(spec).replace("12345.5", "1e999"))
    with pytest.raises(
        FormatError, match=r"runs\.108\[0\]\.total_time: inf is not allowed; use a number that"
    ):
        read_json(_core.RunTable(), str(path))
