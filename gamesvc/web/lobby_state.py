"""What the lobby keeps things in: how large that may become, and how it was kept before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from gamesvc.web.lobby_entries import Held, Invite, Listed, Ticket
from gamesvc.web.lobby_room import need
from gamesvc.web.lobby_shelves import Shelves

GAMES = Shelves("games", 32, Listed, 12_000)
GUESTS = Shelves("guests", 32, Held, 6_500)
INVITES = Shelves("invites", 16, Invite, 3_750)
TICKETS = Shelves("tickets", 16, Ticket, 5_000)
"""How large they may become: together they stay below what a game's state may have."""

_decode_guests_before = msgspec.msgpack.Decoder(dict[str, float]).decode
_GAMES_BEFORE = tuple(f"games_{number}" for number in range(16))

S = TypeVar("S", bound=Struct)
T = TypeVar("T")


def migrate_from_1(state: dict[str, Any]) -> None:
    """Put on shelves what the first version had as it is. Where there is no room for all of it, what would be forgotten
    first is.

    Args:
        state: the first version's; changed in place.
    """
    if isinstance(state.get("games_0"), bytes):
        # It lay on shelves before the version said so.
        migrate_from_2(state)
        return
    games = {id: _struct(Listed, each) for field in _GAMES_BEFORE for id, each in state.pop(field).items()}
    invites = {id: _struct(Invite, each) for id, each in state.pop("invites").items()}
    tickets = {id: _struct(Ticket, each) for id, each in state.pop("tickets").items()}
    waiting = sorted((each for each in tickets.values() if not each.game), key=lambda each: each.since)
    for place, each in enumerate(waiting):
        tickets[each.ticket] = msgspec.structs.replace(each, place=place + 1)
    guests = {name: Held(until) for name, until in state.pop("guests").items()}
    state["came"] = len(waiting)
    state.update(_sorted(games, guests, invites, tickets, b""))


def migrate_from_2(state: dict[str, Any]) -> None:
    """Give names of guests room for what the second version did not know of them. They stay where they lie.

    Args:
        state: the second version's; changed in place.
    """
    for field in GUESTS.fields:
        if state.get(field):
            before = _decode_guests_before(state[field])
            state[field] = GUESTS.packed({name: Held(until) for name, until in before.items()})


def sorted_anew(state: Mapping[str, bytes], key: bytes) -> dict[str, bytes]:
    """All shelves, as they are where things are sorted by a key. Where one has become too full by it, what would be
    forgotten first is.

    Args:
        state: all shelves as they are now, by their fields; sorted however.
        key: see `Shelves.field_of`.
    """
    return _sorted(_all(state, GAMES), _all(state, GUESTS), _all(state, INVITES), _all(state, TICKETS), key)


def _all(state: Mapping[str, bytes], shelves: Shelves[T]) -> dict[str, T]:
    return {id: each for field in shelves.fields for id, each in shelves.unpacked(state[field]).items()}


def _sorted(
    games: dict[str, Listed],
    guests: dict[str, Held],
    invites: dict[str, Invite],
    tickets: dict[str, Ticket],
    key: bytes,
) -> dict[str, bytes]:
    return {
        **_put(GAMES, games, lambda id, each: id, need, key),
        **_put(GUESTS, guests, lambda id, each: id, lambda each: each.until, key),
        **_put(INVITES, invites, lambda id, each: each.game, lambda each: each.expires, key),
        **_put(
            TICKETS,
            tickets,
            lambda id, each: each.player,
            lambda each: (not each.game, each.expires, -each.place),
            key,
        ),
    }


def _struct(kind: type[S], attributes: dict[str, Any]) -> S:
    names = [name for name in kind.__struct_fields__ if name in attributes]
    return msgspec.convert([attributes[name] for name in names], kind)


def _put(
    shelves: Shelves[T],
    things: dict[str, T],
    sorted_by: Callable[[str, T], str],
    forgotten_by: Callable[[T], Any],
    key: bytes,
) -> dict[str, bytes]:
    found: dict[str, dict[str, T]] = {field: {} for field in shelves.fields}
    for id, each in things.items():
        found[shelves.field_of(sorted_by(id, each), key)][id] = each
    for shelf in found.values():
        for id in sorted(shelf, key=lambda id: forgotten_by(shelf[id])):
            if not shelves.is_too_full(shelf):
                break
            del shelf[id]
    return {field: shelves.packed(shelf) for field, shelf in found.items()}
