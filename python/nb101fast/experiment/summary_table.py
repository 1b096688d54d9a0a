"""The summaries of an experiment as a table: CSV, Markdown or HTML."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, fields
from html import escape

from ..phrases import counted
from .summary import REFERENCE, OptimizerSummary

_HEADINGS = (
    "optimizer",
    "runs",
    "mean final regret",
    "95 %",
    "median",
    "25-75 %",
    "evaluations",
    "invalid",
    "below RS after",
    "times sooner",
)


def as_csv(rows: Sequence[OptimizerSummary]) -> str:
    """The rows as CSV, with a line of names first. A field without a number is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(
        text, [field.name for field in fields(OptimizerSummary)], lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(map(asdict, rows))
    return text.getvalue()


def as_markdown(rows: Sequence[OptimizerSummary]) -> str:
    """The rows as a table in Markdown."""
    cells = [_cells(row, _is_raced(rows)) for row in rows]
    columns = list(zip(*[_HEADINGS[: len(cells[0])], *cells], strict=True))
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "| " + " | ".join(_placed(cell, widths, at) for at, cell in enumerate(line)) + " |"
        for line in zip(*columns, strict=True)
    ]
    ruler = ["-" * width if at == 0 else "-" * (width - 1) + ":" for at, width in enumerate(widths)]
    return "\n".join([lines[0], "| " + " | ".join(ruler) + " |", *lines[1:]])


def as_html(rows: Sequence[OptimizerSummary]) -> str:
    """The rows as a table in HTML."""
    cells = [_cells(row, _is_raced(rows)) for row in rows]
    heads = "".join(f"<th>{heading}</th>" for heading in _HEADINGS[: len(cells[0])])
    lines = ("".join(f"<td>{escape(cell)}</td>" for cell in line) for line in cells)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _is_raced(rows: Sequence[OptimizerSummary]) -> bool:
    """Whether there is a random search to compare the others with."""
    return any(row.optimizer == REFERENCE for row in rows)


def _cells(row: OptimizerSummary, is_raced: bool) -> list[str]:
    cells = [
        row.optimizer,
        f"{row.runs:,}",
        _regret(row.mean_final_regret),
        _range(row.mean_low, row.mean_high),
        _regret(row.median_final_regret),
        _range(row.quartile_low, row.quartile_high),
        f"{row.mean_evaluations:,.1f}",
        f"{row.invalid_share:.1%}",
    ]
    if not is_raced:
        return cells
    if row.speedup_over_rs is None:
        return [*cells, "-" if row.optimizer == REFERENCE else "never", "-"]
    seconds, evaluations = row.seconds_to_rs, row.evaluations_to_rs
    spent = (
        f"{seconds:,.0f} s" if evaluations is None else counted(round(evaluations), "evaluation")
    )
    return [*cells, spent, f"{row.speedup_over_rs:.1f}"]


def _placed(cell: str, widths: Sequence[int], at: int) -> str:
    return cell.ljust(widths[at]) if at == 0 else cell.rjust(widths[at])


def _regret(number: float | None) -> str:
    return "-" if number is None else f"{number:.5f}"


def _range(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.5f} to {high:.5f}"
