"""Columns go between NumPy and Arrow as pyarrow would convert them, but without pandas."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nb101fast.arrow_columns import array_of, array_of_texts, values_of
from nb101fast.locations import BUILT_IN

arrow = pytest.importorskip("pyarrow")

COLUMNS = [
    np.arange(-3, 4, dtype=np.int32),
    np.arange(9, dtype=np.uint16)[::2],
    np.array([0.5, np.nan, -np.inf]),
    np.arange(11) % 3 == 0,
    np.zeros(0),
    np.zeros(0, np.bool_),
]


@pytest.mark.parametrize("values", COLUMNS, ids=str)
def test_numbers_and_booleans(values: Any) -> None:
    array = array_of(values)
    array.validate(full=True)
    assert array.type == arrow.array(values).type
    assert array.to_pylist() == pytest.approx(values.tolist(), nan_ok=True)
    for column in (arrow.chunked_array([array]), arrow.chunked_array([array[:2], array[2:]])):
        found = values_of(column)
        assert found.dtype == values.dtype
        np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize("texts", [[], [""], ["a", "", "\u00e4\U0001f600", "a"]], ids=str)
def test_texts(texts: list[str]) -> None:
    array = array_of_texts(texts)
    array.validate(full=True)
    assert array.equals(arrow.array(texts, arrow.string()))


@pytest.mark.parametrize("items", [["a", None], [1, None], [None], [[1], [2]]], ids=str)
def test_other_values_are_converted_by_pyarrow(items: list[Any]) -> None:
    column = arrow.chunked_array([arrow.array(items)])
    found, expected = values_of(column), column.to_numpy()
    assert found.dtype == expected.dtype
    assert repr(found.tolist()) == repr(expected.tolist())  # NaN does not equal itself


def test_pandas_is_not_loaded(tmp_path: Path) -> None:
    program = f"""if True:
        import sys
        import nb101fast
        from nb101fast import search

        index = nb101fast.open({str(BUILT_IN)!r})
        search.run("rs", index, runs=2, budget_seconds=100).to_parquet("runs.parquet")
        search.Trajectories.from_parquet("runs.parquet")
        index.to_parquet("index.parquet")
        print("pandas" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
