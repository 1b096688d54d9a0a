"""The optimizers of libraries propose what the libraries would, and disturb nothing else."""

from __future__ import annotations

import functools
import json
import logging
import os
import random
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import search
from nb101fast.codes import as_code
from nb101fast.named_parameters import code_of, values_of
from nb101fast.search.hpbandster_bohb import HpBandSterBOHB
from nb101fast.search.hyperopt_tpe import HyperoptTPE
from nb101fast.search.libraries import library, seed_of_32_bits, undisturbed
from nb101fast.search.settings import BOHB, SMAC, TPE, Settings
from nb101fast.search.smac3 import SMAC3
from reference.child_processes import environment
from reference.libraries import needs

pytestmark = pytest.mark.slow

PACKAGES: dict[type[Settings], str] = {
    HyperoptTPE: "hyperopt",
    SMAC3: "smac",
    HpBandSterBOHB: "hpbandster",
}
ENOUGH = {
    HyperoptTPE: 30,
    SMAC3: 3,
    HpBandSterBOHB: 120,
}  # proposals, so that the last ones come from the model
# The local searches of SMAC3 begin at several places, whose order matters, from the eighth on.
ENOUGH_ELSEWHERE = ENOUGH | {SMAC3: 8}
NUM_EDGES = 21
OPS = ("conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3")
CHOICES: dict[str, tuple[Any, ...]] = {
    **{f"op_node_{vertex}": OPS for vertex in range(5)},
    **{f"edge_{edge}": (0, 1) for edge in range(NUM_EDGES)},
}


@pytest.fixture(
    params=[pytest.param(kind, marks=needs(package)) for kind, package in PACKAGES.items()],
    ids=lambda kind: str(kind.name),
)
def kind(request: pytest.FixtureRequest) -> type[Settings]:
    """Each optimizer whose library is installed."""
    chosen: type[Settings] = request.param
    return chosen


def accuracy_of(code: int) -> float:
    """A made-up accuracy that grows with the edges; without the last edge it is that of invalid."""
    edges = code & ((1 << NUM_EDGES) - 1)
    return edges.bit_count() / NUM_EDGES if edges >> (NUM_EDGES - 1) else 0.0


def trainings(settings: Settings) -> search.SimulatedTraining:
    return search.SimulatedTraining(nb101fast.open(), epochs=settings.budgets(108))


def steps(settings: Settings, seed: int) -> Iterator[tuple[int, int]]:
    """Yield the proposals of one run, which is told made-up accuracies."""
    optimizer = settings(trainings(settings), seed)
    while True:
        proposed, epochs = optimizer.ask()
        code = as_code(proposed)
        yield code, epochs
        accuracy = accuracy_of(code)
        found = 0 if accuracy else -1
        optimizer.tell(search.Trial(code, found, epochs, found, accuracy, float(bool(accuracy))))


@functools.cache
def begun(settings: Settings, seed: int) -> tuple[list[int], Iterator[tuple[int, int]]]:
    """A run that the tests share: what it has proposed so far, and the rest."""
    return [], steps(settings, seed)


def proposals(settings: Settings, count: int | None = None, seed: int = 5) -> list[int]:
    count = count or ENOUGH[type(settings)]
    proposed, run = begun(settings, seed)
    proposed += [next(run)[0] for _ in range(count - len(proposed))]
    return proposed[:count]


def mean_of(codes: list[int]) -> float:
    return float(np.mean([accuracy_of(code) for code in codes]))


# ---------------------------------------------------------------- each of them


def test_runs_on_an_index(kind: type[Settings]) -> None:
    found = search.run(kind(), nb101fast.open(), runs=1, max_evaluations=2, seed=4, epochs=12)
    assert found.optimizer == kind.name
    assert found.num_evaluations[0] == 2
    assert 0 <= found.final_regret[0] < 1


def installed() -> list[type[Settings]]:
    """The optimizers whose libraries are installed."""
    return [kind for kind, package in PACKAGES.items() if find_spec(package) is not None]


@pytest.fixture(scope="module")
def elsewhere() -> dict[str, list[int]]:
    """What each optimizer whose library is installed proposes in another process, by its name."""
    program = (
        "import test_search_libraries as t, json, numpy; numpy.random.seed(1);"
        "print(json.dumps({kind.name: t.proposals(kind(), t.ENOUGH_ELSEWHERE[kind])"
        " for kind in t.installed()}))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(PYTHONHASHSEED="1"),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found: dict[str, list[int]] = json.loads(printed)
    return found


def test_a_seed_gives_the_same_proposals_in_every_process(
    kind: type[Settings], elsewhere: dict[str, list[int]]
) -> None:
    here = proposals(kind(), ENOUGH_ELSEWHERE[kind])
    assert elsewhere[str(kind.name)] == here
    assert proposals(kind(), seed=6) != here[: ENOUGH[kind]]


def test_all_64_bits_of_a_seed_count(kind: type[Settings]) -> None:
    assert proposals(kind(), 3, seed=5) != proposals(kind(), 3, seed=5 + (1 << 40))


def test_interleaved_runs_do_not_change_each_other(kind: type[Settings]) -> None:
    one, other = steps(kind(), 5), steps(kind(), 6)
    in_turn = [(next(one)[0], next(other)[0]) for _ in range(ENOUGH[kind])]
    assert in_turn == list(zip(proposals(kind()), proposals(kind(), seed=6), strict=True))


def test_a_run_and_what_is_outside_do_not_change_each_other(
    kind: type[Settings],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Outside are the caller's warnings, random numbers and loggers, files, and what is printed."""

    def outside() -> list[Any]:
        root = logging.getLogger()
        return [
            random.getstate(),
            [str(part) for part in np.random.get_state()],
            np.geterr(),
            list(warnings.filters),
            [root.level, *root.handlers],
            os.getcwd(),
            list(tmp_path.rglob("*")),
        ]

    expected = proposals(kind())  # The library is loaded.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    capfd.readouterr()
    run, found = steps(kind(), 5), []
    with np.errstate(all="raise"):
        for number in range(ENOUGH[kind]):
            np.random.seed(number)
            random.seed(number)
            before = outside()
            found.append(next(run)[0])
            assert outside() == before
    assert found == expected
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "settings", [HyperoptTPE(), SMAC3(), HpBandSterBOHB()], ids=lambda each: str(each.name)
)
def test_without_the_library(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    package = PACKAGES[type(settings)]
    for module in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf'^this needs {package}: pip install "nb101fast\[sear'):
        settings(trainings(settings), 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: TPE(num_startup=0),
            "num_startup=0 is not allowed; use an integer from 1 to 1000000",
        ),
        (
            lambda: TPE(num_candidates=0),
            "num_candidates=0 is not allowed; use an integer from 1 to 1000000",
        ),
        (lambda: TPE(gamma=-0.5), "gamma=-0.5 is not allowed; use a number from 0 to 100"),
        (lambda: SMAC(num_trees=0), "num_trees=0 is not allowed; use an integer from 1 to 10000"),
        (
            lambda: SMAC(random_fraction=1.5),
            "random_fraction=1.5 is not allowed; use a number from 0 to 1",
        ),
        (
            lambda: SMAC(max_evaluations=0),
            "max_evaluations=0 is not allowed; use an integer from 1 to 10000",
        ),
        (
            lambda: BOHB(random_fraction=-1),
            "random_fraction=-1 is not allowed; use a number from 0 to 1",
        ),
        (
            lambda: BOHB(num_samples=0),
            "num_samples=0 is not allowed; use an integer from 1 to 1000000",
        ),
        (lambda: BOHB(min_bandwidth=2), "min_bandwidth=2 is not allowed; use a number from 0 to 1"),
        (
            lambda: BOHB(bandwidth_factor=-1),
            "bandwidth_factor=-1 is not allowed; use a number from 0 to 1000000",
        ),
        (lambda: BOHB(eta=1), "eta=1 is not allowed; use an integer from 2 to 100"),
        (
            lambda: BOHB(min_epochs=0),
            "min_epochs=0 is not allowed; use an integer from 1 to 1000000",
        ),
    ],
)
def test_settings_out_of_bounds(make: Callable[[], Settings], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        make()


# ---------------------------------------------------------------- TPE


@needs("hyperopt")
@pytest.mark.parametrize("settings", [TPE(), TPE(num_startup=5, num_candidates=3, gamma=1.0)])
def test_tpe_proposes_what_fmin_does(settings: TPE) -> None:
    hyperopt = library("hyperopt")
    asked = []

    def objective(values: dict[str, Any]) -> float:
        asked.append(code_of(values))
        return 1 - accuracy_of(asked[-1])

    def suggest(*args: Any) -> Any:
        return hyperopt.tpe.suggest(
            *args,
            n_startup_jobs=settings.num_startup,
            n_EI_candidates=settings.num_candidates,
            gamma=settings.gamma,
            verbose=False,
        )

    with undisturbed():
        hyperopt.fmin(
            objective,
            {name: hyperopt.hp.choice(name, listed) for name, listed in CHOICES.items()},
            algo=suggest,
            max_evals=40,
            rstate=np.random.default_rng(5),
            show_progressbar=False,
        )
    assert proposals(HyperoptTPE(settings), 40) == asked


@needs("hyperopt")
def test_tpe_has_hyperopts_defaults() -> None:
    tpe = library("hyperopt.tpe")
    defaults = (
        tpe._default_n_startup_jobs,
        tpe._default_n_EI_candidates,
        tpe._default_gamma,
    )
    assert defaults == (TPE.num_startup, TPE.num_candidates, TPE.gamma)


# ---------------------------------------------------------------- SMAC

AT_RANDOM = SMAC3(SMAC(random_fraction=1))


@needs("smac")
def test_smac_learns_after_each_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    forest = library("smac.model.random_forest.random_forest").RandomForest
    train, trained = forest.train, []

    def watched(self: Any, x: Any, y: Any) -> Any:
        trained.append((self.meta["n_estimators"], len(y)))
        return train(self, x, y)

    monkeypatch.setattr(forest, "train", watched)
    proposals(SMAC3(SMAC(num_trees=7)), 3)
    assert trained == [(7, 1), (7, 2)]


@needs("smac")
def test_smac_proposes_better_cells_than_random() -> None:
    late = proposals(SMAC3(SMAC(random_fraction=0)), 11)[-5:]
    assert mean_of(late) > mean_of(proposals(AT_RANDOM, 40)) + 0.1


@needs("smac")
def test_smac_trains_contenders_again_up_to_a_limit() -> None:
    assert AT_RANDOM.settings.max_evaluations == 1
    assert max(Counter(proposals(AT_RANDOM, 40)).values()) == 1
    again = Counter(proposals(SMAC3(SMAC(max_evaluations=3, random_fraction=1)), 40))
    assert max(again.values()) == 3


# ---------------------------------------------------------------- BOHB


def rounds(eta: int, budgets: list[int]) -> Iterator[tuple[int, int, int]]:
    """Yield Hyperband's rounds: the bracket, the number of configurations, their epochs."""
    top = len(budgets) - 1
    bracket = 0
    while True:
        s = top - bracket % len(budgets)
        count = (top + 1) // (s + 1) * eta**s
        for budget in budgets[top - s :]:
            yield bracket, count, budget
            count //= eta
        bracket += 1


@needs("hpbandster")
def test_bohb_fills_hyperbands_brackets() -> None:
    run = steps(HpBandSterBOHB(), 5)
    kept: list[float] = []
    last = -1
    for bracket, count, budget in rounds(3, [4, 12, 36, 108]):
        asked = [next(run) for _ in range(count)]
        codes = [code for code, _ in asked]
        assert [epochs for _, epochs in asked] == [budget] * count
        if bracket == last:
            assert sorted(accuracy_of(code) for code in codes) == kept[-count:]
        kept, last = sorted(accuracy_of(code) for code in codes), bracket
        if bracket == 5:
            break


@needs("hpbandster")
@pytest.mark.parametrize("settings", [BOHB(), BOHB(num_samples=16, random_fraction=0.33)])
def test_bohb_draws_what_hpbandster_does(settings: BOHB, caplog: pytest.LogCaptureFixture) -> None:
    """Both draw from the same state, and no proposal fails: HpBandSter would draw it at random."""
    from nb101fast.config_space import configuration_space

    run = steps(HpBandSterBOHB(settings), 5)
    by_model: list[bool] = []
    outside, seed = np.random.get_state(), seed_of_32_bits(5)
    with undisturbed():
        expected = []
        np.random.seed(seed)
        model = library("hpbandster.optimizers.config_generators.bohb").BOHB(
            configspace=configuration_space("A", seed=seed),
            num_samples=settings.num_samples,
            random_fraction=settings.random_fraction,
            min_bandwidth=settings.min_bandwidth,
            bandwidth_factor=settings.bandwidth_factor,
        )
        last = -1
        for bracket, count, budget in rounds(3, [4, 12, 36, 108]):
            for _ in range(count):
                code, _ = next(run)
                if bracket != last:
                    values, facts = model.get_config(budget)
                    by_model.append(facts["model_based_pick"])
                    expected.append((code, code_of(values)))
                loss = 1 - accuracy_of(code)
                model.new_result(
                    SimpleNamespace(
                        kwargs={"budget": budget, "config": values_of(code)},
                        result={"loss": loss},
                        exception=None,
                    )
                )
            last = bracket
            if bracket == 8:
                break
    np.random.set_state(outside)
    assert all(ours == theirs for ours, theirs in expected)
    late = by_model[-40:]
    assert all(late) if settings.random_fraction == 0 else 15 < sum(late) < 40
    assert "failed" not in caplog.text


@needs("hpbandster")
def test_bohb_proposes_better_cells_than_random() -> None:
    by_model, at_random = (
        proposals(HpBandSterBOHB(BOHB(random_fraction=share)), 400) for share in (0, 1)
    )
    assert mean_of(by_model[-200:]) > mean_of(at_random) + 0.1
