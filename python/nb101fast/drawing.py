"""A cell as a picture: a standalone SVG, for notebooks and reports."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

import numpy as np
import numpy.typing as npt

# After Okabe and Ito: told apart by colour-blind readers too.
_FILL = {
    "input": "#dddddd",
    "output": "#dddddd",
    "conv3x3-bn-relu": "#56b4e9",
    "conv1x1-bn-relu": "#f0c75e",
    "maxpool3x3": "#8fd1b5",
}
_BOX_WIDTH, _BOX_HEIGHT = 118, 26
_GAP = 20
_LANE_WIDTH = 24  # of an edge that passes a row of boxes
_ROW_HEIGHT = 54
_MARGIN = 8

Point = tuple[float, float]
# What stands in a row: a vertex (v, v), or the lane of an edge (v, w) that passes it.
Item = tuple[int, int]


def cell_svg(matrix: npt.NDArray[np.uint8], ops: Sequence[str]) -> str:
    """An SVG of the cell, its input on top, each vertex below its deepest predecessor."""
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


def _depths(edges: Sequence[Item], vertices: int) -> list[int]:
    """Rows: the longest path from the input; the output below all."""
    depth = [0] * vertices
    for v, w in edges:  # in row-major order, so a vertex is final before its edges come
        depth[w] = max(depth[w], depth[v] + 1)
    depth[-1] = max(depth[-1], max(depth[:-1]) + 1)
    return depth


def _places(edges: Sequence[Item], depth: Sequence[int]) -> dict[tuple[int, int, int], Point]:
    """Centres, by (v, 0, v) of a vertex and (v, row, w) of an edge's lane in a row it passes."""
    rows: list[list[tuple[int, int, int]]] = [[] for _ in range(max(depth) + 1)]
    above: dict[tuple[int, int, int], list[tuple[int, int, int]]] = {}
    for v, row in enumerate(depth):
        rows[row].append((v, 0, v))
    for v, w in edges:
        path = _path((v, w), depth)
        for row in range(depth[v] + 1, depth[w]):
            rows[row].append((v, row, w))
        for upper, lower in pairwise(path):
            above.setdefault(lower, []).append(upper)
    places: dict[tuple[int, int, int], Point] = {}
    for row, items in enumerate(rows):

        def middle_of_above(item: tuple[int, int, int]) -> float:
            return float(np.mean([places[a][0] for a in above[item]])) if item in above else 0.0

        items.sort(key=middle_of_above)
        widths = [_BOX_WIDTH if v == w else _LANE_WIDTH for v, _, w in items]
        x = -(sum(widths) + _GAP * (len(widths) - 1)) / 2
        for item, width in zip(items, widths, strict=True):
            places[item] = (x + width / 2, _MARGIN + _BOX_HEIGHT / 2 + row * _ROW_HEIGHT)
            x += width + _GAP
    left = min(x for x, _ in places.values()) - _BOX_WIDTH / 2 - _MARGIN
    return {item: (x - left, y) for item, (x, y) in places.items()}


def _path(edge: Item, depth: Sequence[int]) -> list[tuple[int, int, int]]:
    v, w = edge
    lanes = [(v, row, w) for row in range(depth[v] + 1, depth[w])]
    return [(v, 0, v), *lanes, (w, 0, w)]


def _edge(edge: Item, depth: Sequence[int], places: dict[tuple[int, int, int], Point]) -> str:
    points = [places[item] for item in _path(edge, depth)]
    (x, y), *rest = points
    y += _BOX_HEIGHT / 2
    curve = f"M{x:.1f} {y:.1f}"
    for position, (next_x, next_y) in enumerate(rest):
        is_end = position + 1 == len(rest)
        top, bottom = next_y - _BOX_HEIGHT / 2, next_y + _BOX_HEIGHT / 2
        middle = (y + top) / 2
        curve += f"C{x:.1f} {middle:.1f} {next_x:.1f} {middle:.1f} {next_x:.1f} {top:.1f}"
        if not is_end:  # straight past the boxes of the row
            curve += f"V{bottom:.1f}"
        x, y = next_x, bottom
    return f'<path d="{curve}" fill="none" stroke="#555" marker-end="url(#nb101-arrow)"/>'


def _box(centre: Point, op: str) -> str:
    x, y = centre
    return (
        f'<rect x="{x - _BOX_WIDTH / 2:.1f}" y="{y - _BOX_HEIGHT / 2:.1f}" width="{_BOX_WIDTH}" '
        f'height="{_BOX_HEIGHT}" rx="5" fill="{_FILL.get(op, "#ffffff")}" stroke="#555"/>'
        f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{escape(op)}</text>'
    )
