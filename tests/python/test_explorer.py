"""The folder of an explorer: the values in it, its size, and what happens if writing is cut off.

And the server that shows it on this machine.
"""

from __future__ import annotations

import gc
import itertools
import json
import math
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import Cell, FormatError, Index, explorer, search
from nb101fast.__main__ import main
from nb101fast.explorer.manifest import parse_manifest
from nb101fast.explorer.packed_array import PackedArray
from nb101fast.locations import BUILT_IN
from nb101fast.whole_file import write_whole
from reference import tfrecord
from reference.cells import graph_of
from reference.runs import random_records, with_values

DIGITS = nb101fast.open(BUILT_IN)


def manifest_in(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return manifest


def elements(folder: Path, array: dict[str, Any]) -> npt.NDArray[Any]:
    """A packed array, read the plain way: byte b of element i stands at b * length + i."""
    planes = zlib.decompress((folder / array["file"]).read_bytes())
    kind = np.dtype(array["type"]).newbyteorder("<")
    size = array["length"]
    joined = bytes(planes[b * size + i] for i in range(size) for b in range(kind.itemsize))
    return np.frombuffer(joined, kind)


def values(folder: Path, measure: dict[str, Any]) -> npt.NDArray[np.float64]:
    array = measure["values"]
    raw = elements(folder, array)
    if array["step"] is None:
        return raw.astype(np.float64)
    return np.where(raw == 65535, np.nan, raw * array["step"])


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explorer") / "made" / "anew"
    explorer.write(DIGITS, folder)
    return folder


def test_the_folder_of_a_small_index_is_small_and_has_the_files_it_lists(digits: Path) -> None:
    names = {path.name for path in digits.iterdir()}
    assert names == {"manifest.json", *manifest_in(digits)["files"]}
    assert sum(path.stat().st_size for path in digits.iterdir()) < 1_000_000


def test_the_tables_lead_from_codes_to_ids(digits: Path) -> None:
    tables = manifest_in(digits)["tables"]
    placements = elements(digits, tables["placements"]).reshape(-1, 2)
    ranks = elements(digits, tables["ranks"])
    planes = zlib.decompress((digits / tables["placement_of_matrix"]["file"]).read_bytes())
    low, high = np.frombuffer(planes, np.uint8).reshape(2, 1 << 21).astype(np.uint16)
    codes = nb101fast.search_space.sample(1000, how="all", seed=1)
    first, start = placements[(low | high << 8)[codes & ((1 << 21) - 1)]].T
    assert np.array_equal(first + ranks[start + (codes >> 21)], nb101fast.cell_ids(codes))


def test_measures_are_the_values_of_the_index(digits: Path, index: Index, tmp_path: Path) -> None:
    explorer.write(index, tmp_path)
    for folder, source in ((digits, DIGITS), (tmp_path, index)):
        manifest = manifest_in(folder)
        assert np.array_equal(elements(folder, manifest["rows"]["cells"]), source.cells)
        beginnings = [int(Cell.from_id(cell).hash[:4], 16) for cell in source.cells.tolist()]
        assert elements(folder, manifest["rows"]["fingerprints"]).tolist() == beginnings
        for measure in manifest["measures"]:
            name, epochs = measure["name"], measure["epochs"]
            precision = 1e-7
            if measure["statistic"] == "mean":
                expected = source.column(name, epochs=epochs, repeat="mean").astype(np.float64)
            else:
                repeats = range(source.repeats[source.epochs.index(epochs)])
                runs = np.stack([source.column(name, epochs=epochs, repeat=r) for r in repeats])
                expected = np.array([spread_of(row[~np.isnan(row)]) for row in runs.T])
                precision = 5.001e-5
            shown = values(folder, measure)
            np.testing.assert_allclose(shown, expected, rtol=0, atol=precision)


def test_a_metric_without_any_value_is_no_measure(tmp_path: Path) -> None:
    graphs = [graph_of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [label]) for label in (0, 2)]
    records = random_records(np.random.default_rng(1), graphs, {36: 2, 108: 2})
    untested = with_values(records, {"test_accuracy": math.nan, "training_time": math.nan})
    (tmp_path / "a.tfrecord").write_bytes(tfrecord.write(untested))
    nb101fast.compile(tmp_path / "a.tfrecord", tmp_path / "a.nb101")
    explorer.write(tmp_path / "a.nb101", tmp_path / "page")
    measures = manifest_in(tmp_path / "page")["measures"]
    assert [(each["name"], each["epochs"], each["statistic"]) for each in measures] == [
        ("validation_accuracy", 36, "mean"),
        ("validation_accuracy", 108, "mean"),
        ("train_accuracy", 108, "mean"),
        ("validation_accuracy", 108, "spread"),
    ]


def spread_of(runs: npt.NDArray[Any]) -> float:
    return float(np.std(runs.astype(np.float64), ddof=1)) if len(runs) > 1 else np.nan


def test_own_columns_are_measures_with_their_labels(tmp_path: Path) -> None:
    ids = DIGITS.cells[:2]
    path = tmp_path / "own.nb101"
    nb101fast.attach(DIGITS, {"latency": [0.5, 2.0]}, path, ids=ids, units={"latency": "ms"})
    explorer.write(path, tmp_path / "page")
    measure = manifest_in(tmp_path / "page")["measures"][-1]
    assert (measure["name"], measure["unit"], measure["is_own"]) == ("latency", "ms", True)
    assert measure["better"] is None
    assert values(tmp_path / "page", measure)[:2].tolist() == [0.5, 2.0]


def test_values_that_are_no_accuracies_are_kept_as_they_are(tmp_path: Path) -> None:
    rows = [{"id": 4, "epochs": 108, "validation_accuracy": value} for value in (-1.5, -1.0)]
    (tmp_path / "odd.jsonl").write_text("\n".join(map(json.dumps, rows)))
    nb101fast.compile(tmp_path / "odd.jsonl", tmp_path / "odd.nb101")
    explorer.write(tmp_path / "odd.nb101", tmp_path / "page")
    measure = manifest_in(tmp_path / "page")["measures"][0]
    assert measure["values"]["type"] == "float32"
    assert values(tmp_path / "page", measure).tolist() == [-1.25]


def test_values_beyond_float32_become_infinite(tmp_path: Path) -> None:
    rows = [
        {"id": 4, "epochs": 108, "validation_accuracy": 1e300 * sign, "training_time": 1e39}
        for sign in (1, -1, 1)
    ]
    (tmp_path / "odd.jsonl").write_text("\n".join(map(json.dumps, rows)))
    nb101fast.compile(tmp_path / "odd.jsonl", tmp_path / "odd.nb101")
    nb101fast.attach(tmp_path / "odd.nb101", {"energy": [-1e39]}, tmp_path / "own.nb101", ids=[4])
    explorer.write(tmp_path / "own.nb101", tmp_path / "page", runs=True)
    measures = manifest_in(tmp_path / "page")["measures"]
    shown = {(m["name"], m["statistic"]): values(tmp_path / "page", m).tolist() for m in measures}
    assert shown["validation_accuracy", "mean"] == [np.inf]
    assert shown["validation_accuracy", "spread"] == [np.inf]
    assert shown["training_time", "mean"] == [np.inf]
    assert shown["energy", None] == [-np.inf]


def test_a_small_index_has_all_runs_in_chunks(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nb101fast.explorer.cell_runs._CELLS_PER_CHUNK", 40)
    explorer.write(DIGITS, tmp_path)
    [whole] = manifest_in(digits)["runs"]["chunks"]
    runs = manifest_in(tmp_path)["runs"]
    assert [chunk["length"] // 72 for chunk in runs["chunks"]] == [40, 40, 11]
    parts = [elements(tmp_path, chunk).reshape(72, -1) for chunk in runs["chunks"]]
    assert np.array_equal(np.hstack(parts), elements(digits, whole).reshape(72, -1))
    shown = values(digits, {"values": whole}).reshape(3, 2, 12, len(DIGITS))
    for (m, metric), (s, stage) in itertools.product(
        enumerate(runs["metrics"]), enumerate(runs["stages"])
    ):
        expected = [
            DIGITS.column(metric, epochs=epochs, stage=stage, repeat=repeat)
            for epochs, repeats in zip(DIGITS.epochs, DIGITS.repeats, strict=True)
            for repeat in range(repeats)
        ]
        np.testing.assert_allclose(shown[m, s], expected, rtol=0, atol=1e-7)


def test_the_runs_of_a_large_index_are_written_only_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nb101fast.explorer.cell_runs._MOST_CELLS", 90)
    explorer.write(DIGITS, tmp_path)
    assert manifest_in(tmp_path)["runs"] is None
    assert main(["explore", str(BUILT_IN), "-o", str(tmp_path), "--runs"]) == 0
    assert len(manifest_in(tmp_path)["runs"]["chunks"]) == 1
    explorer.write(DIGITS, tmp_path, runs=False)
    assert not [*tmp_path.glob("runs_*")]


def test_synthetic_values_are_marked(index: Index, tmp_path: Path) -> None:
    explorer.write(index, tmp_path)
    assert manifest_in(tmp_path)["index"]["synthetic"] is True


def test_until_the_new_page_is_complete_the_folder_has_the_old_one(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer.write(DIGITS, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def write_until_the_manifest(path: Path, data: bytes) -> None:
        if path.name == "manifest.json":
            raise OSError("the disk is full")
        write_whole(path, data)

    with monkeypatch.context() as patch:
        patch.setattr("nb101fast.explorer.folder.write_whole", write_until_the_manifest)
        with pytest.raises(OSError, match="the disk is full"):
            explorer.write(index, tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in before} == before

    (tmp_path / "notes.txt").write_text("mine")
    explorer.write(index, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"manifest.json", "notes.txt", *manifest_in(tmp_path)["files"]}


def test_a_folder_with_another_page_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(FileExistsError, match=re.escape("that is not that of an explorer; use")):
        explorer.write(DIGITS, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_the_folder_has_a_race_of_its_index(index: Index, tmp_path: Path) -> None:
    race = tmp_path / "race.json"
    search.write_race([search.run("rs", DIGITS, runs=2, budget_seconds=100)], DIGITS, race)
    page = str(tmp_path / "page")
    assert main(["explore", str(BUILT_IN), "-o", page, "--race", str(race)]) == 0
    manifest = manifest_in(tmp_path / "page")
    assert manifest["race"] in manifest["files"]
    assert (tmp_path / "page" / manifest["race"]).read_bytes() == race.read_bytes()
    explorer.write(DIGITS, tmp_path / "page")
    assert manifest_in(tmp_path / "page")["race"] is None
    assert not (tmp_path / "page" / manifest["race"]).exists()
    with pytest.raises(ValueError, match=re.escape("is a race of 'nb101_digits.nb101', not of")):
        explorer.write(index, tmp_path / "other", race=race)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("name", ["../mine.txt", "/mine.txt", "a\\b.txt", "..", ""])
def test_a_manifest_that_names_a_file_elsewhere_is_refused(digits: Path, name: str) -> None:
    manifest = manifest_in(digits)
    manifest["files"].append(name)
    with pytest.raises(FormatError, match=re.escape("without a folder")):
        parse_manifest("manifest.json", json.dumps(manifest).encode())


def test_an_array_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="ids has dtype int64; use one of uint8, uint16, int32"):
        PackedArray.of("ids", np.zeros(1, np.int64))


# ------------------------------------------------------------------------------- on this machine


def test_a_page_is_served_until_it_is_closed() -> None:
    with DIGITS.explore() as page:
        assert page.address in page._repr_html_()
        with urllib.request.urlopen(page.address) as answer:
            assert answer.headers["Content-Type"] == "text/html"
            first_page = answer.read().decode()
        [script] = re.findall(r'src="\./([^"]+\.js)"', first_page)
        with urllib.request.urlopen(page.address + script) as answer:
            assert answer.headers["Content-Type"] == "text/javascript"
        with urllib.request.urlopen(page.address + "manifest.json") as answer:
            assert json.load(answer)["index"]["name"] == BUILT_IN.name
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(page.address)


def test_a_page_that_nobody_holds_is_closed() -> None:
    address = DIGITS.explore().address
    gc.collect()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address)


def test_another_name_of_this_machine_gets_no_answer() -> None:
    """So no page of another site can read the data by giving 127.0.0.1 a name of its own."""
    with DIGITS.explore() as page:
        request = urllib.request.Request(page.address, headers={"Host": "elsewhere.example"})
        with pytest.raises(urllib.error.HTTPError, match="421") as refused:
            urllib.request.urlopen(request)
        refused.value.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_the_command_serves_until_ctrl_c() -> None:
    command = [sys.executable, "-m", "nb101fast", "explore", str(BUILT_IN), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.fullmatch(r"(http://127\.0\.0\.1:\d+/) shows (.+) until Ctrl-C\n", line)
        assert match
        assert match[2] == BUILT_IN.name
        urllib.request.urlopen(match[1]).close()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0


def test_the_command_writes_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "page"
    assert main(["explore", str(BUILT_IN), "-o", str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder}: the page of {BUILT_IN.name}\n"
    assert (folder / "index.html").is_file()


def test_what_uses_a_race_loads_no_server() -> None:
    program = "import sys, nb101fast.search; print('http.server' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
