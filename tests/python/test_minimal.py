"""The package in an environment that has only NumPy beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest

import nb101fast
from nb101fast import _core

PATIENCE = 300.0  # seconds until a program counts as hanging
LATE = ("adapters", "analysis", "experiment", "plotting", "search", "tables")


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds nb101fast and NumPy only."""
    folder = tmp_path_factory.mktemp("bare")
    builder = venv.EnvBuilder(symlinks=True)
    builder.create(folder)
    python = Path(builder.ensure_directories(folder).env_exe)
    packages = Path(
        run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    )
    assert list(packages.iterdir()) == []

    source = Path(nb101fast.__file__).parent
    shutil.copytree(source, packages / "nb101fast", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(_core.__file__, packages / "nb101fast")  # an editable installation has it elsewhere
    numpy = Path(np.__file__).parent
    for part in (numpy, numpy.with_name("numpy.libs")):
        if part.exists():
            (packages / part.name).symlink_to(part)
    return python


def run(python: Path, *arguments: str, status: int = 0) -> str:
    """Return what a program prints; its errors if it is expected to fail."""
    done = subprocess.run(
        [str(python), "-I", "-W", "error", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return done.stderr if status else done.stdout


def test_importing_loads_numpy_alone(bare_python: Path) -> None:
    program = """if True:
        import sys
        before = set(sys.modules)
        import nb101fast
        index = nb101fast.open(nb101fast.locations.BUILT_IN)
        index.query(nb101fast.cell_codes()[index.cells])
        print(*sorted(set(sys.modules) - before))
    """
    loaded = run(bare_python, "-c", program).split()
    others = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    others.discard("cython_runtime")  # NumPy 1 loads it.
    assert {name for name in others if not name.startswith("_")} == {"nb101fast", "numpy"}
    assert not {f"nb101fast.{name}" for name in LATE}.intersection(loaded)


def test_every_name_that_is_shown_can_be_used(bare_python: Path) -> None:
    program = """if True:
        import nb101fast
        shown = [name for name in dir(nb101fast) if name[0] != '_']
        print(*(name for name in shown if getattr(nb101fast, name) is not None))
    """
    shown = run(bare_python, "-c", program).split()
    assert {"Index", "analysis", "open", "search_space"} <= set(shown)
    assert not {"Any", "importlib", "checks", "phrases"} & set(shown)


def test_answers_are_those_of_the_full_installation(bare_python: Path) -> None:
    program = """if True:
        import nb101fast
        index = nb101fast.open(nb101fast.locations.BUILT_IN)
        codes = nb101fast.cell_codes()[index.cells]
        print(index.objective("test_accuracy")(codes).tobytes().hex())
        print(nb101fast.search.run("re", index, runs=3, budget_seconds=1e3, seed=1).final_regret)
    """
    index = nb101fast.open(nb101fast.locations.BUILT_IN)
    codes = nb101fast.cell_codes()[index.cells]
    values = index.objective("test_accuracy")(codes).tobytes().hex()
    regret = nb101fast.search.run("re", index, runs=3, budget_seconds=1e3, seed=1).final_regret
    assert run(bare_python, "-c", program) == f"{values}\n{regret}\n"


# A command loads only what it needs: this one needs no optimizers.
INFO = """
import sys
from nb101fast.__main__ import main

main(["info", sys.argv[1]])
print("nb101fast.search" not in sys.modules)
"""


def test_command_line(bare_python: Path) -> None:
    module = ("-m", "nb101fast")
    path = run(
        bare_python,
        "-c",
        "import nb101fast; print(nb101fast.open(nb101fast.locations.BUILT_IN).path)",
    ).strip()
    info = run(bare_python, "-c", INFO, path)
    assert "91 of 423,624 cells" in info
    assert info.endswith("\nTrue\n")
    assert "validation_accuracy" in run(bare_python, *module, "query", path, "id:16")
    assert "Random search" in run(bare_python, *module, "demo")


def test_csv_and_json_need_no_other_library(bare_python: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,epochs,test_accuracy\n3,36,0.5\n")
    (tmp_path / "b.json").write_text('{"id": 4, "epochs": 36, "test_accuracy": 0.25}')
    target, again = str(tmp_path / "out.nb101"), str(tmp_path / "out.csv")
    inputs = (str(tmp_path / "a.csv"), str(tmp_path / "b.json"))
    run(bare_python, "-m", "nb101fast", "compile", *inputs, "-o", target)
    assert "test_accuracy=0.5 " in run(bare_python, "-m", "nb101fast", "query", target, "id:3")
    run(bare_python, "-m", "nb101fast", "export", target, "-o", again)


@pytest.mark.parametrize(
    ("statement", "package", "extra"),
    [
        ("index.to_arrow()", "pyarrow", "arrow"),
        ("index.to_parquet('index.parquet')", "pyarrow", "arrow"),
        ("nb101fast.compile(type('Frame', (), {'__dataframe__': 0})(), 'x')", "pyarrow", "arrow"),
        ("from nb101fast.analysis import analyze; analyze(index, 'out')", "matplotlib", "plots"),
        ("nb101fast.Cell.from_id(0).to_networkx()", "networkx", "graph"),
        (
            "nb101fast.search.run('hyperopt-tpe', index, runs=1, budget_seconds=100.0)",
            "hyperopt",
            "search",
        ),
        ("from nb101fast.adapters import optuna_objective", "optuna", "adapters"),
    ],
)
def test_a_missing_extra_is_named(
    bare_python: Path, statement: str, package: str, extra: str
) -> None:
    program = f"import nb101fast; index = nb101fast.open(nb101fast.locations.BUILT_IN); {statement}"
    error = run(bare_python, "-c", program, status=1)
    assert f'ImportError: this needs {package}: pip install "nb101fast[{extra}]"' in error
