"""Which types values may have: those that are stored, those that clients give, and those that are sent to them."""

from __future__ import annotations

import enum
import re
import typing
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

from gamesvc.errors import DefinitionError

_KEYS = (inspect.StrType, inspect.IntType, inspect.EnumType)
_SENT_KEYS = (*_KEYS, inspect.AnyType)
_ANYTHING = (inspect.AnyType, inspect.RawType)
_IN_PLACE = {
    "deque": "list[int]",
    "defaultdict": "dict[str, int]",
    "Counter": "dict[str, int]",
    "OrderedDict": "dict[str, int]",
    "Iterable": "list[int]",
    "complex": "tuple[float, float]",
}
"""What to write for types that people know from elsewhere."""

_NAMES: dict[type[inspect.Type], str] = {
    inspect.AnyType: "Any",
    inspect.BoolType: "bool",
    inspect.ByteArrayType: "bytearray",
    inspect.BytesType: "bytes",
    inspect.DateTimeType: "datetime",
    inspect.DateType: "date",
    inspect.DecimalType: "Decimal",
    inspect.FloatType: "float",
    inspect.IntType: "int",
    inspect.NoneType: "None",
    inspect.StrType: "str",
    inspect.UUIDType: "UUID",
}
_USABLE = "int, float, bool, str, list, tuple, dict, an Enum or a Struct (`from msgspec import Struct`)"


class Use(enum.Enum):
    """What is done with values of a type."""

    STORED = "stored"
    GIVEN = "given by a client"
    SENT = "sent"


def checked_type(where: str, kind: Any, use: Use, decoder: Callable[[Any], object]) -> inspect.Type:
    """What msgspec knows of a type that values may have.

    Args:
        where: to whom it belongs, for people.
        kind: the annotation.
        use: what is done with its values.
        decoder: fails with TypeError where it can't read them.

    Raises:
        DefinitionError: they may not have it. The message says what to write instead.
    """
    try:
        described = inspect.type_info(kind)
        decoder(kind)
    # An Enum whose values are lists, say, fails in another way.
    except (TypeError, ValueError) as error:
        raise DefinitionError(f"{where}: {_in_plain_words(str(error))}") from None
    _check(where, described, use, set())
    return described


def classes_in(kind: inspect.Type) -> Iterator[type]:
    """The classes that a type is made of, each once: Structs and their like, and Enums."""
    seen: set[object] = set()
    waiting = [kind]
    while waiting:
        each = waiting.pop()
        made = getattr(each, "cls", None)
        if made is not None:
            if made in seen:
                continue
            seen.add(made)
            yield typing.get_origin(made) or made
        waiting.extend(_parts(each))


def _check(where: str, kind: inspect.Type, use: Use, seen: set[object]) -> None:
    if isinstance(kind, (inspect.SetType, inspect.FrozenSetType)):
        raise DefinitionError(f"{where}: {_no_set(kind)}")
    if isinstance(kind, (inspect.CustomType, inspect.ExtType)) or type(kind) in (
        _ANYTHING if use is not Use.SENT else ()
    ):
        raise DefinitionError(f"{where}: {_no_value(kind, use)}")
    if isinstance(kind, inspect.CollectionType) and isinstance(kind.item_type, _ANYTHING) and use is not Use.SENT:
        written = "tuple[int, ...]" if isinstance(kind, inspect.VarTupleType) else "list[int]"
        raise DefinitionError(f"{where}: say what is in it, as in `{written}`")
    if isinstance(kind, inspect.DictType):
        _check_dict(where, kind, use)
    made = getattr(kind, "cls", None)
    if made is not None:
        # A type may hold others of its kind, as trees do.
        if made in seen:
            return
        seen.add(made)
        if hasattr(made, "COMMANDS"):
            raise DefinitionError(
                f"{where}: {made.__name__} is a game, and can't be {use.value} as a part of another; "
                "write a Struct of what is needed of it"
            )
    for part in _parts(kind):
        _check(where, part, use, seen)


def _check_dict(where: str, kind: inspect.DictType, use: Use) -> None:
    key, value = kind.key_type, kind.value_type
    if use is not Use.SENT and (isinstance(key, _ANYTHING) or isinstance(value, _ANYTHING)):
        raise DefinitionError(f"{where}: say what its keys and values are, as in `dict[str, int]`")
    if not isinstance(key, _KEYS if use is not Use.SENT else _SENT_KEYS):
        hint = (
            "; a pair can be text such as '3,4'" if isinstance(key, (inspect.TupleType, inspect.VarTupleType)) else ""
        )
        raise DefinitionError(
            f"{where}: the keys of a dict are str, int or an Enum, and not {written(key)}; "
            f"write `dict[str, {written(value)}]`{hint}"
        )
    if use is Use.STORED and _may_be_none(value):
        without = " | ".join(written(part) for part in _options(value) if not isinstance(part, inspect.NoneType))
        raise DefinitionError(
            f"{where}: a value in a dict can't be None, because clients are not told of what is None; "
            f"write `dict[{written(key)}, {without or 'int'}]` and leave the key out"
        )


def _no_set(kind: inspect.SetType | inspect.FrozenSetType) -> str:
    item = written(kind.item_type) if not isinstance(kind.item_type, _ANYTHING) else "int"
    if isinstance(kind, inspect.FrozenSetType):
        return f"a frozenset has no order that is always the same; write `tuple[{item}, ...]`"
    return f"a set has no order that is always the same; write `list[{item}]`"


def _no_value(kind: inspect.Type, use: Use) -> str:
    made = getattr(kind, "cls", object)
    made = typing.get_origin(made) or made
    name = getattr(made, "__name__", str(made))
    if isinstance(kind, _ANYTHING) or made is object:
        return f"what may be anything can't be {use.value}; say which type it is: {_USABLE}"
    if name in _IN_PLACE:
        return f"a value of type {name} can't be {use.value}; write `{_IN_PLACE[name]}`, or what else is in it"
    what = f"a value of type {name} can't be {use.value}; use {_USABLE}"
    return f"{what}; what can be built from other fields is @derived" if use is Use.STORED else what


def written(kind: inspect.Type) -> str:
    """A type as an annotation says it, as far as that is short."""
    if isinstance(kind, inspect.UnionType):
        return " | ".join(written(part) for part in kind.types)
    if isinstance(kind, inspect.DictType):
        return f"dict[{written(kind.key_type)}, {written(kind.value_type)}]"
    if isinstance(kind, inspect.ListType):
        return f"list[{written(kind.item_type)}]"
    if isinstance(kind, inspect.VarTupleType):
        return f"tuple[{written(kind.item_type)}, ...]"
    if isinstance(kind, inspect.TupleType):
        return f"tuple[{', '.join(written(part) for part in kind.item_types)}]"
    if isinstance(kind, inspect.LiteralType):
        return f"Literal[{', '.join(repr(value) for value in kind.values if value is not None)}]"
    name = getattr(getattr(kind, "cls", None), "__name__", "...")
    return _NAMES.get(type(kind), name)


def _options(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


def _may_be_none(kind: inspect.Type) -> bool:
    return any(
        isinstance(part, inspect.NoneType) or (isinstance(part, inspect.LiteralType) and None in part.values)
        for part in _options(kind)
    )


def _parts(kind: inspect.Type) -> Iterator[inspect.Type]:
    """The types that a type is made of."""
    for name in kind.__struct_fields__:
        value = getattr(kind, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, inspect.Field):
                yield part.type
            elif isinstance(part, inspect.Type):
                yield part


# What msgspec says is for who knows it.
_PLAIN_WORDS = (
    (r"Enums must contain .*<enum '(\w+)'>", "the values of the Enum {0} have to be all text, or all whole numbers"),
    (
        r"multiple Struct types.* - type `(.*)` is not",
        "it could not be told which of {0} a value is; write `tag=True` in the class line of each, as in "
        "`class Circle(Struct, tag=True)`",
    ),
    (
        r"may not contain more than one (?:.*?) ?type.* - type `(.*)` is not",
        "it could not be told which of {0} a value is; write one of them, or a Struct for each",
    ),
    (
        r"Type '(?:<(?:function|class) '?(?=[\w.]+))?(.*?)(?:'?>| at 0x\w+>)?' is not",
        "{0} is no type that values can have; use " + _USABLE,
    ),
)
_MODULES = re.compile(r"\b(?:\w+\.)+(?=\w)")


def _in_plain_words(message: str) -> str:
    for pattern, words in _PLAIN_WORDS:
        found = re.search(pattern, message)
        if found:
            return words.format(*(_MODULES.sub("", group) for group in found.groups()))
    return message


def shared_default(value: object) -> bool:
    """Whether a default can be changed in place, so that one game would change it for all."""
    if isinstance(value, (tuple, frozenset)):
        return any(map(shared_default, value))
    if isinstance(value, msgspec.Struct):
        parts = (getattr(value, name) for name in value.__struct_fields__)
        return not value.__struct_config__.frozen or any(map(shared_default, parts))
    settings = getattr(value, "__dataclass_params__", None)
    if settings is not None:
        return not settings.frozen or any(map(shared_default, vars(value).values()))
    return isinstance(value, (list, dict, set, bytearray))


def as_code(value: object) -> str:
    """A value as it can be written in a program, shortened where it is long."""
    if isinstance(value, list) and len(value) > 3 and all(part == value[0] for part in value):
        part = as_code(value[0])
        return f"[{part} for _ in range({len(value)})]" if shared_default(value[0]) else f"[{part}] * {len(value)}"
    text = repr(value)
    if isinstance(value, (list, dict, set)) and len(text) > 40:
        return {list: "[...]", dict: "{...}"}.get(type(value), "...")
    return text if len(text) <= 40 else "..."
