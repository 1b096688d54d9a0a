"""Encodings: public code reads them the same way; the way back; errors of bad rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nb101fast
from nb101fast import OutOfDomainError, search_space
from nb101fast.codes import Codes
from nb101fast.inception import HASH, MATRIX, OPS
from nb101fast.search_space import Encoding
from reference import encodings
from reference.cells import Graph, decode, edge_count, encode
from test_search_space_sampling import at_every_simd_level

COLUMNS: dict[Encoding, int] = {"A": 26, "B": 14, "C": 27, "one-hot": 36, "path": 364}
INVERTIBLE: list[Encoding] = ["A", "B", "C", "one-hot"]
ENCODE: dict[Encoding, Callable[[Graph], npt.NDArray[np.float64]]] = {
    "A": encodings.encode_a,
    "one-hot": encodings.encode_one_hot,
    "path": encodings.encode_path,
}
DECODE: dict[Encoding, Callable[[npt.ArrayLike], Graph]] = {
    "A": encodings.decode_a,
    "B": encodings.decode_b,
    "C": encodings.decode_c,
}
INCEPTION = int(nb101fast.encode(MATRIX, OPS))


def codes_for(name: Encoding, n: int, seed: int = 1) -> Codes:
    """Raw codes that the encoding holds."""
    codes = search_space.sample(20 * n, how="all", seed=seed)
    if name in ("B", "C"):
        edges = sum(codes >> bit & 1 for bit in range(21))
        codes = codes[(edges <= 9) & (edges > 0)]
    return codes[:n]


@pytest.mark.parametrize("name", ENCODE)
def test_rows_are_the_twins(name: Encoding) -> None:
    for codes in (codes_for(name, 500), search_space.sample(500, seed=2)):
        rows = at_every_simd_level(partial(search_space.encode_as, codes, name))
        expected = [ENCODE[name](decode(code)) for code in codes.tolist()]
        assert np.array_equal(rows, expected)


@pytest.mark.parametrize("name", DECODE)
def test_rows_are_read_as_the_field_does(name: Encoding) -> None:
    codes = codes_for(name, 1000)
    rows = search_space.encode_as(codes, name)
    assert [encode(DECODE[name](row)) for row in rows] == codes.tolist()


@pytest.mark.parametrize("name", INVERTIBLE)
def test_there_and_back(name: Encoding) -> None:
    codes = codes_for(name, 30_000, seed=3)
    rows = at_every_simd_level(lambda: search_space.encode_as(codes, name))
    decoded = at_every_simd_level(lambda: search_space.decode_from(rows, name))
    assert np.array_equal(decoded, codes)
    assert decoded.dtype == np.uint32


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("n", [0, 1, 2, 127, 128, 129, 1000])
def test_shapes_and_dtypes(name: Encoding, n: int) -> None:
    codes = codes_for(name, 1000)
    rows = search_space.encode_as(codes[:n], name)
    assert rows.shape == (n, COLUMNS[name])
    assert rows.dtype == (np.float32 if name == "C" else np.uint8)
    assert rows.flags.c_contiguous
    assert np.array_equal(rows, search_space.encode_as(codes, name)[:n])


@pytest.mark.parametrize("name", INVERTIBLE)
@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "int32", "uint64", "float32", "float64", ">f8", "longdouble"]
)
def test_any_numeric_dtype(name: Encoding, dtype: str) -> None:
    codes = codes_for(name, 200)
    rows = search_space.encode_as(codes, name).astype(dtype)
    assert np.array_equal(search_space.decode_from(rows, name), codes)
    assert np.array_equal(search_space.decode_from(rows[::-2], name), codes[::-2])
    assert np.array_equal(search_space.decode_from(rows.tolist(), name), codes)
    assert np.array_equal(search_space.decode_from(np.asfortranarray(rows), name), codes)


@pytest.mark.parametrize("name", INVERTIBLE)
def test_one_code(name: Encoding) -> None:
    row = search_space.encode_as(INCEPTION, name)
    assert row.shape == (COLUMNS[name],)
    assert np.array_equal(row, search_space.encode_as(np.array([INCEPTION], np.uint32), name)[0])
    code = search_space.decode_from(row, name)
    assert type(code) is int
    assert code == INCEPTION
    assert nb101fast.Cell.from_code(code).hash == HASH


@pytest.mark.parametrize("name", COLUMNS)
def test_rows_into_an_array_at_hand(name: Encoding) -> None:
    codes = codes_for(name, 100)
    expected = search_space.encode_as(codes, name)
    out = np.full_like(expected, 7)
    assert search_space.encode_as(codes, name, out=out) is out
    assert np.array_equal(out, expected)
    shape = rf"use an array of {expected.dtype} of shape \(100, {COLUMNS[name]}\)"
    for bad in (out[:99], out[:, :-1], out.ravel()):
        with pytest.raises(ValueError, match=shape):
            search_space.encode_as(codes, name, out=bad)
    with pytest.raises(TypeError, match=shape):
        search_space.encode_as(codes, name, out=out.astype(np.int64))
    frozen = out.copy()
    frozen.setflags(write=False)
    for bad in (frozen, np.asfortranarray(out)):
        with pytest.raises(ValueError, match="writable, contiguous"):
            search_space.encode_as(codes, name, out=bad)
    memory = np.zeros(out.size + 100, out.dtype).view(np.uint8)
    inside = memory[: out.nbytes].view(out.dtype).reshape(out.shape)
    shared = memory[:400].view(np.uint32)
    shared[:] = codes
    with pytest.raises(ValueError, match="out shares memory with the codes"):
        search_space.encode_as(shared, name, out=inside)


def test_the_inception_like_cell_through_a_and_through_b() -> None:
    by_hand: dict[Encoding, list[int]] = {
        "A": [0] * 21 + [1, 0, 0, 0, 2],
        "B": [0] * 9 + [1, 0, 0, 0, 2],
    }
    edges = [(0, 1), (0, 2), (0, 3), (0, 5), (1, 6), (2, 6), (3, 4), (4, 6), (5, 6)]
    for i, (x, y) in enumerate(edges):
        by_hand["A"][encodings.EDGES.index((x, y))] = 1
        by_hand["B"][i] = encodings.EDGES.index((6 - y, 6 - x))  # mirrored
    for name, row in by_hand.items():
        code = search_space.decode_from(row, name)
        assert code == INCEPTION
        assert nb101fast.Cell.from_code(code).hash == HASH


def test_b_is_mirrored() -> None:
    for number, (row, column) in enumerate(encodings.EDGES):
        code = search_space.decode_from([number] * 9 + [0] * 5, "B")
        assert code == 1 << encodings.EDGES.index((6 - column, 6 - row))


@given(
    st.lists(st.integers(0, 20), min_size=9, max_size=9),
    st.lists(st.integers(0, 2), min_size=5, max_size=5),
)
def test_b_collapses_duplicates_in_any_order(numbers: list[int], labels: list[int]) -> None:
    row = numbers + labels
    code = search_space.decode_from(row, "B")
    assert decode(code) == encodings.decode_b(row)
    assert edge_count(decode(code).matrix) == len(set(numbers))
    assert search_space.decode_from(sorted(numbers, reverse=True) + labels, "B") == code
    different = sorted(set(numbers))
    expected = different + different[-1:] * (9 - len(different))
    assert search_space.encode_as(code, "B").tolist() == expected + labels


@given(
    st.integers(0, 9),
    st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]) | st.floats(0, 1), min_size=21, max_size=21),
)
def test_c_takes_the_greatest_numbers(num_edges: int, numbers: list[float]) -> None:
    row = [float(num_edges), *numbers, 0.0, 1.0, 2.0, 1.0, 0.0]
    assert decode(search_space.decode_from(row, "C")) == encodings.decode_c(row)


def test_c_does_not_round() -> None:
    """Numbers that float32 can't tell apart."""
    row = np.zeros(27)
    row[0], row[1:22] = 1, 0.5
    row[8] = np.nextafter(0.5, 1)
    assert search_space.decode_from(row, "C") == 1 << 7


def test_paths_of_cells_that_differ() -> None:
    """One vertex, or two equal ones in parallel, have the same path: there is no way back."""
    one = nb101fast.encode([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [2])
    two = nb101fast.encode([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0] * 4], [2, 2])
    assert nb101fast.cell_ids(one) != nb101fast.cell_ids(two)
    rows = search_space.encode_as(np.array([one, two], np.uint32), "path")
    assert np.array_equal(rows[0], rows[1])
    assert np.flatnonzero(rows[0]).tolist() == [3]
    with pytest.raises(ValueError, match=r"'path' has no way back.*use 'A', 'B', 'C' or 'one-hot'"):
        search_space.decode_from(rows, "path")


def test_paths_without_any() -> None:
    assert not search_space.encode_as(0, "path").any()


@pytest.mark.parametrize("name", COLUMNS)
def test_faulty_codes(name: Encoding) -> None:
    for fault in (1 << 31, 3 << 21, 3 << 29):
        codes = codes_for(name, 10)
        codes[[3, 8]] |= np.uint32(fault)
        with pytest.raises(OutOfDomainError, match=rf"code {codes[3]} at position 3 .*label 3"):
            search_space.encode_as(codes, name)
    with pytest.raises(ValueError, match="does not fit 32 bits"):
        search_space.encode_as(-1, name)
    no_codes: Any = np.zeros(2)
    with pytest.raises(TypeError, match="float64"):
        search_space.encode_as(no_codes, name)


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("B", 0, "code 0 at position 1 has 0 edges; encoding B holds 1 to 9"),
        ("B", 0x3FF, "code 1023 at position 1 has 10 edges; encoding B holds 1 to 9"),
        ("C", 0x7FF, "code 2047 at position 1 has 11 edges; encoding C holds 0 to 9"),
    ],
)
def test_codes_that_an_encoding_cannot_hold(name: Encoding, code: int, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        search_space.encode_as(np.array([1, code, code], np.uint32), name)


def test_c_holds_no_edges() -> None:
    assert search_space.decode_from(search_space.encode_as(0, "C"), "C") == 0


NAN = float("nan")


@pytest.mark.parametrize(
    ("name", "column", "values", "allowed"),
    [
        ("A", 0, [2, -1, 0.5, NAN, 256, 1e300], "use 0 or 1"),
        ("A", 20, [3], "use 0 or 1"),
        ("A", 21, [3, -1, 255, 257, 1.5], "use 0 to 2"),
        ("A", 25, [3], "use 0 to 2"),
        ("B", 0, [21, -1, 255, 276], "use 0 to 20"),
        ("B", 8, [21], "use 0 to 20"),
        ("B", 13, [3], "use 0 to 2"),
        ("C", 0, [10, -1, 2.5, NAN], "use 0 to 9"),
        ("C", 1, [1.01, -0.01, NAN, float("inf")], "use numbers from 0 to 1"),
        ("C", 21, [2], "use numbers from 0 to 1"),
        ("C", 26, [3, 0.5, NAN], "use 0 to 2"),
        ("one-hot", 0, [2, NAN], "use 0 or 1"),
        ("one-hot", 35, [2, -1], "use 0 or 1"),
    ],
)
def test_values_that_are_not_allowed(
    name: Encoding, column: int, values: list[float], allowed: str
) -> None:
    good = search_space.encode_as(np.full(5, INCEPTION, np.uint32), name).astype(float)
    for value in values:
        rows = good.copy()
        rows[[2, 4], column] = value
        message = re.escape(f"value {float(value)} at [2, {column}] of x is not allowed; {allowed}")
        with pytest.raises(ValueError, match=message):
            search_space.decode_from(rows, name)
        with pytest.raises(ValueError, match=re.escape(f"at [{column}] of x")):
            search_space.decode_from(rows[2], name)


@pytest.mark.parametrize("label", range(5))
@pytest.mark.parametrize("columns", [[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1]])
def test_one_hot_with_another_number_of_ones(label: int, columns: list[int]) -> None:
    rows = search_space.encode_as(np.full(3, INCEPTION, np.uint32), "one-hot")
    first = 21 + 3 * label
    rows[1, first : first + 3] = columns
    message = re.escape(f"{sum(columns)} ones at [1, {first}:{first + 3}] of x")
    with pytest.raises(ValueError, match=message):
        search_space.decode_from(rows, "one-hot")


@pytest.mark.parametrize("name", INVERTIBLE)
def test_wrong_shapes_and_dtypes(name: Encoding) -> None:
    columns = COLUMNS[name]
    for shape in ((columns - 1,), (3, columns + 1), (2, 2, columns), ()):
        with pytest.raises(ValueError, match=re.escape(f"shape {shape}; use (N, {columns})")):
            search_space.decode_from(np.zeros(shape), name)
    with pytest.raises(ValueError, match="dtype <U1, which cannot be read"):
        search_space.decode_from(np.full((1, columns), "a"), name)


def test_unknown_encoding() -> None:
    functions: list[Any] = [search_space.encode_as, search_space.decode_from]
    for function in functions:
        with pytest.raises(ValueError, match=r"name='D' is not allowed; use 'A', 'B', 'C'"):
            function(1, "D")
