"""What the libraries propose after given histories.

The proposals are committed, because the libraries need minutes for them.
`tests/data/search/make_library_proposals.py` writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint32]
FOLDER = Path(__file__).parents[2] / "data" / "search"


def proposals(optimizer: str, case: str, history: Codes) -> Codes:
    """The codes that a library's optimizer proposed in one case, after a history of these codes."""
    with np.load(_file(optimizer)) as file:
        np.testing.assert_array_equal(file[f"{case}: history"], history)
        proposed: Codes = file[f"{case}: proposals"]
    return proposed


def write(optimizer: str, made: Mapping[str, tuple[Codes, Codes]]) -> None:
    """Write the codes of the history and of the proposals of each case."""
    arrays: dict[str, Codes] = {}
    for case, (history, proposed) in made.items():
        arrays |= {f"{case}: history": history, f"{case}: proposals": proposed}
    np.savez_compressed(_file(optimizer), allow_pickle=False, **arrays)


def _file(optimizer: str) -> Path:
    return FOLDER / f"{optimizer}-proposals.npz"
