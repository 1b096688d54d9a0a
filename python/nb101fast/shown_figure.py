"""A figure of matplotlib that a notebook shows. Importing this module loads matplotlib."""

from __future__ import annotations

import io

from matplotlib.figure import Figure

_DOTS_PER_INCH = 150


class ShownFigure(Figure):
    """A figure that a notebook shows as it is, although `matplotlib.pyplot` was never loaded."""

    def _repr_png_(self) -> bytes:
        contents = io.BytesIO()
        self.savefig(contents, format="png", dpi=_DOTS_PER_INCH)
        return contents.getvalue()
