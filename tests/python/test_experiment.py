"""The experiment: what it refuses and writes, and that only its plan decides the results."""

from __future__ import annotations

import base64
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import FormatError, Index, search
from nb101fast.experiment import ExperimentPlan, ExperimentReport, run_experiment
from nb101fast.experiment.folder import Folder
from nb101fast.experiment.run_range import RunRange, missing_ranges, take_no_second
from nb101fast.experiment.worker import ExperimentWorker
from nb101fast.locations import BUILT_IN
from nb101fast.search.observations import COLUMNS
from reference.hostile_json import refusals
from reference.libraries import needs
from reference.slow_search import PlainSearch

pytestmark = pytest.mark.slow

parquet = pytest.importorskip("pyarrow.parquet")
pytest.importorskip("matplotlib")

ALL = ("rs", "re", "hb", PlainSearch)
BUDGET = 200.0
TEXTS = ("experiment.json", "summary.csv", "summary.json")
PICTURES = [
    f"{n}.{form}" for n in ("regret", "mean_regret", "final_regret") for form in ("png", "svg")
]


def run(index: Index, out: Path, **changes: Any) -> ExperimentReport:
    """Run a small experiment in this process."""
    options: dict[str, Any] = {"optimizers": ("rs", "re"), "runs": 20, "budget_seconds": BUDGET}
    return run_experiment(index, out, **options | {"workers": 1} | changes)


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder except the parts, which may be cut differently."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def index() -> Index:
    return nb101fast.open(BUILT_IN)


@pytest.fixture(scope="module")
def undisturbed(index: Index, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An experiment with all kinds of optimizers that was never interrupted."""
    folder = tmp_path_factory.mktemp("experiment") / "undisturbed"
    run(index, folder, optimizers=ALL, runs=70)
    return folder


@pytest.fixture(scope="module")
def small_report(index: Index, tmp_path_factory: pytest.TempPathFactory) -> ExperimentReport:
    """A small experiment, which tests copy or only read."""
    return run(index, tmp_path_factory.mktemp("experiment") / "small")


@contextmanager
def without_figures() -> Iterator[None]:
    """Let experiments draw no figures, which takes most of the time of a small one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nb101fast.experiment.experiment.figures", lambda *_, **__: {})
        yield


@pytest.fixture
def undrawn() -> Iterator[None]:
    """A test whose experiments draw no figures."""
    with without_figures():
        yield


@pytest.fixture
def small(small_report: ExperimentReport) -> Path:
    """The folder of the small experiment."""
    return small_report.folder


# -------------------------------------------------------------------- what it writes


def test_files(undisturbed: Path) -> None:
    names = {path.name for path in undisturbed.iterdir()}
    assert names == {*TEXTS, *PICTURES, "trajectories.parquet", "runs"}


@pytest.mark.parametrize("optimizer", ALL)
def test_runs_are_those_of_search(index: Index, undisturbed: Path, optimizer: Any) -> None:
    expected = search.run(optimizer, index, runs=70, budget_seconds=BUDGET)
    table = parquet.read_table(undisturbed / "trajectories.parquet")
    chosen = np.array(table["optimizer"].to_pylist()) == expected.optimizer
    assert chosen.sum() == len(expected.incumbents)
    assert (table["run"].to_numpy()[chosen] == expected.incumbents.run).all()
    for name in COLUMNS:
        assert (table[name].to_numpy()[chosen] == getattr(expected.incumbents, name)).all()


def test_a_report_shows_its_table_and_in_a_notebook_its_figure_too(
    small_report: ExperimentReport,
) -> None:
    assert repr(small_report) == small_report.markdown()
    html = small_report._repr_html_()
    assert html.count("<img ") == html.count("<table>") == 1
    regret = (small_report.folder / "regret.png").read_bytes()
    assert base64.b64encode(regret).decode() in html
    for cell in small_report.markdown().split("|"):
        assert cell.strip(" -:\n") in html or "\n" in cell


def test_links_that_someone_planted_are_not_written_through(
    index: Index, small: Path, tmp_path: Path
) -> None:
    names = [path.name for path in small.iterdir() if path.is_file()]
    for name in names:
        (tmp_path / name).symlink_to(tmp_path / "victim")
    run(index, tmp_path)
    assert not any((tmp_path / name).is_symlink() for name in names)
    assert not (tmp_path / "victim").exists()


def test_report(index: Index, small_report: ExperimentReport) -> None:
    assert small_report.folder.name == "small"
    assert list(small_report.trajectories) == ["rs", "re"]
    assert [row.optimizer for row in small_report.summaries] == ["rs", "re"]
    for name, trajectories in small_report.trajectories.items():
        expected = search.run(name, index, runs=20, budget_seconds=BUDGET)
        assert (trajectories.final_regret == expected.final_regret).all()
        assert (trajectories.num_evaluations == expected.num_evaluations).all()


@pytest.mark.usefixtures("undrawn")
def test_everything_recorded(index: Index, tmp_path: Path) -> None:
    report = run(index, tmp_path, record="everything", runs=70)
    table = parquet.read_table(tmp_path / "trajectories.parquet")
    counts = [trajectories.num_evaluations.sum() for trajectories in report.trajectories.values()]
    assert table.num_rows == sum(counts)
    expected = sum(len(trajectories.incumbents) for trajectories in report.trajectories.values())
    assert table["is_incumbent"].to_numpy().sum() == expected


@pytest.mark.usefixtures("undrawn")
def test_names_of_a_dictionary(index: Index, tmp_path: Path) -> None:
    optimizers: dict[str, Any] = {"small": search.Evolution(population=20), "re": "re"}
    report = run(index, tmp_path, optimizers=optimizers)
    assert [row.optimizer for row in report.summaries] == ["small", "re"]
    for name, settings in optimizers.items():
        expected = search.run(settings, index, runs=20, budget_seconds=BUDGET)
        assert report.trajectories[name].optimizer == name
        assert (report.trajectories[name].final_regret == expected.final_regret).all()
    again = run(index, tmp_path, optimizers=optimizers)
    assert again.summaries == report.summaries


@pytest.mark.usefixtures("undrawn")
def test_a_number_of_evaluations(index: Index, tmp_path: Path) -> None:
    limits: dict[str, Any] = {"budget_seconds": None, "max_evaluations": 30}
    report = run(index, tmp_path, optimizers=["rs", "re", PlainSearch], **limits)
    for trajectories in report.trajectories.values():
        assert (trajectories.num_evaluations == 30).all()
    assert "30 evaluations a run" in report.markdown()
    facts = json.loads((tmp_path / "experiment.json").read_text())
    assert (facts["budget_seconds"], facts["max_evaluations"]) == (None, 30)
    before = contents(tmp_path)
    run(index, tmp_path, optimizers=["rs", "re", PlainSearch], **limits)
    assert contents(tmp_path) == before
    with pytest.raises(ValueError, match="max_evaluations=30, not 31; "):
        run(index, tmp_path, **limits | {"max_evaluations": 31})
    default = ExperimentPlan.of(index, ["rs"])
    assert default.limits == (1e7, None)
    both = ExperimentPlan.of(index, ["rs"], budget_seconds=50, max_evaluations=7)
    assert both.limits == (50, 7)


@pytest.mark.usefixtures("undrawn")
def test_a_budget_that_is_far_too_long_for_the_index_is_told(
    index: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times = index.column("training_time")
    budget = 200_000 * float(times.mean())
    run(index, tmp_path / "long", optimizers=["rs"], runs=1, budget_seconds=budget)
    assert "each run has time for about 200,000 trainings" in capsys.readouterr().err
    assert ExperimentPlan.of(index, ["rs"]).trainings_in_a_run > 1e6
    bounded = ExperimentPlan.of(index, ["rs"], budget_seconds=budget, max_evaluations=500)
    assert bounded.trainings_in_a_run == 500
    run(index, tmp_path / "short", optimizers=["rs"], runs=1)
    assert capsys.readouterr().err == ""


def test_several_objectives(index: Index, tmp_path: Path) -> None:
    out = tmp_path / "fronts"
    objectives = ["test_accuracy", "training_time"]
    with without_figures():
        run(index, out, optimizers=None, objectives=objectives, runs=3)
    report = run(index, out, optimizers=None, objectives=objectives, runs=5)
    assert list(report.trajectories) == ["rs", "nsga2"]
    for name, fronts in report.trajectories.items():
        expected = search.find_fronts(
            name, index, minimize=["training_time"], runs=5, budget_seconds=BUDGET
        )
        assert isinstance(fronts, search.Fronts)
        assert np.array_equal(fronts.final_regret, expected.final_regret)
    finals = {row.optimizer: row.mean_final_regret for row in report.summaries}
    assert finals["nsga2"] == report.trajectories["nsga2"].final_regret.mean()
    assert "This is hypervolume regret. The exact front has " in report.markdown()
    rows = parquet.read_table(out / "fronts.parquet")
    assert rows.num_rows == sum(len(each.incumbents) for each in report.trajectories.values())
    assert {"attained.png", "regret.svg"} <= contents(out).keys()
    summary = json.loads((out / "summary.json").read_text())
    assert summary["regret"] == "hypervolume"
    assert summary["experiment"]["objectives"] == "test_accuracy:maximize, training_time:minimize"
    with pytest.raises(ValueError, match="holds another experiment, with objectives="):
        run(index, out, optimizers=None, objectives=["test_accuracy", "parameters"], runs=5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"record": "everything"}, "record='everything' is not allowed with several objectives"),
        ({"regret": "validation"}, "regret='validation' is not allowed with several objectives"),
        ({"optimizers": ["hb"]}, "optimizer 'hb' trains at 4, 12, 36, 108 epochs"),
        ({"objectives": ["depth"]}, "objective 'depth' is not allowed; use depth:maximize or"),
        ({"objectives": []}, "no objectives"),
    ],
)
def test_what_is_refused_with_several_objectives(
    index: Index, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        run(index, tmp_path / "out", **{"objectives": ["test_accuracy", "parameters"], **changes})


def test_the_papers_seven_by_default(index: Index) -> None:
    for preset in ("paper", "scripts"):
        plan = ExperimentPlan.of(index, preset=preset)
        assert list(plan.optimizers) == ["rs", "re", "tpe", "smac", "hb", "bohb", "rl"]
        assert plan.runs == 500


def test_validation_regret(index: Index, small: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(small, tmp_path / "out")
    before = contents(folder)
    report = run(index, folder, regret="validation")
    after = contents(folder)
    assert after["trajectories.parquet"] == before["trajectories.parquet"]
    assert after["regret.png"] != before["regret.png"]
    for row in report.summaries:
        trajectories = report.trajectories[row.optimizer]
        assert isinstance(trajectories, search.Trajectories)
        regret = trajectories.final_validation_regret
        assert row.mean_final_regret == pytest.approx(regret.mean())
    summary = json.loads(after["summary.json"])
    assert summary["regret"] == "validation"
    best = {
        metric: max(
            sum(index.query(ids=cell, repeat=r)[metric] for r in range(3)) / 3
            for cell in index.cells
        )
        for metric in ("test_accuracy", "validation_accuracy")
    }
    for metric, value in best.items():
        assert summary[f"best_{metric}"] == pytest.approx(value)
        assert f"{value:.5f}" in report.markdown()


def test_the_plan_is_written_down(index: Index, undisturbed: Path) -> None:
    facts = json.loads((undisturbed / "experiment.json").read_text())
    assert facts["optimizers"]["re"] == repr(search.Evolution())
    assert facts["optimizers"]["PlainSearch"] == "reference.slow_search.PlainSearch"
    assert (facts["runs"], facts["budget_seconds"], facts["seed"]) == (70, BUDGET, 0)
    assert facts["index"] == repr(index)


@pytest.mark.usefixtures("undrawn")
def test_progress(index: Index, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    run(index, tmp_path, optimizers=ALL, progress=lambda *numbers: told.append(numbers))
    assert told == sorted(set(told))
    assert (told[0], told[-1]) == ((20, 80), (80, 80))
    told.clear()
    run(index, tmp_path, optimizers=ALL, runs=25, progress=lambda *numbers: told.append(numbers))
    assert all(done > 80 for done, _ in told)
    assert told[-1] == (100, 100)


# -------------------------------------------------------------------- what changes no results


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("workers", [2, pytest.param(3, marks=pytest.mark.release)])
def test_the_number_of_workers_changes_nothing(
    index: Index, undisturbed: Path, tmp_path: Path, workers: int
) -> None:
    run(index, tmp_path, optimizers=ALL, runs=70, workers=workers)
    drawn = contents(undisturbed)
    assert contents(tmp_path) == {name: drawn[name] for name in drawn.keys() - set(PICTURES)}


@pytest.mark.usefixtures("undrawn")
def test_a_second_process_starts_only_for_a_second_of_work(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_short(*optimizers: Any, runs: int = 20, budget_seconds: float = BUDGET) -> bool:
        plan = ExperimentPlan.of(index, optimizers, runs=runs, budget_seconds=budget_seconds)
        return take_no_second(plan, missing_ranges(plan, {name: set() for name in plan.optimizers}))

    assert is_short("rs", "re", "bohb")
    assert not is_short("rs", "smac")
    assert not is_short("rs", PlainSearch)
    assert not is_short("rs", runs=100_000)
    assert not is_short("rs", budget_seconds=1e6)
    monkeypatch.delattr("nb101fast.experiment.crew.ProcessPool")
    run(index, tmp_path, workers=None)


def test_an_experiment_can_grow(index: Index, undisturbed: Path, tmp_path: Path) -> None:
    with without_figures():
        run(index, tmp_path, optimizers=["re", PlainSearch], runs=65)
    run(index, tmp_path, optimizers=ALL, runs=70)
    assert contents(tmp_path) == contents(undisturbed)


@pytest.mark.usefixtures("undrawn")
def test_lost_parts_are_computed_again(index: Index, undisturbed: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(undisturbed, tmp_path / "out")
    for name in ("rs-000000", "PlainSearch-000033", "PlainSearch-000069"):
        (folder / "runs" / f"{name}.parquet").unlink()
    (folder / "trajectories.parquet").unlink()
    run(index, folder, optimizers=ALL, runs=70)
    assert contents(folder) == contents(undisturbed)


def test_only_missing_runs_are_computed(index: Index) -> None:
    plan = ExperimentPlan.of(index, ["rs"], runs=70, budget_seconds=BUDGET)
    assert missing_ranges(plan, {"rs": {64}}) == [RunRange("rs", 0, 64), RunRange("rs", 65, 5)]


@pytest.mark.usefixtures("undrawn")
def test_another_seed_has_other_runs(index: Index, small: Path, tmp_path: Path) -> None:
    run(index, tmp_path, seed=1)
    name = "trajectories.parquet"
    assert contents(tmp_path)[name] != contents(small)[name]


# -------------------------------------------------------------------- what it refuses


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"optimizers": ["rs", "xy"]},
            "optimizer='xy' is not allowed in preset 'paper'; use 'rs', 're'",
        ),
        ({"optimizers": []}, "no optimizers: give at least one"),
        (
            {"optimizers": ["re", search.Evolution(population=50)]},
            "optimizer 're' is given twice; give each name once",
        ),
        (
            {"optimizers": [lambda training, seed: None]},
            "optimizer '<lambda>' has a name that is not allowed; use letters",
        ),
        (
            {"preset": "papers"},
            "preset='papers' is not allowed; use 'paper', 'scripts', 'notebook', 'mini' or 'mut",
        ),
        ({"runs": 0}, "runs=0 is not allowed; use an integer from 1 to 10000000"),
        ({"record": "all"}, "record='all' is not allowed; use 'incumbents' or 'everything'"),
        ({"regret": "train"}, "regret='train' is not allowed; use 'test' or 'validation'"),
        ({"max_evaluations": 0}, "max_evaluations=0 is not allowed; use an integer from 1 to"),
        ({"optimizers": {"a/b": "rs"}}, "optimizer 'a/b' has a name that is not allowed"),
        (
            {"engine": "dask"},
            "engine='dask' is not allowed; use 'local' or 'ray'",
        ),
        (
            {"address": "127.0.0.1:6379"},
            "address='127.0.0.1:6379' is not allowed with the engine 'local'; use the engine 'ray'",
        ),
        ({"workers": 0}, "workers=0 is not allowed; use an integer from 1 to 1024"),
        ({"budget_seconds": 0.1}, "budget_seconds=0.1 is too short; the shortest training"),
        (
            {"budget_seconds": -1},
            "budget_seconds=-1 is not allowed; use a finite number of seconds above 0",
        ),
        (
            {"preset": "notebook", "optimizers": ["hb"]},
            "optimizer='hb' is not allowed in preset 'notebook'; use 'rs', 're' or 'nsga2'",
        ),
    ],
)
def test_arguments_that_are_refused(
    index: Index, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        run(index, tmp_path / "out", **changes)
    assert not list(tmp_path.iterdir())


def test_epochs_that_the_index_lacks(tmp_path: Path) -> None:
    path = tmp_path / "only108.nb101"
    nb101fast.synthetic.write_index(path, codes=nb101fast.cell_codes()[:50], epochs=(108,))
    with pytest.raises(ValueError, match=r"epochs=4 are needed, but .* has no such budget; use "):
        run(nb101fast.open(path), tmp_path / "out", optimizers=["rs", "hb"], budget_seconds=1e5)
    assert [each.name for each in tmp_path.iterdir()] == ["only108.nb101"]


@pytest.mark.parametrize("library", ["matplotlib.figure", "pyarrow.parquet"])
def test_a_missing_library_is_named(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=r'pip install "nb101fast\[(plots|arrow)\]"'):
        run(index, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_out_is_a_file(index: Index, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(NotADirectoryError, match="out' is a file; use a folder or a new name"):
        run(index, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": 5}, "holds another experiment, with seed=0, not 5; use another folder"),
        ({"budget_seconds": 150.0}, r"budget_seconds=200\.0, not 150\.0; use another"),
        ({"max_evaluations": 9}, "max_evaluations=None, not 9; use another"),
        ({"record": "everything"}, "record='incumbents', not 'everything'; use another"),
        ({"runs": 19}, r"runs=20, not 19 \(it may only grow\); use another"),
        (
            {"optimizers": ["re"]},
            r"with the optimizer rs, which is left out \(optimizers may only be added\); use ",
        ),
        (
            {"optimizers": ["rs", search.Evolution(population=50)], "seed": 2},
            r"seed=0, not 2; re=Evolution\(population=100, .*\), not Evolution\(population=50, ",
        ),
        ({"preset": "scripts"}, r"preset='paper', not 'scripts'; re=.*with_replacement=True"),
    ],
)
def test_folder_of_another_experiment(
    index: Index, small: Path, changes: dict[str, Any], message: str
) -> None:
    before = contents(small)
    with pytest.raises(ValueError, match=message):
        run(index, small, **changes)
    assert contents(small) == before


def test_folder_of_another_index(small: Path, tmp_path: Path) -> None:
    path = tmp_path / BUILT_IN.name
    nb101fast.compile(BUILT_IN, path, synthetic=True)
    with pytest.raises(ValueError, match=r"index='<Index .*, not '<SYNTHETIC .*; index_sha256='"):
        run(nb101fast.open(path), small)


def plan_for(index: Index, *optimizers: Any) -> ExperimentPlan:
    return ExperimentPlan.of(index, optimizers, runs=1, budget_seconds=BUDGET)


@needs("hyperopt")
def test_needs_are_met_where_they_were_noted(index: Index) -> None:
    assert plan_for(index, "rs", search.HyperoptTPE()).needs().fault() == ""


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"nb101fast": "0.0.9"},
            rf"nb101fast 0\.0\.9 is needed, but {nb101fast.__version__} is installed",
        ),
        (
            {"libraries": {"numpy": "0.1"}},
            rf"numpy 0\.1 is needed, but {np.__version__} is installed",
        ),
        (
            {"libraries": {"nolibrary": "1.2"}},
            r"nolibrary 1\.2 is needed, but nolibrary is not installed",
        ),
        (
            {"index_path": "nowhere.nb101"},
            r"the index can't be read: .*'nowhere\.nb101'; each node needs the same file",
        ),
        ({"index_sha256": "0" * 64}, r"digits\.nb101 is another index than .*, not 000000000000\)"),
    ],
)
def test_needs_that_are_not_met(index: Index, changes: dict[str, Any], fault: str) -> None:
    needs = replace(plan_for(index, "rs").needs(), **changes)
    assert re.search(fault, needs.fault())
    with pytest.raises(ValueError, match=fault):
        ExperimentWorker(plan_for(index, "rs"), needs)


def test_pyarrow_is_needed(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    needs = plan_for(index, "rs").needs()
    monkeypatch.setattr("importlib.util.find_spec", {"pyarrow": None}.get)
    assert needs.fault() == "pyarrow is needed, but is not installed"


def _remove_facts(folder: Path) -> None:
    (folder / "experiment.json").unlink()


def _cut_facts(folder: Path) -> None:
    path = folder / "experiment.json"
    path.write_bytes(path.read_bytes()[:-9])


def _cut_part(folder: Path) -> None:
    path = folder / "runs" / "re-000000.parquet"
    path.write_bytes(path.read_bytes()[:-9])


def _mistake_part(folder: Path) -> None:
    (folder / "runs" / "rs-000000.parquet").rename(folder / "runs" / "re-000000.parquet")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_remove_facts, "has a folder 'runs' but no experiment.json"),
        (_cut_facts, r"experiment\.json: not JSON"),
        (_cut_part, r"re-000000\.parquet: not a sound Parquet file: "),
        (
            _mistake_part,
            r"re-000000\.parquet: <Trajectories of rs .* belongs to another experiment",
        ),
    ],
)
def test_damaged_folder(
    index: Index, small: Path, tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    folder = shutil.copytree(small, tmp_path / "out")
    damage(folder)
    before = contents(folder)
    with pytest.raises(ValueError, match=message):
        run(index, folder)
    assert contents(folder) == before


def test_no_damaged_plan_raises_another_error(index: Index, small: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(small, tmp_path / "out")
    sound = json.loads((folder / "experiment.json").read_text())
    plan = ExperimentPlan.of(index, ("rs", "re"), runs=20, budget_seconds=BUDGET)

    def check(text: bytes) -> None:
        (folder / "experiment.json").write_bytes(text)
        try:
            Folder(folder).check(plan)
        except FormatError:
            raise
        except ValueError as error:
            assert re.fullmatch(r"out=.* holds another experiment, .*", str(error))  # noqa: PT017

    texts = refusals(check, sound)
    assert len(texts) > 50
    assert all("experiment.json: " in text and text.isprintable() for text in texts)
