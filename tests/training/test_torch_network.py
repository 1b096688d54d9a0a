"""The network in PyTorch against the network of the harness: logits, gradients, statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

import nb101fast
from nb101fast import Cell
from nb101fast.op_map import OP_MAP
from nb101train import DIGITS, TrainConfig, Trainer
from nb101train.model_folder import WEIGHTS, save_model
from nb101train.network import Mode, Network
from reference.libraries import import_or_skip

torch = import_or_skip("torch")
torch_network = import_or_skip("nb101fast.adapters.torch_network")

# TensorFlow has been loaded before, so PyTorch with CUDA does not find the driver's library.
pytestmark = pytest.mark.filterwarnings("ignore:CUDA initialization")

torch.set_num_threads(1)
Array = npt.NDArray[np.float32]

NARROW = replace(DIGITS, stem_filters=12)
FIRST_IDS = (0, 1, 7, 91, 2532, 64542, nb101fast.NUM_CELLS)  # of the cells of 2 to 7 vertices
CELLS_PER_SIZE = (1, 4, 5, 6, 7, 7)


def random_graphs() -> list[tuple[npt.NDArray[np.uint8], tuple[str, ...]]]:
    """30 cells of every size, some of them with operations outside the official data set."""
    rng = np.random.default_rng(101)
    graphs: list[tuple[npt.NDArray[np.uint8], tuple[str, ...]]] = []
    for size, count in enumerate(CELLS_PER_SIZE):
        first, end = FIRST_IDS[size : size + 2]
        for cell_id in rng.integers(first, end, count).tolist():
            cell = Cell.from_id(cell_id)
            ops = rng.choice(OP_MAP if len(graphs) % 3 == 0 else OP_MAP[:3], size).tolist()
            graphs.append((cell.matrix, ("input", *ops, "output")))
    return graphs


def randomize(network: Network, rng: np.random.Generator) -> None:
    """Give every variable another value than the initial one, so that each has an effect."""
    values, moving = network.initial_values(seed=1)
    for variable, value in zip(network.trainable, values, strict=True):
        is_kernel = "kernel" in variable.name
        variable.assign(value + (0 if is_kernel else rng.uniform(-0.3, 0.3, value.shape)))
    for variable, value in zip(network.moving, moving, strict=True):
        variable.assign(value + rng.uniform(0, 0.5, value.shape))


def tensorflow_pass(
    network: Network, images: Array, labels: npt.NDArray[np.int64]
) -> tuple[Array, list[Array], list[Array]]:
    """Logits in inference mode; in training mode, gradients and the moving statistics."""
    logits = network(tf.constant(images), Mode(training=False)).numpy()
    mode = Mode(training=True)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=labels, logits=network(tf.constant(images), mode)
            )
        )
    gradients = [each.numpy() for each in tape.gradient(loss, network.trainable)]
    kept = network.config.bn_momentum
    moved = zip(network.moving, mode.statistics, strict=True)
    return logits, gradients, [(kept * old + (1 - kept) * new).numpy() for old, new in moved]


def norm(*arrays: Array) -> float:
    return float(np.sqrt(sum(np.square(array, dtype=np.float64).sum() for array in arrays)))


def assert_close(some: Any, others: Array, name: str, rounding: float = 0.0) -> None:
    """The distance is at most 1e-4 of the norm, beside what float32 rounds."""
    difference = norm(some.detach().numpy() - others)
    assert difference <= 1e-4 * norm(others) + rounding, name


def in_torch_layout(name: str, array: Array) -> Array:
    if name.endswith("conv2d/kernel:0"):
        return array.transpose(3, 2, 0, 1)
    return array.T if name.endswith("kernel:0") else array


def check_agreement(matrix: npt.NDArray[np.uint8], ops: Sequence[str], config: TrainConfig) -> None:
    rng = np.random.default_rng(5)
    size = config.image_size
    images = rng.normal(size=(8, size, size, 3)).astype(np.float32)
    labels = rng.integers(config.num_classes, size=8)
    network = Network(matrix, ops, config)
    randomize(network, rng)
    ported = torch_network.Network(matrix, ops, config)
    ported.load_official([each.numpy() for each in [*network.trainable, *network.moving]])
    logits, gradients, moving = tensorflow_pass(network, images, labels)

    batch = torch.tensor(images.transpose(0, 3, 1, 2))
    assert_close(ported.eval()(batch), logits, "logits")
    loss = torch.nn.functional.cross_entropy(ported.train()(batch), torch.tensor(labels))
    loss.backward()
    rounding = 1e-6 * norm(*gradients)  # The largest terms of a small gradient may cancel out.
    for variable, parameter, gradient in zip(
        network.trainable, ported.parameters(), gradients, strict=True
    ):
        expected = in_torch_layout(variable.name, gradient)
        assert_close(parameter.grad, expected, variable.name, rounding)
    statistics = [each for name, each in ported.named_buffers() if "running" in name]
    for variable, ported_statistic, statistic in zip(
        network.moving, statistics, moving, strict=True
    ):
        assert_close(ported_statistic, statistic, variable.name)


def test_random_cells_of_every_size_agree() -> None:
    for matrix, ops in random_graphs():
        check_agreement(matrix, ops, NARROW)


@pytest.mark.parametrize("op", OP_MAP)
def test_every_operation_agrees_on_images_of_odd_size(op: str) -> None:
    matrix = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]], np.uint8)
    check_agreement(matrix, ("input", op, "output"), replace(NARROW, image_size=7))


def test_a_large_cell_agrees() -> None:
    """The network is the official one in all but its channels."""
    vertices = 9
    matrix = np.triu(np.ones((vertices, vertices), np.uint8), 1)
    ops = ("input", *np.resize(OP_MAP, vertices - 2).tolist(), "output")
    config = TrainConfig(stem_filters=40, num_stacks=2, cells_per_stack=2, image_size=8)
    check_agreement(matrix, ops, config)


def test_trained_weights_travel_in_both_directions(tmp_path: Path) -> None:
    cell = Cell.from_id(50)
    trainer = Trainer(cell.matrix, cell.ops, NARROW)
    images = np.random.default_rng(1).normal(size=(8, 8, 8, 3)).astype(np.float32)
    save_model(tmp_path, trainer, {})
    network = torch_network.Network(cell, config=NARROW).eval()
    network.load_weights(tmp_path / WEIGHTS)
    logits = trainer.logits(images)
    assert_close(network(torch.tensor(images.transpose(0, 3, 1, 2))), logits, "logits")

    network.save_weights(tmp_path / "again.npz")
    first, again = np.load(tmp_path / WEIGHTS), np.load(tmp_path / "again.npz")
    assert first.files == again.files
    assert all(np.array_equal(first[name], again[name]) for name in first.files)
