"""The official enumeration of all cells, in the order of their ids."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product

from reference.cells import (
    MAX_EDGES,
    OPERATIONS,
    Graph,
    matrix_of_walk_bits,
    module_hash,
    relabelled,
    smallest_orders,
)


def labelings(vertices: int) -> Iterator[tuple[int, ...]]:
    """Every labeling of the interior vertices, the first vertex most significant."""
    return product(range(len(OPERATIONS)), repeat=vertices - 2)


def pruned_masks(vertices: int) -> Iterator[int]:
    """Yield upwards the edge masks of at most 9 edges that lose no vertex by pruning.

    Column y of the matrix is y adjacent bits of the mask. In a DAG whose every vertex but input
    has an edge in, and every vertex but output an edge out, every vertex lies on a path.
    """
    columns = [range(1, 1 << y) for y in reversed(range(1, vertices))]
    for values in product(*columns):
        mask = leaving = 0
        for y, value in zip(reversed(range(1, vertices)), values, strict=True):
            mask |= value << (y * (y - 1) // 2)
            leaving |= value
        if leaving == (1 << (vertices - 1)) - 1 and mask.bit_count() <= MAX_EDGES:
            yield mask


@cache
def walk(max_vertices: int) -> tuple[Graph, ...]:
    """The first graph with each hash, in the order of the official generator."""
    found: dict[str, Graph] = {}
    for vertices in range(2, max_vertices + 1):
        for mask in pruned_masks(vertices):
            matrix = matrix_of_walk_bits(mask, vertices)
            for labels in labelings(vertices):
                graph = Graph(matrix, labels)
                found.setdefault(module_hash(graph), graph)
    return tuple(found.values())


def representatives(max_vertices: int) -> Iterator[Graph]:
    """Yield the same graphs without hashing: a graph that no relabeling makes smaller."""
    for vertices in range(2, max_vertices + 1):
        for mask in pruned_masks(vertices):
            matrix = matrix_of_walk_bits(mask, vertices)
            smallest, orders = smallest_orders(matrix)
            if smallest != mask:
                continue
            others = [position for position in orders if position != tuple(range(vertices))]
            for labels in labelings(vertices):
                if all(labels <= relabelled(labels, position) for position in others):
                    yield Graph(matrix, labels)
