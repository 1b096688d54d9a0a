"""The benchmark as a Ray Tune trainable, for schedulers that stop trainings early.

>>> scheduler = ASHAScheduler(max_t=108, grace_period=4, reduction_factor=3)
>>> config = tune.TuneConfig(metric="validation_accuracy", mode="max", scheduler=scheduler)
>>> tuner = tune.Tuner(trainable(index), param_space=param_space("A"), tune_config=config)

Tested with Ray 2.60.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..extras import needs
from ..index import Index
from ..search import SimulatedTraining
from .parameters import Choice, Encoding, IntegerRange, Parameter, code_of, parameters

with needs("ray.tune", extra="adapters"):
    from ray import tune
    from ray.tune.search.sample import Domain

if TYPE_CHECKING:
    from ..search_space import Validity


def trainable(
    index: Index,
    *,
    epochs: Sequence[int] | None = None,
    validity: Validity = "raw-9",
    seed: int = 0,
) -> type[tune.Trainable]:
    """What `tune.Tuner` runs: trainings that the index simulates, `SimulatedTrainable`.

    A configuration's results depend on it and the seed alone, in whatever order trials run.

    Args:
        index: it travels to the workers as its path, which they must be able to open.
        epochs: budgets to reveal, of `index.epochs`; None for all of them.
        validity: "raw-9" as `nas_benchmarks` has it, or "raw", the official meaning.
        seed: of the draws of repeats.

    Raises:
        ValueError: an argument that is not allowed.
    """
    budgets = index.epochs if epochs is None else epochs
    training = SimulatedTraining(index, epochs=budgets, validity=validity)
    bound: type[tune.Trainable] = tune.with_parameters(
        SimulatedTrainable,
        path=index.path,
        epochs=training.epochs,
        validity=validity,
        seed=operator.index(seed),
    )
    return bound


def param_space(encoding: Encoding = "A") -> dict[str, Domain]:
    """The parameters of an encoding as Tune's search space.

    Raises:
        ValueError: no such encoding.

    Example:
        >>> len(param_space("C"))
        27
    """
    return {name: _domain(parameter) for name, parameter in parameters(encoding).items()}


class SimulatedTrainable(tune.Trainable):
    """A configuration's trainings at one budget after the other; `trainable` binds its arguments.

    Each step reveals the next budget, a training of its own, and reports

    - `training_iteration`: its epochs, so that schedulers count in epochs;
    - `validation_accuracy` of a repeat drawn at random, 0.0 of an invalid configuration;
    - `time_this_iter_s`: its simulated seconds, so that Ray's `time_total_s` is simulated too;
    - `cell`, -1 where the configuration is invalid or the index lacks it, and `repeat`.
    """

    def setup(
        self,
        config: dict[str, Any],
        path: str = "",
        epochs: tuple[int, ...] = (),
        validity: Validity = "raw-9",
        seed: int = 0,
    ) -> None:
        """Look all budgets up; `step` reveals them."""
        code = code_of(config)
        run = _training(path, epochs, validity).start(sys.float_info.max, seed=seed, run=code)
        self._evaluations = [run.evaluate(code, budget) for budget in epochs]
        self._num_revealed = 0

    def step(self) -> dict[str, Any]:
        """The report of the next budget."""
        evaluation = self._evaluations[self._num_revealed]
        assert evaluation is not None  # the budget of the run has no end
        self._num_revealed += 1
        return {
            "training_iteration": evaluation.epochs,
            "validation_accuracy": evaluation.validation_accuracy,
            "time_this_iter_s": evaluation.seconds,
            "cell": evaluation.cell,
            "repeat": evaluation.repeat,
            "done": self._num_revealed == len(self._evaluations),
        }

    def save_checkpoint(self, checkpoint_dir: str) -> dict[str, Any]:
        """How many budgets were revealed, for schedulers that pause trials."""
        return {"num_revealed": self._num_revealed}

    def load_checkpoint(self, checkpoint: dict[str, Any] | None) -> None:
        """Go on after the budgets that were revealed."""
        assert checkpoint is not None  # `save_checkpoint` made it
        self._num_revealed = checkpoint["num_revealed"]

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take another configuration, so that Tune can use an actor again."""
        self.setup(new_config)
        return True


@lru_cache(maxsize=1)  # for an actor that is used again: of the full index it takes 0.15 s
def _training(path: str, epochs: tuple[int, ...], validity: Validity) -> SimulatedTraining:
    return SimulatedTraining(Index(path), epochs=epochs, validity=validity)


def _domain(parameter: Parameter) -> Domain:
    domain: Domain
    if isinstance(parameter, Choice):
        domain = tune.choice(parameter.values)
    elif isinstance(parameter, IntegerRange):
        domain = tune.randint(parameter.low, parameter.high + 1)
    else:
        domain = tune.uniform(parameter.low, parameter.high)
    return domain
