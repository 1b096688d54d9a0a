"""The analysis of a whole index, as Section 3 of the paper does it for NAS-Bench-101.

>>> from nb101fast import analysis
>>> analysis.analyze(nb101fast.open(), "out").path  # writes out/report.html, figures and tables
>>> analysis.summarize(nb101fast.open()).replacements.accuracy  # only computes
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from html import escape
from pathlib import Path

from .. import figure_file, plotting
from .._core import visible
from ..file_names import checked_name
from ..index import Index
from ..progress import Progress, told
from ..whole_file import write_whole
from .own_columns import OwnColumns
from .report import Picture, render_report, render_table
from .row import Row
from .summary import IndexSummary, summarize

__all__ = ["AnalysisReport", "IndexSummary", "Row", "analyze", "summarize"]


@dataclass(frozen=True, eq=False, repr=False)
class AnalysisReport:
    """The files that `analyze` wrote. A notebook shows the figures and the table.

    Attributes:
        path: the path of `report.html`.
        files: the paths of all files; the report is the last.
        figures: the figures as PNG, by name of the analysis.
        summary: the contents of the files as arrays.
    """

    path: Path
    files: tuple[Path, ...]
    figures: dict[str, bytes]
    summary: IndexSummary

    def __repr__(self) -> str:
        return f"{visible(str(self.path))}\n\n{self.summary!r}"

    def _repr_html_(self) -> str:
        pictures = (
            f"<h4>{escape(part.title)}</h4>"
            f"{figure_file.as_html(self.figures[part.name], part.title)}"
            f"<p>{escape(part.caption)}</p>"
            for part in self.summary.parts
            if part.name in self.figures
        )
        path = f"<p>{escape(visible(str(self.path)))}</p>"
        return "\n".join([path, *pictures, render_table(self.summary)])


def analyze(
    index: Index,
    out: str | os.PathLike[str],
    *,
    progress: Progress | None = None,
) -> AnalysisReport:
    """Analyse an index, and write a report, its figures and its tables into a folder.

    The folder gets `report.html`, which needs no other file; `analysis.json` and `analysis.csv`;
    and `NAME.png` and `NAME.svg` for each figure. Each file is written whole or not at all. If an
    earlier analysis left a figure for which this index has no values, the figure is removed.

    Args:
        index: the index to analyse. Parts that need a metric that it lacks at its highest budget
            are left out, and the report says so.
        out: the folder. It is made if it does not exist.
        progress: True for a bar, or a function that is called with the number of steps done and the
            number of steps in all.

    Raises:
        ImportError: matplotlib is missing.
        NotADirectoryError: `out` is a file.
        TypeError: `index` is no index.
        ValueError: the index has no cells, or neither accuracies nor training times at its highest
            budget.

    Example:
        >>> analyze(nb101fast.open("nasbench_full.nb101"), "analysis").path
        PosixPath('analysis/report.html')
    """
    plotting.import_matplotlib()
    folder = Path(checked_name(out))
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"out={str(folder)!r} is a file; use a folder or a new name")
    files: list[Path] = []
    figures: dict[str, bytes] = {}
    pictures: dict[str, Picture] = {}
    with told(progress, "analysing") as phases:
        phases.begin("computing")
        summary = summarize(index, progress=lambda done, total: phases(done, 2 * total))
        phases.begin("figures")
        count = len(summary.parts)
        for done, part in enumerate(summary.parts, count + 1):
            if figure := part.figure():
                png, svg = figure_file.save(figure, folder, part.name)
                files += (png, svg)
                figures[part.name] = png.read_bytes()
                plotting.stack(figure)
                pictures[part.name] = Picture(svg.read_bytes(), figure_file.render(figure, "svg"))
            else:
                _remove_picture(folder, part.name)
            phases(done, 2 * count)
        if summary.own_columns is None:
            _remove_picture(folder, OwnColumns.name)
        phases.begin("writing")
        texts = {
            "analysis.json": summary.as_json(),
            "analysis.csv": summary.as_csv(),
            "report.html": render_report(summary, pictures),
        }
        for name, text in texts.items():
            write_whole(folder / name, text.encode(), follows_links=False)
            files.append(folder / name)
    return AnalysisReport(folder / "report.html", tuple(files), figures, summary)


def _remove_picture(folder: Path, name: str) -> None:
    for form in figure_file.FORMATS:
        (folder / f"{name}.{form}").unlink(missing_ok=True)
