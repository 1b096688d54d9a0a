"""The search space as an object of ConfigSpace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import OutOfDomainError
from nb101fast.inception import HASH, MATRIX, OPS
from nb101fast.named_parameters import ENCODINGS, Encoding, parameters
from reference.libraries import import_or_skip
from reference.named_cells import matrix_and_ops

ConfigSpace = import_or_skip("ConfigSpace")

from nb101fast.config_space import (  # noqa: E402
    code_of,
    configuration_of,
    configuration_space,
)

OP_NAMES = ("conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3")
INCEPTION = nb101fast.encode(MATRIX, OPS)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_configurations_mean_the_same_as_in_nas_benchmarks(encoding: Encoding) -> None:
    space = configuration_space(encoding, seed=1)
    for configuration in space.sample_configuration(300):
        assert code_of(configuration) == nb101fast.encode(*matrix_and_ops(configuration))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_codes_come_back_from_configurations(encoding: Encoding) -> None:
    space = configuration_space(encoding)
    for code in nb101fast.search_space.sample(100, how="raw-9", seed=2).tolist():
        configuration = configuration_of(code, space)
        configuration.check_valid_configuration()
        assert code_of(configuration) == code


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_inception_like_cell(encoding: Encoding) -> None:
    configuration = configuration_of(INCEPTION, configuration_space(encoding))
    assert configuration["op_node_0"] == "conv1x1-bn-relu"
    assert nb101fast.Cell.from_code(code_of(configuration)).hash == HASH


def test_hyperparameters() -> None:
    spaces: dict[Encoding, Any] = {name: configuration_space(name) for name in ENCODINGS}
    for encoding, space in spaces.items():
        assert space.keys() == parameters(encoding).keys()
        assert space["op_node_4"].choices == OP_NAMES
    assert spaces["A"]["edge_20"].choices == (0, 1)
    assert spaces["B"]["edge_8"].choices == tuple(range(21))
    number, edge = spaces["C"]["num_edges"], spaces["C"]["edge_20"]
    assert isinstance(number, ConfigSpace.UniformIntegerHyperparameter)
    assert (number.lower, number.upper) == (0, 9)
    assert isinstance(edge, ConfigSpace.UniformFloatHyperparameter)
    assert (edge.lower, edge.upper) == (0.0, 1.0)


def test_the_seed_decides_what_is_sampled() -> None:
    def codes(seed: int) -> list[int]:
        space = configuration_space(seed=seed)
        return [code_of(configuration) for configuration in space.sample_configuration(20)]

    assert codes(3) == codes(3) != codes(4)


def test_arguments_that_are_refused() -> None:
    name: Any = "path"
    with pytest.raises(ValueError, match="encoding='path' is not allowed; use 'A', 'B' or 'C'"):
        configuration_space(name)
    with pytest.raises(
        ValueError, match="parameters without names are not those of an encoding; use op_node_0 to"
    ):
        configuration_of(32, ConfigSpace.ConfigurationSpace())
    with pytest.raises(ValueError, match=r"code 0 .* has 0 edges; encoding B holds 1 to 9"):
        configuration_of(0, configuration_space("B"))
    with pytest.raises(OutOfDomainError, match="label 3"):
        configuration_of(3 << 21, configuration_space("A"))
    cell_id: Any = np.int32(5)
    with pytest.raises(TypeError, match="int32"):
        configuration_of(cell_id, configuration_space("A"))
