"""Workers as actors of Ray: messages and answers, how they end, and addresses without a cluster."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from nb101fast.cluster_address import check_address
from reference.libraries import import_or_skip
from reference.ray_nodes import HEAD, START

pytestmark = pytest.mark.slow

import_or_skip("ray")

STORY = """
import contextlib, os, signal
from nb101fast.actor_pool import ActorPool

def main():
    def doubled(numbers):  # pickled by its value, as a function of __main__ is
        yield os.getpid()
        for number in numbers:
            yield number
            yield 2 * number

    def arrived(pool, count):
        found = []
        while len(found) < count:
            found += pool.received(60)
        return found

    with contextlib.closing(ActorPool(room_for=2)) as pool:
        assert pool.num_processors == 2
        for worker in (3, 5):
            pool.start(worker, doubled)
        pids = dict(arrived(pool, 2))
        assert len(set(pids.values()) | {os.getpid()}) == 3
        numbers = range(10, 110, 10)
        for number in numbers:
            pool.send(3, number)
        pool.send(5, 30)
        answers = arrived(pool, 22)
        expected = [answer for number in numbers for answer in (number, 2 * number)]
        assert [answer for worker, answer in answers if worker == 3] == expected, answers
        assert [answer for worker, answer in answers if worker == 5] == [30, 60]
        os.kill(pids[3], signal.SIGKILL)
        (worker, ended), = arrived(pool, 1)
        assert (worker, ended.who) == (3, "actor")
        print(ended.how)
        pool.start(3, lambda numbers: iter(()))
        (worker, ended), = arrived(pool, 1)
        assert (worker, str(ended)) == (3, "actor ended with exit status 0")
        pool.start(3, lambda numbers: 1 / 0)
        (worker, ended), = arrived(pool, 1)
        assert str(ended) == "actor ended with ZeroDivisionError: division by zero", ended
        pool.stop(5)
        pool.start(5, doubled)
        assert dict(arrived(pool, 1))[5] not in pids.values()

if __name__ == "__main__":
    main()
"""


def test_actors() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STORY], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    # Ray may print a message of its own before it.
    assert "The actor is dead because its worker process has died. " in done.stdout


SILENCE = """
import contextlib, os, signal, sys
from nb101fast import actor_pool
from nb101fast.actor_pool import ActorPool

actor_pool._LOOK_SECONDS = 0.2  # Ray is busy all the time while its head does not answer

def main():
    def echo(numbers):
        yield os.getpid()
        yield from numbers

    with contextlib.closing(ActorPool(sys.argv[1], max_silence=10)) as pool:
        pool.start(0, echo)
        [(_, pid)] = pool.received(60)
        pool.send(0, 10)
        assert list(pool.received(60)) == [(0, 10)]
        os.kill(pid, signal.SIGSTOP)
        [(_, ended)] = pool.received(60)
        assert str(ended) == "actor ended with no sign of life for 10 s", ended
        pool.start(0, echo)
        [(_, other)] = pool.received(60)
        assert other != pid
        print("ready", flush=True)
        while True:
            for worker, answer in pool.received(1):
                pool.start(worker, echo)

if __name__ == "__main__":
    main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the processes of a head are killed as a group")
def test_an_actor_and_a_head_that_are_silent() -> None:
    """The actor is another one then. Without a head, the error says how to go on.

    Ray alone would end the process after a minute.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    environment = {**os.environ, "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    begin = [*START, *HEAD, f"--port={address.rpartition(':')[2]}", "--num-cpus=1"]
    with subprocess.Popen(
        begin, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    ) as head:
        try:
            wait_for(address)
            with subprocess.Popen(
                [sys.executable, "-c", SILENCE, address],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            ) as driver:
                assert driver.stdout is not None
                assert driver.stdout.readline() == b"ready\n"
                os.killpg(head.pid, signal.SIGKILL)
                _, said = driver.communicate(timeout=120)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(head.pid, signal.SIGKILL)
    assert driver.returncode == 1
    assert b"answers no more; start Ray again, and then run the same command again" in said


def wait_for(address: str) -> None:
    deadline = time.monotonic() + 60
    host, _, port = address.rpartition(":")
    while True:
        try:
            return socket.create_connection((host, int(port))).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@contextmanager
def listening(answer: bytes, host: str = "127.0.0.1") -> Iterator[str]:
    """A server that answers every connection with these bytes and hangs up; yields its address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        shown = f"[{host}]" if ":" in host else host
        yield f"{shown}:{server.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad\r\n\r\n"])
def test_something_else_than_ray_answers(answer: bytes) -> None:
    with (
        listening(answer) as address,
        pytest.raises(ConnectionError, match="something answers there that is not Ray"),
    ):
        check_address(address)


def test_a_server_of_http2_may_be_ray() -> None:
    settings = b"\0\0\0\4\0\0\0\0\0"
    for host in ("127.0.0.1", "::1") if has_ipv6() else ("127.0.0.1",):
        with listening(settings, host) as address:
            check_address(address)


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("address", "error", "pattern"),
    [
        ("nowhere", ValueError, "address='nowhere' is not allowed; use HOST:PORT or 'auto'"),
        ("ray://here:10001", ValueError, "address='ray://here:10001' is not allowed"),
        ("127.0.0.1:99999", ConnectionError, "address='127.0.0.1:99999': no Ray cluster answers"),
    ],
)
def test_an_address_without_a_cluster(address: str, error: type[Exception], pattern: str) -> None:
    with pytest.raises(error, match=pattern):
        check_address(address)
