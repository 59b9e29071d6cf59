"""A model's fields: how each is stored, and who is shown it."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
from msgspec import inspect

from gamesvc.errors import DefinitionError
from gamesvc.values import Use, checked_type, classes_in

T = TypeVar("T")


class _Mark:
    """What `Secret` and `Own` leave in an annotation."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


_SECRET, _OWN = _MARKS = _Mark("Secret"), _Mark("Own")
_EXAMPLES = {_SECRET: "list[int]", _OWN: "dict[Player, int]"}

Secret = Annotated[T, _SECRET]
"""The type of a field that is the server's alone: ``deck: Secret[list[Card]]``. No client is ever shown it."""

Own = Annotated[T, _OWN]
"""The type of a field of which each player is shown their own entry: ``hands: Own[dict[Player, list[Card]]]``."""

_PLAIN = (
    inspect.BoolType,
    inspect.BytesType,
    inspect.EnumType,
    inspect.FloatType,
    inspect.IntType,
    inspect.LiteralType,
    inspect.NoneType,
    inspect.StrType,
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
        for mark in marks:
            if isinstance(typing.get_args(kind)[0], TypeVar):
                raise DefinitionError(f"{where}: {mark} of what? Write `{mark}[{_EXAMPLES[mark]}]`, say")
        if marks_in(kind) > len(marks):
            raise DefinitionError(
                f"{where}: a field is Secret or Own as a whole; write `Secret[...]` or `Own[...]` around its type"
            )
        if len(marks) > 1:
            raise DefinitionError(
                f"{where}: write `Secret[...]` for what nobody is shown, or `Own[...]` for what its player is; not both"
            )
        described = checked_type(where, kind, Use.STORED, msgspec.msgpack.Decoder)
        for made in classes_in(described):
            _check_unmarked(where, made)
        own = _OWN in marks
        if own and not (isinstance(described, inspect.DictType) and isinstance(described.key_type, inspect.StrType)):
            raise DefinitionError(
                f"{where}: write `Own[dict[Player, ...]]`: each player is shown the entry under their own name"
            )
        decode = msgspec.msgpack.Decoder(kind).decode
        return cls(name, decode, _is_plain(described), _SECRET in marks, own)


def check_event_field(where: str, kind: Any) -> None:
    """See to it that an event's field can be sent.

    Args:
        where: its class and name, for people.
        kind: its annotation.

    Raises:
        DefinitionError: it can't be, or must not.
    """
    if marks_in(kind):
        raise DefinitionError(
            f"{where}: what an event holds is told to who sees it; write the type alone, and "
            "`self.publish(event, to=[player])` to tell one player only"
        )
    checked_type(where, kind, Use.SENT, msgspec.json.Decoder)


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


def marks_in(kind: Any) -> int:
    """How often `Secret` and `Own` stand in an annotation."""
    here = sum(mark in getattr(kind, "__metadata__", ()) for mark in _MARKS)
    return here + sum(marks_in(part) for part in typing.get_args(kind) if part not in _MARKS)


def _is_plain(kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.UnionType):
        return all(_is_plain(part) for part in kind.types)
    return isinstance(kind, _PLAIN)


def _check_unmarked(where: str, made: type) -> None:
    """See to it that nothing within a Struct looks as if it were secret there."""
    try:
        hints = typing.get_type_hints(made, include_extras=True)
    # What names can't be found there, msgspec has found elsewhere, or has said so.
    except Exception:
        return
    for name, hint in hints.items():
        if marks_in(hint):
            raise DefinitionError(
                f"{where}: {made.__name__}.{name} is marked Secret or Own, and only a whole field can be; "
                "make it a field of the model, or all of this one secret"
            )
