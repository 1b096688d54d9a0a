"""Samplers and mutations drawn the plain way, from the same random words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import product

from reference.cells import (
    CODE_EDGES,
    FIRST_LABEL_BIT,
    LABEL_BITS,
    Graph,
    decode,
    edges_of,
    encode,
    is_valid,
)

WORD = 1 << 64
LABELS = (0, 1, 2)
LABELINGS = tuple(product(LABELS, repeat=5))

# The probabilities of an edge's flip and of a label's change.
CHANCES = {
    "notebook": (Fraction(1, 7), Fraction(1, 5)),
    "naszilla": (Fraction(1, 21), Fraction(1, 5)),
    "naslib": (Fraction(1, 7), Fraction(1, 3)),
}


def random_word(seed: int, place: int) -> int:
    """Output number `place` of SplitMix64 (Steele, Lea and Flood, 2014)."""
    word = (seed + (place + 1) * 0x9E3779B97F4A7C15) % WORD
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % WORD
    word = (word ^ word >> 27) * 0x94D049BB133111EB % WORD
    return word ^ word >> 31


class Draws:
    """Draws from one random word, which is a fraction of 1. Each draw uses up a part of it."""

    def __init__(self, word: int) -> None:
        self._rest = word  # the numerator; the denominator is WORD

    def below(self, n: int) -> int:
        """Draw a number of 0..n-1."""
        number, self._rest = divmod(self._rest * n, WORD)
        return number


def edge_mask(graph: Graph) -> int:
    """The edge bits of a code."""
    return encode(graph) & ((1 << FIRST_LABEL_BIT) - 1)


def labelled(mask: int, labels: Sequence[int]) -> int:
    """The code of edge bits and labels."""
    return mask | sum(label << (FIRST_LABEL_BIT + LABEL_BITS * i) for i, label in enumerate(labels))


def sample_of(codes: Sequence[int], seed: int, n: int) -> list[int]:
    """Draw n of the codes."""
    return [codes[Draws(random_word(seed, i)).below(len(codes))] for i in range(n)]


def sample_labelled(masks: Sequence[int], seed: int, n: int) -> list[int]:
    """Draw n raw configurations that have one of these matrices."""
    return list(map(_labelled_draw(masks), (Draws(random_word(seed, i)) for i in range(n))))


def _labelled_draw(masks: Sequence[int]) -> Callable[[Draws], int]:
    def draw(draws: Draws) -> int:
        mask = masks[draws.below(len(masks))]
        return labelled(mask, LABELINGS[draws.below(len(LABELINGS))])

    return draw


def single_changes(code: int) -> Iterator[int]:
    """What flipping one edge, or changing one label, makes of a code: 31 codes."""
    mask, labels = code & ((1 << FIRST_LABEL_BIT) - 1), decode(code).labels
    for bit in range(len(CODE_EDGES)):
        yield code ^ 1 << bit
    for vertex, label in enumerate(labels):
        for added in (1, 2):
            changed = [*labels]
            changed[vertex] = (label + added) % 3
            yield labelled(mask, changed)


def mutate_parameter(code: int, seed: int, item: int) -> int:
    """Give one of the 26 parameters another value."""
    changes = list(single_changes(code))
    by_parameter = [*(change for change in changes[:21] for _ in range(2)), *changes[21:]]
    return by_parameter[Draws(random_word(seed, item)).below(52)]


class AliasTable:
    """Outcomes by their probabilities, each rounded to a multiple of 2^-32."""

    def __init__(self, probabilities: Sequence[Fraction], bits: int) -> None:
        self._height_bits = 32 - bits
        height = 1 << self._height_bits
        parts = [math.floor(probability * 2**32 + Fraction(1, 2)) for probability in probabilities]
        parts += [0] * ((1 << bits) - len(parts))
        parts[parts.index(max(parts))] += 2**32 - sum(parts)
        self._columns = [(0, outcome) for outcome in range(1 << bits)]
        small = [i for i, part in enumerate(parts) if part < height]
        large = [i for i, part in enumerate(parts) if part >= height]
        while small:
            taker, giver = small.pop(), large[-1]
            self._columns[taker] = (parts[taker], giver)
            parts[giver] -= height - parts[taker]
            if parts[giver] < height:
                small.append(large.pop())

    def __getitem__(self, random: int) -> int:
        own, height = divmod(random, 1 << self._height_bits)
        reached, above = self._columns[own]
        return own if height < reached else above


class IndependentChanges:
    """Each edge flips, each label changes, for itself: seven edges or five labels at once."""

    def __init__(self, edge: Fraction, label: Fraction) -> None:
        counts = [i.bit_count() for i in range(128)]
        self._edges = AliasTable([edge**n * (1 - edge) ** (7 - n) for n in counts], 7)
        changes = [Fraction(0)] * 1024
        for added in LABELINGS:
            same = added.count(0)
            probability = (label / 2) ** (5 - same) * (1 - label) ** same
            changes[labelled(0, added) >> FIRST_LABEL_BIT] = probability
        self._labels = AliasTable(changes, 10)

    def apply(self, code: int, words: tuple[int, int]) -> int:
        """Return the code with the changes that two random words select."""
        parts = [word >> shift & 0xFFFFFFFF for word in words for shift in (0, 32)]
        flips = sum(self._edges[part] << 7 * i for i, part in enumerate(parts[:3]))
        added = decode(self._labels[parts[3]] << FIRST_LABEL_BIT).labels
        labels = [(a + b) % 3 for a, b in zip(decode(code).labels, added, strict=True)]
        return labelled((code ^ flips) & ((1 << FIRST_LABEL_BIT) - 1), labels)


def mutate_independently(code: int, changes: IndependentChanges, seed: int, item: int) -> int:
    """Draw a child again and again until it is valid."""
    for words in _attempts(seed, item):
        child = changes.apply(code, words)
        if is_valid(decode(child)):
            return child
    raise AssertionError


def changes_that_count(code: int) -> list[int]:
    """What flipping an edge or changing a label that survives pruning makes of a valid code.

    An edge survives before, if it is there, or after, if it is not.
    """
    changed = list(single_changes(code))
    live = _surviving_vertices(code)
    edges = [
        child
        for child, edge in zip(changed, CODE_EDGES, strict=False)
        if edge in _surviving_edges(code if code & ~child else child)
    ]
    labels = [changed[21 + 2 * i + j] for i in range(5) for j in range(2) if i + 1 in live]
    return edges + labels


def mutate_pruned(code: int, seed: int, item: int) -> int:
    """Draw one of these changes, all with equal probability, until the child is valid."""
    candidates = changes_that_count(code)
    if not any(is_valid(decode(child)) for child in candidates):
        return code
    for word, _ in _attempts(seed, item):
        child = candidates[Draws(word).below(len(candidates))]
        if is_valid(decode(child)):
            return child
    raise AssertionError


def _attempts(seed: int, item: int) -> Iterator[tuple[int, int]]:
    attempt = 0
    while True:
        first, second = ((2 * attempt + i) << 40 | item for i in range(2))
        yield random_word(seed, first), random_word(seed, second)
        attempt += 1


def _surviving_edges(code: int) -> set[tuple[int, int]]:
    """The edges on a path from input to output, by all paths one after another."""
    edges = edges_of(decode(code).matrix)
    paths: list[list[tuple[int, int]]] = [[]]
    surviving: set[tuple[int, int]] = set()
    while paths:
        path = paths.pop()
        end = path[-1][1] if path else 0
        if end == 6:
            surviving |= set(path)
        paths += [[*path, edge] for edge in edges if edge[0] == end]
    return surviving


def _surviving_vertices(code: int) -> set[int]:
    return {vertex for edge in _surviving_edges(code) for vertex in edge}
