"""The paper's benchmark of optimizers: many runs of each, summed up, drawn and kept in a folder.

>>> from nb101fast import experiment
>>> report = experiment.run_experiment(index, "out", optimizers=["rs", "re"], runs=500)
>>> print(report.markdown())
"""

from .experiment import run_experiment
from .mean_regret import MeanRegret, mean_regret
from .plan import Plan
from .report import Report
from .summary import Summary, summarize

__all__ = [
    "MeanRegret",
    "Plan",
    "Report",
    "Summary",
    "mean_regret",
    "run_experiment",
    "summarize",
]
