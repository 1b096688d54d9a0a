"""The search space as optimizers see it: samplers, mutations, neighbours, encodings, shapes.

Functions take codes: a uint32 array, a list of codes, or one code or `Cell`. One code gives one
result, several give an array. Everything is computed in C++. Functions that draw at random take a
seed, and one seed gives the same codes on every machine.

>>> from nb101fast import search_space
>>> parents = search_space.sample(1000, how="raw", seed=0)
>>> children = search_space.mutate(parents, how="notebook", seed=1)
"""

from ..seed import Seed
from .distance import DISTANCES, Distance, edit_distance
from .encodings import ENCODINGS, Encoding, decode_from, encode_as
from .mutation import MUTATIONS, Mutation, check_rate, mutate
from .neighborhood import NeighborTable, neighbor_table, neighbors
from .sampling import SAMPLINGS, sample
from .shape import depth, flops, macs, num_edges, num_vertices, parameters, width

__all__ = [
    "DISTANCES",
    "ENCODINGS",
    "MUTATIONS",
    "SAMPLINGS",
    "Distance",
    "Encoding",
    "Mutation",
    "NeighborTable",
    "Seed",
    "check_rate",
    "decode_from",
    "depth",
    "edit_distance",
    "encode_as",
    "flops",
    "macs",
    "mutate",
    "neighbor_table",
    "neighbors",
    "num_edges",
    "num_vertices",
    "parameters",
    "sample",
    "width",
]
