"""Chat: who hears what."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.games import chat
from gamesvc.games.chat import Chat
from gamesvc.testing import Refused, Table


class TheGame(SynchronousTestCase):
    def test_it_is_short(self) -> None:
        self.assertLess(len(Path(chat.__file__).read_text().splitlines()), 20)

    def test_everybody_hears_what_is_said_and_who_says_it(self) -> None:
        table = Table(Chat, "alice", "bob")
        table.watch("eve")
        table.send("bob", "say", text="hi")
        for name in ("alice", "bob", "eve"):
            self.assertEqual(table.events(name), [{"event": "Said", "player": "bob", "text": "hi"}])

    def test_who_comes_back_is_sent_what_was_said_meanwhile(self) -> None:
        table = Table(Chat, "alice", "bob")
        table.disconnect("bob")
        table.send("alice", "say", text="are you there?")
        table.connect("bob")
        self.assertEqual(table.last("bob"), {"event": "Said", "player": "alice", "text": "are you there?"})

    def test_nothing_and_too_much_are_not_said(self) -> None:
        table = Table(Chat, "alice")
        for text in ("", "x" * 501):
            refusal = self.assertRaises(Refused, table.send, "alice", "say", text=text)
            self.assertEqual(refusal.code, "bad_length")
        table.send("alice", "say", text="x" * 500)
        self.assertEqual(len(table.events("alice")), 1)

    def test_talking_leaves_nothing_behind(self) -> None:
        table = Table(Chat, "alice")
        for _ in range(3):
            table.send("alice", "say", text="hi")
        self.assertEqual(table.state, {})
