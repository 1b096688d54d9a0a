"""The work list: which cells, in which order, and which runs are left."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nb101fast
from nb101fast import Cell, FormatError, OutOfDomainError
from nb101train.shard import Shard
from nb101train.work import (
    Ledger,
    cell_work,
    cells_up_to,
    code_of,
    hash_of,
    read_cells,
    shard_of,
    units_of,
    work_list,
)

# The 4-vertex cell of id 10 in another vertex order than the official representative's.
INCEPTION = "28cfc7874f6d200472e1a9dcd8650aa0"
UNITS = units_of((4, 12), 2)


@pytest.mark.parametrize(("vertices", "count"), [(2, 1), (3, 7), (4, 91), (5, 2532)])
def test_all_representatives_by_hash(vertices: int, count: int) -> None:
    codes = cells_up_to(vertices)
    assert len(codes) == count
    matrices, _ = nb101fast.decode(nb101fast.cell_codes())
    few = matrices.any(axis=2).sum(axis=1) < vertices  # all but the output have a successor
    assert set(codes.tolist()) == set(nb101fast.cell_codes()[few].tolist())
    hashes = [hash_of(code) for code in codes.tolist()]
    assert hashes == sorted(hashes)
    assert not codes.flags.writeable


@pytest.mark.slow
def test_all_cells() -> None:
    codes = cells_up_to(7)
    assert len(codes) == nb101fast.NUM_CELLS
    assert hash_of(int(codes[0])) == "00005c142e6f48ac74fdcf73e3439874"  # of the official file
    for place in np.random.default_rng(3).integers(1, len(codes), 200).tolist():
        assert hash_of(int(codes[place - 1])) < hash_of(int(codes[place]))


@pytest.mark.parametrize("vertices", [1, 8])
def test_too_many_vertices(vertices: int) -> None:
    with pytest.raises(ValueError, match=rf"max_vertices={vertices}; 2 to 7 are allowed"):
        cells_up_to(vertices)


def cells_file(folder: Path, *lines: str) -> Path:
    path = folder / "cells.txt"
    path.write_text("\n".join(lines))
    return path


def test_each_way_to_write_a_cell(tmp_path: Path) -> None:
    inception = Cell.from_hash(INCEPTION)
    given = Cell.from_id(300)
    # A vertex that leads nowhere is pruned.
    loose = {"matrix": [[0, 1, 1], [0, 0, 0], [0, 0, 0]], "ops": ["input", "maxpool3x3", "output"]}
    path = cells_file(
        tmp_path, INCEPTION, "", "  id:7 ", str(given.code), json.dumps(loose), "id:423623"
    )
    codes = read_cells(path)
    wanted = [inception.code, Cell.from_id(7).code, given.code, Cell.from_id(0).code]
    assert sorted(codes.tolist()) == sorted([*wanted, Cell.from_id(423623).code])
    hashes = [hash_of(code) for code in codes.tolist()]
    assert hashes == sorted(hashes)


def test_the_vertex_order_given_is_kept(tmp_path: Path) -> None:
    matrix = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
    orders = [["conv3x3-bn-relu", "maxpool3x3"], ["maxpool3x3", "conv3x3-bn-relu"]]
    cells = [Cell(matrix, ["input", *order, "output"]) for order in orders]
    assert cells[0] == cells[1]
    assert cells[0].code != cells[1].code
    for cell, order in zip(cells, orders, strict=True):
        text = json.dumps({"matrix": matrix, "ops": ["input", *order, "output"]})
        for line in (text, str(cell.code)):
            (code,) = read_cells(cells_file(tmp_path, line)).tolist()
            work = cell_work(code, UNITS)
            assert work.matrix == tuple(map(tuple, matrix))
            assert list(work.ops[1:-1]) == order
            assert (code, work.units) == (code_of(work), UNITS)
    (code,) = read_cells(cells_file(tmp_path, f"id:{cells[0].id}")).tolist()
    assert code == nb101fast.cell_codes()[cells[0].id]


@pytest.mark.parametrize(
    ("line", "error", "pattern"),
    [
        ("hello", FormatError, "'hello'; a module hash, id:NUMBER, a code, or matrix and ops"),
        ("id:423624", FormatError, "cell id 423624; 0 to 423623 are allowed"),
        ("id:-1", FormatError, "'id:-1'; a module hash"),
        ("-5", FormatError, "'-5'; a module hash"),
        ("0" * 32, OutOfDomainError, "no cell has the module hash '0{32}'"),
        ("g" * 32, FormatError, "module hash 'g{32}'; 32 hex digits are allowed"),
        ("4294967296", FormatError, "code 4294967296 does not fit 32 bits"),
        ("4294967295", OutOfDomainError, "code 4294967295 has bit 31 set"),
        ("0", OutOfDomainError, "outside the search space: 0"),
        ("2097151", OutOfDomainError, "outside the search space: 2097151"),
        ("{", FormatError, "not JSON"),
        ('{"matrix": [[0, 1], [0, 0]]}', FormatError, "keys .'matrix'.; 'matrix' and 'ops'"),
        ('{"matrix": [[1]], "ops": []}', FormatError, "1 vertices; 2 to 32 are allowed"),
        ('{"matrix": [[0, 1], [0]], "ops": []}', FormatError, "line 2"),
        (
            '{"matrix": [[0, 1, 0], [0, 0, 1], [0, 0, 0]], "ops": ["input", "sum", "output"]}',
            FormatError,
            "unknown operation 'sum'",
        ),
        ("id:3", FormatError, "the cell of line 1 again: id:3"),
    ],
)
def test_a_faulty_line_is_named(
    tmp_path: Path, line: str, error: type[Exception], pattern: str
) -> None:
    path = cells_file(tmp_path, "id:3", line)
    with pytest.raises(error, match=pattern) as caught:
        read_cells(path)
    assert str(caught.value).startswith(f"{path}: line 2: ")


def test_a_cell_file_without_cells(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no cell in it"):
        read_cells(cells_file(tmp_path, "", " "))


@pytest.mark.parametrize("count", [1, 2, 3, 8, 100])
def test_shards_share_the_cells_by_index(count: int) -> None:
    codes = cells_up_to(4)
    for index in range(count):
        mine = shard_of(codes, Shard(index, count)).tolist()
        assert mine == [code for n, code in enumerate(codes.tolist()) if n % count == index]


@given(st.lists(st.tuples(st.sampled_from([1, 2, 5]), st.sampled_from(UNITS))))
def test_a_ledger_is_a_set(runs: Sequence[tuple[int, tuple[int, int]]]) -> None:
    ledger, twin = Ledger(UNITS), set[tuple[int, tuple[int, int]]]()
    for code, unit in runs:
        assert ledger.add(code, unit) == ((code, unit) not in twin)
        twin.add((code, unit))
    assert len(ledger) == len(twin)
    for code in (1, 2, 5):
        assert ledger.left(code) == tuple(unit for unit in UNITS if (code, unit) not in twin)


def test_a_ledger_knows_its_units() -> None:
    with pytest.raises(KeyError):
        Ledger(UNITS).add(1, (4, 2))


def test_units_are_by_epochs_then_repeat() -> None:
    assert units_of((108, 4), 2) == ((4, 0), (4, 1), (108, 0), (108, 1))


def test_the_list_has_what_is_neither_made_nor_failed() -> None:
    codes = cells_up_to(3)
    whole, part, failed = codes.tolist()[:3]
    made = Ledger(UNITS)
    for unit in UNITS:
        made.add(whole, unit)
    made.add(part, UNITS[2])
    skipped = {(failed, unit) for unit in UNITS[1:]}
    works = {code_of(work): work.units for work in work_list(codes, made, skipped)}
    assert list(works) == codes.tolist()[1:]
    assert works[part] == UNITS[:2] + UNITS[3:]
    assert works[failed] == UNITS[:1]
    assert all(works[code] == UNITS for code in codes.tolist()[3:])
