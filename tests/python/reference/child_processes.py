"""Processes that can import whatever this one can."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def module_folders(*first: Path) -> str:
    """The folders where this process finds modules, after others, as PYTHONPATH wants them."""
    return os.pathsep.join([*map(str, first), *filter(None, sys.path)])


def environment(**variables: str) -> dict[str, str]:
    """This process's environment, with the folders of its modules and with these variables."""
    return {**os.environ, "PYTHONPATH": module_folders(), **variables}


def start(command: Sequence[str | Path]) -> subprocess.Popen[str]:
    """Start a program whose output goes to pipes."""
    return subprocess.Popen(
        command,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
