"""Known: what the lobby knows, as the rest of it reads that: as far as it is durable, and taken apart where it has
changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gamesvc.image import Image
from gamesvc.web.lobby_entries import Invite, Listed, Ticket
from gamesvc.web.lobby_model import LobbyModel, id_after, id_of
from gamesvc.web.lobby_shelves import Shelves
from gamesvc.web.lobby_state import GAMES, GUESTS, INVITES, TICKETS

T = TypeVar("T")

_PLACES = {field.name: place for place, field in enumerate(LobbyModel.FIELDS)}
_WHOLES: tuple[tuple[Shelves[Any], tuple[str, ...]], ...] = (
    (GAMES, ("newest", "names")),
    (GUESTS, ()),
    (INVITES, ()),
    (TICKETS, ("in order",)),
)


class Known:
    """What the lobby knows.

    Args:
        now: the journal's clock, in seconds since the epoch.
        image: says how the lobby's own game stands, as far as that is durable; empty where it is not there.

    Attributes:
        now: as above.
    """

    def __init__(self, now: Callable[[], float], image: Callable[[], Image]) -> None:
        self.now = now
        self._image_now = image
        self._image: Image = ()
        # What lies on each shelf, and all of one sort together, as far as somebody has asked for it since it changed.
        self._shelves: dict[str, dict[str, Any]] = {}
        self._whole: dict[str, Any] = {}
        self._secret = b""
        self._order = b""

    def game(self, game: str) -> Listed | None:
        """A game that was made through the lobby; None where there is none of this id, or not any more."""
        self._read()
        return self._shelf(GAMES, GAMES.field_of(game, self._order)).get(game)

    def once(self, what: str, by: str, once: str, *, is_short: bool = False) -> str:
        """The id of what somebody asks for, as `id_of` has it; empty where nobody has asked for anything yet."""
        self._read()
        if not self._secret:
            return ""
        held = self._shelf(GUESTS, GUESTS.field_of(by, self._order)).get(by)
        return id_of(self._secret, what, by, once, lease="" if held is None else held.lease, is_short=is_short)

    def after(self, game: str, *, is_short: bool) -> str:
        """The id of the game that comes after another one, as `id_after` has it; empty as above."""
        self._read()
        return id_after(self._secret, game, is_short=is_short) if self._secret else ""

    @property
    def newest(self) -> list[Listed]:
        """All games, the newest first."""
        self._read()
        if "newest" not in self._whole:
            found = self._all(GAMES).values()
            self._whole["newest"] = sorted(found, key=lambda each: (each.created, each.game), reverse=True)
        newest: list[Listed] = self._whole["newest"]
        return newest

    @property
    def names(self) -> frozenset[str]:
        """Who made one of the games, or plays in one, or is to."""
        self._read()
        if "names" not in self._whole:
            self._whole["names"] = frozenset[str]().union(*(each.names for each in self._all(GAMES).values()))
        names: frozenset[str] = self._whole["names"]
        return names

    @property
    def invites(self) -> dict[str, Invite]:
        """Invitations, by their codes."""
        return self._all(INVITES)

    @property
    def tickets(self) -> dict[str, Ticket]:
        """Who waits for a game, or has waited, in the order in which they came."""
        self._read()
        if "in order" not in self._whole:
            found = self._all(TICKETS).values()
            self._whole["in order"] = {each.ticket: each for each in sorted(found, key=lambda each: each.place)}
        tickets: dict[str, Ticket] = self._whole["in order"]
        return tickets

    @property
    def has_old(self) -> bool:
        """Whether there is something that is over."""
        now, names = self.now(), self.names
        return (
            any(each.expires <= now for each in self.newest)
            or any(each.expires <= now for each in self.invites.values())
            or any(each.until <= now and name not in names for name, each in self._all(GUESTS).items())
            or any(0.0 < each.expires <= now for each in self.tickets.values())
        )

    def _shelf(self, shelves: Shelves[T], field: str) -> dict[str, T]:
        self._read()
        if field not in self._shelves:
            self._shelves[field] = shelves.unpacked(_bytes(self._image, field))
        return self._shelves[field]

    def _all(self, shelves: Shelves[T]) -> dict[str, T]:
        """Everything of a sort."""
        self._read()
        name = shelves.fields[0]
        if name not in self._whole:
            self._whole[name] = {
                id: each for field in shelves.fields for id, each in self._shelf(shelves, field).items()
            }
        whole: dict[str, T] = self._whole[name]
        return whole

    def _read(self) -> None:
        """Forget what was taken apart of what has changed."""
        image = self._image_now()
        if image is self._image:
            return
        before, self._image = self._image, image
        changed = {name for name, place in _PLACES.items() if not before or not image or before[place] != image[place]}
        for field in changed:
            self._shelves.pop(field, None)
        for shelves, wholes in _WHOLES:
            if not changed.isdisjoint(shelves.fields):
                for name in (shelves.fields[0], *wholes):
                    self._whole.pop(name, None)
        if "secret" in changed:
            self._secret = _bytes(image, "secret")
        if "order" in changed:
            self._order = order_of(image)


def order_of(image: Image) -> bytes:
    """What a lobby is told from others by: by it its things are sorted. Empty where it has none yet.

    Args:
        image: the lobby's.
    """
    return _bytes(image, "order")


def _bytes(image: Image, name: str) -> bytes:
    value: bytes = LobbyModel.FIELDS[_PLACES[name]].decode(image[_PLACES[name]]) if image else b""
    return value
