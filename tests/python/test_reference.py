"""The plain implementation against golden values, because it judges the fast one."""

from __future__ import annotations

import hashlib
import json
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from reference import tfrecord
from reference.cells import (
    OPERATIONS,
    Graph,
    canonical,
    decode,
    edge_count,
    encode,
    graph_of,
    is_valid,
    is_valid_code,
    is_valid_raw_9,
    isomorphic,
    matrix_of_walk_bits,
    module_hash,
    names_of,
    orders,
    prune,
    relabel,
    trainable_parameters,
    vertex_channels,
    walk_bits,
)
from reference.enumeration import pruned_masks, representatives, walk
from reference.sampling import random_connected_graphs

FIRST_CELL = Graph(matrix_of_walk_bits(1205349, 7), (0, 2, 0, 0, 1))
INCEPTION_LIKE = graph_of(
    [
        [0, 1, 1, 1, 0, 1, 0],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 0],
    ],
    [1, 0, 0, 0, 2],
)
SHA256_OF_HASHES = "53e1438d11675d9eb3899166c29ca07fe0c4b81af9d99d5aec3ecd31bd5bca7f"
CELLS_BY_VERTICES = {2: 1, 3: 6, 4: 84, 5: 2441, 6: 62010, 7: 359082}
PRUNED_DAGS_BY_VERTICES = {2: 1, 3: 2, 4: 10, 5: 121, 6: 1545, 7: 4793}


@pytest.mark.parametrize(
    ("graph", "digest", "parameters"),
    [
        (FIRST_CELL, "00005c142e6f48ac74fdcf73e3439874", 8_555_530),
        (INCEPTION_LIKE, "28cfc7874f6d200472e1a9dcd8650aa0", 2_694_282),
    ],
)
def test_golden_cell(graph: Graph, digest: str, parameters: int) -> None:
    assert is_valid(graph)
    assert module_hash(graph) == digest
    assert trainable_parameters(graph) == parameters


def test_walk_bits_give_the_published_adjacency() -> None:
    flat = "".join(str(value) for row in FIRST_CELL.matrix for value in row)
    assert flat == "0100110001000000010010000010000001000000010000000"
    edges = [(x, y) for x, y in product(range(7), repeat=2) if FIRST_CELL.matrix[x][y]]
    assert walk_bits(edges) == 1205349


def test_code_layout() -> None:
    single_edge = graph_of([[0, 1], [0, 0]], [])
    assert encode(single_edge) == 1 << 5  # edge (0, 6) is the last of row 0
    chain = graph_of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [2])
    assert encode(chain) == 1 | 1 << 10 | 2 << 21
    assert decode(encode(FIRST_CELL)) == FIRST_CELL
    rows, columns = np.triu_indices(7, 1)
    for bit, edge in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        assert decode(1 << bit).matrix[edge[0]][edge[1]] == 1


def test_both_meanings_of_valid() -> None:
    # Input and output joined, and ten more edges that pruning takes away.
    matrix = np.triu(np.ones((7, 7), int), 1)
    matrix[0, 1:6] = 0
    graph = graph_of(matrix, [0] * 5)
    assert edge_count(graph.matrix) == 16
    assert is_valid(graph)
    assert not is_valid_raw_9(graph)
    assert is_valid_raw_9(FIRST_CELL)
    assert not is_valid(graph_of(np.triu(np.ones((7, 7), int), 1), [0] * 5))
    assert not is_valid(graph_of(np.zeros((7, 7), int), [0] * 5))
    assert not is_valid_code(encode(FIRST_CELL) | 1 << 31)
    assert not is_valid_code(1 << 5 | 3 << 21)


@pytest.mark.parametrize("vertices", range(2, 8))
def test_pruned_masks(vertices: int) -> None:
    masks = list(pruned_masks(vertices))
    assert len(masks) == PRUNED_DAGS_BY_VERTICES[vertices]
    assert masks == sorted(set(masks))


@pytest.mark.parametrize("vertices", range(2, 6))
def test_pruned_masks_are_those_that_pruning_keeps(vertices: int) -> None:
    masks = range(1 << vertices * (vertices - 1) // 2)
    graphs = {
        mask: Graph(matrix_of_walk_bits(mask, vertices), (0,) * (vertices - 2)) for mask in masks
    }
    kept = [
        mask
        for mask in masks
        if prune(graphs[mask]) == graphs[mask] and edge_count(graphs[mask].matrix) <= 9
    ]
    assert list(pruned_masks(vertices)) == kept


def test_walk_keeps_the_minima() -> None:
    kept = walk(5)
    assert kept == tuple(representatives(5))
    assert [len(graph.matrix) for graph in kept] == [2] + [3] * 6 + [4] * 84 + [5] * 2441


@pytest.mark.release
def test_walk_keeps_the_minima_of_six_vertices() -> None:
    assert walk(6) == tuple(representatives(6))


@pytest.mark.release
def test_hashes_and_parameters_of_the_whole_space() -> None:
    graphs = list(representatives(7))
    parameters = [trainable_parameters(graph) for graph in graphs]
    assert (min(parameters), max(parameters)) == (227_274, 49_979_274)
    assert sum(parameters) == 3_583_758_170_075
    text = "".join(f"{digest}\n" for digest in sorted(map(module_hash, graphs)))
    assert hashlib.sha256(text.encode()).hexdigest() == SHA256_OF_HASHES


def test_representatives_by_vertices(representative_codes: npt.NDArray[np.uint32]) -> None:
    assert len(representative_codes) == sum(CELLS_BY_VERTICES.values()) == 423_624
    assert len(np.unique(representative_codes)) == 423_624


def test_canonical_form_is_isomorphism(rng: np.random.Generator) -> None:
    graphs = [
        pruned
        for graph in random_connected_graphs(rng, 60, range(4, 6))
        if (pruned := prune(graph)) is not None
    ]
    pairs = list(product(graphs, graphs))
    same = [isomorphic(a, b) for a, b in pairs]
    assert same == [canonical(a) == canonical(b) for a, b in pairs]
    assert len(graphs) < sum(same) < len(pairs)


def test_relabelings_stay_in_the_class() -> None:
    for position in orders(INCEPTION_LIKE.matrix):
        moved = relabel(INCEPTION_LIKE, position)
        assert isomorphic(moved, INCEPTION_LIKE)
        assert canonical(moved) == canonical(INCEPTION_LIKE)
        assert module_hash(moved) == module_hash(INCEPTION_LIKE)


def test_channels() -> None:
    # Four vertices feed output; the fifth feeds only vertex 4.
    assert vertex_channels(INCEPTION_LIKE.matrix, 130) == (33, 33, 32, 32, 32, 130)


def test_tiny_skeleton_by_hand() -> None:
    chain = graph_of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [0])
    stem, projection, convolution, dense = 27 * 4 + 8, 16 + 8, 9 * 16 + 8, 4 * 2 + 2
    counted = trainable_parameters(
        chain, stem_filters=4, num_stacks=1, cells_per_stack=1, num_classes=2
    )
    assert counted == stem + projection + convolution + dense


def test_real_cells(shared_data: Path) -> None:
    path = shared_data / "nb101_real_52.json"
    if not path.is_file():
        pytest.skip(f"the real data is missing: no {path.name} in ../shared/data")
    cells = json.loads(path.read_text())
    assert len(cells) == 52
    for cell in cells:
        names = cell["module_operations"]
        graph = graph_of(cell["module_adjacency"], [OPERATIONS.index(op) for op in names[1:-1]])
        assert names_of(graph) == names
        assert module_hash(graph) == cell["module_hash"]
        assert trainable_parameters(graph) == cell["trainable_parameters"]
        assert canonical(graph) == graph


@pytest.mark.parametrize(
    ("data", "checksum"), [(b"", 0), (b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA)]
)
def test_crc32c(data: bytes, checksum: int) -> None:
    assert tfrecord.crc32c(data) == checksum


@pytest.mark.parametrize(
    ("value", "encoded"), [(0, "00"), (127, "7f"), (300, "ac02"), (-1, "ffffffffffffffffff01")]
)
def test_varint(value: int, encoded: str) -> None:
    assert tfrecord.encode_varint(value).hex() == encoded
    assert tfrecord.decode_varint(bytes.fromhex(encoded), 0) == (value % 2**64, len(encoded) // 2)


@pytest.fixture
def real_record(shared_data: Path) -> bytes:
    path = shared_data / "real_record.tfrecord"
    if not path.is_file():
        pytest.skip(f"the real data is missing: no {path.name} in ../shared/data")
    return path.read_bytes()


def test_real_record_values(real_record: bytes) -> None:
    (record,) = tfrecord.read(real_record)
    assert record.module_hash == module_hash(FIRST_CELL)
    assert record.epochs == 4
    assert record.adjacency == "0100110001000000010010000010000001000000010000000"
    assert list(record.operations) == names_of(FIRST_CELL)
    assert record.metrics.trainable_parameters == 8_555_530
    evaluations = record.metrics.evaluations
    assert [evaluation.current_epoch for evaluation in evaluations] == [0.0, 2.0, 4.0]
    times = [evaluation.training_time for evaluation in evaluations]
    assert times == [0, 45.152000427246094, 89.90399932861328]
    accuracies = [evaluation.validation_accuracy for evaluation in evaluations]
    assert accuracies == [float(np.float32(count / 9984)) for count in (976, 1051, 3484)]


def test_real_record_bytes(real_record: bytes) -> None:
    assert len(real_record) == 417
    assert tfrecord.write(tfrecord.read(real_record)) == real_record


@pytest.mark.parametrize(("byte", "message"), [(8, "length at byte 0"), (12, "payload at byte 12")])
def test_broken_record(byte: int, message: str) -> None:
    broken = bytearray(tfrecord.frame(b"payload"))
    broken[byte] ^= 1
    with pytest.raises(ValueError, match=message):
        list(tfrecord.payloads(bytes(broken)))
