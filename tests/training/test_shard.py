"""Result shards: whole records or none, whatever happens while one is written."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb101fast import FormatError, _core
from nb101fast.file_lock import is_locked
from nb101train.cells import cells_up_to
from nb101train.shard import Shard, ShardWriter, shards_in
from nb101train.shard_runs import count_records, read_records
from reference import tfrecord
from reference.child_processes import environment
from reference.tfrecord import frame

PAYLOADS = [b"first", b"", b"the third " * 40, b"\0" * 20, b"last one"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A shard of `PAYLOADS`."""
    path = Shard(0, 1).results_in(tmp_path)
    with ShardWriter(path) as writer:
        writer.append_records(PAYLOADS)
    return path


def tfrecord_of(records: list[bytes]) -> bytes:
    return b"".join(map(frame, records))


def payloads(path: Path) -> list[bytes]:
    return [payload for _, payload in read_records(path)]


# --------------------------------------------------------------------------------------- names


def test_files_of_a_shard() -> None:
    shard = Shard.parse("3/8")
    assert (shard, str(shard)) == (Shard(3, 8), "3/8")
    assert shard.results_in("out") == Path("out/shard-00003-of-00008.tfrecord")
    assert shard.failures_in("out") == Path("out/failures-00003-of-00008.jsonl")
    assert shard.status_in("out") == Path("out/status-00003-of-00008.json")


@pytest.mark.parametrize(
    "text", ["", "3", "3/", "/8", "8/8", "-1/8", "0/0", "a/8", "0/100001", "²/8"]
)
def test_no_shard(text: str) -> None:
    with pytest.raises(ValueError, match=r"allowed"):
        Shard.parse(text)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 100])
def test_shards_share_the_cells_by_index(count: int) -> None:
    codes = cells_up_to(4)
    for index in range(count):
        mine = Shard(index, count).cells_of(codes).tolist()
        assert mine == [code for n, code in enumerate(codes.tolist()) if n % count == index]


def test_shards_in_a_folder(tmp_path: Path) -> None:
    names = ["shard-00001-of-00002.tfrecord", "shard-00000-of-00001.tfrecord"]
    for name in [*names, "shard-0-of-1.tfrecord", "status-00000-of-00001.json", "shard-x"]:
        (tmp_path / name).touch()
    assert shards_in(tmp_path) == [Shard(0, 1), Shard(1, 2)]


# --------------------------------------------------------------------------------------- frames


@given(st.binary(max_size=300))
def test_frames_are_those_of_tfrecord(payload: bytes) -> None:
    assert _core.frame(payload) == tfrecord.frame(payload)


def test_what_is_written_is_read(path: Path) -> None:
    assert list(tfrecord.payloads(path.read_bytes())) == PAYLOADS
    assert payloads(path) == PAYLOADS
    starts = [start for start, _ in read_records(path)]
    assert starts == [len(tfrecord_of(PAYLOADS[:number])) for number in range(len(PAYLOADS))]
    for number, start in enumerate(starts):
        assert count_records(path, number, start) == (len(PAYLOADS), path.stat().st_size)


def test_a_writer_goes_on_at_the_end(path: Path) -> None:
    with ShardWriter(path) as writer:
        assert (writer.num_records, writer.torn_bytes) == (len(PAYLOADS), 0)
        writer.append_records([b"more"])
        writer.append_records([])
        assert (writer.num_records, writer.size) == (len(PAYLOADS) + 1, path.stat().st_size)
    assert payloads(path) == [*PAYLOADS, b"more"]


@given(st.data())
def test_any_bytes_as_the_plain_reader_sees_them(data: st.DataObject) -> None:
    """Payloads, cut and followed by anything: the same records, or damage at the same byte."""
    records = data.draw(st.lists(st.binary(max_size=40), max_size=4))
    whole = tfrecord_of(records)
    kept = data.draw(st.integers(0, len(whole)))
    after = data.draw(st.one_of(st.integers(0, 60).map(bytes), st.binary(max_size=60)))
    shard = bytearray(whole[:kept] + after)
    if shard and data.draw(st.booleans()):
        shard[data.draw(st.integers(0, len(shard) - 1))] ^= data.draw(st.integers(1, 255))
    piece = data.draw(st.integers(1, 100))
    try:
        wanted = list(tfrecord.whole_payloads(bytes(shard)))
    except ValueError as error:
        place = str(error).removeprefix("a damaged record at ")
        with pytest.raises(
            FormatError, match=f"^a: {place}: record .*: a damaged record is followed"
        ):
            in_pieces(bytes(shard), piece)
        return
    found, stream = in_pieces(bytes(shard), piece)
    assert found == wanted
    assert stream.num_records == len(wanted)
    assert stream.end == sum(len(frame(payload)) for _, payload in wanted)


def in_pieces(shard: bytes, size: int) -> tuple[list[tuple[int, bytes]], _core.FrameStream]:
    stream, found = _core.FrameStream("a"), []
    for start in range(0, len(shard), size):
        found += stream.payloads(shard[start : start + size])
    return found, stream


# --------------------------------------------------------------------------------------- damage


def test_torn_at_every_byte_of_the_last_record(path: Path) -> None:
    whole = path.read_bytes()
    before = len(whole) - len(frame(PAYLOADS[-1]))
    for size in range(before, len(whole)):
        for zeros in (0, 1, 40, 5000):  # a page that was given to the file and never written
            path.write_bytes(whole[:size] + bytes(zeros))
            assert payloads(path) == PAYLOADS[:-1]
            with ShardWriter(path) as writer:
                assert writer.torn_bytes == size + zeros - before
                writer.append_records([b"again"])
            assert payloads(path) == [*PAYLOADS[:-1], b"again"]
            assert path.stat().st_size == before + len(frame(b"again"))


def test_a_changed_byte_anywhere_is_found(path: Path) -> None:
    whole = path.read_bytes()
    starts = [start for start, _ in read_records(path)]
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        number = max(n for n, start in enumerate(starts) if start <= place)
        is_last, in_head = number == len(PAYLOADS) - 1, place < starts[number] + 12
        if is_last and not in_head:  # a torn record, as far as one can tell
            assert payloads(path) == PAYLOADS[:-1]
            continue
        with pytest.raises(
            FormatError,
            match=f"byte {starts[number]}: record {number}: a damaged record is followed by others",
        ):
            payloads(path)
        with pytest.raises(FormatError, match=path.name):
            ShardWriter(path)
        assert path.read_bytes() == damaged  # nothing is cut off that may be of use
        assert not is_locked(path)


def test_a_length_beyond_reason(path: Path) -> None:
    with path.open("ab") as file:
        file.write(frame(bytes(2 << 20)))
    with pytest.raises(FormatError, match="damaged"):
        payloads(path)


# --------------------------------------------------------------------------- writers in trouble


def test_an_interrupted_append_is_undone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()
    real_write = os.write

    def write_a_part(descriptor: int, data: memoryview) -> int:
        real_write(descriptor, data[:7])
        raise KeyboardInterrupt

    with ShardWriter(path) as writer:
        monkeypatch.setattr(os, "write", write_a_part)
        with pytest.raises(KeyboardInterrupt):
            writer.append_records([b"lost"])
        monkeypatch.undo()
        assert path.read_bytes() == before
        writer.append_records([b"kept"])
    assert payloads(path) == [*PAYLOADS, b"kept"]


def test_a_write_in_parts_is_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_write = os.write
    with ShardWriter(path) as writer:
        monkeypatch.setattr(os, "write", lambda descriptor, data: real_write(descriptor, data[:3]))
        writer.append_records([b"in parts"])
    assert payloads(path) == [*PAYLOADS, b"in parts"]


def test_a_disk_that_fails_to_sync(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with ShardWriter(path) as writer:
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match=f"{path.name}: Input/output error") as caught:
            writer.append_records([b"lost"])
    assert caught.value.errno == errno.EIO
    assert payloads(path) == PAYLOADS


FILL = """
import resource, sys
from nb101train.cells import cells_up_to
from nb101train.shard import ShardWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
with ShardWriter(sys.argv[1]) as writer:
    try:
        while True:
            writer.append_records([b"x" * 300, b"y" * 301])
    except OSError as error:
        print(writer.num_records, error)
"""


def test_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "shard"
    done = subprocess.run(
        [sys.executable, "-c", FILL, path],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    count, error = done.stdout.split(maxsplit=1)
    assert error.strip() == f"[Errno {errno.EFBIG}] {path}: File too large"
    assert payloads(path) == [b"x" * 300, b"y" * 301] * (int(count) // 2)
    assert path.stat().st_size <= 10_000 < path.stat().st_size + 700


def test_one_writer_at_a_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nb101fast.file_lock._PATIENCE_SECONDS", 0.0)
    with ShardWriter(path):
        assert is_locked(path)
        with pytest.raises(BlockingIOError, match=f"{path.name}: another driver writes this file"):
            ShardWriter(path)
        assert payloads(path) == PAYLOADS  # reading needs no lock
    assert not is_locked(path)
    ShardWriter(path).close()
    assert not is_locked(path.with_name("none"))


HOLD = "import sys, time; from nb101train.shard import ShardWriter; w = ShardWriter(sys.argv[1]); "
HOLD += "print(flush=True); time.sleep(60)"


def test_the_lock_of_a_killed_writer_is_free(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, env=environment()
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline()
        assert is_locked(path)
        holder.send_signal(signal.SIGKILL)
    ShardWriter(path).close()
