"""Data for predictors: their cells, their splits, and the cells that are left out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import search_space
from nb101fast.adapters.predictor_data import Examples, predictor_data, torch_dataset
from nb101fast.locations import BUILT_IN
from nb101fast.measurement import Repeat
from nb101fast.search_space import Encoding
from reference.libraries import import_or_skip
from reference.tfrecord import Record

ENCODINGS: tuple[Encoding, ...] = ("A", "B", "C", "one-hot", "path")
DIGITS = nb101fast.open(BUILT_IN)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_features_are_the_encoded_cells(encoding: Encoding) -> None:
    data = predictor_data(DIGITS, encoding, num_train=60, seed=1)
    assert (len(data.train), len(data.test)) == (60, 31)
    for examples in (data.train, data.test):
        rows = [
            search_space.encode_as(int(nb101fast.cell_codes()[i]), encoding) for i in examples.ids
        ]
        assert np.array_equal(examples.features, rows)
        assert examples.features.dtype == rows[0].dtype


@pytest.mark.parametrize("target", ["validation_accuracy", "test_accuracy", "training_time"])
@pytest.mark.parametrize("repeat", [0, 2, "mean"])
def test_targets_are_the_values_of_the_cells(target: str, repeat: Repeat) -> None:
    data = predictor_data(DIGITS, target=target, num_train=50, epochs=36, repeat=repeat)
    for examples in (data.train, data.test):
        asked = [
            DIGITS.query(nb101fast.Cell.from_id(int(i)), epochs=36, repeat=repeat)[target]
            for i in examples.ids
        ]
        assert examples.targets.dtype == np.float32
        assert np.array_equal(examples.targets, np.array(asked, np.float32))


def test_a_random_target_is_the_value_of_a_repeat() -> None:
    data = predictor_data(DIGITS, num_train=91, repeat="random", seed=5)
    codes = nb101fast.cell_codes()[data.train.ids]
    runs = np.array([DIGITS.objective(repeat=r)(codes) for r in range(3)])
    assert (data.train.targets == runs).any(axis=0).all()
    again = predictor_data(DIGITS, num_train=91, repeat="random", seed=5)
    assert np.array_equal(data.train.targets, again.train.targets)


def test_no_cell_is_in_both_splits() -> None:
    data = predictor_data(DIGITS, num_train=40)
    together = np.concatenate([data.train.ids, data.test.ids])
    assert np.array_equal(np.sort(together), DIGITS.cells)


def test_the_seed_decides_the_draw() -> None:
    def drawn(num_train: int, seed: int) -> Examples:
        return predictor_data(DIGITS, num_train=num_train, num_test=5, seed=seed).train

    assert np.array_equal(drawn(60, 3).ids, drawn(60, 3).ids)
    assert np.array_equal(drawn(60, 3).ids[:20], drawn(20, 3).ids)
    assert not np.array_equal(drawn(60, 3).ids, drawn(60, 4).ids)
    assert not np.array_equal(np.sort(drawn(60, 3).ids), drawn(60, 3).ids)


def test_drawing_only_from_given_ids() -> None:
    ids = [3, 50, 7, 90]
    data = predictor_data(DIGITS, num_train=3, ids=ids)
    assert set(data.train.ids) | set(data.test.ids) == set(ids)


def test_cells_without_a_value_are_left_out(small_sample: tuple[Path, list[Record]]) -> None:
    index = nb101fast.open(small_sample[0])
    having = index.cells[index.run_counts(epochs=108) > 0]
    assert 0 < len(having) < len(index)
    data = predictor_data(index, num_train=10)
    together = np.concatenate([data.train.ids, data.test.ids])
    assert np.array_equal(np.sort(together), having)
    assert not np.isnan(np.concatenate([data.train.targets, data.test.targets])).any()
    absent = np.setdiff1d(np.arange(nb101fast.NUM_CELLS, dtype=np.int32), index.cells)[:5]
    among = predictor_data(index, num_train=1, ids=[*absent, having[0]])
    assert among.train.ids.tolist() == [having[0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"encoding": "D"}, "encoding='D' is not allowed; use 'A', 'B', 'C', 'one-hot' or 'path'"),
        ({"target": "accuracy"}, "metric='accuracy' is not allowed; use "),
        ({"epochs": 5}, "epochs=5 is not in this index; use 4, 12, 36 or 108"),
        ({"repeat": 3}, "repeat=3 is not allowed; use 0 to 2, 'mean' or 'random'"),
        ({"stage": "end"}, "stage='end' is not allowed; use "),
        (
            {"num_train": 0},
            "num_train=0 is not allowed; use 1 to 91, the number of cells that have",
        ),
        ({"num_train": 92}, "num_train=92 is not allowed; use 1 to 91"),
        (
            {"num_test": 82},
            "num_test=82 is not allowed; use 0 to 81, the number of cells that num_train=10 leaves",
        ),
        ({"num_test": -1}, "num_test=-1 is not allowed; use 0 to 81"),
        ({"ids": [1, 2, 1]}, "id 1 is given twice; give each id once"),
    ],
)
def test_arguments_that_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        predictor_data(DIGITS, **{"num_train": 10, **arguments})


@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        ([0, -1], IndexError),
        ([423624], IndexError),
        (nb101fast.cell_codes()[:20], TypeError),
        (np.arange(20), TypeError),
        ([1.0], TypeError),
        ([True], TypeError),
        (np.zeros((2, 2), np.int32), ValueError),
    ],
)
def test_ids_that_are_refused(ids: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        predictor_data(DIGITS, num_train=1, ids=ids)


@pytest.mark.parametrize("seed", [True, [1, 2], 1.5])
def test_seeds_that_are_refused(seed: Any) -> None:
    with pytest.raises(TypeError, match=re.escape(f"seed={seed!r} is not allowed")):
        predictor_data(DIGITS, num_train=1, seed=seed)


def test_torch_dataset() -> None:
    torch = import_or_skip("torch")
    for encoding in ENCODINGS:
        examples = predictor_data(DIGITS, encoding, num_train=60).train
        dataset = torch_dataset(examples)
        assert len(dataset) == 60
        features, targets = dataset.tensors
        assert features.dtype == targets.dtype == torch.float32
        assert np.array_equal(features.numpy(), examples.features)
        assert np.array_equal(targets.numpy(), examples.targets)
        features[0] = 7
        assert not (examples.features[0] == 7).any()
