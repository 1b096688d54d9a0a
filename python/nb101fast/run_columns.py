"""An index as a table with a row for each run: where its values are stored, and its columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from . import _core
from ._core import FormatError
from .codes import Codes
from .ids import cell_ids
from .matrix_codec import decode
from .measurement import EVALUATION_METRICS, STAGED_METRICS, STAGES, check_epochs
from .ops import INPUT, OPS, OUTPUT
from .provenance import Marks
from .reader import IndexReader
from .runs import Runs
from .texts import Texts

Epochs: TypeAlias = int | Sequence[int] | None
Integers: TypeAlias = npt.NDArray[np.int64]
Column: TypeAlias = npt.NDArray[np.generic] | Texts

# The final values come first, those of the start last.
VALUE_COLUMNS = tuple(
    f"{stage}_{metric}" for stage in reversed(STAGES) for metric in EVALUATION_METRICS
)
# A table of runs has these columns, in this order.
RUN_COLUMNS = (
    "cell_id",
    "hash",
    "matrix",
    "operations",
    "trainable_parameters",
    "epochs",
    "repeat",
    *VALUE_COLUMNS,
    "total_time",
    "graph",
)


def budgets_of(reader: IndexReader, epochs: Epochs) -> list[int]:
    """The positions of budgets in the index, ascending; None stands for all.

    Raises:
        ValueError: the index lacks one of them.
    """
    chosen = reader.epochs if epochs is None else np.atleast_1d(np.asarray(epochs)).tolist()
    for number in chosen:
        check_epochs(number, reader.budgets)
    return sorted({reader.epochs.index(number) for number in chosen})


def record_places(reader: IndexReader, epochs: Epochs = None) -> Integers:
    """Row, budget and repeat of each record that has one of the budgets, in order: int64 (3, N).

    The index must have been verified at level "sections".
    """
    by_budget = [reader.file.run_counts(budget) for budget in range(len(reader.epochs))]
    counts = np.stack(by_budget, axis=1).astype(np.int64)
    records = reader.file.order().astype(np.int64)
    if len(records):
        places = _places(records, counts)
    else:
        places = official_places(reader.file.hashes(), counts)
    return places[:, np.isin(places[1], budgets_of(reader, epochs))]


def official_places(hashes: npt.NDArray[np.uint8], counts: Integers) -> Integers:
    """Row, budget and repeat of each record in the official order: by hash, then by budget.

    Args:
        hashes: uint8 (C, 16), by row.
        counts: int64 (C, B), how many runs each row has at each budget.
    """
    words = np.ascontiguousarray(hashes).view(">u8")
    by_hash = np.lexsort((words[:, 1], words[:, 0]))
    records = (by_hash[:, np.newaxis] * counts.shape[1] + np.arange(counts.shape[1])).reshape(-1)
    return _places(np.repeat(records, counts.reshape(-1)[records]), counts)


def _places(records: Integers, counts: Integers) -> Integers:
    """Row, budget and repeat of records that are numbered row * B + budget."""
    flat = counts.reshape(-1)
    repeats = np.empty_like(records)
    grouped = np.argsort(records, kind="stable")
    repeats[grouped] = np.arange(len(records)) - np.repeat(np.cumsum(flat) - flat, flat)
    return np.stack([records // counts.shape[1], records % counts.shape[1], repeats])


def run_columns(reader: IndexReader, places: Integers) -> dict[str, Column]:
    """The `RUN_COLUMNS` of the runs at these places, by name. Every value is exact.

    If the index is marked, its marks follow as columns with one value.
    """
    rows, budgets, repeats = places
    values = _values_of(reader, places)
    graphs = values["graph"].astype(np.uint32)
    check_graphs(reader, rows, graphs)
    columns: dict[str, Column] = {
        **values,
        "cell_id": reader.cells[rows],
        "hash": _hash_texts(reader, rows),
        "epochs": np.array(reader.epochs, np.uint32)[budgets],
        "repeat": repeats.astype(np.uint16),
        "graph": graphs,
        "trainable_parameters": values["trainable_parameters"].astype(np.int32),
        **_graph_texts(graphs),
    }
    marks = Marks.of(reader.provenance).in_words()
    return {
        **{name: columns[name] for name in RUN_COLUMNS},
        **{name: Texts([text], np.zeros(len(rows), np.int32)) for name, text in marks.items()},
    }


def own_columns_at(reader: IndexReader, rows: Integers) -> dict[str, npt.NDArray[np.float64]]:
    """The values that the own columns have for the cells of some rows, by name."""
    return {name: reader.own_column(name).values[rows] for name in reader.own_columns}


def runs_at(reader: IndexReader, places: Integers) -> Runs:
    """The runs at these places. Every value is exact."""
    values = _values_of(reader, places)
    return Runs(
        values["graph"].astype(np.uint32),
        np.array(reader.epochs, np.uint32)[places[1]],
        np.stack([values[name] for name in STAGED_METRICS], axis=1),
        values["trainable_parameters"].astype(np.int32),
        values["total_time"],
    )


def _values_of(reader: IndexReader, places: Integers) -> dict[str, npt.NDArray[np.float64]]:
    """The stored values of the runs at these places, by column, as exact doubles."""
    rows, budgets, repeats = places
    most = max(reader.repeats)
    keys = budgets * most + repeats  # Each key is a column of the index.
    groups = [(*divmod(key, most), np.flatnonzero(keys == key)) for key in np.unique(keys).tolist()]
    metrics = {
        f"{stage}_{metric}": (_core.Metric[metric], _core.Stage[stage])
        for stage in STAGES
        for metric in EVALUATION_METRICS
    }
    for metric in ("total_time", "trainable_parameters", "graph"):
        metrics[metric] = _core.Metric[metric], _core.Stage.final
    columns = {name: np.empty(places.shape[1]) for name in metrics}
    for name, place in metrics.items():
        for budget, repeat, chosen in groups:
            values = reader.file.series(*place, budget).run_values(repeat, rows[chosen])
            columns[name][chosen] = values
    return columns


def check_graphs(reader: IndexReader, rows: Integers, graphs: Codes) -> None:
    """Check that the stored graphs of runs are those of their cells, by row.

    Raises:
        FormatError: they are not, which is possible in an index that was not verified in full.
    """
    wrong = np.flatnonzero(cell_ids(graphs) != reader.cells[rows])
    if len(wrong):
        code, cell = graphs[wrong[0]], reader.cells[rows[wrong[0]]]
        raise FormatError(
            f"{reader.path}: section column graph: code {code} is no graph of cell {cell}"
        )


def _hash_texts(reader: IndexReader, rows: Integers) -> Texts:
    different, positions = np.unique(rows, return_inverse=True)
    digits = reader.file.hashes()[different].tobytes().hex()
    texts = [digits[at : at + 32] for at in range(0, len(digits), 32)]
    if len(set(texts)) != len(texts):
        raise FormatError(f"{reader.path}: section hashes: two cells have the same hash")
    return Texts(texts, positions.astype(np.int32))


def _graph_texts(graphs: Codes) -> dict[str, Texts]:
    """The columns `matrix` and `operations` of stored graphs."""
    different, positions = np.unique(graphs, return_inverse=True)
    matrices, labels = decode(different)
    # A stored graph is pruned: the interior vertices that it uses stand first and have edges.
    interior = matrices[:, 0:6, 1:6].any(axis=1).sum(axis=1)
    kept = [[*range(count + 1), 6] for count in interior.tolist()]
    texts = {
        "matrix": [matrix_text(m[np.ix_(k, k)]) for m, k in zip(matrices, kept, strict=True)],
        "operations": [
            operations_text(own[:count].tolist())
            for own, count in zip(labels, interior.tolist(), strict=True)
        ],
    }
    return {name: _distinct(listed, positions) for name, listed in texts.items()}


def _distinct(texts: list[str], positions: npt.NDArray[np.int64]) -> Texts:
    """A column of texts that may be equal: different graphs can have the same operations."""
    different = sorted(set(texts))
    place = {text: number for number, text in enumerate(different)}
    return Texts(different, np.array([place[text] for text in texts], np.int32)[positions])


def matrix_text(matrix: npt.NDArray[np.uint8]) -> str:
    """The rows of an adjacency matrix as words of 0 and 1: "011 001 000"."""
    return " ".join("".join(map(str, row)) for row in matrix.tolist())


def operations_text(labels: Sequence[int]) -> str:
    """The operations of all vertices in a line: "input conv3x3-bn-relu output"."""
    return " ".join([INPUT, *(OPS[label] for label in labels), OUTPUT])
