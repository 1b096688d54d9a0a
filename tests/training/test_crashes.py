"""Drivers and workers that are killed, interrupted or out of disk: each run is there once.

The processes are real, the results made up.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nb101fast
from made_up import SMALL_SETTINGS, living, made_up_payload, small_set
from nb101train.cells import cells_up_to
from nb101train.ledger import Ledger, work_list
from nb101train.shard import Shard
from nb101train.shard_runs import read_records
from nb101train.status import read_status
from nb101train.work import units_of
from reference.libraries import needs
from reference.ray_nodes import Namespaces, RayCluster, ray_cluster

UNITS = units_of((1, 2), 1)
RESULTS = Shard().results_in
SCRIPT = Path(__file__).with_name("made_up.py")
WANTED = sorted(
    made_up_payload(work, *unit)
    for work in work_list(cells_up_to(4), Ledger(UNITS))
    for unit in UNITS
)


class Sweep:
    """A sweep of 91 cells, in a folder of its own.

    Its workers are processes, or the actors of a cluster, on whose head the drivers then run.
    """

    def __init__(self, folder: Path, cluster: RayCluster | None = None, **worker: Any) -> None:
        self._cluster = cluster
        self.out, self.pids = folder / "out", folder / "pids"
        self.pids.mkdir()
        self._worker = json.dumps({"seconds": 0.005, "pids": str(self.pids), **worker})
        begin = ["--max-vertices", "4", "--epochs", "1,2", "--repeats", "1", *SMALL_SETTINGS]
        self._begin = [*begin, "--dataset", f"npz:{small_set(folder)}"]

    def start(self, *arguments: str, before: str = "") -> subprocess.Popen[str]:
        """Start a driver after the shell command `before`. All starts have the same arguments."""
        command = [sys.executable, str(SCRIPT), self._worker, "sweep", str(self.out)]
        command += [*self._begin, "--workers", "2", "--engine", "local", *arguments]
        if self._cluster:
            command += ["--workers", "4", "--engine", "ray", "--address", self._cluster.address]
            return self._cluster.driver(command)
        if before:
            command = ["sh", "-c", f'{before}; exec "$@"', "sh", *command]
        paths = os.pathsep.join(filter(None, sys.path))
        return subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": paths},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, *arguments: str, before: str = "") -> tuple[int, str, str]:
        """Run a driver to its end; returns its exit status and what it printed."""
        with self.start(*arguments, before=before) as driver:
            try:
                out, err = driver.communicate(timeout=240)
            finally:
                driver.kill()
        return driver.returncode, out, err

    def payloads(self) -> list[bytes]:
        return [payload for _, payload in read_records(RESULTS(self.out))]

    def wait_for(self, count: int, driver: subprocess.Popen[str]) -> None:
        """Wait until there are so many records, or the driver has ended."""
        while driver.poll() is None:
            if RESULTS(self.out).exists() and len(self.payloads()) >= count:
                return
            time.sleep(0.02)

    def wait_for_losses(self, count: int, driver: subprocess.Popen[str]) -> int:
        """Wait until the driver has lost so many workers; returns how many it has lost."""
        while (lost := read_status(self.out).drivers["0/1"].lost_workers) < count:
            assert driver.poll() is None
            time.sleep(0.1)
        return lost

    def workers_end(self) -> None:
        """Check that all workers end by themselves."""
        deadline = time.monotonic() + 10
        while living(self.pids) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert living(self.pids) == []

    def is_whole(self) -> None:
        """Check that each run is there once, and that the index has all of them."""
        assert sorted(self.payloads()) == WANTED
        index = nb101fast.open(self.out / "index.nb101", verify="full")
        assert (len(index), index.num_runs) == (91, len(WANTED))
        assert (read_status(self.out).made, read_status(self.out).failed) == (len(WANTED), 0)


@pytest.fixture
def small_sweep(tmp_path: Path) -> Iterator[Sweep]:
    sweep = Sweep(tmp_path)
    yield sweep
    sweep.workers_end()


@pytest.mark.parametrize("kills", [3, pytest.param(12, marks=pytest.mark.release)])
def test_killed_drivers(small_sweep: Sweep, kills: int) -> None:
    chance = random.Random(kills)
    for number in range(kills):
        with small_sweep.start() as driver:
            # Some die before their first record, some in the middle of one.
            small_sweep.wait_for(number * len(WANTED) // kills, driver)
            time.sleep(chance.uniform(0.0, 0.02))
            assert driver.poll() is None
            driver.kill()
        if number % 2:  # else they may still live when the next driver starts
            small_sweep.workers_end()
        if (small_sweep.out / "sweep.json").exists() and Shard().status_in(
            small_sweep.out
        ).exists():
            found = read_status(small_sweep.out)
            assert not found.is_running
            assert found.made == len(small_sweep.payloads())
    status, _, err = small_sweep.finish()
    assert (status, err) == (0, "")
    small_sweep.is_whole()


@pytest.mark.slow
def test_killed_workers_and_a_killed_driver(small_sweep: Sweep) -> None:
    with small_sweep.start() as driver:
        for number in range(4):
            small_sweep.wait_for(20 * (number + 1), driver)
            if workers := living(small_sweep.pids):
                os.kill(workers[number % len(workers)], signal.SIGKILL)
        small_sweep.wait_for(len(small_sweep.payloads()) + 5, driver)
        driver.kill()
    status, _, err = small_sweep.finish()
    assert (status, err) == (0, "")
    small_sweep.is_whole()


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_an_interrupted_driver(small_sweep: Sweep, number: int) -> None:
    with small_sweep.start() as driver:
        small_sweep.wait_for(30, driver)
        driver.send_signal(number)
        out, err = driver.communicate(timeout=60)
    assert (driver.returncode, out) == (2, "")
    made = len(small_sweep.payloads())
    assert err == (
        f"nb101train: interrupted: the sweep has made {made} of {len(WANTED)} runs, and the same "
        "command continues from there\n"
    )
    small_sweep.workers_end()
    assert read_status(small_sweep.out).drivers["0/1"].state == "stopped"
    assert small_sweep.finish()[0] == 0
    small_sweep.is_whole()


def test_a_full_disk(small_sweep: Sweep) -> None:
    status, out, err = small_sweep.finish(before="ulimit -f 40")  # no file may have more than 20 KB
    assert (status, out) == (2, "")
    path = RESULTS(small_sweep.out)
    made = f"the sweep has made {len(small_sweep.payloads())} of {len(WANTED)} runs"
    assert err.splitlines()[-1] == (
        f"nb101train: [Errno 27] {path}: File too large; {made}, and the same command continues "
        "from there"
    )
    whole = sum(len(payload) + 16 for payload in small_sweep.payloads())
    assert 0 < path.stat().st_size == whole <= 20 * 1024
    assert small_sweep.finish()[0] == 0
    small_sweep.is_whole()


def test_a_second_driver(tmp_path: Path) -> None:
    small_sweep = Sweep(tmp_path, seconds=0.1)
    with small_sweep.start() as first:
        small_sweep.wait_for(1, first)
        status, out, err = small_sweep.finish()
        assert (status, out) == (2, "")
        results = RESULTS(small_sweep.out)
        advice = "another driver writes this file; wait for it to end"
        assert err == f"nb101train: {results}: {advice}\n"
        before = len(small_sweep.payloads())
        small_sweep.wait_for(before + 1, first)  # the second one has not disturbed it
        first.terminate()
    small_sweep.workers_end()


@pytest.mark.slow
@needs("ray")
def test_killed_actors(small_sweep: Sweep) -> None:
    with small_sweep.start("--engine", "ray") as driver:
        for number in range(2):
            small_sweep.wait_for(30 * (number + 1), driver)
            workers = living(small_sweep.pids)
            os.kill(workers[number % len(workers)], signal.SIGKILL)
        out, err = driver.communicate(timeout=120)
    assert driver.returncode == 0, err
    assert "workers lost: 2" in out
    small_sweep.is_whole()


@pytest.mark.slow
@needs("ray")
def test_a_killed_driver_of_actors(small_sweep: Sweep) -> None:
    with small_sweep.start("--engine", "ray") as driver:
        small_sweep.wait_for(40, driver)
        driver.kill()
    small_sweep.workers_end()  # together with the cluster that the driver had started
    assert small_sweep.finish()[0] == 0
    small_sweep.is_whole()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="finds the nodes' processes in /proc")
@needs("ray")
def test_lost_nodes_and_a_killed_driver(tmp_path: Path) -> None:
    with ray_cluster(namespaces=Namespaces.are_allowed()) as cluster:
        sweep = Sweep(tmp_path, cluster, seconds=0.4)
        killed, cut_off, stopped, _ = (cluster.add_node() for _ in range(4))
        with sweep.start() as driver:
            sweep.wait_for(20, driver)
            cluster.kill(killed)
            lost = sweep.wait_for_losses(1, driver)
            cluster.cut_off(cut_off)
            cluster.stop(stopped)
            sweep.wait_for_losses(lost + 2, driver)
            made = len(sweep.payloads())
            assert 20 <= made < len(WANTED)
            driver.kill()
        status, out, err = sweep.finish()
        assert status == 0, err
        made_now = re.search(r"runs made, (\d+) now", out)
        assert made_now
        assert 0 < int(made_now[1]) <= len(WANTED) - made
        sweep.is_whole()
    sweep.workers_end()
