"""Look-ups inside a graph that each installed array library compiles, beside the engine's own.

A library may use all cores. The engine uses one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import ingraph
from nb101fast.codes import Codes

from .light_tensorflow import tensorflow_or_skip
from .race import Race

ROUNDS = 20
Function = Callable[..., Any]  # `query` or `evaluate`
Work = Callable[[], Any]


def by_numpy(function: Function, tables: Any, codes: Codes) -> Work:
    return lambda: function(tables, codes, np)


def by_jax(function: Function, tables: Any, codes: Codes) -> Work:
    jax = pytest.importorskip("jax", reason="look-ups in jax need jax")
    compiled = jax.jit(lambda tables, codes: function(tables, codes, jax.numpy))
    moved, given = jax.device_put((tables, codes))
    return lambda: compiled(moved, given).block_until_ready()


def by_torch(function: Function, tables: Any, codes: Codes) -> Work:
    torch = pytest.importorskip("torch", reason="look-ups in torch need torch")
    moved = {name: torch.tensor(table) for name, table in tables.items()}
    given = torch.tensor(codes)
    return lambda: function(moved, given, torch)


def by_tensorflow(function: Function, tables: Any, codes: Codes) -> Work:
    tf = tensorflow_or_skip()
    moved = {name: tf.constant(table) for name, table in tables.items()}
    given = tf.constant(codes)
    compiled = tf.function(lambda codes: function(moved, codes, tf), jit_compile=True)
    return lambda: compiled(given)


LIBRARIES = {"NumPy": by_numpy, "JAX": by_jax, "PyTorch": by_torch, "TensorFlow": by_tensorflow}


@pytest.fixture(scope="module")
def tables(full_index: nb101fast.Index) -> dict[str, Any]:
    return full_index.tables("validation_accuracy")


@pytest.mark.informational
@pytest.mark.parametrize("library", LIBRARIES)
def test_ids(race: Race, tables: dict[str, Any], raw_codes: Codes, library: str) -> None:
    out = np.zeros(len(raw_codes), np.int32)
    ids, expected = race.against(
        lambda: nb101fast.cell_ids(raw_codes, out=out),
        LIBRARIES[library](ingraph.query, tables, raw_codes),
        f"ids in a graph of {library}, against the engine",
        items=len(raw_codes),
        rounds=ROUNDS,
        by_wall=True,
    )
    assert np.array_equal(np.asarray(ids), expected)


@pytest.mark.informational
@pytest.mark.parametrize("library", LIBRARIES)
def test_metric(
    race: Race,
    full_index: nb101fast.Index,
    tables: dict[str, Any],
    raw_codes: Codes,
    library: str,
) -> None:
    objective = full_index.objective("validation_accuracy")
    out = np.zeros(len(raw_codes), np.float32)
    values, expected = race.against(
        lambda: objective(raw_codes, out=out),
        LIBRARIES[library](ingraph.evaluate, tables, raw_codes),
        f"a metric in a graph of {library}, against the engine",
        items=len(raw_codes),
        rounds=ROUNDS,
        by_wall=True,
    )
    assert np.array_equal(np.asarray(values), expected)
