"""Encoded cells and their results as arrays, for training predictors.

>>> data = predictor_data(nb101fast.open(), "one-hot", num_train=60, seed=0)
>>> data.train.features.shape, data.test.targets.shape
((60, 36), (31,))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import search_space
from ..checks import check_choice, checked_integer
from ..extras import needs
from ..ids import Ids, ManyIds, as_ids, cell_codes
from ..seed import generator

if TYPE_CHECKING:
    import torch

    from ..index import Index
    from ..measurement import Repeat, Stage


@dataclass(frozen=True)
class Examples:
    """The cells of one split, in the order in which they were drawn.

    Attributes:
        features: (N, columns), the cells as `search_space.encode_as` encodes them: float32 for
            encoding "C", uint8 for the others.
        targets: float32 (N,), the values to predict.
        ids: int32 (N,), the cell ids.
    """

    features: npt.NDArray[np.uint8] | npt.NDArray[np.float32]
    targets: npt.NDArray[np.float32]
    ids: Ids

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class PredictorData:
    """Cells to train a predictor on, and other cells to test it on."""

    train: Examples
    test: Examples


def predictor_data(
    index: Index,
    encoding: search_space.Encoding = "one-hot",
    target: str = "validation_accuracy",
    *,
    num_train: int,
    num_test: int | None = None,
    ids: ManyIds | None = None,
    epochs: int | None = None,
    stage: Stage = "final",
    repeat: Repeat = "mean",
    seed: int = 0,
) -> PredictorData:
    """Draw cells to train on and other cells to test on, and encode their representatives.

    A cell is left out before the draw if the index has no value for it.

    Args:
        index: the index that has the targets.
        encoding: one of `search_space.ENCODINGS`.
        target: a metric's name, see `Index.objective`.
        num_train: how many cells to train on, at least 1.
        num_test: how many cells to test on; None means all others.
        ids: the cell ids to draw from, int32 (N,) or a list of ints, each once; None means all
            cells of the index.
        epochs, stage, repeat: see `Index.objective`.
        seed: decides the draw, and the repeats if `repeat` is "random". With the same seed, a
            larger `num_train` begins with the cells of a smaller one.

    Raises:
        TypeError: `ids` are not cell ids; codes, which are uint32, are refused too.
        IndexError: an id is not in 0..423,623.
        ValueError: an argument is not allowed, or there are too few cells.

    Example:
        >>> data = predictor_data(index, "path", num_train=100, num_test=50, epochs=12)
    """
    check_choice("encoding", encoding, search_space.ENCODINGS)
    objective = index.objective(target, epochs=epochs, stage=stage, repeat=repeat, seed=seed)
    drawn_from = index.cells if ids is None else _checked_ids(ids)
    targets = objective(cell_codes()[drawn_from])
    present = ~np.isnan(targets)
    drawn_from, targets = drawn_from[present], targets[present]
    sizes = _checked_sizes(num_train, num_test, len(drawn_from))
    order = generator(seed).permutation(len(drawn_from))
    train, test = np.split(order[: sum(sizes)], [sizes[0]])

    def examples(places: npt.NDArray[np.int64]) -> Examples:
        chosen = drawn_from[places]
        features = search_space.encode_as(cell_codes()[chosen], encoding)
        return Examples(features, targets[places], chosen)

    return PredictorData(examples(train), examples(test))


def torch_dataset(examples: Examples) -> torch.utils.data.TensorDataset:
    """Copy examples into pairs of features and target, for a `DataLoader` of PyTorch.

    Returns:
        A data set of float32 features (columns,) and a float32 target ().

    Raises:
        ImportError: PyTorch is missing.

    Example:
        >>> import torch
        >>> data = predictor_data(index, num_train=100)
        >>> loader = torch.utils.data.DataLoader(torch_dataset(data.train), batch_size=32)
    """
    with needs("torch", extra="torch"):
        import torch
        from torch.utils.data import TensorDataset
    features = torch.tensor(examples.features, dtype=torch.float32)
    return TensorDataset(features, torch.tensor(examples.targets))


def _checked_ids(ids: ManyIds) -> Ids:
    """The ids as int32 (N,), after checking that none is given twice."""
    array = as_ids(ids)
    different, counts = np.unique(array, return_counts=True)
    if len(different) < len(array):
        raise ValueError(f"id {different[counts > 1][0]} is given twice; give each id once")
    return array


def _checked_sizes(num_train: int, num_test: int | None, available: int) -> tuple[int, int]:
    train = checked_integer("num_train", num_train)
    if not 1 <= train <= available:
        raise ValueError(
            f"num_train={train} is not allowed; use 1 to {available}, the number of cells that "
            "have a value"
        )
    rest = available - train
    test = rest if num_test is None else checked_integer("num_test", num_test)
    if not 0 <= test <= rest:
        raise ValueError(
            f"num_test={test} is not allowed; use 0 to {rest}, the number of cells that "
            f"num_train={train} leaves"
        )
    return train, test
