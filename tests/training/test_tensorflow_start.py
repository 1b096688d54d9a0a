"""The start of TensorFlow: its chatter is not shown, its errors are.

A small module stands in for TensorFlow. It writes what the real one writes, to the descriptor.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reference.child_processes import environment, module_folders

NOISE = (
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    "I0000 00:00:1795687444.576967   25704 port.cc:153] oneDNN custom operations are on.\n"
    "E0000 00:00:1795687452.127385   25704 cuda_platform.cc:52] failed call to cuInit: INTERNAL\n"
    "2026-01-01 00:00:00.000000: I tensorflow/core/platform/cpu_feature_guard.cc:210] optimized\n"
)
ERRORS = (
    "E0000 00:00:1795687452.127385   25704 gpu.cc:1] no memory\n"
    "2026-01-01 00:00:00.000000: F tensorflow/core/a.cc:2] broken\n"
)
PROGRAM = """
import sys
from nb101fast.progress import set_level
from nb101train.tensorflow_start import started_tensorflow
set_level(sys.argv[1])
with started_tensorflow():
    print("afterwards", file=sys.stderr)
"""


def said(folder: Path, level: str, last: str = "pass") -> str:
    """What a process says on stderr that starts a made-up TensorFlow."""
    (folder / "tensorflow.py").write_text(
        f"import os\nos.write(2, {(NOISE + ERRORS).encode()!r})\n"
        f"class config:\n    def list_logical_devices():\n        {last}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, level],
        capture_output=True,
        text=True,
        check=False,
        env=environment(PYTHONPATH=module_folders(folder)),
    )
    return done.stderr


@pytest.mark.parametrize("level", ["error", "info"])
def test_only_errors_are_shown(tmp_path: Path, level: str) -> None:
    assert said(tmp_path, level) == f"{ERRORS}afterwards\n"


def test_everything_is_shown_at_the_level_debug(tmp_path: Path) -> None:
    assert said(tmp_path, "debug") == f"{NOISE}{ERRORS}afterwards\n"


def test_errors_are_shown_if_the_start_fails(tmp_path: Path) -> None:
    text = said(tmp_path, "info", last="raise RuntimeError('no devices')")
    assert text.startswith(ERRORS)
    assert "RuntimeError: no devices" in text
    assert "oneDNN" not in text


def test_keras_is_loaded_when_it_is_used() -> None:
    """Conftest has loaded TensorFlow as the harness does."""
    import tensorflow as tf

    assert "keras" not in sys.modules
    tf.keras.losses.Huber()
    assert "keras" in sys.modules
