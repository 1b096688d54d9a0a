"""Made-up runs of cells as official records, and a plain reader's answers to queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from reference.cells import Graph, encode, graph_of, module_hash, names_of, trainable_parameters
from reference.tfrecord import EvaluationData, ModelMetrics, Record

OFFICIAL_DENOMINATOR = 9984
Stage = Literal["start", "halfway", "final"]
STAGES: tuple[Stage, ...] = ("start", "halfway", "final")
METRICS = ("train_accuracy", "validation_accuracy", "test_accuracy", "training_time")
LABEL_OF_NAME = {"conv3x3-bn-relu": 0, "conv1x1-bn-relu": 1, "maxpool3x3": 2}


def accuracy(count: int, denominator: int = OFFICIAL_DENOMINATOR) -> float:
    """Return the value that the official code stores: the float32 quotient as a double."""
    return float(np.float32(count) / np.float32(denominator))


def record_of(graph: Graph, epochs: int, metrics: ModelMetrics) -> Record:
    """Return a record that holds the graph unchanged."""
    adjacency = "".join(str(element) for row in graph.matrix for element in row)
    return Record(module_hash(graph), epochs, adjacency, tuple(names_of(graph)), metrics)


def graph_of_record(record: Record) -> Graph:
    """Return the graph that a record holds."""
    n = len(record.operations)
    matrix = np.array(list(record.adjacency), int).reshape(n, n)
    return graph_of(matrix, [LABEL_OF_NAME[name] for name in record.operations[1:-1]])


def random_metrics(
    rng: np.random.Generator,
    graph: Graph,
    epochs: int,
    denominator: int = OFFICIAL_DENOMINATOR,
) -> ModelMetrics:
    """Draw accuracies that are counts of the denominator, and times that are float32."""
    times = np.sort(rng.uniform(1, 5000, 2)).astype(np.float32)
    evaluations = tuple(
        EvaluationData(
            share * epochs,
            float(time),
            *(accuracy(int(count), denominator) for count in rng.integers(0, denominator + 1, 3)),
        )
        for share, time in zip((0.0, 0.5, 1.0), (0.0, *times), strict=True)
    )
    return ModelMetrics(evaluations, trainable_parameters(graph), float(rng.uniform(5000, 9000)))


def random_records(
    rng: np.random.Generator, graphs: Iterable[Graph], repeats: Mapping[int, int]
) -> list[Record]:
    """Draw as many runs of each graph as asked for at each budget, in the official order."""
    return [
        record_of(graph, epochs, random_metrics(rng, graph, epochs))
        for graph in sorted(graphs, key=module_hash)
        for epochs, count in sorted(repeats.items())
        for _ in range(count)
    ]


def with_values(
    records: Sequence[Record], values: dict[str, float], share: int = 1
) -> list[Record]:
    """Return the records after setting some metrics of one record in so many, at all stages."""
    return [
        record._replace(
            metrics=record.metrics._replace(
                evaluations=tuple(each._replace(**values) for each in record.metrics.evaluations)
            )
        )
        if number % share == 0
        else record
        for number, record in enumerate(records)
    ]


def with_ticks(record: Record) -> Record:
    """Return the record with a total time of a clock: the nearest multiple of 2**-22 s."""
    seconds = round(record.metrics.total_time * 2**22) / 2**22
    return record._replace(metrics=record.metrics._replace(total_time=seconds))


def values_of(
    records: Sequence[Record], digest: str, metric: str, epochs: int, stage: str = "final"
) -> list[float]:
    """A metric of each run of a cell at a budget, in the order of the records."""
    values = []
    for record in records:
        if (record.module_hash, record.epochs) != (digest, epochs):
            continue
        if metric in EvaluationData._fields:
            value = getattr(record.metrics.evaluations[STAGES.index(stage)], metric)
        elif metric == "graph":
            value = encode(graph_of_record(record))
        else:
            value = getattr(record.metrics, metric)
        values.append(float(value))
    return values


def mean_of(values: Sequence[float]) -> float:
    """Return the mean, summed in double and rounded once to float32; NaN without a value."""
    return float(np.float32(np.mean(np.array(values, np.float64)))) if values else float("nan")
