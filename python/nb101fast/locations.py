"""Where indexes lie: the one that is opened by default, the user's cache, and the built-in one."""

from __future__ import annotations

import os
from pathlib import Path

INDEX_VARIABLE = "NB101FAST_INDEX"
CACHE_VARIABLE = "NB101FAST_CACHE"
CACHED_NAMES = ("nasbench_full.nb101", "nasbench_only108.nb101")  # the first that is there
BUILT_IN = Path(__file__).parent / "data" / "nb101_digits.nb101"


def cache_folder() -> Path:
    """The folder of compiled indexes: `$NB101FAST_CACHE`, or `nb101fast` in the user's cache."""
    if folder := os.environ.get(CACHE_VARIABLE):
        return Path(folder)
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "nb101fast"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nb101fast"


def chosen_index() -> str | None:
    """The index that `$NB101FAST_INDEX` names, else one in the cache; None if there is none.

    Raises:
        FileNotFoundError: there is no file that the variable names.
    """
    if path := os.environ.get(INDEX_VARIABLE):
        if not os.path.exists(path):
            raise FileNotFoundError(
                f"{path}: there is no such file, and ${INDEX_VARIABLE} names it; set the variable "
                "to an index, or unset it"
            )
        return path
    cached = (cache_folder() / name for name in CACHED_NAMES)
    return next((str(path) for path in cached if path.is_file()), None)
