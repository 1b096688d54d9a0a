"""encode and decode: every dtype and size, and the error of each wrong input."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast.api import ModelSpec
from reference.cells import OPERATIONS, Graph, decode, encode, names_of
from reference.sampling import random_graph

DTYPES = [
    "bool",
    *("int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "longdouble"),
    *(">i2", ">u4", ">f8"),
]
LABEL_DTYPES = [dtype for dtype in DTYPES if np.dtype(dtype).kind in "iu"]
SIZES = range(2, 8)


def batch_of(graphs: list[Graph]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    vertices = len(graphs[0].matrix)
    matrices = np.array([graph.matrix for graph in graphs], np.int64)
    labels = np.array([graph.labels for graph in graphs], np.int64)
    return matrices, labels.reshape(len(graphs), vertices - 2)


def states(*parts: str) -> str:
    """A pattern for a message that has all of these, whole and in any order."""
    return "(?s)" + "".join(rf"(?=.*(?<![\w.]){part}(?!\w|\.\d))" for part in parts)


@pytest.mark.parametrize("vertices", SIZES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_matrix_dtypes(rng: np.random.Generator, vertices: int, dtype: str) -> None:
    graphs = [random_graph(rng, vertices) for _ in range(20)]
    matrices, labels = batch_of(graphs)
    codes = nb101fast.encode(matrices.astype(dtype), labels)
    assert codes.dtype == np.uint32
    assert codes.tolist() == [encode(graph) for graph in graphs]


@pytest.mark.parametrize("vertices", SIZES)
@pytest.mark.parametrize("dtype", LABEL_DTYPES)
def test_label_dtypes(rng: np.random.Generator, vertices: int, dtype: str) -> None:
    graphs = [random_graph(rng, vertices) for _ in range(20)]
    matrices, labels = batch_of(graphs)
    codes = nb101fast.encode(matrices, labels.astype(dtype))
    assert codes.tolist() == [encode(graph) for graph in graphs]


@pytest.mark.parametrize("vertices", SIZES)
@pytest.mark.parametrize(("first", "last"), [(-1, -2), (0, 0), (99, 3), (2**40, -(2**63))])
def test_labels_of_all_vertices(
    rng: np.random.Generator, vertices: int, first: int, last: int
) -> None:
    graphs = [random_graph(rng, vertices) for _ in range(20)]
    matrices, labels = batch_of(graphs)
    ends = np.full((len(graphs), 1), first), np.full((len(graphs), 1), last)
    codes = nb101fast.encode(matrices, np.hstack([ends[0], labels, ends[1]]))
    assert codes.tolist() == [encode(graph) for graph in graphs]


@pytest.mark.parametrize("vertices", SIZES)
def test_lists_and_single_cells(rng: np.random.Generator, vertices: int) -> None:
    for _ in range(20):
        graph = random_graph(rng, vertices)
        matrix = [list(row) for row in graph.matrix]
        spellings: list[Any] = [
            nb101fast.encode(matrix, list(graph.labels)),
            nb101fast.encode(graph.matrix, graph.labels),
            nb101fast.encode(np.array(matrix, np.uint8), np.array(graph.labels, np.int8)),
            nb101fast.encode(matrix, [-1, *graph.labels, -2]),
            nb101fast.encode(matrix, names_of(graph)),
            nb101fast.encode(np.array(matrix, bool), tuple(names_of(graph))),
        ]
        assert spellings == [encode(graph)] * len(spellings)
        assert all(isinstance(code, int) for code in spellings)


def test_lists_of_cells(rng: np.random.Generator) -> None:
    graphs = [random_graph(rng, 6) for _ in range(5)]
    matrices, labels = batch_of(graphs)
    codes = nb101fast.encode(matrices.tolist(), labels.tolist())
    assert codes.tolist() == [encode(graph) for graph in graphs]


@pytest.mark.parametrize("vertices", SIZES)
def test_no_cells(vertices: int) -> None:
    codes = nb101fast.encode(np.zeros((0, vertices, vertices)), np.zeros((0, vertices - 2), int))
    assert (codes.shape, codes.dtype) == ((0,), np.uint32)


def test_memory_layouts(rng: np.random.Generator) -> None:
    graphs = [random_graph(rng, 7) for _ in range(30)]
    matrices, labels = batch_of(graphs)
    expected = np.array([encode(graph) for graph in graphs])
    frozen = matrices.copy()
    frozen.setflags(write=False)
    assert np.array_equal(nb101fast.encode(frozen, labels), expected)
    assert np.array_equal(nb101fast.encode(np.asfortranarray(matrices), labels), expected)
    assert np.array_equal(nb101fast.encode(matrices[::-3], labels[::-3]), expected[::-3])
    transposed = np.ascontiguousarray(matrices.transpose(2, 0, 1)).transpose(1, 2, 0)
    assert np.array_equal(nb101fast.encode(transposed, labels), expected)


def test_arguments_are_left_alone(rng: np.random.Generator) -> None:
    matrices, labels = batch_of([random_graph(rng, 7) for _ in range(5)])
    copies = matrices.copy(), labels.copy()
    nb101fast.encode(matrices, labels)
    assert np.array_equal(matrices, copies[0])
    assert np.array_equal(labels, copies[1])


# A value that a cast to a narrow integer would turn into 0 or 1 must be refused as well.
BAD_ENTRIES = [
    ("int8", -1),
    ("int8", 2),
    ("uint8", 255),
    ("int16", 256),
    ("int32", 2**16 + 1),
    ("int64", 2**32),
    ("int64", 2**32 + 1),
    ("uint64", 2**63),
    ("float16", 0.5),
    ("float32", 1.5),
    ("float64", -0.25),
    ("float64", 256.0),
    ("float64", float("nan")),
    ("float32", float("inf")),
]


@pytest.mark.parametrize(("dtype", "value"), BAD_ENTRIES)
def test_bad_entry(dtype: str, value: float) -> None:
    matrices = np.zeros((9, 7, 7), dtype)
    matrices[4, 2, 6] = value
    with pytest.raises(ValueError, match=states(re.escape(str(value)), r"2\D+6", "cell 4")):
        nb101fast.encode(matrices, np.zeros((9, 5), int))
    with pytest.raises(ValueError, match=states(re.escape(str(value)), r"2\D+6")):
        nb101fast.encode(matrices[4], [0] * 5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("row", "column"), [(5, 2), (3, 3), (0, 0), (6, 6)])
def test_entry_below_the_upper_triangle(dtype: str, row: int, column: int) -> None:
    matrices = np.zeros((9, 7, 7), dtype)
    matrices[8, row, column] = 1
    with pytest.raises(
        ValueError, match=states("(?:1|1\\.0|True)", rf"{row}\D+{column}", "cell 8")
    ):
        nb101fast.encode(matrices, np.zeros((9, 5), int))


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("int8", -1),
        ("int8", 3),
        ("int16", 256),
        ("int32", 2**16),
        ("int64", 2**32),
        ("int64", -(2**63)),
        ("uint64", 2**64 - 1),
    ],
)
def test_bad_label(dtype: str, value: int) -> None:
    labels = np.zeros((9, 5), dtype)
    labels[4, 2] = value
    with pytest.raises(ValueError, match=states(str(value), "vertex 3", "cell 4")):
        nb101fast.encode(np.zeros((9, 7, 7)), labels)
    with pytest.raises(ValueError, match=states(str(value), "vertex 3")):
        nb101fast.encode(np.zeros((7, 7)), labels[4])


def test_bad_label_among_all_vertices() -> None:
    labels = np.full((9, 7), 2)
    labels[4, 3] = 17
    with pytest.raises(ValueError, match=states("17", "vertex 3", "cell 4")):
        nb101fast.encode(np.zeros((9, 7, 7)), labels)


def test_fractional_label() -> None:
    with pytest.raises(ValueError, match=r"0\.5|float64"):
        nb101fast.encode(np.zeros((1, 3, 3)), np.array([[0.5]]))


@pytest.mark.parametrize(
    "shape", [(3, 8, 8), (3, 1, 1), (3, 0, 0), (3, 6, 7), (2, 3, 7, 7), (7,), (8, 8), (6, 7), ()]
)
def test_bad_shape(shape: tuple[int, ...]) -> None:
    labels = np.zeros((3, 5), int) if len(shape) == 3 else np.zeros(5, int)
    with pytest.raises(ValueError, match=re.escape(str(shape))):
        nb101fast.encode(np.zeros(shape), labels)


@pytest.mark.parametrize("shape", [(3, 4), (3, 6), (3, 8), (2, 5), (4, 7), (3, 5, 1), (15,)])
def test_labels_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=re.escape(str(shape))):
        nb101fast.encode(np.zeros((3, 7, 7)), np.zeros(shape, int))


@pytest.mark.parametrize("length", [0, 4, 6, 8])
def test_wrong_number_of_labels_of_one_cell(length: int) -> None:
    with pytest.raises(ValueError, match=rf"\b{length}\b"):
        nb101fast.encode(np.zeros((7, 7)), [0] * length)


@pytest.mark.parametrize("name", ["conv5x5", "CONV3X3-BN-RELU", "", "input", "output"])
def test_unknown_operation_name(name: str) -> None:
    names = ["input", "maxpool3x3", name, "conv1x1-bn-relu", "output"]
    with pytest.raises(ValueError, match=re.escape(repr(name))) as raised:
        nb101fast.encode(np.zeros((5, 5)), names)
    message = str(raised.value)
    assert re.search(r"\b2\b", message)
    assert all(operation in message for operation in OPERATIONS)


@pytest.mark.parametrize("end", ["", "in", "put", "maxpool3x3", "end"])
@pytest.mark.parametrize("position", [0, 2])
def test_wrong_name_of_an_end(end: str, position: int) -> None:
    names = ["input", "maxpool3x3", "output"]
    expected, names[position] = names[position], end
    with pytest.raises(ValueError, match=rf"(?=.*{re.escape(repr(end))})(?=.*{expected})"):
        nb101fast.encode(np.zeros((3, 3)), names)


@pytest.mark.parametrize(
    "matrix",
    [
        np.zeros((3, 3), object),
        np.full((3, 3), "0"),
        np.zeros((3, 3), complex),
        np.zeros((3, 3), "datetime64[s]"),
        [["0", "1", "0"]] * 3,
        [[0, 1, 0], [0, 0], [0, 0, 0]],
        None,
        "010001000",
    ],
    ids=["object", "str", "complex", "datetime64", "strings", "ragged", "None", "text"],
)
def test_matrix_of_another_type(matrix: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        nb101fast.encode(matrix, [0])


@pytest.mark.parametrize("dtype", ["object", "complex128", "datetime64[s]", "S3"])
def test_refused_dtype_is_named(dtype: str) -> None:
    with pytest.raises(ValueError, match=str(np.dtype(dtype)).replace("[", r"\[")):
        nb101fast.encode(np.zeros((2, 3, 3), dtype), np.zeros((2, 1), int))


@pytest.mark.parametrize(
    "ops",
    [None, 0, [None], [[0]], [0.25], np.array([0j]), [None, "maxpool3x3", None], [None, 0, None]],
    ids=repr,
)
def test_labels_of_another_type(ops: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        nb101fast.encode(np.zeros((3, 3)), ops)


def test_decode(rng: np.random.Generator) -> None:
    codes = rng.integers(0, 2**21, 500, np.uint32)
    for vertex in range(5):
        codes |= rng.integers(0, 3, 500, np.uint32) << np.uint32(21 + 2 * vertex)
    matrices, labels = nb101fast.decode(codes)
    assert (matrices.shape, labels.shape) == ((500, 7, 7), (500, 5))
    assert matrices.dtype == labels.dtype == np.dtype("uint8")
    decoded = [decode(code) for code in codes.tolist()]
    assert matrices.tolist() == [[list(row) for row in graph.matrix] for graph in decoded]
    assert labels.tolist() == [list(graph.labels) for graph in decoded]


@pytest.mark.parametrize("vertices", SIZES)
def test_decode_puts_output_at_six(rng: np.random.Generator, vertices: int) -> None:
    graphs = [random_graph(rng, vertices) for _ in range(20)]
    matrices, labels = batch_of(graphs)
    decoded, decoded_labels = nb101fast.decode(nb101fast.encode(matrices, labels))
    spots = [*range(vertices - 1), 6]
    assert np.array_equal(decoded[:, spots][:, :, spots], matrices)
    assert decoded.sum() == matrices.sum()
    assert np.array_equal(decoded_labels[:, : vertices - 2], labels)
    assert not decoded_labels[:, vertices - 2 :].any()


def test_decode_one_code() -> None:
    code = 0b101 | 1 << 20 | 2 << 23
    matrix, labels = nb101fast.decode(code)
    assert matrix.tolist() == [list(row) for row in decode(code).matrix]
    assert labels.tolist() == [0, 2, 0, 0, 0]


def test_decode_nothing() -> None:
    matrices, labels = nb101fast.decode(np.array([], np.uint32))
    assert (matrices.shape, labels.shape) == ((0, 7, 7), (0, 5))


# -------------------------------------------------------------------- padded cells

# A chain of three vertices, as it is and padded to five: before its output, and at its end.
CHAIN = np.diag([1, 1], 1)
CHAIN_OPS = ["input", "maxpool3x3", "output"]
PADDED = np.zeros((5, 5), int)
PADDED[[0, 1], [1, 4]] = 1
PADDED_AT_END = np.pad(CHAIN, (0, 2))
PADDED_OPS = ["input", "maxpool3x3", "null", "none", "output"]


@pytest.mark.parametrize("vertices", SIZES)
@pytest.mark.parametrize("change", [-3, -1, 1])
def test_wrong_number_of_names(vertices: int, change: int) -> None:
    length = max(vertices + change, 0)
    if length in (vertices - 2, vertices):
        return
    wanted = rf"{length} operations? given .*interior vertex \({vertices - 2}\).* \({vertices}\)"
    names = ["input", *["maxpool3x3"] * vertices][:length]
    for ops in (names, tuple(names), np.array(names, dtype=object), [0] * length):
        with pytest.raises(ValueError, match=wanted):
            nb101fast.encode(np.zeros((vertices, vertices)), ops)
        with pytest.raises(ValueError, match=wanted):
            nb101fast.Cell(np.zeros((vertices, vertices)), ops)
        with pytest.raises(ValueError, match=wanted):
            nb101fast.module_hash(np.zeros((vertices, vertices)), ops)


def test_wrong_number_of_names_of_many_cells() -> None:
    wanted = re.escape("ops have shape (2, 3); use (2, 2) or (2, 4) with matrices of 4 vertices")
    with pytest.raises(ValueError, match=wanted):
        nb101fast.encode(np.zeros((2, 4, 4)), [["maxpool3x3"] * 3] * 2)


@pytest.mark.parametrize("ops", [PADDED_OPS, PADDED_OPS[1:-1]])
def test_padding_before_the_output(ops: list[str]) -> None:
    expected = nb101fast.Cell(CHAIN, CHAIN_OPS)
    assert nb101fast.cell_ids(nb101fast.encode(PADDED, ops)) == expected.id
    assert (
        nb101fast.encode([PADDED] * 2, [ops] * 2).tolist()
        == [nb101fast.encode(PADDED, [2, 0, 0])] * 2
    )
    assert nb101fast.Cell(PADDED, ops).ops == tuple(CHAIN_OPS)
    assert nb101fast.module_hash(PADDED, ops) == expected.hash
    assert nb101fast.count_parameters(PADDED, ops) == expected.trainable_parameters
    assert ModelSpec(PADDED, PADDED_OPS).ops == CHAIN_OPS


@pytest.mark.parametrize("function", [nb101fast.encode, nb101fast.Cell, nb101fast.module_hash])
def test_padding_at_the_end(function: Any) -> None:
    """The matrix is refused with advice, because the output is the last vertex."""
    with pytest.raises(ValueError, match=r"'output' at position 2|position 2: .*first 3 vertices"):
        function(PADDED_AT_END, [*CHAIN_OPS, "null", "null"])
    with pytest.raises(ValueError, match="padded at its end, cut it to its own size"):
        function(PADDED_AT_END, ["maxpool3x3", "maxpool3x3", "null"])


def test_padding_at_the_end_with_labels() -> None:
    """Such a matrix cannot be told from an unpruned one, so the query gives the advice."""
    code = nb101fast.encode(PADDED_AT_END, [2, 0, 0])
    assert nb101fast.cell_ids(code) == -1
    index = nb101fast.open()
    texts = []
    for ask in (index.objective(), index.query, index.to_json):
        with pytest.raises(nb101fast.OutOfDomainError) as error:
            ask(code)
        texts.append(str(error.value))
    assert texts[0].startswith(f"code {code} is outside the search space: after pruning, a cell ")
    assert texts[0].endswith("put the padding before the output")
    assert set(texts) == {texts[0]}
    with pytest.raises(nb101fast.OutOfDomainError, match="put the padding before the output"):
        index.query(nb101fast.Cell.from_code(code))


def test_a_name_on_a_vertex_that_stays() -> None:
    joined = np.triu(np.ones((4, 4), int), 1)
    for function in (nb101fast.encode, nb101fast.Cell, nb101fast.module_hash):
        with pytest.raises(ValueError, match="unknown operation 'null' at position 2"):
            function(joined, ["input", "maxpool3x3", "null", "output"])
    with pytest.raises(ValueError, match="cell 1: unknown operation 'null' at position 1"):
        nb101fast.encode([joined] * 2, [["maxpool3x3"] * 2, ["maxpool3x3", "null"]])
