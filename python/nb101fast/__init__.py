"""NAS-Bench-101 at the speed of memory: cells, hashes and a memory-mapped index of results.

>>> import nb101fast
>>> index = nb101fast.open("nasbench_full.nb101")
>>> accuracy = index.objective("validation_accuracy")
>>> accuracy(nb101fast.encode(matrix, ops))
"""

from . import search, search_space, synthetic
from ._build import __version__, build_config, install_as_nasbench
from .cell import Cell, OutOfDomainError, count_parameters, module_hash, vertex_channels
from .codes import (
    NUM_CELLS,
    OPS,
    cell_codes,
    cell_hashes,
    cell_ids,
    cell_parameters,
    decode,
    encode,
    is_valid,
)
from .compiler import CompileReport, compile
from .exporter import export
from .fetch import fetch
from .index import METRICS, STAGES, FormatError, Index, open

__all__ = [
    "METRICS",
    "NUM_CELLS",
    "OPS",
    "STAGES",
    "Cell",
    "CompileReport",
    "FormatError",
    "Index",
    "OutOfDomainError",
    "__version__",
    "build_config",
    "cell_codes",
    "cell_hashes",
    "cell_ids",
    "cell_parameters",
    "compile",
    "count_parameters",
    "decode",
    "encode",
    "export",
    "fetch",
    "install_as_nasbench",
    "is_valid",
    "module_hash",
    "open",
    "search",
    "search_space",
    "synthetic",
    "vertex_channels",
]
