"""The runs of all optimizers in one Parquet file."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .._core import AtomicFile
from ..search import Trajectories, join
from ..tables import import_library
from .folder import Folder
from .plan import Plan

if TYPE_CHECKING:
    import pyarrow

_RUNS_IN_A_GROUP = 64  # of Parquet rows, so that equal runs are equal files


def write_trajectories(plan: Plan, folder: Folder) -> dict[str, Trajectories]:
    """Write trajectories.parquet; returns the incumbents by optimizer.

    Its columns: `optimizer` (a dictionary), and those of `Trajectories.to_arrow`. Some runs at a
    time are in memory.
    """
    parquet = import_library("pyarrow.parquet")
    file = AtomicFile(str(folder.path / "trajectories.parquet"))
    incumbents: dict[str, list[Trajectories]] = {name: [] for name in plan.optimizers}
    groups = (group for name in plan.optimizers for group in _groups(folder.parts(plan, name)))
    first = next(groups)
    schema = _rows(first, plan).schema
    with parquet.ParquetWriter(file.temporary, schema, compression="zstd") as writer:
        for group in itertools.chain([first], groups):
            rows = _rows(group, plan)
            writer.write_table(rows, max(1, rows.num_rows))
            incumbents[group.optimizer].append(replace(group, evaluations=None))
    file.commit()
    return {name: join(parts) for name, parts in incumbents.items()}


def _groups(parts: Iterable[Trajectories]) -> Iterator[Trajectories]:
    """The same runs, all of a group of rows at a time; no part belongs to two."""
    for _, group in itertools.groupby(parts, lambda part: part.first_run // _RUNS_IN_A_GROUP):
        yield join(list(group))


def _rows(group: Trajectories, plan: Plan) -> pyarrow.Table:
    arrow = import_library("pyarrow")
    rows = group.to_arrow()
    names = list(plan.optimizers)
    numbers = np.full(rows.num_rows, names.index(group.optimizer), np.int32)
    column = arrow.DictionaryArray.from_arrays(numbers, names)
    return rows.replace_schema_metadata(None).add_column(0, "optimizer", column)
