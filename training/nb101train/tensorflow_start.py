"""The start of TensorFlow, without Keras and without the notes that are of no use to most users."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from nb101fast._core import visible
from nb101fast.progress import is_said

_STDERR = 2  # TensorFlow's libraries write to the descriptor, not to `sys.stderr`.
_ERROR = re.compile(r"[EF]\d{4} |[\d:. -]+: [EF] ")
_PLACE = re.compile(r"{{.*?}} *| *\[Op:.*| on /job:.*(?= by allocator)")  # in TensorFlow's own code
_NO_GPU = "failed call to cuInit"  # It is called an error, but it says only that there is no GPU.


def load_tensorflow() -> None:
    """Load TensorFlow, but not Keras.

    TensorFlow loads Keras for its users, which takes nearly as long as everything else. Nothing
    here needs it. `tensorflow.keras` loads it when it is first used.

    Raises:
        ImportError: TensorFlow is missing.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise ImportError('training needs TensorFlow: pip install "nb101train[tensorflow]"')
    with _without_keras():
        importlib.import_module("tensorflow")


@contextmanager
def started_tensorflow() -> Iterator[None]:
    """Load TensorFlow for a block, and let it look for devices. Its errors become one line.

    Of what it prints at the start, only errors are shown; at the log level "debug", everything.

    Raises:
        ImportError: TensorFlow is missing.
        RuntimeError: TensorFlow has failed within the block, such as for lack of memory.
    """
    _start()
    try:
        yield
    except importlib.import_module("tensorflow").errors.OpError as error:
        said = _PLACE.sub("", error.message.strip().partition("\n")[0])
        advice = "; use a smaller batch_size or a smaller network" if "OOM" in said else ""
        raise RuntimeError(f"TensorFlow has failed: {said}{advice}") from error


def _start() -> None:
    if is_said("debug"):
        _load_and_look()
        return
    sys.stderr.flush()
    stderr = os.dup(_STDERR)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), _STDERR)
        try:
            _load_and_look()
        finally:
            os.dup2(stderr, _STDERR)
            os.close(stderr)
            said.seek(0)
            for line in said.read().decode(errors="replace").splitlines():
                if _ERROR.match(line) and _NO_GPU not in line:
                    print(visible(line), file=sys.stderr)


def _load_and_look() -> None:
    load_tensorflow()
    importlib.import_module("tensorflow").config.list_logical_devices()


@contextmanager
def _without_keras() -> Iterator[None]:
    """Let imports of Keras fail, as TensorFlow allows, unless Keras is there already."""
    if "keras" in sys.modules:
        yield
        return
    sys.modules["keras"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["keras"]
