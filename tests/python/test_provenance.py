"""The provenance of an index comes from outside: it is checked, and it is shown safely."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pytest

import nb101fast
from nb101fast import FormatError, Index, _core
from nb101fast.__main__ import main
from nb101fast.builder import IndexBuilder
from nb101fast.description import describe, facts_of
from nb101fast.locations import BUILT_IN
from nb101fast.parquet_runs import read_parquet
from nb101fast.provenance import Marks, parse_provenance
from reference import index_file
from reference.hostile_json import refusals
from reference.index_file import PROVENANCE
from reference.libraries import needs

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
def data(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An index of three runs, in which hundreds of provenances are tried."""
    path = tmp_path_factory.mktemp("three") / "three.nb101"
    codes = nb101fast.cell_codes()[:3]
    nb101fast.synthetic.write_index(path, codes=codes, epochs=(108,), repeats=1)
    return path.read_bytes()


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


@pytest.mark.parametrize(
    ("training", "error", "message"),
    [
        ("abc", TypeError, "training='abc' is not allowed; use a dictionary"),
        ({"a": {1, 2}}, TypeError, "not JSON serializable; use what JSON has"),
        ({"dataset": 5}, ValueError, "dataset: 5 is not allowed; use a text"),
        ({"dataset": "\ud800"}, ValueError, "surrogates"),
    ],
)
def test_a_training_that_could_not_be_read_back_is_refused(
    tmp_path: Path, training: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        nb101fast.compile(BUILT_IN, tmp_path / "i.nb101", training=training)
    assert not any(tmp_path.iterdir())


def test_a_dataset_that_could_not_be_read_back_is_refused(tmp_path: Path) -> None:
    (tmp_path / "i.json").write_text('{"id": 4, "epochs": 4, "dataset": "\\ud800"}')
    with pytest.raises(FormatError, match="surrogates"):
        nb101fast.compile(tmp_path / "i.json", tmp_path / "i.nb101")
    assert not (tmp_path / "i.nb101").exists()


@pytest.mark.parametrize("time", ["99999999999999", "1" * 400, "-1x", "1.5"])
def test_a_wrong_time_of_creation_is_refused(
    tmp_path: Path, time: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", time)
    with pytest.raises(ValueError, match=r"^\$SOURCE_DATE_EPOCH=.* is not allowed; use seconds"):
        nb101fast.compile(BUILT_IN, tmp_path / "i.nb101")


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


# -------------------------------------------------------------------- marks


MARKED: dict[str, dict[str, Any]] = {
    "synthetic": {"synthetic": True},
    "digits": {"training": {"dataset": "digits", "epochs": [4]}},
    "both": {"synthetic": True, "training": {"dataset": 'a, "b"'}},
    "retrained": {"training": {"dataset": "cifar10:cifar-10-binary.tar.gz"}},
}
WAYS: dict[str, Callable[[Index, Path], Any]] = {
    "index": lambda index, _: index.path,
    "arrow": lambda index, _: index.to_arrow(),
    "arrow as stored": lambda index, _: index.to_arrow(form="stored"),
    "pandas": lambda index, _: index.to_pandas(),
    "polars": lambda index, _: index.to_polars(),
    "parquet": lambda index, path: exported(index, path.with_suffix(".parquet")),
    "parquet as stored": lambda index, path: stored(index, path.with_suffix(".parquet")),
    "csv": lambda index, path: exported(index, path.with_suffix(".csv")),
    "json": lambda index, path: exported(index, path.with_suffix(".json")),
    "json lines": lambda index, path: exported(index, path.with_suffix(".jsonl")),
}


def exported(index: Index, path: Path) -> Path:
    nb101fast.export(index, path)
    return path


def stored(index: Index, path: Path) -> Path:
    index.to_parquet(path, form="stored")
    return path


def one_run(path: Path, **marks: Any) -> Index:
    row = {"id": [3], "epochs": [4], "test_accuracy": [0.5]}
    nb101fast.compile(pyarrow.table(row), path, **marks)
    return nb101fast.open(path)


@needs("polars")
@pytest.mark.parametrize("kind", MARKED)
def test_marks_survive_every_way_out_and_in(tmp_path: Path, kind: str) -> None:
    index = one_run(tmp_path / "first.nb101", **MARKED[kind])
    for way in WAYS:
        assert shown_marks(through(way, index, tmp_path)) == shown_marks(index), way


@needs("polars")
def test_marks_survive_every_two_ways_out_and_in(tmp_path: Path) -> None:
    index = one_run(tmp_path / "first.nb101", **MARKED["both"])
    folder = tmp_path / "second"
    folder.mkdir()
    for one in WAYS:
        between = through(one, index, tmp_path)
        for other in WAYS:
            last = through(other, between, folder)
            assert shown_marks(last) == shown_marks(index), (one, other)


def through(way: str, index: Index, folder: Path) -> Index:
    """The index that is compiled from what an index gives."""
    nb101fast.compile(WAYS[way](index, folder / "out"), folder / "again.nb101")
    return nb101fast.open(folder / "again.nb101")


def shown_marks(index: Index) -> tuple[bool, tuple[str, ...]]:
    marks = Marks.of(index.provenance)
    assert marks.synthetic or marks.datasets
    return marks.synthetic, marks.datasets


@pytest.mark.parametrize("suffix", [".tfrecord", ".tfrecord.gz"])
def test_a_tfrecord_is_refused_if_it_would_hide_marks(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"out{suffix}"
    for kind, reason in {
        "synthetic": "were made up, because",
        "digits": "were measured on 'digits', because",
        "both": "were made up and were measured on 'a, \"b\"', because",
        "cifar100": "were measured on 'cifar100', because",
    }.items():
        marks = MARKED.get(kind, {"training": {"dataset": kind}})
        index = one_run(tmp_path / f"{kind}.nb101", **marks)
        with pytest.raises(ValueError, match=re.escape(f"can't say that its values {reason}")):
            nb101fast.export(index, target)
        assert not target.exists()
        nb101fast.export(index, target, unmarked=True)
        target.unlink()
    nb101fast.export(one_run(tmp_path / "cifar.nb101", **MARKED["retrained"]), target)
    assert nb101fast.compile(target, tmp_path / "again.nb101").runs == 1


def test_a_merged_index_has_the_marks_and_names_the_sources_of_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one_run(tmp_path / "made_up.nb101", synthetic=True)
    one_run(tmp_path / "digits.nb101", training={"dataset": "digits", "epochs": [4]})
    one_run(tmp_path / "other.nb101", training={"dataset": "other"})
    parts = [str(tmp_path / name) for name in ("made_up.nb101", "digits.nb101")]
    assert main(["merge", *parts, "-o", str(tmp_path / "two.nb101")]) == 0
    report = nb101fast.compile(
        [tmp_path / "two.nb101", tmp_path / "other.nb101"], tmp_path / "three.nb101"
    )
    assert report.records == 3
    provenance = nb101fast.open(tmp_path / "three.nb101").provenance
    assert Marks.of(provenance) == Marks(
        synthetic=True, training=({"dataset": "digits", "epochs": [4]}, {"dataset": "other"})
    )
    named = [(source["name"], source.get("within")) for source in provenance["sources"]]
    assert named == [
        ("two.nb101", None),
        ("made_up.nb101", "two.nb101"),
        ("pyarrow.Table", "made_up.nb101"),
        ("digits.nb101", "two.nb101"),
        ("pyarrow.Table", "digits.nb101"),
        ("other.nb101", None),
        ("pyarrow.Table", "other.nb101"),
    ]
    three = nb101fast.open(tmp_path / "three.nb101")
    assert "made up for load tests; trained on digits, other<" in three._repr_html_()
    text = describe(three.reader)
    assert "SYNTHETIC" in text
    assert "  trained on digits\n  trained on other\n" in text
    assert "  from made_up.nb101, within two.nb101: " in text


def test_an_update_keeps_the_marks_of_both(tmp_path: Path) -> None:
    one_run(tmp_path / "old.nb101", training={"dataset": "digits"})
    one_run(tmp_path / "new.nb101", synthetic=True)
    nb101fast.compile(tmp_path / "new.nb101", update=tmp_path / "old.nb101")
    marks = Marks.of(nb101fast.open(tmp_path / "old.nb101").provenance)
    assert (marks.synthetic, marks.datasets) == (True, ("digits",))


def test_a_builder_keeps_the_marks_of_an_index(tmp_path: Path) -> None:
    index = one_run(tmp_path / "made_up.nb101", synthetic=True)
    builder = IndexBuilder()
    builder.add_index(index.reader)
    builder.finish(tmp_path / "again.nb101")
    assert nb101fast.open(tmp_path / "again.nb101").is_synthetic
