"""module_hash: against the official rule, on any graph up to 32 vertices and any labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import OutOfDomainError
from reference.cells import Graph, graph_of, module_hash, names_of
from reference.sampling import random_connected_graphs
from test_reference import FIRST_CELL, INCEPTION_LIKE

DTYPES = [
    "bool",
    *("int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64"),
]
CHAIN = [[0, 1, 0], [0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize(
    ("graph", "digest"),
    [
        (FIRST_CELL, "00005c142e6f48ac74fdcf73e3439874"),
        (INCEPTION_LIKE, "28cfc7874f6d200472e1a9dcd8650aa0"),
    ],
)
def test_golden_hash(graph: Graph, digest: str) -> None:
    assert nb101fast.module_hash(graph.matrix, graph.labels) == digest
    assert nb101fast.module_hash(np.array(graph.matrix), names_of(graph)) == digest


@pytest.mark.parametrize(
    ("sizes", "count"), [(range(2, 8), 3000), (range(8, 17), 500), (range(17, 33), 250)]
)
def test_random_graphs(rng: np.random.Generator, sizes: range, count: int) -> None:
    for graph in random_connected_graphs(rng, count, sizes):
        digest = nb101fast.module_hash(np.array(graph.matrix), list(graph.labels))
        assert digest == module_hash(graph)


@pytest.mark.parametrize("sizes", [range(2, 8), range(8, 33)])
def test_any_labels(rng: np.random.Generator, sizes: range) -> None:
    for graph in random_connected_graphs(rng, 200, sizes, low=-1000, high=100_000):
        digest = nb101fast.module_hash(np.array(graph.matrix), np.array(graph.labels))
        assert digest == module_hash(graph)


@pytest.mark.parametrize("label", [-1, -2, 3, 255, 256, -129, 2**31, 2**32, 2**63 - 1, -(2**63)])
def test_extreme_label(label: int) -> None:
    expected = module_hash(graph_of(CHAIN, [label]))
    assert nb101fast.module_hash(CHAIN, [label]) == expected
    assert nb101fast.module_hash(CHAIN, np.array([label], np.int64)) == expected


def test_labels_of_all_vertices() -> None:
    labels = [-1, *INCEPTION_LIKE.labels, -2]
    assert nb101fast.module_hash(INCEPTION_LIKE.matrix, labels) == module_hash(INCEPTION_LIKE)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(rng: np.random.Generator, dtype: str) -> None:
    # A float matrix prints its degrees as floats in the official code: its issue 32.
    for graph in random_connected_graphs(rng, 50, range(2, 20)):
        matrix = np.array(graph.matrix, dtype)
        assert nb101fast.module_hash(matrix, graph.labels) == module_hash(graph)


def test_memory_layout() -> None:
    matrix = np.array(INCEPTION_LIKE.matrix)
    strided = np.zeros((14, 21), int)
    strided[::2, ::3] = matrix
    for view in (np.asfortranarray(matrix), strided[::2, ::3]):
        assert nb101fast.module_hash(view, INCEPTION_LIKE.labels) == module_hash(INCEPTION_LIKE)


def test_chain_of_32_vertices() -> None:
    graph = graph_of(np.eye(32, k=1), range(30))
    assert nb101fast.module_hash(graph.matrix, graph.labels) == module_hash(graph)


def test_all_edges_of_32_vertices() -> None:
    # Every vertex has 31 neighbours: the longest text that is hashed.
    graph = graph_of(np.triu(np.ones((32, 32)), 1), [7] * 30)
    assert nb101fast.module_hash(graph.matrix, graph.labels) == module_hash(graph)


@pytest.mark.parametrize("vertices", [33, 64, 65])
def test_too_many_vertices(vertices: int) -> None:
    with pytest.raises((ValueError, OutOfDomainError), match=rf"\b{vertices}\b"):
        nb101fast.module_hash(np.eye(vertices, k=1, dtype=int), [0] * (vertices - 2))


@pytest.mark.parametrize("vertices", [2, 7, 32])
def test_nothing_joins_input_and_output(vertices: int) -> None:
    matrix = np.eye(vertices, k=1, dtype=int)
    matrix[0, 1] = 0
    with pytest.raises(OutOfDomainError, match=r"(?=.*input)(?=.*output)"):
        nb101fast.module_hash(matrix, [0] * (vertices - 2))


@pytest.mark.parametrize(
    ("matrix", "labels", "message"),
    [
        ([[0, 2, 0], [0, 0, 1], [0, 0, 0]], [0], "2"),
        ([[0, 1, 0], [0, 0, 1], [0, 1, 0]], [0], r"2\D+1"),
        ([[0, 0.5, 0], [0, 0, 1], [0, 0, 0]], [0], r"0\.5"),
        ([[0, 1, 0], [0, 0, 1]], [0], r"2\D+3"),
        (CHAIN, [0, 5], r"\[0, 5\]"),
        (CHAIN, ["input", "conv9x9", "output"], "conv9x9"),
        (CHAIN, [2**63], str(2**63)),
        (CHAIN, np.array([2**64 - 1], np.uint64), str(2**64 - 1)),
        (CHAIN, [float("inf")], "inf"),
        (CHAIN, [float("nan")], "nan"),
        (CHAIN, [0.5], r"0\.5"),
    ],
    ids=[
        *("entry", "below", "fraction", "not square", "labels", "name"),
        *("wide label", "wide array", "infinite label", "no label", "fractional label"),
    ],
)
def test_bad_argument(matrix: Any, labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        nb101fast.module_hash(matrix, labels)
