"""What the two command lines of the project share: a parser of commands, errors, exit statuses.

The exit status is 0 if the command is done, 1 if the data is at fault, and 2 in all other cases.
"""

from __future__ import annotations

import argparse
import codecs
import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ._core import visible
from .extras import import_extra
from .progress import DEFAULT_LEVEL, LEVELS, set_level

Faults = tuple[type[Exception], ...]

_EXIT_STATUSES = (
    "exit status: 0 if the command is done; 1 if the data is at fault, such as a damaged file, a\n"
    "cell that the index lacks, or a training that failed; 2 for any other error, and for Ctrl-C"
)
# Matches a parameter of Python with which an error begins, or which it proposes.
_PARAMETER = re.compile(r"^(\w+)=(True\b|)|\b(\w+)=(True\b|[A-Z]+\b)")

_SHELLS = ("bash", "zsh", "tcsh")
# The metavars of arguments for which a shell proposes files, and those for which it proposes
# folders. Where a CELL is wanted, the index may come first.
_FILES = ("CELL", "CONFIG", "FILE", "IN", "INDEX", "OLD", "OUT", "TABLE")
_FOLDERS = ("DIR",)
_NOTEBOOK_BACKEND = "module://matplotlib_inline.backend_inline"


class CommandLine:
    """A program of several commands.

    Args:
        program: its name.
        description: what it does, in a sentence.
        version: of the program, for --version.
        welcome: what is printed if no command is given, such as what one can do next.
        options: what the user writes for a parameter of Python, such as "--workers " for
            "num_workers". An error that begins with `num_workers=`, or that proposes
            `num_workers=N` or `force=True`, then names the option.
    """

    def __init__(
        self,
        program: str,
        description: str,
        *,
        version: str,
        welcome: str,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._program, self._welcome = program, welcome
        self._options = options or {}
        self._parser = argparse.ArgumentParser(
            prog=program,
            description=description,
            epilog=f"`{program} COMMAND --help` explains a command and has an example.\n"
            f"{_EXIT_STATUSES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self._parser.add_argument("--version", action="version", version=f"{program} {version}")
        self._parser.add_argument(
            "--print-completion",
            action=_PrintCompletion,
            choices=_SHELLS,
            help="print a script that lets this shell complete commands, options and files",
        )
        _add_levels(self._parser, DEFAULT_LEVEL)
        self._commands = self._parser.add_subparsers(metavar="COMMAND")
        self._without_arguments: dict[str, Callable[[argparse.ArgumentParser], None]] = {}

    def add(
        self,
        name: str,
        run: Callable[[argparse.Namespace], None],
        text: str,
        example: str,
        add_arguments: Callable[[argparse.ArgumentParser], None] | None = None,
    ) -> None:
        """Add a command.

        Args:
            name: of the command.
            run: called with the parsed options.
            text: what the command does, for its help.
            example: a command line, for its help.
            add_arguments: adds the command's arguments to its parser. It is called only when the
                arguments are needed, so it may import what other commands don't need.
        """
        command = self._commands.add_parser(
            name,
            help=text,
            description=text,
            epilog=f"example: {example}\n{_EXIT_STATUSES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        _add_levels(command, argparse.SUPPRESS)
        command.set_defaults(command=run)
        if add_arguments:
            self._without_arguments[name] = add_arguments

    def _complete(self, names: Iterable[str]) -> None:
        """Add the arguments of commands that have none yet."""
        for name in names:
            if add_arguments := self._without_arguments.pop(name, None):
                add_arguments(self._commands.choices[name])

    def help_texts(self) -> dict[str, str]:
        """What `--help` prints, for the program and then for each of its commands, by name."""
        self._complete(self._commands.choices)
        commands = self._commands.choices.items()
        texts = {f"{self._program} {name}": command.format_help() for name, command in commands}
        return {self._program: self._parser.format_help(), **texts}

    def run(
        self, arguments: Sequence[str] | None, *, data_faults: Faults, command_faults: Faults
    ) -> int:
        """Run one command.

        Args:
            arguments: the command line without the program; None for this process's own.
            data_faults: exceptions that mean exit status 1, after one line on stderr.
            command_faults: exceptions that mean exit status 2, after one line on stderr.

        Returns:
            The exit status.
        """
        _escape_what_streams_cannot_encode()
        if arguments is None:
            _leave_notebook()
            arguments = sys.argv[1:]
        begins_with_command = bool(arguments) and arguments[0] in self._commands.choices
        self._complete(arguments[:1] if begins_with_command else self._commands.choices)
        try:
            try:
                options = self._parser.parse_args(arguments)
            finally:
                sys.stdout.flush()  # a help text
            set_level(options.log_level)
            if hasattr(options, "command"):
                options.command(options)
            else:
                print(self._welcome)
            sys.stdout.flush()
        except BrokenPipeError:
            _discard_output()
            return 0
        except data_faults as error:
            return self._complain(error, 1)
        except command_faults as error:
            return self._complain(error, 2)
        except KeyboardInterrupt:
            return self._complain(InterruptedError("interrupted"), 2)
        return 0

    def _complain(self, error: Exception, status: int) -> int:
        text = _PARAMETER.sub(self._as_option, " ".join(str(error).split()))
        print(f"{self._program}: {visible(text)}", file=sys.stderr)
        return status

    def _as_option(self, match: re.Match[str]) -> str:
        """What the user of the command line writes in place of a parameter and its value."""
        name, value = match[1] or match[3], match[2] or match[4] or ""
        if name not in self._options:
            return match[0]
        option = self._options[name]
        return option.rstrip() if value == "True" else option + value


class _PrintCompletion(argparse.Action):
    """Prints the script of a shell and ends the program."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        shtab = import_extra("shtab", extra="completion")
        for action in _actions(parser):
            if action.metavar in _FILES:
                action.complete = shtab.FILE
            elif action.metavar in _FOLDERS:
                action.complete = shtab.DIRECTORY
        print(shtab.complete(parser, values))
        parser.exit()


def _actions(parser: argparse.ArgumentParser) -> Iterator[Any]:
    """The arguments of a parser and of its commands."""
    for action in parser._actions:  # noqa: SLF001 - shtab reads them too
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - it has no public name
            for command in action.choices.values():
                yield from _actions(command)


def _add_levels(parser: argparse.ArgumentParser, default: str) -> None:
    """Add the options that choose what is said on stderr."""
    parser.add_argument(
        "--log-level",
        choices=LEVELS,
        default=default,
        help="what is said on stderr. error: errors only; warning: warnings too; info: progress "
        f"and notes too; debug: what other libraries say too (default: {DEFAULT_LEVEL})",
    )
    parser.add_argument(
        "--quiet",
        action="store_const",
        const="error",
        dest="log_level",
        default=default,
        help="say nothing on stderr but errors",
    )


def _escape_what_streams_cannot_encode() -> None:
    """Print what the encoding of a stream lacks as escapes, so that no file name ends a command."""
    codecs.register_error("nb101fast.escape", _escape)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors="nb101fast.escape")


def _leave_notebook() -> None:
    """Drop the backend of matplotlib that a notebook gives to the programs it starts.

    It draws only in the notebook. Where it isn't installed, matplotlib can't be imported with it.
    """
    if os.environ.get("MPLBACKEND") == _NOTEBOOK_BACKEND:
        del os.environ["MPLBACKEND"]


def _escape(error: UnicodeError) -> tuple[str | bytes, int]:
    """The bytes of a name that Python could not decode, as they were; all else as \\u escapes."""
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.backslashreplace_errors(error)


def _discard_output() -> None:
    """Send the rest of the output nowhere: whoever read it, such as `head`, has read enough."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
