"""What is printed after files were compiled into an index."""

from __future__ import annotations

from .._core import visible
from ..builder import CompileReport
from ..findings import sentences
from ..phrases import counted


def print_report(report: CompileReport) -> None:
    """Say what was read and written, and what was found in the input."""
    print(
        f"{visible(report.output)}: {counted(report.cells, 'cell')}, "
        f"{counted(report.runs, 'run')}, "
        f"{report.num_bytes / 1e3:,.0f} kB in {report.seconds:.1f} s"
    )
    for source in report.sources:
        name = visible(source.name)
        print(f"  from {name}: {counted(source.records, 'record')}, SHA-256 {source.sha256}")
    if report.own_columns:
        print(f"  own columns: {', '.join(report.own_columns)}")
    for name in ("missing_cells", "missing_runs", "replaced_runs", "repeated_runs"):
        if count := getattr(report, name):
            print(f"  {name.replace('_', ' ')}: {count:,}")
    if report.wide_columns:
        print(
            "  columns whose values have more digits than in the official file: "
            f"{len(report.wide_columns)}; they take more room, and nothing is lost"
        )
    for sentence in sentences(report.findings.told(), report.records):
        print(f"  {visible(sentence)}")
