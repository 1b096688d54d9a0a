"""An optimizer of one's own: the example of docs/optimizers.md, in programs and in commands."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import search, search_space
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


@pytest.mark.parametrize("name", [*search.OPTIMIZERS, "nsga2"])
def test_a_compiled_optimizer_bears_any_order_of_ask_and_tell(name: str) -> None:
    """Results that nobody asked for, results told twice, and numbers that are none."""
    index = nb101fast.open(BUILT_IN)
    training: search.SimulatedTraining = search.SimulatedTraining(index, epochs=index.epochs)
    if name == "nsga2":
        objectives = search.Objectives(("test_accuracy",), ("parameters",))
        training = search.MultiObjectiveTraining(index, objectives)
    optimizer = search.PRESETS["paper"].optimizers[name](training, 0)
    rng = np.random.default_rng(0)
    codes = search_space.sample(400, how="all", seed=1)
    refused = 0
    for number, code in enumerate(codes.tolist()):
        if rng.random() < 0.5:
            asked = optimizer.ask()
            assert isinstance(asked, search.Proposal)
            assert nb101fast.is_valid(asked.code) in (True, False)
        accuracy = [0.5, math.nan, math.inf, -math.inf, 0.9][number % 5]
        trial = search.Trial(code, number % 99 - 1, 108, number % 5 - 1, accuracy, 1.0)
        try:
            optimizer.tell(trial)
        except ValueError:
            refused += 1
    assert (refused > 0) == (name in {"hb", "bohb", "smac"})
    with pytest.raises(ValueError, match="bit 31 or a label 3"):
        optimizer.tell(search.Trial(1 << 31, 0, 108, 0, 0.5, 1.0))


def test_a_result_at_other_epochs_is_refused() -> None:
    training = search.SimulatedTraining(nb101fast.open(BUILT_IN))
    for seed in (-1, 1 << 64):  # as `search.run` takes them
        optimizer = search.Evolution()(training, seed)
    with pytest.raises(ValueError, match="epochs=37 is not allowed; use 108"):
        optimizer.tell(search.Trial(32, 0, 37, 0, 0.5, 1.0))


@pytest.mark.parametrize("asked", [(), (1057, 36, 3)])
def test_an_answer_that_is_no_proposal_is_refused(asked: tuple[int, ...]) -> None:
    class Odd:
        def ask(self) -> Any:
            return asked

    index = nb101fast.open(BUILT_IN)
    with pytest.raises(TypeError, match=r"ask\(\) returned .*; return a code, or a code and its"):
        search.run(lambda training, seed: Odd(), index, runs=1, max_evaluations=3)  # type: ignore[arg-type, return-value]


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
