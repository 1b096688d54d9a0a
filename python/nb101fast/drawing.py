"""A cell as a picture, for notebooks and reports: an SVG that needs no other file."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ._core import visible

# The palette of Okabe and Ito, which colour-blind readers can tell apart too.
_FILL = {
    "input": "#dddddd",
    "output": "#dddddd",
    "conv3x3-bn-relu": "#56b4e9",
    "conv1x1-bn-relu": "#f0c75e",
    "maxpool3x3": "#8fd1b5",
}
_BOX_WIDTH, _BOX_HEIGHT = 118, 26
_GAP = 20
_LANE_WIDTH = 24  # the space between two boxes of a row that an edge passes through
_ROW_HEIGHT = 54
_MARGIN = 8

Point = tuple[float, float]
Edge = tuple[int, int]
# What a row holds: (v, 0, v) is the box of vertex v, and (v, row, w) is the lane of the edge from v
# to w, which passes through the row without ending there.
Item = tuple[int, int, int]


def cell_svg(matrix: npt.NDArray[np.uint8], ops: Sequence[str]) -> str:
    """Draw a cell from top to bottom; each vertex is below all vertices that lead to it.

    Args:
        matrix: uint8 (n, n), strictly upper triangular.
        ops: the names of the n operations.

    Returns:
        The text of an SVG file.
    """
    edges = [(int(v), int(w)) for v, w in np.argwhere(matrix)]
    depth = _depths(edges, len(ops))
    places = _places(edges, depth)
    width = max(x for x, _ in places.values()) + _BOX_WIDTH / 2 + _MARGIN
    height = max(y for _, y in places.values()) + _BOX_HEIGHT / 2 + _MARGIN
    lines = [_edge(edge, depth, places) for edge in edges]
    boxes = [_box(places[v, 0, v], op) for v, op in enumerate(ops)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="sans-serif" font-size="12">'
        '<defs><marker id="nb101-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#555"/></marker></defs>'
        + "".join(lines + boxes)
        + "</svg>"
    )


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


def _edge(edge: Edge, depth: Sequence[int], places: dict[Item, Point]) -> str:
    points = [places[item] for item in _path(edge, depth)]
    (x, y), *rest = points
    y += _BOX_HEIGHT / 2
    curve = f"M{x:.1f} {y:.1f}"
    for position, (next_x, next_y) in enumerate(rest):
        is_end = position + 1 == len(rest)
        top, bottom = next_y - _BOX_HEIGHT / 2, next_y + _BOX_HEIGHT / 2
        middle = (y + top) / 2
        curve += f"C{x:.1f} {middle:.1f} {next_x:.1f} {middle:.1f} {next_x:.1f} {top:.1f}"
        if not is_end:  # a straight line past the boxes of the row
            curve += f"V{bottom:.1f}"
        x, y = next_x, bottom
    return f'<path d="{curve}" fill="none" stroke="#555" marker-end="url(#nb101-arrow)"/>'


def _box(centre: Point, op: str) -> str:
    x, y = centre
    return (
        f'<rect x="{x - _BOX_WIDTH / 2:.1f}" y="{y - _BOX_HEIGHT / 2:.1f}" width="{_BOX_WIDTH}" '
        f'height="{_BOX_HEIGHT}" rx="5" fill="{_FILL.get(op, "#ffffff")}" stroke="#555"/>'
        f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{escape(visible(op))}</text>'
    )
