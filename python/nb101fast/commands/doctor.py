"""`nb101fast doctor` says what is installed, and what is missing."""

from __future__ import annotations

from argparse import Namespace

from ..command_line import CommandLine


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "doctor",
        _doctor,
        "show versions, the instruction set, the cache, the index that is opened, and extras",
        "nb101fast doctor",
    )


def _doctor(_: Namespace) -> None:
    from ..diagnosis import diagnosis

    print(diagnosis())
