"""What makes a class a model or an event, and finds its mistakes while it is defined, before any game is played."""

from __future__ import annotations

import inspect
import re
import sys
import typing
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, StructMeta

from gamesvc.errors import DefinitionError
from gamesvc.fields import FieldSpec

RESERVED = frozenset(("command", "id", "event", "seq", "status", "error", "result", "duplicate"))
"""Keys that the protocol uses: no name of an argument, nor of an event's field."""

_ROOT = "gamesvc.model"
_KEPT = frozenset(("options", "reveal", "tick", "view"))
"""Names that later capabilities of the author API take."""

_MIGRATE = "`@classmethod def migrate(cls, state: dict[str, Any], version: int) -> None`"
DURABILITIES = ("every", "snapshot", "none")
_MISPLACED = re.compile(r"Required field '(\w+)' cannot follow")


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


class EventMeta(StructMeta):
    """Makes an event class."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **keywords: Any) -> Any:
        if namespace.get("__module__") != _ROOT and keywords:
            raise DefinitionError(f"{name}: an event takes no keywords ({', '.join(sorted(keywords))})")
        cls: Any = super().__new__(mcs, name, bases, namespace, **keywords)
        for key in RESERVED.intersection((*cls.__struct_fields__, *cls.__struct_encode_fields__)):
            raise DefinitionError(f"{name}.{key}: {key!r} is a key of the protocol; choose another name")
        return cls


class ModelMeta(StructMeta):
    """Makes a model class."""

    COMMANDS: dict[str, CommandSpec]
    HINTS: dict[str, dict[str, Any] | None]

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        seats: int | tuple[int, int] | None = None,
        version: int | None = None,
        durability: str | None = None,
        **keywords: Any,
    ) -> Any:
        if namespace.get("__module__") == _ROOT:
            return super().__new__(mcs, name, bases, namespace)
        if keywords:
            raise DefinitionError(
                f"{name}: a model takes the keywords seats, version and durability, not {', '.join(sorted(keywords))}"
            )
        framework = _framework(bases)
        for attribute in namespace:
            _check_name(name, attribute, framework)
        for base in bases:
            _check_base(name, base)
        try:
            cls: Any = super().__new__(mcs, name, bases, namespace)
        except TypeError as error:
            misplaced = _MISPLACED.search(str(error))
            raise _no_default(name, misplaced[1]) if misplaced else DefinitionError(f"{name}: {error}") from None
        # The class itself, classes within it, and classes local to a function can be named in annotations.
        nested = {each: value for each, value in namespace.items() if isinstance(value, type)}
        scope = {**sys._getframe(1).f_locals, **nested, name: cls}
        own = _hints(name, cls, scope)
        _check_attributes(name, namespace, {*own, *_constants(bases)})
        _check_setup(name, namespace)
        _check_migrate(name, namespace)
        # What was inherited has been understood where it was written, where names may have meant something else.
        cls.TYPES = {**_inherited_types(bases), **{each: own[each] for each in own if each in cls.__struct_fields__}}
        for each in cls.__struct_fields__:
            # A field without a default is in the annotations only.
            _check_name(name, each, framework)
        cls.FIELDS = tuple(FieldSpec.of(f"{name}.{each}", each, cls.TYPES[each]) for each in cls.__struct_fields__)
        _check_defaults(cls)
        _check_values(cls)
        cls.COMMANDS = _commands(cls, scope)
        cls.HINTS = _all_hints(cls, scope)
        if seats is not None:
            cls.SEATS = _seats(name, seats)
        if version is not None:
            cls.VERSION = _version(name, version)
        if durability is not None:
            cls.DURABILITY = _durability(name, durability)
        return cls

    # type.__init__ would refuse the keywords.
    def __init__(cls, *args: Any, **keywords: Any) -> None:
        type.__init__(cls, *args)


def _framework(bases: tuple[type, ...]) -> frozenset[str]:
    """The names that gamesvc's own base classes use, or will."""
    roots = [each for base in bases for each in base.__mro__ if each.__module__ == _ROOT]
    used = {name for root in roots for name in vars(root) if not name.startswith("__")}
    return frozenset(used - {"setup", "migrate"} | _KEPT)


def _inherited_types(bases: tuple[type, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(bases):
        found |= getattr(base, "TYPES", {})
    return found


def _all_hints(cls: type, scope: dict[str, Any]) -> dict[str, dict[str, Any] | None]:
    """What the annotations of arguments mean, of all methods that may become timers."""
    found: dict[str, dict[str, Any] | None] = {}
    for each in reversed(cls.__mro__):
        # What was inherited from a model has been understood where it was written.
        if each is not cls and isinstance(each, ModelMeta):
            found |= each.HINTS
        else:
            found |= _method_hints(vars(each), scope)
    return found


def _method_hints(namespace: Mapping[str, Any], scope: dict[str, Any]) -> dict[str, dict[str, Any] | None]:
    """None where they mean nothing: which is a mistake only where the method does become a timer."""
    found: dict[str, dict[str, Any] | None] = {}
    for name, method in namespace.items():
        if isinstance(method, FunctionType) and not name.startswith("__"):
            arguments = FunctionType(method.__code__, method.__globals__, closure=method.__closure__)
            arguments.__annotations__ = {
                each: kind for each, kind in method.__annotations__.items() if each != "return"
            }
            try:
                found[name] = _hints(name, arguments, scope)
            except DefinitionError:
                found[name] = None
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


def _check_setup(model: str, namespace: dict[str, Any]) -> None:
    setup = namespace.get("setup")
    if setup is not None and (
        _is_unplain(setup) or _is_command(setup) or len(inspect.signature(setup).parameters) != 1
    ):
        raise DefinitionError(f"{model}.setup: write `def setup(self) -> None`; it runs once, when the game is created")


def _check_migrate(model: str, namespace: dict[str, Any]) -> None:
    migrate = namespace.get("migrate")
    if migrate is not None and not (
        isinstance(migrate, classmethod)
        and not _is_unplain(migrate.__func__)
        and len(inspect.signature(migrate.__func__).parameters) == 3
    ):
        raise DefinitionError(f"{model}.migrate: write {_MIGRATE}; it brings the state of an older version up to date")


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


def _hints(where: str, annotated: Any, scope: dict[str, Any]) -> dict[str, Any]:
    """What the annotations of a class's own body, or of a function, mean."""
    if isinstance(annotated, type):
        own = {"__annotations__": inspect.get_annotations(annotated), "__module__": annotated.__module__}
        annotated = type(annotated.__name__, (), own)
    try:
        return typing.get_type_hints(annotated, None, scope, include_extras=True)
    except NameError as error:
        raise DefinitionError(f"{where}: {error}; define it above the class") from None
    # An annotation is code, and can raise anything.
    except Exception as error:
        raise DefinitionError(f"{where}: an annotation is not usable: {error}") from None


# Fields.


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


# Commands.


def mark_command(method: Any) -> None:
    """Note that a method is a command.

    Raises:
        DefinitionError: it is no plain method.
    """
    if not isinstance(method, FunctionType):
        where = ".".join(getattr(method, "__qualname__", "@command").split(".")[-2:])
        raise DefinitionError(f"{where}: put @command on a plain method, and outside of other decorators")
    method._gamesvc_command = True  # type: ignore[attr-defined]  # a function takes attributes, its type doesn't say so


def _is_command(member: object) -> bool:
    return hasattr(member, "_gamesvc_command")


def _is_unplain(method: Any) -> bool:
    kinds = inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction
    return not isinstance(method, FunctionType) or any(kind(method) for kind in kinds)


def _commands(cls: Any, scope: dict[str, Any]) -> dict[str, CommandSpec]:
    """The commands by their names in lower case: those written here, and those that were inherited."""
    commands: dict[str, CommandSpec] = {}
    for name in sorted({name for each in cls.__mro__ for name in vars(each)}):
        owner, *hidden = (each for each in cls.__mro__ if name in vars(each))
        method = vars(owner)[name]
        if not _is_command(method):
            if any(_is_command(vars(each)[name]) for each in hidden):
                raise DefinitionError(f"{cls.__name__}.{name}: hides a command that was inherited; put @command on it")
            continue
        if owner is not cls and isinstance(owner, ModelMeta):
            # What a model's commands are has been found where it was defined; other bases only bring methods.
            spec = owner.COMMANDS[name.lower()]
        else:
            spec = _command(f"{cls.__name__}.{name}", name, method, scope)
        other = commands.setdefault(name.lower(), spec)
        if other.name != name:
            both = f"{cls.__name__}.{name} and {cls.__name__}.{other.name}"
            raise DefinitionError(f"{both}: names of commands are not case-sensitive; choose another")
    return commands


def _command(where: str, name: str, method: Callable[..., Any], scope: dict[str, Any]) -> CommandSpec:
    if _is_unplain(method):
        raise DefinitionError(f"{where}: a command is a plain method, without async or yield")
    fields = _arguments(where, name, method, scope)
    try:
        arguments = msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True)
        msgspec.json.Decoder(arguments)
        for _, kind, *default in fields:
            if default:
                msgspec.convert(msgspec.to_builtins(default[0]), kind)
    except (TypeError, ValueError) as error:
        raise DefinitionError(f"{where}: {error}") from None
    return CommandSpec(name, arguments, (inspect.getdoc(method) or "").partition("\n")[0])


def _arguments(where: str, name: str, method: Callable[..., Any], scope: dict[str, Any]) -> list[tuple[Any, ...]]:
    parameters = list(inspect.signature(method).parameters.values())
    first = parameters[1] if len(parameters) > 1 else None
    if first is None or first.name != "player" or first.kind is first.KEYWORD_ONLY:
        raise DefinitionError(f"{where}: write `def {name}(self, player: Player, ...)`: who sent it comes first")
    for parameter in parameters[2:]:
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise DefinitionError(f"{where}: name each argument; {parameter} can't be checked")
        if parameter.name in RESERVED:
            raise DefinitionError(f"{where}: {parameter.name!r} is a key of the protocol; choose another name")
    hints = _hints(where, method, scope)
    fields: list[tuple[Any, ...]] = []
    for parameter in parameters[2:]:
        if parameter.name not in hints:
            raise DefinitionError(f"{where}: argument {parameter.name!r} needs a type")
        default = () if parameter.default is parameter.empty else (parameter.default,)
        fields.append((parameter.name, hints[parameter.name], *default))
    return fields
