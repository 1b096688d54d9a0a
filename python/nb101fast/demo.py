"""The demonstration: it exports, compiles, opens and queries the built-in index."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from .cell import Cell
from .codes import Codes
from .compiler import compile
from .exporter import export
from .ids import cell_codes, cell_ids
from .index import Index, open
from .locations import BUILT_IN
from .measurement import METRICS

BATCH = 1_000_000
Result = TypeVar("Result")


def run_demo() -> None:
    """Query NB101-digits, and compile its records again in a temporary folder."""
    index, seconds = _timed(lambda: open(BUILT_IN))
    print(f"opened    in {seconds * 1e6:.0f} us: {index!r}")
    _compile_again(index)
    _query_best(index)
    rng = np.random.default_rng(0)
    _search(index, rng)
    _query_many(index, rng.choice(cell_codes(), BATCH))


def _compile_again(index: Index) -> None:
    with tempfile.TemporaryDirectory(prefix="nb101fast-demo-") as name:
        records, target = Path(name, "nb101_digits.tfrecord"), Path(name, "nb101_digits.nb101")
        export(index, records, unmarked=True)
        size = os.path.getsize(records)
        print(f"exported  {index.num_runs:,} records of the official format, {size / 1e3:.0f} kB")
        report = compile(records, target)
        print(f"compiled  to {report.num_bytes / 1e3:.0f} kB in {report.seconds * 1e3:.1f} ms")


def _query_best(index: Index) -> None:
    best = int(np.argmax(index.objective("validation_accuracy")(cell_codes()[index.cells])))
    cell = Cell.from_id(int(index.cells[best]))
    print(f"\nThe best cell by validation accuracy, mean of 3 repeats: id {cell.id}, {cell.hash}")
    print("  epochs " + "".join(f"{metric:>22}" for metric in METRICS))
    for epochs in index.epochs:
        values = index.query(cell, epochs=epochs)
        assert values == index.query(cell.hash, epochs=epochs)
        print(f"  {epochs:6} " + "".join(f"{values[metric]:22.6f}" for metric in METRICS))


def _search(index: Index, rng: np.random.Generator, draws: int = 20) -> None:
    accuracy = index.objective("validation_accuracy", repeat="random", seed=0)
    tested = index.objective("test_accuracy")
    drawn = cell_codes()[rng.choice(index.cells, draws, replace=False)].tolist()
    found = max(drawn, key=accuracy)
    best = float(tested(cell_codes()[index.cells]).max())
    print(
        f"\nRandom search, {draws} cells: mean test accuracy {tested(found):.4f}, "
        f"{best - tested(found):.4f} below the best"
    )


def _query_many(index: Index, codes: Codes) -> None:
    objective = index.objective("validation_accuracy")
    ids, values = np.empty(BATCH, np.int32), np.empty(BATCH, np.float32)
    _, seconds = _best(lambda: cell_ids(codes, out=ids))
    print(f"\nids       of {BATCH:,} codes: {BATCH / seconds / 1e6:.0f} million a second")
    _, seconds = _best(lambda: objective(codes, out=values))
    print(f"metric    of {BATCH:,} codes: {BATCH / seconds / 1e6:.0f} million a second")
    some = cell_codes()[index.cells].tolist()
    total, seconds = _best(lambda: sum(map(objective, some)))
    assert abs(total - float(objective(np.array(some, np.uint32)).sum(dtype=float))) < 1e-6
    print(f"one code  at a time, from Python: {seconds / len(some) * 1e9:.0f} ns")


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began


def _best(work: Callable[[], Result], rounds: int = 5) -> tuple[Result, float]:
    return min((_timed(work) for _ in range(rounds)), key=lambda timed: timed[1])
