"""The network of a cell in PyTorch: the official one, number by number.

>>> import torch
>>> from nb101fast.adapters.torch_network import Network, NetworkConfig
>>> network = Network(nb101fast.Cell.from_id(50), config=NetworkConfig(stem_filters=16))
>>> logits = network(torch.zeros(8, 3, 32, 32))

This needs `pip install "nb101fast[torch]"`.
"""

from ...skeleton import NetworkConfig
from .network import Network

__all__ = ["Network", "NetworkConfig"]
