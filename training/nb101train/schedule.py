"""Learning rates for each step of a run.

Source: `nasbench/lib/model_builder.py`, `lr_decay_method`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Rates = npt.NDArray[np.float32]

# The factor of the rate changes at each of these shares of the steps.
_STEPWISE_SHARES = (0.5, 0.667, 0.833)
_STEPWISE_FACTORS = np.array([1.0, 0.1, 0.01, 0.0001])


def cosine(peak: float, total_steps: int, first_step: int, steps: int) -> Rates:
    """The rates of consecutive steps along half a cosine, from the peak to 0.

    The rate of a step is peak / 2 * (1 + cos(pi * step / total_steps)). The exception is step 0,
    whose rate is 0: it changes the statistics and the mean squares, but no weights.

    Returns:
        (steps,) float32, beginning with `first_step`.
    """
    at = np.arange(first_step, first_step + steps)
    rates = peak / 2 * (1 + np.cos(np.pi * at / total_steps))
    return _zero_at_the_start(rates, at)


def stepwise(peak: float, total_steps: float, first_step: int, steps: int) -> Rates:
    """The rates of consecutive steps, lowered after a half, two thirds and five sixths of all.

    The factors are 1, 0.1, 0.01 and 0.0001. Step 0 has rate 0, as in `cosine`.

    Returns:
        (steps,) float32, beginning with `first_step`.
    """
    at = np.arange(first_step, first_step + steps)
    boundaries = [int(share * total_steps) for share in _STEPWISE_SHARES]
    return _zero_at_the_start(peak * _STEPWISE_FACTORS[np.searchsorted(boundaries, at)], at)


def _zero_at_the_start(rates: npt.NDArray[np.float64], at: npt.NDArray[np.int64]) -> Rates:
    return np.where(at == 0, 0, rates).astype(np.float32)
