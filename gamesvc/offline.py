"""OfflineGame: a game that is played in this process, without a server: for bots that play by the thousand.

Seats are taken, commands are judged and views are made by what does it on a server, so that a bot meets the same
refusals and is shown the same bytes. Nothing is kept, and time stands still unless it is told to go by.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from gamesvc.bots import Turn
from gamesvc.context import Player
from gamesvc.errors import BAD_JSON, GAME_OVER, NOT_A_PLAYER, NOT_STARTED, ErrorCode, RequestRefused
from gamesvc.happening import PendingAlarm, PendingPresence, PendingTick
from gamesvc.instance import Instance
from gamesvc.messages import MessageError, decode_request, is_framework
from gamesvc.model import GameModel
from gamesvc.options import OptionsError, checked, given
from gamesvc.pending import Asked, Pending, PendingCommand, Role
from gamesvc.receipts import Receipts
from gamesvc.refused import Refused
from gamesvc.scores import scores
from gamesvc.seating import PendingSeat
from gamesvc.signatures import CommandSpec
from gamesvc.views import Views

START = 1_800_000_000.0
"""When games begin, in seconds since the epoch."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class _Judged:
    """The game as those see it who judge what is done in it.

    Attributes:
        fault: what the model raised last, other than a refusal; None where it raised nothing.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.commands: dict[str, CommandSpec] = instance.kind.COMMANDS
        self.receipts = Receipts()
        self.pending_ids: dict[tuple[str, str], Asked] = {}
        self.time = START
        self.fault: BaseException | None = None

    def now(self) -> float:
        return self.time

    def refuses(self, role: Role) -> ErrorCode | None:
        if not role.playing:
            return NOT_A_PLAYER
        if self.instance.standing.finished:
            return GAME_OVER
        return None if self.instance.is_playable else NOT_STARTED

    def failed(self, what: str, fault: BaseException) -> str:
        fault.add_note(f"in {what}")
        self.fault = fault
        return "offline"


class OfflineGame:
    """A game in this process, with all its players.

        game = OfflineGame(TicTacToe, ["alice", "bob"])
        while not game.finished:
            for player in game.to_move:
                game.act(player, random.choice(game.legal(player)))

    Where the model itself fails, be it in a command, a hook or a timer, the call raises what the model raised.

    Args:
        model: the game's class.
        players: who plays: they come one after the other, in this order, and take the seats.
        seed: where the game's chance comes from; the same seed, the same game.
        options: of the model's ``setup``, by name.

    Attributes:
        players: who plays, in the order of the seats.
        instance: the running model.

    Raises:
        ValueError: the model does not take these options, or has no seats for these players, or does not want one.
    """

    def __init__(
        self,
        model: type[GameModel],
        players: Sequence[str],
        *,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        fewest, most = model.SEATS or (1, len(players))
        if not fewest <= len(players) <= most or len(set(players)) < len(players):
            count = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            raise ValueError(f"{model.__name__} is for {count} players of different names, and not for {players!r}")
        try:
            stored = checked(model, dict(options or {}))
        except OptionsError as error:
            raise ValueError(f"options: {error}") from None
        self.players = tuple(players)
        self.instance = Instance(model, sha256(b"gamesvc offline %d" % seed).digest())
        self._model = model
        self._game = _Judged(self.instance)
        self._views = Views(model)
        self._published: list[tuple[bytes, frozenset[str] | None]] = []
        self._events: list[tuple[dict[str, Any], frozenset[str] | None]] = []
        self._published += self.instance.open(START, (), given(model, stored)).events
        for player in players:
            self._seat(player)

    # What is seen of it.

    @property
    def finished(self) -> bool:
        """Whether the game is over."""
        return self.instance.standing.finished

    @property
    def outcome(self) -> dict[str, Any] | None:
        """The event with which the game ended; None where there is none."""
        outcome = self.instance.standing.outcome
        return _decode(outcome) if outcome else None

    @property
    def scores(self) -> dict[str, float] | None:
        """How it came out for each player; None while it is not over, and where the last event does not say."""
        return scores(self.outcome, self.players) if self.finished else None

    @property
    def now(self) -> float:
        """The game's time, in seconds since the epoch."""
        return self._game.time

    @property
    def events(self) -> list[tuple[dict[str, Any], frozenset[str] | None]]:
        """The game's own events since it began, each with the players who see it (None: everybody)."""
        for body, to in self._published[len(self._events) :]:
            self._events.append((_decode(body), to))
        return self._events

    def view(self, player: str | None) -> dict[str, Any]:
        """What somebody is shown of the state, as JSON gives it. It is the caller's own.

        Args:
            player: who; None for who watches.

        Raises:
            ViewError: the model failed at it.
        """
        audience = self._views.audience(None if player is None else Player(player))
        view: dict[str, Any] = _decode(self._views.state(self.instance.standing, audience))
        return view

    def legal(self, player: str) -> list[dict[str, Any]]:
        """What a player may do, as far as the model says so: commands as a client sends them.

        Args:
            player: who.

        Raises:
            ViewError: the model failed at it.
        """
        legal: list[dict[str, Any]] = _decode(_encode(self._legal(player)))
        return legal

    def may_move(self, player: str) -> bool:
        """Whether a player may do something, as far as the model says so.

        Args:
            player: who.

        Raises:
            ViewError: the model failed at it.
        """
        return bool(self._legal(player))

    @property
    def to_move(self) -> list[str]:
        """Who may do something, as far as the model says so, in the order of the seats.

        Raises:
            ViewError: the model failed at it.
        """
        return [player for player in self.players if self._legal(player)]

    def turn(self, player: str, random: random.Random) -> Turn:
        """What a bot is asked with.

        Args:
            player: for whom it plays.
            random: where its chance comes from.

        Raises:
            ViewError: the model failed at the view.
        """
        return Turn(self._model, player, self.players, self.view(player), random, self.instance.standing.now)

    # What is done in it.

    def act(self, player: str, choice: Mapping[str, Any]) -> None:
        """Have a player send a command.

        Args:
            player: who.
            choice: the command, as a client sends it: ``{"command": "mark", "cell": 4}``.

        Raises:
            Refused: it was refused, and nothing has changed.
        """
        try:
            request = decode_request(_encode(dict(choice)))
        except MessageError as error:
            raise Refused(error.error.code, str(error)) from None
        except (TypeError, ValueError, RecursionError) as error:
            raise Refused(BAD_JSON.code, f"{BAD_JSON.message}: {error}") from None
        replies: list[bytes] = []
        role = Role(Player(player), playing=player in self.players)
        # Under an id it could be sent twice, which does not happen here.
        self._do(PendingCommand(role, request._replace(id=None), replies.append))
        reply = _decode(replies[0])
        if reply["status"] == "error":
            why = reply["error"]
            raise Refused(why["code"], why["message"], why["retryable"])

    def skip(self) -> bool:
        """Let time go by until something happens of itself: the next timer rings, or the next tick comes.

        Returns:
            Whether there was such a thing.
        """
        standing, game, rate = self.instance.standing, self._game, self._model.TICK
        wake_at = standing.wake_at
        tick_at = None if rate is None or standing.finished or not self.instance.is_playable else game.time + 1 / rate
        if wake_at is not None and (tick_at is None or wake_at <= tick_at):
            game.time = max(game.time, wake_at)
            self._do(PendingAlarm(min(standing.alarms, key=lambda alarm: (alarm.due, alarm.id))))
            return True
        if tick_at is not None:
            game.time = tick_at
            self._do(PendingTick(tick_at, lambda: None))
            return True
        return False

    def _legal(self, player: str) -> list[dict[str, Any]]:
        view = self._views.view(self.instance.standing, self._views.audience(Player(player)))
        legal: list[dict[str, Any]] = view.get("legal", [])
        return legal

    def _seat(self, player: str) -> None:
        roles: list[Role | RequestRefused] = []
        self._do(PendingSeat(player, None, False, roles.append))
        if not (isinstance(roles[0], Role) and roles[0].playing):
            raise ValueError(f"{self._model.__name__} does not want {player!r}: on_join refuses them")
        if not self._model.HOOKS.isdisjoint(("on_away", "on_back")):
            # Where that took no seat, it is told now.
            self._do(PendingPresence(Player(player), away=False, settled=lambda: None))

    def _do(self, pending: Pending) -> None:
        game = self._game
        game.fault = None
        pending.judge(game)
        if game.fault is not None:
            raise game.fault
        if pending.effect is not None:
            self._published += [each for each in pending.effect.events if not is_framework(each[0])]
        pending.settle(game)
