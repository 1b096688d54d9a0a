"""The demonstration: an official-format TFRecord, compiled, opened and queried every way."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from . import inception, synthetic
from .cell import Cell
from .codes import cell_codes, cell_ids, encode
from .compiler import compile
from .index import METRICS, Index, open
from .progress import ProgressBar

BATCH = 1_000_000
Result = TypeVar("Result")


def run_demo(num_cells: int = 20_000, seed: int = 0) -> None:
    """Make, compile, open and query a data set of `num_cells` cells in a temporary folder."""
    rng = np.random.default_rng(seed)
    inception_id = Cell(inception.MATRIX, inception.OPS).id
    chosen = rng.choice(len(cell_codes()), num_cells, replace=False)
    codes = cell_codes()[np.union1d(chosen, [inception_id])]
    with tempfile.TemporaryDirectory(prefix="nb101fast-demo-") as folder:
        index = _make(Path(folder), codes, seed)
        print(f"\n{index!r}\n")
        _query_one(index)
        _query_many(index, rng.choice(codes, BATCH))
    print("\nAll values are synthetic: made up, not measured.")


def _make(folder: Path, codes: np.ndarray[tuple[int], np.dtype[np.uint32]], seed: int) -> Index:
    records, target = folder / "synthetic.tfrecord", folder / "synthetic.nb101"
    with ProgressBar("making a TFRecord") as bar:
        _, seconds = _timed(
            lambda: synthetic.write_tfrecord(records, cells=codes, seed=seed, progress=bar)
        )
    size = os.path.getsize(records)
    print(f"made      {records.name}: {size / 1e6:.0f} MB in {seconds:.2f} s")
    with ProgressBar("compiling") as bar:
        report = compile(records, target, synthetic=True, progress=bar)
    print(
        f"compiled  {report.records:,} records to {report.num_bytes / 1e6:.1f} MB in "
        f"{report.seconds:.2f} s, {size / 1e6 / report.seconds:.0f} MB/s"
    )
    index, seconds = _timed(lambda: open(target))
    print(f"opened    in {seconds * 1e3:.2f} ms")
    return index


def _query_one(index: Index) -> None:
    print("The Inception-like cell, mean of 3 repeats, by matrix, by hash and by id:")
    code = encode(inception.MATRIX, inception.OPS)
    cell = Cell.from_id(int(index.find([inception.HASH])[0]))
    assert index.query(code) == index.query(inception.HASH) == index.query(cell)
    print(f"  id {cell.id}, hash {cell.hash}, {cell.trainable_parameters:,} parameters")
    print("  epochs " + "".join(f"{metric:>22}" for metric in METRICS))
    for epochs in index.epochs:
        values = index.query(code, epochs=epochs)
        print(f"  {epochs:6} " + "".join(f"{values[metric]:22.6f}" for metric in METRICS))


def _query_many(index: Index, codes: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> None:
    objective, seconds = _timed(lambda: index.objective("validation_accuracy"))
    print(f"\nbound     {objective!r} in {seconds * 1e3:.1f} ms")
    ids, values = np.empty(BATCH, np.int32), np.empty(BATCH, np.float32)
    _, seconds = _best(lambda: cell_ids(codes, out=ids))
    print(f"ids       of {BATCH:,} codes: {BATCH / seconds / 1e6:.0f} million a second")
    _, seconds = _best(lambda: objective(codes, out=values))
    print(f"metric    of {BATCH:,} codes: {BATCH / seconds / 1e6:.0f} million a second")
    some = codes[:1000].tolist()
    total, seconds = _best(lambda: sum(map(objective, some)))
    assert abs(total - float(values[:1000].sum(dtype=float))) < 1e-6
    print(f"one code  at a time, from Python: {seconds / len(some) * 1e9:.0f} ns")


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began


def _best(work: Callable[[], Result], rounds: int = 5) -> tuple[Result, float]:
    return min((_timed(work) for _ in range(rounds)), key=lambda timed: timed[1])
