"""The provenance of an index: where its contents come from, as a JSON object in the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ._core import FormatError
from .checks import check_type
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
        "within": Text(),
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


def checked_training(training: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """How runs were trained, as the provenance keeps it.

    Raises:
        TypeError: it is no mapping, or JSON has no form for it.
        ValueError: a part of it is not allowed, such as a data set that is no text.
    """
    if training is None:
        return None
    check_type("training", training, Mapping, use="a dictionary of what JSON has")
    try:
        text = json.dumps({"training": [dict(training)]})
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"training={training!r} is not allowed: {error}; use what JSON has"
        ) from None
    try:
        parse_provenance("training", text.encode())
    except FormatError as error:
        raise ValueError(str(error)) from None
    return dict(training)


def is_official(dataset: str) -> bool:
    """Whether a data set is CIFAR-10, by its name: "cifar10" or "cifar10:PATH"."""
    return dataset.partition(":")[0] == "cifar10"


_BETWEEN_DATASETS = "; "


@dataclass(frozen=True)
class Marks:
    """What says that values are not those of the official files, because they were made up or
    measured in another training. Each table and file of the values has it, except a TFRecord.

    Attributes:
        synthetic: whether some of the values were made up.
        training: how runs were trained, as the provenance has it; most entries name a `dataset`.
    """

    synthetic: bool = False
    training: tuple[Mapping[str, Any], ...] = ()

    @staticmethod
    def of(provenance: Mapping[str, Any]) -> Marks:
        """The marks in a provenance."""
        return Marks(bool(provenance.get("synthetic")), tuple(provenance.get("training", ())))

    @staticmethod
    def of_datasets(texts: Iterable[str], *, synthetic: bool) -> Marks:
        """The marks in tables, which have the names of data sets as `in_words` writes them."""
        names = {name for text in texts for name in text.split(_BETWEEN_DATASETS)}
        return Marks(synthetic, tuple({"dataset": name} for name in sorted(names)))

    def __or__(self, other: Marks) -> Marks:
        """The marks of values of which some have these marks, and some have the other ones."""
        training = list(self.training)
        training += [entry for entry in other.training if entry not in training]
        # A table tells only the name of a data set. Another source may tell more of the training.
        told = {entry.get("dataset") for entry in training if len(entry) > 1}
        kept = [e for e in training if e.keys() != {"dataset"} or e["dataset"] not in told]
        return Marks(self.synthetic or other.synthetic, tuple(kept))

    @property
    def datasets(self) -> tuple[str, ...]:
        """The names of the data sets, each once."""
        return tuple(dict.fromkeys(e["dataset"] for e in self.training if "dataset" in e))

    def entries(self) -> dict[str, Any]:
        """The marks as entries of a provenance; empty if there are none."""
        return {
            **({"synthetic": True} if self.synthetic else {}),
            **({"training": [dict(entry) for entry in self.training]} if self.training else {}),
        }

    def in_words(self) -> dict[str, str]:
        """The marks as tables and JSON have them, by the name of the column; empty without marks.

        Example:
            >>> Marks(synthetic=True).in_words()
            {'synthetic': 'true'}
        """
        datasets = _BETWEEN_DATASETS.join(self.datasets)
        return {
            **({"synthetic": "true"} if self.synthetic else {}),
            **({"dataset": datasets} if datasets else {}),
        }

    def phrase(self) -> str:
        """What kind of values these are, for people.

        Example:
            >>> Marks(training=({"dataset": "digits"},)).phrase()
            'measured; trained on digits'
        """
        kind = "synthetic, made up for load tests" if self.synthetic else "measured"
        return f"{kind}; trained on {', '.join(self.datasets)}" if self.datasets else kind
