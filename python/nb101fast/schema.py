"""What a JSON file may hold, said once by a schema, and checked as the file is read.

>>> HOST = Record({"name": Text(), "pid": Integer(1, 4194304)})
>>> parse("host.json", b'{"name": "here", "pid": 0}', HOST)
Traceback (most recent call last):
nb101fast.FormatError: host.json: pid: 0 is not allowed; use an integer from 1 to 4194304
"""

from __future__ import annotations

import json
import math
import reprlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

from ._core import FormatError, visible
from .phrases import alternatives

LARGEST = (1 << 63) - 1  # integers in files are stored in 64 bits or fewer
_MOST_DEPTH = 50  # of lists and objects, far below the depth at which Python gives up


@dataclass(frozen=True)
class Place:
    """Where a value stands: the file, and the field within it, which is empty for the whole."""

    source: str
    field: str = ""

    def of(self, name: str) -> Place:
        """The place of a field of this object."""
        return Place(self.source, f"{self.field}.{name}" if self.field else name)

    def at(self, position: int) -> Place:
        """The place of an element of this list."""
        return Place(self.source, f"{self.field}[{position}]")

    def refuse(self, value: object, allowed: str) -> NoReturn:
        """Raise FormatError for the value that stands here."""
        self.fail(f"{reprlib.repr(value)} is not allowed; use {allowed}")

    def fail(self, what: str) -> NoReturn:
        """Raise FormatError for something that is wrong here."""
        where = f"{self.source}: {self.field}" if self.field else self.source
        raise FormatError(visible(f"{where}: {what}"))


class Kind(Protocol):
    """A kind of value. Its subclasses are the words of a schema."""

    def check(self, value: Any, place: Place) -> None:
        """Raise FormatError unless the value is of this kind."""
        ...


@dataclass(frozen=True)
class Integer(Kind):
    """An integer from `least` to `most`."""

    least: int = 0
    most: int = LARGEST

    def check(self, value: Any, place: Place) -> None:
        """See `Kind`."""
        if type(value) is not int or not self.least <= value <= self.most:
            place.refuse(value, f"an integer from {self.least} to {self.most}")


@dataclass(frozen=True)
class Number(Kind):
    """A number from `least` to `most`. It is finite unless `most` is infinite."""

    least: float = -sys.float_info.max
    most: float = sys.float_info.max

    def check(self, value: Any, place: Place) -> None:
        """See `Kind`."""
        is_number = type(value) in (int, float)
        is_double = is_number and (value == math.inf or abs(value) <= sys.float_info.max)
        if not is_double or not self.least <= value <= self.most:
            place.refuse(value, f"a number from {self.least:g} to {self.most:g}")


@dataclass(frozen=True)
class Flag(Kind):
    """True or false."""

    def check(self, value: Any, place: Place) -> None:
        """See `Kind`."""
        if type(value) is not bool:
            place.refuse(value, "true or false")


@dataclass(frozen=True)
class Text(Kind):
    """A text that can be written as UTF-8."""

    def check(self, value: Any, place: Place) -> None:
        """See `Kind`."""
        if type(value) is not str:
            place.refuse(value, "a text")
        if any("\ud800" <= character <= "\udfff" for character in value):
            place.refuse(value, "a text without lone surrogates")


@dataclass(frozen=True)
class Choice(Kind):
    """One of some texts or numbers."""

    allowed: tuple[str | int, ...]

    def check(self, value: Any, place: Place) -> None:
        """See `Kind`."""
        if type(value) not in map(type, self.allowed) or value not in self.allowed:
            place.refuse(value, alternatives(self.allowed))


@dataclass(frozen=True)
class Nullable(Kind):
    """Null, or a value of another kind."""

    kind: Kind

    def check(self, value: Any, place: Place) -> None:
        """See `Kind`."""
        if value is not None:
            self.kind.check(value, place)


@dataclass(frozen=True)
class Anything(Kind):
    """Any value of JSON."""

    def check(self, value: Any, place: Place) -> None:
        """See `Kind`."""


@dataclass(frozen=True)
class ListOf(Kind):
    """A list of `least` to `most` values of one kind."""

    kind: Kind
    least: int = 0
    most: int = LARGEST

    def check(self, value: Any, place: Place) -> None:
        """See `Kind`."""
        if type(value) is not list:
            place.refuse(value, "a list")
        if not self.least <= len(value) <= self.most:
            few = f"at least {self.least}" if len(value) < self.least else f"at most {self.most}"
            place.fail(f"a list of {len(value)} is not allowed; use {few}")
        for position, each in enumerate(value):
            self.kind.check(each, place.at(position))


@dataclass(frozen=True)
class Row(Kind):
    """A list with one value of each of some kinds, in their order."""

    kinds: tuple[Kind, ...]

    def check(self, value: Any, place: Place) -> None:
        """See `Kind`."""
        if type(value) is not list or len(value) != len(self.kinds):
            place.refuse(value, f"a list of {len(self.kinds)}")
        for position, (each, kind) in enumerate(zip(value, self.kinds, strict=True)):
            kind.check(each, place.at(position))


@dataclass(frozen=True)
class MapOf(Kind):
    """An object with any keys, whose values are of one kind."""

    kind: Kind

    def check(self, value: Any, place: Place) -> None:
        """See `Kind`."""
        if type(value) is not dict:
            place.refuse(value, "an object")
        for name, each in value.items():
            self.kind.check(each, place.of(name))


@dataclass(frozen=True)
class Record(Kind):
    """An object with a fixed set of keys.

    Attributes:
        needed: the kinds of the values that must be there, by key.
        may: the kinds of the values that may be there, by key.
        is_open: whether other keys are allowed too. Their values may be anything.
    """

    needed: Mapping[str, Kind]
    may: Mapping[str, Kind] = field(default_factory=dict)
    is_open: bool = False

    def check(self, value: Any, place: Place) -> None:
        """See `Kind`."""
        if type(value) is not dict:
            place.refuse(value, "an object")
        known = {**self.needed, **self.may}
        for name in self.needed:
            if name not in value:
                place.fail(f"the key {name!r} is missing; add it")
        for name, each in value.items():
            if name in known:
                known[name].check(each, place.of(name))
            elif not self.is_open:
                place.fail(
                    f"the key {reprlib.repr(name)} is not allowed; use {alternatives(known)}"
                )


def parse(source: str, data: bytes, kind: Kind) -> Any:
    """Parse JSON in UTF-8, and check it.

    Args:
        source: the name of the file, for errors.
        data: its contents.
        kind: what it may hold.

    Raises:
        FormatError: the contents are not JSON, or not what they may be.
    """
    place = Place(source)
    try:
        value = json.loads(data.decode("utf-8"))
    except RecursionError:
        place.fail(f"its lists and objects are nested too deep; use at most {_MOST_DEPTH} levels")
    except ValueError as error:
        place.fail(f"not JSON: {error}")
    _check_depth(value, place)
    kind.check(value, place)
    return value


def _check_depth(value: Any, place: Place) -> None:
    """Refuse what is nested so deep that other parts of Python could not handle it."""
    level: list[Any] = [[value]]
    for _ in range(_MOST_DEPTH + 1):
        inner = [each.values() if type(each) is dict else each for each in level]
        level = [child for each in inner for child in each if type(child) in (dict, list)]
        if not level:
            return
    place.fail(f"its lists and objects are nested too deep; use at most {_MOST_DEPTH} levels")
