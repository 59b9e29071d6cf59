"""What makes a class a model or an event, and finds its mistakes while it is defined, before any game is played."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct, StructMeta

from gamesvc.errors import DefinitionError
from gamesvc.fields import FieldSpec, check_event_field
from gamesvc.signatures import (
    HOOKS,
    RESERVED,
    CommandSpec,
    all_hints,
    check_methods,
    commands_of,
    hints_of,
    options_of,
)

_ROOT = "gamesvc.model"
_OVERRIDABLE = frozenset(("setup", "migrate", "view", *HOOKS))
_KEPT = frozenset(("legal", "options"))
"""Names that later capabilities of the author API take."""

DURABILITIES = ("every", "snapshot", "none")
MAX_TICK = 120
"""How often a game may tick in a second."""

_MISPLACED = re.compile(r"Required field '(\w+)' cannot follow")


class EventMeta(StructMeta):
    """Makes an event class."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **keywords: Any) -> Any:
        if namespace.get("__module__") == _ROOT:
            return super().__new__(mcs, name, bases, namespace, **keywords)
        if keywords:
            raise DefinitionError(f"{name}: an event takes no keywords ({', '.join(sorted(keywords))})")
        _check_dataclass_fields(name, namespace)
        try:
            cls: Any = super().__new__(mcs, name, bases, namespace, **keywords)
        except TypeError as error:
            raise DefinitionError(f"{name}: {error}") from None
        for key in RESERVED.intersection((*cls.__struct_fields__, *cls.__struct_encode_fields__)):
            raise DefinitionError(f"{name}.{key}: {key!r} is a key of the protocol; choose another name")
        hints = hints_of(name, cls, {**sys._getframe(1).f_locals, name: cls})
        for each, kind in hints.items():
            if each in cls.__struct_fields__:
                check_event_field(f"{name}.{each}", kind)
        return cls


class ModelMeta(StructMeta):
    """Makes a model class."""

    COMMANDS: dict[str, CommandSpec]
    HINTS: dict[str, dict[str, Any] | None]

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **keywords: Any) -> Any:
        if namespace.get("__module__") == _ROOT:
            return super().__new__(mcs, name, bases, namespace)
        for keyword in keywords:
            if keyword not in _KEYWORDS:
                raise DefinitionError(f"{name}: a model takes the keywords {', '.join(_KEYWORDS)}, and not {keyword}")
        framework = _framework(bases)
        for attribute in namespace:
            _check_name(name, attribute, framework)
        for base in bases:
            _check_base(name, base)
        _check_dataclass_fields(name, namespace)
        try:
            cls: Any = super().__new__(mcs, name, bases, namespace)
        except TypeError as error:
            misplaced = _MISPLACED.search(str(error))
            raise _no_default(name, misplaced[1]) if misplaced else DefinitionError(f"{name}: {error}") from None
        # The class itself, classes within it, and classes local to a function can be named in annotations.
        nested = {each: value for each, value in namespace.items() if isinstance(value, type)}
        scope = {**sys._getframe(1).f_locals, **nested, name: cls}
        own = hints_of(name, cls, scope)
        _check_attributes(name, namespace, {*own, *_constants(bases)})
        check_methods(name, namespace)
        # What was inherited has been understood where it was written, where names may have meant something else.
        cls.TYPES = {**_inherited_types(bases), **{each: own[each] for each in own if each in cls.__struct_fields__}}
        for each in cls.__struct_fields__:
            # A field without a default is in the annotations only.
            _check_name(name, each, framework)
        cls.FIELDS = tuple(FieldSpec.of(f"{name}.{each}", each, cls.TYPES[each]) for each in cls.__struct_fields__)
        _check_defaults(cls)
        _check_values(cls)
        cls.COMMANDS = commands_of(cls, scope, lambda base: base.COMMANDS if isinstance(base, ModelMeta) else None)
        cls.HINTS = all_hints(cls, scope, lambda base: base.HINTS if isinstance(base, ModelMeta) else None)
        if "setup" in namespace:
            cls.OPTIONS = options_of(name, namespace["setup"], scope)
        for keyword, value in keywords.items():
            setattr(cls, keyword.upper(), _KEYWORDS[keyword](name, value))
        cls.HOOKS = cls.HOOKS.union(namespace).intersection(_OVERRIDABLE)
        _check_hooks(cls)
        return cls

    # type.__init__ would refuse the keywords.
    def __init__(cls, *args: Any, **keywords: Any) -> None:
        type.__init__(cls, *args)


def _framework(bases: tuple[type, ...]) -> frozenset[str]:
    """The names that gamesvc's own base classes use, or will."""
    roots = [each for base in bases for each in base.__mro__ if each.__module__ == _ROOT]
    used = {name for root in roots for name in vars(root) if not name.startswith("__")}
    return frozenset(used - _OVERRIDABLE | _KEPT)


def _inherited_types(bases: tuple[type, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(bases):
        found |= getattr(base, "TYPES", {})
    return found


# What may be written in the class.


def _check_name(model: str, name: str, framework: frozenset[str]) -> None:
    if name in ("__init__", "__post_init__"):
        raise DefinitionError(
            f"{model}.{name}: write `def setup(self)` instead; it runs once, when the game is created"
        )
    if name in framework:
        raise DefinitionError(f"{model}.{name}: the name {name} is kept for gamesvc itself; choose another name")


def _check_base(model: str, base: type) -> None:
    if isinstance(base, ModelMeta):
        return
    if issubclass(base, Struct):
        raise DefinitionError(f"{model}: the base {base.__name__} has fields; make it a GameModel, too")
    if any("__slots__" not in vars(each) for each in base.__mro__[:-1]):
        raise DefinitionError(
            f"{model}: the base {base.__name__} would keep attributes that are no state; write `__slots__ = ()` in it"
        )


def _constants(bases: tuple[type, ...]) -> set[str]:
    """What models inherit that is no state, and was described where it was first written."""
    return {name for base in bases for name in dir(base) if name not in getattr(base, "TYPES", {})}


def _check_attributes(model: str, namespace: dict[str, Any], known: set[str]) -> None:
    for name, value in namespace.items():
        described = name in known or name.startswith("__") or name.isupper()
        if not (described or callable(value) or isinstance(value, (property, staticmethod, classmethod))):
            raise DefinitionError(
                f"{model}.{name} = {value!r} has no type: write `{name}: {type(value).__name__} = ...` for "
                "state, or the name in capitals for a constant that all games share"
            )


def _version(model: str, version: object) -> int:
    if type(version) is not int or version < 1:
        raise DefinitionError(f"{model}: write version=2 where the fields have changed; the first version is 1")
    return version


def _durability(model: str, durability: object) -> str:
    if durability not in DURABILITIES:
        raise DefinitionError(f"{model}: write durability='every', 'snapshot' or 'none'")
    return str(durability)


def _seats(model: str, seats: object) -> tuple[int, int]:
    fewest, most = seats if isinstance(seats, tuple) and len(seats) == 2 else (seats, seats)
    if not (type(fewest) is int and type(most) is int and 1 <= fewest <= most):
        raise DefinitionError(f"{model}: write seats=2, or seats=(2, 4) for two to four")
    return fewest, most


def _tick(model: str, tick: object) -> float:
    if isinstance(tick, bool) or not isinstance(tick, (int, float)) or not 0 < tick <= MAX_TICK:
        raise DefinitionError(f"{model}: write tick=20 for twenty times a second, at most {MAX_TICK}")
    return float(tick)


def _switch(keyword: str) -> Callable[[str, object], bool]:
    def check(model: str, value: object) -> bool:
        if not isinstance(value, bool):
            raise DefinitionError(f"{model}: write {keyword}=True or leave it out")
        return value

    return check


_KEYWORDS: dict[str, Callable[[str, object], object]] = {
    "seats": lambda model, seats: None if seats is None else _seats(model, seats),
    "version": _version,
    "durability": _durability,
    "tick": _tick,
    "endless": _switch("endless"),
    "blocking": _switch("blocking"),
}


def _check_hooks(cls: Any) -> None:
    name = cls.__name__
    if ("on_tick" in cls.HOOKS) != (cls.TICK is not None):
        raise DefinitionError(
            f"{name}: write `def on_tick(self) -> None`, which runs at each tick"
            if cls.TICK is not None
            else f"{name}.on_tick: say in the class line how often a second: `class {name}(GameModel, tick=20)`"
        )
    if cls.SEATS is None:
        for each in ("on_start", "on_leave"):
            if each in cls.HOOKS:
                raise DefinitionError(
                    f"{name}.{each}: a game without seats has none; write `class {name}(GameModel, seats=2)`"
                )


# Fields.


def _check_dataclass_fields(owner: str, namespace: dict[str, Any]) -> None:
    for name, value in namespace.items():
        if isinstance(value, dataclasses.Field):
            raise DefinitionError(f"{owner}.{name}: this is dataclasses' field; write `from gamesvc import field`")


def _no_default(model: str, name: str) -> DefinitionError:
    return DefinitionError(f"{model}.{name}: needs a default, because a game starts without arguments")


def _check_defaults(cls: Any) -> None:
    fields = cls.__struct_fields__
    if len(cls.__struct_defaults__) < len(fields):
        raise _no_default(cls.__name__, fields[len(fields) - len(cls.__struct_defaults__) - 1])


def _check_values(cls: Any) -> None:
    try:
        model = cls()
    # A default_factory is the author's code.
    except Exception as error:
        raise DefinitionError(f"{cls.__name__}: a default does not fit its field's type: {error}") from None
    for field in cls.FIELDS:
        try:
            field.decode(msgspec.msgpack.encode(getattr(model, field.name)))
        except Exception as error:
            where = f"{cls.__name__}.{field.name}"
            raise DefinitionError(f"{where}: the default does not fit the field's type: {error}") from None
