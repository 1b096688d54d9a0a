"""The cluster of all tests. Between two tests it has one node besides its head."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reference.child_processes import module_folders
from reference.ray_nodes import ChangingNode, Namespaces, RayCluster, ray_cluster
from reference.slow_search import HOLD, SLOW


@pytest.fixture(scope="session")
def cluster() -> Iterator[RayCluster]:
    """A cluster in namespaces if they are allowed, without nodes except its head."""
    with ray_cluster(namespaces=Namespaces.are_allowed()) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def node(cluster: RayCluster, tmp_path_factory: pytest.TempPathFactory) -> ChangingNode:
    """The node that is always there. Its runs are slow enough to be interrupted."""
    folder = tmp_path_factory.mktemp("node")
    node = ChangingNode(*(folder / name for name in ("first", "data", "data_there", "hold")))
    for each in (node.first, node.data, node.data_there, node.hold):
        each.mkdir()
    # A namespace has mounts of its own.
    mount = f"mount --bind {node.data_there} {node.data}" if Namespaces.are_allowed() else ""
    environment = {**SLOW, HOLD: str(node.hold), "PYTHONPATH": module_folders(node.first)}
    cluster.add_node(first=mount, environment=environment)
    return node
