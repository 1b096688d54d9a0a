"""Trains a cell in PyTorch as the official code trains it, on scikit-learn's digits.

    python examples/train_torch.py [CELL_ID [EPOCHS [SEED]]]

The data set and the settings are those of NB101-digits, so the built-in index holds the accuracies
that the harness reached with the same cell and epochs. They are printed too. This needs
`pip install "nb101fast[torch]" nb101train`; TensorFlow is not needed.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import nb101fast
from nb101fast.adapters.torch_network import Network
from nb101fast.locations import BUILT_IN
from nb101train import DIGITS, Dataset, TrainConfig, load_dataset

DECAY, EPSILON = 0.9, 1.0  # of RMSProp

Batch = tuple[Tensor, Tensor]


class RMSProp:
    """RMSProp with momentum as TensorFlow has it.

    `torch.optim.RMSprop` is another one: its mean squares begin at 0, and it adds epsilon to the
    root and not under it.
    """

    def __init__(self, weights: Iterable[Tensor], momentum: float) -> None:
        self._weights, self._momentum = list(weights), momentum
        self._mean_squares = [torch.ones_like(weight) for weight in self._weights]
        self._moments = [torch.zeros_like(weight) for weight in self._weights]

    def step(self, loss: Tensor, rate: float) -> None:
        """Compute the gradients of the loss, and change the weights by them."""
        gradients = torch.autograd.grad(loss, self._weights)
        slots = zip(self._weights, gradients, self._mean_squares, self._moments, strict=True)
        with torch.no_grad():
            for weight, gradient, mean_square, moment in slots:
                mean_square.mul_(DECAY).addcmul_(gradient, gradient, value=1 - DECAY)
                change = gradient / (mean_square + EPSILON).sqrt()
                weight.sub_(moment.mul_(self._momentum).add_(change, alpha=rate))


def learning_rate(config: TrainConfig, step: int) -> float:
    """Half a cosine from the peak to 0. The official rate of step 0 is 0."""
    fraction = step / config.total_steps
    return config.learning_rate / 2 * (1 + math.cos(math.pi * fraction)) if step else 0.0


def loss_of(network: Network, images: Tensor, labels: Tensor, weight_decay: float) -> Tensor:
    """The cross-entropy and the decay of all variables, those of batch norm and biases too."""
    squares = sum(weight.square().sum() for weight in network.parameters())
    return nn.functional.cross_entropy(network(images), labels) + weight_decay * squares / 2


def as_tensors(dataset: Dataset, images: np.ndarray[Any, Any]) -> Tensor:
    """Normalised images (N, 3, S, S) of (N, S, S, 3)."""
    return torch.tensor(dataset.normalised(images).transpose(0, 3, 1, 2))


def batches(dataset: Dataset, config: TrainConfig, seed: int) -> Iterator[Batch]:
    """Random crops of the training images, which are padded before they are normalised.

    Each epoch shuffles all images, and a batch may lie in two epochs.
    """
    rng = np.random.default_rng(seed)
    size, padding, count = dataset.image_size, dataset.padding, len(dataset.train.labels)
    padded = np.pad(dataset.train.images, ((0, 0), *[(padding, padding)] * 2, (0, 0)))
    order = np.concatenate([rng.permutation(count) for _ in range(config.epochs + 1)])
    for step in range(config.total_steps):
        chosen = order[step * config.batch_size : (step + 1) * config.batch_size]
        corners = rng.integers(2 * padding + 1, size=(config.batch_size, 2))
        crops = np.stack(
            [
                padded[image, top : top + size, left : left + size]
                for image, (top, left) in zip(chosen, corners, strict=True)
            ]
        )
        yield as_tensors(dataset, crops), torch.tensor(dataset.train.labels[chosen]).long()


def test_accuracy(network: Network, dataset: Dataset) -> float:
    with torch.no_grad():
        predicted = network.eval()(as_tensors(dataset, dataset.test.images)).argmax(1)
    return float((predicted.numpy() == dataset.test.labels).mean())


def train(cell: nb101fast.Cell, config: TrainConfig, dataset: Dataset, seed: int) -> Network:
    torch.manual_seed(seed)
    network = Network(cell, config=config)
    optimizer = RMSProp(network.parameters(), config.momentum)
    for step, (images, labels) in enumerate(batches(dataset, config, seed)):
        loss = loss_of(network, images, labels, config.weight_decay)
        optimizer.step(loss, learning_rate(config, step))
    return network


def main() -> None:
    cell_id, epochs, seed = (*map(int, sys.argv[1:]), *(50, 12, 0)[len(sys.argv) - 1 :])
    cell, dataset = nb101fast.Cell.from_id(cell_id), load_dataset("digits")
    index = nb101fast.open(BUILT_IN)
    print(index)
    network = train(cell, replace(DIGITS, epochs=epochs), dataset, seed)
    print(f"PyTorch: test accuracy {test_accuracy(network, dataset):.4f}")
    if epochs in index.epochs:
        runs = index.query(cell, epochs=epochs, repeat="all")["test_accuracy"]
        print("harness: test accuracy", *(f"{accuracy:.4f}" for accuracy in runs))


if __name__ == "__main__":
    main()
