"""`nb101fast demo` shows the package at work."""

from __future__ import annotations

from argparse import Namespace

from ..command_line import CommandLine


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add("demo", _demo, "compile, open and query the built-in index", "nb101fast demo")


def _demo(_: Namespace) -> None:
    from ..demo import run_demo

    run_demo()
