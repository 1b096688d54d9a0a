"""Wrong arguments raise TypeError, ValueError and few others, whatever function gets them.

`reference/public_calls.py` has every public function with good arguments. A new one fails here
until it is listed there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nb101fast
from nb101fast import search
from reference.public_calls import NOT_CALLED, calls, methods, public_names

pytest.importorskip("networkx")
pytest.importorskip("pyarrow")
pytest.importorskip("matplotlib")
CLASSES = (nb101fast.Cell, nb101fast.Index, search.SimulatedTraining, search.Trajectories)


def test_no_function_escapes() -> None:
    called = calls().keys()
    assert public_names() <= called
    for kind in CLASSES:
        assert methods(kind) <= called
    assert not called & NOT_CALLED.keys()


def test_every_good_call_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a call would be refused for another reason than its wrong argument."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NB101FAST_CACHE", str(tmp_path / "cache"))
    for name, (function, arguments) in calls().items():
        try:
            function(**arguments)
        except Exception as error:
            pytest.fail(f"{name}: {error}") if name != "fetch" else None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits its memory and its time")
def test_wrong_arguments_raise_what_they_may(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "NB101FAST_CACHE": str(tmp_path / "cache"),
        "NB101FAST_BASE_URL": "http://127.0.0.1:9",  # where nothing answers
    }
    done = subprocess.run(
        [sys.executable, "-m", "reference.public_calls"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr
