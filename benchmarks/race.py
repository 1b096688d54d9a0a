"""Measure work against its floor. Their rounds take turns, and the best round of each counts.

The time is the thread's own processor time, so that other work on the machine matters less. For
work that has several threads it is the wall time.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns, thread_time_ns
from typing import Any, Generic, TypeVar

import pytest

from .report import Row, Target, Unit

Answer = TypeVar("Answer")
FloorAnswer = TypeVar("FloorAnswer")


class Timed(Generic[Answer]):
    """A function whose calls are measured."""

    answer: Answer

    def __init__(self, work: Callable[[], Answer], by_wall: bool = False) -> None:
        self._work = work
        self._clock = perf_counter_ns if by_wall else thread_time_ns
        self._times: list[int] = []

    def __call__(self) -> None:
        began = self._clock()
        answer = self._work()
        self._times.append(self._clock() - began)
        self.answer = answer

    @property
    def best(self) -> int:
        """Return the shortest time, in nanoseconds."""
        return min(self._times)


class Race:
    """The object that the `race` fixture gives to a benchmark.

    With `--benchmark-disable`, each side runs once and nothing is recorded. A benchmark then only
    checks the answers.
    """

    def __init__(self, benchmark: Any, rows: list[Row], *, must_hold: bool) -> None:
        self._benchmark, self._rows, self._must_hold = benchmark, rows, must_hold

    @property
    def is_timed(self) -> bool:
        """Whether times are measured, and not only the answers checked."""
        return not self._benchmark.disabled

    def against(
        self,
        floor: Callable[[], FloorAnswer],
        engine: Callable[[], Answer],
        work: str,
        *,
        items: int,
        target: Target | None = None,
        rounds: int = 100,
        by_wall: bool = False,
    ) -> tuple[Answer, FloorAnswer]:
        """Measure the floor and the package in turns; return both answers.

        Args:
            floor, engine: functions that do one round of the plain way, and one of the package.
            work: the name of the work in the table.
            items: how many cells or calls one round has.
            target: in multiples of the floor.
            by_wall: the work has threads of its own.
        """
        timed_floor, timed_engine = Timed(floor, by_wall), Timed(engine, by_wall)
        self._benchmark.pedantic(timed_engine, setup=timed_floor, rounds=rounds)
        row = Row(work, timed_engine.best / items, timed_floor.best / items, target=target)
        self._note(row)
        return timed_engine.answer, timed_floor.answer

    def alone(
        self,
        engine: Callable[[], Answer],
        work: str,
        *,
        items: int = 1,
        stated_floor: float | None = None,
        target: Target | None = None,
        rounds: int = 100,
    ) -> Answer:
        """Measure work that has no floor, or a published one in nanoseconds for each item.

        Args:
            target: in multiples of the floor; without one, in nanoseconds.
        """
        timed = Timed(engine)
        self._benchmark.pedantic(timed, rounds=rounds)
        stated = stated_floor is not None
        self._note(Row(work, timed.best / items, stated_floor, stated, target))
        return timed.answer

    def reported(
        self,
        engine: Callable[[], tuple[float, Answer]],
        work: str,
        *,
        unit: Unit = "ns",
        stated_floor: float | None = None,
        target: Target | None = None,
        rounds: int = 1,
    ) -> Answer:
        """Record the amount that the work itself reports, such as a fresh process does."""
        amounts: list[float] = []

        def run() -> Answer:
            amount, answer = engine()
            amounts.append(amount)
            return answer

        answer: Answer = self._benchmark.pedantic(run, rounds=rounds)
        stated = stated_floor is not None
        self._note(Row(work, min(amounts), stated_floor, stated, target, unit))
        return answer

    def _note(self, row: Row) -> None:
        if not self.is_timed:
            return
        self._rows.append(row)
        self._benchmark.extra_info.update({"work": row.work, "ratio": row.ratio})
        if self._must_hold and row.verdict == "missed":
            pytest.fail("missed: " + ", ".join(row.cells()))
