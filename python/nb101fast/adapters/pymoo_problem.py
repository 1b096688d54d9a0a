"""The benchmark as a problem for pymoo, with one objective or several.

>>> from pymoo.algorithms.moo.nsga2 import NSGA2
>>> from pymoo.operators.crossover.ux import UniformCrossover
>>> from pymoo.operators.mutation.pm import PM
>>> from pymoo.operators.repair.rounding import RoundingRepair
>>> from pymoo.operators.sampling.rnd import IntegerRandomSampling
>>> from pymoo.optimize import minimize
>>> problem = Problem(nb101fast.open(), maximize=["test_accuracy"], minimize=["parameters"])
>>> algorithm = NSGA2(
...     sampling=IntegerRandomSampling(),
...     crossover=UniformCrossover(),
...     mutation=PM(vtype=float, repair=RoundingRepair()),
... )
>>> result = minimize(problem, algorithm, ("n_gen", 20), seed=1)
>>> ids = problem.ids(result.X)

Tested with pymoo 0.6.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _core, search_space
from ..arrays import Doubles
from ..checks import check_choice, check_type
from ..codes import is_valid
from ..extras import needs
from ..ids import NUM_CELLS, Ids, cell_ids
from ..index import Index
from ..whole_space import WholeSpace

with needs("pymoo", extra="adapters"):
    from pymoo.core import problem

if TYPE_CHECKING:
    from ..codes import Validity
    from ..measurement import FixedRepeat, Stage

VARIABLES = ("A", "ids")
_UPPER = [1] * 21 + [2] * 5  # of the variables of encoding A: the edges, and then the labels


class Problem(problem.Problem):
    """A problem whose values are columns of an index. It evaluates all rows of an array at once.

    pymoo minimizes, so the values of an objective to maximize are multiplied by -1. An evaluation
    is exact: it gives the same values each time, and nothing is drawn. The constraint is violated
    by 1 if a configuration is invalid or its cell lacks an objective. Each of its objectives is
    then the worst one that a cell has. `pareto_front()` is the exact front.

    Args:
        index: the index that has the values.
        maximize, minimize: the objectives, by the names that `Index.top_k` takes.
        variables: "A" for the 26 integers of `search_space.encode_as(codes, "A")`: 21 edges, which
            are 0 or 1, and 5 labels from 0 to 2. "ids" for one integer, the cell id.
        epochs, stage, repeat: as in `Index.top_k`.
        validity: "raw-9" as in `nas_benchmarks`, or "official"; see `search.SimulatedTraining`. It
            has no meaning for ids.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument is not allowed, or no cell has all objectives.
    """

    def __init__(
        self,
        index: Index,
        *,
        maximize: Sequence[str] = ("test_accuracy",),
        minimize: Sequence[str] = ("parameters",),
        variables: Literal["A", "ids"] = "A",
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
        validity: Validity = "raw-9",
    ) -> None:
        check_type("index", index, Index, use="an open Index")
        check_choice("variables", variables, VARIABLES)
        check_choice("validity", validity, ("raw-9", "official"))
        points = WholeSpace(index.reader, epochs, stage, repeat).points(maximize, minimize)
        known = ~np.isnan(points).any(axis=1)
        if not known.any():
            names = ", ".join([*maximize, *minimize])
            raise ValueError(f"no cell of {index!r} has all of {names}; use other objectives")
        upper = _UPPER if variables == "A" else [NUM_CELLS - 1]
        super().__init__(
            n_var=len(upper),
            n_obj=points.shape[1],
            n_ieq_constr=1,
            xl=np.zeros(len(upper)),
            xu=np.array(upper),
            vtype=int,
        )
        self._variables, self._validity = variables, validity
        # By cell id. The last row is that of the id -1.
        self._values: Doubles = np.tile(points[known].max(axis=0), (NUM_CELLS + 1, 1))
        self._values[index.cells[known]] = points[known]
        self._violations = np.ones((NUM_CELLS + 1, 1))
        self._violations[index.cells[known]] = 0
        self._front = np.unique(points[_core.pareto_front(points)], axis=0)

    def ids(self, x: npt.ArrayLike) -> Ids:
        """The cell ids of rows of variables, such as `result.X`: int32 (N,).

        They are -1 for an invalid configuration.

        Args:
            x: (N, variables), or one row.

        Raises:
            ValueError: the array has another shape, or a value is not allowed.
        """
        rows = np.atleast_2d(np.asarray(x))
        if rows.ndim != 2 or rows.shape[1] != self.n_var:
            raise ValueError(f"x of shape {rows.shape} is not allowed; use (N, {self.n_var})")
        if self._variables == "ids":
            return _checked_ids(rows[:, 0])
        codes = search_space.decode_from(rows, "A")
        ids: Ids = cell_ids(codes)
        if self._validity == "raw-9":
            ids[~is_valid(codes, validity="raw-9")] = -1
        return ids

    def _evaluate(self, x: npt.NDArray[Any], out: dict[str, Any], *_: Any, **__: Any) -> None:
        ids = self.ids(x)
        out["F"] = self._values[ids]
        out["G"] = self._violations[ids]

    def _calc_pareto_front(self, *_: Any, **__: Any) -> Doubles:
        return self._front


def _checked_ids(numbers: npt.NDArray[Any]) -> Ids:
    with np.errstate(invalid="ignore"):  # A NaN becomes some integer, and differs from it.
        ids = numbers.astype(np.int32)
    wrong = numbers[(ids != numbers) | (ids < 0) | (ids >= NUM_CELLS)]
    if len(wrong):
        raise ValueError(
            f"cell id {wrong[0]} is not allowed; use an integer from 0 to {NUM_CELLS - 1}"
        )
    return ids
