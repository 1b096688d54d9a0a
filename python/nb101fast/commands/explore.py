"""`nb101fast explore` shows an index on a page in the browser."""

from __future__ import annotations

import contextlib
import os
import sys
from argparse import ArgumentParser, Namespace

from .._core import visible
from ..command_line import CommandLine
from .index_argument import add_optional_index, index_or_default


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "explore",
        _explore,
        "show all cells of an index on a web page of this machine, until Ctrl-C; or write the page",
        "nb101fast explore\n         nb101fast explore nasbench_full.nb101 -o explorer\n         "
        "nb101fast explore nasbench_full.nb101 --race race.json",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    add_optional_index(command, "to show")
    command.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="write the page into this folder, for any web server, and do not show it",
    )
    command.add_argument(
        "--runs",
        action="store_true",
        default=None,
        help="add the accuracies of all runs, about 40 MB for a full index, which the page shows "
        "for each cell (default: for an index of at most 20,000 cells)",
    )
    command.add_argument(
        "--race",
        metavar="FILE",
        help="show this race, which `nb101fast experiment --explorer FILE` wrote, from the start",
    )
    command.add_argument(
        "--no-browser", action="store_true", help="print the address, and start no browser"
    )


def _explore(options: Namespace) -> None:
    import webbrowser

    from .. import explorer

    index = index_or_default(options.index)
    if options.output is not None:
        explorer.write(index, options.output, runs=options.runs, race=options.race)
        print(f"{visible(options.output)}: the page of {visible(os.path.basename(index.path))}")
        return
    shown = explorer.Exploration(index, runs=options.runs, race=options.race)
    with shown as page, contextlib.suppress(KeyboardInterrupt):
        print(f"{page.address} shows {visible(os.path.basename(index.path))} until Ctrl-C")
        sys.stdout.flush()
        if not options.no_browser:
            webbrowser.open(page.address)
        page.wait()
