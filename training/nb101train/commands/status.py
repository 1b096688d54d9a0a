"""`nb101train status` shows how far a sweep is."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from nb101fast.command_line import CommandLine

from ..status import show_status


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "status",
        _status,
        "show how many runs of a sweep are done",
        "nb101train status out --watch",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    command.add_argument("folder", metavar="OUT", help="the folder of the sweep")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument(
        "--watch",
        action="store_true",
        help="print again every second while the sweep runs",
    )


def _status(options: Namespace) -> None:
    show_status(options.folder, watch=options.watch, as_json=options.json)
