"""The command line `nb101fast`.

The exit status is 0 if the command is done, 1 if the data is at fault, and 2 in all other cases.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from . import __version__
from ._core import FormatError, OutOfDomainError
from .command_line import CommandLine
from .commands import (
    analyze,
    attach,
    compile,
    demo,
    detach,
    doctor,
    experiment,
    explore,
    export,
    fetch,
    info,
    merge,
    query,
    synthetic,
    verify,
)

_COMMANDS = (
    *(compile, merge, attach, detach, export, synthetic),
    *(verify, info, query, fetch),
    *(experiment, analyze, doctor, explore, demo),
)
# What the user writes for a parameter of Python, which an error may name.
_OPTIONS = {
    "accept_any": "--any",
    "budget_seconds": "--budget ",
    "address": "--address ",
    "denominator": "--denominator ",
    "engine": "--engine ",
    "epochs": "--epochs ",
    "force": "--force",
    "max_evaluations": "--max-evaluations ",
    "optimizer": "--optimizers ",
    "optimizers": "--optimizers ",
    "out": "--out ",
    "output": "-o ",
    "preset": "--preset ",
    "name": "--name ",
    "record": "--record ",
    "regret": "--regret ",
    "repeat": "--repeat ",
    "replace": "--replace",
    "runs": "--runs ",
    "seed": "--seed ",
    "sha256": "--sha256 ",
    "source": "--from ",
    "stage": "--stage ",
    "strict": "--strict",
    "unmarked": "--unmarked",
    "update": "--update ",
    "url": "--index ",
    "workers": "--workers ",
}
_WELCOME = """\
nb101fast looks up results of NAS-Bench-101 in an index. What you can do next:

  nb101fast demo                  see it at work, in some seconds
  nb101fast info                  which index is opened, and what it holds
  nb101fast query id:50           the accuracies and the training time of a cell
  nb101fast fetch                 download the official results, and compile them
  nb101fast explore               all cells of an index on a page in your browser
  nb101fast analyze --out DIR     a report on an index, with figures
  nb101fast doctor                what is installed here, and what is missing
  nb101fast --help                all commands

In Python: import nb101fast; nb101fast.open()"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the command line without the program; None for this process's own.

    Returns:
        The exit status.
    """
    return command_line().run(
        arguments,
        data_faults=(FormatError, OutOfDomainError, query.NotInIndexError),
        command_faults=(OSError, ValueError, TypeError, IndexError, ImportError),
    )


def command_line() -> CommandLine:
    """All commands of `nb101fast`."""
    line = CommandLine(
        "nb101fast",
        "Look up results of NAS-Bench-101, a table of 423,624 trained network cells, in an index.",
        version=__version__,
        welcome=_WELCOME,
        options=_OPTIONS,
    )
    for command in _COMMANDS:
        command.add_to(line)
    return line


if __name__ == "__main__":
    sys.exit(main())
