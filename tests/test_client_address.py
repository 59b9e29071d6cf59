"""Addresses of games."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client.address import Address


class Addresses(SynchronousTestCase):
    def test_parameters_are_added_and_replaced(self) -> None:
        address = Address("ws://localhost:8080/any/g1?player=bob&x=1#top", "alice", spectate=True)
        self.assertEqual(
            address.url({"state": "1", "x": "a b"}),
            "ws://localhost:8080/any/g1?player=alice&x=a+b&spectate=1&state=1",
        )

    def test_host_port_and_tls(self) -> None:
        found = [(a.host, a.port, a.is_secure) for a in map(Address, ("ws://h/g", "wss://h/g", "wss://[::1]:9/g"))]
        self.assertEqual(found, [("h", 80, False), ("h", 443, True), ("::1", 9, True)])

    def test_who_gives_a_name_or_a_token_is_no_guest(self) -> None:
        self.assertFalse(Address("ws://h/g?x=1").is_named)
        self.assertTrue(Address("ws://h/g?player=a").is_named)
        self.assertTrue(Address("ws://h/g?token=t").is_named)
        self.assertTrue(Address("ws://h/g", "alice").is_named)

    def test_a_parameter_can_be_taken_out(self) -> None:
        address = Address("ws://h/g?since=7&player=a")
        self.assertEqual(address.take("since"), "7")
        self.assertIsNone(address.take("since"))
        self.assertEqual(address.url({}), "ws://h/g?player=a")

    def test_what_is_no_games_address_is_refused_and_no_secret_is_repeated(self) -> None:
        for url in ("http://h/g", "ws:///g", "ws://h", "ws://h/", "h/g", "ws://user:s3cret@h/?token=s3cret"):
            with self.assertRaisesRegex(ValueError, "is no game's address: write ws://HOST:PORT/GAME") as caught:
                Address(url)
            self.assertNotIn("s3cret", str(caught.exception))
