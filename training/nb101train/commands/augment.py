"""`nb101train augment` trains one cell for long, on all training images."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from nb101fast.command_line import CommandLine
from nb101fast.phrases import counted

from ..architectures import ARCHITECTURES, Architecture
from ..config import AUGMENTED_EPOCHS, OFFICIAL_DATASET, TrainConfig
from ..tensorflow_start import started_tensorflow
from .one_cell import add_one_cell, config_of, dataset_of, graph_of


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "augment",
        _augment,
        f"train one cell for {AUGMENTED_EPOCHS} epochs on all training images, and measure its "
        "test accuracy",
        "nb101train augment best --dataset cifar10:PATH --model-dir DIR",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    add_one_cell(
        command,
        default_dataset=OFFICIAL_DATASET,
        default_epochs=str(AUGMENTED_EPOCHS),
        further_cells=f"; or one of the official script: {', '.join(ARCHITECTURES)} (best: the "
        "cell of the best mean test accuracy)",
    )
    command.add_argument(
        "--model-dir",
        required=True,
        metavar="DIR",
        help="write the weights to this folder, and a checkpoint from which the same command "
        "continues after an interruption",
    )


def _augment(options: Namespace) -> None:
    config = config_of(options, AUGMENTED_EPOCHS)
    architecture = _architecture(options.cell, config)
    dataset = dataset_of(options)
    with started_tensorflow():
        from .. import augment

        augmented = augment(
            architecture,
            options.model_dir,
            dataset=dataset,
            config=config,
            seed=options.seed,
            device=options.device,
            progress=True,
        )
    print(
        f"{augmented.trainable_parameters:,} parameters, test accuracy "
        f"{augmented.test_accuracy:.6f} after {counted(config.epochs, 'epoch')}"
    )


def _architecture(text: str, config: TrainConfig) -> str | Architecture:
    """The name of an architecture, or that of a cell in the skeleton of the settings."""
    if text in ARCHITECTURES:
        return text
    matrix, ops = graph_of(text)
    skeleton = {"stem_filters": config.stem_filters, "cells_per_stack": config.cells_per_stack}
    return Architecture(tuple(map(tuple, matrix)), tuple(ops), **skeleton)
