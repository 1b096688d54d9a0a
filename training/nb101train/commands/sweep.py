"""`nb101train sweep` trains many cells and compiles their runs into an index."""

from __future__ import annotations

import os
import signal
from argparse import ArgumentParser, Namespace
from types import FrameType

from nb101fast._core import visible
from nb101fast.cell_text import FORMS
from nb101fast.command_line import CommandLine
from nb101fast.phrases import counted
from nb101fast.progress import tell
from nb101fast.schema import MapOf, Number
from nb101fast.worker_pool import MAX_SILENCE

from ..cells import cells_up_to, read_cells
from ..crew import ENGINES, Crew
from ..request import DEFAULT_EPOCHS, DEFAULT_REPEATS, DEFAULT_SEED, Request
from ..run_options import RunOptions
from ..shard import Shard
from ..sweep import INDEX_NAME, SweepReport, sweep
from ..work import Codes
from .json_argument import parsed_argument
from .training_options import add_device, add_settings, settings_of


class RunFailureError(Exception):
    """A command did its work, but some runs could not be made."""


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "sweep",
        _sweep,
        "train many cells and compile their runs into an index; the same command continues an "
        "interrupted sweep",
        "nb101train sweep out --max-vertices 4 --workers 2\n"
        "         nb101train sweep out --cells cells.txt --dataset cifar10:PATH --epochs 4,12\n"
        "         nb101train sweep out",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    command.add_argument("folder", metavar="OUT", help="the folder of the sweep")
    _add_plan(command)
    _add_crew(command)
    command.add_argument(
        "--index", metavar="INDEX", help=f"put the runs into this index instead of OUT/{INDEX_NAME}"
    )


def _add_plan(command: ArgumentParser) -> None:
    """Add the options that say what is trained."""
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
    add_settings(what)
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


def _add_crew(command: ArgumentParser) -> None:
    """Add the options that say which workers train."""
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
    add_device(how)
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


def _sweep(options: Namespace) -> None:
    signal.signal(signal.SIGTERM, _interrupt)  # a cluster sends it before it takes the machine away
    report = sweep(
        options.folder,
        _request(options),
        _crew(options),
        shard=Shard.parse(options.shard),
        retry_failed=options.retry_failed,
        index=options.index,
        progress=True,
    )
    _print_report(options.folder, report)


def _request(options: Namespace) -> Request:
    preset, changes = settings_of(options)
    return Request(
        codes=_cells(options),
        dataset=options.dataset,
        epochs=_numbers("epochs", options.epochs),
        repeats=options.repeats,
        seed=options.seed,
        max_seconds=options.time_limit,
        preset=preset,
        changes=changes,
    )


def _crew(options: Namespace) -> Crew:
    resources = parsed_argument("--resources", os.fsencode(options.resources), MapOf(Number(0)))
    return Crew(
        engine=options.engine,
        num_workers=options.workers,
        threads=options.threads,
        device=options.device,
        gpus=options.gpus_per_worker,
        address=options.address,
        resources=resources,
        checkpoints=options.checkpoints,
        max_silence=options.max_silence,
    )


def _cells(options: Namespace) -> Codes | None:
    if options.cells is not None:
        cells = read_cells(options.cells)
        tell(f"{options.cells}: {cells}")
        return cells.codes
    return None if options.max_vertices is None else cells_up_to(options.max_vertices)


def _numbers(name: str, text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    parts = text.split(",")
    if not all(part.isdecimal() for part in parts):
        raise ValueError(f"--{name} {text!r} is not allowed; use integers with commas between them")
    return tuple(map(int, parts))


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


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
    if missing := report.runs - report.made:
        raise RunFailureError(
            f"not made: {missing:,} of {counted(report.runs, 'run')}; "
            "--retry-failed tries them again"
        )
