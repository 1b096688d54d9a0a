"""A cell as a picture: an SVG that needs no other file, or a figure of matplotlib."""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from . import figure_file, plotting
from ._core import visible
from .whole_file import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Light colours near those of Okabe and Ito, which colour-blind readers can tell apart too.
_FILL = {
    "input": "#dddddd",
    "output": "#dddddd",
    "conv3x3-bn-relu": "#56b4e9",
    "conv1x1-bn-relu": "#f0c75e",
    "maxpool3x3": "#8fd1b5",
}
_OTHER_FILL = "#ffffff"
_INK = "#111111"  # of names, which stand on light boxes
_LINE = "#808080"  # of edges: as far from a white background as from a black one
_LINE_WIDTH = 1.4
_ARROW_SIZE = 9
_FONT_SIZE = 12
_BOX_WIDTH, _BOX_HEIGHT = 118, 26
_CORNER = 5
_GAP = 20
_LANE_WIDTH = 24  # the space between two boxes of a row that an edge passes through
_ROW_HEIGHT = 54
_MARGIN = 8

Point: TypeAlias = tuple[float, float]
Edge: TypeAlias = tuple[int, int]
# What a row holds: (v, 0, v) is the box of vertex v, and (v, row, w) is the lane of the edge from v
# to w, which passes through the row without ending there.
Item: TypeAlias = tuple[int, int, int]


class CellDrawing:
    """A cell from top to bottom; each vertex is below all vertices that lead to it.

    Args:
        matrix: uint8 (n, n), strictly upper triangular.
        ops: the names of the n operations.

    Attributes:
        width, height: of the whole picture, in pixels.
        boxes: the centre of the box of each vertex, and the name in it.
        curves: the points of each edge: where it begins, followed by the two control points and the
            end of each Bezier curve.
    """

    def __init__(self, matrix: npt.NDArray[np.uint8], ops: Sequence[str]) -> None:
        edges = [(int(v), int(w)) for v, w in np.argwhere(matrix)]
        depth = _depths(edges, len(ops))
        places = _places(edges, depth)
        self.width = max(x for x, _ in places.values()) + _BOX_WIDTH / 2 + _MARGIN
        self.height = max(y for _, y in places.values()) + _BOX_HEIGHT / 2 + _MARGIN
        self.boxes = [(places[v, 0, v], visible(op)) for v, op in enumerate(ops)]
        self.curves = [_curve([places[item] for item in _path(edge, depth)]) for edge in edges]

    def as_svg(self) -> str:
        """The text of an SVG file. In HTML it shrinks to the width that there is."""
        width, height = f"{self.width:.0f}", f"{self.height:.0f}"
        parts = [*map(_svg_edge, self.curves), *(_svg_box(*box) for box in self.boxes)]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" style="max-width: 100%; height: auto" '
            f'font-family="sans-serif" font-size="{_FONT_SIZE}">'
            '<defs><marker id="nb101-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="6" '
            f'markerHeight="6" orient="auto"><path d="M0 0 8 4 0 8z" fill="{_LINE}"/></marker>'
            f"</defs>{''.join(parts)}</svg>"
        )

    @plotting.style()
    def as_figure(self) -> Figure:
        """The same picture as a figure of matplotlib, with a transparent background.

        Raises:
            ImportError: matplotlib is missing.
        """
        figure, axes = plotting.canvas(self.width, self.height)
        patches = plotting.import_matplotlib("matplotlib.patches")
        paths = plotting.import_matplotlib("matplotlib.path")
        width = _LINE_WIDTH * plotting.POINTS_PER_PIXEL
        for curve in self.curves:
            kinds = [paths.Path.MOVETO, *[paths.Path.CURVE4] * (len(curve) - 1)]
            axes.add_patch(
                patches.FancyArrowPatch(
                    path=paths.Path(curve, kinds),
                    arrowstyle="-|>",
                    mutation_scale=_ARROW_SIZE * plotting.POINTS_PER_PIXEL,
                    color=_LINE,
                    linewidth=width,
                    shrinkA=0,
                    shrinkB=0,
                )
            )
        for (x, y), name in self.boxes:
            axes.add_patch(
                patches.FancyBboxPatch(
                    (x - _BOX_WIDTH / 2, y - _BOX_HEIGHT / 2),
                    _BOX_WIDTH,
                    _BOX_HEIGHT,
                    boxstyle=f"round,pad=0,rounding_size={_CORNER}",
                    facecolor=_FILL.get(name, _OTHER_FILL),
                    edgecolor=_LINE,
                    linewidth=width,
                )
            )
            size = _FONT_SIZE * plotting.POINTS_PER_PIXEL
            text = plotting.plain(name)
            axes.text(x, y, text, ha="center", va="center", color=_INK, fontsize=size)
        return figure

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file, whole or not at all; `Cell.draw` says what it raises."""
        target = Path(path)
        if figure_file.form_of(target) == "svg":
            write_whole(target, self.as_svg().encode())
        else:
            figure_file.write(self.as_figure(), target)


def _depths(edges: Sequence[Edge], vertices: int) -> list[int]:
    """The row of each vertex: the length of the longest path to it. The output has the last row."""
    depth = [0] * vertices
    for v, w in edges:  # row by row, so depth[v] is final before the edges from v are used
        depth[w] = max(depth[w], depth[v] + 1)
    depth[-1] = max(depth[-1], max(depth[:-1]) + 1)
    return depth


def _places(edges: Sequence[Edge], depth: Sequence[int]) -> dict[Item, Point]:
    """The centre of each item. The items of a row are ordered by the mean place of those above."""
    rows: list[list[Item]] = [[] for _ in range(max(depth) + 1)]
    above: dict[Item, list[Item]] = {}
    for v, row in enumerate(depth):
        rows[row].append((v, 0, v))
    for v, w in edges:
        path = _path((v, w), depth)
        for row in range(depth[v] + 1, depth[w]):
            rows[row].append((v, row, w))
        for upper, lower in pairwise(path):
            above.setdefault(lower, []).append(upper)
    places: dict[Item, Point] = {}
    for row, items in enumerate(rows):

        def middle_of_above(item: Item) -> float:
            return float(np.mean([places[a][0] for a in above[item]])) if item in above else 0.0

        items.sort(key=middle_of_above)
        widths = [_BOX_WIDTH if v == w else _LANE_WIDTH for v, _, w in items]
        x = -(sum(widths) + _GAP * (len(widths) - 1)) / 2
        for item, width in zip(items, widths, strict=True):
            places[item] = (x + width / 2, _MARGIN + _BOX_HEIGHT / 2 + row * _ROW_HEIGHT)
            x += width + _GAP
    left = min(x for x, _ in places.values()) - _BOX_WIDTH / 2 - _MARGIN
    return {item: (x - left, y) for item, (x, y) in places.items()}


def _path(edge: Edge, depth: Sequence[int]) -> list[Item]:
    """The items that an edge connects: the box of v, its lanes, the box of w."""
    v, w = edge
    lanes = [(v, row, w) for row in range(depth[v] + 1, depth[w])]
    return [(v, 0, v), *lanes, (w, 0, w)]


def _curve(places: Sequence[Point]) -> list[Point]:
    """The points of an edge through the centres of its items: a box, its lanes, and a box."""
    (x, y), *rest = places
    points = [(x, y + _BOX_HEIGHT / 2)]
    for next_x, next_y in rest:
        x, y = points[-1]
        top, bottom = next_y - _BOX_HEIGHT / 2, next_y + _BOX_HEIGHT / 2
        middle = (y + top) / 2
        points += [(x, middle), (next_x, middle), (next_x, top)]
        if (next_x, next_y) != places[-1]:  # a straight line past the boxes of the row
            points += [(next_x, next_y), (next_x, next_y), (next_x, bottom)]
    return points


def _svg_edge(curve: Sequence[Point]) -> str:
    start, *others = (f"{x:.1f} {y:.1f}" for x, y in curve)
    return (
        f'<path d="M{start}C{" ".join(others)}" fill="none" stroke="{_LINE}" '
        f'stroke-width="{_LINE_WIDTH}" marker-end="url(#nb101-arrow)"/>'
    )


def _svg_box(centre: Point, name: str) -> str:
    x, y = centre
    return (
        f'<rect x="{x - _BOX_WIDTH / 2:.1f}" y="{y - _BOX_HEIGHT / 2:.1f}" width="{_BOX_WIDTH}" '
        f'height="{_BOX_HEIGHT}" rx="{_CORNER}" fill="{_FILL.get(name, _OTHER_FILL)}" '
        f'stroke="{_LINE}"/>'
        f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" fill="{_INK}">'
        f"{escape(name)}</text>"
    )
