"""The command line: exit status 0 done, 1 the data is at fault, 2 the command is."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from types import FrameType
from typing import Any

from nb101fast import FormatError, OutOfDomainError
from nb101fast.commands import CommandLine
from nb101fast.progress import ProgressBar

from .config import TrainConfig
from .crew import ENGINES, Crew
from .plan import PRESETS, Request
from .record import RunResult, record_payload
from .run_options import RunOptions
from .shard import Shard, frame
from .status import show_status
from .sweep import INDEX_NAME, SweepReport, sweep
from .whole_file import write_whole
from .work import Codes, cell_of_text, cells_up_to, read_cells


class RunFailureError(Exception):
    """A command did its work, and some runs could not be made."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    return _command_line().run(
        arguments,
        data_faults=(FormatError, OutOfDomainError, RunFailureError),
        command_faults=(OSError, ValueError, IndexError, ImportError, RuntimeError),
    )


def _command_line() -> CommandLine:
    line = CommandLine("nb101train", "Train cells as NAS-Bench-101 did.")
    add = line.add

    command = add(
        "cell",
        _cell,
        "train one cell for one budget",
        "nb101train cell id:50 --epochs 12\n"
        '         nb101train cell \'{"matrix": [[0, 1, 0], [0, 0, 1], [0, 0, 0]], '
        '"ops": ["input", "bottleneck3x3", "output"]}\'',
    )
    _add_one_cell(command)
    command.add_argument("--repeat", type=int, default=0, metavar="R", help="(default: 0)")
    command.add_argument("--model-dir", metavar="DIR", help="for the weights and metadata.json")
    command.add_argument("-o", "--output", metavar="FILE", help="for the record, a new TFRecord")
    command.add_argument("--tensorboard", metavar="DIR", help="for summaries")
    command.add_argument("--checkpoints", metavar="DIR", help="to resume from, now and then saved")
    command = add(
        "evaluate",
        _evaluate,
        "train one cell by the official settings, as nasbench.api's evaluate",
        "nb101train evaluate 28cfc7874f6d200472e1a9dcd8650aa0 --model-dir DIR",
    )
    _add_one_cell(command, default_dataset="cifar10")
    command.add_argument(
        "--model-dir", required=True, metavar="DIR", help="for weights, metadata.json, summaries"
    )
    command = add(
        "augment",
        _augment,
        "train longer on all training images, and test: resnet20, resnet50, inception-resnet or "
        "best, or any cell",
        "nb101train augment best --model-dir DIR",
    )
    _add_one_cell(command, default_dataset="cifar10")
    command.add_argument(
        "--model-dir", required=True, metavar="DIR", help="for weights and a checkpoint to resume"
    )
    _add_sweep(
        add(
            "sweep",
            _sweep,
            "train many cells, or go on with it, and compile their results into an index",
            "nb101train sweep OUT --max-vertices 4 --workers 2\n         nb101train sweep OUT",
        )
    )
    command = add("status", _status, "say how far a sweep is", "nb101train status OUT --watch")
    command.add_argument("folder", metavar="OUT", help="the folder of the sweep")
    command.add_argument("--json", action="store_true", help="as JSON")
    command.add_argument(
        "--watch", action="store_true", help="again every second, as long as a driver runs"
    )
    return line


def _add_sweep(command: Any) -> None:
    command.add_argument("folder", metavar="OUT", help="the folder of the sweep")
    what = command.add_argument_group("what is swept; by default, as it was begun")
    cells = what.add_mutually_exclusive_group()
    cells.add_argument(
        "--max-vertices", type=int, metavar="N", help="all cells of at most N vertices (7: all)"
    )
    cells.add_argument(
        "--cells", metavar="FILE", help="one a line: a hash, id:NUMBER, a code, or JSON"
    )
    _add_training(what)
    what.add_argument("--epochs", metavar="E,E", help="the budgets (default: 4,12,36,108)")
    what.add_argument("--repeats", type=int, metavar="N", help="runs of each (default: 3)")
    what.add_argument("--seed", type=int, help="of all random numbers (default: 0)")
    what.add_argument(
        "--time-limit", type=float, metavar="SECONDS", help="of a run's training (default: 14400)"
    )
    how = command.add_argument_group("by whom")
    how.add_argument("--engine", choices=ENGINES, default="local", help="default: local")
    how.add_argument(
        "--workers", type=int, default=1, metavar="N", help="cells at a time (default: 1)"
    )
    how.add_argument("--threads", type=int, metavar="N", help="of each worker (default: a share)")
    how.add_argument("--device", default="auto", help="auto, cpu, gpu or tpu (default: auto)")
    how.add_argument(
        "--gpus-per-worker", type=int, default=0, metavar="N", help="(default: all are shared)"
    )
    how.add_argument("--address", help="of a running Ray cluster (default: one is started here)")
    how.add_argument(
        "--resources", default="{}", metavar="JSON", help="of Ray, for each worker: '{\"TPU\": 4}'"
    )
    how.add_argument("--shard", default="0/1", metavar="I/N", help="part I of 0 to N-1 alone")
    how.add_argument(
        "--checkpoints", action="store_true", help="save long runs now and then, to resume them"
    )
    how.add_argument("--retry-failed", action="store_true", help="make failed runs again")
    command.add_argument(
        "--index", metavar="INDEX", help=f"update this index (default: write OUT/{INDEX_NAME})"
    )


def _add_training(group: Any) -> None:
    """How a network is trained, and on what."""
    group.add_argument(
        "--dataset", metavar="SET", help="digits, cifar10[:PATH] or npz:PATH (default: digits)"
    )
    group.add_argument(
        "--config",
        metavar="CONFIG",
        help=f"{', '.join(PRESETS)} or a JSON file of settings (default: by the data set)",
    )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="changes",
        help="one setting, as --set stem_filters=8",
    )


def _add_one_cell(command: Any, default_dataset: str = "digits") -> None:
    command.add_argument("cell", metavar="CELL", help="a hash, id:NUMBER, a code, or JSON")
    _add_training(command)
    command.set_defaults(dataset=default_dataset)
    command.add_argument(
        "--epochs", type=int, metavar="E", help="the budget (default: the settings')"
    )
    command.add_argument("--seed", type=int, default=0, help="of all random numbers (default: 0)")
    command.add_argument("--device", default="auto", help="auto, cpu, gpu or tpu (default: auto)")


def _cell(options: argparse.Namespace) -> None:
    from nb101train import evaluate  # TensorFlow takes seconds

    matrix, ops = _graph(options.cell)
    run_options = RunOptions(
        checkpoint_folder=options.checkpoints, tensorboard_folder=options.tensorboard
    )
    with ProgressBar("training") as bar:
        result = evaluate(
            matrix,
            ops,
            options.model_dir,
            dataset=options.dataset,
            config=_config(options),
            repeat=options.repeat,
            seed=options.seed,
            device=options.device,
            options=run_options,
            progress=bar,
        )
    if options.output:
        write_whole(options.output, frame(record_payload(result)))
    _print_result(result)


def _print_result(result: RunResult) -> None:
    print(
        f"{result.module_hash}, {result.epochs} epochs, repeat {result.repeat}: "
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
    from nb101train import augment
    from nb101train.augmentation import ARCHITECTURES, EPOCHS, Architecture

    config = _config(options)
    if options.epochs is None:
        config = replace(config, epochs=EPOCHS)
    architecture = options.cell
    if architecture not in ARCHITECTURES:
        matrix, ops = _graph(options.cell)
        skeleton = {"stem_filters": config.stem_filters, "cells_per_stack": config.cells_per_stack}
        architecture = Architecture(tuple(map(tuple, matrix)), tuple(ops), **skeleton)
    with ProgressBar("training") as bar:
        augmented = augment(
            architecture,
            options.model_dir,
            dataset=options.dataset,
            config=config,
            seed=options.seed,
            device=options.device,
            progress=bar,
        )
    print(
        f"{augmented.trainable_parameters:,} parameters, test accuracy "
        f"{augmented.test_accuracy:.6f} after {config.epochs} epochs"
    )


def _config(options: argparse.Namespace) -> TrainConfig:
    """The settings of one cell's training."""
    preset, changes = _settings(options.config, options.changes)
    config = Request(dataset=options.dataset, preset=preset, changes=changes).config()
    return config if options.epochs is None else replace(config, epochs=options.epochs)


def _graph(text: str) -> tuple[Any, Any]:
    """Matrix and operations, the further ones of the official map among them."""
    if text.startswith("{"):
        value = _json("cell", text)
        if set(value) == {"matrix", "ops"}:
            return value["matrix"], value["ops"]
    cell = cell_of_text(text)
    return cell.matrix, cell.ops


def _sweep(options: argparse.Namespace) -> None:
    signal.signal(signal.SIGTERM, _interrupt)  # what a cluster sends before it takes the machine
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
        resources=_json("resources", options.resources),
        checkpoints=options.checkpoints,
    )
    with ProgressBar("training") as bar:
        report = sweep(
            options.folder,
            request,
            crew,
            shard=Shard.parse(options.shard),
            retry_failed=options.retry_failed,
            index=options.index,
            progress=bar,
        )
    _print_report(options.folder, report)


def _print_report(folder: str, report: SweepReport) -> None:
    print(
        f"{folder}: {report.made:,} of {report.runs:,} runs made, {report.made_here:,} now "
        f"in {report.seconds:.1f} s"
    )
    if report.lost_workers:
        print(f"  workers lost: {report.lost_workers}")
    for failure in report.failures:
        print(f"  failed: {failure}")
    if report.shard.count > 1:
        print(
            f"shard {report.shard} is done; when all are, `nb101train sweep {folder}` "
            f"compiles them into {os.path.join(folder, INDEX_NAME)}"
        )
    if index := report.index:
        print(
            f"{index.output}: {index.cells:,} cells, {index.runs:,} runs, "
            f"{index.num_bytes / 1e6:.1f} MB"
        )
    if report.failures:
        raise RunFailureError(
            f"{len(report.failures)} of {report.runs:,} runs failed; "
            "--retry-failed makes them again"
        )


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _cells(options: argparse.Namespace) -> Codes | None:
    if options.cells is not None:
        return read_cells(options.cells)
    return None if options.max_vertices is None else cells_up_to(options.max_vertices)


def _settings(config: str | None, changes: list[str]) -> tuple[str | None, dict[str, Any]]:
    """The name of a preset, and settings in place of its own."""
    values: dict[str, Any] = {}
    if config is not None and config not in PRESETS:
        with open(config, encoding="utf-8") as file:
            values = _json(config, file.read())
        config = None
    for text in changes:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"setting {text!r}; NAME=VALUE is allowed")
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
        raise ValueError(f"{name} {text!r}; whole numbers with commas between them are allowed")
    return tuple(map(int, parts))


def _json(name: str, text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{name}: not JSON: {error}") from None
    if not isinstance(values, dict):
        raise ValueError(f"{name}: {values!r}; a JSON object is allowed")
    return values


def _status(options: argparse.Namespace) -> None:
    show_status(options.folder, watch=options.watch, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
