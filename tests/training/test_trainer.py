"""Training steps: compared with the official code and NumPy, compiled, and on two replicas."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from nb101fast._core import Simd, best_simd
from nb101fast.ops import INPUT, OUTPUT
from nb101train.config import DIGITS, TrainConfig
from nb101train.datasets import Dataset
from nb101train.datasets.sampler import Sampler
from nb101train.network import Mode, Network
from nb101train.resident import ResidentDataset, ResidentImages
from nb101train.schedule import cosine
from nb101train.trainer import Trainer
from reference.child_processes import environment
from twins.rmsprop import RMSProp

Array = npt.NDArray[Any]
Arrays = dict[str, Array]

# A cell with every kind of layer: vertex 1 feeds a concatenation and a max-pool, and an edge joins
# input and output.
MATRIX = [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
OPS = ("input", "conv3x3-bn-relu", "maxpool3x3", "output")
CONFIG = replace(DIGITS, epochs=4, num_stacks=1, batch_size=16, bn_groups=1)


GOLDEN_PATH = Path(__file__).parents[1] / "data" / "golden_step.npz"
DENSE = -2  # the place of the dense kernel among the variables


@pytest.fixture(scope="module")
def shared_trainer() -> Trainer:
    return Trainer(MATRIX, OPS, CONFIG)


@pytest.fixture
def trainer(shared_trainer: Trainer) -> Trainer:
    """Reset a trainer whose programs are compiled already."""
    shared_trainer.reset(seed=0)
    return shared_trainer


def values(variables: Sequence[tf.Variable]) -> list[Array]:
    return [np.asarray(variable) for variable in variables]


def assign(variables: Sequence[tf.Variable], arrays: Sequence[Array]) -> None:
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def norm(arrays: Sequence[Array]) -> float:
    return float(np.sqrt(sum(np.square(array, dtype=np.float64).sum() for array in arrays)))


def distance(some: Sequence[Array], others: Sequence[Array], scale: Sequence[Array]) -> float:
    """The norm of the difference, divided by the norm of the change."""
    return norm([a - b for a, b in zip(some, others, strict=True)]) / norm(scale)


def worst_distance(some: Sequence[Array], others: Sequence[Array], before: Sequence[Any]) -> float:
    """The largest relative distance of all variables."""
    triples = zip(some, others, before, strict=True)
    return max(distance([a], [b], [b - was]) for a, b, was in triples)


def batch(digits: Dataset, first: int, count: int) -> tuple[Array, Array]:
    part = slice(first, first + count)
    return digits.normalised(digits.train.images[part]), digits.train.labels[part]


# ------------------------------------------------------------------------- the official code's step


class Steps(NamedTuple):
    """The state of a trainer after both steps, their losses, and the logits of the first batch."""

    names: list[str]
    statistics_names: list[str]
    num_parameters: int
    losses: Array
    weights: list[Array]
    slots: list[Array]
    statistics: list[Array]
    logits: Array


class Golden:
    """Two recorded steps of the official code, and the same steps of a trainer."""

    def __init__(self) -> None:
        with np.load(GOLDEN_PATH, allow_pickle=False) as archive:
            arrays = dict(archive)
        self._arrays = arrays
        self.names, self.statistics_names = arrays["names"].tolist(), arrays["mnames"].tolist()
        self.before = self._numbered("w0", len(self.names))
        self.weights = self._numbered("w5", len(self.names))
        self.slots = self._numbered("r5", len(self.names))
        self.statistics = self._numbered("m5", len(self.statistics_names))
        self.losses, self.logits = arrays["losses"], arrays["eval_logits"]

    def _numbered(self, name: str, count: int) -> list[Array]:
        return [self._arrays[f"{name}_{i}"] for i in range(count)]

    def steps(self, **options: Any) -> Steps:
        """Make both steps with a trainer."""
        config = TrainConfig(
            epochs=4,
            batch_size=32,
            learning_rate=0.005,
            bn_groups=1,
            stem_filters=16,
            num_train_images=5000,
        )
        arrays = self._arrays
        trainer = Trainer(arrays["matrix"], arrays["ops"].tolist(), config, **options)
        assign(trainer.variables(), self.before)
        losses = [trainer.step(arrays[f"x{i}"], arrays[f"y{i}"]) for i in range(2)]
        return Steps(
            [variable.name for variable in trainer.variables()],
            [variable.name for variable in trainer.moving_statistics()],
            trainer.trainable_parameters,
            np.array(losses),
            values(trainer.variables()),
            values(trainer.slots()),
            values(trainer.moving_statistics()),
            trainer.logits(arrays["x0"]),
        )

    def check(self, steps: Steps) -> None:
        """Check that the steps agree as closely as float32 allows, closer than all tried errors."""
        assert steps.losses == pytest.approx(self.losses, abs=5e-5)
        assert worst_distance(steps.weights, self.weights, self.before) < 0.15
        changes = [slot - 1 for slot in self.slots]
        assert distance(steps.slots, self.slots, changes) < 1e-2
        variances, official = steps.statistics[1::2], self.statistics[1::2]
        assert worst_distance(variances, official, [1.0] * len(official)) < 3e-4
        means, official = steps.statistics[::2], self.statistics[::2]
        assert worst_distance(means, official, [0.0] * len(official)) < 3e-4
        assert steps.logits == pytest.approx(self.logits, abs=2e-3)


@pytest.fixture(scope="module")
def golden() -> Golden:
    return Golden()


# The official steps were made with two threads, which decide how sums are rounded.
PROGRAM = """
import pickle, sys
from nb101train.tensorflow_start import load_tensorflow
load_tensorflow()
import tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(2)
tf.config.threading.set_inter_op_parallelism_threads(1)
from test_trainer import Golden

sys.stdout.buffer.write(pickle.dumps(Golden().steps(jit_compile=False)))
"""


@pytest.fixture(scope="module")
def golden_steps() -> Steps:
    """The steps of a process of its own, because this one has another number of threads."""
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, check=True)
    steps = pickle.loads(done.stdout)
    assert isinstance(steps, Steps)
    return steps


def test_variables_are_in_the_official_order(golden: Golden, golden_steps: Steps) -> None:
    assert golden_steps.names == golden.names
    assert golden_steps.statistics_names == golden.statistics_names
    assert golden_steps.num_parameters == sum(array.size for array in golden.before)


def test_two_steps_agree_with_the_official_code(golden: Golden, golden_steps: Steps) -> None:
    golden.check(golden_steps)


def is_exact_setting() -> bool:
    """Whether this machine rounds float32 as the machine did on which the file was made."""
    return best_simd() == Simd.avx512 and os.environ.get("TF_ENABLE_ONEDNN_OPTS") != "0"


@pytest.mark.skipif(not is_exact_setting(), reason="another processor rounds in another way")
def test_two_steps_agree_closely_where_rounding_is_the_same(
    golden: Golden, golden_steps: Steps
) -> None:
    assert golden_steps.losses == pytest.approx(golden.losses, abs=1e-6)
    assert worst_distance(golden_steps.weights, golden.weights, golden.before) < 1e-3
    one = [1.0] * len(golden.slots)
    assert worst_distance(golden_steps.slots, golden.slots, one) < 1e-5
    assert golden_steps.logits == pytest.approx(golden.logits, abs=2e-5)


@pytest.mark.slow
@pytest.mark.release
def test_two_compiled_steps_agree_with_the_official_code(golden: Golden) -> None:
    """Smaller tests compare compiled steps with steps that are not compiled, as those above."""
    golden.check(golden.steps(jit_compile=True))


# ------------------------------------------------------------------------------- against NumPy


class Gradients:
    """Loss and gradients of a network with the trainer's weights, without the weight decay."""

    def __init__(self, config: TrainConfig) -> None:
        self._network = Network(MATRIX, OPS, config)

    def __call__(
        self, weights: Sequence[Array], images: Array, labels: Array
    ) -> tuple[float, list[Array]]:
        assign(self._network.trainable, weights)
        with tf.GradientTape() as tape:
            logits = self._network(tf.constant(images), Mode(training=True))
            shifted = logits - tf.reduce_max(logits, axis=1, keepdims=True)
            likelihoods = shifted - tf.math.log(tf.reduce_sum(tf.exp(shifted), 1, keepdims=True))
            chosen = tf.gather(likelihoods, labels, batch_dims=1)
            loss = -tf.reduce_mean(chosen)
        return float(loss), values(tape.gradient(loss, self._network.trainable))


def scattered(trainer: Trainer) -> None:
    """Change betas, gammas and the bias from 0 and 1, so that their weight decay has an effect."""
    rng = np.random.default_rng(4)
    for variable in trainer.variables():
        if "kernel" not in variable.name:
            variable.assign_add(rng.uniform(-0.5, 0.5, variable.shape).astype(np.float32))


def test_six_steps_agree_with_numpy(digits: Dataset) -> None:
    """Six steps of RMSProp with momentum. The weight decay is large, to affect each variable."""
    config = replace(CONFIG, weight_decay=0.02)
    trainer, gradients = Trainer(MATRIX, OPS, config), Gradients(config)
    scattered(trainer)
    twin = RMSProp(values(trainer.variables()), config.momentum)
    for step in range(6):
        images, labels = batch(digits, 16 * step, 16)
        before = values(trainer.variables())
        loss, raw = gradients(before, images, labels)
        decayed = [g + config.weight_decay * w for g, w in zip(raw, before, strict=True)]
        twin.step(decayed, float(cosine(config.learning_rate, config.total_steps, step, 1)[0]))
        penalty = config.weight_decay * norm(before) ** 2 / 2
        assert trainer.step(images, labels) == pytest.approx(loss + penalty, rel=1e-5), step
        one = [1.0] * len(before)
        assert worst_distance(values(trainer.slots()), twin.mean_squares, one) < 1e-4, step
        if step:
            nothing = [0.0] * len(before)
            assert worst_distance(values(trainer.momenta()), twin.momenta, nothing) < 1e-4, step
            started = values(trainer.variables())
            assert worst_distance(started, twin.weights, before) < 1e-3, step
        twin.weights = [np.array(w, np.float64) for w in values(trainer.variables())]


@pytest.mark.parametrize("name", ["weight_decay", "momentum", "bn_momentum"])
def test_settings_may_be_whole_numbers(digits: Dataset, name: str) -> None:
    settings: dict[str, Any] = {"batch_size": 4, "stem_filters": 2, "num_stacks": 1, name: 0}
    config = replace(DIGITS, **settings)
    trainer = Trainer([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [INPUT, "conv3x3-bn-relu", OUTPUT], config)
    assert np.isfinite(trainer.step(*batch(digits, 0, 4)))


def test_step_0_changes_everything_except_the_weights(digits: Dataset, trainer: Trainer) -> None:
    weights, statistics = values(trainer.variables()), values(trainer.moving_statistics())
    trainer.step(*batch(digits, 0, 16))
    assert all(map(np.array_equal, weights, values(trainer.variables())))
    assert not any(np.any(momentum) for momentum in values(trainer.momenta()))
    for before, after in zip(statistics, values(trainer.moving_statistics()), strict=True):
        assert (before != after).any()
    for mean_squares in values(trainer.slots()):
        assert (mean_squares < 1).all()
    trainer.step(*batch(digits, 0, 16))
    assert not all(map(np.array_equal, weights, values(trainer.variables())))


@pytest.mark.parametrize("step", [1, 124, 248])
def test_each_step_uses_its_rate(digits: Dataset, trainer: Trainer, step: int) -> None:
    """The rate follows from the first momentum, rate * gradient / sqrt(mean square + 1)."""
    before = values(trainer.variables())
    trainer.steps_done = step
    trainer.step(*batch(digits, 0, 16))
    momenta, mean_square = values(trainer.momenta()), np.asarray(trainer.slots()[DENSE])
    gradient = np.sqrt(np.maximum((mean_square - 0.9) / 0.1, 0))
    rate = norm([momenta[DENSE]]) / norm([gradient / np.sqrt(mean_square + 1)])
    assert rate == pytest.approx(0.05 * (1 + np.cos(np.pi * step / 249)), rel=2e-3)
    for was, after, momentum in zip(before, values(trainer.variables()), momenta, strict=True):
        assert after == pytest.approx(was - momentum, abs=1e-7)


def test_official_rate_at_the_start() -> None:
    config = TrainConfig()
    assert cosine(config.learning_rate, config.total_steps, 1, 1)[0] == pytest.approx(0.2)


# ------------------------------------------------------------------------------ batch norm groups


def test_two_groups_are_two_halves(digits: Dataset) -> None:
    """Losses and gradients are means over both halves. The statistics are the first half's."""
    images, labels = batch(digits, 0, 32)
    config = replace(CONFIG, batch_size=32, bn_groups=2, momentum=0.0)
    both = Trainer(MATRIX, OPS, config)
    halves = [Trainer(MATRIX, OPS, replace(config, bn_groups=1)) for _ in range(2)]
    for trainer in (both, *halves):
        scattered(trainer)
        trainer.steps_done = 20
    loss = both.step(images, labels)
    losses = [
        half.step(images[part], labels[part])
        for half, part in zip(halves, (slice(16), slice(16, 32)), strict=True)
    ]
    assert loss == pytest.approx(np.mean(losses), rel=1e-6)
    rate = float(cosine(config.learning_rate, config.total_steps, 20, 1)[0])
    one, other = (gradients_of(half, rate) for half in halves)
    mean = [(a + b) / 2 for a, b in zip(one, other, strict=True)]
    assert distance(gradients_of(both, rate), mean, mean) < 1.4e-6
    first = values(halves[0].moving_statistics())
    assert all(map(np.array_equal, values(both.moving_statistics()), first))
    assert not any(map(np.array_equal, first, values(halves[1].moving_statistics())))


def gradients_of(trainer: Trainer, rate: float) -> list[Array]:
    """The moving statistics after the only step of a trainer."""
    slots = zip(trainer.momenta(), trainer.slots(), strict=True)
    return [
        np.asarray(m, np.float64) * np.sqrt(np.asarray(s, np.float64) + 1) / rate for m, s in slots
    ]


def test_moving_statistics_agree_with_numpy(digits: Dataset, trainer: Trainer) -> None:
    """The stem's mean, and its variance with Bessel's correction."""
    images, labels = batch(digits, 0, 16)
    kernel = np.asarray(trainer.variables()[0])
    convolved = tf.nn.conv2d(images, kernel, 1, "SAME").numpy().reshape(-1, kernel.shape[-1])
    trainer.step(images, labels)
    mean, variance = values(trainer.moving_statistics()[:2])
    assert mean == pytest.approx(0.1 * convolved.mean(0), rel=1e-4, abs=1e-6)
    assert variance == pytest.approx(0.9 + 0.1 * convolved.var(0, ddof=1), rel=1e-6)
    assert variance != pytest.approx(0.9 + 0.1 * convolved.var(0), rel=1e-6)


# ---------------------------------------------------------------------------------- many steps


@pytest.fixture(scope="module")
def resident(digits: Dataset) -> ResidentDataset:
    return ResidentDataset(digits)


class Trained:
    """State, losses, logits and counts of correct answers after some steps on the digits."""

    def __init__(
        self, trainer: Trainer, resident: ResidentDataset, digits: Dataset, calls: Sequence[int]
    ) -> None:
        trainer.reset(seed=3)
        batch_size = trainer.config.batch_size
        sampler = Sampler(digits, batch_size, seed=3)
        rates = cosine(trainer.config.learning_rate, trainer.config.total_steps, 0, 100)
        self.losses = []
        for steps in calls:
            first = trainer.steps_done
            draws = sampler.draws(first, steps)
            loss, finite = trainer.train(resident.train, draws, rates[first : first + steps])
            assert finite
            self.losses.append(loss)
        self.state = values(trainer.state())
        self.logits = trainer.logits(batch(digits, 900, 20)[0])
        self.counts = trainer.count_correct(resident.evaluation, digits.evaluation_batch)

    def assert_near(self, other: Trained, relative: float) -> None:
        assert self.losses == pytest.approx(other.losses, rel=relative)
        for mine, its in zip(self.state, other.state, strict=True):
            assert mine == pytest.approx(its, rel=relative, abs=relative)
        assert self.logits == pytest.approx(other.logits, rel=relative, abs=20 * relative)
        assert np.abs(self.counts - other.counts).max() <= 1


def test_many_steps_in_a_call_equal_single_steps(
    digits: Dataset, trainer: Trainer, resident: ResidentDataset
) -> None:
    """`train` makes the same steps as `step`. Only the loss of `step` includes the weight decay."""
    many = Trained(trainer, resident, digits, [4])
    trainer.reset(seed=3)
    for draws in Sampler(digits, 16, seed=3).draws(0, 4):
        images, labels = resident.train.batch(tf.constant(draws))
        penalty = trainer.config.weight_decay * norm(values(trainer.variables())) ** 2 / 2
        loss = trainer.step(images, labels) - penalty
    assert loss == pytest.approx(many.losses[-1], rel=1e-5)
    for mine, its in zip(values(trainer.state()), many.state, strict=True):
        assert mine == pytest.approx(its, rel=1e-4, abs=1e-5)


def test_calls_of_any_length_give_the_same(
    digits: Dataset, trainer: Trainer, resident: ResidentDataset
) -> None:
    whole, cut = (Trained(trainer, resident, digits, calls) for calls in ([10], [1, 2, 6, 1]))
    assert all(map(np.array_equal, whole.state, cut.state))
    assert whole.losses[-1] == cut.losses[-1]
    assert trainer.traces == 1


def test_the_largest_logit_decides_what_is_counted(
    digits: Dataset, trainer: Trainer, resident: ResidentDataset
) -> None:
    trainer.reset(seed=1)
    images = ResidentImages(digits.test, digits)
    logits = trainer.logits(digits.normalised(digits.test.images))
    right = logits.argmax(1) == digits.test.labels
    for size in (400, 50, 70):
        whole = len(right) // size
        counts = trainer.count_correct(images, size)
        assert counts.tolist() == right[: whole * size].reshape(whole, size).sum(1).tolist()


def test_values_that_are_not_finite_are_reported(
    digits: Dataset, trainer: Trainer, resident: ResidentDataset
) -> None:
    draws = Sampler(digits, 16, seed=3).draws(0, 3)
    assert trainer.train(resident.train, draws, np.zeros(3, np.float32))[1]
    assert not trainer.train(resident.train, draws, np.full(3, 1e38, np.float32))[1]
    trainer.reset(seed=0)
    trainer.moving_statistics()[1].assign_add(tf.fill([8], np.float32(np.inf)))
    assert not trainer.train(resident.train, draws[:1], np.zeros(1, np.float32))[1]


# ------------------------------------------------------------------------------- compiled by XLA


def test_compiled_steps_give_the_same(
    digits: Dataset, trainer: Trainer, resident: ResidentDataset
) -> None:
    compiled = Trainer(MATRIX, OPS, CONFIG, jit_compile=True)
    plain = Trained(trainer, resident, digits, [1, 5])
    Trained(compiled, resident, digits, [1, 5]).assert_near(plain, 1e-4)


def test_compiled_loops_give_the_same(digits: Dataset, resident: ResidentDataset) -> None:
    """XLA compiles the loop over steps with its input, and the loop over evaluated batches.

    The cell has one layer, because all kinds of layers are compiled above.
    """
    config = replace(CONFIG, bn_groups=2)
    trainer = Trainer([[0, 1], [0, 0]], ("input", "output"), config, jit_compile=False)
    plain = Trained(trainer, resident, digits, [3, 3])
    trained, counted = trainer._training, trainer._counting
    trainer._training = {k: tf.function(f, jit_compile=True) for k, f in trained.items()}
    trainer._counting = {k: tf.function(f, jit_compile=True) for k, f in counted.items()}
    Trained(trainer, resident, digits, [3, 3]).assert_near(plain, 1e-4)


# ---------------------------------------------------------------------------------- two replicas


def test_two_replicas_equal_two_groups(
    digits: Dataset, resident: ResidentDataset, mirrored: tf.distribute.Strategy
) -> None:
    config = replace(CONFIG, bn_groups=2)
    one = Trained(Trainer(MATRIX, OPS, config), resident, digits, [1, 5, 5])
    replicas = Trainer(MATRIX, OPS, config, strategy=mirrored)
    two = Trained(replicas, ResidentDataset(digits, mirrored), digits, [1, 5, 5])
    two.assert_near(one, 2e-5)
    assert np.array_equal(two.counts, one.counts)
    assert replicas.traces == 1


def test_both_replicas_end_with_the_same_state(
    digits: Dataset, mirrored: tf.distribute.Strategy
) -> None:
    """After an evaluation both have the moving statistics of the first replica."""
    trainer = Trainer(MATRIX, OPS, replace(CONFIG, bn_groups=2), strategy=mirrored)
    images, labels = batch(digits, 0, 16)
    resident = ResidentDataset(digits, mirrored)
    for _ in range(3):
        trainer.step(images, labels)
    trainer.count_correct(resident.evaluation, digits.evaluation_batch)
    for variable in trainer.state():
        first, second = mirrored.experimental_local_results(variable)
        assert np.array_equal(first, second)


def test_single_steps_with_replicas(digits: Dataset, mirrored: tf.distribute.Strategy) -> None:
    config = replace(CONFIG, bn_groups=2)
    trainers = [Trainer(MATRIX, OPS, config, strategy=s) for s in (None, mirrored)]
    for step in range(3):
        one, two = (trainer.step(*batch(digits, 16 * step, 16)) for trainer in trainers)
        assert two == pytest.approx(one, rel=1e-5)
    logits, same = (trainer.logits(batch(digits, 0, 7)[0]) for trainer in trainers)
    assert same == pytest.approx(logits, rel=1e-3, abs=1e-4)


def test_batches_that_replicas_cannot_share_evenly(
    digits: Dataset, mirrored: tf.distribute.Strategy
) -> None:
    """The last replica may evaluate fewer images, but no image counts twice."""
    config = replace(CONFIG, bn_groups=2)
    with mirrored.scope():
        images = ResidentImages(digits.test, digits)
    trainer = Trainer(MATRIX, OPS, config, strategy=mirrored)
    right = trainer.logits(digits.normalised(digits.test.images)).argmax(1) == digits.test.labels
    size = next(size for size in range(21, 400, 2) if right[size - 1])
    whole = len(right) // size
    counts = trainer.count_correct(images, size)
    assert counts.tolist() == right[: whole * size].reshape(whole, size).sum(1).tolist()


def test_one_device_strategy(digits: Dataset, resident: ResidentDataset, trainer: Trainer) -> None:
    strategy = tf.distribute.OneDeviceStrategy("/cpu:0")
    alone = Trainer(MATRIX, OPS, CONFIG, strategy=strategy)
    placed = Trained(alone, ResidentDataset(digits, strategy), digits, [3])
    plain = Trained(trainer, resident, digits, [3])
    assert all(map(np.array_equal, placed.state, plain.state))


def test_groups_that_replicas_cannot_share_are_refused(mirrored: tf.distribute.Strategy) -> None:
    with pytest.raises(
        ValueError, match="bn_groups=1 is not allowed with 2 replicas; use a multiple"
    ):
        Trainer(MATRIX, OPS, CONFIG, strategy=mirrored)


# --------------------------------------------------------------------------------------- bfloat16


def test_bfloat16_trains_and_keeps_float32_variables(
    digits: Dataset, resident: ResidentDataset
) -> None:
    """The loss falls, and the variables are float32."""
    trainer = Trainer(MATRIX, OPS, replace(CONFIG, dtype="bfloat16"))
    assert {variable.dtype for variable in trainer.state()} == {tf.float32}
    trained = Trained(trainer, resident, digits, [2, 30])
    assert trained.losses[1] < 0.7 * trained.losses[0]
    assert trained.logits.dtype == np.float32


# -------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (
            (6, 8, 8, 3),
            [0] * 6,
            "a batch of 6 images is not allowed; use a multiple of bn_groups=4",
        ),
        ((0, 8, 8, 3), [], "a batch of 0 images is not allowed; use a multiple of bn_groups=4"),
        ((8, 9, 8, 3), [0] * 8, r"images have shape \(8, 9, 8, 3\); use \(B, 8, 8, 3\)"),
        ((8, 8, 8), [0] * 8, r"images have shape \(8, 8, 8\); use \(B, 8, 8, 3\)"),
        ((8, 8, 8, 3), [0] * 7, r"labels have shape \(7,\) and dtype int64; use \(8,\) integers"),
        ((8, 8, 8, 3), [0.0] * 8, r"dtype float64; use \(8,\) integers"),
        ((8, 8, 8, 3), [0] * 7 + [10], "labels 0 to 10 are not allowed; use 0 to 9"),
        ((8, 8, 8, 3), [-1] + [0] * 7, "labels -1 to 0 are not allowed; use 0 to 9"),
    ],
)
def test_batches_that_are_refused(images: tuple[int, ...], labels: list[int], message: str) -> None:
    trainer = Trainer(MATRIX, OPS, replace(CONFIG, bn_groups=4))
    with pytest.raises(ValueError, match=message):
        trainer.step(np.zeros(images, np.float32), labels)
    assert trainer.steps_done == 0


def test_images_of_another_shape_have_no_logits(trainer: Trainer) -> None:
    with pytest.raises(ValueError, match=r"use \(B, 8, 8, 3\)"):
        trainer.logits(np.zeros((8, 8, 3), np.float32))
