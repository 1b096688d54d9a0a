"""A cell as named parameters, as the optimizers' libraries want it.

The names, the order of the operations and the meaning of the numbers are those of `nas_benchmarks`
(`tabular_benchmarks/nas_cifar10.py`). `op_node_i` is the operation of vertex i + 1. The edges are,
by encoding (see `search_space.encode_as`):

- "A": `edge_0` to `edge_20`, 0 or 1, the upper triangle row by row. More than 9 ones are allowed
  here; whether they are valid is for the evaluation to say.
- "B": `edge_0` to `edge_8`, each the number of an edge, 0 to 20, mirrored; duplicates collapse.
- "C": `num_edges`, 0 to 9, and `edge_0` to `edge_20`, 0.0 to 1.0: the greatest so many are edges.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, TypeAlias

from .. import search_space
from ..codes import OPS

Encoding = Literal["A", "B", "C"]
ENCODINGS: tuple[Encoding, ...] = ("A", "B", "C")

NUM_OPS, NUM_PAIRS, MAX_EDGES = 5, 21, 9
LISTED_OPS = ("conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3")  # not in the order of the labels


@dataclass(frozen=True)
class Choice:
    """One of these values."""

    values: tuple[Any, ...]

    def allows(self, value: object) -> bool:
        return value in self.values

    def __str__(self) -> str:
        return f"{', '.join(map(str, self.values))} are"


@dataclass(frozen=True)
class IntegerRange:
    """An integer, both ends included."""

    low: int
    high: int

    def allows(self, value: object) -> bool:
        return isinstance(value, Integral) and self.low <= int(value) <= self.high

    def __str__(self) -> str:
        return f"integers from {self.low} to {self.high} are"


@dataclass(frozen=True)
class FloatRange:
    """A number, both ends included."""

    low: float
    high: float

    def allows(self, value: object) -> bool:
        return isinstance(value, Real) and self.low <= float(value) <= self.high

    def __str__(self) -> str:
        return f"numbers from {self.low} to {self.high} are"


Parameter: TypeAlias = Choice | IntegerRange | FloatRange


def parameters(encoding: Encoding = "A") -> dict[str, Parameter]:
    """The parameters of an encoding by name: 26 of "A", 14 of "B", 27 of "C".

    Raises:
        ValueError: no such encoding.

    Example:
        >>> parameters("B")["edge_0"].values[:3]
        (0, 1, 2)
    """
    if encoding not in ENCODINGS:
        raise ValueError(f"encoding={encoding!r}; {', '.join(map(repr, ENCODINGS))} are allowed")
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
    """The encoding that has just these parameters, or ValueError."""
    for encoding, named in _PARAMETERS.items():
        if named.keys() == set(names):
            return encoding
    raise ValueError(
        f"parameters {', '.join(sorted(names)) or 'without names'}; op_node_0 to op_node_4 with "
        "edge_0 to edge_20 (A), edge_0 to edge_8 (B), or num_edges and edge_0 to edge_20 (C) are "
        "allowed"
    )


def code_of(values: Mapping[str, Any]) -> int:
    """The code that values by name stand for, a ConfigSpace configuration among such mappings.

    The names say which encoding it is. Nothing is pruned, and the code may be invalid.

    Raises:
        ValueError: the names of no encoding, or a value that is not allowed.

    Example:
        >>> code_of(values_of(32, "B"))
        32
    """
    encoding = encoding_of(values.keys())
    for name, parameter in _PARAMETERS[encoding].items():
        if not parameter.allows(values[name]):
            raise ValueError(f"{name}={values[name]!r}; {parameter} allowed")
    labels = [OPS.index(values[f"op_node_{i}"]) for i in range(NUM_OPS)]
    numbers = [values[name] for name in _numbers(encoding)]
    return int(search_space.decode_from([*numbers, *labels], encoding))


def values_of(code: int, encoding: Encoding = "A") -> dict[str, Any]:
    """The values by name of a code, as it stands: `code_of` gives it back.

    Raises:
        ValueError: no such encoding, or one that can't hold the code: "B" has 1 to 9 edges, "C"
            at most 9.
        OutOfDomainError: bit 31 or label 3.

    Example:
        >>> values_of(32)["edge_5"]  # from input to output
        1
    """
    named = parameters(encoding)
    row = search_space.encode_as(code, encoding).tolist()
    labels = row[-NUM_OPS:]
    values: dict[str, Any] = {f"op_node_{i}": OPS[int(labels[i])] for i in range(NUM_OPS)}
    for name, number in zip(_numbers(encoding), row[:-NUM_OPS], strict=True):
        values[name] = number if isinstance(named[name], FloatRange) else int(number)
    return values


def _numbers(encoding: Encoding) -> list[str]:
    """The parameters that are numbers, in the order of an encoding's columns."""
    return list(_PARAMETERS[encoding])[NUM_OPS:]
