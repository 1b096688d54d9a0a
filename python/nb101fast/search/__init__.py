"""Optimizers on the simulated clock, as the paper compares them.

>>> from nb101fast import search
>>> trajectories = search.run("re", index, runs=500, budget_seconds=1e7, seed=0)
>>> trajectories.final_regret.mean(), trajectories.regret_at([1e5, 1e6])
"""

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
from .steps import Steps
from .trajectories import Trajectories, join

__all__ = [
    "OPTIMIZERS",
    "PRESETS",
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
