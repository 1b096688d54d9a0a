"""Learning rates by step.

Source: `nasbench/lib/model_builder.py`, `lr_decay_method`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Rates = npt.NDArray[np.float32]

# Ten times less from each of these shares of the steps, and once a hundred times less.
_STEPWISE_SHARES = (0.5, 0.667, 0.833)
_STEPWISE_FACTORS = np.array([1.0, 0.1, 0.01, 0.0001])


def cosine(peak: float, total_steps: int, first_step: int, steps: int) -> Rates:
    """Rates (steps,) from `first_step`: peak / 2 * (1 + cos(pi * step / total_steps)).

    Step 0 has rate 0: it moves the statistics and the mean squares alone.
    """
    at = np.arange(first_step, first_step + steps)
    rates = peak / 2 * (1 + np.cos(np.pi * at / total_steps))
    return _begun(rates, at)


def stepwise(peak: float, total_steps: float, first_step: int, steps: int) -> Rates:
    """Rates (steps,) from `first_step`, lowered after a half, two thirds and five sixths."""
    at = np.arange(first_step, first_step + steps)
    boundaries = [int(share * total_steps) for share in _STEPWISE_SHARES]
    return _begun(peak * _STEPWISE_FACTORS[np.searchsorted(boundaries, at)], at)


def _begun(rates: npt.NDArray[np.float64], at: npt.NDArray[np.int64]) -> Rates:
    return np.where(at == 0, 0, rates).astype(np.float32)
