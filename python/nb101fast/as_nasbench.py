"""Run a program with nb101fast in the place of the package `nasbench`, without a change to it.

    python -m nb101fast.as_nasbench SCRIPT.py [ARGUMENT ...]
    python -m nb101fast.as_nasbench -m MODULE [ARGUMENT ...]

`from nasbench import api` then means `nb101fast.api` in the program, in its workers and in all
Python programs that it starts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from .stand_in import STAND_IN_FOLDER


def main() -> NoReturn:
    """Run the program that the command line names, and end with its exit status."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        sys.exit(0 if arguments else 2)
    beside = _first_folder(arguments[0]) / "nasbench"
    if beside.is_dir():
        sys.exit(
            f"nb101fast.as_nasbench: {beside} lies beside the program, and Python would import it; "
            "rename that folder, or start the program from another one"
        )
    paths = [STAND_IN_FOLDER, os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, *arguments]
    if os.name == "nt":  # there, exec would return to the shell before the program ends
        sys.exit(subprocess.call(command, env=environment))
    os.execve(sys.executable, command, environment)


def _first_folder(argument: str) -> Path:
    """Where Python looks for modules first: the folder of the script, or the current one."""
    path = Path(argument)
    if argument.startswith("-"):
        return Path()
    return path if path.is_dir() else path.parent


if __name__ == "__main__":
    main()
