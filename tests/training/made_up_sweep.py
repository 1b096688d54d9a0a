"""Sweeps whose workers make up their results, and whose processes a test may kill."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nb101fast
from made_up import SMALL_SETTINGS, living, made_up_payload, small_set
from nb101train.cells import cells_up_to
from nb101train.ledger import Ledger, work_list
from nb101train.shard import Shard
from nb101train.shard_runs import read_records
from nb101train.status import read_status
from nb101train.work import units_of
from reference.child_processes import start
from reference.ray_nodes import RayCluster

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

    Attributes:
        worker: the settings of the workers that the next driver starts; see `MadeUpWorker`.
    """

    def __init__(self, folder: Path, cluster: RayCluster | None = None, **worker: Any) -> None:
        self._cluster = cluster
        self.out, self.pids = folder / "out", folder / "pids"
        self.pids.mkdir()
        self.worker = {"seconds": 0.005, "pids": str(self.pids), **worker}
        begin = ["--max-vertices", "4", "--epochs", "1,2", "--repeats", "1", *SMALL_SETTINGS]
        self._begin = [*begin, "--dataset", f"npz:{small_set(folder)}"]

    def start(self, *arguments: str, before: str = "") -> subprocess.Popen[str]:
        """Start a driver after the shell command `before`. All starts have the same arguments."""
        command = [sys.executable, str(SCRIPT), json.dumps(self.worker), "sweep", str(self.out)]
        command += [*self._begin, "--workers", "2", "--engine", "local", *arguments]
        if self._cluster:
            command += ["--workers", "4", "--engine", "ray", "--address", self._cluster.address]
            return self._cluster.driver(command)
        if before:
            command = ["sh", "-c", f'{before}; exec "$@"', "sh", *command]
        return start(command)

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
        deadline = time.monotonic() + 60
        while living(self.pids) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert living(self.pids) == []

    def is_whole(self) -> None:
        """Check that each run is there once, and that the index has all of them."""
        assert sorted(self.payloads()) == WANTED
        index = nb101fast.open(self.out / "index.nb101", verify="full")
        assert (len(index), index.num_runs) == (91, len(WANTED))
        assert (read_status(self.out).made, read_status(self.out).failed) == (len(WANTED), 0)
