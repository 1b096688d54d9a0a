"""Validation accuracy and training time by the depth and the width of the cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .. import plotting, search_space
from .groups import Groups, groups_of
from .measured import Measured, sentence_of_absence
from .row import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHAPES = {
    "depth": (search_space.depth, "depth: edges of the longest path"),
    "width": (search_space.width, "width: edges of the largest directed cut"),
}
LABELS = {"validation_accuracy": "validation accuracy", "training_time": "training time, s"}


@dataclass(frozen=True, eq=False)
class Shapes:
    """The means of the cells over their runs at the final budget, grouped by shape.

    Attributes:
        final_epochs: the budget.
        missing: the metrics that the index lacks. Their groups are left out.
        groups: by shape ("depth", "width") and metric ("validation_accuracy", "training_time").
    """

    final_epochs: int
    missing: tuple[str, ...]
    groups: dict[tuple[str, str], Groups]

    title = "Depth and width"
    name = "shapes"

    @property
    def caption(self) -> str:
        """See `Part`."""
        absence = sentence_of_absence(self.missing, self.final_epochs)
        if not self.groups:
            return absence
        return (
            f"{absence} The values are those at {self.final_epochs} epochs, as means over the runs "
            "of a cell. A box reaches from the first to the third quartile of its cells. The line "
            "is their median, the dot their mean, and the number below is how many cells there are."
        ).lstrip()

    def rows(self) -> list[Row]:
        """See `Part`; the depth and the width with the best mean accuracy."""
        rows = []
        for shape, paper in (("depth", 3.0), ("width", None)):
            if groups := self.groups.get((shape, "validation_accuracy")):
                best = int(groups.keys[np.argmax(groups.means)])
                rows.append(Row(f"{shape} of the best mean validation accuracy", best, "", paper))
        return rows

    @plotting.style()
    def figure(self) -> Figure | None:
        """See `Part`; a panel for each shape and metric."""
        if not self.groups:
            return None
        figure, axes = plotting.panels(len(self.groups) // len(SHAPES), len(SHAPES))
        for panel, ((shape, metric), groups) in zip(axes, self.groups.items(), strict=True):
            groups.draw(panel, xlabel=SHAPES[shape][1], ylabel=LABELS[metric])
        return figure


def shapes_of(measured: Measured) -> Shapes:
    """Group the cells by depth and by width."""
    return Shapes(
        final_epochs=measured.final_epochs,
        missing=measured.absent(*LABELS),
        groups={
            (shape, metric): groups_of(property_of(measured.codes), measured.mean(metric))
            for metric in measured.present(*LABELS)
            for shape, (property_of, _) in SHAPES.items()
        },
    )
