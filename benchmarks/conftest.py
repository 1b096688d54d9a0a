"""Fixtures that the benchmarks share, and the table that is printed at the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast.codes import Codes
from nb101fast.skeleton import NetworkConfig

from .floors.compiled import (
    NoCompilerError,
    PlainLoops,
    PlainProbing,
    compile_shared,
    load_fastcall,
)
from .race import Race
from .report import Row, render

NUM_CODES = 1 << 20
ROWS = pytest.StashKey[list[Row]]()

# Several threads that have little work mostly wait for each other, and use up the processors. So
# the libraries have one thread where only the answers are checked.
NUMBERS_OF_THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS")
MARKERS = (
    "gate: the floor is measured in the same run, or the number repeats exactly; see --enforce",
    "informational: an absolute time, which differs between machines; it never fails a run",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--enforce",
        action="store_true",
        help="fail a benchmark that is marked as gate if it misses its must",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("benchmark_disable"):
        os.environ.update(dict.fromkeys(NUMBERS_OF_THREADS, "1"))
    config.stash[ROWS] = []
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    rows = config.stash[ROWS]
    if not rows:
        return
    terminalreporter.section("nb101fast against its floors")
    terminalreporter.write_line(
        "The time of one item in the best round. The rounds of package and floor took turns."
    )
    for line in render(rows):
        terminalreporter.write_line(line)


@pytest.fixture
def race(request: pytest.FixtureRequest, benchmark: Any) -> Race:
    """Measure a benchmark's work against its floor."""
    is_gate = request.node.get_closest_marker("gate") is not None
    must_hold = is_gate and bool(request.config.getoption("--enforce"))
    return Race(benchmark, request.config.stash[ROWS], must_hold=must_hold)


@pytest.fixture
def rng() -> np.random.Generator:
    """The same random numbers for every benchmark and every run."""
    return np.random.default_rng(101)


@pytest.fixture(scope="session")
def plain_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled plain loops."""
    try:
        return compile_shared("loops.cpp", tmp_path_factory.mktemp("floors"))
    except NoCompilerError as error:
        pytest.skip(f"the floors can't be compiled: {error}")


@pytest.fixture(scope="session")
def plain_loops(plain_library: Path) -> PlainLoops:
    """The plain loops with their tables, which are built in about a second."""
    return PlainLoops(plain_library)


@pytest.fixture(scope="session")
def plain_probing(plain_library: Path) -> PlainProbing:
    """A plain hash table of all official hashes."""
    return PlainProbing(plain_library, nb101fast.cell_hashes())


@pytest.fixture(scope="session")
def fastcall(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], float]:
    """The C function that Python calls fastest with an int."""
    try:
        return load_fastcall(tmp_path_factory.mktemp("fastcall"))
    except NoCompilerError as error:
        pytest.skip(f"the floor can't be compiled: {error}")


@pytest.fixture(scope="session")
def full_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an index of all cells at 108 epochs, with made-up values."""
    path = tmp_path_factory.mktemp("index") / "full.nb101"
    nb101fast.synthetic.write_index(path, epochs=(108,))
    return path


@pytest.fixture(scope="session")
def full_index(full_path: Path) -> nb101fast.Index:
    """The index of `full_path`."""
    return nb101fast.open(full_path)


@pytest.fixture(scope="session")
def four_budgets(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> nb101fast.Index:
    """An index with three made-up runs of each cell at each of four budgets.

    If only the answers are checked, its cells are those of at most six vertices.
    """
    path = tmp_path_factory.mktemp("index") / "four_budgets.nb101"
    codes = nb101fast.cell_codes()
    if request.config.getoption("benchmark_disable"):
        codes = codes[nb101fast.search_space.num_vertices(codes) <= 6]
    nb101fast.synthetic.write_index(path, codes=codes)
    return nb101fast.open(path)


@pytest.fixture(scope="session")
def network_config(request: pytest.FixtureRequest) -> NetworkConfig:
    """The official network, or a small one if only the answers are checked."""
    if request.config.getoption("benchmark_disable"):
        return NetworkConfig(stem_filters=8, num_stacks=2, cells_per_stack=1)
    return NetworkConfig()


@pytest.fixture(scope="session")
def num_threads(request: pytest.FixtureRequest) -> int:
    """A thread for each processor, or one if only the answers are checked."""
    if request.config.getoption("benchmark_disable"):
        return 1
    return len(os.sched_getaffinity(0))


@pytest.fixture(scope="session")
def raw_codes() -> Codes:
    """Draw 1 Mi codes from all valid raw configurations; most of them need pruning."""
    rng = np.random.default_rng(1)
    codes = np.empty(0, np.uint32)
    while len(codes) < NUM_CODES:
        drawn = rng.integers(0, 1 << 21, NUM_CODES, np.uint32)
        for vertex in range(5):
            drawn |= rng.integers(0, 3, NUM_CODES, np.uint32) << np.uint32(21 + 2 * vertex)
        codes = np.concatenate([codes, drawn[nb101fast.is_valid(drawn)]])
    return codes[:NUM_CODES]


@pytest.fixture(scope="session")
def cell_codes() -> Codes:
    """Draw 1 Mi codes from the representatives of all cells."""
    ids = np.random.default_rng(2).integers(0, nb101fast.NUM_CELLS, NUM_CODES)
    return nb101fast.cell_codes()[ids]


@pytest.fixture(params=["raw_codes", "cell_codes"])
def codes(request: pytest.FixtureRequest) -> Codes:
    """The raw codes, then the cells' codes."""
    chosen: Codes = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def ids_out() -> npt.NDArray[np.int32]:
    """An array for the floor's ids, filled so that its memory is there before the first round."""
    return np.zeros(NUM_CODES, np.int32)
