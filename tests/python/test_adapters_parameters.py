"""Cells as named parameters: as nas_benchmarks reads them, there and back."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nb101fast
from nb101fast import OutOfDomainError, search_space
from nb101fast.adapters.parameters import (
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
from nb101fast.inception import HASH, MATRIX, OPS
from reference.named_cells import matrix_and_ops

OP_NAMES = ["conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3"]
INCEPTION_OPS = {f"op_node_{i}": op for i, op in enumerate(OPS[1:-1])}
INCEPTION: dict[Encoding, dict[str, Any]] = {  # by hand: 9 edges of 21, row by row
    "A": INCEPTION_OPS
    | {f"edge_{i}": int(i in (0, 1, 2, 4, 10, 14, 15, 19, 20)) for i in range(21)},
    "B": INCEPTION_OPS  # edge (r, c) by the number of (6 - c, 6 - r)
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
def test_values_are_read_as_nas_benchmarks_does(values: dict[str, Any]) -> None:
    assert code_of(values) == nb101fast.encode(*matrix_and_ops(values))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_there_and_back(encoding: Encoding) -> None:
    codes = search_space.sample(200, how="raw-9", seed=4).tolist()
    for code in codes:
        values = values_of(code, encoding)
        assert values.keys() == parameters(encoding).keys()
        assert code_of(values) == code
        matrix, ops = matrix_and_ops(values)
        assert nb101fast.encode(matrix, ops) == code


def test_names_and_what_is_allowed() -> None:
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


def test_duplicates_collapse_in_b() -> None:
    values = INCEPTION["B"] | {f"edge_{i}": 5 for i in range(9)}
    assert bin(code_of(values) & 0x1FFFFF).count("1") == 1
    assert search_space.num_edges(code_of(values)) == 1  # number 5 is its own mirror


def test_of_equal_numbers_in_c_the_later_is_the_greater() -> None:
    values = INCEPTION_OPS | {f"edge_{i}": 0.5 for i in range(21)} | {"num_edges": 3}
    assert code_of(values) & 0x1FFFFF == 0b111 << 18


def test_more_than_nine_edges_have_a_code() -> None:
    values = INCEPTION["A"] | {f"edge_{i}": 1 for i in range(21)}
    assert code_of(values) & 0x1FFFFF == 0x1FFFFF
    with pytest.raises(ValueError, match="has 21 edges; encoding B holds 1 to 9"):
        values_of(code_of(values), "B")


def test_numbers_of_numpy() -> None:
    for encoding in INCEPTION:
        values = {
            name: np.int64(value) if isinstance(value, int) else np.str_(value)
            for name, value in INCEPTION[encoding].items()
        }
        assert code_of(values) == nb101fast.encode(MATRIX, OPS)


@pytest.mark.parametrize(
    ("encoding", "name", "value", "allowed"),
    [
        ("A", "edge_3", 2, "0, 1 are allowed"),
        ("A", "edge_3", "1", "0, 1 are allowed"),
        ("A", "op_node_0", "conv5x5", f"{', '.join(OP_NAMES)} are allowed"),
        ("A", "op_node_4", 0, f"{', '.join(OP_NAMES)} are allowed"),
        ("B", "edge_8", 21, "19, 20 are allowed"),
        ("B", "edge_8", float("nan"), "19, 20 are allowed"),
        ("C", "num_edges", 10, "integers from 0 to 9 are allowed"),
        ("C", "num_edges", 2.5, "integers from 0 to 9 are allowed"),
        ("C", "edge_0", 1.5, "numbers from 0.0 to 1.0 are allowed"),
        ("C", "edge_0", float("nan"), "numbers from 0.0 to 1.0 are allowed"),
    ],
)
def test_values_that_are_not_allowed(
    encoding: Encoding, name: str, value: Any, allowed: str
) -> None:
    message = rf"{name}={re.escape(repr(value))}; .*{re.escape(allowed)}"
    with pytest.raises(ValueError, match=message):
        code_of(values_of(32, encoding) | {name: value})


def test_names_of_no_encoding() -> None:
    good = INCEPTION["A"]
    missing = {name: value for name, value in good.items() if name != "edge_20"}
    for names in (missing, good | {"edge_21": 0}, good | {"num_edge": 1}, {}):
        with pytest.raises(ValueError, match=r"^parameters .*; op_node_0 to op_node_4 with .*"):
            code_of(names)


def test_no_such_encoding() -> None:
    name: Any = "one-hot"
    with pytest.raises(ValueError, match="encoding='one-hot'; 'A', 'B', 'C' are allowed"):
        parameters(name)
    with pytest.raises(ValueError, match="encoding='one-hot'; 'A', 'B', 'C' are allowed"):
        values_of(32, name)


def test_codes_that_are_none() -> None:
    with pytest.raises(OutOfDomainError, match="label 3"):
        values_of(3 << 21)
    with pytest.raises(ValueError, match="does not fit 32 bits"):
        values_of(-1)
