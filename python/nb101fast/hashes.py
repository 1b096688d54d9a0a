"""Hashes: the official module hashes of cells, as 32 hex digits or as 16 bytes."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from . import _core
from .ids import NUM_CELLS, Ids, cell_codes

Hashes: TypeAlias = "list[str] | tuple[str, ...] | npt.NDArray[np.uint8]"  # digits, or (N, 16)

HASH_BYTES = 16  # of MD5


def cell_hashes() -> npt.NDArray[np.uint8]:
    """By cell id, the official module hash: read-only uint8 (423624, 16).

    The first call computes them, in about a second. `ids_of_hashes` is the way back.
    """
    return _core.cell_hashes()


def hashes_of_cells(ids: Ids) -> npt.NDArray[np.uint8]:
    """The official module hashes of some cells: uint8 (N, 16).

    Those of a quarter of all cells or fewer are computed without those of the others.

    Args:
        ids: int32 (N,), ids of cells.
    """
    if len(ids) > NUM_CELLS // 4:
        return cell_hashes()[ids]
    return _core.hashes_of_codes(cell_codes()[ids])


def ids_of_hashes(hashes: Hashes, *, threads: int = 1) -> Ids:
    """The cell id of each official hash, among all cells of the space and without an index.

    The first call computes the hashes of all cells and a perfect hash of them, in about a second;
    then a hash takes some 20 nanoseconds. `Index.find` gives the cells of one index alone.

    Go on with `objective.by_id(ids)`, `index.query(ids=ids)` or `cell_codes()[ids]`, after leaving
    out -1: `ids[ids >= 0]`.

    Args:
        hashes: a list of strings of 32 hex digits, or uint8 (N, 16).
        threads: how many threads to use. The interpreter's lock is released.

    Returns:
        int32 (N,); -1 for a hash that no cell has.

    Raises:
        TypeError: a single string.
        ValueError: a string that is no hash, or an array of another shape or dtype.

    Example:
        >>> ids_of_hashes(["28cfc7874f6d200472e1a9dcd8650aa0"])
        array([359715], dtype=int32)
    """
    return _core.ids_of_hashes(as_hashes(hashes), threads)


def as_hashes(hashes: Hashes) -> npt.NDArray[np.uint8]:
    """Hashes as uint8 (N, 16), or TypeError or ValueError."""
    if isinstance(hashes, (str, bytes)):
        raise TypeError(f"hashes={hashes!r} is one string; give a list of hashes")
    _core.check_mask(hashes, "hashes")
    if not isinstance(hashes, np.ndarray) or hashes.dtype.kind in "USO":
        texts = [text.decode("ascii") if isinstance(text, bytes) else text for text in hashes]
        joined = b"".join(map(bytes_of_hash, texts))
        return np.frombuffer(joined, np.uint8).reshape(-1, HASH_BYTES)
    if hashes.dtype != np.uint8 or hashes.ndim != 2 or hashes.shape[1] != HASH_BYTES:
        raise ValueError(
            f"hashes have shape {hashes.shape} and dtype {hashes.dtype}; use uint8 (N, 16) or a "
            "list of strings of 32 hex digits"
        )
    return np.ascontiguousarray(hashes)


def bytes_of_hash(module_hash: str) -> bytes:
    """The 16 bytes of a module hash, or ValueError."""
    try:
        digest = bytes.fromhex(module_hash)
    except (ValueError, TypeError):
        digest = b""
    if len(digest) != HASH_BYTES or len(module_hash) != 2 * HASH_BYTES:
        raise ValueError(f"module hash {module_hash!r} is not allowed; use 32 hex digits")
    return digest
