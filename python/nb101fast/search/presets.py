"""The presets: the protocol and the settings of the paper, of its scripts and of its notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..codes import MAX_VERTICES, Validity
from .hpbandster_bohb import HpBandSterBOHB
from .hyperopt_tpe import HyperoptTPE
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
from .simulated_training import ReportedTest
from .smac3 import SMAC3

MUTATION_RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
# The optimizers of figure 7 of Ying et al., 2019, in the order in which its text presents them.
PAPERS_SEVEN = ("rs", "re", "tpe", "smac", "hb", "bohb", "rl")


@dataclass(frozen=True)
class Preset:
    """A protocol, the settings of the optimizers that follow it, and the experiment made of them.

    Attributes:
        validity, test, max_vertices: see `SimulatedTraining`.
        optimizers: the settings by name.
        compared: the optimizers that an experiment compares if none are given, in their order.
        runs: how many runs of each it makes if no number is given.
        middle: whether its figure shows the mean of the runs with its 95 % interval, or their
            median with the quartiles.
    """

    validity: Validity = "raw-9"
    test: ReportedTest = "mean"
    max_vertices: int = MAX_VERTICES
    optimizers: Mapping[str, Settings] = field(default_factory=dict)
    compared: tuple[str, ...] = PAPERS_SEVEN
    runs: int = 500
    middle: Literal["mean", "median"] = "mean"


def _by_name(*settings: Settings) -> dict[str, Settings]:
    return {each.name: each for each in settings}


_PAPER = _by_name(
    RandomSearch(),
    Evolution(),
    NonRegularizedEvolution(),
    LocalSearch(),
    Hyperband(),
    Reinforce(),
    TPE(),
    SMAC(),
    BOHB(),
)
# The libraries of the same optimizers, for comparisons.
_PAPER_BY_LIBRARIES = _by_name(HyperoptTPE(), SMAC3(), HpBandSterBOHB())
# Optimizers that only `find_fronts` runs.
_WITH_OBJECTIVES = _by_name(NSGA2())
PRESETS: dict[str, Preset] = {
    # Ying et al., 2019, section 4 and supplement.
    "paper": Preset(optimizers=_PAPER | _PAPER_BY_LIBRARIES | _WITH_OBJECTIVES),
    # The defaults of automl/nas_benchmarks. Settings that are not listed are those of the paper.
    "scripts": Preset(
        optimizers=_PAPER
        | _PAPER_BY_LIBRARIES
        | _WITH_OBJECTIVES
        | _by_name(
            Evolution(with_replacement=True),
            NonRegularizedEvolution(with_replacement=True),
            Reinforce(learning_rate=0.1),
            SMAC(num_trees=10, max_evaluations=4),
            SMAC3(SMAC(num_trees=10, max_evaluations=4)),
            BOHB(num_samples=64, random_fraction=0.33),
            HpBandSterBOHB(BOHB(num_samples=64, random_fraction=0.33)),
        )
    ),
    # The official notebook: its sampling, mutation, validity and reported test accuracy.
    "notebook": Preset(
        validity="official",
        test="queried",
        optimizers=_by_name(
            RandomSearch(sampling="raw"),
            Evolution(population=50, mutation="notebook", sampling="raw"),
            NSGA2(sampling="raw"),
        ),
        compared=("rs", "re"),
    ),
    # The paper's NAS-Bench-Mini: the cells with at most 6 vertices.
    "mini": Preset(
        max_vertices=6,
        optimizers=_PAPER | _WITH_OBJECTIVES,
        compared=("rs", "nre", "re"),
        runs=100,
        middle="median",
    ),
    # Evolution at several mutation rates. The children that the notebook's mutation makes are valid
    # in the official meaning.
    "mutation-rates": Preset(
        validity="official",
        optimizers=_by_name(RandomSearch(sampling="raw"), NSGA2(sampling="raw"))
        | {
            f"re-{rate:g}": Evolution(mutation="notebook", mutation_rate=rate, sampling="raw")
            for rate in MUTATION_RATES
        },
        compared=("rs", *(f"re-{rate:g}" for rate in MUTATION_RATES)),
    ),
}
OPTIMIZERS: tuple[str, ...] = tuple(_PAPER)
