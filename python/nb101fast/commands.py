"""What the project's command lines share: a parser of commands, and exit statuses.

Exit status 0 done, 1 the data is at fault, 2 the command is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

Faults = tuple[type[Exception], ...]


class CommandLine:
    """A program of several commands.

    Args:
        program: its name.
        description: in a sentence.
    """

    def __init__(self, program: str, description: str) -> None:
        self._program = program
        self._parser = argparse.ArgumentParser(prog=program, description=description)
        self._commands = self._parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        self, name: str, run: Callable[[argparse.Namespace], None], text: str, example: str
    ) -> Any:
        """Add a command; returns its parser."""
        command = self._commands.add_parser(
            name,
            help=text,
            description=text,
            epilog=f"example: {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(command=run)
        return command

    def run(
        self, arguments: Sequence[str] | None, *, data_faults: Faults, command_faults: Faults
    ) -> int:
        """Run one command; returns the exit status, after one line on stderr for a fault."""
        options = self._parser.parse_args(arguments)
        try:
            options.command(options)
        except data_faults as error:
            return self._complain(error, 1)
        except command_faults as error:
            return self._complain(error, 2)
        return 0

    def _complain(self, error: Exception, status: int) -> int:
        text = " ".join(str(error).split())
        print(f"{self._program}: {text}", file=sys.stderr)
        return status
