"""An index as Arrow, pandas, polars and Parquet tables, and the runs of a Parquet file back."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
import re
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import nb101fast
from nb101fast import FormatError, Index, _core, arrow_runs, parquet_runs, run_rows, tables
from nb101fast.measurement import EVALUATION_METRICS
from nb101fast.parquet_runs import read_parquet
from reference.cells import encode
from reference.damage import flipped_bits
from reference.libraries import import_or_skip
from reference.runs import STAGES, graph_of_record
from reference.tfrecord import EvaluationData, Record

Sample = tuple[Path, list[Record]]
STAGED = (*EvaluationData._fields,)
UNSTAGED = ("total_time", "trainable_parameters", "graph")
UNPACKED_CHAIN = 1 << 1 | 1 << 14  # input, vertex 2, output: no stored graph leaves out vertex 1
RELABELLED = ([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]], (1, 2)), (2, 1)


@pytest.fixture(scope="module")
def index(small_sample: Sample) -> Index:
    return nb101fast.open(small_sample[0], verify="full")


@pytest.fixture(scope="module")
def written(index: Index, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("written") / "small.parquet"
    index.to_parquet(path)
    return path


def records_as_bytes(index: Index, folder: Path) -> bytes:
    """Return everything that an index holds about its runs, in their order."""
    nb101fast.export(index, folder / "exported.tfrecord", unmarked=True)
    return (folder / "exported.tfrecord").read_bytes()


def data_address(column: Any) -> int:
    (chunk,) = column.chunks
    return int(chunk.buffers()[1].address)


def places(index: Index) -> list[tuple[str, str, int, int]]:
    """Metric, stage, epochs and repeat of every column."""
    staged = [*itertools.product(STAGED, STAGES), *((metric, "") for metric in UNSTAGED)]
    return [
        (metric, stage, epochs, repeat)
        for (metric, stage) in staged
        for epochs, repeats in zip(index.epochs, index.repeats, strict=True)
        for repeat in range(repeats)
    ]


def name_of(metric: str, stage: str, epochs: int, repeat: int) -> str:
    return "_".join(filter(None, [stage, metric, str(epochs), str(repeat)]))


def stored(index: Index, metric: str, stage: str, epochs: int, repeat: int) -> npt.NDArray[Any]:
    return index.column(metric, epochs=epochs, stage=stage or "final", repeat=repeat, stored=True)  # type: ignore[arg-type]


def is_constant(values: npt.NDArray[Any]) -> bool:
    return values.strides == (0,)


# -------------------------------------------------------------------- as stored


def test_stored_columns(index: Index) -> None:
    table = index.to_arrow(form="stored")
    table.validate(full=True)
    assert table.num_rows == len(index)
    assert table["cell_id"].to_pylist() == index.cells.tolist()
    hashes = [nb101fast.Cell.from_id(cell).hash for cell in index.cells.tolist()]
    assert [digest.hex() for digest in table["hash"].to_pylist()] == hashes
    assert table["parameters"].to_pylist() == nb101fast.cell_parameters()[index.cells].tolist()
    for epochs in index.epochs:
        counts = index.run_counts(epochs=epochs)
        assert table[f"runs_{epochs}"].to_pylist() == counts.tolist()
    for place in places(index):
        _, _, epochs, repeat = place
        present = index.run_counts(epochs=epochs) > repeat
        values = table[name_of(*place)].to_pylist()
        assert [value is not None for value in values] == present.tolist()
        expected = stored(index, *place)[present].tolist()
        assert [value for value in values if value is not None] == expected
    assert table.num_columns == 3 + len(index.epochs) + len(places(index)) + sum(index.repeats)


def test_stored_columns_are_not_copied(index: Index) -> None:
    table = index.to_arrow(form="stored")
    shared = 0
    for place in places(index):
        values = stored(index, *place)
        if not is_constant(values):
            assert data_address(table[name_of(*place)]) == values.ctypes.data
            shared += 1
    assert shared > 50
    assert data_address(table["cell_id"]) == index.cells.ctypes.data
    assert data_address(table["hash"]) == index.reader.file.hashes().ctypes.data


def test_equal_constants_are_there_once(tmp_path: Path) -> None:
    cells = nb101fast.cell_codes()[:9]
    nb101fast.synthetic.write_index(tmp_path / "even.nb101", codes=cells)
    index = nb101fast.open(tmp_path / "even.nb101")
    assert is_constant(index.column("current_epoch", stage="start", stored=True))
    table = index.to_arrow(form="stored")
    start = [table[f"start_current_epoch_{e}_{r}"] for e in index.epochs for r in range(3)]
    assert len({data_address(column) for column in start}) == 1
    final = [table[f"final_current_epoch_{epochs}_2"] for epochs in index.epochs]
    assert [set(column.to_pylist()) for column in final] == [{e} for e in index.epochs]


def test_a_table_outlives_its_index(small_sample: Sample, tmp_path: Path) -> None:
    copy = tmp_path / "copy.nb101"
    copy.write_bytes(small_sample[0].read_bytes())
    index = nb101fast.open(copy)
    expected = index.column("test_accuracy", epochs=36, stored=True).tolist()
    table = index.to_arrow(form="stored")
    del index
    copy.unlink()
    assert table["final_test_accuracy_36_0"].to_pylist() == expected


def test_what_the_metadata_says(index: Index) -> None:
    for form in tables.FORMS:
        metadata = index.to_arrow(form=form).schema.metadata  # type: ignore[arg-type]
        assert metadata[b"nb101fast.form"] == form.encode()
        assert metadata[b"nb101fast.form_version"] == b"1"
        assert metadata[b"nb101fast.denominator"] == b"9984"
        assert json.loads(metadata[b"nb101fast.provenance"]) == index.provenance
    schema = index.to_arrow(form="stored").schema
    counts, times = (schema.field(f"final_{m}_36_1") for m in ("test_accuracy", "training_time"))
    place = {b"stage": b"final", b"epochs": b"36", b"repeat": b"1"}
    assert counts.type == pa.uint16()
    assert counts.metadata == {b"metric": b"test_accuracy", b"denominator": b"9984", **place}
    assert times.type == pa.float32()
    assert times.metadata == {b"metric": b"training_time", **place}


def test_some_budgets_alone(index: Index) -> None:
    names = index.to_arrow(form="stored", epochs=[36]).schema.names
    assert "runs_36" in names
    assert "runs_4" not in names
    every = index.to_arrow().to_pylist()
    some = index.to_arrow(epochs=(108, 4)).to_pylist()
    assert some == [row for row in every if row["epochs"] != 36]
    with pytest.raises(ValueError, match="epochs=5 is not in this index; use 4, 36 or 108"):
        index.to_arrow(epochs=5)
    with pytest.raises(ValueError, match="form='wide' is not allowed; use 'runs' or 'stored'"):
        index.to_arrow(form="wide")  # type: ignore[arg-type]


# -------------------------------------------------------------------- pandas and polars


def test_pandas(index: Index) -> None:
    frame = index.to_pandas(form="stored")
    assert frame["cell_id"].tolist() == index.cells.tolist()
    for metric in ("test_accuracy", "training_time"):
        name, values = (
            f"final_{metric}_36_1",
            index.column(metric, epochs=36, repeat=1, stored=True),
        )
        assert np.shares_memory(frame[name].to_numpy(), values)
    runs = index.to_pandas(epochs=108)
    assert len(runs) == index.run_counts(epochs=108).sum()
    means = runs.groupby("cell_id")["final_test_accuracy"].mean()
    for cell, mean in means.items():
        f = index.objective("test_accuracy")
        assert f(nb101fast.Cell.from_id(cell)) == np.float32(mean)


def test_polars(index: Index) -> None:
    pl = import_or_skip("polars")
    frame = index.to_polars(form="stored")
    for metric in ("test_accuracy", "training_time"):
        name, values = (
            f"final_{metric}_36_1",
            index.column(metric, epochs=36, repeat=1, stored=True),
        )
        assert np.shares_memory(frame[name].to_numpy(), values)
    runs = index.to_polars()
    assert runs.height == index.num_runs
    chosen = runs.filter(pl.col("hash") == nb101fast.Cell.from_id(int(index.cells[0])).hash)
    assert set(chosen["cell_id"]) == {int(index.cells[0])}


@pytest.mark.parametrize(
    ("missing", "wanted"),
    [
        ("pyarrow", 'this needs pyarrow: pip install "nb101fast[arrow]"'),
        ("pandas", "this needs pandas: pip install pandas"),
        ("polars", "this needs polars: pip install polars"),
    ],
)
def test_a_missing_package(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, wanted: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, f"{missing}.parquet", raising=False)
    calls: dict[str, list[Callable[[], object]]] = {
        "pyarrow": [
            index.to_arrow,
            lambda: index.to_parquet(tmp_path / "x"),
            lambda: read_parquet(_core.RunTable(), str(tmp_path / "x")),
        ],
        "pandas": [index.to_pandas],
        "polars": [index.to_polars],
    }
    for call in calls[missing]:
        with pytest.raises(ImportError, match=re.escape(wanted)):
            call()
    assert not os.listdir(tmp_path)


# -------------------------------------------------------------------- a row for each run


def test_runs_are_the_records(index: Index, small_sample: Sample) -> None:
    rows = index.to_arrow().to_pylist()
    repeats: dict[tuple[str, int], int] = {}
    assert len(rows) == len(small_sample[1])
    for row, record in zip(rows, small_sample[1], strict=True):
        key = record.module_hash, record.epochs
        repeats[key] = repeats.get(key, -1) + 1
        assert (row["hash"], row["epochs"], row["repeat"]) == (*key, repeats[key])
        assert nb101fast.Cell.from_id(row["cell_id"]).hash == record.module_hash
        graph = graph_of_record(record)
        assert row["graph"] == encode(graph)
        assert row["matrix"] == " ".join("".join(map(str, line)) for line in graph.matrix)
        assert row["operations"].split(" ") == list(record.operations)
        assert row["trainable_parameters"] == record.metrics.trainable_parameters
        assert row["total_time"] == record.metrics.total_time
        for stage, evaluation in zip(STAGES, record.metrics.evaluations, strict=True):
            for field, value in evaluation._asdict().items():
                assert row[f"{stage}_{field}"] == value


def test_parquet_and_back(
    index: Index, written: Path, tmp_path: Path, small_sample: Sample
) -> None:
    report = nb101fast.compile(written, tmp_path / "again.nb101")
    assert (report.records, report.cells) == (len(small_sample[1]), len(index))
    again = nb101fast.open(tmp_path / "again.nb101", verify="full")
    assert not report.official_order
    assert (again.reader.file.order() == index.reader.file.order()).all()
    assert again.denominator == index.denominator
    for place in places(index):
        assert stored(again, *place).tobytes() == stored(index, *place).tobytes()
    original = records_as_bytes(index, tmp_path)
    assert original == small_sample[0].with_suffix(".tfrecord").read_bytes()
    assert records_as_bytes(again, tmp_path) == original


def test_the_stored_form_and_back(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.to_parquet(tmp_path / "stored.parquet", form="stored")
    for module in (arrow_runs, parquet_runs):
        monkeypatch.setattr(module, "ROWS_AT_ONCE", 7)
    report = nb101fast.compile(tmp_path / "stored.parquet", tmp_path / "again.nb101")
    assert (report.records, report.cells) == (index.num_runs, len(index))
    again = nb101fast.open(tmp_path / "again.nb101", verify="full")
    for place in places(index):
        assert stored(again, *place).tobytes() == stored(index, *place).tobytes()
    assert records_as_bytes(again, tmp_path) == records_as_bytes(index, tmp_path)
    assert again.is_synthetic


def retyped(table: Any, name: str, value: Any, metadata: dict[str, str] | None = None) -> Any:
    """The table with one value in all rows of a column."""
    column = pa.array([value] * len(table))
    field = pa.field(name, column.type, metadata=metadata)
    return table.set_column(table.schema.get_field_index(name), field, column)


def test_an_error_names_the_row_of_a_null_by_its_place_in_the_table(
    index: Index, tmp_path: Path
) -> None:
    table = index.to_arrow(form="stored")
    column = table.schema.get_field_index("graph_4_0")
    for row in (1, len(index) // 2, len(index) - 1):
        graphs = table["graph_4_0"].to_pylist()
        graphs[row] = None
        changed_table = table.set_column(column, table.field(column), [pa.array(graphs, "uint32")])
        with pytest.raises(FormatError, match=f"column 'graph_4_0': row {row} is null"):
            nb101fast.compile(changed_table, tmp_path / "x.nb101")


def test_some_budgets_of_the_stored_form_and_back(index: Index, tmp_path: Path) -> None:
    for form in ("stored", "runs"):
        index.to_parquet(tmp_path / f"{form}.parquet", form=form, epochs=(4, 108))
        nb101fast.compile(tmp_path / f"{form}.parquet", tmp_path / f"{form}.nb101")
    ours, theirs = (nb101fast.open(tmp_path / f"{f}.nb101") for f in ("stored", "runs"))
    assert records_as_bytes(ours, tmp_path) == records_as_bytes(theirs, tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_columns(["graph_4_0"]), "no columns 'graph_4_0'; give exactly one"),
        (lambda t: t.drop_columns(["cell_id"]), "no columns 'cell_id'; give exactly one"),
        (
            lambda t: t.append_column("graph_4_0", t["graph_4_0"]),
            "2 columns 'graph_4_0'; give exactly one",
        ),
        (lambda t: t.drop_columns([f"runs_{e}" for e in (4, 36, 108)]), "no column 'runs_E'"),
        (lambda t: pa.concat_tables([t, t]), "column 'cell_id' has a cell twice"),
        (
            lambda t: changed(t, "cell_id", lambda i: -1),
            "'cell_id': row 0 is not an integer",
        ),
        (lambda t: changed(t, "runs_4", lambda n: n + 1), "is null; give a value"),
        (lambda t: retyped(t, "runs_4", 1.5), "'runs_4': row 0 is not an integer from 0 to 65534"),
        (lambda t: retyped(t, "runs_4", -1), "'runs_4': row 0 is not an integer from 0 to 65534"),
        (lambda t: retyped(t, "runs_4", "a"), "column 'runs_4' has type string; use numbers"),
        (lambda t: retyped(t, "runs_4", value=True), "column 'runs_4' has type bool; use numbers"),
        (
            lambda t: retyped(t, "trainable_parameters_4_0", 2**40),
            "'trainable_parameters_4_0': row 0 is not an integer from -2147483648 to 2147483647",
        ),
        (
            lambda t: retyped(t, "final_test_accuracy_4_0", 3, {"denominator": "0"}),
            "'final_test_accuracy_4_0': the denominator b'0' is not allowed; use 1 to 65534",
        ),
        (
            lambda t: retyped(t, "final_test_accuracy_4_0", 3, {"denominator": "abc"}),
            "the denominator b'abc' is not allowed",
        ),
        (
            lambda t: changed(t, "graph_4_0", lambda c: None),
            "'graph_4_0': row 0 is null; give a val",
        ),
        (
            lambda t: changed(t, "graph_4_0", lambda c: 1 << 5),
            "a code in a column 'graph_E_R' is not a pruned graph",
        ),
        (lambda t: t.replace_schema_metadata({"nb101fast.form": "x"}), "form 'x' is not allowed"),
    ],
)
def test_a_faulty_stored_form(
    index: Index, tmp_path: Path, change: Callable[[Any], Any], message: str
) -> None:
    pq.write_table(change(index.to_arrow(form="stored")), tmp_path / "x.parquet")
    with pytest.raises(FormatError, match=re.escape(message)):
        nb101fast.compile(tmp_path / "x.parquet", tmp_path / "x.nb101")


def changed(table: Any, name: str, change: Callable[[int], int | None]) -> Any:
    """The table with other integers in a column; the metadata stays."""
    field = table.schema.field(name).with_nullable(True)
    new = [None if value is None else change(value) for value in table[name].to_pylist()]
    return table.set_column(table.schema.names.index(name), field, pa.array(new, field.type))


def test_parquet_of_the_official_order(tmp_path: Path) -> None:
    cells = nb101fast.cell_codes()[5:4000:160]
    nb101fast.synthetic.write_index(tmp_path / "in.nb101", codes=cells, epochs=(4, 12))
    index = nb101fast.open(tmp_path / "in.nb101")
    index.to_parquet(tmp_path / "runs.parquet")
    report = nb101fast.compile(tmp_path / "runs.parquet", tmp_path / "out.nb101")
    assert report.official_order
    again = nb101fast.open(tmp_path / "out.nb101")
    assert records_as_bytes(again, tmp_path) == records_as_bytes(index, tmp_path)
    runs = read_parquet(_core.RunTable(), str(tmp_path / "runs.parquet"))
    assert runs.provenance == index.provenance
    assert index.is_synthetic


def test_many_row_groups(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: Path
) -> None:
    for module in (tables, arrow_runs, parquet_runs):
        monkeypatch.setattr(module, "ROWS_AT_ONCE", 7)
    index.to_parquet(tmp_path / "cut.parquet")
    groups = pq.ParquetFile(tmp_path / "cut.parquet").num_row_groups
    assert groups == math.ceil(index.num_runs / 7)
    rows = pq.read_table(tmp_path / "cut.parquet").to_pylist()
    assert rows == pq.read_table(written).to_pylist()
    for path in (tmp_path / "cut.parquet", written):
        table = _core.RunTable()
        read_parquet(table, str(path))
        assert len(table) == index.num_runs
        nb101fast.compile(path, tmp_path / "again.nb101")
        again = nb101fast.open(tmp_path / "again.nb101")
        assert records_as_bytes(again, tmp_path) == records_as_bytes(index, tmp_path)


def test_odd_values_are_kept(tmp_path: Path) -> None:
    (matrix, one), other = RELABELLED
    codes = [nb101fast.encode(matrix, list(labels)) for labels in (one, other)]
    odd = [math.nan, math.inf, -math.inf, -0.0, 1 / 3, 5e-324]
    values = np.resize(np.array(odd), (8, 15)) + np.zeros((8, 1))
    table = _core.RunTable()
    table.append(
        np.array(codes * 4, np.uint32),
        np.array([108, 4, 4, 108, 4, 4, (1 << 32) - 1, 4], np.uint32),
        values,
        np.array([-1, 2, 3, 4, 5, 6, (1 << 31) - 1, -(1 << 31)], np.int32),
        np.resize(np.array(odd), 8),
    )
    _core.IndexAssembly(table).write(str(tmp_path / "odd.nb101"), "{}")
    index = nb101fast.open(tmp_path / "odd.nb101")
    assert len(index) == 1
    rows = index.to_arrow()
    assert rows["graph"].to_pylist() == codes * 4
    for column, (stage, field) in enumerate(itertools.product(STAGES, STAGED)):
        assert rows[f"{stage}_{field}"].to_numpy().tobytes() == values[:, column].tobytes()
    index.to_parquet(tmp_path / "odd.parquet")
    nb101fast.compile(tmp_path / "odd.parquet", tmp_path / "again.nb101")
    again = nb101fast.open(tmp_path / "again.nb101")
    assert records_as_bytes(again, tmp_path) == records_as_bytes(index, tmp_path)


@pytest.mark.parametrize("writer", ["pandas", "polars"])
def test_parquet_that_others_wrote(
    index: Index, tmp_path: Path, written: Path, writer: str
) -> None:
    path = tmp_path / "other.parquet"
    if writer == "pandas":
        frame = pd.read_parquet(written)
        frame = frame.astype({"graph": "int64", "epochs": "uint16", "hash": "str"})
        frame.sample(frac=1, random_state=0).sort_index().to_parquet(path)  # an index of integers
    else:
        pl = import_or_skip("polars")
        polars_frame = pl.read_parquet(written).drop("hash", "cell_id", "repeat")
        polars_frame.write_parquet(path, row_group_size=11)
    nb101fast.compile(path, tmp_path / "again.nb101")
    again = nb101fast.open(tmp_path / "again.nb101")
    assert records_as_bytes(again, tmp_path) == records_as_bytes(index, tmp_path)


def test_parquet_is_there_whole_or_not_at_all(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "runs.parquet"
    target.write_bytes(b"before")
    monkeypatch.setattr(tables, "_runs_batch", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        index.to_parquet(target)
    assert target.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["runs.parquet"]
    with pytest.raises(FileNotFoundError):
        index.to_parquet(tmp_path / "none" / "runs.parquet")
    with pytest.raises(ValueError, match="is the index itself"):
        index.to_parquet(index.path)
    assert nb101fast.open(index.path).num_runs == index.num_runs


# -------------------------------------------------------------------- Parquet at fault


Damage = Callable[[pa.Table], pa.Table]
NO_HASH = "0" * 31 + "-"


def put(name: str, row: int, value: Any, kind: Any = None) -> Damage:
    """Return the table with one value of a column replaced, and the column of that type."""

    def damage(table: pa.Table) -> pa.Table:
        values = table[name].to_pylist()
        values[row] = value
        column = pa.array(values, kind or table.schema.field(name).type)
        return pa.table({**{c: table[c] for c in table.column_names}, name: column})

    return damage


def retype(name: str, source: str, kind: Any) -> Damage:
    """Return the table with a column that has another column's values and that type."""
    return lambda table: table.set_column(
        table.column_names.index(name), name, table[source].cast(kind)
    )


FAULTS: list[tuple[Damage, str]] = [
    (
        lambda t: t.rename_columns({"halfway_test_accuracy": "half_test_accuracy", "epochs": "E"}),
        "the column 'epochs' is missing; unknown columns: 'E', 'half_test_accuracy' (is it "
        "'halfway_test_accuracy'?); rename them or leave them out",
    ),
    (
        lambda t: t.drop_columns(["graph", "matrix", "hash", "cell_id"]),
        "the column 'matrix' is missing, which 'ops' needs",
    ),
    (
        lambda t: t.append_column("graph", t["graph"]),
        "'graph' and 'graph' are the same column; give one of them",
    ),
    (
        lambda t: t.append_column("id", t["cell_id"]),
        "'cell_id' and 'id' are the same column; give one of them",
    ),
    (
        lambda t: t.set_column(22, "total_time", pa.array(["short"] * len(t))),
        "row 0: column 'total_time': 'short' is not allowed; use a number that a double holds",
    ),
    (
        put("epochs", 3, 4.5, pa.float64()),
        "row 3: column 'epochs': 4.5 is not allowed; use an integer from 1 to 4294967295",
    ),
    (
        retype("hash", "epochs", pa.int32()),
        "row 0: column 'hash': the column has numbers (",
    ),
    (put("graph", 12, 0), "row 12: column 'graph': code 0 is outside the search space"),
    (
        put("graph", 9, -1, pa.int64()),
        "row 9: column 'graph': -1 is not allowed; use an integer from 0 to 4294967295",
    ),
    (
        put("epochs", 30, 0),
        "row 30: column 'epochs': 0 is not allowed; use an integer from 1 to 4294967295",
    ),
    (put("epochs", 30, None), "row 30: column 'epochs': there is no value; give one"),
    (
        put("trainable_parameters", 2, 1 << 31, pa.int64()),
        "row 2: column 'trainable_parameters': 2147483648 is not allowed; use an integer from "
        "-2147483648 to 2147483647",
    ),
    (
        put("cell_id", 1, 423_623),
        "row 1: column 'cell_id': it names cell 423623, but another column of the row names cell ",
    ),
    (
        put("hash", 17, "28cfc7874f6d200472e1a9dcd8650aa0", pa.string()),
        "row 17: column 'hash': it names cell 359715, but another column of the row names cell ",
    ),
    (
        put("hash", 17, "0" * 32, pa.string()),
        "row 17: column 'hash': '000000000000...0000000000000' is not the hash of any cell",
    ),
    (
        put("hash", 17, NO_HASH, pa.large_string()),
        "row 17: column 'hash': '000000000000...000000000000-' is not the hash of any cell",
    ),
    (lambda t: t.slice(0, 0), "no runs: give at least one"),
    (
        lambda t: t.replace_schema_metadata({"nb101fast.form_version": "2"}),
        "form version '2' is not supported; write the file again with this version",
    ),
]


@pytest.mark.parametrize(("damage", "message"), FAULTS)
def test_a_faulty_parquet_file_is_refused_with_its_place(
    written: Path,
    tmp_path: Path,
    damage: Damage,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parquet_runs, "ROWS_AT_ONCE", 8)
    path = tmp_path / "faulty.parquet"
    pq.write_table(damage(pq.read_table(written)), path)
    with pytest.raises(FormatError, match=re.escape(f"{path}: {message}")):
        read_parquet(_core.RunTable(), str(path))
    with pytest.raises(FormatError, match=re.escape(f"{path}: {message}")):
        nb101fast.compile(path, tmp_path / "out.nb101")
    assert os.listdir(tmp_path) == ["faulty.parquet"]


def test_what_counts_as_pruned(rng: np.random.Generator) -> None:
    edges = rng.integers(0, 1 << 21, 4_000) & rng.integers(0, 1 << 21, 4_000)
    labels = rng.integers(0, 3, (4_000, 5)) * rng.integers(0, 2, (4_000, 1))
    codes = (edges + (labels << np.arange(21, 31, 2)).sum(axis=1)).astype(np.uint32)
    codes = np.concatenate([codes, nb101fast.cell_codes()[:500]])
    codes = codes[nb101fast.is_valid(codes)]
    expected = [nb101fast.Cell.from_code(code).code == code for code in codes.tolist()]
    assert run_rows.are_pruned(codes).tolist() == expected
    assert 500 < sum(expected) < len(expected) - 500


def test_damaged_parquet(written: Path, tmp_path: Path, rng: np.random.Generator) -> None:
    whole = written.read_bytes()
    path = tmp_path / "damaged.parquet"
    for size in (0, 4, 100, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(FormatError, match=re.escape(f"{path}: not a sound Parquet file: ")):
            read_parquet(_core.RunTable(), str(path))
    path.write_bytes(whole[:500] + rng.bytes(2000) + whole[2500:])
    with pytest.raises(FormatError, match=re.escape(str(path))):
        read_parquet(_core.RunTable(), str(path))
    with pytest.raises(FileNotFoundError):
        read_parquet(_core.RunTable(), str(tmp_path / "none.parquet"))


# -------------------------------------------------------------------- damage


def runs_in(path: Path) -> tuple[bytes, dict[str, Any]]:
    """All that `compile` takes from a Parquet file: its runs and the provenance."""
    parts: list[bytes] = []
    table: Any = SimpleNamespace(append=lambda *arrays: parts.extend(a.tobytes() for a in arrays))
    provenance = read_parquet(table, str(path)).provenance
    return b"".join(parts), provenance


@pytest.mark.parametrize("form", ["runs", "stored"])
def test_no_flipped_bit_gives_other_runs(
    tmp_path: Path, rng: np.random.Generator, form: tables.Form
) -> None:
    path = tmp_path / "x.parquet"
    nb101fast.synthetic.write_index(
        tmp_path / "x.nb101", codes=nb101fast.cell_codes()[:3], epochs=(4,), repeats=2
    )
    nb101fast.open(tmp_path / "x.nb101").to_parquet(path, form=form)
    whole, expected = path.read_bytes(), runs_in(path)
    told = same = 0
    for bit, damaged in flipped_bits(whole, rng, 300):
        path.write_bytes(damaged)
        try:
            assert runs_in(path) == expected, f"bit {bit}"
        except FormatError as error:
            told += str(error).startswith(f"{path}: ")
        else:
            same += 1
    assert told + same == 300
    assert told > 100


@pytest.mark.parametrize("form", ["runs", "stored"])
def test_a_digest_of_other_contents_is_noticed(
    index: Index, tmp_path: Path, form: tables.Form
) -> None:
    index.to_parquet(tmp_path / "x.parquet", form=form)
    digest = pq.read_metadata(tmp_path / "x.parquet").metadata[b"nb101fast.digest"]
    name = {"runs": "trainable_parameters", "stored": "trainable_parameters_4_0"}[form]
    table = changed(index.to_arrow(form=form), name, lambda count: count + 1)
    with pq.ParquetWriter(tmp_path / "other.parquet", table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({b"nb101fast.digest": digest})
    with pytest.raises(FormatError, match=r"contents have the digest \w{12}, but it states \w{12}"):
        nb101fast.compile(tmp_path / "other.parquet", tmp_path / "x.nb101")
    assert not (tmp_path / "x.nb101").exists()


def test_both_forms_have_the_same_digest(index: Index, tmp_path: Path) -> None:
    digests = set()
    for form in ("runs", "stored"):
        index.to_parquet(tmp_path / "x.parquet", form=form)
        digests.add(pq.read_metadata(tmp_path / "x.parquet").metadata[b"nb101fast.digest"])
    assert digests == {digest_in_plain_words(index)}


def digest_in_plain_words(index: Index) -> bytes:
    """The digest as docs/tables.md describes it, value by value."""
    sha256 = hashlib.sha256(json.dumps(index.provenance).encode())
    for row in index.to_arrow().to_pylist():
        values = [row[f"{stage}_{metric}"] for stage in STAGES for metric in EVALUATION_METRICS]
        parameters, total_time = row["trainable_parameters"], row["total_time"]
        numbers = row["graph"], row["epochs"], *values, parameters, total_time
        sha256.update(struct.pack("<II15did", *numbers))
    return sha256.hexdigest().encode()


def test_a_table_that_another_program_changed_is_read(written: Path, tmp_path: Path) -> None:
    table = pq.read_table(written)
    pq.write_table(table.slice(3), tmp_path / "x.parquet")
    frame = pd.read_parquet(written, page_checksum_verification=True)
    frame.iloc[3:].to_parquet(tmp_path / "y.parquet")
    first, second = (runs_in(tmp_path / f"{name}.parquet") for name in "xy")
    assert first[0] == second[0]
    assert len(first[0]) == 140 * (table.num_rows - 3)
