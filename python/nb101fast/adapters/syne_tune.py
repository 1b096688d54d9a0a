"""The benchmark as a blackbox for Syne Tune, whose repository of blackboxes lacks it.

>>> from syne_tune.blackbox_repository import UserBlackboxBackend
>>> from syne_tune.optimizer.baselines import ASHA
>>> blackbox = Blackbox(nb101fast.open(), encoding="B")
>>> backend = UserBlackboxBackend(blackbox=blackbox, elapsed_time_attr="elapsed_time")
>>> scheduler = ASHA(
...     blackbox.configuration_space,
...     metric="validation_accuracy",
...     do_minimize=False,
...     time_attr="epochs",
...     grace_period=4,
...     max_t=108,
... )

Tested with Syne Tune 0.16.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Doubles
from ..checks import check_choice, checked_integer
from ..extras import needs
from ..index import Index
from ..named_parameters import Choice, Encoding, IntegerRange, Parameter, code_of, parameters
from ..search import SimulatedTraining, Trial
from ..whole_space import WholeSpace, signs_of

with needs("syne_tune", extra="syne-tune"):
    from syne_tune import config_space
    from syne_tune.blackbox_repository.blackbox import Blackbox as SyneTuneBlackbox

if TYPE_CHECKING:
    from ..codes import Validity

ELAPSED_TIME = "elapsed_time"


class Blackbox(SyneTuneBlackbox):
    """A blackbox whose fidelity is the epochs: the trainings of a configuration at each budget.

    In NAS-Bench-101 each budget is a training of its own. So the objective `elapsed_time` is the
    sum of the training times up to a budget. All other objectives are columns of the index, as
    they are for the run that was drawn. An invalid configuration costs no time. Each of its other
    objectives is the worst one that a cell has at that budget.

    Args:
        index: the index whose trainings are simulated.
        maximize, minimize: the objectives, by the names that `Index.top_k` takes. They have their
            own sign, so tell the scheduler which of them it should minimize.
        encoding: "A", "B" or "C"; `nb101fast.named_parameters` describes them.
        epochs: the budgets, some of `index.epochs`; None means all of them.
        validity: "raw-9" as in `nas_benchmarks`, or "official"; see `search.SimulatedTraining`.
        seed: decides which repeats are drawn. The same configuration always gets the same results,
            unless Syne Tune gives another seed.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument is not allowed.
    """

    def __init__(
        self,
        index: Index,
        *,
        maximize: Sequence[str] = ("validation_accuracy",),
        minimize: Sequence[str] = (),
        encoding: Encoding = "A",
        epochs: Sequence[int] | None = None,
        validity: Validity = "raw-9",
        seed: int = 0,
    ) -> None:
        space = {name: _domain(parameter) for name, parameter in parameters(encoding).items()}
        budgets = index.epochs if epochs is None else epochs
        self._training = SimulatedTraining(index, epochs=budgets, validity=validity)
        self._worst = {
            budget: np.nanmax(WholeSpace(index.reader, budget).points(maximize, minimize), axis=0)
            for budget in self._training.epochs
        }
        self._maximize, self._minimize = tuple(maximize), tuple(minimize)
        self._seed = checked_integer("seed", seed)
        first, last = self._training.epochs[0], self._training.epochs[-1]
        super().__init__(
            configuration_space=space,
            fidelity_space={"epochs": config_space.randint(first, last)},
            objectives_names=[*maximize, *minimize, ELAPSED_TIME],
        )

    @property
    def fidelity_values(self) -> Any:
        """The budgets, ascending: int64 (B,)."""
        return np.array(self._training.epochs)

    def fidelity_name(self) -> str:
        """The name of the fidelity."""
        return "epochs"

    def _objective_function(
        self,
        configuration: Mapping[str, Any],
        fidelity: Mapping[str, int] | None = None,
        seed: int | None = None,
    ) -> Any:
        code = code_of(configuration)
        budgets = self._training.epochs
        if fidelity is not None:
            check_choice("epochs", fidelity["epochs"], budgets)
        chosen = self._seed if seed is None else seed
        run = self._training.start(max_evaluations=len(budgets), seed=chosen, run=code)
        trials = [trial for epochs in budgets if (trial := run.evaluate(code, epochs))]
        elapsed = np.cumsum([trial.seconds for trial in trials])
        table = np.column_stack([[self._values(trial) for trial in trials], elapsed])
        if fidelity is None:
            return table
        row = table[budgets.index(fidelity["epochs"])]
        return dict(zip(self.objectives_names, row.tolist(), strict=True))

    def _values(self, trial: Trial) -> Doubles:
        """The objectives of one training, without the time."""
        signs = signs_of(self._maximize, self._minimize)
        if trial.cell_id < 0:
            worst: Doubles = self._worst[trial.epochs] * signs
            return worst
        reader = self._training.index.reader
        space = WholeSpace(reader, trial.epochs, "final", trial.repeat)
        rows = reader.rows_of(np.array([trial.cell_id], np.int32))
        values: Doubles = space.points(self._maximize, self._minimize, rows)[0] * signs
        return values


def _domain(parameter: Parameter) -> Any:
    if isinstance(parameter, Choice):
        return config_space.choice(list(parameter.values))
    if isinstance(parameter, IntegerRange):
        return config_space.randint(parameter.low, parameter.high)
    return config_space.uniform(parameter.low, parameter.high)
