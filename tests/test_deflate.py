"""What of ``permessage-deflate`` is agreed to, and what comes out of compressed messages."""

from __future__ import annotations

import random
import zlib
from functools import partial
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.deflate import NotInflated, agreed, inflated
from gamesvc.errors import CloseCode
from tests.cost import cost

FAST = settings(deadline=None, database=None, max_examples=200)
AGREED = b"permessage-deflate; server_no_context_takeover; client_no_context_takeover"
FULL = AGREED + b"; server_max_window_bits=15"
LAST = b"\x00"
"""What has to follow a block that says it is the last (RFC 7692, section 7.2.3.4)."""


def deflated(text: bytes, level: int = 6, flush: int = zlib.Z_SYNC_FLUSH, window: int = 15) -> bytes:
    """A message's payload, as a client sends it."""
    deflate = zlib.compressobj(level, zlib.DEFLATED, -window)
    data = deflate.compress(text) + deflate.flush(flush)
    return data + LAST if flush == zlib.Z_FINISH else data.removesuffix(b"\x00\x00\xff\xff")


class Offers(SynchronousTestCase):
    def test_what_is_accepted(self) -> None:
        for offered in (
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",  # as browsers do
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            "permessage-deflate;client_no_context_takeover;client_max_window_bits=8",
            "permessage-deflate; client_max_window_bits=15",
            'permessage-deflate; client_max_window_bits="10"',
            'permessage-deflate; client_max_window_bits="1\\0"',
            " \tpermessage-deflate \t;\t client_max_window_bits = 9\t ",
            ",, permessage-deflate , ,",
        ):
            self.assertEqual(agreed(offered.encode()), AGREED, offered)

    def test_who_demands_a_window_is_told_that_it_is_kept_to(self) -> None:
        for offered in (
            "permessage-deflate; server_max_window_bits=15",
            'permessage-deflate; server_max_window_bits="15"; client_max_window_bits',
        ):
            self.assertEqual(agreed(offered.encode()), FULL, offered)

    def test_what_is_declined(self) -> None:
        for offered in (
            "",
            " , ,",
            "permessage-bzip2",
            "x-webkit-deflate-frame",
            "Permessage-Deflate",
            "permessage-deflates",
            # All receive the same bytes.
            *(f"permessage-deflate; server_max_window_bits={bits}" for bits in range(8, 15)),
            "permessage-deflate; server_max_window_bits",
            'permessage-deflate; server_max_window_bits=""',
            # What there is not, or is given a value that there is not, or is given twice.
            "permessage-deflate; unknown",
            "permessage-deflate; unknown=1; client_max_window_bits",
            "permessage-deflate; Client_Max_Window_Bits",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; client_no_context_takeover=true",
            'permessage-deflate; client_no_context_takeover="a"',
            *(
                f"permessage-deflate; client_max_window_bits={bits}"
                for bits in ("7", "16", "0", "08", "1e1", "-8", "x")
            ),
            *(f"permessage-deflate; server_max_window_bits={bits}" for bits in ("16", "015", "0", "x")),
            "permessage-deflate; client_max_window_bits; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=15; client_max_window_bits=15",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        ):
            self.assertEqual(agreed(offered.encode()), b"", offered)

    def test_of_several_the_first_that_can_be_accepted_is(self) -> None:
        for offered, wanted in (
            ("permessage-bzip2, permessage-deflate", AGREED),
            ('foo; bar="baz"; boo, permessage-deflate, foo', AGREED),
            ("permessage-deflate; server_max_window_bits=10, permessage-deflate", AGREED),
            ("permessage-deflate; server_max_window_bits=10,permessage-deflate; server_max_window_bits=15", FULL),
            ("permessage-deflate; server_max_window_bits=15, permessage-deflate", FULL),
            ("permessage-deflate, permessage-deflate; server_max_window_bits=15", AGREED),
            ("permessage-deflate; unknown, permessage-deflate; client_max_window_bits; client_max_window_bits", b""),
        ):
            self.assertEqual(agreed(offered.encode()), wanted, offered)

    def test_where_anything_is_malformed_nothing_is_agreed_to(self) -> None:
        for wrong in (
            b"permessage-deflate;",
            b"permessage-deflate; ;client_max_window_bits",
            b"permessage-deflate; client_max_window_bits=",
            b"permessage-deflate; =15",
            b"permessage-deflate client_max_window_bits",
            b"permessage-deflate; client_max_window_bits 15",
            b"permessage-deflate; client_max_window_bits=15 15",
            b'permessage-deflate; client_max_window_bits="15',
            b'permessage-deflate; client_max_window_bits="1 5"',
            b'permessage-deflate; client_max_window_bits="15"5',
            b'permessage-deflate; client_max_window_bits="15\\"',
            b'permessage-deflate; client_max_window_bits=""',
            b'"permessage-deflate"',
            b"permessage-deflate=15",
            b"; permessage-deflate",
            b"permessage-deflate; a@b",
            b"permessage-deflate\x85",
            b"\xffpermessage-deflate",
        ):
            self.assertEqual(agreed(wrong), b"", wrong)
            self.assertEqual(agreed(b"permessage-deflate, " + wrong), b"", wrong)

    @FAST
    @given(
        st.binary(max_size=60)
        | st.lists(
            st.sampled_from(
                (
                    *(b";", b",", b"=", b'"', b" ", b"\t", b"\\", b"15", b"8", b"x"),
                    b"permessage-deflate",
                    b"client_max_window_bits",
                    b"server_max_window_bits",
                    b"server_no_context_takeover",
                )
            ),
            max_size=15,
        ).map(b"".join)
    )
    def test_no_bytes_bring_about_anything_but_one_of_the_answers(self, offered: bytes) -> None:
        self.assertIn(agreed(offered), (b"", AGREED, FULL))

    def test_none_takes_longer_to_judge_than_its_length_allows(self) -> None:
        size = 16000
        plain = cost(lambda: agreed(b"x" * size))
        for hostile in (
            b"a," * (size // 2),
            b"," * size,
            b" " * size + b"\x00",
            b"a" + b" \t" * (size // 2) + b"\x00",
            b"a" + b";a" * (size // 2) + b"\x00",
            b"a" + b"; \t" * (size // 3),
            b'a;a="' + b"\\1" * (size // 2),
            b"a;a=" + b" " * size,
            b"permessage-deflate" + b";a=1" * (size // 4),
            b"permessage-deflate;a," * (size // 21),
        ):
            self.assertLess(cost(partial(agreed, hostile)) / plain, 500.0, hostile[:50])
            # Twice as long takes about twice as long: four times as long would be a search within a search.
            self.assertLess(cost(partial(agreed, hostile * 4)) / cost(partial(agreed, hostile)), 14.0, hostile[:50])


class Inflated(SynchronousTestCase):
    def assert_fails(self, payload: bytes, code: CloseCode, longest: int = 0) -> None:
        wrong = self.assertRaises(NotInflated, inflated, payload, longest)
        self.assertEqual(wrong.code, code, payload[:50])

    def test_the_examples_of_the_rfc(self) -> None:
        for payload, said in (
            ("f2 48 cd c9 c9 07 00", b"Hello"),
            ("00 05 00 fa ff 48 65 6c 6c 6f 00", b"Hello"),
            ("f3 48 cd c9 c9 07 00 00", b"Hello"),
            ("f2 48 05 00 00 00 ff ff ca c9 c9 07 00", b"Hello"),
            ("00", b""),
        ):
            self.assertEqual(inflated(bytes.fromhex(payload), 100), said)

    @FAST
    @given(
        st.text(max_size=2000).map(str.encode),
        st.integers(0, 9),
        st.sampled_from((zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_FINISH)),
        st.integers(9, 15),
    )
    def test_any_text_comes_out_however_it_was_deflated(self, text: bytes, level: int, flush: int, window: int) -> None:
        payload = deflated(text, level, flush, window)
        for longest in (0, max(len(text), 1), 5000):
            self.assertEqual(inflated(payload, longest), text)

    def test_a_text_of_just_the_bound_and_one_byte_more(self) -> None:
        for size in (1, 2, 100, 65536):
            for flush in (zlib.Z_SYNC_FLUSH, zlib.Z_FINISH):
                for level in (0, 1, 9):
                    payload = deflated(b"x" * size, level, flush)
                    self.assertEqual(inflated(payload, size), b"x" * size)
                    self.assert_fails(deflated(b"x" * (size + 1), level, flush), CloseCode.MESSAGE_TOO_BIG, size)

    def test_of_a_bomb_no_more_is_inflated_than_may_be_said(self) -> None:
        sizes: list[int] = []

        class Stream:
            def __init__(self, window: int) -> None:
                self._stream = decompressobj(window)

            def decompress(self, data: bytes, longest: int) -> bytes:
                text = self._stream.decompress(data, longest)
                sizes.append(len(text))
                return text

            def __getattr__(self, name: str) -> Any:
                return getattr(self._stream, name)

        decompressobj = zlib.decompressobj
        with mock.patch("gamesvc.deflate.zlib.decompressobj", Stream):
            self.assert_fails(deflated(bytes(50_000_000)), CloseCode.MESSAGE_TOO_BIG, 65536)
            self.assertEqual(sizes, [65537])
            part = deflated(bytes(60_000), flush=zlib.Z_FINISH).removesuffix(LAST)
            self.assert_fails(part * 10, CloseCode.MESSAGE_TOO_BIG, 65536)
            self.assertEqual(sizes, [65537, 60_000, 5537])

    def test_parts_that_say_they_are_the_last_are_taken_up_to_a_bound(self) -> None:
        part = deflated(b"x", flush=zlib.Z_FINISH).removesuffix(LAST)
        self.assertEqual(inflated(part * 15 + LAST, 100), b"x" * 15)
        for count in (16, 17, 20_000):
            self.assert_fails(part * count + LAST, CloseCode.INVALID_PAYLOAD, 100_000)

    def test_what_is_not_all_there_is_refused_wherever_it_was_cut(self) -> None:
        text = b'{"command":"hello","x":"hello hello hello hello"}' + bytes(range(32, 127)) * 3
        for level in (0, 1, 9):
            payload = deflated(text, level)
            # Undeflated, its first byte alone is that of an empty message.
            for end in range(0 if level else 2, len(payload)):
                self.assert_fails(payload[:end], CloseCode.INVALID_PAYLOAD)

    def test_what_is_not_deflated_is_refused(self) -> None:
        for payload in (
            b"",
            b"\x07",
            b"\xff",
            b"\x04\x00",
            b'{"command":"hello"}',
            b"x" * 100,
            zlib.compress(b"zlib's"),
        ):
            self.assert_fails(payload, CloseCode.INVALID_PAYLOAD)

    def test_so_is_what_refers_to_an_earlier_message(self) -> None:
        text = b"Nobody has heard of this yet: " + random.Random(7).randbytes(20).hex().encode()
        deflate = zlib.compressobj(wbits=-15)
        first, second = (deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH) for _ in range(2))
        self.assertEqual(inflated(first[:-4], 1000), text)
        self.assert_fails(second[:-4], CloseCode.INVALID_PAYLOAD)

    def test_what_is_no_utf8_is_refused(self) -> None:
        for text in (b"\xff", b'{"\xed\xa0\x80":1}', b"\xc3", b"x" * 1000 + b"\xf4\x90\x80\x80"):
            self.assert_fails(deflated(text), CloseCode.INVALID_PAYLOAD)

    @FAST
    @given(st.binary(max_size=100), st.integers(0, 100))
    def test_no_bytes_bring_about_anything_but_a_text_or_a_refusal(self, payload: bytes, longest: int) -> None:
        try:
            text = inflated(payload, longest)
        except NotInflated as wrong:
            self.assertIn(wrong.code, (CloseCode.MESSAGE_TOO_BIG, CloseCode.INVALID_PAYLOAD))
        else:
            text.decode()
            self.assertTrue(not longest or len(text) <= longest)
