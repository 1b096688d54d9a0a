"""The network in PyTorch: its variables, what it computes, and where it can be taken.

`tests/training/test_torch_network.py` compares it with the network of the harness.
"""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import Cell, FormatError, OutOfDomainError, inception
from nb101fast.skeleton import NetworkConfig
from reference.libraries import import_or_skip

torch = import_or_skip("torch")
torch_network = import_or_skip("nb101fast.adapters.torch_network")
Network = torch_network.Network

Array = npt.NDArray[np.float32]

GOLDEN = Path(__file__).parents[1] / "data" / "golden_step.npz"
SMALL_CELLS = 91  # cells of at most 4 vertices, which have the first ids
# Vertices 1 and 2 feed several others, which have fewer channels; an edge joins input and output.
MATRIX = [[0, 1, 1, 0, 1], [0, 0, 1, 1, 1], [0, 0, 0, 1, 1], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]]
OPS = ["input", "conv3x3-bn-relu", "maxpool3x3", "bottleneck3x3", "output"]
TINY = NetworkConfig(stem_filters=13, num_stacks=2, cells_per_stack=1, image_size=9)


@pytest.fixture(autouse=True)
def repeatable_torch() -> None:
    """The same random numbers for every test, and no threads that wait for each other."""
    torch.manual_seed(101)
    torch.set_num_threads(1)


@pytest.fixture
def images() -> Any:
    return torch.randn(4, 3, 9, 9)


@pytest.fixture
def network(images: Any) -> Any:
    """A network in inference mode, whose moving statistics are not the initial ones."""
    made = Network(MATRIX, OPS, TINY)
    made(images)
    return made.eval()


def nchw(images: Array) -> Any:
    return torch.tensor(images).permute(0, 3, 1, 2)


# ------------------------------------------------------------------------- the official code's step


class RMSProp:
    """The official optimizer: epsilon is inside the root, and the mean squares begin at 1."""

    def __init__(self, weights: list[Any]) -> None:
        self._weights = weights
        self._mean_squares = [torch.ones_like(weight) for weight in weights]
        self._momenta = [torch.zeros_like(weight) for weight in weights]

    def step(self, gradients: tuple[Any, ...], rate: float) -> None:
        every = zip(self._weights, gradients, self._mean_squares, self._momenta, strict=True)
        for weight, gradient, mean_square, momentum in every:
            mean_square.mul_(0.9).add_(0.1 * gradient**2)
            momentum.mul_(0.9).add_(rate * gradient / (mean_square + 1).sqrt())
            weight.data -= momentum


def test_two_steps_agree_with_the_official_code(tmp_path: Path) -> None:
    golden = dict(np.load(GOLDEN))
    trainable, moving = golden["names"].tolist(), golden["mnames"].tolist()
    network = Network(golden["matrix"], golden["ops"].tolist(), NetworkConfig(stem_filters=16))
    network.load_official([golden[f"w0_{i}"] for i in range(len(trainable))])
    weights = list(network.parameters())
    optimizer = RMSProp(weights)
    for step, rate in enumerate((0.0, 0.0025 * (1 + math.cos(math.pi / 625)))):
        logits = network(nchw(golden[f"x{step}"]))
        labels = torch.tensor(golden[f"y{step}"]).long()
        decay = 1e-4 * sum((weight**2).sum() / 2 for weight in weights)
        loss = torch.nn.functional.cross_entropy(logits, labels) + decay
        assert loss.item() == pytest.approx(golden["losses"][step], abs=1e-5)
        optimizer.step(torch.autograd.grad(loss, weights), rate)
    logits = network.eval()(nchw(golden["x0"])).detach().numpy()
    assert logits == pytest.approx(golden["eval_logits"], abs=2e-3)

    network.save_weights(tmp_path / "weights.npz")
    written = np.load(tmp_path / "weights.npz")
    assert [f"{name}:0" for name in written.files] == trainable + moving
    for place, name in enumerate(moving):
        if name.endswith("moving_variance:0"):
            official = golden[f"m5_{place}"]
            difference = np.linalg.norm(written[name.removesuffix(":0")] - official)
            assert difference / np.linalg.norm(official - 1) < 3e-4


# ------------------------------------------------------------------------ sizes of all the layers


def num_parameters(cell: Cell, config: NetworkConfig | None = None) -> int:
    with torch.device("meta"):  # where weights take no memory
        return sum(weight.numel() for weight in Network(cell, config=config).parameters())


def random_cells(count: int) -> list[Cell]:
    ids = np.random.default_rng(count).integers(SMALL_CELLS, nb101fast.NUM_CELLS, count)
    return [Cell.from_id(cell_id) for cell_id in ids.tolist()]


@pytest.mark.parametrize(
    "count", [20, pytest.param(500, marks=[pytest.mark.release, pytest.mark.slow])]
)
def test_parameters_are_the_official_ones(count: int) -> None:
    for cell in [*map(Cell.from_id, range(SMALL_CELLS)), *random_cells(count)]:
        assert num_parameters(cell) == cell.trainable_parameters, cell


def test_macs_that_hooks_count_are_those_of_the_core() -> None:
    macs: list[int] = []

    def count(layer: Any, _: Any, output: Any) -> None:
        places = math.prod(output.shape[2:])
        macs.append(places * layer.weight.numel())

    for cell in (Cell.from_id(0), *random_cells(3)):
        macs.clear()
        network = Network(cell).eval()
        for layer in network.modules():
            if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear)):
                layer.register_forward_hook(count)
        network(torch.zeros(1, 3, 32, 32))
        assert sum(macs) == cell.macs, cell


def test_a_cell_is_pruned_first() -> None:
    """No path leads from vertex 2 to the output, or from the input to vertex 3."""
    matrix = np.zeros((5, 5), int)
    matrix[[0, 0, 1, 3], [1, 2, 4, 4]] = 1
    ops = ["input", "conv1x1-bn-relu", "maxpool3x3", "maxpool3x3", "output"]
    network = Network(matrix, ops, TINY)
    assert network.ops == ("input", "conv1x1-bn-relu", "output")
    assert network.matrix.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_names_of_parameters_are_the_official_ones_with_dots() -> None:
    config = dataclasses.replace(TINY, num_stacks=1)
    matrix = [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
    network = Network(matrix, ["input", "bottleneck3x3", "output"], config)
    names = [name for name, _ in network.named_parameters() if "batch" not in name]
    assert names == [
        "stem.conv2d.weight",
        "stack0.module0.vertex_1.projection.conv2d.weight",
        "stack0.module0.vertex_1.BottleneckConv3x3.0.conv2d.weight",
        "stack0.module0.vertex_1.BottleneckConv3x3.1.conv2d.weight",
        "stack0.module0.vertex_1.BottleneckConv3x3.2.conv2d.weight",
        "stack0.module0.projection.conv2d.weight",
        "dense.weight",
        "dense.bias",
    ]


# -------------------------------------------------------------------------------- initial values


def test_kernels_are_normal_and_cut() -> None:
    """The moments and the shares of values are those of a normal distribution cut at 2."""
    network = Network(inception.MATRIX, inception.OPS, NetworkConfig(num_stacks=1))
    for name, weight in network.named_parameters():
        if "conv2d" not in name or weight.numel() < 10_000:
            continue
        values, deviation = weight.detach().numpy(), weight[0].numel() ** -0.5
        uncut, error = deviation / 0.87962566103423978, 5 / math.sqrt(weight.numel())
        assert values.std() == pytest.approx(deviation, rel=error)
        assert abs(values.mean()) < error * deviation
        assert 1.8 * uncut < np.abs(values).max() <= 2 * uncut * (1 + 1e-6)
        assert (np.abs(values) < uncut).mean() == pytest.approx(0.6827 / 0.9545, abs=error)


def test_everything_else_begins_as_in_the_official_code() -> None:
    network = Network(MATRIX, OPS, NetworkConfig())
    limit = math.sqrt(6 / (512 + 10))
    dense = network.dense.weight.detach().numpy()
    assert 0.98 * limit < np.abs(dense).max() <= limit
    assert dense.std() == pytest.approx(limit / math.sqrt(3), rel=0.05)
    assert not network.dense.bias.any()
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            assert (layer.weight == 1).all()
            assert (layer.running_var == 1).all()
            assert not layer.bias.any()
            assert not layer.running_mean.any()
            assert layer.momentum == pytest.approx(0.003)


# -------------------------------------------------------------------------------- weights travel


def test_weights_come_back_from_a_file(network: Any, images: Any, tmp_path: Path) -> None:
    network.save_weights(tmp_path / "weights.npz")
    other = Network(MATRIX, OPS, TINY).eval()
    assert not torch.equal(other(images), network(images))
    other.load_weights(tmp_path / "weights.npz")
    assert torch.equal(other(images), network(images))


def test_weights_of_another_network_are_refused(network: Any, tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    network.save_weights(path)
    wider = Network(MATRIX, OPS, dataclasses.replace(TINY, stem_filters=14))
    with pytest.raises(FormatError, match=r"weights.npz: stem/conv2d/kernel has shape .*; use"):
        wider.load_weights(path)
    deeper = Network(MATRIX, OPS, dataclasses.replace(TINY, cells_per_stack=2))
    with pytest.raises(FormatError, match="variables are missing, 'stack0/module1/"):
        deeper.load_weights(path)
    with pytest.raises(FormatError, match="variables are not the network's, 'stack1/module0/"):
        Network(MATRIX, OPS, dataclasses.replace(TINY, num_stacks=1)).load_weights(path)
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(FormatError, match=re.escape(str(path))):
        network.load_weights(path)


def test_arrays_that_do_not_fit_are_refused(network: Any) -> None:
    arrays = [np.zeros(3)] * len(list(network.parameters()))
    with pytest.raises(ValueError, match=r"kernel has shape \(3,\); use \(3, 3, 3, 13\)"):
        network.load_official(arrays)
    with pytest.raises(ValueError, match=rf"^1 arrays are not allowed; use {len(arrays)} for the"):
        network.load_official(arrays[:1])


# ------------------------------------------------------------------------ the tools of PyTorch


def distance(some: Any, others: Any) -> float:
    return float(((some - others).norm() / others.norm()).item())


def test_functional_call_takes_other_weights(network: Any, images: Any) -> None:
    other = Network(MATRIX, OPS, TINY).eval()
    state = {name: value.clone() for name, value in network.state_dict().items()}
    logits = torch.func.functional_call(other, state, (images,))
    assert torch.equal(logits, network(images))


def test_the_layout_of_images_does_not_matter(network: Any, images: Any) -> None:
    expected = network(images)
    network.to(memory_format=torch.channels_last)
    logits = network(images.to(memory_format=torch.channels_last))
    assert distance(logits, expected) < 1e-5


@pytest.mark.slow
def test_the_whole_network_is_one_graph_for_the_compiler(network: Any, images: Any) -> None:
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    assert distance(compiled(images), network(images)) < 1e-5


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
def test_the_exported_network_gives_the_same_logits(
    network: Any, images: Any, tmp_path: Path
) -> None:
    """A batch of another size goes through `torch.export`, ONNX and its runtime."""
    onnxruntime = import_or_skip("onnxruntime")
    import_or_skip("onnxscript")
    batch = torch.export.Dim.DYNAMIC
    exported = torch.export.export(network, (images,), dynamic_shapes=({0: batch},))
    path = tmp_path / "network.onnx"
    torch.onnx.export(exported, (), path, dynamo=True, verbose=False)
    fewer = images[:3]
    expected = network(fewer).detach()
    assert distance(exported.module()(fewer), expected) < 1e-5
    session = onnxruntime.InferenceSession(path)
    (logits,) = session.run(None, {session.get_inputs()[0].name: fewer.numpy()})
    assert distance(torch.tensor(logits), expected) < 1e-5


# -------------------------------------------------------------------------------------- bad input


def test_numbers_are_not_cells() -> None:
    for number in (32, np.uint32(32), np.int32(4)):
        with pytest.raises(TypeError, match="alone is not allowed; give a Cell, or a matrix"):
            Network(number)
    with pytest.raises(ValueError, match="the matrix has shape"):
        Network(32, OPS)


def test_operations_belong_to_a_matrix() -> None:
    with pytest.raises(TypeError, match=r"ops=\[.*\] is not allowed with a Cell"):
        Network(Cell.from_id(4), OPS)
    with pytest.raises(ValueError, match="operation 'conv7x7' is not allowed; use conv3x3-bn-relu"):
        Network(MATRIX, ["input", "conv7x7", "maxpool3x3", "identity", "output"])


def test_a_cell_without_a_path_is_refused() -> None:
    with pytest.raises(OutOfDomainError):
        Network([[0, 1, 0], [0, 0, 0], [0, 0, 0]], ["input", "maxpool3x3", "output"])


def test_too_few_channels_are_refused() -> None:
    config = dataclasses.replace(TINY, stem_filters=2)
    with pytest.raises(ValueError, match="2 channels are too few for the 3 vertices"):
        Network(MATRIX, OPS, config)


def test_sizes_that_are_refused() -> None:
    with pytest.raises(ValueError, match="num_stacks=0 is not allowed; use an integer from 1"):
        NetworkConfig(num_stacks=0)
    with pytest.raises(ValueError, match="bn_momentum=2 is not allowed; use a number from 0 to 1"):
        NetworkConfig(bn_momentum=2)
    with pytest.raises(TypeError, match="use a NetworkConfig or None"):
        Network(MATRIX, OPS, {"num_stacks": 1})
