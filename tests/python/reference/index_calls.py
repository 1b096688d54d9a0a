"""Every public call that reads an index, and a process that makes them on hostile files.

    python -m reference.index_calls FIRST COUNT SECONDS MEBIBYTES

It tries the files of `hostile_index` from number FIRST on. Each call must give an answer or one
FormatError that names the file, within so many seconds a file. Meanwhile the process may take four
times the size of the file in memory, and so many MiB more. The process ends with status 1 and says
which file did what otherwise; it dies by a signal or a trace of all threads where the package does.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import pickle
import random
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import nb101fast
from nb101fast import FormatError, Index, search
from nb101fast.__main__ import main
from nb101fast.api import NASBench
from nb101fast.explorer.cell_runs import CellRuns
from nb101fast.explorer.measures import measures_of
from nb101fast.exporter import SUFFIXES
from nb101fast.locations import BUILT_IN
from nb101fast.whole_space import WholeSpace
from reference.hostile_index import hostile_index, sound_indexes
from reference.index_file import write

CALLS_PER_FILE = 5
SIZES_OF_MEMORY = 4  # what a call may take in memory, in sizes of the file
THREAD_BYTES = 8 << 20  # The stack of a thread counts as memory.

Call = Callable[[Index, Path], object]


def _epochs(index: Index) -> Any:
    return index.epochs[-1]


def _cells(index: Index) -> Any:
    """Cells that the index may have, and one that it lacks."""
    known = index.cells[:3].clip(0, nb101fast.NUM_CELLS - 1)
    return np.append(known, 7).astype(np.int32)


def _facts(index: Index, out: Path) -> None:
    for name in ("provenance", "is_synthetic", "sections", "denominator", "num_runs", "repeats"):
        getattr(index, name)
    repr(index), index._repr_html_(), len(index)
    pickle.loads(pickle.dumps(index))
    index.run_counts(epochs=_epochs(index))


def _look_ups(index: Index, out: Path) -> None:
    ids = _cells(index)
    for repeat in ("mean", "all", "random", 0):
        index.query(ids=ids, epochs=_epochs(index), repeat=repeat)
    index.query(int(nb101fast.cell_codes()[ids[0]]), epochs=_epochs(index), stage="halfway")
    index.query(hashes=nb101fast.cell_hashes()[ids], epochs=index.epochs[0])
    index.find(nb101fast.cell_hashes()[:50])


def _objectives(index: Index, out: Path) -> None:
    for repeat in ("mean", "random", 0):
        for metric in ("test_accuracy", "total_time", "trainable_parameters"):
            objective = index.objective(metric, epochs=_epochs(index), repeat=repeat, seed=1)
            objective(nb101fast.cell_codes()[:100])
            objective.by_id(_cells(index))


def _columns(index: Index, out: Path) -> None:
    for metric in (*nb101fast.METRICS, "total_time", "trainable_parameters"):
        for repeat in (0, "mean"):
            index.column(metric, epochs=_epochs(index), repeat=repeat)
        index.column(metric, epochs=_epochs(index), stored=True).tobytes()


def _own_columns(index: Index, out: Path) -> None:
    for name in index.own_columns:
        for repeat in ("mean", "random", 0):
            index.objective(name, repeat=repeat, seed=1).by_id(_cells(index))
        index.column(name, stored=True).tobytes()
        WholeSpace(index.reader).where({name: (0.0, None)})
        index.pareto(minimize=[name], epochs=_epochs(index))


def _whole_space(index: Index, out: Path) -> None:
    epochs = _epochs(index)
    with contextlib.suppress(ValueError):  # Perhaps no cell has a value.
        index.top_k("test_accuracy", 1, epochs=epochs)
        index.best("parameters", where={"test_accuracy": (0.0, None)}, epochs=epochs)
    index.where(test_accuracy=(0.1, None), parameters=(None, 1e8), epochs=epochs)
    index.ranks("training_time", epochs=epochs)
    index.pareto(epochs=epochs)
    index.hypervolume(
        reference={"test_accuracy": 0.0, "training_time": 1e5, "parameters": 1e9}, epochs=epochs
    )


def _tables(index: Index, out: Path) -> None:
    index.tables(epochs=_epochs(index))


def _official(index: Index, out: Path) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        data = NASBench(index.path)
    for module_hash in list(data.hash_iterator())[:3]:
        with contextlib.suppress(KeyError):  # Perhaps the perfect hash does not find it.
            data.get_metrics_from_hash(module_hash)


def _search(index: Index, out: Path) -> None:
    with contextlib.suppress(ValueError):  # Perhaps a time is negative, or epochs are too many.
        search.run("rs", index, runs=2, max_evaluations=20, seed=0, epochs=_epochs(index))


def _command(*words: str) -> Call:
    def call(index: Index, out: Path) -> None:
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = main([words[0], index.path, *words[1:]])
        if status:  # A command prints the error that it catches.
            raise FormatError(said.getvalue())

    return call


def _explore(index: Index, out: Path) -> None:
    """Reads what `explore` reads. Its tables of the space would take long to write."""
    index.reader.verify("sections")
    for _ in measures_of(index.reader):
        pass
    CellRuns.of(index.reader)


def _attach(index: Index, out: Path) -> None:
    ids = np.unique(_cells(index))
    nb101fast.attach(index, {"more": np.zeros(len(ids))}, out, ids=ids)


def _export(suffix: str) -> Call:
    return lambda index, out: nb101fast.export(index, out.with_suffix(suffix), unmarked=True)


CALLS: dict[str, Call] = {
    "facts": _facts,
    "look-ups": _look_ups,
    "objectives": _objectives,
    "columns": _columns,
    "own columns": _own_columns,
    "whole space": _whole_space,
    "tables": _tables,
    "official API": _official,
    "search": _search,
    "info": _command("info"),
    "verify": _command("verify"),
    "to_arrow": lambda index, out: index.to_arrow(),
    "to_arrow as stored": lambda index, out: index.to_arrow(form="stored"),
    "to_pandas": lambda index, out: index.to_pandas(),
    "to_polars": lambda index, out: index.to_polars(),
    "to_parquet as stored": lambda index, out: index.to_parquet(out, form="stored"),
    "to_json": lambda index, out: index.to_json(ids=_cells(index)),
    "attach": _attach,
    "detach": lambda index, out: nb101fast.detach(index, [*index.own_columns], out),
    "explore": _explore,
    "compile": lambda index, out: nb101fast.compile(index, out),
    "update": lambda index, out: nb101fast.compile(BUILT_IN, out, update=index),
    **{f"export {suffix}": _export(suffix) for suffix in SUFFIXES},
}


def opened(path: Path) -> Index | None:
    """The index, or None if it is refused at opening."""
    try:
        return nb101fast.open(path)
    except FormatError as error:
        _check_message(error, path)
    return None


def attempt(call: Call, index: Index, path: Path) -> None:
    """Make a call, which may raise a FormatError that names the file."""
    try:
        call(index, path.with_name("out"))
    except FormatError as error:
        _check_message(error, path)


def _check_message(error: FormatError, path: Path) -> None:
    if path.name not in str(error):
        raise AssertionError(f"the error does not name the file: {error}")


def _verify(index: Index, out: Path) -> None:
    index.reader.verify("full")


def try_file(number: int, folder: Path, spare: int) -> list[str]:
    """What a hostile file did that it should not, as traces of the calls."""
    path = folder / f"hostile_{number}.nb101"
    path.write_bytes(hostile_index(number))
    faults = []
    _limit_memory(SIZES_OF_MEMORY * path.stat().st_size + spare)
    names = random.Random(number).sample(sorted(CALLS), CALLS_PER_FILE)
    try:
        index = opened(path)
        for name, call in [*((name, CALLS[name]) for name in names), ("full", _verify)]:
            if index is None:
                break
            try:
                attempt(call, index, path)
            except Exception:
                faults.append(f"file {number}, {name}: {traceback.format_exc(limit=-6)}")
    except Exception:
        faults.append(f"file {number}, open: {traceback.format_exc(limit=-6)}")
    path.unlink()
    return faults


def _limit_memory(more: int) -> None:
    """Let this process have so many bytes more than it has now, where the system can."""
    if sys.platform != "linux":
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[5])
    limit = pages * resource.getpagesize() + more + THREAD_BYTES * (os.cpu_count() or 1)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.RLIM_INFINITY))


def _make_tables(folder: Path) -> None:
    """Make all that is made at the first use of a call, such as the tables of the space."""
    path = folder / "sound.nb101"
    for index in sound_indexes():
        path.write_bytes(write(index))
        for call in CALLS.values():
            attempt(call, nb101fast.open(path), path)


def try_files(first: int, count: int, seconds: float, spare: int, folder: Path) -> int:
    """Try files until all are tried or ten have failed; return how many failed."""
    _make_tables(folder)
    failed = 0
    for number in range(first, first + count):
        faulthandler.dump_traceback_later(seconds, exit=True)
        print(number, file=sys.stderr)  # The last one tells which file ended the process.
        faults = try_file(number, folder, spare)
        failed += bool(faults)
        print(*faults, sep="\n", end="")
        if failed >= 10:
            break
    faulthandler.cancel_dump_traceback_later()
    print(f"tried {number + 1 - first} files, {failed} failed")
    return failed


def _folder_in_memory() -> str | None:
    """A folder whose files no call has to wait for until a disk has them, where there is one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


if __name__ == "__main__":
    warnings.simplefilter("error", RuntimeWarning)  # NumPy warns of casts that are undefined.
    first, count, seconds, mebibytes = sys.argv[1:]
    with tempfile.TemporaryDirectory(dir=_folder_in_memory()) as name:
        failed = try_files(int(first), int(count), float(seconds), int(mebibytes) << 20, Path(name))
    sys.exit(bool(failed))
