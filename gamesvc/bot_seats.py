"""Which players are played by bots, and how that changes: a bot takes a seat, stands in for somebody, or goes.

A bot's own seat has a player like any other, with a name that is the bot's. Where it stands in, the seat stays its
player's, who gets it back.
"""

from __future__ import annotations

from itertools import count
from typing import NamedTuple

from gamesvc.context import Player
from gamesvc.journal.records import BotSeat
from gamesvc.messages import encode_bot, encode_joined, encode_left
from gamesvc.standing import Standing

_PREFIX = "bot-"
_MAX_STEM = 48


class Seats(NamedTuple):
    """Who has each seat, and the bots that play.

    Attributes:
        seats: None where one is free.
        bots: all of them.
        player: for whom the bot plays that this is about.
    """

    seats: tuple[Player | None, ...]
    bots: tuple[BotSeat, ...]
    player: Player


def seated(standing: Standing, bot: str) -> Seats | None:
    """A bot takes the first free seat; None where there is none.

    Args:
        standing: how the game stands.
        bot: its name.
    """
    if None not in standing.seats:
        return None
    player = _free_name(standing, bot)
    free = standing.seats.index(None)
    seats = (*standing.seats[:free], player, *standing.seats[free + 1 :])
    return Seats(seats, (*standing.bots, BotSeat(player, bot)), player)


def stood_in(standing: Standing, player: Player, bot: str) -> Seats:
    """A bot plays for somebody from now on: for a player, who gets the seat back; or in place of another bot.

    Args:
        standing: how the game stands.
        player: who; they have a seat.
        bot: its name.
    """
    before = standing.bot_of(player)
    now = BotSeat(player, bot, stands_in=before is None or before.stands_in)
    return Seats(standing.seats, (*_without(standing, player), now), player)


def gone(standing: Standing, player: Player) -> Seats:
    """A bot plays no more: its own seat is free, or its player has theirs back.

    Args:
        standing: how the game stands.
        player: for whom it has played.
    """
    before = standing.bot_of(player)
    seats = standing.seats
    if before is not None and not before.stands_in:
        seats = tuple(None if each == player else each for each in seats)
    return Seats(seats, _without(standing, player), player)


def told_of_bots(standing: Standing, seats: tuple[Player | None, ...], bots: tuple[BotSeat, ...]) -> list[bytes]:
    """The events that tell how it has changed.

    Args:
        standing: how the game stood.
        seats: who has each from now on.
        bots: all of them from now on.
    """
    before = standing.seats
    events = [
        encode_left(player, seat) for seat, player in enumerate(before) if player is not None and player not in seats
    ]
    events += [
        encode_joined(player, seat) for seat, player in enumerate(seats) if player is not None and player not in before
    ]
    then = {each.player: each.bot for each in standing.bots}
    now = {each.player: each.bot for each in bots}
    events += [encode_bot(player, bot) for player, bot in now.items() if then.get(player) != bot]
    events += [encode_bot(player, None) for player in then if player not in now and player in seats]
    return events


def _without(standing: Standing, player: str) -> tuple[BotSeat, ...]:
    return tuple([each for each in standing.bots if each.player != player])


def _free_name(standing: Standing, bot: str) -> Player:
    stem = f"{_PREFIX}{bot[:_MAX_STEM]}"
    names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    return Player(next(name for name in names if name not in standing.seats))
