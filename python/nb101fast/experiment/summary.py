"""The experiment in a table: a row for each optimizer."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

from ..search import Trajectories
from .mean_regret import confidence_band, mean_regret

REFERENCE = "rs"  # whose final regret the others race to


@dataclass(frozen=True)
class Summary:
    """One optimizer's runs in numbers.

    Attributes:
        optimizer: its name.
        runs, runs_without_training: in all, and those in which no training ended within the budget;
            these have no final regret.
        mean_final_regret: of the other runs; None where there are none.
        mean_low, mean_high: its 95 % bootstrap interval; None for less than 2 runs.
        median_final_regret, quartile_low, quartile_high: 50, 25 and 75 % of the runs are below.
        mean_evaluations: trainings that counted, a run.
        invalid_share: of all configurations that were asked for.
        seconds_to_rs: when its mean regret first was below the final one of random search, in
            simulated seconds; None: never, or there is no random search to compare with.
        speedup_over_rs: the budget over these seconds.
    """

    optimizer: str
    runs: int
    runs_without_training: int
    mean_final_regret: float | None
    mean_low: float | None
    mean_high: float | None
    median_final_regret: float | None
    quartile_low: float | None
    quartile_high: float | None
    mean_evaluations: float
    invalid_share: float
    seconds_to_rs: float | None
    speedup_over_rs: float | None


def summarize(trajectories: Mapping[str, Trajectories]) -> tuple[Summary, ...]:
    """A row for each optimizer, those with random search compared with it."""
    level = math.nan
    if REFERENCE in trajectories and len(mean := mean_regret(trajectories[REFERENCE]).regret):
        level = float(mean[-1])
    return tuple(_summary(name, each, level) for name, each in trajectories.items())


def _summary(name: str, trajectories: Trajectories, level: float) -> Summary:
    regret = trajectories.final_regret
    known = regret[~np.isnan(regret)]
    (low,), (high,) = confidence_band(known[:, np.newaxis])
    shares = np.quantile(known, [0.25, 0.5, 0.75]) if len(known) else np.full(3, np.nan)
    evaluations, invalid = trajectories.num_evaluations.sum(), trajectories.num_invalid.sum()
    seconds = None if name == REFERENCE else mean_regret(trajectories).first_below(level)
    return Summary(
        optimizer=name,
        runs=len(regret),
        runs_without_training=len(regret) - len(known),
        mean_final_regret=_known(known.mean() if len(known) else math.nan),
        mean_low=_known(low),
        mean_high=_known(high),
        median_final_regret=_known(shares[1]),
        quartile_low=_known(shares[0]),
        quartile_high=_known(shares[2]),
        mean_evaluations=float(evaluations / len(regret)),
        invalid_share=float(invalid / max(1, evaluations + invalid)),
        seconds_to_rs=seconds,
        speedup_over_rs=trajectories.budget_seconds / seconds if seconds else None,
    )


def _known(number: float) -> float | None:
    return None if math.isnan(number) else float(number)


def as_csv(rows: Sequence[Summary]) -> str:
    """A line for each row under one of names; empty where there is no number."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Summary)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(asdict, rows))
    return text.getvalue()


def as_markdown(rows: Sequence[Summary]) -> str:
    """A table of the rows, for people."""
    is_raced = any(row.optimizer == REFERENCE for row in rows)
    cells = [_cells(row, is_raced) for row in rows]
    columns = list(zip(*[_HEADINGS[: len(cells[0])], *cells], strict=True))
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "| " + " | ".join(_placed(cell, widths, at) for at, cell in enumerate(line)) + " |"
        for line in zip(*columns, strict=True)
    ]
    ruler = ["-" * width if at == 0 else "-" * (width - 1) + ":" for at, width in enumerate(widths)]
    return "\n".join([lines[0], "| " + " | ".join(ruler) + " |", *lines[1:]])


_HEADINGS = (
    "optimizer",
    "runs",
    "mean final regret",
    "95 %",
    "median",
    "25-75 %",
    "evaluations",
    "invalid",
    "below RS after",
    "times sooner",
)


def _cells(row: Summary, is_raced: bool) -> list[str]:
    cells = [
        row.optimizer,
        f"{row.runs:,}",
        _regret(row.mean_final_regret),
        _range(row.mean_low, row.mean_high),
        _regret(row.median_final_regret),
        _range(row.quartile_low, row.quartile_high),
        f"{row.mean_evaluations:,.1f}",
        f"{row.invalid_share:.1%}",
    ]
    if not is_raced:
        return cells
    if row.seconds_to_rs is None or row.speedup_over_rs is None:
        return [*cells, "-" if row.optimizer == REFERENCE else "never", "-"]
    return [*cells, f"{row.seconds_to_rs:,.0f} s", f"{row.speedup_over_rs:.1f}"]


def _placed(cell: str, widths: Sequence[int], at: int) -> str:
    return cell.ljust(widths[at]) if at == 0 else cell.rjust(widths[at])


def _regret(number: float | None) -> str:
    return "-" if number is None else f"{number:.5f}"


def _range(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.5f} to {high:.5f}"
