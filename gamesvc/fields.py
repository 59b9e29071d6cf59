"""A model's fields: which types they may have, and how each is stored."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

from gamesvc.errors import DefinitionError

T = TypeVar("T")


class _Mark:
    """What `Secret` leaves in an annotation."""

    def __repr__(self) -> str:
        return "Secret"


_SECRET = _Mark()

Secret = Annotated[T, _SECRET]
"""The type of a field that is the server's alone: ``deck: Secret[list[Card]]``. No client is ever shown it."""

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
    """

    name: str
    decode: Callable[[bytes], Any]
    plain: bool
    secret: bool

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
        secret = typing.get_origin(kind) is Annotated and _SECRET in kind.__metadata__
        if _marks(kind) > secret:
            raise DefinitionError(f"{where}: a field is secret as a whole; write Secret[...] around its type")
        try:
            described = msgspec.inspect.type_info(kind)
            decode = msgspec.msgpack.Decoder(kind).decode
        except TypeError as error:
            raise DefinitionError(f"{where}: {error}") from None
        _check_storable(where, described, set())
        return cls(name, decode, _is_plain(described), secret)


def _marks(kind: Any) -> int:
    """How often `Secret` stands in an annotation."""
    own = _SECRET in getattr(kind, "__metadata__", ())
    return own + sum(_marks(part) for part in typing.get_args(kind) if part is not _SECRET)


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
    made = getattr(kind, "cls", None)
    if made is not None:
        # A type may hold others of its kind, as trees do.
        if made in seen:
            return
        seen.add(made)
        for name, hint in _hints_of(made).items():
            if _marks(hint):
                raise DefinitionError(
                    f"{where}: {made.__name__}.{name} is secret, and only a whole field can be; "
                    "make it a field of the model, or all of this one secret"
                )
    for part in _parts(kind):
        _check_storable(where, part, seen)


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
