"""What makes a class a model, and finds its mistakes while it is defined, before any game is played."""

from __future__ import annotations

import inspect
import keyword
import sys
import typing
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, StructMeta

RESERVED = frozenset(("command", "id", "event", "seq", "status", "error", "result", "duplicate"))
"""Keys that the protocol uses: no name of an argument, nor of an event's field."""


_ROOT = "gamesvc.model"
_KEPT = frozenset(("after", "cancel", "options", "reveal", "tick", "view"))
"""Names that later capabilities of the author API take."""


class DefinitionError(TypeError):
    """A model or an event is not usable as it is written. The message says what to write instead."""


class CommandSpec(NamedTuple):
    """A command of a model.

    Attributes:
        name: the method's.
        arguments: a Struct of what the client's message must hold.
        doc: first line of the docstring.
    """

    name: str
    arguments: type[Struct]
    doc: str


class ModelMeta(StructMeta):
    """Makes a model class, and finds its mistakes while it is defined."""

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        seats: int | tuple[int, int] | None = None,
        **keywords: Any,
    ) -> Any:
        if namespace["__module__"] == _ROOT:
            return super().__new__(mcs, name, bases, namespace)
        if keywords:
            raise DefinitionError(f"{name}: a model takes the keyword seats, not {', '.join(sorted(keywords))}")
        framework = _framework(bases)
        for attribute in namespace:
            if attribute in ("__init__", "__post_init__"):
                raise DefinitionError(
                    f"{name}.{attribute}: write `def setup(self)` instead; it runs once, when the game is created"
                )
            if attribute in framework:
                raise DefinitionError(f"{name}.{attribute}: gamesvc itself has a {attribute}; choose another name")
        try:
            cls: Any = super().__new__(mcs, name, bases, namespace)
        except TypeError as error:
            raise DefinitionError(f"{name}: {error}") from None
        # The class itself, and classes local to a function, can be named in annotations.
        scope = {**sys._getframe(1).f_locals, name: cls}
        try:
            hints = typing.get_type_hints(cls, None, scope, include_extras=True)
            commands = list(_commands(cls, scope))
        except NameError as error:
            raise DefinitionError(f"{name}: {error}; define it above the class") from None
        _check_fields(cls, namespace, hints, framework)
        cls.STATE = msgspec.defstruct(name, [(each, hints[each]) for each in cls.__struct_fields__])
        cls.COMMANDS = {}
        for spec in commands:
            if spec.name.lower() in cls.COMMANDS:
                raise DefinitionError(f"{name}.{spec.name}: names of commands are not case-sensitive; choose another")
            cls.COMMANDS[spec.name.lower()] = spec
        if seats is not None:
            cls.SEATS = _seats(name, seats)
        _check_defaults(cls)
        return cls

    # type.__init__ would refuse the keywords.
    def __init__(cls, *args: Any, **keywords: Any) -> None:
        type.__init__(cls, *args)


def _seats(name: str, seats: object) -> tuple[int, int]:
    fewest, most = seats if isinstance(seats, tuple) and len(seats) == 2 else (seats, seats)
    if not (type(fewest) is int and type(most) is int and 1 <= fewest <= most):
        raise DefinitionError(f"{name}: write seats=2, or seats=(2, 4) for two to four")
    return fewest, most


def _framework(bases: tuple[type, ...]) -> frozenset[str]:
    """The names that gamesvc's own base classes use, or will."""
    roots = [each for base in bases for each in base.__mro__ if each.__module__ == _ROOT]
    used = {name for root in roots for name in vars(root) if not name.startswith("_")}
    return frozenset(used - {"setup"} | _KEPT)


def _check_fields(cls: Any, namespace: dict[str, Any], hints: dict[str, Any], framework: frozenset[str]) -> None:
    fields = cls.__struct_fields__
    for name in fields:
        if name in framework:
            raise DefinitionError(f"{cls.__name__}.{name}: gamesvc itself has a {name}; choose another name")
    for name, value in namespace.items():
        described = name in hints or name.startswith("__") or name.isupper()
        if not (described or callable(value) or isinstance(value, (property, staticmethod, classmethod))):
            raise DefinitionError(
                f"{cls.__name__}.{name} = {value!r} has no type: write `{name}: {type(value).__name__} = ...` for "
                "state, or the name in capitals for a constant that all games share"
            )
    if len(cls.__struct_defaults__) < len(fields):
        missing = fields[len(fields) - len(cls.__struct_defaults__) - 1]
        raise DefinitionError(f"{cls.__name__}.{missing}: needs a default, because a game starts without arguments")
    for name in fields:
        _check_storable(f"{cls.__name__}.{name}", msgspec.inspect.type_info(hints[name]))


def _check_storable(where: str, kind: msgspec.inspect.Type) -> None:
    unstorable = (
        msgspec.inspect.CustomType,
        msgspec.inspect.AnyType,
        msgspec.inspect.SetType,
        msgspec.inspect.FrozenSetType,
        msgspec.inspect.RawType,
        msgspec.inspect.ExtType,
    )
    if isinstance(kind, unstorable):
        named = type(kind).__name__.removesuffix("Type").lower()
        raise DefinitionError(
            f"{where}: a value of type {named} can't be stored; use numbers, text, list, dict, tuple, Enum or a Struct"
        )
    if isinstance(kind, msgspec.inspect.DictType) and not isinstance(
        kind.key_type, (msgspec.inspect.StrType, msgspec.inspect.IntType, msgspec.inspect.EnumType)
    ):
        raise DefinitionError(f"{where}: the keys of a dict are text, int or Enum")
    for part in _parts(kind):
        _check_storable(where, part)


def _parts(kind: msgspec.inspect.Type) -> Iterator[msgspec.inspect.Type]:
    """The types that a type is made of."""
    for name in kind.__struct_fields__:
        value = getattr(kind, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, msgspec.inspect.Field):
                yield part.type
            elif isinstance(part, msgspec.inspect.Type):
                yield part


def _check_defaults(cls: Any) -> None:
    try:
        msgspec.msgpack.decode(msgspec.msgpack.encode(cls()), type=cls.STATE)
    except Exception as error:
        raise DefinitionError(f"{cls.__name__}: a default does not fit its field's type: {error}") from None


def _commands(cls: type, scope: dict[str, Any]) -> Iterator[CommandSpec]:
    for name, method in inspect.getmembers_static(cls, lambda member: hasattr(member, "_gamesvc_command")):
        where = f"{cls.__name__}.{name}"
        if not inspect.isfunction(method):
            raise DefinitionError(f"{where}: put @command on a plain method, and on the outside")
        if inspect.iscoroutinefunction(method) or inspect.isgeneratorfunction(method):
            raise DefinitionError(f"{where}: a command is a plain method, without async or yield")
        doc = (inspect.getdoc(method) or "").partition("\n")[0]
        yield CommandSpec(name, _arguments(where, name, method, scope), doc)


def _arguments(where: str, name: str, method: Callable[..., Any], scope: dict[str, Any]) -> type[Struct]:
    parameters = list(inspect.signature(method).parameters.values())
    if len(parameters) < 2 or parameters[1].name != "player":
        raise DefinitionError(f"{where}: write `def {name}(self, player: Player, ...)`: who sent it comes first")
    hints = typing.get_type_hints(method, None, scope, include_extras=True)
    fields: list[Any] = []
    for parameter in parameters[2:]:
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise DefinitionError(f"{where}: name each argument; {parameter} can't be checked")
        if parameter.name in RESERVED or keyword.iskeyword(parameter.name):
            raise DefinitionError(f"{where}: {parameter.name!r} is a key of the protocol; choose another name")
        if parameter.name not in hints:
            raise DefinitionError(f"{where}: argument {parameter.name!r} needs a type")
        default = () if parameter.default is parameter.empty else (parameter.default,)
        fields.append((parameter.name, hints[parameter.name], *default))
    return msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True)
