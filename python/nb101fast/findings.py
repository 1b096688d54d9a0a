"""Unusual and missing values of runs, which an index keeps and counts in its provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .phrases import counted

_COLUMNS_OF_STAGE = 5
_MISSING = "missing "  # stands before the name of a column
_SENTENCES = {  # how each goes on after the count of one and after that of many
    "other parameters": (
        "run has",
        "runs have",
        "other trainable parameters than the official network of the cell, which is right if the "
        "networks had another skeleton",
    ),
    "odd accuracies": ("accuracy is", "accuracies are", "not from 0 to 1, but kept"),
    "odd times": (
        "time is",
        "times are",
        "negative, shorter than at an earlier stage or over 10^9 s, but kept",
    ),
    "odd epochs": ("current epoch is", "current epochs are", "negative or infinite, but kept"),
    "unknown fields": (
        "field of a record is",
        "fields of records are",
        "left out, because the official format has no such field",
    ),
}


@dataclass(frozen=True)
class Findings:
    """Unusual and missing values: for each kind, how many there are and where the first is.

    Attributes:
        other_parameters: trainable parameters other than those of the cell's official network.
        odd_accuracies: accuracies outside [0, 1].
        odd_times: times that are negative, decrease or are over 10^9 s.
        odd_epochs: current epochs that are negative or infinite.
        unknown_fields: fields of a record that an index does not keep.
        missing_values: by the name of a column, such as "final_test_accuracy", the runs that have
            NaN there, because they lack that value.
    """

    other_parameters: tuple[int, str]
    odd_accuracies: tuple[int, str]
    odd_times: tuple[int, str]
    odd_epochs: tuple[int, str]
    unknown_fields: tuple[int, str]
    missing_values: Mapping[str, tuple[int, str]]

    def told(self) -> dict[str, tuple[int, str]]:
        """The findings that occur, by a name for people."""
        unusual = {k: v for k, v in vars(self).items() if k != "missing_values" and v[0]}
        return {
            **{name.replace("_", " "): finding for name, finding in unusual.items()},
            **{f"{_MISSING}{name}": finding for name, finding in self.missing_values.items()},
        }


def stated_count(provenance: Mapping[str, Any], name: str) -> int:
    """How many findings of this name the provenance of an index states; 0 if it states none."""
    count, _ = provenance.get("findings", {}).get(name, (0, ""))
    return int(count)


def joined(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The findings of an updated index, from the provenance of the old runs and of the new ones.

    A kind that occurs in both is counted in sum. Some of the old runs may have been replaced, so
    the findings state at least what the runs have.
    """
    old, new = before.get("findings", {}), now["findings"]
    both = {
        name: (stated_count(before, name) + stated_count(now, name), new[name][1])
        for name in old.keys() & new.keys()
    }
    return {**old, **new, **both}


def sentences(told: Mapping[str, tuple[int, str]], num_runs: int) -> Iterator[str]:
    """What findings say, each kind in a sentence without a full stop.

    Args:
        told: the findings that occur, as `Findings.told` or a provenance has them.
        num_runs: how many runs there are.

    Example:
        >>> list(sentences({"missing total_time": (2, "run 0: NaN")}, 2))
        ['no run has a value of total_time']
    """
    missing: dict[int, list[str]] = {}
    for name, (count, first) in told.items():
        if name.startswith(_MISSING):
            missing.setdefault(count, []).append(name.removeprefix(_MISSING))
        elif name in _SENTENCES:
            one, many, what = _SENTENCES[name]
            yield f"{counted(count, one, many)} {what}; the first is in {first}"
        else:
            yield f"{name}: {count:,}, first {first}"
    for count, names in missing.items():
        columns = ", ".join(_with_whole_stages(names))
        have = "has" if count == 1 else "have"
        yield (
            f"no run has a value of {columns}"
            if count == num_runs
            else f"{count:,} of {num_runs:,} runs {have} no value of {columns}"
        )


def _with_whole_stages(names: list[str]) -> list[str]:
    """The names of columns, with one name for all five columns of a stage."""
    for stage in ("final", "halfway", "start"):
        own = [name for name in names if name.startswith(f"{stage}_")]
        if len(own) == _COLUMNS_OF_STAGE:
            names = [f"{stage}_...", *(name for name in names if name not in own)]
    return names
