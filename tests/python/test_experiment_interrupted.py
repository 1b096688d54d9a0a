"""An experiment whose processes die keeps what is done and comes to the same results."""

from __future__ import annotations

import multiprocessing
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import nb101fast
from nb101fast.experiment import run_experiment
from nb101fast.locations import BUILT_IN
from reference.child_processes import environment
from reference.experiment_files import results
from reference.slow_search import DELAY, VICTIM, PlainSearch

pytestmark = pytest.mark.slow

pytest.importorskip("pyarrow.parquet")
pytest.importorskip("matplotlib")

PATIENCE = 60.0  # seconds to wait for something before the test fails
RUNS = 24
PROGRAM = """
import sys
import nb101fast
from nb101fast.experiment import run_experiment
from reference.slow_search import PlainSearch

if __name__ == "__main__":
    index = nb101fast.open(sys.argv[1])
    options = {"optimizers": ["rs", PlainSearch], "runs": 24, "budget_seconds": 200}
    run_experiment(index, sys.argv[2], workers=2, **options)
"""


def run(out: Path, workers: int = 1) -> None:
    run_experiment(
        nb101fast.open(BUILT_IN),
        out,
        optimizers=["rs", PlainSearch],
        runs=RUNS,
        budget_seconds=200,
        workers=workers,
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    run(folder)
    return results(folder)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def children_of(process: int) -> list[int]:
    text = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(child) for child in text.split()]


def test_worker_killed(
    undisturbed: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    victim = tmp_path / "victim"
    victim.touch()
    monkeypatch.setenv(VICTIM, str(victim))
    run(tmp_path / "out", workers=2)
    assert not victim.exists()
    assert not multiprocessing.active_children()
    assert results(tmp_path / "out") == undisturbed
    assert re.search(
        r"worker \d: process \d+ ended with signal SIGKILL; "
        r"another worker computes run \d+ of 'PlainSearch'\n",
        capfd.readouterr().err,
    )


def test_error_in_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DELAY, "soon")
    with pytest.raises(ValueError, match="could not convert string to float: 'soon'"):
        run(tmp_path / "out", workers=2)
    assert not multiprocessing.active_children()


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_driver_killed(
    undisturbed: dict[str, bytes], tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    (tmp_path / "program.py").write_text(PROGRAM)
    driver = subprocess.Popen(
        [sys.executable, tmp_path / "program.py", BUILT_IN, out],
        env=environment(**{DELAY: "0.5"}),
        stderr=subprocess.PIPE,
    )
    with driver:
        wait_until(lambda: len(list(out.glob("runs/PlainSearch-*.parquet"))) >= 3)
        children = children_of(driver.pid)
        assert len(children) >= 2
        driver.send_signal(number)
        driver.communicate(timeout=PATIENCE)
    assert driver.returncode != 0
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
    assert 3 <= len(list(out.glob("runs/PlainSearch-*.parquet"))) < RUNS
    assert not (out / "summary.json").exists()
    run(out)
    assert results(out) == undisturbed
