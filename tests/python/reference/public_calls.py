"""Every public function with good arguments, and a program that gives each of them wrong ones.

The program prints one line for each call that raised something else than it may.
"""

from __future__ import annotations

import contextlib
import inspect
import math
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

import nb101fast
from nb101fast import Cell, OutOfDomainError, search, search_space, synthetic
from nb101fast.locations import BUILT_IN

MODULES = ("", "search", "search_space", "synthetic", "ingraph", "named_parameters", "experiment")
# What a wrong argument may raise. OSError is for names of files, IndexError for ids, and
# OutOfDomainError for cells.
ALLOWED = (TypeError, ValueError, MemoryError, OSError, IndexError, OutOfDomainError, ImportError)
# Classes whose objects the package makes, and what tells of no single call.
NOT_CALLED = {
    "CompileReport": "a result",
    "FormatError": "an exception",
    "OutOfDomainError": "an exception",
    "install_as_nasbench": "it has no arguments and replaces a module",
    "search.Observations": "a part of results",
    "search.Optimizer": "a protocol, which users implement",
    "search.Preset": "a part of the table of presets",
    "search.Proposal": "a plain tuple",
    "search.Limits": "a plain tuple",
    "search.Trial": "a plain tuple",
    "search.Settings": "a base class",
    "search.Trajectories": "a result; its methods are called",
    "search.SimulatedRun": "what SimulatedTraining.start returns; its method is called",
    "search_space.NeighborTable": "a plain tuple",
    "ingraph.make_tables": "what Index.tables calls",
    "experiment.ExperimentPlan": "made by run_experiment",
    "experiment.ExperimentReport": "a result",
    "experiment.MeanRegret": "a result",
    "experiment.OptimizerSummary": "a result",
    "search.SMAC3": "its settings are an object of SMAC",
    "search.HpBandSterBOHB": "its settings are an object of BOHB",
    "search.HyperoptTPE": "its settings are an object of TPE",
    "named_parameters.Choice": "a part of the table of parameters",
    "named_parameters.IntegerRange": "a part of the table of parameters",
    "named_parameters.FloatRange": "a part of the table of parameters",
}
SECONDS = 0.2  # after which a call that works well with a wrong argument is stopped

Call = tuple[Callable[..., Any], dict[str, Any]]


def public_names() -> set[str]:
    """The public functions and classes, without what `NOT_CALLED` has, and the methods of users."""
    found = set()
    for module_name in MODULES:
        module = import_module(f"nb101fast.{module_name}".rstrip("."))
        prefix = f"{module_name}." if module_name else ""
        for name in getattr(module, "__all__", vars(module)):
            value = getattr(module, name)
            if not str(getattr(value, "__module__", "")).startswith("nb101fast"):
                continue
            is_here = hasattr(module, "__all__") or value.__module__ == module.__name__
            if name.startswith("_") or not callable(value) or not is_here:
                continue
            found.add(prefix + name)
    return found - NOT_CALLED.keys()


def methods(kind: type) -> set[str]:
    """The public methods of a class."""
    return {
        f"{kind.__name__}.{name}"
        for name, value in inspect.getmembers(kind, callable)
        if not name.startswith("_")
    }


def calls() -> dict[str, Call]:
    """Each public function with good values of all its arguments."""
    index = nb101fast.open(BUILT_IN)
    codes, ids = nb101fast.cell_codes()[:4].copy(), index.cells[:4]
    hashes = nb101fast.cell_hashes()[:4]
    matrix, ops = [[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"]
    objective = index.objective()
    training = search.SimulatedTraining(index)
    done = search.run("rs", index, runs=2, budget_seconds=100)
    measured = {"epochs": 108, "stage": "final", "repeat": 0}
    budget = {"budget_seconds": 100.0, "max_evaluations": 3}
    files = {"epochs": (4,), "repeats": 1, "seed": 1, "progress": None}
    from nb101fast import experiment, ingraph, named_parameters

    cell = Cell(matrix, ops)
    rows = search_space.encode_as(codes, "A")
    return {
        "Cell": (Cell, {"matrix": matrix, "ops": ops}),
        "Cell.from_code": (Cell.from_code, {"code": 32}),
        "Cell.from_id": (Cell.from_id, {"cell_id": 3}),
        "Cell.from_hash": (Cell.from_hash, {"module_hash": cell.hash}),
        "Cell.from_networkx": (Cell.from_networkx, {"graph": cell.to_networkx()}),
        "Cell.from_json": (Cell.from_json, {"text": cell.to_json()}),
        "Cell.draw": (cell.draw, {"path": "h.svg"}),
        "Cell.to_json": (cell.to_json, {}),
        "Cell.to_networkx": (cell.to_networkx, {}),
        "Index": (nb101fast.Index, {"path": str(BUILT_IN), "verify": "header"}),
        "Index.objective": (index.objective, {"metric": "test_accuracy", "seed": 1, **measured}),
        "Index.query": (index.query, {"codes": codes, "seed": 1, **measured}),
        "Index.find": (index.find, {"hashes": hashes, "threads": 1}),
        "Index.column": (index.column, {"metric": "test_accuracy", "stored": True, **measured}),
        "Index.run_counts": (index.run_counts, {"epochs": 108}),
        "Index.top_k": (index.top_k, {"metric": "test_accuracy", "k": 3, **measured}),
        "Index.best": (
            index.best,
            {"metric": "test_accuracy", "where": {"depth": (1, 3)}, **measured},
        ),
        "Index.plot": (index.plot, {"x": "macs", "y": "test_accuracy", **measured}),
        "Index.where": (index.where, {"depth": (1, 2), **measured}),
        "Index.ranks": (index.ranks, {"metric": "test_accuracy", **measured}),
        "Index.pareto": (
            index.pareto,
            {"maximize": ["test_accuracy"], "minimize": ["parameters"], **measured},
        ),
        "Index.hypervolume": (
            index.hypervolume,
            {
                "maximize": ["test_accuracy"],
                "minimize": [],
                "reference": {"test_accuracy": 0.0},
                "ids": ids,
                **measured,
            },
        ),
        "Index.tables": (index.tables, measured),
        "Index.to_arrow": (index.to_arrow, {"form": "runs", "epochs": 108}),
        "Index.to_pandas": (index.to_pandas, {"epochs": 108}),
        "Index.to_polars": (index.to_polars, {"epochs": 108}),
        "Index.to_parquet": (index.to_parquet, {"path": "a", "form": "runs", "epochs": 108}),
        "Index.to_json": (index.to_json, {"codes": codes}),
        "Objective": (
            lambda codes, **others: objective(codes, **others),
            {"codes": codes, "out": None, "threads": 1},
        ),
        "Objective.by_id": (objective.by_id, {"ids": ids, "out": None, "threads": 1}),
        "build_config": (nb101fast.build_config, {}),
        "cell_codes": (nb101fast.cell_codes, {}),
        "cell_hashes": (nb101fast.cell_hashes, {}),
        "cell_ids": (nb101fast.cell_ids, {"codes": codes, "out": None, "threads": 1}),
        "cell_parameters": (nb101fast.cell_parameters, {}),
        "compile": (
            nb101fast.compile,
            {
                "inputs": [str(BUILT_IN)],
                "output": "b.nb101",
                "update": None,
                "strict": False,
                "denominator": None,
                "synthetic": False,
                "training": None,
                "threads": 1,
                "progress": None,
            },
        ),
        "count_parameters": (
            nb101fast.count_parameters,
            {
                "matrix": matrix,
                "ops": ops,
                "stem_filters": 128,
                "num_stacks": 3,
                "cells_per_stack": 3,
                "num_classes": 10,
            },
        ),
        "decode": (nb101fast.decode, {"codes": codes}),
        "encode": (nb101fast.encode, {"matrices": matrix, "ops": ops}),
        "export": (
            nb101fast.export,
            {"index": str(BUILT_IN), "output": "c.json", "threads": 1, "progress": None},
        ),
        "fetch": (
            nb101fast.fetch,
            {
                "which": "full",
                "source": str(BUILT_IN),
                "base_url": None,
                "accept_any": True,
                "force": False,
                "keep_tfrecord": False,
                "expected": None,
                "patience": None,
                "progress": None,
            },
        ),
        "ids_of_hashes": (nb101fast.ids_of_hashes, {"hashes": hashes, "threads": 1}),
        "is_valid": (nb101fast.is_valid, {"codes": codes, "validity": "official"}),
        "module_hash": (nb101fast.module_hash, {"matrix": matrix, "ops": ops}),
        "open": (nb101fast.open, {"path": str(BUILT_IN), "verify": "header"}),
        "vertex_channels": (
            nb101fast.vertex_channels,
            {"input_channels": 8, "output_channels": 8, "matrix": matrix},
        ),
        "search.BOHB": (search.BOHB, _settings(search.BOHB)),
        "search.SMAC": (search.SMAC, _settings(search.SMAC)),
        "search.TPE": (search.TPE, _settings(search.TPE)),
        "search.Evolution": (search.Evolution, _settings(search.Evolution)),
        "search.Hyperband": (search.Hyperband, _settings(search.Hyperband)),
        "search.LocalSearch": (search.LocalSearch, _settings(search.LocalSearch)),
        "search.NonRegularizedEvolution": (
            search.NonRegularizedEvolution,
            _settings(search.NonRegularizedEvolution),
        ),
        "search.RandomSearch": (search.RandomSearch, _settings(search.RandomSearch)),
        "search.Reinforce": (search.Reinforce, _settings(search.Reinforce)),
        "search.SimulatedTraining": (
            search.SimulatedTraining,
            {
                "index": index,
                "epochs": (108,),
                "validity": "raw-9",
                "test": "mean",
                "max_vertices": 7,
            },
        ),
        "SimulatedTraining.check_limits": (training.check_limits, budget),
        "SimulatedTraining.start": (training.start, {**budget, "seed": 1, "run": 0}),
        "SimulatedRun.evaluate": (
            lambda **given: training.start(100, seed=0).evaluate(**given),
            {"code": 32, "epochs": 108},
        ),
        "Trajectories.regret_at": (done.regret_at, {"seconds": [1.0], "regret": "test"}),
        "Trajectories.regret_after": (done.regret_after, {"evaluations": [1], "regret": "test"}),
        "Trajectories.regret_of_incumbents": (done.regret_of_incumbents, {"regret": "test"}),
        "Trajectories.plot": (done.plot, {"regret": "test"}),
        "search.plot_regret": (search.plot_regret, {"trajectories": [done], "regret": "test"}),
        "Trajectories.to_arrow": (done.to_arrow, {}),
        "Trajectories.to_parquet": (done.to_parquet, {"target": "d.parquet"}),
        "Trajectories.from_parquet": (search.Trajectories.from_parquet, {"path": "d.parquet"}),
        "search.join": (search.join, {"parts": [done]}),
        "search.run": (
            search.run,
            {
                "optimizer": "rs",
                "index": index,
                "runs": 1,
                **budget,
                "seed": 1,
                "preset": "paper",
                "first_run": 0,
                "epochs": 108,
                "record": "incumbents",
                "threads": 1,
                "progress": None,
            },
        ),
        "search.settings_of": (search.settings_of, {"optimizer": "rs", "preset": "paper"}),
        "search.training_for": (
            search.training_for,
            {"optimizer": search.TPE(), "index": index, "preset": "paper", "epochs": 108},
        ),
        "search_space.sample": (search_space.sample, {"n": 3, "how": "raw", "seed": 1}),
        "search_space.mutate": (
            search_space.mutate,
            {"codes": codes, "how": "notebook", "rate": 1.0, "seed": 1},
        ),
        "search_space.check_rate": (
            search_space.check_rate,
            {"argument": "rate", "rate": 1.0, "argument_of_rule": "how", "rule": "notebook"},
        ),
        "search_space.neighbors": (search_space.neighbors, {"code": 32}),
        "search_space.neighbor_table": (search_space.neighbor_table, {"threads": 1}),
        "search_space.encode_as": (
            search_space.encode_as,
            {"codes": codes, "name": "A", "out": None},
        ),
        "search_space.decode_from": (search_space.decode_from, {"x": rows, "name": "A"}),
        **{
            f"search_space.{name}": (getattr(search_space, name), {"codes": codes})
            for name in ("depth", "width", "num_vertices", "num_edges", "parameters", "macs")
        },
        "search_space.flops": (search_space.flops, {"codes": codes}),
        "search_space.edit_distance": (
            search_space.edit_distance,
            {"codes": codes, "others": codes, "how": "raw"},
        ),
        "synthetic.write_index": (synthetic.write_index, {"path": "e", "codes": codes, **files}),
        "synthetic.write_tfrecord": (
            synthetic.write_tfrecord,
            {"path": "f", "codes": codes, **files},
        ),
        "synthetic.generate": (
            lambda **given: list(synthetic.generate(**given)),
            {"codes": codes, **files},
        ),
        "ingraph.query": (ingraph.query, {"tables": index.tables(), "codes": codes, "xp": np}),
        "ingraph.evaluate": (
            ingraph.evaluate,
            {
                "tables": index.tables(),
                "codes": codes,
                "xp": np,
                "metric": "validation_accuracy",
            },
        ),
        "named_parameters.parameters": (named_parameters.parameters, {"encoding": "A"}),
        "named_parameters.encoding_of": (
            named_parameters.encoding_of,
            {"names": list(named_parameters.parameters("A"))},
        ),
        "named_parameters.code_of": (
            named_parameters.code_of,
            {"values": named_parameters.values_of(32)},
        ),
        "named_parameters.values_of": (
            named_parameters.values_of,
            {"code": 32, "encoding": "A"},
        ),
        "experiment.mean_regret": (
            experiment.mean_regret,
            {"trajectories": done, "regret": "test", "unit": "seconds"},
        ),
        "experiment.summarize": (
            experiment.summarize,
            {"trajectories": {"rs": done}, "regret": "test"},
        ),
        "experiment.run_experiment": (
            experiment.run_experiment,
            {
                "index": index,
                "out": "g",
                "optimizers": ["rs"],
                "runs": 2,
                **budget,
                "seed": 0,
                "preset": "paper",
                "regret": "test",
                "record": "incumbents",
                "engine": "local",
                "address": None,
                "workers": 1,
                "progress": None,
            },
        ),
    }


def _settings(kind: Any) -> dict[str, Any]:
    return {name: getattr(kind(), name) for name in inspect.signature(kind).parameters}


def wrong_values() -> list[Any]:
    """Values that hardly any argument allows."""
    return [
        None,
        True,
        -1,
        0,
        2**31,
        2**63,
        2**64,
        -(2**63) - 1,
        10**400,
        1.5,
        -0.5,
        math.nan,
        math.inf,
        1e300,
        "",
        "x",
        "\x1b$\0",
        "\ud800",
        b"x",
        [],
        [None],
        ["x"],
        [math.nan],
        [[1], [1, 2]],
        [2**70],
        {},
        {"x": None},
        object(),
        int,
        np.array([]),
        np.array(["x"]),
        np.array([[1]]),
        np.array(None),
        np.float32(math.nan),
        np.ma.array([1, 2], mask=[False, True], dtype=np.uint32),
        np.ma.masked,
    ]


class TookLongError(BaseException):
    """The call was stopped."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise TookLongError


def make_good_calls() -> None:
    """Import what the calls need. An import that is stopped half-way fails ever after.

    What the calls write goes to a folder of its own, where it changes nothing for the wrong calls.
    """
    os.mkdir("good")
    os.chdir("good")
    for function, arguments in calls().values():
        with contextlib.suppress(Exception):
            function(**arguments)
    os.chdir("..")


def faults() -> Iterator[str]:
    """Call everything with wrong arguments; yields what raised something else than it may."""
    make_good_calls()
    signal.signal(signal.SIGALRM, _stop)
    for name, (function, arguments) in calls().items():
        for argument in arguments:
            for value in wrong_values():
                if fault := _fault(function, arguments | {argument: value}):
                    yield f"{name}({argument}={ascii(value)[:60]}): {fault}"


def _fault(function: Callable[..., Any], arguments: dict[str, Any]) -> str:
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        function(**arguments)
    except (*ALLOWED, TookLongError) as error:
        is_plain = type(error) not in (UnicodeDecodeError,)
        return "" if is_plain else f"{type(error).__name__}: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return ""


if __name__ == "__main__":
    import resource

    warnings.simplefilter("ignore")
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (4 << 30), -1))
    for line in faults():
        print(line, file=sys.stdout, flush=True)
