"""The runs of all optimizers in one Parquet file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..arrow_columns import array_of, array_of_texts
from ..extras import import_extra
from ..parquet_file import parquet_writer
from ..search import OptimizerRuns, Trajectories
from ..whole_file import WholeFile
from .folder import Folder
from .plan import ExperimentPlan

if TYPE_CHECKING:
    import pyarrow

_RUNS_IN_A_GROUP = 64  # fixed, so that equal runs give equal files


def write_trajectories(plan: ExperimentPlan, folder: Folder) -> dict[str, OptimizerRuns]:
    """Write trajectories.parquet or fronts.parquet, and return the incumbents by optimizer.

    The columns are `optimizer` (a dictionary) and those of `Trajectories.to_arrow` or
    `Fronts.to_arrow`. Only some runs are in memory at a time.
    """
    incumbents: dict[str, list[OptimizerRuns]] = {name: [] for name in plan.optimizers}
    groups = (group for name in plan.optimizers for group in _groups(plan, folder, name))
    first = next(groups)
    schema = _rows(first, plan).schema
    with (
        WholeFile(folder.path / plan.results_name, follows_links=False) as file,
        parquet_writer(file, schema) as writer,
    ):
        for group in itertools.chain([first], groups):
            rows = _rows(group, plan)
            writer.write_table(rows, max(1, rows.num_rows))
            incumbents[group.optimizer].append(_incumbents_of(group))
    return {name: plan.results.joined(parts) for name, parts in incumbents.items()}


def _incumbents_of(group: OptimizerRuns) -> OptimizerRuns:
    return replace(group, evaluations=None) if isinstance(group, Trajectories) else group


def _groups(plan: ExperimentPlan, folder: Folder, optimizer: str) -> Iterator[OptimizerRuns]:
    """Join the parts of each group of rows. Each part belongs to one group."""
    parts = folder.parts(plan, optimizer)
    for _, group in itertools.groupby(parts, lambda part: part.first_run // _RUNS_IN_A_GROUP):
        yield plan.results.joined(list(group))


def _rows(group: OptimizerRuns, plan: ExperimentPlan) -> pyarrow.Table:
    arrow = import_extra("pyarrow", extra="arrow")
    rows = group.to_arrow()
    names = list(plan.optimizers)
    numbers = np.full(rows.num_rows, names.index(group.optimizer), np.int32)
    column = arrow.DictionaryArray.from_arrays(array_of(numbers), array_of_texts(names))
    return rows.replace_schema_metadata(None).add_column(0, "optimizer", column)
