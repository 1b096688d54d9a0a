"""All analyses of one index, and their figures as a table, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..codes import NUM_CELLS
from ..description import facts_of
from ..index import Index
from .best_cells import BestCells, best_cells_of
from .budgets import Budgets, budgets_of
from .distributions import Distributions, distributions_of
from .locality import Locality, locality_of
from .measured import Measured
from .relations import Relations, relations_of
from .replacements import Replacements, replacements_of
from .row import Row
from .shapes import Shapes, shapes_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAPER_EPOCHS = (4, 12, 36, 108)
NUM_PARTS = 7


class Part(Protocol):
    """What the parts of a summary have in common."""

    name: str
    title: str

    @property
    def caption(self) -> str:
        """One or two sentences."""

    def rows(self) -> list[Row]:
        """Lines of the table."""

    def figure(self) -> Figure | None:
        """None where the index has nothing to be drawn. Needs matplotlib."""


@dataclass(frozen=True, eq=False)
class Summary:
    """The paper's Section 3 for one index; `summarize` makes it."""

    index: Index
    distributions: Distributions
    relations: Relations
    replacements: Replacements
    shapes: Shapes
    budgets: Budgets
    locality: Locality
    best_cells: BestCells

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
            self.best_cells,
        )

    @property
    def differences(self) -> list[str]:
        """Why the paper's figures are no measure for this index; empty where they are."""
        index = self.index
        others = [
            str(training.get("dataset", "?"))
            for training in index.provenance.get("training", [])
            if not str(training.get("dataset", "?")).startswith("cifar10")
        ]
        reasons = {
            "its values are SYNTHETIC, made up for load tests": index.is_synthetic,
            f"it was trained on {', '.join(others)}": bool(others),
            f"it has {len(index):,} of {NUM_CELLS:,} cells": len(index) < NUM_CELLS,
            f"its budgets are {', '.join(map(str, index.epochs))} epochs": (
                index.epochs != PAPER_EPOCHS
            ),
        }
        return [reason for reason, holds in reasons.items() if holds]

    def rows(self) -> Iterator[tuple[Part, Row]]:
        """Every line of the table, with its part."""
        for part in self.parts:
            for row in part.rows():
                yield part, row

    def as_json(self) -> str:
        """The index and the table; null where this index can't tell."""
        facts = facts_of(self.index)
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
            "comparable_with_paper": not self.differences,
            "not_comparable_because": self.differences,
            "rows": rows,
        }
        return json.dumps(contents, indent=2, allow_nan=False) + "\n"

    def as_csv(self) -> str:
        """The table; no value where this index can't tell."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["analysis", "name", "value", "unit", "paper", "comparable_with_paper"])
        for part, row in self.rows():
            value = "" if math.isnan(row.value) else repr(row.value)
            paper = "" if row.paper is None else repr(row.paper)
            comparable = "" if row.paper is None else str(not self.differences).lower()
            writer.writerow([part.name, row.name, value, row.unit, paper, comparable])
        return text.getvalue()


def summarize(index: Index, *, progress: Callable[[int, int], None] | None = None) -> Summary:
    """Analyse an index; matplotlib isn't needed.

    Args:
        progress: called with the parts done and the parts in all.

    Raises:
        ValueError: no cell has accuracies and times at the index's highest budget.

    Example:
        >>> summarize(nb101fast.open()).budgets.correlation
    """
    measured = Measured(index)
    analyses: tuple[Callable[[Measured], Any], ...] = (
        distributions_of,
        relations_of,
        replacements_of,
        shapes_of,
        budgets_of,
        locality_of,
        best_cells_of,
    )
    parts = []
    for analysis in analyses:
        parts.append(analysis(measured))
        if progress:
            progress(len(parts), len(analyses))
    return Summary(index, *parts)
