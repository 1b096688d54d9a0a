"""The search space as optimizers see it: samplers, mutations, neighbours, encodings, shapes.

Functions take codes: a uint32 array, a list of codes, or one code or `Cell`. One code gives one
result, several give an array. Everything is computed in C++. Functions that draw at random take a
seed, and one seed gives the same codes on every machine.

>>> from nb101fast import search_space
>>> parents = search_space.sample(1000, how="raw", seed=0)
>>> children = search_space.mutate(parents, how="notebook", seed=1)
"""

from __future__ import annotations

import operator
import re
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypeVar, overload

import numpy as np
import numpy.typing as npt

from . import _core
from .checks import check_choice, check_count, check_number
from .codes import Codes, ManyCodes, OneCode, as_code, as_codes, is_batch
from .ids import Ids

if TYPE_CHECKING:
    from enum import Enum

    _Member = TypeVar("_Member", bound=Enum)


def _by_name(members: Iterable[_Member]) -> dict[str, _Member]:
    """The members of an enumeration of the core by their names, "raw-9" for `raw_9`."""
    return {member.name.replace("_", "-"): member for member in members}


SAMPLINGS: dict[str, _core.Sampling] = _by_name(_core.Sampling)
MUTATIONS: dict[str, _core.Mutation] = _by_name(_core.Mutation)
ENCODINGS: dict[str, _core.Encoding] = _by_name(_core.Encoding)
DISTANCES = ("raw", "cell")
_GREATEST_RATE = 5  # every label changes

Mutation = Literal["parameter", "notebook", "naszilla", "naslib", "pruned"]
Encoding = Literal["A", "B", "C", "one-hot", "path"]
Distance = Literal["raw", "cell"]
Seed: TypeAlias = "int | np.random.Generator | None"  # quoted: numpy.random loads late
Rows: TypeAlias = npt.NDArray[Any]


class NeighborTable(NamedTuple):
    """The neighbours of every cell, as CSR.

    `indices[indptr[i]:indptr[i + 1]]` are the ids of the neighbours of cell i.
    """

    indptr: npt.NDArray[np.int64]
    indices: Ids


def sample(n: int, *, how: str = "cells", seed: Seed = None) -> Codes:
    """Draw n codes, each independently of the others.

    Args:
        n: how many codes to draw.
        how: which codes are drawn, each as likely as any other.
            "cells": the representatives of the 423,624 cells.
            "vertices:N": the representatives of the cells of N vertices, 2 to 7.
            "raw": all raw configurations (7x7 matrices and five labels) that are valid in the
            official meaning: after pruning, input and output are joined by at most 9 edges.
            "raw-9": those that have at most 9 edges before pruning too, as `nas_benchmarks` and
            HPOBench have it.
            "all": all 2^21 * 3^5 raw configurations, invalid ones included.
        seed: an int; a NumPy Generator, from which one number is drawn; or None for any seed.

    Returns:
        uint32 (n,).

    Raises:
        ValueError: no such sampler, or n < 0.

    Example:
        >>> sample(3, how="vertices:2", seed=0)
        array([32, 32, 32], dtype=uint32)
    """
    count = operator.index(n)
    check_count("n", count, 0, sys.maxsize)
    if match := re.fullmatch(r"vertices:([2-7])", how):
        return _core.sample_codes_of(int(match[1]), count, _seed_word(seed))
    check_choice("how", how, (*SAMPLINGS, *(f"vertices:{n}" for n in range(2, 8))))
    return _core.sample_codes(SAMPLINGS[how], count, _seed_word(seed))


@overload
def mutate(
    codes: OneCode, *, how: Mutation = "parameter", rate: float = 1.0, seed: Seed = None
) -> int: ...
@overload
def mutate(
    codes: ManyCodes, *, how: Mutation = "parameter", rate: float = 1.0, seed: Seed = None
) -> Codes: ...
def mutate(codes: Any, *, how: Mutation = "parameter", rate: float = 1.0, seed: Seed = None) -> Any:
    """One child of each code.

    A mutation changes the raw configuration as it stands, so vertices that pruning would remove
    mutate too. Public code has five rules, which differ:

    - "parameter": one of the 26 parameters takes another value; each is as likely (the paper and
      `nas_benchmarks`). The child may be invalid, and so may the parent.
    - "notebook": each edge flips with probability rate/7; each label changes to one of the other
      two with probability rate/5 (the official notebook, whose mutation rate is 1.0).
    - "naszilla": the same with 1/21 and 1/5 (`adj_mutate`).
    - "naslib": the same with 1/7 and 1/3 (`NasBench101SearchSpace.mutate`).
    - "pruned": one edge or label that counts is changed; each is as likely. It counts if it
      survives pruning, or would if the edge were there (the neighbourhoods of naszilla and NASLib).
      If there is none, because input and output are joined to each other alone, the code stays.

    All rules but the first draw again until the child is valid in the official meaning. The
    probabilities of the middle three are exact to 2^-32.

    Args:
        codes: uint32 (N,), a list of codes, or one code or `Cell`.
        rate: the mutation rate of "notebook", from 0 to 5. The other rules have none.
        seed: an int; a NumPy Generator, from which one number is drawn; or None for any seed.

    Returns:
        uint32 (N,), or one int. Child i depends only on its parent, on the seed and on i.

    Raises:
        TypeError: an array of another type than uint32.
        ValueError: no such rule, or it has no such rate.
        OutOfDomainError: a code with bit 31 or a label 3; an invalid parent, except for
            "parameter".
    """
    rule = _chosen("how", how, MUTATIONS)
    check_rate("rate", rate, "how", how)
    word = _seed_word(seed)
    return _by_code(lambda array: _core.mutate_codes(rule, array, word, rate), codes)


def check_rate(argument: str, rate: float, argument_of_rule: str, rule: str) -> None:
    """Raise ValueError unless a mutation can have this rate."""
    check_number(argument, rate, 0, _GREATEST_RATE)
    if rate != 1 and rule != "notebook":
        raise ValueError(
            f"{argument}={rate!r} is not allowed with {argument_of_rule}={rule!r}; use "
            f"{argument_of_rule}='notebook'"
        )


def neighbors(code: OneCode) -> Ids:
    """The ids of all cells that one change of this raw code leads to.

    A change flips one of the 21 edges or replaces one of the 5 labels; then the result is pruned.
    The code itself may be invalid. Go on with `objective.by_id(ids)`, `index.query(ids=ids)` or
    `cell_codes()[ids]`.

    Returns:
        int32 (N,), ascending, without the code's own cell.

    Raises:
        TypeError: a NumPy scalar of another type than uint32.
        OutOfDomainError: a code with bit 31 or a label 3.

    Example:
        >>> neighbors(32)  # input to output; the five dead vertices stay dead
        array([], dtype=int32)
    """
    return _core.neighbors(code)


def neighbor_table(*, threads: int = 1) -> NeighborTable:
    """The neighbours of every representative `cell_codes()[i]`: 7,653,143 ids (34 MB).

    The table is not symmetric: which edge revives a dead vertex depends on where that vertex lies.
    Go on from ids with `objective.by_id(ids)`, `index.query(ids=ids)` or `cell_codes()[ids]`.

    Args:
        threads: how many threads to use. The interpreter's lock is released.

    Returns:
        A `NeighborTable`: `indptr`, int64 (423625,), and `indices`, int32 (7653143,).

    Example:
        >>> indptr, indices = neighbor_table()
        >>> import scipy.sparse
        >>> adjacency = scipy.sparse.csr_array((np.ones(len(indices)), indices, indptr))
    """
    return NeighborTable(*_core.neighbor_table(threads))


def encode_as(codes: ManyCodes | OneCode, name: Encoding, *, out: Rows | None = None) -> Rows:
    """Codes as rows of numbers. Nothing is pruned: for pruned cells, encode `cell_codes()[ids]`.

    - "A": uint8 (N, 26): 21 edges, row-major (`numpy.triu_indices(7, 1)`), and 5 labels
      (`nas_benchmarks`; EvoXBench's 26 integers).
    - "B": uint8 (N, 14): 9 edge numbers, ascending, the last one repeated, and 5 labels. The number
      of the row-major edge (r, c) stands for edge (6 - c, 6 - r), because `nas_benchmarks` decodes
      it so; kurobako does not. Only for codes of 1 to 9 raw edges.
    - "C": float32 (N, 27): the number of edges n, 21 numbers in row-major order, and 5 labels. The
      n greatest of the 21 numbers are edges; here the numbers are 0.0 and 1.0. Only for codes of 0
      to 9 raw edges.
    - "one-hot": uint8 (N, 36): 21 edges, and three columns for each label, in the order 0, 1, 2
      (NASLib has the three in reverse).
    - "path": uint8 (N, 364): which sequences of labels lead from input to output. The sequence
      l0, l1, .. has the column that is the sum of (l_i + 1) * 3^i, so column 0 is the direct edge
      (naszilla, NASLib).

    Labels are 0 `conv3x3-bn-relu`, 1 `conv1x1-bn-relu`, 2 `maxpool3x3`, as everywhere here.
    ConfigSpace lists these choices in another order.

    Args:
        codes: uint32 (N,), a list of codes, or one code or `Cell`.
        out: an array of that dtype and shape to write into. For many codes, new memory takes
            longer than the rows themselves.

    Returns:
        One row for each code; a single row (columns,) for one code.

    Raises:
        TypeError: an array of codes of another type than uint32.
        ValueError: no such encoding, a code that it can't hold, or another shape of `out`.
        OutOfDomainError: a code with bit 31 or a label 3.

    Example:
        >>> encode_as(32, "B")
        array([5, 5, 5, 5, 5, 5, 5, 5, 5, 0, 0, 0, 0, 0], dtype=uint8)
    """
    encoding = _chosen("name", name, ENCODINGS)
    given: Any = codes
    if is_batch(given):
        return _core.encode_codes(encoding, given, out)
    rows = _core.encode_codes(encoding, [as_code(given)], out)
    return rows.reshape(-1) if out is None else rows


def decode_from(x: npt.ArrayLike, name: Encoding) -> Any:
    """The codes of rows of numbers, the way back from `encode_as`.

    A, B, C and one-hot give back the code that was encoded. The numbers of edges in B may have any
    order, and duplicates count once. The numbers in C lie in 0..1; of equal ones the later counts
    as the greater.

    Args:
        x: (N, columns) of any numeric dtype, or one row, which gives one int.

    Returns:
        uint32 (N,), or one int.

    Raises:
        ValueError: no such encoding; "path", because many cells share their paths; a wrong shape;
            or a value that is not allowed, which the error states with its position.
    """
    encoding = _chosen("name", name, ENCODINGS)
    if name == "path":
        raise ValueError(
            "name='path' has no way back, because different cells have the same paths; "
            "use 'A', 'B', 'C' or 'one-hot'"
        )
    _core.check_mask(x, "the elements of x")
    rows = np.asarray(x)
    single = rows.ndim == 1
    _check_rows(rows, name)
    if single:
        rows = rows[np.newaxis]
    codes, num_sound = _decode_rows(rows, encoding)
    if num_sound < len(codes):
        _explain(rows[num_sound].tolist(), name, "" if single else f"{num_sound}, ")
    return int(codes[0]) if single else codes


# For each encoding its groups of columns: how many, the greatest value, and whether it is whole.
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
            f"x has dtype {rows.dtype}, which cannot be read; use bool, integer or float"
        )
    if rows.ndim not in (1, 2) or rows.shape[-1] != columns:
        raise ValueError(
            f"x has shape {rows.shape}; use (N, {columns}) or ({columns},) for {name!r}"
        )


def _decode_rows(rows: Rows, encoding: _core.Encoding) -> tuple[Codes, int]:
    """The codes, and how many of them come before the first faulty row."""
    if encoding is _core.Encoding.C:
        return _core.decode_rows_of_c(np.ascontiguousarray(rows, np.float64))
    with np.errstate(invalid="ignore"):
        as_bytes = np.ascontiguousarray(rows, np.uint8)
    if rows.dtype != np.uint8:
        as_bytes[as_bytes != rows] = 255  # which is never allowed
    return _core.decode_byte_rows(encoding, as_bytes)


def _explain(row: list[Any], name: str, row_place: str) -> None:
    """Raise ValueError for the first fault of a faulty row."""
    limits = [(most, whole) for count, most, whole in _COLUMNS[name] for _ in range(count)]
    for column, (value, (most, whole)) in enumerate(zip(row, limits, strict=True)):
        if 0 <= value <= most and (value == int(value) or not whole):
            continue
        allowed = "0 and 1" if most == 1 else f"0 to {most}"
        numbers = allowed if whole else "numbers from 0 to 1"
        raise ValueError(
            f"value {value} at [{row_place}{column}] of x is not allowed; use {numbers}"
        )
    for column in range(21, 36, 3):
        ones = int(sum(row[column : column + 3]))
        if ones != 1:
            raise ValueError(
                f"{ones} ones at [{row_place}{column}:{column + 3}] of x, the columns of a label; "
                "use a single 1"
            )


@overload
def depth(codes: OneCode) -> int: ...
@overload
def depth(codes: ManyCodes) -> npt.NDArray[np.int32]: ...
def depth(codes: Any) -> Any:
    """Edges of the longest path from input to output in the pruned cell: 1 to 6.

    Args:
        codes: uint32 (N,), a list of codes, or one code or `Cell`.

    Returns:
        int32 (N,), or one int; -1 outside the search space.

    Raises:
        TypeError: an array of another type than uint32.

    Source: Ying et al., 2019, section 3.

    Example:
        >>> depth(32)
        1
    """
    return _trait(_core.Trait.depth, codes)


@overload
def width(codes: OneCode) -> int: ...
@overload
def width(codes: ManyCodes) -> npt.NDArray[np.int32]: ...
def width(codes: Any) -> Any:
    """Edges of the largest directed cut of the pruned cell: 1 to 6.

    A directed cut divides the vertices into a side of the input and a side of the output, so that
    no edge goes back. It has the edges that go across. So a chain has width 1, however long it is.

    Args:
        codes: uint32 (N,), a list of codes, or one code or `Cell`.

    Returns:
        int32 (N,), or one int; -1 outside the search space.

    Raises:
        TypeError: an array of another type than uint32.

    Source: Ying et al., 2019, section 3 ("maximum directed cut").
    """
    return _trait(_core.Trait.width, codes)


@overload
def num_vertices(codes: OneCode) -> int: ...
@overload
def num_vertices(codes: ManyCodes) -> npt.NDArray[np.int32]: ...
def num_vertices(codes: Any) -> Any:
    """Vertices of the pruned cell, 2 to 7, the input and the output included.

    Takes, returns and raises what `depth` does.
    """
    return _trait(_core.Trait.num_vertices, codes)


@overload
def num_edges(codes: OneCode) -> int: ...
@overload
def num_edges(codes: ManyCodes) -> npt.NDArray[np.int32]: ...
def num_edges(codes: Any) -> Any:
    """Edges of the pruned cell, 1 to 9.

    Takes, returns and raises what `depth` does.
    """
    return _trait(_core.Trait.num_edges, codes)


@overload
def parameters(codes: OneCode) -> int: ...
@overload
def parameters(codes: ManyCodes) -> npt.NDArray[np.int32]: ...
def parameters(codes: Any) -> Any:
    """Trainable parameters of the official network, those of `cell_parameters`.

    Takes, returns and raises what `depth` does.
    """
    return _trait(_core.Trait.parameters, codes)


@overload
def macs(codes: OneCode) -> int: ...
@overload
def macs(codes: ManyCodes) -> npt.NDArray[np.int64]: ...
def macs(codes: Any) -> Any:
    """Multiply-accumulates of the cell's official network for one 32x32 image, at inference.

    The convolutions (stem, projections, vertices) and the dense layer count: for each place of
    their output, kernel height times width times input channels times output channels. Batch norm,
    ReLU, additions and pooling don't count. The network is that of the cell's representative, as
    for `parameters`. The first call takes 0.2 s.

    Args:
        codes: uint32 (N,), a list of codes, or one code or `Cell`.

    Returns:
        int64 (N,), or one int; -1 outside the search space.

    Raises:
        TypeError: an array of another type than uint32.

    Example:
        >>> macs(32)  # the stem, projections and the dense layer
        137761792
    """
    return _by_code(_core.macs, codes)


@overload
def flops(codes: OneCode) -> int: ...
@overload
def flops(codes: ManyCodes) -> npt.NDArray[np.int64]: ...
def flops(codes: Any) -> Any:
    """Floating-point operations: two for each of `macs`, a multiplication and an addition.

    Some authors call half of this number FLOPs. Takes, returns and raises what `macs` does.
    """
    counts: Any = macs(codes)
    return counts * (1 + (counts >= 0))


@overload
def edit_distance(codes: OneCode, others: OneCode, *, how: Distance = "raw") -> int: ...
@overload
def edit_distance(
    codes: ManyCodes, others: ManyCodes | OneCode, *, how: Distance = "raw"
) -> npt.NDArray[np.int32]: ...
@overload
def edit_distance(
    codes: OneCode, others: ManyCodes, *, how: Distance = "raw"
) -> npt.NDArray[np.int32]: ...
def edit_distance(codes: Any, others: Any, *, how: Distance = "raw") -> Any:
    """How many single changes lead from each code to the other; `neighbors` says what a change is.

    Args:
        codes, others: uint32 (N,) or a list of codes, each; or one code or `Cell`, which is paired
            with all of the others.
        how: "raw": how many of the 21 edges and 5 labels differ, unpruned. "cell": the fewest
            edges to flip and labels to change between the pruned cells, over all ways to match
            their vertices (the exact graph edit distance; half a microsecond a pair). A vertex that
            only one of the two has costs nothing but its edges.

    Returns:
        int32 (N,), or one int. With "cell", -1 if a code is outside the search space.

    Raises:
        TypeError: an array of another type than uint32.
        ValueError: no such distance, or arrays of different shapes.
        OutOfDomainError: with "raw", a code with bit 31 or a label 3.

    Example:
        >>> edit_distance(32, 33), edit_distance(32, 33, how="cell")
        (1, 0)
    """
    check_choice("how", how, DISTANCES)
    pair = [as_codes(each if is_batch(each) else [as_code(each)]) for each in (codes, others)]
    if not is_batch(codes):
        pair[0] = np.broadcast_to(pair[0], pair[1].shape)
    if not is_batch(others):
        pair[1] = np.broadcast_to(pair[1], pair[0].shape)
    if len(pair[0]) != len(pair[1]):
        raise ValueError(
            f"codes have shape {pair[0].shape} and others {pair[1].shape}; use the same shape"
        )
    distances = _core.distances(how == "cell", *pair)
    return distances if is_batch(codes) or is_batch(others) else int(distances[0])


def _trait(trait: _core.Trait, codes: Any) -> Any:
    return _by_code(lambda array: _core.traits(trait, array), codes)


def _by_code(function: Callable[[Any], npt.NDArray[Any]], codes: Any) -> Any:
    """The results of a function of batches; one number for one code."""
    return function(codes) if is_batch(codes) else function([as_code(codes)])[0].item()


def _seed_word(seed: Seed) -> int:
    return int(np.random.default_rng(seed).integers(1 << 64, dtype=np.uint64))


def _chosen(argument: str, name: str, members: dict[str, _Member]) -> _Member:
    """The member of that name, or ValueError."""
    check_choice(argument, name, members)
    return members[name]
