"""`nb101fast merge` puts the runs of several indexes into one."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from ..command_line import CommandLine
from ..compiler import compile
from ..index import open
from .compile_report import print_report
from .output_option import add_output


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "merge",
        _merge,
        "put the runs of several indexes into one index",
        "nb101fast merge part-0.nb101 part-1.nb101 -o whole.nb101",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    command.add_argument("inputs", nargs="+", metavar="INDEX", help="an index file")
    add_output(command)


def _merge(options: Namespace) -> None:
    for path in options.inputs:
        open(path)  # an input of another kind is refused
    print_report(compile(options.inputs, options.output, progress=True))
