"""What the lobby forgets where there is no room for all: games whose listing is needed least, and names of guests who
have not come for long."""

from __future__ import annotations

from gamesvc.web.lobby_entries import HOUR, Held, Listed
from gamesvc.web.lobby_shelves import Shelves

SPARED_SECONDS = 24 * HOUR
"""How long a game that has begun makes no room for others, even where there is none left."""

SPARE_BYTES = 512
"""How much room is made, so that not the next one needs some again."""


def make_room(shelves: Shelves[Listed], shelf: dict[str, Listed], kept: str, now: float) -> None:
    """Forget games of a shelf as far as there is no room: the oldest that are over, those that are for nobody, then
    others that have not begun, at last those that began long ago. Those that are played stay, else: their players come
    back for new tokens.

    Args:
        shelves: whose it is.
        shelf: games, by their ids.
        kept: the id of one that stays.
        now: seconds since the epoch.
    """
    if not shelves.is_too_full(shelf):
        return
    others = sorted(
        (
            each
            for each in shelf.values()
            if each.game != kept and (each.finished or not each.started or each.changed + SPARED_SECONDS <= now)
        ),
        key=need,
    )
    for listed in others:
        del shelf[listed.game]
        if len(shelves.packed(shelf)) <= shelves.most - SPARE_BYTES:
            return


def make_room_for_names(shelves: Shelves[Held], shelf: dict[str, Held], now: float) -> None:
    """Forget names of a shelf whose day is over, as far as there is no room and they are more than half of it, those
    first that have been so for longest. So neither who sleeps keeps all others out, nor the other way round.

    Args:
        shelves: whose it is.
        shelf: names.
        now: seconds since the epoch.
    """
    asleep = sorted((name for name, held in shelf.items() if held.until <= now), key=lambda name: shelf[name].until)
    for gone, name in enumerate(asleep):
        if not shelves.is_too_full(shelf) or 2 * (len(asleep) - gone) <= len(shelf):
            return
        del shelf[name]


def need(listed: Listed) -> tuple[int, float]:
    """How much a game's listing is needed, beside others."""
    return _need(listed), listed.changed


def _need(listed: Listed) -> int:
    if listed.finished:
        return 0
    if listed.started:
        return 3
    return 2 if any(listed.players) or listed.named else 1
