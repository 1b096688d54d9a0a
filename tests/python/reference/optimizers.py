"""Plain optimizers on a plain simulated clock, which do one run and one training at a time."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator, Sequence
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple, Protocol

import numpy as np

import nb101fast
from nb101fast import Index
from reference.pareto import dominates
from reference.randomness import (
    CHANCES,
    LABELINGS,
    Draws,
    IndependentChanges,
    labelled,
    mutate_independently,
    mutate_parameter,
    random_word,
    single_changes,
)


class Stream:
    """A stream of random words. A word serves several draws, until the product of their ranges
    is more than 2^32."""

    def __init__(self, seed: int) -> None:
        self._seed, self._place = seed, 0
        self._used = 1 << 32
        self._draws = Draws(0)

    def word(self) -> int:
        self._place += 1
        return random_word(self._seed, self._place - 1)

    def below(self, n: int) -> int:
        self._used *= n
        if self._used > 1 << 32:
            self._draws, self._used = Draws(self.word()), n
        return self._draws.below(n)

    def fraction(self) -> float:
        return (self.word() >> 11) / (1 << 53)


def _masks_of(sampling: str) -> list[int]:
    masks = np.arange(1 << 21, dtype=np.uint32)
    if sampling != "all":
        validity: Any = {"raw": "official", "raw-9": "raw-9"}[sampling]
        masks = masks[nb101fast.is_valid(masks, validity=validity)]
    chosen: list[int] = masks.tolist()
    return chosen


class Sampler:
    """Draws a raw configuration from a random word: first a matrix, then the labels."""

    def __init__(self, sampling: str) -> None:
        self._masks = _masks_of(sampling)

    def __call__(self, word: int) -> int:
        draws = Draws(word)
        mask = self._masks[draws.below(len(self._masks))]
        return labelled(mask, LABELINGS[draws.below(len(LABELINGS))])


class Trial(NamedTuple):
    code: int
    cell_id: int
    epochs: int
    repeat: int
    accuracy: float
    seconds: float


@cache
def _runs_of(index: Index, cell: int, budget: int) -> list[dict[str, float]]:
    repeats = index.repeats[index.epochs.index(budget)]
    runs = [index.query(ids=cell, epochs=budget, repeat=r) for r in range(repeats)]
    return [run for run in runs if not math.isnan(run["training_time"])]


class PlainTraining:
    """The runs of an index, held in dictionaries."""

    def __init__(
        self,
        index: Index,
        epochs: Sequence[int],
        *,
        most_edges: int = 9,
        most_vertices: int = 7,
    ) -> None:
        self.epochs, self._most_edges = tuple(epochs), most_edges
        self.runs: dict[tuple[int, int], list[dict[str, float]]] = {}
        for cell in index.cells.tolist():
            if len(nb101fast.Cell.from_id(cell).ops) <= most_vertices:
                for budget in epochs:
                    self.runs[cell, budget] = _runs_of(index, cell, budget)

    def cell(self, code: int) -> int:
        cell = nb101fast.cell_ids(code)
        is_known = all(self.runs.get((cell, budget)) for budget in self.epochs)
        return cell if is_known and (code & 0x1FFFFF).bit_count() <= self._most_edges else -1

    def mean_test(self, cell: int) -> float:
        return self._mean("test_accuracy", cell)

    def mean_validation(self, cell: int) -> float:
        return self._mean("validation_accuracy", cell)

    def _mean(self, metric: str, cell: int) -> float:
        values = [run[metric] for run in self.runs[cell, self.epochs[-1]]]
        return sum(values) / len(values)


class PlainOptimizer(Protocol):
    def ask(self) -> tuple[int, int]: ...
    def tell(self, trial: Trial) -> None: ...


Make = Callable[[PlainTraining, int], PlainOptimizer]


def run_plainly(
    make: Make,
    training: PlainTraining,
    budget_seconds: float,
    seed: int,
    run: int,
    max_evaluations: float = math.inf,
) -> tuple[list[tuple[float, Trial]], int]:
    """The trainings that ended within the budgets with their ends, and how many were invalid."""
    of_run = random_word(seed, run)
    optimizer = make(training, random_word(of_run, 0))
    repeats = Stream(random_word(of_run, 1))
    clock, num_invalid = 0.0, 0
    ended: list[tuple[float, Trial]] = []
    while len(ended) < max_evaluations:
        code, epochs = optimizer.ask()
        cell = training.cell(code)
        if cell < 0:
            num_invalid += 1
            optimizer.tell(Trial(code, -1, epochs, -1, 0.0, 0.0))
            continue
        runs = training.runs[cell, epochs]
        repeat = repeats.below(len(runs))
        seconds = runs[repeat]["training_time"]
        if clock + seconds > budget_seconds:
            return ended, num_invalid
        clock += seconds
        trial = Trial(code, cell, epochs, repeat, runs[repeat]["validation_accuracy"], seconds)
        ended.append((clock, trial))
        optimizer.tell(trial)
    return ended, num_invalid


class RandomSearch:
    def __init__(self, sampler: Sampler, training: PlainTraining, seed: int) -> None:
        self._sampler, self._epochs, self._stream = sampler, training.epochs[-1], Stream(seed)

    def ask(self) -> tuple[int, int]:
        return self._sampler(self._stream.word()), self._epochs

    def tell(self, trial: Trial) -> None:
        pass


class Evolution:
    """Real et al., 2019, algorithm 1."""

    def __init__(
        self,
        sampler: Sampler,
        training: PlainTraining,
        seed: int,
        *,
        size: int = 100,
        tournament: int = 10,
        with_replacement: bool = False,
        is_regularized: bool = True,
        mutation: str = "parameter",
        rate: float = 1,
    ) -> None:
        self._sampler, self._epochs, self._stream = sampler, training.epochs[-1], Stream(seed)
        self._size, self._tournament = size, tournament
        self._with_replacement, self._is_regularized = with_replacement, is_regularized
        self._mutation, self._changes = mutation, _changes(rate)
        self._places: list[tuple[int, float]] = []  # code and accuracy of each member
        self._ages: deque[int] = deque()  # the places of the members, the oldest first
        self._cards = list(range(size))
        self._worst = 0

    def ask(self) -> tuple[int, int]:
        if len(self._places) < self._size:
            return self._sampler(self._stream.word()), self._epochs
        drawn = [self._draw(number) for number in range(self._tournament)]
        best = max(drawn, key=lambda place: self._places[place][1])
        self._worst = min(drawn, key=lambda place: self._places[place][1])
        parent, word = self._places[best][0], self._stream.word()
        if self._mutation == "notebook":
            return mutate_independently(parent, self._changes, word, 0), self._epochs
        return mutate_parameter(parent, word, 0), self._epochs

    def _draw(self, number: int) -> int:
        """Draw a card from the pack. The cards drawn before stand at its beginning."""
        if self._with_replacement:
            return self._stream.below(self._size)
        other = number + self._stream.below(self._size - number)
        cards = self._cards
        cards[number], cards[other] = cards[other], cards[number]
        return cards[number]

    def tell(self, trial: Trial) -> None:
        member = (trial.code, trial.accuracy)
        if len(self._places) < self._size:
            self._ages.append(len(self._places))
            self._places.append(member)
            return
        place = self._ages[0] if self._is_regularized else self._worst
        self._ages.remove(place)
        self._ages.append(place)
        self._places[place] = member


class NSGA2:
    """Deb et al., 2002, one child after another. A child that is known already is drawn again."""

    def __init__(
        self,
        sampler: Sampler,
        training: PlainTraining,
        seed: int,
        *,
        objectives: Callable[[Trial], Sequence[float]],
        size: int = 100,
        crossover_rate: float = 0.9,
    ) -> None:
        self._sampler, self._epochs, self._stream = sampler, training.epochs[-1], Stream(seed)
        self._objectives, self._size, self._crossover_rate = objectives, size, crossover_rate
        self._members: list[tuple[int, Sequence[float]]] = []  # code and objectives
        self._ranks: list[tuple[int, float]] = []  # front, and minus the crowding distance
        self._tried: list[tuple[int, Sequence[float]]] = []

    def ask(self) -> tuple[int, int]:
        if not self._members:
            return self._sampler(self._stream.word()), self._epochs
        known = {code for code, _ in self._members + self._tried}
        for _ in range(100):
            child = self._child()
            if child not in known:
                break
        return child, self._epochs

    def tell(self, trial: Trial) -> None:
        self._tried.append((trial.code, self._objectives(trial)))
        if len(self._tried) < self._size:
            return
        rivals, self._tried = self._members + self._tried, []
        ranks = ranked([point for _, point in rivals])
        by_rank = sorted(range(len(rivals)), key=lambda i: (ranks[i], i))
        last = ranks[by_rank[self._size - 1]][0]
        whole = sorted((i for i in by_rank if ranks[i][0] < last), key=lambda i: (ranks[i][0], i))
        rest = [i for i in by_rank if ranks[i][0] == last]  # the least crowded first
        if len(whole) + len(rest) == self._size:
            rest.sort()
        kept = (whole + rest)[: self._size]
        self._members = [rivals[i] for i in kept]
        self._ranks = [ranks[i] for i in kept]

    def _child(self) -> int:
        one, other = self._parent(), self._parent()
        parent = one
        if self._stream.fraction() < self._crossover_rate:
            word = self._stream.word()
            parent = 0
            for bit in range(21):
                parent |= (other if word >> bit & 1 else one) & (1 << bit)
            for label in range(5):
                source = other if word >> (21 + label) & 1 else one
                parent |= source & (0b11 << (21 + 2 * label))
        return mutate_parameter(parent, self._stream.word(), 0)

    def _parent(self) -> int:
        drawn = [self._stream.below(self._size) for _ in range(2)]
        return self._members[min(drawn, key=lambda member: self._ranks[member])][0]


def ranked(points: Sequence[Sequence[float]]) -> list[tuple[int, float]]:
    """The number of each point's front, and minus its crowding distance."""
    ranks: list[tuple[int, float]] = [(0, 0.0)] * len(points)
    left, number = list(range(len(points))), 0
    while left:
        inside = [i for i in left if not any(dominates(points[j], points[i]) for j in left)]
        for i, distance in zip(inside, crowding([points[i] for i in inside]), strict=True):
            ranks[i] = (number, -distance)
        left = [i for i in left if i not in inside]
        number += 1
    return ranks


def crowding(points: Sequence[Sequence[float]]) -> list[float]:
    """The crowding distance of each point of a front."""
    distances = [0.0] * len(points)
    for axis in zip(*points, strict=True):
        order = sorted(range(len(points)), key=lambda i: axis[i])
        extent = axis[order[-1]] - axis[order[0]]
        if not 0 < extent < math.inf:
            continue
        for before, here, after in zip(order, order[1:], order[2:], strict=False):
            distances[here] += (axis[after] - axis[before]) / extent
        distances[order[0]] = distances[order[-1]] = math.inf
    return distances


def _changes(rate: float) -> IndependentChanges:
    return IndependentChanges(*(Fraction(rate) * chance for chance in CHANCES["notebook"]))


class LocalSearch:
    def __init__(self, sampler: Sampler, training: PlainTraining, seed: int) -> None:
        self._steps = self._walk(sampler, training, Stream(seed))
        self._epochs = training.epochs[-1]
        self._told: Trial | None = None

    def ask(self) -> tuple[int, int]:
        code = next(self._steps) if self._told is None else self._steps.send(self._told)
        return code, self._epochs

    def tell(self, trial: Trial) -> None:
        self._told = trial

    def _walk(
        self, sampler: Sampler, training: PlainTraining, stream: Stream
    ) -> Generator[int, Trial, None]:
        while True:
            here = yield sampler(stream.word())
            while here.cell_id >= 0:
                around = self._shuffled(self._neighbors(here, training), stream)
                tried = []
                for code in around:
                    tried.append((yield code))
                best = max(tried, key=lambda trial: trial.accuracy, default=here)
                if best.accuracy <= here.accuracy:
                    break
                here = best

    @staticmethod
    def _neighbors(here: Trial, training: PlainTraining) -> list[int]:
        by_cell: dict[int, int] = {}
        for code in single_changes(here.code):
            by_cell.setdefault(training.cell(code), code)
        return [code for cell, code in by_cell.items() if cell not in (-1, here.cell_id)]

    @staticmethod
    def _shuffled(codes: list[int], stream: Stream) -> list[int]:
        for left in range(len(codes), 1, -1):
            other = stream.below(left)
            codes[left - 1], codes[other] = codes[other], codes[left - 1]
        return codes[::-1]


class Hyperband:
    """Li et al., 2018, with the brackets of HpBandSter."""

    def __init__(self, sampler: Sampler, training: PlainTraining, seed: int, eta: int = 3) -> None:
        self._sampler, self._stream = sampler, Stream(seed)
        self._jobs = self._brackets(training.epochs, eta)
        self._told: float | None = None

    def ask(self) -> tuple[int, int]:
        return next(self._jobs) if self._told is None else self._jobs.send(self._told)

    def tell(self, trial: Trial) -> None:
        self._told = trial.accuracy

    def _new_code(self) -> int:
        return self._sampler(self._stream.word())

    def _brackets(self, epochs: Sequence[int], eta: int) -> Generator[tuple[int, int], float, None]:
        iteration = 0
        while True:
            s = len(epochs) - 1 - iteration % len(epochs)
            n0 = math.floor(len(epochs) / (s + 1)) * eta**s
            sizes = [max(int(n0 / eta**i), 1) for i in range(s + 1)]
            codes: list[int] = []
            for stage, (size, budget) in enumerate(zip(sizes, epochs[-s - 1 :], strict=True)):
                accuracies = []
                for number in range(size):
                    if stage == 0:
                        codes.append(self._new_code())
                    accuracies.append((yield codes[number], budget))
                if stage < s:
                    ranks = np.argsort(np.argsort(-np.array(accuracies), kind="stable"))
                    codes = [codes[i] for i in range(size) if ranks[i] < sizes[stage + 1]]
            iteration += 1


class Reinforce:
    """REINFORCE as in `nas_benchmarks`, in double.

    A proposal makes 31 yes-or-no draws: one for each edge, and two for each label, which are
    whether it is not 0, and then whether it is 2. Draw b compares a number of 32 random bits with
    the probability in parts of 2^-32. Its bits are bit b and bit 32 + b of 16 words, the highest
    first.
    """

    def __init__(
        self, training: PlainTraining, seed: int, rate: float = 0.5, decay: float = 0.9
    ) -> None:
        self._epochs, self._seed, self._asked = training.epochs[-1], seed, 0
        self._rate, self._decay = rate, decay
        self._logits = [[0.0] * 2 for _ in range(21)] + [[0.0] * 3 for _ in range(5)]
        self._numerator = self._denominator = 0.0
        self._sample: list[int] = []

    def _probabilities(self, logits: Sequence[float]) -> list[float]:
        powers = [math.exp(logit - max(logits)) for logit in logits]
        total = 0.0
        for power in powers:
            total += power
        return [power / total for power in powers]

    def ask(self) -> tuple[int, int]:
        words = [random_word(self._seed, k << 40 | self._asked) for k in range(16)]
        self._asked += 1
        halves = [f"{half:032b}" for word in words for half in (word % 2**32, word >> 32)]
        numbers = [int("".join(bits), 2) for bits in zip(*halves, strict=True)][::-1]

        def is_below(draw: int, probability: float) -> bool:
            return numbers[draw] < min(round(probability * 2**32), 2**32 - 1)

        self._sample = [
            int(is_below(edge, self._probabilities(logits)[1]))
            for edge, logits in enumerate(self._logits[:21])
        ]
        for i, logits in enumerate(self._logits[21:]):
            _, one, two = self._probabilities(logits)
            not_zero = is_below(21 + 2 * i, one + two)
            is_two = is_below(22 + 2 * i, two / (one + two))
            self._sample.append((2 if is_two else 1) if not_zero else 0)
        mask = sum(present << bit for bit, present in enumerate(self._sample[:21]))
        return labelled(mask, self._sample[21:]), self._epochs

    def tell(self, trial: Trial) -> None:
        if trial.accuracy <= 0.001:
            return
        self._numerator = self._decay * self._numerator + (1 - self._decay) * trial.accuracy
        self._denominator = self._decay * self._denominator + (1 - self._decay)
        step = self._rate * (trial.accuracy - self._numerator / self._denominator)
        for logits, choice in zip(self._logits, self._sample, strict=True):
            for i, probability in enumerate(self._probabilities(logits)):
                logits[i] += step * ((i == choice) - probability)


class TPE:
    """TPE as in Hyperopt: all weights are summed anew at each proposal."""

    def __init__(self, sampler: Sampler, training: PlainTraining, seed: int) -> None:
        self._sampler, self._epochs, self._stream = sampler, training.epochs[-1], Stream(seed)
        self._history: list[tuple[float, list[int]]] = []  # loss and values

    def ask(self) -> tuple[int, int]:
        if len(self._history) < 20:
            return self._sampler(self._stream.word()), self._epochs
        num_below = min(math.ceil(0.25 * math.sqrt(len(self._history))), 25)
        order = sorted(range(len(self._history)), key=lambda i: self._history[i][0])  # is stable
        below, above = (
            [self._history[i][1] for i in sorted(part)]
            for part in (order[:num_below], order[num_below:])
        )
        chosen = []
        for parameter in range(26):
            densities = [
                tpe_density([values[parameter] for values in part], 2 if parameter < 21 else 3)
                for part in (below, above)
            ]
            chosen.append(self._best_candidate(*densities))
        mask = sum(present << bit for bit, present in enumerate(chosen[:21]))
        return labelled(mask, chosen[21:]), self._epochs

    def _best_candidate(self, below: list[float], above: list[float]) -> int:
        """The best of 24 candidates, all drawn by one fraction."""
        scores = [math.log(b) - math.log(a) for b, a in zip(below, above, strict=True)]
        fraction = self._stream.fraction()
        upper = 1.0  # the probability that no candidate has a value of a higher score
        for score in sorted(set(scores), reverse=True):
            lower = sum(b for b, s in zip(below, scores, strict=True) if s < score) ** 24
            if fraction >= lower:
                equal = [value for value, s in enumerate(scores) if s == score]
                part = (fraction - lower) / (upper - lower) * sum(below[value] for value in equal)
                for value in equal[:-1]:
                    if part < below[value]:
                        return value
                    part -= below[value]
                return equal[-1]
            upper = lower
        raise AssertionError

    def tell(self, trial: Trial) -> None:
        labels = [trial.code >> 21 + 2 * i & 3 for i in range(5)]
        edges = [trial.code >> bit & 1 for bit in range(21)]
        self._history.append((1 - trial.accuracy, edges + labels))


def tpe_density(values: Sequence[int], num_values: int) -> list[float]:
    """Hyperopt's probabilities of the values of a parameter; the last of `values` is the latest.

    They are exact, and rounded once. So scores that should be equal are equal.
    """
    weights, unit = linear_forgetting(len(values))
    counts = [unit] * num_values
    for value, weight in zip(values, weights, strict=True):
        counts[value] += weight
    return [count / sum(counts) for count in counts]


@cache
def linear_forgetting(n: int) -> tuple[list[int], int]:
    """The weights of n configurations as integers, and the integer that stands for 1."""
    ramp = max(n - 25, 0)
    weights = [Fraction(1)] * n
    for rank in range(ramp):
        weights[rank] = Fraction(1, n)
        if rank > 0:
            weights[rank] += rank * (1 - Fraction(1, n)) / (ramp - 1)
    unit = math.lcm(*(weight.denominator for weight in weights))
    return [int(weight * unit) for weight in weights], unit


class BOHB(Hyperband):
    """HpBandSter's: the densities are summed anew for each sample."""

    def __init__(
        self,
        sampler: Sampler,
        training: PlainTraining,
        seed: int,
        random_fraction: float = 0.0,
        num_samples: int = 4,
    ) -> None:
        super().__init__(sampler, training, seed)
        self._random_fraction, self._num_samples = random_fraction, num_samples
        self._model_epochs = 0
        self._trained: dict[int, list[tuple[float, int]]] = {}  # loss and code, by epochs

    def tell(self, trial: Trial) -> None:
        super().tell(trial)
        if trial.epochs < self._model_epochs:
            return
        trained = self._trained.setdefault(trial.epochs, [])
        trained.append((1 - trial.accuracy, trial.code))
        if len(trained) >= 2 * 27:
            self._model_epochs = trial.epochs

    def _new_code(self) -> int:
        if not self._model_epochs or self._stream.fraction() < self._random_fraction:
            return super()._new_code()
        ranked = sorted(self._trained[self._model_epochs], key=lambda pair: pair[0])  # is stable
        codes = [code for _, code in ranked]
        num_good = max(27, 15 * len(codes) // 100)
        num_bad = max(27, 85 * len(codes) // 100)
        good = KernelDensity(codes[:num_good])
        bad = KernelDensity(codes[num_good : num_good + num_bad])
        best, least = None, math.inf
        for _ in range(self._num_samples):
            sample = good.draw(self._stream)
            density = good(sample)
            ratio = max(1e-32, bad(sample)) / max(density, 1e-32)
            if not math.isfinite(ratio) and math.isfinite(density):
                return sample
            if ratio < least:
                best, least = sample, ratio
        return super()._new_code() if best is None else best


class KernelDensity:
    """Aitchison-Aitken kernels with the bandwidths of the normal reference rule."""

    def __init__(self, codes: Sequence[int], min_bandwidth: float = 0.3) -> None:
        self._points = np.array([self._listed(code) for code in codes])
        scale = 1.06 * len(codes) ** (-1 / 30)
        self._bandwidths = np.maximum(scale * self._points.std(axis=0), min_bandwidth)
        self._num_levels = np.array([len(np.unique(column)) for column in self._points.T])

    @staticmethod
    def _listed(code: int) -> list[int]:
        """The values of the parameters as `nas_benchmarks` numbers them."""
        labels = [(1, 0, 2)[code >> 21 + 2 * i & 3] for i in range(5)]
        return [code >> bit & 1 for bit in range(21)] + labels

    def __call__(self, code: int) -> float:
        with np.errstate(all="ignore"):
            mismatch = self._bandwidths / (self._num_levels - 1)
            is_equal = self._points == self._listed(code)
            return float(np.where(is_equal, 1 - self._bandwidths, mismatch).prod(axis=1).mean())

    def draw(self, stream: Stream) -> int:
        values = self._points[stream.below(len(self._points))].tolist()
        labels = [(1, 0, 2).index(number) for number in values[21:]]
        drawn = values[:21] + labels
        for i, bandwidth in enumerate(self._bandwidths):
            if stream.fraction() >= 1 - bandwidth:
                drawn[i] = stream.below(2 if i < 21 else 3)
        return labelled(sum(present << bit for bit, present in enumerate(drawn[:21])), drawn[21:])
