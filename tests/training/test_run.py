"""Runs: when they are evaluated, what their times mean, and how they can fail."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from nb101train import run
from nb101train.config import DIGITS
from nb101train.datasets import Dataset
from nb101train.datasets.sampler import Sampler
from nb101train.record import RunResult, parse_payload, record_payload
from nb101train.resident import ResidentDataset
from nb101train.run import CellTrainer
from nb101train.run_options import RunOptions
from nb101train.schedule import cosine
from nb101train.training_error import TrainingError

MATRIX = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]])
OPS = ("input", "conv3x3-bn-relu", "output")
CONFIG = dataclasses.replace(DIGITS, num_stacks=1)
STEPS_OF_4_EPOCHS = 62
NUM_EVALUATED = 400


@pytest.fixture(scope="module")
def resident(digits: Dataset) -> ResidentDataset:
    return ResidentDataset(digits)


@pytest.fixture(scope="module")
def cell(resident: ResidentDataset) -> CellTrainer:
    return CellTrainer(MATRIX, OPS, CONFIG, resident)


class Watched:
    """Replaces the trainer of a cell: it notes the calls, each of which takes a made-up time."""

    def __init__(self, cell: CellTrainer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.evaluated_at: list[int] = []
        self.calls: list[int] = []
        cell.compile()
        trainer = cell.trainer
        train, count = trainer.train, trainer.count_correct

        def watched_train(images: Any, draws: Any, rates: Any) -> tuple[float, bool]:
            self.now += 10
            self.calls.append(len(rates))
            return train(images, draws, rates)

        def watched_count(images: Any, batch_size: int) -> npt.NDArray[np.int32]:
            self.now += 1000
            self.evaluated_at.append(trainer.steps_done)
            return count(images, batch_size)

        monkeypatch.setattr(trainer, "train", watched_train)
        monkeypatch.setattr(trainer, "count_correct", watched_count)
        monkeypatch.setattr(run, "time", SimpleNamespace(perf_counter=lambda: self.now))


@pytest.fixture
def watched(cell: CellTrainer, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(cell, monkeypatch)


def measured(result: RunResult) -> list[Any]:
    """Everything about a run that doesn't depend on the clock."""
    return [
        (
            evaluation.epochs,
            evaluation.train_accuracy,
            evaluation.validation_accuracy,
            evaluation.test_accuracy,
        )
        for evaluation in result.evaluations
    ]


# -------------------------------------------------------------------------------------- evaluations


@pytest.mark.parametrize(("epochs", "half", "total"), [(1, 7, 15), (4, 31, 62), (12, 93, 186)])
def test_a_run_is_evaluated_at_the_start_halfway_and_at_the_end(
    cell: CellTrainer, watched: Watched, epochs: int, half: int, total: int
) -> None:
    seen: list[tuple[int, int]] = []
    result = cell.run(epochs, 0, progress=lambda done, of: seen.append((done, of)))
    assert watched.evaluated_at == [1, half, total]
    assert [evaluation.epochs for evaluation in result.evaluations] == [0, epochs / 2, epochs]
    assert sum(watched.calls) == total
    assert max(watched.calls) <= 100
    assert seen == list(zip(np.cumsum(watched.calls), [total] * len(seen), strict=True))


def test_accuracies_are_exact_quotients(cell: CellTrainer, digits: Dataset) -> None:
    result = cell.run(4, 0)
    for evaluation in result.evaluations:
        for accuracy in dataclasses.astuple(evaluation)[2:]:
            count = round(accuracy * NUM_EVALUATED)
            assert accuracy == np.float32(count / NUM_EVALUATED)
    for name, split in (
        ("train_accuracy", digits.train),
        ("validation_accuracy", digits.validation),
        ("test_accuracy", digits.test),
    ):
        images = digits.normalised(split.images[:NUM_EVALUATED])
        right = cell.trainer.logits(images).argmax(1) == split.labels[:NUM_EVALUATED]
        assert getattr(result.evaluations[2], name) == np.float32(right.sum() / NUM_EVALUATED)
    assert result.evaluations[2].train_accuracy > 0.3


def test_only_whole_batches_are_evaluated(digits: Dataset) -> None:
    """Of 400 images in batches of 150, the first 300 are evaluated."""
    resident = ResidentDataset(dataclasses.replace(digits, evaluation_batch=150))
    assert resident.evaluation.num_images == 3 * 300
    counts = np.array([10, 20, 30, 40, 50, 60], np.int32)
    assert resident.accuracies(counts) == [float(np.float32(k / 300)) for k in (30, 70, 110)]


def test_sizes_are_those_of_the_data_set(cell: CellTrainer, resident: ResidentDataset) -> None:
    wrong = dataclasses.replace(CONFIG, num_classes=3, image_size=32, num_train_images=50000)
    assert resident.config(wrong) == CONFIG == cell.config


def test_the_result_describes_the_run(cell: CellTrainer) -> None:
    result = cell.run(1, 2)
    assert np.array_equal(result.matrix, MATRIX)
    assert (result.ops, result.epochs, result.repeat, result.attempts) == (OPS, 1, 2, 1)
    assert result.trainable_parameters == cell.trainer.trainable_parameters
    assert parse_payload(record_payload(result)).seed == result.seed


def test_each_step_gets_its_images_and_rate(
    cell: CellTrainer, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The images and rates don't depend on the number of calls."""
    given: list[tuple[Any, Any]] = []
    cell.compile()
    train = cell.trainer.train

    def noting_train(images: Any, draws: Any, rates: Any) -> tuple[float, bool]:
        given.append((draws, rates))
        return train(images, draws, rates)

    monkeypatch.setattr(cell.trainer, "train", noting_train)
    result = cell.run(12, 0)
    draws, rates = (np.concatenate(parts) for parts in zip(*given, strict=True))
    assert len(given) == 3
    assert np.array_equal(draws, Sampler(digits, 64, result.seed).draws(0, 186))
    assert np.array_equal(rates, cosine(0.1, 186, 0, 186))


# -------------------------------------------------------------------------------------------- times


def test_times_have_their_official_meaning(cell: CellTrainer, watched: Watched) -> None:
    """`training_time` is compilation and steps; `total_time` includes the evaluations."""
    compiled, ready = cell.compile(), cell.ready_seconds
    result = cell.run(12, 0)
    assert watched.calls == [1, 92, 93]
    assert [e.training_time for e in result.evaluations] == [0.0, compiled + 20, compiled + 30]
    assert result.compile_seconds == compiled
    assert result.step_seconds == 30
    assert result.evaluation_seconds == 3000
    assert result.total_time == pytest.approx(ready + 3030)
    assert 0 < compiled < ready


# ---------------------------------------------------------------------------------- one compilation


def test_twelve_runs_of_a_cell_are_compiled_once(resident: ResidentDataset) -> None:
    cell = CellTrainer(MATRIX, OPS, CONFIG, resident)
    results = [cell.run(epochs, repeat) for epochs in (1, 2, 3, 4) for repeat in range(3)]
    assert cell.trainer.traces == 1
    for programs in (cell.trainer._training, cell.trainer._counting):
        [program] = programs.values()
        assert program.experimental_get_tracing_count() == 1
    assert len({result.compile_seconds for result in results}) == 1
    assert len({result.seed for result in results}) == 12


def test_the_seed_decides_the_run(cell: CellTrainer, resident: ResidentDataset) -> None:
    """Earlier runs don't matter. Another repeat, cell or sweep gives another result."""
    first = cell.run(4, 0)
    other_repeat = cell.run(4, 1)
    again = cell.run(4, 0)
    assert measured(first) == measured(again)
    assert measured(first) != measured(other_repeat)
    other_sweep = CellTrainer(MATRIX, OPS, CONFIG, resident, seed=1)
    other_cell = CellTrainer(MATRIX[:2, :2], ("input", "output"), CONFIG, resident)
    seeds = [trainer.attempt_seed(4, 0, 0) for trainer in (cell, other_sweep, other_cell)]
    seeds += [cell.attempt_seed(12, 0, 0), cell.attempt_seed(4, 1, 0), cell.attempt_seed(4, 0, 1)]
    assert len(set(seeds)) == 6
    assert first.seed == again.seed == seeds[0]
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_seeds_are_the_recorded_ones(cell: CellTrainer) -> None:
    """A sweep that a later version continues must get the same random numbers."""
    assert cell.attempt_seed(108, 2, 0) == 8392635606381253737


# ----------------------------------------------------------------------------------- how it can end


def watched_resets(cell: CellTrainer, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds with which the trainer is reset, in order."""
    seeds: list[int] = []
    reset = cell.trainer.reset

    def watched_reset(seed: int) -> None:
        seeds.append(seed)
        reset(seed)

    monkeypatch.setattr(cell.trainer, "reset", watched_reset)
    return seeds


def test_a_run_that_is_never_finite_fails(
    resident: ResidentDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(CONFIG, learning_rate=1e30)
    cell = CellTrainer(MATRIX, OPS, config, resident)
    seeds = watched_resets(cell, monkeypatch)
    with pytest.raises(
        TrainingError, match="not finite at step 31, in each of 5 attempts"
    ) as caught:
        cell.run(4, 0)
    assert caught.value.attempts == 5
    assert seeds == [cell.attempt_seed(4, 0, attempt) for attempt in range(5)]
    assert len(set(seeds)) == 5


def test_a_later_attempt_succeeds(cell: CellTrainer, monkeypatch: pytest.MonkeyPatch) -> None:
    train = cell.trainer.train
    bad_seeds = [cell.attempt_seed(4, 0, attempt) for attempt in range(2)]
    began = watched_resets(cell, monkeypatch)

    def damaged(images: Any, draws: Any, rates: Any) -> tuple[float, bool]:
        loss, finite = train(images, draws, rates)
        return loss, finite and began[-1] not in bad_seeds

    monkeypatch.setattr(cell.trainer, "train", damaged)
    result = cell.run(4, 0)
    assert result.attempts == 3
    assert result.seed == cell.attempt_seed(4, 0, 2)
    with pytest.raises(TrainingError, match="in each of 2 attempts"):
        cell.run(4, 0, RunOptions(max_attempts=2))


def test_a_loss_that_is_not_finite_ends_an_attempt(
    cell: CellTrainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = cell.trainer.train
    monkeypatch.setattr(cell.trainer, "train", lambda *given: (np.nan, train(*given)[1]))
    with pytest.raises(TrainingError):
        cell.run(4, 0, RunOptions(max_attempts=1))


def test_a_run_ends_at_its_time_limit(cell: CellTrainer, watched: Watched) -> None:
    """The run stops, is evaluated and reported. Evaluations don't count for the limit."""
    result = cell.run(36, 0, RunOptions(max_seconds=25))
    assert watched.calls == [1, 100, 100]
    assert watched.evaluated_at == [1, 201, 201]
    assert measured(result)[1][1:] == measured(result)[2][1:]
    assert [evaluation.epochs for evaluation in result.evaluations] == [0, 18, 36]
    assert result.step_seconds == 30


# ---------------------------------------------------------------------------------------- summaries


def scalars(folder: Path) -> Iterator[tuple[int, str, float]]:
    """Step, name and value of each summary in a folder of event files."""
    for path in sorted(folder.iterdir()):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            event = tf.compat.v1.Event.FromString(record)
            for value in event.summary.value:
                assert value.metadata.plugin_data.plugin_name == "scalars"
                yield event.step, value.tag, float(tf.make_ndarray(value.tensor))


def test_summaries_are_written_for_tensorboard(cell: CellTrainer, tmp_path: Path) -> None:
    result = cell.run(12, 1, RunOptions(tensorboard_folder=str(tmp_path)))
    [folder] = tmp_path.iterdir()
    assert folder.name == f"{result.module_hash}-12-1-{result.seed}"
    found = list(scalars(folder))
    for name in ("train_accuracy", "validation_accuracy", "test_accuracy"):
        written = [(step, value) for step, tag, value in found if tag == name]
        values = [getattr(evaluation, name) for evaluation in result.evaluations]
        assert written == list(zip((1, 93, 186), values, strict=True))
    rates = {step: value for step, tag, value in found if tag == "learning_rate"}
    assert list(rates) == [1, 93, 186]
    assert rates[1] == 0
    assert rates[93] == pytest.approx(0.05 * (1 + np.cos(np.pi * 92 / 186)))
    losses = [value for _, tag, value in found if tag == "loss"]
    assert len(losses) == 3
    assert losses[-1] < losses[0]


def test_without_folders_no_files_are_written(
    cell: CellTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cell.run(1, 0)
    assert not list(tmp_path.iterdir())
