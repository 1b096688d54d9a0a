"""The search space for ConfigSpace, and so for SMAC3, DEHB and other libraries that use it.

>>> space = configuration_space("A", seed=0)
>>> code = code_of(space.sample_configuration())

Tested with ConfigSpace 1.2.
"""

from __future__ import annotations

from typing import Any

from .checks import check_type
from .codes import OneCode
from .extras import needs
from .named_parameters import (
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
    """All configurations, including invalid ones, under the names of `nas_benchmarks`.

    Args:
        encoding: "A", "B" or "C"; `nb101fast.named_parameters` describes them.
        seed: decides which configurations the space samples; None means different ones each time.

    Raises:
        ValueError: there is no such encoding.

    Example:
        >>> len(configuration_space("B"))
        14
    """
    space = ConfigurationSpace(seed=seed)
    space.add([_hyperparameter(*named) for named in parameters(encoding).items()])
    return space


def configuration_of(code: OneCode, space: ConfigurationSpace) -> Configuration:
    """A code as a configuration of a space that `configuration_space` made.

    `code_of` gives the same code back.

    Args:
        code: an int, an np.uint32 or a `Cell`.
        space: a space from `configuration_space`.

    Raises:
        TypeError: `code` is not one code, such as a cell id of type np.int32.
        ValueError: `configuration_space` did not make the space, or its encoding cannot hold the
            code.
        OutOfDomainError: the code has bit 31 or a label 3 set.

    Example:
        >>> configuration_of(32, configuration_space("A"))["edge_5"]
        1
    """
    check_type("space", space, ConfigurationSpace, use="what configuration_space returns")
    return Configuration(space, values=values_of(code, encoding_of(space.keys())))


def _hyperparameter(name: str, parameter: Parameter) -> Hyperparameter[Any, Any]:
    if isinstance(parameter, Choice):
        return CategoricalHyperparameter(name, parameter.values)
    if isinstance(parameter, IntegerRange):
        return UniformIntegerHyperparameter(name, parameter.low, parameter.high)
    return UniformFloatHyperparameter(name, parameter.low, parameter.high)
