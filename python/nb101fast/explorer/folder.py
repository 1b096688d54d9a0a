"""The folder of an explorer, which is written so that its page works at every moment."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _core
from .._core import FormatError, visible
from ..checks import check_type
from ..file_names import checked_name
from ..ids import cell_codes
from ..reader import IndexReader
from ..regular_file import read_regular
from ..whole_file import write_whole
from . import manifest
from .cell_runs import CellRuns, are_small
from .measures import measures_of
from .packed_array import PackedArray, name_by_contents
from .race import parse_race

_PAGE = Path(__file__).parents[1] / "data" / "explorer"
_FIRST_PAGE = "index.html"


def write(
    index: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    runs: bool | None = None,
    race: str | os.PathLike[str] | None = None,
) -> None:
    """Write an explorer of an index: a static page with its data, for any web server.

    A folder that has an explorer already gets the new one. Until the new one is complete, the page
    shows the old one, whatever ends the process. Files that only the old one had are then removed.

    Args:
        index: an index file, or an open Index.
        folder: where the page goes. It is made if it is missing.
        runs: whether the folder gets the accuracies of all runs, which the page shows for each
            cell. They add about 40 MB for a full index. None writes them for an index of at most
            20,000 cells.
        race: a file that `search.write_race` wrote. The page shows it from the start.

    Raises:
        TypeError: `runs` is neither a bool nor None.
        FormatError: the index is damaged, the race is damaged, or the manifest in the folder is not
            that of an explorer of this version.
        ValueError: the race is that of another index.
        FileExistsError: the folder has an `index.html` that is not that of an explorer.
        OSError: the folder can't be written, or the race can't be read.

    Example:
        >>> nb101fast.explorer.write(index, "explorer")
    """
    if runs is not None:
        check_type("runs", runs, bool, use="True, False or None")
    reader = IndexReader(index)
    reader.verify("sections")
    target = Path(checked_name(folder))
    former = _former_files(target)
    page = {path.name: path.read_bytes() for path in sorted(_PAGE.iterdir())}
    tables, rows, measures = _tables(), _rows(reader), list(measures_of(reader))
    has_runs = are_small(reader) if runs is None else runs
    cell_runs = CellRuns.of(reader) if has_runs else None
    arrays = [*tables.values(), *rows.values(), *(measure.values for measure in measures)]
    arrays += cell_runs.chunks if cell_runs else []
    raced = {} if race is None else _race(reader, race)
    contents = {array.file: array.data for array in arrays} | raced | page
    first_page = contents.pop(_FIRST_PAGE)
    target.mkdir(parents=True, exist_ok=True)
    for name, data in contents.items():
        write_whole(target / name, data)
    files = [*contents, _FIRST_PAGE]
    described = manifest.manifest_of(
        reader, files, tables, rows, measures, runs=cell_runs, race=next(iter(raced), None)
    )
    # The manifest and the first page name the files that are already there, so they come last.
    write_whole(target / manifest.NAME, described)
    write_whole(target / _FIRST_PAGE, first_page)
    for name in former - {*files}:
        with contextlib.suppress(FileNotFoundError):
            (target / name).unlink()


def _former_files(folder: Path) -> set[str]:
    """The files of the explorer that the folder has, if it has one."""
    path = folder / manifest.NAME
    try:
        return set(manifest.parse_manifest(str(path), path.read_bytes())["files"])
    except FileNotFoundError:
        if (folder / _FIRST_PAGE).exists():
            raise FileExistsError(
                f"folder {visible(str(folder))!r} has an {_FIRST_PAGE} that is not that of an "
                "explorer; use another folder"
            ) from None
        return set()
    except FormatError as error:
        raise FormatError(f"{error}. Use another folder, or remove this file") from None


def _tables() -> dict[str, PackedArray]:
    """The engine's own tables of look-ups."""
    placement_of_matrix, placements, ranks = _core.look_up_tables()
    arrays: list[npt.NDArray[Any]] = [placement_of_matrix, placements, ranks, cell_codes()]
    pairs = zip(manifest.TABLES, arrays, strict=True)
    return {name: PackedArray.of(name, array) for name, array in pairs}


def _rows(reader: IndexReader) -> dict[str, PackedArray]:
    """What is known of each row: the cell id, and the first two bytes of the official hash."""
    first_bytes = np.ascontiguousarray(reader.file.hashes()[:, :2])
    fingerprints = first_bytes.view(">u2").astype(np.uint16)
    arrays: list[npt.NDArray[Any]] = [reader.cells, fingerprints]
    pairs = zip(manifest.ROWS, arrays, strict=True)
    return {name: PackedArray.of(name, array) for name, array in pairs}


def _race(reader: IndexReader, path: str | os.PathLike[str]) -> dict[str, bytes]:
    """The contents of the race, by the name of its file in the folder."""
    data = read_regular(path)
    of = parse_race(os.fspath(path), data)["index"]
    if of != manifest.identity_of(reader):
        raise ValueError(
            f"{visible(os.fspath(path))} is a race of {visible(of['name'])!r}, not of "
            f"{manifest.identity_of(reader)['name']!r}; use a race of this index"
        )
    return {name_by_contents("race", data, "json"): data}
