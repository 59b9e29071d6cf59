"""Which values a type has, where they are few: those of an Enum, of a bounded number, of a pattern for text."""

from __future__ import annotations

import enum
import re
import typing
from collections.abc import Iterable
from itertools import islice, product
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, Union

import msgspec

from gamesvc.context import Player

MOST = 1 << 14
"""How many values are few."""

MAX_REPEATS = 64
"""How often a part of a pattern may be repeated, so that what it matches is found soon."""


def is_player(kind: Any) -> bool:
    """Whether values of a type are names of players."""
    kind, _ = unmarked(kind)
    return kind is Player


def without_none(kind: Any) -> tuple[Any, bool]:
    """A type without None, and whether that was a part of it."""
    kind, metas = unmarked(kind)
    if typing.get_origin(kind) not in (Union, UnionType) or NoneType not in typing.get_args(kind):
        return (Annotated[kind, *metas] if metas else kind), False
    rest = [part for part in typing.get_args(kind) if part is not NoneType]
    return Union[tuple(rest)], True  # noqa: UP007  # made of a list, which `|` can't be


def unmarked(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type as it is under its names and marks, and what msgspec is told of it beside."""
    metas: tuple[Any, ...] = ()
    while True:
        if typing.get_origin(kind) is Annotated:
            metas += tuple(each for each in kind.__metadata__ if isinstance(each, msgspec.Meta))
            kind = typing.get_args(kind)[0]
        elif isinstance(kind, NewType) and kind is not Player:
            kind = kind.__supertype__
        # `type Cell = ...`, which our oldest Python does not know.
        elif type(kind).__name__ == "TypeAliasType":
            kind = kind.__value__
        else:
            return kind, metas


def bounds_of(metas: Iterable[msgspec.Meta]) -> tuple[float | None, float | None]:
    """The least and the greatest number that a type has; None where there is no bound."""
    low = [each for meta in metas for each in (meta.ge, meta.gt) if each is not None]
    high = [each for meta in metas for each in (meta.le, meta.lt) if each is not None]
    return (max(low) if low else None), (min(high) if high else None)


def values_of(kind: Any) -> list[Any] | None:
    """All values of a type, as JSON gives them; None where they are many, or can't be told.

    Args:
        kind: the annotation. Names of players can't be told: who they are is not known before the game.
    """
    try:
        found = _few(kind)
    except _Unknown:
        return None
    # What several constraints leave of them, msgspec knows.
    fitting = {msgspec.json.encode(value): value for value in found if _fits(value, kind)}
    return [*fitting.values()] or None


class _Unknown(Exception):
    """Nobody knows all of the values."""


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.json.decode(msgspec.json.encode(value), type=kind)
    except msgspec.ValidationError:
        return False
    return True


def _values(kind: Any) -> Iterable[Any]:
    kind, metas = unmarked(kind)
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is bool:
        return [False, True]
    if kind is None or kind is NoneType:
        return [None]
    if origin is Literal:
        return parts
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return [each.value for each in kind]
    if kind is int:
        return _numbers(metas)
    if kind is str:
        return _texts(metas)
    if origin in (Union, UnionType):
        return [value for part in parts for value in _few(part)]
    if origin is tuple and parts and ... not in parts:
        return (list(each) for each in product(*map(_few, parts)))
    raise _Unknown


def _few(kind: Any) -> list[Any]:
    found = list(islice(_values(kind), MOST + 1))
    if len(found) > MOST:
        raise _Unknown
    return found


def _numbers(metas: tuple[msgspec.Meta, ...]) -> range:
    low, high = bounds_of(metas)
    if low is None or high is None:
        raise _Unknown
    return range(int(low), int(high) + 1)


def _texts(metas: tuple[msgspec.Meta, ...]) -> list[str]:
    patterns = [meta.pattern for meta in metas if meta.pattern is not None]
    if not patterns:
        raise _Unknown
    return _Pattern(patterns[0]).texts()


class _Pattern:
    """Reads a regular expression of the plain kind: letters, classes, groups, alternatives, and counted repeats.

    Args:
        pattern: it; one that is not tied to both ends of the text has no end of matches.
    """

    def __init__(self, pattern: str) -> None:
        self._whole = pattern
        if not (pattern.startswith("^") and pattern.endswith("$")) or pattern.endswith("\\$"):
            raise _Unknown
        self._text = pattern[1:-1]
        self._at = 0

    def texts(self) -> list[str]:
        """All that it matches."""
        # Alternatives outside of a group are each tied to one end only.
        found = self._sequence()
        if self._at < len(self._text) or not all(re.search(self._whole, each) for each in found):
            raise _Unknown
        return list(dict.fromkeys(found))

    def _next(self) -> str:
        if self._at == len(self._text):
            raise _Unknown
        self._at += 1
        return self._text[self._at - 1]

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _sequence(self) -> list[str]:
        found = [""]
        while self._peek() not in ("", "|", ")"):
            part = self._item()
            found = self._joined(found, self._repeated(part))
        return found

    def _item(self) -> list[str]:
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escaped()
        if char in ".^$*+?{}":
            raise _Unknown
        return [char]

    def _group(self) -> list[str]:
        if self._peek() == "?":
            if self._text[self._at : self._at + 2] != "?:":
                raise _Unknown
            self._at += 2
        found = self._sequence()
        while (char := self._next()) == "|":
            found = found + self._sequence()
        if char != ")":
            raise _Unknown
        return found

    def _class(self) -> list[str]:
        found: list[str] = []
        if self._peek() in ("^", "]"):
            raise _Unknown
        while (char := self._next()) != "]":
            chars = self._escaped() if char == "\\" else [char]
            if len(chars) == 1 and self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                last = self._next()
                if last == "\\" or ord(last) - ord(chars[0]) > MOST:
                    raise _Unknown
                chars = [chr(code) for code in range(ord(chars[0]), ord(last) + 1)]
            found += chars
        return found

    def _escaped(self) -> list[str]:
        char = self._next()
        if char.isalnum():
            # \d is any digit of any script.
            raise _Unknown
        return [char]

    def _repeated(self, part: list[str]) -> list[str]:
        counted = re.compile(r"\?|\{(\d+)(?:,(\d+))?\}").match(self._text, self._at)
        if counted is None:
            return part
        self._at = counted.end()
        low, high = (0, 1) if counted[1] is None else (int(counted[1]), int(counted[2] or counted[1]))
        if high > MAX_REPEATS:
            raise _Unknown
        found: list[str] = []
        some = [""]
        for count in range(high + 1):
            if count >= low:
                found += some
            if count < high:
                some = self._joined(some, part)
        if len(found) > MOST:
            raise _Unknown
        return found

    @staticmethod
    def _joined(one: list[str], other: list[str]) -> list[str]:
        if len(one) * len(other) > MOST:
            raise _Unknown
        return [before + after for before in one for after in other]
