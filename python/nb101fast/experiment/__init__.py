"""The paper's comparison of optimizers: many runs of each, their figures and their tables.

>>> from nb101fast import experiment
>>> report = experiment.run_experiment(index, "out", optimizers=["rs", "re"], runs=500)
>>> print(report.markdown())
"""

from ..search.mean_regret import MeanRegret, mean_regret
from .experiment import run_experiment
from .plan import ExperimentPlan
from .report import ExperimentReport
from .summary import OptimizerSummary, summarize

__all__ = [
    "ExperimentPlan",
    "ExperimentReport",
    "MeanRegret",
    "OptimizerSummary",
    "mean_regret",
    "run_experiment",
    "summarize",
]
