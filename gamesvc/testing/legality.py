"""Legality: what a model's `legal` names, and whether its commands take that."""

from __future__ import annotations

from typing import Any

import msgspec

from gamesvc.context import Player
from gamesvc.model import GameModel
from gamesvc.moves import Choice, legal_choices
from gamesvc.signatures import CommandSpec
from gamesvc.standing import Standing, is_playable
from gamesvc.testing.fault import Fault, line_of
from gamesvc.testing.likeness import difference, shortly
from gamesvc.testing.probe import look_at
from gamesvc.testing.runs import named
from gamesvc.undeclared import note_undeclared
from gamesvc.views import shown


def says_what_is_legal(kind: type[GameModel]) -> bool:
    """Whether a model has a `legal`."""
    return "legal" in kind.HOOKS


def is_asked(kind: type[GameModel], standing: Standing, player: Player) -> bool:
    """Whether a model would be asked what a player may do now."""
    if not says_what_is_legal(kind) or standing.finished or not standing.entry or not is_playable(kind, standing):
        return False
    return kind.SEATS is None or player in standing.seats


def choices(kind: type[GameModel], standing: Standing, player: Player) -> list[Choice]:
    """What a player may do, as clients are shown it; nothing where the model fails at it."""
    if not is_asked(kind, standing, player):
        return []
    try:
        made: list[Choice] = shown(legal_choices(look_at(kind, standing), player))
    # The author's code may raise anything. Who looks at it tells of that.
    except (Exception, SystemExit):
        return []
    return made


def check_legal(kind: type[GameModel], standing: Standing, player: Player) -> None:
    """See to it that what is named for a player can be sent, and that naming it changes nothing.

    Args:
        kind: the model.
        standing: how the game stands.
        player: who.

    Raises:
        Fault: it is not so.
    """
    if not is_asked(kind, standing, player):
        return
    model = look_at(kind, standing)
    whose = f"legal for {named(player)}"
    first, second = (_named(model, player, whose) for _ in range(2))
    if first != second:
        found = difference(first, second, "legal")
        raise Fault("nondeterministic", f"{whose} differs when it is asked twice: {found}")
    context = model._context
    if context.events or context.alarms is not standing.alarms or context.finished != standing.finished:
        raise Fault("nondeterministic", f"{whose} publishes, finishes or sets timers: it only looks")
    for field, stored in zip(kind.FIELDS, standing.image, strict=True):
        if msgspec.msgpack.encode(getattr(model, field.name)) != stored:
            was, now = shortly(field.decode(stored)), shortly(getattr(model, field.name))
            raise Fault("nondeterministic", f"{whose} changes the state: {field.name} was {was}, and then {now}")
    for choice in first:
        spec = kind.COMMANDS[choice["command"].lower()]
        try:
            converted(spec.arguments, arguments_of(choice))
        # A type of the author's own may check itself, and fail at that.
        except Exception as error:
            raise Fault("legal", f"{whose} names {shortly(choice)}, which does not fit the command: {error}") from error


def _named(model: GameModel, player: Player, whose: str) -> list[Choice]:
    try:
        made = legal_choices(model, player)
    except (Exception, SystemExit) as error:
        note_undeclared(model, error)
        raise Fault("crash", f"legal raised {type(error).__name__}: {error}", line_of(error)) from error
    try:
        sent: list[Choice] = shown(made)
    except Exception as error:
        raise Fault("legal", f"{whose} can't be sent: {error}: {shortly(made)}") from error
    return sent


def find_named(
    kind: type[GameModel], standing: Standing, player: Player, command: CommandSpec, given: msgspec.Struct
) -> Choice | None:
    """What is named for a player and comes to a command that they sent; None where that was not named.

    Args:
        kind: the model.
        standing: how the game stood.
        player: who.
        command: what they sent,
        given: and with which arguments.
    """
    for choice in choices(kind, standing, player):
        if choice["command"] == command.name and converted(command.arguments, arguments_of(choice)) == given:
            return choice
    return None


def arguments_of(choice: Choice) -> dict[str, Any]:
    """A command's arguments, of the command as a client sends it."""
    return {name: value for name, value in choice.items() if name != "command"}


def converted(kind: type[msgspec.Struct], arguments: dict[str, Any]) -> msgspec.Struct:
    """A command's arguments as the model gets them.

    Raises:
        Exception: they don't fit.
    """
    return msgspec.convert(arguments, kind, str_keys=True)
