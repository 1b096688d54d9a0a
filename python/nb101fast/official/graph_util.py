"""Graphs as matrices and labels: `nasbench.lib.graph_util`.

The functions have the official names, arguments and results. `hash_module` and `is_isomorphic` are
faster.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _core

__all__ = [
    "gen_is_edge_fn",
    "hash_module",
    "is_full_dag",
    "is_isomorphic",
    "num_edges",
    "permute_graph",
]

_INPUT_LABEL, _OUTPUT_LABEL = -1, -2

Matrix = npt.NDArray[Any]


def gen_is_edge_fn(bits: int) -> Callable[..., Any]:
    """A function of x and y that says whether `bits` has the edge from vertex x to vertex y.

    Bit 0 is the edge (0, 1), bit 1 is (0, 2), bit 2 is (1, 2), bit 3 is (0, 3), and so on, column
    by column above the diagonal.

    Args:
        bits: any integer that is not negative.

    Returns:
        a function of numbers or of arrays, as `numpy.fromfunction` calls it.

    Example:
        >>> np.fromfunction(gen_is_edge_fn(0b101), (3, 3), dtype=np.int8)
        array([[0, 1, 0],
               [0, 0, 1],
               [0, 0, 0]])
    """

    def is_edge(x: int, y: int) -> bool | int:
        if x >= y:
            return 0
        bits_before_column = y * (y - 1) // 2
        return bits >> int(bits_before_column + x) & 1 == 1

    return np.vectorize(is_edge)


def is_full_dag(matrix: Matrix) -> bool:
    """Whether each vertex but the last has a successor, and each but the first a predecessor.

    All vertices of such a graph lie on a path from the first to the last.

    Args:
        matrix: (V, V), upper triangular.
    """
    edges = np.asarray(matrix) != 0
    return bool(edges[:-1].any(axis=1).all() and edges[:, 1:].any(axis=0).all())


def num_edges(matrix: npt.ArrayLike) -> Any:
    """The sum of the elements: the number of edges of a 0/1 matrix."""
    return np.sum(matrix)


def hash_module(matrix: Matrix, labeling: Sequence[int]) -> str:
    """The official MD5 of a graph. Isomorphic graphs have the same one.

    Nothing is pruned. The type of the elements counts: a float matrix has another hash than an
    integer matrix of the same graph, as it has in the official code. `ModelSpec.hash_spec` and
    `nb101fast.module_hash` give both the hash that the official file has.

    Args:
        matrix: (V, V), upper triangular.
        labeling: V integers; the data has -1 for the input and -2 for the output.

    Returns:
        32 hexadecimal digits.

    Raises:
        AssertionError: another number of labels than of vertices.
    """
    array, labels = np.asarray(matrix), list(labeling)
    assert len(labels) == len(array)
    is_of_data = labels[0] == _INPUT_LABEL and labels[-1] == _OUTPUT_LABEL if labels else False
    if is_of_data and array.dtype.kind in "bui" and all(type(label) is int for label in labels):
        digest = _core.hash_spec(array, labels[1:-1])
        if digest is not None:
            return digest
    return _hash_any(array, labels)


def _hash_any(matrix: Matrix, labels: list[int]) -> str:
    """Apply the official rule: V times, combine each vertex's hash with its neighbours' hashes."""
    vertices = range(len(matrix))
    sums = zip(np.sum(matrix, axis=1).tolist(), np.sum(matrix, axis=0).tolist(), strict=True)
    hashes = [
        _md5(str((out_edges, in_edges, label)))
        for (out_edges, in_edges), label in zip(sums, labels, strict=True)
    ]
    sources = [[w for w in vertices if matrix[w, v]] for v in vertices]
    targets = [[w for w in vertices if matrix[v, w]] for v in vertices]
    for _ in vertices:
        hashes = [
            _md5("|".join([_joined(hashes, sources[v]), _joined(hashes, targets[v]), hashes[v]]))
            for v in vertices
        ]
    return _md5(str(sorted(hashes)))


def _joined(hashes: list[str], vertices: list[int]) -> str:
    return "".join(sorted(hashes[v] for v in vertices))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def permute_graph(
    graph: Matrix, label: Sequence[Any], permutation: Sequence[int]
) -> tuple[Matrix, list[Any]]:
    """The same graph with its vertices in another order.

    Args:
        graph: (V, V).
        label: V labels.
        permutation: vertex v of the graph becomes vertex `permutation[v]`.

    Returns:
        the (V, V) bool matrix, and the labels.
    """
    old_vertices = np.argsort(permutation)  # They are ordered by the new vertex.
    matrix = np.asarray(graph)[np.ix_(old_vertices, old_vertices)] == 1
    return matrix, [label[v] for v in old_vertices.tolist()]


def is_isomorphic(
    graph1: tuple[npt.ArrayLike, Sequence[Any]], graph2: tuple[npt.ArrayLike, Sequence[Any]]
) -> bool:
    """Whether some order of the first graph's vertices gives the second's matrix and labels.

    Args:
        graph1, graph2: (matrix, labels) each, of as many vertices.

    Raises:
        AssertionError: the graphs have different numbers of vertices.
    """
    edges1, labels1 = np.asarray(graph1[0]) == 1, list(graph1[1])
    matrix2, labels2 = np.asarray(graph2[0]), list(graph2[1])
    assert edges1.shape == matrix2.shape
    assert len(labels1) == len(labels2)
    vertices = range(len(labels1))

    def can_place(v: int, at: int, places: list[int]) -> bool:
        """Whether vertex v agrees with `at`, with itself and with those placed before it."""
        return labels1[v] == labels2[at] and all(
            edges1[u, v] == matrix2[place, at] and edges1[v, u] == matrix2[at, place]
            for u, place in enumerate([*places, at])
        )

    def can_complete(places: list[int]) -> bool:
        """Whether the vertices that have no place yet can be given one each."""
        v = len(places)
        if v == len(vertices):
            return True
        free = (at for at in vertices if at not in places)
        return any(can_place(v, at, places) and can_complete([*places, at]) for at in free)

    return can_complete([])
