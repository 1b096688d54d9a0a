"""What is said of a library that is missing, and how to install it."""

from __future__ import annotations

INSTALLED_BY = {  # what is given to pip
    **dict.fromkeys(("ConfigSpace", "hpbandster", "hyperopt", "scipy", "smac"), '".[test-search]"'),
    **dict.fromkeys(("optuna", "optunahub", "pymoo", "ray"), '".[test-adapters]"'),
    **dict.fromkeys(("onnxruntime", "onnxscript", "torch"), '".[test-torch]"'),
    "zopfli": "zopflipy",
    "syne_tune": '".[test-adapters,syne-tune]"',
    **dict.fromkeys(
        ("kubernetes_validate", "nb101train", "tensorflow", "wheel", "yaml"),
        '".[test-train]" ./training',
    ),
}


def missing_library(error: ImportError) -> str | None:
    """The optional library that is missing, or None if the package lacks a name or a module."""
    cause = error if error.__cause__ is None else error.__cause__
    if not isinstance(cause, ModuleNotFoundError) or cause.name is None:
        return None
    library = cause.name.partition(".")[0]
    return None if library == "nb101fast" else library


def lacks(library: str) -> str:
    """The reason of a skipped test: the library that is missing, and how to install it."""
    wanted = INSTALLED_BY.get(library, library)
    return f"{library} is not installed: pip install {wanted}"
