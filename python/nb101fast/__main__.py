"""The command line `nb101fast`.

The exit status is 0 if the command is done, 1 if the data is at fault, 2 if the command is.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__, synthetic
from ._core import FormatError, visible
from .attachment import attach, detach
from .builder import CompileReport
from .cell import OutOfDomainError
from .cell_text import FORMS, cell_of_text, form_of_text
from .chosen_cells import choose_cells
from .commands import CommandLine
from .compiler import compile
from .demo import run_demo
from .description import describe, facts_of
from .diagnosis import diagnosis
from .exporter import SUFFIXES, export
from .fetch import Which, fetch, fetch_index
from .findings import sentences
from .index import Index, open
from .locations import BUILT_IN, chosen_index
from .measurement import METRICS, STAGES
from .progress import tell
from .reader import VERIFY_LEVELS
from .search import OPTIMIZERS, PRESETS
from .search.trajectories import REGRETS

# What the user writes for a parameter of Python, which an error may name.
_OPTIONS = {
    "accept_any": "--any",
    "budget_seconds": "--budget ",
    "address": "--address ",
    "denominator": "--denominator ",
    "engine": "--engine ",
    "epochs": "--epochs ",
    "force": "--force",
    "max_evaluations": "--max-evaluations ",
    "optimizer": "--optimizers ",
    "optimizers": "--optimizers ",
    "out": "--out ",
    "output": "-o ",
    "preset": "--preset ",
    "name": "--name ",
    "record": "--record ",
    "regret": "--regret ",
    "repeat": "--repeat ",
    "replace": "--replace",
    "runs": "--runs ",
    "seed": "--seed ",
    "sha256": "--sha256 ",
    "source": "--from ",
    "stage": "--stage ",
    "unmarked": "--unmarked",
    "update": "--update ",
    "url": "--index ",
    "workers": "--workers ",
}


_BUILT_IN_IS_OPENED = (  # fits the line of a terminal
    "this is the built-in NB101-digits; `nb101fast fetch` gets the official results"
)
_SUFFIX = ".nb101"  # of an index, by which `query` tells it from a cell
_WELCOME = """\
nb101fast looks up results of NAS-Bench-101 in an index. What you can do next:

  nb101fast demo                  see it at work, in some seconds
  nb101fast info                  which index is opened, and what it holds
  nb101fast query id:50           the accuracies and the training time of a cell
  nb101fast fetch                 download the official results, and compile them
  nb101fast explore               all cells of an index on a page in your browser
  nb101fast analyze --out DIR     a report on an index, with figures
  nb101fast doctor                what is installed here, and what is missing
  nb101fast --help                all commands

In Python: import nb101fast; nb101fast.open()"""


class NotInIndexError(Exception):
    """A cell of the search space of which the index has no such run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the command line without the program; None for this process's own.

    Returns:
        The exit status.
    """
    return command_line().run(
        arguments,
        data_faults=(FormatError, OutOfDomainError, NotInIndexError),
        command_faults=(OSError, ValueError, TypeError, IndexError, ImportError),
    )


def command_line() -> CommandLine:
    """All commands of `nb101fast`."""
    line = CommandLine(
        "nb101fast",
        "Look up results of NAS-Bench-101, a table of 423,624 trained network cells, in an index.",
        version=__version__,
        welcome=_WELCOME,
        options=_OPTIONS,
    )
    add = line.add

    command = add(
        "compile",
        _compile,
        "compile files of training runs, the official TFRecord file or your own, into an index",
        "nb101fast compile nasbench_full.tfrecord -o nasbench_full.nb101\n"
        "         nb101fast compile --update nasbench_full.nb101 retrained-*.tfrecord\n"
        "         nb101fast compile results.csv -o results.nb101",
    )
    command.add_argument(
        "inputs",
        nargs="+",
        metavar="IN",
        help="a TFRecord file (plain or gzip), an index, or a file in Parquet, JSON or CSV",
    )
    command.add_argument(
        "-o", "--output", metavar="OUT", help="the index file to write (default with --update: OLD)"
    )
    command.add_argument(
        "--update", metavar="OLD", help="start from this index, and add runs to it or replace runs"
    )
    command.add_argument(
        "--strict",
        action="store_true",
        help="refuse inputs with unusual values, which are otherwise kept and reported",
    )
    command.add_argument(
        "--denominator",
        type=int,
        metavar="D",
        help="store accuracies as multiples of 1/D (default: D is found from the values)",
    )
    command.add_argument(
        "--synthetic", action="store_true", help="mark the values as made up for load tests"
    )

    command = add(
        "merge",
        _merge,
        "put the runs of several indexes into one index",
        "nb101fast merge part-0.nb101 part-1.nb101 -o whole.nb101",
    )
    command.add_argument("inputs", nargs="+", metavar="INDEX", help="an index file")
    command.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="the index file to write"
    )

    command = add(
        "attach",
        _attach,
        "add columns of your own to an index, with one number for each cell",
        "nb101fast attach nasbench_full.nb101 latency.csv -o more.nb101 --unit latency_ms=ms",
    )
    command.add_argument("index", metavar="INDEX", help="the index file to read")
    command.add_argument(
        "table",
        metavar="TABLE",
        help="a CSV or Parquet file with a column hash, id or code and a column for each name; or "
        "a JSON file with a number, or an object of numbers by name, for each hash",
    )
    command.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="the index file to write"
    )
    command.add_argument(
        "--name", help="the name of the column, for a JSON file with a number for each hash"
    )
    command.add_argument(
        "--unit",
        action="append",
        default=[],
        metavar="NAME=UNIT",
        help="the unit of a column, such as latency_ms=ms; may be given for each column",
    )
    command.add_argument(
        "--description",
        action="append",
        default=[],
        metavar="NAME=TEXT",
        help="a line about a column; may be given for each column",
    )
    command.add_argument(
        "--replace",
        action="store_true",
        help="let a new column take the place of one that has its name",
    )
    command.add_argument(
        "--strict",
        action="store_true",
        help="refuse values of cells that the index lacks, which are otherwise counted",
    )

    command = add(
        "detach",
        _detach,
        "remove columns of your own from an index",
        "nb101fast detach more.nb101 latency_ms -o less.nb101",
    )
    command.add_argument("index", metavar="INDEX", help="the index file to read")
    command.add_argument("names", nargs="+", metavar="NAME", help="the name of a column")
    command.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="the index file to write"
    )

    command = add(
        "export",
        _export,
        "write the runs of an index in another format",
        "nb101fast export nasbench_full.nb101 -o nasbench_full.tfrecord\n"
        "         nb101fast export nasbench_full.nb101 -o nasbench_full.parquet",
    )
    command.add_argument("index", metavar="INDEX", help="the index file to read")
    command.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help=f"the file to write; its suffix decides the format: {', '.join(SUFFIXES)}",
    )
    command.add_argument(
        "--unmarked",
        action="store_true",
        help="write a TFRecord also if its values are not the official ones, which it can't say",
    )

    command = add(
        "synthetic",
        _synthetic,
        "write an index of all 423,624 cells with made-up values, for load tests",
        "nb101fast synthetic -o synthetic.nb101",
    )
    command.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="the index file to write"
    )
    command.add_argument(
        "--seed", type=int, default=0, help="decides the values (default: %(default)s)"
    )

    command = add(
        "verify",
        _verify,
        "check whether an index file is damaged",
        "nb101fast verify nasbench_full.nb101 --level sections",
    )
    command.add_argument("index", metavar="INDEX", help="the index file to check")
    command.add_argument(
        "--level",
        choices=VERIFY_LEVELS,
        default="full",
        help="check the header; also the checksums of all sections; or also the contents "
        "(default: %(default)s)",
    )

    command = add(
        "info",
        _info,
        "show what an index holds and where it came from",
        "nb101fast info nasbench_full.nb101",
    )
    command.add_argument(
        "index",
        metavar="INDEX",
        nargs="?",
        help="the index file (default: the one that $NB101FAST_INDEX names; else "
        "nasbench_full.nb101 or nasbench_only108.nb101 in the cache, which is $NB101FAST_CACHE or "
        "nb101fast in your cache folder; else the small built-in one, NB101-digits)",
    )
    command.add_argument("--json", action="store_true", help="print JSON")

    command = add(
        "query",
        _query,
        "print the accuracies and the training time of cells",
        "nb101fast query nasbench_full.nb101 28cfc7874f6d200472e1a9dcd8650aa0 --epochs 36",
    )
    command.usage = "nb101fast query [-h] [options] [INDEX] CELL [CELL ...]"
    command.add_argument(
        "cells",
        nargs="+",
        metavar="CELL",
        help=f"{FORMS}. The INDEX file may stand before the first CELL "
        "(default: the one that `nb101fast info` describes)",
    )
    command.add_argument(
        "--epochs",
        type=int,
        help="for how many epochs the cells were trained (default: the highest of the index)",
    )
    command.add_argument(
        "--stage",
        choices=STAGES,
        default="final",
        help="when the cells were evaluated in the training (default: %(default)s)",
    )
    command.add_argument(
        "--repeat",
        default="mean",
        help="the number of a run, from 0; or mean, all, or random (default: %(default)s)",
    )

    command = add(
        "fetch",
        _fetch,
        "download an official file and compile it into the cache, or download an index of it",
        "nb101fast fetch --only108",
    )
    command.add_argument(
        "--only108", action="store_true", help="fetch the file with the runs of 108 epochs only"
    )
    command.add_argument(
        "--from",
        dest="source",
        metavar="FILE",
        help="compile this local file, or download this URL",
    )
    command.add_argument(
        "--any",
        action="store_true",
        help="compile the local file of --from even if it is not the official one",
    )
    command.add_argument(
        "--force", action="store_true", help="fetch and compile even if the cache has the index"
    )
    command.add_argument(
        "--keep", action="store_true", help="keep the downloaded file beside the index"
    )
    command.add_argument(
        "--base-url",
        metavar="URL",
        help="the folder to download from (default: $NB101FAST_BASE_URL, else the official one)",
    )
    command.add_argument(
        "--index",
        metavar="URL",
        help="download this compiled index, a tenth of the official file, in its place",
    )
    command.add_argument(
        "--sha256", metavar="DIGITS", help="the SHA-256 that the index of --index must have"
    )

    command = add(
        "experiment",
        _experiment,
        "run optimizers many times on an index, and draw and tabulate their regret over time",
        "nb101fast experiment nasbench_full.nb101 --optimizers rs,re --runs 500 --budget 1e7 "
        "--out DIR\n\nIf it is interrupted, the same command continues it. A later command may ask "
        "for more runs\nor more optimizers.",
    )
    command.add_argument(
        "index",
        metavar="INDEX",
        nargs="?",
        help="the index to search (default: the one that `nb101fast info` describes)",
    )
    command.add_argument(
        "--optimizers",
        metavar="NAMES",
        help=f"names with commas between them, from {', '.join(OPTIMIZERS)}, or MODULE:CLASS for "
        "one of your own, in a module that Python can import from here (default: those of the "
        f"preset; {','.join(PRESETS['paper'].compared)} for the paper's)",
    )
    command.add_argument(
        "--runs",
        type=int,
        help=f"how many runs each optimizer makes (default: {PRESETS['paper'].runs}; "
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
    command.add_argument("--out", required=True, metavar="DIR", help="the folder to write to")
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
        help="how many processes or actors to use (default: one for each processor)",
    )

    command = add(
        "analyze",
        _analyze,
        "analyse an index as the paper does, and write a report with figures",
        "nb101fast analyze nasbench_full.nb101 --out DIR",
    )
    command.add_argument(
        "index",
        metavar="INDEX",
        nargs="?",
        help="the index to analyse (default: the one that `nb101fast info` describes)",
    )
    command.add_argument("--out", required=True, metavar="DIR", help="the folder to write to")

    add(
        "doctor",
        _doctor,
        "show versions, the instruction set, the cache, the index that is opened, and extras",
        "nb101fast doctor",
    )

    command = add(
        "explore",
        _explore,
        "show all cells of an index on a web page of this machine, until Ctrl-C; or write the page",
        "nb101fast explore\n         nb101fast explore nasbench_full.nb101 -o explorer",
    )
    command.add_argument(
        "index",
        nargs="?",
        metavar="INDEX",
        help="the index file (default: $NB101FAST_INDEX, one in the cache, or the built-in one)",
    )
    command.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="write the page into this folder, for any web server, and do not show it",
    )
    command.add_argument(
        "--no-browser", action="store_true", help="print the address, and start no browser"
    )

    add("demo", _demo, "compile, open and query the built-in index", "nb101fast demo")
    return line


def _compile(options: argparse.Namespace) -> None:
    report = compile(
        options.inputs,
        options.output,
        update=options.update,
        strict=options.strict,
        denominator=options.denominator,
        synthetic=options.synthetic,
        progress=True,
    )
    _print_report(report)


def _merge(options: argparse.Namespace) -> None:
    for path in options.inputs:
        open(path)  # an input of another kind is refused
    report = compile(options.inputs, options.output, progress=True)
    _print_report(report)


def _attach(options: argparse.Namespace) -> None:
    report = attach(
        options.index,
        options.table,
        options.output,
        name=options.name,
        units=_texts_by_name("--unit", options.unit),
        descriptions=_texts_by_name("--description", options.description),
        replace=options.replace,
        strict=options.strict,
    )
    print(f"{visible(report.output)}: {report.num_bytes / 1e3:,.0f} kB in {report.seconds:.1f} s")
    for name, cells in report.cells.items():
        print(f"  {name}: {cells:,} cells")
    if report.unknown:
        print(
            f"  values of cells that the index lacks: {report.unknown:,}, the first in "
            f"{visible(report.first_unknown)}"
        )


def _texts_by_name(option: str, pairs: Sequence[str]) -> dict[str, str]:
    """The texts that an option of the form NAME=TEXT gives."""
    for pair in pairs:
        if "=" not in pair:
            raise ValueError(f"{option} {pair!r} is not allowed; use NAME=TEXT")
    return dict(pair.split("=", 1) for pair in pairs)


def _detach(options: argparse.Namespace) -> None:
    detach(options.index, options.names, options.output)
    print(f"{visible(options.output)}: {os.path.getsize(options.output):,} bytes")


def _export(options: argparse.Namespace) -> None:
    export(options.index, options.output, unmarked=options.unmarked, progress=True)
    print(f"{visible(options.output)}: {os.path.getsize(options.output):,} bytes")


def _print_report(report: CompileReport) -> None:
    print(
        f"{visible(report.output)}: {report.cells:,} cells, {report.runs:,} runs, "
        f"{report.num_bytes / 1e3:,.0f} kB in {report.seconds:.1f} s"
    )
    for source in report.sources:
        name = visible(source.name)
        print(f"  from {name}: {source.records:,} records, SHA-256 {source.sha256}")
    if report.own_columns:
        print(f"  own columns: {', '.join(report.own_columns)}")
    for name in ("missing_cells", "missing_runs", "replaced_runs", "repeated_runs"):
        if count := getattr(report, name):
            print(f"  {name.replace('_', ' ')}: {count:,}")
    if report.wide_columns:
        print(
            "  columns whose values have more digits than in the official file: "
            f"{len(report.wide_columns)}; they take more room, and nothing is lost"
        )
    for sentence in sentences(report.findings.told(), report.records):
        print(f"  {visible(sentence)}")


def _synthetic(options: argparse.Namespace) -> None:
    synthetic.write_index(options.output, seed=options.seed, progress=True)
    print(repr(open(options.output)))


def _verify(options: argparse.Namespace) -> None:
    index = open(options.index, verify=options.level)
    print(
        f"{visible(options.index)}: sound ({options.level}); {len(index):,} cells, "
        f"{index.num_runs:,} runs"
    )


def _info(options: argparse.Namespace) -> None:
    index = _opened(options.index)
    if options.json:
        print(json.dumps(facts_of(index.reader), indent=2))
    else:
        print(describe(index.reader, options.index))


def _opened(path: str | None) -> Index:
    """The index of a command that has a default one. It is told if that is the built-in one."""
    chosen = chosen_index() if path is None else path
    if chosen is None:
        tell(_BUILT_IN_IS_OPENED, "warning")
    return open(BUILT_IN if chosen is None else chosen)


def _query(options: argparse.Namespace) -> None:
    path, cells = _index_and_cells(options.cells)
    index = _opened(path)
    repeat = int(options.repeat) if options.repeat.isdecimal() else options.repeat
    if index.is_synthetic:
        tell("synthetic values, made up for load tests", "warning")
    epochs = index.epochs[-1] if options.epochs is None else options.epochs
    missing = []
    for text in cells:
        chosen = _cell_named(text)
        values = index.query(**chosen, epochs=epochs, stage=options.stage, repeat=repeat)
        if _has_run(index, chosen, epochs, repeat):
            means = () if repeat != "mean" else METRICS
            print(text, *(f"{name}={_shown(v, name in means)}" for name, v in values.items()))
        else:
            missing.append(text)
    if missing:
        runs = f"run {repeat}" if isinstance(repeat, int) else "run"
        raise NotInIndexError(
            f"{path or index.path} has no {runs} at {epochs} epochs of {', '.join(missing)}"
        )


def _index_and_cells(texts: Sequence[str]) -> tuple[str | None, Sequence[str]]:
    """The index of the command line, None for the default, and the names of the cells."""
    first, *others = texts
    if not first.endswith(_SUFFIX) and not os.path.exists(first):
        return None, texts
    if not others:
        raise ValueError(f"no cells after the index {first!r}; give {FORMS}")
    return first, others


def _has_run(index: Index, chosen: dict[str, Any], epochs: int, repeat: int | str) -> bool:
    """Whether the index has that run of the one cell, or any run where none is named."""
    reader = index.reader
    row = int(reader.rows_of(choose_cells(reader, **chosen).ids)[0])
    count = int(reader.run_counts(epochs)[row]) if row >= 0 else 0
    return count > (repeat if isinstance(repeat, int) else 0)


def _shown(values: Any, is_mean: bool) -> str:
    """All digits that the values have: a mean is a float32, all else a double."""
    kind = np.float32 if is_mean else np.float64
    doubles = np.atleast_1d(values)
    return ",".join(np.format_float_positional(kind(value), trim="-") for value in doubles)


def _cell_named(text: str) -> dict[str, Any]:
    """The cell of a command line as `Index.query` takes it."""
    if form_of_text(text) == "hash":  # An index finds a hash sooner than the whole space does.
        return {"hashes": text}
    return {"codes": cell_of_text(text)}


def _fetch(options: argparse.Namespace) -> None:
    if (options.index is None) != (options.sha256 is None):
        raise ValueError("--index URL and --sha256 DIGITS go together; give both or neither")
    try:
        path = _fetch_file(options) if options.index is None else _fetch_index(options)
    except KeyboardInterrupt:
        raise InterruptedError(
            "interrupted; what was downloaded is kept, and the same command goes on from there"
        ) from None
    index = open(path)
    print(
        f"{visible(str(path))}: {len(index):,} cells, {index.num_runs:,} runs; "
        "nb101fast.open() opens it"
    )


def _which(options: argparse.Namespace) -> Which:
    return "only108" if options.only108 else "full"


def _fetch_file(options: argparse.Namespace) -> Path:
    return fetch(
        _which(options),
        source=options.source,
        base_url=options.base_url,
        accept_any=options.any,
        force=options.force,
        keep_tfrecord=options.keep,
        progress=True,
    )


def _fetch_index(options: argparse.Namespace) -> Path:
    of_the_official_file = {
        "--from": options.source,
        "--base-url": options.base_url,
        "--any": options.any,
        "--keep": options.keep,
    }
    if given := [name for name, value in of_the_official_file.items() if value]:
        raise ValueError(f"{given[0]} is not allowed with --index; leave out one of the two")
    return fetch_index(
        options.index, options.sha256, _which(options), force=options.force, progress=True
    )


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


def _experiment(options: argparse.Namespace) -> None:
    from .experiment import run_experiment

    try:
        report = run_experiment(
            _opened(options.index),
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
        f"{report.plan.results.__name__.lower()}.parquet and others"
    )


def _analyze(options: argparse.Namespace) -> None:
    from .analysis import analyze

    report = analyze(_opened(options.index), options.out, progress=True)
    path = visible(str(report.path))
    print(f"{path}: open it in a browser; beside it {len(report.files) - 1} files")


def _doctor(options: argparse.Namespace) -> None:
    print(diagnosis())


def _explore(options: argparse.Namespace) -> None:
    import webbrowser

    from . import explorer

    index = _opened(options.index)
    if options.output is not None:
        explorer.write(index, options.output)
        print(f"{options.output}: the page of {visible(os.path.basename(index.path))}")
        return
    with explorer.Exploration(index) as page, contextlib.suppress(KeyboardInterrupt):
        print(f"{page.address} shows {visible(os.path.basename(index.path))} until Ctrl-C")
        sys.stdout.flush()
        if not options.no_browser:
            webbrowser.open(page.address)
        page.wait()


def _demo(options: argparse.Namespace) -> None:
    run_demo()


if __name__ == "__main__":
    sys.exit(main())
