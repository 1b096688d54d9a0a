"""`nb101fast attach` adds columns of users to an index."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from .. import attachment
from .._core import visible
from ..command_line import CommandLine
from ..phrases import counted
from .index_argument import add_index
from .output_option import add_output


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "attach",
        _attach,
        "add columns of your own to an index, with one number for each cell",
        "nb101fast attach nasbench_full.nb101 latency.csv -o more.nb101 --unit latency_ms=ms",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    add_index(command, "to read")
    command.add_argument(
        "table",
        metavar="TABLE",
        help="a CSV or Parquet file with a column hash, id or code and a column for each name; or "
        "a JSON file with a number, or an object of numbers by name, for each hash",
    )
    add_output(command)
    command.add_argument(
        "--name", help="the name of the column, for a JSON file with a number for each hash"
    )
    command.add_argument(
        "--unit",
        action="append",
        default=[],
        metavar="NAME=UNIT",
        help="the unit of a column, such as latency_ms=ms; may be given for each column",
    )
    command.add_argument(
        "--description",
        action="append",
        default=[],
        metavar="NAME=TEXT",
        help="a line about a column; may be given for each column",
    )
    command.add_argument(
        "--replace",
        action="store_true",
        help="let a new column take the place of one that has its name",
    )
    command.add_argument(
        "--strict",
        action="store_true",
        help="refuse values of cells that the index lacks, which are otherwise counted",
    )


def _attach(options: Namespace) -> None:
    report = attachment.attach(
        options.index,
        options.table,
        options.output,
        name=options.name,
        units=_texts_by_name("--unit", options.unit),
        descriptions=_texts_by_name("--description", options.description),
        replace=options.replace,
        strict=options.strict,
    )
    print(f"{visible(report.output)}: {report.num_bytes / 1e3:,.0f} kB in {report.seconds:.1f} s")
    for name, cells in report.cells.items():
        print(f"  {name}: {counted(cells, 'cell')}")
    if report.unknown:
        print(
            f"  values of cells that the index lacks: {report.unknown:,}, the first in "
            f"{visible(report.first_unknown)}"
        )


def _texts_by_name(option: str, pairs: Sequence[str]) -> dict[str, str]:
    """The texts that an option of the form NAME=TEXT gives."""
    for pair in pairs:
        if "=" not in pair:
            raise ValueError(f"{option} {pair!r} is not allowed; use NAME=TEXT")
    return dict(pair.split("=", 1) for pair in pairs)
