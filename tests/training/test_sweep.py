"""Sweeps with made-up workers: what they write, how they go on, and what they refuse."""

from __future__ import annotations

import dataclasses
import errno
import itertools
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from made_up import (
    DENOMINATOR,
    SMALL_SETTINGS,
    MadeUpCrew,
    MadeUpWorker,
    made_up_payload,
    small_set,
)
from nb101fast import FormatError
from nb101train import driver
from nb101train.__main__ import main
from nb101train.cells import cells_up_to
from nb101train.crew import Crew
from nb101train.datasets import Dataset, load_dataset
from nb101train.engine import EngineError
from nb101train.failures import Failure, read_failures
from nb101train.ledger import Ledger, work_list
from nb101train.plan import SweepPlan, read_plan
from nb101train.record import parse_payload
from nb101train.request import Request
from nb101train.shard import Shard, ShardWriter, shards_in
from nb101train.shard_runs import read_records
from nb101train.sweep import SweepReport, sweep
from nb101train.work import Codes, Unit, units_of
from reference import tfrecord
from reference.hostile_json import refusals

Change = Callable[..., Request]
CHANGES = {"batch_size": 2, "stem_filters": 2, "num_stacks": 1}
EPOCHS, REPEATS = (1, 2), 2
UNITS = units_of(EPOCHS, REPEATS)


@pytest.fixture(scope="module")
def npz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_set(tmp_path_factory.mktemp("images"))


@pytest.fixture
def request_of(npz: Path) -> Change:
    """Makes requests of 7 cells, two budgets and two repeats, with changes."""

    def request_of(**changes: Any) -> Request:
        values: dict[str, Any] = {"codes": cells_up_to(3), "dataset": f"npz:{npz}"}
        values |= {"epochs": EPOCHS, "repeats": REPEATS, "changes": CHANGES}
        return Request(**(values | changes))

    return request_of


def run(
    folder: Path, request: Request, worker: MadeUpWorker | None = None, **more: Any
) -> SweepReport:
    return sweep(folder, request, MadeUpCrew(worker=worker or MadeUpWorker()), **more)


def runs_in(folder: Path) -> list[tuple[int, Unit]]:
    """All runs in the shards: the code of the cell as it was trained, epochs and repeat."""
    runs = []
    for shard in shards_in(folder):
        for _, payload in read_records(shard.results_in(folder)):
            result = parse_payload(payload)
            code = nb101fast.encode(result.matrix, result.ops)
            runs.append((code, (result.epochs, result.repeat)))
    return runs


def all_runs(codes: Codes, units: tuple[Unit, ...] = UNITS) -> list[tuple[int, Unit]]:
    return sorted((code, unit) for code in codes.tolist() for unit in units)


# ------------------------------------------------------------------------------------ it goes on


def test_a_sweep_makes_each_run_and_an_index(tmp_path: Path, request_of: Change) -> None:
    report = run(tmp_path, request_of())
    assert sorted(runs_in(tmp_path)) == all_runs(cells_up_to(3))
    assert (report.runs, report.made, report.made_here, report.failures) == (28, 28, 28, ())
    index = nb101fast.open(tmp_path / "index.nb101", verify="full")
    assert (index.num_runs, index.epochs, index.repeats) == (28, EPOCHS, (2, 2))
    assert index.denominator == DENOMINATOR
    [training] = index.provenance["training"]
    assert training["fingerprint"] == report.plan.fingerprint
    assert training["dataset"] == "npz"  # without the path, which is private
    assert training["config"]["stem_filters"] == 2
    assert training["failed_runs"] == 0
    assert "cells" not in training


def test_the_index_has_what_the_workers_made(tmp_path: Path, request_of: Change) -> None:
    run(tmp_path, request_of())
    index = nb101fast.open(tmp_path / "index.nb101")
    for work in work_list(cells_up_to(3), Ledger(UNITS)):
        for epochs, repeat in UNITS:
            made = parse_payload(made_up_payload(work, epochs, repeat)).evaluations[2]
            found = index.query(work.code, epochs=epochs, repeat=repeat)
            assert found["test_accuracy"] == made.test_accuracy
            assert found["training_time"] == made.training_time


def test_a_start_after_the_end_makes_nothing_again(tmp_path: Path, request_of: Change) -> None:
    run(tmp_path, request_of())
    before = {path.name: path.read_bytes() for path in tmp_path.glob("shard-*")}
    report = run(tmp_path, Request(), MadeUpWorker(fault="nobody is needed"))
    assert (report.made, report.made_here) == (28, 0)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("shard-*")} == before


def test_a_start_goes_on_after_any_record(tmp_path: Path, request_of: Change) -> None:
    whole = tmp_path / "whole"
    run(whole, request_of())
    path = Shard().results_in(whole)
    data = path.read_bytes()
    for number, (start, _) in enumerate(list(read_records(path))[::5]):
        part = tmp_path / str(number)
        shutil.copytree(whole, part)
        Shard().results_in(part).write_bytes(data[: start + 30])  # and the record is unfinished
        report = run(part, Request())
        assert (report.made, report.made_here) == (28, 28 - 5 * number)
        assert sorted(runs_in(part)) == all_runs(cells_up_to(3))


def test_a_torn_record_is_cut_off_with_a_message(
    tmp_path: Path, request_of: Change, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, request_of())
    with Shard().results_in(tmp_path).open("ab") as file:
        file.write(tfrecord.frame(b"x" * 100)[:50])
    run(tmp_path, Request())
    assert "cut 50 bytes of a torn record off its end" in capsys.readouterr().err


def test_shards_split_the_work_and_a_start_without_shard_compiles(
    tmp_path: Path, request_of: Change
) -> None:
    codes = cells_up_to(3)
    for index in range(3):
        request = request_of() if index == 0 else Request()
        report = run(tmp_path, request, shard=Shard(index, 3))
        mine = Shard(index, 3).cells_of(codes)
        assert report.runs == report.made == report.made_here == len(mine) * len(UNITS)
        assert report.index is None
        assert not (tmp_path / "index.nb101").exists()
    assert sorted(runs_in(tmp_path)) == all_runs(codes)
    report = run(tmp_path, Request(), MadeUpWorker(fault="nobody is needed"))
    assert (report.made, report.made_here) == (28, 0)
    assert report.index
    assert report.index.runs == 28


def test_another_number_of_shards_goes_on(tmp_path: Path, request_of: Change) -> None:
    run(tmp_path, request_of(), shard=Shard(1, 3))
    run(tmp_path, Request(), shard=Shard(0, 2))
    run(tmp_path, Request(), shard=Shard(1, 2))
    assert sorted(runs_in(tmp_path)) == all_runs(cells_up_to(3))


def test_a_later_start_adds_cells_budgets_and_repeats(tmp_path: Path, request_of: Change) -> None:
    few = cells_up_to(2)
    run(tmp_path, request_of(codes=few, epochs=(2,), repeats=1))
    assert read_plan(tmp_path).codes.tolist() == few.tolist()
    report = run(tmp_path, request_of(epochs=(1, 2, 3), repeats=3))
    assert report.made_here == 7 * 9 - 1
    assert sorted(runs_in(tmp_path)) == all_runs(cells_up_to(3), units_of((1, 2, 3), 3))
    # The cell that was there stays first, whatever its hash, so that it stays in its shard.
    codes = read_plan(tmp_path).codes.tolist()
    assert codes[0] == few[0]
    assert sorted(codes) == sorted(cells_up_to(3).tolist())


def test_an_existing_index_is_updated(tmp_path: Path, request_of: Change) -> None:
    run(tmp_path / "old", request_of(codes=cells_up_to(4), epochs=(2, 4)))
    old = tmp_path / "old" / "index.nb101"
    report = run(tmp_path / "sweep", request_of(), index=old)
    assert report.index
    assert report.index.output == str(old)
    assert (report.index.runs, report.index.replaced_runs) == (91 * 4 + 7 * 2, 7 * 2)
    assert not (tmp_path / "sweep" / "index.nb101").exists()
    assert nb101fast.open(old, verify="full").epochs == (1, 2, 4)


# ------------------------------------------------------------------------------------- failures


def test_failed_runs_are_listed_and_retried_only_on_request(
    tmp_path: Path, request_of: Change
) -> None:
    report = run(tmp_path, request_of(), MadeUpWorker(failing=((1, 1),)))
    assert (report.made, len(report.failures)) == (21, 7)
    assert {(each.epochs, each.repeat) for each in report.failures} == {(1, 1)}
    assert report.index
    assert report.index.runs == 21
    assert nb101fast.open(tmp_path / "index.nb101").provenance["training"][-1]["failed_runs"] == 7

    report = run(tmp_path, Request())
    assert (report.made_here, len(report.failures)) == (0, 7)

    report = run(tmp_path, Request(), MadeUpWorker(failing=((1, 1),)), retry_failed=True)
    assert (report.made_here, len(report.failures)) == (0, 7)
    assert len(read_failures(tmp_path)) == 7  # the last failure of each run

    report = run(tmp_path, Request(), retry_failed=True)
    assert (report.made, report.made_here, report.failures) == (28, 7, ())
    assert sorted(runs_in(tmp_path)) == all_runs(cells_up_to(3))
    assert run(tmp_path, Request()).failures == ()


def test_an_unfinished_line_of_a_failure_is_cut_off(tmp_path: Path, request_of: Change) -> None:
    run(tmp_path, request_of(), MadeUpWorker(failing=((1, 1),)))
    path = Shard().failures_in(tmp_path)
    lines = path.read_bytes()
    path.write_bytes(lines[:-20])
    assert len(read_failures(tmp_path)) == 6
    report = run(tmp_path, Request(), MadeUpWorker(failing=((1, 1),)))
    assert (report.made_here, len(report.failures)) == (0, 7)
    assert path.read_bytes() == lines


def test_a_damaged_line_of_a_failure_is_named(tmp_path: Path, request_of: Change) -> None:
    run(tmp_path, request_of(), MadeUpWorker(failing=((1, 1),)))
    path = Shard().failures_in(tmp_path)
    path.write_bytes(b"{}\n" + path.read_bytes())
    with pytest.raises(FormatError, match=rf"{path.name}: line 1: the key .code. is missing"):
        run(tmp_path, Request())


def test_workers_that_cannot_start_end_the_sweep(tmp_path: Path, request_of: Change) -> None:
    with pytest.raises(EngineError, match="worker 0 can't start: RuntimeError: no TPU"):
        run(tmp_path, request_of(), MadeUpWorker(fault="no TPU"))
    assert json.loads(Shard().status_in(tmp_path).read_text())["state"] == "stopped"
    assert run(tmp_path, Request()).made == 28


# -------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("changes", "pattern"),
    [
        ({"epochs": (1,)}, "it has epochs 2 too"),
        ({"repeats": 1}, "it has 2 repeats, not 1"),
        ({"seed": 1}, "seed is 0, not 1"),
        ({"max_seconds": 60.0}, "max_seconds is 14400.0, not 60.0"),
        ({"changes": {**CHANGES, "learning_rate": 0.3}}, "learning_rate is 0.2, not 0.3"),
        ({"preset": "digits", "changes": {"batch_size": 2}}, "bn_groups is 2, not 1"),
        ({"codes": cells_up_to(2)}, "it has 6 other cells, code 1025 first"),
        ({"dataset": "digits"}, "the data set's fingerprint is '.*', not '.*'; .*num_classes is 2"),
    ],
)
def test_other_settings_in_the_same_folder_are_refused(
    tmp_path: Path, request_of: Change, changes: dict[str, Any], pattern: str
) -> None:
    run(tmp_path, request_of())
    before = (tmp_path / "sweep.json").read_bytes()
    for request in (request_of(**changes), Request(**changes)):
        with pytest.raises(
            ValueError, match="the sweep was begun with other settings: .*" + pattern
        ):
            run(tmp_path, request)
    assert (tmp_path / "sweep.json").read_bytes() == before


def test_a_cell_in_another_vertex_order_is_refused(tmp_path: Path, request_of: Change) -> None:
    matrix = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
    orders = (0, 2), (2, 0)
    codes = [np.array([nb101fast.encode(matrix, order)], np.uint32) for order in orders]
    run(tmp_path, request_of(codes=codes[0]))
    with pytest.raises(ValueError, match=f"it has 1 other cell, code {codes[0][0]} first"):
        run(tmp_path, request_of(codes=codes[1]))


def test_the_same_images_may_lie_elsewhere(tmp_path: Path, request_of: Change, npz: Path) -> None:
    run(tmp_path, request_of())
    moved = f"npz:{shutil.copy(npz, tmp_path / 'moved.npz')}"
    run(tmp_path, Request(dataset=moved))
    assert read_plan(tmp_path).dataset == moved  # from where workers load it
    other = f"npz:{shutil.copy(npz, tmp_path / 'other.npz')}"
    run(tmp_path, request_of(dataset=other))
    assert read_plan(tmp_path).dataset == other


@pytest.mark.parametrize(
    ("changes", "pattern"),
    [
        ({"max_seconds": 0.0}, "max_seconds=0.0 is not allowed"),
        ({"max_seconds": float("nan")}, "max_seconds=nan is not allowed"),
        ({"epochs": ()}, r"epochs=\(\) is not allowed; use one or more"),
        ({"dataset": ""}, "''"),
    ],
)
def test_a_request_that_is_refused_leaves_nothing(
    tmp_path: Path, request_of: Change, changes: dict[str, Any], pattern: str
) -> None:
    with pytest.raises(ValueError, match=pattern):
        run(tmp_path, request_of(**changes))
    assert not (tmp_path / "sweep.json").exists()


@pytest.mark.parametrize(
    ("numbers", "pattern"),
    [
        ({"threads": -1}, "threads=-1 is not allowed"),
        ({"threads": 0}, "threads=0 is not allowed"),
        ({"gpus": -1}, "gpus=-1 is not allowed"),
        ({"num_workers": 0}, "num_workers=0 is not allowed"),
    ],
)
def test_numbers_of_a_crew_that_are_refused(numbers: dict[str, int], pattern: str) -> None:
    with pytest.raises(ValueError, match=pattern):
        Crew(**numbers)  # type: ignore[arg-type]


def test_the_driver_loads_the_data_set_once(
    tmp_path: Path, request_of: Change, npz: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    def counted(text: str) -> Dataset:
        loaded.append(text)
        return load_dataset(text)

    monkeypatch.setattr("nb101train.request.load_dataset", counted)
    run(tmp_path, request_of())  # 7 cells, whose runs the workers make
    assert loaded == [f"npz:{npz}"]
    run(tmp_path, request_of(repeats=3))  # the same data set by the same path
    assert loaded == [f"npz:{npz}"]
    shutil.copy(npz, tmp_path / "moved.npz")
    run(tmp_path, request_of(repeats=4, dataset=f"npz:{tmp_path / 'moved.npz'}"))
    assert loaded == [f"npz:{npz}", f"npz:{tmp_path / 'moved.npz'}"]


@pytest.mark.parametrize(
    ("changes", "pattern"),
    [
        ({"codes": None}, "the sweep has no cells yet; give codes"),
        ({"epochs": (1, 1)}, r"epochs=\(1, 1\) is not allowed; use one or more, each once"),
        ({"epochs": (0,)}, "epochs=0 is not allowed; use an integer from 1"),
        ({"repeats": 0}, "repeats=0 is not allowed; use an integer from 1"),
        ({"seed": -1}, "seed=-1 is not allowed; use an integer from 0"),
        ({"dataset": "mnist"}, "dataset='mnist' is not allowed; use 'digits'"),
        ({"changes": {"stem_filters": 0}}, "stem_filters=0 is not allowed; use an integer"),
    ],
)
def test_a_faulty_request_leaves_nothing_behind(
    tmp_path: Path, request_of: Change, changes: dict[str, Any], pattern: str
) -> None:
    with pytest.raises(ValueError, match=pattern):
        run(tmp_path / "sweep", request_of(**changes))
    assert not (tmp_path / "sweep").exists()


def test_unknown_settings_are_refused(request_of: Change) -> None:
    for name in ("epochs", "image_size", "rate"):
        with pytest.raises(
            ValueError, match=f"setting '{name}' is not allowed; use .*batch_size, .*dtype"
        ):
            request_of(changes={name: 1})
    with pytest.raises(
        ValueError, match="preset='fast' is not allowed; use 'official' or 'digits'"
    ):
        request_of(preset="fast")


@pytest.mark.parametrize(
    ("change", "pattern"),
    [
        ({"format": 2}, "format: 2 is not allowed; use 1"),
        ({"epochs": "x"}, "epochs: 'x' is not allowed; use a list"),
        ({"epochs": [4, 4]}, r"epochs=\(4, 4\) is not allowed; use one or more, each once"),
        ({"repeats": 1_000_000_000}, "repeats: 1000000000 is not allowed; use an integer from 1"),
        ({"epochs": [*range(1, 100)], "repeats": 60_000}, "at most 1,000,000 runs of each cell"),
        ({"cells": []}, "cells: a list of 0 is not allowed; use at least 1"),
        ({"cells": [3]}, "is outside the search space"),
        ({"cells": [32, 32]}, "give each cell once"),
        ({"config": {"momentum": 2.0}}, "momentum=2.0"),
        ({"cells": [-1]}, r"cells\[0\]: -1 is not allowed; use an integer from 0"),
        ({"more": 1}, "the key 'more' is not allowed; use 'format'"),
    ],
)
def test_a_damaged_plan_is_refused(
    tmp_path: Path, request_of: Change, change: dict[str, Any], pattern: str
) -> None:
    run(tmp_path, request_of())
    path = tmp_path / "sweep.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(FormatError, match=rf"sweep\.json: .*{pattern}"):
        run(tmp_path, Request())


def test_no_damaged_plan_raises_another_error(tmp_path: Path, request_of: Change) -> None:
    run(tmp_path, request_of())
    path = tmp_path / "sweep.json"
    sound = json.loads(path.read_text())

    def read(text: bytes) -> None:
        path.write_bytes(text)
        read_plan(tmp_path)

    texts = refusals(read, sound)
    assert len(texts) > 300
    assert all("sweep.json: " in text for text in texts)


def test_no_damaged_failure_raises_another_error(tmp_path: Path) -> None:
    path = tmp_path / "failures-00000-of-00001.jsonl"
    sound = dataclasses.asdict(Failure(32, "0" * 32, 4, 0, 5, "no memory"))

    def read(text: bytes) -> None:
        path.write_bytes(text + b"\n")
        assert all(str(failure).isprintable() for failure in read_failures(tmp_path).values())

    texts = refusals(read, sound)
    assert len(texts) > 50
    assert all(".jsonl: line 1: " in text for text in texts)


def test_a_plan_is_read_as_it_was_written(tmp_path: Path, request_of: Change) -> None:
    plan = run(tmp_path, request_of()).plan
    again = read_plan(tmp_path)
    for field in dataclasses.fields(SweepPlan):
        assert np.all(getattr(again, field.name) == getattr(plan, field.name))
    assert again.as_json() == plan.as_json() == (tmp_path / "sweep.json").read_text()


def test_a_batch_may_need_more_than_the_default_epochs() -> None:
    """108 epochs of 997 images make no such batch, but 300 do."""
    changes = {"batch_size": 200 * 997}
    plan = Request(codes=cells_up_to(3), epochs=(500, 300), changes=changes).plan()
    assert plan.epochs == (300, 500)
    again = SweepPlan.from_json("sweep.json", plan.as_json().encode())
    assert (again.config, again.epochs) == (plan.config, plan.epochs)
    with pytest.raises(ValueError, match=r"epochs=199 of 997 images make no whole batch of 199400"):
        Request(codes=cells_up_to(3), epochs=(199, 300), changes=changes).plan()


def test_records_of_another_sweep_are_refused(tmp_path: Path, request_of: Change) -> None:
    run(tmp_path, request_of())
    (other, *_) = work_list(cells_up_to(4), Ledger(UNITS))
    assert other.code not in cells_up_to(3)
    (mine, *_) = work_list(cells_up_to(3), Ledger(UNITS))
    size = Shard().results_in(tmp_path).stat().st_size
    for payload, pattern in (
        (made_up_payload(other, 1, 0), "1 epoch, repeat 0: the run is not of this sweep"),
        (made_up_payload(mine, 4, 0), "4 epochs, repeat 0: the run is not of this sweep"),
        (made_up_payload(mine, 1, 7), "1 epoch, repeat 7: the run is not of this sweep"),
        (made_up_payload(mine, 1, 1), "1 epoch, repeat 1: the run occurs a second time"),
        (b"[]", "not the JSON of a record"),
    ):
        with ShardWriter(Shard().results_in(tmp_path)) as writer:
            writer.append_records([payload])
        with pytest.raises(
            FormatError, match=rf"00001.tfrecord: byte {size}: record 28: .*{pattern}"
        ):
            run(tmp_path, Request())
        with ShardWriter(Shard().results_in(tmp_path)) as writer:
            writer.cut(size)


def test_a_second_driver_is_refused(
    tmp_path: Path, request_of: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nb101fast.file_lock._PATIENCE_SECONDS", 0.0)
    run(tmp_path, request_of(), shard=Shard(1, 2))
    with ShardWriter(Shard(1, 2).results_in(tmp_path)):
        with pytest.raises(
            BlockingIOError, match=r"00002.tfrecord: another driver writes this file"
        ):
            run(tmp_path, Request(), shard=Shard(1, 2))
        with pytest.raises(
            BlockingIOError, match=r"works on shard 1/2, so shard 0/1 is not .* use shards of 2"
        ):
            run(tmp_path, Request())
        assert run(tmp_path, Request(), shard=Shard(0, 2)).made == 16


def test_a_full_disk_stops_the_sweep_and_loses_no_run(
    tmp_path: Path, request_of: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = ShardWriter.append

    def append_until_full(self: ShardWriter, data: bytes) -> None:
        if self.size > 3000:
            raise OSError(errno.ENOSPC, "No space left on device")
        append(self, data)

    monkeypatch.setattr(ShardWriter, "append", append_until_full)
    with pytest.raises(
        OSError, match=r"No space left on device; the sweep has made \d+ of 28 runs, and the same"
    ):
        run(tmp_path, request_of())
    made = runs_in(tmp_path)
    assert 0 < len(made) < 28
    monkeypatch.undo()
    report = run(tmp_path, Request())
    assert report.made_here == 28 - len(made)
    assert Counter(runs_in(tmp_path)) == Counter(all_runs(cells_up_to(3)))


def test_an_interruption_is_reported(
    tmp_path: Path, request_of: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(done: int, total: int) -> None:
        if done >= 10:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedError, match="interrupted: the sweep has made 7 of 28 runs"):
        run(tmp_path, request_of(), progress=interrupt)
    assert not (tmp_path / "index.nb101").exists()
    report = run(tmp_path, Request())
    assert (report.made_here, report.made) == (21, 28)


def test_progress_is_counted_in_epochs(tmp_path: Path, request_of: Change) -> None:
    told: list[tuple[int, int]] = []
    run(
        tmp_path,
        request_of(),
        MadeUpWorker(failing=((2, 0),)),
        progress=lambda *of: told.append(of),
    )
    assert told[-1] == (42, 42)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


# ------------------------------------------------------------------------------ the command line


class Done:
    """What the command line did with its arguments."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> None:
        try:
            self.status: object = main([str(argument) for argument in arguments])
        except SystemExit as error:
            self.status = error.code
        self.out, self.err = capsys.readouterr()


@pytest.fixture
def made_up_command(monkeypatch: pytest.MonkeyPatch) -> Callable[[MadeUpWorker], None]:
    """Makes the command line use made-up workers."""

    def use(worker: MadeUpWorker) -> None:
        crew = lambda **options: MadeUpCrew(worker=worker)  # noqa: E731
        monkeypatch.setattr("nb101train.commands.sweep.Crew", crew)

    use(MadeUpWorker())
    return use


def test_the_command_makes_a_sweep_and_reports_it(
    tmp_path: Path,
    npz: Path,
    capsys: pytest.CaptureFixture[str],
    made_up_command: Callable[[MadeUpWorker], None],
) -> None:
    out = tmp_path / "out"
    arguments: list[str | Path] = ["sweep", out, "--max-vertices", "3", "--dataset", f"npz:{npz}"]
    arguments += ["--epochs", "1,2", "--repeats", "2", *SMALL_SETTINGS]
    made_up_command(MadeUpWorker(failing=((2, 1),)))
    done = Done(capsys, *arguments)
    assert done.status == 1
    lines = done.out.splitlines()
    assert lines[0].startswith(f"{out}: 21 of 28 runs made, 21 now in ")
    assert len(lines) == 1 + 7 + 1
    assert lines[1].endswith(", 2 epochs, repeat 1: values that are not finite at step 1")
    index = out / "index.nb101"
    assert lines[-1] == f"{index}: 7 cells, 21 runs, {index.stat().st_size / 1e3:.0f} kB"
    assert done.err == "nb101train: not made: 7 of 28 runs; --retry-failed tries them again\n"

    made_up_command(MadeUpWorker())
    done = Done(capsys, *arguments, "--retry-failed")
    assert (done.status, done.err) == (0, "")
    assert "28 of 28 runs made, 7 now" in done.out
    assert (Done(capsys, "sweep", out).status, Done(capsys, "status", out).status) == (0, 0)


def test_the_command_says_when_runs_are_neither_made_nor_failed(
    tmp_path: Path,
    npz: Path,
    capsys: pytest.CaptureFixture[str],
    made_up_command: Callable[[MadeUpWorker], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A fault of the driver, which forgets a cell."""
    monkeypatch.setattr(
        driver, "work_list", lambda *given: itertools.islice(work_list(*given), 1, None)
    )
    made_up_command(MadeUpWorker())
    arguments: list[str | Path] = ["sweep", tmp_path / "out", "--max-vertices", "3"]
    arguments += ["--dataset", f"npz:{npz}", "--epochs", "1,2", "--repeats", "2", *SMALL_SETTINGS]
    done = Done(capsys, *arguments)
    assert (done.status, done.out.splitlines()[1:-1]) == (1, [])
    assert done.err == "nb101train: not made: 4 of 28 runs; --retry-failed tries them again\n"


def test_the_command_for_one_shard(
    tmp_path: Path,
    npz: Path,
    capsys: pytest.CaptureFixture[str],
    made_up_command: Callable[[MadeUpWorker], None],
) -> None:
    arguments = ["--max-vertices", "3", "--dataset", f"npz:{npz}", *SMALL_SETTINGS]
    done = Done(capsys, "sweep", tmp_path, *arguments, "--shard", "0/2")
    assert done.out.splitlines()[-1] == (
        f"shard 0/2 is done; when all shards are, `nb101train sweep {tmp_path}` compiles them into "
        f"{tmp_path / 'index.nb101'}"
    )


def test_settings_are_read_from_a_file(
    tmp_path: Path,
    npz: Path,
    capsys: pytest.CaptureFixture[str],
    made_up_command: Callable[[MadeUpWorker], None],
) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**CHANGES, "momentum": 0.5}))
    arguments = ["--dataset", f"npz:{npz}", "--config", str(config), "--set", "momentum=0.25"]
    done = Done(capsys, "sweep", tmp_path / "out", "--max-vertices", "2", *arguments)
    assert done.status == 0, done.err
    config_used = read_plan(tmp_path / "out").config
    assert (config_used.momentum, config_used.stem_filters) == (0.25, 2)


@pytest.mark.parametrize(
    ("arguments", "status", "pattern"),
    [
        (["--shard", "2/2"], 2, "shard 2/2 is not allowed; use 0/2 to 1/2"),
        (["--max-vertices", "9"], 2, "--max-vertices 9 is not allowed; use 2 to 7"),
        (["--max-vertices", "3", "--cells", "f"], 2, "not allowed with"),
        (["--cells", "/none/such"], 2, "No such file"),
        (["--epochs", "4;12"], 2, "--epochs '4;12' is not allowed; use integers with commas"),
        (["--set", "stem_filters"], 2, "--set 'stem_filters' is not allowed; use NAME=VALUE"),
        (["--set", "stem=3"], 2, "setting 'stem' is not allowed; use .*batch_size"),
        (["--config", "/none/such"], 2, "No such file"),
        (["--resources", "TPU"], 2, "--resources: not JSON"),
        (["--resources", "[1]"], 2, "--resources: .1. is not allowed; use an object"),
        (["--engine", "threads"], 2, "invalid choice: 'threads'"),
        (["--workers", "0"], 2, "--workers 0 is not allowed; use 1 or more"),
        (["--max-silence", "0"], 2, "--max-silence 0.0 is not allowed; use more than 0"),
        ([], 2, "the sweep has no cells yet; give codes"),
    ],
)
def test_faulty_commands_are_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    pattern: str,
) -> None:
    done = Done(capsys, "sweep", tmp_path / "out", *arguments)
    assert (done.status, done.out) == (status, "")
    assert re.search(pattern, " ".join(done.err.split())), done.err
    assert not (tmp_path / "out").exists()
