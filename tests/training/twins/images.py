"""The preparation of a training image, pixel by pixel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nb101train.datasets import Dataset


def prepared(
    dataset: Dataset, image: npt.NDArray[np.uint8], top: int, left: int, flip: bool, padding: int
) -> npt.NDArray[np.float64]:
    """Pad an (S, S, 3) image with zeros, crop it at (top, left), flip it, and normalise it."""
    size = len(image)
    out = np.empty(image.shape, np.float64)
    for row in range(size):
        for column in range(size):
            y = top + row - padding
            x = left + (size - 1 - column if flip else column) - padding
            inside = 0 <= y < size and 0 <= x < size
            for channel in range(3):
                value = float(image[y, x, channel]) if inside else 0.0
                out[row, column, channel] = (value - dataset.mean[channel]) / dataset.deviation[
                    channel
                ]
    return out
