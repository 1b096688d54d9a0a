"""Workers as actors of a Ray cluster, which is running or is started on this machine."""

from __future__ import annotations

import functools
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ._core import visible
from .cluster_address import answers, check_address
from .extras import import_extra
from .worker_pool import MAX_SILENCE, Ended, Serve, Silence, received_within

_HEAD_SECONDS = 2.0  # to wait after an actor is lost; if the head was lost too, it shows by then
_LOOK_SECONDS = 5.0  # between two looks at the head
_MOST_LOOKS_IN_VAIN = 3  # in a row; Ray itself ends the whole process after a minute
_STORE_BYTES = 100 << 20  # This suffices, because answers are small.
_VARIABLES = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # A worker without its own GPUs sees all.
}


@dataclass(frozen=True)
class Resources:
    """What each actor takes from the cluster.

    Attributes:
        cpus, gpus: the number of processors and GPUs.
        others: the amount of each other resource by its name in the cluster, such as `{"TPU": 4}`.
    """

    cpus: float = 1
    gpus: float = 0
    others: Mapping[str, float] = field(default_factory=dict)


class ActorPool:
    """Workers by number, each an actor. It is a `WorkerPool`.

    Workers are actors and not tasks of Ray, because Ray notices that an actor's node was cut off
    from the network as soon as the cluster gives the node up. The answer of a task on such a node
    is awaited for many minutes. Ray's own restarts are off: the caller starts a worker again.

    Without the head, a cluster is lost. `start` and `received` then raise ConnectionError. Ray
    itself would end the whole process a minute later.

    Args:
        address: HOST:PORT of a running cluster, or "auto" for one that runs on this machine. None
            starts a cluster on this machine, which ends with this process.
        room_for: for how many actors the cluster that is started has room.
        resources: what each actor takes.
        max_silence: an actor that gives no sign of life for so many seconds is killed. The time
            before its first sign does not count, because the actor may wait for room in the
            cluster. Only Ray's dashboard could tell that, and the extra `cluster` doesn't install
            it.

    Raises:
        ImportError: Ray is missing.
        ValueError: the address is not allowed, or `max_silence` is not above 0.
        ConnectionError: no cluster answers at the address.

    Example:
        >>> with contextlib.closing(ActorPool(room_for=2)) as pool:
        ...     pool.start(0, doubled)
        ...     pool.send(0, 21)
        ...     list(pool.received())
        [(0, 42)]
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        room_for: int = 1,
        resources: Resources | None = None,
        max_silence: float = MAX_SILENCE,
    ) -> None:
        self._silence = Silence(max_silence)
        if address not in (None, "auto"):
            check_address(str(address))
        self._resources = resources or Resources()
        self._ray = import_extra("ray", extra="cluster")
        self._connect(address, room_for)
        self._actors: dict[int, Any] = {}
        self._sent: dict[int, int] = {}  # how many messages each actor was sent
        self._streams: dict[Any, int] = {}  # The keys are the streams of answers.
        self._beats: dict[Any, int] = {}  # The keys are signs of life that are awaited.
        self._asked = time.monotonic()  # when the last of these were asked for
        self._head = str(self._ray.get_runtime_context().gcs_address)
        self._looked = time.monotonic()  # when the head was seen last

    @property
    def num_processors(self) -> int:
        """The number of processors of the whole cluster."""
        return int(self._ray.cluster_resources().get("CPU", 0))

    def start(self, worker: int, serve: Serve) -> None:
        """Start an actor; see `WorkerPool`. It begins as soon as the cluster has room for it."""
        self._check_head()  # without a head, Ray would wait for it
        actor = self._ray.remote(_Actor).options(
            num_cpus=self._resources.cpus,
            num_gpus=self._resources.gpus,
            resources=dict(self._resources.others),
            max_restarts=0,
            max_task_retries=0,
            max_concurrency=3,  # One thread answers, one takes messages, one gives signs of life.
        )
        self._actors[worker] = actor.remote(self._ray.cloudpickle.dumps(serve))
        self._sent[worker] = 0
        self._streams[self._actors[worker].answers.remote()] = worker
        self._beats[self._actors[worker].beat.remote()] = worker

    def send(self, worker: int, message: Any) -> None:
        """Send a message to a worker; see `WorkerPool`."""
        self._actors[worker].take.remote(self._sent[worker], message)
        self._sent[worker] += 1

    def received(self, timeout: float | None = None) -> Iterator[tuple[int, Any]]:
        """Yield what has arrived from all workers; see `WorkerPool`."""
        return received_within(timeout, self._polled)

    def _polled(self, seconds: float) -> Iterator[tuple[int, Any]]:
        """Yield what has arrived, if need be after some seconds; kill actors that are silent."""
        streams = list(self._streams)
        wait = functools.partial(self._ray.wait, streams, fetch_local=False)
        ready, _ = wait(num_returns=1, timeout=seconds) if streams else ([], [])
        self._silence.count()
        if ready:  # All others that have arrived are taken too.
            ready, _ = wait(num_returns=len(streams), timeout=0)
        for stream in ready:
            worker = self._streams.get(stream)
            if worker is not None:
                yield worker, self._answer(worker, stream)
        self._listen()
        if time.monotonic() - self._looked > _LOOK_SECONDS:
            self._check_head()
        for worker in self._silence.too_long():
            if worker not in self._actors:
                continue
            self.stop(worker)
            yield worker, Ended("actor", f"{self._silence}")

    def _listen(self) -> None:
        """Note which actors have given a sign of life, and ask them for the next one."""
        beats = list(self._beats)
        given, _ = self._ray.wait(beats, num_returns=len(beats), timeout=0) if beats else ([], [])
        for beat in given:
            self._silence.heard(self._beats.pop(beat))
        if time.monotonic() - self._asked < self._silence.beat_seconds:
            return
        self._asked = time.monotonic()
        for worker in set(self._actors) - set(self._beats.values()):
            self._beats[self._actors[worker].beat.remote()] = worker

    def _check_head(self) -> None:
        """Raise ConnectionError if the head of the cluster does not answer, also a little later."""
        for look in range(_MOST_LOOKS_IN_VAIN):
            if look > 0:
                time.sleep(_LOOK_SECONDS)
            if answers(self._head):
                self._looked = time.monotonic()
                return
        raise ConnectionError(
            f"the head of the Ray cluster at {self._head} answers no more; start Ray again, and "
            "then run the same command again: what was done is kept"
        )

    def stop(self, worker: int) -> None:
        """Kill an actor. One that can't be reached may live on, but nobody listens to it."""
        actor = self._actors.pop(worker)
        self._streams = {stream: at for stream, at in self._streams.items() if at != worker}
        self._beats = {beat: at for beat, at in self._beats.items() if at != worker}
        self._silence.forget(worker)
        if answers(self._head):  # without a head, Ray would wait for it
            self._ray.kill(actor, no_restart=True)

    def close(self) -> None:
        """Kill all actors, and end the cluster if it was started here."""
        for worker in list(self._actors):
            self.stop(worker)
        self._ray.shutdown()

    def on_each_node(self, function: Callable[[], Any], timeout: float) -> dict[str, Any]:
        """What a function returns on each node that has processors, by the node's address.

        The function's module is sent to the nodes, because theirs may be of another version. So it
        must import nothing but the standard library when it is loaded.

        Args:
            function: called in a process of each node. What it raises is raised here.
            timeout: after so many seconds a node that has not answered is left out.
        """
        ray, module = self._ray, sys.modules[function.__module__]
        ray.cloudpickle.register_pickle_by_value(module)
        try:
            # Ray takes functions alone, and `function` may be a method.
            sent = ray.remote(num_cpus=0, max_retries=0)(lambda: function())
            nodes = {sent.options(**_only_on(node)).remote(): node for node in self._nodes()}
        finally:
            ray.cloudpickle.unregister_pickle_by_value(module)
        answered, _ = ray.wait(list(nodes), num_returns=len(nodes), timeout=timeout)
        found = {}
        for answer in answered:
            try:
                found[visible(str(nodes[answer]["NodeManagerAddress"]))] = ray.get(answer)
            except ray.exceptions.RayTaskError as error:
                raise error.cause from None
            except ray.exceptions.RayError:  # The node was lost in the meantime.
                continue
        return found

    def _nodes(self) -> list[dict[str, Any]]:
        return [n for n in self._ray.nodes() if n["Alive"] and n["Resources"].get("CPU")]

    def _answer(self, worker: int, stream: Any) -> Any:
        """The next answer of a worker. `Ended` if there is none."""
        try:
            return self._ray.get(next(stream))
        except StopIteration:
            ended = "exit status 0"
        except self._ray.exceptions.RayError as error:
            time.sleep(_HEAD_SECONDS)
            self._check_head()
            ended = visible(_cause(error))
        self.stop(worker)
        return Ended("actor", ended)

    def _connect(self, address: str | None, room_for: int) -> None:
        os.environ.update({**_VARIABLES, **os.environ})
        options = {"address": address} if address else self._cluster_for(room_for)
        try:
            self._ray.init(log_to_driver=False, logging_level=logging.ERROR, **options)
        except ConnectionError as error:
            raise ConnectionError(
                f"{error}; if the cluster uses tokens, set $RAY_AUTH_MODE=token and its token"
            ) from None

    def _cluster_for(self, count: int) -> dict[str, Any]:
        """The options that start a cluster on this machine with room for so many actors."""
        each = self._resources
        return {
            "address": "local",
            "num_cpus": max(1, round(each.cpus * count)),
            "num_gpus": round(each.gpus * count),
            "resources": {name: amount * count for name, amount in each.others.items()},
            "object_store_memory": _STORE_BYTES,
            "include_dashboard": False,
        }


class _Actor:
    """A worker in a process of Ray."""

    def __init__(self, serve: bytes) -> None:
        self._serve = serve
        self._messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._early: dict[int, Any] = {}  # the messages that overtook others, by their numbers
        self._num_taken = 0

    def take(self, number: int, message: Any) -> None:
        """Take a message. Ray's threads may take two of them in another order than they were sent.

        Args:
            number: how many messages were sent before.
            message: what `serve` gets, in the order of the numbers.
        """
        with self._lock:
            self._early[number] = message
            while self._num_taken in self._early:
                self._messages.put(self._early.pop(self._num_taken))
                self._num_taken += 1

    def beat(self) -> None:
        """Give a sign of life."""

    def answers(self) -> Iterator[Any]:
        """Yield what `serve` answers, as long as the actor lives."""
        serve: Serve = import_extra("ray.cloudpickle", extra="cluster").loads(self._serve)
        # Ray sends to this generator what `yield from` would pass on to the iterator of messages.
        for answer in serve(iter(self._messages.get, None)):  # noqa: UP028
            yield answer


def _only_on(node: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a task that runs on this node or nowhere."""
    scheduling = import_extra("ray.util.scheduling_strategies", extra="cluster")
    strategy = scheduling.NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
    return {"scheduling_strategy": strategy}


def _cause(error: Exception) -> str:
    """One line of Ray's explanation, since the others are for Ray's developers."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, Exception):
        return " ".join(f"{type(cause).__name__}: {cause}".split())
    lines = str(error).splitlines()
    return next((line for line in reversed(lines) if line.startswith("The actor")), lines[0])
