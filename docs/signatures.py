"""What autodoc shows of functions and classes: NumPy's types under their short names."""

from __future__ import annotations

import re

import numpy.typing as npt
from sphinx.application import Sphinx
from sphinx.util.typing import stringify_annotation

_ARRAY_LIKE = stringify_annotation(npt.ArrayLike, "smart")
_ARRAY = re.compile(r"~numpy\.ndarray\[.*?dtype\[(.*?)\]\]")


def setup(app: Sphinx) -> None:
    """Add the handlers to Sphinx."""
    app.connect("autodoc-process-signature", _shorten)
    app.connect("autodoc-skip-member", _is_field_of_named_tuple)


def _shorten(
    _app: Sphinx, _what: str, _name: str, _object: object, _options: object, *texts: str | None
) -> tuple[str | None, ...]:
    """The arguments and the result of a function as text, with short types."""
    return tuple(text and _with_short_types(text) for text in texts)


def _with_short_types(text: str) -> str:
    return _ARRAY.sub(r"~numpy.typing.NDArray[\1]", text.replace(_ARRAY_LIKE, "ArrayLike"))


def _is_field_of_named_tuple(
    _app: Sphinx, _what: str, _name: str, member: object, *_rest: object
) -> bool | None:
    """True leaves the field out, because its class describes it; None lets autodoc choose."""
    return str(member.__doc__).startswith("Alias for field number") or None
