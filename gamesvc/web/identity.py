"""Identities: who sends a request to the lobby, and the tokens that the lobby gives out.

Where the server asks for no tokens, the name is all. Else somebody is a guest, whose token comes from here, or brings a
token of the operator's own issuer. These say who somebody is, and admit to no game: their audience holds a dot.
"""

from __future__ import annotations

import json
import math
import re
import secrets
from collections.abc import Callable
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote

import jwt

from gamesvc.auth import LEEWAY_SECONDS, MAX_TOKEN_LENGTH, TokenGenerator, is_player_name
from gamesvc.errors import (
    BAD_PLAYER,
    LOBBY_CLOSED,
    NAME_MISSING,
    NO_GUESTS,
    TOKEN_EXPIRED,
    TOKEN_INVALID,
    TOKEN_MISSING,
    ConfigError,
    RequestRefused,
)
from gamesvc.keys import SigningKey, VerifyingKey, algorithm_of
from gamesvc.web.jwks import KeySet

AUDIENCE = "gamesvc.lobby"
"""What tokens are for that the lobby gives to guests."""

GUEST_SECONDS = 24 * 3600.0
"""How long a guest's token is good."""

RENEWED_SECONDS = 30 * 24 * 3600.0
"""How long after it has expired a guest's token still shows whose the name was."""

SEAT_SECONDS = 24 * 3600.0
"""How long a token for a seat is good."""

GUEST_PREFIX = "guest-"
"""What the names of guests begin with where others have identities, whose names don't."""

MAX_GUEST_NAME = 32

_LEASE = re.compile("[A-Za-z0-9_-]{0,64}")

_MAX_NAMED = 3000
"""How many bytes of names a token may hold."""

_OPTIONS: Any = {
    "require": ["exp", "iss", "aud", "sub"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
}


class Minting(NamedTuple):
    """With what the server issues tokens.

    Attributes:
        issuer: what they say of who issued them (``iss``).
        key: signs them.
    """

    issuer: str
    key: SigningKey


class Foreign(NamedTuple):
    """An issuer of identities that is not this server.

    Attributes:
        issuer: what its tokens say of who issued them (``iss``).
        audience: for whom they have to be (``aud``).
        keys: its keys.
    """

    issuer: str
    audience: str
    keys: KeySet


class Returning(NamedTuple):
    """A guest who comes again, as their token has it.

    Attributes:
        name: theirs.
        lease: of the name: it tells them from others who have had it, or have it now. Empty where the token is from
            before there were any.
        expired: whether the token is good for nothing else any more.
    """

    name: str
    lease: str
    expired: bool


class Identities:
    """Says who somebody is, and issues tokens.

    Args:
        now: the time, in seconds since the epoch.
        asks: whether the server asks for tokens.
        minting: with what it issues them; None: it does not.
        foreign: who else issues identities; None: nobody.
        guests: whether guests are let in.

    Raises:
        ConfigError: these do not go together.
    """

    def __init__(
        self,
        now: Callable[[], float],
        *,
        asks: bool = False,
        minting: Minting | None = None,
        foreign: Foreign | None = None,
        guests: bool = True,
    ) -> None:
        self._now = now
        self._asks = asks
        self._minting = minting
        self._foreign = foreign
        self.guests = guests if asks and minting is not None else not asks
        if minting is not None:
            self._generator = TokenGenerator(minting.issuer, minting.key, now)
            self._own = algorithm_of(minting.key.key.public_key(), "private-key-file")
            if foreign is not None and foreign.issuer == minting.issuer:
                raise ConfigError("identity-issuer and token-issuer-uri are the same; tokens of both could be confused")

    @property
    def mode(self) -> Literal["none", "guests", "identity", "verify"]:
        """How somebody says who they are: ``none``, by a name; ``guests``; ``identity``, by a token of the operator's
        issuer; ``verify``: not at all, because nothing is issued here."""
        if not self._asks:
            return "none"
        if self._minting is None:
            return "verify"
        return "guests" if self.guests else "identity"

    @property
    def issuer(self) -> str | None:
        """Who else issues identities."""
        return None if self._foreign is None else self._foreign.issuer

    async def who(self, authorization: str, player: str | None) -> str:
        """The name of who sends a request.

        Args:
            authorization: the header of this name, empty where there is none: ``Bearer`` and a token; or a name,
                percent-encoded, where no tokens are asked for.
            player: as the query calls them; counts only there.

        Raises:
            RequestRefused: they don't say so, or it is not to be believed.
        """
        scheme, _, token = authorization.partition(" ")
        token = token.strip(" \t") if scheme.lower() == "bearer" else ""
        if not self._asks:
            # Headers have no letters beyond ASCII.
            name = unquote(token, errors="surrogateescape") if player is None else player
            if not name:
                raise RequestRefused(NAME_MISSING)
            if not is_player_name(name):
                raise RequestRefused(BAD_PLAYER)
            return name
        if self._minting is None:
            raise RequestRefused(LOBBY_CLOSED)
        if not token:
            raise RequestRefused(TOKEN_MISSING)
        try:
            return await self._believe(token)
        except RequestRefused:
            raise
        except Exception as error:
            # Whatever the library makes of it, it is no valid token; its message could quote it.
            raise RequestRefused(TOKEN_INVALID, type(error).__name__) from None

    async def _believe(self, token: str) -> str:
        if len(token) > MAX_TOKEN_LENGTH:
            raise RequestRefused(TOKEN_INVALID)
        # Not to be believed yet: it says whose key to try.
        claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
        if self._minting is not None and self.guests and claimed == self._minting.issuer:
            return self._unexpired(self._guest_claims(token, self._minting.issuer))
        if self._foreign is not None and claimed == self._foreign.issuer:
            id = jwt.get_unverified_header(token).get("kid")
            if not isinstance(id, str):
                raise RequestRefused(TOKEN_INVALID)
            key = await self._foreign.keys.key(id)
            name = self._unexpired(self._claims(token, key, self._foreign.issuer, self._foreign.audience))
            if self.guests and name.startswith(GUEST_PREFIX):
                raise RequestRefused(TOKEN_INVALID, "the name is a guest's")
            return name
        raise RequestRefused(TOKEN_INVALID)

    def _guest_claims(self, token: str, issuer: str) -> dict[str, Any]:
        claims = self._claims(token, self._own, issuer, AUDIENCE)
        if self._foreign is not None and not claims["sub"].startswith(GUEST_PREFIX):
            # It is from before others had identities, and may be the name of one of them.
            raise RequestRefused(TOKEN_INVALID, "the name is no guest's")
        return claims

    def _unexpired(self, claims: dict[str, Any]) -> str:
        if self._has_expired(claims):
            raise RequestRefused(TOKEN_EXPIRED)
        return str(claims["sub"])

    def _has_expired(self, claims: dict[str, Any]) -> bool:
        return bool(claims["exp"] <= self._now() - LEEWAY_SECONDS)

    def _claims(self, token: str, key: VerifyingKey, issuer: str, audience: str) -> dict[str, Any]:
        """What a token says that is to be believed, or was until it expired."""
        claims: dict[str, Any] = jwt.decode(token, key.key, algorithms=[key.algorithm], issuer=issuer, options=_OPTIONS)
        for name in ("exp", "nbf", "iat"):
            time = claims.get(name, 0)
            if isinstance(time, bool) or not isinstance(time, (int, float)) or not math.isfinite(time):
                raise RequestRefused(TOKEN_INVALID)
        if max(claims.get("nbf", 0), claims.get("iat", 0)) > self._now() + LEEWAY_SECONDS:
            raise RequestRefused(TOKEN_INVALID)
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if audience not in audiences or not is_player_name(claims["sub"]):
            raise RequestRefused(TOKEN_INVALID)
        return claims

    # What is given out.

    def guest_names(self, wish: str | None, chance: Callable[[], str]) -> list[str]:
        """Names for a guest, the best first.

        Args:
            wish: what they want to be called; None: they don't say.
            chance: makes a few letters up.

        Raises:
            RequestRefused: guests are not let in, or this is no name.
        """
        if self._asks and self._minting is None:
            raise RequestRefused(LOBBY_CLOSED)
        if not self.guests:
            raise RequestRefused(NO_GUESTS)
        if wish is not None and (not is_player_name(wish) or len(wish) > MAX_GUEST_NAME):
            raise RequestRefused(BAD_PLAYER)
        if wish is None:
            return [f"{GUEST_PREFIX}{chance()}"]
        stem = wish if self._foreign is None or wish.startswith(GUEST_PREFIX) else GUEST_PREFIX + wish
        return [stem, *(f"{stem}-{number}" for number in range(2, 10)), f"{stem}-{chance()}"]

    def guest(self, authorization: str) -> Returning | None:
        """A guest who comes again, with a token that is still good, or expired not long ago; None where it is no
        guest's. Whether a name is theirs whose token has expired, the lobby knows.

        Args:
            authorization: the header of this name; empty where there is none.
        """
        scheme, _, token = authorization.partition(" ")
        if self._minting is None or not self.guests or scheme.lower() != "bearer" or len(token) > MAX_TOKEN_LENGTH:
            return None
        try:
            claims = self._guest_claims(token.strip(" \t"), self._minting.issuer)
        # Whatever the library makes of it; they are a guest like any other then.
        except Exception:
            return None
        lease, expired = claims.get("lease", ""), self._has_expired(claims)
        if not isinstance(lease, str) or not _LEASE.fullmatch(lease):
            return None
        if expired and (not lease or self._now() - claims["exp"] > RENEWED_SECONDS):
            return None
        return Returning(claims["sub"], lease, expired)

    def new_lease(self) -> str:
        """A lease of a name that somebody is given; empty where the name is all."""
        return "" if self._minting is None else secrets.token_urlsafe(8)

    def guest_token(self, name: str, lease: str) -> str | None:
        """What a guest says who they are with; None where the name is all.

        Args:
            name: theirs.
            lease: of the name.
        """
        if self._minting is None:
            return None
        now = self._now()
        claims = {
            "iss": self._minting.issuer,
            "aud": AUDIENCE,
            "sub": name,
            "lease": lease,
            "iat": int(now),
            "exp": int(now + GUEST_SECONDS),
        }
        return jwt.encode(claims, self._minting.key.key, algorithm=self._minting.key.algorithm)

    def seat_token(self, game: str, player: str, players: tuple[str, ...], *, spectate: bool = False) -> str | None:
        """What admits somebody to a game; None where the name does.

        Args:
            game: its id.
            player: their name.
            players: for whom the game is, in the order of the seats; empty: for whoever comes.
            spectate: whether they watch.
        """
        if self._minting is None:
            return None
        if len(json.dumps(players)) > _MAX_NAMED:
            players = ()  # they have their seats already; the token need not say so
        return self._generator.generate(
            game, player, players or None, spectate=spectate, operate=not spectate, lifetime=SEAT_SECONDS
        )
