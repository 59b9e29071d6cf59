"""What the methods of a model take: its commands, the options of ``setup``, and what may become a timer."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from gamesvc.errors import DefinitionError
from gamesvc.fields import marks_in
from gamesvc.values import Use, as_code, checked_type

RESERVED = frozenset(("command", "id", "event", "seq", "status", "error", "result", "duplicate"))
"""Keys that the protocol uses: no name of an argument, nor of an event's field."""


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


class NoOptions(Struct, forbid_unknown_fields=True):
    """The options of a model whose ``setup`` takes none."""


def mark_command(method: Any) -> None:
    """Note that a method is a command.

    Raises:
        DefinitionError: it is no plain method.
    """
    if not isinstance(method, FunctionType):
        if method is None or isinstance(method, str):
            raise DefinitionError("write @command without parentheses: a command has its method's name")
        build = getattr(method, "fget", None) or getattr(method, "build", method)
        raise DefinitionError(f"{place_of(build)}: put @command on a plain method, and outside of other decorators")
    method._gamesvc_command = True  # type: ignore[attr-defined]  # a function takes attributes, its type doesn't say so


def is_command(member: object) -> bool:
    """Whether a member of a class is a command."""
    return hasattr(member, "_gamesvc_command")


def place_of(function: object) -> str:
    """The name of a function and its class, for people."""
    return ".".join(getattr(function, "__qualname__", "@command").split(".")[-2:])


def is_unplain(method: Any) -> bool:
    """Whether it is no function that is called and has run when it returns."""
    kinds = inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction
    return not isinstance(method, FunctionType) or any(kind(method) for kind in kinds)


def hints_of(where: str, annotated: Any, scope: Mapping[str, Any]) -> dict[str, Any]:
    """What the annotations of a class's own body, or of a function, mean.

    Args:
        where: the class, and the method, for people.
        annotated: either.
        scope: names beside those of its module.

    Raises:
        DefinitionError: one can't be understood.
    """
    try:
        if isinstance(annotated, type):
            own = {"__annotations__": inspect.get_annotations(annotated), "__module__": annotated.__module__}
            annotated = type(annotated.__name__, (), own)
        return typing.get_type_hints(annotated, None, dict(scope), include_extras=True)
    except NameError as error:
        place = _place(where, annotated, error.name)
        raise DefinitionError(f"{place}: {error}; define it above the class, or import it") from None
    # An annotation is code, and can raise anything.
    except Exception as error:
        raise DefinitionError(f"{where}: an annotation is not usable: {error}") from None


def _place(where: str, annotated: Any, missing: str | None) -> str:
    """Where a name stands, as far as annotations are texts."""
    try:
        annotations = annotated.__annotations__
    # Newer Pythons look at them only now.
    except NameError:
        return where
    for name, text in annotations.items():
        if isinstance(text, str) and re.search(rf"\b{missing}\b", text):
            return f"{where}.{name}" if isinstance(annotated, type) else f"{where}, argument {name!r}"
    return where


def takes(method: Callable[..., Any], count: int) -> bool:
    """Whether a method is declared with so many arguments, `self` among them, none with an asterisk."""
    parameters = inspect.signature(method).parameters.values()
    return len(parameters) == count and all(
        each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) for each in parameters
    )


# Options.


def options_of(model: str, setup: Any, scope: Mapping[str, Any]) -> type[Struct]:
    """A Struct of the options that ``setup`` takes.

    Args:
        model: the class's name.
        setup: the method, as it was written in the class.
        scope: names beside those of its module.

    Raises:
        DefinitionError: it can't be called with them.
    """
    where = f"{model}.setup"
    if is_unplain(setup) or is_command(setup) or not inspect.signature(setup).parameters:
        raise DefinitionError(f"{where}: write `def setup(self) -> None`; it runs once, when the game is created")
    fields = _fields(where, setup, scope, 1)
    for name, kind, *default in fields:
        if name == "player":
            raise DefinitionError(
                f"{where}: nobody has a seat yet; write `def on_join(self, player: Player) -> None`, which runs "
                "when a seat is taken"
            )
        if not default:
            written = getattr(kind, "__name__", "...")
            raise DefinitionError(
                f"{where}: the option {name!r} needs a default, because a game may be created without options; "
                f"write `{name}: {written} = ...`"
            )
    return _arguments_struct(where, "Options", fields)


def all_hints(cls: type, scope: Mapping[str, Any], known: Callable[[type], Any]) -> dict[str, dict[str, Any] | None]:
    """What the annotations of arguments mean, of all methods that may become timers.

    Args:
        cls: the class.
        scope: names beside those of its module.
        known: what was found for a base class earlier; None for a class that is no model.
    """
    found: dict[str, dict[str, Any] | None] = {}
    for each in reversed(cls.__mro__):
        # What was inherited from a model has been understood where it was written.
        earlier = known(each) if each is not cls else None
        found |= _method_hints(vars(each), scope) if earlier is None else earlier
    return found


def _method_hints(namespace: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[str, dict[str, Any] | None]:
    """None where they mean nothing: which is a mistake only where the method does become a timer."""
    found: dict[str, dict[str, Any] | None] = {}
    for name, method in namespace.items():
        if isinstance(method, FunctionType) and not name.startswith("__"):
            arguments = FunctionType(method.__code__, method.__globals__, closure=method.__closure__)
            arguments.__annotations__ = {
                each: kind for each, kind in method.__annotations__.items() if each != "return"
            }
            try:
                found[name] = hints_of(name, arguments, scope)
            except DefinitionError:
                found[name] = None
    return found


# Commands.


def commands_of(
    cls: type, scope: Mapping[str, Any], known: Callable[[type], dict[str, CommandSpec] | None]
) -> dict[str, CommandSpec]:
    """The commands by their names in lower case: those written in a class, and those that it inherited.

    Args:
        cls: the class.
        scope: names beside those of its module.
        known: the commands of a base class; None for a class that is no model.

    Raises:
        DefinitionError: one of them is wrong.
    """
    commands: dict[str, CommandSpec] = {}
    for name in sorted({name for each in cls.__mro__ for name in vars(each)}):
        owner, *hidden = (each for each in cls.__mro__ if name in vars(each))
        method = vars(owner)[name]
        if not is_command(method):
            if any(is_command(vars(each)[name]) for each in hidden):
                raise DefinitionError(f"{cls.__name__}.{name}: hides a command that was inherited; put @command on it")
            continue
        inherited = known(owner) if owner is not cls else None
        # What a model's commands are has been found where it was defined; other bases only bring methods.
        spec = _command(f"{cls.__name__}.{name}", name, method, scope) if inherited is None else inherited[name.lower()]
        other = commands.setdefault(name.lower(), spec)
        if other.name != name:
            both = f"{cls.__name__}.{name} and {cls.__name__}.{other.name}"
            raise DefinitionError(f"{both}: names of commands are not case-sensitive; choose another")
    return commands


def _command(where: str, name: str, method: Callable[..., Any], scope: Mapping[str, Any]) -> CommandSpec:
    if is_unplain(method):
        raise DefinitionError(f"{where}: a command is a plain method, without yield; return a value, or publish events")
    if name.startswith("_"):
        plain = method.__name__.lstrip("_") or "move"
        raise DefinitionError(f"{where}: players send this name; write `def {plain}(self, player: Player)`")
    parameters = list(inspect.signature(method).parameters.values())
    first = parameters[1] if len(parameters) > 1 else None
    if (
        first is None
        or first.name != "player"
        or first.kind not in (first.POSITIONAL_ONLY, first.POSITIONAL_OR_KEYWORD)
    ):
        raise DefinitionError(f"{where}: write `def {name}(self, player: Player, ...)`: who sent it comes first")
    fields = _fields(where, method, scope, 2)
    kind = hints_of(where, method, scope).get("player", str)
    # A NewType of text, as Player is, or text itself.
    if getattr(kind, "__supertype__", kind) is not str or first.default is not first.empty:
        raise DefinitionError(f"{where}: write `player: Player`: it is the name of who sent it, and always there")
    arguments = _arguments_struct(where, name, fields)
    return CommandSpec(name, arguments, (inspect.getdoc(method) or "").partition("\n")[0])


def _arguments_struct(where: str, name: str, fields: list[tuple[Any, ...]]) -> type[Struct]:
    for argument, kind, *default in fields:
        _check_argument(where, argument, kind, *default)
    return msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True)


def _check_argument(where: str, name: str, kind: Any, *default: Any) -> None:
    place = f"{where}, argument {name!r}"
    if marks_in(kind):
        raise DefinitionError(
            f"{place}: what a client gives is no secret from it; write the type without Secret or Own"
        )
    checked_type(place, kind, Use.GIVEN, msgspec.json.Decoder)
    for value in default:
        if value is None and not _fits(None, kind):
            written = getattr(kind, "__name__", None)
            instead = f"`{name}: {written} | None = None`" if written else "`... | None = None`"
            raise DefinitionError(f"{place}: the default None does not fit its type; write {instead}")
        if not _fits(value, kind):
            raise DefinitionError(f"{place}: the default {as_code(value)} does not fit its type; write one that does")
        try:
            msgspec.defstruct("Arguments", [(name, kind, value)])
        # msgspec knows which values can be changed.
        except TypeError:
            raise DefinitionError(
                f"{place}: all calls would share the default {as_code(value)}; write `... | None = None`, and in the "
                "method what None means"
            ) from None


def _fits(value: object, kind: Any) -> bool:
    try:
        return bool(msgspec.convert(msgspec.to_builtins(value), kind) == value)
    except (TypeError, ValueError):
        return False


def _fields(where: str, method: Callable[..., Any], scope: Mapping[str, Any], first: int) -> list[tuple[Any, ...]]:
    """A method's parameters from one on: each its name, its type, and its default, if it has one."""
    parameters = list(inspect.signature(method).parameters.values())[first:]
    for parameter in parameters:
        name = parameter.name
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            instead = f"{name}: list[int]" if parameter.kind is parameter.VAR_POSITIONAL else f"{name}: dict[str, int]"
            asterisks = "*" if parameter.kind is parameter.VAR_POSITIONAL else "**"
            raise DefinitionError(f"{where}: name each argument; write `{instead}`, say, instead of {asterisks}{name}")
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise DefinitionError(f"{where}: arguments come by their names; write {name!r} without `/` after it")
        if name in RESERVED:
            raise DefinitionError(f"{where}: {name!r} is a key of the protocol; choose another name")
    hints = hints_of(where, method, scope)
    fields: list[tuple[Any, ...]] = []
    for parameter in parameters:
        default = () if parameter.default is parameter.empty else (parameter.default,)
        if parameter.name not in hints:
            kind = type(default[0]).__name__ if default and default[0] is not None else "int"
            raise DefinitionError(
                f"{where}: argument {parameter.name!r} needs a type; write `{parameter.name}: {kind}`"
            )
        fields.append((parameter.name, hints[parameter.name], *default))
    return fields
