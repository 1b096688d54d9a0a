"""Writes what SMAC3 proposes after given histories, and the histories.

The proposals are the judges of the compiled SMAC, see tests/python/test_search_smac.py. They are
committed because SMAC3 needs a third of a second for each of them.

    PYTHONPATH=tests/python python tests/data/search/make_smac3_proposals.py \
        tests/data/search/smac3-proposals.json
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from nb101fast import search, search_space
from reference.smac3_model import proposals

SETTINGS = search.SMAC(random_fraction=0)  # random proposals say nothing about the model


def made_up(size: int) -> tuple[list[int], list[float]]:
    """Random configurations of up to 12 edges; their costs depend on some edges and labels."""
    codes = search_space.sample(20 * size, how="all", seed=size)
    codes = codes[np.bitwise_count(codes & 0x1FFFFF) <= 12][:size].astype(int)
    last_label = codes >> 29 & 3
    noise = np.random.default_rng(size).random(size)
    costs = 0.06 + 0.03 * (codes & 1) + 0.02 * (last_label == 2) + 0.01 * noise
    return codes.tolist(), np.where(codes >> 3 & 3 == 3, 1.0, costs.round(4)).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    made = []
    for size in (8, 60):
        codes, costs = made_up(size)
        work = partial(proposals, SETTINGS, codes, np.array(costs))
        seeds = [range(seed, seed + 1) for seed in range(options.count)]
        with ProcessPoolExecutor(options.processes) as pool:
            proposed = [code for found in pool.map(work, seeds) for code in found]
        made.append({"codes": codes, "costs": costs, "proposals": proposed})
        print(size, "configurations known", flush=True)
    options.out.write_text(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
