"""Made-up results of the whole search space, for load tests and demonstrations: NOT measured.

The values are plausible, but not real. Accuracy follows depth, operations and parameters, so that
similar cells have similar values, as in the paper. Repeats differ by noise, and a few runs diverge.
Accuracies are multiples of 1/9984, and total times of 2**-22 s, as those of the official files are.
An index of such values says "synthetic" in its provenance and wherever it is shown.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import numpy as np

from . import _core, search_space
from .arrays import Doubles
from .builder import IndexBuilder
from .checks import check_count, checked_integer
from .codes import Codes, as_codes
from .hashes import hashes_of_cells
from .ids import NUM_CELLS, Ids, cell_codes, cell_ids, cell_parameters
from .matrix_codec import decode
from .measurement import EVALUATION_METRICS, STAGES
from .progress import Progress, told
from .runs import Runs
from .whole_file import WholeFile

EPOCHS = (4, 12, 36, 108)
REPEATS = 3
DENOMINATOR = 9984
DIVERGED_COUNT = 949  # Official runs that diverged have this accuracy, as a count.
_DIVERGED_SHARE = 0.002
_CELLS_AT_ONCE = 20_000
_MOST_EPOCHS = (1 << 32) - 1  # An index holds no more.


_LABEL = "synthetic"  # of the progress bar


def write_index(
    path: str | os.PathLike[str],
    *,
    codes: Codes | None = None,
    epochs: Sequence[int] = EPOCHS,
    repeats: int = REPEATS,
    seed: int = 0,
    progress: Progress | None = None,
) -> None:
    """Write a synthetic index, of the whole space by default (5,083,488 runs, 170 MB).

    Args:
        path: the index file, which appears only when it is complete.
        codes: uint32 codes of cells of the space; None takes all cells.
        epochs: the budgets.
        repeats: how many runs each cell has at each budget.
        seed: the same seed gives the same values.
        progress: True for a bar, or a function that is called with the cells done and the cells in
            all.

    Example:
        >>> nb101fast.synthetic.write_index("synthetic.nb101", codes=codes, epochs=(108,))
    """
    _check_budgets(epochs, repeats)
    builder = IndexBuilder()
    builder.reserve(len(_chosen_ids(codes)) * len(epochs) * repeats)
    with told(progress, _LABEL) as phases:
        for runs in generate(
            codes=codes, epochs=epochs, repeats=repeats, seed=seed, progress=phases
        ):
            builder.add_runs(runs)
        phases.begin("writing")
        builder.finish(path, denominator=DENOMINATOR, synthetic=True, further={"seed": seed})


def write_tfrecord(
    path: str | os.PathLike[str],
    *,
    codes: Codes | None = None,
    epochs: Sequence[int] = EPOCHS,
    repeats: int = REPEATS,
    seed: int = 0,
    progress: Progress | None = None,
) -> None:
    """Write the same values as a TFRecord of the official format (2.1 GB by default).

    The format cannot say that its values are made up. So give the file a name that says it, and
    compile it with `synthetic=True`. The file appears only when it is complete. The arguments are
    those of `write_index`.
    """
    with WholeFile(path) as file:
        for runs in generate(
            codes=codes, epochs=epochs, repeats=repeats, seed=seed, progress=progress
        ):
            file.write(_core.format_runs(*runs.arrays()))


def generate(
    *,
    codes: Codes | None = None,
    epochs: Sequence[int] = EPOCHS,
    repeats: int = REPEATS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Iterator[Runs]:
    """The runs in batches, in the official order. The arguments are those of `write_index`."""
    _check_budgets(epochs, repeats)
    word = checked_integer("seed", seed)
    ids = _chosen_ids(codes)
    with told(progress, _LABEL) as phases:
        phases.begin("sorting")
        ids = ids[np.lexsort(hashes_of_cells(ids).T[::-1])]
        phases.begin("making up values")
        for first in range(0, len(ids), _CELLS_AT_ONCE):
            batch = ids[first : first + _CELLS_AT_ONCE]
            yield _runs_of(batch, sorted(epochs), repeats, np.random.default_rng([word, first]))
            phases(first + len(batch), len(ids))


def _check_budgets(epochs: Sequence[int], repeats: int) -> None:
    check_count("repeats", repeats, 1, _core.MAX_REPEATS)
    for budget in epochs:
        check_count("epochs", budget, 1, _MOST_EPOCHS)
    if not epochs or len(set(epochs)) < len(epochs):
        raise ValueError(f"epochs={epochs!r} is not allowed; use one or more, each once")


def _chosen_ids(codes: Codes | None) -> Ids:
    if codes is None:
        return np.arange(NUM_CELLS, dtype=np.int32)
    checked = as_codes(codes)
    ids = cell_ids(checked)
    if (ids < 0).any():
        outside = int(np.argmax(ids < 0))
        raise ValueError(
            f"code {checked[outside]} at position {outside} is outside the search space"
        )
    return np.unique(ids)


def _quality(codes: Codes) -> Doubles:
    """How good each cell is. Over the space, this has about a standard normal distribution."""
    matrices, labels = decode(codes)
    used = matrices[:, 1:6].any(axis=2)
    share = [(used & (labels == label)).sum(axis=1) for label in range(3)]
    depth = search_space.depth(codes)
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


def _runs_of(ids: Ids, epochs: Sequence[int], repeats: int, rng: np.random.Generator) -> Runs:
    """All runs of some cells. Arrays of (cells, budgets, repeats) are flattened at the end."""
    codes = cell_codes()[ids]
    parameters = cell_parameters()[ids].astype(np.int32)
    shape = (len(ids), len(epochs), repeats)
    quality = _quality(codes)[:, None, None] + rng.normal(0, 0.15, shape)
    budget = np.asarray(epochs, float)[None, :, None]
    diverged = rng.random(shape) < _DIVERGED_SHARE
    values = np.empty((*shape, len(STAGES), len(EVALUATION_METRICS)))
    current_epochs, times, accuracies = values[..., 0], values[..., 1], values[..., 2:]
    per_epoch = _seconds_per_epoch(codes)[:, None, None]
    for stage, (share, lag) in enumerate(((0.0, 0.0), (0.5, 0.55), (1.0, 1.0))):
        current_epochs[..., stage] = share * budget
        jitter = 1 + rng.normal(0, 0.01, shape)
        times[..., stage] = (share * budget * per_epoch * jitter).astype(np.float32)
        counts = _accuracies(quality, share * budget * lag, rng)
        counts[diverged] = DIVERGED_COUNT
        accuracies[..., stage, :] = np.float32(counts) / np.float32(DENOMINATOR)
    # The jitter must not make a later time less than an earlier one.
    times[..., -1] = np.maximum(times[..., -1], times[..., -2])
    total_times = times[..., -1] * 1.2 + rng.uniform(250, 350, shape)
    count = len(ids) * len(epochs) * repeats
    return Runs(
        codes=np.repeat(codes, len(epochs) * repeats),
        epochs=np.broadcast_to(np.asarray(epochs, np.uint32)[None, :, None], shape).reshape(-1),
        values=values.reshape(count, -1),
        parameters=np.repeat(parameters, len(epochs) * repeats),
        total_times=_as_of_a_clock(total_times).reshape(-1),
    )


def _as_of_a_clock(seconds: Doubles) -> Doubles:
    """The nearest times that are differences of two readings of `time.time()`, as official ones.

    A reading is about 1.5e9 s, where the doubles are 2**-22 s apart.
    """
    return np.asarray(np.rint(seconds * 2**22) / 2**22)


def _seconds_per_epoch(codes: Codes) -> Doubles:
    """The training time, which grows with the parameters: official cells took about 2 to 50 s."""
    return np.asarray(3.0 + 0.9 * (cell_parameters()[cell_ids(codes)] / 1e6) ** 0.9)


def _accuracies(quality: Doubles, trained: Doubles, rng: np.random.Generator) -> Doubles:
    """Train, validation and test accuracy as counts of 9,984, from chance level to saturation."""
    progress = trained / (trained + 6.0)
    ceiling = 0.905 + 0.032 * np.tanh(quality)
    level = 0.1 + (ceiling - 0.1) * progress ** np.exp(-0.25 * quality)
    accuracies = np.empty((*quality.shape, 3))
    for column, gap in enumerate((0.06, 0.0, -0.006)):
        noise = rng.normal(0, 0.0025, quality.shape)
        accuracies[..., column] = level + gap * progress + noise
    counts: Doubles = np.rint(np.clip(accuracies, 0, 1) * DENOMINATOR)
    return counts
