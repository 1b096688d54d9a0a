"""Optimizers on the simulated clock, as the paper compares them.

>>> from nb101fast import search
>>> trajectories = search.run("re", index, runs=500, budget_seconds=1e7, seed=0)
>>> trajectories.final_regret.mean(), trajectories.regret_at([1e5, 1e6])
"""

from .bohb import BOHB
from .optimizer import Evaluation, Optimizer
from .presets import OPTIMIZERS, PRESETS, Preset
from .protocol import run, settings_of, training_for
from .settings import (
    Evolution,
    Hyperband,
    LocalSearch,
    NonRegularizedEvolution,
    RandomSearch,
    Reinforce,
    Settings,
)
from .simulated_training import SimulatedRun, SimulatedTraining
from .smac import SMAC
from .steps import Steps
from .tpe import TPE
from .trajectories import Trajectories, join

__all__ = [
    "BOHB",
    "OPTIMIZERS",
    "PRESETS",
    "SMAC",
    "TPE",
    "Evaluation",
    "Evolution",
    "Hyperband",
    "LocalSearch",
    "NonRegularizedEvolution",
    "Optimizer",
    "Preset",
    "RandomSearch",
    "Reinforce",
    "Settings",
    "SimulatedRun",
    "SimulatedTraining",
    "Steps",
    "Trajectories",
    "join",
    "run",
    "settings_of",
    "training_for",
]
