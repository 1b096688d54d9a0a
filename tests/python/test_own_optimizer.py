"""An optimizer of one's own: the example of docs/optimizers.md, in programs and in commands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import nb101fast
from nb101fast import search
from nb101fast.locations import BUILT_IN
from reference.pages import ROOT, blocks

pytest.importorskip("pyarrow")
pytest.importorskip("matplotlib")
pytest.importorskip("cloudpickle")

PAGE = ROOT / "docs" / "optimizers.md"
(EXAMPLE,) = [block.text for block in blocks(PAGE) if "class" in block.text]
CLASS = EXAMPLE[: EXAMPLE.index("index = ")]
EXPERIMENT = """
from nb101fast.experiment import run_experiment

report = run_experiment(
    nb101fast.open(), "out", optimizers=["rs", Climber], runs=6, budget_seconds=1e3, workers=2
)
print(report.trajectories["Climber"].final_regret.tolist())
"""


def printed(folder: Path, *arguments: str) -> str:
    """What Python prints in a folder, with the built-in index as the default."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def regrets_alone() -> str:
    names: dict[str, type] = {}
    exec(CLASS, names)
    index = nb101fast.open(BUILT_IN)
    done = search.run(names["Climber"], index, runs=6, budget_seconds=1e3)
    return str(done.final_regret.tolist()) + "\n"


def test_the_example_climbs(full_index: nb101fast.Index) -> None:
    names: dict[str, type] = {}
    exec(CLASS, names)
    random, climber = (
        search.run(each, full_index, runs=60, budget_seconds=5e5).final_regret
        for each in ("rs", names["Climber"])
    )
    assert climber.mean() + 2 * climber.std() / 60**0.5 < random.mean()


@pytest.mark.slow
def test_a_program_without_a_guard_has_workers(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(CLASS + EXPERIMENT)
    assert printed(tmp_path, "program.py") == regrets_alone()


@pytest.mark.slow
def test_a_class_within_a_function_is_sent_to_workers(tmp_path: Path) -> None:
    lines = (CLASS + EXPERIMENT).splitlines()
    program = "def main():\n" + "\n".join(f"    {line}" for line in lines) + "\n\nmain()\n"
    assert printed(tmp_path, "-c", program) == regrets_alone()


@pytest.mark.slow
def test_the_command_line_imports_it_from_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(CLASS)
    options = ("--optimizers=rs,mine:Climber", "--runs=6", "--budget=1e3", "--workers=2")
    command = ("-m", "nb101fast", "experiment", str(BUILT_IN), "--out=out")
    table = printed(tmp_path, *command, *options)
    assert re.findall(r"^\| (\w+) +\| +6 \|", table, re.MULTILINE) == ["rs", "Climber"]


def test_a_code_alone_is_trained_at_the_highest_budget() -> None:
    class Bare:
        def __init__(self, training: search.SimulatedTraining, seed: int) -> None:
            self.epochs = training.epochs

        def ask(self) -> int:
            return 32

        def tell(self, trial: search.Trial) -> None:
            assert trial.epochs == self.epochs[-1] == 108

    done = search.run(Bare, nb101fast.open(BUILT_IN), runs=1, max_evaluations=5)
    assert done.num_evaluations.tolist() == [5]
