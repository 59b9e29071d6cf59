"""Standing: how a game stands between two entries, and Effect: what led from one to the next.

Neither ever changes: to go back is to load an old standing.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from gamesvc.context import Alarm, Player
from gamesvc.image import Image
from gamesvc.journal.records import BotSeat, Entry, EntryKind, Opening, Published
from gamesvc.journal.records import Timer as TimerRecord
from gamesvc.model import GameModel


class Standing(NamedTuple):
    """How a game stands after an entry.

    Attributes:
        entry: its number.
        now: its time, in seconds since the epoch.
        image: the model's fields.
        seats: who has each, None where it is free.
        alarms: what is to come.
        last_alarm: the highest id that one has had.
        finished: whether the game is over.
        outcome: the event with which it ended, as JSON; empty where there is none.
        started: whether all seats that are needed have been taken at some time.
        here: the players who are connected, as far as the model was told; of a model that is told.
        bots: those that play for somebody.
    """

    entry: int
    now: float
    image: Image
    seats: tuple[Player | None, ...]
    alarms: tuple[Alarm, ...] = ()
    last_alarm: int = 0
    finished: bool = False
    outcome: bytes = b""
    started: bool = False
    here: frozenset[str] = frozenset()
    bots: tuple[BotSeat, ...] = ()

    def bot_of(self, player: str) -> BotSeat | None:
        """The bot that plays for somebody; None where they do so themselves."""
        for each in self.bots:
            if each.player == player:
                return each
        return None

    def has_own_bot(self, player: str) -> bool:
        """Whether a player is a bot, and nobody else: its seat is its own."""
        bot = self.bot_of(player)
        return bot is not None and not bot.stands_in

    @property
    def wake_at(self) -> float | None:
        """When the next timer is due, in seconds since the epoch; None where there is none."""
        return min([alarm.due for alarm in self.alarms]) if self.alarms else None


class Effect(NamedTuple):
    """What a call has done.

    Attributes:
        before: how the game stood.
        after: how it stands.
        events: what was published: encoded, each with the players who see it (None: everybody).
        result: what was returned, as JSON; None where nothing was.
    """

    before: Standing
    after: Standing
    events: list[tuple[bytes, frozenset[str] | None]]
    result: bytes | None = None

    def entry(
        self,
        model: type[GameModel],
        kind: EntryKind,
        player: str | None = None,
        id: str | None = None,
        name: str = "",
        arguments: bytes = b"",
        *,
        timer: int | None = None,
        fault: str = "",
        opening: Opening | None = None,
    ) -> Entry:
        """What the journal keeps of it.

        Args:
            model: whose fields these are.
            kind: of entry.
            player, id, name, arguments, timer, fault, opening: what the effect does not know, as in `Entry`.
        """
        before, after = self.before, self.after
        # By their places, which takes half the time: one is made for each command.
        return Entry(
            after.entry,
            kind,
            after.now,
            player,
            id,
            name,
            arguments,
            self.result,
            tuple([Published(body, None if to is None else tuple(sorted(to))) for body, to in self.events]),
            _UNCHANGED if after.image is before.image else _changed(model, before.image, after.image),
            None if after.seats is before.seats or after.seats == before.seats else after.seats,
            None if after.alarms is before.alarms else tuple([TimerRecord(*alarm) for alarm in after.alarms]),
            timer,
            fault,
            after.finished,
            opening,
            after.last_alarm,
            after.outcome,
            after.started,
            None if after.bots is before.bots or after.bots == before.bots else after.bots,
        )


_UNCHANGED: dict[str, msgspec.Raw] = {}


def _changed(model: type[GameModel], before: Image, after: Image) -> dict[str, msgspec.Raw]:
    return {
        field.name: msgspec.Raw(new)
        for field, old, new in zip(model.FIELDS, before or (b"",) * len(after), after, strict=True)
        if old != new
    }


def taken(seats: tuple[Player | None, ...]) -> tuple[Player, ...]:
    """Those who have a seat, in the order of their seats."""
    return tuple([player for player in seats if player is not None])


def has_people(standing: Standing) -> bool:
    """Whether somebody has a seat for whom no bot plays; in a game without seats, always."""
    played = {each.player for each in standing.bots}
    return not standing.seats or any(player is not None and player not in played for player in standing.seats)


def is_playable(model: type[GameModel], standing: Standing) -> bool:
    """Whether as many have a seat as are needed."""
    return model.SEATS is None or len(standing.seats) - standing.seats.count(None) >= model.SEATS[0]


def keeps_players(model: type[GameModel]) -> bool:
    """Whether nobody can give their seat up once the game has begun: a model that is not told who goes can't do without
    them. In a game without seats everybody comes and goes."""
    return model.SEATS is not None and "on_leave" not in model.HOOKS


def opening_entry(effect: Effect, model: type[GameModel], opening: Opening) -> Entry:
    """The first entry of a game.

    Args:
        effect: of opening it.
        model: its class.
        opening: what it began with.
    """
    # A game without fields, or whose fields are all at their defaults, still says what they were.
    entry = effect.entry(model, "opened", opening=opening)
    return msgspec.structs.replace(entry, seats=effect.after.seats)


def stored_fields(model: type[GameModel], image: Image) -> dict[str, msgspec.Raw]:
    """All fields of an image by their names, as the journal keeps them."""
    return {field.name: msgspec.Raw(value) for field, value in zip(model.FIELDS, image, strict=True)}
