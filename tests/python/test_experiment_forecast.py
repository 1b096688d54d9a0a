"""How long an experiment still takes, by what its optimizers have cost so far."""

from __future__ import annotations

import time

import pytest

from nb101fast.experiment.forecast import Forecast
from nb101fast.experiment.run_range import RunRange


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test moves."""
    now = [50.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_nothing_is_foretold_before_each_optimizer_has_run(clock: list[float]) -> None:
    forecast = Forecast({"rs": 100, "smac": 100, "done": 0})
    assert forecast.seconds_left() is None
    clock[0] += 1
    forecast.add(RunRange("rs", 0, 10), 1.0)
    assert forecast.seconds_left() is None
    forecast.add(RunRange("smac", 0, 1), 1.0)
    assert forecast.seconds_left() is not None


def test_an_expensive_optimizer_weighs_more(clock: list[float]) -> None:
    forecast = Forecast({"rs": 100, "smac": 100})
    clock[0] += 12  # one worker, which was at work all the time
    forecast.add(RunRange("rs", 0, 50), 2.0)
    forecast.add(RunRange("smac", 0, 10), 10.0)
    assert forecast.seconds_left() == pytest.approx(50 * 0.04 + 90 * 1.0)


def test_two_workers_take_half_the_time(clock: list[float]) -> None:
    forecast = Forecast({"rs": 40})
    clock[0] += 5
    forecast.add(RunRange("rs", 0, 10), 5.0)
    forecast.add(RunRange("rs", 10, 10), 5.0)
    assert forecast.seconds_left() == pytest.approx(5.0)


def test_nothing_is_left_at_the_end(clock: list[float]) -> None:
    forecast = Forecast({"rs": 10})
    clock[0] += 5
    forecast.add(RunRange("rs", 0, 10), 5.0)
    assert forecast.seconds_left() == 0
