"""How the incumbents of many runs went: step functions over simulated time."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..tables import import_library, write_table
from .steps import COLUMNS, Doubles, Steps

if TYPE_CHECKING:
    import pyarrow

_METADATA = b"nb101fast.trajectories"
_OF_ALL_RUNS = (  # what parts of one experiment have in common
    "optimizer",
    "preset",
    "index",
    "seed",
    "budget_seconds",
    "epochs",
    "best_test_accuracy",
)
_OF_EACH_RUN = ("num_evaluations", "num_invalid", "seconds")


@dataclass(frozen=True, eq=False)
class Trajectories:
    """The runs of one optimizer; `search.run` makes them.

    Attributes:
        optimizer, preset, index: what ran, in which protocol, and on what (a description).
        seed, first_run: run r is number `first_run + r` of the seed.
        budget_seconds, epochs: the simulated budget, and the epochs at which test accuracy counts.
        best_test_accuracy: of the index's best cell, mean of its runs.
        incumbents: the evaluations that were better than all before.
        evaluations: all of them, where they were recorded.
        num_evaluations, num_invalid: int64 (runs,), trainings that counted, and invalid
            configurations, which are free.
        seconds: float64 (runs,), the clock after the last training that counted.
    """

    optimizer: str
    preset: str
    index: str
    seed: int
    first_run: int
    budget_seconds: float
    epochs: int
    best_test_accuracy: float
    incumbents: Steps
    evaluations: Steps | None
    num_evaluations: npt.NDArray[np.int64]
    num_invalid: npt.NDArray[np.int64]
    seconds: Doubles

    def __len__(self) -> int:
        """The number of runs."""
        return self.incumbents.num_runs

    @property
    def final_regret(self) -> Doubles:
        """Test regret of each run's last incumbent: float64 (runs,); NaN without any."""
        return self.regret_at([np.inf])[:, 0]

    def regret_at(self, seconds: npt.ArrayLike) -> Doubles:
        """Test regret at points of the simulated clock: float64 (runs, len(seconds)).

        A step function: what an evaluation found counts from when it ended. NaN before the first
        one ended; beyond the budget, the final regret.

        Raises:
            ValueError: no numbers of shape (N,), or a NaN among them.
        """
        points = np.atleast_1d(np.asarray(seconds, np.float64))
        if points.ndim != 1 or np.isnan(points).any():
            raise ValueError(f"seconds={seconds!r}; numbers of shape (N,) are allowed")
        tests = np.append(self.incumbents.test_accuracy, np.nan)  # at -1: before any incumbent
        regret: Doubles = self.best_test_accuracy - tests[self.incumbents.rows_at(points)]
        return regret

    def __repr__(self) -> str:
        regret = self.final_regret
        known = regret[~np.isnan(regret)]
        mean = f"{known.mean():.5f}" if len(known) else "unknown"
        return (
            f"<Trajectories of {self.optimizer} ({self.preset}): {len(self):,} runs of "
            f"{self.budget_seconds:g} s, mean final regret {mean}>"
        )

    # ---------------------------------------------------------------- as a file

    def to_arrow(self) -> pyarrow.Table:
        """A pyarrow.Table with a row for each evaluation, or for each incumbent if those alone
        were recorded.

        The columns: run, seconds, validation_accuracy, test_accuracy, code, cell, epochs, repeat,
        test_regret (of the incumbent from then on), is_incumbent. The metadata has all the rest.
        Needs `pip install "nb101fast[arrow]"`.
        """
        steps = self.incumbents if self.evaluations is None else self.evaluations
        is_incumbent = steps.is_incumbent
        last = np.maximum.accumulate(np.where(is_incumbent, np.arange(len(steps)), 0))
        columns: dict[str, npt.NDArray[Any]] = {"run": steps.run + np.int32(self.first_run)}
        columns |= steps.columns()
        columns["test_regret"] = self.best_test_accuracy - steps.test_accuracy[last]
        columns["is_incumbent"] = is_incumbent
        table = import_library("pyarrow").table(columns)
        return table.replace_schema_metadata({_METADATA: json.dumps(self._facts()).encode()})

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Write `to_arrow()` as a Parquet file, atomically; `from_parquet` reads it.

        Example:
            >>> search.run("re", index, runs=10, budget_seconds=1e6).to_parquet("re.parquet")
        """
        write_table(self.to_arrow(), path)

    @classmethod
    def from_parquet(cls, path: str | os.PathLike[str]) -> Trajectories:
        """Read what `to_parquet` wrote.

        Raises:
            ValueError: another kind of file.
        """
        arrow, parquet = import_library("pyarrow"), import_library("pyarrow.parquet")
        try:
            table = parquet.read_table(path)
            facts = json.loads(table.schema.metadata[_METADATA])
        except (arrow.ArrowInvalid, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{os.fspath(path)}: no Parquet file of trajectories") from error
        return cls._of(table, facts)

    @classmethod
    def _of(cls, table: pyarrow.Table, facts: dict[str, Any]) -> Trajectories:
        rows = {name: table[name].to_numpy() for name in ("run", "is_incumbent", *COLUMNS)}
        num_runs = len(facts["seconds"])

        def steps(chosen: npt.NDArray[Any] | slice) -> Steps:
            columns = {name: rows[name][chosen] for name in COLUMNS}
            return Steps.of_runs(rows["run"][chosen] - facts["first_run"], columns, num_runs)

        return cls(
            **{name: facts[name] for name in (*_OF_ALL_RUNS, "first_run")},
            incumbents=steps(rows["is_incumbent"]),
            evaluations=steps(slice(None)) if facts["has_evaluations"] else None,
            num_evaluations=np.array(facts["num_evaluations"], np.int64),
            num_invalid=np.array(facts["num_invalid"], np.int64),
            seconds=np.array(facts["seconds"], np.float64),
        )

    def _kind(self) -> dict[str, Any]:
        """What parts must have in common to be joined."""
        kind = {name: getattr(self, name) for name in _OF_ALL_RUNS}
        return kind | {"has_evaluations": self.evaluations is not None}

    def _facts(self) -> dict[str, Any]:
        runs = {name: getattr(self, name).tolist() for name in _OF_EACH_RUN}
        return self._kind() | {"first_run": self.first_run} | runs


def join(parts: Sequence[Trajectories]) -> Trajectories:
    """Consecutive runs of one optimizer as one.

    Raises:
        ValueError: no parts, or some that are not of one kind and consecutive.
    """
    if not parts:
        raise ValueError("no parts; one or more trajectories are allowed")
    first = parts[0]
    number = first.first_run
    for part in parts:
        if part._kind() != first._kind() or part.first_run != number:
            raise ValueError(f"{part!r} from run {part.first_run} does not follow {first!r}")
        number += len(part)
    evaluations = [part.evaluations for part in parts if part.evaluations is not None]
    return Trajectories(
        **{name: getattr(first, name) for name in (*_OF_ALL_RUNS, "first_run")},
        incumbents=Steps.joined([part.incumbents for part in parts]),
        evaluations=Steps.joined(evaluations) if evaluations else None,
        num_evaluations=np.concatenate([part.num_evaluations for part in parts]),
        num_invalid=np.concatenate([part.num_invalid for part in parts]),
        seconds=np.concatenate([part.seconds for part in parts]),
    )
