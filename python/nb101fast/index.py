"""The index for users: the metrics of every run, found by code, by cell id or by hash."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import numpy.typing as npt

from . import _core, shown_table
from ._core import visible
from .cell import Cell
from .chosen_cells import choose_cells, find_hashes
from .codes import ManyCodes, OneCode
from .hashes import Hashes
from .ids import NUM_CELLS, Ids, ManyIds, OneId
from .ingraph import make_tables
from .locations import BUILT_IN, chosen_index
from .measurement import METRICS, FixedRepeat, QueryRepeat, Repeat, Stage
from .own_column import Label
from .phrases import counted
from .provenance import Marks
from .queries import query
from .reader import IndexReader, Verify
from .seed import Seed
from .whole_space import Bounds, WholeSpace

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow
    from matplotlib.figure import Figure

    from .explorer import Exploration
    from .run_columns import Epochs
    from .tables import Form

_BUILT_IN_IS_OPENED = (
    "no index is chosen and the cache has none, so NB101-digits is opened: a small index of 91 "
    "cells that were trained on digits, which are not the official results. `nb101fast fetch` gets "
    "the official results; a path or $NB101FAST_INDEX chooses another index. To open this one "
    "without a warning, give nb101fast.locations.BUILT_IN"
)


def open(path: str | os.PathLike[str] | None = None, *, verify: Verify = "header") -> Index:
    """Open an index. All processes that open it share its pages in memory.

    Args:
        path: an index file. None takes the first of these that there is: the file that
            `$NB101FAST_INDEX` names; `nasbench_full.nb101` and `nasbench_only108.nb101` in the
            cache, where `fetch` puts them; and NB101-digits, the small built-in index of 91 cells
            that were trained on scikit-learn's digits, with a UserWarning. The cache is
            `$NB101FAST_CACHE`. If that is not set, it is `nb101fast` in the user's cache:
            `$XDG_CACHE_HOME`, `~/.cache`, or on Windows `%LOCALAPPDATA%`.
        verify: "header" checks the file's shape, "sections" also its checksums and which runs there
            are, and "full" also every invariant of its contents.

    Raises:
        FormatError: the file is not a sound index. A TFRecord must be compiled first.
        FileNotFoundError: there is no such file.

    Example:
        >>> nb101fast.open()
        <Index nb101_digits.nb101: 91 cells, 1,092 runs, epochs 4, 12, 36, 108, repeats 3, 3, 3, 3>
    """
    if path is None:
        path = chosen_index()
    if path is None:
        path = BUILT_IN
        warnings.warn(_BUILT_IN_IS_OPENED, stacklevel=2)
    return Index(path, verify=verify)


class Index:
    """A compiled index, open for queries. `nb101fast.open` makes one.

    It pickles by its path, survives a fork, and may be queried from many threads.

    Attributes:
        reader: the `IndexReader` from which all methods read.
    """

    def __init__(self, path: str | os.PathLike[str], *, verify: Verify = "header") -> None:
        self.reader = IndexReader(path, verify=verify)

    @property
    def path(self) -> str:
        """The absolute path of the file."""
        return self.reader.path

    @property
    def epochs(self) -> tuple[int, ...]:
        """The budgets of the file, ascending."""
        return self.reader.epochs

    @property
    def repeats(self) -> tuple[int, ...]:
        """For each budget, the greatest number of runs that a cell has."""
        return self.reader.repeats

    @property
    def cells(self) -> Ids:
        """The ids of the cells in the index, ascending: read-only int32 (C,).

        Columns are in this order. `cell_codes()[index.cells]` are the codes.
        """
        return self.reader.cells

    @property
    def denominator(self) -> int | None:
        """A stored count is the accuracy float32(count / denominator); None without counts."""
        return self.reader.denominator

    @property
    def num_runs(self) -> int:
        """How many training runs the index holds."""
        return self.reader.num_runs

    @property
    def provenance(self) -> dict[str, Any]:
        """Where the contents come from: sources with their SHA-256, tool, time, and findings.

        Raises:
            FormatError: the provenance is not JSON, or a field is of a wrong type.
        """
        return self.reader.provenance

    @property
    def is_synthetic(self) -> bool:
        """Whether the values were made up for load tests."""
        return self.reader.is_synthetic

    @property
    def own_columns(self) -> Mapping[str, Label]:
        """The labels of the own columns, by name; `nb101fast.attach` adds columns.

        Each name may stand where methods take the name of a metric. An own column has one value for
        a cell, at all epochs, stages and repeats.
        """
        return MappingProxyType(self.reader.own_columns)

    @property
    def sections(self) -> list[tuple[str, np.dtype[Any], int, int]]:
        """Description, dtype, offset and bytes of each section.

        A section with offset 0 is not in the file, because all its values are equal.
        """
        return self.reader.sections

    def __len__(self) -> int:
        """The number of cells in the index."""
        return len(self.reader)

    # ---------------------------------------------------------------- look-ups

    def objective(
        self,
        metric: str = "validation_accuracy",
        *,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: Repeat = "mean",
        seed: int | None = None,
    ) -> _core.Objective:
        """A callable bound to one metric, for optimizer loops.

        `f(code)` gives a float: `code` is an int or a Cell. `f(codes, *, out=None, threads=1)`
        gives a float32 array: `codes` is uint32 (N,). `f.by_id(ids, *, out=None, threads=1)` does
        the same by cell id, as `top_k` and `find` return them. One cell and an array give the same
        number. It is NaN if the index has no such run. A code outside the search space is NaN in
        an array and an OutOfDomainError alone.

        Args:
            metric: one of `METRICS`, or "total_time" or "trainable_parameters", or the name of an
                own column.
            epochs: the budget, one of `epochs`; None takes the highest.
            stage: "start", "halfway" or "final".
            repeat: the number of a run, from 0; "mean" over the runs that the cell has, which is
                summed in double precision and rounded to float32 once; or "random" for one of them,
                which is drawn at each query. Values that are stored wider are rounded to float32;
                `query` gives them whole.
            seed: of the draws; None draws other runs each time. The n-th query of an objective
                draws the same run, whether cells are queried one by one or in arrays. A copy,
                such as a pickled one in another process, draws runs of its own.

        Raises:
            ValueError: an argument is not allowed. The message says what is.

        Example:
            >>> f = index.objective("test_accuracy", repeat="mean")
            >>> f(code), f(codes)  # a float, a float32 array
        """
        measurement = self.reader.measurement(
            metric, epochs=epochs, stage=stage, repeat=repeat, words=("mean", "random")
        )
        return self.reader.objective(measurement, seed)

    @overload
    def query(
        self,
        codes: OneCode | str,
        *,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: Repeat = "mean",
        seed: Seed = None,
    ) -> dict[str, float]: ...
    @overload
    def query(
        self,
        codes: OneCode | str,
        *,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: Literal["all"],
        seed: Seed = None,
    ) -> dict[str, npt.NDArray[np.float64]]: ...
    @overload
    def query(
        self,
        codes: ManyCodes,
        *,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: QueryRepeat = "mean",
        seed: Seed = None,
    ) -> npt.NDArray[np.void]: ...
    @overload
    def query(
        self,
        *,
        ids: OneId,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: Repeat = "mean",
        seed: Seed = None,
    ) -> dict[str, float]: ...
    @overload
    def query(
        self,
        *,
        ids: OneId,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: Literal["all"],
        seed: Seed = None,
    ) -> dict[str, npt.NDArray[np.float64]]: ...
    @overload
    def query(
        self,
        *,
        ids: ManyIds,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: QueryRepeat = "mean",
        seed: Seed = None,
    ) -> npt.NDArray[np.void]: ...
    @overload
    def query(
        self,
        *,
        hashes: str,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: Repeat = "mean",
        seed: Seed = None,
    ) -> dict[str, float]: ...
    @overload
    def query(
        self,
        *,
        hashes: str,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: Literal["all"],
        seed: Seed = None,
    ) -> dict[str, npt.NDArray[np.float64]]: ...
    @overload
    def query(
        self,
        *,
        hashes: Hashes,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: QueryRepeat = "mean",
        seed: Seed = None,
    ) -> npt.NDArray[np.void]: ...
    def query(
        self,
        codes: Any = None,
        *,
        ids: Any = None,
        hashes: Any = None,
        epochs: int | None = None,
        stage: Any = "final",
        repeat: Any = "mean",
        seed: Seed = None,
    ) -> Any:
        """Every metric of `METRICS` and every own column: by name for one cell, else an array.

        Give exactly one of `codes`, `ids` and `hashes`.

        Args:
            codes: one code, `Cell` or official hash; or uint32 (N,) codes.
            ids: one cell id; or int32 (N,), as `top_k`, `where` and `find` return them.
            hashes: one official hash as hex text; or a list of them, or uint8 (N, 16).
            epochs: the budget, one of `epochs`; None takes the highest.
            stage: "start", "halfway" or "final".
            repeat: the number of a run, from 0, for its exact values; "mean" over the runs that the
                cell has, which is summed in double precision and rounded to float32 once; "all" for
                every run; or "random" for one run, the same for all metrics, that is drawn for each
                cell.
            seed: of the random repeats: an int, a NumPy Generator, or None for another draw at
                each call. Other repeats ignore it.

        Returns:
            For one cell a dict of floats; with `repeat="all"` of float64 (R,), where R is how many
            repeats the budget has. For many cells a structured array with a float64 field for each
            metric and own column: (N,), or (N, R) with `repeat="all"`. A value is NaN if the index
            has no such run. In an array it is also NaN for a code or hash outside the search space.

        Raises:
            TypeError: none or several of `codes`, `ids` and `hashes` are given, or a type is wrong.
            OutOfDomainError: the one cell that is given is outside the search space.
            IndexError: an id is outside 0..423,623.
            ValueError: an argument is not allowed. The message says what is.

        Example:
            >>> index.query(cell)["test_accuracy"]
            >>> index.query(ids=index.top_k("test_accuracy", 5))["training_time"]
        """
        measurement = self.reader.measurement(
            METRICS[0],
            epochs=epochs,
            stage=stage,
            repeat=repeat,
            words=("mean", "random", "all"),
        )
        return query(self.reader, choose_cells(self.reader, codes, ids, hashes), measurement, seed)

    def find(self, hashes: Hashes, *, threads: int = 1) -> Ids:
        """The cell id of each official hash: int32 (N,), -1 if the index has no such cell.

        `index.query(ids=...)` and `objective(...).by_id(ids)` take the ids, and
        `cell_codes()[ids]` gives their codes.

        Args:
            hashes: hex strings, or uint8 (N, 16).
            threads: how many threads to use; the GIL is released.

        Raises:
            TypeError: a single string.
            ValueError: a string that is no hash, or an array of another shape or dtype.

        Example:
            >>> index.find(["28cfc7874f6d200472e1a9dcd8650aa0"])
        """
        return find_hashes(self.reader, hashes, threads)

    def column(
        self,
        metric: str,
        *,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: FixedRepeat = 0,
        stored: bool = False,
    ) -> npt.NDArray[Any]:
        """The values of all cells, in the order of `cells`; NaN for a cell without that run.

        If the index has all 423,624 cells, the value of a cell stands at its id.

        Args:
            metric, epochs, stage: as in `objective`.
            repeat: the number of a run, from 0; or "mean".
            stored: return a read-only view of the file instead. Accuracies may then be uint16
                counts of `denominator`, with 65535 for a cell without the run. Total times may be
                ticks of 2**-22 s: the view then has the fields `low`, uint32, and `high`, uint8,
                and `(low + high * 2.0**32) / 2**22` are the seconds. For a cell without the run,
                all bits are 1. The repeat must be a number.

        Returns:
            float32 (C,) for a mean and for accuracies that are stored as counts, and float64 for
            times that are stored as ticks. All other values have the stored type; but integers are
            float64 if some cells have no value.

        Raises:
            ValueError: an argument is not allowed. The message says what is.

        Example:
            >>> index.column("test_accuracy")[:2]
            >>> index.column("test_accuracy", stored=True)[:2]  # counts of index.denominator
        """
        measurement = self.reader.measurement(
            metric, epochs=epochs, stage=stage, repeat=repeat, words=() if stored else ("mean",)
        )
        if stored:
            return self.reader.stored_column(measurement)
        return self.reader.column(measurement)

    def run_counts(self, *, epochs: int | None = None) -> npt.NDArray[np.uint16]:
        """How many runs each of `cells` has at a budget: uint16 (C,). None takes the highest.

        Raises:
            ValueError: the index does not have this budget.
        """
        return self.reader.run_counts(epochs)

    # ---------------------------------------------------------------- the whole space

    def top_k(
        self,
        metric: str,
        k: int,
        *,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
    ) -> Ids:
        """The ids of the cells with the k highest values: int32 (k,), the best first.

        Of equal cells, the one with the lower id comes first. `query(ids=...)` and
        `objective(...).by_id(ids)` take the ids, and `cell_codes()[ids]` gives the codes.

        Args:
            metric: as in `objective`; or a property of the cells' structure, "parameters", "flops",
                "macs", "depth", "width", "num_vertices" or "num_edges".
            k: 1 to the number of cells that have a value.
            epochs, stage: as in `objective`.
            repeat: 0..R-1 or "mean".

        Raises:
            ValueError: an argument is not allowed. The message says what is.

        Example:
            >>> best = index.top_k("validation_accuracy", 10)
            >>> index.query(ids=best)["test_accuracy"]
        """
        return WholeSpace(self.reader, epochs, stage, repeat).top_k(metric, k)

    def best(
        self,
        metric: str = "validation_accuracy",
        *,
        where: Mapping[str, Bounds] | None = None,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
    ) -> Cell:
        """The best cell, or the best of the cells within bounds.

        It is the cell with the highest accuracy, or with the least time, parameters, flops or macs.
        Of equal cells, it is the one with the lowest id. A cell without that run is left out.

        Args:
            metric: "train_accuracy", "validation_accuracy" or "test_accuracy"; or "training_time",
                "total_time", "trainable_parameters", "parameters", "flops" or "macs".
            where: (low, high) for each name, as the bounds of `Index.where`. They hold at the same
                epochs, stage and repeat.
            epochs, stage, repeat: as in `top_k`.

        Raises:
            ValueError: no cell is within the bounds, or an argument is not allowed.

        Example:
            >>> index.best("test_accuracy", where={"parameters": (None, 2e6)}).hash
            >>> index.best("training_time", where={"test_accuracy": (0.9, None)})
        """
        return WholeSpace(self.reader, epochs, stage, repeat).best(metric, where or {})

    def where(
        self,
        /,
        *,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
        **bounds: Bounds,
    ) -> Ids:
        """The ids of the cells within all bounds: int32 (N,), ascending.

        `query(ids=...)` and `objective(...).by_id(ids)` take the ids, and
        `cell_codes()[ids]` gives the codes.

        Args:
            epochs, stage, repeat: as in `top_k`.
            **bounds: (low, high) for each name, one that `top_k` takes. A value that equals an end
                is within the bounds. None means that there is no bound at that end. A cell without
                that run is never within bounds.

        Raises:
            ValueError: an argument is not allowed. The message says what is.

        Example:
            >>> index.where(validation_accuracy=(0.93, None), parameters=(None, 1e6))
        """
        return WholeSpace(self.reader, epochs, stage, repeat).where(bounds)

    def ranks(
        self,
        metric: str,
        *,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
    ) -> npt.NDArray[np.int32]:
        """The rank of each cell, by cell id: int32 (423624,), 1 for the highest value.

        A rank is one more than the number of cells that are higher, so that equal cells share a
        rank. It is -1 for a cell without that run. The arguments and the errors are those of
        `top_k`.

        Example:
            >>> index.ranks("test_accuracy")[index.top_k("validation_accuracy", 10)]
        """
        return WholeSpace(self.reader, epochs, stage, repeat).ranks(metric)

    def pareto(
        self,
        maximize: Sequence[str] = ("test_accuracy",),
        minimize: Sequence[str] = ("training_time", "parameters"),
        *,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
    ) -> Ids:
        """The ids of the cells on the exact Pareto front: int32 (N,), ascending.

        A cell is on the front if no other cell is at least as good in every objective and better
        in one. So equal cells are on it together. A cell without that run is left out.
        `query(ids=...)` and `objective(...).by_id(ids)` take the ids, and
        `cell_codes()[ids]` gives the codes.

        Args:
            maximize, minimize: the objectives, by the names that `top_k` takes; any number of them.
            epochs, stage, repeat: as in `top_k`.

        Raises:
            TypeError: the names of the objectives are one string.
            ValueError: an argument is not allowed. The message says what is.

        Example:
            >>> index.pareto(["test_accuracy"], ["parameters"], epochs=36)
        """
        return WholeSpace(self.reader, epochs, stage, repeat).pareto(maximize, minimize)

    def hypervolume(
        self,
        maximize: Sequence[str] = ("test_accuracy",),
        minimize: Sequence[str] = ("training_time", "parameters"),
        *,
        reference: Mapping[str, float],
        ids: ManyIds | None = None,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
    ) -> float:
        """The exact volume between a reference point and the Pareto front of cells.

        It is the volume of all points that some cell dominates and that are better than the
        reference point.

        Args:
            maximize, minimize, epochs, stage, repeat: as in `pareto`.
            reference: a finite value for each objective. A cell that is not better in all of them
                adds nothing.
            ids: these cells alone, such as those that a search found. An id of -1 and a cell
                without that run add nothing. None takes all cells.

        Returns:
            The volume, in the product of the objectives' units.

        Raises:
            TypeError: the names of the objectives are one string, or `ids` are not cell ids.
            IndexError: an id is not in -1..423,623.
            ValueError: an argument is not allowed. The message says what is.

        Example:
            >>> corner = {"test_accuracy": 0.8, "parameters": 5e7}
            >>> found = index.hypervolume(minimize=["parameters"], reference=corner, ids=ids)
            >>> found / index.hypervolume(minimize=["parameters"], reference=corner)
        """
        space = WholeSpace(self.reader, epochs, stage, repeat)
        return space.hypervolume(maximize, minimize, reference, ids)

    def plot(
        self,
        x: str,
        y: str,
        *,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
    ) -> Figure:
        """Draw one column over another, a point for each cell.

        Above 5,000 cells, the figure shows how many cells there are in each place, and the lowest
        1 % of an accuracy are left out. It needs `pip install "nb101fast[plots]"`.

        Args:
            x, y: the columns, by the names that `top_k` takes.
            epochs, stage, repeat: as in `top_k`.

        Returns:
            A matplotlib figure, which may be changed. A notebook shows it.

        Raises:
            ImportError: matplotlib is missing.
            ValueError: no cell has both values, or an argument is not allowed.

        Example:
            >>> index.plot("parameters", "test_accuracy").savefig("cells.png")
        """
        from .scatter import scatter

        return scatter(WholeSpace(self.reader, epochs, stage, repeat), x, y)

    def explore(
        self, *, runs: bool | None = None, race: str | os.PathLike[str] | None = None
    ) -> Exploration:
        """Show all cells on a web page of this machine; docs/explorer.md describes it.

        Args:
            runs: whether the page has the accuracies of all runs, as `explorer.write` takes it.
            race: a file that `search.write_race` wrote. The page shows it from the start.

        Returns:
            An object that has the `address` of the page, until it is closed. A notebook shows it.

        Raises:
            FormatError: the index or the race is damaged.
            ValueError: the race is that of another index.

        Example:
            >>> page = index.explore()
            >>> page.close()
        """
        from .explorer import Exploration

        return Exploration(self, runs=runs, race=race)

    def tables(
        self,
        *metrics: str,
        epochs: int | None = None,
        stage: Stage = "final",
        repeat: FixedRepeat = "mean",
    ) -> dict[str, npt.NDArray[Any]]:
        """Plain arrays for look-ups inside a graph; `nb101fast.ingraph` gathers from them.

        Args:
            metrics: as in `objective`. If none is given, all of `METRICS`.
            epochs, stage, repeat: as in `top_k`.

        Returns:
            "placements", int32 (2**21,): for the matrix bits of a code, the id of the first cell
            of that structure times 1024, plus the number of a row of ranks. "ranks", int32, rows
            of 1024: for the label bits of a code, what is added to that id. And for each metric
            float32 (423624,), its values by cell id, NaN without a run. The caller may change all
            of them.

        Raises:
            ValueError: an argument is not allowed. The message says what is.

        Example:
            >>> from nb101fast import ingraph
            >>> tables = index.tables("validation_accuracy", "training_time")
            >>> ingraph.query(tables, codes, numpy)
        """
        return make_tables(self.reader, metrics or METRICS, epochs, stage, repeat)

    # ---------------------------------------------------------------- other forms

    def to_arrow(self, *, form: Form = "runs", epochs: Epochs = None) -> pyarrow.Table:
        """The index as a pyarrow.Table; docs/tables.md shows each form.

        It needs `pip install "nb101fast[arrow]"`.

        Args:
            form: "runs" has a row for each run: the cell, its hash, matrix and operations as text,
                epochs, repeat, and all values as they are. "stored" has a row for each of `cells`
                and the columns of the file, without a copy: accuracies may be counts of the
                denominator.
            epochs: one budget or several; None for all.

        Raises:
            ImportError: pyarrow is not installed.
            FormatError: the index is damaged.

        Example:
            >>> index.to_arrow(epochs=108)["final_test_accuracy"]
            >>> index.to_arrow(form="stored")["final_test_accuracy_108_0"]  # uint16 counts
        """
        from .tables import to_arrow

        return to_arrow(self.reader, form=form, epochs=epochs)

    def to_pandas(self, *, form: Form = "runs", epochs: Epochs = None) -> pandas.DataFrame:
        """The index as a pandas.DataFrame, as `to_arrow` gives it. Texts are categories.

        Stored columns without nulls are not copied. pandas must be installed; all else is as in
        `to_arrow`.

        Example:
            >>> runs = index.to_pandas(epochs=108)
            >>> runs.groupby("hash", observed=True).final_test_accuracy.mean()
        """
        from .tables import to_pandas

        return to_pandas(self.reader, form=form, epochs=epochs)

    def to_polars(self, *, form: Form = "runs", epochs: Epochs = None) -> polars.DataFrame:
        """The index as a polars.DataFrame, as `to_arrow` gives it. Texts are categories.

        Stored columns of numbers are not copied. polars must be installed; all else is as in
        `to_arrow`.
        """
        from .tables import to_polars

        return to_polars(self.reader, form=form, epochs=epochs)

    def to_parquet(
        self, path: str | os.PathLike[str], *, form: Form = "runs", epochs: Epochs = None
    ) -> None:
        """Write a Parquet file, which appears only when it is complete. `compile` reads it.

        An index that is compiled from it has the same values, graphs and order of records. This
        holds for both forms.

        Args:
            path: the file, which may not be the index itself.
            form, epochs: as in `to_arrow`.

        Raises:
            ValueError: the path is the index itself.
            OSError: the file can't be written.
            ImportError, FormatError, ValueError: as in `to_arrow`.

        Example:
            >>> index.to_parquet("nasbench_only108.parquet", epochs=108)
        """
        from .tables import to_parquet

        to_parquet(self.reader, path, form=form, epochs=epochs)

    def to_json(
        self,
        codes: OneCode | str | ManyCodes | None = None,
        *,
        ids: OneId | ManyIds | None = None,
        hashes: str | Hashes | None = None,
    ) -> str:
        """All runs of the cells as JSON, each cell on a line of its own; docs/json.md describes it.

        Give exactly one of `codes`, `ids` and `hashes`, as in `query`. `compile` reads a file of
        such lines.

        Raises:
            TypeError: none or several of `codes`, `ids` and `hashes` are given, or a type is wrong.
            OutOfDomainError: a cell is outside the search space, or a hash is not in the index.
            IndexError: an id is outside 0..423,623.
            ValueError: a hash is not one.
            FormatError: the index is damaged.

        Example:
            >>> index.to_json(ids=index.top_k("test_accuracy", 2))
        """
        from .json_form import cells_as_json

        return cells_as_json(self.reader, choose_cells(self.reader, codes, ids, hashes).ids)

    # ---------------------------------------------------------------- as an object

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path,)

    def __fspath__(self) -> str:
        """The path. With it, functions that take the name of an index also take an open one."""
        return self.path

    def __repr__(self) -> str:
        kind = "SYNTHETIC index" if self.is_synthetic else "Index"
        return (
            f"<{kind} {visible(os.path.basename(self.path))}: {counted(len(self), 'cell')}, "
            f"{counted(self.num_runs, 'run')}, epochs {_listed(self.epochs)}, "
            f"repeats {_listed(self.repeats)}>"
        )

    def _repr_html_(self) -> str:
        return shown_table.as_html(
            {
                "file": self.path,
                "cells": f"{len(self):,} of {NUM_CELLS:,}",
                "runs": f"{self.num_runs:,}",
                "epochs": _listed(self.epochs),
                "repeats": _listed(self.repeats),
                **({"own columns": ", ".join(self.own_columns)} if self.own_columns else {}),
                "values": Marks.of(self.provenance).phrase(),
            }
        )


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
