"""The scores of many cells as a CSV file, which grows by a line for each cell."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence

from .._core import FormatError
from ..codes import as_code
from ..phrases import counted
from ..regular_file import open_regular, read_regular

Scores = Mapping[str, float]
_KEY = "code"


class ScoreFile:
    """A CSV file of the columns `code` and the names of proxies.

    Args:
        path: the file. It is made if it is missing. If its last line was cut off, because a process
            ended while it was written, that line is removed.
        proxies: the names of the columns.

    Attributes:
        scores: the scores of each code that the file has.

    Raises:
        FormatError: the file has other columns, or a line is damaged. The text names the line.
        OSError: the file can't be read or written.
    """

    def __init__(self, path: str | os.PathLike[str], proxies: Sequence[str]) -> None:
        self._path = os.fspath(path)
        self._proxies = tuple(proxies)
        self.scores: dict[int, Scores] = {}
        header = _csv_line([_KEY, *proxies])
        content = read_regular(path) if os.path.exists(path) else b""
        if header.startswith(content):  # and so if there is none, or if it was cut off
            self._append_bytes(header[len(content) :])
        elif not content.startswith(header):
            raise FormatError(
                f"{self._path}: the first line is not {header.decode().strip()!r}; use another "
                "file, or the proxies that it has"
            )
        else:
            whole = content.rfind(b"\n") + 1
            self._read(content[len(header) : whole])
            if whole < len(content):
                os.truncate(path, whole)

    def append(self, code: int, scores: Scores) -> None:
        """Write the scores of a cell."""
        self._append_bytes(_csv_line([code, *(scores[name] for name in self._proxies)]))
        self.scores[code] = scores

    def _append_bytes(self, line: bytes) -> None:
        with open(self._path, "ab", opener=open_regular) as file:
            file.write(line)

    def _read(self, lines: bytes) -> None:
        for number, line in enumerate(lines.splitlines(), 2):
            try:
                code, *values = line.decode("ascii").split(",")
                scores = dict(zip(self._proxies, map(float, values), strict=True))
                self.scores[as_code(int(code))] = scores
            except ValueError as error:
                raise FormatError(
                    f"{self._path}: line {number} is no code with "
                    f"{counted(len(self._proxies), 'number')}: {error}; remove the line"
                ) from None


def _csv_line(fields: Sequence[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(fields)
    return text.getvalue().encode()
