"""The adapters load their libraries late, and say what is missing."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import nb101fast
from nb101fast.adapters.predictor_data import predictor_data, torch_dataset

LIBRARIES = {
    "config_space": "ConfigSpace",
    "optuna_objective": "optuna",
    "optunahub_problem": "optunahub.benchmarks",
    "ray_tune": "ray",
}


def test_no_library_is_loaded_before_it_is_used() -> None:
    program = (
        "import sys, nb101fast.adapters.parameters, nb101fast.adapters.predictor_data\n"
        "print(*({'ConfigSpace', 'optuna', 'optunahub', 'ray', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_missing_library(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "optunahub_problem":
        pytest.importorskip("optuna", reason="the problem's own import of it would fail first")
    module = f"nb101fast.adapters.{name}"
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, LIBRARIES[name], None)
    with pytest.raises(ImportError, match=r"this needs .*: pip install \"nb101fast\[adapters\]\""):
        importlib.import_module(module)


def test_without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    data = predictor_data(nb101fast.open(nb101fast.index.BUILT_IN), num_train=10)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match="this needs torch: pip install torch"):
        torch_dataset(data.train)
