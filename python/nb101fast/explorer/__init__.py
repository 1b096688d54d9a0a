"""The explorer: a static web page that shows all cells of an index and answers for any cell.

`write` makes a folder that any web server can serve; docs/explorer.md describes what it holds.
`Exploration` serves such a folder on this machine.

>>> from nb101fast import explorer
>>> explorer.write("nasbench_full.nb101", "explorer")
"""

from .exploration import Exploration
from .folder import write

__all__ = ["Exploration", "write"]
