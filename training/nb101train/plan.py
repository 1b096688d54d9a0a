"""What a sweep is: its cells, runs, data set and settings, as `sweep.json` keeps them."""

from __future__ import annotations

import importlib.metadata
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

import nb101fast
from nb101fast import FormatError

from .config import DIGITS, TrainConfig
from .dataset import Dataset, load_dataset
from .run_options import RunOptions
from .whole_file import write_whole
from .work import Codes, Unit, units_of

_FORMAT = 1
PRESETS = {"official": TrainConfig(), "digits": DIGITS}
DEFAULT_DATASET = "digits"
DEFAULT_EPOCHS = (4, 12, 36, 108)
DEFAULT_REPEATS = 3
_SIZES = ("num_classes", "image_size", "num_train_images")  # the data set's
SETTINGS = tuple(f.name for f in fields(TrainConfig) if f.name not in ("epochs", *_SIZES))
_TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-tpu")  # one package, several names


@dataclass(frozen=True, eq=False)
class Plan:
    """All that decides which runs a sweep makes, and what they give.

    Attributes:
        codes: its cells in the order of their hashes; those added later come after the others, so
            that a cell stays in its shard.
        epochs: the budgets, ascending.
        repeats: runs of each cell at each budget.
        dataset: as of `load_dataset`, when the sweep began; what counts is its fingerprint.
        evaluated: images of train, validation and test on which accuracies are measured.
        config: the settings, with the data set's sizes; each run has its own epochs.
        seed: all random numbers follow from it.
        max_seconds: of training, after which a run is evaluated as it is.
        versions: of the packages, each combination with which it was begun or gone on with.
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
            raise ValueError(f"epochs={self.epochs}; one or more are allowed, none twice")
        for epochs in self.epochs:
            replace(self.config, epochs=epochs)  # raises where it makes no whole batch
        if self.repeats < 1:
            raise ValueError(f"repeats={self.repeats}; 1 or more are allowed")
        if self.seed < 0:
            raise ValueError(f"seed={self.seed}; 0 or more is allowed")

    @property
    def units(self) -> tuple[Unit, ...]:
        """The runs of each cell, in their order."""
        return units_of(self.epochs, self.repeats)

    @property
    def num_runs(self) -> int:
        """In all."""
        return len(self.codes) * len(self.units)

    @property
    def denominator(self) -> int | None:
        """Of the accuracies, where it is the same for all three."""
        return self.evaluated[0] if len(set(self.evaluated)) == 1 else None

    def as_json(self) -> str:
        """The text of `sweep.json`: a line for each attribute."""
        values = {"format": _FORMAT, **self._values(), "cells": self.codes.tolist()}
        lines = (f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in values.items())
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The plan of such a text, or an error of any of several kinds."""
        values = json.loads(text)
        if values.pop("format") != _FORMAT:
            raise ValueError(f"its format is not {_FORMAT}")
        codes = np.array(values.pop("cells"), np.uint32)
        codes.flags.writeable = False
        config = TrainConfig(**values.pop("config"))
        tuples = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**{**values, **tuples}, config=config, codes=codes)

    def description(self) -> dict[str, Any]:
        """All but its cells, for the provenance of an index."""
        return {**self._values(), "dataset": self.dataset.partition(":")[0]}

    def extended(self, wanted: Plan) -> Plan:
        """This plan with the further cells, budgets and repeats of another.

        Raises:
            ValueError: another setting, a cell in another vertex order, or less than there was.
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
            differences.append(f"it has {self.repeats} repeats, not {wanted.repeats}")
        if missing := sorted(set(self.codes.tolist()) - set(wanted.codes.tolist())):
            differences.append(f"{len(missing)} other cells belong to it, code {missing[0]} first")
        if differences:
            raise ValueError("the sweep was begun otherwise: " + "; ".join(differences))
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
class Request:
    """What a user asks of a sweep. None: as it was begun; at its beginning, the default.

    Attributes:
        codes: the cells, by hash (no default).
        dataset, epochs, repeats, seed, max_seconds: as of `Plan` ("digits"; 4, 12, 36, 108; 3; 0;
            the official 4 hours).
        preset: a name of `PRESETS` ("digits" for the digits, else "official").
        changes: settings by name, in place of the preset's.
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
        if self.preset is not None and self.preset not in PRESETS:
            raise ValueError(f"preset {self.preset!r}; {', '.join(PRESETS)} are allowed")
        for name in self.changes:
            if name not in SETTINGS:
                raise ValueError(f"setting {name!r}; {', '.join(SETTINGS)} are allowed")

    def plan(self) -> Plan:
        """The plan of a sweep that begins; ValueError without cells."""
        if self.codes is None:
            raise ValueError("the sweep has no cells yet; say which")
        text = self.dataset or DEFAULT_DATASET
        dataset = load_dataset(text)
        return Plan(
            dataset=text,
            fingerprint=dataset.fingerprint,
            evaluated=_evaluated(dataset),
            epochs=_ascending(self.epochs or DEFAULT_EPOCHS),
            repeats=DEFAULT_REPEATS if self.repeats is None else self.repeats,
            seed=self.seed or 0,
            max_seconds=RunOptions.max_seconds if self.max_seconds is None else self.max_seconds,
            config=replace(self.config(), **_sizes(dataset)),
            versions=(package_versions(),),
            codes=self.codes,
        )

    def config(self) -> TrainConfig:
        """The preset with the changes."""
        is_digits = (self.dataset or DEFAULT_DATASET) == "digits"
        preset = self.preset or ("digits" if is_digits else "official")
        return replace(PRESETS[preset], **self.changes)

    def applied_to(self, begun: Plan) -> Plan:
        """The plan of a sweep that goes on; what the request leaves open stays.

        Raises:
            ValueError: as of `Plan.extended`.
        """
        config = begun.config
        changed: dict[str, Any] = {
            name: value
            for name in ("codes", "repeats", "seed", "max_seconds")
            if (value := getattr(self, name)) is not None
        }
        if self.epochs is not None:
            changed["epochs"] = _ascending(self.epochs)
        if self.dataset not in (None, begun.dataset):  # the same by another path, perhaps
            dataset = load_dataset(str(self.dataset))
            changed |= {"fingerprint": dataset.fingerprint, "evaluated": _evaluated(dataset)}
            config = replace(config, **_sizes(dataset))
        if self.preset:
            sizes: dict[str, Any] = {name: getattr(config, name) for name in _SIZES}
            config = replace(PRESETS[self.preset], epochs=config.epochs, **sizes)
        config = replace(config, **self.changes)
        versions = (package_versions(),)
        return begun.extended(replace(begun, **changed, config=config, versions=versions))


def read_plan(folder: str | os.PathLike[str]) -> Plan:
    """The plan of the sweep in a folder.

    Raises:
        FileNotFoundError: there is none.
        FormatError: `sweep.json` is damaged.
    """
    path = plan_path(folder)
    try:
        return Plan.from_json(path.read_text("utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(f"{folder}: no sweep there: it has no {path.name}") from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise FormatError(f"{path}: not the plan of a sweep: {error}") from None


def write_plan(folder: str | os.PathLike[str], plan: Plan) -> None:
    """Put the plan into the folder of its sweep, whole or not at all."""
    write_whole(plan_path(folder), plan.as_json().encode())


def plan_path(folder: str | os.PathLike[str]) -> Path:
    """The file of the plan."""
    return Path(folder, "sweep.json")


def package_versions() -> dict[str, str]:
    """Versions that results may depend on, found without importing TensorFlow."""
    versions = {"nb101fast": nb101fast.__version__}
    for name in _TENSORFLOWS:
        try:
            return {**versions, "tensorflow": importlib.metadata.version(name)}
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _ascending(epochs: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(epochs))


def _sizes(dataset: Dataset) -> dict[str, Any]:
    return {
        "num_classes": dataset.num_classes,
        "image_size": dataset.image_size,
        "num_train_images": len(dataset.train.labels),
    }


def _evaluated(dataset: Dataset) -> tuple[int, int, int]:
    sample = min(dataset.train_sample, len(dataset.train.labels))
    sizes = (sample, len(dataset.validation.labels), len(dataset.test.labels))
    train, validation, test = map(dataset.num_evaluated, sizes)
    return train, validation, test
