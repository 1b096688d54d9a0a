"""nb101fast in the place of nasbench: installed in a process, as a distribution, and by a command.

The programs are written in the manner of public ones for the official package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import nb101fast
from nb101fast import inception, install_as_nasbench
from nb101fast.api import ModelSpec
from nb101fast.stand_in import STAND_IN_FOLDER
from reference import tfrecord
from reference.cells import graph_of
from reference.libraries import import_or_skip
from reference.runs import random_metrics, record_of
from reference.tfrecord import Record

pytestmark = pytest.mark.slow

Sample = tuple[Path, list[Record]]

ROOT = Path(__file__).parents[2]
DISTRIBUTION = ROOT / "compat" / "nasbench"


def run(
    *arguments: str | os.PathLike[str], path: str | os.PathLike[str] = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """What Python makes of these arguments. A warning is an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(path)},
    )


# ---------------------------------------------------------------- programs without a change

PADDING = """
import sys
import numpy as np
from nasbench import api

nasbench = api.NASBench(sys.argv[1])

def pad(ops):
    while len(ops) < 7:
        ops.insert(-1, "null")

for unique_hash in nasbench.hash_iterator():
    pad(nasbench.fixed_statistics[unique_hash]["module_operations"])
for unique_hash in nasbench.hash_iterator():
    fixed, computed = nasbench.get_metrics_from_hash(unique_hash)
    assert len(fixed["module_operations"]) == 7
    assert fixed["module_operations"].count("null") == 7 - len(fixed["module_adjacency"])
    matrix = np.zeros((7, 7), int)
    places = [*range(len(fixed["module_adjacency"]) - 1), 6]
    matrix[np.ix_(places, places)] = fixed["module_adjacency"]
    spec = api.ModelSpec(matrix, fixed["module_operations"])
    assert nasbench.is_valid(spec)
    assert nasbench.get_metrics_from_spec(spec)[1] == computed
print(len(nasbench.fixed_statistics))
"""

GRAPHS = """
import itertools
import sys
import numpy as np
from absl import app, flags
from nasbench import api
from nasbench.lib import graph_util

flags.DEFINE_integer("vertices", 4, "")
FLAGS = flags.FLAGS

def main(argv):
    buckets = {}
    for vertices in range(2, FLAGS.vertices + 1):
        for bits in range(2 ** (vertices * (vertices - 1) // 2)):
            matrix = np.fromfunction(
                graph_util.gen_is_edge_fn(bits), (vertices, vertices), dtype=np.int8)
            if not graph_util.is_full_dag(matrix) or graph_util.num_edges(matrix) > 9:
                continue
            for labels in itertools.product(range(3), repeat=vertices - 2):
                labels = [-1, *labels, -2]
                fingerprint = graph_util.hash_module(matrix, labels)
                known = buckets.setdefault(fingerprint, (matrix.tolist(), labels))
                assert graph_util.is_isomorphic((matrix.tolist(), labels), known)
    nasbench = api.NASBench(argv[1])
    assert set(nasbench.hash_iterator()) == set(buckets)
    print(len(buckets))

if __name__ == "__main__":
    app.run(main)
"""

WORKERS = """
import multiprocessing
import sys
import joblib
from nasbench import api
from nasbench.lib import model_spec

def accuracies(nasbench, hashes):
    return [nasbench.get_metrics_from_hash(h)[1][4][0]["final_test_accuracy"] for h in hashes]

def asked(spec_and_path):
    spec, path = spec_and_path
    assert isinstance(spec, model_spec.ModelSpec)
    return api.NASBench(path, seed=1).query(spec, epochs=4)["test_accuracy"]

def main():
    path = sys.argv[1]
    nasbench = api.NASBench(path)
    hashes = list(nasbench.hash_iterator())
    parts = [hashes[i::3] for i in range(3)]
    wanted = [accuracies(nasbench, part) for part in parts]
    for backend in ("loky", "multiprocessing", "threading"):
        work = [joblib.delayed(accuracies)(nasbench, part) for part in parts]
        assert joblib.Parallel(n_jobs=2, backend=backend)(work) == wanted
    fixed = nasbench.fixed_statistics[hashes[0]]
    spec = api.ModelSpec(fixed["module_adjacency"], fixed["module_operations"])
    for method in multiprocessing.get_all_start_methods():
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert set(pool.map(asked, [(spec, path)] * 4)) <= {
                run["final_test_accuracy"] for run in nasbench.computed_statistics[hashes[0]][4]}
    print("done")

if __name__ == "__main__":
    main()
"""

SUBPROCESS = """
import subprocess
import sys
from nasbench import api

if len(sys.argv) == 2:
    api.NASBench(sys.argv[1])
    command = [sys.executable, __file__, sys.argv[1], "inner"]
    print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
else:
    print(len(api.NASBench(sys.argv[1]).hash_iterator()))
"""

SUBCLASSES = """
import random
import sys
from nasbench import api
from nasbench.lib.model_spec import ModelSpec
import nasbench.lib.graph_util

class Spec(ModelSpec):
    def __init__(self, matrix, ops):
        super().__init__(matrix, ops)
        self.edges = nasbench.lib.graph_util.num_edges(self.original_matrix)

class Bench(api.NASBench):
    queried = 0

    def query(self, model_spec, epochs=4, stop_halfway=False):
        self.queried += 1
        return super().query(model_spec, epochs, stop_halfway)

bench = Bench(sys.argv[1], seed=3)
spec = Spec([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"])
data = bench.query(spec)
assert spec.edges == 2 and bench.queried == 1
state = random.getstate()
assert api.NASBench(sys.argv[1], seed=3).query(spec, 4)["test_accuracy"] == data["test_accuracy"]
assert random.getstate() == state
print(bench.get_budget_counters()[1])
"""

REPLACED = """
from nasbench.lib import base_ops, cifar, evaluate, model_builder, training_time
from nasbench.lib.evaluate import train_and_evaluate
from nasbench.scripts import run_evaluation
import nasbench.scripts.generate_graphs
try:
    train_and_evaluate(None, {}, "folder")
except NotImplementedError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All cells of up to 4 vertices, at 4 epochs."""
    path = tmp_path_factory.mktemp("index") / "small.nb101"
    cells = nb101fast.cell_codes()
    matrices, _ = nb101fast.decode(cells)
    # A cell of n vertices leaves 7 - n vertices without edges.
    is_small = (matrices.any(axis=1) | matrices.any(axis=2)).sum(axis=1) <= 4
    nb101fast.synthetic.write_index(path, codes=cells[is_small], epochs=(4,))
    return path


PROGRAMS = {
    "padding": (PADDING, "91"),
    "graphs": (GRAPHS, "91"),
    "workers": (WORKERS, "done"),
    "subprocess": (SUBPROCESS, "91"),
    "subclasses": (SUBCLASSES, "4"),
    "replaced": (
        REPLACED,
        "nb101fast has no nasbench.lib.evaluate.train_and_evaluate: "
        "train with NASBench.evaluate(spec, folder) or `nb101train cell`",
    ),
}


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_a_program_with_the_distribution(name: str, index: Path, tmp_path: Path) -> None:
    """The distribution's folder on the path is what an installation of it is."""
    program, wanted = PROGRAMS[name]
    (tmp_path / "program.py").write_text(program)
    done = run(tmp_path / "program.py", index, path=DISTRIBUTION)
    assert (done.returncode, done.stdout.strip()) == (0, wanted), done.stderr


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_a_program_by_the_command(name: str, index: Path, tmp_path: Path) -> None:
    program, wanted = PROGRAMS[name]
    (tmp_path / "program.py").write_text(program)
    done = run("-m", "nb101fast.as_nasbench", tmp_path / "program.py", index)
    assert (done.returncode, done.stdout.strip()) == (0, wanted), done.stderr


@pytest.mark.parametrize("name", ["workers", "graphs"])
def test_a_program_that_installs_it(name: str, index: Path, tmp_path: Path) -> None:
    """Workers find it too, whose main module isn't the one that installs it."""
    program, wanted = PROGRAMS[name]
    (tmp_path / "program.py").write_text(program)
    start = (
        "import nb101fast, sys; nb101fast.install_as_nasbench(); "
        f"sys.path.insert(0, {str(tmp_path)!r}); import program; sys.argv[0] = 'program'; "
    )
    call = "from absl import app; app.run(program.main)" if name == "graphs" else "program.main()"
    done = run("-c", start + call, index)
    assert (done.returncode, done.stdout.strip()) == (0, wanted), done.stderr


def test_the_distribution_is_what_the_command_uses() -> None:
    code = [
        "\n".join(path.read_text().splitlines()[1:])
        for path in (
            DISTRIBUTION / "nasbench/__init__.py",
            Path(STAND_IN_FOLDER, "nasbench/__init__.py"),
        )
    ]
    assert code[0] == code[1]


def test_the_distribution_can_be_installed(index: Path, tmp_path: Path) -> None:
    import_or_skip("wheel")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-build-isolation", "--no-deps"]
    copy = shutil.copytree(DISTRIBUTION, tmp_path / "copy")  # setuptools builds in the folder
    subprocess.run([*command, "--target", tmp_path / "site", copy], check=True)
    (tmp_path / "program.py").write_text(SUBPROCESS)
    done = run(tmp_path / "program.py", index, path=tmp_path / "site")
    assert (done.returncode, done.stdout.strip()) == (0, "91"), done.stderr


# ---------------------------------------------------------------- the command


def test_arguments_and_exit_status(tmp_path: Path) -> None:
    program = "import sys, nasbench; print(sys.argv[1:], __name__); sys.exit(7)"
    (tmp_path / "program.py").write_text(program)
    done = run("-m", "nb101fast.as_nasbench", tmp_path / "program.py", "-x", "--y=1")
    assert (done.returncode, done.stdout) == (7, "['-x', '--y=1'] __main__\n")
    done = run("-m", "nb101fast.as_nasbench", "-m", "program", "z", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (7, "['z'] __main__\n")


def test_help() -> None:
    for arguments, status in (([], 2), (["--help"], 0)):
        done = run("-m", "nb101fast.as_nasbench", *arguments)
        assert done.returncode == status
        assert "python -m nb101fast.as_nasbench SCRIPT.py" in done.stdout


def test_a_nasbench_beside_the_script(tmp_path: Path) -> None:
    (tmp_path / "nasbench").mkdir()
    (tmp_path / "program.py").write_text("")
    done = run("-m", "nb101fast.as_nasbench", tmp_path / "program.py")
    assert done.returncode == 1
    assert f"{tmp_path / 'nasbench'} lies beside the program" in done.stderr
    for arguments in (["-m", "program"], ["-c", "import program"], ["."]):
        done = run("-m", "nb101fast.as_nasbench", *arguments, cwd=tmp_path)
        assert "nasbench lies beside the program" in done.stderr


# ---------------------------------------------------------------- in this process

README_PROGRAM = """
import sys
import nb101fast
nb101fast.install_as_nasbench()
nb101fast.install_as_nasbench()

from nasbench import api
from nasbench.api import ModelSpec
from nasbench.lib import config
from nasbench.lib.model_spec import ModelSpec as SameSpec
import nasbench.api

assert ModelSpec is SameSpec is api.ModelSpec
assert nasbench.api is api
assert config.build_config()["max_edges"] == 9
dataset = api.NASBench(sys.argv[1], seed=3)
spec = api.ModelSpec(
    matrix=[[0, 1, 1, 1, 0, 1, 0], [0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 1],
            [0, 0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 1],
            [0, 0, 0, 0, 0, 0, 0]],
    ops=["input", "conv1x1-bn-relu", "conv3x3-bn-relu", "conv3x3-bn-relu", "conv3x3-bn-relu",
         "maxpool3x3", "output"])
data = dataset.query(spec)
fixed, computed = dataset.get_metrics_from_spec(spec)
for epochs in dataset.valid_epochs:
    for repeat in range(len(computed[epochs])):
        assert computed[epochs][repeat]["final_training_time"] > 0
for unique_hash in dataset.hash_iterator():
    dataset.get_metrics_from_hash(unique_hash)
    break
try:
    dataset.query(spec, epochs=5)
except api.OutOfDomainError:
    pass
assert "tensorflow" not in sys.modules
print(unique_hash, data["trainable_parameters"], *dataset.get_budget_counters())
"""


def test_the_official_readmes_program(tmp_path: Path, rng: np.random.Generator) -> None:
    graph = graph_of(inception.MATRIX, [1, 0, 0, 0, 2])
    records = [record_of(graph, 108, random_metrics(rng, graph, 108)) for _ in range(3)]
    (tmp_path / "one.tfrecord").write_bytes(tfrecord.write(records))
    done = run("-c", README_PROGRAM, tmp_path / "one.tfrecord")
    assert done.returncode == 0, done.stderr
    digest, parameters, seconds, epochs = done.stdout.split()
    assert (digest, parameters, epochs) == (inception.HASH, "2694282", "108")
    assert float(seconds) in [record.metrics.evaluations[2].training_time for record in records]


@pytest.fixture
def without_nasbench(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No nasbench in this process, now and afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr("nb101fast.official.config.define_flags", lambda: None)
    before = {name: sys.modules[name] for name in nasbench_modules()}
    for name in before:
        del sys.modules[name]
    yield
    for name in nasbench_modules():
        del sys.modules[name]
    sys.modules.update(before)


def nasbench_modules() -> list[str]:
    return [name for name in sys.modules if name.split(".")[0] == "nasbench"]


@pytest.mark.usefixtures("without_nasbench")
def test_installing_is_idempotent() -> None:
    install_as_nasbench()
    before = {name: sys.modules[name] for name in nasbench_modules()}
    nb101fast.install_as_nasbench()
    assert {name: sys.modules[name] for name in nasbench_modules()} == before
    assert sys.modules["nasbench.api"] is sys.modules["nb101fast.api"]
    assert sys.path.count(STAND_IN_FOLDER) == 1
    assert sys.modules["nasbench"].api is sys.modules["nasbench.api"]
    assert sys.modules["nasbench.lib"].graph_util is sys.modules["nasbench.lib.graph_util"]
    with pytest.raises(ImportError):
        __import__("nasbench.lib.other")


@pytest.mark.usefixtures("without_nasbench")
def test_another_nasbench_is_not_replaced_unasked() -> None:
    other = ModuleType("nasbench")
    sys.modules.update({"nasbench": other, "nasbench.lib.old": ModuleType("nasbench.lib.old")})
    with pytest.raises(RuntimeError, match=r"install_as_nasbench\(replace=True\)"):
        install_as_nasbench()
    assert sys.modules["nasbench"] is other
    nb101fast.install_as_nasbench(replace=True)
    assert sys.modules["nasbench.api"].ModelSpec is ModelSpec
    assert "nasbench.lib.old" not in sys.modules
