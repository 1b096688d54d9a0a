"""The analysis of a whole index, as Section 3 of the paper has it for NAS-Bench-101.

>>> from nb101fast import analysis
>>> analysis.analyze(nb101fast.open(), "out").path  # out/report.html, figures and tables
>>> analysis.summarize(nb101fast.open()).replacements.accuracy  # numbers alone
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from .. import plotting
from .._core import AtomicFile
from ..index import Index, checked_name
from .report import render_report
from .row import Row
from .summary import NUM_PARTS, Summary, summarize

__all__ = ["Report", "Row", "Summary", "analyze", "summarize"]


@dataclass(frozen=True, eq=False)
class Report:
    """What `analyze` has made.

    Attributes:
        path: of `report.html`.
        files: all files, the report the last of them.
        summary: their contents as arrays.
    """

    path: Path
    files: tuple[Path, ...]
    summary: Summary


def analyze(
    index: Index,
    out: str | os.PathLike[str],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Analyse an index, and write a report, its figures and its tables into a folder.

    The folder, made if need be, gets `report.html`, which stands alone; `analysis.json` and
    `analysis.csv`; and `NAME.png` and `NAME.svg` for each figure. Each file is there whole or not
    at all. Figures of an earlier analysis that this index has no values for are taken away.

    Args:
        progress: called with the steps done and the steps in all.

    Raises:
        ImportError: there is no matplotlib.
        NotADirectoryError: `out` is a file.
        ValueError: no cell has accuracies and times at the index's highest budget.

    Example:
        >>> analyze(nb101fast.open("nasbench_full.nb101"), "analysis").path
        PosixPath('analysis/report.html')
    """
    plotting.import_matplotlib()
    folder = Path(checked_name(out))
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; a folder, or no such name, is allowed")
    tell = progress or (lambda done, total: None)
    summary = summarize(index, progress=lambda done, _: tell(done, 2 * NUM_PARTS))
    pictures: dict[str, tuple[Path, ...]] = {}
    for done, part in enumerate(summary.parts, NUM_PARTS + 1):
        if figure := part.figure():
            pictures[part.name] = plotting.save(figure, folder, part.name)
        else:
            _remove_picture(folder, part.name)
        tell(done, 2 * NUM_PARTS)
    vectors = {name: paths[plotting.FORMATS.index("svg")] for name, paths in pictures.items()}
    texts = {
        "analysis.json": summary.as_json(),
        "analysis.csv": summary.as_csv(),
        "report.html": render_report(
            summary, {name: path.read_bytes() for name, path in vectors.items()}
        ),
    }
    for name, text in texts.items():
        _write_whole(folder / name, text)
    files = (*chain.from_iterable(pictures.values()), *(folder / name for name in texts))
    return Report(folder / "report.html", files, summary)


def _remove_picture(folder: Path, name: str) -> None:
    for form in plotting.FORMATS:
        (folder / f"{name}.{form}").unlink(missing_ok=True)


def _write_whole(path: Path, text: str) -> None:
    file = AtomicFile(checked_name(path))
    file.write(text.encode())
    file.commit()
