"""What an experiment is: its index, its optimizers and all else that decides its numbers."""

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
from ..index import Index
from ..search import PRESETS, Settings, Trajectories, settings_of, training_for
from ..search.protocol import Recorded, name_of
from ..search.settings import CompiledSettings, Factory, check_choice, check_count

_MOST_RUNS = 10_000_000
_HEADER_BYTES = struct.Struct("<24xI")  # docs/format.md
_RUNS_OF_COMPILED = 64  # as `search.run` takes them at a time: a fraction of a second


@dataclass(frozen=True)
class Plan:
    """A checked experiment; `Plan.of` makes one.

    Attributes:
        index: what the optimizers search.
        optimizers: their settings by name, in the order of the report.
        runs: of each.
        budget_seconds: simulated seconds of training that each run may spend.
        seed: of all runs.
        preset: the protocol.
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
    ) -> Plan:
        """The plan, once every optimizer could be made and its first training could end.

        Raises:
            ValueError: an unknown or repeated optimizer, preset or record, a number that can't be,
                or an index without the budgets that an optimizer needs.
            ImportError: the library of an optimizer is missing.
        """
        check_count("runs", runs, 1, _MOST_RUNS)
        check_choice("record", record, ("incumbents", "everything"))
        by_name: dict[str, Settings | Factory] = {}
        for optimizer in optimizers:
            settings = settings_of(optimizer, preset)
            name = name_of(settings)
            if name in by_name:
                raise ValueError(f"optimizers: {name!r} twice; each once is allowed")
            if not re.fullmatch(r"[\w.+-]+", name):
                raise ValueError(
                    f"optimizers: {name!r}; a name of letters, digits and -+._ is allowed"
                )
            by_name[name] = settings
        if not by_name:
            raise ValueError("optimizers: none; one or more are allowed")
        seconds = _checked_budget(index, by_name.values(), preset, budget_seconds)
        return cls(index, by_name, runs, seconds, operator.index(seed), preset, record)

    @property
    def reports_queried_test(self) -> bool:
        """Whether the test accuracy is that of the run that was queried, not its cell's mean."""
        return PRESETS[self.preset].test == "queried"

    @property
    def num_runs(self) -> int:
        """Of all optimizers together."""
        return self.runs * len(self.optimizers)

    def runs_at_once(self, optimizer: str) -> int:
        """The runs that one piece of work has: few enough that workers share them well."""
        is_quick = isinstance(self.optimizers[optimizer], CompiledSettings)
        return _RUNS_OF_COMPILED if is_quick else 1

    def has(self, part: Trajectories) -> bool:
        """Whether some runs belong to this experiment."""
        return (
            part.optimizer in self.optimizers
            and (part.preset, part.index, part.seed) == (self.preset, repr(self.index), self.seed)
            and part.budget_seconds == self.budget_seconds
            and (part.evaluations is not None) == (self.record == "everything")
        )

    def facts(self) -> dict[str, Any]:
        """All that decides the numbers, as JSON has it."""
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
    """SHA-256 of an index file's header, which has the checksum of every section."""
    with open(index.path, "rb") as file:
        (num_bytes,) = _HEADER_BYTES.unpack(file.read(_HEADER_BYTES.size))
        file.seek(0)
        return hashlib.sha256(file.read(num_bytes)).hexdigest()


def _checked_budget(
    index: Index, optimizers: Iterable[Settings | Factory], preset: str, budget_seconds: float
) -> float:
    """The budget as a float, if every optimizer can be made and spend it."""
    seconds = float(budget_seconds)
    for settings in optimizers:
        training = training_for(settings, index, preset=preset)
        seconds = training.check_budget(budget_seconds)
        settings(training, 0)  # the first to need its library
    return seconds


def _in_words(settings: Settings | Factory) -> str:
    """The same in every process."""
    if isinstance(settings, Settings):
        versions = [f", {name} {version(name)}" for name in settings.libraries]
        return repr(settings) + "".join(versions)
    return f"{settings.__module__}.{getattr(settings, '__qualname__', type(settings).__name__)}"
