"""The provenance of an index: where its contents come from, as a JSON object in the file."""

from __future__ import annotations

from typing import Any

from .schema import Flag, Integer, ListOf, MapOf, Nullable, Record, Row, Text, parse

_COUNT = Integer()
# Files of other versions may have more keys, so all objects are open.
_SOURCE = Record(
    {},
    {
        "name": Text(),
        "num_bytes": _COUNT,
        "sha256": Text(),
        "records": _COUNT,
        "modified_ns": Integer(-(1 << 63)),
        "sample_sha256": Text(),
        "format": Text(),
        "synthetic": Flag(),
        "url": Nullable(Text()),
    },
    is_open=True,
)
_UPDATE = Record(
    {"replaced_runs": _COUNT, "added_runs": _COUNT},
    {"of": Text(), "created": Nullable(Text()), "rule": Text(), "kept_runs": _COUNT},
    is_open=True,
)
_PROVENANCE = Record(
    {},
    {
        "tool": Text(),
        "version": Text(),
        "created": Text(),
        "sources": ListOf(_SOURCE),
        "findings": MapOf(Row((_COUNT, Text()))),
        "synthetic": Flag(),
        "training": ListOf(Record({}, {"dataset": Text()}, is_open=True)),
        "update": _UPDATE,
    },
    is_open=True,
)


def parse_provenance(source: str, data: bytes) -> dict[str, Any]:
    """The provenance in some bytes of a file.

    Args:
        source: the name of the file, for errors.
        data: a JSON object in UTF-8.

    Raises:
        FormatError: the bytes are not JSON, or a field is of a wrong type.
    """
    provenance: dict[str, Any] = parse(source, data, _PROVENANCE)
    return provenance
