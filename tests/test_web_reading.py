"""Requests, as the bytes come: in whatever pieces, each once, and none before it is asked for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import RequestRefused
from gamesvc.handshake import PlainRequest
from gamesvc.web.reading import RequestReader, Upgrade, Whole
from tests.web import request
from tests.wire import opening

FAST = settings(deadline=None, database=None, max_examples=150)

CHUNKED = request("/third", "Transfer-Encoding: chunked", method="POST") + b"5\r\nthird\r\n0\r\n\r\n"
SEVERAL = request("/first") + request("/second", method="POST", body=b"second") + CHUNKED + request("/fourth")
READ = [(b"/first", b""), (b"/second", b"second"), (b"/third", b"third"), (b"/fourth", b"")]
UPGRADE = opening("/g")


def reader(data: bytes = b"") -> RequestReader:
    """One that has had some bytes."""
    made = RequestReader(4096)
    made.take(data)
    return made


def read(reading: RequestReader) -> list[tuple[bytes, bytes]]:
    """The requests that are there: where to, and their bodies."""
    found = []
    while (whole := reading.next()) is not None:
        assert isinstance(whole, Whole)
        found.append((whole.head.target, whole.content))
    return found


class Requests(SynchronousTestCase):
    @FAST
    @given(st.lists(st.integers(0, len(SEVERAL)), max_size=12).map(sorted))
    def test_they_are_the_same_in_whatever_pieces_they_come(self, cuts: list[int]) -> None:
        reading, found = reader(), []
        for start, end in zip([0, *cuts], [*cuts, len(SEVERAL)], strict=True):
            reading.take(SEVERAL[start:end])
            found += read(reading)
        self.assertEqual(found, READ)
        self.assertEqual((reading.ahead, reading.awaits), (0, "request"))

    def test_none_is_read_before_it_is_asked_for(self) -> None:
        reading = reader(request("/first") + b"no request\r\n\r\n")
        whole = reading.next()
        assert isinstance(whole, Whole)
        self.assertEqual(whole.head.target, b"/first")
        self.assertEqual(reading.ahead, len(b"no request\r\n\r\n"))
        with self.assertRaises(RequestRefused):
            reading.next()

    def test_the_first_ones_head_may_have_been_read_already(self) -> None:
        head = PlainRequest(b"POST", b"/first", 1, {b"content-length": b"4"})
        reading = reader()
        reading.begin(head, b"body" + request("/second"))
        self.assertEqual(read(reading), [(b"/first", b"body"), (b"/second", b"")])

    def test_one_to_become_a_websocket_is_left_whole_with_what_is_behind_it(self) -> None:
        reading = reader(request("/first") + UPGRADE + b"\x81")
        self.assertIsInstance(reading.next(), Whole)
        self.assertEqual(reading.next(), Upgrade(UPGRADE + b"\x81"))

    def test_what_is_awaited(self) -> None:
        reading = reader()
        told = []
        for piece in (b"", b"POST /a HTTP/1.1\r\n", b"Host: a\r\nContent-Length: 2\r\n\r\n", b"o", b"k"):
            reading.take(piece)
            whole = reading.next()
            told.append("whole" if whole is not None else reading.awaits)
        self.assertEqual(told, ["request", "head", "body", "body", "whole"])

    def test_a_fragment_belongs_to_no_request(self) -> None:
        with self.assertRaises(RequestRefused) as caught:
            reader(request("/first#part")).next()
        self.assertEqual(caught.exception.refusal.code, "bad_request")

    def test_a_head_is_bounded(self) -> None:
        with self.assertRaises(RequestRefused) as caught:
            reader(request("/", f"X: {'x' * 5000}")).next()
        self.assertEqual(caught.exception.refusal.status, 431)


class Words(SynchronousTestCase):
    """Who waits for a word before the body."""

    HEAD = request("/", "Expect: 100-Continue", "Content-Length: 4", method="POST")

    def test_it_is_said_once(self) -> None:
        reading = reader(self.HEAD)
        self.assertIsNone(reading.next())
        self.assertEqual([reading.take_word(), reading.take_word()], [True, False])
        reading.take(b"bo")
        self.assertIsNone(reading.next())
        self.assertFalse(reading.take_word())

    def test_who_did_not_wait_or_can_not_is_told_none(self) -> None:
        for data in (self.HEAD + b"bo", self.HEAD.replace(b"HTTP/1.1", b"HTTP/1.0"), request("/", method="POST")):
            reading = reader(data)
            reading.next()
            self.assertFalse(reading.take_word())

    def test_the_next_request_has_nothing_of_it(self) -> None:
        reading = reader(self.HEAD)
        reading.next()
        reading.take(b"body" + request("/", "Content-Length: 4", method="POST"))
        self.assertIsInstance(reading.next(), Whole)
        self.assertIsNone(reading.next())
        self.assertFalse(reading.take_word())
