"""TensorFlow, which only an extra of nb101train installs."""

from __future__ import annotations

import importlib.util


def require_tensorflow() -> None:
    """Raise an ImportError that says what to install if TensorFlow is missing."""
    if importlib.util.find_spec("tensorflow") is None:
        raise ImportError('training needs TensorFlow: pip install "nb101train[tensorflow]"')
