"""The style of the project's figures. It needs matplotlib, but no display.

The figures are separate from those of `matplotlib.pyplot`, so a program's own plots and settings
stay as they are.

>>> with plotting.style():
...     figure, axes = plotting.panels(1, 2)
...     axes[0].plot(seconds, regret, **plotting.line(0), label="RS")
>>> figure_file.save(figure, "out", "regret")
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from ._core import visible
from .extras import import_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# The palette of Okabe and Ito, which colour-blind readers can tell apart too. Their yellow is left
# out because it is too pale for lines. The grey and the wine red are added.
PALETTE = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#000000",
    "#8c8c8c",
    "#882255",
)
LINE_STYLES: tuple[Any, ...] = (
    "-",
    (0, (5, 2)),
    (0, (1.5, 1.5)),
    (0, (7, 2, 1.5, 2)),
    (0, (9, 2)),
)
NUM_LINES = len(PALETTE) * len(LINE_STYLES)  # their numbers have no common factor
# Markers tell curves apart in grey print, where colours do not.
MARKERS = "osD^vPX*<>p"
DENSITY = "cividis"  # the colour map of counts and values

PIXELS_PER_INCH = 96  # those of SVG and HTML
DOTS_PER_INCH = 150  # those of PNG
POINTS_PER_PIXEL = 72 / PIXELS_PER_INCH
_PANEL_INCHES = (4.2, 3.1)
_LAYOUT: Final = "constrained"
_MARKER_DISTANCE = 0.12  # in parts of the panel's diagonal
_STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#555555",
    "axes.formatter.useoffset": False,
    "axes.grid": True,
    "axes.labelsize": 9.5,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "axes.titley": 1.0,  # otherwise matplotlib measures all labels again to find the place
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",  # matplotlib brings it
    "font.size": 9.5,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.7,
    "image.cmap": DENSITY,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.7,
    "savefig.dpi": DOTS_PER_INCH,
    "svg.fonttype": "path",
    "svg.hashsalt": "nb101fast",
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
}


def import_matplotlib(module: str = "matplotlib") -> Any:
    """Import matplotlib or one of its modules.

    Raises:
        ImportError: matplotlib is missing; the error says what to install.
    """
    return import_extra(module, extra="plots")


@contextmanager
def style() -> Iterator[None]:
    """Use the project's fonts, grid and sizes within the block.

    The user's settings neither change nor have an effect. A function that draws can be decorated
    with `@style()` instead.

    Raises:
        ImportError: matplotlib is missing; the error says what to install.
    """
    matplotlib = import_matplotlib()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def panels(
    rows: int = 1,
    columns: int = 1,
    *,
    inches: tuple[float, float] = _PANEL_INCHES,
    title: str = "",
    **options: Any,
) -> tuple[Figure, npt.NDArray[Any]]:
    """Make a figure of panels; call it within `style`.

    Args:
        rows: the number of rows of panels.
        columns: the number of columns of panels.
        inches: the width and the height of one panel.
        title: the title of the whole figure.
        **options: passed on to `matplotlib.figure.Figure.subplots`.

    Returns:
        The figure, and an array of its axes, row by row: (rows * columns,).
    """
    figure = _figure((columns * inches[0], rows * inches[1]), layout=_LAYOUT)
    if title:
        figure.suptitle(title, fontsize=12)
    axes = np.asarray(figure.subplots(rows, columns, squeeze=False, **options)).reshape(-1)
    for each in axes:
        each.spines[:].set_in_layout(False)  # the layout asks the panel itself where it ends
    return figure, axes


def stack(figure: Figure) -> None:
    """Put the panels of a figure one below the other, for narrow screens; call it within `style`.

    Args:
        figure: a figure of `panels`, which may have been rendered.
    """
    stacked = figure.axes
    place = stacked[0].get_subplotspec()
    assert place is not None
    rows, columns = place.get_gridspec().get_geometry()
    width, height = figure.get_size_inches() / (columns, rows)
    figure.set_size_inches(min(width, _PANEL_INCHES[0]), len(stacked) * height)
    column = figure.add_gridspec(len(stacked), 1)
    for row, axes in enumerate(stacked):
        axes.set_subplotspec(column[row])
    figure.set_layout_engine(_LAYOUT)


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Make a figure with a transparent background, to draw on without an axis.

    Args:
        width, height: of the figure, in pixels.

    Returns:
        The figure, and its axes, whose units are pixels: (0, 0) is at the top left.
    """
    figure = _figure((width / PIXELS_PER_INCH, height / PIXELS_PER_INCH))
    figure.patch.set_alpha(0)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return figure, axes


def _figure(size: tuple[float, float], **options: Any) -> Figure:
    import_matplotlib()
    from .shown_figure import ShownFigure

    return ShownFigure(figsize=size, **options)


def plain(text: str) -> str:
    """A name as matplotlib shows it as it is: without mathematics between dollar signs.

    Control characters are shown as escapes, such as \\x1b.

    Example:
        >>> axes.set_title(plain("prices in $ and $"))
    """
    return visible(text).replace("$", r"\$")


def line(number: int) -> dict[str, Any]:
    """The colour and the line style of a curve by its number.

    No two of the first `NUM_LINES` numbers have the same colour and the same line style.

    Example:
        >>> axes.plot(x, y, **line(3))
    """
    return {
        "color": PALETTE[number % len(PALETTE)],
        "linestyle": LINE_STYLES[number % len(LINE_STYLES)],
    }


def curve(number: int) -> dict[str, Any]:
    """The colour, the line style and the markers of a curve by its number, as `line` has them.

    Example:
        >>> axes.plot(x, y, **curve(3))
    """
    marker = number % len(MARKERS)
    begin = _MARKER_DISTANCE * marker / len(MARKERS)  # so that markers of near curves do not meet
    return line(number) | {
        "marker": MARKERS[marker],
        "markersize": 4.5,
        "markevery": (begin, _MARKER_DISTANCE),
    }


def steps(axes: Axes, x: npt.ArrayLike, y: npt.ArrayLike, **options: Any) -> None:
    """Draw a step function that has the value y[i] from x[i] to x[i + 1]."""
    axes.plot(x, y, drawstyle="steps-post", **options)


def matrix(
    axes: Axes,
    values: npt.NDArray[np.float64],
    names: Sequence[object],
    number: str,
    **options: Any,
) -> None:
    """Draw a square matrix as coloured squares with their numbers; the first row is on top.

    Args:
        axes: the panel to draw in.
        values: float64 (n, n). The square of a NaN stays white and empty.
        names: the names of the rows, which are those of the columns too.
        number: the format of the numbers, such as "+.2f".
        **options: passed on to `Axes.pcolormesh`, such as vmin, vmax and cmap.
    """
    places = np.arange(len(values))
    squares = axes.pcolormesh(places, places, values, shading="nearest", **options)
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            ink = _ink_on(*squares.to_rgba(np.asarray(value))[:3])
            text = f"{value:{number}}"
            label = axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=11)
            label.set_in_layout(False)  # it lies within its square
    axes.set_xticks(places, map(str, names))
    axes.set_yticks(places, map(str, names))
    axes.invert_yaxis()
    axes.set_aspect("equal")
    axes.grid(visible=False)


def _ink_on(red: float, green: float, blue: float) -> str:
    """Black or white, whichever has the higher contrast on a colour, as WCAG 2 defines it."""
    parts = np.array([red, green, blue])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return "black" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "white"


def set_log(axes: Axes, *directions: str) -> None:
    """Make axes logarithmic, with the ticks of `label_log`.

    Call it after everything is drawn. Values of 0 or less disappear.

    Args:
        axes: the panel.
        *directions: "x", "y" or both.
    """
    for direction in directions:
        axes.set(**{f"{direction}scale": "log"})
        label_log(getattr(axes, f"{direction}axis"))


def label_log(axis: Axis) -> None:
    """Give a logarithmic axis plain tick labels such as 0.5, 1, 2, 5, 10 or 1k, 2k, 5k.

    Call it after everything is drawn. No other ticks remain.
    """
    ticker = import_matplotlib("matplotlib.ticker")
    low, high = axis.get_view_interval()
    digits = (1, 2, 5) if high < 1000 * low else (1,)
    axis.set_major_locator(ticker.LogLocator(subs=digits))
    axis.set_minor_locator(ticker.NullLocator())
    label_plainly(axis)


def label_plainly(axis: Axis) -> None:
    """Label an axis with numbers such as 0.5, 1 or 20k, and with no power of ten at its end."""
    in_thousands = import_matplotlib("matplotlib.ticker").EngFormatter(sep="")
    axis.set_major_formatter(
        lambda value, place: f"{value:g}" if value < 1 else in_thousands(value)
    )
