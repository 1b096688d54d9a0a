"""The extra that brings the libraries which the adapters are for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needs(package: str, wanted: str = '"nb101fast[adapters]"') -> Iterator[None]:
    """Where an import of the package fails: ImportError that says what pip is to install."""
    try:
        yield
    except ImportError as error:
        raise ImportError(f"this needs {package}: pip install {wanted}") from error
