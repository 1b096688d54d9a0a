"""Own columns: attached, asked for like metrics, carried through other files, and detached."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import Cell, FormatError, Index, ingraph, search
from nb101fast.__main__ import main
from nb101fast.locations import BUILT_IN
from nb101fast.own_column import Label

LABELS = {"latency_ms": Label("ms", "one image on a µC"), "energy": Label()}
HASHES = [Cell.from_id(cell_id).hash for cell_id in range(3)]  # of cells of the built-in index
UNKNOWN = "0" * 32


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """An index without own columns."""
    path = tmp_path_factory.mktemp("own") / "plain.nb101"
    nb101fast.compile(BUILT_IN, path)
    return nb101fast.open(path)


@pytest.fixture(scope="module")
def values(plain: Index) -> dict[str, npt.NDArray[np.float64]]:
    """Values by row: doubles of which float32 can't hold all, and others."""
    rng = np.random.default_rng(14)
    latencies = rng.random(len(plain))
    latencies[[5, 40]] = np.nan
    return {"latency_ms": latencies, "energy": rng.integers(1, 5, len(plain)).astype(float)}


@pytest.fixture(scope="module")
def own(plain: Index, values: dict[str, npt.NDArray[np.float64]]) -> Index:
    """The index with two own columns."""
    path = Path(plain.path).with_name("own.nb101")
    nb101fast.attach(
        plain,
        values,
        path,
        ids=plain.cells,
        units={"latency_ms": "ms"},
        descriptions={"latency_ms": LABELS["latency_ms"].description},
    )
    return nb101fast.open(path, verify="full")


def attached(index: Index, tmp_path: Path, columns: Any, **arguments: Any) -> Index:
    nb101fast.attach(index, columns, tmp_path / "out.nb101", **arguments)
    return nb101fast.open(tmp_path / "out.nb101", verify="full")


def fault(index: Index, tmp_path: Path, columns: Any, **arguments: Any) -> str:
    """The one line that a call says, which writes nothing."""
    with pytest.raises((ValueError, TypeError)) as caught:
        nb101fast.attach(index, columns, tmp_path / "out.nb101", **arguments)
    assert not (tmp_path / "out.nb101").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


# -------------------------------------------------------------------- questions


def test_an_own_column_is_asked_for_like_a_metric(own: Index, values: dict[str, Any]) -> None:
    latencies, cells = values["latency_ms"], own.cells
    known = ~np.isnan(latencies)
    assert dict(own.own_columns) == LABELS
    for repeat in ("mean", 0, 2):
        np.testing.assert_array_equal(own.column("latency_ms", repeat=repeat), latencies)
        table = own.query(ids=cells, epochs=4, stage="start", repeat=repeat)
        np.testing.assert_array_equal(table["latency_ms"], latencies)
    every = own.query(ids=cells, repeat="all")["latency_ms"]
    np.testing.assert_array_equal(every, np.stack([latencies] * 3, axis=1))
    assert own.query(ids=int(cells[3]))["energy"] == values["energy"][3]
    assert own.column("latency_ms").dtype == np.float64
    assert own.column("energy", stored=True).dtype == np.float32
    best = own.top_k("latency_ms", 4)
    np.testing.assert_array_equal(best, cells[np.argsort(-np.nan_to_num(latencies, nan=-1))[:4]])
    np.testing.assert_array_equal(own.where(latency_ms=(None, 0.5)), cells[latencies <= 0.5])
    ranks = own.ranks("latency_ms")[cells]
    assert (ranks[~known] == -1).all()
    assert ranks[known].tolist() == [1 + int((latencies > v).sum()) for v in latencies[known]]
    chosen = own.best("test_accuracy", where={"latency_ms": (None, 0.5)})
    assert chosen.id in own.where(latency_ms=(None, 0.5))


@pytest.mark.parametrize("repeat", ["mean", "random", 1])
def test_an_objective_of_an_own_column(own: Index, values: dict[str, Any], repeat: Any) -> None:
    expected = values["latency_ms"].astype(np.float32)
    objective = own.objective("latency_ms", repeat=repeat)
    codes = nb101fast.cell_codes()[own.cells]
    np.testing.assert_array_equal(objective(codes), expected)
    np.testing.assert_array_equal(objective.by_id(own.cells), expected)
    assert objective(int(codes[7])) == expected[7]
    assert np.isnan(objective.by_id(423_623))
    assert repr(objective) == "<Objective latency_ms of own.nb101>"


def test_the_front_of_an_own_column(own: Index, values: dict[str, Any]) -> None:
    accuracies = own.column("test_accuracy", repeat="mean").astype(float)
    points = np.stack([-accuracies, values["latency_ms"]], axis=1)
    front = [
        cell
        for cell, point in zip(own.cells.tolist(), points, strict=True)
        if not np.isnan(point).any()
        and not ((points <= point).all(axis=1) & (points < point).any(axis=1)).any()
    ]
    assert own.pareto(["test_accuracy"], ["latency_ms"]).tolist() == front


def test_an_own_column_inside_a_graph(own: Index, values: dict[str, Any]) -> None:
    tables = own.tables("latency_ms")
    codes = nb101fast.cell_codes()[own.cells]
    found = ingraph.evaluate(tables, codes, np, "latency_ms")
    np.testing.assert_array_equal(found, values["latency_ms"].astype(np.float32))


def test_an_own_column_is_an_objective_of_a_search(own: Index) -> None:
    fronts = search.find_fronts(
        "rs", own, minimize=["latency_ms"], maximize=["test_accuracy"], runs=2, max_evaluations=500
    )
    assert (fronts.final_regret < 0.1).all()


def test_the_error_of_an_unknown_metric_names_the_own_columns(own: Index) -> None:
    with pytest.raises(ValueError, match=r"metric='latency' is not allowed; .* or 'energy'"):
        own.objective("latency")
    with pytest.raises(ValueError, match=r"'latency' is not a column; .*'latency_ms'"):
        own.where(latency=(0, 1))


# -------------------------------------------------------------------- files


def test_other_sections_stay_as_they_are(plain: Index, own: Index, tmp_path: Path) -> None:
    nb101fast.detach(own, ["energy", "latency_ms"], tmp_path / "out.nb101")
    assert (tmp_path / "out.nb101").read_bytes() == Path(plain.path).read_bytes()
    with pytest.raises(ValueError, match="'latency' is not an own column of this index; use 'lat"):
        nb101fast.detach(own, "latency", tmp_path / "no.nb101")


def test_an_index_can_be_written_over(own: Index, values: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "own.nb101"
    path.write_bytes(Path(own.path).read_bytes())
    before = nb101fast.open(path)
    nb101fast.detach(before, "energy", path)
    after = nb101fast.open(path, verify="full")
    assert dict(after.own_columns) == {"latency_ms": LABELS["latency_ms"]}
    np.testing.assert_array_equal(after.column("latency_ms"), values["latency_ms"])
    np.testing.assert_array_equal(before.column("energy"), values["energy"])


def test_a_column_is_replaced_only_if_it_is_asked_for(own: Index, tmp_path: Path) -> None:
    new = {"energy": np.full(nb101fast.NUM_CELLS, 0.5)}
    assert "has an own column 'energy' already; use" in fault(own, tmp_path, new)
    changed = attached(own, tmp_path, new, replace=True, units={"energy": "J"})
    assert [*changed.own_columns] == [*own.own_columns]
    assert changed.own_columns["energy"] == Label("J")
    assert (changed.column("energy") == 0.5).all()


def test_an_update_keeps_own_columns_and_a_merge_joins_them(
    plain: Index, own: Index, values: dict[str, Any], tmp_path: Path
) -> None:
    cells = nb101fast.cell_codes()[200:203]
    more = tmp_path / "more.nb101"
    nb101fast.synthetic.write_index(more, codes=cells, epochs=(4,), repeats=1)
    ids = nb101fast.cell_ids(cells)
    nb101fast.attach(more, {"energy": [7.0, 8.0, np.nan]}, more, ids=ids)
    for inputs, update in (([more], own), ([own, more], None), ([more, plain], own)):
        report = nb101fast.compile(inputs, tmp_path / "out.nb101", update=update)
        assert {*report.own_columns} == {*LABELS}
        whole = nb101fast.open(report.output, verify="full")
        assert whole.own_columns["latency_ms"] == LABELS["latency_ms"]
        by_id = whole.objective("energy")
        np.testing.assert_array_equal(by_id.by_id(own.cells), values["energy"])
        np.testing.assert_array_equal(by_id.by_id(ids), [7, 8, np.nan])


def test_an_update_refuses_another_unit(own: Index, plain: Index, tmp_path: Path) -> None:
    name, label = next((n, each) for n, each in own.own_columns.items() if each.unit)
    numbers = {name: np.full(len(plain), 0.5)}
    for unit in (f"other {label.unit}", ""):
        codes = nb101fast.cell_codes()[plain.cells]
        nb101fast.attach(plain, numbers, tmp_path / "new.nb101", codes=codes, units={name: unit})
        with pytest.raises(FormatError, match=f"column '{name}' has the unit '{unit}' in an input"):
            nb101fast.compile(tmp_path / "new.nb101", tmp_path / "u.nb101", update=own.path)


def test_two_inputs_with_other_values_of_a_cell_are_refused(own: Index, tmp_path: Path) -> None:
    other = tmp_path / "other.nb101"
    nb101fast.attach(own, {"energy": {HASHES[1]: 99.0}}, other, replace=True)
    with pytest.raises(FormatError, match=r"'energy' has two values for cell 1: 99\.0 here, and"):
        nb101fast.compile([own, other], tmp_path / "out.nb101")
    updated = nb101fast.compile(other, tmp_path / "out.nb101", update=own)
    assert nb101fast.open(updated.output).query(HASHES[1])["energy"] == 99
    nb101fast.attach(other, {"energy": {HASHES[1]: 9}}, other, replace=True, units={"energy": "J"})
    with pytest.raises(FormatError, match="'energy' has the unit 'J', but that of an input befor"):
        nb101fast.compile([own, other], tmp_path / "out.nb101")


@pytest.mark.parametrize("form", ["runs", "stored"])
def test_arrow_and_parquet_keep_own_columns(
    own: Index, values: dict[str, Any], tmp_path: Path, form: Any
) -> None:
    pytest.importorskip("pyarrow")
    table = own.to_arrow(form=form)
    name = "own_latency_ms" if form == "stored" else "latency_ms"
    assert table.schema.field(name).metadata[b"unit"] == b"ms"
    rows = np.searchsorted(own.cells, table["cell_id"].to_numpy())
    np.testing.assert_array_equal(table[name].to_numpy(), values["latency_ms"][rows])
    own.to_parquet(tmp_path / "own.parquet", form=form)
    nb101fast.compile(tmp_path / "own.parquet", tmp_path / "again.nb101")
    again = nb101fast.open(tmp_path / "again.nb101", verify="full")
    assert dict(again.own_columns) == LABELS
    np.testing.assert_array_equal(again.column("latency_ms"), values["latency_ms"])


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".tfrecord"])
def test_a_form_without_own_columns_says_so(
    own: Index, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    nb101fast.export(own, tmp_path / f"own{suffix}", unmarked=True)
    assert capsys.readouterr().err == (
        "own columns are left out: latency_ms, energy; a Parquet file would keep them\n"
    )
    nb101fast.compile(tmp_path / f"own{suffix}", tmp_path / "again.nb101")
    assert not nb101fast.open(tmp_path / "again.nb101").own_columns


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the size of a file")
def test_an_index_that_cannot_be_written_stays_as_it_was(own: Index, tmp_path: Path) -> None:
    path = tmp_path / "own.nb101"
    path.write_bytes(Path(own.path).read_bytes())
    program = (
        "import resource, sys, nb101fast\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "nb101fast.detach(sys.argv[1], 'energy', sys.argv[1])\n"
    )
    words = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "File too large" in done.stderr
    assert path.read_bytes() == Path(own.path).read_bytes()
    assert [*tmp_path.iterdir()] == [path]


# -------------------------------------------------------------------- inputs


def test_every_way_to_name_cells_gives_the_same(plain: Index, tmp_path: Path) -> None:
    numbers = [0.1, 2.5, -3.0]
    codes, ids = nb101fast.cell_codes()[:3].copy(), np.arange(3, dtype=np.int32)
    by_id = np.full(nb101fast.NUM_CELLS, np.nan)
    by_id[:3] = numbers
    by_cell = {Cell.from_id(i): number for i, number in enumerate(numbers)}
    for columns, arguments in (
        (by_id, {}),
        (numbers, {"ids": ids}),
        (numbers, {"codes": codes}),
        (numbers, {"hashes": HASHES}),
        (dict(zip(HASHES, numbers, strict=True)), {}),
        (by_cell, {}),
    ):
        index = attached(plain, tmp_path, {"x": columns}, **arguments)
        np.testing.assert_array_equal(index.column("x")[:4], [*numbers, np.nan])


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_tables_with_a_row_for_each_cell_are_attached(plain: Index, tmp_path: Path) -> None:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    columns: dict[str, Any] = {"hash": HASHES[:2], "x": [0.1, 2.5], "y": [None, 4]}
    frame = pandas.DataFrame(columns)
    frame.to_parquet(tmp_path / "t.parquet")
    lines = "hash;x;y\n" + f"{HASHES[0]};0.1;\n{HASHES[1]};2.5;4\n"
    objects = {HASHES[0]: {"x": 0.1}, HASHES[1]: {"x": 2.5, "y": 4}}
    for table in (
        frame,
        frame.set_index("hash"),
        polars.DataFrame(columns),
        tmp_path / "t.parquet",
        written(tmp_path / "t.csv", lines),
        written(tmp_path / "t.json", json.dumps(objects)),
        written(tmp_path / "i.csv", "id,x,y\n0,0.1,\n1,2.5,4\n"),
        written(
            tmp_path / "c.csv",
            f"code,x,y\n{Cell.from_id(0).code},0.1,\n{Cell.from_id(1).code},2.5,4\n",
        ),
    ):
        index = attached(plain, tmp_path, table)
        rows = index.query(ids=np.arange(2, dtype=np.int32))
        assert rows["x"].tolist() == [0.1, 2.5]
        np.testing.assert_array_equal(rows["y"], [np.nan, 4])
    numbers = written(tmp_path / "n.json", json.dumps({HASHES[0]: 0.5}))
    assert attached(plain, tmp_path, numbers, name="z").query(HASHES[0])["z"] == 0.5
    assert "give name=NAME, or" in fault_again(plain, tmp_path, numbers)


def fault_again(index: Index, tmp_path: Path, columns: Any) -> str:
    (tmp_path / "out.nb101").unlink()
    return fault(index, tmp_path, columns)


BAD_TABLES = {
    "hash,test_accuracy\na,1\n": "the name 'test_accuracy' is not allowed, because it means",
    f"hash,x\n{HASHES[0]},1\n{HASHES[0]},2\n": "line 3: cell 0 is there already, at ",
    "id,x\n3,abc\n": "line 2: column 'x': 'abc' is not allowed; use a number",
    "id,x\n0,1\n3,inf\n": "line 3: column 'x': inf is not allowed; use a finite number",
    "x,y\n1,2\n": "no column names the cells: add hash, id or code",
    "id,hash,x\n1,2,3\n": "the columns 'id' and 'hash' all name the cells; keep one",
    "id,x\n423624,1\n": "line 2: column 'id': 423624 is not allowed; use an integer from 0",
    "id,x\n,1\n": "line 2: column 'id': nothing names the cell; give its hash, id or code",
    "id,a b\n1,2\n": "the name 'a b' is not allowed; use 1 to 64 letters",
    "id,x,x\n1,2,3\n": "the column 'x' is there twice; give it once",
    "id,x\n1,2,3\n": "line 2: it has 3 fields, but the first line names 2",
    "id,x\n": "no rows: give at least one",
    f'{{"{HASHES[0]}": 1, "{HASHES[0]}": 2}}': "occurs twice; give it once",
    f'{{"{HASHES[0]}": {{"x": "1 ms"}}}}': "column 'x': '1 ms' is not allowed; use a number",
    "[1, 2]": "the file holds no object by hash",
    "\x00\x01": "the file is no table; use CSV, JSON or Parquet",
}


@pytest.mark.parametrize("text", BAD_TABLES)
def test_a_wrong_table_is_refused_with_its_row(plain: Index, tmp_path: Path, text: str) -> None:
    message = fault(plain, tmp_path, written(tmp_path / "table", text))
    assert str(tmp_path / "table") in message
    assert BAD_TABLES[text] in message


@pytest.mark.parametrize(
    ("columns", "arguments", "message"),
    [
        ({}, {}, "columns is empty"),
        ({"x": [1.0]}, {}, "has values of shape (1,); use 423624 numbers"),
        ({"x": [1.0]}, {"ids": [1, 2]}, "has values of shape (1,); use 2 numbers"),
        ({"x": ["a", "b"]}, {"ids": [1, 2]}, "has values of type <U1; use numbers"),
        ({"x": [1.0, 2.0]}, {"ids": [1, 1]}, "cell 1 is there already"),
        ({"x": [1.0, np.inf]}, {"ids": [1, 2]}, "position 1: column 'x': inf is not allowed"),
        ({"x": {5: 1.0}}, {}, "has the key 5; use an official hash or a Cell"),
        ({"x": {HASHES[0]: 1.0}}, {"ids": [1]}, "names its cells; leave out codes, ids and hash"),
        ({"x": [1.0]}, {"ids": [1], "units": {"y": "s"}}, "units: 'y' is not one of the columns"),
        ({"x": [1.0]}, {"ids": [1], "units": {"x": "\n"}}, r"the unit '\x0a' is not allowed; use"),
        ({"macs": [1.0]}, {"ids": [1]}, "the name 'macs' is not allowed, because it means some"),
        (3, {}, "columns=3 is not allowed; use values by name, a table or a file"),
    ],
)
def test_wrong_values_are_refused(
    plain: Index, tmp_path: Path, columns: Any, arguments: Any, message: str
) -> None:
    assert message in fault(plain, tmp_path, columns, **arguments)


def test_unknown_cells_are_counted_and_refused_where_it_is_strict(
    plain: Index, tmp_path: Path
) -> None:
    columns = {"x": {HASHES[0]: 1.0, UNKNOWN: 2.0, Cell.from_id(423_623).hash: 3.0}}
    assert "2 values of cells that the index lacks" in fault(plain, tmp_path, columns, strict=True)
    report = nb101fast.attach(plain, columns, tmp_path / "out.nb101")
    assert (report.unknown, report.cells) == (2, {"x": 1})
    assert UNKNOWN in report.first_unknown


# -------------------------------------------------------------------- the command line


def test_the_command_line_attaches_shows_and_detaches(
    plain: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"hash,x\n{HASHES[1]},0.5\n{UNKNOWN},1\n"
    table, out = written(tmp_path / "t.csv", text), str(tmp_path / "out.nb101")
    words = ["attach", plain.path, str(table), "-o", out]
    assert main([*words, "--strict"]) == 1
    assert main([*words, "--unit", "x"]) == 2
    assert main([*words, "--unit", "x=mJ", "--description", "x=one image"]) == 0
    said = capsys.readouterr().out
    assert "  x: 1 cell\n" in said
    assert f"values of cells that the index lacks: 1, the first in {table}: line 3" in said
    assert main(["attach", out, str(table), "-o", out]) == 2
    assert "use another name, or --replace" in capsys.readouterr().err
    assert main(["info", out]) == 0
    assert "own column x, 1 cell, 0.5 .. 0.5 mJ: one image" in capsys.readouterr().out
    assert main(["query", out, "id:1"]) == 0
    assert capsys.readouterr().out.endswith(" x=0.5\n")
    assert main(["detach", out, "x", "-o", out]) == 0
    assert Path(out).read_bytes() == Path(plain.path).read_bytes()
