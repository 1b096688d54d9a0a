"""The manifest of an explorer: what its folder holds, as one JSON file with one schema."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._core import FormatError, visible
from ..file_names import shown_name
from ..provenance import Marks
from ..reader import IndexReader
from ..schema import Choice, Flag, Integer, ListOf, Nullable, Record, Text, parse
from .cell_runs import CELL_RUNS, CellRuns
from .measures import MEASURE, Measure
from .packed_array import PACKED_ARRAY, PackedArray

NAME = "manifest.json"
VERSION = 1
TABLES = ("placement_of_matrix", "placements", "ranks", "codes")
ROWS = ("cells", "fingerprints")

_MANIFEST = Record(
    {
        "form": Choice(("nb101fast explorer",)),
        "version": Choice((VERSION,)),
        "files": ListOf(Text()),
        "index": Record(
            {
                "name": Text(),
                "synthetic": Flag(),
                "datasets": ListOf(Text()),
                "epochs": ListOf(Integer(1), least=1),
                "repeats": ListOf(Integer(1), least=1),
                "runs": Integer(),
            }
        ),
        "race": Nullable(Text()),
        "tables": Record(dict.fromkeys(TABLES, PACKED_ARRAY)),
        "rows": Record(dict.fromkeys(ROWS, PACKED_ARRAY)),
        "measures": ListOf(MEASURE),
        "runs": Nullable(CELL_RUNS),
    }
)
_FILE_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")


def manifest_of(
    reader: IndexReader,
    files: Sequence[str],
    tables: Mapping[str, PackedArray],
    rows: Mapping[str, PackedArray],
    measures: Sequence[Measure],
    runs: CellRuns | None,
    race: str | None,
) -> bytes:
    """The manifest, as JSON.

    Args:
        reader: the index.
        files: the names of all other files of the folder.
        tables: the tables of look-ups, by the names in `TABLES`.
        rows: what each row of the index has, by the names in `ROWS`.
        measures: the measures of the index.
        runs: the accuracies of all runs, if the folder has them.
        race: the name of the file of a race, or None.
    """
    manifest = {
        "form": "nb101fast explorer",
        "version": VERSION,
        "files": list(files),
        "index": {
            **identity_of(reader),
            "datasets": list(Marks.of(reader.provenance).datasets),
            "epochs": list(reader.epochs),
            "repeats": list(reader.repeats),
            "runs": reader.num_runs,
        },
        "race": race,
        "tables": {name: array.as_json() for name, array in tables.items()},
        "rows": {name: array.as_json() for name, array in rows.items()},
        "measures": [measure.as_json() for measure in measures],
        "runs": runs and runs.as_json(),
    }
    return json.dumps(manifest, indent=1, allow_nan=False).encode()


def identity_of(reader: IndexReader) -> dict[str, Any]:
    """What a manifest and a race both say of their index, so that a page can compare them."""
    return {
        "name": visible(shown_name(os.path.basename(reader.path))),
        "synthetic": reader.is_synthetic,
    }


def parse_manifest(source: str, data: bytes) -> dict[str, Any]:
    """The manifest of a folder.

    Args:
        source: the name of the file, for errors.
        data: its contents.

    Raises:
        FormatError: the contents are not the manifest of an explorer of this version.
    """
    manifest: dict[str, Any] = parse(source, data, _MANIFEST)
    for name in manifest["files"]:
        if not _FILE_NAME.fullmatch(name):
            raise FormatError(
                visible(
                    f"{source}: files: {name!r} is not allowed; use a name of letters, digits, "
                    "'_', '-' and '.', without a folder"
                )
            )
    return manifest
