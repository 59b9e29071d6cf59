"""When bots are called in without being asked for, and when they are sent away."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Player
from gamesvc.bot_calls import BotCalls
from gamesvc.bot_offer import BotRules
from gamesvc.journal.records import BotSeat
from gamesvc.standing import Standing
from tests.tables import ALICE, BOB, CAROL, NOW

FILLED = Player("bot-filler")


class Calling(SynchronousTestCase):
    """A game of two to three."""

    rules = BotRules(fill="filler", fill_seconds=10.0)
    fewest = 2

    def setUp(self) -> None:
        self.clock = Clock()
        self.standing = Standing(1, NOW, (), (None, None, None))
        self.here: set[Player] = set()
        self.wishes: list[tuple[str | None, Player | None]] = []
        self.done: list[Callable[[bool], None]] = []
        self.calls = BotCalls(
            self.rules,
            self.fewest,
            lambda: self.standing,
            lambda player: player in self.here,
            self.wish,
            self.clock.callLater,
            self.clock.seconds,
        )

    def wish(self, bot: str | None, player: Player | None, done: Callable[[bool], None]) -> None:
        self.wishes.append((bot, player))
        self.done.append(done)

    def stand(self, *seats: Player | None, bots: tuple[BotSeat, ...] = (), started: bool = False) -> None:
        """How the game stands from now on."""
        self.standing = self.standing._replace(
            entry=self.standing.entry + 1, seats=seats, bots=bots, started=self.standing.started or started
        )
        self.calls.look()

    def come(self, *players: Player) -> None:
        self.here.update(players)
        self.calls.look()

    def go(self, *players: Player) -> None:
        self.here.difference_update(players)
        self.calls.look()

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def settle(self, again: bool = False) -> None:
        """The last wish has come about, or was refused."""
        self.done[-1](again)

    @property
    def timers(self) -> int:
        return len(self.clock.getDelayedCalls())


class Filling(Calling):
    """Seats that stay free."""

    def test_a_bot_is_called_when_somebody_has_waited_so_long(self) -> None:
        self.here.add(ALICE)
        self.stand(ALICE, None, None)
        self.wait(9.99)
        self.assertEqual(self.wishes, [])
        self.wait(0.01)
        self.assertEqual((self.wishes, self.timers), ([("filler", None)], 0))

    def test_so_long_as_they_wait_and_not_since_somebody_came_before(self) -> None:
        self.here.add(ALICE)
        self.stand(ALICE, None, None)
        self.wait(9)
        self.go(ALICE)
        self.assertEqual(self.timers, 0)
        self.wait(60)
        self.come(ALICE)
        self.wait(9)
        self.assertEqual(self.wishes, [])
        self.wait(1)
        self.assertEqual(len(self.wishes), 1)

    def test_what_happens_meanwhile_does_not_put_it_off(self) -> None:
        self.here.add(ALICE)
        for _ in range(4):
            self.stand(ALICE, None, None)
            self.wait(2.5)
        self.assertEqual(len(self.wishes), 1)

    def test_where_nobody_waits_or_who_watches_does_nobody_is_called(self) -> None:
        self.here.add(CAROL)
        for seats, bots in (
            ((None, None, None), ()),
            ((ALICE, None, None), ()),
            ((FILLED, None, None), (BotSeat(FILLED, "filler"),)),
        ):
            self.stand(*seats, bots=bots)
            self.wait(60)
            self.assertEqual((self.wishes, self.timers), ([], 0))

    def test_where_enough_have_a_seat_nobody_is_called(self) -> None:
        self.here.add(ALICE)
        self.stand(ALICE, None, None)
        self.wait(9)
        self.stand(ALICE, BOB, None, started=True)
        self.wait(60)
        self.assertEqual((self.wishes, self.timers), ([], 0))

    def test_after_the_end_nobody_is_called(self) -> None:
        self.here.add(ALICE)
        self.stand(ALICE, None, None)
        self.standing = self.standing._replace(finished=True)
        self.calls.look()
        self.assertEqual(self.timers, 0)
        self.wait(60)
        self.assertEqual(self.wishes, [])

    def test_one_is_called_at_a_time_and_the_next_at_once(self) -> None:
        self.calls._fewest = 3
        self.here.add(ALICE)
        self.stand(ALICE, None, None)
        self.wait(10)
        self.calls.look()
        self.assertEqual(len(self.wishes), 1)
        self.settle()
        self.stand(ALICE, FILLED, None, bots=(BotSeat(FILLED, "filler"),))
        self.assertEqual(len(self.wishes), 2)
        self.settle()
        other = Player("bot-filler-2")
        self.stand(ALICE, FILLED, other, bots=(BotSeat(FILLED, "filler"), BotSeat(other, "filler")), started=True)
        self.wait(60)
        self.assertEqual((self.wishes, self.timers), ([("filler", None)] * 2, 0))

    def test_who_sits_down_after_that_waits_anew(self) -> None:
        self.here.add(ALICE)
        self.stand(ALICE, None, None)
        self.wait(10)
        self.settle()
        self.stand(ALICE, BOB, None, started=True)
        self.stand(ALICE, None, None)
        self.wait(9)
        self.assertEqual(len(self.wishes), 1)
        self.wait(1)
        self.assertEqual(len(self.wishes), 2)

    def test_where_there_is_no_such_rule_nobody_is(self) -> None:
        self.calls._rules = BotRules()
        self.here.add(ALICE)
        self.stand(ALICE, None, None)
        self.wait(60)
        self.assertEqual((self.wishes, self.timers), ([], 0))

    def test_at_once_where_it_says_so(self) -> None:
        self.calls._rules = BotRules(fill="filler", fill_seconds=0.0)
        self.here.add(ALICE)
        self.stand(ALICE, None, None)
        self.assertEqual(len(self.wishes), 1)

    def test_without_seats_there_is_none_to_fill(self) -> None:
        self.calls._fewest = 0
        self.here.add(ALICE)
        self.stand()
        self.wait(60)
        self.assertEqual((self.wishes, self.timers), ([], 0))

    def test_what_was_refused_is_not_tried_on_and_on(self) -> None:
        self.here.add(ALICE)
        self.stand(ALICE, None, None)
        self.wait(10)
        self.settle()
        self.wait(60)
        self.assertEqual((len(self.wishes), self.timers), (1, 0))

    def test_what_the_journal_did_not_keep_is_tried_again_a_little_later(self) -> None:
        self.here.add(ALICE)
        self.stand(ALICE, None, None)
        self.wait(10)
        for tried in (2, 3):
            self.settle(again=True)
            self.wait(0.99)
            self.assertEqual(len(self.wishes), tried - 1)
            self.wait(0.01)
            self.assertEqual((len(self.wishes), self.timers), (tried, 0))

    def test_stopped_it_calls_nobody_not_even_once_more(self) -> None:
        self.here.add(ALICE)
        self.stand(ALICE, None, None)
        self.calls.stop()
        self.assertEqual(self.timers, 0)
        self.calls.look()
        self.wait(10)
        self.settle(again=True)
        self.calls.stop()
        self.assertEqual(self.timers, 0)
        self.wait(60)
        self.assertEqual(len(self.wishes), 1)

    def test_what_comes_of_it_after_it_was_stopped_starts_nothing(self) -> None:
        self.here.add(ALICE)
        self.stand(ALICE, None, None)
        self.wait(10)
        self.calls.stop()
        self.settle(again=True)
        self.wait(60)
        self.assertEqual((len(self.wishes), self.timers), (1, 0))


class StandingIn(Calling):
    """Players who stay away."""

    rules = BotRules(stand_in="second", stand_in_seconds=60.0)

    def setUp(self) -> None:
        super().setUp()
        self.here = {ALICE, BOB}
        self.stand(ALICE, BOB, None, started=True)

    def test_a_bot_is_called_when_they_have_been_away_so_long(self) -> None:
        self.go(BOB)
        self.wait(59.99)
        self.assertEqual(self.wishes, [])
        self.wait(0.01)
        self.assertEqual((self.wishes, self.timers), ([("second", BOB)], 0))

    def test_who_comes_back_in_time_plays_on_and_is_away_anew_later(self) -> None:
        self.go(BOB)
        self.wait(50)
        self.come(BOB)
        self.assertEqual(self.timers, 0)
        self.wait(50)
        self.go(BOB)
        self.wait(59)
        self.assertEqual(self.wishes, [])
        self.wait(1)
        self.assertEqual(self.wishes, [("second", BOB)])

    def test_nobody_is_called_where_nobody_is_there_to_wait(self) -> None:
        self.go(BOB)
        self.wait(30)
        self.go(ALICE)
        self.assertEqual(self.timers, 0)
        self.wait(60)
        self.assertEqual(self.wishes, [])
        # Who comes back to the game finds that the other is long away.
        self.come(ALICE)
        self.assertEqual(self.wishes, [("second", BOB)])

    def test_who_is_there_only_as_a_bot_does_not_wait(self) -> None:
        self.here.clear()
        self.stand(ALICE, FILLED, None, bots=(BotSeat(FILLED, "filler"),))
        self.wait(90)
        self.assertEqual((self.wishes, self.timers), ([], 0))
        self.stand(ALICE, BOB, None, bots=(BotSeat(BOB, "second", stands_in=True),))
        self.wait(90)
        self.assertEqual(self.wishes, [])

    def test_each_in_their_own_time(self) -> None:
        self.here.add(CAROL)
        self.stand(ALICE, BOB, CAROL)
        self.go(BOB)
        self.wait(20)
        self.go(CAROL)
        self.wait(40)
        self.assertEqual(self.wishes, [("second", BOB)])
        self.wait(19.9)
        self.assertEqual(len(self.wishes), 1)
        self.wait(0.1)
        self.assertEqual(self.wishes, [("second", BOB), ("second", CAROL)])

    def test_it_is_wished_for_once_until_that_has_come_about_or_not(self) -> None:
        self.go(BOB)
        self.wait(60)
        for _ in range(3):
            self.calls.look()
        self.assertEqual(len(self.wishes), 1)
        self.settle(again=True)
        self.wait(1)
        self.assertEqual(len(self.wishes), 2)
        self.settle()
        self.stand(ALICE, BOB, None, bots=(BotSeat(BOB, "second", stands_in=True),))
        self.wait(120)
        self.assertEqual((len(self.wishes), self.timers), (2, 0))

    def test_before_the_game_has_begun_nobody_stands_in(self) -> None:
        self.standing = self.standing._replace(started=False)
        self.go(BOB)
        self.wait(90)
        self.assertEqual((self.wishes, self.timers), ([], 0))

    def test_where_there_is_no_such_rule_nobody_does(self) -> None:
        self.calls._rules = BotRules(fill="filler")
        self.go(BOB)
        self.wait(90)
        self.assertEqual((self.wishes, self.timers), ([], 0))

    def test_who_gave_up_the_seat_is_not_away(self) -> None:
        self.here.add(CAROL)
        self.go(BOB)
        self.stand(ALICE, None, CAROL)
        self.wait(90)
        self.assertEqual((self.wishes, self.timers), ([], 0))


class HandingBack(Calling):
    """Whoever is back plays themselves."""

    rules = BotRules()

    def setUp(self) -> None:
        super().setUp()
        self.here = {ALICE}
        self.stand(ALICE, BOB, None, bots=(BotSeat(BOB, "second", stands_in=True),), started=True)

    def test_the_bot_goes_when_its_player_is_back_whoever_had_called_it(self) -> None:
        self.assertEqual(self.wishes, [])
        self.come(BOB)
        self.assertEqual(self.wishes, [(None, BOB)])

    def test_it_is_wished_for_once_until_it_has_come_about(self) -> None:
        self.come(BOB)
        self.calls.look()
        self.assertEqual(len(self.wishes), 1)
        self.settle()
        self.stand(ALICE, BOB, None)
        self.assertEqual((len(self.wishes), self.timers), (1, 0))

    def test_what_the_journal_did_not_keep_is_tried_again(self) -> None:
        self.come(BOB)
        self.settle(again=True)
        self.wait(1)
        self.assertEqual(self.wishes, [(None, BOB)] * 2)

    def test_a_bot_with_a_seat_of_its_own_stays_whoever_takes_its_name(self) -> None:
        self.stand(ALICE, FILLED, None, bots=(BotSeat(FILLED, "filler"),))
        self.come(FILLED)
        self.assertEqual(self.wishes, [])

    def test_after_the_end_nothing_is_handed_back(self) -> None:
        self.standing = self.standing._replace(finished=True)
        self.come(BOB)
        self.assertEqual(self.wishes, [])
