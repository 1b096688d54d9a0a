"""How the project's figures look, and their files: needs matplotlib, and no display.

Figures are objects of their own, so nothing of a program's own plots changes.

>>> with plotting.style():
...     figure, axes = plotting.panels(1, 2)
...     axes[0].plot(seconds, regret, **plotting.line(0), label="RS")
>>> plotting.save(figure, "out", "regret")
"""

from __future__ import annotations

import importlib
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ._core import AtomicFile
from .extras import needs
from .index import checked_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# After Okabe and Ito: told apart by colour-blind readers too. Their yellow is too pale for lines.
PALETTE = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#000000",
    "#8c8c8c",
)
LINE_STYLES: tuple[Any, ...] = (
    "-",
    (0, (5, 2)),
    (0, (1.5, 1.5)),
    (0, (7, 2, 1.5, 2)),
    (0, (9, 2)),
)
DENSITY = "cividis"  # the colour map of counts and of values
FORMATS = ("png", "svg")

_PANEL_INCHES = (4.2, 3.1)
_STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#555555",
    "axes.grid": True,
    "axes.labelsize": 9.5,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",  # which comes with matplotlib
    "font.size": 9.5,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.7,
    "image.cmap": DENSITY,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.7,
    "savefig.dpi": 150,
    "svg.fonttype": "path",
    "svg.hashsalt": "nb101fast",
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
}
# Nothing of the day or of the machine: equal figures are equal files.
_METADATA: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None}}


def import_matplotlib(module: str = "matplotlib") -> Any:
    """matplotlib, or a module of it; ImportError that says how to get it."""
    with needs("matplotlib", extra="plots"):
        return importlib.import_module(module)


@contextmanager
def style() -> Iterator[None]:
    """Fonts, grid and sizes for what is drawn within, whatever the user's own settings are.

    Also a decorator of functions that draw: `@style()`.
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
    """A figure of panels, within `style`.

    Args:
        inches: width and height of a panel.
        title: of the figure.
        **options: as of `matplotlib.figure.Figure.subplots`.

    Returns:
        The figure, and its axes as an array (rows * columns,), row by row.
    """
    size = columns * inches[0], rows * inches[1]
    figure = import_matplotlib("matplotlib.figure").Figure(figsize=size, layout="constrained")
    if title:
        figure.suptitle(title, fontsize=12)
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, np.asarray(axes).reshape(-1)


def line(number: int) -> dict[str, Any]:
    """Colour and line style of a figure's n-th curve: no two of the first 40 share both.

    Example:
        >>> axes.plot(x, y, **line(3))
    """
    return {
        "color": PALETTE[number % len(PALETTE)],
        "linestyle": LINE_STYLES[number % len(LINE_STYLES)],
    }


def steps(axes: Axes, x: npt.ArrayLike, y: npt.ArrayLike, **options: Any) -> None:
    """Draw a step function: y[i] from x[i] on."""
    axes.plot(x, y, drawstyle="steps-post", **options)


def matrix(
    axes: Axes,
    values: npt.NDArray[np.float64],
    names: Sequence[object],
    number: str,
    **options: Any,
) -> None:
    """Draw a square matrix as coloured squares, the first row on top, each with its number.

    Args:
        values: (n, n); NaN stays white.
        names: of the rows, and of the columns.
        number: the format of the numbers, as "+.2f".
        **options: as of `Axes.pcolormesh`: vmin, vmax, cmap.
    """
    places = np.arange(len(values))
    squares = axes.pcolormesh(places, places, values, shading="nearest", **options)
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            red, green, blue, _ = squares.to_rgba(np.asarray(value))
            is_light = 0.3 * red + 0.6 * green + 0.1 * blue > 0.55
            colour = "black" if is_light else "white"
            axes.text(column, row, f"{value:{number}}", ha="center", va="center", color=colour)
    axes.set_xticks(places, map(str, names))
    axes.set_yticks(places, map(str, names))
    axes.invert_yaxis()
    axes.set_aspect("equal")
    axes.grid(visible=False)


def set_log(axes: Axes, *directions: str) -> None:
    """Make axes, "x" and "y", logarithmic, with ticks that can be read: 0.5, 1, 2, 5, .. 1k, 2k, ..

    Call it when all is drawn. Values that aren't above 0 are left out.
    """
    ticker = import_matplotlib("matplotlib.ticker")
    in_thousands = ticker.EngFormatter(sep="")
    for direction in directions:
        axes.set(**{f"{direction}scale": "log"})
        axis = getattr(axes, f"{direction}axis")
        low, high = axis.get_view_interval()
        digits = (1, 2, 5) if high < 1000 * low else (1,)
        axis.set_major_locator(ticker.LogLocator(subs=digits))
        axis.set_major_formatter(
            lambda value, place: f"{value:g}" if value < 1 else in_thousands(value)
        )
        axis.set_minor_locator(ticker.NullLocator())


def render(figure: Figure, form: str) -> bytes:
    """The figure as "png" or "svg"; equal figures give equal bytes.

    Raises:
        ValueError: another form.
    """
    if form not in FORMATS:
        raise ValueError(f"form={form!r}; {', '.join(map(repr, FORMATS))} are allowed")
    contents = io.BytesIO()
    with style():
        if layout := figure.get_layout_engine():  # once: a second time moves it a little
            layout.execute(figure)
            figure.set_layout_engine("none")
        figure.savefig(contents, format=form, metadata=_METADATA[form])
    return contents.getvalue()


def save(figure: Figure, folder: str | os.PathLike[str], name: str) -> tuple[Path, ...]:
    """Write `name.png` and `name.svg`, each whole or not at all; the folder is made.

    Returns:
        Their paths.

    Example:
        >>> plotting.save(figure, "out", "regret")
        (PosixPath('out/regret.png'), PosixPath('out/regret.svg'))
    """
    contents = {form: render(figure, form) for form in FORMATS}
    os.makedirs(folder, exist_ok=True)
    paths = tuple(Path(folder, f"{name}.{form}") for form in FORMATS)
    for path, content in zip(paths, contents.values(), strict=True):
        file = AtomicFile(checked_name(path))
        file.write(content)
        file.commit()
    return paths
