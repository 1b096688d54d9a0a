"""RMSProp with momentum, as TensorFlow 1 computes it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Arrays = list[npt.NDArray[np.float64]]

DECAY = 0.9
EPSILON = 1.0


class RMSProp:
    """RMSProp in double precision. The mean squares begin at 1."""

    def __init__(self, weights: Sequence[npt.ArrayLike], momentum: float) -> None:
        self.weights: Arrays = [np.array(weight, np.float64) for weight in weights]
        self.mean_squares: Arrays = [np.ones_like(weight) for weight in self.weights]
        self.momenta: Arrays = [np.zeros_like(weight) for weight in self.weights]
        self._momentum = momentum

    def step(self, gradients: Sequence[npt.ArrayLike], rate: float) -> None:
        """Make one step with these gradients."""
        for i, gradient in enumerate(gradients):
            square = np.asarray(gradient, np.float64) ** 2
            self.mean_squares[i] = DECAY * self.mean_squares[i] + (1 - DECAY) * square
            scaled = rate * np.asarray(gradient) / np.sqrt(self.mean_squares[i] + EPSILON)
            self.momenta[i] = self._momentum * self.momenta[i] + scaled
            self.weights[i] = self.weights[i] - self.momenta[i]
