"""Wrong arguments raise TypeError, ValueError and few others, whatever function gets them.

`reference/public_calls.py` has every public function with good arguments. A new one fails here
until it is listed there.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest

import nb101fast
from nb101fast import api, figure_file, search
from reference import public_calls
from reference.public_calls import NOT_CALLED, calls, public_names
from reference.wrong_arguments import ALLOWED, check_faults, methods

pytest.importorskip("networkx")
pytest.importorskip("pyarrow")
pytest.importorskip("matplotlib")
pytest.importorskip("polars")
CLASSES = (
    *(nb101fast.Cell, nb101fast.Index, search.SimulatedTraining, search.Trajectories),
    *(api.ModelSpec, api.NASBench),
)
# The official code gives its seed to `random.seed`, which takes anything. The others are not looked
# at by the good calls: they draw no repeat, and the structure of a cell has no budget.
TAKE_TRUTH_VALUES = {
    *("api.NASBench seed", "Index.query seed"),
    *("Index.where epochs", "Index.where repeat"),
}


def test_no_function_escapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    called = calls().keys()
    assert public_names() <= called
    for kind in CLASSES:
        assert methods(kind) - NOT_CALLED.keys() <= called
    assert not called & NOT_CALLED.keys()


def test_every_good_call_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a call would be refused for another reason than its wrong argument."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NB101FAST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(figure_file, "render", lambda figure, form: b"")  # to save time
    for name, (function, arguments) in calls().items():
        try:
            function(**arguments)
        except Exception as error:
            pytest.fail(f"{name}: {error}") if not name.startswith("fetch") else None


def test_truth_values_are_no_integers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    accepted = set()
    for name, (function, arguments) in calls().items():
        for argument, good in arguments.items():
            if type(good) is int:
                with contextlib.suppress(*ALLOWED):
                    function(**arguments | {argument: True})
                    accepted.add(f"{name} {argument}")
    assert accepted == TAKE_TRUTH_VALUES


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits its memory and its time")
def test_wrong_arguments_raise_what_they_may(tmp_path: Path) -> None:
    check_faults(public_calls.__name__, tmp_path)
