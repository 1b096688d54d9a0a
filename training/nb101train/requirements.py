"""The packages of the extra `train`, which a bare installation lacks."""

from __future__ import annotations

import importlib.util


def require_tensorflow() -> None:
    """Raise ImportError, which says what to install, where TensorFlow is missing."""
    if importlib.util.find_spec("tensorflow") is None:
        raise ImportError('training needs TensorFlow: pip install "nb101fast[train]"')
