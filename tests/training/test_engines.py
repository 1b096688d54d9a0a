"""Engines, and how they give cells to their workers: each run is made once."""

from __future__ import annotations

import functools
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from made_up import InProcessEngine, MadeUpWorker, is_alive, living, made, made_up_payload
from nb101fast import Cell
from nb101train.cells import cells_up_to
from nb101train.dispatcher import MAX_GIVEN_UP, MAX_LOSSES, Dispatcher
from nb101train.engine import CellDone, Engine, EngineError, Event, Lost, Made, Ready
from nb101train.failures import Failure
from nb101train.ledger import Ledger, work_list
from nb101train.local_engine import LocalEngine
from nb101train.work import CellWork, RunRecord, Unit, units_of
from reference.child_processes import environment
from reference.libraries import needs
from reference.ray_nodes import HEAD, START

UNITS = units_of((1, 2), 2)
CODES = cells_up_to(3).tolist()
ALL_RUNS = sorted((code, unit) for code in CODES for unit in UNITS)


def works() -> list[CellWork]:
    return list(work_list(cells_up_to(3), Ledger(UNITS)))


@dataclass
class Story:
    """How the runs of a work list ended."""

    runs: list[tuple[int, Unit]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def story_of(
    engine: Engine,
    cells: list[CellWork] | None = None,
    after: Callable[[Story], None] = lambda story: None,
) -> Story:
    """Work through the list, and call `after` after each batch."""
    story, given = Story(), works() if cells is None else cells
    by_code = dict(zip(CODES, works(), strict=True))
    for batch in Dispatcher(engine, given).batches(heartbeat=5.0):
        for code, record in batch.records:
            assert record.payload == made_up_payload(by_code[code], record.epochs, record.repeat)
            story.runs.append((code, (record.epochs, record.repeat)))
        story.failures += batch.failures
        story.lost += batch.lost
        after(story)
    return story


# -------------------------------------------------------------------------------- the dispatcher


@pytest.mark.parametrize("num_workers", [1, 2, 3, 20])
def test_each_run_is_made_once(num_workers: int) -> None:
    engine = InProcessEngine(MadeUpWorker, num_workers)
    story = story_of(engine)
    assert sorted(story.runs) == ALL_RUNS
    assert not story.failures
    assert not story.lost
    assert {worker for worker, _, _ in engine.told} <= set(range(num_workers))


def test_workers_get_cells_in_order_and_learn_the_next() -> None:
    engine = InProcessEngine(MadeUpWorker, 1)
    story_of(engine)
    assert engine.told == [
        (0, work, upcoming) for work, upcoming in zip(works(), [*works()[1:], None], strict=True)
    ]


def test_without_work_no_worker_starts() -> None:
    def never() -> MadeUpWorker:
        raise AssertionError

    assert story_of(InProcessEngine(never, 2), []) == Story()


class ScriptedEngine:
    """Workers to which happens what a test says. The engine reports one event at a time."""

    def __init__(self, num_workers: int) -> None:
        self.num_workers = num_workers
        self.happens: deque[Event] = deque()
        self.started: list[int] = []
        self.given: dict[int, CellWork] = {}

    def start(self, worker: int) -> None:
        self.started.append(worker)

    def submit(self, worker: int, work: CellWork, upcoming: CellWork | None) -> None:
        self.given[worker] = work

    def events(self, timeout: float) -> list[Event]:
        return [self.happens.popleft()]

    def close(self) -> None: ...

    def do(self, worker: int, runs: int) -> None:
        """Let the worker make so many of its runs."""
        for epochs, repeat in self.given[worker].units[:runs]:
            self.happens.append(Made(worker, RunRecord(epochs, repeat, b"")))

    def finish(self, worker: int) -> None:
        """Let the worker make all runs that are left of its cell."""
        self.do(worker, len(self.given[worker].units))
        self.happens.append(CellDone(worker))


def test_the_runs_left_of_a_lost_worker_are_given_out_first() -> None:
    engine, cells = ScriptedEngine(2), works()[:3]
    engine.happens += [Ready(0), Ready(1)]
    batches = Dispatcher(engine, cells).batches(1.0)
    next(batches), next(batches)
    assert engine.given == {0: cells[0], 1: cells[2]}  # worker 0 has been told that cell 1 follows
    engine.do(1, 3)
    engine.happens.append(Lost(1, "gone"))
    for _ in range(4):
        batch = next(batches)
    assert batch.lost == ["gone"]
    engine.finish(0)
    for _ in range(5):
        next(batches)
    assert engine.started == [
        0,
        1,
        1,
    ]  # a second time in place of the lost one; it is not ready yet
    assert engine.given[0] == cells[1]  # as it had been told
    engine.finish(0)
    for _ in range(5):
        next(batches)
    assert engine.given[0] == replace(cells[2], units=UNITS[3:])
    engine.finish(0)
    next(batches), next(batches)
    assert list(batches) == []


def test_an_idle_worker_takes_a_cell_that_another_has_not_begun() -> None:
    engine, cells = ScriptedEngine(2), works()[:2]
    engine.happens += [Ready(0), Ready(1)]
    batches = Dispatcher(engine, cells).batches(1.0)
    next(batches), next(batches)
    assert engine.given == {0: cells[0], 1: cells[1]}
    engine.finish(0)
    engine.finish(1)
    runs = [record for batch in batches for record in batch.records]
    assert len(runs) == 2 * len(UNITS)


def test_a_worker_lost_after_its_last_run_leaves_no_work() -> None:
    engine, cells = ScriptedEngine(1), works()[:2]
    engine.happens.append(Ready(0))
    batches = Dispatcher(engine, cells).batches(1.0)
    next(batches)
    engine.do(0, len(UNITS))
    engine.happens += [Lost(0, "gone"), Ready(0)]
    for _ in range(len(UNITS) + 2):
        next(batches)
    assert engine.given[0] == cells[1]


def test_the_runs_of_a_cell_that_loses_three_workers_fail() -> None:
    engine, cells = ScriptedEngine(1), works()[:1]
    failures: list[Failure] = []
    batches = Dispatcher(engine, cells).batches(1.0)
    for loss in range(1 + MAX_LOSSES):
        engine.happens.append(Ready(0))
        next(batches)
        if loss == 0:  # a run that is made in between ends the count
            engine.happens.append(Lost(0, "early"))
            next(batches)
            engine.happens.append(Ready(0))
            next(batches)
            engine.do(0, 1)
            next(batches)
        engine.happens.append(Lost(0, f"loss {loss}"))
        failures += next(batches).failures
        if loss + 1 == MAX_LOSSES:
            break
    assert list(batches) == []
    assert [(each.epochs, each.repeat) for each in failures] == list(UNITS[1:])
    reasons = {(each.code, each.attempts, each.reason) for each in failures}
    assert reasons == {(CODES[0], 0, "3 workers in a row were lost at it; the last: loss 2")}


def test_workers_lost_at_every_cell_are_an_error() -> None:
    engine = ScriptedEngine(1)
    for _ in range(MAX_LOSSES * MAX_GIVEN_UP):
        engine.happens += Ready(0), Lost(0, "no GPU")
    failures: list[Failure] = []
    batches = Dispatcher(engine, works()).batches(1.0)
    with pytest.raises(
        EngineError, match="workers were lost at 3 cells in a row; the last: no GPU"
    ):
        failures.extend(failure for batch in batches for failure in batch.failures)
    assert len(failures) == (MAX_GIVEN_UP - 1) * len(UNITS)


def test_workers_that_are_never_ready_are_an_error() -> None:
    engine = ScriptedEngine(2)
    engine.happens += [Lost(0, "no memory"), Lost(1, "no disk"), Lost(1, "no disk")]
    engine.happens += [Lost(0, "no memory"), Ready(1), Lost(1, "no disk"), Lost(0, "no memory")]
    expected = "worker 0 ended 3 times before it was ready; the last: no memory"
    batches = Dispatcher(engine, works()).batches(1.0)
    with pytest.raises(EngineError, match=expected):
        list(batches)
    assert not engine.happens


def test_failed_starts_of_different_workers_are_not_added_up() -> None:
    """A node that dies takes the starts on it along."""
    engine = ScriptedEngine(4)
    engine.happens += [Lost(worker, "no node") for worker in (0, 1, 2, 3) * 2]
    engine.happens += [Ready(worker) for worker in range(4)]
    batches = Dispatcher(engine, works()).batches(1.0)
    while engine.happens:
        next(batches)


def test_the_dispatcher_says_what_each_worker_trains() -> None:
    engine, cells = ScriptedEngine(2), works()
    engine.happens += [Ready(0), Ready(1)]
    dispatcher = Dispatcher(engine, cells)
    batches = dispatcher.batches(1.0)
    next(batches), next(batches)
    engine.do(1, 3)
    next(batches), next(batches), next(batches)
    assert dispatcher.running() == {0: cells[0], 1: replace(cells[2], units=UNITS[3:])}


# ---------------------------------------------------------------------------------- the engines


def local(worker: MadeUpWorker, num_workers: int) -> Engine:
    return LocalEngine(functools.partial(made, worker), num_workers)


def test_local_processes() -> None:
    with closing(local(MadeUpWorker(), 2)) as engine:
        story = story_of(engine)
    assert sorted(story.runs) == ALL_RUNS
    assert not story.failures
    assert not story.lost


class Killer:
    """Kills a worker after every few runs, but seldom enough that no cell loses three workers."""

    def __init__(self, pids: Path, every: int) -> None:
        self._pids, self._every = pids, every
        self.kills = 0

    def __call__(self, story: Story) -> None:
        workers = living(self._pids)
        if workers and len(story.runs) >= self._every * (self.kills + 1):
            os.kill(workers[self.kills % len(workers)], signal.SIGKILL)
            self.kills += 1


def test_no_run_is_lost_when_processes_are_killed(tmp_path: Path) -> None:
    killer = Killer(tmp_path, every=8)
    with closing(local(MadeUpWorker(seconds=0.01, pids=str(tmp_path)), 2)) as engine:
        story = story_of(engine, after=killer)
    assert sorted(story.runs) == ALL_RUNS
    assert not story.failures
    assert killer.kills == len(ALL_RUNS) // 8
    assert len(story.lost) in (
        killer.kills,
        killer.kills - 1,
    )  # the last one may be killed when all is done
    assert all("ended with signal SIGKILL" in reason for reason in story.lost)
    assert not living(tmp_path)


@pytest.mark.parametrize(
    ("worker", "reason"),
    [
        (
            MadeUpWorker(failing=((1, 1),), dying=((2, 1),)),
            r"worker 0 .* ended with signal SIGKILL",
        ),
        (MadeUpWorker(failing=((1, 1),), raising=((2, 1),)), "MemoryError: no memory left"),
    ],
)
def test_runs_that_fail(worker: MadeUpWorker, reason: str) -> None:
    with closing(local(worker, 1)) as engine:
        story = story_of(engine, works()[:1])
    assert story.runs == [(CODES[0], (1, 0)), (CODES[0], (2, 0))]
    diverged, lost = story.failures
    assert diverged == Failure(
        CODES[0], Cell.from_code(CODES[0]).hash, 1, 1, 5, "values that are not finite at step 1"
    )
    assert (lost.key, lost.attempts) == ((CODES[0], (2, 1)), 0)
    assert re.fullmatch(f"3 workers in a row were lost at it; the last: {reason}", lost.reason)
    assert len(story.lost) == MAX_LOSSES


def test_a_worker_that_cannot_start_is_an_error() -> None:
    with (
        closing(local(MadeUpWorker(fault="no TPU\nhere"), 2)) as engine,
        pytest.raises(EngineError, match=r"worker . can't start: RuntimeError: no TPU here"),
    ):
        story_of(engine)


DRIVER = """
import functools, multiprocessing
from made_up import MadeUpWorker, made
from nb101train.cells import cells_up_to
from nb101train.ledger import Ledger, work_list
from nb101train.local_engine import LocalEngine
from nb101train.work import units_of
if __name__ == "__main__":
    engine = LocalEngine(functools.partial(made, MadeUpWorker(seconds=60)), 2)
    for worker in range(2):
        engine.start(worker)
    ready = []
    while len(ready) < 2:
        ready += engine.events(60)
    for worker, work in zip(range(2), work_list(cells_up_to(3), Ledger(units_of((1,), 1)))):
        engine.submit(worker, work, None)
    print(*(process.pid for process in multiprocessing.active_children()), flush=True)
    engine.events(60)
"""


def test_processes_end_with_their_driver(tmp_path: Path) -> None:
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    with subprocess.Popen(
        [sys.executable, script], env=environment(), stdout=subprocess.PIPE
    ) as driver:
        assert driver.stdout
        workers = list(map(int, driver.stdout.readline().split()))
        assert len(workers) == 2
        assert all(map(is_alive, workers))
        driver.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while any(map(is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(is_alive, workers))


def test_each_worker_sees_gpus_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from nb101train.local_engine import _shared_out

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert _shared_out(2, 0) == [{}, {}]
    assert [each["CUDA_VISIBLE_DEVICES"] for each in _shared_out(2, 2)] == ["0,1", "2,3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6")
    assert [each["CUDA_VISIBLE_DEVICES"] for each in _shared_out(3, 1)] == ["4", "5", "6"]
    with pytest.raises(
        ValueError, match=r"2 workers with 2 GPUs each need 4 GPUs, but .* names 3; use"
    ):
        _shared_out(2, 2)


# ------------------------------------------------------------------------- a cluster that is there

needs_ray = needs("ray")

RAY_STORY = """
import functools, sys
from contextlib import closing
from made_up import MadeUpWorker, made
from nb101train.engine import EngineError
from nb101fast.actor_pool import Resources
from nb101train.ray_engine import RayEngine
from test_engines import ALL_RUNS, Story, story_of

def story(worker, **options):
    engine = RayEngine(functools.partial(made, worker), 2, address=sys.argv[1], **options)
    with closing(engine):
        return story_of(engine)

if __name__ == "__main__":
    resources = Resources(0.5, 0, {"TPU": 2})
    found = story(MadeUpWorker(seconds=0.001), resources=resources)
    assert sorted(found.runs) == ALL_RUNS, found
    assert found == Story(found.runs)
    try:
        story(MadeUpWorker(fault="no TPU"))
    except EngineError as error:
        print(error)
"""


@pytest.mark.slow
@needs_ray
def test_actors_of_a_running_cluster(tmp_path: Path) -> None:
    port = free_port()
    # `ray start` uses tokens by default, but a driver doesn't.
    tokens = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex()}
    variables = environment(HOME=str(tmp_path), **tokens)
    begin = [*START, *HEAD, f"--port={port}", "--num-cpus=2", '--resources={"TPU": 4}']
    with subprocess.Popen(begin, env=variables, stdout=subprocess.DEVNULL) as cluster:
        try:
            story = [sys.executable, "-c", RAY_STORY, f"127.0.0.1:{port}"]
            wait_for_port(port)
            done = subprocess.run(story, env=variables, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            assert re.fullmatch(r"worker . can't start: RuntimeError: no TPU\n", done.stdout)
        finally:
            cluster.terminate()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.1)
