"""TensorFlow as the harness loads it."""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

import pytest


def tensorflow_or_skip() -> Any:
    """TensorFlow without Keras, which takes nearly as long to load and which nothing here needs.

    PyTorch loads Triton later, if it's there. A process with TensorFlow's LLVM crashes then.
    """
    with contextlib.suppress(ImportError):
        importlib.import_module("triton")
    start = pytest.importorskip("nb101train.tensorflow_start", reason="the harness is missing")
    try:
        start.load_tensorflow()
    except ImportError as error:
        pytest.skip(str(error))
    return importlib.import_module("tensorflow")
