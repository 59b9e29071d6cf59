"""Where to listen."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.ports import endpoint, parse_port


class Ports(SynchronousTestCase):
    def test_numbers_and_endpoints_are_ports_and_nothing_else_is(self) -> None:
        for text in ("0", "65535", "tcp:8080", "unix:/run/x.sock", "systemd:domain=INET:index=0"):
            self.assertEqual(parse_port(text), text)
        self.assertEqual(parse_port("0080"), "80")
        for text in ("", "65536", "-1", "8080 ", "http", "\u0661", ":8080", "8080x"):
            self.assertRaises(ValueError, parse_port, text)

    def test_the_interface_is_the_ports_own_or_the_address_or_loopback_or_all(self) -> None:
        cases = {
            ("8080", None, True): "tcp:8080:interface=127.0.0.1:backlog=1024",
            ("8080", None, False): "tcp:8080:backlog=1024",
            ("8080", "192.0.2.1", True): "tcp:8080:interface=192.0.2.1:backlog=1024",
            ("8080", "::1", True): r"tcp6:8080:interface=\:\:1:backlog=1024",
            ("tcp:8080:interface=192.0.2.2", "192.0.2.1", True): "tcp:8080:interface=192.0.2.2",
            ("tcp:8080:192.0.2.2", None, True): "tcp:8080:192.0.2.2",
            ("tcp:8080:", None, True): "tcp:8080:127.0.0.1",
            ("tcp:8080::50", None, True): "tcp:8080:127.0.0.1:50",
            ("tcp:interface=:port=80", None, True): "tcp:port=80:interface=127.0.0.1",
            ("tcp6:8080", None, True): r"tcp6:8080:interface=\:\:1",
            ("ssl:8443:k.pem:c.pem", None, True): "ssl:8443:k.pem:c.pem:interface=127.0.0.1",
            ("tls:certs:8443", None, True): "tls:certs:8443:interface=127.0.0.1",
            ("haproxy:tcp:8080", None, True): "haproxy:tcp:8080:interface=127.0.0.1",
            ("unix:/run/x.sock", None, True): "unix:/run/x.sock",
        }
        for (port, address, loopback), wanted in cases.items():
            self.assertEqual(endpoint(port, address, loopback=loopback), wanted)
