"""KeySet: the public keys of an issuer of identities, had from its address (a JSON Web Key Set, RFC 7517), and kept.

Which algorithm a key verifies follows from the key; a token has no say in it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import jwt
import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import Agent, ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers

from gamesvc.errors import IDENTITY_UNAVAILABLE, TOKEN_INVALID, ConfigError, RequestRefused
from gamesvc.keys import VerifyingKey, algorithm_of
from gamesvc.logs import logger

log = logger(__name__)

FRESH_SECONDS = 3600.0
"""How long keys are taken to be the issuer's without asking again."""

STALE_SECONDS = 24 * 3600.0
"""How long they are while the issuer does not answer."""

AGAIN_SECONDS = 30.0
"""How long it is before an issuer is asked again that did not answer, or did not know a key."""

FETCH_SECONDS = 5.0
"""How long an answer may take."""

MAX_KEYS = 64
MAX_BYTES = 1 << 16
MAX_WAITING = 256
MAX_KEY_ID = 256

_JOSE = {"EdDSA": ("OKP", "Ed25519"), "ES256": ("EC", "P-256"), "RS256": ("RSA", None)}

Fetch = Callable[[str], "Deferred[bytes]"]
"""Has what is at an address."""


def check_address(text: str) -> str:
    """See to it that keys can be trusted that come from an address: over https, or from this machine.

    Returns:
        The address.

    Raises:
        ConfigError: they can't.
    """
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise ConfigError(f"{text!r} is no address; write https://...") from None
    if parts.scheme == "http" and host and (host == "localhost" or _is_loopback(host)):
        return text
    if parts.scheme != "https" or not host or parts.username is not None or parts.fragment:
        raise ConfigError(f"{text!r}: write https://HOST/..., or http:// for an address of this machine itself")
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class KeySet:
    """An issuer's keys.

    Args:
        address: where they are.
        fetch: has what is there.
        monotonic: seconds of a clock that nobody sets.
    """

    def __init__(self, address: str, fetch: Fetch, monotonic: Callable[[], float]) -> None:
        self._address = address
        self._fetch = fetch
        self._monotonic = monotonic
        self._keys: dict[str, VerifyingKey] = {}
        self._had: float | None = None
        self._asked: float | None = None
        self._failed = False
        self._waiting: list[Deferred[None]] | None = None

    async def key(self, id: str) -> VerifyingKey:
        """A key.

        Args:
            id: its name in the set (``kid``).

        Raises:
            RequestRefused: there is none of this name, or it can't be found out now.
        """
        if len(id) > MAX_KEY_ID:
            raise RequestRefused(TOKEN_INVALID)
        age = self._age
        if (id not in self._keys or age > FRESH_SECONDS) and (self._waiting is not None or self._may_ask):
            # An unknown name is asked for once in a while only: whoever makes names up would have the issuer asked
            # for each.
            asked = Deferred.fromCoroutine(self._ask())
            # Whoever has a key that holds does not wait for an issuer that did not answer the last time.
            if not self._failed or id not in self._keys or age > STALE_SECONDS:
                await asked
                age = self._age
            else:
                asked.addErrback(lambda failure: failure.trap(RequestRefused) and None)
        if age > STALE_SECONDS or (self._failed and id not in self._keys):
            raise RequestRefused(IDENTITY_UNAVAILABLE)
        if id not in self._keys:
            raise RequestRefused(TOKEN_INVALID)
        return self._keys[id]

    @property
    def _age(self) -> float:
        return float("inf") if self._had is None else self._monotonic() - self._had

    @property
    def _may_ask(self) -> bool:
        return self._asked is None or self._monotonic() - self._asked >= AGAIN_SECONDS

    async def _ask(self) -> None:
        """Have the keys anew; or wait, where they are on their way."""
        if self._waiting is not None:
            if len(self._waiting) >= MAX_WAITING:
                raise RequestRefused(IDENTITY_UNAVAILABLE)
            mine: Deferred[None] = Deferred()
            self._waiting.append(mine)
            await mine
            return
        self._waiting = []
        self._asked = self._monotonic()
        try:
            self._keys = _read(await self._fetch(self._address))
            self._had = self._monotonic()
            self._failed = False
        # The network's, the issuer's: whatever it is, there are no new keys.
        except Exception as error:
            self._failed = True
            log.warn("the keys at {address} can't be had: {error}", address=self._address, error=_describe(error))
        finally:
            waiting, self._waiting = self._waiting, None
            for each in waiting:
                each.callback(None)


def _describe(error: Exception) -> str:
    reasons = getattr(error, "reasons", None)
    if reasons:
        error = reasons[0].value
    return f"{type(error).__name__}: {str(error)[:200]}"


class _Key(msgspec.Struct):
    kty: str
    kid: str | None = None
    use: str | None = None
    alg: str | None = None
    crv: str | None = None


class _Set(msgspec.Struct):
    keys: list[dict[str, Any]]


def _read(content: bytes) -> dict[str, VerifyingKey]:
    found: dict[str, VerifyingKey] = {}
    for described in msgspec.json.decode(content, type=_Set).keys[:MAX_KEYS]:
        try:
            look = msgspec.convert(described, _Key)
            key = _usable(look, described)
        # Others are for what is none of ours.
        except (msgspec.ValidationError, jwt.exceptions.PyJWTError, ConfigError, ValueError, TypeError):
            continue
        if key is not None and look.kid is not None and len(look.kid) <= MAX_KEY_ID:
            found[look.kid] = key
    return found


def _usable(look: _Key, described: dict[str, Any]) -> VerifyingKey | None:
    algorithm = next((name for name, kind in _JOSE.items() if kind == (look.kty, look.crv)), None)
    if algorithm is None or look.use not in (None, "sig") or look.alg not in (None, algorithm):
        return None
    # Of one that is published with its private half nothing comes: whoever does that has no secret any more.
    key: Any = jwt.PyJWK(described, algorithm=algorithm).key
    return algorithm_of(key, "the key set")


class _Body(Protocol):
    """Reads a response, as far as it may be long.

    Attributes:
        done: fires with it. Who waits no longer for that cancels it, and cuts the line.
    """

    def __init__(self) -> None:
        self.done: Deferred[bytes] = Deferred(lambda _: self._cut())
        self._is_over = False
        self._received = b""

    def dataReceived(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > MAX_BYTES:
            self._over(ValueError(f"more than {MAX_BYTES} bytes"))
            self._cut()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if reason.check(ResponseDone, PotentialDataLoss, ConnectionDone):
            self._over(None)
        else:
            self._over(reason.value)

    def _over(self, error: BaseException | None) -> None:
        if self._is_over:
            return
        self._is_over = True
        if error is None:
            self.done.callback(self._received)
        else:
            self.done.errback(error)

    def _cut(self) -> None:
        self._is_over = True
        transport: Any = self.transport
        transport.loseConnection()


def fetcher(reactor: IReactorTime, seconds: float = FETCH_SECONDS) -> Fetch:
    """What has keys over the network, with the certificate verified, and follows nobody elsewhere.

    Args:
        reactor: for connections and timers.
        seconds: how long an answer may take.
    """
    agent = Agent(reactor, connectTimeout=seconds)

    async def fetch(address: str) -> bytes:
        response = await agent.request(b"GET", address.encode("ascii"), Headers({b"Accept": [b"application/json"]}))
        body = _Body()
        response.deliverBody(body)
        content = await body.done
        if response.code != 200:
            raise ValueError(f"answered {response.code}")
        return content

    return lambda address: Deferred.fromCoroutine(fetch(address)).addTimeout(seconds, reactor)
