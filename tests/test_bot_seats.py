"""Which players are played by bots, and what everybody is told when that changes."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Player
from gamesvc.auth import is_player_name
from gamesvc.bot_seats import Seats, gone, seated, stood_in, told_of_bots
from gamesvc.journal.records import BotSeat
from gamesvc.standing import Standing
from tests.tables import ALICE, BOB, CAROL, NOW

BOT, SECOND = Player("bot-random"), Player("bot-random-2")
OWN, IN_FOR_BOB = BotSeat(BOT, "random"), BotSeat(BOB, "search", stands_in=True)


def standing(*seats: Player | None, bots: tuple[BotSeat, ...] = ()) -> Standing:
    return Standing(5, NOW, (), seats, bots=bots)


def told(before: Standing, after: Seats) -> list[dict[str, Any]]:
    return [json.loads(event) for event in told_of_bots(before, after.seats, after.bots)]


class Taking(SynchronousTestCase):
    """A bot takes a seat of its own."""

    def test_it_is_the_first_that_is_free_and_the_player_is_called_like_the_bot(self) -> None:
        before = standing(ALICE, None, None)
        after = seated(before, "random")
        self.assertEqual(after, Seats((ALICE, BOT, None), (OWN,), BOT))
        assert after is not None
        self.assertEqual(
            told(before, after),
            [
                {"event": "gamesvc.joined", "player": "bot-random", "seat": 1},
                {"event": "gamesvc.bot", "player": "bot-random", "bot": "random"},
            ],
        )

    def test_another_of_its_kind_and_one_whose_name_somebody_has_get_another_name(self) -> None:
        after = seated(standing(BOT, None, bots=(OWN,)), "random")
        self.assertEqual(after, Seats((BOT, SECOND), (OWN, BotSeat(SECOND, "random")), SECOND))
        after = seated(standing(SECOND, BOT, None), "random")
        assert after is not None
        self.assertEqual(after.player, "bot-random-3")

    def test_where_none_is_free_it_takes_none(self) -> None:
        self.assertIsNone(seated(standing(ALICE, BOB), "random"))
        self.assertIsNone(seated(standing(), "random"))

    def test_however_long_the_bots_name_is_its_players_is_one(self) -> None:
        seats: tuple[Player | None, ...] = (None,) * 12
        for _ in range(12):
            after = seated(standing(*seats), "b" * 300)
            assert after is not None
            self.assertTrue(is_player_name(after.player), after.player)
            seats = after.seats
        self.assertEqual(len({*seats}), 12)


class StandingIn(SynchronousTestCase):
    """A bot plays for somebody who has a seat."""

    def test_the_seat_stays_its_players(self) -> None:
        before = standing(ALICE, BOB)
        after = stood_in(before, BOB, "search")
        self.assertEqual(after, Seats((ALICE, BOB), (IN_FOR_BOB,), BOB))
        self.assertEqual(told(before, after), [{"event": "gamesvc.bot", "player": "bob", "bot": "search"}])

    def test_in_place_of_another_bot_the_seat_is_whose_it_was(self) -> None:
        before = standing(BOT, BOB, bots=(OWN, IN_FOR_BOB))
        self.assertEqual(stood_in(before, BOB, "random").bots, (OWN, BotSeat(BOB, "random", stands_in=True)))
        after = stood_in(before, BOT, "search")
        self.assertEqual(after, Seats((BOT, BOB), (IN_FOR_BOB, BotSeat(BOT, "search")), BOT))
        self.assertEqual(told(before, after), [{"event": "gamesvc.bot", "player": "bot-random", "bot": "search"}])

    def test_the_same_bot_once_more_is_nothing_to_tell(self) -> None:
        before = standing(ALICE, BOB, bots=(IN_FOR_BOB,))
        after = stood_in(before, BOB, "search")
        self.assertEqual((after.bots, told(before, after)), (before.bots, []))


class Going(SynchronousTestCase):
    """A bot plays no more."""

    def test_its_own_seat_is_free(self) -> None:
        before = standing(BOT, BOB, bots=(OWN, IN_FOR_BOB))
        after = gone(before, BOT)
        self.assertEqual(after, Seats((None, BOB), (IN_FOR_BOB,), BOT))
        self.assertEqual(told(before, after), [{"event": "gamesvc.left", "player": "bot-random", "seat": 0}])

    def test_whom_it_stood_in_for_has_theirs_back(self) -> None:
        before = standing(BOT, BOB, bots=(OWN, IN_FOR_BOB))
        after = gone(before, BOB)
        self.assertEqual(after, Seats((BOT, BOB), (OWN,), BOB))
        self.assertEqual(told(before, after), [{"event": "gamesvc.bot", "player": "bob", "bot": None}])

    def test_where_none_played_nothing_changes(self) -> None:
        before = standing(ALICE, BOB, bots=(IN_FOR_BOB,))
        after = gone(before, ALICE)
        self.assertEqual((after.seats, after.bots, told(before, after)), (before.seats, before.bots, []))


class Told(SynchronousTestCase):
    """Several changes at once are told in one order: who goes, who comes, who is played by whom."""

    def test_all_of_it(self) -> None:
        before = standing(ALICE, BOT, CAROL, bots=(OWN, BotSeat(CAROL, "random", stands_in=True)))
        after = Seats((ALICE, SECOND, CAROL), (BotSeat(SECOND, "search"), BotSeat(ALICE, "random", True)), SECOND)
        self.assertEqual(
            [(event["event"], event["player"], event.get("bot", "-")) for event in told(before, after)],
            [
                ("gamesvc.left", "bot-random", "-"),
                ("gamesvc.joined", "bot-random-2", "-"),
                ("gamesvc.bot", "bot-random-2", "search"),
                ("gamesvc.bot", "alice", "random"),
                ("gamesvc.bot", "carol", None),
            ],
        )
