"""A cell as a picture: a standalone SVG, for notebooks and reports."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import numpy.typing as npt

# Okabe and Ito's colours, told apart by colour-blind readers too.
_FILL = {
    "input": "#dddddd",
    "output": "#dddddd",
    "conv3x3-bn-relu": "#56b4e9",
    "conv1x1-bn-relu": "#f0c75e",
    "maxpool3x3": "#8fd1b5",
}
_BOX_WIDTH, _BOX_HEIGHT = 118, 26
_STEP_X, _STEP_Y = 138, 54
_MARGIN = 8


def cell_svg(matrix: npt.NDArray[np.uint8], ops: Sequence[str]) -> str:
    """An SVG of the cell, its input on top, each vertex one row below its deepest predecessor."""
    places = _places(matrix)
    width = max(x for x, _ in places) + _BOX_WIDTH / 2 + _MARGIN
    height = max(y for _, y in places) + _BOX_HEIGHT / 2 + _MARGIN
    edges = [_edge(places[v], places[w]) for v, w in np.argwhere(matrix).tolist()]
    boxes = [_box(place, op) for place, op in zip(places, ops, strict=True)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="sans-serif" font-size="12">'
        '<defs><marker id="nb101-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#555"/></marker></defs>'
        + "".join(edges + boxes)
        + "</svg>"
    )


def _places(matrix: npt.NDArray[np.uint8]) -> list[tuple[float, float]]:
    """Centres of the vertices: rows by longest path from the input, each row centred."""
    depth = [0] * len(matrix)
    for v, w in np.argwhere(matrix).tolist():
        depth[w] = max(depth[w], depth[v] + 1)
    depth[-1] = max(depth[-1], max(depth[:-1]) + 1)
    rows = [[v for v in range(len(depth)) if depth[v] == row] for row in range(max(depth) + 1)]
    widest = max(map(len, rows))
    places = [(0.0, 0.0)] * len(depth)
    for y, row in enumerate(rows):
        # Every other row is shifted a little, so that a straight edge misses the boxes between.
        shift = (widest - len(row)) / 2 + 0.5 + (0.18 if y % 2 and len(row) == 1 else 0.0)
        for x, v in enumerate(row):
            places[v] = (
                _MARGIN + (x + shift) * _STEP_X,
                _MARGIN + _BOX_HEIGHT / 2 + y * _STEP_Y,
            )
    return places


def _edge(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x1, y1), (x2, y2) = start, end
    y1, y2 = y1 + _BOX_HEIGHT / 2, y2 - _BOX_HEIGHT / 2
    rows = round((y2 - y1 + _BOX_HEIGHT) / _STEP_Y)
    bend = 0.0 if rows < 2 else 42.0 * rows * (1 if x1 <= x2 else -1)
    middle = (y1 + y2) / 2
    return (
        f'<path d="M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {middle:.1f} {x2 + bend:.1f} {middle:.1f} '
        f'{x2:.1f} {y2:.1f}" fill="none" stroke="#555" marker-end="url(#nb101-arrow)"/>'
    )


def _box(centre: tuple[float, float], op: str) -> str:
    x, y = centre
    return (
        f'<rect x="{x - _BOX_WIDTH / 2:.1f}" y="{y - _BOX_HEIGHT / 2:.1f}" width="{_BOX_WIDTH}" '
        f'height="{_BOX_HEIGHT}" rx="5" fill="{_FILL.get(op, "#ffffff")}" stroke="#555"/>'
        f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{escape(op)}</text>'
    )
