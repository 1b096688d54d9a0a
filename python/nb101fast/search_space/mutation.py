"""Children of codes, by each of the rules that public code has."""

from __future__ import annotations

from typing import Any, Literal, overload

from .. import _core
from ..checks import check_choice, check_number
from ..codes import Codes, ManyCodes, OneCode, by_code
from ..seed import Seed, seed_word

MUTATIONS: dict[str, _core.Mutation] = {rule.name: rule for rule in _core.Mutation}
_GREATEST_RATE = 5  # every label changes

Mutation = Literal["parameter", "notebook", "naszilla", "naslib", "pruned"]


@overload
def mutate(
    codes: OneCode, *, how: Mutation = "parameter", rate: float = 1.0, seed: Seed = None
) -> int: ...
@overload
def mutate(
    codes: ManyCodes, *, how: Mutation = "parameter", rate: float = 1.0, seed: Seed = None
) -> Codes: ...
def mutate(codes: Any, *, how: Mutation = "parameter", rate: float = 1.0, seed: Seed = None) -> Any:
    """One child of each code.

    A mutation changes the raw configuration as it stands, so vertices that pruning would remove
    mutate too. Public code has five rules, which differ:

    - "parameter": one of the 26 parameters takes another value; each is as likely (the paper and
      `nas_benchmarks`). The child may be invalid, and so may the parent.
    - "notebook": each edge flips with probability rate/7; each label changes to one of the other
      two with probability rate/5 (the official notebook, whose mutation rate is 1.0).
    - "naszilla": the same with 1/21 and 1/5 (`adj_mutate`).
    - "naslib": the same with 1/7 and 1/3 (`NasBench101SearchSpace.mutate`).
    - "pruned": one edge or label that counts is changed; each is as likely. An edge counts if it
      survives pruning, or would survive it if it were added. A label counts if its vertex survives
      pruning (the neighbourhoods of naszilla and NASLib). If the edge from input to output is the
      only one that survives, no change gives a valid child, and the code stays.

    All rules but the first draw again until the child is valid in the official meaning. The
    probabilities of the middle three are exact to 2^-32.

    Args:
        codes: uint32 (N,), a list of codes, or one code or `Cell`.
        rate: the mutation rate of "notebook", from 0 to 5. The other rules have none.
        seed: an int; a NumPy Generator, from which one number is drawn; or None for any seed.

    Returns:
        uint32 (N,), or one int. Child i depends only on its parent, on the seed and on i.

    Raises:
        TypeError: an array of another type than uint32.
        ValueError: no such rule, or it has no such rate.
        OutOfDomainError: a code with bit 31 or a label 3; an invalid parent, except for
            "parameter".
    """
    check_choice("how", how, MUTATIONS)
    check_rate("rate", rate, "how", how)
    word = seed_word(seed)
    return by_code(lambda array: _core.mutate_codes(MUTATIONS[how], array, word, rate), codes)


def check_rate(argument: str, rate: float, argument_of_rule: str, rule: str) -> None:
    """Raise ValueError unless a mutation can have this rate."""
    check_number(argument, rate, 0, _GREATEST_RATE)
    if rate != 1 and rule != "notebook":
        raise ValueError(
            f"{argument}={rate!r} is not allowed with {argument_of_rule}={rule!r}; use "
            f"{argument_of_rule}='notebook'"
        )
