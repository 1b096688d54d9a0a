"""Fixtures that several test files share."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from reference.cells import encode
from reference.enumeration import representatives

PROJECT_ROOT = Path(__file__).resolve().parents[2]


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
