"""`nb101train cell` trains one cell once."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from nb101fast import _core
from nb101fast.command_line import CommandLine
from nb101fast.file_names import checked_target
from nb101fast.whole_file import write_whole

from ..record import record_payload
from ..run_options import RunOptions
from .one_cell import add_one_cell, print_result, train_cell


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "cell",
        _cell,
        "train one cell once, and print its accuracies",
        "nb101train cell id:50 --epochs 12\n"
        "         nb101train cell 28cfc7874f6d200472e1a9dcd8650aa0 --dataset cifar10:PATH\n"
        '         nb101train cell \'{"matrix": [[0, 1, 0], [0, 0, 1], [0, 0, 0]], '
        '"ops": ["input", "bottleneck3x3", "output"]}\'',
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    add_one_cell(command)
    command.add_argument(
        "--repeat",
        type=int,
        default=0,
        metavar="R",
        help="the number of the run; each number gives other random numbers (default: %(default)s)",
    )
    command.add_argument(
        "--model-dir", metavar="DIR", help="write the weights and metadata.json to this folder"
    )
    command.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the run to this TFRecord file",
    )
    command.add_argument(
        "--tensorboard", metavar="DIR", help="write summaries for TensorBoard to this folder"
    )
    command.add_argument(
        "--checkpoints",
        metavar="DIR",
        help="save the run to this folder every ten minutes of training, and resume it from there",
    )


def _cell(options: Namespace) -> None:
    if options.output:
        checked_target([], options.output)
    run_options = RunOptions(
        checkpoint_folder=options.checkpoints, tensorboard_folder=options.tensorboard
    )
    result = train_cell(options, run_options, repeat=options.repeat)
    print_result(result)
    if options.output:
        write_whole(options.output, _core.frame(record_payload(result)))
