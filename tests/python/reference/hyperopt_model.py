"""What Hyperopt's TPE learns from a history: its own model, opened up.

Hyperopt's `suggest` is called as in a search. The graph of the posterior that it evaluates is kept,
and is then evaluated again for one parameter at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt

from nb101fast import search
from nb101fast.named_parameters import LISTED_OPS, code_of, values_of
from nb101fast.search.libraries import library, undisturbed

OPS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")  # by label
EDGES: dict[str, Sequence[Any]] = {f"edge_{edge}": (0, 1) for edge in range(21)}
LABELS: dict[str, Sequence[Any]] = {f"op_node_{vertex}": OPS for vertex in range(5)}
VALUES = EDGES | LABELS  # the order of the bits of a code
LISTED = EDGES | dict.fromkeys(LABELS, LISTED_OPS)


class StableNumPy:
    """NumPy with a stable argsort. The order in which NumPy's own leaves equal losses depends on
    the instructions of the processor."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def argsort(values: Any) -> Any:
        return np.argsort(values, kind="stable")


class Told:
    """A history as Hyperopt is told it: its domain, and its trials."""

    def __init__(self, codes: Sequence[int], losses: Sequence[float]) -> None:
        hyperopt = library("hyperopt")
        with undisturbed():
            space = {name: hyperopt.hp.choice(name, listed) for name, listed in LISTED.items()}
            self.domain, self.trials = hyperopt.Domain(None, space), hyperopt.Trials()
            for tid, (code, loss) in enumerate(zip(codes, losses, strict=True)):
                named = values_of(code)
                chosen = {name: [listed.index(named[name])] for name, listed in LISTED.items()}
                misc = {"tid": tid, "cmd": self.domain.cmd, "workdir": None, "vals": chosen}
                misc["idxs"] = {name: [tid] for name in LISTED}
                result = {"loss": loss, "status": hyperopt.STATUS_OK}
                [doc] = self.trials.new_trial_docs([tid], [None], [result], [misc])
                doc["state"] = hyperopt.JOB_STATE_DONE
                self.trials._insert_trial_docs([doc])
            self.trials.refresh()


class Model:
    """Hyperopt's model of a history."""

    def __init__(self, settings: search.TPE, told: Told) -> None:
        self._tpe, self._pyll = library("hyperopt.tpe"), library("hyperopt.pyll")
        with undisturbed():
            self._open(settings, told)

    def _open(self, settings: search.TPE, told: Told) -> None:
        evaluate = self._pyll.rec_eval

        def keep(posterior: Any, memo: dict[Any, Any], **options: Any) -> Any:
            self._posterior, self._memo = posterior, dict(memo)
            return evaluate(posterior, memo=memo, **options)

        with mock.patch.object(self._pyll, "rec_eval", side_effect=keep):
            self._tpe.suggest(
                [len(told.trials)],
                told.domain,
                told.trials,
                seed=0,
                n_startup_jobs=1,
                n_EI_candidates=settings.num_candidates,
                gamma=settings.gamma,
                verbose=False,
            )
        self._generator = told.domain.s_rng

    def _draw(self, posterior: Any, seed: int) -> Any:
        memo = {**self._memo, self._generator: np.random.default_rng(seed)}
        return self._pyll.rec_eval(posterior, memo=memo, print_node_on_error=False)

    def densities(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The probabilities below and above, as `_core.tpe_densities` gives them."""
        pair = np.zeros((len(VALUES), 3)), np.zeros((len(VALUES), 3))
        with undisturbed(), mock.patch.object(self._tpe, "np", StableNumPy()):
            for row, (name, values) in enumerate(VALUES.items()):
                with self._watched() as seen:
                    self._draw(self._posterior[1][name], 0)
                order = [LISTED[name].index(value) for value in values]
                for density, probabilities in zip(pair, seen, strict=True):
                    density[row, : len(order)] = probabilities[order]
        return pair

    @contextmanager
    def _watched(self) -> Iterator[list[Any]]:
        """Note the probabilities of the likelihoods: those that are drawn from come first."""
        functions = self._pyll.scope._impls
        drawn: list[Any] = []
        noted: list[Any] = []
        draw = functions["randint_via_categorical"]
        likelihood = functions["randint_via_categorical_lpdf"]

        def note_draw(p: Any, **kwargs: Any) -> Any:
            drawn.append(p)
            return draw(p, **kwargs)

        def note(sample: Any, p: Any) -> Any:
            noted.append(p)
            return likelihood(sample, p)

        watching = {"randint_via_categorical": note_draw, "randint_via_categorical_lpdf": note}
        seen: list[Any] = []
        with mock.patch.dict(functions, watching):
            yield seen
        [below] = drawn
        [above] = [p for p in noted if p is not below]
        seen += [below, above]

    def proposals(self, count: int) -> list[int]:
        """Codes that Hyperopt would propose next, each drawn with a seed of its own."""
        codes = []
        with undisturbed(), mock.patch.object(self._tpe, "np", StableNumPy()):
            for seed in range(count):
                drawn = self._draw(self._posterior[1], seed)
                codes.append(code_of({name: LISTED[name][drawn[name][0]] for name in LISTED}))
        return codes
