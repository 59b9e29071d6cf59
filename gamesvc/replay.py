"""Replay: a game that is played once more from its beginning, by what the journal has of it, through the code of today.

Tests that ``gamesvc replay --as-test`` writes are made of this, so it is for authors, too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from gamesvc.bot_seats import told_of_bots
from gamesvc.context import Alarm, Player
from gamesvc.errors import CANNOT_LEAVE, GAME_OVER, NOT_A_PLAYER, NOT_STARTED
from gamesvc.instance import Instance
from gamesvc.journal.records import BotSeat, Entry
from gamesvc.messages import encode_joined, encode_left
from gamesvc.migration import MigrationError, migrated
from gamesvc.model import GameModel
from gamesvc.options import OptionsError
from gamesvc.options import given as given_options
from gamesvc.standing import Effect, Standing, keeps_players
from gamesvc.telling import Private, fault_name, options_of, plain, told

__all__ = ["Coming", "Private", "Refused", "Replay"]


class Refused(Exception):
    """What took effect then, gamesvc would not even hand to the model today. The message says why."""


class Coming(NamedTuple):
    """A timer that is to come.

    Attributes:
        id: what `Replay.timer` takes.
        due: when, in seconds since the epoch.
        method: the model's, by name.
        arguments: what it is called with.
    """

    id: int
    due: float
    method: str
    arguments: list[Any]


class Replay:
    """A game that is played once more. Everything has to be done in the order in which it was done then, since chance
    depends on it.

    Args:
        model: the game's class.
        seed: where its chance comes from.
        standing: how it stands; None for one that is to be opened.

    Attributes:
        events: what was published by what was done last: each a dict, or `Private`.
        result: what the last command returned; None where it was nothing.
        fault: the name of the exception with which the model failed at what was done last; empty where it did not.
        effect: what was done last.
    """

    def __init__(self, model: type[GameModel], seed: bytes, standing: Standing | None = None) -> None:
        self.events: list[Any] = []
        self.result: Any = None
        self.fault = ""
        self.effect: Effect | None = None
        self._model = model
        self._seed = seed
        self._instance = Instance(model, seed, standing)

    @property
    def standing(self) -> Standing:
        """How the game stands."""
        return self._instance.standing

    @property
    def state(self) -> dict[str, Any]:
        """The model's fields by name, as they are stored: numbers, text, lists and dicts."""
        fields = zip(self._model.FIELDS, self.standing.image, strict=True)
        return {field.name: plain(encoded) for field, encoded in fields}

    @property
    def seats(self) -> list[str | None]:
        """Who has each seat, None where it is free."""
        return list(self.standing.seats)

    @property
    def timers(self) -> list[Coming]:
        """What is to come."""
        return [
            Coming(alarm.id, alarm.due, alarm.method, msgspec.json.decode(alarm.arguments))
            for alarm in self.standing.alarms
        ]

    @property
    def finished(self) -> bool:
        """Whether the game is over."""
        return self.standing.finished

    @property
    def outcome(self) -> dict[str, Any] | None:
        """The event with which the game ended; None where there is none."""
        outcome = self.standing.outcome
        return msgspec.json.decode(outcome, type=dict[str, Any]) if outcome else None

    def open(self, at: float, players: Sequence[str] = (), options: Mapping[str, Any] | None = None) -> None:
        """Set the game up.

        Args:
            at: seconds since the epoch.
            players: who has the first seats from the beginning.
            options: of `setup`, as JSON has them; one that is missing has its default.

        Raises:
            Refused: the model has no seats for them, or does not take these options.
            Exception: whatever `setup` raises.
        """
        self._fitting(players)
        try:
            given = given_options(self._model, msgspec.json.encode(options or {}))
        except OptionsError as error:
            raise Refused(str(error)) from error
        self._did(self._instance.open(at, tuple(players), given))

    def seat(self, at: float, seats: Sequence[str | None], comer: str | None = None, fault: str = "") -> None:
        """Let players sit.

        Args:
            at: seconds since the epoch.
            seats: all of them, None where one is free.
            comer: who of them has come, if it is known: others whom a token names sit down with them, and are not
                connected.
            fault: the name of the exception with which `on_join` or `on_start` failed then; where that is given, they
                may fail now, and `fault` of this says with what.

        Raises:
            Refused: the model does not have so many.
            GameError: the model refuses it.
            BaseException: the model failed.
        """
        before = self.standing.seats
        after = self._fitting(seats)
        joined = [
            encode_joined(name, seat)
            for seat, name in enumerate(after)
            if name is not None and (seat >= len(before) or before[seat] is None)
        ]
        player = None if comer is None else Player(comer)
        self._happen(
            fault,
            lambda: self._instance.seat(at, after, joined, player),
            lambda: self._instance.seat(at, after, joined, player, tell=False),
        )

    def leave(self, at: float, player: str) -> None:
        """Let a player give up their seat.

        Args:
            at: seconds since the epoch.
            player: who.

        Raises:
            Refused: they have none, or can't: the game is over, or has begun and the model has no `on_leave`.
            GameError: the model refuses it.
            BaseException: the model failed.
        """
        before = self.standing
        if player not in before.seats:
            raise Refused(f"{player!r} has no seat")
        if before.finished:
            raise Refused(GAME_OVER.message)
        if before.started and keeps_players(self._model):
            raise Refused(CANNOT_LEAVE.message)
        seat = before.seats.index(Player(player))
        after = (*before.seats[:seat], None, *before.seats[seat + 1 :])
        self._did(self._instance.seat(at, after, [encode_left(player, seat)]))

    def bots(
        self,
        at: float,
        seats: Sequence[str | None] | None = None,
        bots: Mapping[str, str] | None = None,
        stand_in_for: Collection[str] = (),
    ) -> None:
        """Let bots play for players.

        Args:
            at: seconds since the epoch.
            seats: all of them, None where one is free. None: as before.
            bots: their names, by the players for whom they play; all of them. None: as before.
            stand_in_for: those of these players whose seat is not the bot's own.

        Raises:
            Refused: the model does not have so many seats.
            GameError: the model refuses it.
            BaseException: the model failed.
        """
        before = self.standing
        after = before.seats if seats is None else self._fitting(seats)
        now = before.bots
        if bots is not None:
            now = tuple(BotSeat(player, bot, player in stand_in_for) for player, bot in bots.items())
        self._did(self._instance.seat(at, after, told_of_bots(before, after, now), bots=now))

    def away(self, at: float, player: str, fault: str = "") -> None:
        """Tell the model that a player has no connection any more.

        Args:
            at: seconds since the epoch.
            player: who.
            fault: as for `timer`.

        Raises:
            Refused: they have no seat, or the game is over.
            BaseException: the model failed.
        """
        self._presence(at, player, fault, away=True)

    def back(self, at: float, player: str, fault: str = "") -> None:
        """Tell the model that a player is connected.

        Args:
            at: seconds since the epoch.
            player: who.
            fault: as for `timer`.

        Raises:
            Refused: they have no seat, or the game is over.
            BaseException: the model failed.
        """
        self._presence(at, player, fault, away=False)

    # Positional, because a command may have arguments of any name.
    def command(self, at: float, player: str, name: str, /, **arguments: Any) -> None:
        """Run a command.

        Args:
            at: seconds since the epoch.
            player: who sent it.
            name: the command's.
            arguments: as the client sent them.

        Raises:
            Refused: there is no such command, it does not take these arguments, or the player can't do anything now.
            GameError: the model refuses it.
            BaseException: the model failed.
        """
        spec = self._model.COMMANDS.get(name.lower())
        if spec is None:
            raise Refused(f"there is no command {name!r}")
        self._admit(player)
        checked = _checked(spec.name, spec.arguments, arguments)
        self._did(self._instance.command(at, spec.name, Player(player), checked))

    def timer(self, at: float, id: int, fault: str = "") -> None:
        """Run a timer that is due.

        Args:
            at: seconds since the epoch.
            id: the timer's.
            fault: the name of the exception with which it failed then; where that is given, it may fail now, and
                `fault` of this says with what.

        Raises:
            Refused: there is no such timer.
            BaseException: the model failed.
        """
        alarm = self._alarm(id)
        self._happen(fault, lambda: self._instance.alarm(at, alarm), lambda: self._instance.drop(at, alarm))

    def tick(self, at: float, fault: str = "") -> None:
        """Run a tick. It takes an entry also where nothing comes of it: else what follows would have another chance.

        Args:
            at: seconds since the epoch.
            fault: as for `timer`.

        Raises:
            Refused: the game has not begun, or is over.
            BaseException: the model failed.
        """
        self._require_going()
        instance = self._instance
        self._happen(fault, lambda: instance.tick(at) or instance.skip(at), lambda: instance.skip(at))

    def renew(
        self, at: float, seed: bytes | None = None, state: dict[str, Any] | None = None, version: int | None = None
    ) -> None:
        """Let the game go on with another chance, because it was restored from a copy or had lost something; or with
        another state, because it was brought to another version of the model.

        Args:
            at: seconds since the epoch.
            seed: where its chance comes from, from here on; None: from where it came before.
            state: the model's fields by name, as `state` has them; one that is missing gets its default. None: they
                stay as they are.
            version: of the model, to which that state belongs; None: today's.

        Raises:
            Refused: the state does not fit the model, nor does `migrate` make it fit. Nothing has changed.
        """
        before = self.standing
        image = before.image
        if state is not None:
            try:
                stored = {name: msgspec.msgpack.encode(value) for name, value in state.items()}
                image = migrated(self._model, stored, self._model.VERSION if version is None else version)
            # The others are for what MessagePack does not have.
            except (MigrationError, OverflowError, TypeError) as error:
                raise Refused(str(error)) from error
        after = self._instance.seat(at, before.seats, []).after._replace(image=image)
        self._seed = self._seed if seed is None else seed
        self._instance = Instance(self._model, self._seed, after)
        self._did(Effect(before, after, []))

    def again(self, entry: Entry) -> None:
        """Do what an entry tells of.

        Raises:
            Refused, GameError, BaseException: as the methods for each kind do.
        """
        fault, player = fault_name(entry), entry.player or ""
        if entry.kind == "opened":
            self.open(entry.time, [name for name in entry.seats or () if name is not None], options_of(entry))
        elif entry.kind == "seated":
            # Without seats it is of somebody who asked for what was so already.
            self.seat(entry.time, self.seats if entry.seats is None else entry.seats, entry.player, fault)
        elif entry.kind == "left" and entry.seats is None:
            self.seat(entry.time, self.seats)
        elif entry.kind == "left":
            self.leave(entry.time, player)
        elif entry.kind == "bot":
            bots = self.standing.bots if entry.bots is None else entry.bots
            owners = [each.player for each in bots if each.stands_in]
            self.bots(entry.time, entry.seats, {each.player: each.bot for each in bots}, owners)
            if self.effect is not None:
                # The model has no part in what is answered to who asked for it.
                self._did(self.effect._replace(result=entry.result))
        elif entry.kind == "away":
            self.away(entry.time, player, fault)
        elif entry.kind == "back":
            self.back(entry.time, player, fault)
        elif entry.kind == "tick":
            self.tick(entry.time, fault)
        elif entry.kind == "command":
            self.command(entry.time, player, entry.name, **msgspec.json.decode(entry.arguments or b"{}"))
        elif entry.kind == "renewed":
            state = {name: plain(value) for name, value in entry.changed.items()} or None
            opening = entry.opening
            seed, version = (None, None) if opening is None else (opening.seed, opening.version)
            self.renew(entry.time, seed, state, version)
        else:
            self.timer(entry.time, entry.timer or 0, fault)

    def _happen(self, fault: str, run: Callable[[], Effect], instead: Callable[[], Effect]) -> None:
        """Do what happened whatever the model made of it; where it failed then, it may fail now."""
        try:
            self._did(run())
        except KeyboardInterrupt:
            raise
        # GameError and SystemExit, too: it has happened, whatever it did.
        except BaseException as error:
            if not fault:
                raise
            self._did(instead())
            self.fault = type(error).__name__

    def _presence(self, at: float, player: str, fault: str, *, away: bool) -> None:
        if self.finished:
            raise Refused(GAME_OVER.message)
        if self._model.SEATS is not None and player not in self.standing.seats:
            raise Refused(f"{player!r} has no seat")
        instance, name = self._instance, Player(player)
        self._happen(
            fault,
            lambda: instance.presence(at, name, away=away),
            lambda: instance.miss(at, name, away=away),
        )

    def _did(self, effect: Effect) -> None:
        self.effect = effect
        self.fault = ""
        self.result = None if effect.result is None else msgspec.json.decode(effect.result)
        self.events = [told(body, None if to is None else sorted(to)) for body, to in effect.events]

    def _fitting(self, seats: Sequence[str | None]) -> tuple[Player | None, ...]:
        """The seats as the model has them: free ones at the end may be more or fewer than there were."""
        most = (self._model.SEATS or (0, 0))[1]
        if any(seats[most:]):
            raise Refused(f"{len(seats)} seats were taken, and {self._model.__name__} has {most}")
        players = [None if name is None else Player(name) for name in seats[:most]]
        return (*players, *(None,) * (most - len(players)))

    def _admit(self, player: str) -> None:
        """What gamesvc looks at before the model is asked."""
        if self._model.SEATS is not None and player not in self.standing.seats:
            raise Refused(NOT_A_PLAYER.message)
        self._require_going()

    def _require_going(self) -> None:
        if self.finished:
            raise Refused(GAME_OVER.message)
        if self._model.SEATS is not None and len(self._instance.players) < self._model.SEATS[0]:
            raise Refused(NOT_STARTED.message)

    def _alarm(self, id: int) -> Alarm:
        for alarm in self.standing.alarms:
            if alarm.id == id:
                return alarm
        raise Refused(f"no timer {id} is to come")


def _checked(name: str, kind: type[msgspec.Struct], arguments: dict[str, Any]) -> msgspec.Struct:
    try:
        return msgspec.convert(arguments, kind)
    # A type of the author's own may check itself, and fail at that.
    except Exception as error:
        raise Refused(f"{name} does not take these arguments: {error}") from error
