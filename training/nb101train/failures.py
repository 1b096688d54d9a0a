"""The runs of a sweep that failed. Its folder lists them, with one JSON object on each line."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from nb101fast._core import visible
from nb101fast.phrases import counted
from nb101fast.regular_file import read_regular
from nb101fast.schema import Integer, Record, Text, parse

from .append_only_file import AppendOnlyFile
from .work import Unit

_FAILURE = Record(
    {
        "code": Integer(0, (1 << 32) - 1),
        "module_hash": Text(),
        "epochs": Integer(),
        "repeat": Integer(),
        "attempts": Integer(),
        "reason": Text(),
    }
)


@dataclass(frozen=True)
class Failure:
    """One run that could not be made.

    Attributes:
        code, module_hash: the cell.
        epochs, repeat: which run of the cell.
        attempts: how often its training began; 0 if the workers failed and not the training.
        reason: why it failed.
    """

    code: int
    module_hash: str
    epochs: int
    repeat: int
    attempts: int
    reason: str

    @property
    def key(self) -> tuple[int, Unit]:
        """The code of the cell, and the unit of the run."""
        return self.code, (self.epochs, self.repeat)

    def __str__(self) -> str:
        epochs = counted(self.epochs, "epoch")
        return visible(f"{self.module_hash}, {epochs}, repeat {self.repeat}: {self.reason}")


def read_failures(folder: str | os.PathLike[str]) -> dict[tuple[int, Unit], Failure]:
    """Read all failures of a sweep's folder.

    A last line without its end is left out, since a crash can leave one.

    Returns:
        The last failure of each run, by `Failure.key`, in the order of the files.

    Raises:
        FormatError: a whole line is damaged. The text names the file and the line.
    """
    found: dict[tuple[int, Unit], Failure] = {}
    for path in sorted(Path(folder).glob("failures-*.jsonl")):
        whole, _, _ = read_regular(path).rpartition(b"\n")
        for number, line in enumerate(whole.splitlines(), 1):
            failure = Failure(**parse(f"{path}: line {number}", line, _FAILURE))
            found[failure.key] = failure
    return found


class FailureLog(AppendOnlyFile):
    """The file in which one driver lists its failures."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        self.cut(read_regular(path).rfind(b"\n") + 1)  # A crash can leave a part of a line.

    def append_failures(self, failures: Sequence[Failure]) -> None:
        """Add one line for each failure, and wait once for the disk."""
        lines = (json.dumps(asdict(failure)) + "\n" for failure in failures)
        self.append("".join(lines).encode())
