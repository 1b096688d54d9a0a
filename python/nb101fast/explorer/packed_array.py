"""An array as a file that a page reads into a typed array."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import Doubles, in_single_precision
from ..schema import LARGEST, Choice, Integer, Nullable, Number, Record, Text

TYPES = ("uint8", "uint16", "int32", "uint32", "float32")
# What a manifest says of a packed array.
PACKED_ARRAY = Record(
    {
        "file": Text(),
        "type": Choice(TYPES),
        "length": Integer(0, LARGEST),
        "step": Nullable(Number(0)),
    }
)

MOST_STEPS = 65534  # in 16 bits, where 65535 marks a cell without a value
_LEVEL = 6  # zlib's default; 9 takes three times as long and saves 2 %
_DIGEST_DIGITS = 16


@dataclass(frozen=True)
class PackedArray:
    """The contents of the file, and what the manifest says of it.

    The file holds the first byte of each element, then the second byte of each, and so on, from the
    least significant one, and all of this is compressed by zlib. Bytes of one kind together take
    a fifth less than whole elements. The file's name has a digest of its contents, so that a file
    never changes.

    Attributes:
        file: its name.
        type: of the elements, one of `TYPES`.
        length: how many elements there are.
        step: what an element is multiplied by to give a value; None if elements are values.
        data: the contents.
    """

    file: str
    type: str
    length: int
    step: float | None
    data: bytes

    @staticmethod
    def of(name: str, values: npt.NDArray[Any], step: float | None = None) -> PackedArray:
        """Pack an array of any shape in the order of C.

        Args:
            name: what the name of the file begins with: letters, digits and underscores.
            values: of a dtype in `TYPES`.
            step: as the attribute.

        Raises:
            TypeError: the array has another dtype.
        """
        kind = values.dtype.name
        if kind not in TYPES:
            raise TypeError(f"{name} has dtype {kind}; use one of {', '.join(TYPES)}")
        elements = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).reshape(-1)
        planes = elements.view(np.uint8).reshape(len(elements), -1).T
        data = zlib.compress(planes.tobytes(), _LEVEL)
        file = name_by_contents(name, data, "bin")
        return PackedArray(file, kind, len(elements), step, data)

    @staticmethod
    def in_steps(name: str, values: Doubles, step: float) -> PackedArray:
        """Pack values as numbers of steps, in 16 bits; as float32 if some values do not fit.

        Args:
            name: as `of` takes it.
            values: of any shape; NaN for a cell without a value.
            step: to whose multiples the values are rounded.
        """
        steps = np.round(values / step)
        missing = np.isnan(steps)
        if not ((steps >= 0) & (steps <= MOST_STEPS) | missing).all():
            return PackedArray.of(name, in_single_precision(values))
        counts = np.where(missing, MOST_STEPS + 1, steps).astype(np.uint16)
        return PackedArray.of(name, counts, step)

    def as_json(self) -> dict[str, Any]:
        """What the manifest says of the array."""
        return {"file": self.file, "type": self.type, "length": self.length, "step": self.step}


def name_by_contents(name: str, data: bytes, suffix: str) -> str:
    """A file's name with a digest of its contents, so that a file of this name never changes."""
    digest = hashlib.sha256(data).hexdigest()[:_DIGEST_DIGITS]
    return f"{name}-{digest}.{suffix}"
