"""The network in PyTorch: its training step, and the proxies, against plain PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nb101fast import inception
from nb101fast.skeleton import NetworkConfig

from .race import Race
from .report import Target

torch = pytest.importorskip("torch", reason='PyTorch is missing: pip install ".[test-torch]"')

BATCH_SIZE = 32
PROXY_BATCH = 64
RATES = np.full(1, 1e-5, np.float32)  # so low that both sides keep nearly equal weights


@pytest.fixture
def network(network_config: NetworkConfig, num_threads: int) -> Any:
    """The network of the Inception-like cell."""
    from nb101fast.adapters.torch_network import Network

    torch.manual_seed(1)
    torch.set_num_threads(num_threads)
    ops = ["input", *inception.OPS[1:-1], "output"]
    network = Network(inception.MATRIX, ops, network_config)
    return network.to(memory_format=torch.channels_last)


def in_official_layout(weight: Any) -> Any:
    axes = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}[weight.ndim]
    return weight.detach().permute(axes).numpy().copy()  # Each side trains weights of its own.


@pytest.mark.gate
def test_training_step(
    race: Race, rng: np.random.Generator, network_config: NetworkConfig, network: Any
) -> None:
    from .floors.torch_training import TorchTraining

    weights = [in_official_layout(weight) for weight in network.parameters()]
    plain = TorchTraining(weights, network_config.num_stacks, network_config.cells_per_stack)
    optimizer = torch.optim.RMSprop(
        network.parameters(), float(RATES[0]), 0.9, 1.0, weight_decay=1e-4, momentum=0.9
    )
    images = rng.normal(size=(1, BATCH_SIZE, 32, 32, 3)).astype(np.float32)
    labels = rng.integers(10, size=(1, BATCH_SIZE), dtype=np.int32)
    batch, classes = torch.tensor(images[0]).permute(0, 3, 1, 2), torch.tensor(labels[0]).long()

    def step() -> float:
        loss = torch.nn.functional.cross_entropy(network(batch), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    loss, plain_loss = race.against(
        lambda: plain.train(images, labels, RATES),
        step,
        "training in PyTorch, an image, against plain PyTorch",
        items=BATCH_SIZE,
        target=Target(must=1.1, aim=1.0),
        rounds=10,
        by_wall=True,
    )
    assert loss == pytest.approx(plain_loss, rel=1e-4)


@pytest.mark.gate
@pytest.mark.parametrize("name", ["synflow", "grad_norm"])
def test_proxies(race: Race, rng: np.random.Generator, network: Any, name: str) -> None:
    """The floor is one forward and backward pass."""
    from nb101fast import proxies

    images = rng.normal(size=(PROXY_BATCH, 3, 32, 32)).astype(np.float32)
    labels = rng.integers(10, size=PROXY_BATCH)
    batch, classes = torch.tensor(images), torch.tensor(labels)

    def one_pass() -> float:
        network.zero_grad()
        torch.nn.functional.cross_entropy(network(batch), classes).backward()
        layers = (torch.nn.Conv2d, torch.nn.Linear)
        kernels = [layer.weight for layer in network.modules() if isinstance(layer, layers)]
        return float(sum(kernel.grad.norm().item() for kernel in kernels))

    scores, norm = race.against(
        one_pass,
        lambda: proxies.score(network, images, labels, proxies=[name]),
        f"{name}, full size, against one forward and backward pass",
        items=1,
        target=Target(must=2.0, aim=1.2),
        rounds=4,
        by_wall=True,
    )
    assert np.isfinite(scores[name])
    if name == "grad_norm":
        assert scores[name] == pytest.approx(norm, rel=1e-3)
