"""Drivers and workers that are killed, interrupted or out of disk: each run is there once.

The processes are real, the results made up.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from made_up import living
from made_up_sweep import RESULTS, WANTED, Sweep
from nb101train.shard import Shard
from nb101train.status import read_status
from reference.libraries import needs


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
def test_a_killed_driver_of_actors(small_sweep: Sweep) -> None:
    with small_sweep.start("--engine", "ray") as driver:
        small_sweep.wait_for(40, driver)
        driver.kill()
    small_sweep.workers_end()  # together with the cluster that the driver had started
    assert small_sweep.finish()[0] == 0
    small_sweep.is_whole()
