"""Made-up results of the whole search space, for load tests and demonstrations. NOT measured.

The values are plausible, not real: accuracy follows depth, width, operations and parameters, so
that good cells cluster as in the paper; repeats differ by noise, a few runs diverge. An index
made here says "synthetic" in its provenance and wherever it is shown.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from . import _core
from .codes import Codes, cell_codes, cell_hashes, cell_ids, cell_parameters, decode
from .compiler import make_provenance
from .index import checked_name

EPOCHS = (4, 12, 36, 108)
REPEATS = 3
DENOMINATOR = 9984
DIVERGED_COUNT = 949  # as of real runs that diverged
_DIVERGED_SHARE = 0.002
_CELLS_AT_ONCE = 20_000

Doubles = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]  # cells done, cells in all


@dataclass(frozen=True)
class Runs:
    """A batch of runs in the official order: by hash, then epochs, then repeat."""

    codes: Codes
    epochs: npt.NDArray[np.uint32]
    values: Doubles  # (N, 15): current_epoch, training_time, train, validation, test; three stages
    parameters: npt.NDArray[np.int32]
    total_times: Doubles

    def arrays(self) -> tuple[Any, ...]:
        """As the compiled core takes them."""
        return self.codes, self.epochs, self.values, self.parameters, self.total_times


def write_index(
    path: str | os.PathLike[str],
    *,
    cells: Codes | None = None,
    epochs: Sequence[int] = EPOCHS,
    repeats: int = REPEATS,
    seed: int = 0,
    progress: Progress | None = None,
) -> None:
    """Write a synthetic index, of the whole space by default (5,083,488 runs, 190 MB).

    Args:
        path: the index file, written atomically.
        cells: uint32 codes of cells of the space; None for all.
        epochs, repeats: budgets, and runs of each cell at each.
        seed: the same seed gives the same values.
        progress: called with the cells done and the cells in all.

    Example:
        >>> nb101fast.synthetic.write_index("synthetic.nb101", epochs=(108,))
    """
    table = _core.RunTable()
    count = len(_chosen_ids(cells))
    table.reserve(count * len(epochs) * repeats)
    for runs in generate(cells=cells, epochs=epochs, repeats=repeats, seed=seed, progress=progress):
        table.append(*runs.arrays())
    provenance = make_provenance([], synthetic=True, seed=seed)
    assembly = _core.IndexAssembly(table)
    assembly.write(checked_name(path), json.dumps(provenance), DENOMINATOR)


def write_tfrecord(
    path: str | os.PathLike[str],
    *,
    cells: Codes | None = None,
    epochs: Sequence[int] = EPOCHS,
    repeats: int = REPEATS,
    seed: int = 0,
    progress: Progress | None = None,
) -> None:
    """Write the same values as a TFRecord of the official format (2.1 GB by default).

    The format has no place to say that its values are made up: call the file so, and compile it
    with `synthetic=True`. Arguments as of `write_index`.
    """
    with open(path, "wb") as file:
        _write_records(
            file,
            generate(cells=cells, epochs=epochs, repeats=repeats, seed=seed, progress=progress),
        )


def _write_records(file: BinaryIO, batches: Iterator[Runs]) -> None:
    for runs in batches:
        file.write(_core.format_runs(*runs.arrays()))


def generate(
    *,
    cells: Codes | None = None,
    epochs: Sequence[int] = EPOCHS,
    repeats: int = REPEATS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Iterator[Runs]:
    """The runs in batches, in the official order. Arguments as of `write_index`."""
    if not epochs or min(epochs) < 1 or len(set(epochs)) < len(epochs) or repeats < 1:
        raise ValueError(
            f"epochs={epochs!r}, repeats={repeats}; one or more of each are allowed, none twice"
        )
    ids = _chosen_ids(cells)
    ids = ids[np.lexsort(cell_hashes()[ids].T[::-1])]
    for first in range(0, len(ids), _CELLS_AT_ONCE):
        batch = ids[first : first + _CELLS_AT_ONCE]
        yield _runs_of(batch, sorted(epochs), repeats, np.random.default_rng([seed, first]))
        if progress:
            progress(first + len(batch), len(ids))


def _chosen_ids(cells: Codes | None) -> npt.NDArray[np.int32]:
    if cells is None:
        return np.arange(_core.NUM_CELLS, dtype=np.int32)
    ids = cell_ids(cells)
    if (ids < 0).any():
        outside = int(np.argmax(ids < 0))
        raise ValueError(f"code {cells[outside]} at position {outside} is outside the search space")
    return np.unique(ids)


def _quality(codes: Codes) -> Doubles:
    """How good a cell is, about standard normal: smooth in what the paper found to matter."""
    matrices, labels = decode(codes)
    used = matrices[:, 1:6].any(axis=2)
    share = [(used & (labels == label)).sum(axis=1) for label in range(3)]
    depth = _depth(matrices)
    residual = matrices[:, 0, 6].astype(float)
    parameters = np.log(cell_parameters()[cell_ids(codes)])
    raw = (
        0.85 * share[0]
        + 0.25 * share[1]
        - 0.35 * share[2]
        - 0.22 * (depth - 3.6) ** 2
        + 0.45 * residual
        + 0.35 * (parameters - 15.5)
    )
    return np.asarray((raw - 1.0) / 1.1)


def _depth(matrices: npt.NDArray[np.uint8]) -> Doubles:
    """Edges on the longest path from input to output."""
    longest = np.full(matrices.shape[:2], -1.0)
    longest[:, 0] = 0
    for w in range(1, 7):
        reached = np.where(matrices[:, :w, w] & (longest[:, :w] >= 0), longest[:, :w] + 1, -1)
        longest[:, w] = reached.max(axis=1)
    return longest[:, 6]


def _runs_of(
    ids: npt.NDArray[np.int32], epochs: Sequence[int], repeats: int, rng: np.random.Generator
) -> Runs:
    """All runs of some cells: arrays of shape (cells, budgets, repeats), then flattened."""
    codes = cell_codes()[ids]
    parameters = cell_parameters()[ids].astype(np.int32)
    shape = (len(ids), len(epochs), repeats)
    quality = _quality(codes)[:, None, None] + rng.normal(0, 0.15, shape)
    budget = np.asarray(epochs, float)[None, :, None]
    diverged = rng.random(shape) < _DIVERGED_SHARE
    values = np.empty((*shape, 15))
    per_epoch = _seconds_per_epoch(codes)[:, None, None]
    for stage, (share, lag) in enumerate(((0.0, 0.0), (0.5, 0.55), (1.0, 1.0))):
        columns = values[..., 5 * stage : 5 * stage + 5]
        columns[..., 0] = share * budget
        jitter = 1 + rng.normal(0, 0.01, shape)
        columns[..., 1] = (share * budget * per_epoch * jitter).astype(np.float32)
        accuracies = _accuracies(quality, share * budget * lag, rng)
        accuracies[diverged] = DIVERGED_COUNT
        columns[..., 2:] = np.float32(accuracies) / np.float32(DENOMINATOR)
    # A later time is never below an earlier one, whatever the jitter.
    values[..., 11] = np.maximum(values[..., 11], values[..., 6])
    count = len(ids) * len(epochs) * repeats
    return Runs(
        codes=np.repeat(codes, len(epochs) * repeats),
        epochs=np.broadcast_to(np.asarray(epochs, np.uint32)[None, :, None], shape).reshape(-1),
        values=values.reshape(count, 15),
        parameters=np.repeat(parameters, len(epochs) * repeats),
        total_times=(values[..., 11] * 1.2 + rng.uniform(250, 350, shape)).reshape(-1),
    )


def _seconds_per_epoch(codes: Codes) -> Doubles:
    """Official cells took about 2 to 50 s an epoch, more with more parameters."""
    return np.asarray(3.0 + 0.9 * (cell_parameters()[cell_ids(codes)] / 1e6) ** 0.9)


def _accuracies(quality: Doubles, trained: Doubles, rng: np.random.Generator) -> Doubles:
    """Counts of 9,984 for train, validation and test: chance at the start, saturating."""
    progress = trained / (trained + 6.0)
    ceiling = 0.905 + 0.032 * np.tanh(quality)
    level = 0.1 + (ceiling - 0.1) * progress ** np.exp(-0.25 * quality)
    accuracies = np.empty((*quality.shape, 3))
    for column, gap in enumerate((0.06, 0.0, -0.006)):
        noise = rng.normal(0, 0.0025, quality.shape)
        accuracies[..., column] = level + gap * progress + noise
    counts: Doubles = np.rint(np.clip(accuracies, 0, 1) * DENOMINATOR)
    return counts
