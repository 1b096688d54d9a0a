"""Made-up data: reproducible, plausible, and called synthetic wherever it is shown."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import Index, synthetic
from reference import tfrecord
from reference.runs import METRICS, STAGES

EPOCHS = (4, 12, 36, 108)
COLUMNS = [*METRICS, "current_epoch", "total_time", "trainable_parameters", "graph"]


@pytest.fixture(scope="module")
def cells() -> npt.NDArray[np.uint32]:
    return np.random.default_rng(8).choice(nb101fast.cell_codes(), 2000, replace=False)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, cells: npt.NDArray[np.uint32]) -> Index:
    path = tmp_path_factory.mktemp("synthetic") / "made.nb101"
    synthetic.write_index(path, codes=cells)
    return nb101fast.open(path, verify="full")


def test_same_seed_same_file(
    tmp_path: Path, cells: npt.NDArray[np.uint32], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    contents = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        synthetic.write_index(tmp_path / name, codes=cells[:300], seed=seed)
        synthetic.write_tfrecord(tmp_path / f"{name}.tfrecord", codes=cells[:300], seed=seed)
        contents.append([(tmp_path / n).read_bytes() for n in (name, f"{name}.tfrecord")])
    assert contents[0] == contents[1]
    assert contents[0][0] != contents[2][0]
    assert contents[0][1] != contents[2][1]
    synthetic.write_index(tmp_path / "d", codes=cells[:300][::-1], seed=3)
    assert (tmp_path / "d").read_bytes() == contents[0][0]


def test_marked_wherever_it_is_shown(index: Index) -> None:
    assert index.is_synthetic
    assert index.provenance["synthetic"] is True
    assert index.provenance["seed"] == 0
    assert repr(index).startswith("<SYNTHETIC index ")
    assert "synthetic, made up" in index._repr_html_()
    assert "NOT measured" in (synthetic.__doc__ or "")


def test_marked_when_it_is_compiled(tmp_path: Path, cells: npt.NDArray[np.uint32]) -> None:
    synthetic.write_tfrecord(tmp_path / "made.tfrecord", codes=cells[:10])
    nb101fast.compile(tmp_path / "made.tfrecord", tmp_path / "made.nb101", synthetic=True)
    assert nb101fast.open(tmp_path / "made.nb101").is_synthetic
    nb101fast.compile(tmp_path / "made.tfrecord", tmp_path / "unmarked.nb101")
    assert not nb101fast.open(tmp_path / "unmarked.nb101").is_synthetic


def test_shape(index: Index, cells: npt.NDArray[np.uint32]) -> None:
    assert index.epochs == EPOCHS
    assert index.repeats == (3, 3, 3, 3)
    assert index.cells.tolist() == sorted(nb101fast.cell_ids(cells).tolist())
    assert index.num_runs == 2000 * 12
    assert index.denominator == 9984
    for metric, epochs in product(METRICS[:3], EPOCHS):
        assert index.column(metric, epochs=epochs, stored=True).dtype == np.uint16
        assert index.column("training_time", epochs=epochs, stored=True).dtype == np.float32
        assert index.column("total_time", epochs=epochs, stored=True).dtype.names == ("low", "high")


def accuracies(index: Index, metric: str, epochs: int, stage: Any) -> npt.NDArray[np.float64]:
    columns = [
        index.column(metric, epochs=epochs, stage=stage, repeat=r, stored=True) for r in range(3)
    ]
    return np.array(columns) / 9984


def test_plausible_accuracies(index: Index) -> None:
    for metric, stage, epochs in product(METRICS[:3], STAGES, EPOCHS):
        values = accuracies(index, metric, epochs, stage)
        assert values.min() >= 0.05
        assert values.max() <= 1
        if stage == "start":
            assert abs(values.mean() - 0.1) < 0.01
    final = accuracies(index, "validation_accuracy", 108, "final")
    assert 0.85 < np.median(final) < 0.93, "real cells: 0.902 in the mean"
    assert 0.92 < final.max() < 0.97, "real cells: 0.951 is the best mean"
    train = accuracies(index, "train_accuracy", 108, "final")
    test = accuracies(index, "test_accuracy", 108, "final")
    assert np.median(train) > np.median(final) > np.median(test)
    medians = [np.median(accuracies(index, "test_accuracy", e, "final")) for e in EPOCHS]
    assert medians == sorted(medians)
    diverged = (final * 9984).round() == 949
    assert 0 < diverged.mean() < 0.02


def test_repeats_are_noisy_but_alike(index: Index) -> None:
    values = accuracies(index, "validation_accuracy", 108, "final")
    sound = values[:, (values > 0.5).all(axis=0)]
    assert 0.0005 < np.median(sound.std(axis=0)) < 0.02
    assert np.corrcoef(sound[0], sound[1]).min() > 0.8


def test_plausible_times(index: Index) -> None:
    parameters = nb101fast.cell_parameters()[index.cells]
    for epochs, repeat in product(EPOCHS, range(3)):
        start, halfway, final = (
            index.column("training_time", epochs=epochs, stage=stage, repeat=repeat, stored=True)
            for stage in STAGES
        )
        total = index.column("total_time", epochs=epochs, repeat=repeat)
        assert (total * 2**22 % 1 == 0).all()
        assert (start == 0).all()
        assert (halfway > 0).all()
        assert (final >= halfway).all()
        assert (total > final).all()
        assert ((final / epochs > 1) & (final / epochs < 60)).all()
        assert np.corrcoef(final, parameters)[0, 1] > 0.9


def test_exact_facts(index: Index) -> None:
    for epochs, repeat in product(EPOCHS, range(3)):
        stored = index.column("trainable_parameters", epochs=epochs, repeat=repeat, stored=True)
        assert (stored == nb101fast.cell_parameters()[index.cells]).all()
        graphs = index.column("graph", epochs=epochs, repeat=repeat, stored=True)
        assert (graphs == nb101fast.cell_codes()[index.cells]).all()
        for stage, share in zip(STAGES, (0, 0.5, 1), strict=True):
            column = index.column(
                "current_epoch", epochs=epochs, stage=stage, repeat=repeat, stored=True
            )
            assert (column == share * epochs).all()


def test_tfrecord_and_index_have_the_same_values(
    tmp_path: Path, index: Index, cells: npt.NDArray[np.uint32]
) -> None:
    synthetic.write_tfrecord(tmp_path / "made.tfrecord", codes=cells)
    report = nb101fast.compile(tmp_path / "made.tfrecord", tmp_path / "made.nb101")
    assert report.official_order
    assert report.wide_columns == ()
    assert not report.findings.told()
    again = nb101fast.open(tmp_path / "made.nb101", verify="full")
    assert again.cells.tolist() == index.cells.tolist()
    for metric, stage, epochs, repeat in product(COLUMNS, STAGES, EPOCHS, range(3)):
        place: dict[str, Any] = {"epochs": epochs, "stage": stage, "repeat": repeat}
        ours, theirs = (
            again.column(metric, **place, stored=True),
            index.column(metric, **place, stored=True),
        )
        assert ours.dtype == theirs.dtype
        assert ours.tobytes() == theirs.tobytes()


def test_tfrecord_is_one_of_the_official_format(
    tmp_path: Path, cells: npt.NDArray[np.uint32]
) -> None:
    synthetic.write_tfrecord(tmp_path / "made", codes=cells[:20], epochs=(108, 4), repeats=2)
    data = (tmp_path / "made").read_bytes()
    records = list(tfrecord.read(data))
    assert tfrecord.write(records) == data
    assert len(records) == 80
    assert [record.epochs for record in records[:4]] == [4, 4, 108, 108]
    hashes = [record.module_hash for record in records]
    assert hashes == sorted(hashes)


def test_choices(tmp_path: Path, cells: npt.NDArray[np.uint32]) -> None:
    calls: list[tuple[int, int]] = []
    synthetic.write_index(
        tmp_path / "made",
        codes=np.tile(cells[:5], 3),
        epochs=(7,),
        repeats=2,
        seed=-1 % 2**64,
        progress=lambda *done: calls.append(done),
    )
    index = nb101fast.open(tmp_path / "made", verify="full")
    assert (len(index), index.epochs, index.repeats, index.num_runs) == (5, (7,), (2,), 10)
    assert calls == [(5, 5)]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"epochs": ()}, r"epochs=\(\)"),
        ({"epochs": (0,)}, "epochs=0 is not allowed"),
        ({"epochs": (4, -12)}, "epochs=-12 is not allowed"),
        ({"epochs": (4, 4)}, r"epochs=\(4, 4\)"),
        ({"repeats": 0}, "repeats=0"),
        ({"codes": np.array([32, 0], np.uint32)}, "code 0 at position 1 is outside"),
        ({"codes": np.empty(0, np.uint32)}, "no runs|cells"),
    ],
)
def test_wrong_arguments(tmp_path: Path, keywords: dict[str, Any], message: str) -> None:
    keywords = {"codes": np.array([32], np.uint32), **keywords}
    with pytest.raises(ValueError, match=message):
        synthetic.write_index(tmp_path / "made", **keywords)
    if "codes" not in keywords or len(keywords["codes"]):  # A TFRecord may be empty.
        with pytest.raises(ValueError, match=message):
            synthetic.write_tfrecord(tmp_path / "made", **keywords)
    assert not list(tmp_path.iterdir())


# -------------------------------------------------------------------- full size


@pytest.mark.slow
def test_the_whole_space(full_index: nb101fast.Index, rng: np.random.Generator) -> None:
    assert 150e6 < Path(full_index.path).stat().st_size < 260e6
    index = nb101fast.open(full_index.path, verify="full")
    assert len(index) == nb101fast.NUM_CELLS
    assert index.num_runs == 5_083_488
    assert re.search("423,624 cells, 5,083,488 runs", repr(index))
    assert (index.cells == np.arange(nb101fast.NUM_CELLS)).all()
    assert (index.find(nb101fast.cell_hashes(), threads=2) == index.cells).all()
    flipped = nb101fast.cell_hashes() ^ np.uint8(16)
    assert (index.find(flipped) == -1).all()
    ids = rng.choice(nb101fast.NUM_CELLS, 200)
    codes = nb101fast.cell_codes()[ids]
    for metric, epochs in product(METRICS, EPOCHS):
        columns = [
            index.column(metric, epochs=epochs, repeat=r, stored=True)[ids] for r in range(3)
        ]
        values = np.array(columns, np.float32)
        if metric != "training_time":
            values /= np.float32(9984)
        for repeat in range(3):
            f = index.objective(metric, epochs=epochs, repeat=repeat)
            assert f(codes).tobytes() == values[repeat].tobytes()
        means = values.astype(np.float64).mean(axis=0).astype(np.float32)
        f = index.objective(metric, epochs=epochs)
        assert f(codes).tobytes() == means.tobytes()
        assert [f(int(code)) for code in codes] == means.tolist()
        assert index.query(codes, epochs=epochs)[metric].tolist() == means.tolist()
