"""NAS-Bench-101 at the speed of memory: cells, hashes and a memory-mapped index of results.

>>> import nb101fast
>>> index = nb101fast.open("nasbench_full.nb101")
>>> accuracy = index.objective("validation_accuracy")
>>> accuracy(nb101fast.encode(matrix, ops))
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._build import __version__, build_config, install_as_nasbench
from ._core import FormatError, OutOfDomainError
from .attachment import AttachReport, attach, detach
from .builder import CompileReport
from .cell import Cell
from .codes import is_valid
from .compiler import compile
from .exporter import export
from .fetch import fetch, fetch_index
from .graph import count_parameters, module_hash, vertex_channels
from .hashes import cell_hashes, ids_of_hashes
from .ids import NUM_CELLS, cell_codes, cell_ids, cell_parameters
from .index import Index, open
from .matrix_codec import decode, encode
from .measurement import METRICS, STAGES
from .ops import OPS

if TYPE_CHECKING:
    from . import adapters as adapters
    from . import analysis as analysis
    from . import api as api
    from . import experiment as experiment
    from . import explorer as explorer
    from . import ingraph as ingraph
    from . import search, search_space, synthetic
    from . import tables as tables

# These are loaded when they are first used, for a quick `import nb101fast`.
_LAZY = (
    *("adapters", "analysis", "api", "experiment", "explorer", "ingraph", "search", "search_space"),
    *("synthetic", "tables"),
)

__all__ = [
    "METRICS",
    "NUM_CELLS",
    "OPS",
    "STAGES",
    "AttachReport",
    "Cell",
    "CompileReport",
    "FormatError",
    "Index",
    "OutOfDomainError",
    "__version__",
    "attach",
    "build_config",
    "cell_codes",
    "cell_hashes",
    "cell_ids",
    "cell_parameters",
    "compile",
    "count_parameters",
    "decode",
    "detach",
    "encode",
    "export",
    "fetch",
    "fetch_index",
    "ids_of_hashes",
    "install_as_nasbench",
    "is_valid",
    "module_hash",
    "open",
    "search",
    "search_space",
    "synthetic",
    "vertex_channels",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The names that users need, without the modules that the package consists of."""
    return sorted({*__all__, *_LAZY})
