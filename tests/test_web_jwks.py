"""The keys of an issuer: had once, kept for a while, asked for again only so often, and used only for what they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TookTooLong
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface import directlyProvides, providedBy

from gamesvc.errors import ConfigError, RequestRefused
from gamesvc.web import jwks
from gamesvc.web.jwks import (
    AGAIN_SECONDS,
    FRESH_SECONDS,
    MAX_BYTES,
    MAX_KEYS,
    MAX_WAITING,
    STALE_SECONDS,
    KeySet,
    check_address,
    fetcher,
)
from tests.wire import Logged

ED = Ed25519PrivateKey.generate().public_key()
EC = ec.generate_private_key(ec.SECP256R1()).public_key()
RSA = rsa.generate_private_key(65537, 2048).public_key()


def as_jwk(key: Any, id: str | None = "k1", **more: Any) -> dict[str, Any]:
    algorithms: dict[type, Any] = {
        type(ED): jwt.algorithms.OKPAlgorithm,
        type(EC): jwt.algorithms.ECAlgorithm,
        type(RSA): jwt.algorithms.RSAAlgorithm,
    }
    described = json.loads(algorithms[type(key)].to_jwk(key))
    described.pop("key_ops", None)
    return {**described, **({} if id is None else {"kid": id}), **more}


class KeySetTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.logged = Logged(self)
        self.clock = Clock()
        self.content = json.dumps({"keys": [as_jwk(ED)]}).encode()
        self.fetched: list[Deferred[bytes]] = []
        self.fails = False
        self.holds = False
        self.keys = KeySet("https://id.example/keys", self.fetch, self.clock.seconds)

    def fetch(self, address: str) -> Deferred[bytes]:
        self.assertEqual(address, "https://id.example/keys")
        done: Deferred[bytes] = Deferred()
        self.fetched.append(done)
        if self.fails:
            done.errback(OSError("no route"))
        elif not self.holds:
            done.callback(self.content)
        return done

    def ask(self, id: str = "k1") -> Any:
        """A key's algorithm, or why there is none."""
        asked = Deferred.fromCoroutine(self.keys.key(id))
        outcomes: list[Any] = []
        asked.addBoth(outcomes.append)
        if isinstance(outcomes[0], Failure):
            error = outcomes[0].value
            assert isinstance(error, RequestRefused), error
            return error.refusal.code
        return outcomes[0].algorithm

    def publish(self, *keys: dict[str, Any]) -> None:
        self.content = json.dumps({"keys": keys}).encode()

    def test_each_kind_of_key_has_its_one_algorithm(self) -> None:
        self.publish(as_jwk(ED, "a"), as_jwk(EC, "b"), as_jwk(RSA, "c"))
        self.assertEqual([self.ask(id) for id in "abc"], ["EdDSA", "ES256", "RS256"])
        self.assertEqual(len(self.fetched), 1)

    def test_what_is_for_something_else_is_no_key(self) -> None:
        small = rsa.generate_private_key(65537, 1024).public_key()
        p384 = ec.generate_private_key(ec.SECP384R1()).public_key()
        secret = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate()))
        self.publish(
            as_jwk(ED, "enc", use="enc"),
            as_jwk(ED, "alg", alg="ES256"),
            as_jwk(ED, None),
            as_jwk(RSA, "weak", alg="RS512"),
            as_jwk(small, "small"),
            as_jwk(p384, "p384"),
            {"kty": "oct", "k": "c2VjcmV0", "kid": "oct", "alg": "HS256"},
            {**secret, "kid": "secret"},
            {"kty": "RSA", "n": "AQ", "kid": "half"},
            {"kid": "nothing"},
            as_jwk(ED, "good", use="sig", alg="EdDSA"),
        )
        self.assertEqual(self.ask("good"), "EdDSA")
        for id in ("enc", "alg", "weak", "small", "p384", "oct", "secret", "half", "nothing", ""):
            self.assertEqual(self.ask(id), "token_invalid", id)

    def test_they_are_kept_and_asked_for_again_when_they_are_old(self) -> None:
        self.ask()
        self.clock.advance(FRESH_SECONDS - 1)
        self.ask()
        self.assertEqual(len(self.fetched), 1)
        self.clock.advance(2)
        self.publish(as_jwk(EC))
        self.assertEqual(self.ask(), "ES256")
        self.assertEqual(len(self.fetched), 2)

    def test_a_key_that_was_taken_back_is_none_any_more(self) -> None:
        self.ask()
        self.publish(as_jwk(EC, "k2"))
        self.clock.advance(FRESH_SECONDS + 1)
        self.assertEqual(self.ask(), "token_invalid")

    def test_a_new_key_is_found_but_whoever_makes_names_up_does_not_have_the_issuer_asked_for_each(self) -> None:
        self.ask()
        self.clock.advance(AGAIN_SECONDS)
        self.publish(as_jwk(ED), as_jwk(EC, "k2"))
        self.assertEqual(self.ask("k2"), "ES256")
        for number in range(100):
            self.assertEqual(self.ask(f"made-up-{number}"), "token_invalid")
        self.assertEqual(len(self.fetched), 2)
        self.assertEqual(self.ask("x" * 300), "token_invalid")

    def test_while_the_issuer_does_not_answer_the_keys_of_before_hold_for_a_day(self) -> None:
        self.ask()
        self.fails = True
        self.clock.advance(FRESH_SECONDS + 1)
        self.assertEqual(self.ask(), "EdDSA")
        self.assertEqual(self.ask("other"), "identity_unavailable")
        self.assertEqual(len(self.fetched), 2)
        self.clock.advance(STALE_SECONDS)
        self.assertEqual(self.ask(), "identity_unavailable")
        self.fails = False
        self.clock.advance(AGAIN_SECONDS)
        self.assertEqual(self.ask(), "EdDSA")
        self.assertTrue(any("no route" in text for text in self.logged.texts()))

    def test_nobody_whose_key_is_known_waits_for_an_issuer_that_does_not_answer(self) -> None:
        self.ask()
        self.fails = True
        self.clock.advance(FRESH_SECONDS + 1)
        self.ask()
        self.fails, self.holds = False, True
        self.clock.advance(AGAIN_SECONDS)
        for _ in range(MAX_WAITING + 2):
            self.assertEqual(self.ask(), "EdDSA")
        self.publish(as_jwk(EC))
        self.assertEqual(len(self.fetched), 3)
        self.fetched[-1].callback(self.content)
        self.assertEqual(self.ask(), "ES256")

    def test_what_is_no_key_set_is_no_answer(self) -> None:
        for content in (b"", b"[]", b'{"keys": 1}', b"<html>"):
            self.content = content
            self.clock.advance(AGAIN_SECONDS)
            self.assertEqual(self.ask(), "identity_unavailable")

    def test_of_very_many_some_are_read(self) -> None:
        self.publish(*(as_jwk(ED, f"k{number}") for number in range(MAX_KEYS + 1)))
        self.assertEqual(self.ask(f"k{MAX_KEYS - 1}"), "EdDSA")
        self.assertEqual(self.ask(f"k{MAX_KEYS}"), "token_invalid")

    def test_all_who_come_meanwhile_wait_for_one_answer_and_not_too_many(self) -> None:
        self.holds = True
        asked = [Deferred.fromCoroutine(self.keys.key("k1")) for _ in range(MAX_WAITING + 1)]
        self.assertEqual(len(self.fetched), 1)
        self.assertEqual(self.ask(), "identity_unavailable")
        self.fetched[0].callback(self.content)
        for each in asked:
            self.assertEqual(self.successResultOf(each).algorithm, "EdDSA")


class AddressTest(SynchronousTestCase):
    def test_https_or_this_machine(self) -> None:
        for text in (
            "https://id.example/keys",
            "https://id.example:8443/k?x=1",
            "http://localhost:1/k",
            "http://127.0.0.1/k",
        ):
            self.assertEqual(check_address(text), text)
        for text in (
            "http://id.example/k",
            "id.example",
            "ftp://x/k",
            "https://",
            "file:///etc/passwd",
            "https://[",
            "http://127.0.0.1.evil.example/k",
            "https://u:p@x/k",
            "https://x:99999/",
        ):
            self.assertRaises(ConfigError, check_address, text)


class OwnTime:
    """The real reactor, but for its time, which is the test's.

    Attributes:
        time: it.
    """

    def __init__(self, reactor: Any) -> None:
        directlyProvides(self, providedBy(reactor))
        self._reactor = reactor
        self.time = Clock()
        self.callLater = self.time.callLater

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)


class FetchTest(TestCase):
    """Over the network of this machine."""

    def serve(self, response: bytes, *, ends: bool = True) -> str:
        from twisted.internet import reactor
        from twisted.internet.protocol import Protocol, ServerFactory, connectionDone

        self.asked: list[bytes] = []
        self.lost: Deferred[None] = Deferred()
        asked, lost = self.asked, self.lost

        class Serving(Protocol):
            def dataReceived(self, data: bytes) -> None:
                asked.append(data)
                assert self.transport is not None
                self.transport.write(response)
                if ends:
                    self.transport.loseConnection()

            def connectionLost(self, reason: Failure = connectionDone) -> None:
                lost.callback(None)

        factory: Any = ServerFactory.forProtocol(Serving)
        port: Any = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        return f"http://127.0.0.1:{port.getHost().port}/keys"

    async def fetch(self, response: bytes) -> bytes:
        from twisted.internet import reactor

        found: Callable[[str], Deferred[bytes]] = fetcher(reactor)
        return await found(self.serve(response))

    async def test_what_is_there(self) -> None:
        content = await self.fetch(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        self.assertEqual(content, b"{}")
        self.assertTrue(self.asked[0].startswith(b"GET /keys HTTP/1.1\r\n"))

    async def test_nobody_is_followed_elsewhere(self) -> None:
        for head in (b"302 Found\r\nLocation: http://127.0.0.1:1/", b"404 Not Found", b"500 Oops"):
            with self.assertRaises(ValueError):
                await self.fetch(b"HTTP/1.1 " + head + b"\r\nContent-Length: 2\r\n\r\n{}")

    async def test_who_takes_too_long_is_cut_off(self) -> None:
        from twisted.internet import reactor

        own: Any = OwnTime(reactor)
        reading: Deferred[None] = Deferred()

        class Body(jwks._Body):
            def connectionMade(self) -> None:
                super().connectionMade()
                # It is waited for when this has returned.
                own.callFromThread(reading.callback, None)

        self.patch(jwks, "_Body", Body)
        address = self.serve(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", ends=False)
        found: Callable[[str], Deferred[bytes]] = fetcher(own, seconds=5)
        fetching = found(address)
        await reading
        own.time.advance(4.9)
        self.assertNoResult(fetching)
        own.time.advance(0.1)
        self.failureResultOf(fetching, TookTooLong)
        await self.lost

    async def test_and_not_too_much_is_read(self) -> None:
        with self.assertRaises(ValueError):
            await self.fetch(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MAX_BYTES + 1))
