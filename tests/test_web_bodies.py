"""Bodies: where they end, in whatever pieces they come."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import RequestRefused
from gamesvc.handshake import PlainRequest
from gamesvc.web.bodies import MAX_BODY_BYTES, ChunkedBody, LongBody, body_of

FAST = settings(deadline=None, database=None, max_examples=150)

Taken = tuple[bytes, bytes] | str | None


def head(minor: int = 1, **headers: bytes) -> PlainRequest:
    """A request's, with headers that have underscores for hyphens."""
    return PlainRequest(b"POST", b"/", minor, {name.replace("_", "-").encode(): each for name, each in headers.items()})


def taken(body: LongBody | ChunkedBody, data: bytes, size: int = 1 << 20) -> Taken:
    """The body and what comes after it; the code with which it is refused; None where it goes on."""
    try:
        for start in range(0, len(data), size):
            rest = body.take(data[start : start + size])
            if rest is not None:
                return bytes(body.content), rest + data[start + size :]
    except RequestRefused as refused:
        return refused.refusal.code
    return None


def chunked(data: bytes, size: int = 1 << 20) -> Taken:
    return taken(ChunkedBody(), data, size)


class Kinds(SynchronousTestCase):
    """Which kind of body a request has, which its head says."""

    def code(self, request: PlainRequest) -> str:
        try:
            found = body_of(request)
        except RequestRefused as refused:
            return refused.refusal.code
        return type(found).__name__

    def test_it_is_told_by_one_of_two_headers_and_by_one_only(self) -> None:
        for wanted, request in (
            ("NoneType", head()),
            ("NoneType", head(content_length=b"0")),
            ("NoneType", head(content_length=b"000")),
            ("LongBody", head(content_length=b"5")),
            ("LongBody", head(0, content_length=b"5")),
            ("ChunkedBody", head(transfer_encoding=b"chunked")),
            ("ChunkedBody", head(transfer_encoding=b"Chunked")),
            ("bad_request", head(transfer_encoding=b"chunked", content_length=b"5")),
            ("bad_request", head(transfer_encoding=b"chunked", content_length=b"0")),
            # Who speaks HTTP/1.0 and passes it on does not know chunks.
            ("bad_request", head(0, transfer_encoding=b"chunked")),
            *(
                ("bad_request", head(transfer_encoding=coding))
                for coding in (
                    b"",
                    b"identity",
                    b"gzip",
                    b"gzip, chunked",
                    b"chunked, chunked",
                    b"chunked,",
                    b"xchunked",
                )
            ),
            *(
                ("bad_request", head(content_length=length))
                for length in (
                    b"",
                    b"+5",
                    b"-5",
                    b"5,5",
                    b"5, 5",
                    b"0x5",
                    b"5 5",
                    b"5_0",
                    b"\xb2",
                    b"1" * 19,
                    b"\xd9\xa3",
                )
            ),
        ):
            self.assertEqual(self.code(request), wanted, request)

    def test_one_that_says_that_it_is_too_large_is_refused_before_it_comes(self) -> None:
        self.assertEqual(self.code(head(content_length=b"65536")), "LongBody")
        self.assertEqual(self.code(head(content_length=b"65537")), "body_too_large")
        self.assertEqual(self.code(head(content_length=b"9" * 18)), "body_too_large")


class Lengths(SynchronousTestCase):
    def test_what_comes_after_it_is_no_part_of_it(self) -> None:
        for size in (1, 2, 3, 100):
            self.assertEqual(taken(LongBody(5), b"01234GET /", size), (b"01234", b"GET /"))
        self.assertIsNone(taken(LongBody(5), b"0123"))


class Chunks(SynchronousTestCase):
    def test_they_are_put_together_in_whatever_pieces_they_come(self) -> None:
        data = (
            b'4\r\nWiki\r\n006;name="va lue"\r\npedia \r\nD \t\r\nin \r\n\r\nchunks\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1'
        )
        for size in range(1, len(data) + 1):
            self.assertEqual(chunked(data, size), (b"Wikipedia in \r\n\r\nchunks", b"GET / HTTP/1.1"))

    def test_nothing_is_read_that_may_be_read_in_two_ways(self) -> None:
        for data in (
            b"\r\n",
            b"g\r\n",
            b"-1\r\n",
            b"+1\r\nx\r\n",
            b"0x1\r\nx\r\n",
            b" 1\r\nx\r\n",
            b"1_0\r\nx",
            b"1\nx\r\n",
            b"1\r\nxx\r\n",
            b"1\r\nx\n\r\n0\r\n\r\n",
            b"1\r\nx\r0\r\n\r\n",
            b"1;a\nb\r\nx\r\n",
            b"1;a\x00\r\nx\r\n",
            b"1 a\r\nx\r\n",
            b"0\r\nno trailer\r\n\r\n",
            b"0\r\nX : y\r\n\r\n",
            b"0\r\n folded: y\r\n\r\n",
            b"0\r\nX: y\nGET / HTTP/1.1\r\n\r\n",
            b"1" * 17 + b"\r\n",
        ):
            for size in (1, 100):
                self.assertEqual(chunked(data, size), "bad_request", data)

    def test_all_of_it_is_bounded(self) -> None:
        self.assertEqual(chunked(b"10001\r\n"), "body_too_large")
        self.assertEqual(chunked(b"fffffffffffffff\r\n"), "body_too_large")
        whole = b"10000\r\n" + b"x" * MAX_BODY_BYTES + b"\r\n"
        self.assertEqual(chunked(whole + b"0\r\n\r\n"), (b"x" * MAX_BODY_BYTES, b""))
        self.assertEqual(chunked(whole + b"1\r\n"), "body_too_large")
        # Chunks that are next to nothing, and lines that do not end.
        self.assertEqual(chunked(b"1\r\nx\r\n" * 1023 + b"0\r\n\r\n"), (b"x" * 1023, b""))
        self.assertEqual(chunked(b"1\r\nx\r\n" * 1025), "body_too_large")
        self.assertIsNone(chunked(b"1;" + b"x" * 254))
        self.assertEqual(chunked(b"1;" + b"x" * 254 + b"\r\ny\r\n0\r\n\r\n"), (b"y", b""))
        self.assertEqual(chunked(b"1;" + b"x" * 255 + b"\r\ny\r\n0\r\n\r\n"), "bad_request")
        self.assertEqual(chunked(b"1;" + b"x" * 300, 1), "bad_request")
        self.assertEqual(chunked(b"0\r\n" + b"X: y\r\n" * 1024 + b"\r\n"), (b"", b""))
        self.assertEqual(chunked(b"0\r\n" + b"X: y\r\n" * 1025), "bad_request")

    @FAST
    @given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.binary(max_size=10), st.integers(1, 30))
    def test_whatever_was_sent_comes_out(self, parts: list[bytes], after: bytes, size: int) -> None:
        data = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in parts) + b"0\r\n\r\n" + after
        self.assertEqual(chunked(data, size), (b"".join(parts), after))

    @FAST
    @given(st.binary(max_size=60) | st.text("01a;:x \r\n", max_size=60).map(str.encode), st.integers(1, 10))
    def test_the_pieces_in_which_it_comes_change_nothing(self, data: bytes, size: int) -> None:
        self.assertEqual(chunked(data, size), chunked(data))
