"""Sweeps that really train: on the digits, with very small networks."""

from __future__ import annotations

import dataclasses
import functools
import io
import os
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import nb101fast
from made_up import InProcessEngine, is_alive
from nb101train.__main__ import main
from nb101train.commands import sweep
from nb101train.crew import Crew
from nb101train.engine import Engine
from nb101train.failures import read_failures
from nb101train.plan import SweepPlan
from nb101train.record import RunResult, parse_payload
from nb101train.shard import Shard
from nb101train.shard_runs import read_records
from nb101train.worker import TrainingWorker
from reference.child_processes import start
from reference.libraries import needs

pytestmark = needs("tensorflow")
needs_ray = needs("ray")

BEGIN = ["--epochs", "1,2", "--repeats", "2", "--threads", "1", "--device", "cpu"]
BEGIN += ["--set", "stem_filters=2", "--set", "num_stacks=1"]
CELLS = ("id:5", "id:60", "id:90")
TIMES = ("total_time", "compile_seconds", "step_seconds", "evaluation_seconds")


def start_sweep(out: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-m", "nb101train", "sweep", str(out), *arguments]
    return start(command)


def finish(out: Path, *arguments: str) -> tuple[int, str, str]:
    """Run the command; returns its exit status and what it printed."""
    with start_sweep(out, *arguments) as driver:
        printed = driver.communicate(timeout=300)
    return driver.returncode, *printed


class CrewHere(Crew):
    """A single worker, in this process."""

    def hired(self, folder: Path, plan: SweepPlan, shard: Shard) -> Engine:
        make_worker = functools.partial(TrainingWorker, self._settings(folder, plan))
        return InProcessEngine(make_worker, 1)


def finish_here(out: Path, *arguments: str) -> tuple[int, str, str]:
    """Run the command in this process; returns its exit status and what it printed."""
    with (
        mock.patch.object(sweep, "Crew", CrewHere),
        redirect_stdout(io.StringIO()) as printed,
        redirect_stderr(io.StringIO()) as err,
    ):
        status = main(["sweep", str(out), *arguments])
    return status, printed.getvalue(), err.getvalue()


def cells_file(folder: Path, count: int) -> Path:
    path = folder / "cells.txt"
    path.write_text("\n".join(CELLS[:count]))
    return path


def results(out: Path) -> list[dict[str, Any]]:
    """Everything about each run except its times, by cell, epochs and repeat."""
    found = [parse_payload(payload) for _, payload in read_records(Shard().results_in(out))]
    found.sort(key=lambda run: (run.module_hash, run.epochs, run.repeat))
    return [timeless(run) for run in found]


def timeless(run: RunResult) -> dict[str, Any]:
    values = dataclasses.asdict(run)
    values["matrix"] = run.matrix.tolist()
    for evaluation in values["evaluations"]:
        del evaluation["training_time"]
    return {name: value for name, value in values.items() if name not in TIMES}


@dataclass(frozen=True)
class FinishedSweep:
    """A sweep's folder, what the command printed, and its runs as `results` gives them."""

    out: Path
    printed: str
    runs: list[dict[str, Any]]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> FinishedSweep:
    """A sweep of `CELLS` by this process."""
    folder = tmp_path_factory.mktemp("undisturbed")
    out, cells = folder / "out", cells_file(folder, len(CELLS))
    status, printed, err = finish_here(out, *BEGIN, "--cells", str(cells))
    assert (status, err) == (0, f"{cells}: 3 cells: 3 by id\n")
    return FinishedSweep(out, printed, results(out))


def test_a_sweep_of_the_digits_becomes_an_index(undisturbed: FinishedSweep) -> None:
    assert "12 of 12 runs made" in undisturbed.printed
    index = nb101fast.open(undisturbed.out / "index.nb101", verify="full")
    assert (index.cells.tolist(), index.epochs, index.repeats) == ([5, 60, 90], (1, 2), (2, 2))
    assert index.num_runs == 12
    assert index.denominator == 400
    for _, payload in read_records(Shard().results_in(undisturbed.out)):
        run = parse_payload(payload)
        found = index.query(run.module_hash, epochs=run.epochs, repeat=run.repeat)
        assert found["test_accuracy"] == run.evaluations[-1].test_accuracy
        assert found["training_time"] == pytest.approx(run.evaluations[-1].training_time, rel=1e-6)
    versions = index.provenance["training"][0]["versions"]
    assert set(versions[0]) == {"nb101fast", "tensorflow"}


def test_runs_that_are_not_finite_fail(tmp_path: Path) -> None:
    out = tmp_path / "out"
    cells = cells_file(tmp_path, 1)
    arguments = [*BEGIN, "--cells", str(cells), "--set", "learning_rate=1e30"]
    status, printed, err = finish_here(out, *arguments)
    assert (status, printed.count("  failed: ")) == (1, 4)
    assert err == (
        f"{cells}: 1 cell: 1 by id\n"
        "nb101train: not made: 4 of 4 runs; --retry-failed tries them again\n"
    )
    assert results(out) == []
    assert not (out / "index.nb101").exists()
    failures = read_failures(out).values()
    assert {failure.attempts for failure in failures} == {5}
    assert all("not finite" in failure.reason for failure in failures)


@pytest.mark.slow
def test_killed_processes_do_not_change_the_results(
    tmp_path: Path, undisturbed: FinishedSweep
) -> None:
    """A worker and then the driver are killed while TensorFlow trains; the runs are the same."""
    out, cells = tmp_path / "out", cells_file(tmp_path, len(CELLS))
    arguments = [*BEGIN, "--cells", str(cells)]
    with start_sweep(out, *arguments, "--workers", "2") as driver:
        workers = wait_for_workers(driver, out, 3)
        os.kill(workers[0], signal.SIGKILL)
        time.sleep(0.2)
        driver.kill()
    deadline = time.monotonic() + 60
    while any(map(is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(is_alive, workers))
    status, printed, err = finish_here(out, *arguments)
    assert status == 0, printed + err
    assert results(out) == undisturbed.runs


def wait_for_workers(driver: subprocess.Popen[str], out: Path, records: int) -> list[int]:
    """Wait for so many records; returns the processes of the driver's workers."""
    path = Shard().results_in(out)
    while driver.poll() is None:
        if path.exists() and sum(1 for _ in read_records(path)) >= records:
            break
        time.sleep(0.02)
    assert driver.poll() is None
    children = Path(f"/proc/{driver.pid}/task/{driver.pid}/children").read_text("ascii").split()
    return [int(pid) for pid in children if "spawn_main" in _command_of(pid)]


def _command_of(pid: str) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


@pytest.mark.slow
@needs_ray
def test_actors_and_processes_give_the_same_results(
    tmp_path: Path, undisturbed: FinishedSweep
) -> None:
    cells = cells_file(tmp_path, len(CELLS))
    arguments = [*BEGIN, "--cells", str(cells), "--engine", "ray", "--workers", "1"]
    status, printed, err = finish(tmp_path / "out", *arguments)
    assert status == 0, printed + err
    assert results(tmp_path / "out") == undisturbed.runs
