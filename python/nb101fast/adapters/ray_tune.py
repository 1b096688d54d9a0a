"""The benchmark as a trainable for Ray Tune, whose schedulers stop trainings early.

>>> from ray import tune
>>> from ray.tune.schedulers import ASHAScheduler
>>> scheduler = ASHAScheduler(max_t=108, grace_period=4, reduction_factor=3)
>>> config = tune.TuneConfig(metric="validation_accuracy", mode="max", scheduler=scheduler)
>>> tuner = tune.Tuner(trainable(index), param_space=param_space("A"), tune_config=config)

Tested with Ray 2.60.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..checks import checked_integer
from ..extras import needs
from ..index import Index
from ..named_parameters import Choice, Encoding, IntegerRange, Parameter, code_of, parameters
from ..search import SimulatedTraining

with needs("ray.tune", extra="adapters"):
    from ray import tune
    from ray.tune.search.sample import Domain

if TYPE_CHECKING:
    from ..codes import Validity


def trainable(
    index: Index,
    *,
    epochs: Sequence[int] | None = None,
    validity: Validity = "raw-9",
    seed: int = 0,
) -> type[tune.Trainable]:
    """Make the trainable that `tune.Tuner` runs: a `SimulatedTrainable` with its arguments.

    The results of a configuration depend only on the configuration and the seed, in whatever order
    the trials run.

    Args:
        index: the index whose trainings are simulated. Workers get its path and open it again, so
            they must be able to read that path.
        epochs: the budgets to reveal, some of `index.epochs`; None means all of them.
        validity: "raw-9" as in `nas_benchmarks`, or "official"; see `search.SimulatedTraining`.
        seed: decides which repeats are drawn.

    Raises:
        ValueError: an argument is not allowed.
        TypeError: the seed is not an integer.
    """
    budgets = index.epochs if epochs is None else epochs
    training = SimulatedTraining(index, epochs=budgets, validity=validity)
    bound: type[tune.Trainable] = tune.with_parameters(
        SimulatedTrainable,
        path=index.path,
        epochs=training.epochs,
        validity=validity,
        seed=checked_integer("seed", seed),
    )
    return bound


def param_space(encoding: Encoding = "A") -> dict[str, Domain]:
    """The parameters of an encoding as a search space of Ray Tune.

    Raises:
        ValueError: there is no such encoding.

    Example:
        >>> len(param_space("C"))
        27
    """
    return {name: _domain(parameter) for name, parameter in parameters(encoding).items()}


class SimulatedTrainable(tune.Trainable):
    """The trainings of one configuration, one budget after another; `trainable` makes it.

    In NAS-Bench-101 each budget is a training of its own. Each step reveals the training at the
    next budget and reports

    - `training_iteration`: its epochs, so that schedulers count in epochs;
    - `validation_accuracy`: of a run that was drawn, or 0.0 for an invalid configuration;
    - `time_this_iter_s`: its simulated seconds, so that Ray's `time_total_s` is simulated too;
    - `cell_id`: -1 if the configuration is invalid or the index lacks its cell;
    - `repeat`: the number of the run that was drawn.
    """

    def setup(
        self,
        config: dict[str, Any],
        path: str = "",
        epochs: tuple[int, ...] = (),
        validity: Validity = "raw-9",
        seed: int = 0,
    ) -> None:
        """Look up the trainings at all budgets; `step` reveals them."""
        code = code_of(config)
        training = _training(path, epochs, validity)
        run = training.start(max_evaluations=len(epochs), seed=seed, run=code)
        self._trained = [run.evaluate(code, budget) for budget in epochs]
        self._num_revealed = 0

    def step(self) -> dict[str, Any]:
        """Report the training at the next budget."""
        trained = self._trained[self._num_revealed]
        assert trained is not None  # the run has no time budget
        self._num_revealed += 1
        return {
            "training_iteration": trained.epochs,
            "validation_accuracy": trained.validation_accuracy,
            "time_this_iter_s": trained.seconds,
            "cell_id": trained.cell_id,
            "repeat": trained.repeat,
            "done": self._num_revealed == len(self._trained),
        }

    def save_checkpoint(self, checkpoint_dir: str) -> dict[str, Any]:
        """Save how many budgets were revealed, for schedulers that pause trials."""
        return {"num_revealed": self._num_revealed}

    def load_checkpoint(self, checkpoint: dict[str, Any] | None) -> None:
        """Continue after the budgets that were revealed."""
        assert checkpoint is not None  # `save_checkpoint` made it
        self._num_revealed = checkpoint["num_revealed"]

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take another configuration, so that Tune can reuse an actor."""
        self.setup(new_config)
        return True


@lru_cache(maxsize=1)  # for an actor that is reused: on the full index this takes 0.15 s
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
