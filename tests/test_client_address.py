"""Addresses of games."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client.address import Address


class Addresses(SynchronousTestCase):
    def test_parameters_are_added_and_replaced(self) -> None:
        address = Address("ws://localhost:8080/any/g1?spectate=0&x=1#top", "alice", spectate=True)
        self.assertEqual(
            address.url({"state": "1", "x": "a b"}),
            "ws://localhost:8080/any/g1?spectate=1&x=a+b&player=alice&state=1",
        )

    def test_host_port_and_tls(self) -> None:
        found = [(a.host, a.port, a.is_secure) for a in map(Address, ("ws://h/g", "wss://h/g", "wss://[::1]:9/g"))]
        self.assertEqual(found, [("h", 80, False), ("h", 443, True), ("::1", 9, True)])

    def test_who_gives_a_name_or_a_token_is_no_guest(self) -> None:
        self.assertFalse(Address("ws://h/g?x=1").is_named)
        self.assertTrue(Address("ws://h/g?player=a").is_named)
        self.assertTrue(Address("ws://h/g?token=t").is_named)
        self.assertTrue(Address("ws://h/g", "alice").is_named)

    def test_what_is_the_sessions_is_taken_out_of_it(self) -> None:
        address = Address("ws://h/g?since=7&player=a&state=0&epoch=e")
        self.assertEqual(address.place, ("e", 7))
        self.assertEqual(Address("ws://h/g").place, (None, None))
        self.assertEqual(address.url({}), "ws://h/g?player=a")

    def test_a_place_that_is_none_is_told_with_what_would_be_right(self) -> None:
        for since in ("x", "", "-1", "1.5", "\u0663", "9" * 19):
            with self.assertRaisesRegex(ValueError, "'since' in the address is .* write since=0 for the whole history"):
                Address(f"ws://h/g?since={since}")

    def test_what_is_said_twice_is_told(self) -> None:
        with self.assertRaisesRegex(ValueError, r"'ws://h/g' gives 'player' twice: give it once"):
            Address("ws://h/g?player=a&player=b")
        with self.assertRaisesRegex(ValueError, r"'ws://h/g' gives another 'player' than you do: give one of them"):
            Address("ws://h/g?player=a", "b")
        self.assertEqual(Address("ws://h/g?player=a", "a").url({}), "ws://h/g?player=a")

    def test_what_is_no_text_is_told_and_not_repeated(self) -> None:
        wrong: tuple[Any, ...] = (None, b"ws://s3cret/g", 7)
        for url in wrong:
            with self.assertRaisesRegex(TypeError, "address is a text, .* write ws://HOST:PORT/GAME") as caught:
                Address(url)
            self.assertNotIn("s3cret", str(caught.exception))
        for name in (b"a", 7):
            with self.assertRaisesRegex(TypeError, "a player's name is a text"):
                Address("ws://h/g", name)  # type: ignore[arg-type]  # a mistake

    def test_what_is_no_games_address_is_refused_and_no_secret_is_repeated(self) -> None:
        for url in ("http://h/g", "ws:///g", "ws://h", "ws://h/", "h/g", "ws://user:s3cret@h/?token=s3cret"):
            with self.assertRaisesRegex(ValueError, "is no game's address: write ws://HOST:PORT/GAME") as caught:
                Address(url)
            self.assertNotIn("s3cret", str(caught.exception))

    def test_it_is_told_what_is_wrong_with_it(self) -> None:
        for url, why in (
            ("http://h:80/g?x=1", r"http:// is for pages, so try ws://h:80/g\)"),
            ("https://h/", r"https:// is for pages, so try wss://h/\)"),
            ("http://h:80/#/g/g1", r"http:// is for pages, so try ws://h:80/g1\)"),
            ("localhost:8080/g", "does not begin with ws://"),
            ("ws:///g", "no host"),
            ("ws://h", "names no game"),
            ("ws://h:x/g", "port"),
            ("ws://h:99999/g", "port"),
            ("ws://h:0/g", "port"),
        ):
            self.assertRaisesRegex(ValueError, why, Address, url)
