"""Wrong arguments of the harness raise TypeError, ValueError and few others.

`training_calls.py` has every public function with good arguments. A new one fails here until it is
listed there.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from unittest import mock

import pytest
import tensorflow as tf

import nb101train
from nb101train import Trainer
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
