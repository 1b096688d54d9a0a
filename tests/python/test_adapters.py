"""The adapters load their libraries only when they are used, and say what is missing."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import nb101fast
from nb101fast.adapters.predictor_data import predictor_data, torch_dataset
from reference.libraries import import_or_skip

LIBRARIES = {
    "config_space": "ConfigSpace",
    "adapters.optuna_objective": "optuna",
    "adapters.optunahub_problem": "optunahub.benchmarks",
    "adapters.ray_tune": "ray",
    "adapters.torch_network.layers": "torch",
}


def test_no_library_is_loaded_before_it_is_used() -> None:
    program = (
        "import sys, nb101fast.named_parameters, nb101fast.adapters.predictor_data\n"
        "print(*({'ConfigSpace', 'optuna', 'optunahub', 'ray', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_missing_library_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "adapters.optunahub_problem":
        import_or_skip("optuna")  # The problem's own import of it would fail first.
    module = f"nb101fast.{name}"
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, LIBRARIES[name], None)
    extra = "torch" if "torch" in name else "adapters"
    with pytest.raises(ImportError, match=rf"this needs .*: pip install \"nb101fast\[{extra}\]\""):
        importlib.import_module(module)


def test_missing_pytorch_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    data = predictor_data(nb101fast.open(nb101fast.locations.BUILT_IN), num_train=10)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"this needs torch: pip install \"nb101fast\[torch\]\""):
        torch_dataset(data.train)
