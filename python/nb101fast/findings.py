"""Unusual values of runs, which an index keeps and counts in its provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Findings:
    """Unusual values: for each kind, how many there are and where the first is.

    Attributes:
        other_parameters: trainable parameters other than those of the cell's official network.
        odd_accuracies: accuracies outside [0, 1], or not finite.
        odd_times: times that are negative, decrease, are over 10^9 s or are not finite.
        odd_epochs: current epochs that are negative or not finite.
        unknown_fields: fields of a record that an index does not keep.
    """

    other_parameters: tuple[int, str]
    odd_accuracies: tuple[int, str]
    odd_times: tuple[int, str]
    odd_epochs: tuple[int, str]
    unknown_fields: tuple[int, str]

    def told(self) -> dict[str, tuple[int, str]]:
        """The findings that occur, by a name for people."""
        return {
            name.replace("_", " "): (count, first)
            for name, (count, first) in vars(self).items()
            if count
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
