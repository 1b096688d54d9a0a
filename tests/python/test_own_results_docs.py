"""docs/own_results.md says what the package really reads and prints."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from nb101fast.__main__ import main

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "own_results.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```\n", PAGE, re.DOTALL)
FILES = {"csv": "results.csv", "json": "results.jsonl"}
TYPING_ERRORS = "matrix,budget,test_acc\n011 001 000,36,0.9\n"


def printed_by_commands(block: str) -> str:
    """Run each command of a block; return the commands and what they print, in one text."""
    shown = []
    for line in block.splitlines():
        if line.startswith("$ nb101fast "):
            with (
                contextlib.redirect_stdout(io.StringIO()) as out,
                contextlib.redirect_stderr(io.StringIO()) as errors,
            ):
                main(shlex.split(line)[2:])
            shown += [line, *(out.getvalue() + errors.getvalue()).splitlines()]
    return "".join(f"{line}\n" for line in shown)


def without_what_varies(text: str) -> str:
    text = re.sub(r"in \d+\.\d s", "in 0.1 s", text)
    return re.sub(r"SHA-256 \w+", "SHA-256 SHA", text)


def test_every_block_of_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("typing_errors.csv").write_text(TYPING_ERRORS)
    assert f"`{TYPING_ERRORS.splitlines()[0]}`" in PAGE
    names: dict[str, Any] = {}
    printed, checked = "", 0
    for kind, text in BLOCKS:
        if kind == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(text, names)
            printed = out.getvalue()
        elif kind:
            assert f"`{FILES[kind]}`" in PAGE
            Path(FILES[kind]).write_text(text)
        else:
            printed = printed_by_commands(text) or printed
            assert without_what_varies(printed) == text
            checked += 1
    assert checked == 5
