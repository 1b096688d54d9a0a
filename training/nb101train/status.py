"""How far a sweep is: the sum of what its drivers say of themselves."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass, replace

from nb101fast._core import visible
from nb101fast.file_lock import is_locked
from nb101fast.phrases import counted
from nb101fast.progress import duration

from .driver_status import DriverStatus
from .plan import read_plan
from .shard import Shard, shards_in
from .shard_runs import count_records


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
            lines.append(f"  no driver runs; continue: nb101train sweep {visible(self.folder)}")
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
