"""The trainable for Ray Tune, called as Tune calls it, but without a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import nb101fast
from nb101fast.locations import BUILT_IN
from nb101fast.named_parameters import ENCODINGS, code_of, parameters, values_of
from reference.libraries import import_or_skip

import_or_skip("ray.tune")

from nb101fast.adapters.ray_tune import param_space, trainable  # noqa: E402

DIGITS = nb101fast.open(BUILT_IN)
CELL = nb101fast.Cell.from_id(60)


@pytest.fixture(autouse=True)
def folder_of_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep Ray from writing into the user's home."""
    monkeypatch.setattr("ray.tune.trainable.trainable.DEFAULT_STORAGE_PATH", str(tmp_path))


def trial_of(config: dict[str, Any], **arguments: Any) -> Any:
    """Make a trial as Tune does."""
    return trainable(DIGITS, **arguments)(config)


def started(code: int = CELL.code, **arguments: Any) -> Any:
    """Make a trial of a code."""
    return trial_of(values_of(code), **arguments)


def reports(trial: Any) -> list[dict[str, Any]]:
    """The reports of a trial until it is done."""
    told = [trial.train()]
    while not told[-1]["done"]:
        told.append(trial.train())
    return told


def test_each_step_reveals_the_next_budget() -> None:
    told = reports(started())
    assert [report["training_iteration"] for report in told] == [4, 12, 36, 108]
    seconds = 0.0
    for report in told:
        run = DIGITS.query(CELL, epochs=report["training_iteration"], repeat=report["repeat"])
        assert report["validation_accuracy"] == run["validation_accuracy"]
        assert report["time_this_iter_s"] == run["training_time"]
        assert report["cell_id"] == 60
        seconds += run["training_time"]
        assert report["time_total_s"] == pytest.approx(seconds, rel=1e-12)


def test_some_budgets_can_be_chosen() -> None:
    told = reports(started(epochs=(108, 12)))
    assert [report["training_iteration"] for report in told] == [12, 108]


def test_an_invalid_configuration() -> None:
    for report in reports(started(code=0)):
        assert (report["cell_id"], report["repeat"]) == (-1, -1)
        assert report["validation_accuracy"] == report["time_total_s"] == 0.0


def test_validity() -> None:
    code = 32 | 0x3FF << 6  # input to output, and ten edges that the input does not reach
    assert started(code).train()["cell_id"] == -1
    assert started(code, validity="official").train()["cell_id"] == 0


def test_results_depend_only_on_seed_and_configuration() -> None:
    def repeats(seed: int) -> list[int]:
        codes = nb101fast.cell_codes()[DIGITS.cells[:6]].tolist()
        return [report["repeat"] for code in codes for report in reports(started(code, seed=seed))]

    assert repeats(1) == repeats(1) != repeats(2)
    assert set(repeats(1)) == {0, 1, 2}


def test_a_paused_trial_continues(tmp_path: Path) -> None:
    whole = reports(started())
    trial = started()
    first = [trial.train(), trial.train()]
    saved = trial.save(str(tmp_path / "saved"))
    other = started()
    other.restore(saved)
    both = first + reports(other)
    for name in ("training_iteration", "validation_accuracy", "time_total_s", "done"):
        assert [report[name] for report in both] == [report[name] for report in whole]


def test_an_actor_can_be_reused() -> None:
    trial = started(code=0)
    trial.train()
    assert trial.reset_config(values_of(CELL.code))
    told, fresh = reports(trial), reports(started())
    for name in ("training_iteration", "validation_accuracy", "repeat", "done"):
        assert [report[name] for report in told] == [report[name] for report in fresh]


def test_the_parameters() -> None:
    for encoding in ENCODINGS:
        space = param_space(encoding)
        assert space.keys() == parameters(encoding).keys()
        draws = [{name: domain.sample() for name, domain in space.items()} for _ in range(50)]
        assert len({code_of(drawn) for drawn in draws}) > 1
        assert trial_of(draws[0]).train()["training_iteration"] == 4
    assert {param_space("C")["num_edges"].sample() for _ in range(300)} == set(range(10))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epochs": (4, 5)}, "epochs=5"),
        ({"epochs": ()}, r"epochs=\(\)"),
        ({"epochs": (4, 4)}, r"epochs=\(4, 4\) is not allowed; .* each once"),
        ({"validity": "raw"}, "validity='raw' is not allowed; use 'raw-9' or 'official'"),
    ],
)
def test_arguments_that_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trainable(DIGITS, **arguments)


def test_a_seed_must_be_an_integer() -> None:
    seed: Any = 0.5
    with pytest.raises(TypeError, match=r"seed=0\.5 is not allowed; use an integer"):
        trainable(DIGITS, seed=seed)


def test_unknown_encoding() -> None:
    name: Any = "path"
    with pytest.raises(ValueError, match="encoding='path' is not allowed; use 'A', 'B' or 'C'"):
        param_space(name)


def test_names_that_no_encoding_has() -> None:
    with pytest.raises(
        ValueError, match="parameters edge_0 are not those of an encoding; use op_node_0 to"
    ):
        trial_of({"edge_0": 1})
