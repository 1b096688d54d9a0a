"""Look-ups inside a graph: codes to cell ids and metrics, by gathers alone, in any array library.

Written once over the array API standard: it is traced, compiled and vectorized with the program
around it, and runs where the arrays lie, under NumPy, JAX, PyTorch, TensorFlow or another library
that follows the standard.

>>> tables = jax.device_put(index.tables("validation_accuracy"))
>>> accuracy = jax.jit(lambda codes: ingraph.evaluate(tables, codes, jnp))
>>> accuracy(codes)
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from . import _core
from .codes import cell_codes

if TYPE_CHECKING:
    from .index import FixedRepeat, Index, Stage

Array: TypeAlias = Any  # of whichever library
Tables: TypeAlias = Mapping[str, Array]

PLACEMENTS, RANKS = "placements", "ranks"  # beside a column for each metric

_MATRIX_BITS, _LABEL_BITS = 21, 10  # of a code
_MATRIX_MASK = (1 << _MATRIX_BITS) - 1
_LOW_BITS = 0b01_01_01_01_01  # of five labels
_ROW_BITS = 10  # of a packed placement; the bits above are the id of its first cell
_ROW_MASK = (1 << _ROW_BITS) - 1


def make_tables(
    index: Index, metrics: tuple[str, ...], epochs: int, stage: Stage, repeat: FixedRepeat
) -> dict[str, npt.NDArray[Any]]:
    """What `Index.tables` returns.

    The two look-ups are the core's own. Here a matrix leads to its placement at once: one gather
    less, and int32 alone, which every library gathers everywhere.
    """
    objectives = {
        metric: index.objective(metric, epochs=epochs, stage=stage, repeat=repeat)
        for metric in metrics
    }
    placement_of_matrix, placements, ranks = _core.look_up_tables()
    first_ids, row_starts = placements.T
    packed = (first_ids << _ROW_BITS) | (row_starts >> _LABEL_BITS)
    columns = {metric: objective(cell_codes()) for metric, objective in objectives.items()}
    return {PLACEMENTS: packed[placement_of_matrix], RANKS: ranks.astype(np.int32), **columns}


def query(tables: Tables, codes: Array, xp: Any) -> Array:
    """The cell id of each code, as `nb101fast.cell_ids` gives it.

    Args:
        tables: of `Index.tables`, once moved to where the codes are. NumPy's own are converted at
            each call; in a compiled graph they become constants.
        codes: integers of 32 or 64 bits, with a sign or without; (N,), or of any shape that the
            library's `take` has indices of.
        xp: the library: numpy, jax.numpy, torch, tensorflow or another namespace of the standard.

    Returns:
        int32 of the codes' shape; -1 outside the search space, for faulty codes too.

    Raises:
        TypeError: codes of another dtype.

    Example:
        >>> ingraph.query(index.tables(), codes, numpy)
    """
    return _cell_ids(tables, codes, _namespace(xp))


def evaluate(tables: Tables, codes: Array, xp: Any, metric: str = "validation_accuracy") -> Array:
    """A metric of each code, as `Index.objective` gives it: a third gather.

    Args:
        tables, codes, xp: as of `query`.
        metric: one of those that `Index.tables` was asked for.

    Returns:
        float32 of the codes' shape; NaN outside the search space, and without such a run.

    Raises:
        TypeError: codes of another dtype.
        ValueError: the tables have no such metric.
    """
    metrics = [name for name in tables if name not in (PLACEMENTS, RANKS)]
    if metric not in metrics:
        raise ValueError(f"metric={metric!r}; these tables have {', '.join(map(repr, metrics))}")
    xp = _namespace(xp)
    ids = _cell_ids(tables, codes, xp)
    values = xp.take(xp.asarray(tables[metric]), xp.where(ids < 0, 0, ids), axis=0)
    return xp.where(ids < 0, float("nan"), values)


def _cell_ids(tables: Tables, codes: Array, xp: Any) -> Array:
    shift = getattr(xp, "bitwise_right_shift", operator.rshift)  # which NumPy 1 lacks
    codes = _sound(xp.asarray(codes), shift, xp)
    placements = xp.take(xp.asarray(tables[PLACEMENTS]), codes & _MATRIX_MASK, axis=0)
    row_starts = (placements & _ROW_MASK) * (1 << _LABEL_BITS)
    places = row_starts + shift(codes, _MATRIX_BITS)
    return shift(placements, _ROW_BITS) + xp.take(xp.asarray(tables[RANKS]), places, axis=0)


def _sound(codes: Array, shift: Any, xp: Any) -> Array:
    """The codes as int32, with 0, a cell without edges, for one of a label 3 or of bits above."""
    if not any(name in str(codes.dtype) for name in ("int32", "int64")):
        raise TypeError(f"codes of dtype {codes.dtype}; integers of 32 or 64 bits are allowed")
    labels = shift(codes, _MATRIX_BITS)
    faults = shift(labels, _LABEL_BITS) | (labels & shift(labels, 1) & _LOW_BITS)
    return xp.asarray(xp.where(faults != 0, 0, codes), dtype=xp.int32)


# ---------------------------------------------------------------- libraries beside the standard


class _Jax:
    """What is used here of the standard, from JAX."""

    def __init__(self, jax_numpy: Any) -> None:
        self._take = jax_numpy.take
        self.asarray, self.where, self.int32 = jax_numpy.asarray, jax_numpy.where, jax_numpy.int32
        self.bitwise_right_shift = jax_numpy.bitwise_right_shift

    def take(self, table: Array, indices: Array, axis: int) -> Array:
        return self._take(table, indices, axis=axis, mode="clip")  # "fill" takes twice as long


class _Torch:
    """What is used here of the standard, from PyTorch."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self.int32, self.where = torch.int32, torch.where
        self.bitwise_right_shift = torch.bitwise_right_shift

    def asarray(self, values: Array, dtype: Any = None) -> Array:
        torch = self._torch
        tensor = values if isinstance(values, torch.Tensor) else torch.tensor(values)
        if tensor.dtype in (torch.uint32, torch.uint64):  # they have no shifts
            tensor = tensor.to(torch.int64)
        return tensor if dtype is None else tensor.to(dtype)

    def take(self, table: Array, indices: Array, axis: int) -> Array:
        values = self._torch.index_select(table, axis, indices.reshape(-1))
        return values.reshape(indices.shape)


class _TensorFlow:
    """What is used here of the standard, from TensorFlow."""

    def __init__(self) -> None:
        tensorflow = import_module("tensorflow")
        self._tensorflow = tensorflow
        self.int32, self.take = tensorflow.int32, tensorflow.gather
        self.bitwise_right_shift = tensorflow.bitwise.right_shift

    def asarray(self, values: Array, dtype: Any = None) -> Array:
        tensor = self._tensorflow.convert_to_tensor(values)
        return tensor if dtype is None else self._tensorflow.cast(tensor, dtype)

    def where(self, condition: Array, value: float, values: Array) -> Array:
        return self._tensorflow.where(condition, self._tensorflow.cast(value, values.dtype), values)


def _namespace(xp: Any) -> Any:
    match xp.__name__.partition(".")[0]:
        case "jax":
            return _Jax(xp)
        case "torch":
            return _Torch(xp)
        case "tensorflow":
            return _TensorFlow()
    return xp
