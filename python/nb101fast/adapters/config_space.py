"""The search space for ConfigSpace, and with it for SMAC3, DEHB and others.

>>> space = configuration_space("A", seed=0)
>>> code = code_of(space.sample_configuration())

Tested with ConfigSpace 1.2.
"""

from __future__ import annotations

from typing import Any

from ..extras import needs
from .parameters import (
    Choice,
    Encoding,
    IntegerRange,
    Parameter,
    code_of,
    encoding_of,
    parameters,
    values_of,
)

with needs("ConfigSpace", extra="adapters"):
    from ConfigSpace import Configuration, ConfigurationSpace
    from ConfigSpace.hyperparameters import (
        CategoricalHyperparameter,
        Hyperparameter,
        UniformFloatHyperparameter,
        UniformIntegerHyperparameter,
    )

__all__ = ["code_of", "configuration_of", "configuration_space"]


def configuration_space(encoding: Encoding = "A", *, seed: int | None = None) -> ConfigurationSpace:
    """The whole space, invalid configurations included, under the names of `nas_benchmarks`.

    Args:
        encoding: "A", "B" or "C", as `nb101fast.adapters.parameters` says.
        seed: of the configurations that the space samples; None for any.

    Raises:
        ValueError: no such encoding.

    Example:
        >>> len(configuration_space("B"))
        14
    """
    space = ConfigurationSpace(seed=seed)
    space.add([_hyperparameter(*named) for named in parameters(encoding).items()])
    return space


def configuration_of(code: int, space: ConfigurationSpace) -> Configuration:
    """The configuration of a code, in a space from `configuration_space`; `code_of` goes back.

    Raises:
        ValueError: another space, or an encoding that can't hold the code.
        OutOfDomainError: bit 31 or label 3.

    Example:
        >>> configuration_of(32, configuration_space("A"))["edge_5"]
        1
    """
    return Configuration(space, values=values_of(code, encoding_of(space.keys())))


def _hyperparameter(name: str, parameter: Parameter) -> Hyperparameter[Any, Any]:
    if isinstance(parameter, Choice):
        return CategoricalHyperparameter(name, parameter.values)
    if isinstance(parameter, IntegerRange):
        return UniformIntegerHyperparameter(name, parameter.low, parameter.high)
    return UniformFloatHyperparameter(name, parameter.low, parameter.high)
