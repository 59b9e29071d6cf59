"""Attendance: who is there, and who is away: after a while, and only where that matters to somebody."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Player
from gamesvc.attendance import AWAY_SECONDS, MAX_PRESENT, Attendance, Member
from gamesvc.errors import CloseCode
from gamesvc.messages import Request
from gamesvc.pending import Answer, Role
from tests.tables import ALICE, BOB, CAROL


class Somebody:
    """A connection."""

    def __init__(self) -> None:
        self.codes: list[CloseCode] = []

    def close(self, code: CloseCode) -> None:
        self.codes.append(code)


def nothing(role: Role, request: Request, answer: Answer) -> None:
    """What becomes of commands here."""


class AttendanceTest(SynchronousTestCase):
    """Who is connected to one game."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.told: list[tuple[str, str]] = []
        self.make()

    def make(self, *, always: bool = False, has_seats: bool = False, most: int = 0) -> None:
        def changed(player: Player, away: bool) -> None:
            self.told.append((player, "away" if away else "back"))

        self.attendance = Attendance(
            self.clock.callLater, self.clock.seconds, most, changed, always=always, has_seats=has_seats
        )

    def come(self, player: Player, *, playing: bool = True) -> Somebody:
        somebody = Somebody()
        self.attendance.enter(somebody, Member(Role(player, playing), nothing, None))
        return somebody

    def meet(self, player: Player) -> Somebody:
        """Come, and let that be the beginning."""
        somebody = self.come(player)
        self.told.clear()
        return somebody

    def test_who_comes_is_told_to_the_others_once(self) -> None:
        self.come(BOB)
        self.assertEqual(self.told, [])
        for _ in range(2):
            self.come(ALICE)
        self.come(CAROL, playing=False)
        self.assertEqual(self.told, [("alice", "back")])

    def test_of_whom_it_is_known_that_they_took_a_seat_it_is_not_told_that_they_come(self) -> None:
        self.make(has_seats=True)
        self.come(BOB)
        self.attendance.expect([ALICE])
        self.assertEqual(self.attendance.present, [BOB])
        self.come(ALICE)
        self.assertEqual((self.told, self.attendance.present), ([], [BOB, ALICE]))
        self.attendance.expect([CAROL])
        self.clock.advance(AWAY_SECONDS)
        self.assertEqual((self.told, self.attendance.present), ([("carol", "away")], [BOB, ALICE]))
        self.come(CAROL)
        self.assertEqual(self.told, [("carol", "away"), ("carol", "back")])

    def test_who_comes_back_in_time_is_told_where_somebody_came_meanwhile_who_does_not_know_of_them(self) -> None:
        self.come(BOB)
        for told, playing in (([], None), ([("alice", "back")], True), ([("alice", "back")], False)):
            self.attendance.leave(self.meet(ALICE))
            if playing is not None:
                self.come(CAROL, playing=playing)
            self.assertNotIn(ALICE, self.attendance.present)
            self.told.clear()
            alice = self.come(ALICE)
            self.assertEqual(self.told, told)
            self.attendance.leave(alice)
            self.clock.advance(AWAY_SECONDS)

    def test_who_watched_and_has_taken_a_seat_is_there(self) -> None:
        self.make(has_seats=True)
        self.come(BOB)
        self.attendance.leave(self.meet(ALICE))
        self.clock.advance(AWAY_SECONDS)
        self.attendance.came(ALICE)
        self.assertEqual((self.told, self.attendance.is_away(ALICE)), ([("alice", "away")], False))

    def test_who_is_gone_for_5_seconds_is_away_and_no_sooner(self) -> None:
        self.come(BOB)
        alice = self.meet(ALICE)
        self.clock.advance(60)
        self.attendance.leave(alice)
        self.assertEqual(self.attendance.present, [BOB])
        self.clock.advance(AWAY_SECONDS - 0.01)
        self.assertEqual((self.told, self.attendance.is_away(ALICE)), ([], False))
        self.clock.advance(0.01)
        self.assertEqual((self.told, self.attendance.is_away(ALICE)), ([("alice", "away")], True))
        self.clock.advance(60)
        self.assertEqual(self.told, [("alice", "away")])

    def test_who_comes_back_is_back_at_once_and_in_time_was_never_away(self) -> None:
        for seconds, told in ((4.9, []), (5.1, [("alice", "away"), ("alice", "back")])):
            self.make()
            self.come(BOB)
            self.attendance.leave(self.meet(ALICE))
            self.clock.advance(seconds)
            self.come(ALICE)
            self.assertEqual(self.told, told)
            self.clock.advance(10)
            self.assertEqual(self.told, told)

    def test_of_several_connections_the_first_and_the_last_count(self) -> None:
        self.come(BOB)
        mine = [self.meet(ALICE) for _ in range(3)]
        for each in mine[:2]:
            self.attendance.leave(each)
            self.attendance.leave(each)
        self.clock.advance(10)
        self.assertEqual((self.told, self.attendance.has(ALICE)), ([], True))
        self.attendance.leave(mine[2])
        self.clock.advance(5)
        self.assertEqual((self.told, self.attendance.has(ALICE)), ([("alice", "away")], False))
        for _ in range(2):
            self.come(ALICE)
        self.assertEqual(self.told, [("alice", "away"), ("alice", "back")])

    def test_who_watches_is_neither(self) -> None:
        self.come(BOB)
        self.attendance.leave(self.come(CAROL, playing=False))
        mine, watching = self.meet(ALICE), self.come(ALICE, playing=False)
        self.attendance.leave(mine)
        self.clock.advance(5)
        self.assertEqual((self.told, self.attendance.present), ([("alice", "away")], [BOB]))
        self.attendance.leave(watching)
        self.come(ALICE, playing=False)
        self.clock.advance(5)
        self.assertEqual(self.told, [("alice", "away")])

    def test_each_is_away_in_time_and_one_timer_is_enough(self) -> None:
        self.come(CAROL)
        alice, bob = self.meet(ALICE), self.meet(BOB)
        self.attendance.leave(alice)
        self.clock.advance(3)
        self.attendance.leave(bob)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(2)
        self.assertEqual(self.told, [("alice", "away")])
        self.clock.advance(3)
        self.assertEqual(self.told, [("alice", "away"), ("bob", "away")])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_who_leaves_over_and_over_costs_one_timer_and_one_word_each_5_seconds_at_most(self) -> None:
        self.come(BOB)
        for _ in range(1000):
            self.attendance.leave(self.come(ALICE))
            self.clock.advance(0.05)
            self.assertTrue(len(self.clock.getDelayedCalls()) <= 1)
        self.assertEqual(self.told, [("alice", "back")])
        for _ in range(10):
            self.attendance.leave(self.come(ALICE))
            self.clock.advance(5)
        self.assertTrue(len(self.told) <= 21)

    def test_where_nobody_is_left_there_is_no_timer(self) -> None:
        for player in (ALICE, BOB):
            self.meet(player)
        for controller in self.attendance.controllers:
            self.attendance.leave(controller)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(60)
        self.assertEqual(self.told, [])
        # Nobody knew, so nobody has to hear of it.
        self.come(ALICE)
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([], []))

    def test_who_comes_meanwhile_is_told_as_if_they_had_been_there(self) -> None:
        self.attendance.leave(self.come(ALICE))
        self.clock.advance(4)
        self.come(BOB)
        self.clock.advance(1)
        self.assertEqual(self.told, [("alice", "away")])

    def test_who_was_away_already_when_somebody_came_is_only_said_to_be_back(self) -> None:
        self.attendance.leave(self.come(ALICE))
        self.clock.advance(60)
        self.meet(BOB)
        self.clock.advance(60)
        self.assertEqual(self.told, [])
        self.come(ALICE)
        self.assertEqual(self.told, [("alice", "back")])

    def test_where_it_always_matters_the_last_one_is_away_too_and_back(self) -> None:
        self.make(always=True)
        self.attendance.leave(self.meet(ALICE))
        self.clock.advance(5)
        self.come(ALICE)
        self.assertEqual(self.told, [("alice", "away"), ("alice", "back")])

    def test_who_is_expected_and_does_not_come_is_away(self) -> None:
        self.make(always=True)
        bob = self.meet(BOB)
        self.attendance.expect([ALICE, BOB, CAROL])
        self.clock.advance(4)
        self.come(CAROL)
        self.clock.advance(1)
        self.assertEqual(self.told, [("alice", "away")])
        self.attendance.leave(bob)
        self.attendance.forget(BOB)
        self.clock.advance(10)
        self.assertEqual(self.told, [("alice", "away")])

    def test_who_is_forgotten_is_not_said_to_be_away(self) -> None:
        self.come(BOB)
        self.attendance.leave(self.meet(ALICE))
        self.attendance.forget(ALICE)
        self.clock.advance(5)
        self.assertEqual((self.told, self.attendance.present), ([], [BOB]))

    def test_stopped_it_has_no_timer_and_takes_none_until_it_goes_on(self) -> None:
        self.make(always=True)
        alice, bob = self.come(ALICE), self.meet(BOB)
        self.attendance.leave(alice)
        self.attendance.stop()
        self.attendance.leave(bob)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(3)
        self.attendance.start()
        self.clock.advance(2)
        self.assertEqual(self.told, [("alice", "away"), ("bob", "away")])

    def test_where_there_are_very_many_nobody_is_watched(self) -> None:
        controllers = [self.come(Player(f"p{number}")) for number in range(MAX_PRESENT + 1)]
        self.assertFalse(self.attendance.is_small)
        self.assertEqual(len(self.attendance.present), MAX_PRESENT)
        self.told.clear()
        for controller in controllers[:-1]:
            was_small = self.attendance.is_small
            self.attendance.leave(controller)
            if not was_small:
                self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(len(self.attendance), 1)
        self.clock.advance(AWAY_SECONDS)
        # But for the one with whom there were too many.
        self.assertEqual(len(self.told), MAX_PRESENT - 1)

    def test_who_watches_under_the_same_name_is_told_too(self) -> None:
        self.come(ALICE, playing=False)
        self.come(ALICE)
        self.assertEqual(self.told, [("alice", "back")])

    def test_players_who_have_seats_are_watched_however_many_look_on(self) -> None:
        self.make(has_seats=True)
        for number in range(MAX_PRESENT + 1):
            self.come(Player(f"w{number}"), playing=False)
        self.attendance.leave(self.meet(ALICE))
        self.clock.advance(5)
        self.assertEqual(self.told, [("alice", "away")])

    def test_names_that_never_come_back_take_no_more_and_more_room(self) -> None:
        self.come(BOB)
        for number in range(3 * MAX_PRESENT):
            self.attendance.leave(self.come(Player(f"guest-{number}")))
            self.clock.advance(1)
        self.clock.advance(10)
        away = [number for number in range(3 * MAX_PRESENT) if self.attendance.is_away(Player(f"guest-{number}"))]
        self.assertEqual(away, [*range(2 * MAX_PRESENT, 3 * MAX_PRESENT)])

    def test_a_players_oldest_connection_goes_where_there_are_too_many(self) -> None:
        self.make(most=2)
        mine = [self.come(ALICE) for _ in range(3)]
        self.assertEqual([each.codes for each in mine], [[CloseCode.REPLACED], [], []])
        self.assertEqual([controller for controller, _ in self.attendance.members(ALICE)], mine)
