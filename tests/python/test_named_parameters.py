"""Cells as named parameters, with the meaning that they have in nas_benchmarks."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nb101fast
from nb101fast import OutOfDomainError, search_space
from nb101fast.inception import HASH, MATRIX, OPS
from nb101fast.named_parameters import (
    ENCODINGS,
    Choice,
    Encoding,
    FloatRange,
    IntegerRange,
    Parameter,
    code_of,
    encoding_of,
    parameters,
    values_of,
)
from reference.named_cells import matrix_and_ops

OP_NAMES = ["conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3"]
INCEPTION_OPS = {f"op_node_{i}": op for i, op in enumerate(OPS[1:-1])}
INCEPTION: dict[Encoding, dict[str, Any]] = {  # written by hand: 9 of 21 edges, row by row
    "A": INCEPTION_OPS
    | {f"edge_{i}": int(i in (0, 1, 2, 4, 10, 14, 15, 19, 20)) for i in range(21)},
    "B": INCEPTION_OPS  # edge (r, c) has the number of (6 - c, 6 - r)
    | {f"edge_{i}": number for i, number in enumerate((20, 19, 17, 10, 4, 3, 11, 1, 0))},
}


def drawn(parameter: Parameter) -> st.SearchStrategy[Any]:
    if isinstance(parameter, Choice):
        return st.sampled_from(parameter.values)
    if isinstance(parameter, IntegerRange):
        return st.integers(parameter.low, parameter.high)
    return st.sampled_from([0.0, 0.25, 0.5, 1.0]) | st.floats(parameter.low, parameter.high)


VALUES = st.sampled_from(ENCODINGS).flatmap(
    lambda encoding: st.fixed_dictionaries(
        {name: drawn(parameter) for name, parameter in parameters(encoding).items()}
    )
)


@given(VALUES)
def test_values_mean_the_same_as_in_nas_benchmarks(values: dict[str, Any]) -> None:
    assert code_of(values) == nb101fast.encode(*matrix_and_ops(values))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_codes_come_back_from_values(encoding: Encoding) -> None:
    codes = search_space.sample(200, how="raw-9", seed=4).tolist()
    for code in codes:
        values = values_of(code, encoding)
        assert values.keys() == parameters(encoding).keys()
        assert code_of(values) == code
        matrix, ops = matrix_and_ops(values)
        assert nb101fast.encode(matrix, ops) == code


def test_names_and_allowed_values() -> None:
    ops = dict.fromkeys((f"op_node_{i}" for i in range(5)), Choice(tuple(OP_NAMES)))
    edges = [f"edge_{i}" for i in range(21)]
    assert parameters("A") == ops | dict.fromkeys(edges, Choice((0, 1)))
    assert parameters("B") == ops | dict.fromkeys(edges[:9], Choice(tuple(range(21))))
    assert parameters("C") == (
        ops | {"num_edges": IntegerRange(0, 9)} | dict.fromkeys(edges, FloatRange(0.0, 1.0))
    )
    for encoding in ENCODINGS:
        assert encoding_of(parameters(encoding)) == encoding


@pytest.mark.parametrize("encoding", INCEPTION)
def test_the_inception_like_cell(encoding: Encoding) -> None:
    code = code_of(INCEPTION[encoding])
    assert code == nb101fast.encode(MATRIX, OPS)
    assert nb101fast.Cell.from_code(code).hash == HASH


def test_an_edge_listed_twice_in_b_counts_once() -> None:
    values = INCEPTION["B"] | {f"edge_{i}": 5 for i in range(9)}
    assert bin(code_of(values) & 0x1FFFFF).count("1") == 1
    assert search_space.num_edges(code_of(values)) == 1  # mirroring does not change edge number 5


def test_later_of_equal_numbers_in_c_come_first() -> None:
    values = INCEPTION_OPS | {f"edge_{i}": 0.5 for i in range(21)} | {"num_edges": 3}
    assert code_of(values) & 0x1FFFFF == 0b111 << 18


def test_more_than_nine_edges_have_a_code() -> None:
    values = INCEPTION["A"] | {f"edge_{i}": 1 for i in range(21)}
    assert code_of(values) & 0x1FFFFF == 0x1FFFFF
    with pytest.raises(ValueError, match="has 21 edges; encoding B holds 1 to 9"):
        values_of(code_of(values), "B")


def test_values_of_numpy_types() -> None:
    for encoding in INCEPTION:
        values = {
            name: np.int64(value) if isinstance(value, int) else np.str_(value)
            for name, value in INCEPTION[encoding].items()
        }
        assert code_of(values) == nb101fast.encode(MATRIX, OPS)


@pytest.mark.parametrize(
    ("encoding", "name", "value", "allowed"),
    [
        ("A", "edge_3", 2, "0 or 1"),
        ("A", "edge_3", "1", "0 or 1"),
        ("A", "op_node_0", "conv5x5", "'conv1x1-bn-relu', 'conv3x3-bn-relu' or 'maxpool3x3'"),
        ("A", "op_node_4", 0, "'conv1x1-bn-relu', 'conv3x3-bn-relu' or 'maxpool3x3'"),
        ("B", "edge_8", 21, "19 or 20"),
        ("B", "edge_8", float("nan"), "19 or 20"),
        ("C", "num_edges", 10, "an integer from 0 to 9"),
        ("C", "num_edges", 2.5, "an integer from 0 to 9"),
        ("C", "edge_0", 1.5, "a number from 0.0 to 1.0"),
        ("C", "edge_0", float("nan"), "a number from 0.0 to 1.0"),
    ],
)
def test_values_that_are_not_allowed(
    encoding: Encoding, name: str, value: Any, allowed: str
) -> None:
    message = rf"{name}={re.escape(repr(value))} is not allowed; use .*{re.escape(allowed)}$"
    with pytest.raises(ValueError, match=message):
        code_of(values_of(32, encoding) | {name: value})


def test_names_that_no_encoding_has() -> None:
    good = INCEPTION["A"]
    missing = {name: value for name, value in good.items() if name != "edge_20"}
    for names in (missing, good | {"edge_21": 0}, good | {"num_edge": 1}, {}):
        with pytest.raises(
            ValueError,
            match=r"^parameters .* are not those of an encoding; use op_node_0 to op_node_4",
        ):
            code_of(names)


def test_unknown_encoding() -> None:
    name: Any = "one-hot"
    with pytest.raises(ValueError, match="encoding='one-hot' is not allowed; use 'A', 'B' or 'C'"):
        parameters(name)
    with pytest.raises(ValueError, match="encoding='one-hot' is not allowed; use 'A', 'B' or 'C'"):
        values_of(32, name)


def test_numbers_that_are_not_codes() -> None:
    with pytest.raises(OutOfDomainError, match="label 3"):
        values_of(3 << 21)
    with pytest.raises(ValueError, match="fit 32 bits"):
        values_of(-1)
    not_codes: list[Any] = [np.int32(5), np.int64(5), "5", 5.0, nb101fast.cell_codes()[:2]]
    for code in not_codes:
        with pytest.raises(TypeError):
            values_of(code)
