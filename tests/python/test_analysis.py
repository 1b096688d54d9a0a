"""Every number of the analysis against pandas, networkx and plain loops."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Iterator
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import networkx
import numpy as np
import pandas
import pytest

import nb101fast
from nb101fast import Cell, Index, analysis, search_space
from nb101fast.analysis import walks
from nb101fast.analysis.budgets import FEWEST_CELLS, TOP_PERCENT
from nb101fast.analysis.correlation import kendall, mean_ranks, pearson, spearman
from nb101fast.analysis.groups import Groups
from nb101fast.analysis.measured import ACCURACIES, ANALYSED_METRICS, Measured
from nb101fast.analysis.raw_space import count_raw
from nb101fast.analysis.relations import LABELS, PAIRS
from nb101fast.analysis.report import render_report
from nb101fast.analysis.summary import IndexSummary
from nb101fast.locations import BUILT_IN
from reference import tfrecord
from reference.cells import decode, prune
from reference.runs import random_records, with_values
from reference.tfrecord import Record

ROOT = Path(__file__).resolve().parents[2]
LABEL_NAMES = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")


@pytest.fixture(scope="module")
def digits() -> Index:
    """NB101-digits: three runs of each of 91 cells at each budget."""
    return nb101fast.open(BUILT_IN)


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """All 2,532 cells of at most 5 vertices, two runs at each of three budgets."""
    path = tmp_path_factory.mktemp("analysis") / "made_up.nb101"
    cells = nb101fast.cell_codes()[:2532]
    nb101fast.synthetic.write_index(path, codes=cells, epochs=(12, 36, 108), repeats=2)
    return nb101fast.open(path)


@pytest.fixture(scope="module")
def incomplete(small_sample: tuple[Path, list[Record]]) -> Index:
    """36 cells far apart with random accuracies; some have no run, some have one."""
    return nb101fast.open(small_sample[0])


@pytest.fixture(scope="module", params=["digits", "made_up", "incomplete"])
def index(request: pytest.FixtureRequest) -> Index:
    chosen: Index = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture(scope="module")
def summary(index: Index) -> IndexSummary:
    return analysis.summarize(index)


@pytest.fixture(scope="module")
def runs(index: Index) -> pandas.DataFrame:
    """A row for each run; the names of the final metrics have no prefix."""
    frame = index.to_pandas(form="runs")
    return frame.rename(columns=lambda name: name.removeprefix("final_"))


@pytest.fixture(scope="module")
def means(runs: pandas.DataFrame) -> pandas.DataFrame:
    """The means of the runs at 108 epochs, by cell id."""
    final = runs[runs["epochs"] == 108]
    return final.groupby("cell_id")[[*LABELS, "train_accuracy"]].mean()


def graph_of(index: Index) -> networkx.Graph[int]:
    """A graph of cells; two are joined if one change of either representative gives the other."""
    present = set(index.cells.tolist())
    graph: networkx.Graph[int] = networkx.Graph()
    for cell in present:
        code = int(nb101fast.cell_codes()[cell])
        graph.add_edges_from((cell, other) for other in search_space.neighbors(code).tolist())
    return graph.subgraph(present)


def same(result: Any, expected: Any, tolerance: float = 1e-12) -> bool:
    return bool(np.allclose(result, expected, rtol=tolerance, atol=tolerance, equal_nan=True))


def check_groups(groups: Groups, keys: pandas.Series, values: pandas.Series) -> None:
    by_key = values.groupby(keys)
    assert groups.keys.tolist() == sorted(keys.unique())
    assert groups.counts.tolist() == by_key.count().tolist()
    assert same(groups.means, by_key.mean())
    assert same(groups.quartiles, by_key.quantile([0.25, 0.5, 0.75]).unstack())


# ---------------------------------------------------------------- correlation


def test_correlation_of_ties_and_missing_values(rng: np.random.Generator) -> None:
    x, y = rng.integers(0, 5, (2, 200)).astype(float)
    x[::7] = np.nan
    y[::11] = np.nan
    y += x
    frame = pandas.DataFrame({"x": x, "y": y})
    assert pearson(x, y) == pytest.approx(frame.corr("pearson").loc["x", "y"])
    assert spearman(x, y) == pytest.approx(frame.corr("spearman").loc["x", "y"])
    known = frame["y"].dropna()
    assert mean_ranks(known.to_numpy()).tolist() == known.rank().tolist()


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([], []),
        ([1.0], [2.0]),
        ([1.0, np.nan], [2.0, 3.0]),
        ([1.0, 1.0], [2.0, 3.0]),
        ([0.1] * 6, [0.7] * 6),
    ],
)
def test_no_correlation(x: list[float], y: list[float]) -> None:
    assert math.isnan(pearson(np.array(x), np.array(y)))
    assert math.isnan(spearman(np.array(x), np.array(y)))
    assert math.isnan(kendall(np.array(x), np.array(y)))


def tau_b(x: list[float], y: list[float]) -> float:
    """Kendall's tau-b by its definition: over all pairs of places."""
    signs = [
        np.sign(np.subtract.outer(each, each))[np.triu_indices(len(each), 1)] for each in (x, y)
    ]
    return float((signs[0] * signs[1]).sum() / math.sqrt(math.prod((s != 0).sum() for s in signs)))


@pytest.mark.parametrize("different", [2, 5, 1000])
def test_kendall_counts_pairs(different: int) -> None:
    rng = np.random.default_rng(different)
    for count in (2, 3, 64, 301):
        x, y = rng.integers(0, different, (2, count)).astype(float)
        x[:2], y[:2] = (0, 1), (1, 0)
        expected = tau_b(x.tolist(), y.tolist())
        assert kendall(x, y) == pytest.approx(expected)
        with_gaps = np.insert(x, 1, np.nan), np.insert(y, 1, 3.0)
        assert kendall(*with_gaps) == pytest.approx(expected)


def test_own_columns_are_correlated_with_test_accuracy(made_up: Index, tmp_path: Path) -> None:
    rng = np.random.default_rng(14)
    accuracies = Measured(made_up).mean("test_accuracy")
    noisy = accuracies + rng.normal(0, 0.02, len(accuracies))
    noisy[::7] = np.nan
    columns = {"noisy": noisy, "accuracy": accuracies, "constant": np.ones(len(accuracies))}
    nb101fast.attach(made_up, columns, tmp_path / "own.nb101", ids=made_up.cells)
    summary = analysis.summarize(nb101fast.open(tmp_path / "own.nb101"))
    found = summary.own_columns
    assert found is not None
    assert [part.name for part in summary.parts][-2:] == ["own_columns", "best_cells"]
    frame = pandas.DataFrame({"accuracy": accuracies, "noisy": noisy}).dropna()
    best_first = frame.sort_values("accuracy", ascending=False, kind="stable")
    for place, percent in enumerate((100, 10, 5, 1)):
        best = best_first.head(math.ceil(len(frame) * percent / 100))
        assert found.counts[0, place] == len(best)
        expected = best.corr("spearman").iloc[0, 1]
        assert found.spearman[0, place] == pytest.approx(expected)
        expected = tau_b(best["accuracy"].tolist(), best["noisy"].tolist())
        assert found.kendall[0, place] == pytest.approx(expected)
    assert found.spearman[1] == pytest.approx(1)
    assert np.isnan(found.kendall[2]).all()
    names = [row.name for row in found.rows()]
    assert names[:2] == ["Spearman, noisy, top 100 %", "Kendall, noisy, top 100 %"]
    assert analysis.summarize(made_up).own_columns is None


# ---------------------------------------------------------------- each analysis


def test_distributions(
    summary: IndexSummary, runs: pandas.DataFrame, means: pandas.DataFrame
) -> None:
    found = summary.distributions
    for metric in ACCURACIES:
        assert same(found.accuracies[metric], np.sort(means[metric]))
    spread = runs.groupby(["epochs", "cell_id"])["test_accuracy"].std()
    for epochs in summary.index.epochs:
        assert same(found.noise[epochs], np.sort(spread[epochs].dropna()), 1e-9)


def test_relations(summary: IndexSummary, means: pandas.DataFrame) -> None:
    for method in ("pearson", "spearman"):
        expected = means.corr(method)
        for x, y in PAIRS:
            assert getattr(summary.relations, method)[x, y] == pytest.approx(expected.loc[x, y])
    cells = summary.index.cells
    for metric, column in summary.relations.columns.items():
        assert same(column, means[metric].reindex(cells))


def changes(means: pandas.DataFrame) -> Iterator[tuple[int, int, float, float]]:
    """Yield old and new label, change of accuracy and relative time for each cell and vertex."""
    known = set(means.index)
    accuracy, time = means["validation_accuracy"].to_dict(), means["training_time"].to_dict()
    for cell in known:
        graph = Cell.from_id(cell)
        for vertex, old in enumerate(graph.labels, 1):
            for new in {0, 1, 2} - {old}:
                ops = [*graph.ops[:vertex], LABEL_NAMES[new], *graph.ops[vertex + 1 :]]
                other = Cell(graph.matrix, ops).id
                if other in known:
                    yield (
                        old,
                        new,
                        accuracy[other] - accuracy[cell],
                        time[other] / time[cell] - 1,
                    )


def test_replacements(summary: IndexSummary, means: pandas.DataFrame) -> None:
    frame = pandas.DataFrame(changes(means), columns=["old", "new", "accuracy", "time"])
    groups = frame.groupby(["old", "new"])
    found = summary.replacements
    assert found.counts.sum() == len(frame)
    for old, new in permutations(range(3), 2):
        if (old, new) in groups.groups:
            group = groups.get_group((old, new))
            assert found.counts[old, new] == len(group)
            assert found.accuracy[old, new] == pytest.approx(100 * group["accuracy"].mean())
            assert found.time[old, new] == pytest.approx(100 * group["time"].mean())
        else:
            assert found.counts[old, new] == 0
            assert math.isnan(found.accuracy[old, new])
    assert np.isnan(np.diag(found.accuracy)).all()


def test_replacements_go_both_ways(digits: Index) -> None:
    """The counts of both directions differ only by cells in which two vertices are alike."""
    counts = analysis.summarize(digits).replacements.counts
    assert (np.abs(counts - counts.T) <= 0.1 * counts).all()


def test_shapes(summary: IndexSummary, means: pandas.DataFrame) -> None:
    for (shape, metric), groups in summary.shapes.groups.items():
        codes = nb101fast.cell_codes()[means.index]
        keys = pandas.Series(getattr(search_space, shape)(codes), means.index)
        check_groups(groups, keys, means[metric])
    assert len(summary.shapes.groups) == 4


def test_budgets(summary: IndexSummary, runs: pandas.DataFrame) -> None:
    by_budget = runs.groupby(["cell_id", "epochs"])["validation_accuracy"].mean().unstack().dropna()
    best_first = by_budget.sort_values(108, ascending=False, kind="stable")
    for percent, count, found in zip(
        TOP_PERCENT, summary.budgets.counts, summary.budgets.correlation, strict=True
    ):
        assert count == math.ceil(len(best_first) * percent / 100)
        if count >= FEWEST_CELLS:
            assert same(found, best_first.head(count).corr("spearman"), 1e-9)
        else:
            assert np.isnan(found).all()


def test_distance_from_the_best(summary: IndexSummary, means: pandas.DataFrame) -> None:
    found = summary.locality.distances
    assert found is not None
    assert found.best_id == means["validation_accuracy"].idxmax()
    codes = nb101fast.cell_codes()[means.index]
    best = int(nb101fast.cell_codes()[found.best_id])
    distance = pandas.Series(search_space.edit_distance(codes, best, how="cell"), means.index)
    check_groups(found.accuracy, distance, means["validation_accuracy"])
    expected = distance.corr(means["validation_accuracy"])
    assert found.correlation == pytest.approx(expected)


def test_best_cells(summary: IndexSummary, runs: pandas.DataFrame) -> None:
    groups = runs[runs["epochs"] == 108].groupby("cell_id")["test_accuracy"]
    best_first = groups.mean().sort_values(ascending=False, kind="stable")
    found, best = summary.best_cells, best_first.index[0]
    errors = groups.sem()
    assert same(found.means, best_first.head(len(found.means)))
    assert same(found.errors, errors[best_first.index].head(len(found.means)), 1e-9)
    low = best_first[best] - 2 * (errors[best] if errors[best] == errors[best] else 0)
    assert found.ids.tolist() == best_first[best_first >= low].index.tolist()
    assert found.raw_official == count_raw()[found.ids].sum() >= found.raw_9 > 0


# ---------------------------------------------------------------- walks


@pytest.mark.parametrize("name", ["digits", "made_up"])
def test_graph_of_the_walks(name: str, request: pytest.FixtureRequest) -> None:
    index: Index = request.getfixturevalue(name)
    indptr, indices = walks.graph_of(index.cells)
    graph = graph_of(index)
    for cell in index.cells.tolist():
        assert indices[indptr[cell] : indptr[cell + 1]].tolist() == sorted(graph[cell])
    assert indptr[-1] == len(indices) == 2 * graph.number_of_edges()


def test_walks_take_one_step_at_a_time(digits: Index) -> None:
    paths = walks.walk(digits.cells)
    assert paths.shape == (walks.STEPS, walks.WALKS)
    graph = graph_of(digits)
    assert all(graph.has_edge(*pair) for path in paths[:100].T for pair in pairwise(path))
    degrees = dict(graph.degree)
    visited = np.bincount(paths.reshape(-1), minlength=91) / paths.size
    expected = np.array([degrees[cell] for cell in range(91)]) / sum(degrees.values())
    assert np.abs(visited - expected).max() < 0.001  # in proportion to its degree


def test_autocorrelation_is_that_of_the_chain(digits: Index) -> None:
    """Many walks come close to the exact value, which the transition matrix gives."""
    graph = graph_of(digits)
    steps = networkx.to_numpy_array(graph, nodelist=range(91))
    weights = steps.sum(axis=1) / steps.sum()
    steps /= np.maximum(steps.sum(axis=1, keepdims=True), 1)
    found = analysis.summarize(digits).locality.autocorrelation
    for metric in ACCURACIES:
        values = Measured(digits).mean(metric)
        centred = values - weights @ values
        ahead, expected = centred, []
        for _ in range(walks.LAGS + 1):
            expected.append(weights @ (centred * ahead))
            ahead = steps @ ahead
        assert np.abs(found[metric] - np.array(expected) / expected[0]).max() < 0.01


def test_autocorrelation_of_plain_loops(rng: np.random.Generator) -> None:
    values = rng.normal(size=(50, 4)).cumsum(axis=0)
    centred = values - values.mean()
    curve, spread = walks.autocorrelate(values)
    for lag in range(walks.LAGS + 1):
        single = [
            np.mean([centred[t, w] * centred[t + lag, w] for t in range(50 - lag)])
            for w in range(4)
        ]
        single /= np.mean(centred**2)
        assert curve[lag] == pytest.approx(np.mean(single))
        assert spread[lag] == pytest.approx(np.std(single, ddof=1))


def test_no_walk_between_cells_far_apart(incomplete: Index) -> None:
    few = incomplete.cells[[0, -1]]
    assert walks.walk(few).shape == (walks.STEPS, 0)


# ---------------------------------------------------------------- the raw space


def test_raw_counts_are_those_of_the_space() -> None:
    assert count_raw().sum() == 1_538_083 * 3**5
    assert count_raw(most_edges=9).sum() == 573_494 * 3**5
    assert (count_raw(most_edges=9) > 0).all()


@pytest.mark.parametrize("most_edges", [21, 9])
def test_raw_counts_of_cells_of_one_operation(most_edges: int) -> None:
    """A matrix with label 0 gives the same cell for each labelling of its dead vertices."""
    matrices = np.arange(1 << 21, dtype=np.uint32)
    edges = np.unpackbits(matrices.view(np.uint8)).reshape(-1, 32).sum(axis=1)
    matrices = matrices[edges <= most_edges]
    ids = nb101fast.cell_ids(matrices)
    cells, counts = np.unique(ids[ids >= 0], return_counts=True)
    vertices = search_space.num_vertices(nb101fast.cell_codes()[cells])
    assert (
        count_raw(most_edges=most_edges)[cells].tolist() == (counts * 3 ** (7 - vertices)).tolist()
    )


@pytest.mark.slow
def test_raw_counts_of_all_configurations() -> None:
    counts = np.zeros(nb101fast.NUM_CELLS, np.int64)
    matrices = np.arange(1 << 21, dtype=np.uint32)
    matrices = matrices[nb101fast.is_valid(matrices)]  # A label from 0 to 2 makes no difference.
    for labels in range(1 << 10):
        if all(labels >> 2 * vertex & 3 < 3 for vertex in range(5)):
            ids = nb101fast.cell_ids(matrices | np.uint32(labels << 21))
            counts += np.bincount(ids, minlength=len(counts))
    assert np.array_equal(counts, count_raw())


# ---------------------------------------------------------------- what an index does not tell


def made(tmp_path: Path, cells: Any, epochs: tuple[int, ...], repeats: int) -> IndexSummary:
    path = tmp_path / "few.nb101"
    codes = nb101fast.cell_codes()[cells]
    nb101fast.synthetic.write_index(path, codes=codes, epochs=epochs, repeats=repeats)
    return analysis.summarize(nb101fast.open(path))


def values_of(summary: IndexSummary) -> dict[str, float]:
    return {row.name: row.value for _, row in summary.rows()}


def test_one_repeat_has_no_noise(tmp_path: Path) -> None:
    summary = made(tmp_path, range(200), (36, 108), 1)
    assert not summary.distributions.has_noise
    assert "unknown" in summary.distributions.caption
    assert "unknown" in summary.best_cells.caption
    values = values_of(summary)
    assert math.isnan(values["further cells within 2 standard errors of the best"])
    assert math.isnan(values["median noise of test accuracy, 108 epochs"])


def test_one_budget_has_nothing_to_compare(tmp_path: Path) -> None:
    summary = made(tmp_path, range(200), (108,), 2)
    assert summary.budgets.caption.startswith(
        "This index has validation accuracies at one budget, 108 epochs"
    )
    assert not summary.budgets.rows()


@pytest.mark.parametrize("cell", [0, 5])
def test_one_cell(tmp_path: Path, cell: int) -> None:
    summary = made(tmp_path, [cell], (4, 108), 3)
    values = values_of(summary)
    assert math.isnan(values["Pearson, validation accuracy and test accuracy"])
    assert math.isnan(values["autocorrelation at lag 1"])
    assert "no autocorrelation" in summary.locality.caption
    assert values["further cells within 2 standard errors of the best"] == 0


def test_an_index_of_no_cells(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No file can hold such an index, so an index says that it has none."""
    shutil.copy(BUILT_IN, tmp_path / "empty.nb101")
    empty = nb101fast.open(tmp_path / "empty.nb101")
    monkeypatch.setattr(Index, "__len__", lambda self: 0)
    with pytest.raises(
        ValueError, match=r"empty\.nb101 has no cells; use an index with at least one"
    ):
        analysis.summarize(empty)


# What a metric's rows are called.
ROWS_OF = {
    "train_accuracy": "train accuracy",
    "validation_accuracy": r"validation accuracy|Spearman, \d|autocorrelation|lag at|fitness",
    "test_accuracy": "test accuracy|of the best$|of these cells",
    "training_time": "training time",
}


@pytest.fixture(scope="module")
def runs_of_91_cells() -> list[Record]:
    """Two runs of each cell of at most 4 vertices at two budgets."""
    graphs = [prune(decode(int(code))) for code in nb101fast.cell_codes()[:91]]
    known = [graph for graph in graphs if graph]
    return random_records(np.random.default_rng(91), known, {36: 2, 108: 2})


@pytest.fixture(scope="module")
def values_of_91_cells(
    runs_of_91_cells: list[Record], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, float]:
    """What an analysis of these runs says, by name."""
    folder = tmp_path_factory.mktemp("91_cells")
    return values_of(analysis.summarize(compiled_without(folder, runs_of_91_cells, ())))


def compiled_without(folder: Path, records: list[Record], metrics: tuple[str, ...]) -> Index:
    """Compile records after setting some metrics to NaN."""
    return compiled_with(folder, records, dict.fromkeys(metrics, math.nan), 1)


def compiled_with(
    folder: Path, records: list[Record], values: dict[str, float], share: int
) -> Index:
    """Compile records after setting some metrics of one record in so many."""
    source = folder / "lacking.tfrecord"
    source.write_bytes(tfrecord.write(with_values(records, values, share)))
    nb101fast.compile(source, source.with_suffix(".nb101"))
    return nb101fast.open(source.with_suffix(".nb101"))


@pytest.mark.parametrize(
    "missing",
    [
        *((metric,) for metric in ANALYSED_METRICS),
        ("train_accuracy", "test_accuracy"),
        ("validation_accuracy", "training_time"),
        ACCURACIES,
        ("train_accuracy", "validation_accuracy", "training_time"),
    ],
)
def test_missing_metrics_are_left_out(
    runs_of_91_cells: list[Record],
    values_of_91_cells: dict[str, float],
    tmp_path: Path,
    missing: tuple[str, ...],
) -> None:
    summary = analysis.summarize(compiled_without(tmp_path, runs_of_91_cells, missing))
    assert summary.missing == missing
    needed = "|".join(ROWS_OF[metric] for metric in missing)
    expected = {
        name: value for name, value in values_of_91_cells.items() if not re.search(needed, name)
    }
    assert values_of(summary) == pytest.approx(expected, nan_ok=True)
    for part in summary.parts:
        has_figure = part.figure() is not None
        assert has_figure or "This index has no " in part.caption
        assert has_figure or not part.rows()


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("training_time", 0.0),
        ("training_time", -1.0),
        ("training_time", math.inf),
        ("training_time", 1e300),
        ("training_time", 1e-300),
        *((metric, value) for metric in ACCURACIES for value in (math.inf, -1e300, 2.0)),
    ],
)
@pytest.mark.parametrize("share", [1, 7])
def test_values_that_cannot_be_analysed_are_left_out(
    runs_of_91_cells: list[Record], tmp_path: Path, metric: str, value: float, share: int
) -> None:
    """All values of a metric, or each seventh one."""
    index = compiled_with(tmp_path, runs_of_91_cells, {metric: value}, share)
    summary = analysis.summarize(index)
    assert summary.missing == ((metric,) if share == 1 else ())
    assert summary.left_out[metric, 108] == sum(
        record.epochs == 108 for record in runs_of_91_cells[::share]
    )
    assert all(math.isfinite(row.value) or math.isnan(row.value) for _, row in summary.rows())
    assert any("are left out" in text for text in json.loads(summary.as_json())["left_out"])
    for part in summary.parts:
        assert part.caption
        assert all(row.text for row in part.rows())


def test_a_report_says_what_is_left_out(runs_of_91_cells: list[Record], tmp_path: Path) -> None:
    index = compiled_with(tmp_path, runs_of_91_cells, {"training_time": 0.0}, 1)
    page = render_report(analysis.summarize(index), {})
    assert "This index has no training time at 108 epochs." in page
    assert "182 values of training time at 108 epochs, which must be from" in page
    index = compiled_with(tmp_path, runs_of_91_cells, {"test_accuracy": math.inf}, 5)
    summary = analysis.summarize(index)
    page = render_report(summary, {})
    count = sum(record.epochs == 108 for record in runs_of_91_cells[::5])
    assert f"{count} values of test accuracy at 108 epochs, which must be" in page
    assert all(part.figure() for part in summary.parts)


def test_an_index_without_any_of_the_metrics(
    runs_of_91_cells: list[Record], tmp_path: Path
) -> None:
    nothing = compiled_without(tmp_path, runs_of_91_cells, ANALYSED_METRICS)
    with pytest.raises(
        ValueError,
        match=r"lacking\.nb101 has no accuracies from 0 to 1 and no training times above 0",
    ):
        analysis.summarize(nothing)


def test_a_metric_that_is_missing_at_one_budget(
    runs_of_91_cells: list[Record], tmp_path: Path
) -> None:
    """Only the budgets that have the metric are compared."""
    short = [record for record in runs_of_91_cells if record.epochs == 36]
    folder, other = tmp_path / "lacking", tmp_path / "whole"
    folder.mkdir()
    other.mkdir()
    compiled_without(folder, short, ("validation_accuracy",))
    long = compiled_without(other, [r for r in runs_of_91_cells if r.epochs != 36], ())
    both = tmp_path / "both.nb101"
    nb101fast.compile([folder / "lacking.nb101", long.path], both)
    summary = analysis.summarize(nb101fast.open(both))
    assert summary.missing == ()
    assert summary.budgets.epochs == (108,)
    assert summary.distributions.noise.keys() == {36, 108}


def test_rows_of_digits_are_as_documented(digits: Index) -> None:
    texts = {row.name: row.text for _, row in analysis.summarize(digits).rows()}
    page = (ROOT / "docs" / "analysis.md").read_text()
    table = page.partition("| | NB101-digits |\n|---|---|\n")[2].partition("\n\n")[0]
    documented = dict(re.findall(r"\| (.+) \| (.+) \|", table))
    assert len(documented) == 13
    assert documented.items() <= texts.items()
