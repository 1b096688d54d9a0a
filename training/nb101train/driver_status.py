"""What a driver of a sweep says of itself, in a file of its own."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from nb101fast.regular_file import read_regular
from nb101fast.schema import Choice, Integer, ListOf, Number, Record, Text, parse
from nb101fast.whole_file import write_whole

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
