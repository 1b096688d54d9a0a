"""Progress: what a terminal shows of it at any width, and what a function is told."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest

from nb101fast import progress
from nb101fast.progress import Phases, ProgressBar, duration, set_level, tell, told


class Terminal(io.StringIO):
    """A terminal that keeps what was written to it."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """What the one line showed, one after the other."""
        assert "\n" not in self.getvalue()
        return [line.rstrip() for line in self.getvalue().split("\r") if line.strip()]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    stream = Terminal()
    streams = SimpleNamespace(stderr=stream, stdout=sys.stdout, modules=sys.modules)
    monkeypatch.setattr(progress, "sys", streams)
    return stream


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test moves."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def set_columns(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr(progress, "_columns", lambda stream: columns)


@pytest.mark.parametrize("columns", [2, 10, 20, 40, 80, 200])
def test_a_bar_has_one_line_at_any_width(
    terminal: Terminal, clock: list[float], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    set_columns(monkeypatch, columns)
    with ProgressBar("compiling") as bar:
        bar.begin("reading")
        for done in range(0, 1001, 100):
            clock[0] += 60.0
            bar(done, 1000)
    assert all(len(line) < columns for line in terminal.getvalue().split("\r"))
    assert "\n" not in terminal.getvalue()
    assert terminal.getvalue().endswith("\r" + " " * (columns - 1) + "\r")
    if columns >= 20:
        assert "90 %, 60 s left"[: columns - 1] in terminal.lines()[-2]
    if columns >= 80:
        assert "compiling: reading [###########################   ]  90 %" in terminal.lines()[-2]


def test_a_bar_says_the_phase_before_anything_is_done(terminal: Terminal) -> None:
    with ProgressBar("experiment") as bar:
        bar.begin("running")
        bar.begin("figures")
    assert terminal.lines() == ["experiment: running", "experiment: figures"]


def test_a_bar_foretells_nothing_that_it_does_not_know(
    terminal: Terminal, clock: list[float]
) -> None:
    with ProgressBar("work") as bar:
        for done in (0, 0, 1, 1000, 1000):
            clock[0] += 1.0
            bar(done, 1000)
    first, still_first, slow, *ends = terminal.lines()
    for line in (first, still_first, *ends):
        assert "left" not in line
    assert "0 %" in first
    assert "0 %, 33.3 min left" in slow
    assert all("100 %" in line for line in ends)


def test_a_bar_begins_to_measure_where_the_work_continues(
    terminal: Terminal, clock: list[float]
) -> None:
    with ProgressBar("fetching") as bar:
        bar(900, 1000)
        clock[0] += 10.0
        bar(950, 1000)
    assert "95 %, 10 s left" in terminal.lines()[-1]


def test_a_bar_is_not_full_before_the_end(terminal: Terminal, clock: list[float]) -> None:
    with ProgressBar("work") as bar:
        bar(999, 1000)
        clock[0] += 1
        bar(9999, 10000, 0.2)
    assert " 99 %" in terminal.lines()[0]
    assert " 99 %, less than 1 s left" in terminal.lines()[1]


def test_a_forecast_of_the_work_itself_is_shown(terminal: Terminal) -> None:
    with ProgressBar("work") as bar:
        bar(1, 2, 7200.0)
    assert "50 %, 2.0 h left" in terminal.lines()[0]


def test_a_note_takes_the_place_of_a_bar(terminal: Terminal) -> None:
    with ProgressBar("work") as bar:
        bar(1, 2)
        tell("a worker was lost")
    shown = re.split(r"[\r\n]", terminal.getvalue())
    assert "a worker was lost" in shown


def test_nothing_is_drawn_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with told(True, "work") as phases:
        phases.begin("reading")
        phases(1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_notebook_shows_the_bar_on_stdout(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    with told(True, "work") as phases:
        phases(1, 2)
    out, err = capsys.readouterr()
    assert "50 %" in out
    assert err == ""


@pytest.mark.parametrize(
    ("level", "said"), [("error", []), ("warning", ["lost"]), ("info", ["lost", "note"])]
)
def test_levels(level: str, said: list[str], terminal: Terminal) -> None:
    set_level(level)
    with told(True, "work") as phases:
        phases(1, 2)
    tell("lost", "warning")
    tell("note")
    shown = re.split(r"[\r\n]", terminal.getvalue())
    assert [line for line in shown if line in ("lost", "note")] == said
    assert ("50 %" in terminal.getvalue()) == (level == "info")


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="level='loud' is not allowed; use 'error', 'warning'"):
        set_level("loud")


def test_what_a_user_gives_as_progress() -> None:
    calls: list[tuple[int, int]] = []
    with told(lambda *numbers: calls.append(numbers), "work") as phases:
        phases.begin("reading")
        phases(1, 2, 3.0)
        with told(phases, "part") as same:
            assert same is phases
    assert calls == [(1, 2)]
    for nothing in (None, False):
        with told(nothing, "work") as silent:
            assert type(silent) is Phases
    wrong: Any = 5
    with (
        pytest.raises(TypeError, match="progress=5 is not allowed; use True, or a function"),
        told(wrong, "work"),
    ):
        pass


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119, "119 s"), (120, "2.0 min"), (7200, "2.0 h"), (172800, "2.0 days")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals of this kind")
@pytest.mark.parametrize("columns", [12, 40, 132])
def test_a_real_terminal(columns: int) -> None:
    import fcntl
    import pty
    import struct
    import termios

    program = (
        "import time\n"
        "from nb101fast import synthetic, cell_codes\n"
        "synthetic.write_index('/dev/null/never', codes=cell_codes()[:9000], progress=True)\n"
    )
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    done = subprocess.run(
        [sys.executable, "-c", program],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        check=False,
    )
    os.close(theirs)
    text = b""
    try:
        while more := os.read(ours, 65536):
            text += more
    except OSError:  # Linux says so that the other end is closed.
        pass
    os.close(ours)
    assert done.returncode == 1
    bars, _, _ = text.decode().partition("Traceback")
    shown = [line for line in bars.split("\r") if line.strip()]
    assert len(shown) >= 3
    assert "\n" not in bars
    assert {len(line) for line in shown} == {columns - 1}
    assert any(line.startswith("synthetic: writing"[: columns - 1]) for line in shown)


def test_without_a_console_there_is_no_bar_and_no_note(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    tell("nobody reads this", "warning")
    with told(True, "working") as phases:
        phases(1, 2)
