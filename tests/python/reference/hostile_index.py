"""Index files that somebody broke on purpose: every checksum in them is right.

A number gives a file, the same one each time. A small sound index is taken apart, one to three
things in it are broken, and it is written with the checksums of its new contents. What can be
broken follows from the layout: each field of the header, of a budget and of a directory entry, and
the type, the length and the elements of each section.

    python -m reference.hostile_index FOLDER COUNT   # writes that many files, for the fuzzer
"""

from __future__ import annotations

import copy
import json
import pickle
import random
import struct
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

import nb101fast
from nb101fast import _core
from reference import index_file, tfrecord
from reference.cells import Graph, graph_of
from reference.index_file import BUDGET, ENTRY, HEADER, PROVENANCE, SIZES, PlainIndex, Section
from reference.runs import random_records, with_ticks
from reference.tfrecord import Record

CHAIN = graph_of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [0])
OTHER_CHAIN = graph_of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [2])
DIAMOND = graph_of([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]], [1, 2])
TYPE_NAMES = (
    *("bytes", "u8", "u16", "u32", "i32", "f32", "f64", "counts", "digest", "ticks", "label"),
)
LETTERS = ("B", "B", "H", "I", "i", "f", "d", "H", None, None, None)  # by element type
FLOATS = (0.0, -0.0, 1.0, -1.0, 2.5, 1e-30, 5e-324, 1e10, 1e38, 1e300, np.inf, -np.inf, np.nan)
TEXTS = (
    *(b"", b"{}", b"[]", b"null", b"NaN", b"{", b'"x"', b"\xff\xfe", b"\0" * 9, b"[" * 50_000),
    b'{"a":' * 20_000,
)
LABELS = (
    *map(index_file.label, ("latency_ms", "other", "", "a b", "graph", "\x1b[2J", "x" * 64)),
    index_file.label("unit", "\x07" * 32, "d" * 160),
)
OWN_VALUES = {"latency_ms": [0.1, np.nan, -2.5], "energy": [1.0, 1.0, 1.0]}
VALUES: tuple[object, ...] = (
    None,
    True,
    -1,
    0,
    10**400,
    1e308,
    "",
    "\x1b[2J",
    [],
    [[]],
    [3],
    {},
    {"name": 3},
)


# -------------------------------------------------------------------- sound indexes


def _records(rng: np.random.Generator) -> list[list[Record]]:
    """The records of some small indexes, which have every type of element and kind of section."""

    def runs(graph: Graph, repeats: dict[int, int]) -> list[Record]:
        return random_records(rng, [graph], repeats)

    every_section = [
        *runs(CHAIN, {108: 2}),
        *runs(DIAMOND, {4: 1, 108: 1}),
        *map(with_ticks, runs(OTHER_CHAIN, {4: 1, 108: 3})),
    ][::-1]
    official_order = random_records(rng, [CHAIN, DIAMOND, OTHER_CHAIN], {4: 1, 12: 2})
    equal_runs = runs(CHAIN, {108: 1}) * 8  # sections of nothing but a constant
    wide = [_with_accuracy(record, 1 / 3) for record in runs(DIAMOND, {4: 2, 36: 1})]
    return [every_section, official_order, equal_runs, wide]


def _with_accuracy(record: Record, accuracy: float) -> Record:
    """The record with an accuracy that is no count, so that its column has doubles."""
    evaluations = tuple(e._replace(test_accuracy=accuracy) for e in record.metrics.evaluations)
    return record._replace(metrics=record.metrics._replace(evaluations=evaluations))


@cache
def sound_indexes() -> list[PlainIndex]:
    """The indexes that are broken."""
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        for records in _records(np.random.default_rng(4)):
            source, target = Path(folder, "in"), Path(folder, "out")
            source.write_bytes(tfrecord.write(records))
            nb101fast.compile(source, target)
            if len(cells := nb101fast.open(target).cells) == 3:
                nb101fast.attach(target, OWN_VALUES, target, ids=cells)
            parts.append(index_file.parse(target.read_bytes()))
    return parts


@cache
def _pickled() -> list[bytes]:
    """The sound indexes, of which `pickle.loads` makes copies ten times as fast as `deepcopy`."""
    return [pickle.dumps(index) for index in sound_indexes()]


# -------------------------------------------------------------------- broken parts


def _integer(rng: random.Random, letter: str, old: int) -> int:
    """Another integer of a type of struct: a limit, a neighbour, a small or any number."""
    bits = 8 * struct.calcsize("<" + letter)
    number = rng.choice(
        [0, 1, 2, old - 1, old + 1, 2 * old, -1, 1 << bits - 1, rng.randrange(1 << bits)]
    )
    number %= 1 << bits
    return number - (1 << bits if letter.islower() and number >> bits - 1 else 0)


def _element(rng: random.Random, element_type: int) -> bytes:
    letter = LETTERS[element_type]
    if element_type == index_file.LABEL:
        return rng.choice([*LABELS, rng.randbytes(SIZES[element_type])])
    if letter is None:
        return rng.choice([bytes(16), b"\xff" * 16, rng.randbytes(16)])[: SIZES[element_type]]
    if letter == "f":
        return struct.pack("<f", rng.choice([value for value in FLOATS if value != 1e300]))
    if letter == "d":
        return struct.pack("<d", rng.choice(FLOATS))
    return struct.pack("<" + letter, _integer(rng, letter, rng.randrange(9)))


def _types_of(section: Section) -> list[int]:
    """The types that the table of fields allows for a section; so it is likely to be opened.

    All types, if no section has its kind or its metric, because that is broken too.
    """
    names = {row[1]: row[2].split(", ") for row in _core.INDEX_FIELDS if row[0] == "section"}
    if section.kind > index_file.OWN or section.metric >= len(index_file.METRIC_NAMES):
        return list(range(len(SIZES)))
    # The kinds are numbered from 1, and that of the columns has a name for each metric.
    other = list(names)[section.kind - (2 if section.kind > index_file.COLUMN else 1)]
    name = section.name if section.kind == index_file.COLUMN else other
    return [TYPE_NAMES.index(text) for text in names[name]]


def break_an_element(rng: random.Random, index: PlainIndex) -> None:
    """Overwrite one element or all of them, the constant included."""
    section = rng.choice(index.sections)
    element, size = _element(rng, section.type), SIZES[section.type]
    if not section.contents:
        section.constant = element[:8].ljust(8, b"\0")
    elif rng.random() < 0.3:
        section.contents = bytearray(element * (len(section.contents) // size))
    else:
        at = rng.randrange(-(-len(section.contents) // size)) * size
        section.contents[at : at + size] = element


def break_a_type(rng: random.Random, index: PlainIndex) -> None:
    """Give a section another type, mostly one that it may have, and elements of this type."""
    section = rng.choice(index.sections)
    types = _types_of(section) if rng.random() < 0.8 else range(len(SIZES))
    rows = len(section.contents or b"") // SIZES[section.type] or min(index.num_cells, 100)
    section.type = rng.choice(list(types))
    section.contents = bytearray(b"".join(_element(rng, section.type) for _ in range(rows)))


def break_a_length(rng: random.Random, index: PlainIndex) -> None:
    """Cut a section, lengthen it, empty it, or fill it with random bytes."""
    section = rng.choice(index.sections)
    contents = bytes(section.contents or b"")
    change = rng.choice(["cut", "double", "empty", "random"])
    if change == "random":
        contents = rng.randbytes(len(contents))
    elif change == "double":
        contents *= 2
    else:
        contents = contents[: rng.randrange(len(contents) + 1) if change == "cut" else 0]
    section.contents = bytearray(contents)


def break_a_constant(rng: random.Random, index: PlainIndex) -> None:
    """Make all elements of a section equal, so that none is stored."""
    section = rng.choice(index.sections)
    section.contents = None
    section.constant = _element(rng, section.type)[:8].ljust(8, b"\0")


def break_the_list(rng: random.Random, index: PlainIndex) -> None:
    """Remove a section, repeat one, or exchange the contents of two."""
    one, other = rng.choice(index.sections), rng.choice(index.sections)
    change = rng.choice(["remove", "repeat", "exchange"])
    if change == "remove":
        index.sections.remove(one)
    elif change == "repeat":
        index.sections.append(copy.deepcopy(one))
    else:
        one.contents, other.contents = other.contents, one.contents


def break_an_entry(rng: random.Random, index: PlainIndex) -> None:
    """Change a number by which a section is known."""
    section = rng.choice(index.sections)
    name = rng.choice(["kind", "metric", "stage", "budget", "repeat"])
    letter = "H" if name in ("budget", "repeat") else "B"
    setattr(section, name, _integer(rng, letter, getattr(section, name)))


def break_a_count(rng: random.Random, index: PlainIndex) -> None:
    """Change a count of the header or of a budget, or remove or repeat a budget."""
    name = rng.choice(["num_cells", "num_runs", "denominator", "version", "budgets"])
    if name != "budgets":
        letter = "Q" if name == "num_runs" else "I"
        setattr(index, name, _integer(rng, letter, getattr(index, name)))
        return
    place = rng.randrange(len(index.budgets))
    epochs, repeats = index.budgets[place]
    changed = [
        [(_integer(rng, "I", epochs), repeats)],
        [(epochs, _integer(rng, "I", repeats))],
        [(epochs, repeats)] * 2,
        [],
    ]
    index.budgets[place : place + 1] = rng.choice(changed)


def break_the_provenance(rng: random.Random, index: PlainIndex) -> None:
    """Replace the text, or one value in it at any depth."""
    section = next((s for s in index.sections if s.kind == PROVENANCE), None)
    if section is None or not section.contents or rng.random() < 0.4:
        if section:
            section.contents = bytearray(rng.choice(TEXTS))
        return
    try:
        document = json.loads(bytes(section.contents))
    except (ValueError, RecursionError):  # It was broken before.
        return
    place = document
    while isinstance(place, (dict, list)) and place:
        key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
        if rng.random() < 0.5 or not isinstance(place[key], (dict, list)):
            place[key] = rng.choice(VALUES)
            break
        place = place[key]
    section.contents = bytearray(json.dumps(document).encode())


BREAKERS: tuple[Callable[[random.Random, PlainIndex], None], ...] = (
    *[break_an_element] * 4,
    *[break_a_type] * 2,
    *(break_a_length, break_a_constant, break_the_list, break_an_entry, break_a_count),
    break_the_provenance,
)


def _break_a_field(rng: random.Random, data: bytearray) -> None:
    """Change any field of the front of a written file: also sizes, offsets and reserved bytes."""
    layout, at = HEADER, 0
    *_, budgets, sections, _ = HEADER.unpack_from(data)
    part = rng.choice(["header", "budget", "entry"])
    if part == "budget" and budgets:
        layout, at = BUDGET, HEADER.size + BUDGET.size * rng.randrange(budgets)
    if part == "entry" and sections:
        at = HEADER.size + BUDGET.size * budgets + ENTRY.size * rng.randrange(sections)
        layout = ENTRY
    letters = layout.format[1:].replace("8s", "s").replace("12x", "")
    values = list(layout.unpack_from(data, at))
    number = rng.randrange(len(values))
    if letters[number] == "s":
        values[number] = rng.randbytes(8)
    else:
        values[number] = _integer(rng, letters[number], values[number])
    layout.pack_into(data, at, *values)


def _mended(data: bytearray) -> bytes:
    """The file with the checksums of its contents, as far as it has a front."""
    *_, front, _, _, budgets, sections, _ = HEADER.unpack_from(data)
    entries = HEADER.size + BUDGET.size * budgets
    if front > len(data) or entries + ENTRY.size * sections > len(data):
        return bytes(data)
    for at in range(entries, entries + ENTRY.size * sections, ENTRY.size):
        *_, offset, size, _ = ENTRY.unpack_from(data, at)
        crc = tfrecord.crc32c(bytes(data[offset : offset + size])) if offset else 0
        struct.pack_into("<I", data, at + 8, crc)
    return index_file.with_header_crc(bytes(data))


def hostile_index(number: int) -> bytes:
    """The file of a number."""
    rng = random.Random(number)
    index: PlainIndex = pickle.loads(rng.choice(_pickled()))
    for _ in range(rng.choice([1, 1, 2, 3])):
        if index.sections and index.budgets:
            rng.choice(BREAKERS)(rng, index)
    data = index_file.write(index)
    if rng.random() < 0.15:
        changed = bytearray(data)
        _break_a_field(rng, changed)
        data = _mended(changed)
    return data


if __name__ == "__main__":
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"hostile_{number}").write_bytes(hostile_index(number))
