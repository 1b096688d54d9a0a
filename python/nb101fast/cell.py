"""One cell, and what can be said of a graph of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _core
from .codes import (
    INPUT,
    MAX_VERTICES,
    OPS,
    OUTPUT,
    cell_codes,
    cell_hashes,
    cell_parameters,
    checked_code,
    decode,
    encode,
)
from .drawing import cell_svg

if TYPE_CHECKING:
    import networkx

OutOfDomainError = _core.OutOfDomainError

_MAX_CHANNELS = 1 << 16  # of the stem; more, or more stacks, could overflow the count
_MAX_STACKS = 8
_LABELS = {name: label for label, name in enumerate(OPS)}


def module_hash(matrix: npt.ArrayLike, ops: Sequence[str] | npt.ArrayLike) -> str:
    """The official module hash of any cell, pruned first: 32 hex digits.

    Args:
        matrix: (V, V) strictly upper triangular 0/1, 2 <= V <= 32, of any numeric dtype.
        ops: operation names, or integer labels of all V vertices or of the V - 2 interior ones;
            any integer is a label here.

    Raises:
        OutOfDomainError: nothing joins input and output.
        ValueError: no such matrix or operations.

    Source: `nasbench/lib/graph_util.py`, `hash_module`.
    """
    return _core.module_hash(*_graph_arrays(matrix, ops))


def count_parameters(
    matrix: npt.ArrayLike,
    ops: Sequence[str] | npt.ArrayLike,
    *,
    stem_filters: int = 128,
    num_stacks: int = 3,
    cells_per_stack: int = 3,
    num_classes: int = 10,
) -> int:
    """Trainable parameters of the network built from a cell in the vertex order given.

    Isomorphic cells can differ: the first vertices that feed the output get the odd channels.
    Arguments and errors as of `module_hash`; labels 0..2 only. The network is the official one
    unless its stem, stacks or classes are given.

    Source: `nasbench/lib/model_builder.py`, `compute_vertex_channels`.
    """
    matrix_bytes, labels = _graph_arrays(matrix, ops)
    interior = labels[1:-1]
    if ((interior < 0) | (interior >= len(OPS))).any():
        raise ValueError(f"labels {interior.tolist()}; 0, 1 and 2 are allowed")
    skeleton = {
        "stem_filters": stem_filters,
        "num_stacks": num_stacks,
        "cells_per_stack": cells_per_stack,
        "num_classes": num_classes,
    }
    for name, number in skeleton.items():
        _check_number(name, number)
    if num_stacks > _MAX_STACKS:
        raise ValueError(f"num_stacks={num_stacks}; 1 to {_MAX_STACKS} are allowed")
    return _core.count_parameters(matrix_bytes, labels, **skeleton)


def vertex_channels(
    matrix: npt.ArrayLike, *, input_channels: int, output_channels: int
) -> list[int]:
    """Channels of each vertex of a cell that turns so many channels into so many, pruned first.

    The vertices that feed the output share its channels, the first get one more where they can't
    do so evenly; each other vertex has as many as the widest that it feeds. Errors as of
    `module_hash`.

    Source: `nasbench/lib/model_builder.py`, `compute_vertex_channels`.

    Example:
        >>> vertex_channels(inception.MATRIX, input_channels=128, output_channels=128)
        [128, 32, 32, 32, 32, 32, 128]
    """
    array = np.asarray(matrix)
    matrix_bytes, _ = _graph_arrays(array, [0] * (len(array) if array.ndim else 0))
    _check_number("input_channels", input_channels)
    _check_number("output_channels", output_channels)
    return _core.vertex_channels(matrix_bytes, input_channels, output_channels)


def _check_number(name: str, number: int) -> None:
    if not 1 <= number <= _MAX_CHANNELS:
        raise ValueError(f"{name}={number}; 1 to {_MAX_CHANNELS} are allowed")


def _graph_arrays(
    matrix: npt.ArrayLike, ops: Sequence[str] | npt.ArrayLike
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Checked (V, V) uint8 and all V labels as int64, of 2 to 32 vertices."""
    array = np.asarray(matrix)
    vertices = array.shape[0] if array.ndim == 2 else 0
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.dtype.kind not in "biuf":
        raise ValueError(
            f"a matrix of shape {array.shape} and dtype {array.dtype}; (V, V) of numbers is allowed"
        )
    if not 2 <= vertices <= _core.MAX_GRAPH_VERTICES:
        raise ValueError(f"{vertices} vertices; 2 to {_core.MAX_GRAPH_VERTICES} are allowed")
    for (row, column), value in np.ndenumerate(array):
        if value not in (0, 1) or (value and column <= row):
            raise ValueError(
                f"matrix element {value} at [{row}, {column}]; 0 and 1 are allowed, "
                "1 only above the diagonal"
            )
    return np.ascontiguousarray(array, np.uint8), _all_labels(ops, vertices)


def _all_labels(ops: Sequence[str] | npt.ArrayLike, vertices: int) -> npt.NDArray[np.int64]:
    given = list(ops) if isinstance(ops, (list, tuple)) else np.asarray(ops).tolist()
    if not isinstance(given, list) or len(given) not in (vertices - 2, vertices):
        raise ValueError(f"ops {given!r}; {vertices - 2} or {vertices} are allowed")
    whole = len(given) == vertices
    interior = given[1:-1] if whole else given
    if (
        whole
        and any(isinstance(op, str) for op in given)
        and (given[0], given[-1]) != (INPUT, OUTPUT)
    ):
        raise ValueError(f"ops {given!r} don't begin with {INPUT!r} and end with {OUTPUT!r}")
    labels = np.zeros(vertices, np.int64)
    labels[1:-1] = [_label_of(op) for op in interior]
    return labels


def _label_of(op: Any) -> int:
    if isinstance(op, str):
        if op not in _LABELS:
            raise ValueError(f"unknown operation {op!r}; {', '.join(OPS)} are allowed")
        return _LABELS[op]
    is_number = isinstance(op, (bool, int, float, np.number))
    if is_number and -(1 << 63) <= op < 1 << 63 and int(op) == op:  # not so for infinity and NaN
        return int(op)
    raise ValueError(f"label {op!r}; an operation's name or an integer of 64 bits is allowed")


class Cell:
    """One cell: immutable, equal and hashed by isomorphism, picklable.

    `matrix`, `ops`, `labels` and `code` are those of the pruned cell in the vertex order given. A
    cell where nothing joins input and output can't be pruned and stays as given, with
    `is_valid` False, as has one of more than 9 edges.

    Args:
        matrix: (V, V) strictly upper triangular 0/1, of any numeric dtype, 2 <= V <= 32.
        ops: operation names or labels 0..2, of all vertices or of the interior ones.

    Raises:
        ValueError: no such matrix or operations.
        OutOfDomainError: more than 7 vertices after pruning.

    Example:
        >>> cell = Cell([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"])
        >>> cell.id, cell.hash, cell.trainable_parameters
        (4, 'd32d0b26d534203b48d866facd98cc3e', 11051402)
    """

    __slots__ = ("_code", "_hash", "_id", "_labels", "_matrix")

    _matrix: npt.NDArray[np.uint8]
    _labels: tuple[int, ...]
    _code: int
    _id: int
    _hash: str | None

    def __init__(self, matrix: npt.ArrayLike, ops: Sequence[str] | npt.ArrayLike) -> None:
        matrix_bytes, labels = _graph_arrays(matrix, ops)
        kept = _core.kept_vertices(matrix_bytes) or list(range(len(labels)))
        if len(kept) > MAX_VERTICES:
            raise OutOfDomainError(
                f"{len(kept)} vertices after pruning; a cell has at most {MAX_VERTICES}"
            )
        if len(kept) < len(labels):
            matrix_bytes, labels = matrix_bytes[np.ix_(kept, kept)], labels[kept]
        code = encode(matrix_bytes, labels)
        self._set(matrix_bytes, tuple(labels[1:-1].tolist()), code)

    def _set(self, matrix: npt.NDArray[np.uint8], labels: tuple[int, ...], code: int) -> None:
        # Over bytes, which nobody can make writable again.
        frozen = np.frombuffer(matrix.tobytes(), np.uint8).reshape(matrix.shape)
        for name, value in (
            ("_matrix", frozen),
            ("_labels", labels),
            ("_code", code),
            ("_id", _core.cell_id(code)),
            ("_hash", None),
        ):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Cell is immutable: {name!r} can't be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Cell is immutable: {name!r} can't be deleted")

    @classmethod
    def from_code(cls, code: int) -> Cell:
        """The cell of a code, pruned; OutOfDomainError for bit 31 or a label 3."""
        number = checked_code(code)
        if _core.is_faulty_code(number):
            raise OutOfDomainError(f"code {number} has bit 31 set or a label 3: no cell has")
        return cls(*decode(number))

    @classmethod
    def from_id(cls, cell_id: int) -> Cell:
        """The official representative of a cell id; IndexError outside 0..423,623."""
        number = int(cell_id.__index__())
        if not 0 <= number < _core.NUM_CELLS:
            raise IndexError(f"cell id {number}; 0 to {_core.NUM_CELLS - 1} are allowed")
        return cls.from_code(int(cell_codes()[number]))

    @classmethod
    def from_hash(cls, module_hash: str) -> Cell:
        """The official representative of a module hash; OutOfDomainError where no cell has it."""
        wanted = bytes_of_hash(module_hash)
        found = np.flatnonzero((cell_hashes() == np.frombuffer(wanted, np.uint8)).all(axis=1))
        if not len(found):
            raise OutOfDomainError(f"no cell has the module hash {module_hash!r}")
        return cls.from_id(int(found[0]))

    @classmethod
    def from_networkx(cls, graph: networkx.DiGraph[Any]) -> Cell:
        """The cell of a directed graph whose nodes carry an operation's name as `op`.

        One node has the op "input", one "output"; the others are put in a topological order
        (networkx's lexicographical one, by position among the nodes).
        """
        import networkx as nx

        position = {node: i for i, node in enumerate(graph.nodes)}
        try:
            order = list(nx.lexicographical_topological_sort(graph, key=position.__getitem__))
        except nx.NetworkXUnfeasible:
            raise ValueError("the graph has a cycle; a cell is acyclic") from None
        ops = {node: graph.nodes[node].get("op") for node in order}
        ends = []
        for end in (INPUT, OUTPUT):
            having = [node for node in order if ops[node] == end]
            if len(having) != 1:
                raise ValueError(f"{len(having)} nodes with op {end!r}; one is allowed")
            ends += having
        order = [ends[0], *(node for node in order if node not in ends), ends[1]]
        position = {node: i for i, node in enumerate(order)}
        matrix = np.zeros((len(order), len(order)), np.uint8)
        for start, end in graph.edges:
            matrix[position[start], position[end]] = 1
        return cls(matrix, [str(ops[node]) for node in order])

    def to_networkx(self) -> networkx.DiGraph[Any]:
        """A directed graph of nodes 0..n-1 that carry their operation's name as `op`."""
        import networkx as nx

        graph: nx.DiGraph[int] = nx.DiGraph()
        graph.add_nodes_from((v, {"op": op}) for v, op in enumerate(self.ops))
        graph.add_edges_from((v, w) for v, w in np.argwhere(self._matrix).tolist())
        return graph

    @property
    def matrix(self) -> npt.NDArray[np.uint8]:
        """(n, n) uint8, read-only."""
        return self._matrix

    @property
    def labels(self) -> tuple[int, ...]:
        """The n - 2 interior labels."""
        return self._labels

    @property
    def ops(self) -> tuple[str, ...]:
        """The n operation names, `input` and `output` included."""
        return (INPUT, *(OPS[label] for label in self._labels), OUTPUT)

    @property
    def code(self) -> int:
        """The packed code of this vertex order; `cell_codes()[id]` is the representative's."""
        return self._code

    @property
    def id(self) -> int:
        """The cell id, 0..423,623; -1 for an invalid cell, as of `cell_ids`."""
        return self._id

    @property
    def is_valid(self) -> bool:
        """Whether it is a cell of the search space, in the official meaning."""
        return self._id >= 0

    @property
    def hash(self) -> str:
        """The official module hash; OutOfDomainError where nothing joins input and output."""
        if self._hash is None:
            object.__setattr__(self, "_hash", _core.module_hash(*self._graph()))
        assert self._hash is not None
        return self._hash

    @property
    def trainable_parameters(self) -> int:
        """The stored representative's; `count_parameters` counts this vertex order's."""
        if not self.is_valid:
            raise OutOfDomainError(f"{self!r} is outside the search space")
        return int(cell_parameters()[self._id])

    def _graph(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        return np.ascontiguousarray(self._matrix), np.array((0, *self._labels, 0), np.int64)

    def _key(self) -> object:
        return self._id if self.is_valid else _core.canonical_key(*self._graph())

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Cell) else NotImplemented

    def __hash__(self) -> int:
        return hash(("nb101fast.Cell", self._key()))

    def __reduce__(self) -> tuple[Any, ...]:
        return Cell, (np.array(self._matrix), self._labels)

    def __repr__(self) -> str:
        rows = ["".join(map(str, row)) for row in self._matrix.tolist()]
        name = f"id {self._id}" if self.is_valid else "invalid"
        return f"<Cell {name}: {'/'.join(rows)} {','.join(self.ops)}>"

    def _repr_svg_(self) -> str:
        return cell_svg(self._matrix, self.ops)

    def _repr_html_(self) -> str:
        name = f"cell {self._id}" if self.is_valid else "invalid cell"
        parameters = f", {self.trainable_parameters:,} parameters" if self.is_valid else ""
        return f"<figure>{self._repr_svg_()}<figcaption>{name}{parameters}</figcaption></figure>"


def bytes_of_hash(module_hash: str) -> bytes:
    """The 16 bytes of a module hash, or ValueError."""
    try:
        digest = bytes.fromhex(module_hash)
    except (ValueError, TypeError):
        digest = b""
    if len(digest) != 16 or len(module_hash) != 32:
        raise ValueError(f"module hash {module_hash!r}; 32 hex digits are allowed")
    return digest
