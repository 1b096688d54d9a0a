"""Cells per second inside a graph of JAX and PyTorch, each on its best device.

    python examples/ingraph_gpu.py [INDEX]

Without INDEX, the program makes a synthetic index, whose values are made up. Before it measures any
time, it compares all answers with those of the engine.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import nb101fast
from nb101fast import ingraph
from nb101fast.codes import Codes

METRIC = "validation_accuracy"
CODES_ON_CPU, CODES_ELSEWHERE = 1 << 20, 1 << 24  # so many keep the device busy
CALLS, ROUNDS = 10, 5

Function = Callable[[dict[str, Any], Any], Any]  # takes tables and codes


def draw(count: int) -> Codes:
    """Draw valid raw configurations, nearly all of which must be pruned or reordered."""
    rng = np.random.default_rng(0)
    matrices = np.flatnonzero(nb101fast.is_valid(np.arange(1 << 21, dtype=np.uint32)))
    codes = rng.choice(matrices.astype(np.uint32), count)
    for vertex in range(5):
        codes |= rng.integers(0, 3, count, np.uint32) << np.uint32(21 + 2 * vertex)
    return codes


def in_jax(index: nb101fast.Index) -> None:
    import jax

    device = jax.devices()[0]
    codes = draw(CODES_ON_CPU if device.platform == "cpu" else CODES_ELSEWHERE)
    tables, given = jax.device_put((index.tables(METRIC), codes), device)
    for name, function in functions(jax.numpy).items():
        compiled = jax.jit(function)
        check(index, name, codes, compiled(tables, given))
        seconds = best_time(partial(compiled, tables, given), jax.block_until_ready)
        report(f"JAX {jax.__version__}, {device.device_kind}", name, len(codes) / seconds)


def in_torch(index: nb101fast.Index) -> None:
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    is_cpu = device.type == "cpu"
    kind = "cpu" if is_cpu else torch.cuda.get_device_name()
    codes = draw(CODES_ON_CPU if is_cpu else CODES_ELSEWHERE)
    tables = {n: torch.tensor(table, device=device) for n, table in index.tables(METRIC).items()}
    given = torch.tensor(codes, device=device)

    def wait(_: Any) -> None:
        if not is_cpu:
            torch.cuda.synchronize()

    for name, function in functions(torch).items():
        # On a CPU, compiling needs a C++ compiler and takes half a minute.
        ways = {"": function} if is_cpu else {"": function, ", compiled": torch.compile(function)}
        for way, called in ways.items():
            check(index, name, codes, called(tables, given).cpu())
            seconds = best_time(partial(called, tables, given), wait)
            report(f"PyTorch {torch.__version__}{way}, {kind}", name, len(codes) / seconds)


def functions(xp: Any) -> dict[str, Function]:
    """The functions to measure, by name."""
    return {
        "ids": lambda tables, codes: ingraph.query(tables, codes, xp),
        METRIC: lambda tables, codes: ingraph.evaluate(tables, codes, xp, METRIC),
    }


def check(index: nb101fast.Index, name: str, codes: Codes, answers: Any) -> None:
    """End the program unless the answers are those of the engine."""
    expected: Any = nb101fast.cell_ids(codes) if name == "ids" else index.objective(name)(codes)
    if not np.array_equal(np.asarray(answers), expected, equal_nan=name != "ids"):
        raise SystemExit(f"{name}: not the engine's answers")


def best_time(call: Callable[[], Any], wait: Callable[[Any], Any]) -> float:
    """The seconds of one call, as the mean of several calls in a row."""
    times = []
    for _ in range(ROUNDS):
        began = perf_counter()
        for _ in range(CALLS):
            answers = call()
        wait(answers)
        times.append((perf_counter() - began) / CALLS)
    return min(times)


def report(where: str, name: str, cells_per_second: float) -> None:
    print(f"{where}: {name}, {cells_per_second:.3g} cells per second")


def measure(index: nb101fast.Index) -> None:
    ways = {"jax": in_jax, "torch": in_torch}
    present = [library for library in ways if importlib.util.find_spec(library)]
    if not present:
        raise SystemExit(
            "neither JAX nor PyTorch is installed; install one of them: pip install jax"
        )
    for library in present:
        ways[library](index)


def main() -> None:
    if len(sys.argv) > 1:
        measure(nb101fast.open(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "synthetic.nb101"
        nb101fast.synthetic.write_index(path, epochs=(108,))
        measure(nb101fast.open(path))


if __name__ == "__main__":
    main()
