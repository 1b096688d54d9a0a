"""The cells of an index as points: one column over another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import plotting
from .arrays import Doubles
from .whole_space import GREATER_IS_BETTER, LESS_IS_BETTER, STRUCTURE, WholeSpace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_POINTS = 5000  # Above this number, the figure has hexagons.
# The part of many cells that is left out, those with the lowest accuracies: a few cells that failed
# would take most of an axis.
_LEFT_OUT = 0.01
_INCHES = (6.0, 4.2)
_BAR = (1.015, 0, 0.04, 1)  # the place of the colour bar, in parts of the panel
_UNITS = {"training_time": "s", "total_time": "s"}


@plotting.style()
def scatter(space: WholeSpace, x: str, y: str) -> Figure:
    """Draw what `Index.plot` returns."""
    columns = {name: space.values(name) for name in (x, y)}
    count = int((~np.isnan(columns[x] + columns[y])).sum())
    if not count:
        raise ValueError(
            f"no cell of the index has both {x} and {y} at {space.epochs} epochs; use other columns"
        )
    title = "SYNTHETIC values, made up for load tests" if space.reader.is_synthetic else ""
    figure, (axes,) = plotting.panels(inches=_INCHES, title=title)
    draw_cells(axes, x, y, columns, is_binned=count > _MOST_POINTS)
    axes.set(xlabel=_label(space, x), ylabel=_label(space, y))
    return figure


def draw_cells(
    axes: Axes, x: str, y: str, columns: Mapping[str, Doubles], *, is_binned: bool
) -> None:
    """Draw cells as points; or as hexagons, whose colour says how many cells they hold.

    The axes of times and sizes are logarithmic. With hexagons, the lowest accuracies are left out.

    Args:
        axes: the panel to draw in.
        x, y: the names of the columns that are drawn.
        columns: float64 (N,) by name, NaN for a cell without a value.
        is_binned: whether hexagons are drawn.
    """
    shown = _is_shown(x, columns[x], is_binned) & _is_shown(y, columns[y], is_binned)
    places = columns[x][shown], columns[y][shown]
    logarithmic = [name for name, column in (("x", x), ("y", y)) if column in LESS_IS_BETTER]
    if is_binned:
        scales: dict[str, Any] = {f"{direction}scale": "log" for direction in logarithmic}
        bins = axes.hexbin(
            *places, gridsize=60, bins="log", mincnt=1, linewidths=0.1, rasterized=True, **scales
        )
        place = axes.inset_axes(_BAR)
        axes.figure.colorbar(bins, cax=place, label="cells")
        plotting.label_log(place.yaxis)
    else:
        axes.scatter(*places, 16, plotting.PALETTE[0], alpha=0.7, linewidths=0)
    plotting.set_log(axes, *logarithmic)


def _is_shown(name: str, values: Doubles, is_binned: bool) -> npt.NDArray[np.bool_]:
    """Whether each value is drawn: a logarithmic axis has no 0."""
    if name in LESS_IS_BETTER:
        return values > 0
    if name in GREATER_IS_BETTER and is_binned:
        return np.asarray(values >= np.nanquantile(values, _LEFT_OUT))
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
