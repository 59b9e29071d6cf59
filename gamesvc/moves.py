"""Move: a command that a player may send, as `GameModel.legal` names it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from typing import Any, Concatenate, ParamSpec

from msgspec import NODEFAULT, Struct

from gamesvc.context import Player
from gamesvc.signatures import is_command, place_of

P = ParamSpec("P")

MAX_MOVES = 1 << 14
"""How many moves `legal` may name."""

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

    def __init__(
        self, command: Callable[Concatenate[Player, P], object], /, *arguments: P.args, **named: P.kwargs
    ) -> None:
        kind = _spec_of(command).arguments
        known, required = _takes(kind)
        if len(arguments) > len(known):
            raise TypeError(f"Move({command.__name__}, ...): {len(arguments)} arguments, and it takes {len(known)}")
        given: dict[str, Any] = dict(zip(known, arguments, strict=False))
        for name, value in named.items():
            if name in given:
                raise TypeError(f"Move({command.__name__}, ...): {name!r} is given twice")
            if name not in known:
                takes = ", ".join(known) or "none"
                raise TypeError(f"Move({command.__name__}, ...): there is no argument {name!r}; it takes {takes}")
            given[name] = value
        if len(given) < len(known) and not required.issubset(given):
            missing = ", ".join(name for name in known if name in required and name not in given)
            raise TypeError(f"Move({command.__name__}, ...): {missing} is missing")
        self.command: str = command.__name__
        self.arguments = given

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


def _spec_of(command: Any) -> Any:
    model = getattr(command, "__self__", None)
    if model is None or isinstance(model, type) or not is_command(command):
        name = place_of(command).rpartition(".")[2] if callable(command) else "mark"
        raise TypeError(f"Move takes a command of the model first, and then its arguments: Move(self.{name}, ...)")
    return model.COMMANDS[command.__name__.lower()]


@lru_cache(maxsize=1024)
def _takes(kind: type[Struct]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The arguments of a command, and those of them that must be given."""
    known = kind.__struct_fields__
    defaults = dict(zip(reversed(known), reversed(kind.__struct_defaults__), strict=False))
    return known, frozenset(name for name in known if defaults.get(name, NODEFAULT) is NODEFAULT)


def _example(model: Any) -> str:
    return str(next(iter(model.COMMANDS.values())).name)
