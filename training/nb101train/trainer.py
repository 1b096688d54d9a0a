"""The training of one cell's network: its state, one step, and many steps in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from nb101fast.checks import check_type
from nb101fast.phrases import counted

from .config import TrainConfig, checked_config
from .datasets.sampler import DRAW_FIELDS, Draws
from .network import Mode, Network
from .resident import ResidentImages
from .schedule import cosine
from .seeds import check_seed
from .strategy import device_type

RMSPROP_DECAY = 0.9
RMSPROP_EPSILON = 1.0

Program: TypeAlias = Any  # It is a function of tensors that TensorFlow has traced and compiled.


class Trainer:
    """The network of one cell and its training state.

    Learning rates, numbers of steps and seeds are arguments of the compiled program, so that one
    program serves all runs of a cell.

    Args:
        matrix: (V, V) strictly upper triangular 0/1, with at most 32 vertices. It is pruned here,
            and its vertex order is kept.
        ops: V operation names of the official map.
        config: the settings; None for the official ones.
        strategy: a `tf.distribute.Strategy` among whose replicas a batch is split. The replicas
            must be able to share the batch norm groups evenly. None takes the present strategy.
        jit_compile: whether XLA compiles a step. None does so on a GPU. With several replicas the
            strategy decides: a TPU always uses XLA.

    Attributes:
        matrix, ops: the pruned cell.
        trainable_parameters: the number of values that are trained.
        steps_done: the number of steps since the last `reset`.
        traces: how often the training program was traced: once, for any number of runs.

    Raises:
        OutOfDomainError: nothing joins input and output.
        TypeError: `config`, `strategy` or `jit_compile` is of another class.
        ValueError: the cell is not allowed, or the replicas can't share the batch norm groups.

    Example:
        >>> trainer = Trainer(matrix, ops, TrainConfig(epochs=4))
        >>> trainer.step(images, labels)
        2.9873
    """

    def __init__(
        self,
        matrix: npt.ArrayLike,
        ops: Sequence[str],
        config: TrainConfig | None = None,
        *,
        strategy: tf.distribute.Strategy | None = None,
        jit_compile: bool | None = None,
    ) -> None:
        self.config = checked_config(config)
        if jit_compile is not None:
            check_type("jit_compile", jit_compile, bool, use="True, False or None")
        self.strategy = tf.distribute.get_strategy() if strategy is None else strategy
        check_type(
            "strategy", self.strategy, tf.distribute.Strategy, use="a tf.distribute.Strategy"
        )
        self._replicas = self.strategy.num_replicas_in_sync
        if self.config.bn_groups % self._replicas:
            raise ValueError(
                f"bn_groups={self.config.bn_groups} is not allowed with {self._replicas} replicas; "
                "use a multiple of their number"
            )
        with self.strategy.scope():
            self._network = Network(matrix, ops, self.config)
            self._mean_squares = [_slot(v, "rms") for v in self._network.trainable]
            self._momenta = [_slot(v, "momentum") for v in self._network.trainable]
        self.matrix, self.ops = self._network.matrix, self._network.ops
        self.trainable_parameters = self._network.trainable_parameters
        self._training: dict[ResidentImages, Program] = {}
        self._counting: dict[tuple[ResidentImages, int], Program] = {}
        self.traces = 0
        self.steps_done = 0
        self._update_once: Program = self._update
        compiled = device_type(self.strategy) == "GPU" if jit_compile is None else jit_compile
        # Several replicas exchange values within a step, so it can't be a program of its own.
        if compiled and self._replicas == 1:
            self._update_once = tf.function(self._update, jit_compile=True, autograph=False)
        self.reset(seed=0)

    def reset(self, seed: int) -> None:
        """Start again at step 0, with the initial weights that follow from a seed.

        Raises:
            ValueError: the seed is not allowed.
        """
        check_seed(seed)
        weights, statistics = self._network.initial_values(seed)
        for variable, value in zip(self.variables(), weights, strict=True):
            variable.assign(value)
        for variable, value in zip(self.moving_statistics(), statistics, strict=True):
            variable.assign(value)
        for mean_square, momentum in zip(self._mean_squares, self._momenta, strict=True):
            mean_square.assign(tf.ones_like(mean_square))
            momentum.assign(tf.zeros_like(momentum))
        self.steps_done = 0

    def variables(self) -> list[tf.Variable]:
        """The trainable variables in the official creation order. They can be read and assigned."""
        return list(self._network.trainable)

    def moving_statistics(self) -> list[tf.Variable]:
        """The moving mean and variance of each batch norm, in the official order."""
        return list(self._network.moving)

    def slots(self) -> list[tf.Variable]:
        """RMSProp's mean square of each trainable variable; it begins at 1."""
        return list(self._mean_squares)

    def momenta(self) -> list[tf.Variable]:
        """RMSProp's momentum of each trainable variable; it begins at 0."""
        return list(self._momenta)

    def state(self) -> list[tf.Variable]:
        """All variables that training changes. A checkpoint keeps them and `steps_done`."""
        return [
            *self.variables(),
            *self.moving_statistics(),
            *self._mean_squares,
            *self._momenta,
        ]

    def step(self, images: npt.ArrayLike, labels: npt.ArrayLike) -> float:
        """Make one training step on a normalised batch.

        Args:
            images: (B, S, S, 3) float32, where B is a multiple of `bn_groups`.
            labels: (B,) integers.

        Returns:
            The loss before the update, including the weight decay.

        Raises:
            ValueError: the batch has another shape, or a label is out of range.
        """
        batch, classes = self._checked_batch(images, labels)
        rate = cosine(self.config.learning_rate, self.config.total_steps, self.steps_done, 1)[0]
        loss = self._step(batch, classes, tf.constant(rate))
        self.steps_done += 1
        return float(loss)

    def train(
        self, images: ResidentImages, draws: Draws, rates: npt.NDArray[np.float32]
    ) -> tuple[float, bool]:
        """Make many training steps in one call.

        Args:
            images: the training images on the device.
            draws: (steps, B, 4) int32, as a `Sampler` makes them.
            rates: (steps,) float32 learning rates.

        Returns:
            The loss of the last step before its update, without the weight decay; and whether all
            variables and moving statistics are finite after that step.
        """
        if images not in self._training:
            self._training[images] = self._training_program(images)
        loss, finite = self._training[images](draws, rates)
        self.steps_done += len(rates)
        return float(loss), bool(finite)

    def logits(self, images: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Logits (B, num_classes) of normalised images (B, S, S, 3), by the moving statistics."""
        batch = self._checked_images(images)
        return np.asarray(self._logits(batch))

    def count_correct(self, images: ResidentImages, batch_size: int) -> npt.NDArray[np.int32]:
        """How many images of each whole batch are classified correctly: (batches,) int32."""
        self._share_statistics()
        key = images, batch_size
        if key not in self._counting:
            self._counting[key] = self._counting_program(images, batch_size)
        return np.asarray(self._counting[key]())

    # ------------------------------------------------------------ programs

    @tf.function(reduce_retracing=True, autograph=False)
    def _step(self, images: tf.Tensor, labels: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        decay = self.config.weight_decay * tf.add_n([tf.nn.l2_loss(v) for v in self.variables()])

        def replica_step() -> tf.Tensor:
            return self._update_once(self._share(images), self._share(labels), rate)

        loss = self.strategy.run(replica_step)
        return self.strategy.reduce("MEAN", loss, axis=None) + decay

    def _training_program(self, images: ResidentImages) -> Program:
        """A program that makes any number of steps on these images, given their draws and rates."""
        draws_spec = tf.TensorSpec([None, self.config.batch_size, DRAW_FIELDS], tf.int32)

        def replica_step(drawn: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
            return self._update_once(*images.batch(self._share(drawn)), rate)

        @tf.function(
            input_signature=[draws_spec, tf.TensorSpec([None], tf.float32)], autograph=False
        )
        def train(draws: tf.Tensor, rates: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            self.traces += 1

            def one_step(number: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                losses = self.strategy.run(replica_step, (draws[number], rates[number]))
                return number + 1, self.strategy.reduce("MEAN", losses, axis=None)

            steps = tf.shape(rates)[0]
            _, loss = tf.while_loop(lambda number, _: number < steps, one_step, (0, 0.0))
            return loss, self._is_finite()

        return train

    def _counting_program(self, images: ResidentImages, batch_size: int) -> Program:
        """A program that counts the correctly classified images of each whole batch."""
        share = -(
            -batch_size // self._replicas
        )  # This is rounded up, so the last replica may have fewer.

        def replica_count(first: tf.Tensor) -> tf.Tensor:
            places = self._replica_number() * share + tf.range(share)
            numbers = first + tf.minimum(places, batch_size - 1)
            batch, labels = images.batch(images.whole(numbers))
            logits = self._network(batch, Mode(training=False))
            predicted = tf.argmax(logits, axis=1, output_type=tf.int32)
            right = (predicted == labels) & (places < batch_size)
            return tf.reduce_sum(tf.cast(right, tf.int32))

        @tf.function(input_signature=[], autograph=False)
        def count() -> tf.Tensor:
            def count_batch(number: tf.Tensor) -> tf.Tensor:
                counts = self.strategy.run(replica_count, (number * batch_size,))
                return self.strategy.reduce("SUM", counts, axis=None)

            return tf.map_fn(
                count_batch,
                tf.range(images.num_images // batch_size),
                fn_output_signature=tf.TensorSpec([], tf.int32),
                parallel_iterations=1,
            )

        return count

    @tf.function(reduce_retracing=True, autograph=False)
    def _logits(self, images: tf.Tensor) -> tf.Tensor:
        return self._network(images, Mode(training=False))

    def _is_finite(self) -> tf.Tensor:
        # A sum is finite only if its terms are. A sum that overflows must be refused too.
        state = self.variables() + self.moving_statistics()
        return tf.math.is_finite(tf.add_n([tf.reduce_sum(v) for v in state]))

    # ------------------------------------------------------------ one step of one replica

    def _update(self, images: tf.Tensor, labels: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        """Make a step on this replica's share; returns its loss without the weight decay."""
        groups = self.config.bn_groups // self._replicas
        trainable = self._network.trainable
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(trainable)
            losses, modes = [], []
            parts = zip(tf.split(images, groups), tf.split(labels, groups), strict=True)
            for part, classes in parts:
                modes.append(Mode(training=True))
                logits = self._network(part, modes[-1])
                losses.append(
                    tf.reduce_mean(
                        tf.nn.sparse_softmax_cross_entropy_with_logits(
                            labels=classes, logits=logits
                        )
                    )
                )
            loss = tf.add_n(losses) / groups
        gradients = tape.gradient(loss, trainable)
        self._move_statistics(modes[0])  # The official code keeps the statistics of the first core.
        self._apply(gradients, rate)
        return loss

    def _move_statistics(self, mode: Mode) -> None:
        replaced = tf.constant(1 - self.config.bn_momentum, tf.float32)
        for moving, batch in zip(self._network.moving, mode.statistics, strict=True):
            moving.assign_sub((moving - batch) * replaced)

    def _apply(self, gradients: Sequence[tf.Tensor], rate: tf.Tensor) -> None:
        """Update the variables by RMSProp with momentum, with the mean gradient of the replicas."""
        if self._replicas > 1:
            replica = tf.distribute.get_replica_context()
            gradients = replica.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)
        # A constant that all variables share is traced once, and not for each variable.
        settings = RMSPROP_DECAY, self.config.momentum, RMSPROP_EPSILON, self.config.weight_decay
        rho, inertia, epsilon, weight_decay = (tf.constant(each, tf.float32) for each in settings)
        slots = zip(self._mean_squares, self._momenta, strict=True)
        moves = zip(self._network.trainable, gradients, slots, strict=True)
        for variable, gradient, (mean_square, momentum) in moves:
            tf.raw_ops.ResourceApplyRMSProp(
                var=variable.handle,
                ms=mean_square.handle,
                mom=momentum.handle,
                lr=rate,
                rho=rho,
                momentum=inertia,
                epsilon=epsilon,
                grad=gradient + weight_decay * variable,
            )

    # ------------------------------------------------------------ replicas

    def _replica_number(self) -> tf.Tensor:
        return tf.distribute.get_replica_context().replica_id_in_sync_group

    def _share(self, batch: tf.Tensor) -> tf.Tensor:
        """This replica's part of a batch."""
        if self._replicas == 1:
            return batch
        return tf.reshape(batch, [self._replicas, -1, *batch.shape[1:]])[self._replica_number()]

    def _share_statistics(self) -> None:
        """Give the first replica's moving statistics to all replicas, for the evaluation."""
        if self._replicas > 1:
            for variable in self._network.moving:
                variable.assign(variable.read_value())

    # ------------------------------------------------------------ bad input

    def _checked_images(self, images: npt.ArrayLike) -> tf.Tensor:
        batch = np.asarray(images)
        size = self.config.image_size
        if batch.ndim != 4 or batch.shape[1:] != (size, size, 3):
            raise ValueError(f"images have shape {batch.shape}; use (B, {size}, {size}, 3)")
        return tf.constant(batch.astype(np.float32, copy=False))

    def _checked_batch(
        self, images: npt.ArrayLike, labels: npt.ArrayLike
    ) -> tuple[tf.Tensor, tf.Tensor]:
        batch, classes = self._checked_images(images), np.asarray(labels)
        groups, most = self.config.bn_groups, self.config.num_classes - 1
        if len(batch) % groups or not len(batch):
            raise ValueError(
                f"a batch of {counted(len(batch), 'image')} is not allowed; use a multiple of "
                f"bn_groups={groups}, and at least as many"
            )
        if classes.shape != (len(batch),) or classes.dtype.kind not in "iu":
            raise ValueError(
                f"labels have shape {classes.shape} and dtype {classes.dtype}; use ({len(batch)},) "
                "integers"
            )
        if classes.min() < 0 or classes.max() > most:
            raise ValueError(
                f"labels {classes.min()} to {classes.max()} are not allowed; use 0 to {most}"
            )
        return batch, tf.constant(classes, tf.int32)


def _slot(variable: tf.Variable, name: str) -> tf.Variable:
    return tf.Variable(tf.zeros_like(variable), trainable=False, name=name)
