"""Run a short program in a fresh interpreter, to measure what each new process has to do."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any


def run_fresh(program: str, *arguments: str) -> Any:
    """Run a program in a new process, and return the JSON that it prints."""
    command = [sys.executable, "-c", textwrap.dedent(program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the program failed:\n{done.stderr}")
    return json.loads(done.stdout)
