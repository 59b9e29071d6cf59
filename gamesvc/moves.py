"""Move: a command that a player may send, as `GameModel.legal` names it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from typing import Any, Concatenate, ParamSpec

from msgspec import NODEFAULT

from gamesvc.context import Player
from gamesvc.signatures import is_command, place_of

P = ParamSpec("P")

MAX_MOVES = 1 << 14
"""How many moves `legal` may name."""

_Known = tuple[str, dict[str, None], frozenset[str]]
# What is known of a command: its name, its arguments in order, and those of them that must be given.

Choice = dict[str, Any]
"""A command as a client sends it: ``{"command": "mark", "cell": 4}``."""


class Move:
    """A command that a player may send: ``Move(self.mark, cell=4)``.

    Args:
        command: the model's method.
        arguments: what it takes beside the player, as a client would send it.

    Attributes:
        command: its name.
        arguments: by their names.

    Raises:
        TypeError: it is no command of a model, or does not take these arguments.
    """

    __slots__ = ("arguments", "command")

    command: str
    arguments: dict[str, Any]

    def __init__(
        self, command: Callable[Concatenate[Player, P], object], /, *arguments: P.args, **named: P.kwargs
    ) -> None:
        name, known, required = _command(command)
        if not arguments and required <= named.keys() <= known.keys():
            # So it is nearly always, and there may be hundreds at each change of a game.
            self.command, self.arguments = name, dict[str, Any](named)
            return
        if len(arguments) > len(known):
            raise TypeError(f"Move({name}, ...): {len(arguments)} arguments, and it takes {len(known)}")
        given: dict[str, Any] = dict(zip(known, arguments, strict=False))
        for each, value in named.items():
            if each in given:
                raise TypeError(f"Move({name}, ...): {each!r} is given twice")
            if each not in known:
                takes = ", ".join(known) or "none"
                raise TypeError(f"Move({name}, ...): there is no argument {each!r}; it takes {takes}")
            given[each] = value
        if not required <= given.keys():
            missing = ", ".join(each for each in known if each in required and each not in given)
            raise TypeError(f"Move({name}, ...): {missing} is missing")
        self.command, self.arguments = name, given

    def __repr__(self) -> str:
        given = "".join(f", {name}={value!r}" for name, value in self.arguments.items())
        return f"Move({self.command}{given})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Move):
            return NotImplemented
        return (self.command, self.arguments) == (other.command, other.arguments)

    __hash__ = None  # type: ignore[assignment]  # its arguments may be lists

    @property
    def choice(self) -> Choice:
        """The command as a client sends it."""
        return {"command": self.command, **self.arguments}


def legal_choices(model: Any, player: Player) -> list[Choice]:
    """What a model says a player may do.

    Args:
        model: as the game stands; it has a `legal`.
        player: who.

    Raises:
        TypeError: it says something else than moves.
        ValueError: it says too many.
        Exception: whatever it raises.
    """
    moves = list(islice(model.legal(player), MAX_MOVES + 1))
    if len(moves) > MAX_MOVES:
        raise ValueError(f"legal names more than {MAX_MOVES} moves")
    for move in moves:
        if not isinstance(move, Move):
            raise TypeError(f"legal named {move!r}; write Move(self.{_example(model)}, ...)")
    return [move.choice for move in moves]


def _command(command: Any) -> _Known:
    try:
        model: Any = type(command.__self__)
        return _known(model, command.__func__)
    except AttributeError:
        name = place_of(command).rpartition(".")[2] if callable(command) else "mark"
        raise TypeError(
            f"Move takes a command of the model first, and then its arguments: Move(self.{name}, ...)"
        ) from None


@lru_cache(maxsize=1024)
def _known(model: Any, method: Any) -> _Known:
    if not is_command(method):
        raise AttributeError("it is no command")
    spec = model.COMMANDS[method.__name__.lower()]
    names = spec.arguments.__struct_fields__
    defaults = dict(zip(reversed(names), reversed(spec.arguments.__struct_defaults__), strict=False))
    required = frozenset(name for name in names if defaults.get(name, NODEFAULT) is NODEFAULT)
    return spec.name, dict.fromkeys(names), required


def _example(model: Any) -> str:
    return str(next(iter(model.COMMANDS.values())).name)
