"""Random search and evolution as in the official notebook, by the official API alone.

    python examples/official_notebook.py [FILE [SECONDS]]

FILE is an index or an official TFRecord file. Without it, the program searches the built-in index,
whose cells have up to 4 vertices. SECONDS is the simulated training time of each search.
"""

from __future__ import annotations

import random
import sys
from collections import deque

import numpy as np

import nb101fast
from nb101fast.locations import BUILT_IN

nb101fast.install_as_nasbench()

from nasbench import api  # noqa: E402

INPUT, OUTPUT = "input", "output"
OPS = ["conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3"]
POPULATION, TOURNAMENT, MUTATION_RATE = 50, 10, 1.0


class Search:
    """A search for cells with a given number of vertices, until the training time is spent.

    Args:
        nasbench: the benchmark, whose budget counters tell the time that was spent.
        vertices: the number of vertices before pruning.
        seconds: the simulated training time that may be spent.
    """

    def __init__(self, nasbench: api.NASBench, vertices: int, seconds: float) -> None:
        self.nasbench = nasbench
        self.vertices = vertices
        self.seconds = seconds

    def random_spec(self) -> api.ModelSpec:
        """A random matrix and random operations, drawn again until they are a cell of the space."""
        while True:
            shape = self.vertices, self.vertices
            matrix = np.triu(np.random.choice([0, 1], size=shape), 1)
            ops = [INPUT, *random.choices(OPS, k=self.vertices - 2), OUTPUT]
            spec = api.ModelSpec(matrix=matrix, ops=ops)
            if self.nasbench.is_valid(spec):
                return spec

    def mutated(self, parent: api.ModelSpec) -> api.ModelSpec:
        """A copy in which each edge and each operation changes with a small probability.

        It is made again until it is a cell of the space.
        """
        edge_share = MUTATION_RATE / self.vertices
        op_share = MUTATION_RATE / (self.vertices - 2)
        while True:
            matrix, ops = parent.original_matrix.copy(), list(parent.original_ops)
            for x in range(self.vertices - 1):
                for y in range(x + 1, self.vertices):
                    if random.random() < edge_share:
                        matrix[x, y] = 1 - matrix[x, y]
            for vertex in range(1, self.vertices - 1):
                if random.random() < op_share:
                    ops[vertex] = random.choice([op for op in OPS if op != ops[vertex]])
            spec = api.ModelSpec(matrix=matrix, ops=ops)
            if self.nasbench.is_valid(spec):
                return spec

    def random_search(self) -> list[tuple[float, float]]:
        """The validation and the test accuracy of each cell, in the order of training."""
        self.nasbench.reset_budget_counters()
        seen = []
        while self.nasbench.get_budget_counters()[0] < self.seconds:
            data = self.nasbench.query(self.random_spec())
            seen.append((data["validation_accuracy"], data["test_accuracy"]))
        return seen

    def evolution(self) -> list[tuple[float, float]]:
        """What `random_search` returns, by evolution.

        Once the population is full, each new cell is a mutated copy of the best of ten, and the
        oldest cell leaves.
        """
        self.nasbench.reset_budget_counters()
        seen: list[tuple[float, float]] = []
        population: deque[tuple[float, api.ModelSpec]] = deque(maxlen=POPULATION)
        while self.nasbench.get_budget_counters()[0] < self.seconds:
            if len(population) < POPULATION:
                spec = self.random_spec()
            else:
                entrants = random.sample(population, TOURNAMENT)
                spec = self.mutated(max(entrants, key=lambda entrant: entrant[0])[1])
            data = self.nasbench.query(spec)
            population.append((data["validation_accuracy"], spec))
            seen.append((data["validation_accuracy"], data["test_accuracy"]))
        return seen


def main() -> None:
    given = sys.argv[1:]
    nasbench = api.NASBench(given[0] if given else str(BUILT_IN), seed=0)
    np.random.seed(0)
    seconds = float(given[1]) if len(given) > 1 else 5e6 if given else 2000.0
    search = Search(nasbench, vertices=7 if given else 4, seconds=seconds)
    print(nasbench)
    for name, method in {"random": search.random_search, "evolution": search.evolution}.items():
        seen = method()
        validation, test = max(seen, key=lambda pair: pair[0])
        spent, epochs = nasbench.get_budget_counters()
        print(f"{name:10} {len(seen)} cells, {spent:.0f} simulated seconds, {epochs} epochs")
        print(f"{'':10} best validation accuracy {validation:.4f}, its test accuracy {test:.4f}")


if __name__ == "__main__":
    main()
