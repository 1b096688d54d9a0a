"""Configurations by name, the plain way, as nas_benchmarks' NASCifar10A, B and C read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt


def matrix_and_ops(values: Mapping[str, Any]) -> tuple[npt.NDArray[np.int8], list[str]]:
    """The (7, 7) matrix and the seven operations of a configuration."""
    ops = ["input", *(str(values[f"op_node_{i}"]) for i in range(5)), "output"]
    if "num_edges" in values:
        return _upper_triangle(_greatest(values)), ops
    if "edge_20" in values:
        return _upper_triangle([values[f"edge_{i}"] for i in range(21)]), ops
    return _of_bit_string(values), ops


def _greatest(values: Mapping[str, Any]) -> list[int]:
    numbers = [values[f"edge_{i}"] for i in range(21)]
    order = np.argsort(numbers, kind="stable")[::-1][: values["num_edges"]].tolist()
    return [int(i in order) for i in range(21)]


def _upper_triangle(edges: list[int]) -> npt.NDArray[np.int8]:
    matrix = np.zeros((7, 7), np.int8)
    for edge, x, y in zip(edges, *np.triu_indices(7, 1), strict=True):
        matrix[x, y] = edge
    return matrix


def _of_bit_string(values: Mapping[str, Any]) -> npt.NDArray[np.int8]:
    """Encoding B: the numbers set bits, the first of which is read as the most significant; the
    bits are edges in the order of the official `gen_is_edge_fn`."""
    bits = [0] * 21
    for i in range(9):
        bits[values[f"edge_{i}"]] = 1
    number = 0
    for bit in bits:
        number = number << 1 | bit
    matrix = np.zeros((7, 7), np.int8)
    for x in range(7):
        for y in range(x + 1, 7):
            matrix[x, y] = number >> (x + y * (y - 1) // 2) & 1
    return matrix
