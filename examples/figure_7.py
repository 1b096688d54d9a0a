"""Figure 7 of Ying et al., 2019: the paper's seven optimizers, 500 runs each.

    python examples/figure_7.py [FOLDER [RUNS [SECONDS]]]

The program takes the official index if it is there: `$NB101FAST_INDEX`, or the one that
`nb101fast fetch` left in the user's cache. Otherwise it says how to get it, and draws the same
figure of the index that it has. SECONDS is the simulated time of each run. If the program is
interrupted, start it again with the same arguments, and it goes on.
"""

from __future__ import annotations

import sys

import nb101fast
from nb101fast.experiment import run_experiment
from nb101fast.locations import BUILT_IN

HOW_TO_GET_IT = """\
This is not the official index, so the figure says nothing about NAS-Bench-101. To get the official
one, run `nb101fast fetch`. If you have nasbench_full.tfrecord already, run
`nb101fast fetch --from nasbench_full.tfrecord`."""


def is_official(index: nb101fast.Index) -> bool:
    """Whether an index has measured runs of the whole search space."""
    return not index.is_synthetic and len(index) == nb101fast.NUM_CELLS


def main() -> None:
    given = sys.argv[1:]
    index = nb101fast.open()
    if not is_official(index):
        print(HOW_TO_GET_IT, file=sys.stderr)
    is_small = index.path == str(BUILT_IN)  # its trainings take seconds, not hours
    report = run_experiment(
        index,
        given[0] if given else "figure_7",
        runs=int(given[1]) if len(given) > 1 else 500,
        budget_seconds=float(given[2]) if len(given) > 2 else 3e3 if is_small else 1e7,
    )
    print(report.markdown())
    print(f"\nThe figure is {report.folder / 'regret.png'}")


if __name__ == "__main__":
    main()
