"""Fixtures that several test files share."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import hypothesis
import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import Index
from reference import tfrecord
from reference.cells import decode, encode, prune
from reference.enumeration import representatives
from reference.runs import random_records
from reference.tfrecord import Record

PROJECT_ROOT = Path(__file__).resolve().parents[2]

# A busy machine may take any time for an example.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture
def rng() -> np.random.Generator:
    """The same random numbers for every test and every run."""
    return np.random.default_rng(101)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data, which is not the project's to ship."""
    folder = PROJECT_ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data is missing: no folder ../shared/data beside the project")
    return folder


@pytest.fixture(scope="session")
def real_parameters(shared_data: Path) -> dict[str, int]:
    """Trainable parameters of 20,001 real cells by official hash."""
    path = shared_data / "nb101_real_20k.csv.gz"
    if not path.is_file():
        pytest.skip(f"the real data is missing: no {path.name} in ../shared/data")
    with gzip.open(path, "rt", newline="") as file:
        return {
            row["module_hash"]: int(row["trainable_parameters"]) for row in csv.DictReader(file)
        }


@pytest.fixture(scope="session")
def representative_codes() -> npt.NDArray[np.uint32]:
    """The code of every cell by cell id, as the reference enumerates them."""
    codes = np.fromiter((encode(graph) for graph in representatives(7)), np.uint32)
    codes.setflags(write=False)
    return codes


@pytest.fixture(scope="session")
def full_index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """A synthetic index of the whole space, with all budgets."""
    path = tmp_path_factory.mktemp("full") / "full.nb101"
    nb101fast.synthetic.write_index(path)
    return nb101fast.open(path)


@pytest.fixture(scope="session")
def small_sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Record]]:
    """An index of 36 cells, some without some runs, and its records, which are in no order."""
    rng = np.random.default_rng(36)
    chosen = [*rng.choice(2532, 24, replace=False), *rng.choice(np.arange(2532, 423624), 12)]
    graphs = [prune(decode(int(code))) for code in nb101fast.cell_codes()[chosen]]
    records = [
        record
        for i, graph in enumerate(graphs)
        if graph
        for record in random_records(rng, [graph], {4: 1 + i % 3, 36: 2, 108: (i + 3) % 4})
    ]
    records = [records[i] for i in rng.permutation(len(records))]
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.tfrecord").write_bytes(tfrecord.write(records))
    nb101fast.compile(folder / "small.tfrecord", folder / "small.nb101", synthetic=True)
    return folder / "small.nb101", records


@pytest.fixture(scope="session")
def index(small_sample: tuple[Path, list[Record]]) -> Index:
    """The index of `small_sample`."""
    return nb101fast.open(small_sample[0])
