"""Several objectives: columns of an index, each with its direction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..arrays import Doubles
from ..whole_space import GREATER_IS_BETTER, LESS_IS_BETTER, signs_of

_DIRECTIONS = ("maximize", "minimize")


@dataclass(frozen=True)
class Objectives:
    """What is optimized, by the names that `Index.pareto` takes.

    Attributes:
        maximize: the columns of which more is better.
        minimize: the columns of which less is better.
    """

    maximize: tuple[str, ...]
    minimize: tuple[str, ...]

    @classmethod
    def of_words(cls, words: Iterable[str]) -> Objectives:
        """Objectives from names of columns, each with its direction where that is not known.

        Args:
            words: "test_accuracy", "parameters" and other columns of which it is known whether
                more is better; or NAME:maximize and NAME:minimize for any column.

        Raises:
            ValueError: the direction of a column is not known, or there is no such direction.

        Example:
            >>> Objectives.of_words(["test_accuracy", "depth:minimize"])
            Objectives(maximize=('test_accuracy',), minimize=('depth',))
        """
        names: dict[str, list[str]] = {direction: [] for direction in _DIRECTIONS}
        for word in words:
            name, _, direction = word.partition(":")
            if not direction and name in GREATER_IS_BETTER:
                direction = "maximize"
            if not direction and name in LESS_IS_BETTER:
                direction = "minimize"
            if direction not in _DIRECTIONS:
                raise ValueError(
                    f"objective {word!r} is not allowed; use {name}:maximize or {name}:minimize"
                )
            names[direction].append(name)
        return cls(tuple(names["maximize"]), tuple(names["minimize"]))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns, those to maximize first."""
        return (*self.maximize, *self.minimize)

    @property
    def signs(self) -> Doubles:
        """What each objective is multiplied by, so that less is better: float64 (objectives,)."""
        return signs_of(self.maximize, self.minimize)

    def renamed(self, names: Mapping[str, str]) -> Objectives:
        """The same objectives, some of which are measured by another column."""

        def other(old: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(names.get(name, name) for name in old)

        return Objectives(other(self.maximize), other(self.minimize))

    def __str__(self) -> str:
        return ", ".join(
            [f"{name}:maximize" for name in self.maximize]
            + [f"{name}:minimize" for name in self.minimize]
        )
