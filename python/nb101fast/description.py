"""What an index holds, as text for people and as facts for programs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ._core import visible
from .findings import sentences
from .ids import NUM_CELLS
from .measurement import METRICS
from .phrases import counted
from .provenance import Marks
from .reader import IndexReader


def facts_of(reader: IndexReader) -> dict[str, Any]:
    """The facts that `nb101fast info --json` prints."""
    return {
        "path": reader.path,
        "bytes": os.path.getsize(reader.path),
        "synthetic": reader.is_synthetic,
        "cells": len(reader),
        "runs": reader.num_runs,
        "epochs": list(reader.epochs),
        "repeats": list(reader.repeats),
        "denominator": reader.denominator,
        "own_columns": [
            {"name": name, "unit": label.unit, "description": label.description}
            for name, label in reader.own_columns.items()
        ],
        "provenance": reader.provenance,
        "sections": [
            {"name": name, "dtype": str(dtype), "offset": offset, "bytes": size}
            for name, dtype, offset, size in reader.sections
        ],
    }


def describe(reader: IndexReader, name: str | None = None) -> str:
    """The lines that `nb101fast info` prints: contents, origin, ranges of values, sizes.

    Args:
        reader: the index.
        name: how the user names its file, which the first line says; None for the path.
    """
    return "\n".join((visible(name or reader.path), *_lines(reader)))


def _lines(reader: IndexReader) -> Iterator[str]:
    if reader.is_synthetic:
        yield "  SYNTHETIC: its values are made up for load tests, not measured"
    yield f"  {len(reader):,} of {NUM_CELLS:,} cells, {counted(reader.num_runs, 'run')}"
    yield from map(visible, _origin(reader.provenance, reader.num_runs))
    yield ""
    yield f"  {'epochs':>6} {'repeats':>7} {'runs':>11}   " + "".join(
        f"{metric.replace('_', ' '):>24}" for metric in METRICS
    )
    for epochs, repeats in zip(reader.epochs, reader.repeats, strict=True):
        runs = int(reader.run_counts(epochs).sum(dtype=np.int64))
        ranges = "".join(f"{_range(reader, metric, epochs):>24}" for metric in METRICS)
        yield f"  {epochs:6} {repeats:7} {runs:11,}   {ranges}"
    if reader.own_columns:
        yield ""
        yield from map(visible, _own_columns(reader))
    yield ""
    sizes = _sizes(reader)
    for name, size, sections in sizes:
        if size:
            yield f"  {name:28} {size:13,} bytes, sections: {sections}"
    constant = [name for name, size, _ in sizes if not size]
    if constant:
        yield f"  constant, so not stored: {', '.join(constant)}"
    yield f"  {'the whole file':28} {os.path.getsize(reader.path):13,} bytes"


def _own_columns(reader: IndexReader) -> Iterator[str]:
    """A line for each own column: how many cells have a value, its range and its description."""
    for name, label in reader.own_columns.items():
        values = reader.own_column(name).values
        values = values[~np.isnan(values)]
        span = f", {values.min():.6g} .. {values.max():.6g}" if len(values) else ""
        unit = f" {label.unit}" if span and label.unit else ""
        description = f": {label.description}" if label.description else ""
        yield f"  own column {name}, {counted(len(values), 'cell')}{span}{unit}{description}"


def _origin(provenance: dict[str, Any], num_runs: int) -> Iterator[str]:
    tool, version = provenance.get("tool", "?"), provenance.get("version", "?")
    yield f"  made by {tool} {version} on {provenance.get('created', '?')}"
    for source in provenance.get("sources", []):
        name, sha256 = source.get("name", "?"), source.get("sha256", "?")
        within = f", within {source['within']}" if "within" in source else ""
        yield f"  from {name}{within}: {source.get('num_bytes', 0):,} bytes, SHA-256 {sha256}"
    for dataset in Marks.of(provenance).datasets:
        yield f"  trained on {dataset}"
    if update := provenance.get("update"):
        yield (
            f"  last updated: {counted(update['replaced_runs'], 'run')} replaced, "
            f"{update['added_runs']:,} added"
        )
    for sentence in sentences(provenance.get("findings", {}), num_runs):
        yield f"  {sentence}"


def _range(reader: IndexReader, metric: str, epochs: int) -> str:
    """The least and the greatest final value of the first repeat."""
    measurement = reader.measurement(metric, epochs=epochs, stage="final", repeat=0)
    values = reader.values(measurement)
    values = values[~np.isnan(values)]
    digits = 1 if metric == "training_time" else 4
    return f"{values.min():.{digits}f} .. {values.max():.{digits}f}" if len(values) else "-"


def _sizes(reader: IndexReader) -> list[tuple[str, int, int]]:
    """Kind, bytes and number of sections, the largest kind first.

    Sections may share bytes of the file, which count once.
    """
    places: dict[str, dict[int, int]] = {}
    numbers: dict[str, int] = {}
    seen: set[int] = set()
    for text, _, offset, size in reader.sections:
        name = re.sub(r"^section (column )?| (of repeat|at budget) .*$", "", text)
        numbers[name] = numbers.get(name, 0) + 1
        if offset not in seen:
            places.setdefault(name, {})[offset] = size
        seen.add(offset)
    sizes = [(name, sum(places.get(name, {}).values()), count) for name, count in numbers.items()]
    return sorted(sizes, key=lambda row: -row[1])
