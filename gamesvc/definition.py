"""What makes a class a model or an event, and finds its mistakes while it is defined, before any game is played."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import StructMeta

from gamesvc.body import (
    Body,
    all_would_share,
    check_attributes,
    check_base,
    check_names,
    check_no_dataclass,
    check_no_dataclass_fields,
    check_own_fields,
    check_value,
    refusal,
    without_default,
)
from gamesvc.context import Context
from gamesvc.errors import DefinitionError
from gamesvc.fields import FieldSpec, check_event_field
from gamesvc.hooks import OVERRIDABLE, check_hooks, check_methods
from gamesvc.keywords import checked_keywords
from gamesvc.signatures import RESERVED, CommandSpec, all_hints, commands_of, hints_of, options_of
from gamesvc.values import as_code, shared_default

_ROOT = "gamesvc.model"
_KEPT = frozenset(("options",))
"""Names that later capabilities of the author API take."""


class EventMeta(StructMeta):
    """Makes an event class."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **keywords: Any) -> Any:
        if namespace.get("__module__") == _ROOT:
            return super().__new__(mcs, name, bases, namespace, **keywords)
        if keywords:
            raise DefinitionError(f"{name}: an event takes no keywords; leave out {', '.join(sorted(keywords))}")
        check_no_dataclass_fields(name, namespace)
        if "__init__" in namespace:
            raise DefinitionError(
                f"{name}.__init__: an event has fields only; write `player: Player`, say, and no __init__"
            )
        try:
            # Its name alone, also where it is written within another class: a name with a dot would be gamesvc's own.
            cls: Any = super().__new__(mcs, name, bases, namespace, tag=name, tag_field="event")
        except (TypeError, ValueError) as error:
            raise _event_refusal(name, namespace, error) from None
        for key in RESERVED.intersection((*cls.__struct_fields__, *cls.__struct_encode_fields__)):
            raise DefinitionError(f"{name}.{key}: {key!r} is a key of the protocol; choose another name")
        hints = hints_of(name, cls, {**sys._getframe(1).f_locals, name: cls})
        check_attributes(name, namespace, {*hints, *_constants(bases)})
        for each in cls.__struct_fields__:
            if each in hints:
                check_value(name, each, namespace.get(each))
                check_event_field(f"{name}.{each}", hints[each])
        _check_event_defaults(cls, hints)
        return cls

    def __setattr__(cls, name: str, value: object) -> None:
        check_no_dataclass(cls, name)
        super().__setattr__(name, value)


class ModelMeta(StructMeta):
    """Makes a model class."""

    COMMANDS: dict[str, CommandSpec]
    HINTS: dict[str, dict[str, Any] | None]

    @classmethod
    def __prepare__(mcs, name: str, bases: tuple[type, ...], /, **keywords: Any) -> Body:
        return Body(name)

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **keywords: Any) -> Any:
        if namespace.get("__module__") == _ROOT:
            return super().__new__(mcs, name, bases, dict(namespace))
        settings = checked_keywords(name, keywords)
        framework = _framework(bases)
        check_names(name, namespace, framework)
        for base in bases:
            if not isinstance(base, ModelMeta):
                check_base(name, base)
        check_no_dataclass_fields(name, namespace)
        try:
            cls: Any = super().__new__(mcs, name, bases, dict(namespace))
        except TypeError as error:
            raise refusal(name, namespace, error) from None
        # The class itself, classes within it, and classes local to a function can be named in annotations.
        nested = {each: value for each, value in namespace.items() if isinstance(value, type)}
        scope = {**sys._getframe(1).f_locals, **nested, name: cls}
        own = hints_of(name, cls, scope)
        fields = [each for each in own if each in cls.__struct_fields__]
        # A field without a default is in the annotations only.
        check_names(name, fields, framework)
        check_methods(name, namespace, scope)
        check_attributes(name, namespace, {*own, *_constants(bases)})
        check_own_fields(name, namespace, fields, bases)
        # What was inherited has been understood where it was written, where names may have meant something else.
        cls.TYPES = {**_inherited_types(bases), **{each: own[each] for each in fields}}
        cls.FIELDS = tuple(FieldSpec.of(f"{name}.{each}", each, cls.TYPES[each]) for each in cls.__struct_fields__)
        for field in cls.FIELDS:
            if field.name.startswith("_") and not field.secret:
                raise DefinitionError(
                    f"{name}.{field.name}: looks private, and clients would be shown it; write "
                    f"`{field.name.lstrip('_')}: Secret[...]` to hide it, or a name without underscore"
                )
        _check_defaults(cls)
        _check_values(cls)
        for base in _foreign(cls):
            check_names(base.__name__, vars(base), framework)
            check_methods(base.__name__, vars(base), scope)
        cls.COMMANDS = commands_of(cls, scope, lambda base: base.COMMANDS if isinstance(base, ModelMeta) else None)
        cls.HINTS = all_hints(cls, scope, lambda base: base.HINTS if isinstance(base, ModelMeta) else None)
        owners = {each: _owner(cls, each) for each in OVERRIDABLE}
        cls.HOOKS = frozenset(each for each, owner in owners.items() if owner.__module__ != _ROOT)
        if "setup" in cls.HOOKS:
            setter = owners["setup"]
            known = setter is not cls and isinstance(setter, ModelMeta)
            cls.OPTIONS = setter.OPTIONS if known else options_of(setter.__name__, vars(setter)["setup"], scope)
        for keyword, value in settings.items():
            setattr(cls, keyword.upper(), value)
        check_hooks(cls)
        return cls

    # type.__init__ would refuse the keywords.
    def __init__(cls, *args: Any, **keywords: Any) -> None:
        type.__init__(cls, *args)

    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        model = super().__call__(*args, **keywords)
        # So that an author can try a method without a game around it.
        model._context = Context()
        return model

    def __setattr__(cls, name: str, value: object) -> None:
        check_no_dataclass(cls, name)
        super().__setattr__(name, value)


def _framework(bases: tuple[type, ...]) -> frozenset[str]:
    """The names that gamesvc's own base classes use, or will."""
    roots = [each for base in bases for each in base.__mro__ if each.__module__ == _ROOT]
    used = {name for root in roots for name in vars(root) if not name.startswith("__")}
    return frozenset(used - OVERRIDABLE | _KEPT)


def _inherited_types(bases: tuple[type, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(bases):
        found |= getattr(base, "TYPES", {})
    return found


def _constants(bases: tuple[type, ...]) -> set[str]:
    """What is inherited that is no state, and was described where it was first written."""
    return {name for base in bases for name in dir(base) if name not in getattr(base, "TYPES", {})}


def _foreign(cls: type) -> list[type]:
    """Bases that are no models, and only bring methods."""
    return [
        each for each in cls.__mro__ if each is not object and not isinstance(each, StructMeta) and _is_authors(each)
    ]


def _is_authors(cls: type) -> bool:
    return cls.__module__ not in (_ROOT, "typing")


def _owner(cls: type, method: str) -> Any:
    """The class whose method of this name runs.

    Raises:
        DefinitionError: a base has one that does not, because `GameModel` comes before it.
    """
    owner, *hidden = (each for each in cls.__mro__ if method in vars(each))
    if owner.__module__ == _ROOT and hidden:
        bases = f"{hidden[0].__name__}, GameModel"
        raise DefinitionError(
            f"{hidden[0].__name__}.{method}: would never run; write the base first: `class {cls.__name__}({bases})`"
        )
    return owner


# Defaults.


def _check_defaults(cls: Any) -> None:
    fields = cls.__struct_fields__
    if len(cls.__struct_defaults__) < len(fields):
        name = fields[len(fields) - len(cls.__struct_defaults__) - 1]
        raise without_default(cls.__name__, name, cls.TYPES[name])
    for name, encoded in zip(fields, cls.__struct_encode_fields__, strict=True):
        if name != encoded:
            raise DefinitionError(
                f"{cls.__name__}.{name}: clients see the name that the field has; rename it to {encoded}"
            )


def _check_values(cls: Any) -> None:
    try:
        model, other = cls(), cls()
    # A default_factory is the author's code.
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        where = f"{cls.__name__}.{_failing_factory(cls)}"
        raise DefinitionError(f"{where}: its default_factory fails with {why}") from None
    for field in cls.FIELDS:
        where, value = f"{cls.__name__}.{field.name}", getattr(model, field.name)
        try:
            field.decode(msgspec.msgpack.encode(value))
        except Exception as error:
            raise DefinitionError(_no_fit(where, field.name, cls.TYPES[field.name], value, error)) from None
        if isinstance(value, float) and not math.isfinite(value):
            raise DefinitionError(
                f"{where}: {value} can't be sent to clients; write `{field.name}: float | None = None` for no number"
            )
        if value is getattr(other, field.name) and shared_default(value):
            raise all_would_share(where, value)


def _failing_factory(cls: Any) -> str:
    """The name of the first field whose default can't be made."""
    for name, default in zip(cls.__struct_fields__, cls.__struct_defaults__, strict=True):
        try:
            getattr(default, "factory", int)()
        except Exception:
            return str(name)
    return "__init__"


def _no_fit(where: str, name: str, kind: Any, value: object, error: Exception) -> str:
    if value is None:
        written = getattr(kind, "__name__", "...") if isinstance(kind, type) else "..."
        return f"{where}: the default None does not fit the field's type; write `{name}: {written} | None = None`"
    why = str(error).replace("`array`", "`list`").replace("`object`", "`dict`").replace("`null`", "`None`")
    return f"{where}: the default {as_code(value)} does not fit the field's type: {why}"


def _event_refusal(name: str, namespace: Mapping[str, Any], error: Exception) -> DefinitionError:
    made = refusal(name, namespace, error)
    if "needs a default" not in str(made):
        return made
    place = str(made).partition(":")[0]
    return DefinitionError(
        f"{place}: comes after a field with a default; write it above that, or give it a default, too"
    )


def _check_event_defaults(cls: Any, hints: Mapping[str, Any]) -> None:
    defaults = cls.__struct_defaults__
    for name, value in zip(reversed(cls.__struct_fields__), reversed(defaults), strict=False):
        # What comes from a default_factory is made for each event.
        if name not in hints or value is msgspec.NODEFAULT or type(value).__name__ == "Factory":
            continue
        where = f"{cls.__name__}.{name}"
        try:
            msgspec.json.decode(msgspec.json.encode(value), type=hints[name])
        except Exception as error:
            raise DefinitionError(_no_fit(where, name, hints[name], value, error)) from None
        if shared_default(value):
            raise all_would_share(where, value)
