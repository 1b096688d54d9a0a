"""A plain implementation of everything about one cell. The tests judge the fast one by it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations, permutations
from typing import NamedTuple

import networkx as nx
import numpy as np
import numpy.typing as npt

OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
INPUT_LABEL, OUTPUT_LABEL = -1, -2
MAX_VERTICES, MAX_EDGES = 7, 9
# Bit k of a code is this edge: the upper triangle, row by row.
CODE_EDGES = tuple(combinations(range(MAX_VERTICES), 2))
FIRST_LABEL_BIT, LABEL_BITS = 21, 2

Matrix = tuple[tuple[int, ...], ...]


class Graph(NamedTuple):
    """An upper triangular 0/1 matrix and the labels of its interior vertices."""

    matrix: Matrix
    labels: tuple[int, ...]


def graph_of(matrix: npt.ArrayLike, labels: Sequence[int]) -> Graph:
    """The graph of any array-like matrix."""
    rows = np.asarray(matrix).astype(int).tolist()
    return Graph(tuple(tuple(row) for row in rows), tuple(int(label) for label in labels))


def names_of(graph: Graph) -> list[str]:
    """The operation names of every vertex, as the official code takes them."""
    return ["input", *(OPERATIONS[label] for label in graph.labels), "output"]


def edges_of(matrix: Matrix) -> list[tuple[int, int]]:
    """The edges (x, y), x < y, row by row."""
    return [(x, y) for x, y in combinations(range(len(matrix)), 2) if matrix[x][y]]


def matrix_of(edges: Sequence[tuple[int, int]], vertices: int) -> Matrix:
    """The matrix that has these edges."""
    rows = [[0] * vertices for _ in range(vertices)]
    for x, y in edges:
        rows[x][y] = 1
    return tuple(map(tuple, rows))


@cache
def edge_bits(matrix: Matrix) -> int:
    """The bits of a code for the edges of a matrix."""
    output = len(matrix) - 1
    edges = [(x, MAX_VERTICES - 1 if y == output else y) for x, y in edges_of(matrix)]
    return sum(1 << CODE_EDGES.index(edge) for edge in edges)


def encode(graph: Graph) -> int:
    """Return the packed code. Interior vertices stand at 1..n-2, and the output at 6."""
    code = edge_bits(graph.matrix)
    for vertex, label in enumerate(graph.labels):
        code |= label << (FIRST_LABEL_BIT + LABEL_BITS * vertex)
    return code


def decode(code: int) -> Graph:
    """Return the graph of 7 vertices of a code. The labels stay as they are, also 3."""
    edges = [edge for bit, edge in enumerate(CODE_EDGES) if code >> bit & 1]
    labels = tuple(code >> (FIRST_LABEL_BIT + LABEL_BITS * vertex) & 3 for vertex in range(5))
    return Graph(matrix_of(edges, MAX_VERTICES), labels)


@cache
def kept_vertices(matrix: Matrix) -> tuple[int, ...]:
    """Return the vertices on a path from input to output; none if there is no path."""
    output = len(matrix) - 1
    reached, reaching = {0}, {output}
    for y in range(1, output + 1):
        if any(matrix[x][y] for x in reached):
            reached.add(y)
    for x in reversed(range(output)):
        if any(matrix[x][y] for y in reaching):
            reaching.add(x)
    kept = sorted(reached & reaching)
    return tuple(kept) if {0, output} <= set(kept) else ()


def prune(graph: Graph) -> Graph | None:
    """Return the graph of the kept vertices; None if nothing joins input and output."""
    matrix, labels = graph
    kept = kept_vertices(matrix)
    if not kept:
        return None
    return Graph(
        tuple(tuple(matrix[x][y] for y in kept) for x in kept),
        tuple(labels[vertex - 1] for vertex in kept[1:-1]),
    )


def edge_count(matrix: Matrix) -> int:
    """Return the number of edges."""
    return sum(map(sum, matrix))


def is_valid(graph: Graph) -> bool:
    """Tell whether the pruned graph has at most 7 vertices, at most 9 edges and known labels."""
    pruned = prune(graph)
    return (
        pruned is not None
        and len(pruned.matrix) <= MAX_VERTICES
        and edge_count(pruned.matrix) <= MAX_EDGES
        and all(0 <= label < len(OPERATIONS) for label in pruned.labels)
    )


def is_valid_raw_9(graph: Graph) -> bool:
    """Tell the same, as nas_benchmarks does: there are at most 9 edges before pruning, too."""
    return is_valid(graph) and edge_count(graph.matrix) <= MAX_EDGES


def is_valid_code(code: int, *, meaning: str = "official") -> bool:
    """Tell whether a code is valid. Bit 31 and label 3 are not, even on a vertex to be pruned."""
    graph = decode(code)
    if code >> 31 or 3 in graph.labels:
        return False
    return {"official": is_valid, "raw-9": is_valid_raw_9}[meaning](graph)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


@cache
def neighbors_of_vertices(matrix: Matrix) -> tuple[list[list[int]], list[list[int]]]:
    """Return the vertices with an edge to each vertex, and those with an edge from it."""
    vertices = range(len(matrix))
    sources = [[x for x in vertices if matrix[x][v]] for v in vertices]
    targets = [[y for y in vertices if matrix[v][y]] for v in vertices]
    return sources, targets


def module_hash(graph: Graph) -> str:
    """Return the official hash of the pruned graph."""
    pruned = prune(graph)
    if pruned is None:
        raise ValueError("nothing joins input and output")
    n = len(pruned.matrix)
    labels = [INPUT_LABEL, *pruned.labels, OUTPUT_LABEL]
    sources, targets = neighbors_of_vertices(pruned.matrix)
    hashes = [_md5(str((len(targets[v]), len(sources[v]), labels[v]))) for v in range(n)]
    for _ in range(n):
        hashes = [
            _md5(
                "".join(sorted(hashes[x] for x in sources[v]))
                + "|"
                + "".join(sorted(hashes[y] for y in targets[v]))
                + "|"
                + hashes[v]
            )
            for v in range(n)
        ]
    return _md5(str(sorted(hashes)))


def _labelled_digraph(graph: Graph) -> nx.DiGraph[int]:
    digraph: nx.DiGraph[int] = nx.DiGraph()
    for vertex, label in enumerate([INPUT_LABEL, *graph.labels, OUTPUT_LABEL]):
        digraph.add_node(vertex, label=label)
    digraph.add_edges_from(edges_of(graph.matrix))
    return digraph


def isomorphic(a: Graph, b: Graph) -> bool:
    """Tell whether a relabeling turns one graph into the other, without pruning."""
    return nx.is_isomorphic(
        _labelled_digraph(a),
        _labelled_digraph(b),
        node_match=lambda u, v: u["label"] == v["label"],
    )


def walk_bits(edges: Sequence[tuple[int, int]]) -> int:
    """Return the edges as the number by which the official generator counts upwards."""
    return sum(1 << (x + y * (y - 1) // 2) for x, y in edges)


def matrix_of_walk_bits(bits: int, vertices: int) -> Matrix:
    """Return the matrix with that number."""
    pairs = combinations(range(vertices), 2)
    return matrix_of([(x, y) for x, y in pairs if bits >> (x + y * (y - 1) // 2) & 1], vertices)


def orders(matrix: Matrix) -> Iterator[tuple[int, ...]]:
    """Every relabeling that stays upper triangular, as the new position of each vertex."""
    edges, output = edges_of(matrix), len(matrix) - 1
    for interior in permutations(range(1, output)):
        position = (0, *interior, output)
        if all(position[x] < position[y] for x, y in edges):
            yield position


def relabelled(labels: Sequence[int], position: Sequence[int]) -> tuple[int, ...]:
    """The labels at their vertices' new positions."""
    return tuple(label for _, label in sorted(zip(position[1:-1], labels, strict=True)))


def relabel(graph: Graph, position: Sequence[int]) -> Graph:
    """The graph with each vertex at its new position."""
    edges = [(position[x], position[y]) for x, y in edges_of(graph.matrix)]
    return Graph(matrix_of(edges, len(graph.matrix)), relabelled(graph.labels, position))


@cache
def smallest_orders(matrix: Matrix) -> tuple[int, list[tuple[int, ...]]]:
    """The smallest edge mask over all orders, and the orders that give it."""
    edges = edges_of(matrix)
    masks = {
        position: walk_bits([(position[x], position[y]) for x, y in edges])
        for position in orders(matrix)
    }
    smallest = min(masks.values())
    return smallest, [position for position, mask in masks.items() if mask == smallest]


@cache
def canonical(graph: Graph) -> Graph:
    """The representative of a pruned graph: the minimum of (edge mask, labels)."""
    bits, best = smallest_orders(graph.matrix)
    return Graph(
        matrix_of_walk_bits(bits, len(graph.matrix)),
        min(relabelled(graph.labels, position) for position in best),
    )


def canonical_code(code: int) -> int | None:
    """The code of the representative of a code's cell; None outside the space."""
    if not is_valid_code(code):
        return None
    pruned = prune(decode(code))
    assert pruned is not None
    return encode(canonical(pruned))


@cache
def vertex_channels(matrix: Matrix, output_channels: int) -> tuple[int, ...]:
    """Return the channels of the vertices 1..n-1 of a pruned graph (the last is output)."""
    output = len(matrix) - 1
    channels = [0] * (output + 1)
    channels[output] = output_channels
    feeding = [x for x in range(1, output) if matrix[x][output]]
    for rank, x in enumerate(feeding):
        share, remainder = divmod(output_channels, len(feeding))
        channels[x] = share + (rank < remainder)
    for x in reversed(range(1, output)):
        if not matrix[x][output]:
            channels[x] = max(channels[y] for y in range(x + 1, output) if matrix[x][y])
    return tuple(channels[1:])


def _convolution(kernel: int, inputs: int, outputs: int) -> int:
    # No bias, and a trainable scale and offset of the batch norm.
    return kernel * kernel * inputs * outputs + 2 * outputs


def _cell_parameters(graph: Graph, inputs: int, outputs: int) -> int:
    """Trainable parameters of one cell with that many channels in and out."""
    channels = [inputs, *vertex_channels(graph.matrix, outputs)]
    total = sum(
        _convolution(1, inputs, channels[y]) for y in range(1, len(channels)) if graph.matrix[0][y]
    )
    for vertex, label in enumerate(graph.labels, start=1):
        kernel = {0: 3, 1: 1, 2: None}[label]
        if kernel is not None:
            total += _convolution(kernel, channels[vertex], channels[vertex])
    return total


def trainable_parameters(
    graph: Graph,
    *,
    stem_filters: int = 128,
    num_stacks: int = 3,
    cells_per_stack: int = 3,
    num_classes: int = 10,
    image_channels: int = 3,
) -> int:
    """Trainable parameters of the network of a graph, in the vertex order given."""
    pruned = prune(graph)
    if pruned is None:
        raise ValueError("nothing joins input and output")
    total = _convolution(3, image_channels, stem_filters)
    inputs = stem_filters
    for stack in range(num_stacks):
        outputs = stem_filters * 2**stack
        total += _cell_parameters(pruned, inputs, outputs)
        total += (cells_per_stack - 1) * _cell_parameters(pruned, outputs, outputs)
        inputs = outputs
    return total + inputs * num_classes + num_classes
