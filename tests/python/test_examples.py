"""The examples, and the programs of README and of the cheat sheet, run as they are printed."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nb101fast
from nb101fast import inception
from nb101fast.locations import BUILT_IN

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PROGRAMS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def folder_with_official_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where README's file name means a small synthetic file."""
    folder = tmp_path_factory.mktemp("readme")
    cells = [nb101fast.encode(inception.MATRIX, inception.OPS), *nb101fast.cell_codes()[:50]]
    nb101fast.synthetic.write_tfrecord(
        folder / "nasbench_full.tfrecord", codes=np.array(cells, np.uint32)
    )
    return folder


def run(arguments: list[str], folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_readme(number: int, folder_with_official_file: Path) -> None:
    program = PROGRAMS[number]
    for line in re.findall(r"^(cell\.\S+) +# (.+)$", program, re.MULTILINE):
        program += f"\nassert {line[0]} == {line[1]}\n"
    run(["-W", "error", "-c", program], folder_with_official_file)


def test_the_sessions_of_readme_print_what_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NB101FAST_INDEX", str(BUILT_IN))
    failed, tried = doctest.testfile(str(README), module_relative=False)
    assert not failed
    assert tried >= 7


def test_readme_has_programs() -> None:
    assert len(PROGRAMS) >= 2
    assert "cell.hash" in PROGRAMS[0]


def test_every_link_of_readme_leads_to_a_file() -> None:
    paths = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", README.read_text())
    assert len(paths) >= 20
    assert [path for path in paths if not (ROOT / path).is_file()] == []


def test_the_cheat_sheet_runs_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("NB101FAST_INDEX", str(BUILT_IN))
    page = (ROOT / "docs" / "cheat_sheet.md").read_text()
    programs = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(programs) == 6
    run(["-W", "error", "-c", "".join(programs)], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cell.svg", "regret.png"]


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
