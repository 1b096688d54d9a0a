"""How this copy was built, and what it can stand in for."""

from __future__ import annotations

import os
import platform
from typing import Any

from . import _core

__version__: str = _core.__version__

SIMD_VARIABLE = "NB101FAST_SIMD"

if _level := os.environ.get(SIMD_VARIABLE):
    _core.force_simd(_level)


def build_config() -> dict[str, Any]:
    """Version, index format, and the instruction set found and in use (`$NB101FAST_SIMD`)."""
    return {
        "version": __version__,
        "format_version": _core.FORMAT_VERSION,
        "machine": platform.machine(),
        "best_simd": _core.best_simd(),
        "active_simd": _core.active_simd(),
    }


def install_as_nasbench(*, replace: bool = False) -> None:
    """Make `from nasbench import api` mean `nb101fast.api` in this process.

    Args:
        replace: even where the official package has been imported already.
    """
    from .api import install_as_nasbench as install

    install(replace=replace)
