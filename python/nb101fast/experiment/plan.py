"""The plan of an experiment: everything that decides its numbers."""

from __future__ import annotations

import hashlib
import operator
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from .. import _core
from ..checks import check_choice, check_count
from ..index import Index
from ..search import PRESETS, Settings, Trajectories, settings_of, training_for
from ..search.protocol import RECORDED, RUNS_AT_ONCE, Recorded, name_of
from ..search.settings import CompiledSettings, Factory

_MOST_RUNS = 10_000_000
_HEADER_BYTES = struct.Struct("<24xI")  # where the header has its own size, see docs/format.md


@dataclass(frozen=True)
class ExperimentPlan:
    """An experiment whose arguments have been checked; `ExperimentPlan.of` makes it.

    Attributes:
        index: the index that the optimizers search.
        optimizers: their settings by name, in the order of the report.
        runs: how many runs each optimizer has.
        budget_seconds: the simulated time that each run may spend.
        seed: the seed of all runs.
        preset: the name of the protocol.
        record: "incumbents" or "everything".
    """

    index: Index
    optimizers: Mapping[str, Settings | Factory]
    runs: int
    budget_seconds: float
    seed: int
    preset: str
    record: Recorded

    @classmethod
    def of(
        cls,
        index: Index,
        optimizers: Iterable[str | Settings | Factory],
        *,
        runs: int,
        budget_seconds: float,
        seed: int,
        preset: str,
        record: Recorded,
    ) -> ExperimentPlan:
        """Make a plan after checking that every optimizer can be made and can end a training.

        Raises:
            ValueError: an argument is not allowed, an optimizer is given twice, or the index lacks
                the budgets that an optimizer needs.
            ImportError: the library of an optimizer is missing.
        """
        check_count("runs", runs, 1, _MOST_RUNS)
        check_choice("record", record, RECORDED)
        by_name: dict[str, Settings | Factory] = {}
        for optimizer in optimizers:
            settings = settings_of(optimizer, preset)
            name = name_of(settings)
            if name in by_name:
                raise ValueError(f"optimizer {name!r} is given twice; give each name once")
            if not re.fullmatch(r"[\w.+-]+", name):
                raise ValueError(
                    f"optimizer {name!r} has a name that is not allowed; use letters, digits and "
                    "-+._"
                )
            by_name[name] = settings
        if not by_name:
            raise ValueError("no optimizers: give at least one")
        seconds = _checked_budget(index, by_name.values(), preset, budget_seconds)
        return cls(index, by_name, runs, seconds, operator.index(seed), preset, record)

    @property
    def reports_queried_test(self) -> bool:
        """Whether the reported test accuracy is that of the run drawn, not the mean of its cell."""
        return PRESETS[self.preset].test == "queried"

    @property
    def num_runs(self) -> int:
        """The number of runs of all optimizers."""
        return self.runs * len(self.optimizers)

    def runs_at_once(self, optimizer: str) -> int:
        """How many runs make one batch: few enough that the workers end at about the same time."""
        is_quick = isinstance(self.optimizers[optimizer], CompiledSettings)
        return RUNS_AT_ONCE if is_quick else 1

    def has(self, part: Trajectories) -> bool:
        """Whether some runs belong to this experiment."""
        return (
            part.optimizer in self.optimizers
            and (part.preset, part.index, part.seed) == (self.preset, repr(self.index), self.seed)
            and part.budget_seconds == self.budget_seconds
            and (part.evaluations is not None) == (self.record == "everything")
        )

    def facts(self) -> dict[str, Any]:
        """Everything that decides the numbers, as values of JSON."""
        return {
            "optimizers": {name: _in_words(each) for name, each in self.optimizers.items()},
            "runs": self.runs,
            "budget_seconds": self.budget_seconds,
            "seed": self.seed,
            "preset": self.preset,
            "record": self.record,
            "index": repr(self.index),
            "index_sha256": fingerprint(self.index),
            "nb101fast": _core.__version__,
        }


def fingerprint(index: Index) -> str:
    """The SHA-256 of an index file's header, which holds the checksums of all sections."""
    with open(index.path, "rb") as file:
        (num_bytes,) = _HEADER_BYTES.unpack(file.read(_HEADER_BYTES.size))
        file.seek(0)
        return hashlib.sha256(file.read(num_bytes)).hexdigest()


def _checked_budget(
    index: Index, optimizers: Iterable[Settings | Factory], preset: str, budget_seconds: float
) -> float:
    """The budget as a float, after making every optimizer and checking that it can spend it."""
    seconds = float(budget_seconds)
    for settings in optimizers:
        training = training_for(settings, index, preset=preset)
        seconds = training.check_budget(budget_seconds)
        settings(training, 0)  # raises ImportError if the library is missing
    return seconds


def _in_words(settings: Settings | Factory) -> str:
    """A text for the optimizer that is the same in every process."""
    if isinstance(settings, Settings):
        versions = [f", {name} {version(name)}" for name in settings.libraries]
        return repr(settings) + "".join(versions)
    return f"{settings.__module__}.{getattr(settings, '__qualname__', type(settings).__name__)}"
