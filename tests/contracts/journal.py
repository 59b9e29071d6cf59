"""What every journal does, whatever it keeps games in, and what every store does that a journal is made of."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import Fenced, JournalError, Unavailable
from gamesvc.journal import Journal, Stored
from gamesvc.journal.memory import MemoryJournal
from gamesvc.journal.records import Counts, Entry, Opening, Published, Receipt, Snapshot, Timer
from gamesvc.journal.store import Append, Store
from gamesvc.journal.threaded import ThreadedJournal

DEADLINE = 60.0
"""Seconds that anything may take before it counts as never."""

OPENING = Opening("tic-tac-toe", 1, b'{"size":3}', "epoch", b"\x00seed\xff")


def entry(number: int, events: int = 1, *, size: int = 10, finished: bool = False, time: float = 1000.5) -> Entry:
    """An entry with everything in it; the first opens its game."""
    body = b'{"event":"Marked","padding":"%b"}' % (b"x" * size)
    return Entry(
        number,
        "opened" if number == 1 else "command",
        time + number,
        "alice",
        f"c-{number}",
        "mark",
        b'{"cell":4}',
        b"null",
        tuple(Published(body, None if place % 2 else ("alice", "bob")) for place in range(events)),
        {"moves": msgspec.Raw(msgspec.msgpack.encode(number)), "ключ": msgspec.Raw(b"\xc4\x02\x00\xff")},
        ("alice", None),
        (Timer(1, 1234.5, "expire", b"[]"),),
        finished=finished,
        opening=OPENING if number == 1 else None,
    )


def entries(first: int, last: int) -> list[Entry]:
    return [entry(number) for number in range(first, last + 1)]


def snapshot(number: int, *, finished: bool = False, note: str = "", alone: bool = False) -> Snapshot:
    """A snapshot with everything in it."""
    return Snapshot(
        number,
        1000.5 + number,
        OPENING,
        {"moves": msgspec.Raw(msgspec.msgpack.encode(number)), "note": msgspec.Raw(msgspec.msgpack.encode(note))},
        ("alice", None),
        (Timer(1, 1234.5, "expire", b"[]"),),
        1,
        finished,
        Counts(number, number, 0, {"alice": 1}),
        {"alice": (Receipt("c-1", b"digest", b"null"),)},
        alone=alone,
    )


class Turns:
    """Where adapters leave what they call on the reactor's thread, and a test runs it."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def soon(self, call: Callable[[], None]) -> None:
        self._calls.put(call)

    def run_one(self) -> None:
        """Run the next call, waiting for it."""
        try:
            self._calls.get(timeout=DEADLINE)()
        except Empty:
            raise AssertionError("nothing called back in time") from None

    def run_until(self, condition: Callable[[], object]) -> None:
        """Run calls, waiting for them, until something is so."""
        while not condition():
            self.run_one()


class Got:
    """What an operation came to."""

    def __init__(self) -> None:
        self.answers: list[Any] = []

    def __call__(self, answer: Any) -> None:
        self.answers.append(answer)
        self.thread = threading.get_ident()


def threaded(open_store: Callable[[], Store], turns: Turns, **more: Any) -> ThreadedJournal:
    """A journal over a store, that nothing fatal must happen to."""

    def fatal(error: JournalError) -> None:
        turns.soon(lambda: _fail(error))

    def report(line: str) -> None:
        raise AssertionError(f"reported: {line}")

    journal = ThreadedJournal(open_store, turns.soon, fatal, report, **more)
    journal.start()
    return journal


def _fail(error: JournalError) -> None:
    raise error


class JournalContract(SynchronousTestCase):
    """The suite of the port. Whoever mixes it in is a test case, and makes journals."""

    turns: Turns
    journal: Journal

    def make_journal(self, turns: Turns) -> Journal:
        """A new journal; without any games where it is the first of a test."""
        raise NotImplementedError

    def setUp(self) -> None:
        self.turns = Turns()
        self.journal = self.make_journal(self.turns)
        self.addCleanup(self.close)

    def close(self) -> None:
        closed: list[bool] = []
        self.journal.close(lambda: closed.append(True))
        self.turns.run_until(lambda: closed)

    def all_of(self, asked: Iterable[Got]) -> list[Any]:
        """Wait until all have come to something; just once, each of them."""
        found = list(asked)
        self.turns.run_until(lambda: all(got.answers for got in found))
        for got in found:
            self.assertEqual(len(got.answers), 1)
        return [got.answers[0] for got in found]

    def claim(self, game: str = "g") -> Stored:
        got = Got()
        self.journal.claim(game, got)
        (stored,) = self.all_of([got])
        assert isinstance(stored, Stored), stored
        return stored

    def ask_append(
        self, term: int, expected: int, new: list[Entry], game: str = "g", wake_at: float | None = None
    ) -> Got:
        got = Got()
        self.journal.append(game, term, expected, new, wake_at, got)
        self.assertEqual(got.answers, [], "called back from within the call")
        return got

    def append(
        self, term: int, expected: int, new: list[Entry], game: str = "g", wake_at: float | None = None
    ) -> object:
        return self.all_of([self.ask_append(term, expected, new, game, wake_at)])[0]

    def save(self, term: int, saved: Snapshot, game: str = "g", wake_at: float | None = None) -> object:
        got = Got()
        self.journal.save(game, term, saved, wake_at, got)
        return self.all_of([got])[0]

    def discard(self, term: int, game: str = "g") -> object:
        got = Got()
        self.journal.discard(game, term, got)
        return self.all_of([got])[0]

    def history(self, before: int, events: int = 10**6, size: int = 10**9, game: str = "g") -> list[Entry]:
        got = Got()
        self.journal.history(game, before, events, size, got)
        (found,) = self.all_of([got])
        assert isinstance(found, list), found
        return found

    def due(self, limit: int = 10) -> list[str]:
        got = Got()
        self.journal.due(limit, got)
        (found,) = self.all_of([got])
        assert isinstance(found, list), found
        return found

    def opened(self, game: str = "g", last: int = 3) -> int:
        """A game with entries. Returns its term."""
        term = self.claim(game).term
        self.assertIsNone(self.append(term, 0, entries(1, last), game))
        return term

    # Claims.

    def test_a_game_that_was_never_opened_is_empty(self) -> None:
        stored = self.claim()
        self.assertGreater(stored.term, 0)
        self.assertEqual(stored, Stored(stored.term, 0, None, [], False))

    def test_what_was_appended_is_read_by_who_claims(self) -> None:
        term = self.opened()
        self.assertIsNone(self.append(term, 3, entries(4, 5)))
        stored = self.claim()
        self.assertGreater(stored.term, term)
        self.assertEqual(stored, Stored(stored.term, 5, None, entries(1, 5)))

    def test_games_do_not_mix(self) -> None:
        self.opened("a", 2)
        self.opened("A", 3)
        self.opened("a-", 4)
        self.assertEqual([len(self.claim(game).entries) for game in ("a", "A", "a-")], [2, 3, 4])

    def test_a_later_claim_fences_the_earlier_ones(self) -> None:
        old = self.opened()
        new = self.claim().term
        for asked in (
            self.append(old, 3, [entry(4)]),
            self.save(old, snapshot(3)),
            self.discard(old),
        ):
            self.assertIsInstance(asked, Fenced)
        self.assertIsNone(self.append(new, 3, [entry(4)]))
        self.assertEqual(self.claim()[1:3], (4, None))

    def test_a_term_of_another_game_is_worth_nothing(self) -> None:
        self.opened("a")
        other = self.claim("b").term
        self.assertIsInstance(self.append(other, 3, [entry(4)], "a"), Fenced)

    def test_a_term_that_was_not_given_yet_is_worth_nothing(self) -> None:
        term = self.opened()
        self.assertIsInstance(self.append(term + 1, 3, [entry(4)]), Fenced)

    # Appends.

    def test_an_append_that_expects_another_last_entry_is_fenced(self) -> None:
        term = self.opened()
        self.assertIsInstance(self.append(term, 2, [entry(3)]), Fenced)
        self.assertIsInstance(self.append(term, 4, [entry(5)]), Fenced)
        self.assertIsInstance(self.append(term, 0, [entry(1)]), Fenced)
        self.assertEqual(self.claim().entries, entries(1, 3))

    def test_an_append_to_a_game_that_nobody_claimed_is_fenced(self) -> None:
        self.assertIsInstance(self.append(1, 0, [entry(1)]), Fenced)
        self.assertEqual(self.claim().last, 0)

    def test_appends_take_effect_in_the_order_in_which_they_were_asked_for(self) -> None:
        terms = {game: self.claim(game).term for game in ("a", "b", "c")}
        expected = [(game, number) for number in range(1, 40) for game in terms]
        order: list[tuple[str, int]] = []

        def ask(game: str, number: int) -> None:
            def done(answer: object) -> None:
                self.assertIsNone(answer)
                order.append((game, number))

            self.journal.append(game, terms[game], number - 1, [entry(number)], None, done)

        for game, number in expected:
            ask(game, number)
        self.turns.run_until(lambda: len(order) == len(expected))
        self.assertEqual(order, expected)
        for game in terms:
            self.assertEqual(self.claim(game).entries, entries(1, 39))

    def test_one_that_is_fenced_does_not_concern_the_others(self) -> None:
        terms = {game: self.opened(game) for game in ("a", "b", "c", "d")}
        self.claim("b")
        asked = [self.ask_append(term, 3, [entry(4)], game) for game, term in terms.items()]
        answers = self.all_of(asked)
        self.assertEqual([type(answer) for answer in answers], [type(None), Fenced, type(None), type(None)])
        self.assertEqual([self.claim(game).last for game in terms], [4, 3, 4, 4])

    def test_what_follows_one_that_is_fenced_is_fenced(self) -> None:
        term = self.opened()
        asked = [self.ask_append(term, 4, [entry(5)]), self.ask_append(term, 5, [entry(6)])]
        self.assertEqual([type(answer) for answer in self.all_of(asked)], [Fenced, Fenced])

    def test_a_claim_comes_after_the_appends_before_it_and_fences_those_after_it(self) -> None:
        term = self.opened()
        before, claimed = self.ask_append(term, 3, [entry(4)]), Got()
        self.journal.claim("g", claimed)
        after = self.ask_append(term, 4, [entry(5)])
        first, stored, second = self.all_of([before, claimed, after])
        self.assertIsNone(first)
        self.assertEqual(stored.last, 4)
        self.assertIsInstance(second, Fenced)

    def test_large_entries_survive(self) -> None:
        term = self.claim().term
        large = [entry(1, size=300_000), entry(2, events=500), entry(3, events=0, size=0)]
        self.assertIsNone(self.append(term, 0, large))
        self.assertEqual(self.claim().entries, large)

    def test_everything_is_called_on_the_thread_of_the_reactor(self) -> None:
        got = Got()
        self.journal.claim("g", got)
        self.all_of([got])
        appended = self.ask_append(got.answers[0].term, 0, [entry(1)])
        self.all_of([appended])
        self.assertEqual({got.thread, appended.thread}, {threading.get_ident()})

    # Snapshots.

    def test_a_snapshot_stands_for_the_entries_up_to_it(self) -> None:
        term = self.opened("g", 6)
        self.assertIsNone(self.save(term, snapshot(4)))
        stored = self.claim()
        self.assertEqual(stored, Stored(stored.term, 6, snapshot(4), entries(5, 6)))

    def test_a_snapshot_takes_the_place_of_the_last(self) -> None:
        term = self.opened("g", 6)
        for number, note in ((4, ""), (6, "earlier"), (6, "later")):
            self.assertIsNone(self.save(term, snapshot(number, note=note)))
        stored = self.claim()
        self.assertEqual((stored.snapshot, stored.entries), (snapshot(6, note="later"), []))

    def test_entries_go_on_after_a_snapshot_that_is_beyond_them(self) -> None:
        term = self.opened()
        self.assertIsNone(self.save(term, snapshot(10)))
        self.assertIsInstance(self.append(term, 3, [entry(4)]), Fenced)
        self.assertIsNone(self.append(term, 10, [entry(11)]))
        stored = self.claim()
        self.assertEqual(stored, Stored(stored.term, 11, snapshot(10), [entry(11)]))

    def test_a_game_may_be_a_snapshot_only(self) -> None:
        term = self.claim().term
        self.assertIsNone(self.save(term, snapshot(7)))
        stored = self.claim()
        self.assertEqual(stored, Stored(stored.term, 7, snapshot(7), []))

    def test_a_snapshot_that_is_alone_takes_the_place_of_the_entries_before_its_own(self) -> None:
        term = self.opened("g", 6)
        self.opened("another", 6)
        self.assertIsNone(self.save(term, snapshot(4, alone=True)))
        self.assertEqual(self.history(7), entries(4, 6))
        self.assertEqual(self.history(7, game="another"), entries(1, 6))
        self.assertIsNone(self.append(term, 6, [entry(7)]))
        stored = self.claim()
        self.assertEqual(stored, Stored(stored.term, 7, snapshot(4, alone=True), entries(5, 7)))
        self.assertIsNone(self.save(stored.term, snapshot(9, alone=True)))
        self.assertEqual(self.history(10), [])
        self.assertIsNone(self.append(stored.term, 9, [entry(10)]))
        stored = self.claim()
        self.assertEqual(stored, Stored(stored.term, 10, snapshot(9, alone=True), [entry(10)]))

    def test_what_a_snapshot_that_is_fenced_would_stand_for_stays(self) -> None:
        term = self.opened("g", 6)
        self.claim()
        self.assertIsInstance(self.save(term, snapshot(4, alone=True)), Fenced)
        self.assertEqual(self.history(7), entries(1, 6))

    # Games that are forgotten.

    def test_a_discarded_game_was_never_there(self) -> None:
        term = self.opened()
        self.save(term, snapshot(2))
        self.assertIsNone(self.discard(term))
        self.assertIsInstance(self.append(term, 3, [entry(4)]), Fenced)
        self.assertIsInstance(self.discard(term), Fenced)
        self.assertEqual(self.history(4), [])
        stored = self.claim()
        self.assertEqual(stored, Stored(stored.term, 0, None, []))

    def test_who_had_a_discarded_game_does_not_pass_for_who_claims_it_next(self) -> None:
        older = self.claim().term
        old = self.claim().term
        self.assertIsNone(self.discard(old))
        self.claim()
        self.assertIsInstance(self.append(older, 0, [entry(1)]), Fenced)
        self.assertIsInstance(self.append(old, 0, [entry(1)]), Fenced)

    # History.

    def test_history_is_read_backwards_and_comes_in_order(self) -> None:
        self.opened("g", 200)
        self.assertEqual(self.history(201), entries(1, 200))
        self.assertEqual(self.history(101), entries(1, 100))
        self.assertEqual(self.history(1), [])
        self.assertEqual(self.history(2, game="another"), [])

    def test_history_stops_where_enough_events_were_read(self) -> None:
        term = self.claim().term
        self.append(term, 0, [entry(number, events=number % 3) for number in range(1, 100)])
        for events in (1, 2, 3, 50):
            found = self.history(100, events)
            counts = [len(each.events) for each in found]
            self.assertGreaterEqual(sum(counts), events)
            self.assertLess(sum(counts[1:]), events)
            self.assertEqual([each.number for each in found], list(range(100 - len(found), 100)))

    def test_history_stops_where_enough_bytes_were_read(self) -> None:
        term = self.claim().term
        self.append(term, 0, [entry(number, size=1000) for number in range(1, 100)])
        self.assertEqual(len(self.history(100, size=1)), 1)
        self.assertIn(len(self.history(100, size=10_000)), range(5, 11))

    def test_history_ends_where_a_snapshot_skipped_entries(self) -> None:
        term = self.opened()
        self.save(term, snapshot(10))
        self.append(term, 10, entries(11, 12))
        self.assertEqual(self.history(13), entries(11, 12))
        self.assertEqual(self.history(11), [])
        self.assertEqual(self.history(4), entries(1, 3))

    def test_there_is_no_history_up_to_an_entry_that_is_not_there(self) -> None:
        self.opened()
        self.assertEqual(self.history(9), [])

    # Waking.

    def test_games_are_woken_when_they_are_due_the_longest_due_first(self) -> None:
        now = self.journal.now()
        for game, wake_at in (
            ("b", now - 10),
            ("a", now - 20),
            ("c", now - 0.5),
            ("later", now + 900),
            ("never", None),
        ):
            term = self.claim(game).term
            self.assertIsNone(self.append(term, 0, [entry(1)], game, wake_at))
        self.assertEqual(self.due(), ["a", "b", "c"])
        self.assertEqual(self.due(2), ["a", "b"])

    def test_the_last_word_says_when_a_game_is_woken(self) -> None:
        past = self.journal.now() - 10
        term = self.claim().term
        self.append(term, 0, [entry(1)], wake_at=past)
        self.append(term, 1, [entry(2)], wake_at=None)
        self.assertEqual(self.due(), [])
        self.save(term, snapshot(2), wake_at=past)
        self.assertEqual(self.due(), ["g"])
        self.append(term, 2, [], wake_at=past + 900)
        self.assertEqual(self.due(), [])
        self.append(term, 2, [], wake_at=past)
        self.assertEqual(self.due(), ["g"])
        self.discard(term)
        self.assertEqual(self.due(), [])

    def test_the_clock_shows_the_time(self) -> None:
        before = self.journal.now()
        self.opened()
        self.assertGreaterEqual(self.journal.now(), before - 0.5)
        self.assertLess(abs(self.journal.now() - time.time()), 60)

    # The end.

    def test_close_finishes_what_was_asked_for(self) -> None:
        term = self.opened()
        order: list[object] = []
        for number in range(4, 20):
            self.journal.append("g", term, number - 1, [entry(number)], None, order.append)
        claimed = Got()
        self.journal.claim("g", claimed)
        self.journal.close(lambda: order.append("closed"))
        self.turns.run_until(lambda: "closed" in order)
        self.assertEqual(order, [None] * 16 + ["closed"])
        self.assertEqual(claimed.answers[0].entries, entries(1, 19))

    def test_nothing_is_taken_after_close(self) -> None:
        term = self.opened()
        self.close()
        for ask in (
            lambda done: self.journal.claim("g", done),
            lambda done: self.journal.append("g", term, 3, [entry(4)], None, done),
            lambda done: self.journal.save("g", term, snapshot(3), None, done),
            lambda done: self.journal.discard("g", term, done),
            lambda done: self.journal.history("g", 3, 1, 1, done),
            lambda done: self.journal.due(1, done),
        ):
            got = Got()
            ask(got)
            self.assertEqual(got.answers, [], "called back from within the call")
            self.assertIsInstance(self.all_of([got])[0], Unavailable)
        self.close()

    # All of it.

    def test_it_does_what_the_simplest_journal_does(self) -> None:
        for seed in range(8):
            self.play(random.Random(seed))

    def play(self, chance: random.Random) -> None:
        """Ask for the same, by chance, of this journal and of one in memory, and compare."""
        turns = Turns()
        simple = MemoryJournal(turns.soon, self.journal.now)
        games = [f"{chance.randrange(10**9)}-{place}" for place in range(3)]
        terms: dict[str, list[tuple[int, int]]] = {game: [(999_999_999, 999_999_999)] for game in games}
        lasts = dict.fromkeys(games, 0)
        for _ in range(60):
            game = chance.choice(games)
            ours, theirs = Got(), Got()
            term = terms[game][-1 if chance.random() < 0.85 else chance.randrange(len(terms[game]))]
            what = chance.choices(("claim", "append", "save", "discard", "history"), (4, 12, 3, 1, 3))[0]
            if what == "claim":
                self.journal.claim(game, ours)
                simple.claim(game, theirs)
            elif what == "append":
                expected = lasts[game] if chance.random() < 0.9 else chance.randrange(6)
                new = entries(expected + 1, expected + chance.randrange(4))
                self.journal.append(game, term[0], expected, new, None, ours)
                simple.append(game, term[1], expected, new, None, theirs)
            elif what == "save":
                number = lasts[game] + chance.randrange(3)
                saved = snapshot(number, note=str(chance.random()), alone=chance.random() < 0.3)
                self.journal.save(game, term[0], saved, None, ours)
                simple.save(game, term[1], saved, None, theirs)
            elif what == "discard":
                self.journal.discard(game, term[0], ours)
                simple.discard(game, term[1], theirs)
            else:
                before, events = lasts[game] + chance.randrange(-1, 2), chance.randrange(1, 6)
                self.journal.history(game, before, events, 10**9, ours)
                simple.history(game, before, events, 10**9, theirs)
            (our,) = self.all_of([ours])
            turns.run_one()
            (their,) = theirs.answers
            if isinstance(our, Stored):
                terms[game].append((our.term, their.term))
                lasts[game] = our.last
                our, their = our._replace(term=0), their._replace(term=0)
            elif what == "append" and our is None:
                lasts[game] = expected + len(new)
            elif what == "save" and our is None:
                lasts[game] = max(lasts[game], saved.number)
            self.assertEqual(type(our), type(their), what)
            if not isinstance(our, JournalError):
                self.assertEqual(our, their, what)


class DurableJournalContract(JournalContract):
    """What a journal does beyond that when it keeps games for longer than the process lives."""

    def reopen(self) -> None:
        self.close()
        self.journal = self.make_journal(self.turns)

    def test_games_are_there_when_it_is_opened_again(self) -> None:
        term = self.opened("g", 5)
        self.save(term, snapshot(3), wake_at=1.0)
        self.opened("another")
        self.reopen()
        self.assertEqual(self.due(), ["g"])
        stored = self.claim()
        self.assertEqual(stored, Stored(stored.term, 5, snapshot(3), entries(4, 5)))
        self.assertGreater(stored.term, term)
        self.assertEqual(self.history(6), entries(1, 5))

    def test_who_claimed_before_it_was_opened_again_still_has_the_game(self) -> None:
        term = self.opened()
        self.reopen()
        self.assertIsNone(self.append(term, 3, [entry(4)]))

    def test_terms_are_not_given_twice_after_it_is_opened_again(self) -> None:
        term = self.claim().term
        self.assertIsNone(self.discard(term))
        self.reopen()
        self.assertGreater(self.claim().term, term)


class StoreContract(SynchronousTestCase):
    """What a store does beyond what its journal shows."""

    store: Store

    def make_store(self) -> Store:
        """A store; without any games where it is the first of a test."""
        raise NotImplementedError

    def setUp(self) -> None:
        self.store = self.make_store()
        self.addCleanup(self.store.close)

    def opened(self, game: str = "g", last: int = 3) -> int:
        """A game with entries. Returns its term."""
        self.store.begin()
        term = self.store.claim(game)
        self.assertEqual(self.store.append([Append(game, term, 0, entries(1, last), 77.5)]), [True])
        self.store.commit()
        return term

    def test_what_is_rolled_back_never_was(self) -> None:
        term = self.opened()
        self.store.begin()
        self.assertEqual(self.store.append([Append("g", term, 3, [entry(4)], None)]), [True])
        self.store.save("g", term, snapshot(4), None)
        self.store.claim("new")
        self.store.rollback()
        self.store.rollback()
        self.assertEqual(self.store.position("g"), (term, 3))
        self.assertEqual(self.store.position("new"), (0, 0))
        self.assertEqual(self.store.load("g"), Stored(term, 3, None, entries(1, 3)))
        self.store.begin()
        self.assertEqual(self.store.append([Append("g", term, 3, [entry(4)], None)]), [True])
        self.store.commit()

    def test_many_games_are_appended_to_at_once(self) -> None:
        terms = {f"g{place}": self.opened(f"g{place}") for place in range(5)}
        self.store.begin()
        new = [Append(game, term, 3 - (game == "g2"), [entry(4)], None) for game, term in terms.items()]
        self.assertEqual(self.store.append(new), [True, True, False, True, True])
        self.assertEqual(self.store.append([]), [])
        self.store.commit()
        self.assertEqual([self.store.position(game)[1] for game in terms], [4, 4, 3, 4, 4])

    def test_entries_that_do_not_follow_each_other_are_not_taken(self) -> None:
        term = self.opened()
        for wrong in ([entry(5)], [entry(4), entry(6)], [entry(4), entry(4)], [entry(3)]):
            self.store.begin()
            self.assertRaises((ValueError, JournalError), self.store.append, [Append("g", term, 3, wrong, None)])
            self.store.rollback()
        self.assertEqual(self.store.load("g").entries, entries(1, 3))

    def test_a_game_that_is_not_there_reads_as_nothing(self) -> None:
        self.assertEqual(self.store.load("g"), Stored(0, 0, None, []))
        self.assertEqual(self.store.position("g"), (0, 0))
        self.assertEqual(list(self.store.entries("g")), [])

    def test_entries_are_read_in_order_from_a_number_on(self) -> None:
        self.opened("g", 300)
        self.assertEqual(list(self.store.entries("g")), entries(1, 300))
        self.assertEqual(list(self.store.entries("g", 298)), entries(299, 300))

    def test_games_are_listed_with_what_is_known_of_them(self) -> None:
        self.opened("b")
        term = self.opened("a")
        self.store.begin()
        self.store.claim("claimed-only")
        self.store.append([Append("a", term, 3, [entry(4, finished=True)], None)])
        self.store.commit()
        rows = list(self.store.games())
        self.assertEqual([row.game for row in rows], ["a", "b"])
        a, b = rows
        self.assertEqual(a[1:7], ("tic-tac-toe", 4, entry(1).time, entry(4).time, True, None))
        self.assertEqual(b[1:7], ("tic-tac-toe", 3, entry(1).time, entry(3).time, False, 77.5))
        self.assertEqual(
            a.size, sum(len(msgspec.msgpack.encode(each)) for each in [*entries(1, 3), entry(4, finished=True)])
        )
        self.assertEqual((a.deleted, b.deleted), (False, False))

    def test_a_snapshot_counts_once_in_the_size(self) -> None:
        term = self.opened()
        before = next(self.store.games()).size
        for note in ("a longer one than the next", "short"):
            self.store.begin()
            self.store.save("g", term, snapshot(3, note=note), None)
            self.store.commit()
        self.assertEqual(next(self.store.games()).size - before, len(msgspec.msgpack.encode(snapshot(3, note="short"))))

    def test_what_a_snapshot_has_taken_the_place_of_counts_no_more(self) -> None:
        term = self.opened("g", 6)
        self.opened("another", 6)
        self.store.begin()
        alone = snapshot(4, alone=True)
        self.assertTrue(self.store.save("g", term, alone, None))
        self.store.commit()
        _, row = self.store.games()
        self.assertEqual(list(self.store.entries("g")), entries(4, 6))
        self.assertEqual(row.size, sum(len(msgspec.msgpack.encode(each)) for each in (alone, *entries(4, 6))))
        self.assertEqual((row.last, row.kind, row.created), (6, "tic-tac-toe", entry(1).time))
        self.assertEqual(list(self.store.check()), [])

    def test_so_many_entries_that_others_would_wait_go_over_several_snapshots(self) -> None:
        self.patch(sys.modules[type(self.store).__module__], "DROPPED_AT_ONCE", 3)
        term = self.opened("g", 9)
        for kept in ((4, 9), (7, 9), (8, 9), (8, 9)):
            self.store.begin()
            self.store.save("g", term, snapshot(8, alone=True), None)
            self.store.commit()
            self.assertEqual(list(self.store.entries("g")), entries(*kept))
            self.assertEqual(self.store.load("g").entries, [entry(9)])

    def test_that_entries_were_dropped_is_rolled_back_too(self) -> None:
        term = self.opened("g", 6)
        before = next(self.store.games())
        self.store.begin()
        self.store.save("g", term, snapshot(6, alone=True), None)
        self.store.rollback()
        self.assertEqual(self.store.load("g"), Stored(term, 6, None, entries(1, 6)))
        self.assertEqual(next(self.store.games()), before)

    def test_a_game_that_a_snapshot_opens_is_listed(self) -> None:
        self.store.begin()
        self.store.save("g", self.store.claim("g"), snapshot(5, finished=True), 9.5)
        self.store.commit()
        (row,) = self.store.games()
        self.assertEqual(row[:7], ("g", "tic-tac-toe", 5, snapshot(5).time, snapshot(5).time, True, 9.5))

    def test_an_older_snapshot_does_not_go_back_on_what_came_after_it(self) -> None:
        term = self.opened()
        self.store.begin()
        self.store.append([Append("g", term, 3, [entry(4, finished=True)], None)])
        self.store.save("g", term, snapshot(2), None)
        self.store.commit()
        (row,) = self.store.games()
        self.assertEqual((row.last, row.changed, row.finished), (4, entry(4).time, True))

    def test_of_a_deleted_game_only_the_id_is_left(self) -> None:
        term = self.opened()
        self.store.begin()
        self.store.save("g", term, snapshot(2), 1.0)
        self.store.delete("g")
        self.store.commit()
        (row,) = self.store.games()
        self.assertEqual((row.game, row.deleted, row.size, row.wake_at), ("g", True, 0, None))
        self.assertEqual(list(self.store.entries("g")), [])
        self.assertEqual(self.store.due(10.0**10, 10), [])
        self.store.begin()
        self.assertEqual(self.store.append([Append("g", term, 3, [entry(4)], None)]), [False])
        self.assertFalse(self.store.save("g", term, snapshot(4), None))
        self.assertFalse(self.store.discard("g", term))
        later = self.store.claim("g")
        self.assertGreater(later, term)
        self.assertFalse(self.store.append([Append("g", later, 0, [entry(1)], None)])[0])
        self.store.commit()
        stored = self.store.load("g")
        self.assertEqual((stored.snapshot, stored.entries, stored.deleted), (None, [], True))

    def test_a_game_is_restored_as_it_was(self) -> None:
        found = [*entries(1, 3), *entries(11, 1200)]
        self.store.begin()
        self.store.restore("g", snapshot(10), iter(found), 5.5)
        self.store.commit()
        (row,) = self.store.games()
        self.assertEqual(row[:7], ("g", "tic-tac-toe", 1200, entry(1).time, entry(1200).time, False, 5.5))
        self.assertEqual(list(self.store.entries("g")), found)
        stored = self.store.load("g")
        self.assertEqual((stored.last, stored.snapshot, stored.entries), (1200, snapshot(10), entries(11, 1200)))
        self.assertEqual(list(self.store.check()), [])

    def test_only_a_game_that_is_not_there_is_restored(self) -> None:
        self.opened()
        self.store.begin()
        self.assertRaises(JournalError, self.store.restore, "g", None, iter(entries(1, 2)), None)
        self.store.rollback()
        self.assertEqual(self.store.load("g").entries, entries(1, 3))

    def test_a_deleted_game_makes_room_for_one_that_is_restored(self) -> None:
        term = self.opened()
        self.store.begin()
        self.store.delete("g")
        self.store.commit()
        self.store.begin()
        self.store.restore("g", None, iter(entries(1, 2)), None)
        self.store.commit()
        stored = self.store.load("g")
        self.assertEqual(stored[1:], (2, None, entries(1, 2), False))
        self.assertGreater(stored.term, term)
        (row,) = self.store.games()
        self.assertEqual((row.deleted, row.changed), (False, entry(2).time))

    def test_a_whole_database_has_no_damage(self) -> None:
        self.opened()
        self.assertEqual(list(self.store.check()), [])
