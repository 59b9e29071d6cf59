"""The journal in memory: what it keeps, and what it lets go. The rest is in the contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import Fenced
from gamesvc.journal import memory
from gamesvc.journal.memory import MemoryJournal
from gamesvc.journal.records import Entry
from tests.contracts.journal import Got, entries, entry, snapshot


class MemoryJournalTest(SynchronousTestCase):
    """One journal, for which the turns of a reactor are run by hand."""

    def setUp(self) -> None:
        self.calls: list[Callable[[], None]] = []
        self.journal = self.make()

    def make(self, max_games: int = 0) -> MemoryJournal:
        return MemoryJournal(self.calls.append, lambda: 100.0, max_games)

    def turn(self) -> None:
        calls, self.calls[:] = list(self.calls), []
        for call in calls:
            call()

    def ask(self, method: Callable[..., None], *arguments: Any) -> Any:
        method(*arguments, got := Got())
        self.turn()
        (answer,) = got.answers
        return answer

    def open(self, game: str, *new: Entry) -> int:
        term = self.ask(self.journal.claim, game).term
        assert isinstance(term, int)
        self.assertIsNone(self.ask(self.journal.append, game, term, 0, new or [entry(1)], None))
        return term

    def is_there(self, game: str, term: int) -> bool:
        """Whether a game is still known, which touches it."""
        found = self.ask(self.journal.append, game, term, 1, (), None)
        self.assertIn(type(found), (type(None), Fenced))
        return found is None

    def kept(self, last: int) -> list[int]:
        """The numbers of a game's entries that are there up to one."""
        found = self.ask(self.journal.history, "g", last + 1, 10**6, 10**9)
        return [each.number for each in found]

    def test_all_that_is_asked_for_in_a_turn_is_answered_in_one_call(self) -> None:
        term = self.open("g")
        asked = [Got() for _ in range(10)]
        for place, got in enumerate(asked):
            self.journal.append("g", term, 1 + place, [entry(2 + place)], None, got)
        self.assertEqual(len(self.calls), 1)
        self.assertEqual([got.answers for got in asked], [[]] * 10)
        self.turn()
        self.assertEqual([got.answers for got in asked], [[None]] * 10)

    def test_what_is_asked_for_at_an_answer_is_answered_in_a_later_turn(self) -> None:
        term = self.open("g")
        later = Got()
        self.journal.append("g", term, 1, [entry(2)], None, lambda _: self.journal.claim("g", later))
        self.turn()
        self.assertEqual((later.answers, len(self.calls)), ([], 1))
        self.turn()
        self.assertEqual(later.answers[0].last, 2)

    def test_one_who_fails_at_the_answer_takes_it_from_nobody(self) -> None:
        order: list[str] = []

        def fails(_: object) -> None:
            raise RuntimeError

        def asks_and_fails(_: object) -> None:
            self.journal.claim("d", lambda _: order.append("d"))
            raise RuntimeError

        for failing, told in ((fails, ["a", "c"]), (asks_and_fails, ["a", "c", "d"])):
            order.clear()
            self.journal.claim("a", lambda _: order.append("a"))
            self.journal.claim("b", failing)
            self.journal.claim("c", lambda _: order.append("c"))
            self.assertRaises(RuntimeError, self.turn)
            self.turn()
            self.assertEqual(order, told)

    def test_it_forgets_what_neither_a_recovery_nor_a_viewer_asks_for(self) -> None:
        self.patch(memory, "KEEP_EVENTS", 20)
        term = self.open("g", *[entry(number, events=2) for number in range(1, 31)])

        self.assertEqual(self.kept(30), list(range(1, 31)), "there is no snapshot yet")
        self.ask(self.journal.save, "g", term, snapshot(10), None)
        self.assertEqual(self.kept(30), list(range(11, 31)), "a recovery needs what is after the snapshot")
        self.ask(self.journal.save, "g", term, snapshot(30), None)
        self.assertEqual(self.kept(30), list(range(21, 31)), "who comes back needs the last events")
        stored = self.ask(self.journal.claim, "g")
        self.assertEqual((stored.last, stored.snapshot, stored.entries), (30, snapshot(30), []))
        self.ask(self.journal.append, "g", stored.term, 30, [entry(31, events=2)], None)
        self.assertEqual(self.kept(30), list(range(22, 31)))

    def test_entries_without_events_are_forgotten_too(self) -> None:
        self.patch(memory, "KEEP_EVENTS", 20)
        term = self.open("g", *[entry(number, events=0) for number in range(1, 101)])
        self.assertEqual(self.kept(100), list(range(1, 101)), "there is no snapshot yet")
        self.ask(self.journal.save, "g", term, snapshot(50), None)
        self.assertEqual(self.kept(100), list(range(51, 101)), "a recovery needs what is after the snapshot")
        self.ask(self.journal.save, "g", term, snapshot(100), None)
        self.assertEqual(self.kept(100), list(range(81, 101)))
        for number in range(101, 131):
            self.ask(self.journal.append, "g", term, number - 1, [entry(number, events=0)], None)
            self.ask(self.journal.save, "g", term, snapshot(number), None)
            self.assertEqual(len(self.kept(number)), 20)
        stored = self.ask(self.journal.claim, "g")
        self.assertEqual((stored.last, stored.snapshot, stored.entries), (130, snapshot(130), []))

    def test_where_few_entries_have_events_no_more_of_either_stay_than_may(self) -> None:
        self.patch(memory, "KEEP_EVENTS", 20)
        # Of each ten, one has three events.
        term = self.open("g", *[entry(number, events=3 * (number % 10 == 0)) for number in range(1, 101)])
        self.ask(self.journal.save, "g", term, snapshot(100), None)
        self.assertEqual(self.kept(100), list(range(81, 101)))
        # Of each entry ten: then it is the events that count.
        self.ask(self.journal.append, "g", term, 100, [entry(number, events=10) for number in range(101, 104)], None)
        self.ask(self.journal.save, "g", term, snapshot(103), None)
        self.assertEqual(self.kept(103), [102, 103])

    def test_of_too_many_games_the_one_that_was_not_touched_for_longest_goes(self) -> None:
        self.journal = self.make(3)
        terms = {game: self.open(game) for game in ("a", "b", "c")}
        self.assertTrue(self.is_there("a", terms["a"]))
        terms["d"] = self.open("d")
        self.assertEqual([self.is_there(game, terms[game]) for game in "abcd"], [True, False, True, True])
        self.assertEqual(self.ask(self.journal.claim, "b").last, 0)

    def test_finished_games_go_first(self) -> None:
        self.journal = self.make(3)
        terms = {"a": self.open("a"), "b": self.open("b", entry(1, finished=True))}
        terms["c"] = self.open("c", entry(1, finished=True))
        terms["d"] = self.open("d")
        self.assertEqual([self.is_there(game, terms[game]) for game in "abcd"], [True, False, True, True])
        self.ask(self.journal.save, "a", terms["a"], snapshot(1, finished=True), None)
        self.assertTrue(self.is_there("c", terms["c"]))
        self.open("e")
        self.assertEqual([self.is_there(game, terms[game]) for game in "acd"], [False, True, True])

    def test_a_game_that_is_gone_is_not_woken(self) -> None:
        self.journal = self.make(1)
        term = self.open("a")
        self.ask(self.journal.append, "a", term, 1, (), 50.0)
        self.assertEqual(self.ask(self.journal.due, 10), ["a"])
        self.open("b")
        self.assertEqual(self.ask(self.journal.due, 10), [])

    def test_without_a_bound_all_games_stay(self) -> None:
        terms = {f"g{place}": self.open(f"g{place}", *entries(1, 1)) for place in range(500)}
        self.assertTrue(all(self.is_there(game, term) for game, term in terms.items()))

    def test_the_clock_is_the_one_that_was_given(self) -> None:
        self.assertEqual(self.journal.now(), 100.0)
