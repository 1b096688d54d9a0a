"""A cell as named parameters, for the libraries of optimizers that know no codes.

The names, the order of the operations and the meaning of the numbers are those of `nas_benchmarks`
(`tabular_benchmarks/nas_cifar10.py`). `op_node_i` is the operation of vertex i + 1. The edges
depend on the encoding (see `search_space.encode_as`):

- "A": `edge_0` to `edge_20` are 0 or 1, the upper triangle of the matrix row by row. Configurations
  with more than 9 edges have a code too; they are found to be invalid when they are evaluated.
- "B": `edge_0` to `edge_8` are each the number of an edge, 0 to 20, in the mirrored matrix. An edge
  that is listed twice counts once.
- "C": `num_edges` is 0 to 9, and `edge_0` to `edge_20` are 0.0 to 1.0. The `num_edges` greatest of
  them are edges.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, TypeAlias

from . import search_space
from .checks import check_choice, check_type
from .codes import OneCode, as_code
from .ops import OPS
from .phrases import alternatives

Encoding = Literal["A", "B", "C"]
ENCODINGS: tuple[Encoding, ...] = ("A", "B", "C")

NUM_OPS, NUM_PAIRS, MAX_EDGES = 5, 21, 9
# The order of nas_benchmarks, which is not the order of the labels.
LISTED_OPS = ("conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3")


@dataclass(frozen=True)
class Choice:
    """A parameter that takes one of these values."""

    values: tuple[str, ...] | tuple[int, ...]

    def allows(self, value: object) -> bool:
        """Whether the parameter can take the value."""
        return value in self.values

    def __str__(self) -> str:
        return alternatives(self.values)


@dataclass(frozen=True)
class IntegerRange:
    """A parameter that takes an integer from `low` to `high`, both included."""

    low: int
    high: int

    def allows(self, value: object) -> bool:
        """Whether the parameter can take the value."""
        return isinstance(value, Integral) and self.low <= int(value) <= self.high

    def __str__(self) -> str:
        return f"an integer from {self.low} to {self.high}"


@dataclass(frozen=True)
class FloatRange:
    """A parameter that takes a number from `low` to `high`, both included."""

    low: float
    high: float

    def allows(self, value: object) -> bool:
        """Whether the parameter can take the value."""
        number: Any = value
        return isinstance(value, Real) and bool(self.low <= number <= self.high)

    def __str__(self) -> str:
        return f"a number from {self.low} to {self.high}"


Parameter: TypeAlias = Choice | IntegerRange | FloatRange
Value: TypeAlias = str | int | float


def parameters(encoding: Encoding = "A") -> dict[str, Parameter]:
    """The parameters of an encoding by name: "A" has 26 of them, "B" 14 and "C" 27.

    Raises:
        ValueError: there is no such encoding.

    Example:
        >>> parameters("B")["edge_0"].values[:3]
        (0, 1, 2)
    """
    check_choice("encoding", encoding, ENCODINGS)
    named: dict[str, Parameter] = {f"op_node_{i}": Choice(LISTED_OPS) for i in range(NUM_OPS)}
    edge: Parameter = Choice((0, 1))
    if encoding == "B":
        edge = Choice(tuple(range(NUM_PAIRS)))
    if encoding == "C":
        named["num_edges"] = IntegerRange(0, MAX_EDGES)
        edge = FloatRange(0.0, 1.0)
    count = MAX_EDGES if encoding == "B" else NUM_PAIRS
    return named | {f"edge_{i}": edge for i in range(count)}


_PARAMETERS = {encoding: parameters(encoding) for encoding in ENCODINGS}


def encoding_of(names: Collection[str]) -> Encoding:
    """The encoding that has exactly these parameters.

    Raises:
        ValueError: no encoding has them.
    """
    for encoding, named in _PARAMETERS.items():
        if named.keys() == set(names):
            return encoding
    raise ValueError(
        f"parameters {', '.join(sorted(map(str, names))) or 'without names'} are not those of an "
        "encoding; "
        "use op_node_0 to op_node_4 with edge_0 to edge_20 (A), edge_0 to edge_8 (B), or num_edges "
        "and edge_0 to edge_20 (C)"
    )


def code_of(values: Mapping[str, Any]) -> int:
    """The code of a configuration that is given as values by name.

    The names tell which encoding it is. The code is not pruned, and it may be invalid.

    Args:
        values: a mapping from names to values, such as a ConfigSpace configuration.

    Returns:
        An int.

    Raises:
        TypeError: `values` is no mapping.
        ValueError: no encoding has these names, or a value is not allowed.

    Example:
        >>> code_of(values_of(32, "B"))
        32
    """
    check_type("values", values, Mapping, use="a mapping from names to values")
    encoding = encoding_of(values.keys())
    for name, parameter in _PARAMETERS[encoding].items():
        if not parameter.allows(values[name]):
            raise ValueError(f"{name}={values[name]!r} is not allowed; use {parameter}")
    labels = [OPS.index(values[f"op_node_{i}"]) for i in range(NUM_OPS)]
    numbers = [values[name] for name in _numbers(encoding)]
    return int(search_space.decode_from([*numbers, *labels], encoding))


def values_of(code: OneCode, encoding: Encoding = "A") -> dict[str, Value]:
    """A code as values by name; `code_of` gives the same code back.

    Args:
        code: an int, an np.uint32 or a `Cell`.
        encoding: "A", "B" or "C".

    Raises:
        TypeError: `code` is not one code, such as a cell id of type np.int32.
        ValueError: there is no such encoding, or it cannot hold the code: "B" holds 1 to 9 edges,
            "C" at most 9.
        OutOfDomainError: the code has bit 31 or a label 3 set.

    Example:
        >>> values_of(32)["edge_5"]  # the edge from input to output
        1
    """
    named = parameters(encoding)
    row = search_space.encode_as(as_code(code), encoding).tolist()
    labels = row[-NUM_OPS:]
    values: dict[str, Value] = {f"op_node_{i}": OPS[int(labels[i])] for i in range(NUM_OPS)}
    for name, number in zip(_numbers(encoding), row[:-NUM_OPS], strict=True):
        values[name] = number if isinstance(named[name], FloatRange) else int(number)
    return values


def _numbers(encoding: Encoding) -> list[str]:
    """The names of the parameters that are numbers, in the order of the encoding's columns."""
    return list(_PARAMETERS[encoding])[NUM_OPS:]
