"""The methods of a model that gamesvc calls: each has a name and arguments of its own."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cached_property
from types import FunctionType
from typing import Any

from gamesvc.errors import DefinitionError
from gamesvc.signatures import hints_of, is_command, is_unplain, takes

PLAYER_HOOKS = ("on_join", "on_leave", "on_away", "on_back")
GAME_HOOKS = ("on_start", "on_tick")
HOOKS = (*PLAYER_HOOKS, *GAME_HOOKS)
"""What a model may define to be told of."""

OVERRIDABLE = frozenset(("setup", "migrate", "view", "legal", "determinize", *HOOKS))
"""What of `GameModel` a model may define anew."""

_SEATED_HOOKS = ("on_join", "on_start", "on_leave")
_TO_WRITE = {
    "setup": "def setup(self) -> None",
    "view": "def view(self, viewer: Player | None) -> dict[str, Any]",
    "legal": "def legal(self, player: Player) -> Iterable[Move]",
    "determinize": "def determinize(self, player: Player, view: dict[str, Any]) -> None",
    "migrate": "@classmethod def migrate(cls, state: dict[str, Any], version: int) -> None",
    **{name: f"def {name}(self, player: Player) -> None" for name in PLAYER_HOOKS},
    **{name: f"def {name}(self) -> None" for name in GAME_HOOKS},
}
_TAKES = {**dict.fromkeys(GAME_HOOKS, 1), "determinize": 3}
"""How many arguments each takes, with the model itself; the others take two."""
_OF_PLAYERS = frozenset((*PLAYER_HOOKS, "legal", "determinize"))
_PURPOSES = {
    "setup": "once, when the game is created",
    "view": "when a viewer is shown the state",
    "legal": "when a player is shown what they may do",
    "determinize": "when a bot thinks ahead",
    "migrate": "when the state of an older version is loaded",
    "on_join": "when a seat is taken",
    "on_leave": "when a seat is given up",
    "on_away": "when a player has lost the line",
    "on_back": "when a player is there again",
    "on_start": "when all seats that are needed are taken",
    "on_tick": "at each tick",
}
_MEANT = {
    "onbegin": "on_start",
    "onconnect": "on_back",
    "ondisconnect": "on_away",
    "onenter": "on_join",
    "onexit": "on_leave",
    "onleft": "on_leave",
    "onplayerjoin": "on_join",
    "onplayerleave": "on_leave",
    "onquit": "on_leave",
    "onreconnect": "on_back",
    "onupdate": "on_tick",
}
"""What the hooks are called elsewhere, without underscores."""


def check_methods(model: str, body: Mapping[str, Any], scope: Mapping[str, Any]) -> None:
    """See to it that the methods that gamesvc calls can be called, that none waits, and that none is misspelt.

    Args:
        model: the class's name.
        body: what is written in it.
        scope: names that annotations may use, beside those of the module.

    Raises:
        DefinitionError: one of them is wrong.
    """
    for name, member in body.items():
        _check_decorators(model, name, member)
        method = getattr(member, "__func__", member)
        if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
            instead = f"write `{_TO_WRITE[name]}`" if name in _TO_WRITE else "what is to come later is self.after(...)"
            raise DefinitionError(f"{model}.{name}: a model is plain code, without async; {instead}")
        if name in OVERRIDABLE and not _can_be_called(f"{model}.{name}", name, member, scope):
            raise DefinitionError(f"{model}.{name}: write `{_TO_WRITE[name]}`; it runs {_PURPOSES[name]}")
        if name not in OVERRIDABLE and isinstance(member, FunctionType) and not is_command(member):
            meant = _meant(name)
            if meant:
                raise DefinitionError(
                    f"{model}.{name}: there is no such hook; if you mean what runs {_PURPOSES[meant]}, "
                    f"write `{_TO_WRITE[meant]}`"
                )


def check_hooks(cls: Any) -> None:
    """See to it that a model has the hooks that its class line asks for, and no others.

    Raises:
        DefinitionError: it has not.
    """
    name = cls.__name__
    if cls.TICK is not None and "on_tick" not in cls.HOOKS:
        raise DefinitionError(f"{name}: write `{_TO_WRITE['on_tick']}`, which runs at each tick")
    if cls.TICK is None and "on_tick" in cls.HOOKS:
        raise DefinitionError(
            f"{name}.on_tick: say in the class line how often a second: `class {name}(GameModel, tick=20)`"
        )
    for each in _SEATED_HOOKS:
        if cls.SEATS is None and each in cls.HOOKS:
            raise DefinitionError(
                f"{name}.{each}: a game without seats has none; write `class {name}(GameModel, seats=2)`"
            )


def _check_decorators(model: str, name: str, member: Any) -> None:
    if isinstance(member, cached_property):
        raise DefinitionError(f"{model}.{name}: write @derived instead of @cached_property")
    inner = getattr(member, "__func__", None) or getattr(member, "fget", None) or getattr(member, "build", None)
    if inner is not None and is_command(inner):
        raise DefinitionError(
            f"{model}.{name}: a command is a plain method; write @command alone, without the decorator above it"
        )
    if isinstance(member, property) and not isinstance(member.fget, FunctionType) and member.fget is not None:
        raise DefinitionError(f"{model}.{name}: write @derived, or @property, and not both")


def _can_be_called(where: str, name: str, member: Any, scope: Mapping[str, Any]) -> bool:
    if is_command(member):
        return False
    # The arguments of setup are the options, and are looked at as such.
    if name == "setup":
        return not is_unplain(member) and bool(inspect.signature(member).parameters)
    if name == "migrate":
        return isinstance(member, classmethod) and not is_unplain(member.__func__) and takes(member.__func__, 3)
    # The moves may be yielded.
    if (is_unplain(member) and not (name == "legal" and inspect.isgeneratorfunction(member))) or not takes(
        member, _TAKES.get(name, 2)
    ):
        return False
    if name in _OF_PLAYERS:
        kind = hints_of(where, member, scope).get([*inspect.signature(member).parameters][1], str)
        return getattr(kind, "__supertype__", kind) is str
    return True


def _meant(name: str) -> str | None:
    plain = name.replace("_", "").lower()
    known = {each.replace("_", ""): each for each in OVERRIDABLE}
    if name.startswith("_"):
        return None
    if plain in known or plain in _MEANT:
        return known.get(plain) or _MEANT[plain]
    if not plain.startswith("on"):
        return None
    close = get_close_matches(plain, [each for each in known if each.startswith("on")], 1, 0.8)
    return known[close[0]] if close else None
