"""Random graphs to compare with."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reference.cells import Graph, graph_of, prune


def random_graph(rng: np.random.Generator, vertices: int, low: int = 0, high: int = 3) -> Graph:
    """Any upper triangular matrix, sparse to dense, with labels of low..high-1."""
    density = rng.uniform(0.1, 0.9)
    matrix = np.triu(rng.random((vertices, vertices)) < density, 1)
    return graph_of(matrix, rng.integers(low, high, vertices - 2).tolist())


def random_connected_graphs(
    rng: np.random.Generator, count: int, sizes: range, low: int = 0, high: int = 3
) -> Iterator[Graph]:
    """Graphs whose input and output are joined; some of their vertices may be prunable."""
    while count:
        graph = random_graph(rng, int(rng.choice(sizes)), low, high)
        if prune(graph) is not None:
            count -= 1
            yield graph
