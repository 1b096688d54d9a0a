"""The protobuf messages of the official records: `nasbench.lib.model_metrics_pb2`.

`ModelMetrics` and `EvaluationData` are real message classes. They are made when they are first
asked for, because nb101fast itself reads records without the package protobuf.

>>> from nb101fast.official import model_metrics_pb2
>>> metrics = model_metrics_pb2.ModelMetrics(total_time=2.5)
>>> model_metrics_pb2.ModelMetrics.FromString(metrics.SerializeToString()).total_time
2.5
"""

from __future__ import annotations

import importlib
from typing import Any

_MADE_WHEN_ASKED = ("DESCRIPTOR", "EvaluationData", "ModelMetrics")

# (name, number, type) of each field, in the order of `model_metrics.proto`.
_EVALUATION_FIELDS = [
    ("current_epoch", 1, "DOUBLE"),
    ("training_time", 2, "DOUBLE"),
    ("train_accuracy", 3, "DOUBLE"),
    ("validation_accuracy", 4, "DOUBLE"),
    ("test_accuracy", 5, "DOUBLE"),
    ("checkpoint_path", 6, "STRING"),
]
_METRICS_FIELDS = [
    ("evaluation_data", 1, "MESSAGE"),
    ("trainable_parameters", 2, "INT32"),
    ("total_time", 3, "DOUBLE"),
]


def __getattr__(name: str) -> Any:
    if name not in _MADE_WHEN_ASKED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        builder = importlib.import_module("google.protobuf.internal.builder")
    except ImportError as error:
        # `from ... import ModelMetrics` would hide the text of an AttributeError.
        raise ImportError(
            f"{name} is a protobuf message, and protobuf 3.20 or later is not installed: "
            "pip install protobuf"
        ) from error
    descriptor = _file_descriptor()
    globals()["DESCRIPTOR"] = descriptor
    builder.BuildMessageAndEnumDescriptors(descriptor, globals())
    builder.BuildTopDescriptorsAndMessages(descriptor, __name__, globals())
    return globals()[name]


def _file_descriptor() -> Any:
    descriptor_pb2 = importlib.import_module("google.protobuf.descriptor_pb2")
    descriptor_pool = importlib.import_module("google.protobuf.descriptor_pool")
    file = descriptor_pb2.FileDescriptorProto(
        name="model_metrics.proto", package="nasbench", syntax="proto2"
    )
    field_type = descriptor_pb2.FieldDescriptorProto
    for message, fields in (
        ("ModelMetrics", _METRICS_FIELDS),
        ("EvaluationData", _EVALUATION_FIELDS),
    ):
        added = file.message_type.add(name=message)
        for name, number, kind in fields:
            field = added.field.add(
                name=name,
                number=number,
                type=getattr(field_type, f"TYPE_{kind}"),
                label=field_type.LABEL_OPTIONAL,
            )
            if kind == "MESSAGE":
                field.label = field_type.LABEL_REPEATED
                field.type_name = ".nasbench.EvaluationData"
    # A pool of its own: the official file in the default pool has the same names.
    return descriptor_pool.DescriptorPool().AddSerializedFile(file.SerializeToString())
