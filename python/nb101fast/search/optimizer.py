"""What an optimizer is: it asks for trainings and is told how they ended."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Evaluation(NamedTuple):
    """One training, as the optimizer sees it and pays for it."""

    code: int
    cell: int  # cell id; -1: an invalid configuration, or a cell that the index lacks
    epochs: int
    repeat: int  # which of the repeats was drawn; -1 of an invalid configuration
    validation_accuracy: float  # 0.0 of an invalid configuration
    seconds: float  # on the simulated clock; 0.0 of an invalid configuration


class Optimizer(Protocol):
    """Asked and told in turn, until the budget is spent.

    Example:
        >>> class Repeated:
        ...     def ask(self):
        ...         return 32, 108
        ...
        ...     def tell(self, evaluation):
        ...         print(evaluation.validation_accuracy)
    """

    def ask(self) -> tuple[int, int]:
        """The code to train next, and the epochs to train it for."""
        ...

    def tell(self, evaluation: Evaluation) -> None:
        """How the training that was asked for ended."""
        ...
