"""An index as a set of trainings with several objectives: the problem that fronts are found for."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _core, search_space
from ..arrays import Doubles
from ..checks import check_type
from ..ids import ManyIds, as_ids, cell_codes
from ..index import Index
from ..measurement import FixedRepeat
from ..reader import Rows
from ..whole_space import WholeSpace, checked_reference
from .objectives import Objectives
from .optimizer import Trial
from .simulated_training import SimulatedTraining

# An optimizer never sees a test accuracy. It is told the validation accuracy in its place.
_TOLD_AS = {"test_accuracy": "validation_accuracy"}


class MultiObjectiveTraining(SimulatedTraining):
    """The trainings that an index holds, with several objectives.

    An optimizer is told the objectives of the run that was drawn. In place of a test accuracy, it
    is told the validation accuracy. What is reported of a cell is the mean of its runs. A cell that
    lacks an objective is on no front.

    Args:
        index: an index of measured or synthetic runs.
        objectives: what is optimized.
        reference: the point up to which hypervolumes are measured: a value for each objective. None
            takes the worst value that a cell has.
        epochs: the budget; None takes the highest of the index.
        **protocol: further arguments of `SimulatedTraining`.

    Attributes:
        objectives: what is optimized.
        reference: float64 (objectives,), the reference point.
        ideal: float64 (objectives,), the best value of each objective.
        exact_front: float64 (N, objectives), the different points of the exact front.
        best_hypervolume: the hypervolume of the exact front, as a share of the box between the
            reference point and the ideal point.
        values: the compiled object that holds the objectives.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument is not allowed, no cell has all objectives, or no cell is better
            than the reference point in one of them.

    Example:
        >>> objectives = Objectives(maximize=("test_accuracy",), minimize=("parameters",))
        >>> MultiObjectiveTraining(nb101fast.open(), objectives).best_hypervolume
    """

    def __init__(
        self,
        index: Index,
        objectives: Objectives,
        *,
        reference: Mapping[str, float] | None = None,
        epochs: int | None = None,
        **protocol: Any,
    ) -> None:
        super().__init__(index, epochs=None if epochs is None else (epochs,), **protocol)
        check_type("objectives", objectives, Objectives, use="Objectives")
        self.objectives = objectives
        rows = self._rows()
        self._ids = index.cells[rows]
        self._reported = self._points(objectives, rows, "mean")
        self._told = self._told_points(rows)
        is_known = ~np.isnan(self._reported).any(axis=1)
        if not is_known.any():
            raise ValueError(
                f"no cell of {index!r} has all of {', '.join(objectives.names)}; use other "
                "objectives"
            )
        known = self._reported[is_known]
        ideal, corner = known.min(axis=0), self._corner(known, reference)
        scaled = (self._reported - ideal) / (corner - ideal)
        self.ideal, self.reference = ideal * objectives.signs, corner * objectives.signs
        front = np.unique(known[_core.pareto_front(known)], axis=0)
        self.exact_front = front * objectives.signs
        self.best_hypervolume = _core.hypervolume(scaled, np.ones(len(ideal)))
        self.values = _core.ObjectiveValues(self._ids, self._told, scaled)

    def told(self, trial: Trial) -> Doubles:
        """The objectives that an optimizer is told of a training: float64 (objectives,).

        Less is better in each of them: an objective to maximize is multiplied by -1. All are
        infinite for an invalid configuration.

        Example:
            >>> objectives = Objectives(maximize=("test_accuracy",), minimize=("parameters",))
            >>> training = MultiObjectiveTraining(nb101fast.open(), objectives)
            >>> training.told(training.start(1000, seed=0).evaluate(32))
        """
        check_type("trial", trial, Trial, use="a Trial, as evaluate returns it")
        if trial.cell_id < 0:
            return np.full(len(self.objectives.names), np.inf)
        values = self.told_values([trial.cell_id], np.array([trial.repeat]))
        told: Doubles = values[0] * self.objectives.signs
        return told

    def told_values(self, ids: ManyIds, repeats: npt.NDArray[Any]) -> Doubles:
        """What optimizers are told of trainings, in the units of the columns: (N, objectives).

        Args:
            ids: cells of the problem, int32 (N,) or a list of ints.
            repeats: the number of each training run, integers (N,).

        Raises:
            TypeError: these are no cell ids.
            ValueError: a cell is not one of the problem, or it has no such repeat.
        """
        rows, most = self._rows_of(ids), self._told.shape[1] - 1
        numbers = np.asarray(repeats)
        is_sound = numbers.dtype.kind in "iu" and numbers.shape == rows.shape
        if not is_sound or ((numbers < 0) | (numbers > most)).any():
            raise ValueError(
                f"repeats={repeats!r} are not allowed; use an integer from 0 to {most} for each id"
            )
        told: Doubles = self._told[rows, numbers] * self.objectives.signs
        return told

    def reported_values(self, ids: ManyIds) -> Doubles:
        """What is reported of cells, in the units of the columns: (N, objectives).

        Args:
            ids: cells of the problem, int32 (N,) or a list of ints.

        Raises:
            TypeError: these are no cell ids.
            ValueError: a cell is not one of the problem.
        """
        reported: Doubles = self._reported[self._rows_of(ids)] * self.objectives.signs
        return reported

    def _rows_of(self, ids: ManyIds) -> Rows:
        """The rows of the cells among those of the problem."""
        given = as_ids(ids)
        rows = np.minimum(np.searchsorted(self._ids, given), len(self._ids) - 1)
        unknown = given[self._ids[rows] != given]
        if len(unknown):
            raise ValueError(f"cell {unknown[0]} is not one of the problem; use one that it has")
        return rows

    def _rows(self) -> Rows:
        """The rows of the cells that can be trained."""
        codes = cell_codes()[self.index.cells]
        is_small = search_space.num_vertices(codes) <= self.max_vertices
        has_runs = self.index.run_counts(epochs=self.epochs[-1]) > 0
        return np.flatnonzero(is_small & has_runs)

    def _points(self, objectives: Objectives, rows: Rows, repeat: FixedRepeat) -> Doubles:
        space = WholeSpace(self.index.reader, self.epochs[-1], "final", repeat)
        return space.points(objectives.maximize, objectives.minimize, rows)

    def _told_points(self, rows: Rows) -> Doubles:
        """What is told of each run: float64 (rows, repeats, objectives).

        All objectives of a run are infinite if one of them is missing.
        """
        num_repeats = self.index.reader.num_repeats(self.epochs[-1])
        told_twice = {*_TOLD_AS.items()} & {*itertools.permutations(self.objectives.names, 2)}
        for name, told in told_twice:
            raise ValueError(
                f"{name} and {told} can't both be objectives, because an optimizer is told the "
                f"{told} for both; leave out one of them"
            )
        named = self.objectives.renamed(_TOLD_AS)
        points = np.stack([self._points(named, rows, each) for each in range(num_repeats)], axis=1)
        points[np.isnan(points).any(axis=2)] = np.inf
        return points

    def _corner(self, known: Doubles, reference: Mapping[str, float] | None) -> Doubles:
        """The reference point. Maximized objectives are multiplied by -1, so less is better."""
        corner: Doubles = known.max(axis=0)
        if reference is not None:
            corner = checked_reference(reference, self.objectives.names) * self.objectives.signs
        for number, name in enumerate(self.objectives.names):
            if not known[:, number].min() < corner[number]:
                raise ValueError(
                    f"no cell of {self.index!r} has a better {name} than the reference "
                    f"{corner[number] * self.objectives.signs[number]:g}; use another reference or "
                    "other objectives"
                )
        return corner
