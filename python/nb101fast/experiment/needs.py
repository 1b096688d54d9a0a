"""What a process needs to compute runs of an experiment.

The nodes of a cluster are sent this module, so it imports only the standard library when it is
loaded.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import struct
from collections.abc import Mapping
from dataclasses import dataclass

_HEADER_BYTES = "<24xI"  # where the header has its own size, see docs/format.md


@dataclass(frozen=True)
class Needs:
    """The software and the index that the experiment began with.

    Attributes:
        nb101fast: the version of this package.
        libraries: the versions of the optimizers' libraries, by name.
        index_path: where the index is.
        index_sha256: its fingerprint.
    """

    nb101fast: str
    libraries: Mapping[str, str]
    index_path: str
    index_sha256: str

    def fault(self) -> str:
        """Why this process can't compute the same runs; empty if it can."""
        try:
            from nb101fast import __version__
        except ImportError as error:
            return f"nb101fast {self.nb101fast} is needed, but can't be imported: {error}"
        if __version__ != self.nb101fast:
            return f"nb101fast {self.nb101fast} is needed, but {__version__} is installed"
        if importlib.util.find_spec("pyarrow") is None:
            return "pyarrow is needed, but is not installed"
        for name, version in self.libraries.items():
            try:
                installed = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                return f"{name} {version} is needed, but {name} is not installed"
            if installed != version:
                return f"{name} {version} is needed, but {installed} is installed"
        return self._fault_of_index()

    def _fault_of_index(self) -> str:
        try:
            sha256 = fingerprint(self.index_path)
        except (OSError, struct.error) as error:
            return (
                f"the index can't be read: {error}; each node needs the same file at the same path"
            )
        if sha256 != self.index_sha256:
            return (
                f"{self.index_path} is another index than at the start of the experiment "
                f"(fingerprint {sha256[:12]}, not {self.index_sha256[:12]}); restore the file"
            )
        return ""


def fingerprint(path: str) -> str:
    """The SHA-256 of an index file's header, which holds the checksums of all sections."""
    from nb101fast.regular_file import open_regular

    with open(path, "rb", opener=open_regular) as file:
        (num_bytes,) = struct.unpack(_HEADER_BYTES, file.read(struct.calcsize(_HEADER_BYTES)))
        file.seek(0)
        return hashlib.sha256(file.read(num_bytes)).hexdigest()
