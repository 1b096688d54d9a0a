"""What an index holds, for people and for programs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from .codes import NUM_CELLS, cell_codes
from .index import METRICS, Index


def facts_of(index: Index) -> dict[str, Any]:
    """Everything that `info --json` tells."""
    return {
        "path": index.path,
        "bytes": os.path.getsize(index.path),
        "synthetic": index.is_synthetic,
        "cells": len(index),
        "runs": index.num_runs,
        "epochs": list(index.epochs),
        "repeats": list(index.repeats),
        "denominator": index.denominator,
        "provenance": index.provenance,
        "sections": [
            {"name": name, "dtype": str(dtype), "offset": offset, "bytes": size}
            for name, dtype, offset, size in index.sections
        ],
    }


def describe(index: Index) -> str:
    """Several lines for a person: what the index holds, from where, ranges and sizes."""
    return "\n".join(_lines(index))


def _lines(index: Index) -> Iterator[str]:
    yield index.path
    if index.is_synthetic:
        yield "  SYNTHETIC: its values are made up for load tests, not measured"
    yield f"  {len(index):,} of {NUM_CELLS:,} cells, {index.num_runs:,} runs"
    yield from _origin(index.provenance)
    yield ""
    yield f"  {'epochs':>6} {'repeats':>7} {'runs':>11}   " + "".join(
        f"{metric.replace('_', ' '):>24}" for metric in METRICS
    )
    for epochs, repeats in zip(index.epochs, index.repeats, strict=True):
        runs = int(index.run_counts(epochs=epochs).sum(dtype=np.int64))
        ranges = "".join(f"{_range(index, metric, epochs):>24}" for metric in METRICS)
        yield f"  {epochs:6} {repeats:7} {runs:11,}   {ranges}"
    yield ""
    sizes = _sizes(index)
    for name, size, sections in sizes:
        if size:
            yield f"  {name:28} {size:13,} bytes, sections: {sections}"
    constant = [name for name, size, _ in sizes if not size]
    if constant:
        yield f"  constant, so not stored: {', '.join(constant)}"
    yield f"  {'the whole file':28} {os.path.getsize(index.path):13,} bytes"


def _origin(provenance: dict[str, Any]) -> Iterator[str]:
    tool, version = provenance.get("tool", "?"), provenance.get("version", "?")
    yield f"  made by {tool} {version} on {provenance.get('created', '?')}"
    for source in provenance.get("sources", []):
        yield f"  from {source['name']}: {source['num_bytes']:,} bytes, SHA-256 {source['sha256']}"
    for training in provenance.get("training", []):
        yield f"  trained on {training.get('dataset', '?')} by nb101train"
    if update := provenance.get("update"):
        yield (
            f"  last updated: {update['replaced_runs']:,} runs replaced, "
            f"{update['added_runs']:,} added"
        )
    for name, (count, first) in provenance.get("findings", {}).items():
        yield f"  {name}: {count:,}, first {first}"


def _range(index: Index, metric: str, epochs: int) -> str:
    """The least and the greatest of the final values of the first repeat."""
    objective = index.objective(metric, epochs=epochs, repeat=0)
    values = objective(cell_codes()[index.cells])
    values = values[~np.isnan(values)]
    digits = 1 if metric == "training_time" else 4
    return f"{values.min():.{digits}f} .. {values.max():.{digits}f}" if len(values) else "-"


def _sizes(index: Index) -> list[tuple[str, int, int]]:
    """(kind of section, bytes, number), the largest first; shared places count once."""
    places: dict[str, dict[int, int]] = {}
    numbers: dict[str, int] = {}
    seen: set[int] = set()
    for text, _, offset, size in index.sections:
        name = re.sub(r"^section (column )?| (of repeat|at budget) .*$", "", text)
        numbers[name] = numbers.get(name, 0) + 1
        if offset not in seen:
            places.setdefault(name, {})[offset] = size
        seen.add(offset)
    sizes = [(name, sum(places.get(name, {}).values()), count) for name, count in numbers.items()]
    return sorted(sizes, key=lambda row: -row[1])
