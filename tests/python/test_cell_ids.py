"""cell_ids and is_valid: against the reference on many specs, and the arguments they take."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from reference.cells import canonical_code, decode, encode, is_valid_code, orders, prune, relabel
from reference.sampling import random_graph

Codes = npt.NDArray[np.uint32]
SINGLE_EDGE = 1 << 5  # the cell of input and output alone: id 0


def random_raw_codes(rng: np.random.Generator, count: int) -> Codes:
    """Uniform over the 2^21 matrices and the 3^5 labelings."""
    codes = rng.integers(0, 2**21, count, np.uint32)
    for vertex in range(5):
        codes |= rng.integers(0, 3, count, np.uint32) << np.uint32(21 + 2 * vertex)
    return codes


def random_small_codes(rng: np.random.Generator, count: int) -> Codes:
    """Raw matrices of 2 to 7 vertices, sparse to dense."""
    sizes = rng.integers(2, 8, count).tolist()
    return np.array([encode(random_graph(rng, vertices)) for vertices in sizes], np.uint32)


def random_relabelings(rng: np.random.Generator, codes: Codes, count: int) -> Codes:
    """Cells of the space, mostly of 7 vertices, in another vertex order."""
    relabelled = []
    for code in rng.choice(codes, count).tolist():
        graph = prune(decode(code))
        assert graph is not None
        some_orders = list(islice(orders(graph.matrix), 8))
        relabelled.append(encode(relabel(graph, some_orders[rng.integers(len(some_orders))])))
    return np.array(relabelled, np.uint32)


@cache
def ids_by_code(codes: bytes) -> dict[int | None, int]:
    values = np.frombuffer(codes, np.uint32).tolist()
    return {None: -1} | {code: cell_id for cell_id, code in enumerate(values)}


def expected_ids(codes: Codes, representative_codes: Codes) -> list[int]:
    ids = ids_by_code(representative_codes.tobytes())
    return [ids[canonical_code(code)] for code in codes.tolist()]


@pytest.mark.parametrize("tenth", [2_000, pytest.param(10_000, marks=pytest.mark.release)])
def test_random_specs(rng: np.random.Generator, representative_codes: Codes, tenth: int) -> None:
    codes = np.concatenate(
        [
            random_raw_codes(rng, 5 * tenth),
            random_small_codes(rng, 3 * tenth),
            random_relabelings(rng, representative_codes, 2 * tenth),
        ]
    )
    ids = nb101fast.cell_ids(codes)
    assert ids.shape == (10 * tenth,)
    assert ids.dtype == np.dtype("int32")
    expected = np.array(expected_ids(codes, representative_codes))
    wrong = np.flatnonzero(ids != expected)
    assert [(hex(codes[i]), ids[i], expected[i]) for i in wrong[:5]] == []
    assert tenth < np.count_nonzero(expected < 0) < 4 * tenth
    assert np.count_nonzero(expected >= 64_542) > 1.5 * tenth  # 7 vertices


@pytest.mark.parametrize("validity", ["official", "raw-9"])
def test_is_valid(rng: np.random.Generator, validity: Any) -> None:
    codes = np.concatenate([random_raw_codes(rng, 3000), random_small_codes(rng, 3000)])
    codes[::50] |= np.uint32(1 << 31)
    codes[1::50] |= np.uint32(3 << 25)
    valid = nb101fast.is_valid(codes, validity=validity)
    assert (valid.shape, valid.dtype) == ((6000,), np.dtype("bool"))
    expected = [is_valid_code(code, meaning=validity) for code in codes.tolist()]
    assert valid.tolist() == expected
    assert 0.1 < np.mean(expected) < 0.9


def test_is_valid_by_default_is_official(rng: np.random.Generator) -> None:
    codes = random_raw_codes(rng, 2000)
    assert np.array_equal(nb101fast.is_valid(codes), nb101fast.cell_ids(codes) >= 0)


def test_is_valid_of_one_code() -> None:
    many_edges_pruned_away = SINGLE_EDGE | (2**21 - 1) & ~0b111111
    assert nb101fast.is_valid(many_edges_pruned_away, validity="official") is True
    assert nb101fast.is_valid(many_edges_pruned_away, validity="raw-9") is False


def test_is_valid_with_an_unknown_validity() -> None:
    with pytest.raises(ValueError, match=r"(?s)(?=.*raw9)(?=.*official)(?=.*raw-9)"):
        nb101fast.is_valid(np.zeros(1, np.uint32), validity="raw9")  # type: ignore[call-overload]


def test_invalid_codes_among_valid_ones(representative_codes: Codes) -> None:
    codes = representative_codes[:1000].copy()
    codes[::3] = 0
    ids = nb101fast.cell_ids(codes)
    assert ids[::3].tolist() == [-1] * 334
    kept = np.arange(1000) % 3 > 0
    assert np.array_equal(ids[kept], np.flatnonzero(kept))


@pytest.mark.parametrize("outside", [1 << 31, *(3 << (21 + 2 * vertex) for vertex in range(5))])
@pytest.mark.parametrize("position", [0, 1, 500, 998, 999])
def test_bit_31_and_label_3(representative_codes: Codes, outside: int, position: int) -> None:
    # All of these have at most 5 vertices, so that vertex 5 at least is none of theirs.
    codes = representative_codes[:1000].copy()
    codes[position] |= np.uint32(outside)
    expected = np.arange(1000)
    expected[position] = -1
    assert np.array_equal(nb101fast.cell_ids(codes), expected)
    assert nb101fast.cell_ids(int(codes[position])) == -1
    assert nb101fast.is_valid(codes).tolist() == (expected >= 0).tolist()


@pytest.mark.parametrize("length", [0, 1, 2, 3, 7, 8, 9, 31, 33, 1000])
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_lengths_and_threads(rng: np.random.Generator, length: int, threads: int) -> None:
    codes = random_raw_codes(rng, length)
    codes[: length // 9] |= np.uint32(1 << 31)
    ids = nb101fast.cell_ids(codes, threads=threads)
    assert ids.shape == (length,)
    assert ids.dtype == np.dtype("int32")
    assert ids.tolist() == [nb101fast.cell_ids(code) for code in codes.tolist()]


def test_threads_share_a_large_array(representative_codes: Codes) -> None:
    codes = representative_codes[::-1].copy()
    ids = nb101fast.cell_ids(codes, threads=4)
    assert np.array_equal(ids, np.arange(len(codes))[::-1])


@pytest.mark.parametrize("threads", [-1, -8])
def test_negative_threads(threads: int) -> None:
    with pytest.raises(ValueError, match=str(threads)):
        nb101fast.cell_ids(np.zeros(3, np.uint32), threads=threads)


def test_out_is_filled_and_returned(rng: np.random.Generator) -> None:
    codes = random_raw_codes(rng, 200)
    out = np.full(200, -7, np.int32)
    assert nb101fast.cell_ids(codes, out=out) is out
    assert np.array_equal(out, nb101fast.cell_ids(codes))


@pytest.mark.parametrize("dtype", ["int64", "uint32", "float32", ">i4"])
def test_out_of_another_dtype(dtype: str) -> None:
    out = np.zeros(3, dtype)
    with pytest.raises((TypeError, ValueError), match="int32"):
        nb101fast.cell_ids(np.zeros(3, np.uint32), out=out)
    assert not out.any()


@pytest.mark.parametrize("shape", [(2,), (4,), (0,), (3, 1), (1, 3)])
def test_out_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=str(shape[0])):
        nb101fast.cell_ids(np.zeros(3, np.uint32), out=np.zeros(shape, np.int32))


def test_read_only_out() -> None:
    out = np.zeros(3, np.int32)
    out.setflags(write=False)
    with pytest.raises((TypeError, ValueError), match=r"(?i)read-?only|writ"):
        nb101fast.cell_ids(np.zeros(3, np.uint32), out=out)
    assert not out.any()


def test_codes_that_are_not_contiguous(rng: np.random.Generator) -> None:
    codes = random_raw_codes(rng, 900)
    ids = nb101fast.cell_ids(codes)
    assert np.array_equal(nb101fast.cell_ids(codes[::3]), ids[::3])
    assert np.array_equal(nb101fast.cell_ids(codes[::-1]), ids[::-1])
    assert np.array_equal(nb101fast.cell_ids(codes.reshape(30, 30)[:, 7]), ids[7::30])


def test_read_only_codes(representative_codes: Codes) -> None:
    assert not representative_codes.flags.writeable
    assert nb101fast.cell_ids(representative_codes[:3]).tolist() == [0, 1, 2]


def test_codes_of_another_byte_order(representative_codes: Codes) -> None:
    codes = representative_codes[:500].astype(">u4")
    assert nb101fast.cell_ids(codes).tolist() == list(range(500))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "uint64", ">i8"])
def test_codes_of_another_integer_dtype(dtype: str) -> None:
    message = f"codes have dtype {dtype}, but a code is uint32.*ids=.*cell_codes.*astype.np.uint32"
    codes: Any = np.array([SINGLE_EDGE, 0], dtype)
    with pytest.raises(TypeError, match=message):
        nb101fast.cell_ids(codes)
    for one in (codes[0], [codes[0]], codes[0].reshape(())):
        with pytest.raises(TypeError, match="but a code is uint32"):
            nb101fast.cell_ids(one)


def test_lists_of_codes(representative_codes: Codes) -> None:
    codes = representative_codes[:5].tolist()
    cells = [nb101fast.Cell.from_code(code) for code in codes]
    mixed: list[Any] = [codes[0], representative_codes[1], cells[2], np.array(codes[3], np.uint32)]
    for given in (codes, tuple(codes), list(representative_codes[:5]), cells):
        assert nb101fast.cell_ids(given).tolist() == [0, 1, 2, 3, 4]
    assert nb101fast.cell_ids(mixed).tolist() == [0, 1, 2, 3]
    assert nb101fast.cell_ids(cells[3]) == 3
    nothing = nb101fast.cell_ids([])
    assert (nothing.shape, nothing.dtype) == ((0,), np.dtype("int32"))


@pytest.mark.parametrize("wrong", [True, 1.0, "32", None, np.int64(1), [32]])
def test_lists_of_other_things(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"\w"):
        nb101fast.cell_ids([32, wrong])


def test_a_member_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="code -5 at position 1 does not fit 32 bits"):
        nb101fast.cell_ids([32, -5])


@pytest.mark.parametrize("value", [-1, 2**32, 2**32 + 32, 2**64])
def test_one_int_that_does_not_fit(value: int) -> None:
    with pytest.raises(ValueError, match=str(value)):
        nb101fast.cell_ids(value)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "object", "U3"])
def test_codes_of_a_wrong_dtype(dtype: str) -> None:
    with pytest.raises(TypeError, match=str(np.dtype(dtype))):
        nb101fast.cell_ids(np.zeros(3, dtype))


@pytest.mark.parametrize("code", [1.0, "32", None, True, {32}, np.bool_(1)])
def test_one_code_of_a_wrong_type(code: Any) -> None:
    with pytest.raises(TypeError, match=r"\w"):
        nb101fast.cell_ids(code)


@pytest.mark.parametrize("shape", [(2, 3), (1, 1), (0, 4)])
def test_codes_of_two_dimensions(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=rf"{shape[0]}, {shape[1]}|\b2\b"):
        nb101fast.cell_ids(np.zeros(shape, np.uint32))


@pytest.mark.parametrize("kind", [int, np.uint32, lambda code: np.array(code, np.uint32)])
def test_one_code(representative_codes: Codes, kind: Callable[[Any], Any]) -> None:
    for cell_id in (0, 1, 90, 64_541, 423_623):
        answer = nb101fast.cell_ids(kind(representative_codes[cell_id]))
        assert isinstance(answer, int)
        assert answer == cell_id
    assert nb101fast.cell_ids(kind(0)) == -1
