"""All analyses of one index, and their numbers as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from .._core import visible
from ..checks import check_type
from ..description import facts_of
from ..ids import NUM_CELLS
from ..index import Index
from ..progress import Progress, told
from ..provenance import is_official
from .best_cells import BestCells, best_cells_of
from .budgets import Budgets, budgets_of
from .distributions import Distributions, distributions_of
from .locality import Locality, locality_of
from .measured import Measured, sentences_of_left_out
from .own_columns import OwnColumns, own_columns_of
from .part import Part
from .relations import Relations, relations_of
from .replacements import Replacements, replacements_of
from .row import Row
from .shapes import Shapes, shapes_of

PAPER_EPOCHS = (4, 12, 36, 108)
_ANALYSES: tuple[Callable[[Measured], Any], ...] = (
    distributions_of,
    relations_of,
    replacements_of,
    shapes_of,
    budgets_of,
    locality_of,
    best_cells_of,
)


@dataclass(frozen=True, eq=False, repr=False)
class IndexSummary:
    """Section 3 of the paper for one index; `summarize` makes it.

    Attributes:
        index: the index.
        missing: the metrics that no cell has at the final budget. Parts that need them are left
            out.
        left_out: by metric and budget, how many values are left out because they can't be
            analysed, such as infinite values and training times of 0.
        distributions, relations, replacements, shapes, budgets, locality, best_cells: the
            analyses.
        own_columns: the analysis of the own columns; None if the index has none.
    """

    index: Index
    missing: tuple[str, ...]
    left_out: Mapping[tuple[str, int], int]
    distributions: Distributions
    relations: Relations
    replacements: Replacements
    shapes: Shapes
    budgets: Budgets
    locality: Locality
    best_cells: BestCells
    own_columns: OwnColumns | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """The analyses, in the order of the report."""
        return (
            self.distributions,
            self.relations,
            self.replacements,
            self.shapes,
            self.budgets,
            self.locality,
            *([self.own_columns] if self.own_columns else []),
            self.best_cells,
        )

    @property
    def differences(self) -> list[str]:
        """Why the paper's numbers are not comparable with this index's; empty if they are."""
        index = self.index
        others = [
            visible(training.get("dataset", "?"))
            for training in index.provenance.get("training", [])
            if not is_official(training.get("dataset", "?"))
        ]
        reasons = {
            "the values are SYNTHETIC, made up for load tests": index.is_synthetic,
            f"the cells were trained on {', '.join(others)}": bool(others),
            f"the index has {len(index):,} of {NUM_CELLS:,} cells": len(index) < NUM_CELLS,
            f"the index has budgets of {', '.join(map(str, index.epochs))} epochs": (
                index.epochs != PAPER_EPOCHS
            ),
        }
        return [reason for reason, holds in reasons.items() if holds]

    def rows(self) -> Iterator[tuple[Part, Row]]:
        """Each line of the table, with the analysis that it belongs to."""
        for part in self.parts:
            for row in part.rows():
                yield part, row

    def __repr__(self) -> str:
        """The table, a line for each number."""
        lines = [f"Analysis of {self.index!r}"]
        if self.differences:
            lines.append(f"Not comparable with the paper: {'; '.join(self.differences)}.")
        for title, rows in groupby(self.rows(), key=lambda row: row[0].title):
            lines += ["", title]
            for _, row in rows:
                paper = f"   (paper: {row.paper_text})" if row.paper is not None else ""
                lines.append(f"  {row.name}: {row.text}{paper}")
        return "\n".join(lines)

    def as_json(self) -> str:
        """The facts of the index and the table as JSON. A number that is unknown is null."""
        facts = facts_of(self.index.reader)
        del facts["sections"]
        rows = [
            {
                "analysis": part.name,
                "name": row.name,
                "value": None if math.isnan(row.value) else row.value,
                "unit": row.unit,
                "paper": row.paper,
            }
            for part, row in self.rows()
        ]
        contents: dict[str, Any] = {
            "index": facts,
            "missing_metrics": self.missing,
            "left_out": sentences_of_left_out(self.left_out),
            "comparable_with_paper": not self.differences,
            "not_comparable_because": self.differences,
            "rows": rows,
        }
        return json.dumps(contents, indent=2, allow_nan=False) + "\n"

    def as_csv(self) -> str:
        """The table as CSV. A number that is unknown is empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["analysis", "name", "value", "unit", "paper", "comparable_with_paper"])
        for part, row in self.rows():
            value = "" if math.isnan(row.value) else repr(row.value)
            paper = "" if row.paper is None else repr(row.paper)
            comparable = "" if row.paper is None else str(not self.differences).lower()
            writer.writerow([part.name, row.name, value, row.unit, paper, comparable])
        return text.getvalue()


def summarize(index: Index, *, progress: Progress | None = None) -> IndexSummary:
    """Analyse an index. This does not need matplotlib.

    Args:
        index: the index to analyse. Parts that need a metric that it lacks at its highest budget
            are left out, and `IndexSummary.missing` and the captions say so.
        progress: True for a bar, or a function that is called with the number of analyses done and
            the number of analyses in all.

    Raises:
        TypeError: `index` is no index.
        ValueError: the index has no cells, or neither accuracies nor training times at its highest
            budget.

    Example:
        >>> summarize(nb101fast.open()).budgets.correlation
    """
    check_type("index", index, Index, use="an open Index")
    measured = Measured(index)
    analyses = [*_ANALYSES, *([own_columns_of] if index.own_columns else [])]
    parts = []
    with told(progress, "analysing") as phases:
        for analysis in analyses:
            parts.append(analysis(measured))
            phases(len(parts), len(analyses))
    return IndexSummary(index, measured.missing, measured.left_out, *parts)
