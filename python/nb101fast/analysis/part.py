"""What all analyses have in common: each is one part of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from .row import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Part(Protocol):
    """One analysis of an index."""

    name: str
    title: str

    @property
    def caption(self) -> str:
        """What the figure shows, and what is left out because the index lacks its values."""

    def rows(self) -> list[Row]:
        """The lines of the report's table."""

    def figure(self) -> Figure | None:
        """The figure, or None if the index has nothing to draw. This needs matplotlib."""
