"""Workers: the order of their records, and the compilation of the next cell in the meantime."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import threading
import weakref
from typing import Any

import pytest
import tensorflow as tf

from nb101fast import encode
from nb101train.config import DIGITS
from nb101train.record import parse_payload
from nb101train.run import CellTrainer
from nb101train.work import CellWork, RunFailure, RunRecord, cell_work
from nb101train.worker import TrainingWorker, WorkerSettings

CONFIG = dataclasses.replace(DIGITS, stem_filters=4, num_stacks=1)
CHAIN = ((0, 1, 0), (0, 0, 1), (0, 0, 0))
UNITS = ((1, 0), (2, 0), (1, 1))
WORKS = [
    cell_work(encode(CHAIN, ("input", "conv1x1-bn-relu", "output")), UNITS),
    cell_work(encode(((0, 1), (0, 0)), ("input", "output")), ((2, 1),)),
    cell_work(encode(CHAIN, ("input", "maxpool3x3", "output")), UNITS[:2]),
]


def settings(**changes: Any) -> WorkerSettings:
    return dataclasses.replace(WorkerSettings("digits", CONFIG, device="cpu"), **changes)


def results(worker: TrainingWorker, works: list[CellWork]) -> list[RunRecord | RunFailure]:
    outcomes = []
    for work, upcoming in zip(works, [*works[1:], None], strict=True):
        outcomes += list(worker.train(work, upcoming))
    return outcomes


def measured(outcomes: list[RunRecord | RunFailure]) -> list[Any]:
    found = []
    for outcome in outcomes:
        assert isinstance(outcome, RunRecord)
        run = parse_payload(outcome.payload)
        accuracies = [dataclasses.astuple(evaluation)[2:] for evaluation in run.evaluations]
        found.append((run.module_hash, outcome.epochs, outcome.repeat, run.seed, accuracies))
    return found


Outcomes = list[RunRecord | RunFailure]


@pytest.fixture(scope="module")
def plain() -> Outcomes:
    """The outcomes of all cells, without overlap."""
    return results(TrainingWorker(settings(overlap=False)), WORKS)


def test_records_come_in_the_order_of_the_units(plain: Outcomes) -> None:
    expected = [(work, unit) for work in WORKS for unit in work.units]
    for outcome, (work, (epochs, repeat)) in zip(plain, expected, strict=True):
        assert isinstance(outcome, RunRecord)
        run = parse_payload(outcome.payload)
        assert tuple(map(tuple, run.matrix.tolist())) == work.matrix
        assert run.ops == work.ops
        assert (run.epochs, run.repeat) == (outcome.epochs, outcome.repeat) == (epochs, repeat)
        assert run.attempts == 1


def test_the_next_cell_is_compiled_in_the_meantime(
    plain: Outcomes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread compiles it. The results are the same, even if another cell follows."""
    worker = TrainingWorker(settings(overlap=True))
    threads: list[str] = []
    compile_ = worker._compile

    def watched_compile(work: CellWork) -> CellTrainer:
        threads.append(threading.current_thread().name.rpartition("_")[0])
        return compile_(work)

    monkeypatch.setattr(worker, "_compile", watched_compile)
    assert measured(list(worker.train(WORKS[0], upcoming=WORKS[1]))) == measured(plain[:3])
    assert measured(list(worker.train(WORKS[1], upcoming=WORKS[0]))) == measured(plain[3:4])
    assert threads == ["", "compile", "compile"]
    assert measured(list(worker.train(WORKS[2]))) == measured(plain[4:])
    assert threads[3:] == [""]


def test_the_memory_of_finished_cells_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks and their programs are freed, although they refer to each other."""
    worker = TrainingWorker(settings(overlap=True))
    trainers: list[weakref.ref[CellTrainer]] = []
    compile_ = worker._compile

    def watched_compile(work: CellWork) -> CellTrainer:
        trainer = compile_(work)
        trainers.append(weakref.ref(trainer))
        return trainer

    monkeypatch.setattr(worker, "_compile", watched_compile)
    results(worker, WORKS[1:])
    assert [trainer() for trainer in trainers] == [None, None]


def test_no_overlap_on_processors_unless_asked_for() -> None:
    assert not TrainingWorker(settings())._overlap


def test_failures_are_yielded_among_the_records(monkeypatch: pytest.MonkeyPatch) -> None:
    config = dataclasses.replace(CONFIG, learning_rate=1e30)
    outcomes = results(TrainingWorker(settings(config=config)), WORKS[:1])
    assert len(outcomes) == 3
    for outcome, unit in zip(outcomes, UNITS, strict=True):
        assert isinstance(outcome, RunFailure)
        assert (outcome.epochs, outcome.repeat) == unit
        assert outcome.attempts == 5
        assert "not finite" in outcome.reason


def test_the_seed_of_the_sweep_decides_the_runs(plain: Outcomes) -> None:
    other = measured(results(TrainingWorker(settings(seed=1)), WORKS[1:2]))
    assert other != measured(plain)[3:4]


def test_the_batch_is_scaled_to_the_cores(
    mirrored: tf.distribute.Strategy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nb101train import strategy

    monkeypatch.setattr(strategy, "find_strategy", lambda device: mirrored)
    worker = TrainingWorker(settings())
    [outcome] = worker.train(WORKS[1])
    assert isinstance(outcome, RunRecord)
    assert worker._config.bn_groups == 2
    assert worker._config.batch_size == 2 * CONFIG.batch_size
    assert worker._config.learning_rate == 2 * CONFIG.learning_rate
    assert parse_payload(outcome.payload).attempts == 1


def test_a_driver_imports_no_tensorflow() -> None:
    modules = "cells, config, datasets, ledger, plan, record, shard, status, sweep, work, worker"
    program = (
        f"import sys\nfrom nb101train import {modules}\n"
        "assert 'tensorflow' not in sys.modules\n"
        "assert 'sklearn' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
