"""Checkpoints: a run that is interrupted and resumed gives the same result as one that isn't."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from nb101fast import FormatError
from nb101fast.schema import Anything, ListOf, Number
from nb101train import checkpoint, run
from nb101train.config import DIGITS
from nb101train.datasets import Dataset
from nb101train.record import RunResult, StageResult
from nb101train.resident import ResidentDataset
from nb101train.run import NOTES, CellTrainer
from nb101train.run_options import RunOptions
from nb101train.trainer import Trainer
from nb101train.training_error import TrainingError
from reference.child_processes import environment
from reference.hostile_json import refusals

MATRIX, OPS = [[0, 1, 1], [0, 0, 1], [0, 0, 0]], ("input", "conv1x1-bn-relu", "output")
CONFIG = dataclasses.replace(DIGITS, stem_filters=4, num_stacks=1)
ALWAYS = 1e-9  # so few seconds between checkpoints that one is saved after each call


@pytest.fixture(scope="module")
def resident(digits: Dataset) -> ResidentDataset:
    return ResidentDataset(digits)


@pytest.fixture(scope="module")
def cell(resident: ResidentDataset) -> CellTrainer:
    return CellTrainer(MATRIX, OPS, CONFIG, resident)


def state_of(trainer: Trainer) -> list[Any]:
    return [np.asarray(variable) for variable in trainer.state()]


def scattered(trainer: Trainer, rng: np.random.Generator) -> None:
    for variable in trainer.state():
        variable.assign(rng.normal(size=variable.shape).astype(np.float32))
    trainer.steps_done = int(rng.integers(1000))


# ------------------------------------------------------------------------------------------- files


def test_a_saved_state_is_restored(tmp_path: Path, rng: np.random.Generator) -> None:
    trainer = Trainer(MATRIX, OPS, CONFIG)
    scattered(trainer, rng)
    state, steps = state_of(trainer), trainer.steps_done
    notes = {"seconds": 0.1 + 0.2, "evaluations": [{"epochs": 0.0}]}
    checkpoint.save(tmp_path / "run.checkpoint", trainer, notes)
    scattered(trainer, rng)
    kinds = {"seconds": Number(), "evaluations": ListOf(Anything())}
    assert checkpoint.restore(tmp_path / "run.checkpoint", trainer, kinds) == notes
    assert all(map(np.array_equal, state_of(trainer), state))
    assert trainer.steps_done == steps
    assert os.listdir(tmp_path) == ["run.checkpoint"]


def test_everything_that_training_changes_is_saved(
    tmp_path: Path, digits: Dataset, rng: np.random.Generator
) -> None:
    """A step changes a restored trainer exactly as it changes the saved one."""
    images, labels = digits.normalised(digits.train.images[:64]), digits.train.labels[:64]
    one, other = (Trainer(MATRIX, OPS, CONFIG) for _ in range(2))
    for _ in range(3):
        one.step(images, labels)
    checkpoint.save(tmp_path / "run.checkpoint", one, {})
    checkpoint.restore(tmp_path / "run.checkpoint", other, {})
    for _ in range(2):
        assert one.step(images, labels) == other.step(images, labels)
    assert all(map(np.array_equal, state_of(one), state_of(other)))


def test_restoring_without_a_file_gives_none(tmp_path: Path, cell: CellTrainer) -> None:
    before = state_of(cell.trainer)
    assert checkpoint.restore(tmp_path / "run.checkpoint", cell.trainer, {}) is None
    assert all(map(np.array_equal, state_of(cell.trainer), before))


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path, cell: CellTrainer) -> None:
    path = tmp_path / "run.checkpoint"
    checkpoint.save(path, cell.trainer, {})
    for config, ops in (
        (dataclasses.replace(CONFIG, stem_filters=5), OPS),
        (CONFIG, ("input", "maxpool3x3", "output")),
    ):
        other = Trainer(MATRIX, ops, config)
        before = state_of(other)
        with pytest.raises(
            FormatError, match=r"run\.checkpoint is a checkpoint of another network"
        ):
            checkpoint.restore(path, other, {})
        assert all(map(np.array_equal, state_of(other), before))


def damaged(sound: bytes, rng: np.random.Generator) -> list[bytes]:
    """Damage the file: cut it, flip bits, write zeros into it, append to it."""
    size = len(sound)
    versions = [sound[:cut] for cut in (0, 1, 31, 32, 33, size // 2, size - 1)]
    for position in [0, 31, 32, size - 1, *rng.integers(size, size=200).tolist()]:
        flipped = bytearray(sound)
        flipped[position] ^= 1 << int(rng.integers(8))
        versions.append(bytes(flipped))
    return [*versions, sound[:32] + bytes(512) + sound[544:], bytes(size), sound + b"0"]


def test_damaged_files_are_refused(
    tmp_path: Path, cell: CellTrainer, rng: np.random.Generator
) -> None:
    """Each damage raises an error, and the trainer stays as it was."""
    path = tmp_path / "run.checkpoint"
    checkpoint.save(path, cell.trainer, {})
    sound = path.read_bytes()
    scattered(cell.trainer, rng)
    state, steps = state_of(cell.trainer), cell.trainer.steps_done
    for version in damaged(sound, rng):
        path.write_bytes(version)
        with pytest.raises(FormatError, match=r"run\.checkpoint is damaged; remove it"):
            checkpoint.restore(path, cell.trainer, {})
    assert all(map(np.array_equal, state_of(cell.trainer), state))
    assert cell.trainer.steps_done == steps


def without_notes(sound: bytes) -> dict[str, Any]:
    """The arrays of a checkpoint, except its notes."""
    with np.load(io.BytesIO(sound[32:])) as archive:
        return {name: archive[name] for name in archive.files if name != "notes"}


def with_notes(arrays: dict[str, Any], notes: bytes) -> bytes:
    """A checkpoint of these arrays and notes, with the digest that fits them."""
    buffer = io.BytesIO()
    np.savez(buffer, notes=np.array(notes.decode("latin-1")), **arrays)
    return hashlib.sha256(buffer.getvalue()).digest() + buffer.getvalue()


def test_notes_of_a_wrong_type_are_refused(tmp_path: Path, cell: CellTrainer) -> None:
    path = tmp_path / "run.checkpoint"
    notes = {
        "settings": {"epochs": 1},
        "evaluations": [dataclasses.asdict(StageResult(0.0, 0.0, 0.1, 0.2, 0.3))],
        "step_seconds": 1.0,
        "evaluation_seconds": 1.0,
        "seconds": 2.0,
    }
    checkpoint.save(path, cell.trainer, notes)
    arrays = without_notes(path.read_bytes())

    def restore(text: bytes) -> None:
        path.write_bytes(with_notes(arrays, text))
        checkpoint.restore(path, cell.trainer, NOTES)

    texts = refusals(restore, {**notes, "steps_done": 3})
    assert len(texts) > 100
    assert all(re.search(r"run\.checkpoint: its notes: \S", text) for text in texts)


def test_an_archive_of_other_things_is_refused(tmp_path: Path, cell: CellTrainer) -> None:
    path = tmp_path / "run.checkpoint"
    for content in (b"", b"PK\3\4", b"no archive", b"\x93NUMPY\1\0"):
        path.write_bytes(hashlib.sha256(content).digest() + content)
        with pytest.raises(FormatError, match=r"run\.checkpoint is not a checkpoint: "):
            checkpoint.restore(path, cell.trainer, {})


# ----------------------------------------------------------------------------------------- resuming


class CutOffError(Exception):
    """Is raised where the process would end."""


def cut_off_after(steps: int) -> Any:
    def progress(done: int, _: int) -> None:
        if done >= steps:
            raise CutOffError

    return progress


def measured(result: RunResult) -> list[Any]:
    return [
        (e.epochs, e.train_accuracy, e.validation_accuracy, e.test_accuracy)
        for e in result.evaluations
    ]


def always(folder: Path) -> RunOptions:
    return RunOptions(checkpoint_folder=str(folder), checkpoint_seconds=ALWAYS)


@pytest.mark.parametrize("steps", [1, 8, 31, 32, 60])
def test_a_resumed_run_equals_a_whole_one(
    cell: CellTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Interrupt the run before the save that follows `steps`."""
    monkeypatch.setattr(run, "STEPS_PER_CALL", 7)
    whole = cell.run(4, 0)
    state = state_of(cell.trainer)
    with pytest.raises(CutOffError):
        cell.run(4, 0, always(tmp_path), progress=cut_off_after(steps))
    assert len(list(tmp_path.iterdir())) == (steps > 1)
    scattered(cell.trainer, np.random.default_rng(0))
    calls: list[int] = []
    resumed = cell.run(4, 0, always(tmp_path), progress=lambda done, _: calls.append(done))
    assert measured(resumed) == measured(whole)
    assert all(map(np.array_equal, state_of(cell.trainer), state))
    assert resumed.seed == whole.seed
    assert len(calls) < 11 or steps == 1
    assert not list(tmp_path.iterdir())


def test_times_of_a_resumed_run(
    cell: CellTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seconds until the last checkpoint count; the pause between the processes doesn't."""
    now = 0.0

    def slow_train(_: Any, draws: Any, rates: Any) -> tuple[float, bool]:
        nonlocal now
        now += 10
        cell.trainer.steps_done += len(rates)
        return 0.0, True

    cell.compile()
    ready = cell.ready_seconds
    monkeypatch.setattr(cell.trainer, "train", slow_train)
    monkeypatch.setattr(run, "time", SimpleNamespace(perf_counter=lambda: now))
    with pytest.raises(CutOffError):
        cell.run(36, 0, always(tmp_path), progress=cut_off_after(280))
    now += 1e6
    result = cell.run(36, 0, always(tmp_path))
    assert result.step_seconds == 70  # 1, 100 and 100 steps; 79, 100, 100 and 80
    assert result.total_time == pytest.approx(ready + 70)


def test_a_short_run_saves_no_checkpoint(cell: CellTrainer, tmp_path: Path) -> None:
    options = RunOptions(checkpoint_folder=str(tmp_path), checkpoint_seconds=1e6)
    with pytest.raises(CutOffError):
        cell.run(12, 0, options, progress=cut_off_after(150))
    assert not list(tmp_path.iterdir())


def test_each_run_has_a_checkpoint_of_its_own(cell: CellTrainer, tmp_path: Path) -> None:
    for epochs, repeat in ((4, 0), (4, 1), (12, 0)):
        with pytest.raises(CutOffError):
            cell.run(epochs, repeat, always(tmp_path), progress=cut_off_after(50))
    assert len(list(tmp_path.iterdir())) == 3


def test_a_failed_attempt_leaves_no_checkpoint(
    cell: CellTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = cell.trainer.train
    monkeypatch.setattr(
        cell.trainer, "train", lambda *a: (train(*a)[0], cell.trainer.steps_done < 62)
    )
    with pytest.raises(TrainingError):
        cell.run(4, 0, always(tmp_path))
    assert not list(tmp_path.iterdir())


def cut_off(cell: CellTrainer, folder: Path) -> Path:
    """The path of a checkpoint that an interrupted run leaves."""
    with pytest.raises(CutOffError):
        cell.run(4, 0, always(folder), progress=cut_off_after(50))
    [path] = folder.iterdir()
    return path


def test_a_run_refuses_a_damaged_checkpoint(cell: CellTrainer, tmp_path: Path) -> None:
    path = cut_off(cell, tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FormatError, match=f"{path.name} is damaged; remove it"):
        cell.run(4, 0, always(tmp_path))
    assert path.exists()


@pytest.mark.parametrize("change", ["settings", "data set"])
def test_a_run_refuses_a_checkpoint_of_other_settings(
    cell: CellTrainer, digits: Dataset, resident: ResidentDataset, tmp_path: Path, change: str
) -> None:
    cut_off(cell, tmp_path)
    config, data = CONFIG, resident
    if change == "settings":
        config = dataclasses.replace(CONFIG, weight_decay=1e-3)
    else:
        data = ResidentDataset(dataclasses.replace(digits, flip=True, fingerprint=""))
    with pytest.raises(FormatError, match="was made with other settings"):
        CellTrainer(MATRIX, OPS, config, data).run(4, 0, always(tmp_path))


# --------------------------------------------------------------------------------- killed processes

PROGRAM = """
import os, signal, sys
from nb101train import CellTrainer, load_dataset
import tensorflow as tf
assert "keras" not in sys.modules  # which `CellTrainer` would have loaded without need
from nb101train.resident import ResidentDataset
from test_checkpoint import CONFIG, MATRIX, OPS, always

folder, threads = sys.argv[1:]
tf.config.threading.set_intra_op_parallelism_threads(int(threads))  # they decide how it rounds
tf.config.threading.set_inter_op_parallelism_threads(int(threads))

def kill_after(done, _):
    if done > 100:
        os.kill(os.getpid(), signal.SIGKILL)

cell = CellTrainer(MATRIX, OPS, CONFIG, ResidentDataset(load_dataset("digits")))
cell.run(12, 0, always(folder), progress=kill_after)
"""


@pytest.mark.slow
def test_a_killed_run_is_resumed_to_the_same_result(cell: CellTrainer, tmp_path: Path) -> None:
    """SIGKILL ends a process in the middle of the run; this process resumes the run."""
    threads = tf.config.threading.get_intra_op_parallelism_threads()
    killed = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path, str(threads)],
        env=environment(),
        stderr=subprocess.DEVNULL,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 1
    calls: list[int] = []
    resumed = cell.run(12, 0, always(tmp_path), progress=lambda done, _: calls.append(done))
    assert calls == [186]  # The first 93 steps were saved.
    assert measured(resumed) == measured(cell.run(12, 0))
    assert not list(tmp_path.iterdir())
