"""Runs that could not be made, as a sweep's folder lists them: a JSON object a line."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from nb101fast import FormatError

from .shard import AppendOnlyFile
from .work import Unit, hash_of


@dataclass(frozen=True)
class Failure:
    """One run that could not be made.

    Attributes:
        code: of the cell.
        epochs, repeat: which of its runs.
        attempts: of training; 0 where the workers failed and not the training.
        reason: in words.
    """

    code: int
    epochs: int
    repeat: int
    attempts: int
    reason: str

    @property
    def key(self) -> tuple[int, Unit]:
        """The run that it was."""
        return self.code, (self.epochs, self.repeat)

    def __str__(self) -> str:
        return f"{hash_of(self.code)}, {self.epochs} epochs, repeat {self.repeat}: {self.reason}"


def read_failures(folder: str | os.PathLike[str]) -> dict[tuple[int, Unit], Failure]:
    """By run, the last failure of each that the files of a folder list, in their order.

    Raises:
        FormatError: a damaged line that is not a torn last one: which file, which line.
    """
    found: dict[tuple[int, Unit], Failure] = {}
    for path in sorted(Path(folder).glob("failures-*.jsonl")):
        whole, _, _ = path.read_bytes().rpartition(b"\n")
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                failure = Failure(**json.loads(line))
            except (ValueError, TypeError) as error:
                raise FormatError(f"{path}: line {number}: no failed run: {error}") from None
            found[failure.key] = failure
    return found


class FailureLog(AppendOnlyFile):
    """The failures of one driver."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        self.cut(Path(path).read_bytes().rfind(b"\n") + 1)  # of a torn last line

    def append_failures(self, failures: Sequence[Failure]) -> None:
        """Add lines, with one wait for the disk."""
        lines = (json.dumps(asdict(failure)) + "\n" for failure in failures)
        self.append("".join(lines).encode())
