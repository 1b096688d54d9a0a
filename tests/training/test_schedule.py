"""Learning rates, compared with the formula and at selected steps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nb101train.schedule import cosine, stepwise


def plain_cosine(peak: float, total: int, step: int) -> float:
    return 0.0 if step == 0 else peak * 0.5 * (1 + math.cos(math.pi * step / total))


@pytest.mark.parametrize("total", [62, 625, 16875])
def test_cosine_agrees_with_the_formula(total: int) -> None:
    rates = cosine(0.2, total, 0, total)
    assert rates.dtype == np.float32
    plain = [plain_cosine(0.2, total, step) for step in range(total)]
    assert np.array_equal(rates, np.array(plain, np.float32))


def test_cosine_at_its_first_middle_and_last_step() -> None:
    rates = cosine(0.2, 625, 0, 626)
    assert rates[0] == 0
    assert rates[1] == pytest.approx(0.2, rel=1e-5)
    assert rates[312] == pytest.approx(0.1, rel=3e-3)
    assert 0 < rates[624] < 2e-6
    assert rates[625] == 0
    assert (np.diff(rates[1:]) < 0).all()


@pytest.mark.parametrize("schedule", [cosine, stepwise])
def test_rates_do_not_depend_on_the_calls(schedule: object) -> None:
    assert callable(schedule)
    whole = schedule(0.2, 625, 0, 625)
    parts = [schedule(0.2, 625, first, min(100, 625 - first)) for first in range(0, 625, 100)]
    assert np.array_equal(whole, np.concatenate(parts))


def test_stepwise_agrees_with_the_formula() -> None:
    rates = stepwise(0.2, 1000, 0, 1000)
    assert rates[0] == 0
    factors = {1: 1.0, 500: 1.0, 501: 0.1, 667: 0.1, 668: 0.01, 833: 0.01, 834: 1e-4, 999: 1e-4}
    for step, factor in factors.items():
        assert rates[step] == np.float32(0.2 * factor), step
