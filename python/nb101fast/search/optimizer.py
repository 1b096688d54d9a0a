"""The interface of an optimizer: it proposes trainings and is told their results."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ..codes import OneCode


class Proposal(NamedTuple):
    """The training that an optimizer wants next.

    Attributes:
        code: a raw configuration, valid or not: an int, an np.uint32 or a `Cell`.
        epochs: how long to train it.
    """

    code: OneCode
    epochs: int


class Trial(NamedTuple):
    """One training that an optimizer proposed, with its result.

    A configuration is invalid if it is not a cell, or if the index lacks the cell. It is not
    trained: its accuracy and its seconds are 0.0, its cell id and its repeat are -1.

    Attributes:
        code: the configuration, as it was proposed.
        cell_id: the cell that the configuration is.
        epochs: how long the cell was trained.
        repeat: the number of the training run that was drawn from those that the index holds.
        validation_accuracy: the result of that run.
        seconds: the training time of that run.
    """

    code: int
    cell_id: int
    epochs: int
    repeat: int
    validation_accuracy: float
    seconds: float


class Optimizer(Protocol):
    """An object that is asked for a training and told its result, in turn, until the run ends.

    Example:
        >>> class Repeated:
        ...     def ask(self):
        ...         return search.Proposal(code=32, epochs=108)
        ...
        ...     def tell(self, trial):
        ...         print(trial.validation_accuracy)
    """

    def ask(self) -> tuple[OneCode, int]:
        """Return a `Proposal`: the code to train next, and for how many epochs."""
        ...

    def tell(self, trial: Trial, /) -> None:
        """Take the result of the training that was asked for last."""
        ...


class CodeOptimizer(Protocol):
    """An optimizer that asks for codes alone, which are trained at the highest budget.

    Example:
        >>> class Repeated:
        ...     def ask(self):
        ...         return 32
        ...
        ...     def tell(self, trial):
        ...         print(trial.validation_accuracy)
    """

    def ask(self) -> OneCode:
        """Return the code to train next."""
        ...

    def tell(self, trial: Trial, /) -> None:
        """Take the result of the training that was asked for last."""
        ...
