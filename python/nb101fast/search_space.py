"""The search space as optimizers see it: samplers, mutations, neighbours, encodings, shapes.

Everything takes codes, a uint32 array or one int, and is computed in C++. What is random takes a
seed, and from one seed come the same codes on every machine.

>>> from nb101fast import search_space
>>> parents = search_space.sample(1000, how="raw", seed=0)
>>> children = search_space.mutate(parents, how="notebook", seed=1)
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from . import _core
from .codes import Codes, checked_code, is_scalar
from .codes import is_valid as is_valid_in_meaning

SAMPLINGS: tuple[str, ...] = tuple(_core.SAMPLINGS)
MUTATIONS: tuple[str, ...] = tuple(_core.MUTATIONS)
ENCODINGS: tuple[str, ...] = tuple(_core.ENCODINGS)
DISTANCES = ("raw", "cell")

Mutation = Literal["parameter", "notebook", "naszilla", "naslib", "pruned"]
Encoding = Literal["A", "B", "C", "one-hot", "path"]
Distance = Literal["raw", "cell"]
Validity = Literal["raw", "raw-9"]
Code: TypeAlias = int | np.integer[Any]
Seed: TypeAlias = "int | np.random.Generator | None"  # quoted: numpy.random loads late
Ids: TypeAlias = npt.NDArray[np.int32]
Rows: TypeAlias = npt.NDArray[Any]

_MEANINGS: dict[str, Literal["official", "raw-9"]] = {"raw": "official", "raw-9": "raw-9"}


class NeighborTable(NamedTuple):
    """The neighbours of every cell as CSR: `indices[indptr[i]:indptr[i + 1]]` are cell i's."""

    indptr: npt.NDArray[np.int64]
    indices: Ids


def sample(n: int, *, how: str = "cells", seed: Seed = None) -> Codes:
    """Draw n codes, each for itself.

    Args:
        how: "cells": uniform over the 423,624, as the codes of their representatives.
            "vertices:N": likewise, over the cells of N vertices, 2 to 7.
            "raw": uniform over the raw configurations (7x7 matrices and five labels) that are valid
            in the official meaning: pruned, to however few vertices, they have input joined to
            output by at most 9 edges. "raw-9": those of at most 9 edges before pruning too, as
            `nas_benchmarks` and HPOBench have it.
            "all": uniform over all 2^21 * 3^5 raw configurations, invalid ones included.
        seed: an int, a NumPy Generator (one number of it is drawn), or None for any.

    Returns:
        uint32 (n,).

    Raises:
        ValueError: no such sampler, or n < 0.

    Example:
        >>> sample(3, how="vertices:2", seed=0)
        array([32, 32, 32], dtype=uint32)
    """
    count = operator.index(n)
    if count < 0:
        raise ValueError(f"n={n}; 0 or more are allowed")
    if match := re.fullmatch(r"vertices:([2-7])", how):
        return _core.sample_codes_of(int(match[1]), count, _seed_word(seed))
    if how not in SAMPLINGS:
        allowed = ", ".join(map(repr, SAMPLINGS))
        raise ValueError(f"how={how!r}; {allowed} and 'vertices:2' to 'vertices:7' are allowed")
    return _core.sample_codes(SAMPLINGS.index(how), count, _seed_word(seed))


@overload
def mutate(codes: Code, *, how: Mutation = "parameter", seed: Seed = None) -> int: ...
@overload
def mutate(codes: Codes, *, how: Mutation = "parameter", seed: Seed = None) -> Codes: ...
def mutate(codes: Any, *, how: Mutation = "parameter", seed: Seed = None) -> Any:
    """One child of each code, of the raw configuration as it stands; dead vertices mutate too.

    Five rules are in use, and they are not the same:

    - "parameter": one of the 26 parameters, each as likely, takes another value (the paper and
      `nas_benchmarks`). The child may be invalid, the parent too.
    - "notebook": each edge flips with probability 1/7, each label becomes either other with 1/5 in
      all (the official notebook at its mutation rate 1.0).
    - "naszilla": likewise with 1/21 and 1/5 (`adj_mutate`).
    - "naslib": likewise with 1/7 and 1/3 (`NasBench101SearchSpace.mutate`).
    - "pruned": one change, each as likely, of an edge or label that counts: it survives pruning, or
      would if the edge were there (the neighbourhoods of naszilla and NASLib). A code without one,
      whose input and output are joined to each other and to nothing else, stays as it is.

    All but the first draw anew until the child is valid in the official meaning. The probabilities
    of the middle three hold to 2^-32.

    Args:
        codes: uint32 (N,), or one int.
        seed: an int, a NumPy Generator (one number of it is drawn), or None for any.

    Returns:
        uint32 (N,), or one int. Child i depends on its parent, the seed and i alone.

    Raises:
        ValueError: no such rule.
        OutOfDomainError: a code of bit 31 or label 3; an invalid parent, of all but "parameter".
    """
    rule = _number_of("how", how, MUTATIONS)
    word = _seed_word(seed)
    return _by_code(lambda array: _core.mutate_codes(rule, array, word), codes)


def neighbors(code: Code) -> Ids:
    """Cell ids that one change of this raw code leads to, ascending, without the code's own.

    Each of the 21 edges is flipped and each of the 5 labels changed to either other, and the result
    is pruned. The code itself may be invalid.

    Raises:
        OutOfDomainError: bit 31 or label 3.

    Example:
        >>> neighbors(32)  # input to output; five vertices are dead, and stay so
        array([], dtype=int32)
    """
    return _core.neighbors(checked_code(code))


def neighbor_table(*, threads: int = 1) -> NeighborTable:
    """The neighbours of every representative `cell_codes()[i]`, 7,653,143 in all (34 MB).

    Not symmetric: what one change of an edge revives depends on where dead vertices lie.

    Example:
        >>> indptr, indices = neighbor_table()
        >>> adjacency = scipy.sparse.csr_array((np.ones(len(indices)), indices, indptr))
    """
    return NeighborTable(*_core.neighbor_table(threads))


def encode_as(codes: Codes | Code, name: Encoding, *, out: Rows | None = None) -> Rows:
    """Codes as rows of numbers. Nothing is pruned: encode `cell_codes()[ids]` for pruned cells.

    - "A": uint8 (N, 26): 21 edges, row-major (`numpy.triu_indices(7, 1)`), and 5 labels
      (`nas_benchmarks`; EvoXBench's 26 integers).
    - "B": uint8 (N, 14): 9 edge numbers, ascending, the last one repeated, and 5 labels. The number
      of the row-major edge (r, c) means edge (6 - c, 6 - r), for so `nas_benchmarks` decodes it;
      kurobako does not mirror it. Codes of 1 to 9 raw edges.
    - "C": float32 (N, 27): the number of edges, 21 numbers in row-major order, here 0.0 and 1.0, of
      which the greatest so many are edges, and 5 labels. Codes of 0 to 9 raw edges.
    - "one-hot": uint8 (N, 36): 21 edges, and for each label three columns, of 0, 1 and 2 (NASLib
      has the same columns with the three in reverse).
    - "path": uint8 (N, 364): which sequences of labels lead from input to output. The column of
      labels l0, l1, .. along a path is the sum of (l_i + 1) * 3^i, so that 0 is input to output
      (naszilla, NASLib).

    Labels are 0 `conv3x3-bn-relu`, 1 `conv1x1-bn-relu`, 2 `maxpool3x3`, as everywhere here;
    ConfigSpace lists the choices in another order.

    Args:
        codes: uint32 (N,), or one int, which gives one row.
        out: an array of that dtype and shape to write into: of many codes, new memory takes longer
            than the rows.

    Raises:
        ValueError: no such encoding, a code that it can't hold, or another shape of `out`.
        OutOfDomainError: a code of bit 31 or label 3.

    Example:
        >>> encode_as(32, "B")
        array([5, 5, 5, 5, 5, 5, 5, 5, 5, 0, 0, 0, 0, 0], dtype=uint8)
    """
    encoding = _number_of("name", name, ENCODINGS)
    single = out is None and is_scalar(codes)
    rows: Rows = _core.encode_codes(encoding, _array_of(codes) if single else codes, out)
    return rows.reshape(-1) if single else rows


def decode_from(x: npt.ArrayLike, name: Encoding) -> Any:
    """The codes of rows of numbers, as of `encode_as`; of any numeric dtype.

    In B duplicates collapse, and the numbers may have any order. In C the numbers lie in 0..1; of
    equal ones the later is the greater. A, C and one-hot give back the very code that was encoded,
    and so does B.

    Args:
        x: (N, columns), or one row, which gives one int.

    Returns:
        uint32 (N,), or one int.

    Raises:
        ValueError: no such encoding; "path", which many cells share; a wrong shape; a value that is
            not allowed: says which, and where.
    """
    _number_of("name", name, ENCODINGS)
    if name == "path":
        raise ValueError(
            "name='path' has no way back: different cells have the same paths; "
            "'A', 'B', 'C', 'one-hot' are allowed"
        )
    rows = np.asarray(x)
    single = rows.ndim == 1
    _check_rows(rows, name)
    if single:
        rows = rows[np.newaxis]
    codes, num_sound = _decode_rows(rows, name)
    if num_sound < len(codes):
        _explain(rows[num_sound].tolist(), name, "" if single else f"{num_sound}, ")
    return int(codes[0]) if single else codes


# By encoding: how many columns in turn, the greatest value in them, and whether it is an integer.
_COLUMNS: dict[str, tuple[tuple[int, int, bool], ...]] = {
    "A": ((21, 1, True), (5, 2, True)),
    "B": ((9, 20, True), (5, 2, True)),
    "C": ((1, 9, True), (21, 1, False), (5, 2, True)),
    "one-hot": ((36, 1, True),),
}


def _check_rows(rows: Rows, name: str) -> None:
    columns = sum(count for count, _, _ in _COLUMNS[name])
    if rows.dtype.kind not in "biuf":
        raise ValueError(
            f"x of dtype {rows.dtype} cannot be read; bool, integer or float is allowed"
        )
    if rows.ndim not in (1, 2) or rows.shape[-1] != columns:
        raise ValueError(
            f"x has shape {rows.shape}; (N, {columns}) or ({columns},) is allowed of {name!r}"
        )


def _decode_rows(rows: Rows, name: str) -> tuple[Codes, int]:
    """The codes, and how many of them come before the first faulty row."""
    if name == "C":
        return _core.decode_rows_of_c(np.ascontiguousarray(rows, np.float64))
    with np.errstate(invalid="ignore"):
        as_bytes = np.ascontiguousarray(rows, np.uint8)
    if rows.dtype != np.uint8:
        as_bytes[as_bytes != rows] = 255  # which nothing allows
    return _core.decode_byte_rows(ENCODINGS.index(name), as_bytes)


def _explain(row: list[Any], name: str, row_place: str) -> None:
    """Raise ValueError for the first fault of a faulty row."""
    limits = [(most, whole) for count, most, whole in _COLUMNS[name] for _ in range(count)]
    for column, (value, (most, whole)) in enumerate(zip(row, limits, strict=True)):
        if 0 <= value <= most and (value == int(value) or not whole):
            continue
        allowed = "0 and 1" if most == 1 else f"0 to {most}"
        numbers = allowed if whole else "numbers from 0 to 1"
        raise ValueError(f"value {value} at [{row_place}{column}] of x; {numbers} are allowed")
    for column in range(21, 36, 3):
        ones = int(sum(row[column : column + 3]))
        if ones != 1:
            raise ValueError(
                f"{ones} ones at [{row_place}{column}:{column + 3}] of x, a label's columns; "
                "1 is allowed"
            )


@overload
def depth(codes: Code) -> int: ...
@overload
def depth(codes: Codes) -> Ids: ...
def depth(codes: Any) -> Any:
    """Edges of the longest path from input to output of the pruned cell: 1 to 6.

    Returns:
        int32 (N,), or one int; -1 = outside the search space.

    Source: Ying et al., 2019, section 3.

    Example:
        >>> depth(32)
        1
    """
    return _trait("depth", codes)


@overload
def width(codes: Code) -> int: ...
@overload
def width(codes: Codes) -> Ids: ...
def width(codes: Any) -> Any:
    """Edges of the largest directed cut of the pruned cell: 1 to 6.

    A directed cut parts the vertices, input from output, so that no edge goes back; it has the
    edges that cross. So a chain is 1 wide, however long.

    Returns:
        int32 (N,), or one int; -1 = outside the search space.

    Source: Ying et al., 2019, section 3 ("maximum directed cut").
    """
    return _trait("width", codes)


@overload
def num_vertices(codes: Code) -> int: ...
@overload
def num_vertices(codes: Codes) -> Ids: ...
def num_vertices(codes: Any) -> Any:
    """Vertices of the pruned cell, input and output among them, 2 to 7; -1 as of `depth`."""
    return _trait("num_vertices", codes)


@overload
def num_edges(codes: Code) -> int: ...
@overload
def num_edges(codes: Codes) -> Ids: ...
def num_edges(codes: Any) -> Any:
    """Edges of the pruned cell, 1 to 9; -1 as of `depth`."""
    return _trait("num_edges", codes)


@overload
def parameters(codes: Code) -> int: ...
@overload
def parameters(codes: Codes) -> Ids: ...
def parameters(codes: Any) -> Any:
    """Trainable parameters of the official network, as of `cell_parameters`; -1 as of `depth`."""
    return _trait("parameters", codes)


@overload
def macs(codes: Code) -> int: ...
@overload
def macs(codes: Codes) -> npt.NDArray[np.int64]: ...
def macs(codes: Any) -> Any:
    """Multiply-accumulates of the cell's official network, for one 32x32 image at inference.

    Counted are the convolutions (stem, projections, vertices) and the dense layer, k k in out for
    each place of the output. Batch norm, ReLU, additions and pooling count nothing. As of
    `parameters`, the network is that of the cell's representative.

    Returns:
        int64 (N,), or one int; -1 = outside the search space. The first call takes 0.2 s.

    Example:
        >>> macs(32)  # nothing but projections
        37098496
    """
    return _by_code(_core.macs, codes)


@overload
def flops(codes: Code) -> int: ...
@overload
def flops(codes: Codes) -> npt.NDArray[np.int64]: ...
def flops(codes: Any) -> Any:
    """Floating-point operations: two for each of `macs`, a multiplication and an addition.

    Some call the half of it FLOPs. int64 (N,), or one int; -1 = outside the search space.
    """
    counts: Any = macs(codes)
    return counts * (1 + (counts >= 0))


@overload
def edit_distance(codes: Code, others: Code, *, how: Distance = "raw") -> int: ...
@overload
def edit_distance(codes: Codes, others: Codes | Code, *, how: Distance = "raw") -> Ids: ...
@overload
def edit_distance(codes: Code, others: Codes, *, how: Distance = "raw") -> Ids: ...
def edit_distance(codes: Any, others: Any, *, how: Distance = "raw") -> Any:
    """How many single changes part each code from the other, a change being as of `neighbors`.

    Args:
        codes, others: uint32 (N,) each, or one int to be paired with all of the others.
        how: "raw": of the 21 edges and 5 labels as they stand, how many differ. "cell": of the
            pruned cells, the fewest edges to flip and labels to change over all ways to match their
            vertices (the exact graph edit distance, half a microsecond a pair). A vertex that only
            one of the two has costs nothing but its edges.

    Returns:
        int32 (N,), or one int; of "cell", -1 = a code outside the search space.

    Raises:
        ValueError: no such distance, or arrays of different shapes.
        OutOfDomainError: of "raw", a code of bit 31 or label 3.

    Example:
        >>> edit_distance(32, 33), edit_distance(32, 33, how="cell")
        (1, 0)
    """
    by_cell = _number_of("how", how, DISTANCES) == 1
    single = is_scalar(codes) and is_scalar(others)
    pair = [_array_of(each) if is_scalar(each) else each for each in (codes, others)]
    if not single:
        if is_scalar(codes):
            pair[0] = np.broadcast_to(pair[0], np.shape(others))
        if is_scalar(others):
            pair[1] = np.broadcast_to(pair[1], np.shape(codes))
        shapes = [np.shape(each) for each in pair]
        if shapes[0] != shapes[1]:
            raise ValueError(f"codes have shape {shapes[0]}, others {shapes[1]}; one is wanted")
    distances = _core.distances(by_cell, *pair)
    return int(distances[0]) if single else distances


@overload
def is_valid(codes: Code, *, how: Validity = "raw") -> bool: ...
@overload
def is_valid(codes: Codes, *, how: Validity = "raw") -> npt.NDArray[np.bool_]: ...
def is_valid(codes: Any, *, how: Validity = "raw") -> Any:
    """Whether each code is one that `sample` draws with `how`: bool (N,), or one bool.

    The same as `nb101fast.is_valid` under the samplers' names.
    """
    _number_of("how", how, tuple(_MEANINGS))
    return is_valid_in_meaning(codes, meaning=_MEANINGS[how])


def _trait(name: str, codes: Any) -> Any:
    trait = _core.TRAITS.index(name)
    return _by_code(lambda array: _core.traits(trait, array), codes)


def _by_code(function: Callable[[Any], npt.NDArray[Any]], codes: Any) -> Any:
    """What a function of arrays says of an array, or of one int."""
    return function(_array_of(codes))[0].item() if is_scalar(codes) else function(codes)


def _array_of(code: Any) -> Codes:
    return np.array([checked_code(code)], np.uint32)


def _seed_word(seed: Seed) -> int:
    return int(np.random.default_rng(seed).integers(1 << 64, dtype=np.uint64))


def _number_of(argument: str, name: str, allowed: Sequence[str]) -> int:
    """The place of a name among those that are allowed, or ValueError."""
    if name not in allowed:
        raise ValueError(f"{argument}={name!r}; {', '.join(map(repr, allowed))} are allowed")
    return allowed.index(name)
