"""The command line: exit status 0 done, 1 the data is at fault, 2 the command is."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from . import synthetic
from .cell import Cell, OutOfDomainError
from .codes import checked_code
from .commands import CommandLine
from .compiler import CompileReport, compile
from .demo import run_demo
from .description import describe, facts_of
from .exporter import export
from .fetch import fetch
from .index import METRICS, STAGES, VERIFY_LEVELS, FormatError, open
from .progress import ProgressBar
from .search import OPTIMIZERS, PRESETS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    return _command_line().run(
        arguments,
        data_faults=(FormatError, OutOfDomainError),
        command_faults=(OSError, ValueError, IndexError, ImportError),
    )


def _command_line() -> CommandLine:
    line = CommandLine("nb101fast", "NAS-Bench-101 at the speed of memory.")
    add = line.add

    command = add(
        "compile",
        _compile,
        "compile official TFRecord files, or other forms of runs, into an index",
        "nb101fast compile nasbench_full.tfrecord -o nasbench_full.nb101\n"
        "         nb101fast compile --update nasbench_full.nb101 retrained-*.tfrecord",
    )
    command.add_argument(
        "inputs", nargs="+", metavar="IN", help="TFRecord (plain or gzip), index, Parquet or JSON"
    )
    command.add_argument(
        "-o", "--output", metavar="OUT", help="the index file (default with --update: OLD)"
    )
    command.add_argument(
        "--update", metavar="OLD", help="an index to which runs are added, or in which replaced"
    )
    command.add_argument("--strict", action="store_true", help="refuse what else is only reported")
    command.add_argument(
        "--denominator", type=int, metavar="D", help="of the accuracies (default: found)"
    )
    command.add_argument(
        "--synthetic", action="store_true", help="mark the values as made up for load tests"
    )

    command = add(
        "merge",
        _merge,
        "merge indexes into one",
        "nb101fast merge part-0.nb101 part-1.nb101 -o whole.nb101",
    )
    command.add_argument("inputs", nargs="+", metavar="INDEX")
    command.add_argument("-o", "--output", required=True, metavar="OUT", help="the index file")

    command = add(
        "export",
        _export,
        "write the records of an index as a TFRecord of the official format",
        "nb101fast export nasbench_full.nb101 -o nasbench_full.tfrecord",
    )
    command.add_argument("index", metavar="INDEX")
    command.add_argument("-o", "--output", required=True, metavar="OUT", help="the TFRecord file")

    command = add(
        "synthetic",
        _synthetic,
        "write an index of made-up values of the whole space",
        "nb101fast synthetic -o synthetic.nb101",
    )
    command.add_argument("-o", "--output", required=True, metavar="OUT", help="the index file")
    command.add_argument("--seed", type=int, default=0, help="of the values (default: 0)")

    command = add(
        "verify",
        _verify,
        "check an index",
        "nb101fast verify nasbench_full.nb101 --level sections",
    )
    command.add_argument("index", metavar="INDEX")
    command.add_argument(
        "--level", choices=VERIFY_LEVELS, default="full", help="how thoroughly (default: full)"
    )

    command = add("info", _info, "say what an index holds", "nb101fast info nasbench_full.nb101")
    command.add_argument("index", metavar="INDEX", nargs="?")
    command.add_argument("--json", action="store_true", help="as JSON")

    command = add(
        "query",
        _query,
        "print the metrics of cells",
        "nb101fast query nasbench_full.nb101 28cfc7874f6d200472e1a9dcd8650aa0 --epochs 36",
    )
    command.add_argument("index", metavar="INDEX")
    command.add_argument("cells", nargs="+", metavar="CELL", help="a hash, id:NUMBER or a code")
    command.add_argument("--epochs", type=int, default=108, help="the budget (default: 108)")
    command.add_argument("--stage", choices=STAGES, default="final", help="default: final")
    command.add_argument("--repeat", default="mean", help="0..R-1, mean or random (default: mean)")

    command = add(
        "fetch",
        _fetch,
        "download an official file and compile it into the cache",
        "nb101fast fetch --only108",
    )
    command.add_argument("--only108", action="store_true", help="the 108-epoch runs alone")
    command.add_argument(
        "--from", dest="source", metavar="FILE", help="a file that is here, or another URL"
    )
    command.add_argument(
        "--any", action="store_true", help="compile FILE whatever its SHA-256, and say so"
    )
    command.add_argument("--force", action="store_true", help="where there is an index too")
    command.add_argument("--keep", action="store_true", help="keep the downloaded file too")
    command.add_argument(
        "--base-url", metavar="URL", help="download from here (default: $NB101FAST_BASE_URL)"
    )

    command = add(
        "experiment",
        _experiment,
        "run optimizers many times on an index, and sum up and draw how they did",
        "nb101fast experiment nasbench_full.nb101 --optimizers rs,re --runs 500 --budget 1e7 "
        "--out DIR\n\nThe same command goes on where it was interrupted; with more runs, from "
        "those that are there.",
    )
    command.add_argument("index", metavar="INDEX", nargs="?", help="default: as `info` without one")
    command.add_argument(
        "--optimizers",
        default="rs,re",
        metavar="NAMES",
        help=f"of {', '.join(OPTIMIZERS)}; default: rs,re",
    )
    command.add_argument("--runs", type=int, default=500, help="of each (default: 500)")
    command.add_argument(
        "--budget",
        type=float,
        default=1e7,
        metavar="SECONDS",
        help="simulated seconds of training that each run may spend (default: 1e7)",
    )
    command.add_argument("--out", required=True, metavar="DIR", help="the experiment's folder")
    command.add_argument("--seed", type=int, default=0, help="default: 0")
    command.add_argument(
        "--preset",
        choices=tuple(PRESETS),
        default="paper",
        help="protocol and settings (default: paper)",
    )
    command.add_argument(
        "--record",
        choices=("incumbents", "everything"),
        default="incumbents",
        help="what trajectories.parquet holds (default: incumbents)",
    )
    command.add_argument("--workers", type=int, help="processes (default: as many as processors)")

    command = add(
        "analyze",
        _analyze,
        "analyse an index as the paper did, and write a report",
        "nb101fast analyze nasbench_full.nb101 --out DIR",
    )
    command.add_argument("index", metavar="INDEX", nargs="?", help="default: as `info` without one")
    command.add_argument("--out", required=True, metavar="DIR", help="folder of the report")

    add("demo", _demo, "compile, open and query the built-in index", "nb101fast demo")
    return line


def _compile(options: argparse.Namespace) -> None:
    with ProgressBar("compiling") as bar:
        report = compile(
            options.inputs,
            options.output,
            update=options.update,
            strict=options.strict,
            denominator=options.denominator,
            synthetic=options.synthetic,
            progress=bar,
        )
    _print_report(report)


def _merge(options: argparse.Namespace) -> None:
    for path in options.inputs:
        open(path)  # an input of another kind is refused
    with ProgressBar("merging") as bar:
        report = compile(options.inputs, options.output, progress=bar)
    _print_report(report)


def _export(options: argparse.Namespace) -> None:
    with ProgressBar("exporting") as bar:
        export(options.index, options.output, progress=bar)
    print(f"{options.output}: {os.path.getsize(options.output):,} bytes")


def _print_report(report: CompileReport) -> None:
    print(
        f"{report.output}: {report.cells:,} cells, {report.runs:,} runs, "
        f"{report.num_bytes / 1e6:.1f} MB in {report.seconds:.1f} s"
    )
    for source in report.sources:
        print(f"  from {source.name}: {source.records:,} records, SHA-256 {source.sha256}")
    for name in ("missing_cells", "missing_runs", "replaced_runs", "repeated_runs"):
        if count := getattr(report, name):
            print(f"  {name.replace('_', ' ')}: {count:,}")
    if report.wide_columns:
        print(f"  stored wide: {len(report.wide_columns)} columns, first {report.wide_columns[0]}")
    for name, (count, first) in report.findings.told().items():
        print(f"  {name}: {count:,}, first {first}")


def _synthetic(options: argparse.Namespace) -> None:
    with ProgressBar("making a synthetic index") as bar:
        synthetic.write_index(options.output, seed=options.seed, progress=bar)
    print(repr(open(options.output)))


def _verify(options: argparse.Namespace) -> None:
    index = open(options.index, verify=options.level)
    print(
        f"{options.index}: sound ({options.level}); {len(index):,} cells, {index.num_runs:,} runs"
    )


def _info(options: argparse.Namespace) -> None:
    index = open(options.index)
    print(json.dumps(facts_of(index), indent=2) if options.json else describe(index))


def _query(options: argparse.Namespace) -> None:
    index = open(options.index)
    repeat = int(options.repeat) if options.repeat.isdecimal() else options.repeat
    if index.is_synthetic:
        print("synthetic values, made up for load tests", file=sys.stderr)
    for text in options.cells:
        values = index.query(
            _cell_from(text), epochs=options.epochs, stage=options.stage, repeat=repeat
        )
        print(text, *(f"{metric}={values[metric]:.10g}" for metric in METRICS))


def _cell_from(text: str) -> Any:
    if text.startswith("id:") and text[3:].isdecimal():
        return Cell.from_id(int(text[3:]))
    if text.isdecimal() and len(text) < 32:
        return checked_code(int(text))
    return text


def _fetch(options: argparse.Namespace) -> None:
    try:
        with ProgressBar("fetching") as bar:
            path = fetch(
                "only108" if options.only108 else "full",
                source=options.source,
                base_url=options.base_url,
                accept_any=options.any,
                force=options.force,
                keep_tfrecord=options.keep,
                progress=bar,
            )
    except KeyboardInterrupt:
        raise InterruptedError(
            "interrupted; what was downloaded is kept, and the same command goes on from there"
        ) from None
    index = open(path)
    print(f"{path}: {len(index):,} cells, {index.num_runs:,} runs; nb101fast.open() opens it")


def _experiment(options: argparse.Namespace) -> None:
    from .experiment import run_experiment

    try:
        with ProgressBar("running") as bar:
            report = run_experiment(
                open(options.index),
                options.out,
                optimizers=options.optimizers.split(","),
                runs=options.runs,
                budget_seconds=options.budget,
                seed=options.seed,
                preset=options.preset,
                record=options.record,
                workers=options.workers,
                progress=bar,
            )
    except KeyboardInterrupt:
        raise InterruptedError(
            "interrupted; the runs that ended are kept, and the same command goes on from there"
        ) from None
    print(report.markdown())
    print(f"\n{report.folder}: regret.png and .svg, summary.csv, trajectories.parquet, ..")


def _analyze(options: argparse.Namespace) -> None:
    from .analysis import analyze

    with ProgressBar("analysing") as bar:
        report = analyze(open(options.index), options.out, progress=bar)
    print(f"{report.path}: open it in a browser; beside it {len(report.files) - 1} files")


def _demo(options: argparse.Namespace) -> None:
    run_demo()


if __name__ == "__main__":
    sys.exit(main())
