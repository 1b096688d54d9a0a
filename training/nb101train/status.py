"""How far a sweep is: what each driver writes of itself now and then, and what that adds up to."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from nb101fast import FormatError

from .file_lock import is_locked
from .plan import read_plan
from .shard import Shard, read_records, shards_in

State = Literal["running", "complete", "stopped", "killed"]

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True)
class Running:
    """The run that a worker is at."""

    worker: int
    module_hash: str
    epochs: int
    repeat: int


@dataclass(frozen=True)
class DriverStatus:
    """What a driver says of itself and its shard.

    Attributes:
        state: "running"; "complete": each run is made or has failed; "stopped": interrupted, or
            ended by an error; "killed": it says "running" but is no more.
        host, pid: of the driver.
        started, updated: seconds since 1970.
        runs, made, failed: of the shard's cells; what earlier drivers made counts too.
        epochs_left: of all runs that are neither made nor failed.
        runs_here, epochs_here: made by this driver.
        lost_workers: by this driver.
        records, num_bytes: in the shard's file of results.
        running: one for each worker that trains.
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
        """Since the driver started."""
        return self.runs_here / max(self.updated - self.started, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """At the pace until now, a run's time going by its epochs; None before the first run."""
        if self.epochs_left and not self.epochs_here:
            return None
        seconds = self.updated - self.started
        return self.epochs_left * seconds / self.epochs_here if self.epochs_left else 0.0

    def write(self, path: Path) -> None:
        """Replace the file at once: a reader sees the old one or this."""
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(asdict(self)) + "\n", "utf-8")
        os.replace(beside, path)

    @classmethod
    def read(cls, path: Path) -> DriverStatus:
        """What `write` wrote; FormatError for anything else."""
        try:
            values = json.loads(path.read_text("utf-8"))
            running = tuple(Running(**each) for each in values.pop("running"))
            return cls(**values, running=running)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise FormatError(f"{path}: not a driver's status: {error}") from None


@dataclass(frozen=True)
class SweepStatus:
    """How far all of a sweep is.

    Attributes:
        cells, epochs, repeats, runs: of the plan; runs in all.
        made, failed: of the runs.
        runs_per_second: of the drivers that run.
        seconds_left: until the last of them is through; None where that can't be told, or where a
            shard has runs left and no driver.
        drivers: by shard; those of the last division into shards.
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
        """Whether any driver runs."""
        return any(driver.state == "running" for driver in self.drivers.values())

    def as_json(self) -> str:
        """All of it, for programs."""
        return json.dumps(asdict(self), indent=2)

    def description(self) -> str:
        """Several lines for people."""
        budgets = ", ".join(map(str, self.epochs))
        lines = [
            f"{self.folder}: {self.dataset}, {self.cells:,} cells x {budgets} epochs x "
            f"{self.repeats} repeats",
            f"  made    {self.made:,} of {self.runs:,} runs ({self.made / self.runs:.1%})",
            f"  failed  {self.failed:,}",
        ]
        if self.is_running:
            left = "not known" if self.seconds_left is None else _duration(self.seconds_left)
            lines.append(f"  rate    {60 * self.runs_per_second:.1f} runs a minute; left: {left}")
        for shard, driver in self.drivers.items():
            lines += _driver_lines(shard, driver)
        if not self.is_running and self.made + self.failed < self.runs:
            lines.append(f"  no driver runs; `nb101train sweep {self.folder}` goes on")
        return "\n".join(lines)


def read_status(folder: str | os.PathLike[str]) -> SweepStatus:
    """How far the sweep in a folder is, whether or not its drivers run.

    Raises:
        FileNotFoundError: no sweep there.
        FormatError: one of its files is damaged.
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
    """Print the status; with `watch` again and again, as long as a driver runs."""
    height = 0
    while True:
        status = read_status(folder)
        text = status.as_json() if as_json else status.description()
        if height and sys.stdout.isatty():
            sys.stdout.write(f"\x1b[{height}F\x1b[J")  # over the last one
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
        driver = DriverStatus.read(path)  # it may have ended in order just now
    if driver.state == "running" and not is_locked(shard.results_in(folder)):
        return replace(driver, state="killed", running=())
    return driver


def _num_records(folder: str | os.PathLike[str], shard: Shard, driver: DriverStatus | None) -> int:
    """Of a shard now; those that its driver has counted are not read."""
    counted, start = (driver.records, driver.num_bytes) if driver else (0, 0)
    return counted + sum(1 for _ in read_records(shard.results_in(folder), start))


def _seconds_left(drivers: list[DriverStatus], num_shards: int) -> float | None:
    left = [driver.seconds_left for driver in drivers]
    known = [seconds for seconds in left if seconds is not None]
    is_idle = any(each.epochs_left and each.state != "running" for each in drivers)
    if is_idle or len(known) < num_shards:
        return None
    return max(known)


def _driver_lines(shard: str, driver: DriverStatus) -> list[str]:
    ago = _duration(max(time.time() - driver.updated, 0.0))
    lines = [
        f"  shard {shard}: {driver.made:,} of {driver.runs:,} runs, {driver.failed:,} failed; "
        f"driver {driver.host}:{driver.pid} {driver.state}, seen {ago} ago"
        + (f", {driver.lost_workers} workers lost" if driver.lost_workers else "")
    ]
    for run in driver.running:
        lines.append(
            f"    worker {run.worker}: {run.module_hash}, {run.epochs} epochs, repeat {run.repeat}"
        )
    return lines


def _duration(seconds: float) -> str:
    """Rounded, in the unit that fits."""
    for name, size in (("days", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.0f} s"
