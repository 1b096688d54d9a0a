"""What the explorer's page must compute, as the engine computes it.

    python -m reference.explorer_golden FOLDER

writes FOLDER/golden.json, an explorer of NB101-digits to FOLDER/digits, a race on it to
FOLDER/race.json, and a synthetic index of a few cells to FOLDER/synthetic.nb101. The tests in `web`
read all of them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import nb101fast
from nb101fast import Cell, explorer, inception, search, search_space
from nb101fast.codes import Codes
from nb101fast.locations import BUILT_IN

NUM_CODES = 100_000
NUM_CELLS = 60
RACE_SECONDS = (1, 30, 100, 299)


def words(first: int, count: int) -> Codes:
    """Random words that TypeScript can make too: the hash of first, first + 1, and so on."""
    word: Codes = np.arange(first, first + count, dtype=np.uint32)
    for shift, times in ((16, 0x7FEB352D), (15, 0x846CA68B)):  # of the hash `lowbias32`
        np.bitwise_xor(word, word >> np.uint32(shift), out=word)
        np.multiply(word, np.uint32(times), out=word)
    np.bitwise_xor(word, word >> np.uint32(16), out=word)
    return word


def random_codes() -> Codes:
    """Codes of which every second one has few edges, so that it is often in the space."""
    some = words(0, NUM_CODES)
    few = some & words(NUM_CODES, NUM_CODES)
    return np.where(np.arange(NUM_CODES) % 2, few, some).astype(np.uint32)


def cell_facts(code: int) -> dict[str, Any]:
    """What the page shows of a cell of the space, and of its official representative."""
    cell = Cell.from_code(code)
    return {
        "code": code,
        "pruned": cell.code,
        "id": cell.id,
        "hash": cell.hash,
        "parameters": cell.trainable_parameters,
        "macs": cell.macs,
        "depth": cell.depth,
        "width": cell.width,
        "num_vertices": len(cell.ops),
        "num_edges": int(cell.matrix.sum()),
        "neighbors": search_space.neighbors(code).tolist(),
    }


def samples(index: nb101fast.Index, cell: int) -> list[dict[str, Any]]:
    """The accuracies of all runs of a cell, in the order of the page."""
    return [
        {
            "metric": metric,
            "stage": stage,
            "epochs": epochs,
            "accuracies": [
                index.query(ids=cell, epochs=epochs, stage=stage, repeat=repeat)[metric]
                for repeat in range(repeats)
            ],
        }
        for metric in ("train_accuracy", "validation_accuracy", "test_accuracy")
        for stage in ("halfway", "final")
        for epochs, repeats in zip(index.epochs, index.repeats, strict=True)
    ]


def trajectories() -> list[search.Trajectories]:
    """The runs of a race."""
    digits = nb101fast.open(BUILT_IN)
    return [search.run(name, digits, runs=3, budget_seconds=300) for name in ("rs", "re", "hb")]


def chosen_codes(codes: Codes, ids: npt.NDArray[np.int32]) -> Codes:
    """The Inception-like cell, and some of these codes that are in the space."""
    first = nb101fast.encode(inception.MATRIX, inception.OPS)
    return np.array([first, *codes[ids >= 0][:NUM_CELLS]], np.uint32)


def write_synthetic(path: Path, codes: Codes) -> dict[str, Any]:
    """Write a synthetic index of the cells of these codes. What it says of the first one."""
    cells = np.unique(nb101fast.cell_ids(codes))
    nb101fast.synthetic.write_index(path, codes=nb101fast.cell_codes()[cells])
    return {"test_accuracy": nb101fast.open(path).query(codes[0])["test_accuracy"]}


def golden(synthetic: Path) -> dict[str, Any]:
    """Facts of some cells, and a digest of the ids of many codes."""
    codes = random_codes()
    ids = nb101fast.cell_ids(codes)
    chosen = chosen_codes(codes, ids)
    digits = nb101fast.open(BUILT_IN)
    best = digits.top_k("validation_accuracy", 3)
    return {
        "num_codes": NUM_CODES,
        "ids_sha256": hashlib.sha256(ids.astype("<i4").tobytes()).hexdigest(),
        "cells": [cell_facts(int(code)) for code in chosen],
        "synthetic": write_synthetic(synthetic, chosen),
        "digits": [
            {
                "id": cell,
                "hash": Cell.from_id(cell).hash,
                "test_accuracy": digits.query(ids=cell)["test_accuracy"],
                "samples": samples(digits, cell),
            }
            for cell in best.tolist()
        ],
        "race": {
            "seconds": RACE_SECONDS,
            "regrets": [
                [[None if np.isnan(each) else each for each in run] for run in regrets.tolist()]
                for regrets in (each.regret_at(RACE_SECONDS) for each in trajectories())
            ],
        },
    }


def write(folder: Path) -> None:
    """Write them."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = golden(folder / "synthetic.nb101")
    (folder / "golden.json").write_text(json.dumps(facts, indent=1), "utf-8")
    shutil.rmtree(folder / "digits", ignore_errors=True)  # an older manifest would be refused
    explorer.write(BUILT_IN, folder / "digits")
    search.write_race(trajectories(), nb101fast.open(BUILT_IN), folder / "race.json")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
