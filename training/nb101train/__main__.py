"""The command line `nb101train`.

The exit status is 0 if the command is done, 1 if the data is at fault, 2 if the command is.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from types import FrameType
from typing import Any

from nb101fast import FormatError, OutOfDomainError, __version__, _core
from nb101fast._core import visible
from nb101fast.cell_text import FORMS, cell_of_text
from nb101fast.checks import check_choice, check_count
from nb101fast.command_line import CommandLine
from nb101fast.op_map import pruned
from nb101fast.phrases import counted
from nb101fast.progress import tell
from nb101fast.regular_file import read_regular
from nb101fast.schema import Anything, Kind, MapOf, Number, parse
from nb101fast.whole_file import write_whole
from nb101fast.worker_pool import MAX_SILENCE

from .architectures import ARCHITECTURES, Architecture
from .cells import cells_up_to, read_cells
from .config import AUGMENTED_EPOCHS, OFFICIAL_DATASET, TrainConfig
from .crew import ENGINES, Crew
from .datasets import Dataset, load_dataset
from .plan import (
    DEFAULT_DATASET,
    DEFAULT_EPOCHS,
    DEFAULT_REPEATS,
    DEFAULT_SEED,
    MOST_REPEATS,
    PRESETS,
    SETTINGS,
    Request,
)
from .pool_engine import QUIET
from .record import RunResult, record_payload
from .run_options import DEVICES, RunOptions
from .shard import Shard
from .status import show_status
from .sweep import INDEX_NAME, SweepReport, sweep
from .tensorflow_start import start_tensorflow
from .work import Codes

_DEVICES = ", ".join(DEVICES)
_WELCOME = """\
nb101train trains cells as the authors of NAS-Bench-101 did. What you can do next:

  nb101train cell id:50 --epochs 4       train one cell on scikit-learn's digits, in some seconds
  nb101train sweep OUT --max-vertices 4  train many cells, and compile their runs into an index
  nb101train status OUT                  how far a sweep is
  nb101train --help                      all commands"""
_OPTIONS = {  # what the user writes for the parameters that errors may name
    "architecture": "CELL ",
    "address": "--address ",
    "dataset": "--dataset ",
    "device": "--device ",
    "epochs": "--epochs ",
    "max_seconds": "--time-limit ",
    "max_silence": "--max-silence ",
    "max_vertices": "--max-vertices ",
    "num_workers": "--workers ",
    "preset": "--config ",
    "repeat": "--repeat ",
    "repeats": "--repeats ",
    "seed": "--seed ",
    **{name: f"--set {name}=" for name in SETTINGS},
}


class RunFailureError(Exception):
    """A command did its work, but some runs could not be made."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the command line without the program; None for this process's own.

    Returns:
        The exit status.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    return command_line().run(
        arguments,
        data_faults=(FormatError, OutOfDomainError, RunFailureError),
        command_faults=(OSError, ValueError, IndexError, ImportError, RuntimeError),
    )


def command_line() -> CommandLine:
    """All commands of `nb101train`."""
    line = CommandLine(
        "nb101train",
        "Train cells as the authors of NAS-Bench-101 did.",
        version=__version__,
        welcome=_WELCOME,
        options=_OPTIONS,
    )
    add = line.add

    command = add(
        "cell",
        _cell,
        "train one cell once, and print its accuracies",
        "nb101train cell id:50 --epochs 12\n"
        "         nb101train cell 28cfc7874f6d200472e1a9dcd8650aa0 --dataset cifar10:PATH\n"
        '         nb101train cell \'{"matrix": [[0, 1, 0], [0, 0, 1], [0, 0, 0]], '
        '"ops": ["input", "bottleneck3x3", "output"]}\'',
    )
    _add_one_cell(command)
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
    command = add(
        "evaluate",
        _evaluate,
        "train one cell as the official NASBench.evaluate does, and write its weights",
        "nb101train evaluate 28cfc7874f6d200472e1a9dcd8650aa0 --dataset cifar10:PATH "
        "--model-dir DIR",
    )
    _add_one_cell(command, default_dataset=OFFICIAL_DATASET)
    command.add_argument(
        "--model-dir",
        required=True,
        metavar="DIR",
        help="write the weights, metadata.json and TensorBoard summaries to this folder",
    )
    command = add(
        "augment",
        _augment,
        f"train one cell for {AUGMENTED_EPOCHS} epochs on all training images, and measure its "
        "test accuracy",
        "nb101train augment best --dataset cifar10:PATH --model-dir DIR",
    )
    _add_one_cell(
        command,
        default_dataset=OFFICIAL_DATASET,
        default_epochs=str(AUGMENTED_EPOCHS),
        further_cells=f", or {', '.join(ARCHITECTURES)}",
    )
    command.add_argument(
        "--model-dir",
        required=True,
        metavar="DIR",
        help="write the weights to this folder, and a checkpoint from which the same command "
        "continues after an interruption",
    )
    _add_sweep(
        add(
            "sweep",
            _sweep,
            "train many cells and compile their runs into an index; the same command continues an "
            "interrupted sweep",
            "nb101train sweep out --max-vertices 4 --workers 2\n"
            "         nb101train sweep out --cells cells.txt --dataset cifar10:PATH --epochs 4,12\n"
            "         nb101train sweep out",
        )
    )
    command = add(
        "status", _status, "show how many runs of a sweep are done", "nb101train status out --watch"
    )
    command.add_argument("folder", metavar="OUT", help="the folder of the sweep")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument(
        "--watch",
        action="store_true",
        help="print again every second while the sweep runs",
    )
    return line


def _add_sweep(command: Any) -> None:
    command.add_argument("folder", metavar="OUT", help="the folder of the sweep")
    what = command.add_argument_group(
        "what is trained (the defaults are for a new sweep; a sweep that has begun keeps its own)"
    )
    cells = what.add_mutually_exclusive_group()
    cells.add_argument(
        "--max-vertices",
        type=int,
        metavar="N",
        help="train all cells of at most N vertices, 2 to 7; 7 is the whole search space",
    )
    cells.add_argument(
        "--cells",
        metavar="FILE",
        help=f"train the cells in this file, one in each line: {FORMS}",
    )
    _add_training(what)
    what.add_argument(
        "--epochs",
        metavar="E,E",
        help=f"the budgets in epochs (default: {','.join(map(str, DEFAULT_EPOCHS))})",
    )
    what.add_argument(
        "--repeats",
        type=int,
        metavar="N",
        help=f"the runs of each cell at each budget (default: {DEFAULT_REPEATS})",
    )
    what.add_argument(
        "--seed", type=int, help=f"decides all random numbers (default: {DEFAULT_SEED})"
    )
    what.add_argument(
        "--time-limit",
        type=float,
        metavar="SECONDS",
        help="end a run after so many seconds of training, and evaluate it "
        f"(default: {RunOptions.max_seconds:g})",
    )
    how = command.add_argument_group("which workers train")
    how.add_argument(
        "--engine",
        choices=ENGINES,
        default="local",
        help="processes of this machine, or actors of Ray (default: %(default)s)",
    )
    how.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="the number of workers; each trains one cell at a time (default: %(default)s)",
    )
    how.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="the threads of each worker (default: its share of the processors)",
    )
    how.add_argument("--device", default="auto", help=f"{_DEVICES} (default: %(default)s)")
    how.add_argument(
        "--gpus-per-worker",
        type=int,
        default=0,
        metavar="N",
        help="how many GPUs each worker has for itself (default: all workers share all GPUs)",
    )
    how.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="use this Ray cluster (default: start one here)",
    )
    how.add_argument(
        "--resources",
        default="{}",
        metavar="JSON",
        help="the resources of Ray that each worker takes, such as '{\"TPU\": 4}'",
    )
    how.add_argument(
        "--max-silence",
        type=float,
        default=MAX_SILENCE,
        metavar="SECONDS",
        help="replace a worker that gives no sign of life for so many seconds "
        "(default: %(default)g)",
    )
    how.add_argument(
        "--shard",
        default="0/1",
        metavar="I/N",
        help="train only every N-th cell, from cell I on, counted from 0 "
        "(default: %(default)s, all)",
    )
    how.add_argument(
        "--checkpoints",
        action="store_true",
        help="save each run every ten minutes of training, and resume it from there",
    )
    how.add_argument("--retry-failed", action="store_true", help="try failed runs again")
    command.add_argument(
        "--index", metavar="INDEX", help=f"put the runs into this index instead of OUT/{INDEX_NAME}"
    )


def _add_training(group: Any, default_dataset: str = DEFAULT_DATASET) -> None:
    """Add the options for the settings of a training and for its data set."""
    group.add_argument(
        "--dataset",
        metavar="SET",
        help=f"digits, cifar10, cifar10:PATH or npz:PATH (default: {default_dataset})",
    )
    group.add_argument(
        "--config",
        metavar="CONFIG",
        help=f"{', '.join(PRESETS)}, or a JSON file with settings (default: digits for the digits, "
        "official for other data sets)",
    )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="changes",
        help="change one setting, such as --set stem_filters=8; may be repeated",
    )


def _add_one_cell(
    command: Any,
    default_dataset: str = DEFAULT_DATASET,
    default_epochs: str = f"those of the settings, {TrainConfig.epochs} in both presets",
    further_cells: str = "",
) -> None:
    command.add_argument("cell", metavar="CELL", help=FORMS + further_cells)
    _add_training(command, default_dataset)
    command.set_defaults(dataset=default_dataset)
    command.add_argument(
        "--epochs", type=int, metavar="E", help=f"how many epochs (default: {default_epochs})"
    )
    command.add_argument(
        "--seed", type=int, default=0, help="decides all random numbers (default: %(default)s)"
    )
    command.add_argument("--device", default="auto", help=f"{_DEVICES} (default: %(default)s)")


def _cell(options: argparse.Namespace) -> None:
    # Everything is checked before TensorFlow is loaded, which takes seconds.
    matrix, ops = _graph(options.cell)
    config = _config(options)
    check_count("repeat", options.repeat, 0, MOST_REPEATS - 1)
    dataset = _dataset(options)
    start_tensorflow()
    from nb101train import evaluate

    run_options = RunOptions(
        checkpoint_folder=options.checkpoints, tensorboard_folder=options.tensorboard
    )
    result = evaluate(
        matrix,
        ops,
        options.model_dir,
        dataset=dataset,
        config=config,
        repeat=options.repeat,
        seed=options.seed,
        device=options.device,
        options=run_options,
        progress=True,
    )
    if options.output:
        write_whole(options.output, _core.frame(record_payload(result)))
    _print_result(result)


def _print_result(result: RunResult) -> None:
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


def _evaluate(options: argparse.Namespace) -> None:
    options.repeat, options.checkpoints, options.output = 0, None, None
    options.tensorboard = options.model_dir
    _cell(options)


def _augment(options: argparse.Namespace) -> None:
    config = _config(options)
    if options.epochs is None:
        config = replace(config, epochs=AUGMENTED_EPOCHS)
    architecture: str | Architecture = options.cell
    if architecture not in ARCHITECTURES:
        matrix, ops = _graph(options.cell)
        skeleton = {"stem_filters": config.stem_filters, "cells_per_stack": config.cells_per_stack}
        architecture = Architecture(tuple(map(tuple, matrix)), tuple(ops), **skeleton)
    dataset = _dataset(options)
    start_tensorflow()
    from nb101train import augment

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


def _config(options: argparse.Namespace) -> TrainConfig:
    """The settings of the training of one cell."""
    preset, changes = _settings(options.config, options.changes)
    config = Request(dataset=options.dataset, preset=preset, changes=changes).config()
    return config if options.epochs is None else replace(config, epochs=options.epochs)


def _dataset(options: argparse.Namespace) -> Dataset:
    """The data set, after the checks of the device and of the folder."""
    check_choice("device", options.device, DEVICES)
    if options.model_dir and os.path.exists(options.model_dir):
        os.listdir(options.model_dir)  # It raises an error if this is no folder.
    return load_dataset(options.dataset)


def _graph(text: str) -> tuple[Any, Any]:
    """The matrix and operations of a cell. A graph may have all operations of the official map."""
    if text.startswith("{"):
        value = _json("CELL", os.fsencode(text), MapOf(Anything()))
        if set(value) == {"matrix", "ops"}:
            return pruned(value["matrix"], value["ops"])
    cell = cell_of_text(text)
    return cell.matrix, cell.ops


def _sweep(options: argparse.Namespace) -> None:
    signal.signal(signal.SIGTERM, _interrupt)  # a cluster sends it before it takes the machine away
    preset, changes = _settings(options.config, options.changes)
    request = Request(
        codes=_cells(options),
        dataset=options.dataset,
        epochs=_numbers("epochs", options.epochs),
        repeats=options.repeats,
        seed=options.seed,
        max_seconds=options.time_limit,
        preset=preset,
        changes=changes,
    )
    crew = Crew(
        engine=options.engine,
        num_workers=options.workers,
        threads=options.threads,
        device=options.device,
        gpus=options.gpus_per_worker,
        address=options.address,
        resources=_json("--resources", os.fsencode(options.resources), MapOf(Number(0))),
        checkpoints=options.checkpoints,
        max_silence=options.max_silence,
    )
    report = sweep(
        options.folder,
        request,
        crew,
        shard=Shard.parse(options.shard),
        retry_failed=options.retry_failed,
        index=options.index,
        progress=True,
    )
    _print_report(options.folder, report)


def _print_report(folder: str, report: SweepReport) -> None:
    print(
        f"{visible(folder)}: {report.made:,} of {counted(report.runs, 'run')} made, "
        f"{report.made_here:,} now in {report.seconds:.1f} s"
    )
    if report.lost_workers:
        print(f"  workers lost: {report.lost_workers}")
    for failure in report.failures:
        print(f"  failed: {failure}")
    if report.shard.count > 1:
        print(
            f"shard {report.shard} is done; when all shards are, `nb101train sweep {folder}` "
            f"compiles them into {os.path.join(folder, INDEX_NAME)}"
        )
    if index := report.index:
        print(
            f"{index.output}: {counted(index.cells, 'cell')}, {counted(index.runs, 'run')}, "
            f"{index.num_bytes / 1e3:,.0f} kB"
        )
    if report.failures:
        raise RunFailureError(
            f"{len(report.failures):,} of {counted(report.runs, 'run')} failed; "
            "--retry-failed makes them again"
        )


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _cells(options: argparse.Namespace) -> Codes | None:
    if options.cells is not None:
        cells = read_cells(options.cells)
        tell(f"{options.cells}: {cells}")
        return cells.codes
    return None if options.max_vertices is None else cells_up_to(options.max_vertices)


def _settings(config: str | None, changes: list[str]) -> tuple[str | None, dict[str, Any]]:
    """The name of a preset, and the settings that replace its own."""
    values: dict[str, Any] = {}
    if config is not None and config not in PRESETS:
        values = _json(config, read_regular(config), MapOf(Anything()))
        config = None
    for text in changes:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"--set {text!r} is not allowed; use NAME=VALUE")
        values[name] = _number_or_text(value)
    return config, values


def _number_or_text(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _numbers(name: str, text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    parts = text.split(",")
    if not all(part.isdecimal() for part in parts):
        raise ValueError(f"--{name} {text!r} is not allowed; use integers with commas between them")
    return tuple(map(int, parts))


def _json(name: str, text: bytes, kind: Kind) -> dict[str, Any]:
    try:
        values: dict[str, Any] = parse(name, text, kind)
    except FormatError as error:
        raise ValueError(str(error)) from None  # The command is at fault.
    return values


def _status(options: argparse.Namespace) -> None:
    show_status(options.folder, watch=options.watch, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
