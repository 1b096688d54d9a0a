"""Look-ups inside a graph: from codes to cell ids and metrics, in any array library.

The functions only gather from tables. They are written once over the array API standard, so they
are traced, compiled and vectorized with the program around them, and run on the device where the
arrays lie: under NumPy, JAX, PyTorch, TensorFlow or another library that follows the standard.

>>> import jax
>>> import jax.numpy as jnp
>>> from nb101fast import ingraph
>>> tables = jax.device_put(index.tables("validation_accuracy"))
>>> accuracy = jax.jit(lambda codes: ingraph.evaluate(tables, codes, jnp))
>>> accuracy(codes)  # a uint32 array
"""

from __future__ import annotations

import operator
import reprlib
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from . import _core
from .arrays import Doubles, in_single_precision
from .codes import LABEL_BITS, LOW_LABEL_BITS, MATRIX_BITS
from .ids import NUM_CELLS
from .measurement import FixedRepeat, Stage
from .phrases import alternatives
from .reader import IndexReader, Rows

Array: TypeAlias = Any  # an array of any library
Tables: TypeAlias = Mapping[str, Array]

PLACEMENTS, RANKS = "placements", "ranks"  # All other tables are columns of metrics.

_MATRIX_MASK = (1 << MATRIX_BITS) - 1
# The lower bits of a packed placement are a row of ranks. The others are the id of its first cell.
_ROW_BITS = 10
_ROW_MASK = (1 << _ROW_BITS) - 1


def make_tables(
    reader: IndexReader,
    metrics: tuple[str, ...],
    epochs: int | None,
    stage: Stage,
    repeat: FixedRepeat,
) -> dict[str, npt.NDArray[Any]]:
    """What `Index.tables` returns.

    The core's tables lead from a matrix to the number of its placement, and from that to the
    placement. Here the two are one table, which saves a gather. All tables are int32, because
    every library gathers int32 on every device.
    """
    measurements = {
        metric: reader.measurement(metric, epochs=epochs, stage=stage, repeat=repeat)
        for metric in metrics
    }
    placement_of_matrix, placements, ranks = _core.look_up_tables()
    first_ids, row_starts = placements.T
    packed = (first_ids << _ROW_BITS) | (row_starts >> LABEL_BITS)
    rows = reader.rows_of(np.arange(NUM_CELLS, dtype=np.int32))
    columns = {
        metric: _by_id(reader.values(measurement), rows)
        for metric, measurement in measurements.items()
    }
    return {PLACEMENTS: packed[placement_of_matrix], RANKS: ranks.astype(np.int32), **columns}


def _by_id(values: Doubles, rows: Rows) -> npt.NDArray[np.float32]:
    """The value of each row, from the values of all rows; NaN for a row of -1."""
    return in_single_precision(np.append(values, np.nan))[rows]


def query(tables: Tables, codes: Array, xp: Any) -> Array:
    """The cell id of each code, the same as `nb101fast.cell_ids` gives.

    Args:
        tables: what `Index.tables` returned, moved once to the device of the codes. NumPy arrays
            are converted at each call; in a compiled graph they become constants.
        codes: uint32 (N,), or any shape that the library's `take` accepts for indices.
        xp: the library: numpy, jax.numpy, torch, tensorflow or another namespace of the standard.

    Returns:
        int32 of the codes' shape; -1 outside the search space. To go on, gather from a column of
        the tables, or take the ids out of the graph to `objective.by_id(ids)`,
        `index.query(ids=ids)` or `cell_codes()[ids]`.

    Raises:
        TypeError: codes of another dtype. Cell ids (int32) become codes by `cell_codes()[ids]`.
        ValueError: the tables are not those of an index, or a masked array hides some of the codes.

    Example:
        >>> from nb101fast import ingraph
        >>> ingraph.query(index.tables(), codes, numpy)
    """
    return _cell_ids(tables, codes, _namespace(xp))


def evaluate(tables: Tables, codes: Array, xp: Any, metric: str = "validation_accuracy") -> Array:
    """A metric of each code, the same as `Index.objective` gives.

    Args:
        tables, codes, xp: as for `query`.
        metric: one of those that `Index.tables` was asked for.

    Returns:
        float32 of the codes' shape; NaN outside the search space, and for a cell without the run.

    Raises:
        TypeError: codes of another dtype.
        ValueError: the tables have no such metric, or a masked array hides some of the codes.

    Example:
        >>> from nb101fast import ingraph
        >>> ingraph.evaluate(index.tables("test_accuracy"), codes, numpy, "test_accuracy")
    """
    metrics = [name for name in tables if name not in (PLACEMENTS, RANKS)]
    if metric not in metrics:
        there = alternatives(metrics) if metrics else f"what index.tables({metric!r}) returns"
        raise ValueError(f"metric={metric!r} is not in these tables; use {there}")
    xp = _namespace(xp)
    ids = _cell_ids(tables, codes, xp)
    values = xp.take(xp.asarray(tables[metric]), xp.where(ids < 0, 0, ids), axis=0)
    return xp.where(ids < 0, float("nan"), values)


def _cell_ids(tables: Tables, codes: Array, xp: Any) -> Array:
    # NumPy 1 has no bitwise_right_shift.
    shift = getattr(xp, "bitwise_right_shift", operator.rshift)
    codes = _sound(codes, shift, xp)
    if not {PLACEMENTS, RANKS} <= {*tables}:
        raise ValueError("these are not the tables of an index; use what Index.tables() returns")
    placements = xp.take(xp.asarray(tables[PLACEMENTS]), codes & _MATRIX_MASK, axis=0)
    row_starts = (placements & _ROW_MASK) * (1 << LABEL_BITS)
    places = row_starts + shift(codes, MATRIX_BITS)
    return shift(placements, _ROW_BITS) + xp.take(xp.asarray(tables[RANKS]), places, axis=0)


def _sound(codes: Array, shift: Any, xp: Any) -> Array:
    """The codes as int32. A code with a label 3 or with bit 31 becomes 0, a cell without edges."""
    dtype = str(getattr(codes, "dtype", type(codes).__name__))
    if "uint32" not in dtype:
        raise TypeError(
            f"codes have dtype {dtype}, but a code is uint32. If these are cell ids, convert them "
            "with cell_codes()[ids]; if they are codes of another type, convert them to uint32."
        )
    if isinstance(codes, np.ndarray):  # PyTorch's compiler can't trace this call.
        _core.check_mask(codes, "codes")
    codes = xp.asarray(codes)
    labels = shift(codes, MATRIX_BITS)
    # Both bits of a label 3 are set: the shift puts the higher one onto the place of the lower one.
    faults = shift(labels, LABEL_BITS) | (labels & shift(labels, 1) & LOW_LABEL_BITS)
    return xp.asarray(xp.where(faults != 0, 0, codes), dtype=xp.int32)


# ---------------------------------------------------------------- libraries outside the standard


class _Jax:
    """The functions of the standard that are needed here, from JAX."""

    def __init__(self, jax_numpy: Any) -> None:
        self._take = jax_numpy.take
        self.asarray, self.where, self.int32 = jax_numpy.asarray, jax_numpy.where, jax_numpy.int32
        self.bitwise_right_shift = jax_numpy.bitwise_right_shift

    def take(self, table: Array, indices: Array, axis: int) -> Array:
        return self._take(table, indices, axis=axis, mode="clip")  # "fill" takes twice as long


class _Torch:
    """The functions of the standard that are needed here, from PyTorch."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self.int32, self.where = torch.int32, torch.where
        self.bitwise_right_shift = torch.bitwise_right_shift

    def asarray(self, values: Array, dtype: Any = None) -> Array:
        torch = self._torch
        tensor = values if isinstance(values, torch.Tensor) else torch.tensor(values)
        if tensor.dtype is torch.uint32:  # PyTorch can't shift this type.
            tensor = tensor.to(torch.int64)
        return tensor if dtype is None else tensor.to(dtype)

    def take(self, table: Array, indices: Array, axis: int) -> Array:
        values = self._torch.index_select(table, axis, indices.reshape(-1))
        return values.reshape(indices.shape)


class _TensorFlow:
    """The functions of the standard that are needed here, from TensorFlow."""

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
    if not isinstance(xp, ModuleType) and not hasattr(xp, "asarray"):
        raise TypeError(f"xp={reprlib.repr(xp)} is not allowed; use a library such as numpy")
    match xp.__name__.partition(".")[0]:
        case "jax":
            return _Jax(xp)
        case "torch":
            return _Torch(xp)
        case "tensorflow":
            return _TensorFlow()
    return xp
