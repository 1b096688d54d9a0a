"""The result of a run, and its record in the official format.

The record is written and read by the core of nb101fast, as all records are. Beside the official
fields it holds those of `nb101fast._core.HARNESS_FIELDS`, which the official reader skips.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

import nb101fast
from nb101fast import FormatError, OutOfDomainError, _core
from nb101fast.op_map import OP_MAP

from .shard_runs import read_records

_HARNESS_NAMES = tuple(name for _, name, _, _ in _core.HARNESS_FIELDS)


@dataclass(frozen=True)
class StageResult:
    """What is measured at one stage of a run: at its start, halfway or at its end.

    Attributes:
        epochs: how many are trained so far: 0, half of the budget, or all of it.
        training_time: seconds in the official meaning, which counts compilation and training steps
            but no evaluation; 0.0 at the start.
        train_accuracy, validation_accuracy, test_accuracy: float32(k / n) for k of n images.
    """

    epochs: float
    training_time: float
    train_accuracy: float
    validation_accuracy: float
    test_accuracy: float


@dataclass(frozen=True)
class RunResult:
    """The result of one run.

    Attributes:
        matrix, ops: the pruned cell, in the vertex order in which it was trained.
        epochs, repeat: the budget, and which of its repeats this run is.
        seed: the seed of the attempt that succeeded.
        attempts: how many attempts were begun, the one that succeeded included.
        evaluations: the measurements at the start, halfway and at the end.
        trainable_parameters: the number of the network that was built.
        total_time: seconds of the whole run in the official meaning, which counts compilation and
            evaluation too.
        compile_seconds: how long this cell's training program took to compile. A cell compiles once
            for all its runs. Each of them is charged with it, because each official run compiled
            its own program.
        step_seconds: how long the training steps took.
        evaluation_seconds: how long the evaluations took.
    """

    matrix: npt.NDArray[np.uint8]
    ops: tuple[str, ...]
    epochs: int
    repeat: int
    seed: int
    attempts: int
    evaluations: tuple[StageResult, StageResult, StageResult]
    trainable_parameters: int
    total_time: float
    compile_seconds: float
    step_seconds: float
    evaluation_seconds: float

    @property
    def module_hash(self) -> str:
        """The official hash of the cell. An operation's label is its position in `OP_MAP`."""
        return module_hash(self.matrix, self.ops)


def module_hash(matrix: npt.ArrayLike, ops: tuple[str, ...]) -> str:
    """The official hash of a cell, whose operations may be any of `OP_MAP`."""
    return nb101fast.module_hash(matrix, [OP_MAP.index(op) for op in ops[1:-1]])


def record_payload(result: RunResult) -> bytes:
    """The record of a run, without the frame that it has in a TFRecord file."""
    return _core.format_record(
        result.module_hash,
        result.epochs,
        "".join(map(str, result.matrix.flatten().tolist())),
        ",".join(result.ops),
        np.array([astuple(evaluation) for evaluation in result.evaluations], np.float64),
        result.trainable_parameters,
        result.total_time,
        {name: getattr(result, name) for name in _HARNESS_NAMES},
    )


def parse_payload(
    payload: bytes, source: str = "a payload", number: int = 0, offset: int = 0
) -> RunResult:
    """The run of a record that `record_payload` made.

    Args:
        payload: the record without its frame.
        source, number, offset: the file of the record, the number of the record in it and the byte
            at which it begins. The error names them.

    Raises:
        FormatError: it is not such a record.
    """
    module, epochs, adjacency, operations, evaluations, parameters, total_time, harness = (
        _core.parse_record(payload, source, number, offset)
    )
    where = f"{source}: byte {offset}: record {number}: not a record of a training run"
    start, halfway, final = (StageResult(*values) for values in evaluations)
    try:
        ops = tuple(operations.decode("ascii").split(","))
        elements = np.array(list(adjacency.decode("ascii")), np.uint8)
        result = RunResult(
            matrix=elements.reshape(len(ops), len(ops)),
            ops=ops,
            epochs=epochs,
            evaluations=(start, halfway, final),
            trainable_parameters=parameters,
            total_time=total_time,
            **harness,
        )
        module_of_graph = result.module_hash
    except (ValueError, OutOfDomainError) as error:
        raise FormatError(f"{where}: {error}") from None
    if module_of_graph.encode() != module:
        given = module.decode("ascii", "replace")
        raise FormatError(f"{where}: its module hash is {given}, its graph has {module_of_graph}")
    return result


def read_results(path: str | os.PathLike[str]) -> Iterator[RunResult]:
    """Every run of a shard with all that was measured, in the order of the file.

    `read_runs` is much faster where the cells, budgets, repeats and seeds are enough.

    Raises:
        FormatError: a record is damaged and others follow it, or a record is not that of a training
            run. The error names the file, the byte and the record.

    Example:
        >>> path = "training/nb101_digits/shard-00000-of-00001.tfrecord"
        >>> sum(result.step_seconds for result in read_results(path))
        3051.0547226072304
    """
    for number, (offset, payload) in enumerate(read_records(path)):
        yield parse_payload(payload, os.fspath(path), number, offset)
