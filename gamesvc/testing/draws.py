"""Draws: values of the types that commands and options take, as a client would send them, from few simple decisions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Protocol

import msgspec
from msgspec import inspect as types

MOST_PARTS = 4
"""How long lists and dicts get whose type allows more."""

MOST_TEXTS = 60
"""How many of the texts in a state are of use."""

_DEEPEST = 6
_LONGEST_TEXT = 80
_WORDS = ("", "a", "b", "ab", "x", "hello", "0", "é")
_FLOATS = (0.0, 1.0, -1.0, 0.5, 2.0, 10.0, 1e-9, 1e308, -1e308)
# None that a list could just have as its length: who runs the test of it would need the memory.
_EXTREMES = (2**53, -(2**53), 2**63 - 1, -(2**63))
_INSTANTS = ("2026-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2026-01-01T00:00:00+02:00")
_FIXED: dict[type[types.Type], tuple[Any, ...]] = {
    types.NoneType: (None,),
    types.BoolType: (False, True),
    types.BytesType: ("", "AA==", "aGVsbG8="),
    types.ByteArrayType: ("", "AA=="),
    types.MemoryViewType: ("", "AA=="),
    types.DateTimeType: _INSTANTS,
    types.DateType: ("2026-01-01", "2024-02-29"),
    types.TimeType: ("00:00:00", "23:59:59"),
    types.TimeDeltaType: ("PT0S", "PT1S", "P1D"),
    types.UUIDType: ("00000000-0000-0000-0000-000000000000", "123e4567-e89b-12d3-a456-426614174000"),
    types.DecimalType: ("0", "1.5", "-1"),
    types.AnyType: (None, 0, "", [], {}),
    types.RawType: (None, 0, "", [], {}),
}


Texts = Callable[[], list[str]]
"""Says what texts the state of a game holds."""


class Decide(Protocol):
    """Who decides."""

    def index(self, count: int) -> int:
        """One of so many: a number below `count`, 0 the simplest."""


class Seen:
    """What values have been of use.

    Attributes:
        names: of players.
        texts: what the state of games has held.
        patterns: texts that fit a pattern.
        changing: fields that have changed in the course of a game.
        games: how many these are known of.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.texts: dict[str, None] = {}
        self.patterns: dict[str, list[str]] = {}
        self.changing: set[str] = set()
        self.games = 0
        self._accepted: dict[str, list[Any]] = {}

    def accept(self, where: str, value: Any) -> None:
        """A value was of use."""
        known = self._accepted.setdefault(where, [])
        if len(known) < 60 and value not in known:
            known.append(value)

    def accepted(self, where: str) -> list[Any]:
        """Values that were of use in a place before."""
        return self._accepted.get(where, [])


def one_of(decide: Decide, values: Sequence[Any]) -> Any:
    """One of some values."""
    return values[decide.index(len(values))]


def chance(decide: Decide, percent: int) -> bool:
    """Whether something is so that is so in so many of a hundred cases."""
    return decide.index(100) >= 100 - percent


def arguments(decide: Decide, where: str, kind: type[msgspec.Struct], seen: Seen, texts: Texts) -> dict[str, Any]:
    """Arguments of a command, or options.

    Args:
        decide: who decides.
        where: the command's name.
        kind: what it takes.
        seen: values that have been of use.
        texts: what the state holds.
    """
    whole = seen.accepted(where)
    if whole and chance(decide, 30):
        return dict(one_of(decide, whole))
    given = {}
    for field in _fields(kind):
        if field.required or chance(decide, 60):
            place = f"{where}.{field.encode_name}"
            known = seen.accepted(place)
            if known and chance(decide, 50):
                given[field.encode_name] = one_of(decide, known)
            else:
                given[field.encode_name] = value(decide, field.type, seen, texts)
    return given


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[types.Field, ...]:
    described = types.type_info(kind)
    return described.fields if isinstance(described, types.StructType) else ()


def value(decide: Decide, kind: types.Type, seen: Seen, texts: Texts, depth: int = 0) -> Any:
    """A value of a type, as JSON has it. It need not fit: what does not fit never reaches a model."""
    if isinstance(kind, types.Metadata):
        kind = kind.type
    fixed = _FIXED.get(type(kind))
    if fixed is not None:
        return one_of(decide, fixed)
    if isinstance(kind, types.IntType):
        return _integer(decide, kind)
    if isinstance(kind, types.FloatType):
        return _fraction(decide, kind)
    if isinstance(kind, types.StrType):
        return _text(decide, kind, seen, texts)
    if isinstance(kind, types.EnumType):
        return one_of(decide, [each.value for each in kind.cls])
    if isinstance(kind, types.LiteralType):
        return one_of(decide, list(kind.values))
    if isinstance(kind, types.UnionType):
        simplest = [part for part in kind.types if isinstance(part, types.NoneType)]
        parts = kind.types if depth < _DEEPEST or not simplest else simplest
        return value(decide, one_of(decide, parts), seen, texts, depth)
    return _composed(decide, kind, seen, texts, depth + 1)


def _composed(decide: Decide, kind: types.Type, seen: Seen, texts: Texts, depth: int) -> Any:
    def inner(part: types.Type) -> Any:
        return value(decide, part, seen, texts, depth)

    if isinstance(kind, (types.ListType, types.VarTupleType, types.SetType, types.FrozenSetType)):
        return [inner(kind.item_type) for _ in range(_length(decide, kind, depth))]
    if isinstance(kind, types.TupleType):
        return [inner(part) for part in kind.item_types]
    if isinstance(kind, types.DictType):
        return {str(inner(kind.key_type)): inner(kind.value_type) for _ in range(_length(decide, kind, depth))}
    if isinstance(kind, (types.StructType, types.TypedDictType, types.DataclassType, types.NamedTupleType)):
        fields = [field for field in kind.fields if field.required or (depth < _DEEPEST and chance(decide, 60))]
        if isinstance(kind, types.NamedTupleType) or (isinstance(kind, types.StructType) and kind.array_like):
            return [inner(field.type) for field in kind.fields]
        made = {field.encode_name: inner(field.type) for field in fields}
        if isinstance(kind, types.StructType) and kind.tag_field is not None:
            made = {kind.tag_field: kind.tag, **made}
        return made
    return None


def _length(decide: Decide, kind: Any, depth: int) -> int:
    low = kind.min_length or 0
    high = low + MOST_PARTS if kind.max_length is None else min(kind.max_length, low + MOST_PARTS)
    return int(low + (decide.index(high - low + 1) if depth < _DEEPEST else 0))


def _integer(decide: Decide, kind: types.IntType) -> int:
    low = kind.ge if kind.ge is not None else None if kind.gt is None else kind.gt + 1
    high = kind.le if kind.le is not None else None if kind.lt is None else kind.lt - 1
    step = kind.multiple_of or 1
    if low is not None and high is not None and high - low <= 1000:
        number = low + decide.index(high - low + 1)
        return number // step * step
    start = low if low is not None else min(0, high) if high is not None else 0
    which = decide.index(10)
    if which < 7:
        number = start + decide.index(13) * step
    elif which == 7:
        number = start - 1 - decide.index(3) if low is None else start
    elif which == 8:
        number = start + decide.index(1000)
    else:
        ends = [end for end in (low, high) if end is not None]
        number = one_of(decide, ends or _EXTREMES)
    if high is not None:
        number = min(number, high)
    return int(number // step * step)


def _fraction(decide: Decide, kind: types.FloatType) -> float:
    low, high = kind.ge, kind.le
    if low is None and kind.gt is not None:
        low = math.nextafter(kind.gt, math.inf)
    if high is None and kind.lt is not None:
        high = math.nextafter(kind.lt, -math.inf)
    candidates = [each for each in _FLOATS if (low is None or each >= low) and (high is None or each <= high)]
    ends = [end for end in (low, high) if end is not None]
    if low is not None and high is not None:
        candidates += [low + (high - low) * part / 8 for part in range(9)]
    return float(one_of(decide, [*candidates, *ends] or [0.0]))


def _text(decide: Decide, kind: types.StrType, seen: Seen, texts: Texts) -> str:
    if kind.pattern is not None:
        fitting = seen.patterns.get(kind.pattern)
        if fitting and chance(decide, 75):
            return str(one_of(decide, fitting))
    which = decide.index(4)
    if which < 2:
        text = one_of(decide, seen.names)
    elif which == 2:
        here = texts() or list(seen.texts)
        text = one_of(decide, here) if here else ""
    else:
        text = one_of(decide, _WORDS)
    if kind.min_length is not None:
        text = text.ljust(kind.min_length, "a")
    return str(text[: kind.max_length] if kind.max_length is not None else text)


def patterns_in(kind: types.Type, depth: int = 0) -> set[str]:
    """The patterns that a type asks its texts to fit."""
    if isinstance(kind, types.StrType):
        return set() if kind.pattern is None else {kind.pattern}
    found: set[str] = set()
    if depth < _DEEPEST:
        for name in kind.__struct_fields__:
            part = getattr(kind, name)
            for each in part if isinstance(part, tuple) else (part,):
                inner = each.type if isinstance(each, types.Field) else each
                if isinstance(inner, types.Type):
                    found |= patterns_in(inner, depth + 1)
    return found


def is_pattern(text: str) -> bool:
    """Whether Python understands it as msgspec does."""
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def texts_in(value: Any, found: dict[str, None], depth: int = 0) -> None:
    """Add the short texts in a value to those that were found."""
    if len(found) >= MOST_TEXTS or depth > _DEEPEST:
        return
    if isinstance(value, str):
        if 0 < len(value) <= _LONGEST_TEXT:
            found[value] = None
    elif isinstance(value, dict):
        for key, part in value.items():
            texts_in(key, found, depth + 1)
            texts_in(part, found, depth + 1)
    elif isinstance(value, list):
        for part in value:
            texts_in(part, found, depth + 1)
