"""ASHA of Ray Tune on simulated trainings, most of which it stops early.

    python examples/ray_tune_search.py [INDEX]

Without INDEX, `nb101fast.open()` decides; if nothing else is set up, it opens the built-in index of
91 cells.
"""

from __future__ import annotations

import sys
import tempfile

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search import BasicVariantGenerator

import nb101fast
from nb101fast.adapters.ray_tune import param_space, trainable

TRIALS, AT_ONCE = 40, 2


def main() -> None:
    index = nb101fast.open(*sys.argv[1:2])
    ray.init("local", num_cpus=AT_ONCE, include_dashboard=False, log_to_driver=False)
    with tempfile.TemporaryDirectory() as folder:
        tuner = tune.Tuner(
            trainable(index, seed=0),
            param_space=param_space("A"),
            tune_config=tune.TuneConfig(
                metric="validation_accuracy",
                mode="max",
                scheduler=ASHAScheduler(max_t=108, grace_period=4, reduction_factor=3),
                search_alg=BasicVariantGenerator(random_state=0),
                num_samples=TRIALS,
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        )
        results = tuner.fit()
    ray.shutdown()
    best = results.get_best_result().metrics or {}
    reports = [results[i].metrics or {} for i in range(len(results))]
    to_the_end = sum(report["training_iteration"] == 108 for report in reports)
    seconds = sum(report["time_total_s"] for report in reports)
    print(index)
    print(nb101fast.Cell.from_id(best["cell_id"]))
    print(f"{TRIALS} trials, {to_the_end} to the end, {seconds:.0f} simulated seconds")
    print(f"observed validation accuracy {best['validation_accuracy']:.4f}")


if __name__ == "__main__":
    main()
