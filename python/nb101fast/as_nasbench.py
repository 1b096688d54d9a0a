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
    if (beside := Path(arguments[0]).with_name("nasbench")).is_dir() and arguments[0][0] != "-":
        sys.exit(
            f"nb101fast.as_nasbench: {beside} lies beside the script, and Python would import it; "
            "move the script to another folder, or rename that folder"
        )
    paths = [STAND_IN_FOLDER, os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, *arguments]
    if os.name == "nt":  # there, exec would return to the shell before the program ends
        sys.exit(subprocess.call(command, env=environment))
    os.execve(sys.executable, command, environment)


if __name__ == "__main__":
    main()
