"""Ray clusters of several nodes on this machine, whose nodes can be killed or cut off.

With the right to make network namespaces, each node has one of its own, with its own address. All
are joined by a bridge, so a node is cut off by taking its link down. Without this right the nodes
are processes that share the machine's network; a node is then cut off by stopping its processes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .child_processes import module_folders

# Without grpc, Ray starts no server for clients outside of the cluster.
_START = "import sys; sys.modules['grpc'] = None; from ray.scripts.scripts import main; main()"
START = [sys.executable, "-c", _START, "start", "--block", "--include-log-monitor=false"]
HEAD = ["--head", "--include-dashboard=false", "--disable-usage-stats"]
HEAD.append("--no-monitor")  # of Ray's autoscaler, which has nothing to do here
PATIENCE = 180.0  # seconds to wait for something before the test fails
_STORE_BYTES = 80 << 20  # the least that Ray allows is 75 MiB
# A node that doesn't answer is given up after about 15 seconds. Ray's own values take about 60.
_QUICK_HEALTH_CHECKS = {
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "4000",
    "RAY_health_check_failure_threshold": "3",
}
ENVIRONMENT = {
    **_QUICK_HEALTH_CHECKS,
    "RAY_AUTH_MODE": "disabled",  # else the driver needs a token
    "RAY_USAGE_STATS_ENABLED": "0",
    "PYTHONPATH": module_folders(),
}


class Network(Protocol):
    """Where the nodes are."""

    def add(self, node: int) -> str:
        """Make room for a node; returns its address."""

    def command(self, node: int) -> list[str]:
        """What stands before a command that runs on a node."""

    def port(self) -> int:
        """A port that is free on the head."""

    def cut_off(self, node: int, processes: list[int]) -> None:
        """Let nothing reach the node any more."""

    def processes(self, node: int, started: int) -> list[int]:
        """The processes of a node; `started` is the one that was started there."""

    def close(self) -> None:
        """Remove everything."""


class Namespaces:
    """A network namespace for each node, and one with the bridge that joins them."""

    def __init__(self) -> None:
        self._name = f"nb101-{os.getpid()}"
        self._made: list[str] = []
        self._switch = self._make("switch")
        _ip("-n", self._switch, "link", "add", "name", "lan", "type", "bridge")
        _ip("-n", self._switch, "link", "set", "dev", "lan", "up")

    @staticmethod
    def are_allowed() -> bool:
        """Whether this process may make namespaces."""
        name = f"nb101-{os.getpid()}-try"
        if not shutil.which("ip"):
            return False
        made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
        if made.returncode == 0:
            _ip("netns", "delete", name)
        return made.returncode == 0

    def add(self, node: int) -> str:
        name, address = self._make(str(node)), f"10.101.0.{node + 1}"
        ends = ["name", "lan0", "netns", name, "type", "veth", "peer", "name", f"port{node}"]
        _ip("link", "add", *ends, "netns", self._switch)
        _ip("-n", self._switch, "link", "set", "dev", f"port{node}", "master", "lan", "up")
        _ip("-n", name, "address", "add", f"{address}/24", "dev", "lan0")
        for device in ("lo", "lan0"):
            _ip("-n", name, "link", "set", "dev", device, "up")
        _ip("-n", name, "route", "add", "default", "dev", "lan0")  # so Ray finds the address
        return address

    def command(self, node: int) -> list[str]:
        return ["ip", "netns", "exec", f"{self._name}-{node}"]

    def port(self) -> int:
        return 6379

    def cut_off(self, node: int, processes: list[int]) -> None:
        _ip("-n", f"{self._name}-{node}", "link", "set", "dev", "lan0", "down")

    def processes(self, node: int, started: int) -> list[int]:
        return [int(pid) for pid in _ip("netns", "pids", f"{self._name}-{node}").split()]

    def close(self) -> None:
        for name in self._made:
            _ip("netns", "delete", name)

    def _make(self, suffix: str) -> str:
        name = f"{self._name}-{suffix}"
        _ip("netns", "add", name)
        self._made.append(name)
        return name


class SharedNetwork:
    """The network of this machine, which all nodes share."""

    def add(self, node: int) -> str:
        return "127.0.0.1"

    def command(self, node: int) -> list[str]:
        return []

    def port(self) -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return int(free.getsockname()[1])

    def cut_off(self, node: int, processes: list[int]) -> None:
        _stop(processes)

    def processes(self, node: int, started: int) -> list[int]:
        found, children = [started], _children()
        for process in found:
            found += children.get(process, [])
        return found if Path(f"/proc/{started}").exists() else []

    def close(self) -> None: ...


@dataclass(frozen=True)
class ChangingNode:
    """What a node finds, which may change while it runs.

    Attributes:
        first: a folder with what its processes run first, as `sitecustomize.py`.
        data: a folder of indexes. The node sees `data_there` in its place, if it has a namespace.
        hold: a folder by which its runs can be held, as `reference.slow_search` says.
    """

    first: Path
    data: Path
    data_there: Path
    hold: Path


class RayCluster:
    """A Ray cluster whose head has no processor, so that all work is done by other nodes."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._nodes: dict[int, subprocess.Popen[bytes]] = {}
        self._next = 0
        self._folder = tempfile.mkdtemp(prefix="nb", dir="/tmp")  # short, because of Ray's sockets
        self._head, self.address = 0, ""

    def start_head(self) -> None:
        """Start the first node, on which drivers run."""
        port = self._network.port()
        options = [f"--port={port}", "--num-cpus=0", f"--temp-dir={self._folder}"]
        self._head, host = self._start([*HEAD, *options])
        self.address = f"{host}:{port}"

    def add_node(self, *, first: str = "", environment: Mapping[str, str] | None = None) -> int:
        """Start a node with one processor, and wait until it has joined; returns its number.

        Args:
            first: a shell command that is run on the node before Ray.
            environment: variables of the node's processes.
        """
        node, _ = self._start([f"--address={self.address}", "--num-cpus=1"], first, environment)
        return node

    def driver(self, command: list[str], **environment: str) -> subprocess.Popen[str]:
        """Start a program on the head."""
        return subprocess.Popen(
            [*self._network.command(self._head), *command],
            env={**os.environ, **ENVIRONMENT, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, command: list[str], **environment: str) -> tuple[int, str, str]:
        """Run a program on the head; returns its exit status and what it printed."""
        with self.driver(command, **environment) as driver:
            try:
                out, err = driver.communicate(timeout=2 * PATIENCE)
            finally:
                driver.kill()
        return driver.returncode, out, err

    def kill(self, node: int) -> None:
        """Kill all processes of a node."""
        started = self._nodes.pop(node)
        while processes := self._network.processes(node, started.pid):
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            started.wait()
            time.sleep(0.05)
        started.wait()  # also if all processes had ended by themselves, as those of lost nodes do

    def cut_off(self, node: int) -> None:
        """Let nothing reach a node any more. Its processes live on, until the cluster ends."""
        self._network.cut_off(node, self._processes(node))

    def stop(self, node: int) -> None:
        """Stop all processes of a node, which stays connected. They don't go on."""
        _stop(self._processes(node))

    def close(self) -> None:
        for node in reversed(list(self._nodes)):
            self.kill(node)
        self._network.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _processes(self, node: int) -> list[int]:
        return self._network.processes(node, self._nodes[node].pid)

    def _start(
        self, options: list[str], first: str = "", environment: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        node, self._next = self._next, self._next + 1
        address = self._network.add(node)
        command = [*START, *options, f"--node-ip-address={address}"]
        command.append(f"--object-store-memory={_STORE_BYTES}")
        if first:
            command = ["sh", "-c", f'{first} && exec "$@"', "sh", *command]
        log_path = Path(self._folder, f"node-{node}.txt")
        with open(log_path, "wb") as log:
            self._nodes[node] = subprocess.Popen(
                [*self._network.command(node), *command],
                env={**os.environ, **ENVIRONMENT, **(environment or {})},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + PATIENCE
        # Nodes that start at the same time would get in each other's way.
        while "Ray runtime started" not in (text := log_path.read_text()):
            assert time.monotonic() < deadline, text
            assert self._nodes[node].poll() is None, text
            time.sleep(0.1)
        return node, address


@contextlib.contextmanager
def ray_cluster(*, namespaces: bool) -> Iterator[RayCluster]:
    """A cluster without nodes except its head. At the end nothing of it is left."""
    cluster = RayCluster(Namespaces() if namespaces else SharedNetwork())
    try:
        cluster.start_head()
        yield cluster
    finally:
        cluster.close()


def _stop(processes: list[int]) -> None:
    for process in processes:
        os.kill(process, signal.SIGSTOP)


def _ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def _children() -> dict[int, list[int]]:
    """The processes of this machine by their parents."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                after_name = (entry / "stat").read_text("ascii", "replace").rsplit(")", 1)[1]
                children.setdefault(int(after_name.split()[1]), []).append(int(entry.name))
    return children
