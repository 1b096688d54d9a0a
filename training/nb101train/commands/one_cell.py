"""The cell that a command trains: the arguments that name it, and its training."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from typing import Any

from nb101fast.cell_text import FORMS, cell_of_text
from nb101fast.checks import check_choice, check_count
from nb101fast.op_map import pruned
from nb101fast.phrases import counted
from nb101fast.schema import ListOf, Number, Record, Text

from ..config import TrainConfig
from ..datasets import Dataset, load_dataset
from ..plan import MOST_REPEATS
from ..record import RunResult
from ..request import DEFAULT_DATASET, Request
from ..run_options import DEVICES, RunOptions
from ..tensorflow_start import started_tensorflow
from .json_argument import parsed_argument
from .training_options import add_device, add_settings, settings_of

_GRAPH = Record({"matrix": ListOf(ListOf(Number())), "ops": ListOf(Text())})


def add_one_cell(
    command: ArgumentParser,
    default_dataset: str = DEFAULT_DATASET,
    default_epochs: str = f"those of the settings, {TrainConfig.epochs} in both presets",
    further_cells: str = "",
) -> None:
    """Add the argument CELL and the options of its training."""
    command.add_argument("cell", metavar="CELL", help=FORMS + further_cells)
    add_settings(command, default_dataset)
    command.set_defaults(dataset=default_dataset)
    command.add_argument(
        "--epochs", type=int, metavar="E", help=f"how many epochs (default: {default_epochs})"
    )
    command.add_argument(
        "--seed", type=int, default=0, help="decides all random numbers (default: %(default)s)"
    )
    add_device(command)


def train_cell(options: Namespace, run_options: RunOptions, *, repeat: int = 0) -> RunResult:
    """Train the cell once, after everything was checked: loading TensorFlow takes seconds."""
    matrix, ops = graph_of(options.cell)
    config = config_of(options)
    check_count("repeat", repeat, 0, MOST_REPEATS - 1)
    dataset = dataset_of(options)
    config = replace(config, **dataset.sizes)  # It raises an error if no batch is whole.
    with started_tensorflow():
        from .. import evaluate

        return evaluate(
            matrix,
            ops,
            options.model_dir,
            dataset=dataset,
            config=config,
            repeat=repeat,
            seed=options.seed,
            device=options.device,
            options=run_options,
            progress=True,
        )


def print_result(result: RunResult) -> None:
    """Print the times of a run, and a line for each of its evaluations."""
    print(
        f"{result.module_hash}, {counted(result.epochs, 'epoch')}, repeat {result.repeat}: "
        f"{result.trainable_parameters:,} parameters, {result.total_time:.2f} s, of which "
        f"{result.compile_seconds:.2f} compiling, {result.step_seconds:.2f} training, "
        f"{result.evaluation_seconds:.2f} evaluating"
    )
    names = list(vars(result.evaluations[0]))
    print("".join(f"{name:>21}" for name in names))
    for evaluation in result.evaluations:
        print("".join(f"{value:21.6g}" for value in vars(evaluation).values()))


def config_of(options: Namespace, default_epochs: int = TrainConfig.epochs) -> TrainConfig:
    """The settings of the training."""
    preset, changes = settings_of(options)
    epochs = default_epochs if options.epochs is None else options.epochs
    return Request(dataset=options.dataset, preset=preset, changes=changes).config(epochs)


def dataset_of(options: Namespace) -> Dataset:
    """The data set, after the checks of the device and of the folder."""
    check_choice("device", options.device, DEVICES)
    if options.model_dir and os.path.exists(options.model_dir):
        os.listdir(options.model_dir)  # It raises an error if this is no folder.
    return load_dataset(options.dataset)


def graph_of(text: str) -> tuple[Any, Any]:
    """The matrix and operations of a cell. A graph may have all operations of the official map."""
    if text.startswith("{"):
        value = parsed_argument("CELL", os.fsencode(text), _GRAPH)
        return pruned(value["matrix"], value["ops"])
    cell = cell_of_text(text)
    return cell.matrix, cell.ops
