"""What all tests have in common."""

import gc
import os
import signal
from collections.abc import Generator

import pytest

from nb101fast.locations import BUILT_IN
from nb101fast.progress import DEFAULT_LEVEL, set_level

# The arrays of the tests are small. Several threads of PyTorch or of a BLAS would spend most of
# their time on waiting for each other. The processes that the tests start inherit this.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A background job of a shell ignores Ctrl-C, and so would the processes that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep what the tests and their libraries consist of from the garbage collector.

    It is never garbage, and the collector would look at millions of objects again and again.
    It looks less often too, because of the libraries that tests load later.
    """
    gc.disable()
    collected = yield
    gc.freeze()
    gc.set_threshold(10_000)  # new objects; the default is 700 or 2,000
    gc.enable()
    return collected


@pytest.hookimpl(tryfirst=True)  # before pytest deselects by marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that are neither slow nor for releases as quick."""
    for item in items:
        if not any(item.iter_markers("slow")) and not any(item.iter_markers("release")):
            item.add_marker("quick")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Hide the indexes of the user from the tests and from the processes that they start."""
    os.environ["NB101FAST_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["NB101FAST_INDEX"] = str(BUILT_IN)  # so that open() does not warn


@pytest.fixture(autouse=True)
def usual_level() -> None:
    """Say what is said by default, whatever level a command of another test has set."""
    set_level(DEFAULT_LEVEL)
