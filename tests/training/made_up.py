"""Sweeps whose workers make up their results, to test quickly all that surrounds training.

Run as a script, it is `nb101train` with such workers. Its first argument holds their settings, as
JSON.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
import time
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from nb101train import __main__ as command_line
from nb101train.commands import sweep
from nb101train.crew import Crew
from nb101train.engine import CellDone, Engine, Event, Made, MakeWorker, Ready, Unusable
from nb101train.local_engine import LocalEngine
from nb101train.plan import SweepPlan
from nb101train.pool_engine import in_words
from nb101train.ray_engine import RayEngine
from nb101train.record import RunResult, StageResult, record_payload
from nb101train.shard import Shard
from nb101train.work import CellWork, Outcome, RunFailure, RunRecord

DENOMINATOR = 10  # made-up accuracies are tenths, and `small_set` has ten images in each split
SMALL_SETTINGS = ("--set", "batch_size=2", "--set", "stem_filters=2", "--set", "num_stacks=1")


def small_set(folder: Path) -> Path:
    """Write an image set that loads quickly. Its images are all the same."""
    arrays: dict[str, Any] = {"evaluation_batch": DENOMINATOR}
    for split in ("train", "validation", "test"):
        arrays[f"{split}_images"] = np.full((DENOMINATOR, 8, 8), 7, np.uint8)
        arrays[f"{split}_labels"] = np.arange(DENOMINATOR) % 2
    arrays |= {"mean": 1.0, "deviation": 1.0}
    path = folder / "small.npz"
    np.savez(path, **arrays)
    return path


@dataclass(frozen=True)
class MadeUpWorker:
    """Makes up runs, which depend only on the cell, the epochs and the repeat.

    Attributes:
        seconds: the duration of each run.
        failing: the runs, as (epochs, repeat), whose values are not finite.
        raising: the runs in which the worker raises an error.
        dying: the runs in which the worker's process is killed.
        fault: why the worker can't be made; empty if it can.
        pids: a folder in which each process leaves a file that is named by its number.
    """

    seconds: float = 0.0
    failing: tuple[tuple[int, int], ...] = ()
    raising: tuple[tuple[int, int], ...] = ()
    dying: tuple[tuple[int, int], ...] = ()
    fault: str = ""
    pids: str = ""

    def train(self, work: CellWork, upcoming: CellWork | None = None) -> Iterator[Outcome]:
        for unit in work.units:
            time.sleep(self.seconds)
            if unit in self.dying:
                os.kill(os.getpid(), signal.SIGKILL)
            if unit in self.raising:
                raise MemoryError("no memory\nleft")
            if unit in self.failing:
                yield RunFailure(*unit, 5, "values that are not finite at step 1")
            else:
                yield RunRecord(*unit, made_up_payload(work, *unit))


def made_up_payload(work: CellWork, epochs: int, repeat: int) -> bytes:
    """The record of a made-up run."""
    seed = zlib.crc32(repr((work.matrix, work.ops, epochs, repeat)).encode())
    counts = np.random.default_rng(seed).integers(0, DENOMINATOR + 1, (3, 3))
    accuracies = (counts / np.float32(DENOMINATOR)).astype(np.float32).tolist()
    start, half, end = (
        StageResult(epochs * stage / 2, float(epochs * stage), *accuracies[stage])
        for stage in range(3)
    )
    result = RunResult(
        matrix=np.array(work.matrix, np.uint8),
        ops=work.ops,
        epochs=epochs,
        repeat=repeat,
        seed=seed,
        attempts=1,
        evaluations=(start, half, end),
        trainable_parameters=96,
        total_time=3.0 * epochs,
        compile_seconds=0.5,
        step_seconds=1.5,
        evaluation_seconds=0.1,
    )
    return record_payload(result)


class InProcessEngine:
    """Made-up workers in this process. `told` lists what they were given, in order."""

    def __init__(self, make_worker: MakeWorker, num_workers: int) -> None:
        self.num_workers = num_workers
        self.told: list[tuple[int, CellWork, CellWork | None]] = []
        self._make_worker = make_worker
        self._events: deque[Event] = deque()

    def start(self, worker: int) -> None:
        try:
            self._make_worker()
        except RuntimeError as error:
            self._events.append(Unusable(worker, in_words(error)))
        else:
            self._events.append(Ready(worker))

    def submit(self, worker: int, work: CellWork, upcoming: CellWork | None) -> None:
        self.told.append((worker, work, upcoming))
        self._events.extend(Made(worker, each) for each in self._make_worker().train(work))
        self._events.append(CellDone(worker))

    def events(self, timeout: float) -> list[Event]:
        return [self._events.popleft() for _ in range(min(3, len(self._events)))]

    def close(self) -> None:
        self._events.clear()


@dataclass(frozen=True)
class MadeUpCrew(Crew):
    """A crew of made-up workers: `engine` is "local", "ray", or "here" for this process."""

    engine: str = "here"
    worker: MadeUpWorker = field(default_factory=MadeUpWorker)

    def __post_init__(self) -> None:
        pass

    def hired(self, folder: Path, plan: SweepPlan, shard: Shard) -> Engine:
        make_worker = functools.partial(made, self.worker)
        if self.engine == "here":
            return InProcessEngine(make_worker, self.num_workers)
        if self.engine == "local":
            return LocalEngine(make_worker, self.num_workers, log=str(shard.log_in(folder)))
        return RayEngine(make_worker, self.num_workers, address=self.address)


def made(worker: MadeUpWorker) -> MadeUpWorker:
    """Make the worker in this process, or raise its fault."""
    if worker.pids:
        Path(worker.pids, str(os.getpid())).touch()
    if worker.fault:
        raise RuntimeError(worker.fault)
    return worker


def living(pids: Path) -> list[int]:
    """The numbers of the workers' processes that are alive."""
    return [int(path.name) for path in pids.iterdir() if is_alive(int(path.name))]


def is_alive(pid: int) -> bool:
    """Whether a process runs. A zombie, of which only the exit status is left, doesn't."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def main() -> int:
    """Run `nb101train` with made-up workers."""
    settings: dict[str, Any] = {
        name: tuple(map(tuple, value)) if isinstance(value, list) else value
        for name, value in json.loads(sys.argv[1]).items()
    }
    crew = functools.partial(MadeUpCrew, worker=MadeUpWorker(**settings))
    with mock.patch.object(sweep, "Crew", crew):
        return command_line.main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
