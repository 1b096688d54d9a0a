"""The workers of an experiment: where they are, and how many."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from ..actor_pool import ActorPool
from ..checks import check_choice, check_count
from ..phrases import counted
from ..process_pool import ProcessPool
from .dispatcher import Dispatcher, MakeWorker, Part
from .needs import Needs
from .plan import ExperimentPlan
from .run_range import RunRange, take_no_second
from .worker import ExperimentWorker

ENGINES = ("local", "ray")
_MOST_WORKERS = 1024
_NODE_SECONDS = 120.0  # for each node to say whether it can compute; a process starts for that


@dataclass(frozen=True)
class Crew:
    """Where the workers are, and how many. The results don't depend on it.

    Attributes:
        engine: "local" for processes of this machine, or "ray" for actors of a Ray cluster.
        num_workers: how many there are. None means one for each processor of the machine or of the
            cluster, but a single local one for runs that take less than a second. A single local
            worker is this process.
        address: HOST:PORT of a running Ray cluster, or "auto" for one that runs on this machine.
            None starts a cluster on this machine.

    Raises:
        ValueError: an attribute is not allowed.
    """

    engine: str = "local"
    num_workers: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        check_choice("engine", self.engine, ENGINES)
        if self.num_workers is not None:
            check_count("workers", self.num_workers, 1, _MOST_WORKERS)
        if self.address is not None and self.engine != "ray":
            raise ValueError(
                f"address={self.address!r} is not allowed with the engine {self.engine!r}; use the "
                "engine 'ray'"
            )

    @contextmanager
    def at_work(self, plan: ExperimentPlan, ranges: Sequence[RunRange]) -> Iterator[Iterator[Part]]:
        """Get the workers ready, and give an iterator of all ranges, each when it is computed.

        No worker is left when the block ends.

        Args:
            plan: the experiment.
            ranges: the runs to compute.

        Raises:
            ImportError: Ray is missing.
            ConnectionError: no cluster answers at the address.
            ValueError: a node of the cluster lacks something, such as the index.
            Exception: from the iterator, what `Dispatcher.parts` raises.
        """
        needs = plan.needs()
        make_worker = functools.partial(ExperimentWorker, plan, needs)
        useful = 1 if take_no_second(plan, ranges) else os.cpu_count() or 1
        here = min(self.num_workers or useful, len(ranges))
        if not ranges or (self.engine == "local" and here == 1):
            yield _computed_here(make_worker, ranges)
        elif self.engine == "local":
            with closing(ProcessPool()) as processes:
                yield Dispatcher(processes, make_worker, ranges, here).parts()
        else:
            with closing(ActorPool(self.address, room_for=here)) as actors:
                check_nodes(actors, needs)
                count = self.num_workers or min(actors.num_processors, _MOST_WORKERS)
                yield Dispatcher(actors, make_worker, ranges, count).parts()


def check_nodes(actors: ActorPool, needs: Needs) -> None:
    """Check that each node of the cluster has what the experiment needs.

    A node that does not answer is left out; its workers check the same when they start.

    Raises:
        ConnectionError: no node with a processor answers.
        ValueError: a node lacks something.
    """
    faults = actors.on_each_node(needs.fault, _NODE_SECONDS)
    if not faults:
        raise ConnectionError("no node of the cluster has a processor and answers; add a node")
    lacking = sorted((node, fault) for node, fault in faults.items() if fault)
    if lacking:
        node, fault = lacking[0]
        more = len(lacking) - 1
        others = f"; {counted(more, 'other node')} can't compute the runs either" if more else ""
        raise ValueError(f"node {node} of the cluster: {fault}{others}")


def _computed_here(make_worker: MakeWorker, ranges: Sequence[RunRange]) -> Iterator[Part]:
    worker: ExperimentWorker | None = None
    for runs in ranges:
        worker = worker or make_worker()
        yield runs, worker.compute(runs)
