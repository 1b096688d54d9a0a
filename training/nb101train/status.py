"""How far a sweep is. Each driver writes a small file about itself; this module adds them up."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from nb101fast._core import visible
from nb101fast.file_lock import is_locked
from nb101fast.phrases import counted
from nb101fast.progress import duration
from nb101fast.regular_file import read_regular
from nb101fast.schema import Choice, Integer, ListOf, Number, Record, Text, parse
from nb101fast.whole_file import write_whole

from .plan import read_plan
from .shard import Shard, count_records, shards_in

State = Literal["running", "complete", "stopped", "killed"]

_COUNT = Integer()
_TIME = Number(0, 1e12)  # seconds since 1970
_STATUS = Record(
    {
        "state": Choice(("running", "complete", "stopped", "killed")),
        "host": Text(),
        "pid": _COUNT,
        "started": _TIME,
        "updated": _TIME,
        "runs": _COUNT,
        "made": _COUNT,
        "failed": _COUNT,
        "epochs_left": _COUNT,
        "runs_here": _COUNT,
        "epochs_here": _COUNT,
        "lost_workers": _COUNT,
        "records": _COUNT,
        "num_bytes": _COUNT,
        "running": ListOf(
            Record({"worker": _COUNT, "module_hash": Text(), "epochs": _COUNT, "repeat": _COUNT})
        ),
    }
)


@dataclass(frozen=True)
class Running:
    """The run that a worker is training."""

    worker: int
    module_hash: str
    epochs: int
    repeat: int


@dataclass(frozen=True)
class DriverStatus:
    """What a driver reports about itself and its shard.

    Attributes:
        state: "running"; "complete" if each run is made or has failed; "stopped" if the driver was
            interrupted or ended with an error; "killed" if its file says "running" but its process
            has ended.
        host, pid: the machine and the process of the driver.
        started, updated: when the driver started and when it wrote this, in seconds since 1970.
        runs, made, failed: how many runs the shard's cells have, how many of them are made, by this
            driver or an earlier one, and how many have failed.
        epochs_left: the epochs of all runs that are neither made nor failed.
        runs_here, epochs_here: the runs that this driver made, and the epochs of these runs.
        lost_workers: how many workers this driver lost.
        records, num_bytes: the size of the shard's file of results.
        running: one element for each worker that is training.
    """

    state: State
    host: str
    pid: int
    started: float
    updated: float
    runs: int
    made: int
    failed: int
    epochs_left: int
    runs_here: int
    epochs_here: int
    lost_workers: int
    records: int
    num_bytes: int
    running: tuple[Running, ...]

    @property
    def runs_per_second(self) -> float:
        """The runs that this driver made, divided by the time since it started."""
        return self.runs_here / max(self.updated - self.started, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes if each epoch takes as long as those of the runs made so far.

        None before the first run is made.
        """
        if self.epochs_left and not self.epochs_here:
            return None
        seconds = self.updated - self.started
        return self.epochs_left * seconds / self.epochs_here if self.epochs_left else 0.0

    def write(self, path: Path) -> None:
        """Replace the file in one step, so that a reader sees either the old one or the new one.

        A symbolic link at `path` is replaced too, and not followed.
        """
        write_whole(path, (json.dumps(asdict(self)) + "\n").encode(), follows_links=False)

    @classmethod
    def read(cls, path: Path) -> DriverStatus:
        """Read a status that `write` wrote. Any other file raises FormatError."""
        values: dict[str, Any] = parse(f"{path}: a driver's status", read_regular(path), _STATUS)
        running = tuple(Running(**each) for each in values.pop("running"))
        return cls(**values, running=running)


@dataclass(frozen=True)
class SweepStatus:
    """How far a whole sweep is.

    Attributes:
        cells, epochs, repeats, runs: what the plan asks for; `runs` is the number in all.
        made, failed: how many of the runs are made, and how many have failed.
        runs_per_second: of all drivers that are running, together.
        seconds_left: until the last driver is done. None if that is not known yet, or if a shard
            has runs left and no driver.
        drivers: by shard. If the sweep was divided into shards in several ways, these are the
            drivers of the division that worked last.
    """

    folder: str
    dataset: str
    cells: int
    epochs: tuple[int, ...]
    repeats: int
    runs: int
    made: int
    failed: int
    runs_per_second: float
    seconds_left: float | None
    drivers: dict[str, DriverStatus]

    @property
    def is_running(self) -> bool:
        """Whether at least one driver is running."""
        return any(driver.state == "running" for driver in self.drivers.values())

    def as_json(self) -> str:
        """The status as JSON, for programs."""
        return json.dumps(asdict(self), indent=2)

    def description(self) -> str:
        """The status in several lines, for people."""
        budgets = ", ".join(map(str, self.epochs))
        lines = [
            f"{visible(self.folder)}: {visible(self.dataset)}, "
            f"{counted(self.cells, 'cell')} x {budgets} epochs x {counted(self.repeats, 'repeat')}",
            f"  made    {self.made:,} of {counted(self.runs, 'run')} ({self.made / self.runs:.1%})",
            f"  failed  {self.failed:,}",
        ]
        if self.is_running:
            left = "not known" if self.seconds_left is None else duration(self.seconds_left)
            lines.append(f"  rate    {60 * self.runs_per_second:.1f} runs a minute; left: {left}")
        for shard, driver in self.drivers.items():
            lines += _driver_lines(shard, driver)
        if not self.is_running and self.made + self.failed < self.runs:
            lines.append(f"  no driver runs; `nb101train sweep {visible(self.folder)}` goes on")
        return "\n".join(lines)


def read_status(folder: str | os.PathLike[str]) -> SweepStatus:
    """How far the sweep in a folder is, whether or not its drivers are running.

    Only the records that no driver has counted are read.

    Raises:
        FileNotFoundError: there is no sweep in the folder.
        FormatError: a file of the sweep is damaged.

    Example:
        >>> status = read_status("out")
        >>> status.made, status.runs, status.is_running
        (24, 28, True)
    """
    plan = read_plan(folder)
    found = {shard: _found(folder, shard) for shard in shards_in(folder)}
    records = {shard: _num_records(folder, shard, driver) for shard, driver in found.items()}
    written = {
        shard: replace(driver, made=driver.made + records[shard] - driver.records)
        for shard, driver in found.items()
        if driver
    }
    latest = max(written, key=lambda shard: written[shard].updated, default=Shard())
    drivers = {shard: each for shard, each in written.items() if shard.count == latest.count}
    running = [driver for driver in drivers.values() if driver.state == "running"]
    return SweepStatus(
        folder=os.fspath(folder),
        dataset=plan.dataset,
        cells=len(plan.codes),
        epochs=plan.epochs,
        repeats=plan.repeats,
        runs=plan.num_runs,
        made=sum(records.values()),
        failed=sum(driver.failed for driver in drivers.values()),
        runs_per_second=sum(driver.runs_per_second for driver in running),
        seconds_left=_seconds_left(list(drivers.values()), latest.count),
        drivers={str(shard): driver for shard, driver in drivers.items()},
    )


def show_status(folder: str | os.PathLike[str], *, watch: bool, as_json: bool) -> None:
    """Print the status. With `watch`, print it every second as long as a driver is running."""
    height = 0
    while True:
        status = read_status(folder)
        text = status.as_json() if as_json else status.description()
        if height and sys.stdout.isatty():
            sys.stdout.write(f"\x1b[{height}F\x1b[J")  # This writes over the status before.
        print(text, flush=True)
        if not (watch and status.is_running):
            return
        height = text.count("\n") + 1
        time.sleep(1.0)


def _found(folder: str | os.PathLike[str], shard: Shard) -> DriverStatus | None:
    path = shard.status_in(folder)
    try:
        driver = DriverStatus.read(path)
    except FileNotFoundError:
        return None
    if driver.state == "running" and not is_locked(shard.results_in(folder)):
        driver = DriverStatus.read(path)  # It may have ended properly a moment ago.
    if driver.state == "running" and not is_locked(shard.results_in(folder)):
        return replace(driver, state="killed", running=())
    return driver


def _num_records(folder: str | os.PathLike[str], shard: Shard, driver: DriverStatus | None) -> int:
    """How many records a shard has now. Those that its driver has counted are not read again."""
    counted, end = (driver.records, driver.num_bytes) if driver else (0, 0)
    num_records, _ = count_records(shard.results_in(folder), counted, end)
    return num_records


def _seconds_left(drivers: list[DriverStatus], num_shards: int) -> float | None:
    left = [driver.seconds_left for driver in drivers]
    known = [seconds for seconds in left if seconds is not None]
    is_idle = any(each.epochs_left and each.state != "running" for each in drivers)
    if is_idle or len(known) < num_shards:
        return None
    return max(known)


def _driver_lines(shard: str, driver: DriverStatus) -> list[str]:
    ago = duration(max(time.time() - driver.updated, 0.0))
    lines = [
        f"  shard {shard}: {driver.made:,} of {counted(driver.runs, 'run')}, "
        f"{driver.failed:,} failed; driver {visible(driver.host)}:{driver.pid} {driver.state}, "
        f"seen {ago} ago"
        + (f", {counted(driver.lost_workers, 'worker')} lost" if driver.lost_workers else "")
    ]
    for run in driver.running:
        lines.append(
            f"    worker {run.worker}: {visible(run.module_hash)}, {counted(run.epochs, 'epoch')}, "
            f"repeat {run.repeat}"
        )
    return lines
