"""Runs a few lines in a fresh interpreter: what a new process pays."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any


def run_fresh(program: str, *arguments: str) -> Any:
    """The JSON that a program prints in a new process."""
    command = [sys.executable, "-c", textwrap.dedent(program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the program failed:\n{done.stderr}")
    return json.loads(done.stdout)
