"""Which worker gets which runs of an experiment, and what happens if workers are lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

from nb101fast.experiment.dispatcher import MOST_REPEATS, Dispatcher, Ready
from nb101fast.experiment.run_range import RunRange
from nb101fast.experiment.worker import Computed, ExperimentWorker
from nb101fast.worker_pool import Ended, Serve

RANGES = [RunRange("rs", first, 64) for first in (0, 64, 128)]
PART = Computed(b"part", 0.5)
KILLED = Ended("process 7", "signal SIGKILL")


class ScriptedPool:
    """Workers to which happens what a test says. One answer arrives at a time."""

    def __init__(self, *happens: tuple[int, Any]) -> None:
        self.happens = deque(happens)
        self.started: list[int] = []
        self.given: list[tuple[int, Any]] = []

    def start(self, worker: int, serve: Serve) -> None:
        self.started.append(worker)

    def send(self, worker: int, message: Any) -> None:
        self.given.append((worker, message))

    def received(self, timeout: float | None = None) -> Iterator[tuple[int, Any]]:
        yield self.happens.popleft()

    def stop(self, worker: int) -> None: ...

    def close(self) -> None: ...


def never() -> ExperimentWorker:
    raise AssertionError


def parts(pool: ScriptedPool, num_ranges: int = 3, num_workers: int = 2) -> list[RunRange]:
    found = Dispatcher(pool, never, RANGES[:num_ranges], num_workers).parts()
    return [runs for runs, part in found if part == PART]


def test_workers_that_are_ready_get_ranges_in_order() -> None:
    pool = ScriptedPool((1, Ready()), (0, Ready()), (1, PART), (0, PART), (1, PART))
    assert parts(pool) == [RANGES[0], RANGES[1], RANGES[2]]
    assert pool.started == [0, 1]
    assert pool.given == [(1, RANGES[0]), (0, RANGES[1]), (1, RANGES[2])]


def test_no_more_workers_than_ranges() -> None:
    pool = ScriptedPool((0, Ready()), (0, PART))
    assert parts(pool, num_ranges=1, num_workers=9) == [RANGES[0]]
    assert pool.started == [0]


def test_a_lost_range_goes_to_the_next_worker_that_is_ready(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pool = ScriptedPool((0, Ready()), (1, Ready()), (0, KILLED), (1, PART), (1, PART), (1, PART))
    assert parts(pool) == [RANGES[1], RANGES[0], RANGES[2]]
    assert pool.started == [0, 1, 0]  # the third one is never ready, as on a cluster without room
    assert capsys.readouterr().err == (
        "worker 0: process 7 ended with signal SIGKILL; "
        "another worker computes runs 0 to 63 of 'rs'\n"
    )


def test_a_lost_range_goes_to_a_worker_that_is_idle() -> None:
    pool = ScriptedPool((0, Ready()), (1, Ready()), (0, PART), (1, KILLED), (0, PART))
    assert parts(pool, num_ranges=2) == [RANGES[0], RANGES[1]]
    assert pool.given[-1] == (0, RANGES[1])


def test_an_idle_worker_that_ends_loses_nothing() -> None:
    pool = ScriptedPool((0, Ready()), (1, Ready()), (0, PART), (0, KILLED), (1, PART))
    assert parts(pool, num_ranges=2) == [RANGES[0], RANGES[1]]


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        (KILLED, "process 7 ended with signal SIGKILL"),
        (MemoryError("Unable to allocate 9 TiB"), "no memory: Unable to allocate 9 TiB"),
        (MemoryError(), "no memory"),
    ],
)
def test_a_range_that_loses_too_many_workers_is_named(loss: Any, reason: str) -> None:
    again = [(0, Ready()), (0, loss)] if isinstance(loss, Ended) else [(0, loss)]
    pool = ScriptedPool((0, Ready()), (0, loss), *again * MOST_REPEATS, (0, b"never taken"))
    with pytest.raises(
        ChildProcessError,
        match=f"^runs 0 to 63 of 'rs' lost 4 workers; the last was worker 0: {reason}; what was",
    ):
        parts(pool, num_workers=1)
    assert pool.given == [(0, RANGES[0])] * (1 + MOST_REPEATS)
    assert len(pool.happens) == 1


def test_a_worker_that_is_never_ready_is_an_error() -> None:
    pool = ScriptedPool((0, KILLED), (1, KILLED), (0, KILLED), (1, KILLED), (0, KILLED))
    with pytest.raises(
        ChildProcessError,
        match="a worker ended 3 times before it was ready; the last was worker 0: process 7 ended",
    ):
        parts(pool)


def test_starts_that_fail_together_are_no_error() -> None:
    """As on a node that dies while its workers start."""
    lost = [(worker, KILLED) for worker in (0, 1, 2)] * 2
    pool = ScriptedPool(*lost, (2, Ready()), *[(2, PART)] * 3)
    assert parts(pool, num_workers=3) == RANGES
    assert pool.started == [0, 1, 2] * 3


def test_what_a_worker_raises_is_raised() -> None:
    with pytest.raises(ValueError, match="another index"):
        parts(ScriptedPool((0, ValueError("another index"))))
