"""CIFAR-10 from files in the publisher's formats, with fewer images and so with other digests."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import os
import pickle
import struct
import tarfile
import tracemalloc
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from nb101fast import FormatError
from nb101train import datasets
from nb101train.datasets import load_dataset
from nb101train.datasets.cifar10 import load_cifar10
from nb101train.datasets.cifar10_forms import BINARY, FORMS, PYTHON, BatchFile, Form

COUNT = 260  # images in each file: one whole evaluation batch, and a few more
BATCHES = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5")
NAMES = (*BATCHES, "test_batch")

Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]  # labels (N,), images (N, 32, 32, 3)
Files = dict[str, bytes]
Members = Sequence[tuple[tarfile.TarInfo, bytes]]


# ---------------------------------------------------------------------- the publisher's formats


def batches(count: int = COUNT) -> list[Batch]:
    rng = np.random.default_rng(10)
    return [
        (
            rng.integers(0, 10, count, np.uint8),
            rng.integers(0, 256, (count, 32, 32, 3), np.uint8),
        )
        for _ in NAMES
    ]


def planes(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(N, 3072) bytes: all red values of an image, then green, then blue."""
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(len(images), 3072)


def binary_file(batch: Batch) -> bytes:
    labels, images = batch
    return np.hstack([labels[:, np.newaxis], planes(images)]).tobytes()


def short_string(text: bytes) -> bytes:
    return b"U" + bytes([len(text)]) + text


def python2_pickle(name: str, labels: Sequence[int], pixels: bytes, dtype: bytes = b"u1") -> bytes:
    """A batch as cPickle of Python 2 wrote it, with strings as bytes."""
    shape = b"M" + struct.pack("<H", len(labels)) + b"M" + struct.pack("<H", 3072) + b"\x86"
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    described = b"cnumpy\ndtype\n" + short_string(dtype) + b"K\x00K\x01\x87R"
    described += b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    content = b"T" + struct.pack("<i", len(pixels)) + pixels
    array = empty + b"(K\x01" + shape + described + b"\x89" + content + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    names = b"](" + short_string(b"leptodactylus_s_000004.png") * len(labels) + b"e"
    items = {b"batch_label": short_string(name.encode()), b"labels": numbers}
    items |= {b"data": array, b"filenames": names}
    body = b"".join(short_string(key) + value for key, value in items.items())
    return b"\x80\x02}(" + body + b"u."


def python_file(name: str, batch: Batch) -> bytes:
    labels, images = batch
    return python2_pickle(name, labels.tolist(), planes(images).tobytes())


def binary_files(of: Sequence[Batch]) -> Files:
    return {f"{name}.bin": binary_file(batch) for name, batch in zip(NAMES, of, strict=True)}


def python_files(of: Sequence[Batch]) -> Files:
    return {name: python_file(name, batch) for name, batch in zip(NAMES, of, strict=True)}


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.type = len(content), kind
    return info


def members(folder: str, files: Files) -> list[tuple[tarfile.TarInfo, bytes]]:
    """Pack the folder as the archives have it: unsorted batches, and a file that is no batch."""
    infos = [(member(folder, kind=tarfile.DIRTYPE), b"")]
    for name in ("readme.html", *sorted(files, reverse=True)):
        content = files.get(name, b"<html>")
        infos.append((member(f"{folder}/{name}", content), content))
    return infos


def packed(of: Members) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as archive:
        for info, content in of:
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def expecting(form: Form, files: Files, archive: bytes = b"") -> Form:
    """A form that expects the sizes and digests of the given files."""
    known = tuple(
        BatchFile(
            batch.name,
            len(files.get(batch.name, b"")),
            hashlib.md5(files.get(batch.name, b"")).hexdigest() if batch.md5 else None,
        )
        for batch in form.batches
    )
    return dataclasses.replace(
        form,
        num_bytes=len(archive),
        sha256=hashlib.sha256(archive).hexdigest(),
        batches=known,
        images_per_batch=COUNT,
    )


class Published:
    """Few images of CIFAR-10, as folders and archives of both forms, and the forms for them."""

    def __init__(self) -> None:
        self.batches = batches()
        self.binary, self.python = binary_files(self.batches), python_files(self.batches)
        self.binary_archive = packed(members("cifar-10-batches-bin", self.binary))
        self.python_archive = packed(members("cifar-10-batches-py", self.python))
        self.forms = (
            expecting(BINARY, self.binary, self.binary_archive),
            expecting(PYTHON, self.python, self.python_archive),
        )


@pytest.fixture(scope="module")
def published() -> Published:
    return Published()


def folder_of(path: Path, files: Files) -> Path:
    path.mkdir(parents=True)
    for name, content in files.items():
        (path / name).write_bytes(content)
    return path


def file_of(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_numpy_reads_the_pickles(published: Published) -> None:
    """NumPy reads what `python2_pickle` writes, which shows that the writer is right."""
    for name, (labels, images) in zip(NAMES, published.batches, strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy 2.4.0 to 2.4.4 warn of pickles of this age
            batch = pickle.loads(published.python[name], encoding="bytes")
        assert batch[b"labels"] == labels.tolist()
        assert np.array_equal(batch[b"data"].reshape(-1, 3, 32, 32), images.transpose(0, 3, 1, 2))


# --------------------------------------------------------------------------------- what is read

Layout = Callable[[Path, Published], Path]

LAYOUTS: dict[str, Layout] = {
    "binary archive": lambda path, of: file_of(path / "any.name", of.binary_archive),
    "python archive": lambda path, of: file_of(path / "any.name", of.python_archive),
    "binary folder": lambda path, of: folder_of(path / "any", of.binary),
    "python folder": lambda path, of: folder_of(path / "any", of.python),
    "folder of a binary folder": lambda path, of: (
        folder_of(path / "cifar-10-batches-bin", of.binary).parent
    ),
    "folder of a binary archive": lambda path, of: (
        file_of(path / "any.name", of.binary_archive).parent
    ),
    "Keras 3": lambda path, of: (
        folder_of(path / "cifar-10-batches-py-target" / "cifar-10-batches-py", of.python)
    ).parents[1],
    "Keras 3, its own folder": lambda path, of: (
        (folder_of(path / "cifar-10-batches-py-target" / "cifar-10-batches-py", of.python)).parent
    ),
    "Keras 3, archive only": lambda path, of: (
        file_of(path / "cifar-10-batches-py-target_archive", of.python_archive).parent
    ),
    "Keras 2": lambda path, of: folder_of(path / "cifar-10-batches-py", of.python).parent,
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_form_gives_the_same_data_set(
    tmp_path: Path, published: Published, layout: Layout
) -> None:
    dataset = load_cifar10(layout(tmp_path / "data", published), published.forms)
    *training, validation, test = published.batches
    for split, expected in (
        (dataset.train, training),
        (dataset.validation, [validation]),
        (dataset.test, [test]),
    ):
        assert split.images.dtype == np.uint8
        assert split.labels.dtype == np.int32
        assert split.images.flags.c_contiguous
        assert np.array_equal(split.labels, np.concatenate([labels for labels, _ in expected]))
        assert np.array_equal(split.images, np.concatenate([images for _, images in expected]))
    binary = load_cifar10(LAYOUTS["binary folder"](tmp_path / "twin", published), published.forms)
    assert dataset.fingerprint == binary.fingerprint


def test_settings_of_the_paper(tmp_path: Path, published: Published) -> None:
    path = file_of(tmp_path / "archive", published.binary_archive)
    dataset = load_cifar10(path, published.forms)
    assert dataset.name == "cifar10"
    assert dataset.num_classes == 10
    assert dataset.image_size == 32
    assert dataset.mean == (125.31, 122.95, 113.87)
    assert dataset.deviation == (62.99, 62.09, 66.70)
    assert (dataset.padding, dataset.flip) == (4, True)
    assert dataset.train_sample == COUNT  # data_batch_1
    assert dataset.evaluation_batch == 256
    assert len(dataset.with_all_training_images().train.labels) == 5 * COUNT


def test_published_sizes() -> None:
    """A file has 10,000 images. The Python form adds lists and names, which take a little more."""
    assert [form.archive for form in FORMS] == ["cifar-10-binary.tar.gz", "cifar-10-python.tar.gz"]
    for form in FORMS:
        assert form.images_per_batch == 10_000
        assert [batch.name.removesuffix(".bin") for batch in form.batches] == list(NAMES)
    assert {batch.num_bytes for batch in BINARY.batches} == {10_000 * 3_073}
    for batch in PYTHON.batches:
        assert 10_000 * (3_073 + 20) < batch.num_bytes < 10_000 * (3_073 + 40)
    digests = {batch.md5 for batch in PYTHON.batches}
    assert len(digests) == 6
    assert None not in digests


@pytest.mark.slow
def test_full_size(tmp_path: Path) -> None:
    """As many images as the real archive has. They are uniform, so that they compress quickly."""
    images = np.zeros((10_000, 32, 32, 3), np.uint8)
    images[:, 0, 0] = np.arange(30_000).reshape(10_000, 3) % 251
    batch = (np.arange(10_000, dtype=np.uint16).astype(np.uint8) % 10, images)
    files = binary_files([batch] * 6)
    archive = packed(members("cifar-10-batches-bin", files))
    form = dataclasses.replace(
        BINARY, num_bytes=len(archive), sha256=hashlib.sha256(archive).hexdigest()
    )
    dataset = load_cifar10(file_of(tmp_path / "archive", archive), [form])
    assert dataset.train.images.shape == (40_000, 32, 32, 3)
    assert dataset.validation.labels.shape == dataset.test.labels.shape == (10_000,)
    assert dataset.num_evaluated(dataset.train_sample) == 9_984
    assert np.array_equal(dataset.train.images[30_000:], images)


# ------------------------------------------------------------------------------- where it is not


def test_a_path_without_cifar10_is_refused(tmp_path: Path) -> None:
    message = r"has no CIFAR-10; use cifar10:PATH, where PATH is cifar-10-binary\.tar\.gz or cifar"
    with pytest.raises(FileNotFoundError, match=message):
        load_cifar10(tmp_path)
    with pytest.raises(FileNotFoundError, match="none does not exist; use cifar10:PATH, where"):
        load_cifar10(tmp_path / "none")


def test_the_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    with pytest.raises(FileNotFoundError, match=str(tmp_path / "data")):
        load_dataset("cifar10:~/data")


@pytest.mark.parametrize("text", ["cifar10", "cifar10:"])
def test_without_a_path_the_cache_of_keras_is_read(
    tmp_path: Path, published: Published, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(datasets, "load_cifar10", partial(load_cifar10, forms=published.forms))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    with pytest.raises(FileNotFoundError, match=str(tmp_path / ".keras" / "datasets")):
        load_dataset(text)
    folder_of(tmp_path / ".keras" / "datasets" / "cifar-10-batches-py", published.python)
    assert load_dataset(text).name == "cifar10"

    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(FileNotFoundError, match="elsewhere"):
        load_dataset(text)
    file_of(tmp_path / "elsewhere" / "datasets" / "archive", published.python_archive)
    assert load_dataset(text).name == "cifar10"


# ------------------------------------------------------------------------------ damaged archives


def test_an_archive_of_another_size_is_refused(tmp_path: Path, published: Published) -> None:
    for length in (0, 1_000, len(published.binary_archive) - 1):
        path = file_of(tmp_path / "cifar-10-binary.tar.gz", published.binary_archive[:length])
        message = rf"cifar-10-binary\.tar\.gz has {length:,} bytes, .* cifar-10-python\.tar\.gz of"
        with pytest.raises(FormatError, match=message):
            load_cifar10(path, published.forms)
        with pytest.raises(FormatError, match=r"use cifar-10-binary\.tar\.gz of 170,052,171 bytes"):
            load_cifar10(path)


def test_an_archive_of_another_digest_is_refused(tmp_path: Path, published: Published) -> None:
    content = bytearray(published.binary_archive)
    content[len(content) // 2] ^= 1
    path = file_of(tmp_path / "archive", bytes(content))
    expected, found = published.forms[0].sha256, hashlib.sha256(content).hexdigest()
    message = (
        rf"archive is not the published cifar-10-binary\.tar\.gz: "
        rf"its SHA-256 is {found}, not {expected}; download it again"
    )
    with pytest.raises(FormatError, match=message):
        load_cifar10(path, published.forms)


def refused(tmp_path: Path, form: Form, files: Files, archive: bytes, message: str) -> None:
    """Check that an archive is refused although its size and digest are as expected."""
    path = file_of(tmp_path / "archive", archive)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")}
    with pytest.raises(FormatError, match=message):
        load_cifar10(path, [expecting(form, files, archive)])
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")} == before


def test_truncated_archive(tmp_path: Path, published: Published) -> None:
    whole = published.binary_archive
    for length in (0, 5, 100, len(whole) // 3, len(whole) * 9 // 10):
        refused(tmp_path, BINARY, published.binary, whole[:length], "archive( is damaged)?: ")


def test_truncated_tar(tmp_path: Path, published: Published) -> None:
    tar = gzip.decompress(published.binary_archive)
    for length in (512, 1_000, len(tar) // 3, len(tar) // 2 // 512 * 512):
        archive = gzip.compress(tar[:length], 1)
        refused(tmp_path, BINARY, published.binary, archive, "archive (is damaged|lacks .*; use)")


@pytest.mark.parametrize("content", [b"not packed", gzip.compress(b"no tar" * 200)])
def test_an_archive_that_is_no_tar_is_refused(
    tmp_path: Path, published: Published, content: bytes
) -> None:
    refused(tmp_path, BINARY, published.binary, content, "archive is damaged: ")


@pytest.mark.parametrize(
    "name",
    [
        "../data_batch_1.bin",
        "cifar-10-batches-bin/../data_batch_1.bin",
        "/cifar-10-batches-bin/data_batch_1.bin",
        "data_batch_1.bin",
        "elsewhere/readme.html",
    ],
)
def test_members_outside_the_folder_are_refused(
    tmp_path: Path, published: Published, name: str
) -> None:
    infos = members("cifar-10-batches-bin", published.binary)
    archive = packed([*infos, (member(name), b"")])
    message = f"'{name}', which is not a file or folder in cifar-10-batches-bin; download"
    refused(tmp_path, BINARY, published.binary, archive, message)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_members_that_are_no_files_are_refused(
    tmp_path: Path, published: Published, kind: bytes
) -> None:
    link = member("cifar-10-batches-bin/data_batch_1.bin", kind=kind)
    link.linkname = "/etc/hostname"
    refused(
        tmp_path,
        BINARY,
        published.binary,
        packed([(link, b"")]),
        "which is not a file or folder in",
    )


def test_a_member_of_another_size_is_refused(tmp_path: Path, published: Published) -> None:
    files = published.binary | {"data_batch_2.bin": published.binary["data_batch_2.bin"][:-1]}
    archive = packed(members("cifar-10-batches-bin", files))
    message = r"archive: cifar-10-batches-bin/data_batch_2\.bin has 798,979 bytes, not 798,980;"
    refused(tmp_path, BINARY, published.binary, archive, message)


def test_a_huge_member_is_not_unpacked(tmp_path: Path, published: Published) -> None:
    content = bytes(64 << 20)
    archive = packed([(member("cifar-10-batches-bin/data_batch_1.bin", content), content)])
    del content
    tracemalloc.start()
    try:
        refused(
            tmp_path, BINARY, published.binary, archive, "67,108,864 bytes, not 798,980; download"
        )
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_batch_is_named(tmp_path: Path, published: Published, name: str) -> None:
    files = {file: content for file, content in published.binary.items() if file != f"{name}.bin"}
    archive = packed(members("cifar-10-batches-bin", files))
    refused(tmp_path, BINARY, published.binary, archive, rf"archive lacks {name}\.bin; use")
    with pytest.raises(FormatError, match=rf"folder lacks {name}\.bin; use"):
        load_cifar10(folder_of(tmp_path / "folder", files), published.forms)


# ------------------------------------------------------------------------------- damaged batches


def test_binary_file_of_another_size(tmp_path: Path, published: Published) -> None:
    folder = folder_of(tmp_path / "folder", published.binary)
    file = folder / "test_batch.bin"
    for content in (b"", published.binary[file.name][:-1], published.binary[file.name] + b"\0"):
        file.write_bytes(content)
        message = rf"test_batch\.bin has {len(content):,} bytes, not 798,980; download"
        with pytest.raises(FormatError, match=message):
            load_cifar10(folder, published.forms)


def test_a_wrong_label_in_a_binary_file_is_refused(tmp_path: Path, published: Published) -> None:
    folder = folder_of(tmp_path / "folder", published.binary)
    content = bytearray(published.binary["data_batch_3.bin"])
    content[7 * 3073] = 10
    (folder / "data_batch_3.bin").write_bytes(content)
    message = r"data_batch_3\.bin: image 7 has label 10, which is not allowed; use 0 to 9"
    with pytest.raises(FormatError, match=message):
        load_cifar10(folder, published.forms)


def test_pickled_by_columns(tmp_path: Path, published: Published) -> None:
    """A pickle may hold an array by columns, and says so."""
    labels, images = published.batches[5]
    by_columns = python2_pickle("x", labels.tolist(), planes(images).T.tobytes())
    head, tail = by_columns.split(b"tb\x89T", 1)
    files = published.python | {"test_batch": head + b"tb\x88T" + tail}
    folder = folder_of(tmp_path / "folder", files)
    dataset = load_cifar10(folder, [expecting(PYTHON, files)])
    assert np.array_equal(dataset.test.images, images)


def test_digest_of_a_python_file(tmp_path: Path, published: Published) -> None:
    folder = folder_of(tmp_path / "folder", published.python)
    content = bytearray(published.python["data_batch_4"])
    content[-50_000] ^= 1
    (folder / "data_batch_4").write_bytes(content)
    expected, found = published.forms[1].batches[3].md5, hashlib.md5(content).hexdigest()
    message = rf"data_batch_4: its MD5 is {found}, not {expected}; download"
    with pytest.raises(FormatError, match=message):
        load_cifar10(folder, published.forms)


class Shell:
    """An object that runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (self.command,)


def pixels_of(count: int = COUNT) -> bytes:
    return bytes(3072 * count)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Ran out of input"),
        (b"\x80\x02}.", "data"),
        (b"\x80\x02]q\x01.", ""),
        (
            b"csubprocess\nPopen\n(U\x04truetR.",
            "calls subprocess.Popen, but may hold only an array",
        ),
        (b"cbuiltins\neval\n(U\x011tR.", "calls builtins.eval, but may hold only an array"),
        (b"c__builtin__\neval\n(U\x011tR.", "calls __builtin__.eval, but may hold only an array"),
        (b"cnumpy\nload\n(U\x011tR.", "calls numpy.load, but may hold only an array"),
        (python2_pickle("x", [0] * COUNT, pixels_of(COUNT - 1)), "buffer is too small"),
        (python2_pickle("x", [0] * COUNT, pixels_of(), b"O8"), "dtype b'O8', not b'u1'"),
        (
            python2_pickle("x", [0] * (COUNT - 1), pixels_of(COUNT - 1)),
            rf"labels have shape \(259,\) and the pixels \(259, 3072\), but \({COUNT},\) and",
        ),
        (
            python2_pickle("x", [0] * COUNT, pixels_of()).replace(
                struct.pack("<cHcH", b"M", COUNT, b"M", 3072),
                struct.pack("<cHcH", b"M", COUNT // 2, b"M", 6144),
            ),
            rf"labels have shape \(260,\) and the pixels \(130, 6144\), but \({COUNT},\) and",
        ),
        (
            python2_pickle("x", [3] * 9 + [10] * (COUNT - 9), pixels_of()),
            "image 9 has label 10, which is not allowed; use 0 to 9",
        ),
        (
            python2_pickle("x", [3] * COUNT, pixels_of()).replace(b"](K\x03", b"](G" + bytes(8)),
            "labels have dtype float64, not integers",
        ),
        (
            python2_pickle("x", [3] * COUNT, pixels_of()).replace(b"](K\x03", b"](U\x013"),
            "labels have dtype .*, not integers",
        ),
    ],
)
def test_harmful_and_wrong_pickles_are_refused(
    tmp_path: Path, published: Published, content: bytes, message: str
) -> None:
    """Even a pickle with the right digest can do no harm."""
    files = published.python | {"data_batch_2": content}
    folder = folder_of(tmp_path / "folder", files)
    with pytest.raises(
        FormatError, match=f"data_batch_2(:| is not a batch of CIFAR-10:) .*{message}"
    ):
        load_cifar10(folder, [expecting(PYTHON, files)])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_calls_a_shell_is_refused(
    tmp_path: Path, published: Published, protocol: int
) -> None:
    content = pickle.dumps(Shell(f"touch '{tmp_path}/called'"), protocol)
    files = published.python | {"data_batch_1": content}
    folder = folder_of(tmp_path / "folder", files)
    with pytest.raises(
        FormatError, match=r"it calls (posix|nt)\.system, but may hold only an array"
    ):
        load_cifar10(folder, [expecting(PYTHON, files)])
    assert not (tmp_path / "called").exists()
