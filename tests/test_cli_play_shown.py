"""What comes from a game, in words."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.cli import play_shown
from gamesvc.client.failure import GameError, SessionClosed
from gamesvc.errors import TOKEN_MISSING, WRONG_GAME, CloseCode

EVIL = "\x1b[2J\x07\r\n\x9b31m\u202e"
WELCOME: dict[str, Any] = {
    "game": "g1",
    "kind": "chess",
    "seq": 7,
    "resumed": False,
    "player": "alice",
    "playing": True,
}


class Events(SynchronousTestCase):
    def test_one_of_the_games_stands_on_a_line_with_its_number(self) -> None:
        for event, line in (
            ({"event": "Marked", "player": "alice", "cell": 4, "seq": 3}, "#3 Marked player=alice cell=4"),
            ({"event": "Said", "text": "a b", "to": None, "seq": 1}, "#1 Said text=a b to=null"),
            ({"event": "Dealt", "hand": ["8C", "QH"]}, 'Dealt hand=["8C", "QH"]'),
        ):
            self.assertEqual(play_shown.event(event, "bob").plain, line)

    def test_gamesvcs_own_are_told_in_words(self) -> None:
        for event, line in (
            ({"event": "gamesvc.joined", "player": "bob", "seat": 1, "seq": 2}, "#2 bob takes seat 2"),
            ({"event": "gamesvc.left", "player": "bob", "seat": 1, "seq": 3}, "#3 bob gives up the seat"),
            ({"event": "gamesvc.away", "player": "bob"}, "bob is away"),
            ({"event": "gamesvc.back", "player": "bob"}, "bob is back"),
            (
                {"event": "gamesvc.bot", "player": "bob", "bot": "search", "seq": 4},
                "#4 bob is played by the bot search",
            ),
            ({"event": "gamesvc.bot", "player": "bob", "bot": None, "seq": 5}, "#5 bob plays without a bot"),
            ({"event": "gamesvc.later", "x": 1}, "gamesvc.later x=1"),
        ):
            self.assertEqual(play_shown.event(event, "alice").plain, line)

    def test_ones_own_name_looks_different(self) -> None:
        event = {"event": "Marked", "player": "alice", "cell": 4, "seq": 3}
        self.assertIn(play_shown.OWN, [span.style for span in play_shown.event(event, "alice").spans])
        self.assertNotIn(play_shown.OWN, [span.style for span in play_shown.event(event, "bob").spans])


class Others(SynchronousTestCase):
    def test_what_others_wrote_does_nothing_to_a_terminal(self) -> None:
        refused, closed = GameError(EVIL, EVIL), SessionClosed(EVIL, EVIL)
        event = {"event": EVIL, EVIL: EVIL, "player": EVIL, "list": [EVIL], "seq": 1}
        for shown in (
            play_shown.event(event, "alice"),
            play_shown.event({"event": "gamesvc.bot", "player": EVIL, "bot": EVIL}, "alice"),
            play_shown.seats([EVIL, None], [], {EVIL: EVIL}, "alice"),
            play_shown.welcome({**WELCOME, "game": EVIL, "kind": EVIL, "player": EVIL}),
            play_shown.welcome({**WELCOME, "finished": True, "outcome": event}),
            play_shown.come_back({**WELCOME, "kind": EVIL}, 3),
            play_shown.accepted(EVIL, {EVIL: EVIL}, {EVIL: EVIL}),
            play_shown.refused(EVIL, {EVIL: EVIL}, refused),
            play_shown.ended(closed),
            play_shown.ended(SessionClosed("token_missing", EVIL)),
            play_shown.ended(SessionClosed("http_404", EVIL)),
        ):
            text = shown if isinstance(shown, str) else shown.plain
            self.assertTrue(text.isprintable(), text)
            self.assertIn(r"\x1b[2J", text)

    def test_what_is_very_long_is_cut(self) -> None:
        event = {"event": "Said", "text": "x" * 100_000, "list": ["y" * 100_000]}
        self.assertLess(len(play_shown.event(event, "alice").plain), 3 * play_shown.MAX_SHOWN)


class Seats(SynchronousTestCase):
    def test_they_say_who_plays_and_who_is_there(self) -> None:
        shown = play_shown.seats(["alice", "bob", "eve", None], ["alice", "eve"], {"eve": "random"}, "alice")
        self.assertEqual(shown.plain, "1 alice, 2 bob (away), 3 eve (bot random), 4 free")

    def test_where_there_are_none_they_say_who_is_there(self) -> None:
        self.assertEqual(play_shown.seats([], ["alice", "bob"], {}, "alice").plain, "alice, bob")
        self.assertEqual(play_shown.seats([], [], {}, "alice").plain, "nobody is there")


class Welcomes(SynchronousTestCase):
    def test_the_first_says_where_one_is_and_as_whom(self) -> None:
        self.assertEqual(play_shown.welcome(WELCOME).plain, "g1: chess. You are alice, and play.")
        watching = {**WELCOME, "playing": False, "finished": True, "outcome": {"event": "Finished", "winner": None}}
        self.assertEqual(
            play_shown.welcome(watching).plain,
            "g1: chess. You are alice, and watch. The game is over: Finished winner=null",
        )

    def test_another_says_what_was_missed(self) -> None:
        resumed = {**WELCOME, "resumed": True}
        self.assertEqual(play_shown.come_back(resumed, 7).plain, "Back again: nothing was missed.")
        self.assertEqual(play_shown.come_back(resumed, 6).plain, "Back again: 1 event was missed:")
        self.assertEqual(play_shown.come_back(resumed, 5).plain, "Back again: 2 events were missed:")
        self.assertIn("numbered anew", play_shown.come_back(WELCOME, 6).plain)


class Replies(SynchronousTestCase):
    def test_they_say_what_was_sent_and_what_came_of_it(self) -> None:
        self.assertEqual(play_shown.accepted("mark", {"cell": 4}, None).plain, "ok mark cell=4")
        self.assertEqual(play_shown.accepted("draw", {}, "QH").plain, "ok draw -> QH")
        refused = play_shown.refused("mark", {"cell": 4}, GameError("refused", "it is not your turn"))
        self.assertEqual(refused.plain, "no mark cell=4: it is not your turn (refused)")

    def test_of_what_was_not_answered_nothing_is_known(self) -> None:
        shown = play_shown.refused("draw", {}, SessionClosed("replaced", "x"))
        self.assertIn("not known", shown.plain)


class Ends(SynchronousTestCase):
    def test_they_are_told_in_plain_words(self) -> None:
        self.assertEqual(play_shown.ended(SessionClosed("closed", "x")), "")
        self.assertIn("--token-file", play_shown.ended(SessionClosed("token_missing", "a token is required")))
        self.assertIn("no server of gamesvc", play_shown.ended(SessionClosed("http_404", "x")))
        self.assertEqual(
            play_shown.ended(SessionClosed("kind_not_served", "it is chess")), "kind_not_served: it is chess"
        )

    def test_what_a_server_always_says_is_not_told_twice(self) -> None:
        for code, message in (
            ("wrong_game", WRONG_GAME.message),
            ("token_missing", TOKEN_MISSING.message),
            ("replaced", CloseCode.REPLACED.reason),
            ("token_expired", CloseCode.TOKEN_EXPIRED.reason),
            ("unreachable", "the server can't be reached"),
        ):
            told = play_shown.ended(SessionClosed(code, message))
            self.assertNotIn("(", told)
            self.assertNotEqual(told, "")
        self.assertEqual(play_shown.ended(SessionClosed("wrong_game", WRONG_GAME.message)), WRONG_GAME.message)
        # What only this one says is told beside it.
        told = play_shown.ended(SessionClosed("wrong_game", "it is for g2"))
        self.assertEqual(told, "the token is for another game (it is for g2)")
        told = play_shown.ended(SessionClosed("unreachable", "nobody listens"))
        self.assertEqual(told, "the server can't be reached (nobody listens)")
