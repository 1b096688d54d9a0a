"""Plain implementations of the shapes, costs and distances of cells."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import networkx as nx

from reference.cells import Graph, edges_of, prune, vertex_channels

INTERIOR = range(1, 6)


def digraph(graph: Graph) -> nx.DiGraph[int]:
    """The pruned graph's edges; every one is on a path from input to output."""
    pruned = prune(graph)
    assert pruned is not None
    edges: nx.DiGraph[int] = nx.DiGraph()
    edges.add_edges_from(edges_of(pruned.matrix))
    return edges


def depth(graph: Graph) -> int:
    """Return the number of edges of the longest path."""
    return nx.dag_longest_path_length(digraph(graph))


def width(graph: Graph) -> int:
    """Return the size of the largest cut of the vertices that no edge crosses backwards."""
    whole = digraph(graph)
    output = max(whole)
    before = {vertex: nx.ancestors(whole, vertex) for vertex in whole}
    cuts = []
    for kept in product((False, True), repeat=output - 1):
        side = {0, *(vertex for vertex, is_kept in enumerate(kept, start=1) if is_kept)}
        if all(before[vertex] <= side for vertex in side):
            cuts.append(nx.cut_size(whole, side, set(whole) - side))
    return int(max(cuts))


def parallel_edges(graph: Graph) -> int:
    """Return the most edges of which no path has two. By Dilworth's theorem it is the width."""
    edges: Any = nx.line_graph(digraph(graph))
    return max(map(len, nx.antichains(edges)))


def convolutions(graph: Graph) -> list[tuple[int, int, int, int]]:
    """Every convolution of the official network: kernel, channels in and out, image size."""
    pruned = prune(graph)
    assert pruned is not None
    layers = [(3, 3, 128, 32)]
    inputs = 128
    for outputs, size in ((128, 32), (256, 16), (512, 8)):
        for _ in range(3):
            channels = [inputs, *vertex_channels(pruned.matrix, outputs)]
            for vertex in range(1, len(channels)):
                if pruned.matrix[0][vertex]:
                    layers.append((1, inputs, channels[vertex], size))
            for vertex, label in enumerate(pruned.labels, start=1):
                if label < 2:
                    layers.append(({0: 3, 1: 1}[label], channels[vertex], channels[vertex], size))
            inputs = outputs
    return layers


def macs(graph: Graph) -> int:
    """Multiply-accumulates of the convolutions and the dense layer."""
    layers = convolutions(graph)
    return sum(k * k * i * o * size * size for k, i, o, size in layers) + 512 * 10


def parameters(graph: Graph) -> int:
    """Trainable parameters of the same layers, with batch norm's two vectors and the bias."""
    return sum(k * k * i * o + 2 * o for k, i, o, _ in convolutions(graph)) + 513 * 10


def raw_distance(a: Graph, b: Graph) -> int:
    """Edges and labels of 7-vertex graphs that differ."""
    edges = set(edges_of(a.matrix)) ^ set(edges_of(b.matrix))
    return len(edges) + sum(x != y for x, y in zip(a.labels, b.labels, strict=True))


def cell_distance(a: Graph, b: Graph) -> int:
    """The least difference over all ways to match the interior vertices of the pruned graphs."""
    edges, labels = _among_seven(a)
    others, other_labels = _among_seven(b)
    least = 99
    for order in permutations(INTERIOR):
        place = {0: 0, 6: 6, **dict(zip(INTERIOR, order, strict=True))}
        moved = {(place[x], place[y]) for x, y in others}
        changed = sum(
            labels[place[v]] != label for v, label in other_labels.items() if place[v] in labels
        )
        least = min(least, len(edges ^ moved) + changed)
    return least


def _among_seven(graph: Graph) -> tuple[set[tuple[int, int]], dict[int, int]]:
    """Edges with the output at 6, and the labels of the interior vertices that there are."""
    pruned = prune(graph)
    assert pruned is not None
    output = len(pruned.matrix) - 1
    place = [*range(output), 6]
    edges = {(place[x], place[y]) for x, y in edges_of(pruned.matrix)}
    return edges, dict(enumerate(pruned.labels, start=1))
