"""`nb101fast analyze` writes a report on an index."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from .._core import visible
from ..command_line import CommandLine
from ..phrases import counted
from .index_argument import add_optional_index, index_or_default
from .output_option import add_output_folder


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "analyze",
        _analyze,
        "analyse an index as the paper does, and write a report with figures",
        "nb101fast analyze nasbench_full.nb101 --out DIR",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    add_optional_index(command, "to analyse")
    add_output_folder(command)


def _analyze(options: Namespace) -> None:
    from ..analysis import analyze

    report = analyze(index_or_default(options.index), options.out, progress=True)
    path = visible(str(report.path))
    others = counted(len(report.files) - 1, "other file")
    print(f"{path}: open it in a browser; the folder has {others}, the figures among them")
