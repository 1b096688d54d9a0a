"""Indexes of every released format version are read for ever."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nb101fast
from nb101fast import _core
from nb101fast.own_column import Label
from reference import tfrecord
from reference.runs import STAGES

DATA = Path(__file__).parents[1] / "data"
LATENCIES = [0.1, 2.5, np.nan]
VERSIONS = range(1, _core.FORMAT_VERSION + 1)


def test_every_version_is_there() -> None:
    assert [path.name for path in sorted(DATA.glob("*.nb101"))] == [
        f"version_{version}.nb101" for version in VERSIONS
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_value_is_read(version: int) -> None:
    records = list(tfrecord.read((DATA / f"version_{version}.tfrecord").read_bytes()))
    index = nb101fast.open(DATA / f"version_{version}.nb101", verify="full")
    assert (index.epochs, index.repeats, index.num_runs) == ((4, 108), (2, 3), len(records))
    seen: dict[tuple[str, int], int] = {}
    for record in records:
        key = record.module_hash, record.epochs
        repeat = seen[key] = seen.get(key, -1) + 1
        for stage, evaluation in zip(STAGES, record.metrics.evaluations, strict=True):
            values = index.query(key[0], epochs=key[1], stage=stage, repeat=repeat)
            for metric in nb101fast.METRICS:
                assert values[metric] == getattr(evaluation, metric)


@pytest.mark.parametrize("version", VERSIONS)
def test_its_records_come_back(version: int, tmp_path: Path) -> None:
    nb101fast.export(DATA / f"version_{version}.nb101", tmp_path / "out.tfrecord")
    assert (tmp_path / "out.tfrecord").read_bytes() == (
        DATA / f"version_{version}.tfrecord"
    ).read_bytes()


def test_the_own_columns_of_version_3_are_read() -> None:
    index = nb101fast.open(DATA / "version_3.nb101", verify="full")
    labels = {"latency_ms": Label("ms", "made up, in µs/1000"), "ones": Label()}
    assert dict(index.own_columns) == labels
    np.testing.assert_array_equal(index.column("latency_ms"), LATENCIES)
    np.testing.assert_array_equal(index.column("ones"), np.ones(len(index)))
