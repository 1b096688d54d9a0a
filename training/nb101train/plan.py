"""The plan of a sweep: its cells, runs, data set and settings, as `sweep.json` keeps them."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import math
import os
from collections.abc import Mapping
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
from .config import DIGITS, TrainConfig
from .datasets import Dataset, load_dataset
from .run_options import RunOptions
from .work import Codes, Unit, units_of

_FORMAT = 1
PRESETS = {"official": TrainConfig(), "digits": DIGITS}
DEFAULT_DATASET = "digits"
DEFAULT_EPOCHS = (4, 12, 36, 108)
DEFAULT_REPEATS = 3
DEFAULT_SEED = 0
_SIZES = ("num_classes", "image_size", "num_train_images")  # They are those of the data set.
SETTINGS = tuple(f.name for f in fields(TrainConfig) if f.name not in ("epochs", *_SIZES))
MOST_REPEATS = 65_534  # an index holds no more
_MOST_RUNS_OF_A_CELL = 1_000_000  # a driver has a list of them
_MOST_SEED = (1 << 64) - 1
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
        "seed": Integer(0, _MOST_SEED),
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
_TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-tpu")  # One package has several names.


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
        check_count("seed", self.seed, 0, _MOST_SEED)

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
        config = TrainConfig(**values.pop("config"))
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
            differences.append(f"epochs {', '.join(map(str, missing))} belong to it")
        if wanted.repeats < self.repeats:
            differences.append(f"it has {counted(self.repeats, 'repeat')}, not {wanted.repeats}")
        if missing := sorted(set(self.codes.tolist()) - set(wanted.codes.tolist())):
            differences.append(
                f"it has {counted(len(missing), 'other cell')}, code {missing[0]} first"
            )
        if differences:
            raise ValueError("the sweep was begun with other settings: " + "; ".join(differences))
        new = tuple(each for each in wanted.versions if each not in self.versions)
        codes = np.concatenate([self.codes, wanted.codes[~np.isin(wanted.codes, self.codes)]])
        return replace(wanted, dataset=self.dataset, versions=self.versions + new, codes=codes)

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


@dataclass(frozen=True)
class _DatasetFacts:
    """What a plan records about a data set: its fingerprint, evaluated images and sizes."""

    fingerprint: str
    evaluated: tuple[int, int, int]
    sizes: Mapping[str, Any]

    @classmethod
    def of(cls, dataset: Dataset) -> _DatasetFacts:
        sample = min(dataset.train_sample, len(dataset.train.labels))
        counts = (sample, len(dataset.validation.labels), len(dataset.test.labels))
        train, validation, test = map(dataset.num_evaluated, counts)
        sizes = {
            "num_classes": dataset.num_classes,
            "image_size": dataset.image_size,
            "num_train_images": len(dataset.train.labels),
        }
        return cls(dataset.fingerprint, (train, validation, test), sizes)


@dataclass(frozen=True)
class Request:
    """What a user asks a sweep to do.

    An attribute may be None. A sweep that goes on then keeps what its plan says, and a new sweep
    takes the default.

    Attributes:
        codes: uint32, the cells in the order of their hashes. A new sweep must have them.
        dataset: a name that `load_dataset` takes. The default is "digits".
        epochs: the budgets. The default is 4, 12, 36 and 108.
        repeats: how many runs each cell has at each budget. The default is 3.
        seed: the number from which all random numbers follow. The default is 0.
        max_seconds: after so many seconds a run is stopped. The default is the official 4 hours.
        preset: a name in `PRESETS`. The default is "digits" for that data set, and "official" for
            all others.
        changes: settings by name. They replace those of the preset.
    """

    codes: Codes | None = None
    dataset: str | None = None
    epochs: tuple[int, ...] | None = None
    repeats: int | None = None
    seed: int | None = None
    max_seconds: float | None = None
    preset: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.codes is not None:
            checked_cells(self.codes)
        if self.preset is not None and self.preset not in PRESETS:
            raise ValueError(
                f"preset={self.preset!r} is not allowed; use {' or '.join(map(repr, PRESETS))}"
            )
        for name in self.changes:
            if name not in SETTINGS:
                raise ValueError(f"setting {name!r} is not allowed; use {', '.join(SETTINGS)}")

    def plan(self) -> SweepPlan:
        """The plan of a new sweep.

        Raises:
            ValueError: the request has no cells, or a value is not allowed.
        """
        if self.codes is None:
            raise ValueError(
                "the sweep has no cells yet; give codes in Python, or --max-vertices or --cells on "
                "the command line"
            )
        return SweepPlan(
            dataset=self._dataset,
            fingerprint=self._facts.fingerprint,
            evaluated=self._facts.evaluated,
            epochs=_ascending(self.epochs or DEFAULT_EPOCHS),
            repeats=DEFAULT_REPEATS if self.repeats is None else self.repeats,
            seed=self.seed or DEFAULT_SEED,
            max_seconds=RunOptions.max_seconds if self.max_seconds is None else self.max_seconds,
            config=replace(self.config(), **self._facts.sizes),
            versions=(package_versions(),),
            codes=self.codes,
        )

    def config(self) -> TrainConfig:
        """The settings: those of the preset, with the changes."""
        is_digits = self._dataset == "digits"
        preset = self.preset or ("digits" if is_digits else "official")
        return replace(PRESETS[preset], **self.changes)

    @property
    def _dataset(self) -> str:
        return self.dataset or DEFAULT_DATASET

    @functools.cached_property  # A sweep needs them twice, and loading can take seconds.
    def _facts(self) -> _DatasetFacts:
        return _DatasetFacts.of(load_dataset(self._dataset))

    def applied_to(self, begun: SweepPlan) -> SweepPlan:
        """The plan of a sweep that goes on: the request changes the plan that it began with.

        Raises:
            ValueError: the sweep cannot go on in this way, as `SweepPlan.extended` says.
        """
        config = begun.config
        changed: dict[str, Any] = {
            name: value
            for name in ("codes", "repeats", "seed", "max_seconds")
            if (value := getattr(self, name)) is not None
        }
        if self.epochs is not None:
            changed["epochs"] = _ascending(self.epochs)
        if self.dataset not in (
            None,
            begun.dataset,
        ):  # It may be the same data set at another path.
            facts = self._facts
            changed |= {"fingerprint": facts.fingerprint, "evaluated": facts.evaluated}
            config = replace(config, **facts.sizes)
        if self.preset:
            sizes: dict[str, Any] = {name: getattr(config, name) for name in _SIZES}
            config = replace(PRESETS[self.preset], epochs=config.epochs, **sizes)
        config = replace(config, **self.changes)
        versions = (package_versions(),)
        return begun.extended(replace(begun, **changed, config=config, versions=versions))


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


def package_versions() -> dict[str, str]:
    """Versions that results may depend on. TensorFlow is not imported to find them."""
    versions = {"nb101fast": nb101fast.__version__}
    for name in _TENSORFLOWS:
        try:
            return {**versions, "tensorflow": importlib.metadata.version(name)}
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _ascending(epochs: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(epochs))
