"""The ports of a server."""

from __future__ import annotations

from typing import Any
from unittest import mock

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import ConfigError
from gamesvc.listening import ListenError, Listening


class Port:
    """One that closes when the test says so."""

    def __init__(self, address: Any = None) -> None:
        self.closed: Deferred[None] = Deferred()
        self.stops = 0
        self._address = address

    def getHost(self) -> Any:
        return self._address

    def stopListening(self) -> Deferred[None]:
        self.stops += 1
        return self.closed


class Ports(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.factory = Factory()

    def listening(self, *texts: str) -> Listening:
        return Listening(self.reactor, texts)

    def listening_on(self, *ports: Port | Exception) -> Listening:
        """The ports are what the reactor makes, one after the other."""
        self.enterContext(mock.patch.object(self.reactor, "listenTCP", side_effect=ports))
        return self.listening(*(f"tcp:{number}" for number, _ in enumerate(ports, 8080)))

    def test_all_get_what_connects_to_them(self) -> None:
        listening = self.listening("tcp:8080:interface=192.0.2.1", "unix:gamesvc.sock")
        self.assertEqual(listening.addresses, [])
        listening.start(self.factory)
        self.assertEqual([each[:2] for each in self.reactor.tcpServers], [(8080, self.factory)])
        self.assertEqual([each[:2] for each in self.reactor.unixServers], [("gamesvc.sock", self.factory)])
        self.assertEqual(len(listening.addresses), 2)

    def test_where_clients_find_them(self) -> None:
        for text, address, place in (
            ("tcp:0", IPv4Address("TCP", "127.0.0.1", 49152), "ws://127.0.0.1:49152/GAME"),
            ("tcp6:8080", IPv6Address("TCP", "::1", 8080), "ws://[::1]:8080/GAME"),
            ("ssl:8443:privateKey=k:certKey=c", IPv4Address("TCP", "192.0.2.1", 8443), "wss://192.0.2.1:8443/GAME"),
            ("tls:/certificates:8443", IPv6Address("TCP", "::", 8443), "wss://[::]:8443/GAME"),
            ("haproxy:ssl:8443:k:c", IPv4Address("TCP", "192.0.2.1", 8443), "wss://192.0.2.1:8443/GAME"),
            ("haproxy:tcp:8080", IPv4Address("TCP", "192.0.2.1", 8080), "ws://192.0.2.1:8080/GAME"),
            ("unix:gamesvc.sock", object(), "unix:gamesvc.sock"),
        ):
            endpoint = mock.Mock()
            endpoint.listen.return_value = Deferred()
            endpoint.listen.return_value.callback(Port(address))
            with mock.patch("twisted.internet.endpoints.serverFromString", return_value=endpoint):
                listening = self.listening(text)
            listening.start(self.factory)
            self.assertEqual(list(listening.places), [place])

    def test_where_one_is_taken_none_is_listened_on(self) -> None:
        first = Port()
        taken = CannotListenError("127.0.0.1", 8081, OSError(98, "Address already in use"))
        error = self.assertRaises(ListenError, self.listening_on(first, taken, Port()).start, self.factory)
        self.assertEqual(str(error), "Address already in use: can't listen on tcp:8081")
        self.assertEqual(first.stops, 1)

    def test_an_endpoint_that_takes_its_time_is_refused(self) -> None:
        endpoint = mock.Mock()
        endpoint.listen.return_value = Deferred()
        with mock.patch("twisted.internet.endpoints.serverFromString", return_value=endpoint):
            listening = self.listening("slow:1")
        error = self.assertRaises(ListenError, listening.start, self.factory)
        self.assertEqual(
            str(error), "this kind of endpoint takes its time, and can't be used here: can't listen on slow:1"
        )

    def test_what_is_no_endpoint_is_named(self) -> None:
        for text in ("carrier:pigeon", "tcp:many"):
            error = self.assertRaises(ConfigError, self.listening, "tcp:8080", text)
            self.assertIn(f"port {text!r} is no endpoint: ", str(error))

    def test_it_has_stopped_when_all_are_closed(self) -> None:
        ports = Port(), Port()
        listening = self.listening_on(*ports)
        listening.start(self.factory)
        stopped = ensureDeferred(listening.stop())
        self.assertEqual((listening.addresses, [port.stops for port in ports]), ([], [1, 1]))
        for port in ports:
            self.assertNoResult(stopped)
            port.closed.callback(None)
        self.successResultOf(stopped)

    def test_one_that_can_not_be_closed_is_told_and_does_not_keep_it_from_stopping(self) -> None:
        ports = Port(), Port()
        listening = self.listening_on(*ports)
        listening.start(self.factory)
        stopped = ensureDeferred(listening.stop())
        ports[0].closed.errback(RuntimeError("stuck"))
        ports[1].closed.callback(None)
        self.successResultOf(stopped)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
