"""An index in other formats: the suffix of the output decides which."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

import nb101fast
from nb101fast import Index
from nb101fast.exporter import SUFFIXES
from nb101fast.run_columns import RUN_COLUMNS
from reference.tfrecord import Record

Sample = tuple[Path, list[Record]]


@pytest.fixture(scope="module")
def index(small_sample: Sample) -> Index:
    return nb101fast.open(small_sample[0])


def records_of(index: str | os.PathLike[str], folder: Path) -> bytes:
    nb101fast.export(index, folder / "records.tfrecord", unmarked=True)
    return (folder / "records.tfrecord").read_bytes()


@pytest.mark.parametrize("suffix", [".tfrecord", ".tfrecord.gz", ".parquet", ".json", ".jsonl"])
def test_what_compile_takes_back(index: Index, tmp_path: Path, suffix: str) -> None:
    nb101fast.export(index, tmp_path / f"x{suffix}", unmarked=True)
    report = nb101fast.compile(tmp_path / f"x{suffix}", tmp_path / "again.nb101", synthetic=True)
    assert (report.runs, report.cells) == (index.num_runs, len(index))
    again = nb101fast.open(tmp_path / "again.nb101")
    if "json" not in suffix:
        assert records_of(again, tmp_path) == records_of(index, tmp_path)
    for epochs in index.epochs:
        for stage in nb101fast.STAGES:
            for r in range(index.repeats[index.epochs.index(epochs)]):
                ours = index.query(ids=index.cells, epochs=epochs, stage=stage, repeat=r)  # type: ignore[call-overload]
                theirs = again.query(ids=index.cells, epochs=epochs, stage=stage, repeat=r)  # type: ignore[call-overload]
                assert ours.tobytes() == theirs.tobytes()


def test_the_official_order_comes_back_from_json(tmp_path: Path) -> None:
    cells = nb101fast.cell_codes()[5:4000:300]
    nb101fast.synthetic.write_index(tmp_path / "in.nb101", codes=cells, epochs=(4, 12))
    for suffix in (".json", ".jsonl"):
        nb101fast.export(tmp_path / "in.nb101", tmp_path / f"x{suffix}", unmarked=True)
        report = nb101fast.compile(tmp_path / f"x{suffix}", tmp_path / "out.nb101")
        assert report.official_order
        before = records_of(tmp_path / "in.nb101", tmp_path)
        assert records_of(tmp_path / "out.nb101", tmp_path) == before


def test_gzip_has_the_same_records(index: Index, tmp_path: Path) -> None:
    nb101fast.export(index, tmp_path / "x.tfrecord.gz", unmarked=True)
    packed = (tmp_path / "x.tfrecord.gz").read_bytes()
    assert gzip.decompress(packed) == records_of(index, tmp_path)
    nb101fast.export(index, tmp_path / "x.tfrecord.gz", unmarked=True)
    assert (tmp_path / "x.tfrecord.gz").read_bytes() == packed


def test_csv_is_the_table_of_runs(index: Index, tmp_path: Path) -> None:
    nb101fast.export(index, tmp_path / "x.csv")
    with open(tmp_path / "x.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = index.to_arrow().to_pylist()
    assert len(rows) == len(expected) == index.num_runs
    for row, run in zip(rows, expected, strict=True):
        assert tuple(row) == (*RUN_COLUMNS, "synthetic")
        for name, value in run.items():
            assert type(value)(row[name]) == value


def test_json_is_a_list_of_cells(index: Index, tmp_path: Path) -> None:
    nb101fast.export(index, tmp_path / "x.json")
    nb101fast.export(index, tmp_path / "x.jsonl")
    cells = json.loads((tmp_path / "x.json").read_text())
    assert cells == [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert {cell["id"] for cell in cells} == set(index.cells.tolist())
    for cell in cells:
        assert cell == json.loads(index.to_json(ids=cell["id"]))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_progress_ends_with_all_runs(index: Index, tmp_path: Path, suffix: str) -> None:
    calls: list[tuple[int, int]] = []
    nb101fast.export(
        index, tmp_path / f"x{suffix}", unmarked=True, progress=lambda *done: calls.append(done)
    )
    if suffix != ".parquet":
        assert calls[-1] == (index.num_runs, index.num_runs)


@pytest.mark.parametrize("name", ["x", "x.txt", "x.gz", "x.json.gz", "x.nb101", "x.TFRECORD"])
def test_other_suffixes_are_refused(index: Index, tmp_path: Path, name: str) -> None:
    message = "is not allowed; use a name that ends in .tfrecord, .tfrecord.gz, .parquet, .csv, "
    with pytest.raises(ValueError, match=re.escape(message + ".json or .jsonl")):
        nb101fast.export(index, tmp_path / name, unmarked=True)
    assert not os.listdir(tmp_path)


def test_a_failed_export_leaves_the_file(index: Index, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("before")

    def fail(*done: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        nb101fast.export(index, tmp_path / "x.csv", progress=fail)
    assert (tmp_path / "x.csv").read_text() == "before"
    assert os.listdir(tmp_path) == ["x.csv"]


def test_the_command_obeys_the_suffix(
    index: Index, tmp_path: Path, capsys: pytest.CaptureFixture[Any]
) -> None:
    from nb101fast.__main__ import main

    assert main(["export", index.path, "-o", str(tmp_path / "x.jsonl")]) == 0
    assert json.loads((tmp_path / "x.jsonl").read_text().splitlines()[0])["runs"]
    assert main(["export", index.path, "-o", str(tmp_path / "x.xlsx")]) == 2
    assert "use a name that ends in .tfrecord, " in capsys.readouterr().err
