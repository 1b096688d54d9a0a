"""What a user asks a sweep to do, as changes of the defaults or of the plan of a begun sweep."""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import nb101fast
from nb101fast.checks import check_choice
from nb101fast.skeleton import MAX_SETTING

from .cells import checked_cells
from .config import DIGITS, TrainConfig
from .datasets import Dataset, load_dataset
from .plan import SweepPlan
from .run_options import RunOptions
from .work import Codes

PRESETS = {"official": TrainConfig(), "digits": DIGITS}
DEFAULT_DATASET = "digits"
DEFAULT_EPOCHS = (4, 12, 36, 108)
DEFAULT_REPEATS = 3
DEFAULT_SEED = 0
_SIZES = ("num_classes", "image_size", "num_train_images")  # They are those of the data set.
_UNKNOWN_SIZES = {"num_train_images": MAX_SETTING}
SETTINGS = tuple(f.name for f in fields(TrainConfig) if f.name not in ("epochs", *_SIZES))
_TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-tpu")  # One package has several names.


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
        return cls(dataset.fingerprint, (train, validation, test), dataset.sizes)


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

    Raises:
        TypeError: the codes are no uint32 array.
        OutOfDomainError: a code is no cell.
        ValueError: a cell is there twice, or there is no such preset or setting.
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
        if self.preset is not None:
            check_choice("preset", self.preset, PRESETS)
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
        epochs = _ascending(DEFAULT_EPOCHS if self.epochs is None else self.epochs)
        return SweepPlan(
            dataset=self._dataset,
            fingerprint=self._facts.fingerprint,
            evaluated=self._facts.evaluated,
            epochs=epochs,
            repeats=DEFAULT_REPEATS if self.repeats is None else self.repeats,
            seed=self.seed or DEFAULT_SEED,
            max_seconds=RunOptions.max_seconds if self.max_seconds is None else self.max_seconds,
            config=self.config(min(epochs, default=TrainConfig.epochs), self._facts.sizes),
            versions=(package_versions(),),
            codes=self.codes,
        )

    def config(self, epochs: int, sizes: Mapping[str, Any] = _UNKNOWN_SIZES) -> TrainConfig:
        """The settings of a run of so many epochs: those of the preset, with the changes.

        Args:
            epochs: the budget.
            sizes: those of the data set. As long as they are unknown, a batch has any size.
        """
        is_digits = self._dataset == "digits"
        preset = self.preset or ("digits" if is_digits else "official")
        return replace(PRESETS[preset], epochs=epochs, **sizes, **self.changes)

    @property
    def _dataset(self) -> str:
        return DEFAULT_DATASET if self.dataset is None else self.dataset

    @functools.cached_property  # A sweep needs them twice, and loading can take seconds.
    def _facts(self) -> _DatasetFacts:
        return _DatasetFacts.of(load_dataset(self._dataset))

    def applied_to(self, begun: SweepPlan) -> SweepPlan:
        """The plan of a sweep that goes on: the request changes the plan that it began with.

        Raises:
            ValueError: the sweep cannot go on in this way, as `SweepPlan.extended` says.
        """
        sizes: Mapping[str, Any] = {name: getattr(begun.config, name) for name in _SIZES}
        changed: dict[str, Any] = {
            name: value
            for name in ("codes", "repeats", "seed", "max_seconds")
            if (value := getattr(self, name)) is not None
        }
        if self.epochs is not None:
            changed["epochs"] = _ascending(self.epochs)
        if self.dataset not in (None, begun.dataset):
            facts = self._facts  # It may be the same data set at another path.
            changed |= {"fingerprint": facts.fingerprint, "evaluated": facts.evaluated}
            changed["dataset"] = self._dataset
            sizes = facts.sizes
        preset = PRESETS[self.preset] if self.preset else begun.config
        config = replace(preset, epochs=begun.config.epochs, **sizes, **self.changes)
        versions = (package_versions(),)
        return begun.extended(replace(begun, **changed, config=config, versions=versions))


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
