"""Labelled image sets, each read by a module of its own into a `Dataset` in memory."""

from __future__ import annotations

from pathlib import Path

from nb101fast.checks import check_type

from .cifar10 import keras_cache, load_cifar10
from .dataset import Dataset, Split
from .digits import load_digits
from .image_archive import load_npz

__all__ = ["Dataset", "Split", "load_dataset"]


def load_dataset(text: str) -> Dataset:
    """Load the data set that a text names, and check it.

    - `digits`: scikit-learn's digits, 1,797 images of 8x8 pixels.
    - `cifar10:PATH`: CIFAR-10 from one of its archives, from the folder that the archive holds, or
      from a folder with one of these in it. `cifar10` alone takes it from Keras's cache.
    - `npz:PATH`: any image set in an .npz file, as the module `image_archive` describes it.

    Raises:
        TypeError: it is no text.
        ValueError: the text names none of these.
        FileNotFoundError: there is no such file, or no data set in the folder.
        FormatError: the files are damaged, or they are not what they should be.
        ImportError: the digits need scikit-learn.

    Example:
        >>> load_dataset("digits").test.images.shape
        (400, 8, 8, 3)
    """
    check_type("dataset", text, str, use="'digits', 'cifar10', 'cifar10:PATH' or 'npz:PATH'")
    name, _, path = text.partition(":")
    if text == "digits":
        return load_digits()
    if name == "cifar10":
        return load_cifar10(Path(path).expanduser() if path else keras_cache())
    if name == "npz" and path:
        return load_npz(Path(path).expanduser())
    raise ValueError(
        f"dataset={text!r} is not allowed; use 'digits', 'cifar10', 'cifar10:PATH' or 'npz:PATH'"
    )
