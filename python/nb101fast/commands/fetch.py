"""`nb101fast fetch` brings the official results into the cache."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from .._core import visible
from ..command_line import CommandLine
from ..fetch import Which, fetch, fetch_index
from ..index import open
from ..phrases import counted


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "fetch",
        _fetch,
        "download an official file and compile it into the cache, or download an index of it",
        "nb101fast fetch --only108",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    command.add_argument(
        "--only108", action="store_true", help="fetch the file with the runs of 108 epochs only"
    )
    command.add_argument(
        "--from",
        dest="source",
        metavar="FILE",
        help="compile this local file, or download this URL",
    )
    command.add_argument(
        "--any",
        action="store_true",
        help="compile the local file of --from even if it is not the official one",
    )
    command.add_argument(
        "--force", action="store_true", help="fetch and compile even if the cache has the index"
    )
    command.add_argument(
        "--keep", action="store_true", help="keep the downloaded file beside the index"
    )
    command.add_argument(
        "--base-url",
        metavar="URL",
        help="the folder to download from (default: $NB101FAST_BASE_URL, else the official one)",
    )
    command.add_argument(
        "--index",
        metavar="URL",
        help="download this compiled index in place of the official file, which is ten times as "
        "large",
    )
    command.add_argument(
        "--sha256", metavar="DIGITS", help="the SHA-256 that the index of --index must have"
    )


def _fetch(options: Namespace) -> None:
    if (options.index is None) != (options.sha256 is None):
        raise ValueError("--index URL and --sha256 DIGITS go together; give both or neither")
    try:
        path = _fetch_file(options) if options.index is None else _fetch_index(options)
    except KeyboardInterrupt:
        raise InterruptedError(
            "interrupted; what was downloaded is kept, and the same command goes on from there"
        ) from None
    index = open(path)
    print(
        f"{visible(str(path))}: {counted(len(index), 'cell')}, "
        f"{counted(index.num_runs, 'run')}; nb101fast.open() opens it"
    )


def _which(options: Namespace) -> Which:
    return "only108" if options.only108 else "full"


def _fetch_file(options: Namespace) -> Path:
    return fetch(
        _which(options),
        source=options.source,
        base_url=options.base_url,
        accept_any=options.any,
        force=options.force,
        keep_tfrecord=options.keep,
        progress=True,
    )


def _fetch_index(options: Namespace) -> Path:
    of_the_official_file = {
        "--from": options.source,
        "--base-url": options.base_url,
        "--any": options.any,
        "--keep": options.keep,
    }
    if given := [name for name, value in of_the_official_file.items() if value]:
        raise ValueError(f"{given[0]} is not allowed with --index; leave out one of the two")
    return fetch_index(
        options.index, options.sha256, _which(options), force=options.force, progress=True
    )
