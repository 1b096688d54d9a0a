"""The examples run and print what they should."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import nb101fast
from nb101fast.locations import BUILT_IN

ROOT = Path(__file__).parents[2]


def run(arguments: list[str], folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_figure_7(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("NB101FAST_INDEX", str(BUILT_IN))
    printed = run([str(ROOT / "examples" / "figure_7.py"), "out", "2", "40"], tmp_path)
    rows = re.findall(r"^\| (\w+) +\| +2 \|", printed, re.MULTILINE)
    assert rows == ["rs", "re", "tpe", "smac", "hb", "bohb", "rl"]
    assert (tmp_path / "out" / "regret.png").stat().st_size > 1000


def test_random_search(tmp_path: Path) -> None:
    path = tmp_path / "synthetic.nb101"
    nb101fast.synthetic.write_index(
        path, codes=nb101fast.cell_codes()[::40], epochs=(108,), repeats=2
    )
    printed = run([str(ROOT / "examples" / "random_search.py"), str(path)], tmp_path)
    assert "SYNTHETIC" in printed
    assert re.search(r"mean test accuracy 0\.\d{4}, [\d,]+ parameters", printed)
