"""A model's fields: which types they may have, and how each is stored."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

from gamesvc.errors import DefinitionError

T = TypeVar("T")


class _Mark:
    """What `Secret` and `Own` leave in an annotation."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


_SECRET, _OWN = _MARKS = _Mark("Secret"), _Mark("Own")

Secret = Annotated[T, _SECRET]
"""The type of a field that is the server's alone: ``deck: Secret[list[Card]]``. No client is ever shown it."""

Own = Annotated[T, _OWN]
"""The type of a field of which each player is shown their own entry: ``hands: Own[dict[Player, list[Card]]]``."""

_UNSTORABLE = (
    msgspec.inspect.AnyType,
    msgspec.inspect.CustomType,
    msgspec.inspect.ExtType,
    msgspec.inspect.FrozenSetType,
    msgspec.inspect.RawType,
    msgspec.inspect.SetType,
)
_KEYS = (msgspec.inspect.StrType, msgspec.inspect.IntType, msgspec.inspect.EnumType)
_PLAIN = (
    msgspec.inspect.BoolType,
    msgspec.inspect.BytesType,
    msgspec.inspect.EnumType,
    msgspec.inspect.FloatType,
    msgspec.inspect.IntType,
    msgspec.inspect.LiteralType,
    msgspec.inspect.NoneType,
    msgspec.inspect.StrType,
)


class FieldSpec(NamedTuple):
    """A field of a model.

    Attributes:
        name: the field's.
        decode: turns its stored bytes into its value, checked against its type.
        plain: whether its values can't be changed in place, so that no other field can share what changes.
        secret: whether it is the server's alone.
        own: whether each player is shown their own entry of it.
    """

    name: str
    decode: Callable[[bytes], Any]
    plain: bool
    secret: bool
    own: bool = False

    @classmethod
    def of(cls, where: str, name: str, kind: Any) -> FieldSpec:
        """Describe a field.

        Args:
            where: its class and name, for people.
            name: its name.
            kind: its annotation.

        Raises:
            DefinitionError: values of this type can't be stored.
        """
        marks = [mark for mark in _MARKS if typing.get_origin(kind) is Annotated and mark in kind.__metadata__]
        if _marks(kind) > len(marks):
            raise DefinitionError(
                f"{where}: a field is Secret or Own as a whole; write Secret[...] or Own[...] around its type"
            )
        if len(marks) > 1:
            raise DefinitionError(f"{where}: write Secret[...], or Own[...] for what its player may see, and not both")
        try:
            described = msgspec.inspect.type_info(kind)
            decode = msgspec.msgpack.Decoder(kind).decode
        except TypeError as error:
            raise DefinitionError(f"{where}: {error}") from None
        _check_storable(where, described, set())
        own = _OWN in marks
        if own and not (
            isinstance(described, msgspec.inspect.DictType) and isinstance(described.key_type, msgspec.inspect.StrType)
        ):
            raise DefinitionError(f"{where}: write Own[dict[Player, ...]]: each player has an entry of their own")
        return cls(name, decode, _is_plain(described), _SECRET in marks, own)


def check_event_field(where: str, kind: Any) -> None:
    """See to it that an event's field can be sent.

    Args:
        where: its class and name, for people.
        kind: its annotation.

    Raises:
        DefinitionError: it can't be, or must not.
    """
    if _marks(kind):
        raise DefinitionError(f"{where}: what an event holds is told; publish(event, to=[player]) tells one player")
    try:
        described = msgspec.inspect.type_info(kind)
        msgspec.json.Decoder(kind)
    except TypeError as error:
        raise DefinitionError(f"{where}: {error}") from None
    if isinstance(described, (msgspec.inspect.CustomType, msgspec.inspect.ExtType)):
        raise DefinitionError(
            f"{where}: {getattr(kind, '__name__', kind)} can't be sent; use numbers, text, list, dict, Enum or a Struct"
        )


def shown_value(spec: FieldSpec, value: Any, viewer: str | None) -> Any:
    """What a viewer is shown of a field that is not secret.

    Args:
        spec: the field.
        value: its value.
        viewer: a player; None for spectators.
    """
    if not spec.own:
        return value
    return {viewer: value[viewer]} if viewer is not None and viewer in value else {}


def _marks(kind: Any) -> int:
    """How often `Secret` and `Own` stand in an annotation."""
    here = sum(mark in getattr(kind, "__metadata__", ()) for mark in _MARKS)
    return here + sum(_marks(part) for part in typing.get_args(kind) if part not in _MARKS)


def _is_plain(kind: msgspec.inspect.Type) -> bool:
    if isinstance(kind, msgspec.inspect.UnionType):
        return all(_is_plain(part) for part in kind.types)
    return isinstance(kind, _PLAIN)


def _check_storable(where: str, kind: msgspec.inspect.Type, seen: set[object]) -> None:
    if isinstance(kind, _UNSTORABLE):
        named = type(kind).__name__.removesuffix("Type").lower()
        raise DefinitionError(
            f"{where}: a value of type {named} can't be stored; use numbers, text, list, dict, tuple, Enum or a "
            "Struct, and say of what: list[int], dict[str, int]"
        )
    if isinstance(kind, msgspec.inspect.DictType) and not isinstance(kind.key_type, (*_KEYS, msgspec.inspect.AnyType)):
        raise DefinitionError(f"{where}: the keys of a dict are text, int or Enum")
    if isinstance(kind, msgspec.inspect.DictType) and _may_be_none(kind.value_type):
        raise DefinitionError(
            f"{where}: a value in a dict can't be None, because clients are not told of what is None; leave the key out"
        )
    made = getattr(kind, "cls", None)
    if made is not None:
        # A type may hold others of its kind, as trees do.
        if made in seen:
            return
        seen.add(made)
        for name, hint in _hints_of(made).items():
            if _marks(hint):
                raise DefinitionError(
                    f"{where}: {made.__name__}.{name} is marked Secret or Own, and only a whole field can be; "
                    "make it a field of the model, or all of this one secret"
                )
    for part in _parts(kind):
        _check_storable(where, part, seen)


def _may_be_none(kind: msgspec.inspect.Type) -> bool:
    if isinstance(kind, msgspec.inspect.UnionType):
        return any(_may_be_none(part) for part in kind.types)
    return isinstance(kind, msgspec.inspect.NoneType)


def _hints_of(made: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(made, include_extras=True)
    # What names can't be found there, msgspec has found elsewhere, or has said so.
    except Exception:
        return {}


def _parts(kind: msgspec.inspect.Type) -> Iterator[msgspec.inspect.Type]:
    """The types that a type is made of."""
    for name in kind.__struct_fields__:
        value = getattr(kind, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, msgspec.inspect.Field):
                yield part.type
            elif isinstance(part, msgspec.inspect.Type):
                yield part
