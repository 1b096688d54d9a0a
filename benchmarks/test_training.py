"""The training harness: its steps, its input, and the host's work between calls."""

from __future__ import annotations

import dataclasses
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

from nb101fast import inception
from nb101fast.skeleton import NetworkConfig

from .light_tensorflow import tensorflow_or_skip
from .race import Race
from .report import Target

if TYPE_CHECKING:
    from nb101train.datasets import Dataset
    from nb101train.datasets.sampler import Draws
    from nb101train.resident import ResidentImages
    from nb101train.trainer import Trainer

BATCH_SIZE = 32  # the floors use the same
STEPS = 2  # in one call
NUM_IMAGES = 40_000  # as CIFAR-10's training set has
RATES = np.full(STEPS, 1e-5, np.float32)  # so low that both sides keep nearly equal weights
NS_PER_IMAGE = 1e9 / 80_000  # the time that the input may take


@pytest.fixture(scope="module", autouse=True)
def tensorflow() -> Any:
    """TensorFlow is imported when a benchmark of this file runs, because that takes seconds."""
    return tensorflow_or_skip()


@pytest.fixture(scope="module")
def dataset(request: pytest.FixtureRequest) -> Dataset:
    """A data set of noise. It has a tenth of the images if only the answers are checked."""
    from nb101train.datasets import Dataset, Split

    rng = np.random.default_rng(3)
    count = NUM_IMAGES // (10 if request.config.getoption("benchmark_disable") else 1)
    images = rng.integers(0, 256, (count, 32, 32, 3), np.uint8)
    split = Split(images, rng.integers(0, 10, count, np.int32))
    few = Split(images[:512], split.labels[:512])
    return Dataset(
        name="npz",
        train=split,
        validation=few,
        test=few,
        num_classes=10,
        mean=(125.31, 122.95, 113.87),
        deviation=(62.99, 62.09, 66.70),
        padding=4,
        flip=True,
        train_sample=512,
        evaluation_batch=256,
    )


@pytest.fixture(scope="module")
def images(dataset: Dataset) -> ResidentImages:
    from nb101train.resident import ResidentImages

    return ResidentImages(dataset.train, dataset, dataset.padding)


@pytest.fixture(scope="module")
def draws(dataset: Dataset) -> Draws:
    from nb101train.datasets.sampler import Sampler

    return Sampler(dataset, BATCH_SIZE, seed=1).draws(0, STEPS)


@pytest.fixture(scope="module")
def batches(images: ResidentImages, draws: Draws) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The same images as batches that are ready for use, because the floors prepare no input."""
    prepared = [images.batch(step) for step in draws]
    return np.stack([batch for batch, _ in prepared]), np.stack([labels for _, labels in prepared])


def inception_trainer(network_config: NetworkConfig, groups: int) -> Trainer:
    from nb101train.config import TrainConfig
    from nb101train.trainer import Trainer

    config = TrainConfig(
        **dataclasses.asdict(network_config), batch_size=BATCH_SIZE, bn_groups=groups
    )
    return Trainer(inception.MATRIX, ["input", *inception.OPS[1:-1], "output"], config)


@pytest.fixture(scope="module")
def trainer(network_config: NetworkConfig) -> Trainer:
    return inception_trainer(network_config, groups=2)


def weights_of(trainer: Trainer) -> list[npt.NDArray[Any]]:
    return [np.asarray(variable).copy() for variable in trainer.variables()]


def of_one_step(*arrays: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
    return tuple(array[:1] for array in arrays)


# ------------------------------------------------------------------------------------------- steps


@pytest.mark.gate
def test_training_step(
    race: Race,
    network_config: NetworkConfig,
    trainer: Trainer,
    images: ResidentImages,
    draws: Draws,
    batches: tuple[npt.NDArray[Any], npt.NDArray[Any]],
) -> None:
    """The package's time includes its input; the floor's input is ready."""
    from .floors.bare_training import BareTraining

    trainer.reset(seed=1)
    bare = BareTraining(
        weights_of(trainer), network_config.num_stacks, network_config.cells_per_stack
    )
    first, _ = trainer.train(images, *of_one_step(draws, RATES))  # this call traces both programs
    bare_first = float(bare.train(*of_one_step(*batches, RATES)))
    assert bare_first == pytest.approx(first, rel=1e-5)
    (loss, finite), bare_loss = race.against(
        lambda: float(bare.train(*batches, RATES)),
        lambda: trainer.train(images, draws, RATES),
        "training, an image, against a bare TensorFlow loop",
        items=STEPS * BATCH_SIZE,
        target=Target(must=1.0, aim=0.95),
        rounds=20,
        by_wall=True,
    )
    assert finite
    assert loss == pytest.approx(bare_loss, rel=1e-3)
    assert trainer.traces == 1


@pytest.mark.informational
def test_training_step_against_pytorch(
    race: Race,
    network_config: NetworkConfig,
    num_threads: int,
    images: ResidentImages,
    draws: Draws,
    batches: tuple[npt.NDArray[Any], npt.NDArray[Any]],
) -> None:
    """Both sides use batch norm over the whole batch, because PyTorch has no groups."""
    torch = pytest.importorskip("torch", reason="the peer needs PyTorch: pip install torch")
    from .floors.torch_training import TorchTraining

    torch.set_num_threads(num_threads)
    trainer = inception_trainer(network_config, groups=1)
    trainer.reset(seed=1)
    peer = TorchTraining(
        weights_of(trainer), network_config.num_stacks, network_config.cells_per_stack
    )
    first, _ = trainer.train(images, *of_one_step(draws, RATES))
    peer_first = peer.train(*of_one_step(*batches, RATES))
    assert peer_first == pytest.approx(first, rel=1e-5)
    (loss, finite), peer_loss = race.against(
        lambda: peer.train(*batches, RATES),
        lambda: trainer.train(images, draws, RATES),
        "training, an image, against PyTorch, channels last",
        items=STEPS * BATCH_SIZE,
        target=Target(must=1.0, aim=1 / 1.2),
        rounds=20,
        by_wall=True,
    )
    assert finite
    assert np.isfinite([loss, peer_loss]).all()


# -------------------------------------------------------------------------------------------- host


@pytest.mark.gate
def test_host_overhead(
    race: Race,
    monkeypatch: pytest.MonkeyPatch,
    tensorflow: Any,
    dataset: Dataset,
    trainer: Trainer,
    images: ResidentImages,
    draws: Draws,
) -> None:
    """Compare the time that a call spends outside its program with the whole call.

    It is worse than in a real run: a call has two steps instead of 100, and begins a new epoch.
    """
    from nb101train.datasets.sampler import Sampler
    from nb101train.schedule import cosine

    sampler = Sampler(dataset, BATCH_SIZE, seed=1)
    steps_of_epoch = len(dataset.train.labels) // BATCH_SIZE
    trainer.train(images, *of_one_step(draws, RATES))
    programs = dict(trainer._training)
    signature = programs[images].input_signature
    nothing = tensorflow.function(
        lambda draws, rates: (tensorflow.reduce_sum(rates), tensorflow.constant(True)),
        input_signature=signature,
    )
    monkeypatch.setattr(trainer, "_training", {images: nothing})
    epochs = iter(range(1, 1000))

    def host() -> tuple[float, bool]:
        drawn = sampler.draws(next(epochs) * steps_of_epoch, STEPS)
        rates = cosine(0.2, 16875, 1, STEPS)
        trainer._training = {images: nothing}
        return trainer.train(images, drawn, rates)

    def whole() -> tuple[float, bool]:
        trainer._training = programs
        return trainer.train(images, draws, RATES)

    (_, finite), (loss, _) = race.against(
        whole,
        host,
        "what the host does for a call of two steps, against the call",
        items=1,
        target=Target(must=0.02, aim=0.005),
        rounds=5,
        by_wall=True,
    )
    assert finite
    assert np.isfinite(loss)


@pytest.mark.informational
def test_twelve_runs_of_a_cell(race: Race) -> None:
    """Train on the digits at all budgets. One trace and one compilation serve all runs."""
    pytest.importorskip("sklearn")
    from nb101train.config import DIGITS
    from nb101train.datasets import load_dataset
    from nb101train.resident import ResidentDataset
    from nb101train.run import CellTrainer

    data = ResidentDataset(load_dataset("digits"))
    config = dataclasses.replace(DIGITS, num_stacks=1)

    def runs() -> tuple[float, int]:
        began = perf_counter_ns()
        cell = CellTrainer([[0, 1], [0, 0]], ("input", "output"), config, data)
        for epochs in (1, 2, 3, 4):
            for repeat in range(3):
                cell.run(epochs, repeat)
        return perf_counter_ns() - began, cell.trainer.traces

    traces = race.reported(runs, "12 runs of a small cell, its compilation included")
    assert traces == 1


# ------------------------------------------------------------------------------------------- input


class PlainInput:
    """The same images made by NumPy, which gathers, crops, flips and normalises them at once."""

    def __init__(self, dataset: Dataset) -> None:
        edge = ((0, 0), (dataset.padding,) * 2, (dataset.padding,) * 2, (0, 0))
        self._padded = np.pad(dataset.train.images, edge)
        self._labels = dataset.train.labels
        self._mean = np.array(dataset.mean, np.float32)
        self._deviation = np.array(dataset.deviation, np.float32)

    def batch(self, draws: Draws) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
        number, top, left, flip = draws.T
        span = np.arange(32)
        rows = top[:, None] + span
        columns = left[:, None] + np.where(flip[:, None], 31 - span, span)
        cropped = self._padded[number[:, None, None], rows[:, :, None], columns[:, None, :]]
        return (cropped - self._mean) / self._deviation, self._labels[number]


@pytest.fixture(scope="module")
def many_draws(dataset: Dataset) -> Draws:
    """Draw sixteen batches of 256 images."""
    from nb101train.datasets.sampler import Sampler

    return Sampler(dataset, 256, seed=2).draws(0, 16)


@pytest.mark.gate
def test_input_against_numpy(
    race: Race, tensorflow: Any, dataset: Dataset, images: ResidentImages, many_draws: Draws
) -> None:
    plain = PlainInput(dataset)
    program = tensorflow.function(images.batch)
    (batch, labels), (plain_batch, plain_labels) = race.against(
        lambda: [plain.batch(draws) for draws in many_draws][-1],
        lambda: [program(draws) for draws in many_draws][-1],
        "input of training, an image, against NumPy",
        items=many_draws.shape[0] * many_draws.shape[1],
        target=Target(must=1.0, aim=0.5),
        rounds=20,
        by_wall=True,
    )
    assert np.abs(batch - plain_batch).max() < 1e-5
    assert np.array_equal(labels, plain_labels)


@pytest.mark.informational
def test_input_of_many_steps(
    race: Race, tensorflow: Any, images: ResidentImages, many_draws: Draws
) -> None:
    """Prepare the input in one program, as training does, at 80,000 images a second or more."""

    def input_of(draws: Any) -> Any:
        sums = tensorflow.map_fn(
            lambda step: tensorflow.reduce_sum(images.batch(step)[0][:, 0, 0, 0]),
            draws,
            fn_output_signature=tensorflow.float32,
            parallel_iterations=1,
        )
        return tensorflow.reduce_sum(sums)

    program, constant = tensorflow.function(input_of), tensorflow.constant(many_draws)

    def timed() -> tuple[float, float]:
        began = perf_counter_ns()
        total = float(program(constant))
        return (perf_counter_ns() - began) / many_draws[..., 0].size, total

    total = race.reported(
        timed,
        "input of training, an image, in one program",
        target=Target(must=NS_PER_IMAGE, aim=NS_PER_IMAGE / 2),
        rounds=20,
    )
    corners = [images.batch(draws)[0][:, 0, 0, 0] for draws in many_draws]
    assert total == pytest.approx(float(np.sum(corners)), rel=1e-3)
