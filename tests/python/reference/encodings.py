"""Plain implementations of the encodings, written after the code that published them."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
import numpy.typing as npt

from reference.cells import Graph, edges_of, graph_of, matrix_of

EDGES = tuple(combinations(range(7), 2))  # row by row
NUM_PATHS = sum(3**length for length in range(6))

Row = npt.NDArray[np.float64]


def encode_a(graph: Graph) -> Row:
    """The upper triangle of the matrix, and the labels."""
    matrix = np.array(graph.matrix)
    return np.concatenate([matrix[np.triu_indices(7, 1)], graph.labels])


def decode_a(row: npt.ArrayLike) -> Graph:
    """As nas_benchmarks' NASCifar10A reads it."""
    values = np.asarray(row)
    matrix = np.zeros((7, 7), int)
    matrix[np.triu_indices(7, 1)] = values[:21]
    return graph_of(matrix, values[21:].tolist())


def decode_b(row: npt.ArrayLike) -> Graph:
    """As NASCifar10B reads it: numbers set bits, read with the first number's bit most significant,
    and the bits are edges in the official generator's order."""
    values = np.asarray(row).astype(int).tolist()
    bits = ["0"] * 21
    for number in values[:9]:
        bits[number] = "1"
    mask = int("".join(bits), 2)
    edges = [(x, y) for x, y in EDGES if mask >> (x + y * (y - 1) // 2) & 1]
    return Graph(matrix_of(edges, 7), tuple(values[9:]))


def decode_c(row: npt.ArrayLike) -> Graph:
    """As NASCifar10C reads it: the last of the sorted numbers are edges."""
    values = np.asarray(row)
    greatest = np.argsort(values[1:22], kind="stable")[::-1][: int(values[0])]
    edges = [EDGES[i] for i in greatest]
    return Graph(matrix_of(edges, 7), tuple(values[22:].astype(int).tolist()))


def encode_one_hot(graph: Graph) -> Row:
    """The upper triangle, and three columns for each label."""
    return np.concatenate([encode_a(graph)[:21], np.eye(3)[list(graph.labels)].ravel()])


def encode_path(graph: Graph) -> Row:
    """Which sequences of labels lead from input to output, numbered as naszilla does."""
    row = np.zeros(NUM_PATHS)
    digraph: nx.DiGraph[int] = nx.DiGraph()
    digraph.add_edges_from(edges_of(graph.matrix))
    digraph.add_nodes_from((0, 6))
    for path in nx.all_simple_paths(digraph, 0, 6):
        labels = [graph.labels[vertex - 1] for vertex in path[1:-1]]
        row[sum((label + 1) * 3**i for i, label in enumerate(labels))] = 1
    return row
