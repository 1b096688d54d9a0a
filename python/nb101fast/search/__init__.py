"""Optimizers on the simulated clock, compared as the paper compares them.

>>> from nb101fast import search
>>> trajectories = search.run("re", index, runs=500, budget_seconds=1e7, seed=0)
>>> trajectories.final_regret.mean(), trajectories.regret_at([1e5, 1e6])
"""

from .front_figure import plot_fronts
from .front_search import find_fronts, front_training_for
from .fronts import Fronts
from .hpbandster_bohb import HpBandSterBOHB
from .hyperopt_tpe import HyperoptTPE
from .limits import Limits
from .multi_objective_training import MultiObjectiveTraining
from .objectives import Objectives
from .observations import Observations
from .optimizer import CodeOptimizer, Optimizer, Proposal, Trial
from .optimizer_runs import OptimizerRuns
from .presets import OPTIMIZERS, PRESETS, Preset
from .protocol import run, settings_of, training_for
from .race import write_race
from .regret_figure import plot_regret
from .settings import (
    BOHB,
    NSGA2,
    SMAC,
    TPE,
    Evolution,
    Hyperband,
    LocalSearch,
    NonRegularizedEvolution,
    RandomSearch,
    Reinforce,
    Settings,
)
from .simulated_run import SimulatedRun
from .simulated_training import SimulatedTraining
from .smac3 import SMAC3
from .trajectories import Trajectories

__all__ = [
    "BOHB",
    "NSGA2",
    "OPTIMIZERS",
    "PRESETS",
    "SMAC",
    "SMAC3",
    "TPE",
    "CodeOptimizer",
    "Evolution",
    "Fronts",
    "HpBandSterBOHB",
    "Hyperband",
    "HyperoptTPE",
    "Limits",
    "LocalSearch",
    "MultiObjectiveTraining",
    "NonRegularizedEvolution",
    "Objectives",
    "Observations",
    "Optimizer",
    "OptimizerRuns",
    "Preset",
    "Proposal",
    "RandomSearch",
    "Reinforce",
    "Settings",
    "SimulatedRun",
    "SimulatedTraining",
    "Trajectories",
    "Trial",
    "find_fronts",
    "front_training_for",
    "plot_fronts",
    "plot_regret",
    "run",
    "settings_of",
    "training_for",
    "write_race",
]
