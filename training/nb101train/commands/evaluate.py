"""`nb101train evaluate` trains one cell as the official `NASBench.evaluate` does."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from nb101fast.command_line import CommandLine

from ..config import OFFICIAL_DATASET
from ..run_options import RunOptions
from .one_cell import add_one_cell, print_result, train_cell


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "evaluate",
        _evaluate,
        "train one cell as the official NASBench.evaluate does, and write its weights",
        "nb101train evaluate 28cfc7874f6d200472e1a9dcd8650aa0 --dataset cifar10:PATH "
        "--model-dir DIR",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    add_one_cell(command, default_dataset=OFFICIAL_DATASET)
    command.add_argument(
        "--model-dir",
        required=True,
        metavar="DIR",
        help="write the weights, metadata.json and TensorBoard summaries to this folder",
    )


def _evaluate(options: Namespace) -> None:
    print_result(train_cell(options, RunOptions(tensorboard_folder=options.model_dir)))
