"""The Cell class: what it takes, what it says of itself, and what it refuses."""

from __future__ import annotations

import copy
import json
import pickle
import re
from itertools import combinations_with_replacement, permutations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest

import nb101fast
from nb101fast import Cell, OutOfDomainError, search_space
from nb101fast.drawing import CellDrawing
from reference.cells import (
    OPERATIONS,
    Graph,
    edges_of,
    encode,
    graph_of,
    is_valid,
    isomorphic,
    module_hash,
    names_of,
    orders,
    prune,
    relabel,
    trainable_parameters,
)
from reference.sampling import random_connected_graphs, random_graph
from test_reference import FIRST_CELL, INCEPTION_LIKE

TEN_EDGES = graph_of(np.triu(np.ones((5, 5), int), 1), [0, 1, 2])
UNJOINED = graph_of(np.diag([1, 0, 1], 1), [0, 1])
ALL_JOINED = graph_of(np.triu(np.ones((8, 8), int), 1), [0] * 6)


def cell_of(graph: Graph) -> Cell:
    return Cell(graph.matrix, graph.labels)


def test_attributes(rng: np.random.Generator) -> None:
    for graph in random_connected_graphs(rng, 300, range(2, 8)):
        pruned = prune(graph)
        assert pruned is not None
        cell = cell_of(graph)
        assert cell.matrix.dtype == np.uint8
        assert graph_of(cell.matrix, cell.labels) == pruned
        assert cell.ops == tuple(names_of(pruned))
        assert cell.code == encode(pruned)
        assert cell.hash == module_hash(pruned)
        assert cell.id == nb101fast.cell_ids(encode(graph))
        assert cell.is_valid is is_valid(graph)


def test_parameters_are_the_representatives(rng: np.random.Generator) -> None:
    for graph in random_connected_graphs(rng, 300, range(2, 7)):
        cell = cell_of(graph)
        if cell.is_valid:
            assert cell.trainable_parameters == nb101fast.cell_parameters()[cell.id]
            assert isinstance(cell.trainable_parameters, int)


def test_parameters_of_another_vertex_order() -> None:
    # Three vertices share 128 channels as 43, 43, 42: the order decides who gets 42.
    matrix = np.zeros((5, 5), int)
    matrix[0, 1:4] = matrix[1:4, 4] = 1
    orders_of_ops = ([0, 1, 1], [1, 1, 0])
    counts = [trainable_parameters(graph_of(matrix, labels)) for labels in orders_of_ops]
    assert counts[0] != counts[1]
    cells = [Cell(matrix, labels) for labels in orders_of_ops]
    assert cells[0] == cells[1]
    assert [cell.trainable_parameters for cell in cells] == [counts[0]] * 2


def test_size_and_shape_are_those_of_the_search_space(rng: np.random.Generator) -> None:
    for code in search_space.sample(50, how="raw", seed=6).tolist():
        cell = Cell.from_code(code)
        for name in ("macs", "flops", "depth", "width"):
            value = getattr(cell, name)
            assert type(value) is int
            assert value == getattr(search_space, name)(code), name


@pytest.mark.parametrize("name", ["macs", "flops", "depth", "width", "trainable_parameters"])
@pytest.mark.parametrize("graph", [TEN_EDGES, UNJOINED])
def test_no_size_and_shape_outside_the_search_space(graph: Graph, name: str) -> None:
    with pytest.raises(OutOfDomainError, match="is outside the search space"):
        getattr(cell_of(graph), name)


@pytest.mark.parametrize("graph", [FIRST_CELL, INCEPTION_LIKE, TEN_EDGES, UNJOINED])
def test_json_round_trip(graph: Graph) -> None:
    cell = cell_of(graph)
    text = cell.to_json()
    assert json.loads(text) == {"matrix": cell.matrix.tolist(), "ops": list(cell.ops)}
    assert Cell.from_json(text).code == cell.code


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "'{': "),
        ("[]", "use an object"),
        ('{"matrix": [[0, 1], [0, 0]]}', "ops"),
        ('{"matrix": [[0, "1"], [0, 0]], "ops": []}', "matrix[0][1]: '1' is not allowed"),
    ],
)
def test_other_json_is_refused(text: str, message: str) -> None:
    with pytest.raises(nb101fast.FormatError, match=re.escape(message)):
        Cell.from_json(text)


@pytest.mark.parametrize("graph", [FIRST_CELL, INCEPTION_LIKE])
def test_spellings(graph: Graph) -> None:
    spelled = [
        Cell(graph.matrix, graph.labels),
        Cell([list(row) for row in graph.matrix], list(graph.labels)),
        Cell(np.array(graph.matrix, bool), np.array(graph.labels, np.uint8)),
        Cell(np.array(graph.matrix, float), names_of(graph)),
        Cell(np.array(graph.matrix), tuple(names_of(graph))),
        Cell(graph.matrix, [-1, *graph.labels, -2]),
        Cell.from_code(encode(graph)),
        Cell.from_code(np.array([encode(graph)], np.uint32)[0]),
        Cell.from_hash(module_hash(graph)),
    ]
    assert len(set(spelled)) == 1
    assert {cell.hash for cell in spelled} == {module_hash(graph)}
    assert {cell.code for cell in spelled[:-1]} == {encode(graph)}


def test_from_code_keeps_the_vertex_order(rng: np.random.Generator) -> None:
    for graph in random_connected_graphs(rng, 100, range(2, 8)):
        cell = Cell.from_code(encode(graph))
        pruned = prune(graph)
        assert pruned is not None
        assert cell.code == encode(pruned)
        assert graph_of(cell.matrix, cell.labels) == pruned


@pytest.mark.parametrize("cell_id", [0, 1, 6, 7, 91, 2532, 64_541, 64_542, 423_623])
def test_from_id_and_from_hash(cell_id: int) -> None:
    cell = Cell.from_id(cell_id)
    assert cell.id == cell_id
    assert cell.code == nb101fast.cell_codes()[cell_id]
    assert bytes.fromhex(cell.hash) == nb101fast.cell_hashes()[cell_id].tobytes()
    same = Cell.from_hash(cell.hash)
    assert (same.id, same.code) == (cell.id, cell.code)
    assert Cell.from_id(np.int32(cell_id)) == cell
    with pytest.raises(TypeError, match="ids have dtype int64, but a cell id is int32"):
        Cell.from_id(np.int64(cell_id))  # type: ignore[arg-type]


@pytest.mark.parametrize("cell_id", [-1, 423_624, 2**40])
def test_from_an_id_outside(cell_id: int) -> None:
    with pytest.raises((OutOfDomainError, ValueError, IndexError), match=str(cell_id)):
        Cell.from_id(cell_id)


def test_from_an_unknown_hash() -> None:
    with pytest.raises((OutOfDomainError, KeyError), match="0" * 32):
        Cell.from_hash("0" * 32)


@pytest.mark.parametrize("digest", ["", "00005c14", "z" * 32])
def test_from_no_hash(digest: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(digest))):
        Cell.from_hash(digest)


@pytest.mark.parametrize("code", [1 << 31 | 1 << 5, 3 << 21 | 1 << 5, 3 << 29 | 1 << 5])
def test_from_a_code_outside(code: int) -> None:
    with pytest.raises((OutOfDomainError, ValueError), match=rf"(?i){code}|{code:x}"):
        Cell.from_code(code)


def test_equality_is_isomorphism(rng: np.random.Generator) -> None:
    graphs: list[Graph] = []
    for graph in random_connected_graphs(rng, 40, range(4, 6)):
        pruned = prune(graph)
        assert pruned is not None
        graphs += [pruned, relabel(pruned, list(orders(pruned.matrix))[-1])]
    same_in_another_order = 0
    for a, b in combinations_with_replacement(graphs, 2):
        same = isomorphic(a, b)
        same_in_another_order += same and a != b
        for one, other in permutations((cell_of(a), cell_of(b))):
            assert (one == other) is same
            assert (one != other) is not same
        assert not same or hash(one) == hash(other)
    assert same_in_another_order > 0


def test_relabelings_are_one_member_of_a_set() -> None:
    moved = [relabel(INCEPTION_LIKE, position) for position in orders(INCEPTION_LIKE.matrix)]
    assert len(set(moved)) > 20
    assert len({cell_of(graph) for graph in moved}) == 1
    assert len({cell_of(graph).code for graph in moved}) == len(set(moved))


def test_equality_of_invalid_cells() -> None:
    for graph in (TEN_EDGES, UNJOINED):
        assert cell_of(graph) == cell_of(graph)
        assert hash(cell_of(graph)) == hash(cell_of(graph))
    assert cell_of(TEN_EDGES) != cell_of(UNJOINED)
    assert cell_of(TEN_EDGES) != cell_of(graph_of(TEN_EDGES.matrix, [2, 1, 0]))
    assert cell_of(TEN_EDGES) != cell_of(FIRST_CELL)


@pytest.mark.parametrize("other", [None, 0, "cell", encode(FIRST_CELL), module_hash(FIRST_CELL)])
def test_a_cell_equals_only_cells(other: Any) -> None:
    assert (cell_of(FIRST_CELL) == other) is False
    assert (cell_of(FIRST_CELL) != other) is True


@pytest.mark.parametrize(
    "name",
    ["matrix", "ops", "labels", "code", "id", "hash", "trainable_parameters", "is_valid", "new"],
)
def test_attributes_cannot_be_set(name: str) -> None:
    cell = cell_of(FIRST_CELL)
    with pytest.raises((AttributeError, TypeError)):
        setattr(cell, name, None)
    with pytest.raises((AttributeError, TypeError)):
        delattr(cell, name)
    assert cell.hash == module_hash(FIRST_CELL)


def test_the_cell_does_not_change_with_arrays() -> None:
    matrix, labels = np.array(FIRST_CELL.matrix), np.array(FIRST_CELL.labels)
    cell = Cell(matrix, labels)
    matrix[:] = 0
    labels[:] = 2
    given = cell.matrix
    if given.flags.writeable:  # a copy may be written to, the cell's own may not
        given[:] = 0
    assert graph_of(cell.matrix, cell.labels) == FIRST_CELL
    assert cell.code == encode(FIRST_CELL)


@pytest.mark.parametrize("graph", [FIRST_CELL, INCEPTION_LIKE, TEN_EDGES, UNJOINED])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(graph: Graph, protocol: int) -> None:
    cell = cell_of(graph)
    again = pickle.loads(pickle.dumps(cell, protocol))
    assert type(again) is Cell
    assert again == cell
    assert (again.code, again.id, again.ops) == (cell.code, cell.id, cell.ops)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copy(copied: Any) -> None:
    # Not the representative: a copy keeps the vertex order given.
    position = list(orders(INCEPTION_LIKE.matrix))[-1]
    cell = cell_of(relabel(INCEPTION_LIKE, position))
    again = copied(cell)
    assert again == cell
    assert again.code == cell.code


def test_repr() -> None:
    graphs = [FIRST_CELL, INCEPTION_LIKE, TEN_EDGES, UNJOINED]
    texts = [repr(cell_of(graph)) for graph in graphs]
    assert all(text.lstrip("<").startswith("Cell") for text in texts)
    assert len(set(texts)) == len(texts)


def drawing_of(cell: Cell) -> str:
    """The SVG that a notebook shows, on its own or inside HTML."""
    shown = cell._repr_svg_() if hasattr(cell, "_repr_svg_") else cell._repr_html_()
    found = re.search(r"<svg.*</svg>", shown, re.DOTALL)
    assert found is not None
    return found.group()


@pytest.mark.parametrize("graph", [FIRST_CELL, INCEPTION_LIKE, TEN_EDGES])
def test_drawing(graph: Graph) -> None:
    drawing = drawing_of(cell_of(graph))
    texts = [element.text or "" for element in ElementTree.fromstring(drawing).iter()]
    for end in ("input", "output"):
        assert sum(end in text for text in texts) >= 1
    for operation in set(names_of(graph)[1:-1]):
        short = operation[:7]  # conv3x3, conv1x1, maxpool
        assert sum(short in text for text in texts) >= names_of(graph).count(operation)
    assert drawing != drawing_of(Cell.from_id(0))


@pytest.mark.parametrize("graph", [FIRST_CELL, INCEPTION_LIKE, TEN_EDGES])
def test_draw_writes_a_picture_of_the_kind_that_the_name_says(graph: Graph, tmp_path: Path) -> None:
    cell = cell_of(graph)
    cell.draw(tmp_path / "cell.svg")
    assert (tmp_path / "cell.svg").read_text() == drawing_of(cell)
    pytest.importorskip("matplotlib")
    cell.draw(str(tmp_path / "cell.PNG"))
    assert (tmp_path / "cell.PNG").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cell.PNG", "cell.svg"]


def test_both_kinds_of_picture_show_the_same() -> None:
    colours = pytest.importorskip("matplotlib.colors")
    cell = cell_of(INCEPTION_LIKE)
    drawing = CellDrawing(cell.matrix, cell.ops)
    [axes] = drawing.as_figure().axes
    root = ElementTree.fromstring(drawing.as_svg())
    svg = "{http://www.w3.org/2000/svg}"
    texts = {(e.text, float(e.get("x", ""))) for e in root.iter(f"{svg}text")}
    assert {(t.get_text(), round(t.get_position()[0], 1)) for t in axes.texts} == texts
    boxes = {e.get("fill") for e in root.iter(f"{svg}rect")}
    assert {colours.to_hex(p.get_facecolor()) for p in axes.patches} - {"#808080"} == boxes
    assert len(axes.patches) == len(list(root.iter(f"{svg}path"))) - 1 + len(axes.texts)


def test_a_picture_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cell.pdf' is not allowed; use a name that ends with"):
        Cell.from_id(0).draw(tmp_path / "cell.pdf")
    assert not list(tmp_path.iterdir())


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it: 1 to 21."""

    def luminance(colour: str) -> float:
        parts = np.array(list(bytes.fromhex(colour[1:]))) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def test_a_drawing_is_legible_on_light_and_on_dark_backgrounds() -> None:
    root = ElementTree.fromstring(drawing_of(cell_of(INCEPTION_LIKE)))
    elements = list(root.iter())
    lines = {e.get("stroke") for e in elements if e.get("stroke")}
    boxes = {e.get("fill", "") for e in elements if e.tag.endswith("rect")}
    inks = {e.get("fill", "") for e in elements if e.tag.endswith("text")}
    for background in ("#ffffff", "#111111", "#1e1e1e"):
        assert all(contrast(str(line), background) > 3.8 for line in lines)
    assert all(contrast(ink, box) > 7 for ink in inks for box in boxes)


def test_networkx_round_trip(rng: np.random.Generator) -> None:
    for graph in random_connected_graphs(rng, 50, range(2, 8)):
        cell = cell_of(graph)
        pruned = prune(graph)
        assert pruned is not None
        digraph = cell.to_networkx()
        assert isinstance(digraph, nx.DiGraph)
        assert list(digraph.nodes) == list(range(len(pruned.matrix)))
        assert sorted(digraph.edges) == edges_of(pruned.matrix)
        assert [digraph.nodes[vertex]["op"] for vertex in digraph] == names_of(pruned)
        assert Cell.from_networkx(digraph).code == cell.code


def test_from_networkx_of_any_nodes() -> None:
    cell = cell_of(INCEPTION_LIKE)
    digraph = cell.to_networkx()
    shuffled: nx.DiGraph[str] = nx.DiGraph()
    for vertex in (6, 2, 0, 4, 5, 3, 1):
        shuffled.add_node(f"vertex {vertex}", op=digraph.nodes[vertex]["op"])
    shuffled.add_edges_from((f"vertex {x}", f"vertex {y}") for x, y in digraph.edges)
    assert Cell.from_networkx(shuffled) == cell


@pytest.mark.parametrize("end", ["input", "output"])
def test_from_networkx_without_an_end(end: str) -> None:
    digraph = cell_of(INCEPTION_LIKE).to_networkx()
    digraph.nodes[0 if end == "input" else 6]["op"] = "maxpool3x3"
    with pytest.raises(ValueError, match=end):
        Cell.from_networkx(digraph)


def test_from_networkx_of_a_graph_with_a_loop() -> None:
    digraph = cell_of(INCEPTION_LIKE).to_networkx()
    digraph.add_edge(6, 0)
    with pytest.raises(ValueError, match=r"\w"):
        Cell.from_networkx(digraph)


def assert_outside(cell: Cell) -> None:
    assert cell.is_valid is False
    assert cell.id == -1
    with pytest.raises(OutOfDomainError, match=r"\w"):
        _ = cell.trainable_parameters


@pytest.mark.parametrize(
    "graph",
    [UNJOINED, graph_of([[0, 0], [0, 0]], []), graph_of(np.zeros((7, 7)), [0] * 5)],
    ids=["two pieces", "two vertices", "no edges"],
)
def test_nothing_joins_input_and_output(graph: Graph) -> None:
    cell = cell_of(graph)
    assert_outside(cell)
    with pytest.raises(OutOfDomainError, match=r"(?=.*input)(?=.*output)"):
        _ = cell.hash


def test_ten_edges_after_pruning() -> None:
    cell = cell_of(TEN_EDGES)
    assert_outside(cell)
    assert cell.hash == module_hash(TEN_EDGES)
    assert cell.code == encode(TEN_EDGES)


def test_many_edges_before_pruning() -> None:
    matrix = np.triu(np.ones((7, 7), int), 1)
    matrix[0, 1:6] = 0
    cell = Cell(matrix, [0, 1, 2, 0, 1])
    assert cell.is_valid
    assert cell.id == 0
    assert cell.matrix.tolist() == [[0, 1], [0, 0]]
    assert cell.ops == ("input", "output")


@pytest.mark.parametrize("vertices", range(8, 13))
def test_more_than_seven_vertices_before_pruning(rng: np.random.Generator, vertices: int) -> None:
    # The cell's vertices anywhere among others that nothing reaches.
    inner = np.sort(rng.choice(np.arange(1, vertices - 1), 5, replace=False))
    spots = np.array([0, *inner, vertices - 1])
    matrix = random_graph(rng, vertices).matrix
    wide = np.triu(np.array(matrix), 1)
    wide[0] = 0
    wide[np.ix_(spots, np.arange(vertices))] = 0
    wide[np.ix_(spots, spots)] = INCEPTION_LIKE.matrix
    labels = np.full(vertices - 2, 2)
    labels[inner - 1] = INCEPTION_LIKE.labels
    cell = Cell(wide, labels)
    assert cell.code == encode(INCEPTION_LIKE)
    assert cell.hash == module_hash(INCEPTION_LIKE)


def test_more_than_seven_vertices_after_pruning() -> None:
    with pytest.raises(OutOfDomainError, match=r"\b8\b"):
        cell_of(ALL_JOINED)


@pytest.mark.parametrize("name", ["conv5x5", "avgpool3x3", "", "CONV3X3-BN-RELU"])
def test_unknown_operation(name: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(name))) as raised:
        Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", name, "output"])
    assert all(operation in str(raised.value) for operation in OPERATIONS)


@pytest.mark.parametrize("label", [-1, 3, 256, 2**32])
def test_unknown_label(label: int) -> None:
    with pytest.raises(ValueError, match=str(label)):
        Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [label])


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[0, 2, 0], [0, 0, 1], [0, 0, 0]], "2"),
        ([[0, 0.5, 0], [0, 0, 1], [0, 0, 0]], r"0\.5"),
        ([[0, 1, 0], [1, 0, 1], [0, 0, 0]], r"1\D+0"),
        ([[0, 1, 0], [0, 1, 1], [0, 0, 0]], r"1\D+1"),
        ([[0, 1, 0], [0, 0, 1]], r"2\D+3"),
        ([[0]], r"\b1\b"),
    ],
    ids=["entry", "fraction", "below", "diagonal", "not square", "one vertex"],
)
def test_bad_matrix(matrix: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Cell(matrix, [0])


@pytest.mark.parametrize("length", [0, 2, 4])
def test_wrong_number_of_labels(length: int) -> None:
    with pytest.raises(ValueError, match=re.escape(str([0] * length))):
        Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [0] * length)
