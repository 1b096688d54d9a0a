"""Experiments on a Ray cluster whose nodes die, are cut off or lack something.

See `reference.ray_nodes` for the cluster. The results are those of one process, byte for byte.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

import nb101fast
from nb101fast import search
from nb101fast.experiment import run_experiment
from nb101fast.locations import BUILT_IN
from reference.experiment_files import results
from reference.libraries import needs
from reference.ray_nodes import ENVIRONMENT, PATIENCE, Namespaces, RayCluster, ray_cluster
from reference.slow_search import DELAY, PlainSearch

NEEDED = ("ray", "pyarrow", "matplotlib")
pytestmark = [
    pytest.mark.slow,
    *map(needs, NEEDED),
    pytest.mark.skipif(sys.platform != "linux", reason="finds the nodes' processes in /proc"),
]

RUNS = 40
OPTIMIZERS = ("rs", "re", PlainSearch)
BUDGET = 200.0
# OwnSearch is of the main module, so Ray sends it to the nodes as a whole.
PROGRAM = f"""
import sys
import nb101fast
from nb101fast.experiment import run_experiment
from reference.slow_search import HungrySearch, PlainSearch

class OwnSearch(PlainSearch):
    name = "own"

if __name__ == "__main__":
    index, out, address, *names = sys.argv[1:]
    own = {{"plain": PlainSearch, "own": OwnSearch, "hungry": HungrySearch}}
    run_experiment(
        nb101fast.open(index), out, optimizers=[own.get(name, name) for name in names],
        runs={RUNS}, budget_seconds={BUDGET}, engine="ray", address=address, workers=3,
    )
"""

# What Python runs first on a node that lacks something.
PATCHES = {
    "another version": """
import sys, types
sys.modules["nb101fast"] = types.ModuleType("nb101fast")
sys.modules["nb101fast"].__version__ = "0.0.9"
""",
    "no library": """
from importlib import metadata
version = metadata.version

def without(name):
    if name == "hyperopt":
        raise metadata.PackageNotFoundError
    return version(name)

metadata.version = without
""",
}


class Experiment:
    """An experiment that a driver on the head computes."""

    def __init__(self, cluster: RayCluster, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.cluster, self.out, self._program = cluster, folder / "out", folder / "program.py"
        self._program.write_text(PROGRAM)

    def command(self, *names: str, index: Path = BUILT_IN) -> list[str]:
        program = [sys.executable, str(self._program)]
        return [*program, str(index), str(self.out), self.cluster.address, *names]

    def start(self) -> subprocess.Popen[str]:
        return self.cluster.driver(self.command("rs", "re", "plain"), **{DELAY: "0.2"})

    def wait_for_parts(self, count: int, driver: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + PATIENCE
        while len(list(self.out.glob("runs/PlainSearch-*.parquet"))) < count:
            assert time.monotonic() < deadline
            assert driver.poll() is None, driver.communicate()[1]
            time.sleep(0.02)

    def results(self) -> dict[str, bytes]:
        return results(self.out)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The results of this process alone."""
    folder = tmp_path_factory.mktemp("undisturbed")
    run_locally(folder)
    return results(folder)


def run_locally(folder: Path) -> None:
    index = nb101fast.open(BUILT_IN)
    run_experiment(
        index, folder, optimizers=OPTIMIZERS, runs=RUNS, budget_seconds=BUDGET, workers=1
    )


@pytest.fixture(params=["namespaces", "processes"])
def cluster(request: pytest.FixtureRequest) -> Iterator[RayCluster]:
    has_namespaces = request.param == "namespaces"
    if has_namespaces and not Namespaces.are_allowed():
        pytest.skip("network namespaces are not allowed here")
    with ray_cluster(namespaces=has_namespaces) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def network_cluster() -> Iterator[RayCluster]:
    """A cluster in namespaces if they are allowed. Its tests share the head and bring the nodes."""
    with ray_cluster(namespaces=Namespaces.are_allowed()) as cluster:
        yield cluster


@contextmanager
def node_of(
    cluster: RayCluster, *, first: str = "", environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """A node that the cluster has for a while; see `RayCluster.add_node`."""
    node = cluster.add_node(first=first, environment=environment)
    try:
        yield
    finally:
        cluster.kill(node)


def test_nodes_that_die_or_are_cut_off(
    cluster: RayCluster, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    experiment = Experiment(cluster, tmp_path)
    killed, cut_off, _ = (cluster.add_node(environment={DELAY: "0.2"}) for _ in range(3))
    with experiment.start() as driver:
        experiment.wait_for_parts(3, driver)
        cluster.kill(killed)
        experiment.wait_for_parts(12, driver)
        cluster.cut_off(cut_off)
        _, err = driver.communicate(timeout=PATIENCE)
    assert driver.returncode == 0, err
    again = re.findall(
        r"^worker \d: actor ended with The actor .*; "
        r"another worker computes runs? [\d to]+ of '\w+'$",
        err,
        re.MULTILINE,
    )
    assert len(again) == 2, err
    assert experiment.results() == undisturbed


def test_a_driver_that_dies_or_is_interrupted(
    network_cluster: RayCluster, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    experiment = Experiment(network_cluster, tmp_path)
    with node_of(network_cluster, environment={DELAY: "0.2"}):
        for parts, number in ((3, signal.SIGKILL), (6, signal.SIGINT)):
            with experiment.start() as driver:
                experiment.wait_for_parts(parts, driver)
                driver.send_signal(number)
                driver.communicate(timeout=PATIENCE)
            assert driver.returncode != 0
            assert not (experiment.out / "summary.json").exists()
        # The other engine goes on from there.
        shutil.copytree(experiment.out, tmp_path / "copy")
        run_locally(tmp_path / "copy")
        assert results(tmp_path / "copy") == undisturbed
        status, _, err = network_cluster.run(experiment.command("rs", "re", "plain"))
        assert (status, err) == (0, "")
        assert experiment.results() == undisturbed


def test_what_nodes_lack(network_cluster: RayCluster, tmp_path: Path) -> None:
    cluster = network_cluster
    (tmp_path / "index").mkdir()
    index = shutil.copy(BUILT_IN, tmp_path / "index")
    hyperopt = next(
        settings
        for settings in search.PRESETS["paper"].optimizers.values()
        if "hyperopt" in settings.libraries
    )

    def complaint(first: str = "", patch: str = "") -> str:
        """What the command says if a node lacks something."""
        environment = {}
        if patch:
            (folder := tmp_path / patch).mkdir()
            (folder / "sitecustomize.py").write_text(PATCHES[patch])
            environment = {"PYTHONPATH": f"{folder}:{ENVIRONMENT['PYTHONPATH']}"}
        command = [sys.executable, "-m", "nb101fast", "experiment", str(index), "--out"]
        command += [str(tmp_path / "out"), "--engine", "ray", "--address", cluster.address]
        command += ["--optimizers", f"rs,{hyperopt.name}", "--runs", "2", "--budget", "200"]
        with node_of(cluster, first=first, environment=environment):
            status, out, err = cluster.run(command)
        assert (status, out) == (2, "")
        assert not (tmp_path / "out").exists()
        assert re.fullmatch(r"nb101fast: node [\d.]+ of the cluster: .*\n", err), err
        return err

    found = complaint(patch="another version")
    assert f"nb101fast {nb101fast.__version__} is needed, but 0.0.9 is installed" in found
    assert "hyperopt is not installed" in complaint(patch="no library")
    if Namespaces.are_allowed():  # a namespace has mounts of its own
        found = complaint(first=f"mount -t tmpfs none {tmp_path / 'index'}")
        assert "the index can't be read: [Errno 2] No such file or directory" in found
        assert "each node needs the same file at the same path" in found
        other = tmp_path / "other.nb101"
        nb101fast.synthetic.write_index(other, codes=nb101fast.cell_codes()[:50])
        found = complaint(first=f"mount --bind {other} {index}")
        assert "is another index than at the start of the experiment" in found


def test_optimizers_of_ones_own(network_cluster: RayCluster, tmp_path: Path) -> None:
    own, hungry = (Experiment(network_cluster, tmp_path / name) for name in ("own", "hungry"))
    with node_of(network_cluster):
        status, _, err = network_cluster.run(own.command("plain", "own"))
        assert (status, err) == (0, "")
        status, _, err = network_cluster.run(hungry.command("hungry"))
        assert status == 1
    table = search.Trajectories.from_parquet(own.out / "runs" / "own-000007.parquet")
    index = nb101fast.open(BUILT_IN)
    alone = search.run(PlainSearch, index, runs=1, first_run=7, budget_seconds=BUDGET)
    assert (table.incumbents.code == alone.incumbents.code).all()
    assert err.count("another worker computes") >= 3
    assert re.search(
        r"ChildProcessError: run \d+ of 'HungrySearch' lost 4 workers; "
        r"the last was worker 0: no memory: Unable to allocate 1.00 EiB",
        err,
    )
