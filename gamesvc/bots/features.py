"""Features: what the parts of a player's view look like as numbers, by the types of the model's fields.

What is of no fixed size has to be given one, and what is not of a kind that could be a number is left out.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from gamesvc.bots.finite import bounds_of, is_player, unmarked, values_of, without_none

Vector = NDArray[np.float32]
"""What a policy sees: numbers from -1 to 1."""

MOST_CHOICES = 256
"""Of how many values one can have an entry for each."""

MAX_SIZE = 1 << 18
"""How many entries a part may have."""

_encode = msgspec.json.Encoder().encode


class NoFeature(Exception):
    """There are no numbers for values of a type. The message says why."""


class Feature(Protocol):
    """How values of a type become numbers.

    Attributes:
        size: how many entries they take.
        low: the least that an entry may be: 0 or -1. The most is 1.
        shows_none: whether all entries are 0 for None, and for nothing else.
        what: what they are, for people.
    """

    size: int
    low: int
    shows_none: bool
    what: str

    def fill(self, out: Vector, value: Any, seats: Mapping[str, int]) -> None:
        """Write a value down.

        Args:
            out: its entries, all 0.
            value: as JSON gives it; not None.
            seats: how many seats after one's own each player has theirs.
        """


class Flag:
    """1 for true."""

    size, low, shows_none, what = 1, 0, False, "flag"

    def fill(self, out: Vector, value: Any, seats: Mapping[str, int]) -> None:
        out[0] = bool(value)


class Scaled:
    """A number that has bounds, from 0 for the least to 1 for the greatest."""

    size, low, shows_none = 1, 0, False

    def __init__(self, least: float, greatest: float) -> None:
        self._least, self._range = least, greatest - least
        self.what = f"number from {least:g} to {greatest:g}"

    def fill(self, out: Vector, value: Any, seats: Mapping[str, int]) -> None:
        out[0] = min(1.0, max(0.0, (value - self._least) / self._range)) if self._range else 0.0


class Squashed:
    """A number without bounds: x / (1 + |x|), which is 0 for 0, and below 1 for the greatest."""

    size, low, shows_none, what = 1, -1, False, "number"

    def fill(self, out: Vector, value: Any, seats: Mapping[str, int]) -> None:
        out[0] = value / (1 + abs(value))


class OneOf:
    """One of a few values: an entry for each, 1 for the one that it is."""

    low, shows_none = 0, True

    def __init__(self, values: Sequence[Any]) -> None:
        self._places = {_encode(value): place for place, value in enumerate(values)}
        self.size = len(values)
        self.what = f"one of {self.size}"

    def fill(self, out: Vector, value: Any, seats: Mapping[str, int]) -> None:
        place = self._places.get(_encode(value))
        if place is not None:
            out[place] = 1


class PlayerSeat:
    """A player: an entry for each seat, one's own first, and then on around the table."""

    low, shows_none = 0, True

    def __init__(self, players: int) -> None:
        self.size = players
        self.what = f"one of {players} players"

    def fill(self, out: Vector, value: Any, seats: Mapping[str, int]) -> None:
        ahead = seats.get(value)
        if ahead is not None:
            out[ahead] = 1


class Present:
    """What may be missing: 1 where it is there, and then it."""

    shows_none = True

    def __init__(self, feature: Feature) -> None:
        self._feature = feature
        self.size = 1 + feature.size
        self.low = feature.low
        self.what = f"optional {feature.what}"

    def fill(self, out: Vector, value: Any, seats: Mapping[str, int]) -> None:
        out[0] = 1
        self._feature.fill(out[1:], value, seats)


class Items:
    """Values in a row, each with entries of its own: as many as there is room for, the first ones first."""

    shows_none = False

    def __init__(self, features: Sequence[Feature], what: str) -> None:
        self._features = features
        self._starts = _starts(features)
        self.size = self._starts[-1]
        self.low = min((each.low for each in features), default=0)
        self.what = what

    def fill(self, out: Vector, value: Any, seats: Mapping[str, int]) -> None:
        for feature, start, item in zip(self._features, self._starts, value, strict=False):
            if item is not None:
                feature.fill(out[start : start + feature.size], item, seats)


class Entries:
    """Values by their names, each with entries of its own.

    Args:
        features: by the names that stand in the view.
        what: what they are together, for people.
    """

    shows_none = False

    def __init__(self, features: Mapping[str, Feature], what: str) -> None:
        self._features = features
        self._starts = _starts([*features.values()])
        self.size = self._starts[-1]
        self.low = min((each.low for each in features.values()), default=0)
        self.what = what

    def fill(self, out: Vector, value: Any, seats: Mapping[str, int]) -> None:
        for (name, feature), start in zip(self._features.items(), self._starts, strict=False):
            item = value.get(name)
            if item is not None:
                feature.fill(out[start : start + feature.size], item, seats)


class OfPlayers:
    """A value for each player, one's own first, and then on around the table."""

    shows_none = False

    def __init__(self, feature: Feature, players: int) -> None:
        self._feature = feature
        self.size = feature.size * players
        self.low = feature.low
        self.what = f"{feature.what}, for each of {players} players"

    def fill(self, out: Vector, value: Any, seats: Mapping[str, int]) -> None:
        for name, item in value.items():
            ahead = seats.get(name)
            if ahead is not None and item is not None:
                start = ahead * self._feature.size
                self._feature.fill(out[start : start + self._feature.size], item, seats)


class Rules(NamedTuple):
    """How large what has no fixed size is made.

    Attributes:
        players: how many play at the most.
        lengths: of lists, by their paths: ``columns``, and of the lists in it ``columns[]``.
        pad: of lists of which nothing else is known.
        lists: the paths of all lists that were met.
    """

    players: int
    lengths: Mapping[str, int]
    pad: int
    lists: set[str]


def feature_of(kind: Any, path: str, sample: Any, rules: Rules, within: tuple[Any, ...] = ()) -> Feature:
    """How values of a type become numbers.

    Args:
        kind: the annotation.
        path: where they stand in the view, for people and for `Rules.lengths`.
        sample: such a value, as JSON gives it, in a game that was set up and not begun; None where there is none.
        rules: what the type does not say.
        within: the classes of which this is a part.

    Raises:
        NoFeature: they can't.
    """
    kind, optional = without_none(kind)
    found = _feature_of(kind, path, sample, rules, within)
    if not 0 < found.size <= MAX_SIZE:
        raise NoFeature(f"{found.what} would take {found.size} entries")
    return Present(found) if optional and not found.shows_none else found


def _feature_of(kind: Any, path: str, sample: Any, rules: Rules, within: tuple[Any, ...]) -> Feature:
    plain, metas = unmarked(kind)
    if is_player(plain):
        return PlayerSeat(rules.players)
    if plain is bool:
        return Flag()
    if plain in (int, float, int | float):
        low, high = bounds_of(metas)
        return Squashed() if low is None or high is None else Scaled(low, high)
    values = values_of(kind)
    if values is not None and len(values) <= MOST_CHOICES:
        return OneOf(values)
    origin, parts = typing.get_origin(plain), typing.get_args(plain)
    if origin is list or (origin is tuple and ... in parts):
        length = _length(path, metas, sample, rules)
        inner = sample[0] if sample else None
        item = _marked(feature_of(parts[0], f"{path}[]", inner, rules, within))
        if length * item.size > MAX_SIZE:
            raise NoFeature(f"{length} times {item.what} would take {length * item.size} entries")
        return Items([item] * length, f"{length} times {item.what}")
    if origin is tuple:
        samples = sample or [None] * len(parts)
        both = enumerate(zip(parts, samples, strict=False))
        return _together([feature_of(part, f"{path}[{at}]", one, rules, within) for at, (part, one) in both])
    if origin is dict:
        return _dict(parts[0], parts[1], path, sample, rules, within)
    made = origin or plain
    if made in within:
        raise NoFeature(f"{getattr(made, '__name__', made)} holds others of its kind")
    if isinstance(made, type) and issubclass(made, msgspec.Struct):
        return _struct(plain, path, sample, rules, (*within, made))
    name = getattr(plain, "__name__", str(plain))
    raise NoFeature(f"{name} has no few values; write an Enum, a Literal, or bounds" if plain is str else f"a {name}")


def _together(features: list[Feature]) -> Items:
    return Items(features, "(" + ", ".join(each.what for each in features) + ")")


def _dict(key: Any, value: Any, path: str, sample: Any, rules: Rules, within: tuple[Any, ...]) -> Feature:
    inner = next(iter(sample.values()), None) if sample else None
    item = _marked(feature_of(value, f"{path}[]", inner, rules, within))
    if is_player(key):
        return OfPlayers(item, rules.players)
    keys = values_of(key)
    if keys is None or len(keys) * item.size > MAX_SIZE:
        raise NoFeature("a dict has too many keys, or it can't be told which")
    return Entries({_key(each): item for each in keys}, f"{item.what}, for each of {len(keys)} keys")


def _struct(kind: Any, path: str, sample: Any, rules: Rules, within: tuple[Any, ...]) -> Feature:
    found: dict[str, Feature] = {}
    plain = typing.get_origin(kind) or kind
    if plain.__struct_config__.array_like:
        raise NoFeature(f"{plain.__name__} is array_like")
    for each in msgspec.structs.fields(kind):
        inner = sample.get(each.encode_name) if isinstance(sample, dict) else None
        try:
            found[each.encode_name] = feature_of(each.type, f"{path}.{each.encode_name}", inner, rules, within)
        # A name, say, beside what counts.
        except NoFeature:
            continue
    if not found:
        raise NoFeature(f"{plain.__name__} has no field that could be a number")
    inside = ", ".join(f"{name}: {feature.what}" for name, feature in found.items())
    return Entries(found, f"{plain.__name__}({inside})")


def _marked(feature: Feature) -> Feature:
    """What stands in a row with others, so that it shows where there are fewer."""
    return feature if feature.shows_none else Present(feature)


def _length(path: str, metas: tuple[msgspec.Meta, ...], sample: Any, rules: Rules) -> int:
    rules.lists.add(path)
    if path in rules.lengths:
        return rules.lengths[path]
    bounds = [meta.max_length for meta in metas if meta.max_length is not None]
    if bounds:
        return min(bounds)
    return len(sample) if sample else rules.pad


def _key(value: Any) -> str:
    """A dict's key, as it stands in JSON."""
    return value if isinstance(value, str) else _encode(value).decode()


def _starts(features: Sequence[Feature]) -> list[int]:
    starts = [0]
    for each in features:
        starts.append(starts[-1] + each.size)
    return starts
