"""`nb101fast detach` removes columns of users from an index."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from .. import attachment
from ..command_line import CommandLine
from .index_argument import add_index
from .output_option import add_output, print_size


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "detach",
        _detach,
        "remove columns of your own from an index",
        "nb101fast detach more.nb101 latency_ms -o less.nb101",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    add_index(command, "to read")
    command.add_argument("names", nargs="+", metavar="NAME", help="the name of a column")
    add_output(command)


def _detach(options: Namespace) -> None:
    attachment.detach(options.index, options.names, options.output)
    print_size(options.output)
