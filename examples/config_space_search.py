"""Random search over a ConfigSpace, which SMAC3 and other libraries use, on the simulated clock.

    python examples/config_space_search.py [INDEX]

Without INDEX, `nb101fast.open()` decides; if nothing else is set up, it opens the built-in index of
91 cells.
"""

from __future__ import annotations

import sys

import nb101fast
from nb101fast.config_space import code_of, configuration_space
from nb101fast.search import SimulatedTraining

TRAININGS = 200


def main() -> None:
    index = nb101fast.open(*sys.argv[1:2])
    space = configuration_space("A", seed=0)
    run = SimulatedTraining(index, epochs=(108,)).start(budget_seconds=1e9, seed=0)
    best, best_code = 0.0, 0
    while run.num_evaluations < TRAININGS:
        code = code_of(space.sample_configuration())
        trial = run.evaluate(code)
        if trial is None:
            break
        if trial.validation_accuracy > best:
            best, best_code = trial.validation_accuracy, code
    print(index)
    print(nb101fast.Cell.from_code(best_code))
    print(f"{run.num_evaluations} trainings, {run.num_invalid} invalid, {run.seconds:.0f} s")
    print(f"observed validation accuracy {best:.4f}, test regret {run.regret:.4f}")


if __name__ == "__main__":
    main()
