"""Compile the kernels of the floors, and call them."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import nb101fast

SOURCES = Path(__file__).parent
FLAGS = ("-std=c++20", "-O3", "-DNDEBUG", "-shared", "-fPIC")  # as the package's own core

NUM_MATRICES = 1 << 21
NUM_SLOTS = 450_808  # labelled canonical structures, before isomorphic labellings are joined
MOST_PERMUTATIONS = 256
PROBING_PLACES = 1 << 20

Ids = npt.NDArray[np.int32]


class NoCompilerError(Exception):
    """No compiler was found. The message says which names were tried."""


def compile_shared(source: str, folder: Path, *flags: str) -> Path:
    """Compile one of the sources beside this file to a shared library in a folder."""
    candidates = [name for name in (os.environ.get("CXX"), "c++", "g++", "clang++") if name]
    compilers = map(shlex.split, candidates)  # $CXX may have options
    compiler = next((words for words in compilers if shutil.which(words[0])), None)
    if compiler is None:
        raise NoCompilerError(f"no C++ compiler: none of {', '.join(candidates)} was found")
    library = folder / f"{Path(source).stem}.so"
    command = [*compiler, *FLAGS, *flags, str(SOURCES / source), "-o", str(library)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return library


def load_fastcall(folder: Path) -> Callable[[int], float]:
    """Load a METH_FASTCALL function that returns its int as a float."""
    include = sysconfig.get_path("include")
    if not (Path(include) / "Python.h").is_file():
        raise NoCompilerError(f"no Python.h in {include}")
    path = compile_shared("fastcall.cpp", folder, f"-I{include}")
    spec = importlib.util.spec_from_file_location("fastcall", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[[int], float] = module.as_float
    return function


class _Tables(ctypes.Structure):
    _fields_ = (
        ("places", ctypes.c_void_p),
        ("label_codes", ctypes.c_void_p),
        ("ids", ctypes.c_void_p),
    )


class PlainLoops:
    """The plain loops over their own three tables (8 MB, 0.23 MB and 1.8 MB)."""

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(str(library))
        self._places = np.empty(NUM_MATRICES, np.uint32)
        self._label_codes = np.empty((MOST_PERMUTATIONS, 1024), np.uint8)
        slot_codes = np.empty(NUM_SLOTS, np.uint32)
        permutations = ctypes.c_int()
        self.num_slots: int = self._library.build_tables(
            _address(self._places),
            _address(self._label_codes),
            _address(slot_codes),
            ctypes.byref(permutations),
        )
        self.num_permutations = permutations.value
        self._ids = nb101fast.cell_ids(slot_codes)
        self._tables = _Tables(
            self._places.ctypes.data, self._label_codes.ctypes.data, self._ids.ctypes.data
        )

    def cell_ids(self, codes: nb101fast.codes.Codes, out: Ids) -> Ids:
        """Look up each code by three loads."""
        self._call("cell_ids", codes, ctypes.c_int64(len(codes)), out)
        return out

    def metric(
        self,
        column: npt.NDArray[np.uint16],
        denominator: int,
        codes: nb101fast.codes.Codes,
        out: npt.NDArray[np.float32],
    ) -> npt.NDArray[np.float32]:
        """Look up each code by three loads, a fourth from a column of counts, and a division."""
        size = ctypes.c_int64(len(codes))
        self._call("metric", column, ctypes.c_float(denominator), codes, size, out)
        return out

    def gather(
        self, table: npt.NDArray[np.float32], ids: Ids, out: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """One gather from a table by cell id; the ids are not checked."""
        self._library.gather(*map(_address, (table, ids, ctypes.c_int64(len(ids)), out)))
        return out

    def matrix_ids(
        self, matrices: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8], out: Ids
    ) -> Ids:
        """Pack raw matrices by loops over their elements, then look them up by three loads."""
        self._call("matrix_ids", matrices, labels, ctypes.c_int64(len(matrices)), out)
        return out

    def _call(self, name: str, *arguments: Any) -> None:
        getattr(self._library, name)(ctypes.byref(self._tables), *map(_address, arguments))


class PlainProbing:
    """A hash table of official hashes by linear probing, less than half full."""

    def __init__(self, library: Path, hashes: npt.NDArray[np.uint8]) -> None:
        self._library = ctypes.CDLL(str(library))
        self._hashes = hashes
        self._rows = np.empty(PROBING_PLACES, np.int32)
        self._library.build_probing(
            _address(hashes), ctypes.c_int32(len(hashes)), _address(self._rows)
        )

    def find(self, keys: npt.NDArray[np.uint8], out: Ids) -> Ids:
        """Return the row of each key; -1 for an unknown key."""
        arguments = (self._hashes, self._rows, keys, ctypes.c_int64(len(keys)), out)
        self._library.find(*map(_address, arguments))
        return out


def _address(argument: Any) -> Any:
    """Return the address of an array's data; return any other value unchanged."""
    if not isinstance(argument, np.ndarray):
        return argument
    assert argument.flags.c_contiguous
    return ctypes.c_void_p(argument.ctypes.data)
