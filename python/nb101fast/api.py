"""A drop-in for the official `nasbench.api`: the same names, messages, budget counters and draws.

>>> from nb101fast import api
>>> nasbench = api.NASBench("nasbench_full.tfrecord")
>>> data = nasbench.query(api.ModelSpec(matrix, ops))

The rules that are called official are those of `nasbench/api.py` and of `nasbench/lib`. The page
docs/drop_in.md says how to use the drop-in without a change to a program, and what differs on
purpose.
"""

from __future__ import annotations

import copy
import importlib
import json
import os
import random
from collections.abc import KeysView, Sequence
from typing import Any

import numpy as np

from . import _core
from ._core import OutOfDomainError
from .checks import check_type
from .codes import MAX_VERTICES
from .compiled_copy import open_any
from .extras import import_extra
from .official import config, model_metrics_pb2
from .official import model_spec as _model_spec
from .official.computed_statistics import ComputedStatistics
from .official.fixed_statistics import FixedStatistics
from .official.model_spec import ModelSpec, check_matrix
from .official.official_index import OfficialIndex
from .official.replaced import REPLACED_MODULES
from .official.statistics import Statistics
from .ops import INPUT, OPS, OUTPUT

__all__ = [
    "ModelSpec",
    "NASBench",
    "OutOfDomainError",
    "_NumpyEncoder",
    "_model_spec",
    "config",
    "evaluate",
    "json",
    "model_metrics_pb2",
]

evaluate = REPLACED_MODULES["nasbench.lib.evaluate"]  # official programs find it here

_OPS = list(OPS)
# Methods that a query follows. Where a subclass has one of its own, it is called.
_RULES = ("_check_spec", "_hash_spec", "get_metrics_from_hash", "get_metrics_from_spec")


class NASBench:
    """The benchmark with the official API, on an index.

    Args:
        dataset_file: an index, or an official TFRecord file. The TFRecord file is compiled once;
            the index is written beside it, or into the user's cache folder.
        seed: is given to `random.seed`, None too. The same seed gives the same trace as the
            official code.

    Attributes:
        config: the official settings, or the values of their absl flags; `module_vertices`,
            `max_edges`, `available_ops` and `num_repeats` are read anew at each call.
        valid_epochs: the budgets of the data.
        fixed_statistics, computed_statistics: dictionaries by module hash. An entry is read when it
            is first asked for; changes are kept, and queries follow them.
        history: an empty dictionary, which the official class has too.
        training_time_spent, total_epochs_spent: the budget counters.
        index: the `nb101fast.Index` behind all this.

    Raises:
        FileNotFoundError: there is no such file.
        FormatError: the file is neither an index nor a TFRecord file, or it is damaged.

    Source: `nasbench/api.py`.
    """

    fixed_statistics: dict[str, dict[str, Any]]
    computed_statistics: dict[str, Any]

    # A subclass need not call this constructor: it may fill the dictionaries itself.
    _source: OfficialIndex | None = None
    _has_official_rules = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._has_official_rules = all(
            getattr(cls, name) is getattr(NASBench, name) for name in _RULES
        )

    def __init__(self, dataset_file: str | os.PathLike[str], seed: Any = None) -> None:
        self.config = config.build_config()
        random.seed(seed)
        self.index = open_any(dataset_file)
        if self.config["num_repeats"] == config.NUM_REPEATS:  # not given as a flag
            self.config["num_repeats"] = max(self.index.repeats)
        self.valid_epochs = set(self.index.epochs)
        self._source = OfficialIndex(self.index)
        self.fixed_statistics = FixedStatistics(self._source)
        self.computed_statistics = ComputedStatistics(self._source)
        self.history: dict[Any, Any] = {}
        self.reset_budget_counters()

    def query(
        self, model_spec: ModelSpec, epochs: int = 108, stop_halfway: bool = False
    ) -> dict[str, Any]:
        """One run of a cell, drawn by `random.randint`; counts its time and epochs as spent.

        Args:
            model_spec: the cell, as its matrix and operations are now.
            epochs: one of `valid_epochs`.
            stop_halfway: return the values at half of the epochs, which cost half.

        Returns:
            `module_adjacency` (int8), `module_operations` (a list) and `trainable_parameters` of
            the stored graph; `training_time` (seconds), `train_accuracy`, `validation_accuracy` and
            `test_accuracy` of the run. The caller may change all of them.

        Raises:
            OutOfDomainError: `epochs` is not one of `valid_epochs`, or the cell is outside the
                space. Then no run is drawn.
            KeyError: the data has no such cell, or none of its runs.
            TypeError: `model_spec` is no spec.

        Example:
            >>> nasbench.query(spec, epochs=36)["validation_accuracy"]
        """
        if epochs not in self.valid_epochs:
            raise OutOfDomainError(f"invalid number of epochs, must be one of {self.valid_epochs}")
        source = self._source_alone(model_spec)
        if source is not None:
            data = self._draw_from_index(source, model_spec, epochs, stop_halfway)
        else:
            data = self._draw_from_metrics(
                *self.get_metrics_from_spec(model_spec), epochs, stop_halfway
            )
        self.training_time_spent += data["training_time"]
        self.total_epochs_spent += epochs // 2 if stop_halfway else epochs
        return data

    def _source_alone(self, model_spec: ModelSpec) -> OfficialIndex | None:
        """The index, where it alone tells the answer; None where a rule or an entry was changed."""
        source = self._source
        if (
            source is not None
            and source.is_as_compiled
            and self._has_official_rules
            and type(self.fixed_statistics) is FixedStatistics
            and type(self.computed_statistics) is ComputedStatistics
            and getattr(type(model_spec), "hash_spec", None) is ModelSpec.hash_spec
        ):
            return source
        return None

    def _draw_from_index(
        self, source: OfficialIndex, model_spec: ModelSpec, epochs: int, stop_halfway: bool
    ) -> dict[str, Any]:
        reader, budget = source.reader, source.budgets[epochs]
        row = reader.row_of_cell(self._cell_of_spec(model_spec))
        if row < 0:  # not a usual spec, or not in the data: the official way, by hash
            self._check_spec(model_spec)
            module_hash = self._hash_spec(model_spec)
            row = reader.row_of_hash(module_hash)
            if row < 0:
                raise KeyError(module_hash)
        return reader.answer(
            row, budget, self._drawn_repeat(reader.run_count(row, budget), epochs), stop_halfway
        )

    def _draw_from_metrics(
        self, fixed: dict[str, Any], computed: Any, epochs: int, stop_halfway: bool
    ) -> dict[str, Any]:
        runs = computed.get(epochs, [])
        run = runs[self._drawn_repeat(len(runs), epochs)]
        stage = "halfway_" if stop_halfway else "final_"
        names = ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
        graph = ("module_adjacency", "module_operations", "trainable_parameters")
        return {name: fixed[name] for name in graph} | {name: run[stage + name] for name in names}

    def _drawn_repeat(self, runs: int, epochs: int) -> int:
        choices = min(runs, self.config["num_repeats"])
        if not choices:
            raise KeyError(epochs)
        return random.randint(0, choices - 1)

    def is_valid(self, model_spec: ModelSpec) -> bool:
        """Whether a cell is in the space. Counts nothing."""
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
        dataset: str | None = None,
        device: str = "auto",
    ) -> dict[str, Any]:
        """Train a cell from scratch by `config`; queries nothing.

        It needs `pip install "nb101train[tensorflow]"`.

        Cells of any number of vertices and edges and any number of epochs are allowed.

        Args:
            model_spec: the cell.
            model_dir: the folder for the weights, `metadata.json` and summaries.
            dataset: "cifar10" from Keras's cache, "cifar10:PATH", "npz:PATH" or "digits". None
                takes the official TFRecord files that `config` names as `train_data_files`,
                `valid_data_file` and `test_data_file`.
            device: "cpu", "gpu", "tpu", or "auto" for the best there is. Officially,
                `config["use_tpu"]` means that each batch is split over `tpu_num_shards` cores. The
                batch is split so on any device.

        Returns:
            a dictionary as from `query`, with the values of the final evaluation.

        Raises:
            OutOfDomainError: no path joins input and output.
            ValueError: `dataset` is None and `config` doesn't name the files.
            ImportError: nb101train or TensorFlow is not installed.
        """
        if not _is_connected(model_spec):
            raise OutOfDomainError("invalid spec, provided graph is disconnected.")
        # The harness stands on this package, and is imported only when it is asked for.
        import_extra("nb101train.tensorflow_start", extra=None).load_tensorflow()
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

    def get_metrics_from_hash(self, module_hash: str) -> tuple[dict[str, Any], Any]:
        """Copies of the fixed and of the computed statistics of a cell. Counts nothing.

        Raises:
            KeyError: the data has no such hash.
        """
        return (
            _copy_of_entry(self.fixed_statistics, module_hash),
            _copy_of_entry(self.computed_statistics, module_hash),
        )

    def get_metrics_from_spec(self, model_spec: ModelSpec) -> tuple[dict[str, Any], Any]:
        """What `get_metrics_from_hash` returns, for the cell of a spec.

        Raises:
            OutOfDomainError: the cell is outside the space.
            KeyError: the data has no such cell.
        """
        self._check_spec(model_spec)
        return self.get_metrics_from_hash(self._hash_spec(model_spec))

    def _cell_of_spec(self, model_spec: ModelSpec) -> int:
        """The cell id of a usual spec; -1 if it is unusual, unpruned or outside the space."""
        settings = self.config
        if (
            _is_connected(model_spec)
            and settings["module_vertices"] == MAX_VERTICES
            and settings["max_edges"] == config.MAX_EDGES
            and settings["available_ops"] == _OPS
        ):
            return _core.cell_of_spec(model_spec.matrix, model_spec.ops)
        return -1

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
        check_matrix(model_spec.matrix, vertices)

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

    def __repr__(self) -> str:
        if self._source is None:
            return super().__repr__()
        return f"<{type(self).__name__} on {self._source.index!r}>"


def _is_connected(model_spec: ModelSpec) -> bool:
    try:
        return model_spec.valid_spec
    except AttributeError:
        check_type("model_spec", model_spec, ModelSpec, use="a ModelSpec")
        raise


def _copy_of_entry(statistics: dict[str, Any], module_hash: str) -> Any:
    if isinstance(statistics, Statistics):
        return statistics.copy_of(module_hash)
    return copy.deepcopy(statistics[module_hash])


class _NumpyEncoder(json.JSONEncoder):
    """Writes NumPy's arrays as lists and its scalars as numbers, for `json.dumps(x, cls=...)`."""

    def default(self, o: Any) -> Any:
        if isinstance(o, np.ndarray):
            return o.tolist()
        if isinstance(o, np.generic):
            return o.item()
        return super().default(o)
