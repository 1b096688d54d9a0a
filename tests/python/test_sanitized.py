"""Public calls of an extension that is built with the address and undefined-behaviour sanitizers.

pytest tests/python/test_sanitized.py -m release      # needs GCC on Linux
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from conftest import PROJECT_ROOT

pytestmark = [
    pytest.mark.release,
    pytest.mark.skipif(sys.platform != "linux", reason="GCC's sanitizers are loaded before Python"),
]
# The folder is kept, so that the next run compiles only what has changed.
FOLDER = PROJECT_ROOT / "build" / "sanitized"
PYTHON = FOLDER / "bin" / "python"
HOSTILE_FILES = 20_000
SECONDS_PER_FILE = 600.0
MEBIBYTES = 4096  # The sanitizer keeps what is freed for a while.
# The tests that call the extension most.
NOUNS = (
    *("cell", "cell_ids", "checks", "codes", "hashes", "parameters", "properties", "visible"),
    *("format", "index", "objective", "old_formats", "pareto", "processes", "queries", "rebuild"),
    *("search_space", "search_space_encodings", "search_space_mutation"),
    *("search_space_neighbors", "search_space_sampling", "search_space_shapes", "tables"),
    *("api", "api_statistics", "compile", "export", "search", "wrong_arguments"),
)


def make_environment() -> None:
    """An environment with the sanitized package, and with the packages that this process has."""
    venv.create(FOLDER, with_pip=False)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(FOLDER)}))
    standard_library = Path(sysconfig.get_path("stdlib"))
    known = {"", str(standard_library), str(standard_library / "lib-dynload")}
    others = [path for path in sys.path if path not in known and not path.endswith(".zip")]
    (packages / "others.pth").write_text("\n".join([*others, ""]), encoding="utf-8")
    settings = {
        "build-dir": str(FOLDER / "objects"),
        "cmake.build-type": "RelWithDebInfo",
        "cmake.define.CMAKE_CXX_FLAGS_RELWITHDEBINFO": "-O1 -g1",
        "cmake.define.NB101_SANITIZE": "address,undefined,float-cast-overflow",
    }
    command = [sys.executable, "-m", "pip", f"--python={PYTHON}", "install", "--no-deps", "-q"]
    command += [word for name, value in settings.items() for word in ("-C", f"{name}={value}")]
    subprocess.run([*command, str(PROJECT_ROOT)], env={**os.environ, "CXX": "g++"}, check=True)


def sanitizers() -> str:
    """The libraries that must be loaded before Python is."""
    names = ("libasan.so", "libstdc++.so")
    return " ".join(
        subprocess.check_output(["g++", f"-print-file-name={name}"], text=True).strip()
        for name in names
    )


def run_sanitized(*words: str) -> None:
    """Run a module in the sanitized environment. CPython's own leaks are not looked for."""
    environment = {
        **os.environ,
        "LD_PRELOAD": sanitizers(),
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    folder = PROJECT_ROOT / "tests" / "python"
    subprocess.run([str(PYTHON), "-m", *words], cwd=folder, env=environment, check=True)


@pytest.fixture(scope="module", autouse=True)
def environment() -> None:
    make_environment()


def test_public_calls_on_hostile_files() -> None:
    limits = [HOSTILE_FILES, SECONDS_PER_FILE, MEBIBYTES]
    run_sanitized("reference.index_calls", "0", *map(str, limits))


@pytest.mark.parametrize("noun", NOUNS)
def test_the_tests_of(noun: str) -> None:
    run_sanitized("pytest", f"test_{noun}.py", "-q", "-m", "quick")


def test_long_calls() -> None:
    """All but those without memory, because a sanitizer needs more memory than they leave."""
    marks = ("-m", "not release", "-k", "not without_memory")
    run_sanitized("pytest", "test_long_calls.py", "-q", *marks)
