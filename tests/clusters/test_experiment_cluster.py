"""Experiments on a Ray cluster whose nodes die, are cut off or lack something.

See `reference.ray_nodes` for the cluster. The results are those of one process, byte for byte.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nb101fast
from nb101fast import search
from nb101fast.experiment import run_experiment
from nb101fast.locations import BUILT_IN
from reference.experiment_files import results
from reference.libraries import needs
from reference.ray_nodes import PATIENCE, ChangingNode, Namespaces, RayCluster
from reference.slow_search import HELD, HOLD, SLOW, PlainSearch

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
        runs={RUNS}, budget_seconds={BUDGET}, engine="ray", address=address, workers=4,
    )
"""

# Runs the command lines that it is given, and answers with their exit statuses and complaints.
COMMANDS = """
import contextlib, io, json, sys
from nb101fast.__main__ import main

for line in sys.stdin:
    with contextlib.redirect_stderr(io.StringIO()) as err:
        status = main(json.loads(line))
    print(json.dumps([status, err.getvalue()]), flush=True)
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
        return self.cluster.driver(self.command("rs", "re", "plain"))

    def wait_for_parts(self, count: int, driver: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + PATIENCE
        while len(list(self.out.glob("runs/PlainSearch-*.parquet"))) < count:
            assert time.monotonic() < deadline
            assert driver.poll() is None, driver.communicate()[1]
            time.sleep(0.02)

    def results(self) -> dict[str, bytes]:
        return results(self.out)


def wait_for_held_runs(hold: Path, count: int, driver: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(list(hold.glob("[0-9]*"))) < count:
        assert time.monotonic() < deadline
        assert driver.poll() is None, driver.communicate()[1]
        time.sleep(0.02)


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


def test_nodes_that_die_or_are_cut_off_or_stop(
    cluster: RayCluster, node: ChangingNode, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    experiment = Experiment(cluster, tmp_path)
    slow = {**SLOW, HOLD: str(node.hold)}
    lost = [cluster.add_node(environment=slow) for _ in range(3)]
    with experiment.start() as driver:
        experiment.wait_for_parts(3, driver)
        (node.hold / HELD).touch()
        wait_for_held_runs(node.hold, 4, driver)  # so each node is lost in the middle of a run
        cluster.kill(lost[0])
        cluster.cut_off(lost[1])
        cluster.stop(lost[2])
        (node.hold / HELD).unlink()
        _, err = driver.communicate(timeout=PATIENCE)
    assert driver.returncode == 0, err
    again = re.findall(
        r"^worker \d: actor ended with The actor .*; "
        r"another worker computes runs? [\d to]+ of '\w+'$",
        err,
        re.MULTILINE,
    )
    assert len(again) == 3, err
    assert experiment.results() == undisturbed


@pytest.mark.usefixtures("node")
def test_a_driver_that_dies_or_is_interrupted(
    cluster: RayCluster, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    experiment = Experiment(cluster, tmp_path)
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
    status, _, err = cluster.run(experiment.command("rs", "re", "plain"))
    assert (status, err) == (0, "")
    assert experiment.results() == undisturbed


def test_what_nodes_lack(cluster: RayCluster, node: ChangingNode, tmp_path: Path) -> None:
    index, index_there = node.data / "index.nb101", node.data_there / "index.nb101"
    for path in (index, index_there):
        shutil.copy(BUILT_IN, path)
    hyperopt = next(
        settings
        for settings in search.PRESETS["paper"].optimizers.values()
        if "hyperopt" in settings.libraries
    )
    command = ["experiment", str(index), "--out", str(tmp_path / "out")]
    command += ["--optimizers", f"rs,{hyperopt.name}", "--runs", "2", "--budget", "200"]
    command += ["--engine", "ray", "--address", cluster.address]

    def complaint(patch: str = "") -> str:
        """What the command says if the node lacks something."""
        (node.first / "sitecustomize.py").write_text(patch)
        assert driver.stdin is not None
        assert driver.stdout is not None
        print(json.dumps(command), file=driver.stdin, flush=True)
        status, err = json.loads(driver.stdout.readline())
        assert status == 2
        assert not (tmp_path / "out").exists()
        assert re.fullmatch(r"nb101fast: node [\d.]+ of the cluster: .*\n", err), err
        return str(err)

    with cluster.driver([sys.executable, "-c", COMMANDS]) as driver:
        found = complaint(PATCHES["another version"])
        assert f"nb101fast {nb101fast.__version__} is needed, but 0.0.9 is installed" in found
        assert "hyperopt is not installed" in complaint(PATCHES["no library"])
        if Namespaces.are_allowed():
            index_there.unlink()
            found = complaint()
            assert "the index can't be read: [Errno 2] No such file or directory" in found
            assert "each node needs the same file at the same path" in found
            nb101fast.synthetic.write_index(index_there, codes=nb101fast.cell_codes()[:50])
            assert "is another index than at the start of the experiment" in complaint()
        (node.first / "sitecustomize.py").unlink()
        assert driver.communicate() == ("", "")


@pytest.mark.usefixtures("node")
def test_optimizers_of_ones_own(cluster: RayCluster, tmp_path: Path) -> None:
    own, hungry = (Experiment(cluster, tmp_path / name) for name in ("own", "hungry"))
    status, _, err = cluster.run(own.command("plain", "own"))
    assert (status, err) == (0, "")
    status, _, err = cluster.run(hungry.command("hungry"))
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
