"""The cells of an index as points: which are drawn, and where."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import nb101fast
from nb101fast import Index
from nb101fast.locations import BUILT_IN

pytest.importorskip("matplotlib")

INDEX = nb101fast.open(BUILT_IN)


@pytest.fixture(scope="module")
def many_cells(tmp_path_factory: pytest.TempPathFactory) -> Index:
    path = tmp_path_factory.mktemp("many") / "many.nb101"
    cells = nb101fast.cell_codes()[::60]
    nb101fast.synthetic.write_index(path, codes=cells, epochs=(108,), repeats=1)
    return nb101fast.open(path)


def test_each_cell_is_a_point_at_its_values() -> None:
    figure = INDEX.plot("macs", "validation_accuracy", epochs=36)
    [axes] = figure.axes
    points = np.asarray(axes.collections[0].get_offsets())
    macs = nb101fast.search_space.macs(nb101fast.cell_codes()[INDEX.cells])
    accuracies = INDEX.column("validation_accuracy", epochs=36, repeat="mean")
    assert np.array_equal(points[:, 0], macs)
    assert np.array_equal(points[:, 1].astype(np.float32), accuracies)
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    assert axes.get_xlabel() == "macs"
    assert axes.get_ylabel() == "validation accuracy, 36 epochs, mean"


def test_many_cells_are_counted_in_each_place(many_cells: Index) -> None:
    figure = many_cells.plot("training_time", "test_accuracy")
    counts = figure.axes[0].collections[0].get_array()
    assert counts is not None
    assert 0.98 * len(many_cells) < counts.sum() <= len(many_cells)
    assert figure.get_suptitle().startswith("SYNTHETIC values")
    [bar] = figure.axes[0].child_axes
    assert bar.get_ylabel() == "cells"
    assert {"1", "2", "5", "10"} <= {label.get_text() for label in bar.get_yticklabels()}


def test_the_figure_may_be_changed_and_a_notebook_shows_it() -> None:
    figure = INDEX.plot("parameters", "training_time", stage="halfway", repeat=0)
    assert figure.axes[0].get_ylabel() == "training time (s), 108 epochs, halfway, repeat 0"
    before = figure._repr_png_()  # type: ignore[attr-defined]
    assert before.startswith(b"\x89PNG")
    figure.axes[0].set_title("mine")
    assert figure._repr_png_() != before  # type: ignore[attr-defined]


def test_a_column_without_values_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=re.escape("'size' is not a column; use ")):
        INDEX.plot("size", "test_accuracy")
    cell = json.loads(INDEX.to_json(ids=0))
    for runs in cell["runs"].values():
        for run in runs:
            run["final"]["test_accuracy"] = "NaN"
    (tmp_path / "cell.json").write_text(json.dumps(cell))
    nb101fast.compile(tmp_path / "cell.json", tmp_path / "one.nb101")
    with pytest.raises(ValueError, match="no cell of the index has both macs and test_accuracy"):
        nb101fast.open(tmp_path / "one.nb101").plot("macs", "test_accuracy")
