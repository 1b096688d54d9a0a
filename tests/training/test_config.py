"""Settings: the official values, what follows from them, and which values are refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from nb101train.config import DIGITS, TrainConfig
from nb101train.run_options import RunOptions

INTEGER = "is not allowed; use an integer from 1 to 2147483647"


@pytest.mark.parametrize(
    ("epochs", "half", "total"),
    [(4, 312, 625), (12, 937, 1875), (36, 2812, 5625), (108, 8437, 16875)],
)
def test_official_steps(epochs: int, half: int, total: int) -> None:
    config = TrainConfig(epochs=epochs)
    assert (config.half_steps, config.total_steps) == (half, total)


@pytest.mark.parametrize(
    ("epochs", "total"),
    [(4, 62), (12, 186), (36, 560), (108, 1682)],
)
def test_steps_on_digits(epochs: int, total: int) -> None:
    config = dataclasses.replace(DIGITS, epochs=epochs)
    assert (config.half_steps, config.total_steps) == (total // 2, total)


def test_defaults_are_official() -> None:
    assert dataclasses.asdict(TrainConfig()) == {
        "epochs": 108,
        "batch_size": 256,
        "learning_rate": 0.2,
        "weight_decay": 1e-4,
        "momentum": 0.9,
        "bn_momentum": 0.997,
        "bn_epsilon": 1e-5,
        "bn_groups": 2,
        "stem_filters": 128,
        "num_stacks": 3,
        "cells_per_stack": 3,
        "num_classes": 10,
        "image_size": 32,
        "num_train_images": 40000,
        "dtype": "float32",
    }


def test_settings_are_frozen_and_hashable() -> None:
    config = TrainConfig()
    assert hash(config) == hash(TrainConfig())
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.epochs = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, f"epochs=0 {INTEGER}"),
        ({"epochs": 4.0}, f"epochs=4.0 {INTEGER}"),
        ({"epochs": True}, f"epochs=True {INTEGER}"),
        ({"num_stacks": "3"}, f"num_stacks='3' {INTEGER}"),
        (
            {"stem_filters": -1},
            f"stem_filters=-1 {INTEGER}",
        ),
        ({"learning_rate": True}, "learning_rate=True is not allowed; use a finite number from 0"),
        (
            {"weight_decay": 10**400},
            f"weight_decay={10**400} is not allowed; use a finite number from 0",
        ),
        ({"learning_rate": -0.1}, "learning_rate=-0.1 is not allowed; use a finite number from 0"),
        (
            {"learning_rate": float("inf")},
            "learning_rate=inf is not allowed; use a finite number from 0",
        ),
        (
            {"weight_decay": float("nan")},
            "weight_decay=nan is not allowed; use a finite number from 0",
        ),
        ({"bn_momentum": 1.5}, "bn_momentum=1.5 is not allowed; use a number from 0 to 1"),
        ({"momentum": "0.9"}, "momentum='0.9' is not allowed; use a number from 0 to 1"),
        ({"dtype": "float16"}, "dtype='float16' is not allowed; use 'float32' or 'bfloat16'"),
        ({"batch_size": 255}, "batch_size=255 is not allowed; use a multiple of bn_groups=2"),
        (
            {"epochs": 1, "num_train_images": 255},
            "epochs=1 of 255 images make no whole batch of 256; use more epochs or a smaller "
            "batch_size",
        ),
    ],
)
def test_settings_that_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"allowed|multiple|whole batch") as caught:
        TrainConfig(**settings)
    assert str(caught.value) == message


@pytest.mark.parametrize("cores", [1, 2])
def test_cores_that_share_the_groups_change_nothing(cores: int) -> None:
    assert TrainConfig().on_cores(cores) == TrainConfig()


@pytest.mark.parametrize("cores", [3, 8, 32])
def test_each_core_gets_one_group(cores: int) -> None:
    config = TrainConfig().on_cores(cores)
    assert config.bn_groups == cores
    assert config.batch_size == 128 * cores
    assert config.learning_rate == pytest.approx(0.1 * cores)
    assert config.total_steps == 108 * 40000 // (128 * cores)


def test_digits_on_two_cores() -> None:
    config = DIGITS.on_cores(2)
    assert (config.bn_groups, config.batch_size, config.learning_rate) == (2, 128, 0.2)


@pytest.mark.parametrize("cores", [0, -2, 2.0])
def test_numbers_of_cores_that_are_refused(cores: Any) -> None:
    with pytest.raises(ValueError, match=r"cores=.* is not allowed; use an integer from 1"):
        TrainConfig().on_cores(cores)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_attempts": 0}, f"max_attempts=0 {INTEGER}"),
        ({"max_seconds": 0}, "max_seconds=0 is not allowed; use a number above 0"),
        (
            {"checkpoint_seconds": float("nan")},
            "checkpoint_seconds=nan is not allowed; use a number above 0",
        ),
    ],
)
def test_run_options_that_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="allowed") as caught:
        RunOptions(**options)
    assert str(caught.value) == message


def test_official_limits() -> None:
    assert (RunOptions().max_attempts, RunOptions().max_seconds) == (5, 4 * 3600)
