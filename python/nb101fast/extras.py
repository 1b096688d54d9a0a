"""Libraries that one needs for some of the package alone, and how a missing one is told of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needs(package: str, *, extra: str | None) -> Iterator[None]:
    """Where an import of the package fails: ImportError that says what pip is to install.

    Args:
        extra: of nb101fast, that brings the package; None: no extra does.

    Example:
        >>> with needs("pyarrow", extra="arrow"):
        ...     import pyarrow
    """
    try:
        yield
    except ImportError as error:
        wanted = f'"nb101fast[{extra}]"' if extra else package
        raise ImportError(f"this needs {package}: pip install {wanted}") from error
