"""Simulation: a game that is played on from a standing, as fast as can be, and of which nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from itertools import islice
from typing import Any

import msgspec

from gamesvc.alarms import call_alarm
from gamesvc.context import Context, Player
from gamesvc.image import Image, restore, settle
from gamesvc.model import GameModel
from gamesvc.moves import MAX_MOVES, Move
from gamesvc.scores import scores
from gamesvc.standing import Standing, taken

Key = Hashable
"""What one move of a player is known by, in whatever state of the game."""

_PLAIN = frozenset((bool, float, int, str, type(None)))
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Simulation:
    """A game that is played on.

    Args:
        model: its class.
        players: who plays, in the order of the seats.
    """

    def __init__(self, model: type[GameModel], players: tuple[str, ...]) -> None:
        self.model = model()
        self._context = self.model._context = Context()
        self._players = [Player(player) for player in players]
        self._kind = model
        self._image: Image = ()

    def begin(self, standing: Standing, seed: bytes) -> None:
        """Play from a standing on.

        Args:
            standing: where to begin.
            seed: where the game's chance comes from.
        """
        context = self._context
        context.seed = seed
        context.entry, context.now = standing.entry, standing.now
        context.players = taken(standing.seats)
        context.alarms, context.last_alarm = standing.alarms, standing.last_alarm
        context.finished, context.outcome = standing.finished, standing.outcome
        self._image = standing.image
        restore(self.model, standing.image)

    @property
    def finished(self) -> bool:
        """Whether the game is over."""
        return self._context.finished

    @property
    def scores(self) -> Mapping[str, float] | None:
        """How it came out for each player; None where it does not say."""
        outcome = self._context.outcome
        return scores(_decode(outcome) if outcome else None, self._players)

    def legal(self) -> dict[Player, list[Move]]:
        """What those may do who may do something, in the order of their seats."""
        found = {}
        for player in self._players:
            moves = self.legal_for(player)
            if moves:
                found[player] = moves
        return found

    def legal_for(self, player: Player) -> list[Move]:
        """What a player may do."""
        return [] if self._context.finished else [*islice(self.model.legal(player), MAX_MOVES)]

    def play(self, player: Player, move: Move) -> None:
        """Have a player do something.

        Raises:
            GameError: the model refuses it. The game can't be played on.
            Exception: the model failed. The game can't be played on.
        """
        arguments = move.arguments
        if not _PLAIN.issuperset(map(type, arguments.values())):
            # As the game would get it, and so that it does not share what can change with the move.
            kind = self._kind.COMMANDS[move.command.lower()].arguments
            arguments = msgspec.structs.asdict(msgspec.json.decode(_encode(arguments), type=kind))
        self._run(self._context.now, getattr(self.model, move.command), player, **arguments)

    def wait(self) -> bool:
        """Let time go by until the next timer rings, or the next tick comes.

        Returns:
            Whether there was such a thing.

        Raises:
            Exception: the model failed. The game can't be played on.
        """
        context, rate = self._context, self._kind.TICK
        if context.finished:
            return False
        alarm = min(context.alarms, key=lambda each: (each.due, each.id), default=None)
        tick_at = None if rate is None else context.now + 1 / rate
        if alarm is not None and (tick_at is None or alarm.due <= tick_at):
            context.alarms = tuple([each for each in context.alarms if each.id != alarm.id])
            self._run(alarm.due, call_alarm, self.model, alarm)
            return True
        if tick_at is not None:
            self._run(tick_at, self.model.on_tick)
            return True
        return False

    def _run(self, now: float, call: Callable[..., object], *arguments: object, **named: Any) -> None:
        context = self._context
        context.begin(context.entry + 1, now)
        call(*arguments, **named)
        # A game means the state as it would be loaded again, where nothing is shared; and it takes no longer.
        self._image = settle(self.model, self._image)


def key_of(move: Move) -> Key:
    """What a move is known by."""
    key = move.command, *move.arguments.items()
    try:
        hash(key)
    except TypeError:
        return move.command, _encode(move.arguments)
    return key
