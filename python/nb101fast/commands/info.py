"""`nb101fast info` shows what an index holds."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from ..command_line import CommandLine
from ..description import describe, facts_of
from .index_argument import index_or_default


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "info",
        _info,
        "show what an index holds and where it came from",
        "nb101fast info nasbench_full.nb101",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    command.add_argument(
        "index",
        metavar="INDEX",
        nargs="?",
        help="the index file (default: the one that $NB101FAST_INDEX names; else "
        "nasbench_full.nb101 or nasbench_only108.nb101 in the cache, which is $NB101FAST_CACHE or "
        "nb101fast in your cache folder; else the small built-in one, NB101-digits)",
    )
    command.add_argument("--json", action="store_true", help="print JSON")


def _info(options: Namespace) -> None:
    index = index_or_default(options.index)
    if options.json:
        print(json.dumps(facts_of(index.reader), indent=2))
    else:
        print(describe(index.reader, options.index))
