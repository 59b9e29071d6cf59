"""Whom the certificates in a file name; on real sockets, where that shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from OpenSSL import SSL
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import DefaultOpenSSLContextFactory, optionsForClientTLS
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface import implementer

from gamesvc.cli.trusted import advice, trusted_by_ssl, trusted_by_twisted
from gamesvc.errors import ConfigError
from tests.certificates import LOOPBACK, Authority


class Advice(SynchronousTestCase):
    def test_the_other_scheme_or_whom_to_trust_is_named_where_that_may_be_it(self) -> None:
        for url, why, what in (
            ("ws://h/g", "did not receive a valid HTTP response", "write wss:// instead"),
            ("WS://h/g", "what came is no answer to a WebSocket's opening handshake", "write wss:// instead"),
            ("ws://h/g", "the connection was closed", "write wss:// instead"),
            ("wss://h/g", "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", "write ws:// instead"),
            ("WSS://h/g", "certificate verify failed", "--ca-file FILE"),
            ("wss://h/g", "certificate verify failed: self-signed certificate (_ssl.c:1006)", "--ca-file FILE"),
        ):
            told = advice(url, why)
            self.assertTrue(told.startswith("; "), told)
            self.assertIn(what, told)

    def test_where_that_is_not_it_nothing_is_said(self) -> None:
        for url, why in (
            ("ws://h/g", "Connection refused"),
            ("wss://h/g", "the connection was closed"),
            ("wss://h/g", "certificate verify failed: Hostname mismatch, certificate is not valid for 'h'"),
            ("wss://h/g", "certificate verify failed: certificate has expired"),
            ("wss://h/g", "the server's certificate is not one for this host"),
        ):
            self.assertEqual(advice(url, why), "")


@implementer(IHandshakeListener)
class Shaking(Protocol):
    """Connects, and leaves."""

    def __init__(self) -> None:
        self.shaken = False
        self.ended: Deferred[bool] = Deferred()

    def handshakeCompleted(self) -> None:
        self.shaken = True
        assert self.transport is not None
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure = None) -> None:  # type: ignore[assignment]  # there always is one
        if self.shaken:
            self.ended.callback(True)
        else:
            self.ended.errback(reason)


class OnTwisted(TestCase):
    def setUp(self) -> None:
        self.ours, self.others = Authority("ours"), Authority("others")
        factory: Any = Factory.forProtocol(Protocol)
        certified = self.mktemp()
        Path(certified).write_bytes(self.ours.certify())
        # `CertificateOptions` hands pyOpenSSL what it warns of.
        options = DefaultOpenSSLContextFactory(certified, certified, SSL.TLS_METHOD)
        port: Any = reactor.listenSSL(0, factory, options, interface=LOOPBACK)  # type: ignore[attr-defined]  # it has
        self.addCleanup(port.stopListening)
        self.port = port.getHost().port
        self.file = Path(self.mktemp())

    async def connects(self) -> bool:
        options = optionsForClientTLS(LOOPBACK, trustRoot=trusted_by_twisted(str(self.file)))
        endpoint = wrapClientTLS(options, HostnameEndpoint(reactor, LOOPBACK, self.port))
        shaking = Shaking()
        await endpoint.connect(Factory.forProtocol(lambda: shaking))
        return await shaking.ended

    async def test_one_of_several_may_have_certified_the_server(self) -> None:
        self.others.write(self.file)
        self.ours.write(self.file)
        self.assertTrue(await self.connects())

    async def test_nobody_else_is_trusted(self) -> None:
        self.others.write(self.file)
        with self.assertRaises(SSL.Error) as caught:
            await self.connects()
        self.assertIn("certificate verify failed", str(caught.exception))


class Files(SynchronousTestCase):
    def test_python_s_own_trusts_those_in_it(self) -> None:
        file = Path(self.mktemp())
        for name in ("ours", "others"):
            Authority(name).write(file)
        found: list[Any] = trusted_by_ssl(str(file)).get_ca_certs()
        self.assertEqual({each["subject"][0][0][1] for each in found}, {"ours", "others"})

    def test_what_is_wrong_with_one_is_told_in_the_same_words(self) -> None:
        for text, why in ((None, "No such file or directory"), (b"nobody\n", "there is no certificate in it")):
            file = Path(self.mktemp())
            if text is not None:
                file.write_bytes(text)
            for read in (trusted_by_ssl, trusted_by_twisted):
                error = self.assertRaises(ConfigError, read, str(file))
                self.assertEqual(str(error), f"CA file {str(file)!r}: {why}")
