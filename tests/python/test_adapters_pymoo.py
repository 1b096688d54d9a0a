"""The problem for pymoo on the built-in index."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import search_space
from nb101fast.locations import BUILT_IN
from reference.libraries import import_or_skip

pymoo = import_or_skip("pymoo")

from pymoo.algorithms.moo.nsga2 import NSGA2  # noqa: E402
from pymoo.indicators.hv import Hypervolume  # noqa: E402
from pymoo.operators.crossover.ux import UniformCrossover  # noqa: E402
from pymoo.operators.mutation.pm import PM  # noqa: E402
from pymoo.operators.repair.rounding import RoundingRepair  # noqa: E402
from pymoo.operators.sampling.rnd import IntegerRandomSampling  # noqa: E402
from pymoo.optimize import minimize  # noqa: E402

from nb101fast.adapters.pymoo_problem import Problem  # noqa: E402

DIGITS = nb101fast.open(BUILT_IN)
FIRST_CELL = 32  # input to output
OF_11_EDGES = FIRST_CELL | 0x3FF << 6  # the same, and ten edges that the input does not reach


def rows_of(*codes: int) -> Any:
    return search_space.encode_as(np.array(codes, np.uint32), "A")


def test_values_are_those_of_the_index() -> None:
    problem = Problem(DIGITS, maximize=["validation_accuracy"], minimize=["macs", "training_time"])
    codes = nb101fast.cell_codes()[DIGITS.cells]
    values, violations = problem.evaluate(search_space.encode_as(codes, "A").astype(np.float64))
    metrics = DIGITS.query(codes)
    expected = [-metrics["validation_accuracy"], search_space.macs(codes), metrics["training_time"]]
    assert np.array_equal(values, np.stack(expected, axis=1))
    assert not violations.any()
    by_id = Problem(DIGITS, maximize=["validation_accuracy"], minimize=["macs"], variables="ids")
    values, violations = by_id.evaluate(DIGITS.cells[:, np.newaxis])
    assert np.array_equal(values, np.stack(expected[:2], axis=1))
    assert not violations.any()


def test_an_invalid_configuration_is_worst_and_violates_the_constraint() -> None:
    absent = nb101fast.cell_codes()[423_623]
    rows = rows_of(0, OF_11_EDGES, int(absent), FIRST_CELL)
    problem = Problem(DIGITS)
    values, violations = problem.evaluate(rows)
    assert violations.tolist() == [[1], [1], [1], [0]]
    assert problem.ids(rows).tolist() == [-1, -1, 423_623, 0]
    accuracies = DIGITS.query(ids=DIGITS.cells)["test_accuracy"]
    worst = [-accuracies.min(), nb101fast.cell_parameters()[DIGITS.cells].max()]
    assert values[:3].tolist() == [worst] * 3
    official = Problem(DIGITS, validity="official")
    assert official.evaluate(rows)[1].tolist() == [[1], [0], [1], [0]]
    assert official.evaluate(rows[3])[0].shape == (2,)
    assert Problem(DIGITS, variables="ids").evaluate(np.array([[423_623], [0]]))[1].tolist() == [
        [1],
        [0],
    ]


def test_nsga2_of_pymoo_finds_most_of_the_exact_front() -> None:
    problem = Problem(DIGITS)
    algorithm = NSGA2(
        pop_size=40,
        sampling=IntegerRandomSampling(),
        crossover=UniformCrossover(),
        mutation=PM(vtype=float, repair=RoundingRepair()),
    )
    result = minimize(problem, algorithm, ("n_gen", 25), seed=1)
    corner = {"test_accuracy": 0.5, "parameters": 3e7}
    ours = DIGITS.hypervolume(minimize=["parameters"], reference=corner, ids=problem.ids(result.X))
    exact = DIGITS.hypervolume(minimize=["parameters"], reference=corner)
    assert 0.9 * exact < ours <= exact
    theirs = Hypervolume(ref_point=np.array([-0.5, 3e7]))
    assert theirs(result.F) == pytest.approx(ours)
    assert theirs(problem.pareto_front()) == pytest.approx(exact)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"variables": "B"}, ValueError, "variables='B' is not allowed; use 'A' or 'ids'"),
        ({"maximize": "test_accuracy"}, TypeError, "maximize is one string"),
        ({"minimize": ["size"]}, ValueError, "'size' is not a column"),
        ({"validity": "raw"}, ValueError, "validity='raw' is not allowed"),
        ({"epochs": 5}, ValueError, "epochs=5"),
        ({"index": "a path"}, TypeError, "index='a path' is not allowed; use an open Index"),
    ],
)
def test_arguments_that_are_refused(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Problem(**{"index": DIGITS, **arguments})


def test_variables_that_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(1, 3\) is not allowed; use \(N, 26\)"):
        Problem(DIGITS).ids([0, 1, 0])
    with pytest.raises(ValueError, match=r"0\.5"):
        Problem(DIGITS).evaluate(rows_of(FIRST_CELL) * 0.5)
    with pytest.raises(ValueError, match=r"cell id 0\.5 is not allowed; use an integer from 0"):
        Problem(DIGITS, variables="ids").ids(np.array([[0], [0.5]]))
    with pytest.raises(ValueError, match="cell id 423624 is not allowed"):
        Problem(DIGITS, variables="ids").ids([[423_624]])
