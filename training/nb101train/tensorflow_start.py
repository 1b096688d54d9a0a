"""The start of TensorFlow, whose notes on stderr are of no use to most users."""

from __future__ import annotations

import importlib
import os
import re
import sys
import tempfile

from nb101fast._core import visible
from nb101fast.progress import is_said

from .requirements import require_tensorflow

_STDERR = 2  # TensorFlow's libraries write to the descriptor, not to `sys.stderr`.
_ERROR = re.compile(r"[EF]\d{4} |[\d:. -]+: [EF] ")
_NO_GPU = "failed call to cuInit"  # It is called an error, but it says only that there is no GPU.


def start_tensorflow() -> None:
    """Load TensorFlow, and let it look for devices. Of what it prints meanwhile, errors are shown.

    At the log level "debug" everything is shown.

    Raises:
        ImportError: TensorFlow is missing.
    """
    require_tensorflow()
    if is_said("debug"):
        _load()
        return
    sys.stderr.flush()
    stderr = os.dup(_STDERR)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), _STDERR)
        try:
            _load()
        finally:
            os.dup2(stderr, _STDERR)
            os.close(stderr)
            said.seek(0)
            for line in said.read().decode(errors="replace").splitlines():
                if _ERROR.match(line) and _NO_GPU not in line:
                    print(visible(line), file=sys.stderr)


def _load() -> None:
    importlib.import_module("tensorflow").config.list_logical_devices()
