"""README and the pages of docs as a new user follows them: every block in order, in one folder.

    python -m reference.pages PAGE

A block is a fence of Markdown, and its language says what is done with it:

- `sh`: bash runs it, and it must succeed. pip does nothing, because all that it would install is
  there already.
- `python`: it runs in a namespace that all such blocks of the page share. Where a line is an
  expression and its comment a literal, the expression must have this value.
- `pycon`: doctest runs it in the same namespace.
- `csv` and `json`: it becomes the file that the page has named last.
- no language: it is a session of the shell if lines begin with `$ `; otherwise it is what the
  block before it has printed.

The cells of notebooks, `{code-cell}`, are left out, because the site executes them. If a block
needs a library that is missing, the rest of the page is left out too, because it may build on it.

Times, speeds, dates and digests may differ from what the page shows, and paths of files in the
folder are shown as their names. One of these comments may stand before
a fence: `<!-- not run: REASON -->`, or `<!-- numbers vary: REASON -->` before what is printed.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reference.missing_library import lacks, missing_library

ROOT = Path(__file__).resolve().parents[3]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
NOTEBOOKS = tuple(sorted((ROOT / "docs" / "tutorials").glob("*.md")))
FENCE = re.compile(
    r"(?:^<!-- (?P<mark>not run|numbers vary): (?:(?!-->).)+ -->\n+)?"
    r"^```(?P<language>[^\n]*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
FILE_NAME = re.compile(r"`(\w+\.(?:csv|jsonl?))`")
VARYING = re.compile(
    r"\b\d[\d,.]*(?= (?:ns|us|ms|s|million a second)\b)"
    r"|\b\d{4}-\d\d-\d\dT[\d:]{8}\+00:00"
    r"|(?<=SHA-256 )[0-9a-f]{64}\b"
    r"|(?<=/dev/fd/)\d+"
)
NUMBER = re.compile(r" *\b\d[\d,.]*")
NO_PIP = "pip() { :; }\n"
NOT_INSTALLED = 77  # the exit status if the rest of a page was left out


@dataclass(frozen=True)
class Block:
    """A fence: its text, its language and its mark (or None), and the page before it."""

    language: str
    text: str
    mark: str | None
    before: str

    @property
    def line(self) -> int:
        """The line of the page where the text begins."""
        return self.before.count("\n") + 1

    @property
    def is_session(self) -> bool:
        """Whether it is a session of the shell."""
        return not self.language and re.search(r"^\$ ", self.text, re.MULTILINE) is not None


def blocks(page: Path) -> list[Block]:
    """All fences of a page in order, without the directives of its site, such as `{toctree}`."""
    source = page.read_text("utf-8")
    return [
        Block(match["language"], match["text"], match["mark"], source[: match.start("text")])
        for match in FENCE.finditer(source)
        if not match["language"].startswith("{")
    ]


def follow(page: Path) -> str | None:
    """Run the blocks of a page in the current folder, up to one whose library is missing.

    Returns:
        where that block is and which library it lacks, or None if there is none.

    Raises:
        AssertionError: a command failed, or something else was printed than the page shows.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = ""
    for block in blocks(page):
        if block.mark == "not run":
            continue
        place = f"{page.name}:{block.line}"
        try:
            if block.language or block.is_session:
                printed = run(block, names, place)
            else:
                compare(printed, block, place)
        except ImportError as error:
            library = missing_library(error)
            if library is None:
                raise
            return f"{place}: {lacks(library)}"
    return None


def run(block: Block, names: dict[str, Any], place: str) -> str:
    """What a block prints; a session is compared with what the page shows."""
    if block.language == "sh":
        status, printed = shell(block.text)
        assert status == 0, f"{place}: the command failed:\n{printed}"
        return printed
    if block.language == "python":
        return run_python(block.text, names, place)
    if block.language == "pycon":
        return run_doctest(block.text, names, place)
    if block.is_session:
        shown = [
            f"$ {command}\n{shell(command)[1]}"
            for command in re.findall(r"^\$ (.*)$", block.text, re.MULTILINE)
        ]
        compare("".join(shown), block, place)
        return ""
    assert block.language in ("csv", "json"), f"{place}: unknown language {block.language!r}"
    Path(FILE_NAME.findall(block.before)[-1]).write_text(block.text, "utf-8")
    return ""


def shell(command: str) -> tuple[int, str]:
    """The exit status of a command of bash, and what it prints."""
    done = subprocess.run(
        ["bash", "-ec", NO_PIP + command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout


def run_python(text: str, names: dict[str, Any], place: str) -> str:
    """What a program prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(text, place, "exec"), names)
    for expression, value in values_in_comments(text):
        found = eval(expression, names)
        assert repr(found) == repr(value), f"{place}: {expression} is {found!r}, not {value!r}"
    return out.getvalue()


def values_in_comments(text: str) -> Iterator[tuple[str, Any]]:
    """Each expression with a literal as the comment of its line, and the literal's value."""
    for line in text.splitlines():
        expression, mark, comment = line.partition("  # ")
        if mark:
            with contextlib.suppress(SyntaxError, ValueError):
                compile(expression, "line", "eval")
                yield expression, ast.literal_eval(comment)


def run_doctest(text: str, names: dict[str, Any], place: str) -> str:
    """Run a session of Python, which must print what it shows."""
    test = doctest.DocTestParser().get_doctest(text, names, place, place, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        runner.run(test, clear_globs=False)
    assert not runner.failures, out.getvalue()
    names.update(test.globs)
    return ""


def compare(printed: str, block: Block, place: str) -> None:
    """Require that the block shows what was printed."""
    varying = block.mark == "numbers vary"
    here = printed.replace(f"{Path.cwd()}{os.sep}", "")
    found, shown = (without_what_varies(text, numbers=varying) for text in (here, block.text))
    assert found == shown, f"{place} shows\n\n{block.text}\nand this was printed:\n\n{printed}"


def without_what_varies(text: str, *, numbers: bool) -> str:
    """A text without what may differ: times, speeds, dates and digests, or all numbers."""
    if numbers:
        text = NUMBER.sub(" N", text)
    return "\n".join(line.rstrip() for line in VARYING.sub("N", text).strip("\n").splitlines())


def check_in_process(page: Path, folder: Path) -> None:
    """Follow a page in a process of its own, in which warnings are errors.

    The test is skipped if the rest of the page was left out and all before it is right.
    """
    import pytest  # The page's own process does without it.

    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "reference.pages", str(page)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests" / "python")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode == NOT_INSTALLED:
        pytest.skip(f"the rest was left out: {done.stdout}")
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    lacking = follow(Path(sys.argv[1]))
    if lacking is not None:
        print(lacking)
        sys.exit(NOT_INSTALLED)
