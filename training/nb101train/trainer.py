"""One cell's network in training: its state, one step, and many steps in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from .config import TrainConfig
from .network import Mode, Network
from .resident import DRAW_FIELDS, Draws, ResidentImages
from .schedule import cosine
from .strategy import device_type

RMSPROP_DECAY = 0.9
RMSPROP_EPSILON = 1.0

Program: TypeAlias = Any  # a traced and compiled function of tensors


class Trainer:
    """One cell's network and its training state.

    The learning rate, the number of steps and the seed are given at run time, so that one program
    serves all runs of a cell.

    Args:
        matrix: (V, V) strictly upper triangular 0/1, of any number of vertices up to 32; pruned
            here, its vertex order is kept.
        ops: V operation names of the official map.
        config: the settings.
        strategy: a `tf.distribute.Strategy` over whose replicas a batch is split; None for the
            present one. Its replicas share the batch norm groups evenly.
        jit_compile: with XLA; None: on a GPU. Several replicas follow their strategy: on a TPU.

    Attributes:
        trainable_parameters: how many numbers are trained.
        traces: how often the training program was traced; 1 after any number of runs.

    Raises:
        OutOfDomainError: nothing joins input and output.
        ValueError: no such cell, or groups that the replicas can't share.

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
        self.config = config or TrainConfig()
        self.strategy = strategy or tf.distribute.get_strategy()
        self._replicas = self.strategy.num_replicas_in_sync
        if self.config.bn_groups % self._replicas:
            raise ValueError(
                f"bn_groups={self.config.bn_groups} over {self._replicas} replicas; a multiple of "
                f"their number is allowed"
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
        if self._replicas == 1:  # several meet within a step, which can't be a program in another
            compiled = device_type(self.strategy) == "GPU" if jit_compile is None else jit_compile
            self._update_once = tf.function(self._update, jit_compile=compiled, autograph=False)
        self.reset(seed=0)

    def reset(self, seed: int) -> None:
        """Begin anew: fresh weights of a seed, statistics, slots and step 0."""
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
        """The trainable variables in the official creation order, live."""
        return list(self._network.trainable)

    def moving_statistics(self) -> list[tf.Variable]:
        """The moving mean and variance of each batch norm, in the official order, live."""
        return list(self._network.moving)

    def slots(self) -> list[tf.Variable]:
        """RMSProp's mean square of each trainable variable, live."""
        return list(self._mean_squares)

    def momenta(self) -> list[tf.Variable]:
        """RMSProp's momentum of each trainable variable, live."""
        return list(self._momenta)

    def state(self) -> list[tf.Variable]:
        """All that training moves: what a checkpoint has to keep beside `steps_done`."""
        return [
            *self.variables(),
            *self.moving_statistics(),
            *self._mean_squares,
            *self._momenta,
        ]

    def step(self, images: npt.ArrayLike, labels: npt.ArrayLike) -> float:
        """One training step on a normalised batch.

        Args:
            images: (B, S, S, 3) float32; B is a multiple of `bn_groups`.
            labels: (B,) integers.

        Returns:
            The loss before the update, weight decay included.

        Raises:
            ValueError: a batch of another shape, or labels out of range.
        """
        batch, classes = self._checked_batch(images, labels)
        rate = cosine(self.config.learning_rate, self.config.total_steps, self.steps_done, 1)[0]
        loss = self._step(batch, classes, tf.constant(rate))
        self.steps_done += 1
        return float(loss)

    def train(
        self, images: ResidentImages, draws: Draws, rates: npt.NDArray[np.float32]
    ) -> tuple[float, bool]:
        """Many steps in one call.

        Args:
            images: on the device.
            draws: (steps, B, 4) int32, of a `Sampler`.
            rates: (steps,) float32 learning rates.

        Returns:
            The last step's loss before its update, without weight decay, and whether all
            variables and statistics are finite after it.
        """
        if images not in self._training:
            self._training[images] = self._training_program(images)
        loss, finite = self._training[images](draws, rates)
        self.steps_done += len(rates)
        return float(loss), bool(finite)

    def logits(self, images: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Logits (B, num_classes) of normalised images (B, S, S, 3), in inference mode."""
        batch = self._checked_images(images)
        return np.asarray(self._logits(batch))

    def count_correct(self, images: ResidentImages, batch_size: int) -> npt.NDArray[np.int32]:
        """How many images of each whole batch, in order, are classified rightly: (batches,)."""
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
        """Steps on these images; draws and rates of any number of steps are its arguments."""
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
        """Rightly classified images of each whole batch."""
        share = -(-batch_size // self._replicas)  # the last replica's may be smaller

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
        # A sum is finite only if its terms are, but for an overflow, which is as bad.
        state = self.variables() + self.moving_statistics()
        return tf.math.is_finite(tf.add_n([tf.reduce_sum(v) for v in state]))

    # ------------------------------------------------------------ one step of one replica

    def _update(self, images: tf.Tensor, labels: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        """The step's loss on this replica's share, without weight decay; moves everything."""
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
        self._move_statistics(modes[0])  # officially those of the first core
        self._apply(gradients, rate)
        return loss

    def _move_statistics(self, mode: Mode) -> None:
        kept = self.config.bn_momentum
        for moving, batch in zip(self._network.moving, mode.statistics, strict=True):
            moving.assign_sub((moving - batch) * (1 - kept))

    def _apply(self, gradients: Sequence[tf.Tensor], rate: tf.Tensor) -> None:
        """RMSProp with momentum, on gradients averaged over the replicas."""
        if self._replicas > 1:
            replica = tf.distribute.get_replica_context()
            gradients = replica.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)
        slots = zip(self._mean_squares, self._momenta, strict=True)
        moves = zip(self._network.trainable, gradients, slots, strict=True)
        for variable, gradient, (mean_square, momentum) in moves:
            tf.raw_ops.ResourceApplyRMSProp(
                var=variable.handle,
                ms=mean_square.handle,
                mom=momentum.handle,
                lr=rate,
                rho=RMSPROP_DECAY,
                momentum=self.config.momentum,
                epsilon=RMSPROP_EPSILON,
                grad=gradient + self.config.weight_decay * variable,
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
        """Give every replica the first one's moving statistics, for evaluation."""
        if self._replicas > 1:
            for variable in self._network.moving:
                variable.assign(variable.read_value())

    # ------------------------------------------------------------ bad input

    def _checked_images(self, images: npt.ArrayLike) -> tf.Tensor:
        batch = np.asarray(images, np.float32)
        size = self.config.image_size
        if batch.ndim != 4 or batch.shape[1:] != (size, size, 3):
            raise ValueError(f"images of shape {batch.shape}; (B, {size}, {size}, 3) is allowed")
        return tf.constant(batch)

    def _checked_batch(
        self, images: npt.ArrayLike, labels: npt.ArrayLike
    ) -> tuple[tf.Tensor, tf.Tensor]:
        batch, classes = self._checked_images(images), np.asarray(labels)
        groups, most = self.config.bn_groups, self.config.num_classes - 1
        if len(batch) % groups or not len(batch):
            raise ValueError(
                f"a batch of {len(batch)}; a multiple of bn_groups={groups} is allowed"
            )
        if classes.shape != (len(batch),) or classes.dtype.kind not in "iu":
            raise ValueError(
                f"labels of shape {classes.shape} and dtype {classes.dtype}; "
                f"({len(batch)},) of integers is allowed"
            )
        if classes.min() < 0 or classes.max() > most:
            raise ValueError(f"labels {classes.min()} to {classes.max()}; 0 to {most} are allowed")
        return batch, tf.constant(classes, tf.int32)


def _slot(variable: tf.Variable, name: str) -> tf.Variable:
    return tf.Variable(tf.zeros_like(variable), trainable=False, name=name)
