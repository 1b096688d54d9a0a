"""Random search over the whole space, a million cells at a time.

    python examples/random_search.py [INDEX]

Without INDEX, the program makes a synthetic index, whose values are made up.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

import nb101fast

QUERIES = 1_000_000


def search(index: nb101fast.Index, seed: int = 0) -> tuple[nb101fast.Cell, float]:
    """The random cell with the highest validation accuracy of one run, and its test accuracy."""
    rng = np.random.default_rng(seed)
    codes = nb101fast.cell_codes()[rng.integers(0, nb101fast.NUM_CELLS, QUERIES)]
    observed = index.objective("validation_accuracy", repeat="random", seed=seed)(codes)
    best = nb101fast.Cell.from_code(int(codes[np.nanargmax(observed)]))
    return best, index.objective("test_accuracy")(best)


def main() -> None:
    if len(sys.argv) > 1:
        report(nb101fast.open(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "synthetic.nb101"
        nb101fast.synthetic.write_index(path, epochs=(108,))
        report(nb101fast.open(path))


def report(index: nb101fast.Index) -> None:
    best, accuracy = search(index)
    print(index)
    print(best)
    print(f"mean test accuracy {accuracy:.4f}, {best.trainable_parameters:,} parameters")


if __name__ == "__main__":
    main()
