"""One index in many threads and processes, and what importing the package loads."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import Cell, Index
from reference.child_processes import environment
from reference.tfrecord import Record

Sample = tuple[Path, list[Record]]
METHODS = [m for m in ("fork", "spawn") if m in multiprocessing.get_all_start_methods()]
PATIENCE = 60.0  # seconds until a child counts as hanging


@pytest.fixture(scope="module")
def codes() -> npt.NDArray[np.uint32]:
    """Cells present, cells absent and graphs that are no cells."""
    rng = np.random.default_rng(5)
    some = rng.choice(nb101fast.cell_codes(), 5000)
    return np.concatenate(
        [some, nb101fast.cell_codes()[:3000], rng.integers(0, 2**32, 500, np.uint32)]
    )


def answers(index: Index, codes: npt.NDArray[np.uint32]) -> bytes:
    """Return the answers of every kind of look-up as bytes, to compare them."""
    f = index.objective("training_time", epochs=4)
    parts: list[Any] = [
        f(codes),
        f(codes, threads=2),
        index.objective(repeat="random", seed=9)(codes),
        index.query(codes[::50], epochs=36, repeat=1),
        index.find([Cell.from_id(int(i)).hash for i in index.cells]),
        index.column("test_accuracy", epochs=36, stored=True),
        np.array([f(int(nb101fast.cell_codes()[i])) for i in index.cells]),
    ]
    return b"".join(np.ascontiguousarray(part).tobytes() for part in parts)


def answers_of_path(path: str, codes: npt.NDArray[np.uint32]) -> bytes:
    return answers(nb101fast.open(path), codes)


@pytest.fixture(params=METHODS)
def pool(request: pytest.FixtureRequest) -> Iterator[Pool]:
    with multiprocessing.get_context(request.param).Pool(2) as pool:
        yield pool


def test_pickled_to_workers(
    small_sample: Sample, codes: npt.NDArray[np.uint32], pool: Pool
) -> None:
    index = nb101fast.open(small_sample[0])
    expected = answers(index, codes)
    jobs = [pool.apply_async(answers, (index, codes)) for _ in range(4)]
    jobs += [pool.apply_async(answers_of_path, (index.path, codes)) for _ in range(4)]
    assert {job.get(PATIENCE) for job in jobs} == {expected}


def test_objectives_pickled_to_workers(
    small_sample: Sample, codes: npt.NDArray[np.uint32], pool: Pool
) -> None:
    f = nb101fast.open(small_sample[0]).objective("test_accuracy", epochs=36)
    parts = pool.map_async(f, np.array_split(codes, 7)).get(PATIENCE)
    assert np.concatenate(parts).tobytes() == f(codes).tobytes()


inherited: Index


def answers_of_inherited(codes: npt.NDArray[np.uint32]) -> bytes:
    return answers(inherited, codes)


@pytest.mark.skipif("fork" not in METHODS, reason="no fork here")
def test_inherited_over_fork(small_sample: Sample, codes: npt.NDArray[np.uint32]) -> None:
    global inherited
    inherited = nb101fast.open(small_sample[0])
    expected = answers(inherited, codes)  # threads have run before the fork
    with multiprocessing.get_context("fork").Pool(3) as pool:
        for result in pool.map_async(answers_of_inherited, [codes] * 6).get(PATIENCE):
            assert result == expected
    assert answers(inherited, codes) == expected


def test_many_threads(small_sample: Sample, codes: npt.NDArray[np.uint32]) -> None:
    index = nb101fast.open(small_sample[0])
    expected = answers(index, codes)
    start = threading.Barrier(8)

    def work() -> set[bytes]:
        start.wait()
        return {answers(index, codes) for _ in range(10)}

    with ThreadPoolExecutor(8) as threads:
        for job in [threads.submit(work) for _ in range(8)]:
            assert job.result() == {expected}


@pytest.mark.slow
def test_first_use_by_many_threads() -> None:
    """Many threads use the tables for the first time at once; the tables are built once."""
    program = """if True:
        import threading, nb101fast
        start, seen = threading.Barrier(8), set()
        def work():
            start.wait()
            seen.add((
                nb101fast.cell_hashes().tobytes(),
                nb101fast.cell_parameters().tobytes(),
                nb101fast.cell_ids(nb101fast.cell_codes()).tobytes(),
            ))
        threads = [threading.Thread(target=work) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert len(seen) == 1, len(seen)
    """
    run_python(program)


def test_random_draws_of_many_threads(small_sample: Sample) -> None:
    """Together, the threads' draws are those that one thread would make."""
    index = nb101fast.open(small_sample[0])
    row = int(np.argmax(index.run_counts(epochs=108)))
    batch = np.full(1000, nb101fast.cell_codes()[index.cells[row]], np.uint32)
    f = index.objective("training_time", repeat="random", seed=2)
    with ThreadPoolExecutor(4) as threads:
        drawn = np.concatenate(list(threads.map(f, [batch] * 40)))
    alone = index.objective("training_time", repeat="random", seed=2)(np.tile(batch, 40))
    assert np.sort(drawn).tobytes() == np.sort(alone).tobytes()


def test_one_file_in_two_processes_is_shared(
    small_sample: Sample, codes: npt.NDArray[np.uint32], tmp_path: Path
) -> None:
    """The mapping is shared and read-only: no process has a page of its own."""
    smaps = Path("/proc/self/smaps")
    if not smaps.exists():
        pytest.skip("no /proc/self/smaps to see shared pages in")
    program = f"""if True:
        import sys, nb101fast
        index = nb101fast.open({str(small_sample[0])!r})
        places = [(m, r) for m in nb101fast.METRICS for r in range(3)]
        total = sum(index.column(m, repeat=r, stored=True).sum() for m, r in places)
        print(total, flush=True)
        sys.stdin.read()
        lines = open("/proc/self/smaps").read().split("\\n")
        at = next(i for i, line in enumerate(lines) if line.endswith("small.nb101"))
        print(lines[at].split()[1], *(
            line.split()[1] for line in lines[at:at + 25]
            if line.startswith(("Private_Dirty", "Private_Clean", "Shared_Clean"))
        ))
    """
    children = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        for _ in range(2)
    ]
    for child in children:
        assert child.stdout
        assert child.stdout.readline()
    for child in children:  # the second is open still while the first looks
        output, _ = child.communicate(timeout=PATIENCE)
        assert child.returncode == 0
        permissions, shared_clean, private_clean, private_dirty = output.split()
        assert (permissions, private_dirty) == ("r--s", "0")
        if child is children[0]:
            assert int(shared_clean) > 0
            assert private_clean == "0"


def test_replaced_by_rename(
    small_sample: Sample, codes: npt.NDArray[np.uint32], tmp_path: Path
) -> None:
    path, source = tmp_path / "live.nb101", small_sample[0].with_suffix(".tfrecord")
    nb101fast.compile(source, path)
    old = nb101fast.open(path, verify="full")
    expected = answers(old, codes)
    nb101fast.synthetic.write_index(path, codes=codes[-3500:-500], epochs=(4, 36, 108))
    assert answers(old, codes) == expected
    new = nb101fast.open(path, verify="full")
    assert len(new) == 3000
    assert new.is_synthetic
    assert answers(new, codes) != expected
    path.unlink()
    assert answers(old, codes) == expected


@pytest.mark.slow
def test_replaced_while_others_open_it(small_sample: Sample, tmp_path: Path) -> None:
    """A reader that opens the file meanwhile sees one whole index, the old or the new one."""
    path, source = tmp_path / "live.nb101", small_sample[0].with_suffix(".tfrecord")
    nb101fast.compile(source, path)
    done = threading.Event()

    def keep_opening() -> int:
        count = 0
        while not done.is_set() or not count:
            assert len(nb101fast.open(path, verify="full")) == 36
            count += 1
        return count

    with ThreadPoolExecutor(3) as threads:
        jobs = [threads.submit(keep_opening) for _ in range(3)]
        for _ in range(40):
            nb101fast.compile(source, path)
        done.set()
        assert all(job.result() for job in jobs)
    assert list(tmp_path.iterdir()) == [path]


def open_files() -> list[str]:
    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("no /proc/self/fd to see open files in")
    return [os.readlink(entry) for entry in folder.iterdir() if entry.exists()]


def test_the_file_is_closed_once_mapped(small_sample: Sample) -> None:
    indexes = [nb101fast.open(small_sample[0]) for _ in range(10)]
    assert str(small_sample[0]) not in open_files()
    assert len(indexes) == 10


@pytest.mark.parametrize("contents", ['{"runs": 3}', "id,epochs\n3,0", "no format"])
def test_a_refused_file_is_closed_while_its_error_is_kept(tmp_path: Path, contents: str) -> None:
    path = tmp_path / "refused"
    path.write_text(contents)
    with pytest.raises(nb101fast.FormatError, match="refused: ") as kept:
        nb101fast.compile(path, tmp_path / "out.nb101")
    assert str(path) not in open_files()
    assert kept.traceback  # Its frames keep what they hold.


def test_errors_pickle() -> None:
    for kind in (nb101fast.FormatError, nb101fast.OutOfDomainError):
        again = pickle.loads(pickle.dumps(kind("what")))
        assert type(again) is kind
        assert str(again) == "what"


# -------------------------------------------------------------------- imports


def run_python(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


HAS_A_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()


@pytest.mark.skipif(HAS_A_GIL, reason="this interpreter has a GIL")
@pytest.mark.parametrize("first", range(8))
def test_threads_race_through_first_uses(first: int) -> None:
    """All threads find the tables unmade, get the same answers, and the GIL stays off."""
    program = f"""if True:
        import sys
        import threading
        import numpy as np
        import nb101fast
        from nb101fast import search_space as space

        codes = np.array([32, 1057, 2**21 - 1], np.uint32)
        calls = [
            lambda: nb101fast.cell_ids(codes),
            lambda: nb101fast.ids_of_hashes([nb101fast.Cell.from_code(32).hash]),
            lambda: space.sample(5, how="raw", seed=1),
            lambda: space.mutate(32, how="naslib", seed=1),
            lambda: space.encode_as(codes, "path"),
            lambda: [space.depth(codes), space.macs(codes), space.parameters(codes)],
            lambda: nb101fast.open().objective("test_accuracy")(codes),
            lambda: space.neighbors(32),
        ]
        calls = calls[{first}:] + calls[:{first}]
        answers = [None] * 8
        together = threading.Barrier(8)

        def race(thread):
            together.wait()
            answers[thread] = [np.asarray(call()).tobytes() for call in calls]

        threads = [threading.Thread(target=race, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers[0] is not None and answers == [answers[0]] * 8
        assert {HAS_A_GIL} or not sys._is_gil_enabled()
    """
    run_python(program)


def test_what_importing_loads(small_sample: Sample) -> None:
    program = f"""if True:
        import sys
        import nb101fast
        index = nb101fast.open({str(small_sample[0])!r})
        index.query(32)
        repr(nb101fast.Cell.from_code(32))
        print(*{{name.partition(".")[0] for name in sys.modules}} - sys.stdlib_module_names)
    """
    # typing_extensions and the like come with no import of the package.
    loaded = {name for name in run_python(program).split() if not name.startswith("_")}
    # NumPy 1 loads cython_runtime.
    allowed = {"nb101fast", "numpy", "cython_runtime", "sitecustomize", "usercustomize"}
    assert loaded <= allowed | site_modules()


def site_modules() -> set[str]:
    """Return the modules that the interpreter loads by itself."""
    program = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    return set(run_python(program).split())


def test_importing_computes_nothing() -> None:
    """The tables of all cells are built when they are first needed."""
    program = """if True:
        import time, nb101fast
        began = time.process_time()
        nb101fast.cell_codes()
        built = time.process_time()
        nb101fast.cell_codes()
        print(built - began, time.process_time() - built)
    """
    first, second = map(float, run_python(program).split())
    assert first > 500 * second
