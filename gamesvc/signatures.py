"""What the methods of a model take: its commands, the options of ``setup``, the hooks, and what may become a timer."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import FunctionType
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from gamesvc.errors import DefinitionError

RESERVED = frozenset(("command", "id", "event", "seq", "status", "error", "result", "duplicate"))
"""Keys that the protocol uses: no name of an argument, nor of an event's field."""

PLAYER_HOOKS = ("on_join", "on_leave", "on_away", "on_back")
GAME_HOOKS = ("on_start", "on_tick")
HOOKS = (*PLAYER_HOOKS, *GAME_HOOKS)
"""What a model may define to be told of."""

MIGRATE = "`@classmethod def migrate(cls, state: dict[str, Any], version: int) -> None`"


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
        where = ".".join(getattr(method, "__qualname__", "@command").split(".")[-2:])
        raise DefinitionError(f"{where}: put @command on a plain method, and outside of other decorators")
    method._gamesvc_command = True  # type: ignore[attr-defined]  # a function takes attributes, its type doesn't say so


def is_command(member: object) -> bool:
    """Whether a member of a class is a command."""
    return hasattr(member, "_gamesvc_command")


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
    if isinstance(annotated, type):
        own = {"__annotations__": inspect.get_annotations(annotated), "__module__": annotated.__module__}
        annotated = type(annotated.__name__, (), own)
    try:
        return typing.get_type_hints(annotated, None, dict(scope), include_extras=True)
    except NameError as error:
        raise DefinitionError(f"{where}: {error}; define it above the class") from None
    # An annotation is code, and can raise anything.
    except Exception as error:
        raise DefinitionError(f"{where}: an annotation is not usable: {error}") from None


# Methods with a meaning of their own.


def check_methods(model: str, namespace: Mapping[str, Any]) -> None:
    """See to it that the methods that gamesvc calls can be called, and that none waits.

    Args:
        model: the class's name.
        namespace: its body.

    Raises:
        DefinitionError: one of them is wrong.
    """
    for name, member in namespace.items():
        method = getattr(member, "__func__", member)
        if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
            raise DefinitionError(f"{model}.{name}: a model is plain code, without async; timers are self.after(...)")
        if name in HOOKS:
            _check_hook(model, name, member)
        elif name.startswith("on_") and callable(member) and not is_command(member):
            close = get_close_matches(name, HOOKS, 1, 0.8)
            if close:
                raise DefinitionError(f"{model}.{name}: did you mean {close[0]}? There is no such hook")
    migrate = namespace.get("migrate")
    if migrate is not None and not (
        isinstance(migrate, classmethod)
        and not is_unplain(migrate.__func__)
        and len(inspect.signature(migrate.__func__).parameters) == 3
    ):
        raise DefinitionError(f"{model}.migrate: write {MIGRATE}; it brings the state of an older version up to date")
    view = namespace.get("view")
    if view is not None and (is_unplain(view) or is_command(view) or len(inspect.signature(view).parameters) != 2):
        raise DefinitionError(
            f"{model}.view: write `def view(self, viewer: Player | None) -> dict[str, Any]`; it says what a viewer sees"
        )


def _check_hook(model: str, name: str, method: Any) -> None:
    parameters = "self, player: Player" if name in PLAYER_HOOKS else "self"
    wanted = len(parameters.split(","))
    if is_unplain(method) or is_command(method) or len(inspect.signature(method).parameters) != wanted:
        raise DefinitionError(f"{model}.{name}: write `def {name}({parameters}) -> None`")


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
    for name, _, *default in fields:
        if not default:
            raise DefinitionError(
                f"{where}: the option {name!r} needs a default, because a game may be created without options"
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
        raise DefinitionError(f"{where}: a command is a plain method, without async or yield")
    parameters = list(inspect.signature(method).parameters.values())
    first = parameters[1] if len(parameters) > 1 else None
    if first is None or first.name != "player" or first.kind is first.KEYWORD_ONLY:
        raise DefinitionError(f"{where}: write `def {name}(self, player: Player, ...)`: who sent it comes first")
    arguments = _arguments_struct(where, name, _fields(where, method, scope, 2))
    return CommandSpec(name, arguments, (inspect.getdoc(method) or "").partition("\n")[0])


def _arguments_struct(where: str, name: str, fields: list[tuple[Any, ...]]) -> type[Struct]:
    try:
        arguments = msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True)
        msgspec.json.Decoder(arguments)
        for _, kind, *default in fields:
            if default:
                msgspec.convert(msgspec.to_builtins(default[0]), kind)
    except (TypeError, ValueError) as error:
        raise DefinitionError(f"{where}: {error}") from None
    return arguments


def _fields(where: str, method: Callable[..., Any], scope: Mapping[str, Any], first: int) -> list[tuple[Any, ...]]:
    """A method's parameters from one on: each its name, its type, and its default, if it has one."""
    parameters = list(inspect.signature(method).parameters.values())[first:]
    for parameter in parameters:
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise DefinitionError(f"{where}: name each argument; {parameter} can't be checked")
        if parameter.name in RESERVED:
            raise DefinitionError(f"{where}: {parameter.name!r} is a key of the protocol; choose another name")
    hints = hints_of(where, method, scope)
    fields: list[tuple[Any, ...]] = []
    for parameter in parameters:
        if parameter.name not in hints:
            raise DefinitionError(f"{where}: argument {parameter.name!r} needs a type")
        default = () if parameter.default is parameter.empty else (parameter.default,)
        fields.append((parameter.name, hints[parameter.name], *default))
    return fields
