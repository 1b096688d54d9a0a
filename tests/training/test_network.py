"""Networks: the number and names of their parameters, what they compute, their initial values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

import nb101fast
from nb101fast import Cell, OutOfDomainError
from nb101fast.op_map import OP_MAP
from nb101train.config import TrainConfig
from nb101train.network import Mode, Network
from twins import parameters

TINY = TrainConfig(
    stem_filters=8, num_stacks=2, cells_per_stack=1, image_size=8, batch_size=8, bn_groups=1
)
SMALL_CELLS = 91  # cells of at most 4 vertices, which have the first ids


def skeleton(config: TrainConfig) -> dict[str, int]:
    names = ("stem_filters", "num_stacks", "cells_per_stack", "num_classes")
    return {name: getattr(config, name) for name in names}


def random_cells(
    rng: np.random.Generator, count: int
) -> Iterator[tuple[npt.NDArray[np.uint8], list[str]]]:
    """Random graphs of 2 to 7 vertices in which a path joins input and output."""
    while count:
        vertices = int(rng.integers(2, 8))
        density = rng.uniform(0.3, 1)
        matrix = np.triu(rng.random((vertices, vertices)) < density, 1).astype(np.uint8)
        inner = rng.choice(nb101fast.OPS, vertices - 2).tolist()
        try:
            nb101fast.module_hash(matrix, ["input", *inner, "output"])
        except OutOfDomainError:
            continue
        yield matrix, ["input", *inner, "output"]
        count -= 1


# ----------------------------------------------------------------------------------- parameters


def test_parameters_of_every_small_cell() -> None:
    for cell in map(Cell.from_id, range(SMALL_CELLS)):
        expected = nb101fast.count_parameters(cell.matrix, cell.ops, **skeleton(TINY))
        assert Network(cell.matrix, cell.ops, TINY).trainable_parameters == expected, cell


def test_small_cells_are_all_that_have_at_most_4_vertices() -> None:
    assert len(Cell.from_id(SMALL_CELLS - 1).matrix) == 4
    assert len(Cell.from_id(SMALL_CELLS).matrix) == 5


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (replace(TINY, stem_filters=11, num_stacks=1, num_classes=3), 200),
        (TINY, 60),
        (replace(TINY, num_stacks=3, cells_per_stack=2, num_classes=100), 12),
    ],
    ids=["odd", "two stacks", "three stacks"],
)
def test_parameters_of_random_cells(
    rng: np.random.Generator, config: TrainConfig, count: int
) -> None:
    for matrix, ops in random_cells(rng, count):
        expected = nb101fast.count_parameters(matrix, ops, **skeleton(config))
        assert Network(matrix, ops, config).trainable_parameters == expected, (matrix, ops)


def test_parameters_and_macs_at_full_size(rng: np.random.Generator) -> None:
    stored = nb101fast.cell_parameters()
    for cell_id in (0, 1, 4, 90, *rng.integers(91, nb101fast.NUM_CELLS, 4).tolist()):
        cell = Cell.from_id(cell_id)
        network = Network(cell.matrix, cell.ops, TrainConfig())
        assert network.trainable_parameters == stored[cell_id], cell
        assert macs_of_layers(network) == cell.macs, cell
        assert cell.flops == 2 * cell.macs


def macs_of_layers(network: Network) -> int:
    """The MACs of each convolution and of the dense layer, counted from its tensors."""
    traced = tf.function(lambda images: network(images, Mode(training=False)), autograph=False)
    graph = traced.get_concrete_function(tf.TensorSpec([1, 32, 32, 3])).graph
    macs = 0
    for layer in graph.get_operations():
        if layer.type in ("Conv2D", "MatMul"):
            _, kernel = layer.inputs
            places = np.prod(layer.outputs[0].shape[1:-1], dtype=int)
            macs += int(places * np.prod(kernel.shape))
    return macs


def test_vertex_order_decides_the_channels() -> None:
    """The first vertex that feeds the output gets the odd channel: isomorphic cells may differ."""
    matrix = np.array([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]])
    one = ["input", "conv3x3-bn-relu", "maxpool3x3", "output"]
    other = ["input", "maxpool3x3", "conv3x3-bn-relu", "output"]
    config = replace(TINY, stem_filters=9)
    counts = [Network(matrix, ops, config).trainable_parameters for ops in (one, other)]
    assert Cell(matrix, one) == Cell(matrix, other)
    assert counts[0] - counts[1] == (9 * 5 * 5 + 2 * 5) - (9 * 4 * 4 + 2 * 4)


@pytest.mark.parametrize("op", OP_MAP)
def test_every_operation_has_its_parameters(op: str) -> None:
    matrix = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], np.uint8)
    ops = ["input", op, "output"]
    network = Network(matrix, ops, TINY)
    assert network.trainable_parameters == parameters.of_network(matrix, ops, TINY)


@pytest.mark.parametrize("vertices", [8, 12, 32])
def test_networks_of_more_than_7_vertices(rng: np.random.Generator, vertices: int) -> None:
    config = replace(TINY, stem_filters=33)
    matrix = np.triu(rng.random((vertices, vertices)) < 0.5, 1).astype(np.uint8)
    matrix[range(vertices - 1), range(1, vertices)] = 1  # so that nothing is pruned
    wide = [op for op in OP_MAP if "bottleneck" not in op]  # which need four channels
    ops = ["input", *rng.choice(wide, vertices - 2).tolist(), "output"]
    network = Network(matrix, ops, config)
    assert np.array_equal(network.matrix, matrix)
    assert network.trainable_parameters == parameters.of_network(matrix, ops, config)


def test_a_cell_is_pruned_first() -> None:
    """No path leads from vertex 2 to the output, or from the input to vertex 3."""
    matrix = np.zeros((5, 5), int)
    matrix[[0, 0, 1, 3], [1, 2, 4, 4]] = 1
    network = Network(
        matrix, ["input", "conv1x1-bn-relu", "maxpool3x3", "maxpool3x3", "output"], TINY
    )
    assert network.ops == ("input", "conv1x1-bn-relu", "output")
    assert network.matrix.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]


# ---------------------------------------------------------------------------------------- names


def test_names_of_the_cell_of_two_vertices() -> None:
    network = Network([[0, 1], [0, 0]], ["input", "output"], replace(TINY, num_stacks=1))
    assert [variable.name for variable in network.trainable] == [
        "stem/conv2d/kernel:0",
        "stem/batch_normalization/gamma:0",
        "stem/batch_normalization/beta:0",
        "stack0/module0/output/projection/conv2d/kernel:0",
        "stack0/module0/output/projection/batch_normalization/gamma:0",
        "stack0/module0/output/projection/batch_normalization/beta:0",
        "dense/kernel:0",
        "dense/bias:0",
    ]


# ------------------------------------------------------------------------------ what is computed


def plain_projection(
    images: npt.NDArray[np.float32], kernel: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """A 1x1 convolution, batch norm by initial moving statistics, and ReLU."""
    projected: npt.NDArray[np.float32] = np.maximum(images @ kernel, 0)
    projected /= np.sqrt(1 + np.float32(1e-5))
    return projected


def test_outputs_of_a_cell_agree_with_numpy(rng: np.random.Generator) -> None:
    """A cell of projections, identities and channels that differ, against NumPy.

    Vertices 2 and 3 share 9 channels, 5 and 4; vertex 1 feeds both: 5, cut to 4 for vertex 3.
    """
    matrix = np.zeros((5, 5), int)
    matrix[[0, 0, 0, 1, 1, 2, 3], [1, 3, 4, 2, 3, 4, 4]] = 1
    ops = ["input", "identity", "identity", "identity", "output"]
    config = replace(TINY, stem_filters=9, num_stacks=1)
    network = Network(matrix, ops, config)
    for variable, value in zip(network.trainable, network.initial_values(1)[0], strict=True):
        variable.assign(value)
    for variable, value in zip(network.moving, network.initial_values(1)[1], strict=True):
        variable.assign(value)
    images = rng.normal(size=(2, 8, 8, 3)).astype(np.float32)

    kernels = [v.numpy() for v in network.trainable if v.name.endswith("conv2d/kernel:0")]
    assert [kernel.shape[2:] for kernel in kernels] == [(3, 9), (9, 5), (9, 4), (9, 9)]
    stem_input = tf.nn.conv2d(images, kernels[0], 1, "SAME").numpy()
    stem = np.maximum(stem_input / np.sqrt(1 + np.float32(1e-5)), 0)
    first = plain_projection(stem, kernels[1][0, 0])
    third = first[..., :4] + plain_projection(stem, kernels[2][0, 0])
    output = np.concatenate([first, third], -1) + plain_projection(stem, kernels[3][0, 0])
    dense, bias = (v.numpy() for v in network.trainable[-2:])
    expected = output.mean((1, 2)) @ dense + bias
    logits = network(tf.constant(images), Mode(training=False)).numpy()
    assert logits == pytest.approx(expected, abs=1e-5)


# ------------------------------------------------------------------------------- initial values


@pytest.fixture(scope="module")
def wide() -> Network:
    config = replace(TINY, stem_filters=64)
    return Network(
        [[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"], config
    )


def test_kernels_are_normal_and_cut(wide: Network) -> None:
    """The deviation is sqrt(1 / fan-in) after the normal values are cut at two deviations."""
    values, _ = wide.initial_values(3)
    sizes = []
    for variable, value in zip(wide.trainable, values, strict=True):
        if "conv2d/kernel" in variable.name:
            deviation = np.sqrt(1 / np.prod(value.shape[:3]))
            uncut = deviation / 0.87962566103423978
            error = 5 / np.sqrt(2 * value.size)
            assert value.std() == pytest.approx(deviation, rel=error)
            assert abs(value.mean()) < 5 * deviation / np.sqrt(value.size)
            assert np.abs(value).max() <= 2 * uncut * (1 + 1e-6)
            assert np.abs(value).max() > 1.8 * uncut
            # the probability is 0.6827 within one deviation, and 0.9545 within two
            share = (np.abs(value) < uncut).mean()
            assert share == pytest.approx(0.6827 / 0.9545, abs=2.5 / np.sqrt(value.size))
            sizes.append(value.size)
    assert max(sizes) > 100_000


def test_dense_kernel_is_glorot_uniform(wide: Network) -> None:
    values, _ = wide.initial_values(3)
    kernel, bias = values[-2:]
    limit = np.sqrt(6 / (128 + 10))
    assert np.abs(kernel).max() <= limit
    assert np.abs(kernel).max() > 0.98 * limit
    assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)
    assert not bias.any()


def test_batch_norm_begins_at_the_identity(wide: Network) -> None:
    values, moving = wide.initial_values(3)
    for variable, value in zip(wide.trainable, values, strict=True):
        if "batch_normalization" in variable.name:
            assert (value == ("gamma" in variable.name)).all()
    for variable, value in zip(wide.moving, moving, strict=True):
        assert (value == ("moving_variance" in variable.name)).all()


def test_initial_values_follow_from_the_seed(wide: Network) -> None:
    one, again, other = (wide.initial_values(seed)[0] for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert all(value.dtype == np.float32 for value in one)
    for variable, a, b in zip(wide.trainable, one, other, strict=True):
        assert np.array_equal(a, b) != ("kernel" in variable.name)


# ------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("matrix", "ops", "message"),
    [
        ([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv7x7", "output"], "operation 'conv7x7'"),
        ([[0, 1], [0, 0]], ["output", "input"], "begin with 'input' and end with 'output'"),
        ([[0, 1], [0, 0]], ["input"], "begin with 'input' and end with 'output'"),
        ([[0, 2], [0, 0]], ["input", "output"], "2"),
        ([[0, 1], [1, 0]], ["input", "output"], "1 only above the diagonal"),
        ([[0, 1, 0]], ["input", "output"], "shape|square"),
    ],
)
def test_cells_that_are_refused(matrix: list[list[int]], ops: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Network(matrix, ops, TINY)


def test_a_cell_without_a_path_is_refused() -> None:
    with pytest.raises(OutOfDomainError):
        Network([[0, 1, 0], [0, 0, 0], [0, 0, 0]], ["input", "maxpool3x3", "output"], TINY)


def test_too_few_channels_are_refused() -> None:
    matrix = np.zeros((6, 6), int)
    matrix[0, 1:5] = matrix[1:5, 5] = 1
    ops = ["input", *["identity"] * 4, "output"]
    with pytest.raises(
        ValueError, match=r"3 channels are too few for the 4 vertices .* raise stem_filters"
    ):
        Network(matrix, ops, replace(TINY, stem_filters=3))
    matrix = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
    with pytest.raises(
        ValueError, match="bottleneck3x3 needs 4 channels or more, and has 3; raise"
    ):
        Network(matrix, ["input", "bottleneck3x3", "output"], replace(TINY, stem_filters=3))
