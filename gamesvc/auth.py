"""TokenValidator and TokenGenerator: who somebody is, and which game they may enter, said by a signed token (JWT).

Claims: ``iss``; ``aud``, the game's id; ``sub``, the player's name; ``exp``; optional: ``ply``, the names of the game's
players; ``spectate``, true for who may watch without being one of them.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import jwt

from gamesvc.errors import TOKEN_EXPIRED, TOKEN_INVALID, WRONG_GAME, RequestRefused
from gamesvc.keys import SigningKey, VerifyingKey

LEEWAY_SECONDS = 10.0
"""How far the clocks of who signs and who verifies may be apart."""

MAX_TOKEN_LENGTH = 8192
MAX_LIFETIME_SECONDS = 31 * 24 * 3600.0
"""How far ahead ``exp`` may be."""

MAX_PLAYERS = 256
"""How many names ``ply`` may hold."""

MAX_NAME_LENGTH = 64


_GAME_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def is_game_id(text: str) -> bool:
    """Whether this is 1 to 64 letters, digits, '_' or '-'."""
    return _GAME_ID.fullmatch(text) is not None


def is_player_name(name: object) -> bool:
    """Whether this is 1 to 64 characters without control characters (nor line separators or lone surrogates)."""
    return (
        isinstance(name, str)
        and 0 < len(name) <= MAX_NAME_LENGTH
        and not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name)
    )


@dataclass(frozen=True)
class Claims:
    """What a valid token says.

    Attributes:
        player: the player's name.
        players: the names of the game's players; None where the token doesn't say.
        spectate: whether its bearer may watch without being one of them.
        expires: when it does, in seconds since the epoch.
    """

    player: str
    players: tuple[str, ...] | None
    spectate: bool
    expires: float


class TokenValidator:
    """Judges tokens.

    Args:
        issuer: who must have issued them (``iss``).
        key: of the issuer; its type decides which algorithm is accepted, and only that.
        now: the time, in seconds since the epoch.
    """

    def __init__(self, issuer: str, key: VerifyingKey, now: Callable[[], float]) -> None:
        self._issuer = issuer
        self._key = key
        self._now = now

    def validate(self, game: str, token: str) -> Claims:
        """Judge a token.

        Args:
            game: the id of the game that its bearer wants to enter.
            token: a JWT in compact form.

        Raises:
            RequestRefused: it is not valid, has expired, or is for another game.
        """
        try:
            return self._judge(game, token)
        except RequestRefused:
            raise
        except Exception as error:
            # Whatever goes wrong inside the library, on whatever input, it is no valid token. The exception is
            # dropped with its message, which can quote the token; its class tells an operator what to look for.
            raise RequestRefused(TOKEN_INVALID, type(error).__name__) from None

    def _judge(self, game: str, token: str) -> Claims:
        if len(token) > MAX_TOKEN_LENGTH:
            raise RequestRefused(TOKEN_INVALID)
        # The library verifies the signature and the issuer. The rest is judged here: its clock can't be passed in,
        # it accepts audiences that are lists and subjects that are empty.
        claims: dict[str, Any] = jwt.decode(
            token,
            self._key.key,
            algorithms=[self._key.algorithm],
            issuer=self._issuer,
            options={
                "require": ["exp", "iss", "aud", "sub"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
            },
        )
        self._judge_times(claims)
        player, players, spectate = claims["sub"], claims.get("ply"), claims.get("spectate", False)
        well_formed = isinstance(claims["aud"], str) and is_player_name(player) and isinstance(spectate, bool)
        if not well_formed or (players is not None and not _is_list_of_players(players)):
            raise RequestRefused(TOKEN_INVALID)
        if claims["aud"] != game:
            raise RequestRefused(WRONG_GAME)
        return Claims(player, None if players is None else tuple(players), spectate, float(claims["exp"]))

    def _judge_times(self, claims: dict[str, Any]) -> None:
        now = self._now()
        times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
        for time in times.values():
            if isinstance(time, bool) or not isinstance(time, (int, float)) or not math.isfinite(time):
                raise RequestRefused(TOKEN_INVALID)
        if times["exp"] <= now - LEEWAY_SECONDS:
            raise RequestRefused(TOKEN_EXPIRED)
        if times["exp"] > now + MAX_LIFETIME_SECONDS + LEEWAY_SECONDS:
            raise RequestRefused(TOKEN_INVALID)
        if max(times.get("nbf", now), times.get("iat", now)) > now + LEEWAY_SECONDS:
            raise RequestRefused(TOKEN_INVALID)


def _is_list_of_players(players: object) -> bool:
    return (
        isinstance(players, list)
        and 0 < len(players) <= MAX_PLAYERS
        and all(map(is_player_name, players))
        and len(set(players)) == len(players)
    )


class TokenGenerator:
    """Issues tokens.

    Args:
        issuer: what they say of who issued them (``iss``).
        key: signs them.
        now: the time, in seconds since the epoch.
    """

    def __init__(self, issuer: str, key: SigningKey, now: Callable[[], float]) -> None:
        self._issuer = issuer
        self._key = key
        self._now = now

    def generate(
        self,
        game: str,
        player: str,
        players: Iterable[str] | None = None,
        *,
        spectate: bool = False,
        lifetime: float = 3600.0,
    ) -> str:
        """Issue a token that admits a player to a game.

        Args:
            game: the game's id.
            player: the player's name.
            players: the names of all the game's players, in the order of their seats.
            spectate: whether its bearer may watch without being one of them.
            lifetime: seconds until it expires.

        Raises:
            ValueError: a server would not accept it: a name is none, the lifetime or the token is too long.
        """
        if not is_game_id(game):
            raise ValueError("a game id is 1 to 64 letters, digits, '_' or '-'")
        named = None if players is None else list(players)
        if not is_player_name(player) or (named is not None and not _is_list_of_players(named)):
            raise ValueError("a player's name is 1 to 64 characters without control characters, and given once")
        if not 0 < lifetime <= MAX_LIFETIME_SECONDS:
            raise ValueError(f"a token lives more than 0 and at most {MAX_LIFETIME_SECONDS:.0f} seconds")
        now = self._now()
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": game,
            "sub": player,
            "iat": int(now),
            "exp": int(now + lifetime),
        }
        if named is not None:
            claims["ply"] = named
        if spectate:
            claims["spectate"] = True
        token = jwt.encode(claims, self._key.key, algorithm=self._key.algorithm)
        if len(token) > MAX_TOKEN_LENGTH:
            raise ValueError(f"the token would be over {MAX_TOKEN_LENGTH} characters long: name fewer players")
        return token
