"""A file that is there whole or not at all, whatever ends the process that writes it."""

from __future__ import annotations

import os

from nb101fast._core import AtomicFile


def write_whole(path: str | os.PathLike[str], *parts: bytes) -> None:
    """Write the parts, one after the other, in place of what the file was."""
    file = AtomicFile(os.fspath(path))
    for part in parts:
        file.write(part)
    file.commit()
