"""Optional libraries: what only a part of the package needs, and which extra of pip brings it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def needs(package: str, *, extra: str | None) -> Iterator[None]:
    """Turn an import that fails within the block into an error that says what to install.

    Args:
        package: the library's name.
        extra: the extra of nb101fast that installs it, or None if there is no such extra.

    Raises:
        ImportError: the import failed. The error ends with what the import said.

    Example:
        >>> with needs("pyarrow", extra="arrow"):
        ...     import pyarrow
    """
    try:
        yield
    except ImportError as error:
        wanted = f'"nb101fast[{extra}]"' if extra else package
        raise ImportError(f"this needs {package}: pip install {wanted} ({error})") from error


def import_extra(module: str, *, extra: str | None) -> Any:
    """Import a module of an optional library when it is used, not when the package is loaded.

    Args:
        module: the module's full name.
        extra: the extra of nb101fast that installs its library, or None if there is no such extra.

    Raises:
        ImportError: the library is missing; the error says what to install.

    Example:
        >>> parquet = import_extra("pyarrow.parquet", extra="arrow")
    """
    with needs(module.partition(".")[0], extra=extra):
        return importlib.import_module(module)
