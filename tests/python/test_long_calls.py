"""Long calls from a process that exits, forks, is interrupted or runs out of memory meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reference.child_processes import environment

pytestmark = pytest.mark.slow

PATIENCE = 120.0  # seconds until a process counts as hanging
HAS_FORK = hasattr(os, "fork")

# Each takes much longer than the tests below wait, or is repeated until the process ends.
CALLS = {
    "objective": "f(codes)",
    "by_id": "f.by_id(ids)",
    "cell_hashes": "nb101fast.cell_hashes()",
    "find": "index.find(nb101fast.cell_hashes()[:100_000])",
    "ids_of_hashes": "nb101fast.ids_of_hashes(nb101fast.cell_hashes())",
    "mutate": "search_space.mutate(codes, how='notebook', seed=1)",
    "sample": "search_space.sample(100_000, how='raw', seed=1)",
    "neighbors": "search_space.neighbor_table()",
    "edit_distance": "search_space.edit_distance(codes, codes[::-1].copy(), how='cell')",
    "encode_as": "search_space.encode_as(codes, 'path')",
    "search": "search.run('re', index, runs=10, budget_seconds=1e5)",
    "verify": "nb101fast.open(index.path, verify='full')",
    "compile": "nb101fast.compile(index.path, Path(sys.argv[1]) / 'again.nb101')",
}
PREPARED = """if True:
    import os, signal, sys, threading, time
    from pathlib import Path
    import numpy as np
    import nb101fast
    from nb101fast import search, search_space

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
    index = nb101fast.open()
    f = index.objective("test_accuracy")
    codes = np.tile(nb101fast.cell_codes(), 2)
    ids = nb101fast.cell_ids(codes)
"""


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own, with this process's modules."""
    return subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize("call", CALLS)
def test_a_daemon_thread_is_inside_when_the_process_exits(call: str, tmp_path: Path) -> None:
    program = f"""{PREPARED}
    def endless():
        while True:
            {CALLS[call]}

    for _ in range(2):
        threading.Thread(target=endless, daemon=True).start()
    time.sleep(0.2)
    """
    done = run(program, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


FIRST_USES = {
    "cell_ids": "nb101fast.cell_ids(np.array([32], np.uint32))",
    "ids_of_hashes": "nb101fast.ids_of_hashes(['0' * 32])",
    "verify": "nb101fast.open(verify='full')",
    "sample": "search_space.sample(10, how='raw', seed=1)",
    "mutate": "search_space.mutate(np.array([32], np.uint32), how='notebook', seed=1)",
    "encode_as": "search_space.encode_as(np.array([32], np.uint32), 'path')",
    "macs": "search_space.macs(np.array([32], np.uint32))",
    "depth": "search_space.depth(np.array([32], np.uint32))",
}


@pytest.mark.skipif(not HAS_FORK, reason="no fork here")
@pytest.mark.parametrize("call", FIRST_USES)
def test_a_fork_while_a_thread_is_in_a_first_use(call: str, tmp_path: Path) -> None:
    """The child does not wait for the thread, which it does not have.

    A quick first use is met at two moments. That of the hashes of all cells takes a second. The
    table of all cells is there before, so that the thread is making what follows from it.
    """
    seconds_between_forks = [0.005] if "hashes" in call else [0, 0.005]
    before = "" if call == "cell_ids" else "nb101fast.cell_codes()"
    program = f"""if True:
        import os, sys, threading, time
        import numpy as np
        import numpy.random  # a child could not go on with what the thread has half imported
        import nb101fast
        from nb101fast import search_space

        def first_use():
            return {FIRST_USES[call]}

        {before}
        thread = threading.Thread(target=first_use)
        thread.start()
        children = []
        for seconds in {seconds_between_forks}:
            time.sleep(seconds)
            child = os.fork()
            if child == 0:
                first_use()
                os._exit(7)
            children.append(child)
        print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
        thread.join()
    """
    assert run(program, tmp_path).stdout == f"{[7] * len(seconds_between_forks)}\n"


ENDLESS = {
    "search": "search.run('re', index, runs=64, budget_seconds=1e9)",
    "search in threads": "search.run('rs', index, runs=64, budget_seconds=1e9, threads=2)",
    "hypervolume": "nb101fast._core.hypervolume(points, np.ones(9))",
    "edit_distance": "search_space.edit_distance(*[np.tile(codes, 5)] * 2, how='cell')",
    "encode_as": "[search_space.encode_as(codes, 'path') for _ in range(10_000)]",
    "neighbors": "[search_space.neighbor_table() for _ in range(10_000)]",
    "verify": "[nb101fast.open(index.path, verify='full') for _ in range(100_000)]",
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows can't send SIGINT to one process")
def test_ctrl_c_ends_a_long_call(tmp_path: Path) -> None:
    """Afterwards the package works as before."""
    program = f"""{PREPARED}
    points = np.random.default_rng(1).random((5000, 9))
    before = f(codes).tobytes()
    for name, text in {ENDLESS}.items():
        call = eval("lambda: " + text)  # from within eval, KeyboardInterrupt ends the process
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            call()
        except KeyboardInterrupt:
            print(name, f(codes).tobytes() == before)
    """
    done = run(program, tmp_path)
    printed = [f"{name} True" for name in ENDLESS]
    assert (done.returncode, done.stderr, done.stdout.splitlines()) == (0, "", printed)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such handlers")
def test_a_handler_that_raises_nothing_stops_nothing(tmp_path: Path) -> None:
    program = f"""{PREPARED}
    heard = []
    signal.signal(signal.SIGINT, lambda *_: heard.append(1))
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    while not heard:
        trajectories = search.run("re", index, runs=10, budget_seconds=1e5)
    print(trajectories.final_regret.size)
    """
    done = run(program, tmp_path)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "10\n")


WITHOUT_MEMORY = (
    "search_space.neighbors(32)",
    "search_space.edit_distance(32, 32, how='cell')",
    "nb101fast.cell_hashes()",
    "search_space.macs(np.array([32], np.uint32))",
    "nb101fast.Cell.from_code(32).id",
    "nb101fast.ids_of_hashes(['0' * 32])",
)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_first_use_without_memory(tmp_path: Path) -> None:
    """Each call raises MemoryError. With more memory, the same calls succeed."""
    program = f"""if True:
        import resource
        import numpy as np
        import nb101fast
        from nb101fast import search_space

        before = resource.getrlimit(resource.RLIMIT_AS)
        for call in {WITHOUT_MEMORY}:
            used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 20), before[1]))
            try:
                eval(call)
            except MemoryError:
                resource.setrlimit(resource.RLIMIT_AS, before)
                print(call)
        for call in {WITHOUT_MEMORY}:
            eval(call)
        print("all is well")
    """
    assert run(program, tmp_path).stdout.splitlines() == [*WITHOUT_MEMORY, "all is well"]
