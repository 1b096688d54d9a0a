"""Files that are published: how one is told from another, and the two of the authors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PublishedFile:
    """A file on a server. Its SHA-256 identifies it.

    Attributes:
        name: the name of the file.
        sha256: 64 hexadecimal digits.
        about_bytes: the size, which refuses other files early. 0 if it is not known.
    """

    name: str
    sha256: str
    about_bytes: int = 0

    @property
    def title(self) -> str:
        """What a message calls the file."""
        return f"expected {self.name}"

    @property
    def without_network(self) -> str:
        """What one can do without a connection."""
        return "an index that you have already can be opened by its name"

    def difference(self, sha256: str, num_bytes: int) -> str:
        """A sentence on how a file with another SHA-256 differs from this one."""
        known = {file.sha256: file.name for file in OFFICIAL_FILES.values()}
        name = f", that of {known[sha256]}" if sha256 in known else ""
        return (
            f"not the {self.title}: expected SHA-256 {self.sha256}, "
            f"found {sha256}{name} ({num_bytes:,} bytes)"
        )


@dataclass(frozen=True)
class OfficialFile(PublishedFile):
    """A file that the authors of NAS-Bench-101 published."""

    @property
    def title(self) -> str:
        """What a message calls the file."""
        return f"official {self.name}"

    @property
    def without_network(self) -> str:
        """What one can do without a connection."""
        return "a file that you have already can be compiled with source=FILE"

    @property
    def index_name(self) -> str:
        """The name of its index in the cache, where `open()` looks for it."""
        return str(Path(self.name).with_suffix(".nb101"))


OFFICIAL_FILES = {
    "full": OfficialFile(
        "nasbench_full.tfrecord",
        "3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c",
        2_086_000_000,
    ),
    "only108": OfficialFile(
        "nasbench_only108.tfrecord",
        "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1",
        522_800_000,
    ),
}
