"""The runs that one figure compares: by name, with labels and a title."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from ..checks import check_choice, check_type
from .optimizer_runs import OptimizerRuns
from .presets import PRESETS
from .settings import title_of

SAME = ("preset", "budget_seconds", "max_evaluations")  # in all runs of one figure
_Runs = TypeVar("_Runs", bound=OptimizerRuns)


def runs_by_name(
    argument: str,
    given: Iterable[_Runs] | Mapping[str, _Runs],
    kind: type[_Runs],
    same: Collection[str],
) -> dict[str, _Runs]:
    """The runs of one figure by name.

    Args:
        argument: the name of the argument, for errors.
        given: the runs of each optimizer; or a dictionary of them by name.
        kind: what they must be.
        same: the attributes that must be equal in all of them.

    Raises:
        TypeError: one of them is something else.
        ValueError: none are given, two have the same name, or they differ in such an attribute.
    """
    if isinstance(given, Mapping):
        pairs = [(str(name), each) for name, each in given.items()]
    else:
        pairs = [(getattr(each, "optimizer", ""), each) for each in given]
    if not pairs:
        raise ValueError(f"no {argument}; give those of at least one optimizer")
    by_name: dict[str, _Runs] = {}
    for name, each in pairs:
        check_type(argument, each, kind, use=kind.__name__)
        check_choice("preset", each.preset, PRESETS)
        if name in by_name:
            raise ValueError(
                f"two {argument} are those of {name!r}; give a dictionary of {argument} by name"
            )
        by_name[name] = each
        first = pairs[0][1]
        for field in same:
            if getattr(each, field) != getattr(first, field):
                raise ValueError(
                    f"the {argument} of {name!r} have {field}={getattr(each, field)!r}, those of "
                    f"{pairs[0][0]!r} {getattr(first, field)!r}; use runs of the same preset and "
                    "limits"
                )
    return by_name


def labels_of(given: object, by_name: Mapping[str, OptimizerRuns]) -> dict[str, str]:
    """What a legend calls each optimizer: the keys of a dictionary, or the titles."""
    if isinstance(given, Mapping):
        return {name: name for name in by_name}
    return {
        name: title_of(each.optimizer, PRESETS[each.preset].optimizers.get(each.optimizer))
        for name, each in by_name.items()
    }


def figure_title_of(by_name: Mapping[str, OptimizerRuns]) -> str:
    """The title of a figure. It says if some values were made up, and is empty otherwise."""
    is_synthetic = any(each.index.startswith("<SYNTHETIC ") for each in by_name.values())
    return "SYNTHETIC values, made up for load tests" if is_synthetic else ""
