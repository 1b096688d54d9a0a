"""The plan of a sweep: its cells, runs, data set and settings, as `sweep.json` keeps them."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

import nb101fast
from nb101fast import FormatError, OutOfDomainError
from nb101fast._core import visible
from nb101fast.checks import check_count
from nb101fast.phrases import counted
from nb101fast.regular_file import read_regular
from nb101fast.schema import (
    Choice,
    Integer,
    Kind,
    ListOf,
    MapOf,
    Number,
    Record,
    Row,
    Text,
    parse,
)
from nb101fast.whole_file import write_whole

from .cells import checked_cells
from .config import TrainConfig
from .run_options import RunOptions
from .seeds import MOST_SEED, check_seed
from .work import Codes, Unit, units_of

_FORMAT = 1
MOST_REPEATS = 65_534  # an index holds no more
_MOST_RUNS_OF_A_CELL = 1_000_000  # a driver has a list of them
_SETTING_KINDS: dict[str, Kind] = {
    "int": Integer(1, (1 << 31) - 1),
    "float": Number(0),
    "DTypeName": Choice(("float32", "bfloat16")),
}
_PLAN = Record(
    {
        "format": Choice((_FORMAT,)),
        "dataset": Text(),
        "fingerprint": Text(),
        "evaluated": Row((Integer(1), Integer(1), Integer(1))),
        "epochs": ListOf(Integer(1, (1 << 32) - 1), 1, 65_535),
        "repeats": Integer(1, MOST_REPEATS),
        "seed": Integer(0, MOST_SEED),
        "max_seconds": Number(0, math.inf),
        "config": Record(
            {},
            {
                f.name: _SETTING_KINDS[str(f.type)]
                for f in fields(TrainConfig)
                if f.name != "epochs"
            },
        ),
        "versions": ListOf(MapOf(Text())),
        "cells": ListOf(Integer(0, (1 << 31) - 1), 1, nb101fast.NUM_CELLS),
    }
)


@dataclass(frozen=True, eq=False)
class SweepPlan:
    """Everything that decides which runs a sweep makes and what their results are.

    Attributes:
        codes: uint32, the cells in the order of their hashes. Cells that were added later follow
            the others, so each cell stays in its shard.
        epochs: the budgets, ascending.
        repeats: how many runs each cell has at each budget.
        dataset: the name that `load_dataset` was given when the sweep began.
        fingerprint: identifies the data set, even after it was moved.
        evaluated: how many train, validation and test images the accuracies are measured on.
        config: the settings, with the sizes of the data set. The epochs differ from run to run.
        seed: the number from which all random numbers follow.
        max_seconds: a run that trains longer than this is stopped and evaluated as it is.
        versions: the versions of the packages, one element for each combination that was used.
    """

    dataset: str
    fingerprint: str
    evaluated: tuple[int, int, int]
    epochs: tuple[int, ...]
    repeats: int
    seed: int
    max_seconds: float
    config: TrainConfig
    versions: tuple[dict[str, str], ...]
    codes: Codes = field(repr=False)

    def __post_init__(self) -> None:
        if not self.epochs or len(set(self.epochs)) < len(self.epochs):
            raise ValueError(f"epochs={self.epochs} is not allowed; use one or more, each once")
        for epochs in self.epochs:
            replace(self.config, epochs=epochs)  # This raises if they do not make a whole batch.
        check_count("repeats", self.repeats, 1, MOST_REPEATS)
        if len(self.epochs) * self.repeats > _MOST_RUNS_OF_A_CELL:
            raise ValueError(
                f"repeats={self.repeats} with {counted(len(self.epochs), 'budget')} is not "
                f"allowed; use at most {_MOST_RUNS_OF_A_CELL:,} runs of each cell"
            )
        check_seed(self.seed)
        RunOptions(max_seconds=self.max_seconds)  # raises if the limit is not allowed

    @property
    def units(self) -> tuple[Unit, ...]:
        """The runs of each cell, in their order."""
        return units_of(self.epochs, self.repeats)

    @property
    def num_runs(self) -> int:
        """How many runs the sweep makes in all."""
        return len(self.codes) * len(self.units)

    @property
    def denominator(self) -> int | None:
        """The denominator of the accuracies; None if the three accuracies have different ones."""
        return self.evaluated[0] if len(set(self.evaluated)) == 1 else None

    def as_json(self) -> str:
        """The text of `sweep.json`: a line for each attribute."""
        values = {"format": _FORMAT, **self._values(), "cells": self.codes.tolist()}
        lines = (f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in values.items())
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @classmethod
    def from_json(cls, source: str, text: bytes) -> SweepPlan:
        """The plan in a text of `as_json`.

        Args:
            source: the name of its file, for errors.
            text: the text in UTF-8.

        Raises:
            FormatError: the text is none of `as_json`, or a value is not allowed.
        """
        values = parse(source, text, _PLAN)
        del values["format"]
        try:
            return cls._of_values(values)
        except (ValueError, OutOfDomainError) as error:
            raise FormatError(visible(f"{source}: {error}")) from None

    @classmethod
    def _of_values(cls, values: dict[str, Any]) -> SweepPlan:
        codes = checked_cells(np.array(values.pop("cells"), np.uint32))
        codes.flags.writeable = False
        config = TrainConfig(**values.pop("config"), epochs=min(values["epochs"]))
        tuples = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**{**values, **tuples}, config=config, codes=codes)

    def description(self) -> dict[str, Any]:
        """Everything but the cells, for the provenance of an index."""
        return {**self._values(), "dataset": self.dataset.partition(":")[0]}

    def extended(self, wanted: SweepPlan) -> SweepPlan:
        """This plan with the cells, budgets and repeats that another plan adds.

        Raises:
            ValueError: the other plan has another setting, has a cell in another vertex order, or
                lacks cells, budgets or repeats of this plan.
        """
        mine, theirs = self._settings(), wanted._settings()
        differences = [
            f"{name} is {mine[name]!r}, not {theirs[name]!r}"
            for name in mine
            if mine[name] != theirs[name]
        ]
        if missing := sorted(set(self.epochs) - set(wanted.epochs)):
            differences.append(f"it has epochs {', '.join(map(str, missing))} too")
        if wanted.repeats < self.repeats:
            differences.append(f"it has {counted(self.repeats, 'repeat')}, not {wanted.repeats}")
        if missing := sorted(set(self.codes.tolist()) - set(wanted.codes.tolist())):
            differences.append(
                f"it has {counted(len(missing), 'other cell')}, code {missing[0]} first"
            )
        if differences:
            raise ValueError(
                f"the sweep was begun with other settings: {'; '.join(differences)}; use the same "
                "ones, or another folder"
            )
        new = tuple(each for each in wanted.versions if each not in self.versions)
        codes = np.concatenate([self.codes, wanted.codes[~np.isin(wanted.codes, self.codes)]])
        return replace(wanted, versions=self.versions + new, codes=codes)

    def _values(self) -> dict[str, Any]:
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "codes"}
        config = asdict(self.config)
        del config["epochs"]
        return {**values, "config": config}

    def _settings(self) -> dict[str, Any]:
        values = self._values()
        for name in ("dataset", "epochs", "repeats", "versions"):
            del values[name]
        values["the data set's fingerprint"] = values.pop("fingerprint")
        config: dict[str, Any] = values.pop("config")
        return {**values, **config}


def read_plan(folder: str | os.PathLike[str]) -> SweepPlan:
    """The plan of the sweep in a folder.

    Raises:
        FileNotFoundError: the folder has no sweep.
        FormatError: `sweep.json` is damaged.
    """
    path = plan_path(folder)
    try:
        text = read_regular(path)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{folder}: no sweep in this folder: it has no {path.name}"
        ) from None
    return SweepPlan.from_json(str(path), text)


def write_plan(folder: str | os.PathLike[str], plan: SweepPlan) -> None:
    """Write the plan into the folder of its sweep. The file appears only when it is complete."""
    write_whole(plan_path(folder), plan.as_json().encode(), follows_links=False)


def plan_path(folder: str | os.PathLike[str]) -> Path:
    """The path of the file that holds the plan."""
    return Path(folder, "sweep.json")
