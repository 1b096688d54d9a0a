"""The runs of optimizers as a race, a file that the page of an explorer plays."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from .._core import visible
from ..arrays import Doubles
from ..checks import check_choice, check_count, check_type
from ..explorer.manifest import identity_of
from ..explorer.race import FORM, VERSION
from ..index import Index
from ..whole_file import write_whole
from .compared_runs import SAME, labels_of, runs_by_name
from .regret_figure import RegretCurve, RegretFigure, lines_of
from .trajectories import REGRETS, Regret, Trajectories

RUNS = 10  # of each optimizer, as many as the page can show at once without a muddle
_DIGITS = 7
_MOST_RUNS = 1000


def write_race(
    trajectories: Iterable[Trajectories] | Mapping[str, Trajectories],
    index: Index,
    path: str | os.PathLike[str],
    *,
    regret: Regret = "test",
    runs: int = RUNS,
) -> None:
    """Write the runs of optimizers as a race, which the page of an explorer plays.

    The file has the curves of `plot_regret`, and the incumbents of the first runs of each
    optimizer. It is written whole or not at all. docs/explorer.md describes it. An optimizer is
    left out if no training ended in any of its runs.

    Args:
        trajectories: the runs of each optimizer; or a dictionary of them, whose keys are the names
            in the legend. All have the same preset and the same limits.
        index: the index on which they ran.
        path: the file, such as "race.json".
        regret: "test" or "validation", see `Trajectories.regret_at`.
        runs: of how many runs of each optimizer the file has the incumbents, from 1 to 1,000.

    Raises:
        TypeError: something else is given than trajectories, or than an open index.
        ValueError: none are given, two have the same name, they differ in preset or limits, they
            ran on another index, no training ended, or another argument is not allowed.
        OSError: the file can't be written.

    Example:
        >>> from nb101fast import search
        >>> runs = [search.run(name, index, runs=50, budget_seconds=1e5) for name in ("rs", "re")]
        >>> search.write_race(runs, index, "race.json")
    """
    check_choice("regret", regret, REGRETS)
    check_count("runs", runs, 1, _MOST_RUNS)
    check_type("index", index, Index, use="an open Index")
    by_name = runs_by_name("trajectories", trajectories, Trajectories, SAME)
    for each in by_name.values():
        _check_index(each, index)
    labels, lines = labels_of(trajectories, by_name), lines_of(by_name)
    figure = RegretFigure.of(by_name, labels, regret)
    if not figure.curves:
        raise ValueError("no training ended in any run; use runs with a greater budget")
    race = {
        "form": FORM,
        "version": VERSION,
        "index": identity_of(index.reader),
        "preset": figure.preset,
        "regret": regret,
        "shows": "accuracy" if figure.is_accuracy else "regret",
        "statistic": figure.statistic,
        "clock": figure.limits.unit,
        "most": figure.limits.most,
        "best_accuracy": max(getattr(each, f"best_{regret}_accuracy") for each in by_name.values()),
        "optimizers": [
            {
                "name": visible(curve.name),
                "label": visible(labels[curve.name]),
                "line": lines[curve.name],
                **_curve(curve),
                "runs": _runs(by_name[curve.name], regret, runs),
            }
            for curve in figure.curves
        ],
    }
    write_whole(path, json.dumps(race, separators=(",", ":"), allow_nan=False).encode())


def _check_index(trajectories: Trajectories, index: Index) -> None:
    if trajectories.index != repr(index):
        raise ValueError(
            f"the trajectories of {trajectories.optimizer!r} are those of "
            f"{visible(trajectories.index)}, not of {index!r}; use the index on which they ran"
        )


def _curve(curve: RegretCurve) -> dict[str, Any]:
    has_band = len(curve.final) > 1
    return {
        "num_runs": len(curve.final),
        "spent": _numbers(curve.spent),
        "middle": _numbers(curve.middle),
        "band": {"low": _numbers(curve.low), "high": _numbers(curve.high)} if has_band else None,
    }


def _runs(trajectories: Trajectories, regret: Regret, most: int) -> list[dict[str, Any]]:
    """The incumbents of the first runs."""
    incumbents = trajectories.incumbents
    spent = incumbents.spent(trajectories.limits.unit)
    accuracies = getattr(incumbents, f"{regret}_accuracy")
    rows_of_runs = itertools.starmap(slice, itertools.pairwise(incumbents.starts.tolist()))
    return [
        {
            "number": trajectories.first_run + run,
            "spent": _numbers(spent[rows]),
            "codes": incumbents.code[rows].tolist(),
            "accuracies": _numbers(accuracies[rows]),
        }
        for run, rows in enumerate(itertools.islice(rows_of_runs, most))
    ]


def _numbers(values: Doubles) -> list[float]:
    """The values, rounded to as many digits as a picture can show and more."""
    return [float(f"{value:.{_DIGITS}g}") for value in values.tolist()]
