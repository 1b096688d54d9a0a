"""A table of names and values that a notebook shows."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from ._core import visible


def as_html(values: Mapping[str, str]) -> str:
    """An element of HTML with a row for each name and its value.

    Example:
        >>> as_html({"epochs": "4"})
        '<table><tr><th>epochs</th><td>4</td></tr></table>'
    """
    rows = (f"<tr><th>{name}</th><td>{escape(visible(v))}</td></tr>" for name, v in values.items())
    return f"<table>{''.join(rows)}</table>"
