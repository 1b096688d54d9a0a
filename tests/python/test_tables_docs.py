"""docs/tables.md and docs/json.md say what the package really prints and reads."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

import nb101fast
from nb101fast.__main__ import main

DOCS = Path(__file__).resolve().parents[2] / "docs"
PRINTED = re.compile(r"```python\n(.*?)```\n\n```\n(.*?)\n```\n", re.DOTALL)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NB101FAST_INDEX", str(nb101fast.locations.BUILT_IN))


def test_every_printed_table_is_what_its_program_prints() -> None:
    names: dict[str, Any] = {}
    pairs = PRINTED.findall((DOCS / "tables.md").read_text())
    assert len(pairs) == 4
    for program, expected in pairs:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(program, names)
        lines = [line.rstrip() for line in printed.getvalue().splitlines()]
        assert lines == expected.splitlines()


def test_the_file_of_the_json_page_compiles(capsys: pytest.CaptureFixture[str]) -> None:
    page = (DOCS / "json.md").read_text()
    (text,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    Path("cell.json").write_text(text)
    (printed,) = re.findall(r"(\$ nb101fast compile .*?)\n```", page, re.DOTALL)
    commands = [line[2:].split()[1:] for line in printed.splitlines() if line.startswith("$ ")]
    assert main(commands[0]) == 0
    capsys.readouterr()
    assert main(commands[1]) == 0
    assert capsys.readouterr().out == printed.splitlines()[-1] + "\n"
    (run,) = nb101fast.open("cell.nb101").query(ids=4, repeat="all")["test_accuracy"]
    assert run == 0.9925


def test_the_program_of_the_json_page_runs() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", (DOCS / "json.md").read_text(), re.DOTALL)
    exec(program, {})
    assert len(nb101fast.open("best.nb101")) == 10
