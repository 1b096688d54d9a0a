"""Data sets: their common parts, the digits, and image sets from .npz files."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nb101fast import FormatError
from nb101train.datasets import Dataset, Split, load_dataset
from nb101train.datasets.dataset import channel_statistics

Arrays = dict[str, Any]


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits")


def split_of(dataset: Dataset, name: str) -> Split:
    split = getattr(dataset, name)
    assert isinstance(split, Split)
    return split


# -------------------------------------------------------------------------------- all data sets


def small_dataset(**changes: Any) -> Dataset:
    rng = np.random.default_rng(5)
    splits = {
        name: Split(
            rng.integers(0, 256, (count, 4, 4, 3), np.uint8),
            rng.integers(0, 3, count, np.int32),
        )
        for name, count in (("train", 7), ("validation", 5), ("test", 6))
    }
    options: dict[str, Any] = {
        "name": "small",
        **splits,
        "num_classes": 3,
        "mean": (100.0, 101.0, 102.0),
        "deviation": (50.0, 51.0, 52.0),
        "padding": 1,
        "flip": False,
        "train_sample": 4,
        "evaluation_batch": 2,
    }
    return Dataset(**(options | changes))


def test_image_size() -> None:
    assert small_dataset().image_size == 4


@pytest.mark.parametrize(
    ("batch", "size", "evaluated"),
    [(256, 10_000, 9_984), (400, 400, 400), (400, 399, 0), (1, 7, 7)],
)
def test_whole_batches_are_evaluated(batch: int, size: int, evaluated: int) -> None:
    assert small_dataset(evaluation_batch=batch).num_evaluated(size) == evaluated


def test_images_are_normalised_by_mean_and_deviation() -> None:
    dataset = small_dataset()
    images = dataset.test.images
    found = dataset.normalised(images)
    assert found.dtype == np.float32
    assert found.shape == images.shape
    for channel in range(3):
        expected = (images[..., channel] - dataset.mean[channel]) / dataset.deviation[channel]
        np.testing.assert_allclose(found[..., channel], expected, rtol=1e-6, atol=1e-6)


def test_all_training_images() -> None:
    dataset = small_dataset()
    everything = dataset.with_all_training_images()
    assert np.array_equal(everything.train.images[:7], dataset.train.images)
    assert np.array_equal(everything.train.images[7:], dataset.validation.images)
    assert everything.train.labels.tolist() == [
        *dataset.train.labels,
        *dataset.validation.labels,
    ]
    assert everything.validation is dataset.validation
    assert everything.test is dataset.test
    assert everything.mean == dataset.mean
    assert everything.fingerprint != dataset.fingerprint


def test_equal_data_have_equal_fingerprints() -> None:
    dataset = small_dataset()
    assert len(dataset.fingerprint) == 16
    assert set(dataset.fingerprint) <= set("0123456789abcdef")
    assert small_dataset().fingerprint == dataset.fingerprint
    assert small_dataset(name="other").fingerprint == dataset.fingerprint
    reversed_twice = Split(dataset.test.images[::-1].copy()[::-1], dataset.test.labels)
    assert small_dataset(test=reversed_twice).fingerprint == dataset.fingerprint


def test_the_fingerprint_depends_on_everything_except_the_name() -> None:
    dataset = small_dataset()
    changes: list[dict[str, Any]] = [
        {"num_classes": 4},
        {"mean": (100.0, 101.0, 103.0)},
        {"deviation": (50.0, 51.0, 53.0)},
        {"padding": 2},
        {"flip": True},
        {"train_sample": 5},
        {"evaluation_batch": 3},
    ]
    for name in ("train", "validation", "test"):
        split = split_of(dataset, name)
        images, labels = split.images.copy(), split.labels.copy()
        images[-1, -1, -1, -1] ^= 1
        labels[-1] ^= 1
        changes += [{name: Split(images, split.labels)}, {name: Split(split.images, labels)}]
    found = {small_dataset(**change).fingerprint for change in changes}
    assert len(found) == len(changes)
    assert dataset.fingerprint not in found


@pytest.mark.parametrize("value", [0, 7, 255])
def test_statistics_of_one_value(value: int) -> None:
    images = np.full((2, 3, 3, 3), value, np.uint8)
    assert channel_statistics(images) == ((value,) * 3, (0,) * 3)


def test_statistics_agree_with_numpy() -> None:
    images = np.random.default_rng(6).integers(0, 256, (500, 9, 9, 3), np.uint8)
    mean, deviation = channel_statistics(images)
    np.testing.assert_allclose(mean, images.mean((0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(deviation, images.std((0, 1, 2)), rtol=1e-12)


@pytest.mark.parametrize(
    "text", ["", "cifar", "cifar-10:x", "digits:", "digits:x", "npz", "npz:", ":x", "Digits"]
)
def test_an_unknown_data_set_is_refused(text: str) -> None:
    with pytest.raises(
        ValueError, match="is not allowed; use 'digits', 'cifar10', 'cifar10:PATH' or 'npz:PATH'"
    ):
        load_dataset(text)


# --------------------------------------------------------------------------------------- digits


def test_digits_are_those_of_scikit_learn(digits: Dataset) -> None:
    from sklearn import datasets

    bunch = datasets.load_digits()
    order = np.random.default_rng(0).permutation(1797)
    start = 0
    for name, count in (("train", 997), ("validation", 400), ("test", 400)):
        split = split_of(digits, name)
        assert split.images.dtype == np.uint8
        assert split.labels.dtype == np.int32
        assert split.images.shape == (count, 8, 8, 3)
        part = order[start : start + count]
        assert np.array_equal(split.labels, bunch.target[part])
        for channel in range(3):
            assert np.array_equal(split.images[..., channel], bunch.images[part])
        start += count


def test_the_digits_need_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="digits need scikit-learn: pip install scikit-learn"):
        load_dataset("digits")


def test_the_digits_are_read_without_scikit_learn() -> None:
    """Its import would take a second of each worker."""
    program = (
        "import sys\nfrom nb101train import load_dataset\nload_dataset('digits')\n"
        "assert not {'sklearn', 'scipy'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_settings_of_the_digits(digits: Dataset) -> None:
    assert digits.name == "digits"
    assert digits.num_classes == 10
    assert (digits.padding, digits.flip) == (1, False)
    assert (digits.train_sample, digits.evaluation_batch) == (400, 400)
    assert digits.image_size == 8
    assert digits.mean == pytest.approx((digits.train.images.mean(),) * 3, rel=1e-12)
    assert digits.deviation == pytest.approx((digits.train.images.std(),) * 3, rel=1e-12)
    normalised = digits.normalised(digits.train.images)
    assert abs(normalised.mean()) < 1e-6
    assert normalised.std() == pytest.approx(1, abs=1e-5)


def test_the_digits_have_the_recorded_fingerprint(digits: Dataset) -> None:
    assert digits.fingerprint == "7342691b21d33b4d"
    assert load_dataset("digits").fingerprint == digits.fingerprint


# ------------------------------------------------------------------------------------ .npz files


def image_set(size: int = 8, **changes: Any) -> Arrays:
    """An image set of 3 classes with 12 training, 6 validation and 5 test images."""
    rng = np.random.default_rng(7)
    arrays: Arrays = {}
    for name, count in (("train", 12), ("validation", 6), ("test", 5)):
        arrays[f"{name}_images"] = rng.integers(0, 256, (count, size, size, 3), np.uint8)
        arrays[f"{name}_labels"] = np.arange(count) % 3
    return {name: array for name, array in (arrays | changes).items() if array is not None}


def written(path: Path, arrays: Arrays) -> Path:
    np.savez(path, **arrays)
    return path


def load(tmp_path: Path, arrays: Arrays) -> Dataset:
    return load_dataset(f"npz:{written(tmp_path / 'set.npz', arrays)}")


def test_an_npz_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    arrays = image_set()
    dataset = load(tmp_path, arrays)
    for name in ("train", "validation", "test"):
        split = split_of(dataset, name)
        assert np.array_equal(split.images, arrays[f"{name}_images"])
        assert split.labels.tolist() == arrays[f"{name}_labels"].tolist()
        assert split.labels.dtype == np.int32
    assert dataset.name == "npz"
    assert dataset.num_classes == 3


def test_defaults_of_the_settings_of_an_npz_file(tmp_path: Path) -> None:
    arrays = image_set()
    dataset = load(tmp_path, arrays)
    assert dataset.mean == pytest.approx(tuple(arrays["train_images"].mean((0, 1, 2))))
    assert dataset.deviation == pytest.approx(tuple(arrays["train_images"].std((0, 1, 2))))
    assert (dataset.padding, dataset.flip) == (1, False)
    assert dataset.train_sample == 6  # as many as there are validation images
    assert dataset.evaluation_batch == 5  # the smallest split
    assert load(tmp_path, image_set(size=32)).padding == 4
    assert load(tmp_path, image_set(size=7)).padding == 0


def test_evaluation_batch_is_at_most_256(tmp_path: Path) -> None:
    many = {
        f"{name}_{what}": array
        for name in ("train", "validation", "test")
        for what, array in (
            ("images", np.arange(600, dtype=np.uint16).astype(np.uint8).reshape(600, 1, 1)),
            ("labels", np.arange(600) % 2),
        )
    }
    dataset = load(tmp_path, many)
    assert (dataset.evaluation_batch, dataset.train_sample) == (256, 600)


def test_settings_in_an_npz_file_are_used(tmp_path: Path) -> None:
    dataset = load(
        tmp_path,
        image_set(
            mean=(1, 2, 3),
            deviation=0.5,
            padding=3,
            flip=True,
            train_sample=4,
            evaluation_batch=2,
        ),
    )
    assert dataset.mean == (1.0, 2.0, 3.0)
    assert dataset.deviation == (0.5, 0.5, 0.5)
    assert (dataset.padding, dataset.flip) == (3, True)
    assert (dataset.train_sample, dataset.evaluation_batch) == (4, 2)


def test_batch_fits_a_small_train_sample(tmp_path: Path) -> None:
    assert load(tmp_path, image_set(train_sample=3)).evaluation_batch == 3


@pytest.mark.parametrize("form", ["(N, S, S)", "(N, S, S, 1)"])
def test_grey_is_repeated(tmp_path: Path, form: str) -> None:
    arrays = image_set()
    grey = {name: array[..., 0] for name, array in arrays.items() if name.endswith("images")}
    if form.endswith("1)"):
        grey = {name: array[..., np.newaxis] for name, array in grey.items()}
    dataset = load(tmp_path, arrays | grey)
    for name in ("train", "validation", "test"):
        for channel in range(3):
            found = split_of(dataset, name).images[..., channel]
            assert np.array_equal(found, arrays[f"{name}_images"][..., 0])


def test_mixed_grey_and_colour(tmp_path: Path) -> None:
    arrays = image_set()
    dataset = load(tmp_path, arrays | {"test_images": arrays["test_images"][..., 0]})
    assert dataset.train.images.shape[1:] == dataset.test.images.shape[1:] == (8, 8, 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32, np.int64, np.uint64])
def test_label_types(tmp_path: Path, dtype: npt.DTypeLike) -> None:
    arrays = image_set()
    as_dtype = {name: arrays[name].astype(dtype) for name in arrays if name.endswith("labels")}
    assert load(tmp_path, arrays | as_dtype).fingerprint == load(tmp_path, arrays).fingerprint


def labels(*, of: int, **at: int) -> npt.NDArray[np.int64]:
    """Labels 0, 1, 2, 0, ... except at given positions: `at_3=9` puts 9 at position 3."""
    array = np.arange(of) % 3
    for position, label in at.items():
        array[int(position.removeprefix("at_"))] = label
    return array


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test_images": None}, "test_images missing; give train_images, "),
        ({"padding": None, "flips": 1}, "array 'flips' is not allowed; use train_images, "),
        (
            {"train_images": np.zeros((12, 8, 8, 3))},
            "train_images has dtype float64, which is not allowed; use uint8",
        ),
        (
            {"test_images": np.zeros((5, 8, 9, 3), np.uint8)},
            r"test_images has shape \(5, 8, 9, 3\), which is not allowed; use \(N, S, S\), ",
        ),
        ({"test_images": np.zeros((5, 8, 8, 4), np.uint8)}, r"\(5, 8, 8, 4\)"),
        ({"test_images": np.zeros((0, 8, 8, 3), np.uint8)}, r"\(0, 8, 8, 3\)"),
        ({"test_images": np.zeros(5, np.uint8)}, r"test_images has shape \(5,\)"),
        ({"train_images": np.zeros((2, 2, 2, 2, 3), np.uint8)}, r"\(2, 2, 2, 2, 3\)"),
        (
            {"test_images": np.zeros((5, 4, 4, 3), np.uint8)},
            "test_images have 4x4 pixels; use 8x8, as train_images have",
        ),
        (
            {"test_labels": np.zeros(5)},
            "test_labels has dtype float64, which is not allowed; use integers",
        ),
        (
            {"test_labels": np.zeros(5, bool)},
            "test_labels has dtype bool, which is not allowed; use integers",
        ),
        ({"test_labels": labels(of=4)}, r"test_labels has shape \(4,\); use \(5,\), one"),
        ({"test_labels": labels(of=5)[:, None]}, r"test_labels has shape \(5, 1\)"),
        ({"test_labels": labels(of=5, at_3=3)}, r"test_labels\[3\]=3 is not allowed; use 0 to 2"),
        (
            {"validation_labels": labels(of=6, at_5=-1)},
            r"validation_labels\[5\]=-1 is not allowed; use 0 to",
        ),
        (
            {"train_labels": labels(of=12, at_4=-1)},
            r"train_labels\[4\]=-1 is not allowed; use 0 to",
        ),
        (
            {"train_labels": labels(of=12, at_4=2**32)},
            r"train_labels\[4\]=4294967296 is not allowed; use 0 to",
        ),
        (
            {"train_labels": labels(of=12) + 1},
            "train_labels has no 0; give each class from 0 to 3 an image",
        ),
        ({"train_labels": labels(of=12) * 2}, "train_labels has no 1; give each class from 0 to 4"),
        (
            {"mean": (1.0, 2.0)},
            r"mean=\[1.0, 2.0\] is not allowed; use one or three finite numbers",
        ),
        ({"mean": np.nan}, "mean=nan is not allowed; use one or three finite"),
        ({"mean": "grey"}, "mean='grey' is not allowed; use one or three finite"),
        (
            {"deviation": (1.0, 0.0, 1.0)},
            r"deviation=\(1.0, 0.0, 1.0\) is not allowed; use numbers above 0",
        ),
        ({"deviation": -1}, r"deviation=\(-1.0, .* use numbers above 0"),
        (
            {"train_images": np.full((12, 8, 8), 9, np.uint8)},
            r"deviation=\(0.0, 0.0, 0.0\) is not allowed; use numbers above 0",
        ),
        ({"padding": -1}, "padding=-1 is not allowed; use 0 to 8"),
        ({"padding": 9}, "padding=9 is not allowed; use 0 to 8"),
        ({"padding": 1.5}, "padding=1.5 is not allowed; use 0 to 8"),
        ({"padding": [1]}, r"padding=\[1\] is not allowed; use 0 to 8"),
        ({"flip": 2}, "flip=2 is not allowed; use 0 to 1"),
        ({"train_sample": 0}, "train_sample=0 is not allowed; use 1 to 12"),
        ({"train_sample": 13}, "train_sample=13 is not allowed; use 1 to 12"),
        ({"evaluation_batch": 0}, "evaluation_batch=0 is not allowed; use 1 to 5"),
        ({"evaluation_batch": 6}, "evaluation_batch=6 is not allowed; use 1 to 5"),
        (
            {"evaluation_batch": 5, "train_sample": 4},
            "evaluation_batch=5 is not allowed; use 1 to 4",
        ),
    ],
)
def test_wrong_arrays_are_refused(tmp_path: Path, changes: Arrays, message: str) -> None:
    with pytest.raises(FormatError, match=rf"set\.npz: .*{message}"):
        load(tmp_path, image_set(**changes))


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"set\.npz: Object arrays cannot be loaded"):
        load(tmp_path, image_set(mean=np.array([print], object)))


@pytest.mark.parametrize("content", [b"", b"PK", b"\x93NUMPY\x01\x00", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_no_npz_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "set.npz"
    path.write_bytes(content)
    with pytest.raises(
        FormatError, match=r"set\.npz is not an \.npz file; write one with numpy\.savez"
    ):
        load_dataset(f"npz:{path}")


def test_members_that_are_no_arrays_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "set.npz", image_set(train_images=None))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("train_images", b"no array")
    with pytest.raises(
        FormatError, match=r"train_images has dtype \|S8, which is not allowed; use uint8"
    ):
        load_dataset(f"npz:{path}")


def test_a_missing_npz_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        load_dataset(f"npz:{tmp_path}/none.npz")


def test_the_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    written(tmp_path / "set.npz", image_set())
    assert load_dataset("npz:~/set.npz").num_classes == 3


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_npz_files(tmp_path: Path, data: st.DataObject) -> None:
    """A damaged file either still gives the same data, or raises FormatError."""
    file = io.BytesIO()
    np.savez_compressed(file, **image_set(size=2))
    content = bytearray(file.getvalue())
    expected = load(tmp_path, image_set(size=2))
    position = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        del content[position:]
    else:
        content[position] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "damaged.npz"
    path.write_bytes(content)
    found = None
    with contextlib.suppress(FormatError):
        found = load_dataset(f"npz:{path}")
    assert found is None or found.fingerprint == expected.fingerprint


def test_datasets_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        small_dataset().padding = 2  # type: ignore[misc]
