"""`nb101fast compile` makes an index of files of training runs."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from .. import compiler
from ..command_line import CommandLine
from .compile_report import print_report


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "compile",
        _compile,
        "compile files of training runs, the official TFRecord file or your own, into an index",
        "nb101fast compile nasbench_full.tfrecord -o nasbench_full.nb101\n"
        "         nb101fast compile --update nasbench_full.nb101 retrained-*.tfrecord\n"
        "         nb101fast compile results.csv -o results.nb101",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    command.add_argument(
        "inputs",
        nargs="+",
        metavar="IN",
        help="a TFRecord file (plain or gzip), an index, or a file in Parquet, JSON or CSV",
    )
    command.add_argument(
        "-o", "--output", metavar="OUT", help="the index file to write (default with --update: OLD)"
    )
    command.add_argument(
        "--update", metavar="OLD", help="start from this index, and add runs to it or replace runs"
    )
    command.add_argument(
        "--strict",
        action="store_true",
        help="refuse inputs with unusual values, which are otherwise kept and reported",
    )
    command.add_argument(
        "--denominator",
        type=int,
        metavar="D",
        help="store accuracies as multiples of 1/D (default: D is found from the values)",
    )
    command.add_argument(
        "--synthetic", action="store_true", help="mark the values as made up for load tests"
    )


def _compile(options: Namespace) -> None:
    report = compiler.compile(
        options.inputs,
        options.output,
        update=options.update,
        strict=options.strict,
        denominator=options.denominator,
        synthetic=options.synthetic,
        progress=True,
    )
    print_report(report)
