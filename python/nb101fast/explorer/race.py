"""A race: the regret curves of optimizers and the incumbents of their runs, as one JSON file.

The page of an explorer plays it on the simulated clock; docs/explorer.md describes the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..schema import Choice, Flag, Integer, ListOf, Nullable, Number, Place, Record, Text, parse

FORM = "nb101fast race"
VERSION = 1
MOST_LINES = 1000  # far more lines than a figure has

_SPENT = ListOf(Number(0))
_NUMBERS = ListOf(Number())
_CODE = Integer(0, (1 << 31) - 1)
_RUN = Record(
    {"number": Integer(), "spent": _SPENT, "codes": ListOf(_CODE), "accuracies": _NUMBERS}
)
_OPTIMIZER = Record(
    {
        "name": Text(),
        "label": Text(),
        "line": Integer(0, MOST_LINES),
        "num_runs": Integer(1),
        "spent": ListOf(Number(0), least=1),
        "middle": _NUMBERS,
        "band": Nullable(Record({"low": _NUMBERS, "high": _NUMBERS})),
        "runs": ListOf(_RUN),
    }
)
_RACE = Record(
    {
        "form": Choice((FORM,)),
        "version": Choice((VERSION,)),
        "index": Record({"name": Text(), "synthetic": Flag()}),
        "preset": Text(),
        "regret": Choice(("test", "validation")),
        "shows": Choice(("regret", "accuracy")),
        "statistic": Choice(("mean", "median")),
        "clock": Choice(("seconds", "evaluations")),
        "most": Number(0),
        "best_accuracy": Number(),
        "optimizers": ListOf(_OPTIMIZER, least=1),
    }
)


def parse_race(source: str, data: bytes) -> dict[str, Any]:
    """Parse a race, and check it.

    Args:
        source: the name of the file, for errors.
        data: its contents.

    Raises:
        FormatError: the contents are not a race of this version, lists that belong together differ
            in length, or what was spent does not ascend.
    """
    race: dict[str, Any] = parse(source, data, _RACE)
    for place, optimizer in _each(Place(source).of("optimizers"), race["optimizers"]):
        _check_steps(place, optimizer, ("middle",))
        if optimizer["band"] is not None:
            ends = optimizer["band"] | {"spent": optimizer["spent"]}
            _check_steps(place.of("band"), ends, ("low", "high"))
        for place_of_run, run in _each(place.of("runs"), optimizer["runs"]):
            _check_steps(place_of_run, run, ("codes", "accuracies"))
    return race


def _each(place: Place, objects: Sequence[dict[str, Any]]) -> Iterator[tuple[Place, Any]]:
    return ((place.at(position), each) for position, each in enumerate(objects))


def _check_steps(place: Place, steps: dict[str, Any], names: Sequence[str]) -> None:
    """Check a step function of what was spent: a value at each step, and steps that ascend."""
    spent = steps["spent"]
    for name in names:
        if len(steps[name]) != len(spent):
            place.of(name).fail(
                f"a list of {len(steps[name])} is not allowed; use {len(spent)} values, one for "
                "each number in 'spent'"
            )
    if sorted(spent) != spent:
        place.of("spent").fail("the numbers do not ascend; sort them")
