"""Wheels that are compressed again before they are published."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reference.libraries import import_or_skip

import_or_skip("zopfli")

SCRIPT = Path(__file__).resolve().parents[2] / "tools/compress_wheels.py"
NAME = "small-1.0-py3-none-any.whl"
FILES = {  # of a wheel, with their permissions
    "small/": ("", 0o40755),
    "small/__init__.py": ("".join(f"number_{i} = {i * i}\n" for i in range(1000)), 0o100644),
    "small/program": ("#!/bin/sh\n", 0o100755),
    "small/empty.py": ("", 0o100644),
    "small-1.0.dist-info/METADATA": (
        "Metadata-Version: 2.1\nName: small\nVersion: 1.0\n",
        0o100644,
    ),
    "small-1.0.dist-info/WHEEL": (
        "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        0o100664,
    ),
    "small-1.0.dist-info/RECORD": ("small/__init__.py,,\n", 0o100664),
}


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel in a folder of its own, compressed as build backends do."""
    path = tmp_path / "wheels" / NAME
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as file:
        for name, (text, mode) in FILES.items():
            info = zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6))
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED if text else zipfile.ZIP_STORED
            file.writestr(info, text)
    return path


def run(*arguments: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True)


def files_of(wheel: Path) -> list[tuple[object, ...]]:
    """All that a wheel says of its files, and their contents."""
    with zipfile.ZipFile(wheel) as file:
        return [
            (i.filename, i.date_time, i.external_attr, i.compress_type, file.read(i))
            for i in file.infolist()
        ]


def test_a_smaller_wheel_installs_the_same_files(wheel: Path, tmp_path: Path) -> None:
    before, files = wheel.stat().st_size, files_of(wheel)
    copy = Path(shutil.copytree(wheel.parent, tmp_path / "again")) / NAME
    done = run(wheel.parent)
    after = wheel.stat().st_size
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{NAME}: {before:,} bytes before, {after:,} now\n"
    assert after < before
    assert files_of(wheel) == files
    assert [path.name for path in wheel.parent.iterdir()] == [NAME]
    run(copy.parent)
    assert copy.read_bytes() == wheel.read_bytes()
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target"]
    subprocess.run([*command, tmp_path / "site", wheel], check=True)
    for name, (text, _) in FILES.items():
        if text and "dist-info" not in name:
            assert (tmp_path / "site" / name).read_text() == text


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (None, " has no wheel\n"),
        (b"PK", f"{NAME} is damaged: File is not a zip file\n"),
        (b"PK\5\6" + bytes(18), "is no wheel: it has no RECORD\n"),  # a zip file without files
    ],
    ids=["nothing", "no zip file", "no record"],
)
def test_what_is_no_wheel_is_refused(contents: bytes | None, message: str, tmp_path: Path) -> None:
    if contents is not None:
        (tmp_path / NAME).write_bytes(contents)
    done = run(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(str(tmp_path))
    assert done.stderr.endswith(message)
    assert "\n" not in done.stderr[:-1]
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [contents] * (contents is not None)


def test_a_damaged_file_of_a_wheel_is_refused(wheel: Path) -> None:
    contents = bytearray(wheel.read_bytes())
    start = contents.index(b"small/__init__.py") + len("small/__init__.py")
    contents[start : start + 8] = bytes(8)
    wheel.write_bytes(contents)
    done = run(wheel.parent)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{wheel} is damaged: ")
    assert "\n" not in done.stderr[:-1]
    assert wheel.read_bytes() == contents
    assert [path.name for path in wheel.parent.iterdir()] == [NAME]


def test_a_folder_must_be_named() -> None:
    done = run()
    assert done.returncode == 2
    assert done.stderr.endswith("the following arguments are required: folder\n")
