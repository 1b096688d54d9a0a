"""The examples of the harness's docstrings run, and print what they show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
import nb101train
from nb101fast import inception, search_space
from nb101train.datasets import load_dataset
from nb101train.work import units_of
from reference.docstrings import check_examples, examples, modules_with_examples

PROJECT_ROOT = Path(__file__).resolve().parents[2]
MODULES = modules_with_examples(nb101train)
NOT_RUN = {
    "nb101train": "test_evaluation.py does",
    "nb101train.augmentation.augment": "it trains on CIFAR-10",
    "nb101train.crew.Crew": "it sweeps 91 cells",
    "nb101train.datasets.cifar10_tfrecords.load_official_files": "it reads CIFAR-10",
    "nb101train.datasets.image_archive": "test_datasets.py makes such files",
    "nb101train.evaluation.evaluate": "test_evaluation.py does",
    "nb101train.evaluation.evaluate_spec": "it trains on CIFAR-10",
    "nb101train.run.CellTrainer": "test_run.py does",
    "nb101train.status.read_status": "it looks at a sweep that is running",
    "nb101train.sweep.sweep": "it sweeps 91 cells",
    "nb101train.trainer.Trainer": "it trains at full size, which test_trainer.py does",
}


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the examples take for granted."""
    return {
        **{"nb101fast": nb101fast, "np": np, "index": nb101fast.open()},
        **{"matrix": inception.MATRIX, "ops": inception.OPS},
        "code": int(search_space.sample(1, seed=1)[0]),
        **{"units_of": units_of, "load_dataset": load_dataset},
    }


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_print_what_they_show(
    module: str, names: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "training").symlink_to(PROJECT_ROOT / "training")
    check_examples(module, names, NOT_RUN)


@pytest.mark.parametrize("name", NOT_RUN)
def test_an_example_that_is_left_out_exists(name: str) -> None:
    module = max((each for each in MODULES if name.startswith(each)), key=len)
    assert name in [test.name for test in examples(module, {})]
