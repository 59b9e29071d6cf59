"""What of a game's state is hidden from a viewer, and how it could be another without their noticing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect as types

from gamesvc.context import Player
from gamesvc.fields import FieldSpec
from gamesvc.image import Image
from gamesvc.model import GameModel, Timer
from gamesvc.standing import Standing
from gamesvc.testing.likeness import difference, shortly
from gamesvc.testing.probe import look_at
from gamesvc.views import shown

Path = tuple[str | int, ...]
"""A place in the state: a field, and then keys and indices."""

_STRUCTS = (types.StructType, types.TypedDictType, types.DataclassType, types.NamedTupleType)
_encode = msgspec.json.Encoder().encode
_store = msgspec.msgpack.Encoder().encode
_load = msgspec.msgpack.Decoder().decode


class Place(NamedTuple):
    """A value in the state that a viewer may not see.

    Attributes:
        path: where.
        value: as it is stored.
        group: the same for places whose values may change places.
    """

    path: Path
    value: Any
    group: str


class Look(NamedTuple):
    """What a viewer is shown.

    Attributes:
        view: JSON.
        revealed: what the view said to come to light on purpose.
    """

    view: bytes
    revealed: tuple[bytes, ...]


def has_secrets(kind: type[GameModel]) -> bool:
    """Whether a model has a state that not everybody sees."""
    return "view" in kind.HOOKS or any(spec.secret or spec.own for spec in kind.FIELDS)


def look(kind: type[GameModel], standing: Standing, viewer: Player | None) -> Look:
    """What a viewer is shown. What the model raises, it raises."""
    model = look_at(kind, standing)
    view = _encode(shown(model.view(viewer)))
    return Look(view, tuple(model._context.revealed))


def hidden_places(kind: type[GameModel], image: Image, viewer: Player | None) -> dict[str, list[Place]]:
    """Values that a viewer may not see, in groups within which two may change places.

    Args:
        kind: the model.
        image: its state.
        viewer: who; None for who watches.
    """
    groups: dict[str, list[Place]] = {}
    for spec, encoded in zip(kind.FIELDS, image, strict=True):
        described = _swappable(kind.TYPES[spec.name])
        if described is not None and is_hidden(kind, spec):
            for place in _places(described, _load(encoded), (spec.name,), spec.name):
                # What has the viewer's name on it may be known to them, also where it is not shown.
                if viewer is None or viewer not in place.path[1:]:
                    groups.setdefault(place.group, []).append(place)
    return groups


@cache
def _swappable(hint: Any) -> types.Type | None:
    """The type of a field, unless its values say something of what is not in the state."""
    return None if _holds_timer(hint) else types.type_info(hint)


def is_hidden(kind: type[GameModel], spec: FieldSpec) -> bool:
    """Whether there may be something in a field that not everybody sees."""
    return spec.secret or spec.own or "view" in kind.HOOKS


def _places(kind: types.Type, value: Any, path: Path, group: str) -> Iterator[Place]:
    if isinstance(kind, types.Metadata):
        kind = kind.type
    if isinstance(kind, types.UnionType):
        some = [part for part in kind.types if not isinstance(part, types.NoneType)]
        if value is None or len(some) != 1:
            return
        kind = some[0]
    if isinstance(kind, (types.ListType, types.VarTupleType)):
        for index, part in enumerate(value):
            yield Place((*path, index), part, _crossing(kind.item_type) or f"{group}[]")
            yield from _places(kind.item_type, part, (*path, index), f"{group}[]")
    elif isinstance(kind, types.DictType):
        for key, part in value.items():
            yield Place((*path, key), part, f"{group}{{}}")
            yield from _places(kind.value_type, part, (*path, key), f"{group}{{}}")
    elif isinstance(kind, _STRUCTS) and isinstance(value, dict):
        for field in kind.fields:
            if field.encode_name in value:
                inner = f"{group}.{field.encode_name}"
                yield from _places(field.type, value[field.encode_name], (*path, field.encode_name), inner)


def _crossing(kind: types.Type) -> str:
    """The same for elements of lists that are of one kind wherever they are: cards in a hand and in the deck."""
    made = getattr(kind, "cls", None)
    return f"{made.__module__}.{made.__qualname__}" if made is not None else ""


def _holds_timer(hint: Any) -> bool:
    # Its number stands for something that the state does not hold.
    return hint is Timer or any(_holds_timer(part) for part in getattr(hint, "__args__", ()))


def swapped(kind: type[GameModel], standing: Standing, one: Path, other: Path) -> Standing | None:
    """How a game would stand with two values in each other's place; None where its types don't allow it."""
    fields = {spec.name: _load(encoded) for spec, encoded in zip(kind.FIELDS, standing.image, strict=True)}
    try:
        here, there = _at(fields, one), _at(fields, other)
        if here == there or one == other[: len(one)] or other == one[: len(other)]:
            return None
        _put(fields, one, there)
        _put(fields, other, here)
    except (KeyError, IndexError, TypeError):
        return None
    return _loaded(kind, standing, fields)


def replaced(kind: type[GameModel], standing: Standing, field: str, value: Any) -> Standing | None:
    """How a game would stand with another value in a field; None where its type does not allow it."""
    fields = {spec.name: _load(encoded) for spec, encoded in zip(kind.FIELDS, standing.image, strict=True)}
    if field not in fields or fields[field] == value:
        return None
    return _loaded(kind, standing, {**fields, field: value})


def _loaded(kind: type[GameModel], standing: Standing, fields: dict[str, Any]) -> Standing | None:
    try:
        image = tuple(_store(spec.decode(_store(fields[spec.name]))) for spec in kind.FIELDS)
    # The types are the author's.
    except Exception:
        return None
    return standing._replace(image=image)


def value_at(kind: type[GameModel], standing: Standing, path: Path) -> Any:
    """The value in a place, as it is stored; None where there is no such place."""
    fields = {spec.name: _load(encoded) for spec, encoded in zip(kind.FIELDS, standing.image, strict=True)}
    try:
        return _at(fields, path)
    except (KeyError, IndexError, TypeError):
        return None


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _put(value: Any, path: Path, new: Any) -> None:
    _at(value, path[:-1])[path[-1]] = new


def is_shown_openly(one: bytes, other: bytes, values: tuple[Any, Any]) -> bool:
    """Whether two views differ in nothing but the values that have changed: then the viewer may see these, because they
    are shown as they are.

    Args:
        one, other: the views, as JSON.
        values: those that have changed.
    """
    before, after = Counter(_leaves(msgspec.json.decode(one))), Counter(_leaves(msgspec.json.decode(other)))
    parts = set(_leaves(msgspec.to_builtins(values, str_keys=True)))
    return all(leaf in parts for leaf in (before - after) + (after - before))


def told_in_view(
    kind: type[GameModel],
    looks: tuple[Look, Look],
    before: tuple[Standing, Standing],
    after: tuple[Standing, Standing],
) -> str | None:
    """What tells a viewer two games apart that they could not tell apart before.

    Args:
        kind: the model.
        looks: at how the two games stand.
        before: how they stood.
        after: how they stand.

    Returns:
        None where nothing in the view does. Empty where they are now shown what was hidden from them, in a place that
        is meant for it: a card that they draw is in their own hand. Else what they should not be shown, for people.
    """
    one, other = (msgspec.json.decode(each.view) for each in looks)
    if looks[0].view == looks[1].view:
        return None
    specs = {spec.name: spec for spec in kind.FIELDS}
    hid = _differing(kind, before)
    made: list[str] = []
    for name in sorted(one.keys() | other.keys()):
        spec = specs.get(name)
        if one.get(name) != other.get(name) and not (spec is not None and spec.own):
            # A view of the model's own may hide a part of any field, and show it as the game goes on.
            if spec is not None and not spec.secret and name not in hid:
                return difference(one.get(name), other.get(name), name)
            made.append(name)
    if made:
        now = _differing(kind, after)
        differ = [*hid.values(), *(now[name] for name in sorted(hid.keys() & now.keys()))]
        parts = [msgspec.json.encode({name: view.get(name) for name in made}) for view in (one, other)]
        if not is_shown_openly(parts[0], parts[1], (differ, None)):
            return told_apart(looks[0].view, looks[1].view)
    elif one == other:
        return told_apart(looks[0].view, looks[1].view)
    return ""


def _differing(kind: type[GameModel], two: tuple[Standing, Standing]) -> dict[str, tuple[Any, Any]]:
    """The fields in which two games differ, and need not look different."""
    return {
        spec.name: (_load(here), _load(there))
        for spec, here, there in zip(kind.FIELDS, two[0].image, two[1].image, strict=True)
        if here != there and is_hidden(kind, spec)
    }


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield repr(key)
            yield from _leaves(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _leaves(part)
    else:
        yield repr(value)


def told_apart(one: bytes, other: bytes) -> str:
    """Where two views differ, for people."""
    return difference(msgspec.json.decode(one), msgspec.json.decode(other), "view") or (
        f"view is {shortly(one.decode())}, and then {shortly(other.decode())}"
    )
