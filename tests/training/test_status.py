"""The status: quick, without TensorFlow, and true even of drivers that are dead."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from made_up import MadeUpCrew, MadeUpWorker, living, small_set
from nb101train.__main__ import main
from nb101train.cells import cells_up_to
from nb101train.driver_status import DriverStatus, Running
from nb101train.plan import read_plan
from nb101train.request import Request
from nb101train.shard import Shard, ShardWriter
from nb101train.shard_runs import read_records
from nb101train.status import read_status
from nb101train.sweep import compile_shards, sweep
from nb101train.work import units_of
from reference.child_processes import environment
from reference.hostile_json import refusals

DRIVER = DriverStatus(
    state="complete",
    host="here",
    pid=1,
    started=1000.0,
    updated=1100.0,
    runs=28,
    made=20,
    failed=1,
    epochs_left=12,
    runs_here=10,
    epochs_here=24,
    lost_workers=0,
    records=20,
    num_bytes=0,
    running=(Running(0, "0" * 32, 2, 1),),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sweep of 28 runs, seven of which failed."""
    request = Request(
        codes=cells_up_to(3),
        dataset=f"npz:{small_set(tmp_path)}",
        epochs=(1, 2),
        repeats=2,
        changes={"batch_size": 2, "stem_filters": 2, "num_stacks": 1},
    )
    sweep(tmp_path, request, MadeUpCrew(worker=MadeUpWorker(failing=((2, 1),))))
    return tmp_path


def test_a_driver_says_how_long_it_takes() -> None:
    assert DRIVER.runs_per_second == 0.1
    assert DRIVER.seconds_left == 50.0  # 12 epochs at 24 in 100 s
    assert dataclasses.replace(DRIVER, epochs_here=0).seconds_left is None
    assert dataclasses.replace(DRIVER, epochs_here=0, epochs_left=0).seconds_left == 0.0


def test_a_status_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    DRIVER.write(path)
    assert DriverStatus.read(path) == DRIVER
    assert [each.name for each in tmp_path.iterdir()] == ["status.json"]


def test_a_damaged_status_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "status.json"

    def read(text: bytes) -> None:
        path.write_bytes(text)
        DriverStatus.read(path)

    texts = refusals(read, dataclasses.asdict(DRIVER))
    assert len(texts) > 200
    assert all("status.json: a driver's status: " in text for text in texts)


def test_names_from_the_files_of_a_sweep_are_shown_as_escapes(folder: Path) -> None:
    path = Shard().status_in(folder)
    nasty = dataclasses.replace(
        DriverStatus.read(path),
        host="\x1b[2J\u202e",
        running=(Running(0, "\x9b1m", 2, 1),),
    )
    nasty.write(path)
    text = read_status(folder).description()
    assert all(line.isprintable() for line in text.splitlines())
    assert r"driver \x1b[2J\u202e:" in text
    assert r"worker 0: \x9b1m," in text


def test_a_link_that_someone_planted_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    shard = Shard()
    for path in (shard.status_in(tmp_path), shard.results_in(tmp_path)):
        path.symlink_to(victim)
    DRIVER.write(shard.status_in(tmp_path))
    assert DriverStatus.read(shard.status_in(tmp_path)) == DRIVER
    with pytest.raises(OSError, match=r"\.tfrecord is a symbolic link; remove it"):
        ShardWriter(shard.results_in(tmp_path))
    assert victim.read_text() == "precious"


def test_an_index_that_is_a_link_is_refused(folder: Path) -> None:
    (folder / "index.nb101").unlink(missing_ok=True)
    (folder / "index.nb101").symlink_to("victim")
    with pytest.raises(OSError, match=r"index\.nb101 is a symbolic link; remove it"):
        compile_shards(folder, read_plan(folder))
    assert not (folder / "victim").exists()


def test_of_a_complete_sweep(folder: Path) -> None:
    status = read_status(folder)
    assert (status.cells, status.epochs, status.repeats, status.runs) == (7, (1, 2), 2, 28)
    assert (status.made, status.failed, status.seconds_left) == (21, 7, 0.0)
    (driver,) = status.drivers.values()
    assert (driver.state, driver.pid, driver.epochs_left) == ("complete", os.getpid(), 0)
    assert not status.is_running
    assert "made    21 of 28 runs (75.0%)" in status.description()
    assert "goes on" not in status.description()


def test_of_a_killed_driver(folder: Path) -> None:
    path = Shard().status_in(folder)
    records = list(read_records(Shard().results_in(folder)))
    # It wrote one more record, and then a part of one, after it last told its status.
    Shard().results_in(folder).write_bytes(
        Shard().results_in(folder).read_bytes()[: records[11][0] + 30]
    )
    old = dataclasses.replace(
        DriverStatus.read(path),
        state="running",
        records=10,
        num_bytes=records[10][0],
        made=10,
        epochs_left=15,
        running=DRIVER.running,
    )
    old.write(path)
    status = read_status(folder)
    assert (status.made, status.seconds_left) == (11, None)
    assert (status.drivers["0/1"].state, status.drivers["0/1"].made) == ("killed", 11)
    assert "killed" in status.description()
    assert f"no driver runs; continue: nb101train sweep {folder}" in status.description()

    with ShardWriter(Shard().results_in(folder)):
        status = read_status(folder)
        assert status.is_running
        assert status.seconds_left == old.seconds_left
        assert "worker 0: " + "0" * 32 + ", 2 epochs, repeat 1" in status.description()


def test_of_several_shards(folder: Path) -> None:
    # Another division later on: its two drivers tell what there is to tell.
    Shard().status_in(folder).unlink()
    for index, (state, seconds) in enumerate((("running", 100.0), ("complete", 50.0))):
        path = Shard(index, 2).results_in(folder)
        path.touch()
        left = 12 if state == "running" else 0
        changes: Any = {"state": state, "updated": 1000 + seconds, "epochs_left": left}
        changes["records"] = 0
        dataclasses.replace(DRIVER, **changes).write(Shard(index, 2).status_in(folder))
    with ShardWriter(Shard(0, 2).results_in(folder)):
        status = read_status(folder)
    assert status.made == 21  # those of the undivided sweep, counted one by one
    assert (status.failed, status.runs_per_second, status.seconds_left) == (2, 0.1, 50.0)
    assert read_status(folder).seconds_left is None  # shard 0 has no driver now

    Shard(1, 2).status_in(folder).unlink()
    with ShardWriter(Shard(0, 2).results_in(folder)):
        assert read_status(folder).seconds_left is None  # who knows of shard 1


def test_no_sweep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"nb101train: {tmp_path}: no sweep in this folder: it has no sweep.json\n"
    )


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(folder), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["made"], facts["failed"], facts["epochs"]) == (21, 7, [1, 2])
    assert facts["drivers"]["0/1"]["state"] == "complete"


def test_watch_until_nobody_runs(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Shard().status_in(folder)
    done = DriverStatus.read(path)
    dataclasses.replace(done, state="running").write(path)
    writer = ShardWriter(Shard().results_in(folder))

    def end(seconds: float) -> None:
        done.write(path)
        writer.close()

    monkeypatch.setattr("nb101train.status.time.sleep", end)
    assert main(["status", str(folder), "--watch"]) == 0
    out = capsys.readouterr().out
    assert out.count("made    21 of 28") == 2
    assert out.count("left: 0 s") == 1


FRESH = """
import sys
from nb101train.__main__ import main
assert main(["status", sys.argv[1]]) == 0
slow = ("tensorflow", "ray", "sklearn", "keras", "pandas")
found = [name for name in slow if name in sys.modules]
sys.exit(f"imported: {found}" if found else 0)
"""


def test_it_imports_nothing_slow(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-W", "error", "-c", FRESH, folder],
        env=environment(),
        stdout=subprocess.DEVNULL,
        check=True,
    )


def test_while_a_driver_works(folder: Path, tmp_path: Path) -> None:
    """A live driver in a process of its own, which waits for its worker."""
    pids, out = tmp_path / "pids", tmp_path / "out"
    pids.mkdir()
    script = Path(__file__).with_name("made_up.py")
    worker = json.dumps({"seconds": 0.3, "pids": str(pids)})
    command = [
        "sweep",
        str(out),
        "--max-vertices",
        "2",
        "--dataset",
        f"npz:{tmp_path / 'small.npz'}",
    ]
    command += ["--set", "batch_size=2", "--epochs", "1,3", "--engine", "local"]
    with subprocess.Popen(
        [sys.executable, script, worker, *command], env=environment(), stdout=subprocess.DEVNULL
    ) as driver:
        states, runs = set(), set()
        while driver.poll() is None:
            if Shard().status_in(out).exists():
                for each in read_status(out).drivers.values():
                    states.add(each.state)
                    runs |= {(run.epochs, run.repeat) for run in each.running}
            time.sleep(0.05)
    assert driver.returncode == 0
    assert "running" in states
    assert "killed" not in states
    assert runs
    assert runs <= set(units_of((1, 3), 3))
    assert not living(pids)
