"""The compiled core; see the functions of the package for what the arguments mean."""

from collections.abc import Callable
from typing import Any, SupportsInt, final, overload

import numpy as np
import numpy.typing as npt
from typing_extensions import Buffer

NUM_CELLS: int
MAX_GRAPH_VERTICES: int
FORMAT_VERSION: int
OPS: list[str]
METRICS: list[str]
STAGES: list[str]
