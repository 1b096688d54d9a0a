"""What stands for the modules of nasbench.lib: graph_util, config, model_metrics_pb2 and others."""

from __future__ import annotations

import base64
import copy
import itertools
import json
import pickle
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import nb101fast
from nb101fast import api, inception
from nb101fast.official import config, graph_util, model_metrics_pb2
from nb101fast.official.replaced import REPLACED_MODULES
from reference.cells import module_hash
from reference.sampling import random_connected_graphs, random_graph

Matrix = npt.NDArray[Any]

# ---------------------------------------------------------------- graph_util


@pytest.mark.parametrize("vertices", [1, 2, 4, 7, 12])
def test_edges_of_bits(vertices: int) -> None:
    rng = random.Random(vertices)
    pairs = [(x, y) for y in range(vertices) for x in range(y)]  # column by column
    for _ in range(20):
        bits = rng.getrandbits(len(pairs)) if pairs else 0
        wanted = np.zeros((vertices, vertices), int)
        for number, pair in enumerate(pairs):
            wanted[pair] = bits >> number & 1
        is_edge = graph_util.gen_is_edge_fn(bits)
        matrix = np.fromfunction(is_edge, (vertices, vertices), dtype=np.int8)
        assert matrix.tolist() == wanted.tolist()
        assert matrix.dtype.kind == "i"
        assert [bool(is_edge(x, y)) for x, y in pairs] == [bool(wanted[pair]) for pair in pairs]


def test_full_graphs() -> None:
    for vertices in (2, 3, 4):
        pairs = [(x, y) for y in range(vertices) for x in range(y)]
        for edges in itertools.product([0, 1], repeat=len(pairs)):
            matrix = np.zeros((vertices, vertices), int)
            for pair, edge in zip(pairs, edges, strict=True):
                matrix[pair] = edge
            has_hanging = any(
                (not matrix[v, v + 1 :].any() and v < vertices - 1)
                or (not matrix[:v, v].any() and v)
                for v in range(vertices)
            )
            assert graph_util.is_full_dag(matrix) is not has_hanging
            assert graph_util.num_edges(matrix) == sum(edges)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int64])
def test_hash_of_a_cell(dtype: Any, rng: np.random.Generator) -> None:
    for graph in random_connected_graphs(rng, 30, range(2, 10)):
        pruned = nb101fast.api.ModelSpec(np.array(graph.matrix), [*range(len(graph.matrix))])
        assert pruned.matrix is not None
        labels = [-1, *(graph.labels[v - 1] for v in pruned.ops[1:-1]), -2]
        assert graph_util.hash_module(pruned.matrix.astype(dtype), labels) == module_hash(graph)


def test_hash_of_any_graph(rng: np.random.Generator) -> None:
    """The quick way agrees with the rule itself, which takes all labels and all elements."""
    for _ in range(50):
        graph = random_graph(rng, int(rng.integers(2, 9)))
        matrix, labels = np.array(graph.matrix), [-1, *map(int, graph.labels), -2]
        digest = graph_util.hash_module(matrix, labels)
        assert digest == graph_util._hash_any(matrix, labels)
        assert digest == graph_util.hash_module(matrix, tuple(labels))
        others = [
            graph_util.hash_module(matrix, [0, *labels[1:]]),
            graph_util.hash_module(matrix, [*labels[:-1], 3]),
            graph_util.hash_module(matrix.astype(float), labels),
            graph_util.hash_module(2 * matrix, labels),
        ]
        assert digest not in (others if matrix.any() else others[:3])
        assert len(set(others)) >= 3
    with pytest.raises(AssertionError):
        graph_util.hash_module(np.zeros((3, 3), int), [-1, -2])


def test_published_hash() -> None:
    """The hash of the Inception-like cell in the official README."""
    matrix = np.array(inception.MATRIX)
    labels = [-1, *(list(nb101fast.OPS).index(op) for op in inception.OPS[1:-1]), -2]
    assert graph_util.hash_module(matrix, labels) == inception.HASH
    assert graph_util._hash_any(matrix, labels) == inception.HASH


def permuted(matrix: Matrix, labels: list[int], permutation: list[int]) -> tuple[Matrix, list[int]]:
    """The definition: vertex v goes to permutation[v]."""
    result, names = np.zeros(matrix.shape, bool), [0] * len(labels)
    for v, place in enumerate(permutation):
        names[place] = labels[v]
        for w, other in enumerate(permutation):
            result[place, other] = matrix[v, w] == 1
    return result, names


def test_permuted_graphs(rng: np.random.Generator) -> None:
    for _ in range(100):
        size = int(rng.integers(1, 7))
        matrix = rng.integers(0, 3, (size, size))
        labels = rng.integers(0, 3, size).tolist()
        permutation = rng.permutation(size).tolist()
        found, names = graph_util.permute_graph(matrix, labels, permutation)
        wanted, wanted_names = permuted(matrix, labels, permutation)
        assert found.dtype == bool
        assert found.tolist() == wanted.tolist()
        assert names == wanted_names


def test_isomorphism(rng: np.random.Generator) -> None:
    """Against all permutations, for graphs that are one, nearly one, and others."""
    answers = []
    for _ in range(300):
        size = int(rng.integers(1, 6))
        matrix = np.triu(rng.integers(0, 2, (size, size)), 1)
        labels = rng.integers(0, 2, size).tolist()
        other, names = permuted(matrix, labels, rng.permutation(size).tolist())
        changed = other.astype(int)
        if rng.integers(2):
            place = tuple(rng.integers(0, size, 2))
            changed[place] = rng.integers(0, 3)
        if rng.integers(4) == 0:
            names[int(rng.integers(size))] = 1
        wanted = any(
            np.array_equal(moved, changed) and moved_names == names
            for moved, moved_names in (
                permuted(matrix, labels, list(order))
                for order in itertools.permutations(range(size))
            )
        )
        answers.append(wanted)
        assert graph_util.is_isomorphic((matrix, labels), (changed, names)) is wanted
        assert graph_util.is_isomorphic((matrix.tolist(), labels), (changed.tolist(), names)) is (
            wanted
        )
    assert 50 < sum(answers) < 250
    with pytest.raises(AssertionError):
        graph_util.is_isomorphic((np.zeros((2, 2)), [0, 1]), (np.zeros((3, 3)), [0, 1, 1]))


# ---------------------------------------------------------------- config

OFFICIAL_DEFAULTS = {
    "module_vertices": 7, "max_edges": 9, "train_epochs": 108, "batch_size": 256,
    "learning_rate": 0.1, "train_seconds": 14400.0, "use_tpu": True, "data_format": "channels_last",
    "train_data_files": [], "intermediate_evaluations": ["0.5"], "tpu_num_shards": 2,
    "available_ops": ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"],
}  # fmt: skip


def test_settings() -> None:
    settings = config.build_config()
    assert len(settings) == 25
    assert {name: settings[name] for name in OFFICIAL_DEFAULTS} == OFFICIAL_DEFAULTS
    settings["available_ops"].clear()
    assert config.build_config()["available_ops"] == list(nb101fast.OPS)


FLAGS_PROGRAM = """
from absl import app, flags
import nb101fast
nb101fast.install_as_nasbench()
from nasbench import api
from nasbench.lib import config
from nasbench.lib.config import FLAGS

flags.DEFINE_integer("mine", 1, "a flag of the program")

def main(argv):
    assert FLAGS is flags.FLAGS
    settings = api.NASBench(argv[1]).config
    assert settings["use_tpu"] is False
    assert settings["max_edges"] == 8
    assert settings["available_ops"] == ["a", "b"]
    assert settings["learning_rate"] == 0.5
    assert settings["train_data_files"] == ["x", "y"]
    assert settings["valid_data_file"] == "v"
    assert settings["num_repeats"] == 3
    assert settings["batch_size"] == 256
    names = {flag.name for flag in FLAGS.flags_by_module_dict()["nasbench.lib.config"]}
    assert names == set(config.build_config())
    assert FLAGS.max_edges == 8 and FLAGS.mine == 2
    print("done")

app.run(main)
"""


def test_flags_on_the_command_line(small_sample: Any) -> None:
    flags = "--use_tpu=false --max_edges=8 --available_ops=a,b --learning_rate=0.5 --mine=2"
    files = "--train_data_files=x,y --valid_data_file=v"
    done = run("-c", FLAGS_PROGRAM, str(small_sample[0]), *flags.split(), *files.split())
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


OWN_FLAG_PROGRAM = """
from absl import flags
from nb101fast import api, inception
flags.DEFINE_integer("batch_size", 3, "a flag of the program")
assert api.config.build_config()["batch_size"] == 256
"""


def test_the_module_alone_defines_no_flags() -> None:
    done = run("-c", OWN_FLAG_PROGRAM)
    assert done.returncode == 0, done.stderr


def test_without_absl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    config.define_flags()
    with pytest.raises(ImportError, match="absl, which is not installed: pip install absl-py"):
        config.FLAGS  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'flags'"):
        config.flags  # noqa: B018


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """What Python makes of these arguments. A warning is an error."""
    command = [sys.executable, "-W", "error", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


# ---------------------------------------------------------------- model_metrics_pb2


def test_messages_read_a_published_record(shared_data: Path) -> None:
    from reference import tfrecord

    path = shared_data / "real_record.tfrecord"
    if not path.is_file():
        pytest.skip(f"the real data is missing: no {path.name} in ../shared/data")
    [record] = tfrecord.read(path.read_bytes())
    payload = json.loads(path.read_bytes()[12:-4])
    metrics = model_metrics_pb2.ModelMetrics.FromString(base64.b64decode(payload[4]))
    assert metrics.trainable_parameters == record.metrics.trainable_parameters
    assert metrics.total_time == record.metrics.total_time
    for found, wanted in zip(metrics.evaluation_data, record.metrics.evaluations, strict=True):
        assert found.training_time == wanted.training_time
        assert found.test_accuracy == wanted.test_accuracy
        assert not found.HasField("checkpoint_path")


def test_messages_are_real() -> None:
    metrics = model_metrics_pb2.ModelMetrics(trainable_parameters=7, total_time=1.5)
    metrics.evaluation_data.add(current_epoch=4.0, checkpoint_path="a")
    part = metrics.evaluation_data[0]
    assert type(part) is model_metrics_pb2.EvaluationData
    assert metrics.DESCRIPTOR.full_name == "nasbench.ModelMetrics"
    assert model_metrics_pb2.DESCRIPTOR.name == "model_metrics.proto"
    read = model_metrics_pb2.ModelMetrics.FromString(metrics.SerializeToString())
    for twin in (read, copy.deepcopy(metrics), pickle.loads(pickle.dumps(metrics))):
        assert twin == metrics
    with pytest.raises(AttributeError, match="no attribute 'Other'"):
        model_metrics_pb2.Other  # noqa: B018


def test_without_protobuf(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DESCRIPTOR", "EvaluationData", "ModelMetrics"):
        monkeypatch.delitem(vars(model_metrics_pb2), name, raising=False)
    monkeypatch.setitem(sys.modules, "google.protobuf.internal.builder", None)
    with pytest.raises(ImportError, match="not installed: pip install protobuf"):
        model_metrics_pb2.ModelMetrics  # noqa: B018


# ---------------------------------------------------------------- the module api


def test_names_of_the_module() -> None:
    assert api.config is config
    assert api.json is json
    assert api.model_metrics_pb2 is model_metrics_pb2
    written = json.dumps(
        {"a": np.eye(2, dtype=int), "b": np.float32(0.5), "c": np.int64(3)}, cls=api._NumpyEncoder
    )
    assert json.loads(written) == {"a": [[1, 0], [0, 1]], "b": 0.5, "c": 3}
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps({"a": object()}, cls=api._NumpyEncoder)


@pytest.mark.parametrize(
    ("module", "name", "way_on"),
    [
        ("lib.base_ops", "OP_MAP", "Trainer"),
        ("lib.model_builder", "build_module", "Network"),
        ("lib.training_time", "limit", "training_time"),
        ("lib.evaluate", "train_and_evaluate", r"NASBench\.evaluate"),
        ("lib.cifar", "CIFARInput", "load_dataset"),
        ("scripts.generate_graphs", "main", "cell_codes"),
        ("scripts.run_evaluation", "main", "nb101train sweep"),
        ("scripts.augment_model", "main", "nb101train augment"),
        ("scripts.generate_cifar10_tfrecords", "main", "load_dataset"),
    ],
)
def test_replaced_modules_say_what_takes_their_place(module: str, name: str, way_on: str) -> None:
    replaced = REPLACED_MODULES[f"nasbench.{module}"]
    stand_in = getattr(replaced, name)
    uses: list[Callable[[], Any]] = [
        lambda: stand_in(1),
        lambda: stand_in["x"],
        lambda: stand_in.anything,
        lambda: list(stand_in),
    ]
    for use in uses:
        with pytest.raises(
            NotImplementedError, match=rf"no nasbench\.{module}\.{name}: .*{way_on}"
        ):
            use()
    with pytest.raises(AttributeError, match=rf"no nasbench\.{module}\.other: .*{way_on}"):
        replaced.other  # noqa: B018
    assert way_on.replace("\\", "") in repr(stand_in)
    assert not hasattr(replaced, "__path__")
