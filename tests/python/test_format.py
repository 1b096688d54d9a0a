"""Damaged index files: what each level of verification finds, and that look-ups stay safe."""

from __future__ import annotations

import contextlib
import json
import re
import struct
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import FormatError, Index, _core
from nb101fast.builder import IndexBuilder
from nb101fast.exporter import SUFFIXES
from reference import index_file, tfrecord
from reference.cells import graph_of
from reference.index_file import (
    CELLS,
    COLUMN,
    ENTRY,
    F32,
    F64,
    HASHES,
    HEADER,
    LABELS,
    NO_RUN,
    NO_TICKS,
    ORDER,
    OWN,
    PILOTS,
    PROVENANCE,
    RUN_COUNTS,
    SLOTS,
    TICKS,
    PlainIndex,
    Section,
)
from reference.libraries import cases, needs
from reference.runs import STAGES, random_records, with_ticks

CHAIN = graph_of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [0])
OTHER_CHAIN = graph_of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [2])
DIAMOND = graph_of([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]], [1, 2])
METRICS = index_file.METRIC_NAMES
PROJECT_ROOT = Path(__file__).resolve().parents[2]
TYPE_NAMES = (
    *("bytes", "u8", "u16", "u32", "i32", "f32", "f64", "counts", "digest", "ticks", "label"),
)
KINDS = {
    **{"provenance": PROVENANCE, "cells": CELLS, "hashes": HASHES, "pilots": PILOTS},
    **{"slots": SLOTS, "run counts": RUN_COUNTS, "order": ORDER},
    **{"labels": LABELS, "own column": OWN},
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An index of every kind of section: uneven repeats, two budgets, records in no order.

    It has two own columns, of which one is constant.
    """
    rng = np.random.default_rng(4)
    records = [
        *random_records(rng, [CHAIN], {108: 2}),
        *random_records(rng, [DIAMOND], {4: 1, 108: 1}),
        *map(with_ticks, random_records(rng, [OTHER_CHAIN], {4: 1, 108: 3})),
    ]
    folder = tmp_path_factory.mktemp("format")
    (folder / "in").write_bytes(tfrecord.write(records[::-1]))
    nb101fast.compile(folder / "in", folder / "plain")
    plain = nb101fast.open(folder / "plain")
    columns = {"latency_ms": [0.1, np.nan, 3.5], "ones": [1.0, 1.0, 1.0]}
    nb101fast.attach(plain, columns, folder / "out", ids=plain.cells, units={"latency_ms": "ms"})
    return (folder / "out").read_bytes()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "damaged.nb101"


def opened(target: Path, data: bytes, verify: Any = "header") -> Index:
    """Write the bytes as a new file and open it, so that mappings of the old file stay."""
    target.unlink(missing_ok=True)
    target.write_bytes(data)
    return nb101fast.open(target, verify=verify)


def query_if_opened(target: Path, data: bytes) -> None:
    """Do every kind of look-up, unless damaged labels keep the file from being opened."""
    try:
        query_everything(opened(target, data))
    except FormatError as error:
        if "section labels: " not in str(error):
            raise


def without_own_columns(sound: bytes) -> PlainIndex:
    index = index_file.parse(sound)
    index.sections = [each for each in index.sections if each.kind not in (LABELS, OWN)]
    index.version = 2
    return index


def flipped(data: bytes) -> Iterator[tuple[int, bytes]]:
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 1 << (position * 5 + 3) % 8
        yield position, bytes(damaged)


def query_everything(index: Index) -> None:
    """Do every kind of look-up. Only a FormatError may be raised."""
    codes = nb101fast.cell_codes()[:200]
    queries: list[Callable[[], object]] = [
        lambda: index.find(nb101fast.cell_hashes()[:200]),
        lambda: index.query(codes),
        lambda: index.query(codes, repeat="random"),
        lambda: index.query(int(codes[3]), stage="halfway", repeat=0),
        lambda: index.run_counts(epochs=4),
        lambda: index.cells.tobytes(),
        lambda: index.sections,
        lambda: index.objective(repeat=0)(codes),
        lambda: index.objective(repeat=2)(codes),
        lambda: index.objective()(codes),
        lambda: index.objective(repeat="random")(codes),
    ]
    for query in queries:
        with contextlib.suppress(FormatError):
            query()
    for metric, stage in product(METRICS, STAGES):
        index.column(metric, stage=stage, repeat=1, stored=True).tobytes()


# -------------------------------------------------------------------- the plain reader and writer


def test_the_plain_writer_agrees(sound: bytes, small_sample: tuple[Path, Any]) -> None:
    for data in (sound, small_sample[0].read_bytes()):
        assert index_file.write(index_file.parse(data)) == data


def test_layout(sound: bytes) -> None:
    index = index_file.parse(sound)
    assert (index.version, index.num_cells, index.num_runs, index.denominator) == (3, 3, 8, 9984)
    assert index.budgets == [(4, 1), (108, 3)]
    kinds = [section.kind for section in index.sections]
    assert kinds[:6] == [PROVENANCE, CELLS, HASHES, PILOTS, SLOTS, ORDER]
    assert kinds[6:] == [RUN_COUNTS, *[COLUMN] * 18, RUN_COUNTS, *[COLUMN] * 54, LABELS, OWN, OWN]
    assert json.loads(bytes(index.find(PROVENANCE).contents or b""))["tool"] == "nb101fast"


def test_constants(sound: bytes) -> None:
    assert nb101fast.build_config()["format_version"] == index_file.parse(sound).version
    assert ENTRY.size == 40
    assert HEADER.size == 64


def test_the_page_has_the_table_of_fields() -> None:
    page = (PROJECT_ROOT / "docs" / "format.md").read_text()
    lines = page[page.index("| part | field |") :].split("\n\n")[0].splitlines()[2:]
    shown = [tuple(line.strip("| ").split(" | ")) for line in lines]
    assert shown == [(*row[:4], row[4].name) for row in _core.INDEX_FIELDS]


def test_the_table_covers_the_file() -> None:
    """The fields of each part fill it without gaps."""
    sizes = {"header": HEADER.size, "budget": 8, "directory entry": ENTRY.size}
    bytes_of = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "8 bytes": 8, "12 bytes": 12}
    for part, size in sizes.items():
        types = [kind for row_part, _, kind, _, _ in _core.INDEX_FIELDS if row_part == part]
        assert sum(map(bytes_of.__getitem__, types)) == size


# -------------------------------------------------------------------- damaged bytes


def test_every_flipped_byte(sound: bytes, target: Path) -> None:
    front = index_file.header_bytes(sound)
    for position, damaged in flipped(sound):
        level = "header" if position < front else "sections"
        with pytest.raises(FormatError) as caught:
            opened(target, damaged, level)
        assert str(caught.value).startswith(f"{target}: byte "), position


def test_the_offset_of_a_damaged_section(sound: bytes, target: Path) -> None:
    index = opened(target, sound)
    for _, _, offset, size in index.sections:
        if offset:
            damaged = bytearray(sound)
            damaged[offset + size // 2] ^= 1
            with pytest.raises(FormatError) as caught:
                opened(target, bytes(damaged), "sections")
            message = str(caught.value)
            assert message.startswith(f"{target}: byte {offset}: section ")
            assert message.endswith(": its checksum is wrong") or "section labels: " in message


def export_as(suffix: str, index: Index, out: Path) -> None:
    nb101fast.export(index, out.with_suffix(suffix), unmarked=True)


WRITERS: dict[str, Callable[[Index, Path], object]] = {
    **{f"export {suffix}": partial(export_as, suffix) for suffix in SUFFIXES},
    "to_arrow": lambda index, out: index.to_arrow(),
    "to_arrow as stored": lambda index, out: index.to_arrow(form="stored"),
    "to_pandas": lambda index, out: index.to_pandas(),
    "to_polars": lambda index, out: index.to_polars(),
    "to_parquet": lambda index, out: index.to_parquet(out),
    "to_parquet as stored": lambda index, out: index.to_parquet(out, form="stored"),
    "to_json": lambda index, out: index.to_json(ids=np.arange(9, dtype=np.int32)),
    "compile": lambda index, out: nb101fast.compile(index, out),
    "compile an update": lambda index, out: nb101fast.compile(
        nb101fast.locations.BUILT_IN, out, update=index
    ),
    "attach": lambda index, out: nb101fast.attach(index, {"more": np.zeros(423_624)}, out),
    "detach": lambda index, out: nb101fast.detach(index, [*index.own_columns], out),
    "IndexBuilder": lambda index, out: IndexBuilder(index.reader),
    "IndexBuilder.add_index": lambda index, out: IndexBuilder().add_index(index.reader),
}


@needs("polars")
def test_a_flipped_bit_is_not_written_into_another_file(sound: bytes, target: Path) -> None:
    """Each kind of section is damaged, and each column of the first repeat."""
    for name, _, offset, size in opened(target, sound).sections:
        if not offset or re.search("repeat [12]|halfway|labels", name):
            continue
        damaged = bytearray(sound)
        damaged[offset + size // 2] ^= 1
        index = opened(target, bytes(damaged))
        for write in WRITERS.values():
            with pytest.raises(FormatError, match=r"damaged\.nb101: byte \d+: section .* checksum"):
                write(index, target.with_name("out"))
        assert [path.name for path in target.parent.iterdir()] == [target.name]


@pytest.mark.parametrize("name", cases(WRITERS, "polars"))
def test_a_sound_index_is_written_into_another_file(sound: bytes, target: Path, name: str) -> None:
    WRITERS[name](opened(target, sound), target.with_name("out"))


@pytest.mark.slow
@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.release)])
def test_look_ups_in_damaged_data(sound: bytes, target: Path, step: int) -> None:
    front = index_file.header_bytes(sound)
    for position, damaged in flipped(sound):
        if position >= front and position % step == 0:
            query_if_opened(target, damaged)


@pytest.mark.parametrize("byte", [0x00, 0x7F, 0x80, 0xFF])
def test_look_ups_in_overwritten_sections(sound: bytes, target: Path, byte: int) -> None:
    for _, _, offset, size in opened(target, sound).sections:
        query_if_opened(target, sound[:offset] + bytes([byte]) * size + sound[offset + size :])
    plain = index_file.write(without_own_columns(sound))
    front = index_file.header_bytes(plain)
    query_everything(opened(target, plain[:front] + bytes([byte]) * (len(plain) - front)))


@pytest.mark.parametrize("contents", [b"", b"{", b"\xff\xfe", b"[]", b"null", b"\0"])
def test_damaged_provenance(sound: bytes, target: Path, contents: bytes) -> None:
    """The description of an unverified index is sound, or a FormatError is raised."""
    index = index_file.parse(sound)
    index.find(PROVENANCE).contents = bytearray(contents)
    with pytest.raises(FormatError):
        assert isinstance(opened(target, index_file.write(index)).provenance, dict)
    with contextlib.suppress(FormatError):
        assert "damaged.nb101" in repr(opened(target, index_file.write(index)))


def test_look_ups_in_random_data(sound: bytes, target: Path, rng: np.random.Generator) -> None:
    plain = index_file.write(without_own_columns(sound))
    front = index_file.header_bytes(plain)
    for _ in range(50):
        query_everything(opened(target, plain[:front] + rng.bytes(len(plain) - front)))


def test_every_length_of_truncation(sound: bytes, target: Path) -> None:
    for length in range(len(sound)):
        with pytest.raises(FormatError, match=r"damaged\.nb101: byte \d+: "):
            opened(target, sound[:length])
    message = f"in a file of {len(sound) + 1} bytes, the stated size of the file is {len(sound)};"
    with pytest.raises(FormatError, match=message):
        opened(target, sound + b"\0")


def test_other_files(target: Path, rng: np.random.Generator) -> None:
    tfrecords = tfrecord.write(random_records(rng, [CHAIN], {4: 1}))
    for data in (b"", b"\0" * 1000, rng.bytes(1000), tfrecords, b"\x89NB101\n" + bytes(100)):
        message = "a TFRecord file, not an index" if data is tfrecords else "nb101fast index"
        with pytest.raises(FormatError, match=message):
            opened(target, data)


# -------------------------------------------------------------------- right checksums


def test_another_version(sound: bytes, target: Path) -> None:
    for version in (0, 4, 2**32 - 1):
        index = index_file.parse(sound)
        index.version = version
        message = f"the format version is {version}; it must be 1 to 3, the versions that this"
        with pytest.raises(FormatError, match=message):
            opened(target, index_file.write(index))


HEADER_FIELDS = {
    "file_bytes": ("<Q", 16, [0, 1, 2**63, 2**64 - 1]),
    "header_bytes": ("<I", 24, [0, 63, 64, 2**32 - 1]),
    "num_cells": ("<I", 28, [0, 2, 4, 423_624, 423_625, 2**32 - 1]),
    "num_budgets": ("<I", 40, [0, 1, 3, 2**32 - 1]),
    "num_sections": ("<I", 44, [0, 1, 2**32 - 1]),
    "denominator": ("<I", 48, [0, 65_535, 2**32 - 1]),
    "epochs of budget 0": ("<I", 64, [0, 108, 2**32 - 1]),
    "epochs of budget 1": ("<I", 72, [0, 4]),
    "repeats of budget 0": ("<I", 68, [0, 2, 2**32 - 1]),
    "repeats of budget 1": ("<I", 76, [0, 2, 4, 2**31]),
}


@pytest.mark.parametrize("name", HEADER_FIELDS)
def test_wrong_numbers_in_the_header(sound: bytes, target: Path, name: str) -> None:
    kind, offset, values = HEADER_FIELDS[name]
    for value in values:
        damaged = bytearray(sound)
        struct.pack_into(kind, damaged, offset, value)
        if name != "header_bytes" and len(damaged) >= index_file.header_bytes(damaged):
            damaged = bytearray(index_file.with_header_crc(bytes(damaged)))
        with pytest.raises(FormatError):
            opened(target, bytes(damaged))


ENTRY_FIELDS = {
    "kind": ("<B", 0, [0, 11, 255]),
    "type": ("<B", 1, [11, 255]),
    "metric": ("<B", 2, [8, 255]),
    "stage": ("<B", 3, [3, 255]),
    "budget": ("<H", 4, [2, 65_535]),
    "repeat": ("<H", 6, [3, 65_535]),
    "offset": ("<Q", 16, [1, 63, 65, 2**64 - 64, 2**63]),
    "bytes": ("<Q", 24, [1, 2**64 - 2, 2**63]),
}


@pytest.mark.parametrize("name", ENTRY_FIELDS)
def test_wrong_numbers_in_the_directory(sound: bytes, target: Path, name: str) -> None:
    kind, offset, values = ENTRY_FIELDS[name]
    index = index_file.parse(sound)
    for number, section in enumerate(index.sections):
        if name in ("budget", "repeat") and section.kind != COLUMN:
            continue
        at = HEADER.size + 8 * len(index.budgets) + ENTRY.size * number + offset
        for value in values:
            if section.kind == PROVENANCE and name == "bytes" and value == 1:
                continue
            damaged = bytearray(sound)
            struct.pack_into(kind, damaged, at, value)
            with pytest.raises(FormatError):
                opened(target, index_file.with_header_crc(bytes(damaged)))


def test_an_index_without_budgets(sound: bytes, target: Path) -> None:
    """With an order of one record, an export of it once divided by the number of budgets."""
    for keeps_order in (True, False):
        index = index_file.parse(sound)
        index.budgets = []
        index.num_runs = int(keeps_order)
        kept = {PROVENANCE, CELLS, HASHES, PILOTS, SLOTS} | ({ORDER} if keeps_order else set())
        index.sections = [section for section in index.sections if section.kind in kept]
        if keeps_order:
            index.find(ORDER).contents = bytearray(4)
        for verify in ("header", "sections", "full"):
            with pytest.raises(
                FormatError, match=r"the number of (budgets|runs) is 0; it must be 1 to "
            ):
                opened(target, index_file.write(index), verify)


def test_sections_that_are_missing(sound: bytes, target: Path) -> None:
    for number, section in enumerate(index_file.parse(sound).sections):
        if section.kind == ORDER:
            continue
        index = index_file.parse(sound)
        del index.sections[number]
        with pytest.raises(FormatError, match=r"missing|need"):
            opened(target, index_file.write(index))


def test_sections_that_are_there_twice(sound: bytes, target: Path) -> None:
    for section in index_file.parse(sound).sections:
        index = index_file.parse(sound)
        index.sections.append(section)
        with pytest.raises(FormatError):
            opened(target, index_file.write(index), "full")


def put(section: Section, kind: str, position: int, value: float) -> None:
    """Overwrite one element of a section, or its constant."""
    where = section.constant if section.contents is None else section.contents
    changed = bytearray(where)
    struct.pack_into("<" + kind, changed, position * struct.calcsize(kind), value)
    if section.contents is None:
        section.constant = bytes(changed)
    else:
        section.contents = changed


def get(section: Section, kind: str) -> list[int]:
    assert section.contents is not None
    return [value for (value,) in struct.iter_unpack("<" + kind, section.contents)]


Breaker = Callable[[PlainIndex], None]


def broken(kind: int, letter: str, position: int, value: float, *more: Any) -> Breaker:
    """Puts the value in a section's place."""

    def breaker(index: PlainIndex) -> None:
        repeat = more[1] if len(more) > 1 else 0
        put(index.find(kind, *more[:1], repeat=repeat), letter, position, value)

    return breaker


def both(first: Breaker, second: Breaker) -> Breaker:
    def breaker(index: PlainIndex) -> None:
        first(index)
        second(index)

    return breaker


def swap(kind: int, size: int) -> Breaker:
    """Exchanges the first two elements of a section."""

    def breaker(index: PlainIndex) -> None:
        contents = index.find(kind).contents
        assert contents
        contents[: 2 * size] = contents[size : 2 * size] + contents[:size]

    return breaker


def equal_hashes(index: PlainIndex) -> None:
    contents = index.find(HASHES).contents
    assert contents
    contents[:16] = contents[16:32]


def change_pilots(index: PlainIndex) -> None:
    pilots = index.find(PILOTS)
    for position, pilot in enumerate(get(pilots, "H")):
        put(pilots, "H", position, pilot ^ 0x5A5A)


def empty_a_slot(index: PlainIndex) -> None:
    slots = get(index.find(SLOTS), "i")
    put(index.find(SLOTS), "i", slots.index(1), -1)


def fill_an_empty_slot(index: PlainIndex) -> None:
    slots = get(index.find(SLOTS), "i")
    put(index.find(SLOTS), "i", slots.index(-1), 1_000_000)


def no_cell_with_the_most_repeats(index: PlainIndex) -> None:
    """Takes away the only run of repeat 2, though the header still has three repeats."""
    counts = next(s for s in index.sections if s.kind == RUN_COUNTS and s.budget == 1)
    row = get(counts, "H").index(3)
    put(counts, "H", row, 2)
    index.num_runs -= 1
    records = get(index.find(ORDER), "I")
    records.remove(2 * row + 1)
    index.find(ORDER).contents = bytearray(struct.pack(f"<{len(records)}I", *records))
    for section in index.sections:
        if section.kind == COLUMN and section.repeat == 2 and section.contents:
            size = len(section.contents) // 3
            other = (row + 1) % 3 * size
            section.contents = section.contents[other : other + size] * 3


def name_one_record_twice(index: PlainIndex) -> None:
    order = index.find(ORDER)
    records = get(order, "I")
    other = next(record for record in records if record != records[0])
    put(order, "I", 0, other)


def provenance_of(contents: bytes) -> Breaker:
    def breaker(index: PlainIndex) -> None:
        index.find(PROVENANCE).contents = bytearray(contents)

    return breaker


def a_value_where_no_run_is(metric: str, letter: str) -> Breaker:
    """Put a value into a column of repeat 2, where only one cell has a run."""

    def breaker(index: PlainIndex) -> None:
        section = index.find(COLUMN, metric, repeat=2)
        contents = bytes(section.contents or b"")
        size = struct.calcsize(letter)
        values = [contents[i : i + size] for i in range(0, len(contents), size)]
        missing = max(set(values), key=values.count)
        put(section, letter, values.index(missing), 7)

    return breaker


def a_total_time_where_no_run_is(index: PlainIndex) -> None:
    """Put a value into a column of doubles of repeat 1, which one cell lacks."""
    section = index.find(COLUMN, "total_time", repeat=1)
    assert section.type == F64
    values = struct.unpack("<3d", bytes(section.contents or b""))
    put(section, "d", next(row for row, value in enumerate(values) if np.isnan(value)), 7)


def ticks(value: int, *, where: Callable[[int], bool]) -> Breaker:
    """Put a total time into a column of repeat 2, in place of the first that `where` holds for."""

    def breaker(index: PlainIndex) -> None:
        section = index.find(COLUMN, "total_time", repeat=2)
        assert section.type == TICKS
        counts = index_file.ticks_of(section)
        row = next(row for row, count in enumerate(counts) if where(count))
        assert section.contents
        section.contents[5 * row : 5 * row + 5] = value.to_bytes(5, "little")

    return breaker


def unpruned_graph(index: PlainIndex) -> None:
    """A label of a vertex that the graph lacks. The look-up of the cell ignores it."""
    graphs = index.find(COLUMN, "graph")
    row = rows_with_a_run(index).index(True)
    put(graphs, "I", row, get(graphs, "I")[row] | 1 << 29)


def fewer_runs(index: PlainIndex) -> None:
    index.num_runs -= 1
    order = index.find(ORDER)
    assert order.contents
    del order.contents[-4:]


# Sections that disagree about which runs there are.
UNCLEAR_RUNS: dict[str, Breaker] = {
    "cells descend": swap(CELLS, 4),
    "a cell twice": broken(CELLS, "i", 1, 1),
    "a negative cell": broken(CELLS, "i", 0, -1),
    # The differences of these ids are above 0 in 32 bits.
    "cells that ascend by overflow": both(
        broken(CELLS, "i", 0, 423_000), broken(CELLS, "i", 1, 422_000 - 2**31)
    ),
    "a cell too high": broken(CELLS, "i", 2, nb101fast.NUM_CELLS),
    "too many runs": broken(RUN_COUNTS, "H", 0, 2),
    "runs that vanish": broken(RUN_COUNTS, "H", 1, 0),
    "fewer runs in the header": fewer_runs,
    "no cell has the most repeats": no_cell_with_the_most_repeats,
    "an order of no cell": broken(ORDER, "I", 0, 6),
    "an order far beyond the last cell": broken(ORDER, "I", 0, 2**32 - 1),
    "an order of records that are not": name_one_record_twice,
}
BROKEN: dict[str, Breaker] = {
    **UNCLEAR_RUNS,
    "another cell": broken(CELLS, "i", 2, 77),
    "hashes swapped": swap(HASHES, 16),
    "a hash of two cells": equal_hashes,
    "a hash's first byte": broken(HASHES, "B", 0, 0),
    "a hash's last byte": broken(HASHES, "B", 47, 0),
    "pilots": change_pilots,
    "an emptied slot": empty_a_slot,
    "a slot of no row": fill_an_empty_slot,
    "a count above the denominator": broken(COLUMN, "H", 1, 9985, "test_accuracy"),
    "no run among the runs": broken(COLUMN, "H", 1, NO_RUN, "test_accuracy"),
    "a graph of another cell": broken(COLUMN, "I", 1, 1 << 5, "graph", 0),
    "a graph of no cell": broken(COLUMN, "I", 1, 0, "graph", 0),
    "a graph that is not pruned": unpruned_graph,
    "parameters where no run is": broken(COLUMN, "i", 0, 7, "trainable_parameters", 2),
    "a count where no run is": a_value_where_no_run_is("test_accuracy", "H"),
    "a time where no run is": a_value_where_no_run_is("training_time", "f"),
    "a total time where no run is": a_total_time_where_no_run_is,
    "ticks where no run is": ticks(7, where=lambda old: old == NO_TICKS),
    "no ticks where a run is": ticks(NO_TICKS, where=lambda old: old != NO_TICKS),
    "an infinite own value": broken(OWN, "d", 2, np.inf),
    "provenance of no JSON": provenance_of(b'{"tool": "nb101fast"'),
    "provenance of no object": provenance_of(b"[1, 2]"),
    "provenance of no UTF-8": provenance_of(b'{"tool": "\xff"}'),
}


SOUND_RUNS = [name for name in BROKEN if name not in UNCLEAR_RUNS]


def broken_by(name: str, sound: bytes) -> bytes:
    index = index_file.parse(sound)
    BROKEN[name](index)
    return index_file.write(index)


@pytest.mark.parametrize("name", BROKEN)
def test_full_verification_finds(sound: bytes, target: Path, name: str) -> None:
    damaged = broken_by(name, sound)
    assert damaged != sound
    with pytest.raises(FormatError, match=r"damaged\.nb101: byte \d+: "):
        opened(target, damaged, "full")
    query_everything(opened(target, damaged))


@pytest.mark.parametrize("name", SOUND_RUNS)
def test_values_and_hashes_are_verified_in_full_only(sound: bytes, target: Path, name: str) -> None:
    query_everything(opened(target, broken_by(name, sound), "sections"))


@needs("polars")
@pytest.mark.parametrize("name", UNCLEAR_RUNS)
def test_no_run_is_lost_where_sections_disagree(sound: bytes, target: Path, name: str) -> None:
    damaged = opened(target, broken_by(name, sound))
    for write in WRITERS.values():
        with pytest.raises(FormatError, match=r"damaged\.nb101: byte \d+: section "):
            write(damaged, target.with_name("out"))
    assert [path.name for path in target.parent.iterdir()] == [target.name]


@needs("polars")
@pytest.mark.parametrize("name", SOUND_RUNS)
def test_a_broken_index_is_written_or_refused(sound: bytes, target: Path, name: str) -> None:
    """Its checksums are right, so only the contents can tell. No other error may be raised."""
    damaged = opened(target, broken_by(name, sound))
    for write in WRITERS.values():
        with contextlib.suppress(FormatError):
            write(damaged, target.with_name("out"))


def section_types() -> Iterator[tuple[str, int, bool]]:
    """Each kind of section, each element type, and whether the section may have it."""
    for part, name, types, _, _ in _core.INDEX_FIELDS:
        if part == "section":
            for number, element_type in enumerate(TYPE_NAMES):
                yield name, number, element_type in types.split(", ")


@pytest.mark.parametrize(("name", "element_type", "is_allowed"), [*section_types()])
def test_types_of_sections(
    sound: bytes, target: Path, name: str, element_type: int, is_allowed: bool
) -> None:
    index = index_file.parse(sound)
    metric = name if name in METRICS else None
    section = index.find(COLUMN if metric else KINDS[name], metric)
    elements = index.num_runs if name == "order" else index.num_cells
    section.type = element_type
    section.contents = bytearray(elements * index_file.SIZES[element_type])
    if name == "labels" and is_allowed:
        section.contents = bytearray(index_file.label("a") + index_file.label("b"))
    if is_allowed:
        assert len(opened(target, index_file.write(index))) == index.num_cells
        return
    with pytest.raises(FormatError, match=rf"{name}.*: the element type is {element_type}; it "):
        opened(target, index_file.write(index))


def rows_with_a_run(index: PlainIndex) -> list[bool]:
    """Whether each row has a run of repeat 0 at the first budget."""
    counts = next(s for s in index.sections if s.kind == RUN_COUNTS and s.budget == 0)
    return [count > 0 for count in get(counts, "H")]


ODD_TIMES = (-1.0, -np.inf, np.inf, 1e10, 1e30)
UNUSUAL = {
    **dict.fromkeys(METRICS[:3], ("odd accuracies", (-0.5, 1.0001, 7.0, np.inf))),
    "training_time": ("odd times", ODD_TIMES),
    "total_time": ("odd times", ODD_TIMES),
    "current_epoch": ("odd epochs", (-1.0, np.inf)),
}


@pytest.mark.parametrize("element_type", [F32, F64])
@pytest.mark.parametrize("metric", UNUSUAL)
def test_unusual_values_are_sound_only_if_the_findings_count_them(
    sound: bytes, target: Path, metric: str, element_type: int
) -> None:
    finding, values = UNUSUAL[metric]
    stage = "" if metric == "total_time" else "start_"
    cases = [*((finding, value) for value in values), (f"missing {stage}{metric}", np.nan)]
    for finding, value in cases:
        index = index_file.parse(sound)
        section = index.find(COLUMN, metric)
        elements = [value if has_run else np.nan for has_run in rows_with_a_run(index)]
        letter = "f" if element_type == F32 else "d"
        section.type = element_type
        section.contents = bytearray(struct.pack(f"<3{letter}", *elements))
        with pytest.raises(FormatError, match=rf"provenance: its findings state 0 {finding}, but"):
            opened(target, index_file.write(index), "full")
        provenance_with(index, findings={finding: [9, "run 0: told"]})
        assert opened(target, index_file.write(index), "full").num_runs == index.num_runs


def test_other_parameters_are_sound_only_if_the_findings_count_them(
    sound: bytes, target: Path
) -> None:
    for parameters in (-5, 0, 2**31 - 1):
        index = index_file.parse(sound)
        put(index.find(COLUMN, "trainable_parameters"), "i", 0, parameters)
        section = index.find(COLUMN, "trainable_parameters")
        section.contents = bytearray(
            struct.pack("<3i", *[parameters * has_run for has_run in rows_with_a_run(index)])
        )
        with pytest.raises(FormatError, match="its findings state 0 other parameters, but"):
            opened(target, index_file.write(index), "full")


@pytest.mark.parametrize("findings", [None, 3, [], {"odd times": 9}, {"odd times": ["9", ""]}])
def test_findings_of_another_form_are_refused(sound: bytes, target: Path, findings: object) -> None:
    index = index_file.parse(sound)
    elements = [-1.0 if has_run else np.nan for has_run in rows_with_a_run(index)]
    section = index.find(COLUMN, "total_time")
    section.type, section.contents = F64, bytearray(struct.pack("<3d", *elements))
    provenance_with(index, findings=findings)
    with pytest.raises(FormatError, match=r"section provenance: findings.* is not allowed; use"):
        opened(target, index_file.write(index), "full")


def provenance_with(index: PlainIndex, **entries: object) -> None:
    section = index.find(PROVENANCE)
    provenance = json.loads(bytes(section.contents or b""))
    section.contents = bytearray(json.dumps({**provenance, **entries}).encode())


def test_counts_without_a_denominator(sound: bytes, target: Path) -> None:
    index = index_file.parse(sound)
    index.denominator = 0
    with pytest.raises(FormatError, match=r"the element type is 7; .* counts a denominator"):
        opened(target, index_file.write(index))


LABELS_AT_FAULT = {
    "'a b' is not allowed": (index_file.label("a b"), index_file.label("b")),
    "'graph' is not allowed, because it means something else": (
        index_file.label("a"),
        index_file.label("graph"),
    ),
    "two labels have the name 'a'": (index_file.label("a"), index_file.label("a")),
    r"the unit '\\x1b\[2J' is not allowed": (
        index_file.label("a", "\x1b[2J"),
        index_file.label("b"),
    ),
    r"the description '\\xff' is not allowed": (
        index_file.label("a", "", "?").replace(b"?", b"\xff"),
        index_file.label("b"),
    ),
    "the bytes after a text must be 0": (index_file.label("a\0b"), index_file.label("b")),
    "it has 1 labels, but 2 own columns": (index_file.label("a"),),
}


@pytest.mark.parametrize("message", LABELS_AT_FAULT)
def test_labels_are_checked_when_a_file_is_opened(sound: bytes, target: Path, message: str) -> None:
    index = index_file.parse(sound)
    index.find(LABELS).contents = bytearray(b"".join(LABELS_AT_FAULT[message]))
    with pytest.raises(FormatError, match=message):
        opened(target, index_file.write(index))


def test_own_columns_take_no_more_memory_than_the_file_has_bytes(target: Path) -> None:
    """200 constant columns of 1,000 cells would take more than a file without the zeros."""
    cells = nb101fast.cell_codes()[:1000]
    nb101fast.synthetic.write_index(target, codes=cells, epochs=(4,), repeats=1)
    index = index_file.parse(target.read_bytes())
    index.version = 3
    labels = b"".join(index_file.label(f"x{number}") for number in range(200))
    index.sections.append(Section(LABELS, index_file.LABEL, contents=bytearray(labels)))
    index.sections += [Section(OWN, F32) for _ in range(200)]
    with pytest.raises(FormatError, match="section labels: all own columns times all cells are"):
        opened(target, index_file.write(index))


def test_own_columns_need_version_3(sound: bytes, target: Path) -> None:
    for version in (1, 2):
        index = index_file.parse(sound)
        index.version = version
        with pytest.raises(FormatError, match=r"of which 9 and 10 need version 3|ticks need"):
            opened(target, index_file.write(index))


def test_ticks_in_a_file_of_version_1(sound: bytes, target: Path) -> None:
    index = without_own_columns(sound)
    index.version = 1
    with pytest.raises(FormatError, match=r"total_time of .*: the element type is 9; .* ticks"):
        opened(target, index_file.write(index))


def test_a_file_of_version_1_without_ticks(sound: bytes, target: Path) -> None:
    index = without_own_columns(sound)
    times = index.find(COLUMN, "total_time", repeat=2)
    seconds = [np.nan if n == NO_TICKS else n / 2**22 for n in index_file.ticks_of(times)]
    times.type, times.contents = F64, bytearray(struct.pack("<3d", *seconds))
    index.version = 1
    old = opened(target, index_file.write(index), "full")
    assert old.column("total_time", repeat=2).tolist() == pytest.approx(seconds, 0, 0, nan_ok=True)


def test_bytes_between_sections(sound: bytes, target: Path) -> None:
    ends = {offset + size for _, _, offset, size in opened(target, sound).sections if offset}
    gaps = [end for end in sorted(ends) if end % 64 and end < len(sound)]
    assert gaps
    for gap in gaps:
        damaged = sound[:gap] + b"\1" + sound[gap + 1 :]
        opened(target, damaged)
        with pytest.raises(FormatError, match=f"byte {gap}: a byte between two sections is not 0"):
            opened(target, damaged, "sections")
