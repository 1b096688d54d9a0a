"""Laws of cells that hold for every graph."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import assume, given, settings

import nb101fast
from reference.cells import (
    Graph,
    canonical,
    decode,
    encode,
    matrix_of_walk_bits,
    orders,
    prune,
    relabel,
)

without_deadline = settings(deadline=None, max_examples=300)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any upper triangular graph of 2 to 7 vertices."""
    vertices = draw(st.integers(2, 7))
    bits = draw(st.integers(0, 2 ** (vertices * (vertices - 1) // 2) - 1))
    labels = draw(st.tuples(*[st.integers(0, 2)] * (vertices - 2)))
    return Graph(matrix_of_walk_bits(bits, vertices), labels)


def codes() -> st.SearchStrategy[int]:
    """Any matrix of 7 vertices and any labels 0..2."""
    return st.builds(
        lambda bits, labels: bits | sum(value << 21 + 2 * i for i, value in enumerate(labels)),
        st.integers(0, 2**21 - 1),
        st.tuples(*[st.integers(0, 2)] * 5),
    )


def id_of(graph: Graph) -> int:
    code: int = nb101fast.encode(graph.matrix, graph.labels)
    return nb101fast.cell_ids(code)


def canonical_form(graph: Graph) -> Graph | None:
    pruned = prune(graph)
    return None if pruned is None else canonical(pruned)


@without_deadline
@given(graphs(), st.data())
def test_relabelings_are_the_same_cell(graph: Graph, data: st.DataObject) -> None:
    moved = relabel(graph, data.draw(st.sampled_from(list(orders(graph.matrix)))))
    assert id_of(moved) == id_of(graph)
    assume(prune(graph) is not None)
    hashes = {nb101fast.module_hash(each.matrix, each.labels) for each in (graph, moved)}
    assert len(hashes) == 1


@without_deadline
@given(graphs())
def test_pruning_changes_nothing(graph: Graph) -> None:
    pruned = prune(graph)
    assume(pruned is not None)
    assert pruned is not None
    assert id_of(pruned) == id_of(graph)
    assert nb101fast.Cell(*pruned) == nb101fast.Cell(*graph)
    assert nb101fast.Cell(*pruned).code == nb101fast.Cell(*graph).code
    both = (pruned, graph)
    assert len({nb101fast.module_hash(each.matrix, each.labels) for each in both}) == 1
    assert len({nb101fast.count_parameters(each.matrix, each.labels) for each in both}) == 1


@without_deadline
@given(graphs())
def test_an_id_names_the_canonical_form(graph: Graph) -> None:
    cell_id = id_of(graph)
    assume(cell_id >= 0)
    pruned = prune(graph)
    assert pruned is not None
    assert nb101fast.cell_codes()[cell_id] == encode(canonical(pruned))


@without_deadline
@given(st.lists(codes()))
def test_encode_undoes_decode(values: list[int]) -> None:
    matrices, labels = nb101fast.decode(np.array(values, np.uint32))
    assert nb101fast.encode(matrices, labels).tolist() == values


@without_deadline
@given(graphs())
def test_decode_undoes_encode(graph: Graph) -> None:
    code = nb101fast.encode(graph.matrix, graph.labels)
    assert code == encode(graph)
    matrices, labels = nb101fast.decode(np.array([code], np.uint32))
    expected = decode(code)
    assert matrices.tolist() == [[list(row) for row in expected.matrix]]
    assert labels.tolist() == [list(expected.labels)]


@without_deadline
@given(codes(), st.integers(0, 4), st.integers(1, 2))
def test_labels_matter_on_kept_vertices_only(code: int, vertex: int, step: int) -> None:
    graph = decode(code)
    labels = list(graph.labels)
    labels[vertex] = (labels[vertex] + step) % 3
    other = Graph(graph.matrix, tuple(labels))
    if prune(other) == prune(graph):
        assert nb101fast.cell_ids(encode(other)) == nb101fast.cell_ids(code)
    else:
        hashes = {nb101fast.module_hash(each.matrix, each.labels) for each in (graph, other)}
        same = canonical_form(graph) == canonical_form(other)
        assert len(hashes) == (1 if same else 2)
