"""Worker processes: messages and answers, and how they end."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from nb101fast.process_pool import ProcessPool
from nb101fast.worker_pool import Ended, Serve, Silence

pytestmark = pytest.mark.slow

SECONDS = 60.0  # more than a process takes to start on a busy machine


def doubled(numbers: Iterator[int]) -> Iterator[Any]:
    """Answers each number twice over, and the first of all with its process."""
    yield os.getpid()
    for number in numbers:
        yield number
        yield 2 * number


def failing(numbers: Iterator[int]) -> Iterator[Any]:
    yield os.getpid()
    sys.exit(next(numbers))


@pytest.fixture
def pool() -> Iterator[ProcessPool]:
    with contextlib.closing(ProcessPool()) as pool:
        yield pool


def answers(pool: ProcessPool, count: int) -> list[tuple[int, Any]]:
    """The next answers, of all workers."""
    found: list[tuple[int, Any]] = []
    while len(found) < count:
        arrived = list(pool.received(SECONDS))
        assert arrived
        found += arrived
    return found


def started(pool: ProcessPool, works: Sequence[Serve]) -> dict[int, int]:
    """The processes of workers that have started.

    On a busy machine, the start takes longer than the silence that these pools allow.
    """
    with mock.patch.object(pool._silence, "_most", math.inf):
        for worker, work in enumerate(works):
            pool.start(worker, work)
        return dict(answers(pool, len(works)))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_each_worker_answers_its_messages(pool: ProcessPool) -> None:
    for worker in (3, 5):
        pool.start(worker, doubled)
    pids = dict(answers(pool, 2))
    assert set(pids) == {3, 5}
    assert len({*pids.values(), os.getpid()}) == 3
    pool.send(3, 10)
    pool.send(5, 20)
    found = answers(pool, 4)
    assert [answer for worker, answer in found if worker == 3] == [10, 20]
    assert [answer for worker, answer in found if worker == 5] == [20, 40]


def test_nothing_arrives_within_the_timeout(pool: ProcessPool) -> None:
    pool.start(0, doubled)
    answers(pool, 1)
    assert list(pool.received(0.0)) == []


def test_a_killed_worker_is_reported_once(pool: ProcessPool) -> None:
    pool.start(0, doubled)
    [(_, pid)] = answers(pool, 1)
    os.kill(pid, signal.SIGKILL)
    assert answers(pool, 1) == [(0, Ended(f"process {pid}", "signal SIGKILL"))]
    assert str(Ended("process 7", "signal SIGKILL")) == "process 7 ended with signal SIGKILL"
    assert list(pool.received(0.0)) == []


def test_answers_before_the_end_are_not_lost(pool: ProcessPool) -> None:
    pool.start(0, failing)
    pool.send(0, 3)
    (_, pid), (_, ended) = answers(pool, 2)
    assert ended == Ended(f"process {pid}", "exit status 3")


def test_a_worker_starts_again_after_it_ended(pool: ProcessPool) -> None:
    pool.start(0, failing)
    pool.send(0, 0)
    (_, first), (_, ended) = answers(pool, 2)
    assert ended == Ended(f"process {first}", "exit status 0")
    pool.start(0, doubled)
    [(_, second)] = answers(pool, 1)
    assert second != first


def test_a_message_to_a_dead_worker_is_no_error(pool: ProcessPool) -> None:
    pool.start(0, doubled)
    [(_, pid)] = answers(pool, 1)
    os.kill(pid, signal.SIGKILL)
    while is_alive(pid) and not _is_zombie(pid):
        time.sleep(0.01)
    for _ in range(3):
        pool.send(0, 1)
    assert answers(pool, 1) == [(0, Ended(f"process {pid}", "signal SIGKILL"))]


def test_a_stopped_worker_answers_no_more(pool: ProcessPool) -> None:
    pool.start(0, doubled)
    pool.start(1, doubled)
    pids = dict(answers(pool, 2))
    pool.send(0, 1)
    for worker, answer in pool.received(SECONDS):
        assert (worker, answer) == (0, 1)
        pool.stop(0)
    assert not is_alive(pids[0])
    pool.send(1, 4)
    assert answers(pool, 2) == [(1, 4), (1, 8)]


def stopped_halfway(numbers: Iterator[int]) -> Iterator[Any]:
    """Stops its own process when it has sent one half of an answer."""
    yield os.getpid()

    def send_half(connection: Connection, data: bytes) -> None:
        os.write(connection.fileno(), data[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGSTOP)

    with mock.patch.object(Connection, "_send", send_half):
        yield "x" * 1000


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no process can be stopped here")
def test_workers_that_give_no_sign_of_life_are_killed() -> None:
    """One is stopped while it waits, and one while it sends. The third is heard all the time."""
    with contextlib.closing(ProcessPool(max_silence=8.0)) as pool:
        pids = started(pool, [doubled, stopped_halfway, doubled])
        os.kill(pids[0], signal.SIGSTOP)
        pool.send(2, 3)
        assert answers(pool, 2) == [(2, 3), (2, 6)]
        assert dict(answers(pool, 2)) == {
            worker: Ended(f"process {pids[worker]}", "signal SIGKILL after no sign of life for 8 s")
            for worker in (0, 1)
        }
        assert not is_alive(pids[0])
        pool.send(2, 4)
        assert answers(pool, 2) == [(2, 4), (2, 8)]


def busy(numbers: Iterator[int]) -> Iterator[Any]:
    yield os.getpid()
    for number in numbers:
        end = time.monotonic() + number
        while time.monotonic() < end:
            pass
        yield number


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no process can be stopped here")
def test_large_messages_to_stopped_workers_hold_up_nobody() -> None:
    with contextlib.closing(ProcessPool(max_silence=2.0)) as pool:
        # So many are enough that a fault of the threads that write shows, as it once did.
        pids = started(pool, [doubled] * 6)
        for worker, pid in pids.items():
            os.kill(pid, signal.SIGSTOP)
            pool.send(worker, b"x" * 10_000_000)
        for _, ended in answers(pool, len(pids)):
            assert "no sign of life" in ended.how


@pytest.mark.skipif(not hasattr(signal, "SIGRTMIN"), reason="there are no real-time signals")
def test_a_worker_may_die_of_a_signal_without_a_name(pool: ProcessPool) -> None:
    pool.start(0, doubled)
    ((_, pid),) = answers(pool, 1)
    os.kill(pid, signal.SIGRTMIN + 1)
    ((_, ended),) = answers(pool, 1)
    assert ended == Ended(f"process {pid}", f"signal {signal.SIGRTMIN + 1}")


def test_threads_may_start_workers_at_the_same_time() -> None:
    main = sys.modules["__main__"]

    def start() -> None:
        with contextlib.closing(ProcessPool()) as pool:
            pool.start(0, doubled)
            answers(pool, 1)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sys.modules["__main__"] is main


def test_a_worker_that_is_busy_is_not_killed() -> None:
    with contextlib.closing(ProcessPool(max_silence=4.0)) as pool:
        started(pool, [busy])
        pool.send(0, 5)
        assert answers(pool, 1) == [(0, 5)]


def test_time_in_which_nobody_looks_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be that this process was stopped too, or that the machine slept."""
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    silence = Silence(20.0)

    def silent_for(seconds: float) -> list[int]:
        clock[0] += seconds
        silence.count()
        return silence.too_long()

    silence.heard(3)
    assert silent_for(3600.0) == []
    assert [silent_for(1.0) for _ in range(15)] == [[]] * 15
    assert silent_for(1.0) == [3]
    silence.heard(3)
    assert silent_for(1.0) == []


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan")])
def test_a_silence_of_no_length_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match=r"max_silence=.* is not allowed; use seconds above 0"):
        ProcessPool(max_silence=limit)


def test_closing_kills_all(pool: ProcessPool) -> None:
    for worker in range(2):
        pool.start(worker, doubled)
    pids = dict(answers(pool, 2))
    pool.close()
    assert not any(map(is_alive, pids.values()))


PARENT = """
import sys
sys.path.insert(0, sys.argv[1])
from test_process_pool import ProcessPool, answers, doubled
if __name__ == "__main__":
    pool = ProcessPool()
    for worker in range(2):
        pool.start(worker, doubled)
    print(*dict(answers(pool, 2)).values(), flush=True)
    list(pool.received())
"""


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    command = [sys.executable, str(script), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = list(map(int, parent.stdout.readline().split()))
        parent.kill()
    assert len(pids) == 2
    deadline = time.monotonic() + SECONDS
    while any(is_alive(pid) and not _is_zombie(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
