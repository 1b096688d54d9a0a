"""A plain SMAC: all sums are computed anew, and one configuration is predicted after the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from reference.optimizers import PlainTraining, Sampler, Stream, Trial
from reference.randomness import labelled, random_word

NUM_EDGES, NUM_PARAMETERS = 21, 26
RANK = (1, 0, 2)  # of a label, in the order of nas_benchmarks


class Sample(NamedTuple):
    values: Sequence[int]
    cost: int
    weight: int


class Split(NamedTuple):
    parameter: int
    threshold: int  # greater values go to the right
    left: Tree
    right: Tree


Tree = Split | float


def values_of(code: int) -> list[int]:
    """The values of the 26 parameters as SMAC3 gives them to its forest."""
    edges = [code >> bit & 1 for bit in range(NUM_EDGES)]
    return edges + [RANK[code >> NUM_EDGES + 2 * vertex & 3] for vertex in range(5)]


class Forest:
    """The forest of SMAC3: scikit-learn's decision trees on bootstrap samples."""

    def __init__(
        self, codes: Sequence[int], costs: Sequence[float], num_trees: int, seed: int
    ) -> None:
        self._size = len(codes)
        self._scale = 2.0 ** (50 - len(codes).bit_length() - math.frexp(max(map(abs, costs)))[1])
        history = [
            (values_of(code), round(cost * self._scale))
            for code, cost in zip(codes, costs, strict=True)
        ]
        self._greatest = max(cost for _, cost in history)
        self._trees = []
        for tree in range(num_trees):
            drawn = self._bootstrap(Stream(random_word(seed, 2 * tree)))
            self._stream = Stream(random_word(seed, 2 * tree + 1))
            self._trees.append(
                self._grow(
                    [
                        Sample(*known, weight)
                        for known, weight in zip(history, drawn, strict=True)
                        if weight
                    ],
                    0,
                )
            )

    def _bootstrap(self, stream: Stream) -> list[int]:
        """How often each sample is drawn."""
        drawn = [0] * self._size
        mask = (1 << (self._size - 1).bit_length()) - 1
        while sum(drawn) < self._size:
            sample = stream.word() & mask
            if sample < self._size:
                drawn[sample] += 1
        return drawn

    def _grow(self, samples: list[Sample], depth: int) -> Tree:
        are_worst = all(sample.cost == self._greatest for sample in samples)
        if depth < 20 and len(samples) >= 6 and not are_worst:
            found = self._best_split(samples)
            if found is not None:
                parameter, threshold = found
                left, right = (
                    [each for each in samples if (each.values[parameter] > threshold) == side]
                    for side in (False, True)
                )
                return Split(
                    parameter, threshold, self._grow(left, depth + 1), self._grow(right, depth + 1)
                )
        cost, weight = _totals(samples)
        return cost / weight / self._scale

    def _best_split(self, samples: list[Sample]) -> tuple[int, int] | None:
        order = list(range(NUM_PARAMETERS))
        for left in range(NUM_PARAMETERS, 21, -1):
            other = self._stream.below(left)
            order[left - 1], order[other] = order[other], order[left - 1]
        tried = order[:21]
        if not any(_varies(samples, parameter) for parameter in tried):
            tried += [each for each in order[21:] if _varies(samples, each)][:1]
        best, best_score, num_equal = None, 0.0, 0
        for parameter in tried:
            score, threshold = _best_threshold(samples, parameter)
            if score <= 0 or score < best_score:
                continue
            num_equal = 1 if score > best_score else num_equal + 1
            if num_equal == 1 or self._stream.below(num_equal) == 0:
                best, best_score = (parameter, threshold), score
        cost, weight = map(float, _totals(samples))
        decrease = (best_score - cost * cost / weight) / (self._scale**2 * self._size)
        return None if decrease < 1e-8 else best

    def __call__(self, code: int) -> tuple[float, float]:
        """The mean and the variance of the trees' predictions."""
        values = values_of(code)
        found = []
        for tree in self._trees:
            place = tree
            while isinstance(place, Split):
                goes_right = values[place.parameter] > place.threshold
                place = place.right if goes_right else place.left
            found.append(place)
        differences = [value - found[0] for value in found]
        mean = sum(differences) / len(found)
        variance = sum(each * each for each in differences) / len(found) - mean * mean
        return found[0] + mean, variance


def _varies(samples: list[Sample], parameter: int) -> bool:
    return len({sample.values[parameter] for sample in samples}) > 1


def _best_threshold(samples: list[Sample], parameter: int) -> tuple[float, int]:
    """The best split by a parameter and its score, which is 0 if there is none."""
    best_score, best_threshold = 0.0, 0
    present = sorted({sample.values[parameter] for sample in samples})
    for low, high in pairwise(present):
        threshold = (low + high) // 2
        parts = [
            [each for each in samples if (each.values[parameter] > threshold) == side]
            for side in (False, True)
        ]
        if min(map(len, parts)) >= 3:
            score = _score(*(_totals(part) for part in parts))
            if score > best_score:
                best_score, best_threshold = score, threshold
    return best_score, best_threshold


def _totals(samples: list[Sample]) -> tuple[int, int]:
    cost = sum(sample.cost * sample.weight for sample in samples)
    return cost, sum(sample.weight for sample in samples)


def _score(left: tuple[int, int], right: tuple[int, int]) -> float:
    (left_cost, left_weight), (right_cost, right_weight) = (
        map(float, each) for each in (left, right)
    )
    both = left_cost * left_cost * right_weight + right_cost * right_cost * left_weight
    return both / (left_weight * right_weight)


def expected_improvement(mean: float, variance: float, best: float) -> float:
    deviation = math.sqrt(max(variance, 1e-10))
    z = (best - mean) / deviation
    density = math.exp(-z * z / 2) / math.sqrt(2) * (1 / math.sqrt(math.pi))
    return (best - mean) * (math.erfc(-z / math.sqrt(2)) / 2) + deviation * density


class Smac:
    """SMAC as SMAC3 2.4 does it."""

    def __init__(
        self,
        sampler: Sampler,
        training: PlainTraining,
        seed: int,
        *,
        num_trees: int = 5,
        random_fraction: float = 0.33,
        max_evaluations: int = 1,
    ) -> None:
        self._sampler, self._epochs, self._stream = sampler, training.epochs[-1], Stream(seed)
        self._forest_seed = self._stream.word()
        self._num_trees, self._random_fraction = num_trees, random_fraction
        self._max_evaluations = max_evaluations
        self._history: list[tuple[int, float]] = []
        self._costs: dict[int, list[float]] = {}  # by configuration
        self._incumbent: int | None = None
        self._lost: set[int] = set()
        self._proposals = self._propose()

    def ask(self) -> tuple[int, int]:
        return next(self._proposals), self._epochs

    def tell(self, trial: Trial) -> None:
        self._history.append((trial.code, 1 - trial.accuracy))
        costs = self._costs.setdefault(trial.code, [])
        costs.append(1 - trial.accuracy)
        if self._incumbent is None:
            self._incumbent = trial.code
        elif trial.code != self._incumbent:
            best = self._costs[self._incumbent]
            if sum(costs) >= sum(best[: len(costs)]):
                self._lost.add(trial.code)
            elif len(costs) == len(best):
                self._incumbent = trial.code

    def _propose(self) -> Iterator[int]:
        """Yield proposals: rounds of a challenger, then the incumbent once more."""
        while True:
            challenger, allowed = self._challenger(), 1
            while challenger not in self._lost and challenger != self._incumbent:
                done = len(self._costs.get(challenger, []))
                most = len(self._costs[self._incumbent]) if self._incumbent is not None else 1
                for _ in range(done, min(allowed, most)):
                    yield challenger
                if allowed >= self._max_evaluations:
                    break
                allowed *= 2
            assert self._incumbent is not None
            if len(self._costs[self._incumbent]) < self._max_evaluations:
                yield self._incumbent

    def _random(self) -> int:
        return self._sampler(self._stream.word())

    def _challenger(self) -> int:
        challengers: list[int] | None = None
        for _ in range(16 if self._history else 0):
            if challengers == []:
                break
            if self._stream.fraction() < self._random_fraction:
                code = self._random()
            else:
                challengers = self._challengers() if challengers is None else challengers
                code = challengers.pop(0)
            if code not in self._costs:
                return code
        while (code := self._random()) in self._costs:
            pass
        return code

    def _challengers(self) -> list[int]:
        codes, costs = (list(column) for column in zip(*self._history, strict=True))
        forest = Forest(codes, costs, self._num_trees, self._forest_seed)
        known = sorted(self._costs)
        predicted = [forest(code)[0] for code in known]
        best = min(predicted)

        def improvement(code: int) -> float:
            return expected_improvement(*forest(code), best)

        ranked = sorted(
            (mean, self._stream.word(), code) for mean, code in zip(predicted, known, strict=True)
        )
        starts = [code for _, _, code in ranked[:10]]
        drawn = [self._random() for _ in range(5000)]
        for code in sorted(drawn, key=improvement, reverse=True)[
            :10
        ]:  # stable: the first of equals
            if code not in starts:
                starts.append(code)
        starts += [self._random() for _ in range(len(known), 10)]
        ends = [self._climb(code, improvement) for code in starts]
        for left in range(len(ends), 1, -1):
            other = self._stream.below(left)
            ends[left - 1], ends[other] = ends[other], ends[left - 1]
        ends.sort(key=improvement, reverse=True)
        return ends

    def _climb(self, code: int, improvement: Callable[[int], float]) -> int:
        walks = 0
        while walks < 10:
            here, as_good = improvement(code), None
            for neighbor in self._neighbors(code):
                there = improvement(neighbor)
                if there > here:
                    code = neighbor
                    break
                if there == here and as_good is None:
                    as_good = neighbor
            else:
                if as_good is None:
                    break
                code, walks = as_good, walks + 1
        return code

    def _neighbors(self, code: int) -> list[int]:
        """All configurations with one other value, in the order of ConfigSpace."""
        labels = [code >> NUM_EDGES + 2 * vertex & 3 for vertex in range(5)]
        left: dict[int, list[int]] = {}
        for vertex, label in enumerate(labels):
            left[NUM_EDGES + vertex] = [(label + 1) % 3, (label + 2) % 3]
        open_parameters, found = list(range(NUM_PARAMETERS)), []
        while open_parameters:
            place = self._stream.below(len(open_parameters))
            parameter = open_parameters[place]
            if parameter < NUM_EDGES:
                found.append(code ^ 1 << parameter)
            else:
                others = left[parameter]
                value = others.pop(self._stream.below(2) if len(others) == 2 else 0)
                changed = labels.copy()
                changed[parameter - NUM_EDGES] = value
                found.append(labelled(code & (1 << NUM_EDGES) - 1, changed))
            if not left.get(parameter):
                open_parameters[place] = open_parameters[-1]
                open_parameters.pop()
        return found
