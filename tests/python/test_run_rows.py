"""Tables with a row for each run: DataFrames, Arrow, CSV, JSON and Parquet, in and back."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import nb101fast
from nb101fast import Cell, FormatError, Index
from nb101fast.builder import IndexBuilder
from nb101fast.locations import BUILT_IN
from nb101fast.runs import Runs
from reference.libraries import cases, import_or_skip

CHAIN = [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
CHAIN_OPS = ["input", "maxpool3x3", "output"]
CELL = Cell(CHAIN, CHAIN_OPS)
PADDED = np.zeros((7, 7), int)
PADDED[0, 1] = PADDED[1, 6] = 1
DIGITS = "".join(map(str, PADDED.reshape(-1)))  # 49 of them
PADDED_OPS = ["input", "maxpool3x3", *["null"] * 4, "output"]
Out = Callable[[Index, Path], Any]


def saved(suffix: str) -> Out:
    """The way out that writes a file with a suffix."""

    def export(index: Index, folder: Path) -> Path:
        nb101fast.export(index, folder / f"runs{suffix}")
        return folder / f"runs{suffix}"

    return export


def written(frame: Callable[[Index], Any], write: Callable[..., Any]) -> Out:
    """The way out by a file that the library of a DataFrame writes."""

    def file(index: Index, folder: Path) -> Path:
        write(frame(index), folder / "frame")
        return folder / "frame"

    return file


WAYS: dict[str, Out] = {
    "arrow": lambda index, _: index.to_arrow(),
    "arrow as stored": lambda index, _: index.to_arrow(form="stored"),
    "a batch of arrow": lambda index, _: index.to_arrow().to_batches()[0],
    "pandas": lambda index, _: index.to_pandas(),
    "pandas without categories": lambda index, _: pd.DataFrame(index.to_arrow().to_pylist()),
    "polars": lambda index, _: index.to_polars(),
    "parquet": saved(".parquet"),
    "parquet of pandas": written(Index.to_pandas, pd.DataFrame.to_parquet),
    "parquet of polars": written(Index.to_polars, lambda frame, path: frame.write_parquet(path)),
    "csv": saved(".csv"),
    "csv of pandas": written(Index.to_pandas, partial(pd.DataFrame.to_csv, index=False)),
    "csv of polars": written(Index.to_polars, lambda frame, path: frame.write_csv(path)),
    "json": saved(".json"),
    "json lines": saved(".jsonl"),
    "index": lambda index, _: index.path,
}


@pytest.fixture(scope="module")
def gappy(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """An index of odd graphs, of which every second value is missing."""
    rng = np.random.default_rng(7)
    codes = nb101fast.search_space.sample(12, seed=7)
    codes = np.array([Cell.from_code(code).code for code in codes.tolist()], np.uint32).repeat(3)
    values = rng.random((36, 15))
    values[rng.random((36, 15)) < 0.5] = np.nan
    times = np.where(rng.random(36) < 0.5, np.nan, rng.random(36))
    parameters = rng.integers(1, 1000, 36).astype(np.int32)
    epochs = np.tile(np.array([7, 7, 50], np.uint32), 12)
    builder = IndexBuilder()
    builder.add_runs(Runs(codes, epochs, values, parameters, times))
    path = tmp_path_factory.mktemp("gappy") / "gappy.nb101"
    builder.finish(path)
    return nb101fast.open(path, verify="full")


def rows_of(index: Index) -> list[str]:
    """Every value of every run, the runs of a cell and budget in their order."""
    rows = index.to_arrow().to_pylist()
    return list(map(repr, sorted(rows, key=lambda r: (r["hash"], r["epochs"], r["repeat"]))))


@pytest.mark.parametrize("way", cases(WAYS, "polars"))
def test_a_table_that_went_out_comes_back_exactly(gappy: Index, tmp_path: Path, way: str) -> None:
    nb101fast.compile(WAYS[way](gappy, tmp_path), tmp_path / "again.nb101")
    again = nb101fast.open(tmp_path / "again.nb101", verify="full")
    assert rows_of(again) == rows_of(gappy)
    assert again.provenance["findings"].keys() == gappy.provenance["findings"].keys()


NAMES: list[dict[str, Any]] = [
    {"matrix": CHAIN, "ops": CHAIN_OPS},
    {"matrix": "010 001 000", "operations": "input maxpool3x3 output"},
    {"matrix": "010001000", "ops": "input,maxpool3x3,output"},
    {"matrix": str(CHAIN), "ops": str(CHAIN_OPS)},
    {"matrix": PADDED.tolist(), "ops": PADDED_OPS},
    {"matrix": DIGITS, "ops": " ".join(PADDED_OPS)},
    {"matrix": DIGITS, "ops": "maxpool3x3 null null null null"},
    {"hash": CELL.hash},
    {"hash": CELL.hash.upper()},
    {"id": CELL.id},
    {"cell_id": CELL.id, "hash": CELL.hash},
    {"code": CELL.code},
    {"code": nb101fast.encode(PADDED, PADDED_OPS)},
    {"graph": CELL.code, "id": CELL.id},
]


def as_csv(row: dict[str, Any], path: Path) -> Path:
    pd.DataFrame([row]).to_csv(path, index=False)
    return path


def as_text(row: dict[str, Any], path: Path) -> Path:
    path.write_text(json.dumps(row))
    return path


def as_array(row: dict[str, Any], path: Path) -> pd.DataFrame:
    matrix = row.get("matrix")
    return pd.DataFrame([row | ({"matrix": np.array(matrix)} if type(matrix) is list else {})])


FORMS: dict[str, Callable[[dict[str, Any], Path], Any]] = {
    "pandas": lambda row, _: pd.DataFrame([row]),
    "pandas with arrays": as_array,
    "polars": lambda row, _: import_or_skip("polars").DataFrame([row]),
    "arrow": lambda row, _: pa.Table.from_pylist([row]),
    "csv": as_csv,
    "json": as_text,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_cell_can_be_named_in_many_ways(tmp_path: Path, form: str) -> None:
    inputs = []
    for number, name in enumerate(NAMES):
        row = {**name, "epochs": 5, "test_accuracy": 0.5 + number / 100}
        inputs.append(FORMS[form](row, tmp_path / str(number)))
    report = nb101fast.compile(inputs, tmp_path / "named.nb101")
    index = nb101fast.open(tmp_path / "named.nb101", verify="full")
    assert (report.cells, report.runs) == (1, len(NAMES))
    expected = [0.5 + number / 100 for number in range(len(NAMES))]
    assert index.query(CELL, repeat="all")["test_accuracy"].tolist() == expected
    assert {*index.to_arrow()["graph"].to_pylist()} == {CELL.code}


def test_what_a_table_does_not_have_is_missing(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [3, 3, 4], "epochs": 36, "test_accuracy": [0.5, None, None]})
    report = nb101fast.compile(frame, tmp_path / "few.nb101")
    index = nb101fast.open(tmp_path / "few.nb101", verify="full")
    assert report.findings.missing_values["final_test_accuracy"][0] == 2
    assert report.findings.missing_values["total_time"][0] == 3
    assert len(report.findings.missing_values) == 16
    assert index.query(ids=3) | {"test_accuracy": 0} == dict.fromkeys(index.query(ids=3), 0) | {
        name: pytest.approx(math.nan, nan_ok=True)
        for name in ("train_accuracy", "validation_accuracy", "training_time")
    }
    parameters = index.column("trainable_parameters", repeat=0)
    assert parameters.tolist() == nb101fast.cell_parameters()[[3, 4]].tolist()
    # A mean is taken over the runs that have the value.
    assert index.query(ids=3)["test_accuracy"] == index.objective("test_accuracy").by_id(3) == 0.5
    assert index.top_k("test_accuracy", 1).tolist() == [3]
    assert index.where(test_accuracy=(0, 1)).tolist() == [3]
    assert index.ranks("test_accuracy")[[3, 4]].tolist() == [1, -1]
    assert index.pareto(["test_accuracy"], ["parameters"]).tolist() == [3]
    with pytest.raises(ValueError, match="no cell has a training_time there; use another column"):
        index.top_k("training_time", 1)
    with pytest.raises(ValueError, match="a run of cell 3 has no final training time; a simulat"):
        nb101fast.search.run("rs", index, runs=1, max_evaluations=3)


def test_a_flag_beside_missing_values_is_a_flag(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [4, 5], "epochs": 4, "synthetic": [1, None]})
    nb101fast.compile(frame, tmp_path / "i.nb101")
    assert nb101fast.open(tmp_path / "i.nb101").is_synthetic


@pytest.mark.parametrize(
    ("text", "message"),
    [("1_000", "'1_000' is not allowed; use a number"), ("x", "'x' is not allowed")],
)
def test_a_field_that_is_no_number_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "i.csv").write_text(f"id,epochs,total_time\n4,4,{text}\n5,4, \n")
    with pytest.raises(FormatError, match=message):
        nb101fast.compile(tmp_path / "i.csv", tmp_path / "i.nb101")


def test_a_blank_field_is_a_missing_value(tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text("id,epochs,total_time\n4,4, \n")
    nb101fast.compile(tmp_path / "i.csv", tmp_path / "i.nb101")
    assert np.isnan(nb101fast.open(tmp_path / "i.nb101").column("total_time")).all()


def test_integers_that_a_double_does_not_hold_are_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [4], "epochs": 4, "total_time": [2**53 + 1]})
    with pytest.raises(FormatError, match="9007199254740993 is not allowed; use a number that a"):
        nb101fast.compile(frame, tmp_path / "i.nb101")
    with pytest.raises(ValueError, match="'a' has an integer that a double does not hold"):
        nb101fast.attach(BUILT_IN, {"a": np.array([2**53 + 1])}, tmp_path / "n.nb101", ids=[0])


def test_a_search_says_which_value_a_run_lacks(tmp_path: Path) -> None:
    row = {"id": [3, 4], "epochs": 36, "validation_accuracy": 0.5, "training_time": 2.0}
    nb101fast.compile(pd.DataFrame(row), tmp_path / "untested.nb101")
    index = nb101fast.open(tmp_path / "untested.nb101")
    with pytest.raises(ValueError, match="a run of cell 3 has no final test accuracy"):
        nb101fast.search.run("rs", index, runs=1, max_evaluations=3)
    nb101fast.compile(pd.DataFrame(row | {"test_accuracy": 0.25}), tmp_path / "tested.nb101")
    done = nb101fast.search.run(
        "rs", nb101fast.open(tmp_path / "tested.nb101"), runs=2, max_evaluations=3
    )
    assert done.final_regret.tolist() == [0, 0]


def test_numbers_in_any_type(tmp_path: Path) -> None:
    pl = import_or_skip("polars")
    kinds = {"id": "uint16", "epochs": "float64", "test_accuracy": "float32", "total_time": "int8"}
    frame = pd.DataFrame({"id": [3], "epochs": [36], "test_accuracy": [0.1], "total_time": [7]})
    inputs: list[Any] = [frame.astype(kinds), frame.convert_dtypes(), pl.DataFrame(frame)]
    inputs.append(pl.DataFrame(frame).cast(pl.String))
    nb101fast.compile(inputs, tmp_path / "kinds.nb101")
    index = nb101fast.open(tmp_path / "kinds.nb101")
    assert index.epochs == (36,)
    values = index.query(ids=3, repeat="all")["test_accuracy"].tolist()
    assert values == [float(np.float32(0.1)), 0.1, 0.1, 0.1]
    assert index.column("total_time").tolist() == [7.0]


HEADS = {
    "a;b,c;x": "the column 'epochs' is missing; no column names the cells: add matrix and ops, "
    "hash, id or code; unknown columns: 'a', 'b,c', 'x'; rename them or leave them out",
    "matrix,epoch": "the column 'epochs' is missing; the column 'ops' is missing, which 'matrix' "
    "needs; unknown columns: 'epoch' (is it 'epochs'?); ",
    "ops,id,epochs": "the column 'matrix' is missing, which 'ops' needs",
    "id,epochs,val_acc": "unknown columns: 'val_acc' (is it 'validation_accuracy'?); rename",
    "id,cell_id,epochs": "'id' and 'cell_id' are the same column; give one of them",
    "id,epochs": "no runs: give at least one",
}
ROWS = {
    "id,epochs\n3,4\n3": "line 3: it has 1 field, but the first line names 2 columns; give a",
    "id,epochs\n3,": "line 2: column 'epochs': there is no value; give one",
    "id,epochs\n\n,4": "line 3: nothing names the cell; give matrix and ops, hash, id or code",
    "id,epochs\n3,4.5": "line 2: column 'epochs': 4.5 is not allowed; use an integer from 1 to",
    "id\tepochs\n3\tx": "line 2: column 'epochs': 'x' is not allowed; use a number that a double",
    "id,hash,epochs\n3,28cfc7874f6d200472e1a9dcd8650aa0,4": "line 2: column 'id': it names cell 3, "
    "but another column of the row names cell 359715",
    "matrix,ops,epochs\n01 00,input output,4\n0 1,input,4": "line 3: column 'matrix': '0 1' is not "
    "a matrix; use nested lists, or the digits 0 and 1 of all rows, 49 for 7 vertices",
    "matrix,ops,epochs\n0200,input output,4": "line 2: column 'matrix': '0200' is not a matrix;",
    "matrix,ops,epochs\n0100,in out,4": "line 2: column 'matrix': operation 'in' at position 0",
    "id,epochs,synthetic\n3,4,no": "line 2: column 'synthetic': 'no' is not allowed; use true or",
    'id,epochs\n3,"4': "not CSV in UTF-8: unexpected end of data",
}


@pytest.mark.parametrize(("text", "message"), [*HEADS.items(), *ROWS.items()])
def test_a_faulty_csv_file_is_refused_with_its_place(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    with pytest.raises(FormatError, match=re.escape(f"{path}: {message}")):
        nb101fast.compile(path, tmp_path / "out.nb101")
    assert not (tmp_path / "out.nb101").exists()


def test_a_csv_file_of_a_spreadsheet_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(
        "\ufeffid; epochs;test_accuracy\r\n3;4;0.5\r\n".encode()  # a byte-order mark, and CRLF
    )
    nb101fast.compile(tmp_path / "mine.csv", tmp_path / "out.nb101")
    assert nb101fast.open(tmp_path / "out.nb101").query(ids=3)["test_accuracy"] == 0.5


def test_a_faulty_dataframe_is_refused_by_its_kind(tmp_path: Path) -> None:
    pl = import_or_skip("polars")
    faults: list[tuple[Any, str]] = [
        (pd.DataFrame({"id": [1]}), "pandas.DataFrame: the column 'epochs' is missing"),
        (pl.DataFrame({"id": [1], "epochs": [-1]}), "polars.DataFrame: row 0: column 'epochs': -1"),
        (pa.table({"id": [1], "epochs": [[4]]}), "pyarrow.Table: row 0: column 'epochs': [4] is"),
        (pd.DataFrame({"id": [1, "a"], "epochs": 4}), "pandas.DataFrame can't be read as a table"),
        (
            pd.DataFrame({"matrix": [10001000], "ops": [""], "epochs": 4}),
            "column 'matrix': the column has numbers (10001000); read it as texts",
        ),
    ]
    for frame, message in faults:
        with pytest.raises(ValueError, match=re.escape(message)):
            nb101fast.compile(frame, tmp_path / "out.nb101")
    for other in ({"id": [1], "epochs": [4]}, 7):
        with pytest.raises(TypeError, match="is not allowed; use a file, a DataFrame"):
            nb101fast.compile(other, tmp_path / "out.nb101")


def test_rows_and_cells_may_stand_in_one_json_file(tmp_path: Path) -> None:
    cell = {"id": 4, "runs": {"36": [{"final": {"test_accuracy": 0.5}}, {"total_time": 2}]}}
    rows = [{"id": 4, "epochs": 36, "test_accuracy": 0.25}, {"id": 3, "epochs": 4}]
    lines = [rows[0], cell, [rows[1], cell]]
    (tmp_path / "mixed.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert nb101fast.compile(tmp_path / "mixed.jsonl", tmp_path / "mixed.nb101").runs == 6
    found = nb101fast.open(tmp_path / "mixed.nb101").query(ids=4, repeat="all")["test_accuracy"]
    np.testing.assert_array_equal(found, [0.25, 0.5, math.nan, 0.5, math.nan])


def test_many_batches_of_rows_are_one_table(tmp_path: Path) -> None:
    count = 40
    frame = pd.DataFrame(
        {"id": np.arange(count) % 7, "epochs": 4, "total_time": np.arange(count) + 0.5}
    )
    pq.write_table(pa.table(frame), tmp_path / "mine.parquet", row_group_size=9)
    nb101fast.compile(tmp_path / "mine.parquet", tmp_path / "mine.nb101")
    runs = nb101fast.open(tmp_path / "mine.nb101").to_pandas()
    assert runs.total_time.tolist() == frame.total_time.tolist()
    assert runs.repeat.tolist() == (np.arange(count) // 7).tolist()
