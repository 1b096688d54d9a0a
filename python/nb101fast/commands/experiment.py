"""`nb101fast experiment` compares optimizers on an index."""

from __future__ import annotations

import pkgutil
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from .._core import visible
from ..command_line import CommandLine
from ..file_names import checked_target
from .index_argument import add_optional_index, index_or_default
from .output_option import add_output_folder

if TYPE_CHECKING:
    from ..experiment import ExperimentReport


def add_to(line: CommandLine) -> None:
    """Add the command."""
    line.add(
        "experiment",
        _experiment,
        "run optimizers many times on an index, and draw and tabulate their regret over time",
        "nb101fast experiment nasbench_full.nb101 --optimizers rs,re --runs 500 --budget 1e7 "
        "--out DIR\n"
        "         nb101fast experiment nasbench_full.nb101 --out DIR --explorer race.json\n\n"
        "If it is interrupted, the same command continues it. A later command may ask for more "
        "runs\nor more optimizers.",
        _add_arguments,
    )


def _add_arguments(command: ArgumentParser) -> None:
    add_optional_index(command, "to search")
    _add_runs(command)
    add_output_folder(command)
    _add_race(command)
    _add_protocol(command)
    _add_engine(command)


def _add_runs(command: ArgumentParser) -> None:
    """Add the options that say which runs are made, and how long each of them may be."""
    from ..search import PRESETS

    paper = PRESETS["paper"]
    command.add_argument(
        "--optimizers",
        metavar="NAMES",
        help=f"names with commas between them: {', '.join(paper.optimizers)}; re-0.125 to re-4 "
        "with --preset mutation-rates; or MODULE:CLASS for one of your own, in a module that "
        f"Python can import from here (default: those of the preset; {','.join(paper.compared)} "
        "for the paper's)",
    )
    command.add_argument(
        "--runs",
        type=int,
        help=f"how many runs each optimizer makes (default: {paper.runs}; "
        f"{PRESETS['mini'].runs} for the preset mini)",
    )
    command.add_argument(
        "--budget",
        type=float,
        metavar="SECONDS",
        help="the simulated time that each run may spend (default: 1e7, or any time if "
        "--max-evaluations is given)",
    )
    command.add_argument(
        "--max-evaluations",
        type=int,
        metavar="N",
        help="how many trainings each run may end; without --budget, curves are drawn over them",
    )


def _add_race(command: ArgumentParser) -> None:
    """Add the option that names the file for the page of `nb101fast explore`."""
    command.add_argument(
        "--explorer",
        metavar="FILE",
        help="write a race to this file of JSON too: the regret curves and the incumbents of some "
        "runs, which the page of `nb101fast explore` plays on the simulated clock",
    )


def _add_protocol(command: ArgumentParser) -> None:
    """Add the options that say how cells are judged, and what is kept and shown of the runs."""
    from ..search import PRESETS
    from ..search.trajectories import REGRETS

    command.add_argument(
        "--seed", type=int, default=0, help="the seed of all runs (default: %(default)s)"
    )
    command.add_argument(
        "--preset",
        choices=tuple(PRESETS),
        default="paper",
        help="the protocol, and the settings of the optimizers (default: %(default)s)",
    )
    command.add_argument(
        "--regret",
        choices=REGRETS,
        default="test",
        help="which regret the table and the figures show (default: %(default)s)",
    )
    command.add_argument(
        "--objectives",
        metavar="NAMES",
        help="find fronts of several objectives: columns with commas between them, such as "
        "test_accuracy,parameters, or NAME:minimize and NAME:maximize where the direction is not "
        "known (default: the accuracy alone). Without --optimizers, rs and nsga2 run",
    )
    command.add_argument(
        "--record",
        choices=("incumbents", "everything"),
        default="incumbents",
        help="keep only trainings that found a new best cell, or all (default: %(default)s)",
    )


def _add_engine(command: ArgumentParser) -> None:
    """Add the options that say where the runs are computed."""
    command.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="compute in processes of this machine, or in actors of a Ray cluster "
        "(default: %(default)s)",
    )
    command.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="with --engine ray, the cluster (default: one is started on this machine)",
    )
    command.add_argument(
        "--workers",
        type=int,
        help="how many processes or actors to use (default: one for each processor, "
        "or one for less than a second of work)",
    )


def _experiment(options: Namespace) -> None:
    from ..experiment import run_experiment

    if options.explorer is not None and options.objectives is not None:
        raise ValueError(
            "--explorer is not allowed with --objectives, because a race shows the one incumbent "
            "of each run; leave out one of the two"
        )
    if options.explorer is not None:
        checked_target([], options.explorer)
    try:
        report = run_experiment(
            index_or_default(options.index),
            options.out,
            optimizers=_optimizers(options.optimizers),
            runs=options.runs,
            budget_seconds=options.budget,
            max_evaluations=options.max_evaluations,
            seed=options.seed,
            preset=options.preset,
            regret=options.regret,
            record=options.record,
            objectives=options.objectives and options.objectives.split(","),
            engine=options.engine,
            address=options.address,
            workers=options.workers,
            progress=True,
        )
    except KeyboardInterrupt:
        raise InterruptedError(
            "interrupted; the runs that ended are kept, and the same command goes on from there"
        ) from None
    print(report.markdown())
    print(
        f"\n{visible(str(report.folder))}: regret.png and .svg, summary.csv, "
        f"{report.plan.results_name} and others"
    )
    if options.explorer is not None:
        _write_race(report, options.explorer)


def _write_race(report: ExperimentReport, path: str) -> None:
    from ..search import Trajectories, write_race

    trajectories = [each for each in report.trajectories.values() if isinstance(each, Trajectories)]
    write_race(trajectories, report.plan.index, path, regret=report.regret)
    print(f"{visible(path)}: a race; drop it on the page of `nb101fast explore`")


def _optimizers(names: str | None) -> list[Any] | None:
    """What --optimizers names: an optimizer of a preset, or MODULE:NAME for one's own."""
    if names is None:
        return None
    return [_own_optimizer(name) if ":" in name else name for name in names.split(",")]


def _own_optimizer(name: str) -> Any:
    if "" not in sys.path:
        sys.path.insert(0, "")  # as with `python -m`, the module may be in the current folder
    try:
        return pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(
            f"optimizer={name!r} can't be imported: {error}; use MODULE:CLASS, with a module of "
            "the current folder or one that is installed"
        ) from error
