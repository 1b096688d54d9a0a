"""Scores: what the proxies say of one network, or of many cells."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .._core import FormatError, OutOfDomainError
from ..adapters.torch_network import Network
from ..cell import Cell
from ..checks import check_choice, check_count
from ..codes import ManyCodes, as_codes, is_valid
from ..extras import needs
from ..progress import Progress, told
from ..skeleton import NetworkConfig
from .measures import PROXIES
from .probe import Probe
from .score_file import ScoreFile, Scores

with needs("torch", extra="torch"):
    import torch

_MAX_SEED = 2**63 - 1
_SAME = 0.01  # Between machines, rounding changes a score by less than this part of it.


def score(
    network: Network,
    images: Any,
    labels: Any,
    *,
    proxies: Sequence[str] = tuple(PROXIES),
    seed: int = 0,
) -> dict[str, float]:
    """Compute zero-cost proxies of a network with its present weights, and do not change it.

    Args:
        network: untrained, with its initial weights.
        images: a batch of two or more normalised images (B, 3, S, S), a float tensor or array.
        labels: (B,) integers.
        proxies: names of `PROXIES`.
        seed: decides what `zen` draws at random.

    Returns:
        A number for each name.

    Raises:
        TypeError: `network` is of another class.
        ValueError: no such proxy, or the batch has another shape or type.

    Example:
        >>> score(Network(cell), images, labels, proxies=["params"])
        {'params': 11051402.0}
    """
    names = _checked_names(proxies)
    check_count("seed", seed, 0, _MAX_SEED)
    probe = Probe(network, images, labels, seed=seed)
    return {name: PROXIES[name](probe) for name in names}


def score_cells(
    codes: ManyCodes,
    images: Any,
    labels: Any,
    *,
    proxies: Sequence[str] = tuple(PROXIES),
    config: NetworkConfig | None = None,
    seed: int = 0,
    output: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> dict[str, npt.NDArray[np.float64]]:
    """Compute zero-cost proxies of many cells, each with new initial weights.

    Args:
        codes: uint32 (N,), or a list of codes. Each is built in its own vertex order.
        images, labels, proxies: as `score` takes them.
        config: the sizes of the networks; None for the official ones.
        seed: the initial weights of a cell follow from this and from its code.
        output: a CSV file that gets a line for each cell as soon as it is scored. Cells that the
            file has already are not scored again, so that the work can be resumed. The cell of its
            last line is scored once more, to find out whether the settings are the same.
        progress: True for a bar, or a function of the number of cells done and of all.

    Returns:
        float64 (N,) for each name, in the order of the codes.

    Raises:
        TypeError: these are no codes.
        ValueError: no such proxy, or the batch has another shape or type.
        OutOfDomainError: a cell is outside the search space.
        FormatError: the file has other columns, or was made with other settings.

    Example:
        >>> score_cells(codes, images, labels, proxies=["params"])["params"].tolist()
        [882570.0, 10177674.0, 1920138.0]
    """
    names, cells = _checked_names(proxies), _checked_cells(codes)
    check_count("seed", seed, 0, _MAX_SEED)

    def scores_of(code: int) -> Scores:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(np.random.SeedSequence([seed, code]).generate_state(1)[0]))
            network = Network(Cell.from_code(code), config=config)
        return score(network, images, labels, proxies=names, seed=seed)

    file = None if output is None else ScoreFile(output, names)
    scores: dict[int, Scores] = {} if file is None else file.scores
    if scores:
        code, known = list(scores.items())[-1]
        _check_same(os.fspath(output or ""), code, known, scores_of(code))
    with told(progress, "scoring") as phases:
        phases.begin("cells")
        for number, code in enumerate(cells.tolist(), 1):
            if code not in scores:
                scores[code] = scores_of(code)
                if file is not None:
                    file.append(code, scores[code])
            phases(number, len(cells))
    return {name: np.array([scores[code][name] for code in cells.tolist()]) for name in names}


def _checked_names(proxies: Sequence[str]) -> tuple[str, ...]:
    names = (proxies,) if isinstance(proxies, str) else tuple(proxies)
    for name in names:
        check_choice("proxies", name, PROXIES)
    return names


def _checked_cells(codes: ManyCodes) -> npt.NDArray[np.uint32]:
    cells = as_codes(codes)
    if not (valid := is_valid(cells)).all():
        place = int(np.argmin(valid))
        raise OutOfDomainError(
            f"codes[{place}]={cells[place]} is outside the search space; use the codes of its cells"
        )
    return cells


def _check_same(path: str, code: int, known: Scores, again: Scores) -> None:
    for name, value in known.items():
        if not np.isclose(value, again[name], rtol=_SAME, equal_nan=True):
            raise FormatError(
                f"{path}: {name} of the code {code} is {value}, and {again[name]} with the present "
                "settings; use those that the file was made with, or another file"
            )
