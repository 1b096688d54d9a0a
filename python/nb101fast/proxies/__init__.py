"""Zero-cost proxies: what untrained networks say of cells, each proxy by its paper.

>>> from nb101fast import proxies
>>> scores = proxies.score_cells(codes, images, labels, proxies=["synflow", "naswot"])

This needs `pip install "nb101fast[torch]"`.
"""

from .measures import PROXIES
from .probe import Probe
from .scoring import score, score_cells

__all__ = ["PROXIES", "Probe", "score", "score_cells"]
