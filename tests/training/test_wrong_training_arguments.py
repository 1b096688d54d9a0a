"""Wrong arguments of the harness raise TypeError, ValueError and few others.

`training_calls.py` has every public function with good arguments. A new one fails here until it is
listed there.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf

import nb101train
from nb101train import RunOptions, Trainer
from reference.wrong_arguments import StoppedError, faults, limited_memory, methods
from training_calls import NOT_CALLED, calls


def test_no_function_escapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    called = calls().keys()
    functions = {name for name in nb101train.__all__ if callable(getattr(nb101train, name))}
    assert functions - NOT_CALLED.keys() <= called
    for kind in (nb101train.CellTrainer, nb101train.Trainer, nb101train.TrainConfig):
        assert methods(kind) - NOT_CALLED.keys() <= called
    assert not called & NOT_CALLED.keys()


def test_every_good_call_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a call would be refused for another reason than its wrong argument."""
    monkeypatch.chdir(tmp_path)
    for name, (function, arguments) in calls().items():
        try:
            function(**arguments)
        except Exception as error:
            pytest.fail(f"{name}: {error}")
    assert tf.executing_eagerly()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits its memory")
def test_wrong_arguments_raise_what_they_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that gets as far as the training has accepted its arguments.

    No call is stopped by time, because TensorFlow does not bear being interrupted by a signal.
    """
    monkeypatch.chdir(tmp_path)
    stopped = mock.patch.object(Trainer, "train", side_effect=StoppedError)
    with stopped, limited_memory(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert list(faults(calls(), may_raise={}, seconds=0)) == []


COUNTS = {"seed", "epochs", "epochs_per_test", "repeat", "attempt", "max_attempts", "cores"}


def test_counts_are_integers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that is no count is refused before anything is trained."""
    monkeypatch.chdir(tmp_path)
    trained = mock.patch.object(Trainer, "train", side_effect=AssertionError)
    tried = set()
    with trained:
        for function, arguments in calls().values():
            for argument in COUNTS & arguments.keys():
                tried.add(argument)
                for value in (True, -1, 1.5, "1", np.float32(1), 1 << 64):
                    with pytest.raises(ValueError, match=f"{argument}=.* is not allowed; use an? "):
                        function(**arguments | {argument: value})
    assert tried == COUNTS


def options(name: str, value: Any) -> RunOptions:
    return RunOptions(**{name: value})


@pytest.mark.parametrize("name", ["checkpoint_folder", "tensorboard_folder"])
def test_folders_are_paths(name: str, tmp_path: Path) -> None:
    assert getattr(options(name, tmp_path), name) == tmp_path
    with pytest.raises(TypeError):
        options(name, 1)
    with pytest.raises(ValueError, match="use a name in UTF-8 without null characters"):
        options(name, "a\0b")


@pytest.mark.parametrize("name", ["max_seconds", "checkpoint_seconds"])
@pytest.mark.parametrize("value", [True, 0, -1.0, float("nan"), "1", None])
def test_seconds_are_positive_numbers(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name}={value!r} is not allowed; use a number above 0"):
        options(name, value)
