"""Encoded cells and their results as arrays, to train predictors on.

>>> data = predictor_data(nb101fast.open(), "one-hot", num_train=60, seed=0)
>>> data.train.features.shape, data.test.targets.shape
((60, 36), (31,))
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import search_space
from ..codes import NUM_CELLS, cell_codes
from ..extras import needs

if TYPE_CHECKING:
    import torch

    from ..index import Index, Repeat, Stage


@dataclass(frozen=True)
class Examples:
    """Rows of one split, in the order in which they were drawn.

    Attributes:
        features: (N, columns), as `search_space.encode_as` has them: uint8, or float32 of "C".
        targets: float32 (N,).
        cells: int32 (N,) cell ids.
    """

    features: npt.NDArray[Any]
    targets: npt.NDArray[np.float32]
    cells: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.cells)


@dataclass(frozen=True)
class PredictorData:
    """Cells to train a predictor on, and others to test it on."""

    train: Examples
    test: Examples


def predictor_data(
    index: Index,
    encoding: search_space.Encoding = "one-hot",
    target: str = "validation_accuracy",
    *,
    num_train: int,
    num_test: int | None = None,
    cells: npt.ArrayLike | None = None,
    epochs: int = 108,
    stage: Stage = "final",
    repeat: Repeat = "mean",
    seed: int = 0,
) -> PredictorData:
    """Draw cells to train and to test on, no cell in both, and encode their representatives.

    A cell whose target is NaN (the index has no such run) is left out before the draw.

    Args:
        index: where the targets come from.
        encoding: one of `search_space.ENCODINGS`.
        target: a metric, as of `Index.objective`; so are `epochs`, `stage` and `repeat`.
        num_train: how many to train on, at least 1.
        num_test: how many to test on; None for all the others.
        cells: int (N,) cell ids to draw from, none twice; None for all of the index.
        seed: of the draw, and of the repeats of "random". The first n of a larger `num_train` are
            those of `num_train=n`.

    Raises:
        ValueError: an argument that is not allowed, or more cells asked for than there are.

    Example:
        >>> data = predictor_data(index, "path", num_train=100, num_test=1000, epochs=12)
    """
    if encoding not in search_space.ENCODINGS:
        allowed = ", ".join(map(repr, search_space.ENCODINGS))
        raise ValueError(f"encoding={encoding!r}; {allowed} are allowed")
    objective = index.objective(target, epochs=epochs, stage=stage, repeat=repeat, seed=seed)
    ids = index.cells if cells is None else _checked_cells(cells)
    targets = objective(cell_codes()[ids])
    present = ~np.isnan(targets)
    ids, targets = ids[present], targets[present]
    sizes = _checked_sizes(num_train, num_test, len(ids))
    order = np.random.default_rng(seed).permutation(len(ids))
    train, test = np.split(order[: sum(sizes)], [sizes[0]])

    def examples(places: npt.NDArray[np.int64]) -> Examples:
        chosen = ids[places]
        features = search_space.encode_as(cell_codes()[chosen], encoding)
        return Examples(features, targets[places], chosen)

    return PredictorData(examples(train), examples(test))


def torch_dataset(examples: Examples) -> torch.utils.data.TensorDataset:
    """Pairs of float32 features (columns,) and target (), copied, for a PyTorch `DataLoader`.

    Raises:
        ImportError: there is no PyTorch.

    Example:
        >>> loader = torch.utils.data.DataLoader(torch_dataset(data.train), batch_size=32)
    """
    with needs("torch", extra=None):
        import torch
        from torch.utils.data import TensorDataset
    features = torch.tensor(examples.features, dtype=torch.float32)
    return TensorDataset(features, torch.tensor(examples.targets))


def _checked_cells(cells: npt.ArrayLike) -> npt.NDArray[np.int32]:
    ids = np.asarray(cells)
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        raise ValueError(f"cells of shape {ids.shape} and dtype {ids.dtype}; (N,) int is allowed")
    outside = ids[(ids < 0) | (ids >= NUM_CELLS)]
    if len(outside):
        raise ValueError(f"cell id {outside[0]}; 0 to {NUM_CELLS - 1} are allowed")
    different, counts = np.unique(ids, return_counts=True)
    if len(different) < len(ids):
        raise ValueError(f"cell id {different[counts > 1][0]} is there twice; once is allowed")
    return ids.astype(np.int32)


def _checked_sizes(num_train: int, num_test: int | None, available: int) -> tuple[int, int]:
    train = operator.index(num_train)
    if not 1 <= train <= available:
        raise ValueError(f"num_train={train}; 1 to {available} are allowed, the cells with a value")
    rest = available - train
    test = rest if num_test is None else operator.index(num_test)
    if not 0 <= test <= rest:
        raise ValueError(f"num_test={test}; 0 to {rest} are allowed beside num_train={train}")
    return train, test
