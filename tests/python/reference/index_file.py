"""A plain reader and writer of the index file. The writer computes the checksums.

All numbers are little-endian. The file is, in this order:

header, 64 bytes
    8s magic, u32 version, u32 CRC-32C of header, budgets and directory (itself taken as 0),
    u64 bytes of the file, u32 bytes of header, budgets and directory, u32 cells (rows), u64 runs,
    u32 budgets, u32 sections, u32 denominator of the counts (0: none), 12 bytes of zeros
budgets, 8 bytes each, by ascending epochs
    u32 epochs, u32 repeats (the most that any cell has)
directory, 40 bytes a section
    u8 kind, u8 element type, u8 metric, u8 stage, u16 budget number, u16 repeat,
    u32 CRC-32C of the contents, u32 zero, u64 offset, u64 bytes, 8 bytes constant.
    Offset 0: every element is the constant, and nothing is stored.
sections
    each at the next multiple of 64, zeros between them; equal contents are stored once.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from reference.tfrecord import crc32c

MAGIC = b"\x89NB101\r\n"
HEADER = struct.Struct("<8sIIQIIQIII12x")
BUDGET = struct.Struct("<II")
ENTRY = struct.Struct("<BBBBHHIIQQ8s")
LABEL_FIELDS = struct.Struct("64s32s160s")
CRC_OFFSET = 12
ALIGNMENT = 64

PROVENANCE, CELLS, HASHES, PILOTS, SLOTS, RUN_COUNTS, COLUMN, ORDER, LABELS, OWN = range(1, 11)
BYTES, U8, U16, U32, I32, F32, F64, COUNTS, DIGEST, TICKS, LABEL = range(11)
SIZES = (1, 1, 2, 4, 4, 4, 8, 2, 16, 5, 256)
METRIC_NAMES = (
    *("train_accuracy", "validation_accuracy", "test_accuracy", "training_time"),
    *("current_epoch", "total_time", "trainable_parameters", "graph"),
)
NO_RUN = 65535  # among counts
NO_TICKS = 2**40 - 1  # among ticks: stands where no run is


@dataclass
class Section:
    """One section: `contents`, or None where all elements are the `constant`."""

    kind: int
    type: int
    metric: int = 0
    stage: int = 0
    budget: int = 0
    repeat: int = 0
    constant: bytes = bytes(8)
    contents: bytearray | None = None

    @property
    def name(self) -> str:
        """The name of the metric."""
        return METRIC_NAMES[self.metric]


def label(name: str, unit: str = "", description: str = "") -> bytes:
    """A label: three texts, each with zeros up to its size."""
    return LABEL_FIELDS.pack(name.encode(), unit.encode(), description.encode())


def ticks_of(section: Section) -> list[int]:
    """The elements of a section of ticks: integers of 5 bytes, 2**22 to the second."""
    contents = bytes(section.contents or b"")
    return [int.from_bytes(contents[at : at + 5], "little") for at in range(0, len(contents), 5)]


@dataclass
class PlainIndex:
    """The parts of an index file."""

    num_cells: int
    num_runs: int
    denominator: int
    version: int = 2
    budgets: list[tuple[int, int]] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    def find(self, kind: int, metric: str | None = None, *, repeat: int = 0) -> Section:
        """The first section of that kind, metric and repeat."""
        return next(
            section
            for section in self.sections
            if section.kind == kind
            and section.repeat == repeat
            and (metric is None or section.name == metric)
        )


def header_bytes(data: bytes | bytearray) -> int:
    """The size of header, budgets and directory."""
    return int(HEADER.unpack_from(data)[4])


def parse(data: bytes) -> PlainIndex:
    """Return the parts of an index file, after checking its checksums."""
    magic, version, crc, size, front, cells, runs, budgets, sections, denominator = (
        HEADER.unpack_from(data)
    )
    if magic != MAGIC or size != len(data) or crc != header_crc(data):
        raise ValueError("no index, or damaged")
    index = PlainIndex(cells, runs, denominator, version)
    at = HEADER.size
    for _ in range(budgets):
        index.budgets.append(BUDGET.unpack_from(data, at))
        at += BUDGET.size
    for _ in range(sections):
        *place, crc, _, offset, size, constant = ENTRY.unpack_from(data, at)
        section = Section(*place)
        section.constant = constant
        if offset:
            section.contents = bytearray(data[offset : offset + size])
            if crc32c(bytes(section.contents)) != crc:
                raise ValueError(f"wrong checksum of {section}")
        index.sections.append(section)
        at += ENTRY.size
    if at != front:
        raise ValueError(f"a header of {front} bytes that ends at {at}")
    return index


def write(index: PlainIndex) -> bytes:
    """Return the file of the parts. Its checksums are right even if its contents are not."""
    front = HEADER.size + BUDGET.size * len(index.budgets) + ENTRY.size * len(index.sections)
    data = bytearray(front)
    stored: dict[bytes, int] = {}
    entries = b""
    for s in index.sections:
        offset, contents = 0, bytes(s.contents or b"")
        if s.contents is not None:
            if contents not in stored:
                data += bytes(-len(data) % ALIGNMENT)
                stored[contents] = len(data)
                data += contents
            offset = stored[contents]
        place = s.kind, s.type, s.metric, s.stage, s.budget, s.repeat
        entries += ENTRY.pack(*place, crc32c(contents), 0, offset, len(contents), s.constant)
    counts = len(index.budgets), len(index.sections), index.denominator
    data[: HEADER.size] = HEADER.pack(
        MAGIC, index.version, 0, len(data), front, index.num_cells, index.num_runs, *counts
    )
    data[HEADER.size : front] = b"".join(BUDGET.pack(*b) for b in index.budgets) + entries
    return with_header_crc(bytes(data))


def header_crc(data: bytes) -> int:
    """The checksum that belongs in the header."""
    front = data[: header_bytes(data)]
    return crc32c(front[:CRC_OFFSET] + bytes(4) + front[CRC_OFFSET + 4 :])


def with_header_crc(data: bytes) -> bytes:
    """Return the file with the right checksum in its header."""
    return data[:CRC_OFFSET] + struct.pack("<I", header_crc(data)) + data[CRC_OFFSET + 4 :]
