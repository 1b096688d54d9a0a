"""One cell trained from scratch: by Python, by the drop-in and on the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import nb101fast
from made_up import small_set
from nb101fast import FormatError, api, inception
from nb101fast.ops import INPUT, OUTPUT
from nb101train import DIGITS, augment, evaluate
from nb101train.__main__ import main
from nb101train.architectures import ARCHITECTURES, Architecture
from nb101train.config import TrainConfig
from nb101train.evaluation import from_official
from nb101train.network import Network

MATRIX = [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
OPS = ["input", "conv3x3-bn-relu", "output"]
SMALL = replace(DIGITS, stem_filters=4, num_stacks=1)


def test_official_settings_are_the_defaults() -> None:
    assert from_official(api.config.build_config()) == TrainConfig()


def test_without_a_tpu_a_batch_is_whole() -> None:
    config = from_official({**api.config.build_config(), "use_tpu": False})
    assert (config.bn_groups, config.batch_size, config.learning_rate) == (1, 256, 0.1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("intermediate_evaluations", ["0.25", "0.5"]),
        ("lr_decay_method", "STEPWISE"),
        ("data_format", "channels_first"),
    ],
)
def test_settings_that_no_official_run_had_are_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=rf"config\['{name}'\]=.* is not allowed; use"):
        from_official({**api.config.build_config(), name: value})


def test_the_drop_in_trains_and_writes_its_model(tmp_path: Path) -> None:
    nasbench = api.NASBench(nb101fast.locations.BUILT_IN)
    nasbench.config.update(
        train_epochs=2,
        batch_size=64,
        stem_filter_size=4,
        num_stacks=1,
        num_modules_per_stack=1,
        tpu_num_shards=1,
    )
    data = nasbench.evaluate(api.ModelSpec(MATRIX, OPS), str(tmp_path), dataset="digits")
    assert set(data) == set(nasbench.query(api.ModelSpec([[0, 1], [0, 0]], ["input", "output"])))
    assert data["module_operations"] == OPS
    metadata = json.loads((tmp_path / "metadata.json").read_text())
    assert metadata["trainable_params"] == data["trainable_parameters"]
    final = metadata["evaluation_results"][-1]
    assert [each["training_steps"] for each in metadata["evaluation_results"]] == [0, 15, 31]
    assert final["test_accuracy"] == data["test_accuracy"]
    assert list(tmp_path.rglob("events.out.tfevents.*"))
    assert nasbench.get_budget_counters()[1] == 108  # for the query; `evaluate` adds nothing


def test_the_drop_in_refuses_what_joins_nothing(tmp_path: Path) -> None:
    nasbench = api.NASBench(nb101fast.locations.BUILT_IN)
    with pytest.raises(nb101fast.OutOfDomainError, match="disconnected"):
        nasbench.evaluate(api.ModelSpec([[0, 0], [0, 0]], ["input", "output"]), str(tmp_path))


def test_the_trained_weights_are_saved(tmp_path: Path) -> None:
    result = evaluate(MATRIX, OPS, tmp_path, dataset="digits", config=SMALL, epochs=2)
    with np.load(tmp_path / "weights.npz") as weights:
        trainable = [name for name in weights if "moving" not in name]
        assert sum(weights[name].size for name in trainable) == result.trainable_parameters
        assert weights["stem/conv2d/kernel"].shape == (3, 3, 3, 4)


def test_the_command_writes_a_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = tmp_path / "one.tfrecord"
    settings = ["--set", "stem_filters=4", "--set", "num_stacks=1", "--epochs", "2"]
    assert main(["cell", "id:0", *settings, "-o", str(record)]) == 0
    assert "2 epochs, repeat 0" in capsys.readouterr().out
    report = nb101fast.compile(record, tmp_path / "one.nb101", denominator=400)
    assert (report.cells, report.runs) == (1, 1)
    assert nb101fast.open(report.output).cells.tolist() == [0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["id:0", "--device", "tpu"], "--device 'tpu': no TPU can be reached"),
        (["id:0", "--set", "depth=3"], "setting 'depth'"),
        (["id:500000"], "500000"),
        (
            ['{"matrix": [[0, 1], [0, 0]], "ops": ["input", "output", "output"]}'],
            "operation 'output'",
        ),
        (["id:0", "--dataset", "mnist"], "--dataset 'mnist' is not allowed"),
    ],
)
def test_command_lines_that_are_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cell", *arguments]) == 2
    assert message in capsys.readouterr().err


# ---------------------------------------------------------------- augment


def test_the_architectures_have_the_official_sizes() -> None:
    sizes = {}
    for name, chosen in ARCHITECTURES.items():
        config = TrainConfig(
            stem_filters=chosen.stem_filters, cells_per_stack=chosen.cells_per_stack
        )
        network = Network(chosen.matrix, chosen.ops, config)
        sizes[name] = network.trainable_parameters
    best = ARCHITECTURES["best"]
    assert sizes["best"] == nb101fast.count_parameters(best.matrix, best.ops)
    residual = ARCHITECTURES["inception-resnet"]
    assert np.array_equal(np.array(residual.matrix)[:, :-1], np.array(inception.MATRIX)[:, :-1])
    assert residual.matrix[0][-1] == 1
    small = ARCHITECTURES["resnet20"]
    assert sizes["resnet20"] == nb101fast.count_parameters(small.matrix, small.ops, stem_filters=16)
    assert set(sizes) == {"resnet20", "resnet50", "inception-resnet", "best"}


def test_augment_tests_and_resumes(tmp_path: Path) -> None:
    config = replace(DIGITS, epochs=4, num_stacks=1)

    def augmented(folder: Path) -> dict[float, float]:
        chosen = replace(ARCHITECTURES["resnet20"], stem_filters=4, cells_per_stack=1)
        result = augment(chosen, folder, dataset="digits", config=config, epochs_per_test=2)
        return dict(result.test_accuracies)

    whole = augmented(tmp_path / "whole")
    assert (
        len(whole) == 3
    )  # after 2 and almost 4 epochs, since only whole batches count, and at the end
    assert list(whole.values())[-1] > 0.2
    assert (
        augmented(tmp_path / "whole") == whole
    )  # read from its checkpoint, since all steps are done


def test_augment_tests_after_each_step_where_an_epoch_is_shorter(tmp_path: Path) -> None:
    config = replace(DIGITS, epochs=4, num_stacks=1, batch_size=16)
    small = replace(ARCHITECTURES["resnet20"], stem_filters=2, cells_per_stack=1)
    data_set = f"npz:{small_set(tmp_path)}"  # It has 20 images for training.
    tested = augment(small, tmp_path, dataset=data_set, config=config, epochs_per_test=1)
    assert list(tested.test_accuracies) == [step / 1.25 for step in range(1, 6)]
    config = replace(config, batch_size=32)
    tested = augment(small, tmp_path / "longer", dataset=data_set, config=config, epochs_per_test=1)
    assert list(tested.test_accuracies) == [1 / 0.625, 2 / 0.625]


def test_augment_does_not_go_on_from_another_cell_or_data_set(tmp_path: Path) -> None:
    config = replace(DIGITS, epochs=2, num_stacks=1, batch_size=16)
    line = ((0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (0, 0, 0, 0))
    ops = "conv1x1-bn-relu", "maxpool3x3"
    one, other = (
        Architecture(line, (INPUT, *some, OUTPUT), stem_filters=2, cells_per_stack=1)
        for some in (ops, ops[::-1])
    )
    sets = [tmp_path / name for name in ("a", "b")]
    for folder in sets:
        folder.mkdir()
    first = f"npz:{small_set(sets[0])}"
    images = dict(np.load(first.removeprefix("npz:")))
    np.savez(sets[1] / "other.npz", **{**images, "test_labels": images["test_labels"][::-1]})
    augment(one, tmp_path / "model", dataset=first, config=config, epochs_per_test=1)
    for cell, images_of in ((other, first), (one, f"npz:{sets[1] / 'other.npz'}")):
        with pytest.raises(FormatError, match="was made with another cell, data set or other set"):
            augment(cell, tmp_path / "model", dataset=images_of, config=config, epochs_per_test=1)


def test_the_steps_of_the_metadata_are_those_of_the_budget(tmp_path: Path) -> None:
    settings = replace(DIGITS, epochs=1, stem_filters=2, num_stacks=1)
    evaluate(MATRIX, OPS, tmp_path, dataset="digits", config=settings, epochs=2)
    metadata = json.loads((tmp_path / "metadata.json").read_text())
    assert [each["training_steps"] for each in metadata["evaluation_results"]] == [0, 15, 31]


def test_augment_refuses_an_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError,
        match="'vgg' is not allowed; use 'resnet20', 'resnet50', 'inception-resnet', 'best'",
    ):
        augment("vgg", tmp_path)
    assert tf.executing_eagerly()
