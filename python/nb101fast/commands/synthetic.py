"""`nb101fast synthetic` writes an index of made-up values."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from .. import synthetic
from ..command_line import CommandLine
from ..index import open
from .output_option import add_output


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "synthetic",
        _synthetic,
        "write an index of all 423,624 cells with made-up values, for load tests",
        "nb101fast synthetic -o synthetic.nb101",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    add_output(command)
    command.add_argument(
        "--seed", type=int, default=0, help="decides the values (default: %(default)s)"
    )


def _synthetic(options: Namespace) -> None:
    synthetic.write_index(options.output, seed=options.seed, progress=True)
    print(repr(open(options.output)))
