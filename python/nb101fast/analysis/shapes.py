"""Accuracy and training time by the depth and the width of the cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .. import plotting, search_space
from .groups import Groups, groups_of
from .measured import Measured
from .row import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHAPES = {
    "depth": (search_space.depth, "depth: edges of the longest path"),
    "width": (search_space.width, "width: edges of the largest directed cut"),
}
METRICS = {"validation_accuracy": "validation accuracy", "training_time": "training time, s"}


@dataclass(frozen=True, eq=False)
class Shapes:
    """Means over repeats at the final budget, grouped.

    Attributes:
        groups: by shape ("depth", "width") and metric ("validation_accuracy", "training_time").
    """

    final_epochs: int
    groups: dict[tuple[str, str], Groups]

    title = "Depth and width"
    name = "shapes"

    @property
    def caption(self) -> str:
        """What one sees."""
        return (
            f"Validation accuracy and training time at {self.final_epochs} epochs, mean of a "
            "cell's repeats. Boxes reach from quartile to quartile, with a line at the median and "
            "a dot at the mean; below each stands how many cells it is of."
        )

    def rows(self) -> list[Row]:
        """The shape with the best mean."""
        rows = []
        for shape, paper in (("depth", 3.0), ("width", None)):
            groups = self.groups[shape, "validation_accuracy"]
            best = int(groups.keys[np.argmax(groups.means)])
            rows.append(Row(f"{shape} of the best mean validation accuracy", best, "", paper))
        return rows

    @plotting.style()
    def figure(self) -> Figure:
        """A panel for each shape and metric."""
        figure, axes = plotting.panels(2, 2)
        for panel, ((shape, metric), groups) in zip(axes, self.groups.items(), strict=True):
            groups.draw(panel, xlabel=SHAPES[shape][1], ylabel=METRICS[metric])
        return figure


def shapes_of(measured: Measured) -> Shapes:
    """Group the cells by depth and by width."""
    return Shapes(
        final_epochs=measured.final_epochs,
        groups={
            (shape, metric): groups_of(property_of(measured.codes), measured.mean(metric))
            for metric in METRICS
            for shape, (property_of, _) in SHAPES.items()
        },
    )
