"""Runs of several kinds, gathered by an IndexBuilder into one index."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import FormatError, synthetic
from nb101fast.builder import IndexBuilder
from nb101fast.reader import IndexReader
from reference.tfrecord import Record

Sample = tuple[Path, list[Record]]


def exported(index: Path, folder: Path) -> bytes:
    nb101fast.export(index, folder / "exported.tfrecord", unmarked=True)
    return (folder / "exported.tfrecord").read_bytes()


def test_files_indexes_and_arrays_become_one(small_sample: Sample, tmp_path: Path) -> None:
    path = small_sample[0]
    absent = np.setdiff1d(np.arange(99, dtype=np.int32), nb101fast.open(path).cells)[:5]
    (runs,) = synthetic.generate(codes=nb101fast.cell_codes()[absent], epochs=(4,), repeats=2)
    builder = IndexBuilder()
    builder.reserve(300)
    source = builder.add_file(str(path.with_suffix(".tfrecord")))
    builder.add_runs(runs)
    report = builder.finish(tmp_path / "both.nb101", synthetic=True, further={"seed": 3})
    assert report.sources == (source,)
    assert (report.cells, report.runs) == (36 + 5, source.records + 10)
    both = nb101fast.open(tmp_path / "both.nb101", verify="full")
    assert both.provenance["seed"] == 3
    assert both.is_synthetic

    builder = IndexBuilder()
    builder.add_index(IndexReader(path))
    builder.add_runs(runs)
    builder.finish(tmp_path / "again.nb101")
    assert exported(tmp_path / "again.nb101", tmp_path) == exported(both.reader.path, tmp_path)  # type: ignore[arg-type]


def test_runs_may_have_any_type_of_numbers_that_fits(tmp_path: Path) -> None:
    (runs,) = synthetic.generate(codes=nb101fast.cell_codes()[:3], epochs=(4,), repeats=2)
    singles = runs.values.astype(np.float32)
    exact = replace(runs, values=singles.astype(np.float64))
    other = replace(
        runs,
        codes=runs.codes.tolist(),
        epochs=runs.epochs.astype(">i8"),
        values=np.asfortranarray(singles),
        parameters=runs.parameters.astype(np.uint32),
        total_times=runs.total_times.tolist(),
    )
    for given, wanted in zip(other.arrays(), exact.arrays(), strict=True):
        assert (given.dtype, given.tobytes()) == (wanted.dtype, wanted.tobytes())
    builder = IndexBuilder()
    builder.add_runs(other)
    assert builder.finish(tmp_path / "other.nb101", synthetic=True).runs == 6


@pytest.mark.parametrize(
    ("name", "values", "error", "message"),
    [
        ("codes", np.arange(6, dtype=np.int64), TypeError, "int64"),
        ("epochs", np.full(6, -4), ValueError, "epochs=-4 is not allowed; use numbers that"),
        ("epochs", [4, 4, 0, 4, 4, 4], ValueError, "epochs 0 of run 2 are not allowed; use 1 or"),
        ("epochs", np.zeros(6, np.int64), ValueError, "epochs 0 of run 0 are not allowed"),
        (
            "parameters",
            np.full(6, 2**31, np.uint32),
            ValueError,
            "parameters=2147483648 is not a",
        ),
        (
            "parameters",
            np.ones(6),
            TypeError,
            "parameters of dtype float64 is not allowed",
        ),
        (
            "values",
            np.full((6, 15), "x"),
            TypeError,
            "values of dtype <U1 is not allowed",
        ),
        (
            "values",
            np.ones((6, 14)),
            ValueError,
            r"shape \(6, 14\); \(6, 15\) is needed",
        ),
        ("total_times", np.ones(5), ValueError, "total_times have length 5; codes have 6"),
        ("total_times", None, TypeError, "total_times of dtype object is not allowed"),
    ],
)
def test_runs_of_other_numbers_are_refused(
    name: str, values: Any, error: type[Exception], message: str
) -> None:
    (runs,) = synthetic.generate(codes=nb101fast.cell_codes()[:3], epochs=(4,), repeats=2)
    with pytest.raises(error, match=message):
        IndexBuilder().add_runs(replace(runs, **{name: values}))


def test_a_builder_is_used_by_one_call_at_a_time(tmp_path: Path) -> None:
    nb101fast.synthetic.write_index(tmp_path / "i.nb101", codes=nb101fast.cell_codes()[:20_000])
    reader = IndexReader(str(tmp_path / "i.nb101"), verify="sections")
    for _ in range(3):
        builder = IndexBuilder(threads=1)
        refused: list[str] = []

        def add(builder: IndexBuilder = builder, refused: list[str] = refused) -> None:
            try:
                builder.add_index(reader)
            except RuntimeError as error:
                refused.append(str(error))

        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all("use it from one thread at a time" in each for each in refused)
        assert len(builder.table) == (4 - len(refused)) * reader.num_runs
        builder.finish(tmp_path / "o.nb101", synthetic=True)
        nb101fast.open(tmp_path / "o.nb101", verify="full")


def test_a_builder_that_failed_within_an_input_is_of_no_use(tmp_path: Path) -> None:
    nb101fast.synthetic.write_tfrecord(tmp_path / "i.tfrecord", codes=nb101fast.cell_codes()[:9000])
    content = bytearray((tmp_path / "i.tfrecord").read_bytes())
    content[-20_000] ^= 255
    (tmp_path / "i.tfrecord").write_bytes(content)
    builder = IndexBuilder()
    with pytest.raises(FormatError, match=r"i\.tfrecord: byte"):
        builder.add_file(str(tmp_path / "i.tfrecord"))
    assert len(builder.table)
    for call in (lambda: builder.finish(tmp_path / "o.nb101"), lambda: builder.add_file("x")):
        with pytest.raises(RuntimeError, match="an earlier call of this builder failed within"):
            call()
    assert not (tmp_path / "o.nb101").exists()


def test_a_builder_that_refused_an_input_goes_on(tmp_path: Path) -> None:
    (runs,) = synthetic.generate(codes=nb101fast.cell_codes()[:3], epochs=(4,), repeats=2)
    builder = IndexBuilder()
    with pytest.raises(ValueError, match="epochs 0 of run"):
        builder.add_runs(replace(runs, epochs=np.zeros(6, np.uint32)))
    builder.add_runs(runs)
    assert builder.finish(tmp_path / "o.nb101", synthetic=True).runs == 6


def test_every_maker_says_the_same_of_itself(small_sample: Sample, tmp_path: Path) -> None:
    """Compile and synthetic have one tail: their provenances have the same keys first."""
    synthetic.write_index(tmp_path / "made.nb101", codes=nb101fast.cell_codes()[:3])
    keys = ["tool", "version", "created", "sources", "findings", "synthetic"]
    for path in (small_sample[0], tmp_path / "made.nb101"):
        assert list(nb101fast.open(path).provenance)[:6] == keys


def test_a_strict_finish_refuses(small_sample: Sample, tmp_path: Path) -> None:
    builder = IndexBuilder()
    builder.add_file(str(small_sample[0].with_suffix(".tfrecord")))
    with pytest.raises(FormatError, match=r"small\.tfrecord: a strict compilation refuses missing"):
        builder.finish(tmp_path / "x.nb101", strict=True)
    assert not (tmp_path / "x.nb101").exists()
