"""Which runs are made, and the work that is left."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb101train.cells import cells_up_to
from nb101train.ledger import Ledger, work_list
from nb101train.work import units_of

UNITS = units_of((4, 12), 2)


@given(st.lists(st.tuples(st.sampled_from([1, 2, 5]), st.sampled_from(UNITS))))
def test_a_ledger_agrees_with_a_set(runs: Sequence[tuple[int, tuple[int, int]]]) -> None:
    ledger, twin = Ledger(UNITS), set[tuple[int, tuple[int, int]]]()
    for code, unit in runs:
        assert ledger.add(code, unit) == ((code, unit) not in twin)
        twin.add((code, unit))
    assert len(ledger) == len(twin)
    for code in (1, 2, 5):
        assert ledger.left(code) == tuple(unit for unit in UNITS if (code, unit) not in twin)


@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from([1, 2, 5, 1 << 31]), st.integers(0, len(UNITS) - 1)),
            max_size=6,
        ),
        max_size=4,
    )
)
def test_many_runs_at_once_are_noted_as_one_by_one(batches: list[list[tuple[int, int]]]) -> None:
    ledger, twin = Ledger(UNITS), Ledger(UNITS)
    for batch in batches:
        codes = np.array([code for code, _ in batch], np.uint32)
        positions = np.array([position for _, position in batch], np.int64)
        trial = copy.deepcopy(twin)
        is_new = [trial.add(code, UNITS[position]) for code, position in batch]
        again = ledger.add_all(codes, positions)
        if all(is_new):
            assert again is None
            twin = trial
        else:
            assert again == is_new.index(False)
        assert len(ledger) == len(twin)
        for code in (1, 2, 5, 1 << 31):
            assert ledger.left(code) == twin.left(code)


def test_more_units_than_an_integer_has_bits() -> None:
    units = units_of(range(1, 101), 3)
    ledger = Ledger(units)
    positions = np.arange(0, len(units), 2)
    assert ledger.add_all(np.full(len(positions), 7, np.uint32), positions) is None
    assert ledger.left(7) == units[1::2]


def test_units_are_found_by_epochs_and_repeat() -> None:
    epochs = np.array([12, 4, 4, 5, 12], np.uint32)
    repeats = np.array([1, 0, 2, 0, 1 << 40], np.uint64)
    assert Ledger(UNITS).positions(epochs, repeats).tolist() == [3, 0, -1, -1, -1]


def test_a_ledger_refuses_other_units() -> None:
    with pytest.raises(KeyError):
        Ledger(UNITS).add(1, (4, 2))


def test_units_are_by_epochs_then_repeat() -> None:
    assert units_of((108, 4), 2) == ((4, 0), (4, 1), (108, 0), (108, 1))


def test_the_work_list_has_the_runs_neither_made_nor_failed() -> None:
    codes = cells_up_to(3)
    whole, part, failed = codes.tolist()[:3]
    made = Ledger(UNITS)
    for unit in UNITS:
        made.add(whole, unit)
    made.add(part, UNITS[2])
    skipped = {(failed, unit) for unit in UNITS[1:]}
    works = {work.code: work.units for work in work_list(codes, made, skipped)}
    assert list(works) == codes.tolist()[1:]
    assert works[part] == UNITS[:2] + UNITS[3:]
    assert works[failed] == UNITS[:1]
    assert all(works[code] == UNITS for code in codes.tolist()[3:])
