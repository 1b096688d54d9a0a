"""Optimizers on the simulated clock, compared as the paper compares them.

>>> from nb101fast import search
>>> trajectories = search.run("re", index, runs=500, budget_seconds=1e7, seed=0)
>>> trajectories.final_regret.mean(), trajectories.regret_at([1e5, 1e6])
"""

from .hpbandster_bohb import HpBandSterBOHB
from .hyperopt_tpe import HyperoptTPE
from .observations import Observations
from .optimizer import CodeOptimizer, Optimizer, Proposal, Trial
from .presets import OPTIMIZERS, PRESETS, Preset
from .protocol import run, settings_of, training_for
from .regret_figure import plot_regret
from .settings import (
    BOHB,
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
from .simulated_training import Limits, SimulatedRun, SimulatedTraining
from .smac3 import SMAC3
from .trajectories import Trajectories, join

__all__ = [
    "BOHB",
    "OPTIMIZERS",
    "PRESETS",
    "SMAC",
    "SMAC3",
    "TPE",
    "CodeOptimizer",
    "Evolution",
    "HpBandSterBOHB",
    "Hyperband",
    "HyperoptTPE",
    "Limits",
    "LocalSearch",
    "NonRegularizedEvolution",
    "Observations",
    "Optimizer",
    "Preset",
    "Proposal",
    "RandomSearch",
    "Reinforce",
    "Settings",
    "SimulatedRun",
    "SimulatedTraining",
    "Trajectories",
    "Trial",
    "join",
    "plot_regret",
    "run",
    "settings_of",
    "training_for",
]
