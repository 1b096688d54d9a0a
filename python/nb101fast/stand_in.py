"""nb101fast in the place of the package `nasbench`, in this process and in its workers."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec as ImportSpec
from pathlib import Path
from types import ModuleType

from . import api
from .official import config, graph_util, model_metrics_pb2, model_spec
from .official.replaced import REPLACED_MODULES

__all__ = ["STAND_IN_FOLDER", "install_as_nasbench"]

# Holds a package `nasbench` that installs the stand-in when it is imported.
STAND_IN_FOLDER = str(Path(__file__).with_name("on_path"))


def install_as_nasbench(*, replace: bool = False) -> None:
    """Make `from nasbench import api` mean `nb101fast.api`. A second call does nothing.

    Workers that multiprocessing, joblib or loky start from now on find the stand-in too. A program
    that is started by `subprocess` doesn't: see docs/drop_in.md.

    Args:
        replace: do so even if another `nasbench` has been imported. Names that a program took from
            that one stay as they are.

    Raises:
        RuntimeError: another `nasbench` has been imported, and `replace` is False.
    """
    if getattr(sys.modules.get("nasbench"), "api", None) is api:
        return
    others = [name for name in sys.modules if name.split(".")[0] == "nasbench"]
    if others and not replace:
        raise RuntimeError(
            "another nasbench was imported before: install nb101fast first, or replace it "
            "with install_as_nasbench(replace=True)"
        )
    for name in others:
        del sys.modules[name]
    config.define_flags()
    sys.modules.update(_official_modules())
    if STAND_IN_FOLDER not in sys.path:
        sys.path.insert(0, STAND_IN_FOLDER)  # new workers get a copy of the path


def _official_modules() -> dict[str, ModuleType]:
    modules: dict[str, ModuleType] = {
        "nasbench": _empty_package("nasbench"),
        "nasbench.api": api,
        "nasbench.lib": _empty_package("nasbench.lib"),
        "nasbench.lib.config": config,
        "nasbench.lib.graph_util": graph_util,
        "nasbench.lib.model_metrics_pb2": model_metrics_pb2,
        "nasbench.lib.model_spec": model_spec,
        "nasbench.scripts": _empty_package("nasbench.scripts"),
        **REPLACED_MODULES,
    }
    for name, module in modules.items():
        parent, _, own_name = name.rpartition(".")
        if parent:
            setattr(modules[parent], own_name, module)
    return modules


def _empty_package(name: str) -> ModuleType:
    module = ModuleType(name)
    module.__spec__ = ImportSpec(name, loader=None, is_package=True)
    module.__path__ = []
    return module
