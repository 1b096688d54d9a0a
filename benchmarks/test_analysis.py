"""The analysis of a whole index with four budgets, including its figures and its report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nb101fast
from nb101fast import analysis
from nb101fast.locations import BUILT_IN

from .race import Race
from .report import Target
from .test_api import OFFICIAL_NS

OFFICIAL_SECONDS = nb101fast.NUM_CELLS * OFFICIAL_NS / 1e9  # a query gives all runs of a cell
TARGET = Target(must=60 / OFFICIAL_SECONDS, aim=10 / OFFICIAL_SECONDS)


@pytest.mark.informational
def test_whole_analysis(race: Race, four_budgets: nb101fast.Index, tmp_path: Path) -> None:
    """If only the answers are checked, NB101-digits is analysed."""
    pytest.importorskip("matplotlib")
    index = four_budgets if race.is_timed else nb101fast.open(BUILT_IN)
    codes = nb101fast.cell_codes()[index.cells]
    report = race.alone(
        lambda: analysis.analyze(index, tmp_path / "analysis"),
        "the whole analysis, a cell",
        items=len(codes),
        stated_floor=OFFICIAL_NS,
        target=TARGET,
        rounds=1,
    )
    assert report.path.stat().st_size < 3_000_000
    summary = report.summary
    accuracy, tested = (
        index.objective(metric)(codes) for metric in ("validation_accuracy", "test_accuracy")
    )
    expected = np.corrcoef(accuracy.astype(np.float64), tested)[0, 1]
    pair = ("validation_accuracy", "test_accuracy")
    assert summary.relations.pearson[pair] == pytest.approx(expected, abs=1e-6)
    assert summary.locality.distances is not None
    assert summary.locality.distances.best_id == np.argmax(accuracy)
    assert summary.best_cells.ids[0] == np.argmax(tested)
    assert (
        summary.replacements.counts.sum()
        == 2 * (nb101fast.search_space.num_vertices(codes) - 2).sum()
    )
