"""`nb101fast export` writes the runs of an index in another format."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from .. import exporter
from ..command_line import CommandLine
from .index_argument import add_index
from .output_option import add_output, print_size


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "export",
        _export,
        "write the runs of an index in another format",
        "nb101fast export nasbench_full.nb101 -o nasbench_full.tfrecord\n"
        "         nb101fast export nasbench_full.nb101 -o nasbench_full.parquet",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    add_index(command, "to read")
    suffixes = ", ".join(exporter.SUFFIXES)
    add_output(command, f"the file to write; its suffix decides the format: {suffixes}")
    command.add_argument(
        "--unmarked",
        action="store_true",
        help="write a TFRecord of values that are not the official ones; the file will not say so",
    )


def _export(options: Namespace) -> None:
    exporter.export(options.index, options.output, unmarked=options.unmarked, progress=True)
    print_size(options.output)
