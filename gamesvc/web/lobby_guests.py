"""Guests: whoever comes gets a name and a token, and keeps the name for as long as they come again in time.

What a name is, others know who are not asked: a seat is whose name it is. So nobody is given one that may be somebody
else's, and who comes back after long has to show that they are who had it: by a token that names the lease under which
the lobby has it recorded.
"""

from __future__ import annotations

import re
import secrets

from gamesvc.auth import LEEWAY_SECONDS
from gamesvc.errors import LOBBY_FULL, NAME_TAKEN, RequestRefused
from gamesvc.web.identity import GUEST_PREFIX, GUEST_SECONDS, MAX_GUEST_NAME, SEAT_SECONDS, Identities, Returning
from gamesvc.web.lobby_bodies import Welcomed
from gamesvc.web.lobby_records import Records

_UNRECORDED = re.compile(GUEST_PREFIX + "[0-9a-f]{16}")
_NAME_SECONDS = GUEST_SECONDS + SEAT_SECONDS + 3 * LEEWAY_SECONDS
"""How long a name is a guest's: no shorter than they are believed, or what they were given for a game. Not every game
says whose a name is: they may have given the seat up, or there are no seats."""


class Guests:
    """Those of one lobby.

    Args:
        records: the lobby's.
        identities: issue tokens.
    """

    def __init__(self, records: Records, identities: Identities) -> None:
        self._records = records
        self._identities = identities

    async def welcome(self, wish: str | None, returning: Returning | None) -> Welcomed:
        """Somebody comes.

        Args:
            wish: what they want to be called; None: they don't say.
            returning: who they were before; None where they don't show that.

        Raises:
            RequestRefused: guests are not let in, or this is no name.
        """
        before: list[str] = []
        if returning is not None and wish in (None, returning.name):
            renewed = await self._renew(returning)
            if renewed is not None:
                return renewed
            # Where nobody has the name by now they can have it as anybody could.
            before, wish = [returning.name], returning.name[:MAX_GUEST_NAME]
        names = self._identities.guest_names(wish, _chance)
        if _UNRECORDED.fullmatch(names[0]):
            # It may be somebody's of whom nothing is recorded.
            names = self._identities.guest_names(None, _chance)
        # Whose day is over, and who still has a seat somewhere, is not to find somebody else in it.
        held = self._records.known.names
        names = [each for each in before + names if each not in held]
        lease = self._identities.new_lease()
        try:
            name: str = await self._records.run("welcome", names=names, seconds=_NAME_SECONDS, lease=lease)
        except RequestRefused as refused:
            if refused.refusal is not LOBBY_FULL:
                raise
            # Nobody can be kept out by making up names: this one is not recorded, and nobody else's.
            name = f"{GUEST_PREFIX}{secrets.token_hex(8)}"
        return Welcomed(name, self._identities.guest_token(name, lease))

    async def _renew(self, guest: Returning) -> Welcomed | None:
        """The same guest with a new token; None where the name is not theirs any more."""
        lease = guest.lease or self._identities.new_lease()
        # One that is not recorded was never anybody else's, and never will be.
        if not _UNRECORDED.fullmatch(guest.name):
            try:
                lease = await self._records.run(
                    "renew",
                    name=guest.name,
                    seconds=_NAME_SECONDS,
                    lease=guest.lease,
                    fresh=lease,
                    expired=guest.expired,
                )
            except RequestRefused as refused:
                if refused.refusal is not NAME_TAKEN:
                    raise
                return None
        return Welcomed(guest.name, self._identities.guest_token(guest.name, lease))


def _chance() -> str:
    return secrets.token_hex(4)
