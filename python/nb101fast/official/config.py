"""The official settings: `nasbench.lib.config`.

The official module defines its settings as absl flags when it is imported. Here `define_flags()`
does so when nb101fast stands in for nasbench, and only where absl is installed: flags are shared by
the whole process, and a program that merely uses `nb101fast.api` may have its own `--batch_size`.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any

from ..codes import MAX_VERTICES
from ..ops import OPS

__all__ = ["MAX_EDGES", "NUM_REPEATS", "build_config", "define_flags"]

MAX_EDGES = 9
NUM_REPEATS = 3
_FLAGS_MODULE = "nasbench.lib.config"  # absl lists the flags under this name

# (name, default, help), as the official flags.
_SETTINGS: list[tuple[str, Any, str]] = [
    ("train_data_files", [], "TFRecord files to train on; the first gives the training accuracy."),
    ("valid_data_file", "", "TFRecord file to validate on."),
    ("test_data_file", "", "TFRecord file to test on."),
    ("sample_data_file", "", "TFRecord file of the sample batch."),
    ("data_format", "channels_last", "channels_last or channels_first."),
    ("num_labels", 10, "Number of classes."),
    ("module_vertices", MAX_VERTICES, "Most vertices of a module, input and output included."),
    ("max_edges", MAX_EDGES, "Most edges of a module."),
    ("available_ops", list(OPS), "Operations by label."),
    ("stem_filter_size", 128, "Filters of the stem convolution."),
    ("num_stacks", 3, "Number of stacks of modules."),
    ("num_modules_per_stack", 3, "Number of modules in each stack."),
    ("batch_size", 256, "Images in a training batch."),
    ("train_epochs", 108, "Most epochs of training."),
    ("train_seconds", 14400.0, "Most seconds of training; 0 means no limit."),
    ("learning_rate", 0.1, "Learning rate at the start, for one TPU shard."),
    ("lr_decay_method", "COSINE_BY_STEP", "COSINE_BY_TIME, COSINE_BY_STEP or STEPWISE."),
    ("momentum", 0.9, "Momentum."),
    ("weight_decay", 1e-4, "Weight of the L2 regularization."),
    ("max_attempts", 5, "How often a training that fails is tried."),
    ("intermediate_evaluations", ["0.5"], "Shares of train_epochs at which to evaluate."),
    ("num_repeats", NUM_REPEATS, "Number of runs of each module."),
    ("use_tpu", True, "Train and evaluate on TPUs."),
    ("tpu_iterations_per_loop", 100, "Steps of each TPU loop."),
    ("tpu_num_shards", 2, "Number of TPU shards."),
]


def build_config() -> dict[str, Any]:
    """The official settings by name: the values of the flags if they are defined, or the defaults.

    Example:
        >>> build_config()["max_edges"]
        9

    Source: `nasbench/lib/config.py`.
    """
    defaults = {
        name: list(default) if isinstance(default, list) else default
        for name, default, _ in _SETTINGS
    }
    if not _are_flags_defined():
        return defaults
    flags = _absl_flags().FLAGS
    return {name: flags[name].value for name in defaults}


def define_flags() -> None:
    """Define the official settings as absl flags, unless this is done or absl is not installed.

    Raises:
        absl.flags.DuplicateFlagError: the program has defined a flag of one of these names. The
            official code raises it too.
    """
    if importlib.util.find_spec("absl") is None or _are_flags_defined():
        return
    flags = _absl_flags()
    for name, default, text in _SETTINGS:
        if isinstance(default, bool):
            flags.DEFINE_bool(name, default, text, module_name=_FLAGS_MODULE)
            continue
        parser, serializer = {
            list: (flags.ListParser(), flags.CsvListSerializer(",")),
            str: (flags.ArgumentParser(), flags.ArgumentSerializer()),
            int: (flags.IntegerParser(), flags.ArgumentSerializer()),
            float: (flags.FloatParser(), flags.ArgumentSerializer()),
        }[type(default)]
        flags.DEFINE(parser, name, default, text, serializer=serializer, module_name=_FLAGS_MODULE)


def __getattr__(name: str) -> Any:
    if name != "FLAGS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if importlib.util.find_spec("absl") is None:
        # `from ... import FLAGS` would hide the text of an AttributeError.
        raise ImportError("FLAGS are flags of absl, which is not installed: pip install absl-py")
    return _absl_flags().FLAGS


def _absl_flags() -> Any:
    return importlib.import_module("absl.flags")


def _are_flags_defined() -> bool:
    if "absl.flags" not in sys.modules:
        return False
    return _FLAGS_MODULE in _absl_flags().FLAGS.flags_by_module_dict()
