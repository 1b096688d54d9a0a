"""A column of texts, each of which is kept once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Texts:
    """A column of texts. Each different text is kept once; a row has its position, an int32.

    Example:
        >>> Texts.of(["a", "b", "a"]).different
        ['a', 'b']
    """

    different: list[str]
    positions: npt.NDArray[np.int32]

    @staticmethod
    def of(texts: Iterable[str]) -> Texts:
        """The column with a text for each row."""
        place: dict[str, int] = {}
        positions = [place.setdefault(text, len(place)) for text in texts]
        return Texts([*place], np.array(positions, np.int32))

    def __len__(self) -> int:
        return len(self.positions)

    def to_list(self) -> list[str]:
        """The text of each row."""
        return [self.different[position] for position in self.positions.tolist()]
