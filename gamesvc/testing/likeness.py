"""Where two values differ that should be the same, and where one value is in two places: for people to read."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from enum import Enum
from typing import Any

from msgspec import Struct

_ATOMS = (str, bytes, int, float, bool, type(None), Enum)
_MAX_SHOWN = 200
_DEEPEST = 40


def shortly(value: object) -> str:
    """A value as Python has it, as far as that is short."""
    try:
        text = repr(value)
    # An author's type may fail at it.
    except Exception as error:
        text = f"<{type(value).__name__}: {error!r}>"
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def difference(one: Any, other: Any, where: str, *, strict: bool = False, depth: int = 0) -> str:
    """Where two values differ.

    Args:
        one, other: the values.
        where: what they are called.
        strict: whether a number must be of the same type, and what is no number is a difference.
        depth: of the place in the values.

    Returns:
        Empty where they don't.
    """
    if depth > _DEEPEST:
        return ""
    if strict and isinstance(one, float) and math.isnan(one):
        return f"{where} is nan, which is not even equal to itself"
    if type(one) is not type(other) and (strict or not (_is_number(one) and _is_number(other))):
        return f"{where} is {shortly(one)} ({_kind(one)}), and then {shortly(other)} ({_kind(other)})"
    if isinstance(one, dict):
        if list(one) != list(other):
            return f"{where} has the keys {shortly(list(one))}, and then {shortly(list(other))}"
        parts = [(one[key], other[key], f"{where}[{key!r}]") for key in one]
    elif isinstance(one, (list, tuple)):
        if len(one) != len(other):
            return f"{where} is {shortly(one)}, and then {shortly(other)}"
        parts = [(a, b, f"{where}[{index}]") for index, (a, b) in enumerate(zip(one, other, strict=True))]
    elif isinstance(one, _ATOMS):
        same = one == other or (one != one and other != other)
        return "" if same else f"{where} is {shortly(one)}, and then {shortly(other)}"
    else:
        return _difference_of_objects(one, other, where, strict, depth)
    for a, b, place in parts:
        found = difference(a, b, place, strict=strict, depth=depth + 1)
        if found:
            return found
    return ""


def _difference_of_objects(one: Any, other: Any, where: str, strict: bool, depth: int) -> str:
    makes_own = any("__eq__" in vars(each) for each in type(one).__mro__ if not _is_plain(each))
    if makes_own and not (strict and isinstance(one, Struct)):
        return "" if one == other else f"{where} is {shortly(one)}, and then {shortly(other)}"
    mine, theirs = attributes(one), attributes(other)
    if mine.keys() != theirs.keys():
        return f"{where} has {shortly(sorted(mine))}, and then {shortly(sorted(theirs))}"
    for name in mine:
        found = difference(mine[name], theirs[name], f"{where}.{name}", strict=strict, depth=depth + 1)
        if found:
            return found
    return ""


def _is_plain(kind: type) -> bool:
    """Whether it has no notion of its own of what is equal."""
    return kind is object or kind.__module__.partition(".")[0] == "msgspec"


def attributes(value: Any) -> dict[str, Any]:
    """What an object consists of."""
    if isinstance(value, Struct):
        names = list(value.__struct_fields__)
    elif dataclasses.is_dataclass(value):
        names = [each.name for each in dataclasses.fields(value)]
    else:
        names = [*getattr(value, "__dict__", ())]
        for kind in type(value).__mro__:
            slots = vars(kind).get("__slots__", ())
            names += [slots] if isinstance(slots, str) else list(slots)
    return {name: getattr(value, name) for name in names if hasattr(value, name) and not name.startswith("__")}


def shared(fields: dict[str, Any]) -> str:
    """Which two places hold one object that can be changed.

    Args:
        fields: values, by what they are called.

    Returns:
        Empty where there are none.
    """
    seen: dict[int, str] = {}
    for name, value in fields.items():
        for place, part in _changeable(value, name, 0):
            if id(part) in seen:
                return f"{seen[id(part)]} and {place} are one and the same {type(part).__name__}, and will be two"
            seen[id(part)] = place
    return ""


def _changeable(value: Any, where: str, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, _ATOMS) or depth > _DEEPEST:
        return
    if isinstance(value, dict):
        yield where, value
        for key, part in value.items():
            yield from _changeable(part, f"{where}[{key!r}]", depth + 1)
    elif isinstance(value, (list, tuple)):
        if isinstance(value, list):
            yield where, value
        for index, part in enumerate(value):
            yield from _changeable(part, f"{where}[{index}]", depth + 1)
    elif isinstance(value, Struct) or dataclasses.is_dataclass(value):
        if not _is_frozen(value):
            yield where, value
        for name, part in attributes(value).items():
            yield from _changeable(part, f"{where}.{name}", depth + 1)


def _is_frozen(value: Any) -> bool:
    if isinstance(value, Struct):
        return bool(value.__struct_config__.frozen)
    return bool(value.__dataclass_params__.frozen)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, (bool, Enum))


def _kind(value: object) -> str:
    return type(value).__name__
