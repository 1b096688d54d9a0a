"""The worker processes of an experiment, which share its ranges of runs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing

from ..process_pool import Ended, ProcessPool
from .run_range import RunRange
from .worker import ExperimentWorker

MakeWorker = Callable[[], ExperimentWorker]


def compute_ranges(
    make_worker: MakeWorker, ranges: Sequence[RunRange], num_workers: int
) -> Generator[RunRange, None, None]:
    """Compute all ranges of runs, and yield each range when it is computed and kept.

    No worker process is left when the generator ends, is closed, or raises an exception.

    Args:
        make_worker: called once by each worker. It must be picklable if there are several.
        ranges: the runs to compute.
        num_workers: the number of processes. With 1, this process computes everything.

    Raises:
        ChildProcessError: a worker process ended by itself.
        Exception: what a worker raised.
    """
    if num_workers == 1 or len(ranges) == 1:
        worker = make_worker()
        for runs in ranges:
            worker.compute(runs)
            yield runs
        return
    with closing(ProcessPool()) as pool:
        for number in range(min(num_workers, len(ranges))):
            pool.start(number, functools.partial(_outcomes, make_worker))
        yield from _share_out(pool, ranges, num_workers)


def _share_out(
    pool: ProcessPool, ranges: Sequence[RunRange], num_workers: int
) -> Iterator[RunRange]:
    waiting = iter(ranges)
    at_work: dict[int, RunRange] = {}

    def give_next(number: int) -> None:
        if runs := next(waiting, None):
            at_work[number] = runs
            pool.send(number, runs)

    for number in range(min(num_workers, len(ranges))):
        give_next(number)
    while at_work:
        for number, outcome in pool.received():
            if number not in at_work:  # a worker without work has ended
                continue
            runs = at_work.pop(number)
            if isinstance(outcome, Ended):
                raise ChildProcessError(
                    f"worker {outcome} in {runs}; what was done before is kept, and the same "
                    "command goes on from there"
                )
            if outcome is not None:
                raise outcome
            yield runs
            give_next(number)


def _outcomes(make_worker: MakeWorker, ranges: Iterator[RunRange]) -> Iterator[Exception | None]:
    """What a worker process answers to each range: None, or the exception that was raised."""
    worker: ExperimentWorker | None = None
    for runs in ranges:
        outcome: Exception | None = None
        try:
            worker = worker or make_worker()
            worker.compute(runs)
        except Exception as error:  # the parent process raises it
            outcome = error
        yield outcome
