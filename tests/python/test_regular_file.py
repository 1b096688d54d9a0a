"""Files that are not what they seem: pipes, sockets, devices, folders and links."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import nb101fast
from nb101fast import _core
from nb101fast.experiment.needs import fingerprint
from nb101fast.file_lock import is_locked, locked
from nb101fast.json_runs import read_json
from nb101fast.locations import BUILT_IN
from nb101fast.parquet_runs import read_parquet
from nb101fast.regular_file import open_own, open_regular, read_regular
from nb101fast.search import Trajectories
from nb101fast.whole_file import write_whole

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among its files")

READERS: list[Callable[[Path], object]] = [
    nb101fast.open,
    nb101fast.api.NASBench,
    lambda path: nb101fast.compile(path, path.with_name("out.nb101")),
    lambda path: nb101fast.compile(BUILT_IN, path.with_name("out.nb101"), update=path),
    lambda path: nb101fast.export(path, path.with_name("out.csv")),
    lambda path: read_json(_core.RunTable(), str(path)),
    lambda path: read_parquet(_core.RunTable(), str(path)),
    lambda path: fingerprint(str(path)),
    Trajectories.from_parquet,
    is_locked,
    read_regular,
]
WRITERS: list[Callable[[Path], object]] = [
    lambda path: nb101fast.compile(BUILT_IN, path),
    lambda path: nb101fast.open(BUILT_IN).to_parquet(path),
    lambda path: write_whole(path, b"text"),
    lambda path: write_whole(path, b"text", follows_links=False),
    lambda path: open_own(path, os.O_WRONLY | os.O_CREAT),
    lambda path: locked(path).__enter__(),
]


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


@pytest.mark.parametrize("read", READERS)
def test_no_reader_waits_for_a_pipe(pipe: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(OSError, match=r"/pipe is a pipe; use a regular file"):
        read(pipe)
    assert os.listdir(pipe.parent) == ["pipe"]


@pytest.mark.parametrize("write", WRITERS)
def test_no_writer_replaces_a_pipe(pipe: Path, write: Callable[[Path], object]) -> None:
    with pytest.raises(OSError, match=r"/pipe is a pipe; use a regular file"):
        write(pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert os.listdir(pipe.parent) == ["pipe"]


def test_an_error_names_the_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # The name of a socket must be short.
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
    os.symlink(os.devnull, "link")
    for name, kind in (("socket", "a socket"), (os.devnull, "a device"), ("link", "a device")):
        for use in (read_regular, lambda name: write_whole(name, b"")):
            with pytest.raises(OSError, match=f"^{name} is {kind}; use a regular file$"):
                use(name)
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_a_file_that_is_exchanged_after_the_check_is_not_read(
    pipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_core, "check_regular", lambda name: None)
    with pytest.raises(OSError, match="is no longer a regular file"):
        open_regular(pipe, os.O_RDONLY)


def test_a_pipe_that_is_named_like_a_temporary_file_stays(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".nb101fast.1.tmp")
    write_whole(tmp_path / "file", b"text")
    assert sorted(os.listdir(tmp_path)) == [".nb101fast.1.tmp", "file"]


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to("far/index.nb101")
    for index in (BUILT_IN, tmp_path / "link"):
        nb101fast.compile(index, tmp_path / "new.nb101")
        nb101fast.compile(tmp_path / "new.nb101", tmp_path / "link")
        assert os.readlink(tmp_path / "link") == "far/index.nb101"
        assert len(nb101fast.open(tmp_path / "far" / "index.nb101")) == 91
    assert os.listdir(tmp_path / "far") == ["index.nb101"]


def test_a_link_in_a_shared_folder_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / "link").symlink_to(victim)
    for flags in (os.O_RDWR, os.O_WRONLY | os.O_APPEND | os.O_CREAT):
        with pytest.raises(OSError, match="/link is a symbolic link; remove it"):
            open_own(tmp_path / "link", flags)
    write_whole(tmp_path / "link", b"own", follows_links=False)
    assert not (tmp_path / "link").is_symlink()
    assert victim.read_bytes() == b"precious"


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash, which has <(...)")
def test_the_pipes_of_a_shell_are_refused_by_name(tmp_path: Path) -> None:
    nb101fast.export(BUILT_IN, tmp_path / "runs.tfrecord", unmarked=True)
    command = [sys.executable, "-m", "nb101fast", "compile"]
    script = f"{' '.join(command)} <(cat runs.tfrecord) -o index.nb101"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("nb101fast: /dev/fd/")
    assert done.stderr.endswith(" is a pipe; use a regular file\n")
    assert os.listdir(tmp_path) == ["runs.tfrecord"]
