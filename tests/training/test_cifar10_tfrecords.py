"""CIFAR-10 from the TFRecord files on which the official code trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import nb101fast
from nb101fast import FormatError, api
from nb101train.datasets.cifar10_tfrecords import load_official_files

COUNTS = {"train_1": 40, "train_2": 30, "validation": 50, "test": 60}


def official_record(image: bytes, label: int) -> bytes:
    """A record as `generate_cifar10_tfrecords.py` writes it."""
    image_feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[image]))
    label_feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))
    features = tf.train.Features(feature={"image": image_feature, "label": label_feature})
    return bytes(tf.train.Example(features=features).SerializeToString())


def write_records(path: Path, records: list[bytes]) -> str:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
    return str(path)


@pytest.fixture
def planes(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The images of each file as the publisher stores them: (N, 3 channels, 32 rows, 32)."""
    return {name: rng.integers(0, 256, (n, 3, 32, 32), np.uint8) for name, n in COUNTS.items()}


@pytest.fixture
def config(tmp_path: Path, planes: dict[str, np.ndarray]) -> dict[str, Any]:
    files = {
        name: write_records(
            tmp_path / f"{name}.tfrecords",
            [official_record(image.tobytes(), n % 10) for n, image in enumerate(images)],
        )
        for name, images in planes.items()
    }
    return {
        **api.config.build_config(),
        "train_data_files": [files["train_1"], files["train_2"]],
        "valid_data_file": files["validation"],
        "test_data_file": files["test"],
    }


def test_images_and_labels(config: dict[str, Any], planes: dict[str, np.ndarray]) -> None:
    dataset = load_official_files(config)
    training = np.concatenate([planes["train_1"], planes["train_2"]])
    wanted = [training, planes["validation"], planes["test"]]
    for split, images in zip(
        (dataset.train, dataset.validation, dataset.test), wanted, strict=True
    ):
        assert split.images.dtype == np.uint8
        assert np.array_equal(split.images, images.transpose(0, 2, 3, 1))
        assert split.labels.dtype == np.int32
    assert dataset.train.labels.tolist() == [n % 10 for n in (*range(40), *range(30))]
    assert dataset.test.labels.tolist() == [n % 10 for n in range(60)]


def test_settings_are_the_official_ones(config: dict[str, Any]) -> None:
    dataset = load_official_files(config)
    assert (dataset.mean, dataset.deviation) == ((125.31, 122.95, 113.87), (62.99, 62.09, 66.70))
    assert (dataset.padding, dataset.flip, dataset.num_classes) == (4, True, 10)
    assert dataset.train_sample == 40  # the first file
    assert dataset.evaluation_batch == 40  # 256 if all files have as many images


@pytest.mark.parametrize("name", ["train_data_files", "valid_data_file", "test_data_file"])
@pytest.mark.parametrize("value", ["", [], None])
def test_a_file_that_is_not_given(config: dict[str, Any], name: str, value: object) -> None:
    message = rf"config\['{name}'\]=.*no data .* or give dataset='cifar10:PATH'"
    with pytest.raises(ValueError, match=message):
        load_official_files({**config, name: value})


def test_a_file_that_is_not_there(config: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.tfrecords: no such file"):
        load_official_files({**config, "valid_data_file": str(tmp_path / "none.tfrecords")})


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([], "no records in the file"),
        ([b"no example"], "not CIFAR-10 in TFRecord format"),
        ([tf.train.Example().SerializeToString()], "not CIFAR-10 in TFRecord format"),
        ([official_record(bytes(3072), 1), official_record(bytes(3071), 1)], "image 1 has 3071 b"),
        ([official_record(bytes(3072), 10)], "image 0 has label 10, .* use 0 to 9"),
        ([official_record(bytes(3072), -1)], "image 0 has label -1, .* use 0 to 9"),
    ],
)
def test_other_records(
    config: dict[str, Any], tmp_path: Path, records: list[bytes], message: str
) -> None:
    path = write_records(tmp_path / "other", records)
    with pytest.raises(FormatError, match=f"other: .*{message}"):
        load_official_files({**config, "test_data_file": path})


def test_a_damaged_file(config: dict[str, Any]) -> None:
    path = Path(config["test_data_file"])
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"not CIFAR-10 in TFRecord format: .*corrupted"):
        load_official_files(config)


def test_the_drop_in_trains_on_the_files_of_its_configuration(
    config: dict[str, Any], tmp_path: Path
) -> None:
    nasbench = api.NASBench(nb101fast.locations.BUILT_IN)
    small = {"batch_size": 10, "stem_filter_size": 2, "num_stacks": 1, "num_modules_per_stack": 1}
    nasbench.config.update({**config, **small, "train_epochs": 1, "use_tpu": False})
    spec = api.ModelSpec([[0, 1], [0, 0]], ["input", "output"])
    data = nasbench.evaluate(spec, str(tmp_path / "model"))
    for name, images in (("train", 40), ("validation", 40), ("test", 40)):
        assert (data[f"{name}_accuracy"] * images) % 1 == pytest.approx(0, abs=1e-5)


def test_the_drop_in_refuses_to_train_without_files(tmp_path: Path) -> None:
    nasbench = api.NASBench(nb101fast.locations.BUILT_IN)
    spec = api.ModelSpec([[0, 1], [0, 0]], ["input", "output"])
    with pytest.raises(ValueError, match=r"config\['train_data_files'\]=\[\]: no data"):
        nasbench.evaluate(spec, str(tmp_path / "model"))
    assert not (tmp_path / "model").exists()
