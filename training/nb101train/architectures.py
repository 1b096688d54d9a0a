"""Networks that the official code trains longer: a cell, and the sizes of the network around it.

Source: `scripts/augment_model.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import nb101fast
from nb101fast.ops import INPUT, OUTPUT

_CONV3X3, _CONV1X1, _MAXPOOL = nb101fast.OPS


@dataclass(frozen=True)
class Architecture:
    """A cell and the sizes of the network around it.

    Attributes:
        matrix, ops: the cell.
        stem_filters, cells_per_stack: as in `TrainConfig`.
    """

    matrix: tuple[tuple[int, ...], ...]
    ops: tuple[str, ...]
    stem_filters: int = 128
    cells_per_stack: int = 3


# The official script has these. Each has one projection more than the model that it is named after.
ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType(
    {
        "resnet20": Architecture(
            ((0, 1, 0, 1), (0, 0, 1, 0), (0, 0, 0, 1), (0, 0, 0, 0)),
            (INPUT, _CONV3X3, _CONV3X3, OUTPUT),
            stem_filters=16,
        ),
        "resnet50": Architecture(
            ((0, 1, 1), (0, 0, 1), (0, 0, 0)),
            (INPUT, "bottleneck3x3", OUTPUT),
            cells_per_stack=6,
        ),
        "inception-resnet": Architecture(
            (
                (0, 1, 1, 1, 0, 1, 1),
                (0, 0, 0, 0, 0, 0, 1),
                (0, 0, 0, 0, 0, 0, 1),
                (0, 0, 0, 0, 1, 0, 0),
                (0, 0, 0, 0, 0, 0, 1),
                (0, 0, 0, 0, 0, 0, 1),
                (0, 0, 0, 0, 0, 0, 0),
            ),
            (INPUT, _CONV1X1, _CONV3X3, _CONV3X3, _CONV3X3, _MAXPOOL, OUTPUT),
        ),
        # Of all cells of the official data set, this one has the best mean test accuracy.
        "best": Architecture(
            (
                (0, 1, 1, 0, 0, 1, 1),
                (0, 0, 0, 0, 0, 1, 0),
                (0, 0, 0, 1, 0, 0, 0),
                (0, 0, 0, 0, 1, 0, 0),
                (0, 0, 0, 0, 0, 1, 0),
                (0, 0, 0, 0, 0, 0, 1),
                (0, 0, 0, 0, 0, 0, 0),
            ),
            (INPUT, _CONV1X1, _CONV3X3, _MAXPOOL, _CONV3X3, _CONV3X3, OUTPUT),
        ),
    }
)


def architecture_of(named: str | Architecture) -> Architecture:
    """The architecture itself, or the one of that name.

    Raises:
        ValueError: there is no such name.
    """
    if isinstance(named, Architecture):
        return named
    if named not in ARCHITECTURES:
        raise ValueError(
            f"architecture={named!r} is not allowed; use {', '.join(map(repr, ARCHITECTURES))}"
        )
    return ARCHITECTURES[named]
