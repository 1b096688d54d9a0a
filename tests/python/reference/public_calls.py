"""Every public function with good arguments, and a program that gives each of them wrong ones.

The program prints one line for each call that raised something else than it may.
"""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pyarrow

import nb101fast
from nb101fast import Cell, api, search, search_space, synthetic
from nb101fast.locations import BUILT_IN
from reference.wrong_arguments import Calls, print_faults, settings_of

MODULES = (
    *("", "analysis", "api", "experiment", "explorer", "ingraph", "named_parameters", "search"),
    *("search_space", "synthetic"),
)
# What the calls may raise beside `wrong_arguments.ALLOWED`.
MAY_RAISE = {
    "NASBench.get_metrics_from_hash": (KeyError,),  # officially too, for a hash that is missing
}
# Classes whose objects the package makes, and what tells of no single call.
NOT_CALLED = {
    "AttachReport": "a result",
    "CompileReport": "a result",
    "FormatError": "an exception",
    "OutOfDomainError": "an exception",
    "install_as_nasbench": "it has no arguments and replaces a module",
    "analysis.AnalysisReport": "a result",
    "analysis.IndexSummary": "a result",
    "analysis.Row": "a result",
    "api.OutOfDomainError": "an exception",
    "ModelSpec.visualize": "it has no arguments and needs graphviz",
    "NASBench.evaluate": "it trains; tests/training calls it",
    "search.Observations": "a part of results",
    "search.Optimizer": "a protocol, which users implement",
    "search.CodeOptimizer": "a protocol, which users implement",
    "search.Preset": "a part of the table of presets",
    "search.Proposal": "a plain tuple",
    "search.Limits": "a plain tuple",
    "search.Trial": "a plain tuple",
    "search.OptimizerRuns": "a base class",
    "search.Settings": "a base class",
    "search.Trajectories": "a result; its methods are called",
    "search.SimulatedRun": "what SimulatedTraining.start returns; its method is called",
    "search_space.NeighborTable": "a plain tuple",
    "ingraph.make_tables": "what Index.tables calls",
    "experiment.ExperimentPlan": "made by run_experiment",
    "experiment.ExperimentReport": "a result",
    "experiment.MeanRegret": "a result",
    "experiment.OptimizerSummary": "a result",
    "search.Fronts": "a result; its methods are called",
    "search.SMAC3": "its settings are an object of SMAC",
    "search.HpBandSterBOHB": "its settings are an object of BOHB",
    "search.HyperoptTPE": "its settings are an object of TPE",
    "named_parameters.Choice": "a part of the table of parameters",
    "named_parameters.IntegerRange": "a part of the table of parameters",
    "named_parameters.FloatRange": "a part of the table of parameters",
}


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


def calls() -> Calls:
    """Each public function with good values of all its arguments. A file goes to the folder."""
    index, tiny = nb101fast.open(BUILT_IN), _tiny_index()
    codes, ids = nb101fast.cell_codes()[:4].copy(), index.cells[:4]
    hashes = nb101fast.cell_hashes()[:4]
    matrix, ops = [[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"]
    objective = index.objective()
    training = search.SimulatedTraining(index)
    done = search.run("rs", index, runs=2, budget_seconds=100)
    fronts = search.find_fronts("rs", index, runs=2, budget_seconds=100)
    objectives = search.Objectives(("test_accuracy",), ("parameters",))
    corner = {"test_accuracy": 0.5, "parameters": 1e8}
    multi = search.front_training_for(search.NSGA2(), index, objectives)
    measured = {"epochs": 108, "stage": "final", "repeat": 0}
    budget = {"budget_seconds": 100.0, "max_evaluations": 3}
    files = {"epochs": (4,), "repeats": 1, "seed": 1, "progress": None}
    from nb101fast import analysis, experiment, explorer, ingraph, named_parameters

    nasbench, spec = api.NASBench(BUILT_IN), api.ModelSpec(matrix, ops)
    asked = {"model_spec": spec, "epochs": 108}

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
        "Index.explore": (index.explore, {"runs": False}),
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
        "attach": (
            nb101fast.attach,
            {
                "index": str(BUILT_IN),
                "columns": {"x": [0.5, 1.5, 2.5, 3.5]},
                "output": "a.nb101",
                "codes": None,
                "ids": ids,
                "hashes": None,
                "name": None,
                "units": {"x": "ms"},
                "descriptions": {"x": "a line"},
                "replace": False,
                "strict": False,
            },
        ),
        "detach": (nb101fast.detach, {"index": "a.nb101", "names": "x", "output": "c.nb101"}),
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
            {
                "index": tiny.path,
                "output": "c.json",
                "unmarked": False,
                "threads": 1,
                "progress": None,
            },
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
        "fetch_index": (
            nb101fast.fetch_index,
            {
                "url": "http://127.0.0.1:9/index.nb101",
                "sha256": "0" * 64,
                "which": "full",
                "force": False,
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
        "search.BOHB": (search.BOHB, settings_of(search.BOHB)),
        "search.SMAC": (search.SMAC, settings_of(search.SMAC)),
        "search.TPE": (search.TPE, settings_of(search.TPE)),
        "search.Evolution": (search.Evolution, settings_of(search.Evolution)),
        "search.Hyperband": (search.Hyperband, settings_of(search.Hyperband)),
        "search.LocalSearch": (search.LocalSearch, settings_of(search.LocalSearch)),
        "search.NonRegularizedEvolution": (
            search.NonRegularizedEvolution,
            settings_of(search.NonRegularizedEvolution),
        ),
        "search.RandomSearch": (search.RandomSearch, settings_of(search.RandomSearch)),
        "search.Reinforce": (search.Reinforce, settings_of(search.Reinforce)),
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
        "search.write_race": (
            search.write_race,
            {"trajectories": [done], "index": index, "path": "race.json", "runs": 1},
        ),
        "Trajectories.to_arrow": (done.to_arrow, {}),
        "Trajectories.to_parquet": (done.to_parquet, {"target": "d.parquet"}),
        "Trajectories.from_parquet": (search.Trajectories.from_parquet, {"path": "d.parquet"}),
        "Trajectories.joined": (search.Trajectories.joined, {"parts": [done]}),
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
        "search.Objectives": (
            lambda maximize, minimize: search.find_fronts(
                "rs", index, maximize=maximize, minimize=minimize, runs=1, max_evaluations=1
            ),
            {"maximize": ["test_accuracy"], "minimize": ["parameters"]},
        ),
        "search.MultiObjectiveTraining": (
            search.MultiObjectiveTraining,
            {
                "index": index,
                "objectives": objectives,
                "reference": corner,
                "epochs": 108,
                "validity": "raw-9",
            },
        ),
        "MultiObjectiveTraining.told": (
            multi.told,
            {"trial": search.Trial(32, 0, 108, 0, 0.9, 1.0)},
        ),
        "MultiObjectiveTraining.told_values": (
            multi.told_values,
            {"ids": index.cells[:2], "repeats": np.zeros(2, np.int32)},
        ),
        "MultiObjectiveTraining.reported_values": (
            multi.reported_values,
            {"ids": index.cells[:2]},
        ),
        "search.NSGA2": (search.NSGA2, settings_of(search.NSGA2)),
        "search.find_fronts": (
            search.find_fronts,
            {
                "optimizer": "nsga2",
                "index": index,
                "maximize": ["test_accuracy"],
                "minimize": ["parameters"],
                "reference": corner,
                "runs": 1,
                **budget,
                "seed": 1,
                "preset": "paper",
                "first_run": 0,
                "epochs": 108,
                "threads": 1,
                "progress": None,
            },
        ),
        "search.front_training_for": (
            search.front_training_for,
            {
                "optimizer": search.NSGA2(),
                "index": index,
                "objectives": objectives,
                "reference": corner,
                "preset": "paper",
                "epochs": 108,
            },
        ),
        "Fronts.regret_at": (fronts.regret_at, {"seconds": [1.0]}),
        "Fronts.regret_after": (fronts.regret_after, {"evaluations": [1]}),
        "Fronts.rows_of_front": (fronts.rows_of_front, {"run": 0, "seconds": 10.0}),
        "Fronts.regret_of_incumbents": (fronts.regret_of_incumbents, {}),
        "Fronts.plot": (fronts.plot, {}),
        "Fronts.to_arrow": (fronts.to_arrow, {}),
        "Fronts.to_parquet": (fronts.to_parquet, {"target": "e.parquet"}),
        "Fronts.from_parquet": (search.Fronts.from_parquet, {"path": "e.parquet"}),
        "Fronts.joined": (search.Fronts.joined, {"parts": [fronts]}),
        "search.plot_fronts": (search.plot_fronts, {"fronts": [fronts]}),
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
        "explorer.Exploration": (explorer.Exploration, {"index": str(BUILT_IN), "runs": False}),
        "explorer.write": (
            explorer.write,
            {"index": str(BUILT_IN), "folder": "explorer", "runs": False},
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
        "analysis.analyze": (analysis.analyze, {"index": tiny, "out": "h", "progress": None}),
        "analysis.summarize": (analysis.summarize, {"index": tiny, "progress": None}),
        "api.ModelSpec": (
            api.ModelSpec,
            {"matrix": matrix, "ops": ops, "data_format": "channels_last"},
        ),
        "ModelSpec.hash_spec": (spec.hash_spec, {"canonical_ops": list(nb101fast.OPS)}),
        "api.NASBench": (api.NASBench, {"dataset_file": str(BUILT_IN), "seed": 1}),
        "NASBench.query": (nasbench.query, {**asked, "stop_halfway": False}),
        "NASBench.is_valid": (nasbench.is_valid, {"model_spec": spec}),
        "NASBench.get_budget_counters": (nasbench.get_budget_counters, {}),
        "NASBench.reset_budget_counters": (nasbench.reset_budget_counters, {}),
        "NASBench.hash_iterator": (nasbench.hash_iterator, {}),
        "NASBench.get_metrics_from_hash": (
            nasbench.get_metrics_from_hash,
            {"module_hash": cell.hash},
        ),
        "NASBench.get_metrics_from_spec": (nasbench.get_metrics_from_spec, {"model_spec": spec}),
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


def _tiny_index() -> nb101fast.Index:
    """Three cells with one metric, for functions whose time grows with what the index has."""
    runs = {"id": [3, 4, 5], "epochs": [108] * 3, "test_accuracy": [0.5, 0.75, 0.625]}
    nb101fast.compile(pyarrow.table(runs), "tiny.nb101")
    return nb101fast.open("tiny.nb101")


if __name__ == "__main__":
    print_faults(calls, MAY_RAISE, seconds=0.2)
