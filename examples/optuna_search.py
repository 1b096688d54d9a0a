"""An Optuna study that ends when its simulated time budget is spent.

    python examples/optuna_search.py [INDEX [SECONDS]]

Without INDEX, `nb101fast.open()` decides; if nothing else is set up, it opens the built-in index,
for which 500 simulated seconds are enough. The official trainings take half an hour each, so give
them 1e6 seconds.
"""

from __future__ import annotations

import sys

import optuna

import nb101fast
from nb101fast.adapters.optuna_objective import Objective

MOST_TRIALS = 10_000  # a limit, because invalid trials take no simulated time


def main() -> None:
    index = nb101fast.open(*sys.argv[1:2])
    budget = float(sys.argv[2]) if len(sys.argv) > 2 else 500.0
    objective = Objective(index, budget_seconds=budget, seed=0)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=MOST_TRIALS, callbacks=[objective.stop_at_budget])
    attributes = study.best_trial.user_attrs
    print(index)
    print(nb101fast.Cell.from_id(attributes["cell_id"]))
    print(f"{len(study.trials)} trials, {objective.seconds:.0f} of {budget:.0f} simulated seconds")
    print(f"observed validation accuracy {study.best_value:.4f}")
    print(f"mean test accuracy {attributes['test_accuracy']:.4f}")


if __name__ == "__main__":
    main()
