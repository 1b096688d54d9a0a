"""The compiled index: every run's metrics, memory-mapped, found by code, cell or hash."""

from __future__ import annotations

import json
import operator
import os
import secrets
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from . import _core
from .cell import Cell, OutOfDomainError, bytes_of_hash
from .codes import NUM_CELLS, Codes, cell_ids, checked_code, is_scalar
from .ingraph import make_tables
from .whole_space import Bounds, WholeSpace

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from .tables import Epochs, Form

FormatError = _core.FormatError

METRICS = ("train_accuracy", "validation_accuracy", "test_accuracy", "training_time")
STAGES: tuple[str, ...] = tuple(_core.STAGES)
VERIFY_LEVELS = ("header", "sections", "full")

Stage = Literal["start", "halfway", "final"]
Repeat: TypeAlias = int | Literal["mean", "random"]
FixedRepeat: TypeAlias = int | Literal["mean"]
Verify = Literal["header", "sections", "full"]

INDEX_MAGIC = b"\x89NB101\r\n"  # the first bytes of an index file
INDEX_VARIABLE = "NB101FAST_INDEX"
CACHED_NAMES = ("nasbench_full.nb101", "nasbench_only108.nb101")
BUILT_IN = Path(__file__).parent / "data" / "nb101_digits.nb101"


def cache_folder() -> Path:
    """Where compiled indexes are kept: `$NB101FAST_CACHE` or the user's cache."""
    if folder := os.environ.get("NB101FAST_CACHE"):
        return Path(folder)
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "nb101fast"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nb101fast"


def open(path: str | os.PathLike[str] | None = None, *, verify: Verify = "header") -> Index:
    """Open an index; its pages are shared by all processes that do.

    Args:
        path: an index file. None: `$NB101FAST_INDEX`, then the user's cache, then NB101-digits,
            the small built-in index of 91 cells trained on scikit-learn's digits.
        verify: "header" checks the file's shape, "sections" every checksum too, "full" every
            invariant of the contents too.

    Raises:
        FormatError: not a sound index.
        FileNotFoundError: no such file.

    Example:
        >>> nb101fast.open()
        <Index nb101_digits.nb101: 91 cells, 1,092 runs, epochs 4, 12, 36, 108, repeats 3, 3, 3, 3>
    """
    if verify not in VERIFY_LEVELS:
        raise ValueError(f"verify={verify!r}; {', '.join(map(repr, VERIFY_LEVELS))} are allowed")
    return Index(os.fspath(path) if path is not None else _default_path(), verify=verify)


def _default_path() -> str:
    if path := os.environ.get(INDEX_VARIABLE):
        return path
    for name in CACHED_NAMES:
        if (path_in_cache := cache_folder() / name).is_file():
            return str(path_in_cache)
    return str(BUILT_IN)


def checked_name(path: str | os.PathLike[str]) -> str:
    """A path as the core takes it, or ValueError."""
    name = os.fspath(path)
    if "\0" in name or any("\ud800" <= character <= "\udfff" for character in name):
        raise ValueError(f"path {name!r}; a name in UTF-8 without null characters is allowed")
    return name


class Index:
    """A compiled index, open for queries; `nb101fast.open` makes one.

    Pickles by its path, survives fork, and may be queried from many threads.
    """

    def __init__(self, path: str, *, verify: Verify = "header") -> None:
        self.path = os.path.abspath(path)
        self._file = _core.IndexFile(checked_name(self.path), VERIFY_LEVELS.index(verify))
        self.epochs: tuple[int, ...] = tuple(epochs for epochs, _ in self._file.budgets)
        self.repeats: tuple[int, ...] = tuple(repeats for _, repeats in self._file.budgets)
        self._cells: npt.NDArray[np.int32] | None = None
        if verify == "full":
            self.provenance  # noqa: B018 - raises FormatError where it can't be read

    @property
    def cells(self) -> npt.NDArray[np.int32]:
        """Ids of the cells present, ascending: read-only int32 (C,). Columns are in this order."""
        if self._cells is None and self._file.is_complete:
            # Over bytes, which nobody can make writable again.
            self._cells = np.frombuffer(np.arange(NUM_CELLS, dtype=np.int32).tobytes(), np.int32)
        elif self._cells is None:
            self._cells = self._file.cells()
        return self._cells

    @property
    def denominator(self) -> int | None:
        """Accuracies stored as counts are float32(count / denominator); None without counts."""
        return self._file.denominator or None

    @property
    def num_runs(self) -> int:
        """How many training runs the index holds."""
        return self._file.num_runs

    @property
    def provenance(self) -> dict[str, Any]:
        """Where the contents came from: sources with SHA-256, tool, time, what was found."""
        try:
            contents = json.loads(self._file.provenance)
        except ValueError as error:  # of the JSON, or of its UTF-8
            contents = error
        if not isinstance(contents, dict):
            offset = next(at for name, _, at, _ in self.sections if "provenance" in name)
            raise FormatError(f"{self.path}: byte {offset}: its provenance is no JSON object")
        return contents

    @property
    def is_synthetic(self) -> bool:
        """Whether the values were made up for load tests."""
        return bool(self.provenance.get("synthetic"))

    @property
    def sections(self) -> list[tuple[str, np.dtype[Any], int, int]]:
        """(description, dtype, offset, bytes) of each section; offset 0: one constant value."""
        return self._file.sections

    def __len__(self) -> int:
        """The number of cells present."""
        return self._file.num_cells

    # ---------------------------------------------------------------- look-ups

    def objective(
        self,
        metric: str = "validation_accuracy",
        *,
        epochs: int = 108,
        stage: Stage = "final",
        repeat: Repeat = "mean",
        seed: int | None = None,
    ) -> _core.Objective:
        """A callable bound to one metric, for optimizer loops.

        `f(int or Cell) -> float`; `f(uint32 array, *, out=None, threads=1) -> float32 array`. An
        int and an array give the same number. Without such a run it is NaN; outside the search
        space OutOfDomainError for one cell, NaN within an array.

        Args:
            metric: one of `METRICS`, or "total_time" or "trainable_parameters".
            epochs: a budget, one of `epochs`.
            stage: "start", "halfway" or "final".
            repeat: 0..R-1 for that run's value; "mean" over the runs present, summed in double and
                rounded once to float32; "random" for one of them, drawn at each query. A value
                stored wider than float32 is rounded too; `query` gives it whole.
            seed: of the draws; None for another each time. The n-th query draws the same however
                queries are grouped into arrays.

        Example:
            >>> f = index.objective("test_accuracy", repeat="mean")
            >>> f(code), f(codes)  # a float, a float32 array
        """
        place = self._place(metric, epochs, stage)
        kind, number = self._repeat(repeat, epochs, seed)
        text = (
            f"<Objective {metric} at {epochs} epochs, {stage}, repeat {repeat!r} "
            f"of {os.path.basename(self.path)}>"
        )
        recipe = (_bind, (self, metric, epochs, stage, repeat, seed))
        return self._file.objective(*place, kind, number, recipe, text)

    @overload
    def query(
        self,
        cell: int | Cell | str,
        *,
        epochs: int = 108,
        stage: Stage = "final",
        repeat: Repeat = "mean",
    ) -> dict[str, float]: ...
    @overload
    def query(
        self, cell: Codes, *, epochs: int = 108, stage: Stage = "final", repeat: Repeat = "mean"
    ) -> npt.NDArray[np.void]: ...
    def query(
        self, cell: Any, *, epochs: int = 108, stage: Stage = "final", repeat: Repeat = "mean"
    ) -> Any:
        """Every metric of one cell by name, or of an array of codes as a structured array.

        Args:
            cell: a code, a Cell or an official hash; or uint32 (N,) codes.
            epochs, stage, repeat: as of `objective`; "random" draws one repeat for all metrics.

        Returns:
            A dict of floats, or (N,) of float64 fields; NaN where there is no such run.

        Raises:
            OutOfDomainError: one cell that is outside the search space. (In an array: NaN.)
        """
        if isinstance(cell, np.ndarray) and cell.ndim:
            return self._query_ids(cell_ids(cell), epochs, stage, repeat)
        ids = np.array([self._id_of(cell)], np.int32)
        row = self._query_ids(ids, epochs, stage, repeat)[0]
        return {metric: float(row[metric]) for metric in METRICS}

    def find(
        self, hashes: Sequence[str] | npt.NDArray[np.uint8], *, threads: int = 1
    ) -> npt.NDArray[np.int32]:
        """Cell ids of official hashes: int32 (N,), -1 where this index has no such cell.

        Args:
            hashes: hex strings, or uint8 (N, 16).
        """
        if not isinstance(hashes, np.ndarray) or hashes.dtype.kind in "USO":
            if isinstance(hashes, (str, bytes)):
                raise TypeError("hashes is one string; a sequence of them is allowed")
            texts = [h.decode("ascii") if isinstance(h, bytes) else h for h in hashes]
            joined = b"".join(map(bytes_of_hash, texts))
            hashes = np.frombuffer(joined, np.uint8).reshape(-1, 16)
        if hashes.dtype != np.uint8 or hashes.ndim != 2 or hashes.shape[1] != 16:
            raise ValueError(
                f"hashes of shape {hashes.shape} and dtype {hashes.dtype}; "
                "(N, 16) uint8 or hex strings are allowed"
            )
        return self._file.find(np.ascontiguousarray(hashes), threads)

    def column(
        self, metric: str, *, epochs: int = 108, stage: Stage = "final", repeat: int = 0
    ) -> npt.NDArray[Any]:
        """One run's values of all cells as they are stored, aligned with `cells`; read-only.

        uint16 counts, to be divided by `denominator`, 65535 for no such run; or float32 or
        float64, NaN for none. (A complete index has cell id i at position i.)
        """
        place = self._place(metric, epochs, stage)
        return self._file.column(*place, self._number(repeat, epochs, ""))

    def run_counts(self, *, epochs: int = 108) -> npt.NDArray[np.uint16]:
        """How many repeats each of `cells` has at a budget."""
        return self._file.run_counts(self._budget(epochs))

    # ---------------------------------------------------------------- the whole space

    def top_k(
        self,
        metric: str,
        k: int,
        *,
        epochs: int = 108,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
    ) -> npt.NDArray[np.int32]:
        """The cells of the k highest values: int32 (k,) ids, the best first, equals by id.

        Args:
            metric: as of `objective`; or a property of the cells' structure, "parameters", "flops",
                "macs", "depth", "width", "num_vertices" or "num_edges".
            k: 1 to the number of cells that have a value.
            epochs, stage: as of `objective`.
            repeat: 0..R-1 or "mean".

        Example:
            >>> index.top_k("validation_accuracy", 10)
        """
        return WholeSpace(self, epochs, stage, repeat).top_k(metric, k)

    def where(
        self,
        *,
        epochs: int = 108,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
        **bounds: Bounds,
    ) -> npt.NDArray[np.int32]:
        """The cells within all bounds: int32 (N,) ids, ascending.

        Args:
            epochs, stage, repeat: as of `top_k`.
            **bounds: (low, high) by the names that `top_k` takes. Both ends belong to it; None is
                an open one. A cell without that run is within no bounds.

        Example:
            >>> index.where(validation_accuracy=(0.93, None), parameters=(None, 1e6))
        """
        return WholeSpace(self, epochs, stage, repeat).where(bounds)

    def ranks(
        self,
        metric: str,
        *,
        epochs: int = 108,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
    ) -> npt.NDArray[np.int32]:
        """By cell id, one more than the cells that are higher: int32 (423624,); -1 without a run.

        So the highest is 1, and equals share a rank. Arguments as of `top_k`.

        Example:
            >>> index.ranks("test_accuracy")[index.top_k("validation_accuracy", 10)]
        """
        return WholeSpace(self, epochs, stage, repeat).ranks(metric)

    def pareto(
        self,
        maximize: Sequence[str] = ("test_accuracy",),
        minimize: Sequence[str] = ("training_time", "parameters"),
        *,
        epochs: int = 108,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
    ) -> npt.NDArray[np.int32]:
        """The exact Pareto front of all cells: int32 (N,) ids, ascending.

        A cell is on it if no other is at least as good in every objective and better in one; so
        equal cells stay together. A cell without that run takes no part.

        Args:
            maximize, minimize: the objectives, by the names that `top_k` takes; any number.
            epochs, stage, repeat: as of `top_k`.

        Example:
            >>> index.pareto(["test_accuracy"], ["parameters"], epochs=36)
        """
        return WholeSpace(self, epochs, stage, repeat).pareto(maximize, minimize)

    def hypervolume(
        self,
        maximize: Sequence[str] = ("test_accuracy",),
        minimize: Sequence[str] = ("training_time", "parameters"),
        *,
        reference: Mapping[str, float],
        cells: npt.ArrayLike | None = None,
        epochs: int = 108,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
    ) -> float:
        """The volume of all that cells dominate as far as a reference point, exactly.

        Args:
            maximize, minimize, epochs, stage, repeat: as of `pareto`.
            reference: a finite value for each objective. A cell that isn't better in all of them
                adds nothing.
            cells: these ids alone, as those that a search found; -1, and cells without that run,
                add nothing. None: all cells.

        Returns:
            In the product of the objectives' units; with one objective, a length.

        Example:
            >>> corner = {"test_accuracy": 0.9, "parameters": 1e7}
            >>> found = index.hypervolume(minimize=["parameters"], reference=corner, cells=ids)
            >>> found / index.hypervolume(minimize=["parameters"], reference=corner)
        """
        space = WholeSpace(self, epochs, stage, repeat)
        return space.hypervolume(maximize, minimize, reference, cells)

    def tables(
        self,
        *metrics: str,
        epochs: int = 108,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
    ) -> dict[str, npt.NDArray[Any]]:
        """Plain arrays for look-ups inside a graph; `nb101fast.ingraph` gathers from them.

        Args:
            metrics: as of `objective`; without any, all of `METRICS`.
            epochs, stage, repeat: as of `top_k`.

        Returns:
            "placements", int32 (2**21,) by the matrix of a code: the id of its structure's first
            cell times 1024, plus the number of its row of ranks. "ranks", int32, rows of 1024 by
            the labels of a code: to be added to that id. And for each metric its values by cell
            id, float32 (423624,), NaN without a run. All are the caller's own.

        Example:
            >>> tables = index.tables("validation_accuracy", "training_time")
            >>> ingraph.query(tables, codes, numpy)
        """
        self._check_fixed(repeat, epochs)
        return make_tables(self, metrics or METRICS, epochs, stage, repeat)

    # ---------------------------------------------------------------- other forms

    def to_arrow(self, *, form: Form = "stored", epochs: Epochs = None) -> pyarrow.Table:
        """A pyarrow.Table: the columns as stored, not copied, or a row for each run.

        `nb101fast.tables` says what the columns are. Needs `pip install "nb101fast[arrow]"`.

        Args:
            form: "stored": a row for each of `cells`; counts of the denominator as counts. "runs":
                a row for each run in the order of the records, every value an exact double.
            epochs: of these budgets alone; None for all.

        Raises:
            ImportError: there is no pyarrow.

        Example:
            >>> index.to_arrow()["final_test_accuracy_108_0"]  # uint16 counts
            >>> index.to_arrow(form="runs")["final_test_accuracy"]  # doubles
        """
        from .tables import to_arrow

        return to_arrow(self, form=form, epochs=epochs)

    def to_pandas(self, *, form: Form = "stored", epochs: Epochs = None) -> pandas.DataFrame:
        """As `to_arrow`, as a pandas.DataFrame; columns without nulls are still not copied."""
        from .tables import to_pandas

        return to_pandas(self, form=form, epochs=epochs)

    def to_polars(self, *, form: Form = "stored", epochs: Epochs = None) -> polars.DataFrame:
        """As `to_arrow`, as a polars.DataFrame; columns of numbers are still not copied."""
        from .tables import to_polars

        return to_polars(self, form=form, epochs=epochs)

    def to_parquet(self, path: str | os.PathLike[str], *, epochs: Epochs = None) -> None:
        """Write a Parquet file with a row for each run, atomically; `compile` takes it back.

        The columns are those of `to_arrow(form="runs")`. The metadata has the provenance.

        Example:
            >>> index.to_parquet("nasbench_only108.parquet", epochs=108)
        """
        from .tables import to_parquet

        to_parquet(self, path, epochs=epochs)

    def to_json(self, cell: int | Cell | str) -> str:
        """All runs of one cell as JSON on one line; `nb101fast.json_form` says how.

        `compile` takes a file of such lines back.

        Raises:
            OutOfDomainError: outside the search space.
        """
        from .json_form import cell_json

        return json.dumps(cell_json(self, cell), allow_nan=False)

    # ---------------------------------------------------------------- arguments

    def _id_of(self, cell: Any) -> int:
        if isinstance(cell, Cell):
            number, what = cell.id, repr(cell)
        elif isinstance(cell, str):
            found = int(self.find([cell])[0])
            number, what = (found, "") if found >= 0 else (Cell.from_hash(cell).id, "")
        elif is_scalar(cell):
            what = f"code {cell}"
            fits = 0 <= int(cell.__index__()) < 1 << 32
            number = cell_ids(checked_code(cell)) if fits else -1
        else:
            raise TypeError(
                f"a cell is a code (int), a Cell, a hash (str) or an array, not {type(cell)!r}"
            )
        if number < 0:
            raise OutOfDomainError(f"{what} is outside the search space")
        return number

    def _query_ids(
        self, ids: npt.NDArray[np.int32], epochs: int, stage: Stage, repeat: Repeat
    ) -> npt.NDArray[np.void]:
        rows = self._file.rows_of(ids)
        result = np.empty(len(ids), [(metric, np.float64) for metric in METRICS])
        draws = self._draw(rows, epochs) if repeat == "random" else None
        for metric in METRICS:
            place = self._place(metric, epochs, stage)
            kind, number = self._repeat(repeat, epochs, None)
            if draws is not None:
                for number in np.unique(draws).tolist():
                    chosen = draws == number
                    values = self._file.run_values(*place, number, rows[chosen])
                    result[metric][chosen] = values
            elif kind == "mean":
                result[metric] = self._file.mean_values(*place, rows)
            else:
                result[metric] = self._file.run_values(*place, number, rows)
        return result

    def _draw(self, rows: npt.NDArray[np.int64], epochs: int) -> npt.NDArray[np.int64]:
        counts = np.maximum(self.run_counts(epochs=epochs)[rows], 1)
        return np.random.default_rng().integers(counts)

    def _place(self, metric: str, epochs: int, stage: str) -> tuple[int, int, int]:
        names = _core.METRICS
        if metric not in names:
            raise ValueError(f"metric={metric!r}; {', '.join(map(repr, names))} are allowed")
        if stage not in STAGES:
            raise ValueError(f"stage={stage!r}; {', '.join(map(repr, STAGES))} are allowed")
        return names.index(metric), STAGES.index(stage), self._budget(epochs)

    def _budget(self, epochs: int) -> int:
        if epochs not in self.epochs:
            raise ValueError(f"epochs={epochs!r}; this index has {_listed(self.epochs)}")
        return self.epochs.index(epochs)

    def _repeat(self, repeat: Any, epochs: int, seed: int | None) -> tuple[str, int]:
        """The kind of a repeat and its number or seed."""
        if repeat == "mean":
            return "mean", 0
        if repeat == "random":
            return "random", secrets.randbits(64) if seed is None else operator.index(seed) % (
                1 << 64
            )
        return "one", self._number(repeat, epochs, ", 'mean' and 'random'")

    def _check_fixed(self, repeat: Any, epochs: int) -> None:
        """ValueError unless the repeat is a number or the mean."""
        if repeat != "mean":
            self._number(repeat, epochs, " and 'mean'")

    def _number(self, repeat: Any, epochs: int, others: str) -> int:
        """The repeat as a number, or ValueError that names what is allowed."""
        repeats = self.repeats[self._budget(epochs)]
        is_number = is_scalar(repeat) and not isinstance(repeat, bool)
        if not is_number or not 0 <= repeat < repeats:
            raise ValueError(f"repeat={repeat!r}; 0 to {repeats - 1}{others} are allowed")
        return int(repeat)

    # ---------------------------------------------------------------- as an object

    def __reduce__(self) -> tuple[Any, ...]:
        return Index, (self.path,)

    def __repr__(self) -> str:
        kind = "SYNTHETIC index" if self.is_synthetic else "Index"
        return (
            f"<{kind} {os.path.basename(self.path)}: {len(self):,} cells, {self.num_runs:,} runs, "
            f"epochs {_listed(self.epochs)}, repeats {_listed(self.repeats)}>"
        )

    def _repr_html_(self) -> str:
        rows = {
            "file": self.path,
            "cells": f"{len(self):,} of {NUM_CELLS:,}",
            "runs": f"{self.num_runs:,}",
            "epochs": _listed(self.epochs),
            "repeats": _listed(self.repeats),
            "values": "synthetic, made up for load tests" if self.is_synthetic else "as measured",
        }
        cells = (f"<tr><th>{k}</th><td>{escape(v)}</td></tr>" for k, v in rows.items())
        return f"<table>{''.join(cells)}</table>"


def _bind(
    index: Index, metric: str, epochs: int, stage: Stage, repeat: Repeat, seed: int | None
) -> _core.Objective:
    return index.objective(metric, epochs=epochs, stage=stage, repeat=repeat, seed=seed)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
