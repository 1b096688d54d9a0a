"""How this copy was built, and what it can stand in for."""

from __future__ import annotations

import os
import platform
from typing import Any

from . import _core

__version__: str = _core.__version__

SIMD_VARIABLE = "NB101FAST_SIMD"

if _level := os.environ.get(SIMD_VARIABLE):
    if _level not in _core.Simd.__members__:
        raise ValueError(
            f"{SIMD_VARIABLE}={_level!r} is not allowed; use {', '.join(_core.Simd.__members__)}"
        )
    _core.force_simd(_core.Simd[_level])


def build_config() -> dict[str, Any]:
    """Version, index format, and the instruction set found and in use (`$NB101FAST_SIMD`)."""
    return {
        "version": __version__,
        "format_version": _core.FORMAT_VERSION,
        "machine": platform.machine(),
        "best_simd": _core.best_simd().name,
        "active_simd": _core.active_simd().name,
    }


def install_as_nasbench(*, replace: bool = False) -> None:
    """Make `from nasbench import api` mean `nb101fast.api` in this process and in its workers.

    A second call does nothing.

    Args:
        replace: do so even if another `nasbench` has been imported.

    Raises:
        RuntimeError: another `nasbench` has been imported, and `replace` is False.

    Example:
        >>> nb101fast.install_as_nasbench()
        >>> from nasbench import api
    """
    from .stand_in import install_as_nasbench as install

    install(replace=replace)
