"""WebSocket frames, held against a reader and a writer of frames that were written from RFC 6455, section 5.2."""

from __future__ import annotations

import json
import random
import struct
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.frames import SHORT_HEAD_BYTES, SMALLEST, deflated_frame, short_text, text_frame
from tests.wire import frame

BOUNDARIES = (0, 1, 125, 126, 127, 65535, 65536, 70000)


def read(data: bytes) -> tuple[int, bytes]:
    """The first two bytes' fields but the length, and the payload; fails where a byte is missing or left over."""
    head, short = data[0], data[1]
    length, start = short & 0x7F, 2
    if length == 126:
        (length,), start = struct.unpack("!H", data[2:4]), 4
        assert length > 125, "not the shortest form"
    elif length == 127:
        (length,), start = struct.unpack("!Q", data[2:10]), 10
        assert length > 65535, "not the shortest form"
    assert len(data) == start + length
    return (head << 8) | (short & 0x80), data[start:]


class TextFrames(SynchronousTestCase):
    @settings(deadline=None, database=None, max_examples=60)
    @given(st.sampled_from(BOUNDARIES) | st.integers(0, 70000))
    def test_a_payload_of_any_length_is_one_complete_unmasked_text_frame_in_the_shortest_form(self, size: int) -> None:
        payload = bytes(index % 251 for index in range(size))
        self.assertEqual(read(text_frame(payload)), (0x8100, payload))

    def test_every_boundary_of_the_length_is_right(self) -> None:
        for size in BOUNDARIES:
            self.assertEqual(read(text_frame(b"x" * size)), (0x8100, b"x" * size))


class DeflatedFrames(SynchronousTestCase):
    def said(self, data: bytes) -> bytes:
        """What a frame says, read as a client does that keeps nothing of the one before."""
        head, payload = read(data)
        self.assertIn(head, (0x8100, 0xC100))
        if head == 0x8100:
            return payload
        self.assertFalse(payload.endswith(b"\xff\xff"), "what clients put back themselves")
        stream = zlib.decompressobj(-15)
        text = stream.decompress(payload + b"\x00\x00\xff\xff")
        self.assertEqual((stream.unconsumed_tail, stream.unused_data, stream.eof), (b"", b"", False))
        return text

    @settings(deadline=None, database=None, max_examples=100)
    @given(st.text(max_size=500).map(str.encode) | st.sampled_from(BOUNDARIES).map(lambda size: b"ab" * (size // 2)))
    def test_whatever_is_said_comes_out_again(self, text: bytes) -> None:
        data = deflated_frame(text)
        self.assertEqual(self.said(data), text)
        self.assertLessEqual(len(data), len(text_frame(text)))

    def test_every_length_of_what_is_deflated_has_its_form(self) -> None:
        noise = random.Random(7)
        for size in (SMALLEST, 300, 1000, 60_000, 120_000):
            # Hexadecimal digits leave about half.
            text = noise.randbytes(size).hex().encode()
            data = deflated_frame(text)
            self.assertEqual((data[0], self.said(data)), (0xC1, text))
            self.assertLess(len(data), len(text) * 3 // 4)

    def test_what_is_short_or_would_not_become_shorter_is_sent_as_it_is(self) -> None:
        for text in (b"", b"x", b"x" * (SMALLEST - 1), random.Random(7).randbytes(5000)):
            self.assertEqual(deflated_frame(text), text_frame(text))
        self.assertEqual(deflated_frame(b"x" * SMALLEST)[0], 0xC1)

    def test_60_entities_leave_less_than_half(self) -> None:
        noise = random.Random(7)
        entities = [{"x": round(noise.uniform(0, 1000), 2), "y": round(noise.uniform(0, 1000), 2)} for _ in range(60)]
        text = json.dumps(entities, separators=(",", ":")).encode()
        self.assertLess(len(deflated_frame(text)) / len(text), 0.45)

    def test_the_same_is_always_the_same_whatever_was_said_before(self) -> None:
        text = b"alice moves here, bob moves there, " * 20
        first = deflated_frame(text)
        deflated_frame(text[::-1])
        self.assertEqual(deflated_frame(text), first)


MASKS = st.one_of(st.binary(min_size=4, max_size=4), st.sampled_from((bytes(4), b"\xff" * 4, b"\x00\x00\x00\x01")))
TEXTS = st.text(min_size=1, max_size=125).map(str.encode).filter(lambda text: len(text) <= 125)
AROUND = st.binary(max_size=20)


class ShortTexts(SynchronousTestCase):
    """What is a frame of the usual kind, and says what; nothing else is."""

    def assert_none(self, data: bytes) -> None:
        self.assertIsNone(short_text(data), data)
        self.assertIsNone(short_text(b"before" + data, 6), data)

    def test_each_length_from_1_to_125_is_read_with_each_mask(self) -> None:
        for mask in (bytes(4), b"\xff" * 4, b"\x01\x02\x03\x04", b"\x80\x00\x7f\xff"):
            for length in range(1, 126):
                text = bytes(33 + index % 90 for index in range(length))
                self.assertEqual(short_text(frame(text, mask=mask)), text)

    def test_zeros_are_text_at_both_ends(self) -> None:
        for text in (b"\0", b"\0\0\0", b"\0a\0", bytes(125)):
            for mask in (bytes(4), b"\xff\0\xff\0"):
                self.assertEqual(short_text(frame(text, mask=mask)), text)

    @settings(deadline=None, database=None, max_examples=200)
    @given(TEXTS, MASKS, AROUND, AROUND)
    def test_any_text_is_read_wherever_it_stands_and_whatever_follows(
        self, text: bytes, mask: bytes, before: bytes, after: bytes
    ) -> None:
        data = before + frame(text, mask=mask) + after
        self.assertEqual(short_text(data, len(before)), text)
        self.assertEqual(len(before) + SHORT_HEAD_BYTES + len(text), len(data) - len(after))

    @settings(deadline=None, database=None, max_examples=200)
    @given(st.binary(min_size=1, max_size=125), MASKS)
    def test_of_any_bytes_those_are_read_that_are_utf8(self, payload: bytes, mask: bytes) -> None:
        try:
            payload.decode("utf-8", "strict")
        except UnicodeDecodeError:
            self.assert_none(frame(payload, mask=mask))
        else:
            self.assertEqual(short_text(frame(payload, mask=mask)), payload)

    def test_what_is_nearly_utf8_is_not_read(self) -> None:
        # Half a character, an overlong form, a surrogate, what lies beyond Unicode.
        for wrong in (
            b"\xc3",
            b"\xe2\x82",
            b"\xf0\x9f\x98",
            b"\xc0\xaf",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"\xff",
        ):
            for payload in (wrong, b"a" + wrong, wrong + b"a", b"a" * (125 - len(wrong)) + wrong):
                self.assert_none(frame(payload))

    def test_one_that_is_not_all_there_is_not_read(self) -> None:
        for length in (1, 2, 50, 125):
            data = frame(b"x" * length)
            for end in range(len(data)):
                self.assert_none(data[:end])
        self.assertIsNone(short_text(b""))
        self.assertIsNone(short_text(frame(b"x"), 7))
        self.assertIsNone(short_text(frame(b"x"), 100))

    def test_every_other_first_byte_is_not_read(self) -> None:
        data = frame(b"abc")
        for first in range(256):
            if first != 0x81:
                self.assert_none(bytes((first,)) + data[1:])

    def test_every_second_byte_that_is_no_mask_and_length_from_1_to_125_is_not_read(self) -> None:
        for second in range(256):
            data = bytes((0x81, second)) + b"\1\2\3\4" + b"a" * 200
            self.assertEqual(short_text(data) is not None, 0x81 <= second <= 0x80 + 125, second)

    def test_a_deflated_one_is_what_is_asked_for_then_and_need_not_be_utf8(self) -> None:
        for payload in (b"\xca\xff", b"abc", b"\x00" * 125):
            data = bytes((0xC1,)) + frame(payload)[1:]
            self.assert_none(data)
            self.assertEqual(short_text(data, deflated=True), payload)
            self.assertEqual(short_text(b"before" + data + b"after", 6, deflated=True), payload)
        for other in (frame(b"abc"), bytes((0xC2,)) + frame(b"abc")[1:], b"\x41" + frame(b"abc")[1:]):
            self.assertIsNone(short_text(other, deflated=True))
        for end in range(len(data)):
            self.assertIsNone(short_text(data[:end], deflated=True))
