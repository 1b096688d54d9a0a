"""The runs of an optimizer: how their regret falls over simulated time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from ..arrays import Doubles
from ..checks import check_choice
from ..schema import Flag, Kind, Number
from .observations import Observations, checked_evaluations
from .optimizer_runs import OptimizerRuns
from .run_file import Columns, Facts, RunFile, observations_of

if TYPE_CHECKING:
    import pyarrow
    from matplotlib.figure import Figure

Regret: TypeAlias = Literal["test", "validation"]
REGRETS: tuple[Regret, ...] = ("test", "validation")

_BEST: dict[str, Kind] = {
    "best_test_accuracy": Number(-math.inf, math.inf),
    "best_validation_accuracy": Number(-math.inf, math.inf),
}


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Trajectories(OptimizerRuns):
    """The runs of one optimizer for the accuracy alone; `search.run` makes them.

    They have the attributes and methods of `OptimizerRuns`, too.

    Attributes:
        best_test_accuracy: the highest mean test accuracy of a cell of the problem.
        best_validation_accuracy: the highest mean validation accuracy of such a cell.
        incumbents: the trainings that were better than all before them in their run.
        evaluations: all trainings, if they were recorded; otherwise None.
    """

    _file = RunFile(
        "trajectories",
        "Trajectories.to_parquet",
        {**_BEST, "has_evaluations": Flag()},
        lambda _: {"is_incumbent": np.dtype(np.bool_)},
    )

    best_test_accuracy: float
    best_validation_accuracy: float
    evaluations: Observations | None

    @property
    def final_validation_regret(self) -> Doubles:
        """Validation regret of each run's last incumbent: float64 (runs,), as `final_regret`."""
        return self.regret_at([np.inf], regret="validation")[:, 0]

    def regret_at(self, seconds: npt.ArrayLike, *, regret: Regret = "test") -> Doubles:
        """Regret at points of the simulated time, as `OptimizerRuns` has it.

        Args:
            seconds: numbers of shape (N,), or one number.
            regret: "test" is `best_test_accuracy` minus the test accuracy that is reported for the
                incumbent. "validation" is `best_validation_accuracy` minus the validation accuracy
                that the optimizer was told for the incumbent. One training can be better than the
                best mean, so it can be negative.

        Raises:
            ValueError: `seconds` has another shape or contains NaN, or there is no such regret.

        Source: the validation regret is that of `nas_benchmarks`.

        Example:
            >>> trajectories.regret_at([1e5, 1e6])
        """
        return self.incumbents.values_at(self.regret_of_incumbents(regret), "seconds", seconds)

    def regret_after(self, evaluations: npt.ArrayLike, *, regret: Regret = "test") -> Doubles:
        """Regret after numbers of ended trainings, as `OptimizerRuns` has it. See `regret_at`.

        Raises:
            TypeError: `evaluations` are not integers.
            ValueError: they have another shape, or there is no such regret.

        Example:
            >>> trajectories.regret_after([10, 100, 1000], regret="validation")
        """
        return self.incumbents.values_at(
            self.regret_of_incumbents(regret), "evaluations", checked_evaluations(evaluations)
        )

    def regret_of_incumbents(self, regret: Regret = "test") -> Doubles:
        """The regret of each row of `incumbents`: float64. See `regret_at`."""
        check_choice("regret", regret, REGRETS)
        if regret == "test":
            return self.best_test_accuracy - self.incumbents.test_accuracy
        return self.best_validation_accuracy - self.incumbents.validation_accuracy

    def plot(self, *, regret: Regret = "test") -> Figure:
        """Draw the regret of the runs, as `search.plot_regret` does for several optimizers.

        Args:
            regret: "test" or "validation", see `regret_at`.

        Returns:
            A matplotlib figure, which may be changed. A notebook shows it.

        Raises:
            ImportError: matplotlib is missing.

        Example:
            >>> trajectories.plot().savefig("regret.png")
        """
        from .regret_figure import plot_regret

        return plot_regret([self], regret=regret)

    # ---------------------------------------------------------------- as a file

    def to_arrow(self) -> pyarrow.Table:
        """The trajectories as a pyarrow.Table.

        It has a row for each training if all were recorded, otherwise a row for each incumbent.
        The columns are `run`, `seconds`, `validation_accuracy`, `test_accuracy`, `code`, `cell_id`,
        `epochs`, `repeat`, `evaluation`, `test_regret` (of the run's incumbent after this training)
        and `is_incumbent`. The metadata of the schema holds everything else.

        Raises:
            ImportError: pyarrow is missing.
        """
        rows = self.incumbents if self.evaluations is None else self.evaluations
        is_incumbent = rows.is_incumbent
        last = np.maximum.accumulate(np.where(is_incumbent, np.arange(len(rows)), 0))
        test_regret = self.best_test_accuracy - rows.test_accuracy[last]
        return self._table(rows, {"test_regret": test_regret, "is_incumbent": is_incumbent})

    @property
    def facts_of_all_runs(self) -> Facts:
        """See `OptimizerRuns`."""
        best = {name: getattr(self, name) for name in _BEST}
        has_evaluations = {"has_evaluations": self.evaluations is not None}
        return super().facts_of_all_runs | best | has_evaluations

    @classmethod
    def _joined_rows(cls, parts: Sequence[Trajectories]) -> dict[str, Any]:
        evaluations = [part.evaluations for part in parts if part.evaluations is not None]
        return {"evaluations": Observations.joined(evaluations) if evaluations else None}

    @classmethod
    def _of_file(cls, name: str, columns: Columns, facts: Facts) -> dict[str, Any]:
        incumbents = observations_of(columns, facts, columns["is_incumbent"])
        evaluations = observations_of(columns, facts) if facts["has_evaluations"] else None
        best = {name: float(facts[name]) for name in _BEST}
        return {"incumbents": incumbents, "evaluations": evaluations, **best}
