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
from gamesvc.testing.likeness import difference
from gamesvc.testing.looks import Look, told_apart

Path = tuple[str | int, ...]
"""A place in the state: a field, and then keys and indices."""

_STRUCTS = (types.StructType, types.TypedDictType, types.DataclassType, types.NamedTupleType)
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


def has_secrets(kind: type[GameModel]) -> bool:
    """Whether a model has a state that not everybody sees."""
    return "view" in kind.HOOKS or any(spec.secret or spec.own for spec in kind.FIELDS)


def names_secrets(kind: type[GameModel]) -> bool:
    """Whether a model says of a part of its state that not everybody sees it."""
    return any(spec.secret or spec.own for spec in kind.FIELDS)


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
                # What has the viewer's name on it may be known to them; what is secret is so from them, too.
                if spec.secret or viewer is None or viewer not in place.path[1:]:
                    groups.setdefault(place.group, []).append(place)
    return groups


@cache
def _swappable(hint: Any) -> types.Type | None:
    """The type of a field, unless its values say something of what is not in the state."""
    return None if _holds_timer(hint) else types.type_info(hint)


def is_loose(kind: type[GameModel], spec: FieldSpec) -> bool:
    """Whether a field can have another value without more of the game being another."""
    return _swappable(kind.TYPES[spec.name]) is not None


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
    """How a game would stand with two values in each other's place; None where its types don't allow it, or the number
    of something would be another: how many cards somebody holds is what views are made to tell."""
    fields = {spec.name: _load(encoded) for spec, encoded in zip(kind.FIELDS, standing.image, strict=True)}
    try:
        here, there = _at(fields, one), _at(fields, other)
        if here == there or one == other[: len(one)] or other == one[: len(other)] or _shape(here) != _shape(there):
            return None
        if not _are_single(_at(fields, one[:-1]), here, _at(fields, other[:-1]), there):
            return None
        _put(fields, one, there)
        _put(fields, other, here)
    except (KeyError, IndexError, TypeError):
        return None
    return _loaded(kind, standing, fields)


def _shape(value: Any) -> object:
    """What two values have in common that could be told of either without telling what it is."""
    if isinstance(value, dict):
        return "dict", len(value), sorted(repr(_shape(part)) for part in value.values())
    if isinstance(value, list):
        return "list", [_shape(part) for part in value]
    return value is None


def _are_single(here: Any, one: Any, there: Any, other: Any) -> bool:
    """Whether two values are of those of which there is one each, as of cards: where they are not, as the cells of a
    board, it could be told how many there are of each.

    Args:
        here, there: what they are in.
        one, other: the values.
    """
    if isinstance(one, list):
        each = [Counter(map(repr, value)) for value in (one, other)]
        return each[0] == each[1] or all(count == 1 for counts in each for count in counts.values())
    if isinstance(one, dict) and isinstance(here, dict):
        numbers = [Counter(part for part in value.values() if isinstance(part, (int, float))) for value in (one, other)]
        return numbers[0] == numbers[1]
    if here is there:
        return True
    if bool(one) != bool(other) or (isinstance(here, dict) and isinstance(one, (int, float))):
        return False
    both = [part for all_of in (here, there) for part in (all_of.values() if isinstance(all_of, dict) else all_of)]
    return both.count(one) == 1 and both.count(other) == 1


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


def told_in_view(
    kind: type[GameModel],
    viewer: Player | None,
    looks: tuple[Look, Look],
    before: tuple[Standing, Standing],
    after: tuple[Standing, Standing],
) -> str | None:
    """What tells a viewer two games apart that they could not tell apart before.

    Args:
        kind: the model.
        viewer: who; None for who watches.
        looks: at how the two games stand.
        before: how they stood.
        after: how they stand.

    Returns:
        None where nothing in the view does. Empty where they are now shown what was hidden from them, in a place that
        is meant for it: a card that they draw is in their own hand. Else what they should not be shown, for people.
    """
    if looks[0].view == looks[1].view:
        return None
    one, other = (msgspec.json.decode(each.view) for each in looks)
    hid = {spec.name: spec for spec, _, _ in _differing(kind, *before) if is_hidden(kind, spec)}
    for spec in kind.FIELDS:
        # A view of the model's own may hide a part of any field, and show it as the game goes on.
        is_open = not (spec.own or spec.secret or spec.name in hid)
        if is_open and one.get(spec.name) != other.get(spec.name):
            return difference(one.get(spec.name), other.get(spec.name), spec.name)
    # What they may see now, more may follow from. And what no field is marked for, the view alone decides on.
    is_meant = any(
        spec.own and _entry(here, viewer) != _entry(there, viewer) for spec, here, there in _differing(kind, *after)
    )
    if is_meant or not all(spec.secret or spec.own for spec in hid.values()):
        return ""
    return told_apart(looks[0].view, looks[1].view)


def differ_in_marked(kind: type[GameModel], here: Standing, there: Standing, viewer: Player | None) -> bool:
    """Whether two games differ, and in nothing but what is marked as hidden from a viewer."""
    differing = _differing(kind, here, there)
    return bool(differing) and all(
        spec.secret or (spec.own and _entry(one, viewer) == _entry(other, viewer)) for spec, one, other in differing
    )


def differ_under_name(kind: type[GameModel], here: Standing, there: Standing, viewer: Player | None) -> bool:
    """Whether two games differ in what has a viewer's name on it, as their role may have."""
    return any(_entry(one, viewer) != _entry(other, viewer) for _, one, other in _differing(kind, here, there))


def _differing(kind: type[GameModel], here: Standing, there: Standing) -> list[tuple[FieldSpec, Any, Any]]:
    """The fields in which two games differ, and their values."""
    fields = zip(kind.FIELDS, here.image, there.image, strict=True)
    return [(spec, _load(one), _load(other)) for spec, one, other in fields if one != other]


def _entry(value: Any, viewer: Player | None) -> Any:
    """What has a viewer's name on it, of a field; None where there is nothing."""
    return value.get(viewer) if isinstance(value, dict) and viewer is not None else None


def leaves(value: Any) -> Iterator[str]:
    """All that a value consists of: the keys, too."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield repr(key)
            yield from leaves(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from leaves(part)
    else:
        yield repr(value)
