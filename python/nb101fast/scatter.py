"""The cells of an index as points: one column over another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import plotting
from .reader import Doubles
from .whole_space import GREATER_IS_BETTER, LESS_IS_BETTER, STRUCTURE, WholeSpace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_POINTS = 5000  # Of more cells, the figure shows how many there are in each hexagon.
_LEFT_OUT = (
    0.01  # the lowest accuracies of many cells: a few that failed would take most of an axis
)
_INCHES = (6.0, 4.2)
_UNITS = {"training_time": "s", "total_time": "s"}


@plotting.style()
def scatter(space: WholeSpace, x: str, y: str) -> Figure:
    """Draw what `Index.plot` returns."""
    columns = [space.values(name) for name in (x, y)]
    known = ~np.isnan(columns[0] + columns[1])
    if not known.any():
        raise ValueError(
            f"no cell of the index has both {x} and {y} at {space.epochs} epochs; use other columns"
        )
    is_binned = int(known.sum()) > _MOST_POINTS
    shown = known & _is_shown(x, columns[0], is_binned) & _is_shown(y, columns[1], is_binned)
    across, up = (column[shown] for column in columns)
    title = "SYNTHETIC values, made up for load tests" if space.reader.is_synthetic else ""
    figure, (axes,) = plotting.panels(inches=_INCHES, title=title)
    logarithmic = [name for name, column in (("x", x), ("y", y)) if column in LESS_IS_BETTER]
    if is_binned:
        scales: dict[str, Any] = {f"{direction}scale": "log" for direction in logarithmic}
        bins = axes.hexbin(
            across, up, gridsize=60, bins="log", mincnt=1, linewidths=0.1, rasterized=True, **scales
        )
        figure.colorbar(bins, ax=axes, label="cells", pad=0.01)
    else:
        axes.scatter(across, up, 16, plotting.PALETTE[0], alpha=0.7, linewidths=0)
    plotting.set_log(axes, *logarithmic)
    axes.set(xlabel=_label(space, x), ylabel=_label(space, y))
    return figure


def _is_shown(name: str, values: Doubles, is_binned: bool) -> Any:
    """Whether each value is drawn: a logarithmic axis has no 0."""
    if name in LESS_IS_BETTER:
        return values > 0
    if name in GREATER_IS_BETTER and is_binned:
        return values >= np.nanquantile(values, _LEFT_OUT)
    return ~np.isnan(values)


def _label(space: WholeSpace, name: str) -> str:
    own = space.reader.own_columns.get(name)
    unit = plotting.plain(own.unit) if own else _UNITS.get(name)
    words = name.replace("_", " ") + (f" ({unit})" if unit else "")
    if own or name in STRUCTURE:
        return words
    stage = "" if space.stage == "final" else f", {space.stage}"
    repeat = "mean" if space.repeat == "mean" else f"repeat {space.repeat}"
    return f"{words}, {space.epochs} epochs{stage}, {repeat}"
