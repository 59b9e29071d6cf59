"""WebSocket frames of encoded messages, held against a reader of frames written from RFC 6455, section 5.2."""

from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.frames import text_frame

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
