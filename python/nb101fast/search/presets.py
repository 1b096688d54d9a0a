"""The presets: the protocol and the settings of the paper, of its scripts and of its notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..codes import Validity
from .hpbandster_bohb import HpBandSterBOHB
from .hyperopt_tpe import HyperoptTPE
from .settings import (
    BOHB,
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
from .smac import SMAC


@dataclass(frozen=True)
class Preset:
    """A protocol, and the settings of the optimizers that follow it.

    Attributes:
        validity, test: see `SimulatedTraining`.
        optimizers: the settings by name.
    """

    validity: Validity = "raw-9"
    test: ReportedTest = "mean"
    optimizers: Mapping[str, Settings] = field(default_factory=dict)


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
_PAPER_BY_LIBRARIES = _by_name(HyperoptTPE(), HpBandSterBOHB())
PRESETS: dict[str, Preset] = {
    # Ying et al., 2019, section 4 and supplement.
    "paper": Preset(optimizers=_PAPER | _PAPER_BY_LIBRARIES),
    # The defaults of automl/nas_benchmarks. Settings that are not listed are those of the paper.
    "scripts": Preset(
        optimizers=_PAPER
        | _PAPER_BY_LIBRARIES
        | _by_name(
            Evolution(with_replacement=True),
            NonRegularizedEvolution(with_replacement=True),
            Reinforce(learning_rate=0.1),
            SMAC(num_trees=10, max_evaluations=4),
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
        ),
    ),
}
OPTIMIZERS: tuple[str, ...] = tuple(_PAPER)
