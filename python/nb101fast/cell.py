"""One cell as an object."""

from __future__ import annotations

import json
import os
import reprlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _core
from ._core import OutOfDomainError
from .checks import check_type
from .codes import MAX_VERTICES, OneCode
from .extras import needs
from .graph import checked_graph
from .hashes import bytes_of_hash, ids_of_hashes
from .ids import OneId, as_id, cell_codes, cell_parameters
from .matrix_codec import encode
from .ops import INPUT, OPS, OUTPUT
from .schema import Anything, ListOf, Number, Record, parse

if TYPE_CHECKING:
    import networkx

    from .drawing import CellDrawing

_GRAPH = Record({"matrix": ListOf(ListOf(Number())), "ops": ListOf(Anything())})


class Cell:
    """One cell. It is immutable and can be pickled. Isomorphic cells are equal and hash alike.

    The cell is pruned: `matrix`, `ops`, `labels` and `code` are those of the pruned cell, in the
    vertex order given. `is_valid` is False if the pruned cell has more than 9 edges, or if nothing
    joins input and output; then nothing can be pruned, and the cell stays as given.

    Args:
        matrix: (V, V) strictly upper triangular 0/1, of any numeric dtype, 2 <= V <= 32. Its last
            vertex is the output; padding must stand before it.
        ops: operation names, or labels 0..2, of all vertices or of the interior ones. On a vertex
            that pruning removes anything is allowed, such as the "null" of padded cells.

    Raises:
        ValueError: the matrix or the operations are not as described.
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
        matrix_bytes, labels = checked_graph(matrix, ops)
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
        # An array over bytes can't be made writable again.
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
    def from_code(cls, code: OneCode) -> Cell:
        """The cell of a code, pruned.

        Args:
            code: an int or np.uint32.

        Raises:
            TypeError: another type; a cell id goes to `from_id`.
            OutOfDomainError: the code has bit 31 set, or a label 3.

        Example:
            >>> Cell.from_code(32).id
            0
        """
        cell = cls.__new__(cls)
        cls._set(cell, *_core.prune_code(code))
        return cell

    @classmethod
    def from_id(cls, cell_id: OneId) -> Cell:
        """The official representative of a cell id.

        Args:
            cell_id: an int or np.int32.

        Raises:
            TypeError: another type; a code goes to `from_code`.
            IndexError: the id is not in 0..423,623.

        Example:
            >>> Cell.from_id(4).hash
            'd32d0b26d534203b48d866facd98cc3e'
        """
        return cls.from_code(cell_codes()[as_id(cell_id)])

    @classmethod
    def from_hash(cls, module_hash: str) -> Cell:
        """The official representative of a module hash, found as by `ids_of_hashes`.

        Args:
            module_hash: 32 hex digits.

        Raises:
            ValueError: it is no hash.
            OutOfDomainError: no cell of the space has it.

        Example:
            >>> Cell.from_hash("d32d0b26d534203b48d866facd98cc3e").id
            4
        """
        bytes_of_hash(module_hash)  # Its error speaks of one hash.
        (cell_id,) = ids_of_hashes([module_hash])
        if cell_id < 0:
            raise OutOfDomainError(
                f"no cell has the module hash {module_hash!r}: it is not in the search space"
            )
        return cls.from_id(cell_id)

    @classmethod
    def from_json(cls, text: str) -> Cell:
        """The cell of a JSON object of `matrix` and `ops`, as `to_json` writes it.

        Raises:
            FormatError: the text is no such object.
            ValueError: the matrix or the operations are not those of a cell.
            OutOfDomainError: more than 7 vertices after pruning.

        Example:
            >>> Cell.from_json('{"matrix": [[0, 1], [0, 0]], "ops": ["input", "output"]}').id
            0
        """
        check_type("text", text, str, use="a JSON object of matrix and ops")
        value = parse(reprlib.repr(text), text.encode("utf-8", "surrogatepass"), _GRAPH)
        return cls(value["matrix"], value["ops"])

    @classmethod
    def from_networkx(cls, graph: networkx.DiGraph[Any]) -> Cell:
        """The cell of a directed graph whose nodes carry an operation's name as `op`.

        One node has the op "input", and one has "output". The others are put in a topological
        order: networkx's lexicographical one, by their position among the nodes.

        Raises:
            ImportError: networkx is missing.
            TypeError: the graph is no `networkx.DiGraph`.
            ValueError: the graph has a cycle, more than 32 nodes or an unknown operation, or it has
                not exactly one input and one output.
            OutOfDomainError: more than 7 vertices after pruning.
        """
        with needs("networkx", extra="graph"):
            import networkx as nx

        check_type("graph", graph, nx.DiGraph, use="a networkx.DiGraph")
        if graph.is_multigraph():
            raise TypeError(f"graph can't be a {type(graph).__name__}; use a networkx.DiGraph")
        position = {node: i for i, node in enumerate(graph.nodes)}
        try:
            order = list(nx.lexicographical_topological_sort(graph, key=position.__getitem__))
        except nx.NetworkXUnfeasible:
            raise ValueError("the graph has a cycle; a cell has none") from None
        ops = {node: graph.nodes[node].get("op") for node in order}
        ends = []
        for end in (INPUT, OUTPUT):
            having = [node for node in order if ops[node] == end]
            if len(having) != 1:
                raise ValueError(f"{len(having)} nodes have the op {end!r}; one must have it")
            ends += having
        order = [ends[0], *(node for node in order if node not in ends), ends[1]]
        position = {node: i for i, node in enumerate(order)}
        matrix = np.zeros((len(order), len(order)), np.uint8)
        for start, end in graph.edges:
            matrix[position[start], position[end]] = 1
        return cls(matrix, [str(ops[node]) for node in order])

    def to_networkx(self) -> networkx.DiGraph[Any]:
        """A directed graph of nodes 0..n-1 that carry their operation's name as `op`.

        Raises:
            ImportError: networkx is missing.
        """
        with needs("networkx", extra="graph"):
            import networkx as nx

        graph: nx.DiGraph[int] = nx.DiGraph()
        graph.add_nodes_from((v, {"op": op}) for v, op in enumerate(self.ops))
        graph.add_edges_from((v, w) for v, w in np.argwhere(self._matrix).tolist())
        return graph

    @property
    def matrix(self) -> npt.NDArray[np.uint8]:
        """The adjacency matrix of the pruned cell: (n, n) uint8, read-only."""
        return self._matrix

    @property
    def labels(self) -> tuple[int, ...]:
        """The labels of the n - 2 interior vertices: 0, 1 or 2 for `OPS[0]`, `[1]` or `[2]`."""
        return self._labels

    @property
    def ops(self) -> tuple[str, ...]:
        """The n operation names, `input` and `output` included."""
        return (INPUT, *(OPS[label] for label in self._labels), OUTPUT)

    @property
    def code(self) -> int:
        """The code of the pruned cell in this vertex order; `cell_codes()[id]` may be another."""
        return self._code

    @property
    def id(self) -> int:
        """The cell id, 0..423,623; -1 for a cell outside the search space."""
        return self._id

    @property
    def is_valid(self) -> bool:
        """Whether the cell is one of the search space, in the official meaning."""
        return self._id >= 0

    @property
    def hash(self) -> str:
        """The official module hash; OutOfDomainError if nothing joins input and output."""
        if self._hash is None:
            object.__setattr__(self, "_hash", _core.module_hash(*self._graph()))
        assert self._hash is not None
        return self._hash

    @property
    def trainable_parameters(self) -> int:
        """Trainable parameters of the official network, built from the cell's representative.

        `count_parameters` gives those of another vertex order. Raises OutOfDomainError outside the
        search space.
        """
        self._check_valid("count_parameters takes such cells")
        return int(cell_parameters()[self._id])

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the official network for one 32x32 image, at inference.

        The convolutions and the dense layer count, as `search_space.macs` says. The network is
        built from the cell's representative. The first call takes 0.2 s. Raises OutOfDomainError
        outside the search space.
        """
        return int(self._in_space(_core.macs)[0])

    @property
    def flops(self) -> int:
        """Floating-point operations: two for each of `macs`, a multiplication and an addition.

        Some authors call half of this number FLOPs. Raises OutOfDomainError outside the search
        space.
        """
        return 2 * self.macs

    @property
    def depth(self) -> int:
        """Edges of the longest path from the input to the output: 1 to 6.

        Raises OutOfDomainError outside the search space. Source: Ying et al., 2019, section 3.
        """
        return int(self._in_space(partial(_core.traits, _core.Trait.depth))[0])

    @property
    def width(self) -> int:
        """Edges of the largest directed cut: 1 to 6, as `search_space.width` says.

        Raises OutOfDomainError outside the search space. Source: Ying et al., 2019, section 3
        ("maximum directed cut").
        """
        return int(self._in_space(partial(_core.traits, _core.Trait.width))[0])

    def to_json(self) -> str:
        """The pruned cell as a JSON object of `matrix` and `ops`, in one line.

        `from_json` reads it. The commands of `nb101fast` and `nb101train` take it for a CELL.

        Example:
            >>> Cell.from_id(0).to_json()
            '{"matrix": [[0, 1], [0, 0]], "ops": ["input", "output"]}'
        """
        return json.dumps({"matrix": self._matrix.tolist(), "ops": self.ops})

    def _in_space(self, function: Callable[[list[int]], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """What a function of codes says of this cell, which must be one of the search space."""
        self._check_valid("it has no such number")
        return function([self._code])

    def _check_valid(self, otherwise: str) -> None:
        if not self.is_valid:
            raise OutOfDomainError(f"{self!r} is outside the search space; {otherwise}")

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

    def draw(self, path: str | os.PathLike[str]) -> None:
        """Write a picture of the cell to a file, whole or not at all.

        The colours are legible on light and on dark backgrounds, and the background is transparent.

        Args:
            path: a name that ends with .svg, or with .png, which needs
                `pip install "nb101fast[plots]"`.

        Raises:
            ValueError: the name has another suffix.
            ImportError: matplotlib is missing, for a PNG file.
            OSError: the file cannot be written.

        Example:
            >>> cell.draw("cell.svg")
        """
        self._drawing().write(path)

    def _drawing(self) -> CellDrawing:
        from .drawing import CellDrawing  # so that `import nb101fast` stays quick

        return CellDrawing(self._matrix, self.ops)

    def _repr_svg_(self) -> str:
        return self._drawing().as_svg()

    def _repr_html_(self) -> str:
        name = f"cell {self._id}" if self.is_valid else "invalid cell"
        parameters = f", {self.trainable_parameters:,} parameters" if self.is_valid else ""
        return f"<figure>{self._repr_svg_()}<figcaption>{name}{parameters}</figcaption></figure>"
