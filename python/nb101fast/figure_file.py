"""A figure as a file or as an element of HTML; equal figures give equal bytes."""

from __future__ import annotations

import base64
import io
import os
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ._core import visible
from .checks import check_choice
from .plotting import DOTS_PER_INCH, PIXELS_PER_INCH, style
from .whole_file import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg")
# Without the date and the version of matplotlib, equal figures are equal files.
_METADATA: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None}}


def render(figure: Figure, form: str) -> bytes:
    """The bytes of a figure's file; equal figures give equal bytes.

    Args:
        figure: the figure.
        form: "png" or "svg".

    Raises:
        ValueError: there is no such form.
    """
    check_choice("form", form, FORMATS)
    contents = io.BytesIO()
    with style():
        if layout := figure.get_layout_engine():  # a second layout would shift the panels a little
            layout.execute(figure)
            figure.set_layout_engine(None)  # with "none", savefig would draw everything twice
        figure.savefig(contents, format=form, metadata=_METADATA[form])
    return contents.getvalue()


def as_html(png: bytes, text: str) -> str:
    """An element of HTML that shows a figure and fits any width.

    Args:
        png: the figure as `render` returns it.
        text: what stands in place of the picture where pictures are not shown.
    """
    source = base64.b64encode(png).decode()
    dots = int.from_bytes(png[16:20], "big")  # the width in the header of a PNG
    width = round(dots / DOTS_PER_INCH * PIXELS_PER_INCH)
    return (
        f'<img alt="{escape(visible(text))}" style="max-width: 100%; width: {width}px; '
        f'background: #fff" src="data:image/png;base64,{source}">'
    )


def write(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure to one file, whole or not at all. Its suffix decides the form.

    Args:
        figure: the figure.
        path: a name that ends with .png or .svg.

    Returns:
        The path of the file.

    Raises:
        ValueError: the name has another suffix.
        OSError: the file cannot be written.

    Example:
        >>> figure_file.write(index.plot("parameters", "test_accuracy"), "cells.svg")
        PosixPath('cells.svg')
    """
    target = Path(path)
    write_whole(target, render(figure, form_of(target)))
    return target


def form_of(path: Path) -> str:
    """The form of a picture by the suffix of its file: "png" or "svg", or ValueError."""
    form = path.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise ValueError(f"{str(path)!r} is not allowed; use a name that ends with .png or .svg")
    return form


def save(figure: Figure, folder: str | os.PathLike[str], name: str) -> tuple[Path, ...]:
    """Write a figure as `name.png` and `name.svg`. Each file is written whole or not at all.

    A symbolic link in place of a file is replaced.

    Args:
        figure: the figure.
        folder: where the files go. It is made if it does not exist.
        name: the name of the files, without a suffix.

    Returns:
        The paths of both files.

    Raises:
        OSError: a file cannot be written.

    Example:
        >>> figure_file.save(figure, "out", "regret")
        (PosixPath('out/regret.png'), PosixPath('out/regret.svg'))
    """
    contents = {form: render(figure, form) for form in FORMATS}
    os.makedirs(folder, exist_ok=True)
    paths = tuple(Path(folder, f"{name}.{form}") for form in FORMATS)
    for path, content in zip(paths, contents.values(), strict=True):
        write_whole(path, content, follows_links=False)
    return paths
