"""`nb101fast verify` checks whether an index file is damaged."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from .._core import visible
from ..command_line import CommandLine
from ..index import open
from ..phrases import counted
from ..reader import VERIFY_LEVELS
from .index_argument import add_index


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "verify",
        _verify,
        "check whether an index file is damaged",
        "nb101fast verify nasbench_full.nb101 --level sections",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    add_index(command, "to check")
    command.add_argument(
        "--level",
        choices=VERIFY_LEVELS,
        default="full",
        help="how much to check. header: only the header; sections: also the checksums of all "
        "sections, and which runs there are; full: also all other contents (default: %(default)s)",
    )


def _verify(options: Namespace) -> None:
    index = open(options.index, verify=options.level)
    print(
        f"{visible(options.index)}: sound ({options.level}); {counted(len(index), 'cell')}, "
        f"{counted(index.num_runs, 'run')}"
    )
