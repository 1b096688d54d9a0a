"""The options -o and --out, which say where a command writes to."""

from __future__ import annotations

import os
from argparse import ArgumentParser

from .._core import visible


def add_output(command: ArgumentParser, text: str = "the index file to write") -> None:
    """Add `-o OUT`, a file that must be given."""
    command.add_argument("-o", "--output", required=True, metavar="OUT", help=text)


def add_output_folder(command: ArgumentParser) -> None:
    """Add `--out DIR`, a folder that must be given."""
    command.add_argument("--out", required=True, metavar="DIR", help="the folder to write to")


def print_size(output: str) -> None:
    """Say how large the written file is."""
    print(f"{visible(output)}: {os.path.getsize(output):,} bytes")
