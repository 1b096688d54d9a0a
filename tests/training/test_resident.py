"""Images on the device, compared with a plain form pixel by pixel, and their random order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from nb101train.datasets import Dataset, Split
from nb101train.datasets.sampler import Sampler
from nb101train.resident import ResidentDataset, ResidentImages
from twins.images import prepared

SIZE, PADDING, NUM_IMAGES = 6, 2, 20
OFFSETS = 2 * PADDING + 1


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Random images; each channel has its own mean and deviation."""
    rng = np.random.default_rng(6)

    def split(count: int) -> Split:
        images = rng.integers(0, 256, (count, SIZE, SIZE, 3), np.uint8)
        return Split(images, rng.integers(0, 10, count).astype(np.int32))

    return Dataset(
        name="npz",
        train=split(NUM_IMAGES),
        validation=split(8),
        test=split(8),
        num_classes=10,
        mean=(125.31, 122.95, 113.87),
        deviation=(62.99, 62.09, 66.70),
        padding=PADDING,
        flip=True,
        train_sample=8,
        evaluation_batch=4,
    )


def every_draw() -> npt.NDArray[np.int32]:
    """Draws of one image in every crop, flipped and not, and of the other images in some."""
    crops = [
        (3, top, left, turn) for top in range(OFFSETS) for left in range(OFFSETS) for turn in (0, 1)
    ]
    rng = np.random.default_rng(1)
    others = [(n, *rng.integers(OFFSETS, size=2), n % 2) for n in range(NUM_IMAGES)]
    return np.array(crops + others, np.int32)


# ---------------------------------------------------------------------------------------- images


def test_every_crop_and_flip_agrees_with_the_plain_form(dataset: Dataset) -> None:
    draws = every_draw()
    images = ResidentImages(dataset.train, dataset, PADDING)
    batch, labels = images.batch(tf.constant(draws))
    assert batch.dtype == tf.float32
    assert batch.shape == (len(draws), SIZE, SIZE, 3)
    assert np.array_equal(labels, dataset.train.labels[draws[:, 0]])
    for image, (number, top, left, turned) in zip(batch.numpy(), draws.tolist(), strict=True):
        twin = prepared(dataset, dataset.train.images[number], top, left, bool(turned), PADDING)
        assert np.abs(image - twin).max() < 1e-6


def test_whole_images_are_not_changed(dataset: Dataset) -> None:
    for padding in (0, PADDING):
        images = ResidentImages(dataset.train, dataset, padding)
        numbers = tf.constant([7, 0, 19])
        batch, labels = images.batch(images.whole(numbers))
        chosen = dataset.train.images[numbers.numpy()]
        assert np.abs(batch.numpy() - dataset.normalised(chosen)).max() < 1e-6
        assert np.array_equal(labels, dataset.train.labels[numbers.numpy()])


def test_a_compiled_program_gives_the_same(dataset: Dataset) -> None:
    """XLA compiles the batch, as some devices require."""
    images = ResidentImages(dataset.train, dataset, PADDING)
    draws = tf.constant(every_draw())
    batch, labels = tf.function(images.batch, jit_compile=True)(draws)
    plain, plain_labels = images.batch(draws)
    assert np.abs(batch - plain).max() < 1e-6
    assert np.array_equal(labels, plain_labels)


def test_too_many_pixels_are_refused(dataset: Dataset) -> None:
    empty = np.lib.stride_tricks.as_strided(
        np.zeros(1, np.uint8), (2**31 // 36 + 1, SIZE, SIZE, 3), (0, 0, 0, 0)
    )
    huge = Split(empty, np.zeros(1, np.int32))
    with pytest.raises(
        ValueError, match=r"have \d+ pixels, which is not allowed; use at most 2147483647 pixels"
    ):
        ResidentImages(huge, dataset)


# --------------------------------------------------------------------------------------- sampler


def test_every_epoch_is_a_permutation(dataset: Dataset) -> None:
    """Ten batches of 6 are three epochs of 20, and some batches lie in two epochs."""
    draws = Sampler(dataset, 6, seed=1).draws(0, 10)
    assert draws.shape == (10, 6, 4)
    assert draws.dtype == np.int32
    epochs = draws[:, :, 0].reshape(3, NUM_IMAGES)
    for numbers in epochs:
        assert sorted(numbers.tolist()) == list(range(NUM_IMAGES))
    assert len({tuple(numbers) for numbers in epochs.tolist()}) == 3


@pytest.mark.parametrize("batch_size", [1, 6, 20, 50])
def test_draws_follow_from_the_step_alone(dataset: Dataset, batch_size: int) -> None:
    """The draws don't depend on how many steps a call has, or on the order of the calls."""
    whole = Sampler(dataset, batch_size, seed=5).draws(0, 30)
    sampler = Sampler(dataset, batch_size, seed=5)
    for first, steps in ((23, 7), (0, 1), (1, 10), (11, 12)):
        assert np.array_equal(sampler.draws(first, steps), whole[first : first + steps])


def test_crops_and_flips_are_drawn_evenly(dataset: Dataset) -> None:
    draws = Sampler(dataset, 100, seed=2).draws(0, 200).reshape(-1, 4)
    for field, count in ((1, OFFSETS), (2, OFFSETS), (3, 2)):
        shares = np.bincount(draws[:, field], minlength=count) / len(draws)
        assert shares == pytest.approx(1 / count, abs=5 * np.sqrt(1 / count / len(draws)))
    pairs = np.bincount(draws[:, 1] * OFFSETS + draws[:, 2], minlength=OFFSETS**2) / len(draws)
    assert pairs == pytest.approx(1 / OFFSETS**2, abs=5 / OFFSETS / np.sqrt(len(draws)))


def test_a_data_set_without_flips_gets_none(dataset: Dataset) -> None:
    upright = replace(dataset, flip=False, padding=0)
    assert not Sampler(upright, 10, seed=2).draws(0, 50)[:, :, 1:].any()


def test_different_seeds_give_different_draws(dataset: Dataset) -> None:
    one, other = (Sampler(dataset, 10, seed).draws(0, 20) for seed in (1, 2))
    assert not np.array_equal(one, other)
    assert not np.array_equal(one[..., 1:], other[..., 1:])


def test_a_split_without_a_whole_batch_is_refused(dataset: Dataset) -> None:
    with pytest.raises(ValueError, match="evaluation_batch=9 is not allowed; use at most as many"):
        ResidentDataset(replace(dataset, evaluation_batch=9, fingerprint=""))
