"""What a client knows of its game, beyond the vectors of the session."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client.mirror import Mirror, OutOfStep

WELCOME: dict[str, Any] = {
    "event": "gamesvc.welcome",
    "epoch": "e",
    "seq": 3,
    "resumed": False,
    "player": "alice",
    "players": ["alice", None],
    "present": ["alice"],
}


class Mirrored(SynchronousTestCase):
    def setUp(self) -> None:
        self.mirror = Mirror()
        self.mirror.take_welcome({**WELCOME, "state": {"deck": {"left": 3}}})

    def test_a_state_that_was_taken_stays_as_it_was(self) -> None:
        before = self.mirror.state
        self.mirror.take_patch({"deck": {"left": 2}})
        self.assertEqual(before, {"deck": {"left": 3}})
        self.assertEqual(self.mirror.state, {"deck": {"left": 2}})

    def test_a_welcome_that_was_taken_stays_as_it_was(self) -> None:
        self.mirror.take_event({"event": "gamesvc.joined", "player": "bob", "seat": 1, "seq": 4})
        self.assertEqual(self.mirror.players, ["alice", "bob"])
        self.assertEqual(self.mirror.welcome["players"], ["alice", None])

    def test_a_state_that_is_not_told_is_not_known(self) -> None:
        self.mirror.take_welcome(WELCOME)
        self.assertIsNone(self.mirror.state)
        self.assertRaises(OutOfStep, self.mirror.take_patch, {"moves": 1})

    def test_a_seat_that_is_not_there_is_out_of_step(self) -> None:
        for seat in (2, -1):
            event = {"event": "gamesvc.joined", "player": "bob", "seat": seat, "seq": 4}
            mirror = Mirror()
            mirror.take_welcome(WELCOME)
            self.assertRaises(OutOfStep, mirror.take_event, event)

    def test_who_knows_nothing_says_nothing(self) -> None:
        self.assertEqual(Mirror().place, {})
        self.assertEqual(Mirror(since=0).place, {"since": "0"})
        self.assertEqual(self.mirror.place, {"epoch": "e", "since": "3"})
