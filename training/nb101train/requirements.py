"""The packages of the extra `train`, which a bare installation does not have."""

from __future__ import annotations

import importlib.util


def require_tensorflow() -> None:
    """Raise an ImportError that says what to install if TensorFlow is missing."""
    if importlib.util.find_spec("tensorflow") is None:
        raise ImportError(
            'training needs TensorFlow, which is not installed: pip install "nb101fast[train]"'
        )
