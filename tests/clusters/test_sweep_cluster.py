"""Sweeps on a Ray cluster whose actors and nodes are lost: each run is there once.

See `reference.ray_nodes` for the cluster. The results are made up.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from made_up import living
from made_up_sweep import WANTED, Sweep
from reference.libraries import needs
from reference.ray_nodes import RayCluster

pytestmark = [
    pytest.mark.slow,
    needs("ray"),
    pytest.mark.skipif(sys.platform != "linux", reason="finds the nodes' processes in /proc"),
    pytest.mark.usefixtures("node"),
]


def test_killed_actors(cluster: RayCluster, tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, cluster)
    with sweep.start() as driver:
        for number in range(2):
            sweep.wait_for(30 * (number + 1), driver)
            os.kill(living(sweep.pids)[0], signal.SIGKILL)
        out, err = driver.communicate(timeout=120)
    assert driver.returncode == 0, err
    assert "workers lost: 2" in out
    sweep.is_whole()
    sweep.workers_end()


def test_lost_nodes_and_a_killed_driver(cluster: RayCluster, tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, cluster, seconds=0.4)
    killed, cut_off, stopped = (cluster.add_node() for _ in range(3))
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
    sweep.worker["seconds"] = 0.0
    status, out, err = sweep.finish()
    assert status == 0, err
    made_now = re.search(r"runs made, (\d+) now", out)
    assert made_now
    assert 0 < int(made_now[1]) <= len(WANTED) - made
    sweep.is_whole()
    for node in (cut_off, stopped):
        cluster.kill(node)
    sweep.workers_end()
