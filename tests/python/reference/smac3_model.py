"""SMAC3's model and proposals after a given history, which the compiled ones are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from ConfigSpace import ConfigurationSpace

import nb101fast
from nb101fast import search
from nb101fast.config_space import configuration_of, configuration_space
from nb101fast.named_parameters import code_of
from nb101fast.search.libraries import library, undisturbed

Doubles = npt.NDArray[np.float64]


def vectors(codes: Sequence[int], space: ConfigurationSpace) -> Doubles:
    """Codes as SMAC3 gives them to its forest."""
    return np.array([configuration_of(int(code), space).get_array() for code in codes])


def forest(num_trees: int, seed: int, space: ConfigurationSpace, **changes: Any) -> Any:
    """The forest of `AlgorithmConfigurationFacade`, as `search.SMAC3` makes it."""
    return library("smac.model.random_forest.random_forest").RandomForest(
        space,
        n_trees=num_trees,
        **{"max_depth": 20, "max_leaf_nodes": None, "n_jobs": 1} | changes,
        seed=seed,
    )


def predictions(
    codes: Sequence[int],
    costs: Doubles,
    queries: Sequence[int],
    *,
    num_trees: int,
    seeds: Sequence[int],
    **changes: Any,
) -> tuple[Doubles, Doubles]:
    """Means and variances of shape (seeds, queries), each row by a new forest."""
    space = configuration_space("A", seed=0)
    known, asked = vectors(codes, space), vectors(queries, space)
    rows = []
    with undisturbed():
        for seed in seeds:
            model = forest(num_trees, seed, space, **changes).train(known, costs[:, None])
            rows.append(np.concatenate(model.predict_marginalized(asked), axis=1))
    means, variances = np.moveaxis(np.array(rows), 2, 0)
    return means, variances


def proposals(
    settings: search.SMAC, codes: Sequence[int], costs: Doubles, seeds: Sequence[int]
) -> list[int]:
    """What SMAC3 proposes after the history, once for each seed."""
    training = search.SimulatedTraining(nb101fast.open())
    found = []
    for seed in seeds:
        facade = search.SMAC3(settings)(training, seed)._facade
        space = facade.scenario.configspace
        with undisturbed():
            for code, cost in zip(codes, costs, strict=True):
                facade.runhistory.add(configuration_of(int(code), space), float(cost), seed=0)
            selector = facade._config_selector
            selector._initial_design_configs = []  # the history is there in its place
            found.append(code_of(next(iter(selector))))
    return found
