"""Official TFRecord files, and other forms of runs, to an index."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from . import _core
from .index import FormatError, Index, checked_name
from .index import open as open_index
from .inputs import Meter, Progress, Source, estimated_records, read_input

UPDATE_RULE = "a new run takes the place of the old one of its cell, epochs and repeat"


@dataclass(frozen=True)
class Findings:
    """What a compilation found worth telling, though it was kept: how many, and the first."""

    other_parameters: tuple[int, str]
    odd_accuracies: tuple[int, str]
    odd_times: tuple[int, str]
    unknown_fields: tuple[int, str]

    def told(self) -> dict[str, tuple[int, str]]:
        """Those that there are, by a name for people."""
        return {
            name.replace("_", " "): (count, first)
            for name, (count, first) in vars(self).items()
            if count
        }


@dataclass(frozen=True)
class CompileReport:
    """What `compile` read and wrote."""

    output: str
    num_bytes: int
    records: int
    cells: int
    runs: int
    missing_runs: int
    replaced_runs: int
    repeated_runs: int
    denominator: int | None
    official_order: bool
    wide_columns: tuple[str, ...]
    findings: Findings
    sources: tuple[Source, ...]
    seconds: float

    @property
    def missing_cells(self) -> int:
        """How many of the 423,624 cells have no run at all."""
        return _core.NUM_CELLS - self.cells


def compile(
    inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str] | None = None,
    *,
    update: str | os.PathLike[str] | Index | None = None,
    strict: bool = False,
    denominator: int | None = None,
    synthetic: bool = False,
    training: Mapping[str, Any] | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> CompileReport:
    """Compile runs into an index file, written atomically.

    Args:
        inputs: a file, or several: official TFRecords (plain or gzip), result shards, indexes,
            Parquet, JSON; told by their contents. The r-th record of a cell and budget becomes
            its repeat r.
        output: the index file; replaced only when the new one is complete and on disk. None with
            `update`: the index that is updated.
        update: an index whose runs stay, unless a new one takes the place of the old one of its
            cell, epochs and repeat. The old sources are not needed.
        strict: refuse what else is only reported: findings, repeats that some cells lack, runs
            that are there twice.
        denominator: of the accuracies (9984 in the official files); None finds it.
        synthetic: mark the values as made up, as of `synthetic.write_tfrecord`.
        training: how the runs were trained, as JSON has it; kept in the provenance.
        threads: to parse with; None for all processors.
        progress: called with the bytes done and the bytes in all.

    Raises:
        FormatError: a damaged record: which file, which record, which byte; or, strictly, what
            was found. Nothing is written.

    Example:
        >>> nb101fast.compile("nasbench_full.tfrecord", "nasbench_full.nb101").cells
        423624
        >>> nb101fast.compile("retrained.tfrecord", update="nasbench_full.nb101").replaced_runs
        12
    """
    began = time.monotonic()
    if denominator is not None and not 1 <= denominator <= _core.MAX_DENOMINATOR:
        raise ValueError(f"denominator={denominator}; 1 to {_core.MAX_DENOMINATOR} are allowed")
    if threads is not None and threads < 1:
        raise ValueError(f"threads={threads}; 1 or more are allowed")
    paths = _paths(inputs)
    base = update if update is None or isinstance(update, Index) else _open_base(update)
    target = _target(paths, output, base)
    table = _core.RunTable()
    table.reserve(sum(map(estimated_records, paths)))
    meter = Meter(sum(map(os.path.getsize, paths)), progress)
    workers = threads or os.cpu_count() or 1
    sources = tuple(read_input(table, path, workers, meter) for path in paths)
    assembly = _core.IndexAssembly(table, base._file if base else None, workers)
    findings = Findings(**table.findings)
    if strict:
        _refuse(paths, findings, assembly.summary)
    provenance = _provenance(sources, base, findings, assembly.summary, synthetic, training)
    written = assembly.write(target, json.dumps(provenance), denominator or 0)
    return CompileReport(
        output=target,
        records=sum(source.records for source in sources),
        findings=findings,
        sources=sources,
        seconds=time.monotonic() - began,
        denominator=written.pop("denominator") or None,
        **written,
        **assembly.summary,
    )


def _open_base(path: str | os.PathLike[str]) -> Index:
    return open_index(path, verify="sections")  # its values go into the new index


def _provenance(
    sources: tuple[Source, ...],
    base: Index | None,
    findings: Findings,
    summary: dict[str, Any],
    synthetic: bool,
    training: Mapping[str, Any] | None,
) -> dict[str, Any]:
    is_synthetic = synthetic or any(source.synthetic for source in sources)
    marks: dict[str, Any] = {}
    trainings = [dict(training)] if training else []
    listed = [asdict(source) for source in sources]
    if base:
        is_synthetic = is_synthetic or base.is_synthetic
        before = base.provenance
        trainings = before.get("training", []) + trainings
        listed = before.get("sources", []) + listed
        marks["update"] = {
            "of": os.path.basename(base.path),
            "created": before.get("created"),
            "rule": UPDATE_RULE,
            "kept_runs": base.num_runs - summary["replaced_runs"],
            "replaced_runs": summary["replaced_runs"],
            "added_runs": summary["runs"] - base.num_runs,
        }
    if trainings:
        marks["training"] = trainings
    return make_provenance(listed, findings=findings, synthetic=is_synthetic, **marks)


def make_provenance(
    sources: list[dict[str, Any]],
    *,
    findings: Findings | None = None,
    synthetic: bool = False,
    **more: Any,
) -> dict[str, Any]:
    """What an index says of its origin. `$SOURCE_DATE_EPOCH` fixes the time."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    if fixed and not fixed.isdecimal():
        raise ValueError(f"$SOURCE_DATE_EPOCH is {fixed!r}; seconds since 1970 are allowed")
    seconds = float(fixed or time.time())
    created = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return {
        "tool": "nb101fast",
        "version": _core.__version__,
        "created": created.isoformat(timespec="seconds"),
        "sources": sources,
        **({"findings": findings.told()} if findings else {}),
        **({"synthetic": True} if synthetic else {}),
        **more,
    }


def _refuse(paths: list[str], findings: Findings, summary: dict[str, Any]) -> None:
    """Raise FormatError for what a strict compilation does not take."""
    faults = [f"{name}: {count}, first {first}" for name, (count, first) in findings.told().items()]
    for name in ("missing_runs", "repeated_runs"):
        if summary[name]:
            faults.append(f"{name.replace('_', ' ')}: {summary[name]}")
    if faults:
        raise FormatError(f"{', '.join(paths)}: refused, being strict: {'; '.join(faults)}")


def _paths(inputs: Any) -> list[str]:
    if isinstance(inputs, (str, os.PathLike)):
        inputs = [inputs]
    paths = [checked_name(path) for path in inputs]
    if not paths:
        raise ValueError("inputs are empty; one file or more are allowed")
    return paths


def _target(paths: list[str], output: str | os.PathLike[str] | None, base: Index | None) -> str:
    if output is None and base is None:
        raise ValueError("output is missing; only with update= there is a default")
    target = checked_name(output if output is not None else base.path if base else "")
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            if os.path.samefile(path, target):
                raise ValueError(f"output {target!r} is the input {path!r}")
    if os.path.exists(target) and not (os.path.isfile(target) or os.path.isdir(target)):
        raise ValueError(f"output {target!r} is not a regular file")
    folder = os.path.dirname(os.path.abspath(target))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"output {target!r}: there is no folder {folder!r}")
    return target
