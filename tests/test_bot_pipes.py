"""The pipes to the processes in which bots think: messages, in whatever pieces they come."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.bot_pipes import Frames, framed

PROPERTY = settings(deadline=None, database=None, max_examples=100)


class FramesTest(SynchronousTestCase):
    @PROPERTY
    @given(st.lists(st.binary(max_size=20), max_size=5), st.integers(1, 30))
    def test_messages_come_out_whole_in_whatever_pieces_they_come(self, bodies: list[bytes], size: int) -> None:
        data = b"".join(map(framed, bodies))
        frames = Frames(20)
        found = [body for at in range(0, len(data), size) for body in frames.add(data[at : at + size])]
        self.assertEqual(found, bodies)

    def test_a_message_that_is_too_large_is_refused_before_it_has_come(self) -> None:
        frames = Frames(20)
        error = self.assertRaises(ValueError, list, frames.add(framed(b"x" * 21)[:4]))
        self.assertIn("a message has 21 bytes, the most is 20", str(error))
