"""The argument INDEX, which most commands have, and the index that it names."""

from __future__ import annotations

from argparse import ArgumentParser

from ..index import Index, open
from ..locations import BUILT_IN, chosen_index
from ..progress import tell

_BUILT_IN_IS_OPENED = (  # fits the line of a terminal
    "this is the built-in NB101-digits; `nb101fast fetch` gets the official results"
)


def add_index(command: ArgumentParser, purpose: str) -> None:
    """Add an INDEX that must be given, such as "to read"."""
    command.add_argument("index", metavar="INDEX", help=f"the index file {purpose}")


def add_optional_index(command: ArgumentParser, purpose: str) -> None:
    """Add an INDEX that may be left out; `index_or_default` opens it."""
    command.add_argument(
        "index",
        metavar="INDEX",
        nargs="?",
        help=f"the index {purpose} (default: the one that `nb101fast info` describes)",
    )


def index_or_default(path: str | None) -> Index:
    """Open the index at the path, or the default one. Warn if that is the built-in one."""
    chosen = chosen_index() if path is None else path
    if chosen is None:
        tell(_BUILT_IN_IS_OPENED, "warning")
    return open(BUILT_IN if chosen is None else chosen)
