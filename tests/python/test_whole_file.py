"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from nb101fast import _core
from nb101fast.whole_file import WholeFile, write_whole


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="LD_PRELOAD")
@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_a_file_system_without_locks(path: Path) -> None:
    source, library = path.with_name("flock.c"), path.with_name("flock.so")
    source.write_text(
        "#include <errno.h>\nint flock(int f, int o) { return errno = ENOLCK, -1; }\n"
    )
    subprocess.run(["cc", "-shared", "-fPIC", source, "-o", library], check=True)
    folder = path.with_name("folder")
    folder.mkdir()
    program = (
        "import sys\n"
        "from nb101fast.whole_file import write_whole\n"
        "write_whole(sys.argv[1], b'after')\n"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(folder / "file")],
        env={**os.environ, "LD_PRELOAD": str(library)},
        timeout=60,
        check=True,
    )
    assert [(each.name, each.read_bytes()) for each in folder.iterdir()] == [("file", b"after")]


def fail_after(file: WholeFile, *, closes: bool = False) -> None:
    file.write(b"half")
    if closes:
        file.close()
    raise ZeroDivisionError


def test_parts_replace_what_was_there(path: Path) -> None:
    write_whole(path, b"one", b"", b"two")
    assert path.read_bytes() == b"onetwo"
    write_whole(path)
    assert path.read_bytes() == b""
    assert list(path.parent.iterdir()) == [path]


def test_the_file_appears_at_the_end_of_the_block(path: Path) -> None:
    with WholeFile(path) as file:
        assert file.write(b"after") == 5
        file.write(memoryview(b" all"))
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"after all"


def test_an_exception_leaves_the_old_file(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), WholeFile(path) as file:
        fail_after(file)
    assert path.read_bytes() == b"before"
    assert list(path.parent.iterdir()) == [path]


def test_a_writer_that_closes_the_file_does_not_commit_it(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), WholeFile(path) as file:
        fail_after(file, closes=True)
    assert path.read_bytes() == b"before"
    with WholeFile(path) as file:
        file.write(b"whole")
        file.close()
    assert path.read_bytes() == b"whole"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "absent" / "file"
    with pytest.raises(FileNotFoundError, match=str(path)):
        write_whole(path, b"")


def test_except_catches_the_class_of_the_error(tmp_path: Path) -> None:
    """Up to Python 3.10, the class that the core gives must be that of the error."""
    with suppress(FileNotFoundError):
        write_whole(tmp_path / "absent" / "file", b"")
        pytest.fail("a file was written to a folder that is missing")


def test_a_killed_writer_leaves_the_old_file(path: Path) -> None:
    program = (
        "import os, signal, sys; from nb101fast.whole_file import WholeFile\n"
        "with WholeFile(sys.argv[1]) as file:\n"
        "    file.write(b'x' * 100_000); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, path], check=False)
    assert path.read_bytes() == b"before"
    write_whole(path, b"after")  # and removes what the killed writer left
    assert path.read_bytes() == b"after"
    assert list(path.parent.iterdir()) == [path]


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'.*a\\x00b' is not allowed; use a name in UTF-8"):
        write_whole(f"{tmp_path}/a\0b", b"")
    assert not list(tmp_path.iterdir())


def test_a_committed_file_takes_nothing_more(path: Path) -> None:
    file = _core.AtomicFile(str(path))
    file.write(b"after")
    file.commit()
    for call in (file.commit, lambda: file.write(b"x")):
        with pytest.raises(RuntimeError, match="the file is committed already"):
            call()
    assert path.read_bytes() == b"after"
