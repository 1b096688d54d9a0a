"""Runs an optimizer of a library on the synthetic full-size index and writes what its runs reached.

The results are the judges of the compiled optimizers, see tests/python/test_search_*.py. They are
committed because the libraries need minutes to hours for them.

    nb101fast synthetic -o synthetic.nb101
    python tests/data/search/make_library_regrets.py synthetic.nb101 hyperopt-tpe OUT \\
        --runs 60 --budget 2e5
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import nb101fast
from nb101fast import search


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path)
    parser.add_argument("optimizer")
    parser.add_argument("out", type=Path)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--budget", type=float, required=True, help="simulated seconds")
    parser.add_argument("--preset", default="paper")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    trajectories = search.run(
        options.optimizer,
        nb101fast.open(options.index),
        runs=options.runs,
        budget_seconds=options.budget,
        preset=options.preset,
        seed=options.seed,
        progress=lambda done, total: print(done, "of", total, flush=True),
    )
    made = {
        "optimizer": options.optimizer,
        "index": "nb101fast synthetic --seed 0",
        "preset": options.preset,
        "budget_seconds": options.budget,
        "seed": options.seed,
        "final_regret": trajectories.final_regret.tolist(),
        "num_evaluations": trajectories.num_evaluations.tolist(),
        "num_invalid": trajectories.num_invalid.tolist(),
    }
    options.out.write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main()
