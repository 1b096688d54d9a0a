"""Plain Pareto fronts and hypervolumes. In every objective, less is better."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from math import prod

Point = Sequence[float]


def dominates(p: Point, q: Point) -> bool:
    """Tell whether a point is nowhere worse and somewhere better; with a NaN it is not."""
    return all(a <= b for a, b in zip(p, q, strict=True)) and any(
        a < b for a, b in zip(p, q, strict=True)
    )


def front(points: Sequence[Point]) -> list[int]:
    """Positions of the points without NaN that no other dominates."""
    return [
        i
        for i, p in enumerate(points)
        if all(value == value for value in p) and not any(dominates(q, p) for q in points)
    ]


def volume_of_union(points: Sequence[Point], reference: Point) -> float:
    """Inclusion and exclusion over all subsets of the boxes between points and reference."""
    boxes = [p for p in points if all(a < r for a, r in zip(p, reference, strict=True))]
    volume = 0.0
    for size in range(1, len(boxes) + 1):
        for some in combinations(boxes, size):
            shared = prod(r - max(axis) for *axis, r in zip(*some, reference, strict=True))
            volume += shared if size % 2 else -shared
    return volume


def volume_of_cubes(points: Sequence[Point], reference: Sequence[int]) -> int:
    """Counts the unit cubes from 0 up to the reference whose lower corners a point covers."""
    return sum(
        any(all(a <= c for a, c in zip(p, cube, strict=True)) for p in points)
        for cube in product(*map(range, reference))
    )
