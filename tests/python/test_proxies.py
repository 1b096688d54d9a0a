"""Zero-cost proxies: each against a plain form of its definition, and the scores of many cells."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import Cell, FormatError, OutOfDomainError, search_space
from nb101fast.skeleton import NetworkConfig
from reference.libraries import import_or_skip

torch = import_or_skip("torch")
Network = import_or_skip("nb101fast.adapters.torch_network").Network
proxies = import_or_skip("nb101fast.proxies")

TINY = NetworkConfig(stem_filters=8, num_stacks=2, cells_per_stack=1, image_size=8, num_classes=5)
# Every operation of the data set, truncated channels, and an edge that joins input and output.
CELL = Cell(
    [[0, 1, 1, 0, 1], [0, 0, 1, 1, 1], [0, 0, 0, 1, 1], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]],
    ["input", "conv3x3-bn-relu", "maxpool3x3", "conv1x1-bn-relu", "output"],
)
CODES = nb101fast.cell_codes()[[3, 20, 50]]
RNG = np.random.default_rng(101)
IMAGES = RNG.normal(size=(6, 3, 8, 8)).astype(np.float32)
LABELS = RNG.integers(5, size=6)
SEED = 7


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """No threads that wait for each other."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def network() -> Any:
    torch.manual_seed(101)
    return Network(CELL, config=TINY)


def layers(network: Any) -> list[Any]:
    kinds = (torch.nn.Conv2d, torch.nn.Linear)
    return [layer for layer in network.modules() if isinstance(layer, kinds)]


def kernel_names(network: Any) -> list[str]:
    return [
        name
        for name, _ in network.named_parameters()
        if name.endswith(("conv2d.weight", "dense.weight"))
    ]


def exact(network: Any) -> Any:
    return copy.deepcopy(network).double()


def loss_of(network: Any) -> Any:
    logits = network(torch.tensor(IMAGES, dtype=next(network.parameters()).dtype))
    chosen = torch.log_softmax(logits, 1)[range(len(LABELS)), LABELS]
    return -chosen.mean()


def kernel_gradients(network: Any) -> list[Any]:
    network.zero_grad()
    loss_of(network).backward()
    return [layer.weight.grad.clone() for layer in layers(network)]


def scaled(network: Any, factors: dict[str, Any]) -> dict[str, Any]:
    weights = dict(network.named_parameters())
    return {name: weight * factors.get(name, 1) for name, weight in weights.items()}


# ------------------------------------------------------------------- plain forms of the proxies


def plain_params(network: Any) -> float:
    return float(
        nb101fast.count_parameters(
            CELL.matrix, CELL.ops, stem_filters=8, num_stacks=2, cells_per_stack=1, num_classes=5
        )
    )


def plain_l2_norm(network: Any) -> float:
    return float(sum(np.linalg.norm(layer.weight.detach()) for layer in layers(network)))


def plain_grad_norm(network: Any) -> float:
    gradients = kernel_gradients(exact(network))
    return float(sum(map(np.linalg.norm, gradients)))


def plain_plain(network: Any) -> float:
    """The change of the loss when all kernels grow together."""
    taken, step = exact(network), 1e-5

    def loss_at(factor: float) -> float:
        grown = exact(taken)
        for layer in layers(grown):
            layer.weight.data *= factor
        return float(loss_of(grown).item())

    return (loss_at(1 + step) - loss_at(1 - step)) / (2 * step)


def plain_snip(network: Any) -> float:
    """The sum of |gradient| of the masks by which the kernels are multiplied."""
    taken = exact(network)
    masks = {
        name: torch.ones_like(taken.get_parameter(name), requires_grad=True)
        for name in kernel_names(taken)
    }
    images = torch.tensor(IMAGES).double()
    logits = torch.func.functional_call(taken, scaled(taken, masks), (images,))
    torch.nn.functional.nll_loss(torch.log_softmax(logits, 1), torch.tensor(LABELS)).backward()
    return float(sum(mask.grad.abs().sum().item() for mask in masks.values()))


def plain_grasp(network: Any) -> float:
    """The Hessian times the gradient is how the gradients change along the gradient."""
    step, sides = 1e-5, []
    gradients = kernel_gradients(exact(network))
    for sign in (1, -1):
        moved = exact(network)
        for layer, gradient in zip(layers(moved), gradients, strict=True):
            layer.weight.data += sign * step * gradient
        sides.append(kernel_gradients(moved))
    total = 0.0
    for layer, above, below in zip(layers(exact(network)), *sides, strict=True):
        total -= (layer.weight * (above - below) / (2 * step)).sum().item()
    return total


def plain_fisher(network: Any) -> float:
    """Half of the mean square of the gradient of a mask for each channel of each image."""
    taken, masks = exact(network), []

    def mask_output(layer: Any, inputs: Any, output: Any) -> Any:
        shape = output.shape[:2] + (1,) * (output.ndim - 2)
        masks.append(torch.ones(shape, dtype=torch.float64, requires_grad=True))
        return output * masks[-1]

    for layer in layers(taken):
        layer.register_forward_hook(mask_output)
    loss_of(taken).backward()
    return float(sum((mask.grad**2).mean(0).sum().item() / 2 for mask in masks))


def plain_synflow(network: Any) -> float:
    """How the sum of the outputs, a sum of products of positive weights, grows with the weights."""
    exactly_linear = NetworkConfig(**{**vars(TINY), "bn_epsilon": 0})
    linear = Network(CELL, config=exactly_linear).double().eval()
    linear.load_state_dict(network.state_dict())
    for layer in layers(linear):
        layer.weight.data.abs_()
    ones, step = torch.ones(1, 3, 8, 8, dtype=torch.float64), 1e-5

    def flow(factor: float) -> float:
        factors = dict.fromkeys(kernel_names(linear), factor)
        state = dict(linear.named_buffers()) | scaled(linear, factors)
        logits = torch.func.functional_call(linear, state, (ones,))
        return float(logits.sum().item())

    return (flow(1 + step) - flow(1 - step)) / (2 * step)


def plain_jacob_cov(network: Any) -> float:
    images = torch.tensor(IMAGES).double().requires_grad_()
    outputs = exact(network)(images)
    outputs.backward(torch.ones_like(outputs))
    rows = images.grad.numpy().reshape(len(IMAGES), -1)
    rows = rows - rows.mean(1, keepdims=True)
    rows /= np.sqrt((rows**2).sum(1, keepdims=True))
    values = np.linalg.eig(rows @ rows.T)[0].real
    return float(-np.sum(np.log(values + 1e-5) + 1 / (values + 1e-5)))


def plain_naswot(network: Any) -> float:
    active: list[npt.NDArray[np.bool_]] = []
    taken = copy.deepcopy(network)
    for layer in taken.modules():
        if isinstance(layer, torch.nn.ReLU):
            layer.register_forward_hook(
                lambda _, inputs, output: active.append(
                    (inputs[0] > 0).reshape(len(IMAGES), -1).numpy()
                )
            )
    loss_of(taken)
    codes = np.concatenate(active, axis=1)
    alike = [[np.sum(one == other) for other in codes] for one in codes]
    return float(np.log(abs(np.linalg.det(np.array(alike, float)))))


def plain_zen(network: Any) -> float:
    """The draws are those of the proxy: kernels, images, noise."""
    taken, random = copy.deepcopy(network), torch.Generator().manual_seed(SEED)
    for layer in layers(taken):
        layer.weight.data = torch.randn(layer.weight.shape, generator=random)
    images, noise = (torch.randn(IMAGES.shape, generator=random) for _ in range(2))
    moved = taken.features(images + 0.01 * noise).detach().numpy()
    deviations: list[float] = []
    for layer in taken.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.register_forward_pre_hook(
                lambda _, inputs: deviations.append(
                    np.sqrt(inputs[0].detach().numpy().var((0, 2, 3)).mean())
                )
            )
    change = (taken.features(images).detach().numpy() - moved).reshape(len(images), -1)
    return float(np.log(np.linalg.norm(change, axis=1).mean()) + np.log(deviations).sum())


PLAIN: dict[str, Callable[[Any], float]] = {
    "params": plain_params,
    "l2_norm": plain_l2_norm,
    "plain": plain_plain,
    "grad_norm": plain_grad_norm,
    "snip": plain_snip,
    "grasp": plain_grasp,
    "fisher": plain_fisher,
    "synflow": plain_synflow,
    "jacob_cov": plain_jacob_cov,
    "naswot": plain_naswot,
    "zen": plain_zen,
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_proxy_is_what_its_paper_says(name: str, network: Any) -> None:
    scores = proxies.score(network, IMAGES, LABELS, proxies=[name], seed=SEED)
    assert scores == {name: pytest.approx(PLAIN[name](network), rel=2e-4, abs=1e-6)}


def test_flops_are_those_of_the_search_space() -> None:
    cell = Cell.from_id(4)
    images = np.zeros((2, 3, 32, 32), np.float32)
    scores = proxies.score(Network(cell), images, [0, 1], proxies=["flops"])
    assert scores == {"flops": search_space.flops(cell)}


def test_every_proxy_is_compared_with_something() -> None:
    assert PLAIN.keys() | {"flops"} == proxies.PROXIES.keys()


def test_proxies_leave_the_network_and_each_other_alone(network: Any) -> None:
    before = copy.deepcopy(network.state_dict())
    together = proxies.score(network, IMAGES, LABELS, seed=SEED)
    for name in proxies.PROXIES:
        assert proxies.score(network, IMAGES, LABELS, proxies=[name], seed=SEED) == {
            name: pytest.approx(together[name], rel=1e-5)
        }
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])
    assert all(weight.grad is None for weight in network.parameters())


# ------------------------------------------------------------------------------------- many cells


def score_three(**options: Any) -> dict[str, npt.NDArray[np.float64]]:
    given = {"proxies": ["synflow", "zen"], "config": TINY, "seed": 1} | options
    scored: dict[str, npt.NDArray[np.float64]] = proxies.score_cells(
        given.pop("codes", CODES), IMAGES, LABELS, **given
    )
    return scored


def test_scores_of_a_cell_follow_from_its_code_and_the_seed() -> None:
    some, reverse, others = score_three(), score_three(codes=CODES[::-1]), score_three(seed=2)
    for name in ("synflow", "zen"):
        assert some[name].tolist() == reverse[name][::-1].tolist()
        assert (some[name] != others[name]).all()


def test_scoring_is_resumed_where_it_ended(tmp_path: Path) -> None:
    """The last line is cut off, and the line before it belongs to the second cell."""
    path = tmp_path / "scores.csv"
    whole = score_three(output=path)
    text = path.read_text()
    assert text.splitlines()[0] == "code,synflow,zen"
    assert [int(line.split(",")[0]) for line in text.splitlines()[1:]] == CODES.tolist()
    path.write_text(text[:-5])
    counted: list[tuple[int, int]] = []
    resumed = score_three(output=path, progress=lambda *counts: counted.append(counts))
    assert path.read_text() == text
    assert all(np.array_equal(resumed[name], whole[name]) for name in whole)
    assert counted == [(number, 3) for number in (1, 2, 3)]


def test_a_file_whose_first_line_was_cut_off_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    score_three(output=path)
    whole = path.read_text()
    path.write_text(whole[:8])
    score_three(output=path)
    assert path.read_text() == whole


def test_a_file_of_other_settings_is_refused_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    score_three(output=path)
    text = path.read_text()
    with pytest.raises(FormatError, match=r"scores.csv: synflow of the code \d+ is .*; use those"):
        score_three(output=path, seed=2)
    with pytest.raises(FormatError, match="the first line is not 'code,zen'"):
        score_three(output=path, proxies=["zen"])
    assert path.read_text() == text
    path.write_text(f"{text}7,x,1.0\n")
    with pytest.raises(FormatError, match=r"scores.csv: line 5 is no code with 2 numbers: could"):
        score_three(output=path)


# --------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES.transpose(0, 2, 3, 1), LABELS, r"images have shape \(6, 8, 8, 3\)"),
        (IMAGES[:1], LABELS[:1], r"images have shape \(1, 3, 8, 8\) .* use two or more"),
        (IMAGES.astype(np.uint8), LABELS, r"type torch.uint8; use .* normalised floats"),
        (IMAGES, LABELS[:2], r"labels have shape \(2,\)"),
        (IMAGES, [0, 1, 2, 3, 4, 5], "labels 0 to 5 are not allowed; use 0 to 4"),
    ],
)
def test_batches_that_are_refused(network: Any, images: Any, labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        proxies.score(network, images, labels)


def test_what_else_is_refused(network: Any) -> None:
    with pytest.raises(ValueError, match="proxies='sinflow' is not allowed; use 'params',"):
        proxies.score(network, IMAGES, LABELS, proxies=["sinflow"])
    with pytest.raises(TypeError, match="use a torch_network"):
        proxies.score(torch.nn.Linear(2, 2), IMAGES, LABELS)
    with pytest.raises(OutOfDomainError, match=r"codes\[1\]=0 is outside the search space"):
        score_three(codes=[32, 0])
