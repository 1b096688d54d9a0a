"""One cell, the plain way: what the fast implementation is judged by."""

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
    present = set(edges)
    return tuple(tuple(int((x, y) in present) for y in range(vertices)) for x in range(vertices))


def encode(graph: Graph) -> int:
    """The packed code: interior vertices at 1..n-2, output at 6."""
    output = len(graph.matrix) - 1
    code = 0
    for x, y in edges_of(graph.matrix):
        code |= 1 << CODE_EDGES.index((x, MAX_VERTICES - 1 if y == output else y))
    for vertex, label in enumerate(graph.labels):
        code |= label << (FIRST_LABEL_BIT + LABEL_BITS * vertex)
    return code


def decode(code: int) -> Graph:
    """The 7-vertex graph of a code, its labels as they stand (3 included)."""
    edges = [edge for bit, edge in enumerate(CODE_EDGES) if code >> bit & 1]
    labels = tuple(code >> (FIRST_LABEL_BIT + LABEL_BITS * vertex) & 3 for vertex in range(5))
    return Graph(matrix_of(edges, MAX_VERTICES), labels)


def prune(graph: Graph) -> Graph | None:
    """Only the vertices on a path from input to output; None where there is no path."""
    matrix, labels = graph
    output = len(matrix) - 1
    reached, reaching = {0}, {output}
    for y in range(1, output + 1):
        if any(matrix[x][y] for x in reached):
            reached.add(y)
    for x in reversed(range(output)):
        if any(matrix[x][y] for y in reaching):
            reaching.add(x)
    kept = sorted(reached & reaching)
    if not {0, output} <= set(kept):
        return None
    return Graph(
        tuple(tuple(matrix[x][y] for y in kept) for x in kept),
        tuple(labels[vertex - 1] for vertex in kept[1:-1]),
    )


def edge_count(matrix: Matrix) -> int:
    """How many edges the matrix has."""
    return sum(map(sum, matrix))


def is_valid(graph: Graph) -> bool:
    """The official meaning: prune, then at most 7 vertices, 9 edges, only the 3 operations."""
    pruned = prune(graph)
    return (
        pruned is not None
        and len(pruned.matrix) <= MAX_VERTICES
        and edge_count(pruned.matrix) <= MAX_EDGES
        and all(0 <= label < len(OPERATIONS) for label in pruned.labels)
    )


def is_valid_raw_9(graph: Graph) -> bool:
    """The nas_benchmarks meaning: also at most 9 edges before pruning."""
    return is_valid(graph) and edge_count(graph.matrix) <= MAX_EDGES


def is_valid_code(code: int, *, meaning: str = "official") -> bool:
    """Validity of a code; bit 31 or label 3 on any vertex, pruned or not, is outside."""
    graph = decode(code)
    if code >> 31 or 3 in graph.labels:
        return False
    return {"official": is_valid, "raw-9": is_valid_raw_9}[meaning](graph)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def module_hash(graph: Graph) -> str:
    """The official hash of the pruned graph."""
    pruned = prune(graph)
    if pruned is None:
        raise ValueError("nothing joins input and output")
    matrix = pruned.matrix
    n = len(matrix)
    labels = [INPUT_LABEL, *pruned.labels, OUTPUT_LABEL]
    sources = [[x for x in range(n) if matrix[x][v]] for v in range(n)]
    targets = [[y for y in range(n) if matrix[v][y]] for v in range(n)]
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
    """Whether some relabeling turns one graph, as it stands, into the other."""
    return nx.is_isomorphic(
        _labelled_digraph(a),
        _labelled_digraph(b),
        node_match=lambda u, v: u["label"] == v["label"],
    )


def walk_bits(edges: Sequence[tuple[int, int]]) -> int:
    """The edge mask of the official generator, which walks it upwards."""
    return sum(1 << (x + y * (y - 1) // 2) for x, y in edges)


def matrix_of_walk_bits(bits: int, vertices: int) -> Matrix:
    """The matrix with that edge mask."""
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


def vertex_channels(matrix: Matrix, output_channels: int) -> list[int]:
    """Channels of the vertices 1..n-1 of a pruned graph (the last is output)."""
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
    return channels[1:]


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
        for _ in range(cells_per_stack):
            total += _cell_parameters(pruned, inputs, outputs)
            inputs = outputs
    return total + inputs * num_classes + num_classes
