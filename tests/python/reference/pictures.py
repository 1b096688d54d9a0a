"""Figures as small pictures, to be compared with golden ones.

Versions of matplotlib differ in their text, and so in where they place panels: what is compared are
panels at fixed places without text, averaged over squares of pixels.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nb101fast import figure_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SQUARE = 6  # pixels

Picture = npt.NDArray[np.float64]  # (height, width, 3); 0 is black, 1 is white


def small(figure: Figure) -> Picture:
    """Colours averaged over squares, text left out. The figure is changed."""
    from matplotlib import image
    from matplotlib.legend import Legend
    from matplotlib.text import Text

    figure.set_layout_engine("none")
    for part in (*figure.findobj(Text), *figure.findobj(Legend)):
        part.set_visible(False)
    pixels = image.imread(io.BytesIO(figure_file.render(figure, "png")))[..., :3]
    height, width = (size // SQUARE for size in pixels.shape[:2])
    squares = pixels[: height * SQUARE, : width * SQUARE]
    averaged = squares.reshape(height, SQUARE, width, SQUARE, 3).mean(axis=(1, 3))
    return np.asarray(averaged, np.float64)


def read(path: Path) -> Picture:
    """Read a golden picture."""
    from matplotlib import image

    return np.asarray(image.imread(path)[..., :3], np.float64)


def write(path: Path, picture: Picture) -> None:
    """Replace a golden picture."""
    from matplotlib import image

    image.imsave(path, picture)


def difference(one: Picture, other: Picture) -> float:
    """Return the root mean square of the difference of two pictures."""
    assert one.shape == other.shape
    return float(np.sqrt(np.mean((one - other) ** 2)))
