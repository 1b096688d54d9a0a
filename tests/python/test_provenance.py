"""The provenance of an index comes from outside: it is checked, and it is shown safely."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nb101fast
from nb101fast import FormatError, Index, _core
from nb101fast.description import describe, facts_of
from nb101fast.parquet_runs import read_parquet
from nb101fast.provenance import parse_provenance
from reference import index_file
from reference.hostile_json import refusals
from reference.index_file import PROVENANCE

SOUND: dict[str, Any] = {
    "tool": "nb101fast",
    "version": "0.1.0",
    "created": "2026-01-01T00:00:00+00:00",
    "sources": [
        {
            "name": "a.tfrecord",
            "num_bytes": 3,
            "sha256": "00",
            "records": 1,
            "modified_ns": 5,
            "sample_sha256": "00",
            "format": "tfrecord",
            "synthetic": False,
            "url": None,
        }
    ],
    "findings": {"odd times": [1, "run 0"]},
    "synthetic": True,
    "training": [{"dataset": "digits", "epochs": [4]}],
    "update": {
        "of": "b.nb101",
        "created": None,
        "rule": "new ones",
        "kept_runs": 1,
        "replaced_runs": 2,
        "added_runs": 3,
    },
}


@pytest.fixture(scope="module")
def data(small_sample: tuple[Path, Any]) -> bytes:
    return small_sample[0].read_bytes()


def index_with(data: bytes, path: Path, provenance: bytes) -> Index:
    """An index with another provenance, and with sound checksums."""
    index = index_file.parse(data)
    index.find(PROVENANCE).contents = bytearray(provenance)
    path.unlink(missing_ok=True)
    path.write_bytes(index_file.write(index))
    return nb101fast.open(path)


def is_safe(text: str) -> bool:
    return all(line.isprintable() for line in text.splitlines())


def test_a_sound_provenance_is_read(data: bytes, tmp_path: Path) -> None:
    index = index_with(data, tmp_path / "a.nb101", json.dumps(SOUND).encode())
    assert index.provenance == SOUND
    assert "from a.tfrecord: 3 bytes, SHA-256 00" in describe(index.reader)


@pytest.mark.slow
def test_a_damaged_one_raises_nothing_but_format_errors(
    small_sample: tuple[Path, Any], data: bytes, tmp_path: Path
) -> None:
    uses: list[Callable[[Index], str]] = [
        lambda index: describe(index.reader),
        lambda index: json.dumps(facts_of(index.reader)),
        repr,
        lambda index: repr(nb101fast.compile(index, tmp_path / "b.nb101")),
        lambda index: repr(nb101fast.compile(small_sample[0], tmp_path / "c.nb101", update=index)),
    ]
    texts = []
    for number, use in enumerate(uses):

        def read(text: bytes, use: Callable[[Index], str] = use) -> None:
            assert is_safe(use(index_with(data, tmp_path / "a.nb101", text)))

        texts += refusals(read, SOUND if number < 2 else {"sources": SOUND["sources"]})
    assert len(texts) > 500
    for text in texts:
        assert is_safe(text)
        assert "a.nb101: byte " in text
        assert len(text) < 500


def test_control_characters_are_shown_as_escapes(data: bytes, tmp_path: Path) -> None:
    nasty = "\x1b[2J\x9b1m\u202e\r\n\x07"
    text = json.dumps(SOUND | {"tool": nasty, "findings": {nasty: [1, nasty]}})
    shown = describe(index_with(data, tmp_path / "a.nb101", text.encode()).reader)
    assert is_safe(shown)
    assert r"made by \x1b[2J\x9b1m\u202e\x0d\x0a\x07 0.1.0" in shown


def test_keys_of_other_versions_are_kept() -> None:
    text = json.dumps(SOUND | {"new": [1], "training": [{"new": {"a": 1}}]}).encode()
    assert parse_provenance("a", text)["new"] == [1]


def test_that_of_a_parquet_file_is_checked_too(index: Index, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    index.to_parquet(tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet")
    metadata = table.schema.metadata | {b"nb101fast.provenance": b'{"synthetic": 1}'}
    parquet.write_table(table.replace_schema_metadata(metadata), tmp_path / "b.parquet")
    with pytest.raises(FormatError, match=r"b\.parquet: its provenance: synthetic: 1 is not"):
        read_parquet(_core.RunTable(), str(tmp_path / "b.parquet"))
