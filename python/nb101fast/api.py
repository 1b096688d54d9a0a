"""A drop-in for `nasbench.api`: the same names, messages, budget counters and draws.

>>> from nb101fast import api
>>> nasbench = api.NASBench("nasbench_full.tfrecord")
>>> data = nasbench.query(api.ModelSpec(matrix, ops))

What is official here follows `nasbench/api.py` and `nasbench/lib/model_spec.py`. Different, on
purpose: a float matrix has the hash of its cell; more than 7 vertices, and elements other than 0
and 1, raise OutOfDomainError; statistics are read from the index when they are asked for.
"""

from __future__ import annotations

import copy
import importlib
import os
import random
import sys
from collections.abc import Iterator, KeysView, Mapping, Sequence
from importlib.machinery import ModuleSpec as ImportSpec
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core
from .cell import OutOfDomainError
from .codes import INPUT, MAX_VERTICES, OPS, OUTPUT
from .compiled_copy import open_any

__all__ = ["ModelSpec", "NASBench", "OutOfDomainError", "install_as_nasbench"]

_MAX_EDGES = 9
_OPS = list(OPS)

FixedStatistics = dict[str, Any]
ComputedStatistics = dict[int, list[dict[str, float]]]


def official_config() -> dict[str, Any]:
    """The official settings by name, at their official defaults (`nasbench/lib/config.py`)."""
    return {
        "train_data_files": [],
        "valid_data_file": "",
        "test_data_file": "",
        "sample_data_file": "",
        "data_format": "channels_last",
        "num_labels": 10,
        "module_vertices": MAX_VERTICES,
        "max_edges": _MAX_EDGES,
        "available_ops": list(OPS),
        "stem_filter_size": 128,
        "num_stacks": 3,
        "num_modules_per_stack": 3,
        "batch_size": 256,
        "train_epochs": 108,
        "train_seconds": 14400.0,
        "learning_rate": 0.1,
        "lr_decay_method": "COSINE_BY_STEP",
        "momentum": 0.9,
        "weight_decay": 1e-4,
        "max_attempts": 5,
        "intermediate_evaluations": ["0.5"],
        "num_repeats": 3,
        "use_tpu": True,
        "tpu_iterations_per_loop": 100,
        "tpu_num_shards": 2,
    }


# ---------------------------------------------------------------- specs


class ModelSpec:
    """A cell as the user wrote it, and pruned.

    Args:
        matrix: (V, V) upper triangular array or nested list; any V.
        ops: V operations, the input's and the output's among them.
        data_format: kept as an attribute for the training code.

    Attributes:
        original_matrix, original_ops: copies of the arguments.
        matrix, ops: pruned copies; None where nothing joins input and output.
        valid_spec: whether something does.

    Raises:
        ValueError: not square, of another length than the operations, not upper triangular.

    Source: `nasbench/lib/model_spec.py`.
    """

    original_matrix: npt.NDArray[Any]
    original_ops: Any
    matrix: npt.NDArray[Any] | None
    ops: Any

    def __init__(
        self, matrix: npt.ArrayLike, ops: Sequence[Any], data_format: str = "channels_last"
    ) -> None:
        if not isinstance(matrix, np.ndarray):
            matrix = np.array(matrix)
        parts = _core.prune_spec(matrix, ops) or _prune_any(matrix, ops)
        self.original_matrix, self.original_ops, self.matrix, self.ops = parts
        self.valid_spec = self.ops is not None
        self.data_format = data_format

    def hash_spec(self, canonical_ops: Sequence[Any]) -> str:
        """The official module hash of the present matrix and operations.

        Args:
            canonical_ops: operations by label, as `config["available_ops"]`.

        Raises:
            OutOfDomainError: a spec that is not valid, or that no cell can have.
            ValueError: an operation that is not among `canonical_ops`.
        """
        if self.matrix is None:
            raise OutOfDomainError("invalid spec, provided graph is disconnected.")
        labels = [canonical_ops.index(op) for op in self.ops[1:-1]]
        digest = _core.hash_spec(self.matrix, labels)
        return digest if digest is not None else _hash_any(self.matrix, labels)

    def visualize(self) -> Any:
        """A `graphviz.Digraph` of the pruned cell; needs the package graphviz."""
        if self.matrix is None:
            raise OutOfDomainError("invalid spec, provided graph is disconnected.")
        graph = importlib.import_module("graphviz").Digraph()
        for vertex, op in enumerate([INPUT, *self.ops[1:-1], OUTPUT]):
            graph.node(str(vertex), op)
        for source, target in np.argwhere(self.matrix).tolist():
            graph.edge(str(source), str(target))
        return graph


def is_upper_triangular(matrix: npt.NDArray[Any]) -> bool:
    """Whether nothing stands on the diagonal and below."""
    return not any(matrix[v, w] != 0 for v in range(len(matrix)) for w in range(v + 1))


def _prune_any(matrix: npt.NDArray[Any], ops: Any) -> tuple[Any, ...]:
    """As `_core.prune_spec` of any array and operations, and the errors of faulty ones."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError("matrix must be square")
    if matrix.shape[0] != len(ops):
        raise ValueError("length of ops must match matrix dimensions")
    if not is_upper_triangular(matrix):
        raise ValueError("matrix must be upper triangular")
    originals = copy.deepcopy(matrix), copy.deepcopy(ops)
    live = _live_vertices(matrix)
    if len(live) < 2:
        return *originals, None, None
    if len(live) == len(ops):
        return *originals, copy.deepcopy(matrix), copy.deepcopy(ops)
    return *originals, matrix[np.ix_(live, live)], [copy.deepcopy(ops[v]) for v in live]


def _live_vertices(matrix: npt.NDArray[Any]) -> list[int]:
    """The vertices on a path from the first to the last."""
    vertices = range(len(matrix))
    reached, reaching = {0}, {len(matrix) - 1}
    for v in vertices:
        if v in reached:
            reached.update(w for w in vertices[v + 1 :] if matrix[v, w])
    for w in reversed(vertices):
        if w in reaching:
            reaching.update(v for v in vertices[:w] if matrix[v, w])
    return sorted(reached & reaching)


def _hash_any(matrix: Any, labels: list[int]) -> str:
    """As `_core.hash_spec` of any array, or the reason why there is no hash."""
    _check_matrix(matrix, len(labels) + 2)
    if len(matrix) > _core.MAX_GRAPH_VERTICES:
        raise OutOfDomainError(
            f"{len(matrix)} vertices; up to {_core.MAX_GRAPH_VERTICES} can be hashed"
        )
    digest = _core.hash_spec(np.array(matrix, np.uint8, subok=False), labels)
    assert digest is not None
    return digest


def _check_matrix(matrix: Any, vertices: int) -> None:
    """OutOfDomainError unless it is an upper triangular 0/1 matrix of so many vertices."""
    array = np.asarray(matrix)
    if array.shape != (vertices, vertices):
        raise OutOfDomainError(f"matrix of shape {array.shape} for {vertices} operations")
    for place, value in np.ndenumerate(array):
        if value not in (0, 1):
            raise OutOfDomainError(f"matrix elements must be 0 or 1, got {value} at {place}")
    if not is_upper_triangular(array):
        raise OutOfDomainError("matrix must be upper triangular")


# ---------------------------------------------------------------- statistics


class _Statistics(Mapping[str, Any]):
    """What the index says of each module hash, in the compiled file's order; read-only."""

    def __init__(self, reader: _core.OfficialReader) -> None:
        self._reader = reader
        self._rows: npt.NDArray[np.int32] | None = None

    def row(self, module_hash: object) -> int:
        """The row of a hash, or KeyError."""
        row = self._reader.row_of_hash(module_hash)
        if row < 0:
            raise KeyError(module_hash)
        return row

    def __contains__(self, module_hash: object) -> bool:
        return self._reader.row_of_hash(module_hash) >= 0

    def __iter__(self) -> Iterator[str]:
        return map(self._reader.hash_of_row, self._ordered_rows().tolist())

    def __len__(self) -> int:
        return len(self._ordered_rows())

    def __repr__(self) -> str:
        return f"<{type(self).__name__.strip('_')} of {len(self)} modules by hash>"

    def _ordered_rows(self) -> npt.NDArray[np.int32]:
        if self._rows is None:
            self._rows = self._reader.rows()
        return self._rows


class _FixedStatistics(_Statistics):
    def __getitem__(self, module_hash: str) -> FixedStatistics:
        return self._reader.fixed(self.row(module_hash))


class _ComputedStatistics(_Statistics):
    def __init__(self, reader: _core.OfficialReader, epochs: Sequence[int]) -> None:
        super().__init__(reader)
        self._epochs = epochs

    def __getitem__(self, module_hash: str) -> ComputedStatistics:
        row = self.row(module_hash)
        runs = {e: self._reader.computed(row, budget) for budget, e in enumerate(self._epochs)}
        return {epochs: values for epochs, values in runs.items() if values}


# ---------------------------------------------------------------- benchmark


class NASBench:
    """The benchmark as the official API has it, on an index.

    Args:
        dataset_file: an index, or an official TFRecord file, which is compiled once: beside it,
            or in the user's cache.
        seed: for `random.seed`; the same seed gives the same trace as the official code. It is
            Python's global generator that is seeded, officially, and for None too.

    Attributes:
        config: the official settings; `module_vertices`, `max_edges`, `available_ops` and
            `num_repeats` are obeyed as they are at each call.
        valid_epochs: the budgets of the data.
        fixed_statistics, computed_statistics: by module hash, read-only.
        training_time_spent, total_epochs_spent: the budget counters.

    Source: `nasbench/api.py`.
    """

    fixed_statistics: Mapping[str, FixedStatistics]
    computed_statistics: Mapping[str, ComputedStatistics]

    def __init__(self, dataset_file: str | os.PathLike[str], seed: Any = None) -> None:
        self.config = official_config()
        random.seed(seed)
        self.index = open_any(dataset_file)
        self.config["num_repeats"] = max(self.index.repeats)
        self.valid_epochs = set(self.index.epochs)
        self._read_index()
        self.history: dict[Any, Any] = {}
        self.reset_budget_counters()

    def _read_index(self) -> None:
        self._reader = _core.official_reader(self.index._file)
        self._budgets = {epochs: budget for budget, epochs in enumerate(self.index.epochs)}
        self.fixed_statistics = _FixedStatistics(self._reader)
        self.computed_statistics = _ComputedStatistics(self._reader, self.index.epochs)

    def query(
        self, model_spec: ModelSpec, epochs: int = 108, stop_halfway: bool = False
    ) -> dict[str, Any]:
        """One run of a cell, drawn by `random.randint`; counts its time and epochs as spent.

        Args:
            model_spec: the cell, as its matrix and operations are now.
            epochs: one of `valid_epochs`.
            stop_halfway: the values at half of the epochs, which cost half.

        Returns:
            `module_adjacency` (int8), `module_operations` (a list) and `trainable_parameters` of
            the stored graph, `training_time`, `train_accuracy`, `validation_accuracy` and
            `test_accuracy` of the run: all yours to change.

        Raises:
            OutOfDomainError: other epochs, or a cell outside the space. Nothing is drawn then.
            KeyError: the data has no such cell, or none of its runs.
        """
        if epochs not in self.valid_epochs:
            raise OutOfDomainError(f"invalid number of epochs, must be one of {self.valid_epochs}")
        row = self._row_of_spec(model_spec)
        budget = self._budgets[epochs]
        runs = min(self._reader.run_count(row, budget), self.config["num_repeats"])
        if not runs:
            raise KeyError(epochs)
        data = self._reader.answer(row, budget, random.randint(0, runs - 1), stop_halfway)
        self.training_time_spent += data["training_time"]
        self.total_epochs_spent += epochs // 2 if stop_halfway else epochs
        return data

    def is_valid(self, model_spec: ModelSpec) -> bool:
        """Whether a cell is in the space."""
        try:
            self._check_spec(model_spec)
        except OutOfDomainError:
            return False
        return True

    def get_budget_counters(self) -> tuple[float, int]:
        """The seconds and the epochs spent by queries."""
        return self.training_time_spent, self.total_epochs_spent

    def reset_budget_counters(self) -> None:
        """Start to count from nothing."""
        self.training_time_spent = 0.0
        self.total_epochs_spent = 0

    def evaluate(
        self,
        model_spec: ModelSpec,
        model_dir: str,
        *,
        dataset: str = "cifar10",
        device: str = "auto",
    ) -> dict[str, Any]:
        """Train a cell from scratch by `config`; needs the extra `train`. Queries nothing.

        Cells of any number of vertices and edges and any number of epochs are allowed.

        Args:
            model_spec: the cell.
            model_dir: for the weights, `metadata.json` and summaries.
            dataset: "cifar10" from Keras's cache, "cifar10:PATH", "npz:PATH" or "digits".
            device: "cpu", "gpu", "tpu" or the best there is; `config["use_tpu"]` says officially
                that a batch is split over `tpu_num_shards` cores, as it then is on any device.

        Returns:
            As `query`, of the final evaluation.

        Raises:
            OutOfDomainError: nothing joins input and output.
            ImportError: TensorFlow is missing.
        """
        if not model_spec.valid_spec:
            raise OutOfDomainError("invalid spec, provided graph is disconnected.")
        # The harness stands on this package, and is imported only when it is asked for.
        requirements = importlib.import_module("nb101train.requirements")
        requirements.require_tensorflow()
        evaluation = importlib.import_module("nb101train.evaluation")
        result = evaluation.evaluate_spec(model_spec, self.config, model_dir, dataset, device)
        final = result.evaluations[-1]
        return {
            "module_adjacency": model_spec.matrix,
            "module_operations": model_spec.ops,
            "trainable_parameters": result.trainable_parameters,
            "training_time": final.training_time,
            "train_accuracy": final.train_accuracy,
            "validation_accuracy": final.validation_accuracy,
            "test_accuracy": final.test_accuracy,
        }

    def hash_iterator(self) -> KeysView[str]:
        """All module hashes, in the file's order."""
        return self.fixed_statistics.keys()

    def get_metrics_from_hash(self, module_hash: str) -> tuple[FixedStatistics, ComputedStatistics]:
        """Everything about a cell: its fixed and its computed statistics. Counts nothing.

        Raises:
            KeyError: the data has no such hash.
        """
        return self.fixed_statistics[module_hash], self.computed_statistics[module_hash]

    def get_metrics_from_spec(
        self, model_spec: ModelSpec
    ) -> tuple[FixedStatistics, ComputedStatistics]:
        """As `get_metrics_from_hash`, of a spec; OutOfDomainError outside the space."""
        self._check_spec(model_spec)
        return self.get_metrics_from_hash(self._hash_spec(model_spec))

    def _cell_of_spec(self, model_spec: ModelSpec) -> int:
        """The cell id the quick way; -1 for what is unusual, unpruned or outside the space."""
        config = self.config
        if (
            model_spec.valid_spec
            and config["module_vertices"] == MAX_VERTICES
            and config["max_edges"] == _MAX_EDGES
            and config["available_ops"] == _OPS
        ):
            return _core.cell_of_spec(model_spec.matrix, model_spec.ops)
        return -1

    def _row_of_spec(self, model_spec: ModelSpec) -> int:
        """Row of the index; for what the quick way doesn't know, the official way by hash."""
        row = self._reader.row_of_cell(self._cell_of_spec(model_spec))
        if row >= 0:
            return row
        self._check_spec(model_spec)
        module_hash = self._hash_spec(model_spec)
        row = self._reader.row_of_hash(module_hash)
        if row < 0:
            raise KeyError(module_hash)
        return row

    def _check_spec(self, model_spec: ModelSpec) -> None:
        """OutOfDomainError for a spec outside the space; the checks in the official order."""
        if self._cell_of_spec(model_spec) >= 0:
            return
        if not model_spec.valid_spec:
            raise OutOfDomainError("invalid spec, provided graph is disconnected.")
        vertices, most_vertices = len(model_spec.ops), self.config["module_vertices"]
        if vertices > most_vertices:
            raise OutOfDomainError(
                f"too many vertices, got {vertices} (max vertices = {most_vertices})"
            )
        edges, most_edges = np.sum(np.asarray(model_spec.matrix)), self.config["max_edges"]
        if edges > most_edges:
            raise OutOfDomainError(f"too many edges, got {int(edges)} (max edges = {most_edges})")
        self._check_ops(model_spec.ops)
        _check_matrix(model_spec.matrix, vertices)

    def _check_ops(self, ops: Sequence[Any]) -> None:
        if ops[0] != INPUT:
            raise OutOfDomainError("first operation should be 'input'")
        if ops[-1] != OUTPUT:
            raise OutOfDomainError("last operation should be 'output'")
        available = self.config["available_ops"]
        for op in ops[1:-1]:
            if op not in available:
                raise OutOfDomainError(f"unsupported op {op} (available ops = {available})")

    def _hash_spec(self, model_spec: ModelSpec) -> str:
        return model_spec.hash_spec(self.config["available_ops"])

    def __getstate__(self) -> dict[str, Any]:
        made_by_reading = ("_reader", "_budgets", "fixed_statistics", "computed_statistics")
        return {name: value for name, value in vars(self).items() if name not in made_by_reading}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._read_index()

    def __repr__(self) -> str:
        return f"<NASBench on {self.index!r}>"


# ---------------------------------------------------------------- standing in


def install_as_nasbench(*, replace: bool = False) -> None:
    """Make `from nasbench import api` mean this module; again, it does nothing.

    Args:
        replace: even where another `nasbench` was imported before. Names that were taken from
            that one stay as they are.

    Raises:
        RuntimeError: another `nasbench` was imported before.
    """
    this = sys.modules[__name__]
    if getattr(sys.modules.get("nasbench"), "api", None) is this:
        return
    others = [name for name in sys.modules if name.split(".")[0] == "nasbench"]
    if others and not replace:
        raise RuntimeError(
            "another nasbench was imported before: install nb101fast first, or replace it "
            "with install_as_nasbench(replace=True)"
        )
    for name in others:
        del sys.modules[name]
    package, lib = _empty_package("nasbench"), _empty_package("nasbench.lib")
    model_spec, config = map(_empty_package, ("nasbench.lib.model_spec", "nasbench.lib.config"))
    vars(model_spec).update(ModelSpec=ModelSpec, is_upper_triangular=is_upper_triangular)
    vars(config).update(build_config=official_config)
    vars(lib).update(model_spec=model_spec, config=config)
    vars(package).update(api=this, lib=lib)
    modules = [package, lib, model_spec, config]
    sys.modules.update({module.__name__: module for module in modules})
    sys.modules["nasbench.api"] = this


def _empty_package(name: str) -> ModuleType:
    module = ModuleType(name)
    module.__spec__ = ImportSpec(name, loader=None, is_package=True)
    module.__path__ = []
    return module
