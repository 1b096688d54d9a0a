"""The command line `nb101train`.

The exit status is 0 if the command is done, 1 if the data is at fault, and 2 in all other cases.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from nb101fast import FormatError, OutOfDomainError, __version__
from nb101fast.command_line import CommandLine

from .commands import augment, cell, evaluate, status, sweep
from .pool_engine import QUIET
from .request import SETTINGS
from .training_error import TrainingError

_WELCOME = """\
nb101train trains cells as the authors of NAS-Bench-101 did. What you can do next:

  nb101train cell id:50 --epochs 4       train one cell on scikit-learn's digits, in some seconds
  nb101train sweep OUT --max-vertices 4  train many cells, and compile their runs into an index
  nb101train status OUT                  how far a sweep is
  nb101train --help                      all commands"""
_OPTIONS = {  # what the user writes for the parameters that errors may name
    "architecture": "CELL ",
    "address": "--address ",
    "dataset": "--dataset ",
    "device": "--device ",
    "epochs": "--epochs ",
    "gpus": "--gpus-per-worker ",
    "max_seconds": "--time-limit ",
    "max_silence": "--max-silence ",
    "max_vertices": "--max-vertices ",
    "num_workers": "--workers ",
    "preset": "--config ",
    "repeat": "--repeat ",
    "repeats": "--repeats ",
    "seed": "--seed ",
    "threads": "--threads ",
    **{name: f"--set {name}=" for name in SETTINGS},
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the command line without the program; None for this process's own.

    Returns:
        The exit status.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    return command_line().run(
        arguments,
        data_faults=(FormatError, OutOfDomainError, TrainingError, sweep.RunFailureError),
        command_faults=(OSError, ValueError, IndexError, ImportError, RuntimeError),
    )


def command_line() -> CommandLine:
    """All commands of `nb101train`."""
    line = CommandLine(
        "nb101train",
        "Train cells as the authors of NAS-Bench-101 did.",
        version=__version__,
        welcome=_WELCOME,
        options=_OPTIONS,
    )
    for command in (cell, evaluate, augment, sweep, status):
        command.add_to(line)
    return line


if __name__ == "__main__":
    sys.exit(main())
