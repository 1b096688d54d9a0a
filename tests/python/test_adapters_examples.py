"""The adapters' examples run on the built-in index."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nb101fast.locations import BUILT_IN
from reference.libraries import import_or_skip

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"

ALL_CELLS = "nb101_digits.nb101: 91 cells"

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run an example in this process, which has loaded the libraries already."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NB101FAST_INDEX", str(BUILT_IN))

    def run(name: str, *arguments: str) -> str:
        path = str(EXAMPLES / f"{name}.py")
        monkeypatch.setattr(sys, "argv", [path, *arguments])
        runpy.run_path(path, run_name="__main__")
        return capsys.readouterr().out

    return run


def run_in_process(name: str, folder: Path, warnings: str = "error") -> str:
    done = subprocess.run(
        [sys.executable, "-W", warnings, str(EXAMPLES / f"{name}.py")],
        cwd=folder,
        env=os.environ | {"NB101FAST_INDEX": str(BUILT_IN)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def found(pattern: str, printed: str) -> float:
    match = re.search(pattern, printed)
    assert match, printed
    return float(match[1])


def test_config_space_search(run: Run) -> None:
    import_or_skip("ConfigSpace")
    printed = run("config_space_search")
    assert ALL_CELLS in printed
    assert found(r"(\d+) trainings", printed) == 200
    assert found(r"observed validation accuracy (0\.\d{4})", printed) > 0.97
    assert found(r"test regret (-?0\.\d{4})", printed) < 0.02


def test_optuna_search(run: Run) -> None:
    import_or_skip("optuna")
    printed = run("optuna_search")
    assert ALL_CELLS in printed
    assert 490 < found(r"(\d+) of 500 simulated seconds", printed) <= 500
    assert found(r"observed validation accuracy (0\.\d{4})", printed) > 0.97


def test_train_predictor(run: Run) -> None:
    printed = run("train_predictor")
    assert ALL_CELLS in printed
    assert found(r"one-hot +54 to train on, 37 to test: rho (\S+)", printed) > 0.5


def test_train_torch(run: Run) -> None:
    """The harness reaches 0.84 to 0.91 with this cell."""
    import_or_skip("torch")
    import_or_skip("nb101train")
    printed = run("train_torch", "18", "4")
    assert ALL_CELLS in printed
    assert found(r"PyTorch: test accuracy (0\.\d{4})", printed) > 0.6


def test_rank_proxies(run: Run, tmp_path: Path) -> None:
    import_or_skip("torch")
    import_or_skip("nb101train")
    import_or_skip("matplotlib")
    printed = run("rank_proxies", "nb101_digits.nb101", "figure.svg")
    assert ALL_CELLS in printed
    assert found(r"synflow \| (\S+)", printed) > 0.7
    assert (tmp_path / "figure.svg").stat().st_size > 1000


def test_official_notebook(tmp_path: Path) -> None:
    printed = run_in_process("official_notebook", tmp_path)
    assert ALL_CELLS in printed
    for name in ("random", "evolution"):
        assert found(rf"{name} +\d+ cells, (\d+) simulated seconds", printed) >= 2000
    accuracies = re.findall(r"best validation accuracy (\S+),", printed)
    assert [float(accuracy) > 0.97 for accuracy in accuracies] == [True, True]


def test_ray_tune_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_or_skip("ray.tune")
    # Nobody reads Ray's logs for TensorBoard, in CSV and in JSON.
    monkeypatch.setenv("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
    printed = run_in_process("ray_tune_search", tmp_path, warnings="default")
    assert ALL_CELLS in printed
    assert 0 < found(r"40 trials, (\d+) to the end", printed) < 40
    assert found(r"observed validation accuracy (0\.\d{4})", printed) > 0.97
