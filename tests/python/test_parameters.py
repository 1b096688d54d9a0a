"""count_parameters: against the rule, in the vertex order given."""

from __future__ import annotations

import numpy as np
import pytest

import nb101fast
from nb101fast import OutOfDomainError
from reference.cells import Graph, graph_of, is_valid, names_of, orders, relabel
from reference.cells import trainable_parameters as expected_parameters
from reference.sampling import random_connected_graphs
from test_reference import FIRST_CELL, INCEPTION_LIKE


def counted(graph: Graph) -> int:
    return nb101fast.count_parameters(np.array(graph.matrix), list(graph.labels))


@pytest.mark.parametrize(("graph", "count"), [(FIRST_CELL, 8_555_530), (INCEPTION_LIKE, 2_694_282)])
def test_golden_count(graph: Graph, count: int) -> None:
    assert counted(graph) == count
    assert nb101fast.count_parameters(graph.matrix, names_of(graph)) == count
    assert nb101fast.count_parameters(np.array(graph.matrix, float), graph.labels) == count
    assert isinstance(counted(graph), int)


def test_random_graphs(rng: np.random.Generator) -> None:
    sizes = set()
    for graph in random_connected_graphs(rng, 3000, range(2, 8)):
        if is_valid(graph):
            assert counted(graph) == expected_parameters(graph)
            sizes.add(len(graph.matrix))
    assert sizes == set(range(2, 8))


def test_every_vertex_order() -> None:
    moved = [relabel(INCEPTION_LIKE, position) for position in orders(INCEPTION_LIKE.matrix)]
    counts = [counted(graph) for graph in moved]
    assert counts == [expected_parameters(graph) for graph in moved]
    # 128 channels over four vertices leave no remainder: the order makes no difference.
    assert set(counts) == {2_694_282}


def test_the_order_decides_who_gets_the_remainder() -> None:
    matrix = np.zeros((5, 5), int)
    matrix[0, 1:4] = matrix[1:4, 4] = 1
    labelings = ([0, 1, 1], [1, 0, 1], [1, 1, 0])
    counts = [nb101fast.count_parameters(matrix, labels) for labels in labelings]
    assert counts == [expected_parameters(graph_of(matrix, labels)) for labels in labelings]
    assert counts[0] != counts[2]


def test_all_cells_of_five_vertices() -> None:
    for cell_id in range(2532):
        cell = nb101fast.Cell.from_id(cell_id)
        count = nb101fast.count_parameters(cell.matrix, cell.labels)
        assert count == nb101fast.cell_parameters()[cell_id]


def test_smallest_and_largest() -> None:
    parameters = nb101fast.cell_parameters()
    for cell_id in (int(parameters.argmin()), int(parameters.argmax())):
        cell = nb101fast.Cell.from_id(cell_id)
        assert nb101fast.count_parameters(cell.matrix, cell.ops) == parameters[cell_id]


def test_nothing_joins_input_and_output() -> None:
    with pytest.raises(OutOfDomainError, match=r"(?=.*input)(?=.*output)"):
        nb101fast.count_parameters(np.zeros((4, 4), int), [0, 0])


def test_unknown_label() -> None:
    with pytest.raises(ValueError, match=r"\b3\b"):
        nb101fast.count_parameters([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [3])
