"""A cell as the user wrote it, and pruned: `nasbench.lib.model_spec`.

Two things differ from the official code on purpose. A float matrix has the hash of its cell. If an
element is neither 0 nor 1, asking for the hash raises OutOfDomainError.
"""

from __future__ import annotations

import copy
import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _core
from .._core import OutOfDomainError
from ..ops import INPUT, OUTPUT

__all__ = ["ModelSpec", "check_matrix", "is_upper_triangular"]


class ModelSpec:
    """A cell as the user wrote it, and pruned.

    Args:
        matrix: (V, V) upper triangular array or nested list; any V.
        ops: V operations, those of the input and of the output among them. The operation of a
            vertex that is pruned may be anything, for instance a padding label.
        data_format: "channels_last" or "channels_first"; an attribute for training code.

    Attributes:
        original_matrix, original_ops: copies of the arguments.
        matrix, ops: pruned copies; None where no path joins input and output.
        valid_spec: whether such a path exists.

    Raises:
        ValueError: the matrix is not square or not upper triangular, or it has another number of
            vertices than there are operations.

    Example:
        >>> ModelSpec([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"])

    Source: `nasbench/lib/model_spec.py`.
    """

    original_matrix: npt.NDArray[Any]
    original_ops: Any
    matrix: npt.NDArray[Any] | None
    ops: Any

    _prunes_in_its_own_way = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._prunes_in_its_own_way = cls._prune is not ModelSpec._prune

    def __init__(
        self, matrix: npt.ArrayLike, ops: Sequence[Any], data_format: str = "channels_last"
    ) -> None:
        if not isinstance(matrix, np.ndarray):
            matrix = np.array(matrix)
        parts = _core.prune_spec(matrix, ops) or _prune_any(matrix, ops)
        self.original_matrix, self.original_ops, self.matrix, self.ops = parts
        self.valid_spec = self.ops is not None
        if self._prunes_in_its_own_way:
            self.matrix, self.ops = map(copy.deepcopy, parts[:2])
            self.valid_spec = True
            self._prune()
        self.data_format = data_format

    def _prune(self) -> None:
        """Prune the originals, and set `matrix`, `ops` and `valid_spec`.

        Officially, the constructor calls this. A subclass may prune in its own way here.
        """
        *_, self.matrix, self.ops = _prune_any(self.original_matrix, self.original_ops)
        self.valid_spec = self.ops is not None

    def hash_spec(self, canonical_ops: Sequence[Any]) -> str:
        """The official module hash of `matrix` and `ops` as they are now.

        Args:
            canonical_ops: operations by label, as `config["available_ops"]`.

        Raises:
            OutOfDomainError: the spec is not valid, or no cell has such a matrix.
            ValueError: an operation is not among `canonical_ops`.
            TypeError: `canonical_ops` is no sequence.
        """
        if self.matrix is None:
            raise OutOfDomainError("invalid spec, provided graph is disconnected.")
        label_of = list(canonical_ops).index
        labels = [label_of(op) for op in self.ops[1:-1]]
        digest = _core.hash_spec(self.matrix, labels)
        return digest if digest is not None else _hash_any(self.matrix, labels)

    def visualize(self) -> Any:
        """A `graphviz.Digraph` of the pruned cell; needs the package graphviz.

        Raises:
            OutOfDomainError: the spec is not valid.
            ImportError: graphviz is not installed.
        """
        if self.matrix is None:
            raise OutOfDomainError("invalid spec, provided graph is disconnected.")
        graph = importlib.import_module("graphviz").Digraph()
        for vertex, op in enumerate([INPUT, *self.ops[1:-1], OUTPUT]):
            graph.node(str(vertex), op)
        for source, target in np.argwhere(self.matrix).tolist():
            graph.edge(str(source), str(target))
        return graph


def is_upper_triangular(matrix: npt.NDArray[Any]) -> bool:
    """Whether all elements on the diagonal and below it are zero."""
    return not any(matrix[v, w] != 0 for v in range(len(matrix)) for w in range(v + 1))


def check_matrix(matrix: Any, vertices: int) -> None:
    """Raise OutOfDomainError unless this is an upper triangular 0/1 matrix of so many vertices."""
    array = np.asarray(matrix)
    if array.shape != (vertices, vertices):
        raise OutOfDomainError(
            f"the matrix has shape {array.shape}; {vertices} operations need {vertices, vertices}"
        )
    for place, value in np.ndenumerate(array):
        if value not in (0, 1):
            raise OutOfDomainError(f"matrix elements must be 0 or 1, got {value} at {place}")
    if not is_upper_triangular(array):
        raise OutOfDomainError("matrix must be upper triangular")


def _prune_any(matrix: npt.NDArray[Any], ops: Any) -> tuple[Any, ...]:
    """What `_core.prune_spec` returns, for any array and any operations.

    Raises:
        ValueError: as `ModelSpec`.
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError("matrix must be square")
    if matrix.shape[0] != len(ops):
        raise ValueError("length of ops must match matrix dimensions")
    if not is_upper_triangular(matrix):
        raise ValueError("matrix must be upper triangular")
    originals = copy.deepcopy(matrix), copy.deepcopy(ops)
    live = _live_vertices(matrix)
    if len(live) < 2:
        return *originals, None, None
    if len(live) == len(ops):
        return *originals, copy.deepcopy(matrix), copy.deepcopy(ops)
    return *originals, matrix[np.ix_(live, live)], [copy.deepcopy(ops[v]) for v in live]


def _live_vertices(matrix: npt.NDArray[Any]) -> list[int]:
    """The vertices on a path from the first to the last."""
    vertices = range(len(matrix))
    reached, reaching = {0}, {len(matrix) - 1}
    for v in vertices:
        if v in reached:
            reached.update(w for w in vertices[v + 1 :] if matrix[v, w])
    for w in reversed(vertices):
        if w in reaching:
            reaching.update(v for v in vertices[:w] if matrix[v, w])
    return sorted(reached & reaching)


def _hash_any(matrix: Any, labels: list[int]) -> str:
    """What `_core.hash_spec` returns, for any array.

    Raises:
        OutOfDomainError: no cell has such a matrix.
    """
    check_matrix(matrix, len(labels) + 2)
    if len(matrix) > _core.MAX_GRAPH_VERTICES:
        raise OutOfDomainError(
            f"a graph of {len(matrix)} vertices can't be hashed; use at most "
            f"{_core.MAX_GRAPH_VERTICES}"
        )
    digest = _core.hash_spec(np.array(matrix, np.uint8, subok=False), labels)
    assert digest is not None
    return digest
