"""The drop-in as type checkers see it. Nothing runs this file."""

from __future__ import annotations

from typing import assert_type

from nb101fast import api


def official_calls() -> None:
    spec = api.ModelSpec([[0, 1], [0, 0]], ["input", "output"])
    bench = api.NASBench("nasbench_full.tfrecord", seed=1)
    assert_type(bench.is_valid(spec), bool)
    assert_type(bench.get_budget_counters(), tuple[float, int])
