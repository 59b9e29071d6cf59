"""TokenValidator and TokenGenerator: who somebody is, and which game they may enter, said by a signed token (JWT).

Claims: ``iss``; ``aud``, the game's id; ``sub``, the player's name; ``exp``; optional: ``ply``, the names of the game's
players; ``spectate``, true for who may watch without being one of them; ``operate``, true for who may have bots play.
"""

from __future__ import annotations

import math
import re
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

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

MAX_KNOWN_TOKENS = 4096
MAX_KNOWN_BYTES = 4 << 20
"""How much memory may be taken by what is known of tokens: names of players, mostly."""

_OPTIONS: Any = {
    "require": ["exp", "iss", "aud", "sub"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
}
_ENTRY_BYTES = 700
"""What a known token takes, beside its names: the digest, the claims, and their places in tables."""

_GAME_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# The control characters (Unicode's category Cc), the two line separators, and the lone surrogates.
_NOT_IN_NAMES = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def is_game_id(text: str) -> bool:
    """Whether this is 1 to 64 letters, digits, '_' or '-'."""
    return _GAME_ID.fullmatch(text) is not None


def is_player_name(name: object) -> bool:
    """Whether this is 1 to 64 characters without control characters (nor line separators or lone surrogates)."""
    return isinstance(name, str) and 0 < len(name) <= MAX_NAME_LENGTH and _NOT_IN_NAMES.search(name) is None


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says.

    Attributes:
        player: the player's name.
        players: the names of the game's players; None where the token doesn't say.
        spectate: whether its bearer may watch without being one of them.
        expires: when it does, in seconds since the epoch.
        operates: whether its bearer may have bots play.
    """

    player: str
    players: tuple[str, ...] | None
    spectate: bool
    expires: float
    operates: bool = False


class _Verified(NamedTuple):
    """What a token says whose signature and issuer are right. Whether that is good enough is judged anew each time.

    Attributes:
        game: the game that it is for (``aud``).
        claims: what it says; None where that is malformed.
        expires: ``exp``, as it came.
        begins: the later of ``nbf`` and ``iat``; None where there is neither.
    """

    game: object
    claims: Claims | None
    expires: float
    begins: float | None


class KnownTokens:
    """Tokens that were let in, so that their signatures need not be verified again when their bearers come back.

    A token's text is not kept: it is found by its SHA-256. Whoever could make another text of the same digest could
    break the signatures, too; and how long it takes to find a digest says nothing that a token could be made from.

    Args:
        most: tokens that are known at a time; those that have not been used for longest are forgotten.
        most_bytes: memory that they may take, about.
    """

    def __init__(self, most: int = MAX_KNOWN_TOKENS, most_bytes: int = MAX_KNOWN_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._tokens: OrderedDict[bytes, tuple[_Verified, int]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        """How many are known."""
        return len(self._tokens)

    def find(self, digest: bytes) -> _Verified | None:
        """What a token says; None where it is not known."""
        known = self._tokens.get(digest)
        return None if known is None else known[0]

    def used(self, digest: bytes, verified: _Verified, claims: Claims) -> None:
        """A token has let somebody in: it is known from now on, and forgotten after all others."""
        tokens = self._tokens
        if digest in tokens:
            tokens.move_to_end(digest)
            return
        size = _ENTRY_BYTES + sum(sys.getsizeof(name) + 8 for name in (claims.player, *(claims.players or ())))
        tokens[digest] = verified, size
        self._bytes += size
        while len(tokens) > self._most or self._bytes > self._most_bytes:
            self._bytes -= tokens.popitem(last=False)[1][1]


class TokenValidator:
    """Judges tokens.

    Args:
        issuer: who must have issued them (``iss``).
        key: of the issuer; its type decides which algorithm is accepted, and only that.
        now: the time, in seconds since the epoch.
        known: tokens that need not be verified again; None: some of its own. They hold for one issuer and key.
    """

    def __init__(
        self, issuer: str, key: VerifyingKey, now: Callable[[], float], known: KnownTokens | None = None
    ) -> None:
        self._issuer = issuer
        self._key = key.key
        self._algorithms = [key.algorithm]
        self._now = now
        self._known = KnownTokens() if known is None else known

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
        digest = sha256(token.encode()).digest()
        verified = self._known.find(digest) or self._verify(token)
        self._judge_times(verified)
        claims = verified.claims
        if claims is None:
            raise RequestRefused(TOKEN_INVALID)
        if verified.game != game:
            raise RequestRefused(WRONG_GAME)
        # Only who is let in makes a token known: to make others' be forgotten takes as many tokens that are good now.
        self._known.used(digest, verified, claims)
        return claims

    def _verify(self, token: str) -> _Verified:
        # The library verifies the signature and the issuer. The rest is judged here: its clock can't be passed in,
        # it accepts audiences that are lists and subjects that are empty.
        claims: dict[str, Any] = jwt.decode(
            token, self._key, algorithms=self._algorithms, issuer=self._issuer, options=_OPTIONS
        )
        times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
        for time in times.values():
            if isinstance(time, bool) or not isinstance(time, (int, float)) or not math.isfinite(time):
                raise RequestRefused(TOKEN_INVALID)
        expires = times.pop("exp")
        begins = max(times.values(), default=None)
        game, player = claims["aud"], claims["sub"]
        players, spectate, operate = claims.get("ply"), claims.get("spectate", False), claims.get("operate", False)
        well_formed = isinstance(game, str) and is_player_name(player) and {type(spectate), type(operate)} == {bool}
        if not well_formed or (players is not None and not _is_list_of_players(players)):
            return _Verified(game, None, expires, begins)
        named = None if players is None else tuple(players)
        return _Verified(game, Claims(player, named, spectate, float(expires), operate), expires, begins)

    def _judge_times(self, verified: _Verified) -> None:
        now = self._now()
        if verified.expires <= now - LEEWAY_SECONDS:
            raise RequestRefused(TOKEN_EXPIRED)
        if verified.expires > now + MAX_LIFETIME_SECONDS + LEEWAY_SECONDS:
            raise RequestRefused(TOKEN_INVALID)
        if verified.begins is not None and verified.begins > now + LEEWAY_SECONDS:
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
        operate: bool = False,
        lifetime: float = 3600.0,
    ) -> str:
        """Issue a token that admits a player to a game.

        Args:
            game: the game's id.
            player: the player's name.
            players: the names of all the game's players, in the order of their seats.
            spectate: whether its bearer may watch without being one of them.
            operate: whether its bearer may have bots play.
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
        if operate:
            claims["operate"] = True
        token = jwt.encode(claims, self._key.key, algorithm=self._key.algorithm)
        if len(token) > MAX_TOKEN_LENGTH:
            raise ValueError(f"the token would be over {MAX_TOKEN_LENGTH} characters long: name fewer players")
        return token
