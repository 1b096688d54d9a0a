"""The examples of docstrings run, and print what they show."""

from __future__ import annotations

import contextlib
import gzip
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import Cell, api, figure_file, inception, plotting, search
from reference.docstrings import check_examples, examples, modules_with_examples

pytest.importorskip("matplotlib")
pytest.importorskip("pyarrow")
MODULES = [*modules_with_examples(nb101fast), "nb101fast._core"]
NOT_RUN = {
    "nb101fast.actor_pool.ActorPool": "tests/clusters start Ray",
    "nb101fast.analysis": "docs/analysis.md runs it",
    "nb101fast.analysis.analyze": "docs/analysis.md runs it",
    "nb101fast.experiment": "docs/experiment.md runs it",
    "nb101fast.experiment.experiment.run_experiment": "docs/experiment.md runs it",
    "nb101fast.fetch.fetch": "it downloads",
    "nb101fast.fetch.fetch_index": "it downloads",
    "nb101fast.search.hpbandster_bohb.HpBandSterBOHB": "test_search_libraries.py does, for long",
    "nb101fast.search.smac3.SMAC3": "test_search_libraries.py does, for long",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small files, with the names that the examples have."""
    folder = tmp_path_factory.mktemp("files")
    some = np.append(np.arange(200, dtype=np.int32), Cell(inception.MATRIX, inception.OPS).id)
    codes = nb101fast.cell_codes()[some]
    records = folder / "nasbench_full.tfrecord"
    nb101fast.synthetic.write_tfrecord(records, codes=codes)
    nb101fast.compile(records, folder / "nasbench_full.nb101")
    nb101fast.export(folder / "nasbench_full.nb101", folder / "runs.parquet")
    nb101fast.synthetic.write_tfrecord(folder / "retrained.tfrecord", codes=codes[:3], seed=1)
    (folder / "runs.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def names(files: Path) -> dict[str, Any]:
    """What the examples take for granted."""
    index = nb101fast.open(files / "nasbench_full.nb101")
    figure, axes = plotting.panels(1, 1)
    return {
        **{"contextlib": contextlib, "nb101fast": nb101fast, "np": np, "numpy": np},
        **{"figure_file": figure_file, "inception": inception},
        **{"plotting": plotting, "search": search},
        "Index": nb101fast.Index,
        "index": index,
        "f": index.objective(),
        **{"matrix": inception.MATRIX, "ops": inception.OPS},
        **{"cell": Cell.from_id(4), "code": Cell.from_id(4).code},
        **{"codes": nb101fast.cell_codes()[:3], "ids": np.arange(3, dtype=np.int32)},
        "nasbench": api.NASBench(files / "nasbench_full.tfrecord"),
        "spec": api.ModelSpec([[0, 1], [0, 0]], ["input", "output"]),
        "trajectories": search.run("rs", index, runs=2, budget_seconds=1e5),
        **{"figure": figure, "axes": axes[0], "x": [1, 2], "y": [1, 2]},
        **{"seconds": [1, 2], "regret": [0.5, 0.25]},
        "images": np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32),
        "labels": [0, 1],
        "chunks": [gzip.compress(b"records")],
        "page": "<p>a page</p>",
        "change_the_plan": lambda: None,
    }


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_print_what_they_show(
    module: str,
    names: dict[str, Any],
    files: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(shutil.copytree(files, tmp_path / "files"))
    check_examples(module, names, NOT_RUN)


@pytest.mark.parametrize("name", NOT_RUN)
def test_an_example_that_is_left_out_exists(name: str) -> None:
    module = max((each for each in MODULES if name.startswith(each)), key=len)
    assert name in [test.name for test in examples(module, {})]
