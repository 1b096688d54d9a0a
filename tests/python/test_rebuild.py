"""Export, update, merge and the other inputs lose nothing and never leave half a file."""

from __future__ import annotations

import gzip
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import nb101fast
from nb101fast import FormatError
from reference import tfrecord
from reference.cells import graph_of
from reference.runs import random_records
from reference.tfrecord import Record

EDGE = graph_of([[0, 1], [0, 0]], [])
CHAIN = graph_of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [0])
POOL = graph_of([[0, 1, 1], [0, 0, 1], [0, 0, 0]], [2])
GRAPHS = (EDGE, CHAIN, POOL)


def records_of(rng: np.random.Generator, repeats: int = 3) -> list[Record]:
    return random_records(rng, GRAPHS, {4: repeats, 108: repeats})


def saved(path: Path, records: list[Record]) -> Path:
    path.write_bytes(tfrecord.write(records))
    return path


def frames(data: bytes) -> Iterator[bytes]:
    """Yield the records of a sound file with their frames, without checking checksums."""
    start = 0
    while start < len(data):
        end = start + 16 + int.from_bytes(data[start : start + 8], "little")
        yield data[start:end]
        start = end


def exported(index: Path) -> bytes:
    target = index.with_name("exported.tfrecord")
    nb101fast.export(index, target, unmarked=True)
    return target.read_bytes()


# -------------------------------------------------------------------- export


@pytest.mark.parametrize("shuffled", [False, True])
def test_export_gives_the_file_back(tmp_path: Path, shuffled: bool) -> None:
    source, index = tmp_path / "in.tfrecord", tmp_path / "i.nb101"
    nb101fast.synthetic.write_tfrecord(
        source, codes=nb101fast.cell_codes()[::254]
    )  # 20,016 records
    if shuffled:
        all_frames = list(frames(source.read_bytes()))
        random.Random(0).shuffle(all_frames)
        source.write_bytes(b"".join(all_frames))
    report = nb101fast.compile(source, index)
    assert report.official_order is not shuffled
    assert exported(index) == source.read_bytes()


def test_export_of_the_real_record(tmp_path: Path, shared_data: Path) -> None:
    source = shared_data / "real_record.tfrecord"
    nb101fast.compile(source, tmp_path / "i.nb101")
    assert exported(tmp_path / "i.nb101") == source.read_bytes()


def test_export_of_odd_values(tmp_path: Path, rng: np.random.Generator) -> None:
    metrics = records_of(rng)[0].metrics
    odd = metrics._replace(
        evaluations=tuple(
            e._replace(test_accuracy=value, training_time=-value)
            for e, value in zip(metrics.evaluations, (-0.0, 1 / 3, float("inf")), strict=True)
        ),
        trainable_parameters=-5,
    )
    source = saved(tmp_path / "in", [records_of(rng)[0]._replace(metrics=odd), *records_of(rng)])
    nb101fast.compile(source, tmp_path / "i.nb101")
    assert exported(tmp_path / "i.nb101") == source.read_bytes()


# Compiles in a process of its own, and tells its peak of resident memory in kB. (ru_maxrss would
# begin with the peak of the process that forked it.)
MEASURED = """
import re, sys
import nb101fast
report = nb101fast.compile(*sys.argv[1:])
peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())
print(report.records, report.num_bytes, peak[1])
"""


@pytest.mark.release
@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak")
def test_full_size_both_ways(tmp_path: Path) -> None:
    source, index, again = tmp_path / "in.tfrecord", tmp_path / "i.nb101", tmp_path / "out.tfrecord"
    nb101fast.synthetic.write_index(index)
    nb101fast.export(index, source, unmarked=True)
    for order in ("official", "shuffled"):
        if order == "shuffled":
            all_frames = list(frames(source.read_bytes()))
            random.Random(0).shuffle(all_frames)
            with open(source, "wb") as file:
                file.writelines(all_frames)
        printed = subprocess.check_output([sys.executable, "-c", MEASURED, source, index])
        records, num_bytes, peak = map(int, printed.split())
        assert records == 5_083_488
        assert num_bytes < (200_000_000 if order == "official" else 225_000_000)
        assert peak < 650_000, "600 MB and the interpreter"
        nb101fast.export(index, again, unmarked=True)
        assert subprocess.run(["cmp", source, again], check=False).returncode == 0


def test_export_over_the_index_itself(tmp_path: Path, rng: np.random.Generator) -> None:
    nb101fast.compile(saved(tmp_path / "in", records_of(rng)), tmp_path / "i.nb101")
    os.symlink(tmp_path / "i.nb101", tmp_path / "same.tfrecord")
    with pytest.raises(ValueError, match="is the index itself"):
        nb101fast.export(tmp_path / "i.nb101", tmp_path / "same.tfrecord", unmarked=True)


# -------------------------------------------------------------------- inputs


@pytest.mark.parametrize("members", [1, 3])
def test_gzip(tmp_path: Path, rng: np.random.Generator, members: int) -> None:
    data = tfrecord.write(records_of(rng))
    cuts = [len(data) * i // members for i in range(members + 1)]
    packed = b"".join(gzip.compress(data[a:b]) for a, b in pairwise(cuts))
    (tmp_path / "in.gz").write_bytes(packed)
    report = nb101fast.compile(tmp_path / "in.gz", tmp_path / "i.nb101")
    assert report.sources[0].format == "tfrecord.gz"
    assert exported(tmp_path / "i.nb101") == data


def test_zeros_may_follow_gzip(tmp_path: Path, rng: np.random.Generator) -> None:
    data = tfrecord.write(records_of(rng))
    (tmp_path / "in.gz").write_bytes(gzip.compress(data) + bytes(10_000))
    nb101fast.compile(tmp_path / "in.gz", tmp_path / "i.nb101")
    assert exported(tmp_path / "i.nb101") == data


def test_damaged_gzip(tmp_path: Path, rng: np.random.Generator) -> None:
    packed = gzip.compress(tfrecord.write(records_of(rng)))
    for data, message in [
        (packed[:-1], "byte 0: the gzip member here is cut short; get the whole file"),
        (packed[: len(packed) // 2], "byte 0: the gzip member here is cut short"),
        (packed[:-5] + b"\0" + packed[-4:], "byte 0: the gzip member here is damaged: "),
        (packed + packed[:9], f"byte {len(packed)}: the gzip member here is cut short"),
        (packed + b"junk", f"byte {len(packed)}: no gzip member begins here; remove the bytes"),
        (packed + b"\0\0" + packed, f"byte {len(packed)}: only zeros may follow the first zero"),
    ]:
        (tmp_path / "in.gz").write_bytes(data)
        with pytest.raises(FormatError, match=message):
            nb101fast.compile(tmp_path / "in.gz", tmp_path / "i.nb101")
        assert not (tmp_path / "i.nb101").exists()


@pytest.mark.parametrize("first_byte", [ord("{"), ord("["), 0x89, 0x1F])
def test_a_length_that_looks_like_another_format(
    tmp_path: Path, rng: np.random.Generator, first_byte: int
) -> None:
    payload = tfrecord.encode_record(records_of(rng)[0])
    payload += b" " * ((first_byte - len(payload)) % 256)  # JSON may end in spaces
    (tmp_path / "in").write_bytes(tfrecord.frame(payload))
    assert (tmp_path / "in").read_bytes()[0] == first_byte
    assert nb101fast.compile(tmp_path / "in", tmp_path / "i.nb101").records == 1


# -------------------------------------------------------------------- update and merge


def test_update_replaces_and_adds(tmp_path: Path, rng: np.random.Generator) -> None:
    old = records_of(rng)
    index = tmp_path / "i.nb101"
    nb101fast.compile(saved(tmp_path / "old", old), index)
    reader = nb101fast.open(index)
    before = reader.query(old[0].module_hash)
    new = random_records(rng, [CHAIN], {108: 1}) + random_records(rng, [EDGE], {12: 2})
    report = nb101fast.compile(saved(tmp_path / "new", new), update=index)
    assert (report.replaced_runs, report.records, report.runs) == (1, 3, len(old) + 2)
    assert reader.query(old[0].module_hash) == before, "a reader keeps the old index"
    updated = nb101fast.open(index, verify="full")
    assert updated.epochs == (4, 12, 108)
    (replaced,) = [record for record in new if record.epochs == 108]
    first = updated.query(replaced.module_hash, repeat=0)
    assert first["test_accuracy"] == replaced.metrics.evaluations[2].test_accuracy
    assert updated.provenance["update"]["replaced_runs"] == 1
    assert [source["name"] for source in updated.provenance["sources"]] == ["old", "new"]


def test_update_equals_compiling_the_runs_that_stay(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    old = records_of(rng)
    new = random_records(rng, [POOL], {4: 2, 108: 4})
    nb101fast.compile(saved(tmp_path / "old", old), tmp_path / "i.nb101")
    nb101fast.compile(
        saved(tmp_path / "new", new), tmp_path / "updated.nb101", update=tmp_path / "i.nb101"
    )
    counts: dict[tuple[str, int], int] = {}
    runs: dict[tuple[str, int, int], Record] = {}
    for records in (old, new):
        counts.clear()
        for record in records:
            key = record.module_hash, record.epochs
            counts[key] = counts.get(key, 0) + 1
            runs[(*key, counts[key])] = record
    expected = [runs[key] for key in sorted(runs)]
    assert exported(tmp_path / "updated.nb101") == tfrecord.write(expected)


def test_an_updated_index_counts_the_unusual_values_of_old_and_new_runs(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    index = tmp_path / "i.nb101"
    odd = [
        record._replace(metrics=record.metrics._replace(total_time=-1.0))
        for record in random_records(rng, [CHAIN], {4: 2})
    ]
    nb101fast.compile(saved(tmp_path / "old", odd), index)
    nb101fast.compile(saved(tmp_path / "sound", random_records(rng, [EDGE], {4: 1})), update=index)
    assert nb101fast.open(index, verify="full").provenance["findings"]["odd times"][0] == 2
    nb101fast.compile(saved(tmp_path / "odd", odd[:1]), update=index)
    assert nb101fast.open(index, verify="full").provenance["findings"]["odd times"][0] == 3


def test_a_damaged_update_leaves_the_index(tmp_path: Path, rng: np.random.Generator) -> None:
    index = tmp_path / "i.nb101"
    nb101fast.compile(saved(tmp_path / "old", records_of(rng)), index)
    before = index.read_bytes()
    damaged = saved(tmp_path / "new", records_of(rng)).read_bytes()[:-1]
    (tmp_path / "new").write_bytes(damaged)
    with pytest.raises(FormatError, match="cut short"):
        nb101fast.compile(tmp_path / "new", update=index)
    assert index.read_bytes() == before


def test_merge(tmp_path: Path, rng: np.random.Generator) -> None:
    records = records_of(rng)
    for number in range(3):
        part = saved(tmp_path / f"{number}", records[number * 6 : number * 6 + 6])
        nb101fast.compile(part, tmp_path / f"{number}.nb101")
    parts = [tmp_path / f"{number}.nb101" for number in range(3)]
    report = nb101fast.compile(parts, tmp_path / "whole.nb101")
    assert {source.format for source in report.sources} == {"index"}
    assert exported(tmp_path / "whole.nb101") == tfrecord.write(records)


def test_strict(tmp_path: Path, rng: np.random.Generator) -> None:
    records = records_of(rng)
    index = tmp_path / "i.nb101"
    nb101fast.compile(saved(tmp_path / "sound", records), index, strict=True)
    for bad, message in [
        (records[:-1], "missing runs: 1"),
        ([*records[:6], *records[:6], *records[6:]], "repeated runs: 6"),
        (
            [records[0]._replace(metrics=records[0].metrics._replace(trainable_parameters=1))],
            "1 run has other trainable parameters than .*; the first is in run 0",
        ),
    ]:
        nb101fast.compile(saved(tmp_path / "bad", bad), tmp_path / "kept.nb101")
        before = index.read_bytes()
        with pytest.raises(FormatError, match=f"a strict compilation refuses .*{message}"):
            nb101fast.compile(tmp_path / "bad", index, strict=True)
        assert index.read_bytes() == before


# -------------------------------------------------------------------- crashes


def start_compiler(source: Path, target: Path) -> subprocess.Popen[bytes]:
    program = (
        "import nb101fast, sys\n"
        "nb101fast.cell_ids(1)  # the tables, so that what follows is compiling alone\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    nb101fast.compile(sys.argv[1], sys.argv[2])\n"
    )
    arguments = [sys.executable, "-c", program, str(source), str(target)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE)


def temporaries(folder: Path) -> list[Path]:
    return list(folder.glob(".nb101fast.*"))


# Forks a compiler, kills it at a random moment, looks at the index; 200 times.
KILLER = """
import glob, os, random, signal, sys, time
import nb101fast
source, target = sys.argv[1:]
moments = random.Random(0)
whole = nb101fast.compile(source, target).runs
seen = 0
for _ in range(200):
    compiler = os.fork()
    if compiler == 0:
        while True:
            nb101fast.compile(source, target)
    time.sleep(moments.uniform(0, 0.03))
    os.kill(compiler, signal.SIGKILL)
    os.waitpid(compiler, 0)
    seen += bool(glob.glob(os.path.join(os.path.dirname(target), ".nb101fast.*")))
    assert nb101fast.open(target, verify="full").num_runs == whole
print(seen)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the compilers to be killed are forked")
def test_killed_at_any_moment(tmp_path: Path, rng: np.random.Generator) -> None:
    target = tmp_path / "i.nb101"
    source = saved(tmp_path / "in", records_of(rng))
    done = subprocess.run(
        [sys.executable, "-c", KILLER, source, target], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0, "not one was killed while it wrote"
    nb101fast.compile(source, target)
    assert not temporaries(tmp_path), "what the dead left is removed"


def test_an_abandoned_temporary_is_removed(tmp_path: Path, rng: np.random.Generator) -> None:
    (tmp_path / ".nb101fast.1.tmp").write_bytes(b"of a dead writer")
    nb101fast.compile(saved(tmp_path / "in", records_of(rng)), tmp_path / "i.nb101")
    assert not temporaries(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="flock is not there")
def test_two_compilers_at_one_output(tmp_path: Path, rng: np.random.Generator) -> None:
    target = tmp_path / "i.nb101"
    sources = [saved(tmp_path / f"in{n}", records_of(rng, repeats=n)) for n in (1, 2)]
    compilers = [start_compiler(source, target) for source in sources]
    for compiler in compilers:
        assert compiler.stdout
        compiler.stdout.readline()
    deadline = time.monotonic() + 60
    while not target.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    sizes = set()
    for _ in range(200):
        sizes.add(nb101fast.open(target, verify="sections").num_runs)
        time.sleep(0.005)
    for compiler in compilers:
        assert compiler.poll() is None, "both go on"
        compiler.kill()
        compiler.wait()
        assert compiler.stdout
        compiler.stdout.close()
    assert sizes <= {6, 12}
