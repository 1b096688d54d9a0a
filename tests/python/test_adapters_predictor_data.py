"""Arrays for predictors: whose they are, how they are split, what is left out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import search_space
from nb101fast.adapters.predictor_data import Examples, predictor_data, torch_dataset
from nb101fast.index import BUILT_IN, Repeat
from nb101fast.search_space import Encoding
from reference.tfrecord import Record

ENCODINGS: tuple[Encoding, ...] = ("A", "B", "C", "one-hot", "path")
DIGITS = nb101fast.open(BUILT_IN)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_rows_are_those_of_the_cells(encoding: Encoding) -> None:
    data = predictor_data(DIGITS, encoding, num_train=60, seed=1)
    assert (len(data.train), len(data.test)) == (60, 31)
    for examples in (data.train, data.test):
        rows = [
            search_space.encode_as(int(nb101fast.cell_codes()[i]), encoding) for i in examples.cells
        ]
        assert np.array_equal(examples.features, rows)
        assert examples.features.dtype == rows[0].dtype


@pytest.mark.parametrize("target", ["validation_accuracy", "test_accuracy", "training_time"])
@pytest.mark.parametrize("repeat", [0, 2, "mean"])
def test_targets_are_those_of_the_cells(target: str, repeat: Repeat) -> None:
    data = predictor_data(DIGITS, target=target, num_train=50, epochs=36, repeat=repeat)
    for examples in (data.train, data.test):
        asked = [
            DIGITS.query(nb101fast.Cell.from_id(int(i)), epochs=36, repeat=repeat)[target]
            for i in examples.cells
        ]
        assert examples.targets.dtype == np.float32
        assert np.array_equal(examples.targets, np.array(asked, np.float32))


def test_a_random_repeat_is_one_of_three() -> None:
    data = predictor_data(DIGITS, num_train=91, repeat="random", seed=5)
    codes = nb101fast.cell_codes()[data.train.cells]
    runs = np.array([DIGITS.objective(repeat=r)(codes) for r in range(3)])
    assert (data.train.targets == runs).any(axis=0).all()
    again = predictor_data(DIGITS, num_train=91, repeat="random", seed=5)
    assert np.array_equal(data.train.targets, again.train.targets)


def test_each_cell_is_in_one_split() -> None:
    data = predictor_data(DIGITS, num_train=40)
    together = np.concatenate([data.train.cells, data.test.cells])
    assert np.array_equal(np.sort(together), DIGITS.cells)


def test_the_draw() -> None:
    def drawn(num_train: int, seed: int) -> Examples:
        return predictor_data(DIGITS, num_train=num_train, num_test=5, seed=seed).train

    assert np.array_equal(drawn(60, 3).cells, drawn(60, 3).cells)
    assert np.array_equal(drawn(60, 3).cells[:20], drawn(20, 3).cells)
    assert not np.array_equal(drawn(60, 3).cells, drawn(60, 4).cells)
    assert not np.array_equal(np.sort(drawn(60, 3).cells), drawn(60, 3).cells)


def test_of_these_cells_alone() -> None:
    cells = [3, 50, 7, 90]
    data = predictor_data(DIGITS, num_train=3, cells=cells)
    assert set(data.train.cells) | set(data.test.cells) == set(cells)


def test_cells_without_a_run_are_left_out(small_sample: tuple[Path, list[Record]]) -> None:
    index = nb101fast.open(small_sample[0])
    having = index.cells[index.run_counts(epochs=108) > 0]
    assert 0 < len(having) < len(index)
    data = predictor_data(index, num_train=10)
    together = np.concatenate([data.train.cells, data.test.cells])
    assert np.array_equal(np.sort(together), having)
    assert not np.isnan(np.concatenate([data.train.targets, data.test.targets])).any()
    absent = np.setdiff1d(np.arange(nb101fast.NUM_CELLS), index.cells)[:5]
    among = predictor_data(index, num_train=1, cells=[*absent, having[0]])
    assert among.train.cells.tolist() == [having[0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"encoding": "D"}, "encoding='D'; 'A', 'B', 'C', 'one-hot', 'path' are allowed"),
        ({"target": "accuracy"}, "metric='accuracy'; "),
        ({"epochs": 5}, "epochs=5; this index has 4, 12, 36, 108"),
        ({"repeat": 3}, "repeat=3; 0 to 2, 'mean' and 'random' are allowed"),
        ({"stage": "end"}, "stage='end'; "),
        ({"num_train": 0}, "num_train=0; 1 to 91 are allowed"),
        ({"num_train": 92}, "num_train=92; 1 to 91 are allowed"),
        ({"num_test": 82}, "num_test=82; 0 to 81 are allowed beside num_train=10"),
        ({"num_test": -1}, "num_test=-1; 0 to 81 are allowed"),
        ({"cells": [1, 2, 1]}, "cell id 1 is there twice; once is allowed"),
        ({"cells": [0, -1]}, "cell id -1; 0 to 423623 are allowed"),
        ({"cells": [423624]}, "cell id 423624; 0 to 423623 are allowed"),
        ({"cells": [[1]]}, "cells of shape (1, 1) and dtype int64; (N,) int is allowed"),
        ({"cells": [1.0]}, "cells of shape (1,) and dtype float64; (N,) int is allowed"),
    ],
)
def test_what_is_not_allowed(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        predictor_data(DIGITS, **{"num_train": 10, **arguments})


def test_torch_dataset() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
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
