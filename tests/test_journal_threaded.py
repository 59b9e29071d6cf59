"""The journal over a store: batches, what becomes of them where the database fails, and the threads."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import ConfigError, Fenced, JournalError, Unavailable
from gamesvc.journal import Stored, clock, writer
from gamesvc.journal.records import Entry, Snapshot
from gamesvc.journal.store import Append, GameRow, OutcomeUnknown, SyncFailed
from gamesvc.journal.threaded import ThreadedJournal
from tests.contracts.journal import DEADLINE, Got, Turns, entries, entry, snapshot

Games = dict[str, Stored]
Fault = Callable[[], None]


class Database:
    """What the stores of a test are connections to. Its faults are given beforehand, by the name of a call."""

    def __init__(self) -> None:
        self.games: Games = {}
        self.clock = 5000.0
        self.transactions: list[list[str]] = []
        self.opened = 0
        self.closed = 0
        self.lost: Games | None = None
        """What a transaction wrote whose connection was lost: its commit may come, or not."""
        self._term = 0
        self._faults: dict[str, list[Fault | None]] = {}

    def next_term(self) -> int:
        self._term += 1
        return self._term

    def fail(self, call: str, *faults: Exception | Fault | None) -> None:
        """Let the next calls of a name fail, or do something; None lets one pass."""
        self._faults.setdefault(call, []).extend(
            _raising(fault) if isinstance(fault, Exception) else fault for fault in faults
        )

    def hold(self, call: str) -> Hold:
        """Let the next call of a name wait."""
        held = Hold()
        self.fail(call, held.wait)
        return held

    def meet(self, call: str) -> None:
        """A call was made."""
        faults = self._faults.get(call)
        if faults and (fault := faults.pop(0)) is not None:
            fault()

    def open(self) -> FakeStore:
        self.meet("open")
        self.opened += 1
        return FakeStore(self)

    def commit_lost(self) -> None:
        """The connection is gone, and the commit comes all the same."""
        assert self.lost is not None
        self.games, self.lost = self.lost, None

    def claimed_by_another(self, game: str, *new: Entry) -> None:
        """Somebody else takes a game over, and goes on with it."""
        stored = self.games.get(game, Stored(0, 0, None, []))
        stored = stored._replace(term=self.next_term(), last=stored.last + len(new), entries=[*stored.entries, *new])
        self.games = self.games | {game: stored}


class Hold:
    """A call that waits."""

    def __init__(self) -> None:
        self._entered = threading.Event()
        self._left = threading.Event()

    def wait(self) -> None:
        self._entered.set()
        assert self._left.wait(DEADLINE)

    def entered(self) -> None:
        """Wait until it is made."""
        assert self._entered.wait(DEADLINE)

    def leave(self) -> None:
        self._left.set()


class FakeStore:
    """A connection to it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._written: Games | None = None
        self._calls: list[str] = []
        self._thread: int | None = None

    def _meet(self, call: str) -> None:
        self._thread = self._thread or threading.get_ident()
        assert self._thread == threading.get_ident(), "a store is for one thread"
        self._calls.append(call)
        self._database.meet(call.split()[0])

    @property
    def _games(self) -> Games:
        return self._database.games if self._written is None else self._written

    def now(self) -> float:
        self._meet("now")
        return self._database.clock

    def begin(self) -> None:
        self._calls = []
        self._meet("begin")
        assert self._written is None, "two transactions"
        self._written = copy.copy(self._database.games)

    def commit(self) -> None:
        assert self._written is not None
        self._database.lost = self._written
        self._meet("commit")
        self._database.games, self._written = self._written, None
        self._database.transactions.append(self._calls)

    def rollback(self) -> None:
        self._written = None

    def claim(self, game: str) -> int:
        self._meet(f"claim {game}")
        assert self._written is not None
        term = self._database.next_term()
        self._written[game] = self._games.get(game, Stored(0, 0, None, []))._replace(term=term)
        return term

    def append(self, appends: Sequence[Append]) -> list[bool]:
        self._meet("append " + ",".join(append.game for append in appends))
        assert self._written is not None
        assert len({append.game for append in appends}) == len(appends), "one game twice"
        added = []
        for append in appends:
            if any(each.name == "poison" for each in append.entries):
                raise ValueError("no such entry")
            stored = self._games.get(append.game)
            added.append(stored is not None and stored[:2] == (append.term, append.expected))
            if added[-1]:
                assert stored is not None
                self._written[append.game] = stored._replace(
                    last=append.expected + len(append.entries), entries=[*stored.entries, *append.entries]
                )
        return added

    def position(self, game: str) -> tuple[int, int]:
        self._meet("position")
        stored = self._games.get(game)
        return (0, 0) if stored is None else stored[:2]

    def save(self, game: str, term: int, snapshot: Snapshot, wake_at: float | None) -> bool:
        self._meet(f"save {game}")
        assert self._written is not None
        stored = self._games.get(game)
        if stored is None or stored.term != term:
            return False
        entries = [each for each in stored.entries if each.number > snapshot.kept_after]
        self._written[game] = stored._replace(
            snapshot=snapshot, last=max(stored.last, snapshot.number), entries=entries
        )
        return True

    def discard(self, game: str, term: int) -> bool:
        self._meet(f"discard {game}")
        assert self._written is not None
        if game not in self._written or self._written[game].term != term:
            return False
        del self._written[game]
        return True

    def load(self, game: str) -> Stored:
        self._meet("load")
        return self._games.get(game, Stored(0, 0, None, []))

    def history(self, game: str, before: int, events: int, size: int) -> list[Entry]:
        self._meet("history")
        found = [each for each in self.load(game).entries if each.number < before]
        return found if found and found[-1].number == before - 1 else []

    def due(self, now: float, limit: int) -> list[str]:
        self._meet("due")
        return []

    def close(self) -> None:
        self._database.closed += 1

    # What a journal asks of no store.

    def delete(self, game: str) -> None:
        raise NotImplementedError

    def games(self) -> Iterator[GameRow]:
        raise NotImplementedError

    def entries(self, game: str, after: int = 0) -> Iterator[Entry]:
        raise NotImplementedError

    def restore(self, game: str, snapshot: Snapshot | None, entries: Iterator[Entry], wake_at: float | None) -> None:
        raise NotImplementedError

    def check(self) -> Iterator[str]:
        raise NotImplementedError

    def back_up(self, path: str) -> None:
        raise NotImplementedError


def _raising(error: Exception) -> Fault:
    def fault() -> None:
        raise error

    return fault


class ThreadedJournalTestCase(SynchronousTestCase):
    """What the tests below have in common: a database, and a journal over it."""

    def setUp(self) -> None:
        self.patch(writer, "RETRY_SECONDS", 0.001)
        self.patch(writer, "MAX_RETRY_SECONDS", 0.01)
        self.database = Database()
        self.turns = Turns()
        self.calls = 0
        self.reports: list[str] = []
        self.fatal: list[JournalError] = []
        self.monotonic = 100.0
        self.journal = ThreadedJournal(
            self.database.open,
            self.in_reactor,
            self.fatal.append,
            self.reports.append,
            monotonic=lambda: self.monotonic,
        )
        self.journal.start()
        self.addCleanup(self.close)

    def in_reactor(self, call: Callable[[], None]) -> None:
        self.calls += 1
        self.turns.soon(call)

    def close(self) -> None:
        closed: list[bool] = []
        self.journal.close(lambda: closed.append(True))
        self.turns.run_until(lambda: closed)

    def wait(self, *asked: Got) -> list[Any]:
        self.turns.run_until(lambda: all(got.answers for got in asked))
        for got in asked:
            self.assertEqual(len(got.answers), 1)
        return [got.answers[0] for got in asked]

    def ask(self, game: str, term: int, expected: int, *new: Entry) -> Got:
        got = Got()
        self.journal.append(game, term, expected, new or [entry(expected + 1)], None, got)
        return got

    def claim(self, *games: str) -> list[int]:
        """Claim games. Returns their terms."""
        asked = []
        for game in games:
            asked.append(Got())
            self.journal.claim(game, asked[-1])
        return [stored.term for stored in self.wait(*asked)]

    def types(self, *asked: Got) -> list[type]:
        return [type(answer) for answer in self.wait(*asked)]


class GroupCommitTest(ThreadedJournalTestCase):
    """What waits is written together."""

    def test_what_gathers_during_a_commit_is_the_next_batch(self) -> None:
        games = [f"g{place}" for place in range(100)]
        terms = self.claim(*games)
        self.database.transactions.clear()
        held = self.database.hold("commit")
        first = self.ask(games[0], terms[0], 0)
        held.entered()
        others = [self.ask(game, term, 0) for game, term in zip(games[1:], terms[1:], strict=True)]
        self.assertEqual(self.calls, 100, "called back before the commit")
        held.leave()
        self.wait(first, *others)
        self.assertEqual(
            self.database.transactions,
            [["begin", "append g0", "commit"], ["begin", "append " + ",".join(games[1:]), "commit"]],
        )
        self.assertEqual(self.calls - 100, 2, "one call on the reactor's thread for each batch")

    def test_what_is_asked_of_one_game_stays_in_order(self) -> None:
        a, b = self.claim("a", "b")
        self.database.transactions.clear()
        held = self.database.hold("commit")
        first = self.ask("a", a, 0)
        held.entered()
        saved, claimed = Got(), Got()
        asked = [self.ask("a", a, 1), self.ask("b", b, 0), self.ask("a", a, 2)]
        self.journal.save("a", a, snapshot(3), None, saved)
        asked.append(self.ask("b", b, 1))
        self.journal.claim("b", claimed)
        held.leave()
        self.assertEqual(self.wait(first, *asked, saved), [None] * 6)
        (stored,) = self.wait(claimed)
        self.assertEqual(stored.last, 2)
        self.assertEqual(
            self.database.transactions[1],
            ["begin", "append a,b", "append a", "save a", "append b", "claim b", "commit"],
        )

    def test_a_fenced_game_drops_out(self) -> None:
        a, b, c = self.claim("a", "b", "c")
        self.database.claimed_by_another("b")
        held = self.database.hold("commit")
        first = self.ask("a", a, 0)
        held.entered()
        asked = [self.ask("a", a, 1), self.ask("b", b, 0), self.ask("c", c, 0)]
        held.leave()
        self.assertEqual(self.types(first, *asked), [type(None), type(None), Fenced, type(None)])
        self.assertEqual([self.database.games[game].last for game in "abc"], [2, 0, 1])

    def test_who_is_overtaken_at_a_claim_has_not_the_term_of_the_other(self) -> None:
        self.database.fail("load", lambda: self.database.claimed_by_another("g", entry(1)))
        (term,) = self.claim("g")
        self.assertLess(term, self.database.games["g"].term)
        self.assertEqual(self.types(self.ask("g", term, 1)), [Fenced])

    def test_one_who_fails_at_the_answer_takes_it_from_nobody(self) -> None:
        (term,) = self.claim("g")
        held = self.database.hold("commit")
        first = self.ask("g", term, 0)
        held.entered()

        def fails(answer: object) -> None:
            raise RuntimeError("a fault of ours")

        self.journal.append("g", term, 1, [entry(2)], None, fails)
        after = self.ask("g", term, 2)
        held.leave()
        self.assertEqual(self.wait(first, after), [None, None])
        self.assertIn("a fault of ours", self.reports[0])


class OutageTest(ThreadedJournalTestCase):
    """The database says no, and nothing has changed."""

    def test_where_the_storage_fails_the_whole_batch_is_refused_and_later_it_works(self) -> None:
        for call in ("begin", "commit", "open"):
            game = f"g-{call}"
            (term,) = self.claim(game)
            opened = self.database.opened
            if call == "open":
                self.database.fail("begin", Unavailable("connection lost"))
                self.assertEqual(self.types(self.ask(game, term, 0)), [Unavailable])
            self.database.fail(call, Unavailable("no space"), Unavailable("no space"))
            for _ in range(2):
                (answer,) = self.wait(self.ask(game, term, 0))
                self.assertIsInstance(answer, Unavailable)
                self.assertIn("no space", str(answer))
            self.assertEqual(self.wait(self.ask(game, term, 0)), [None])
            self.assertGreater(self.database.opened, opened, "the same connection was used again")
        self.assertEqual(len(self.reports), 6, self.reports)
        self.assertIn("can't be written", self.reports[0])
        self.assertIn("can be written again", self.reports[1])

    def test_one_that_the_database_does_not_take_takes_nobody_with_it(self) -> None:
        terms = dict(zip("abc", self.claim("a", "b", "c"), strict=True))
        held = self.database.hold("commit")
        first = self.ask("a", terms["a"], 0)
        held.entered()
        asked = [
            self.ask("a", terms["a"], 1),
            self.ask("b", terms["b"], 0, Entry(1, "command", 0.0, name="poison")),
            self.ask("b", terms["b"], 1),
            self.ask("c", terms["c"], 0),
        ]
        held.leave()
        self.assertEqual(self.types(first, *asked), [type(None), type(None), Unavailable, Unavailable, type(None)])
        self.assertIn("game b could not be written: no such entry", self.reports)
        self.assertEqual(self.wait(self.ask("b", terms["b"], 0)), [None])

    def test_a_connection_that_is_lost_in_the_middle_is_opened_again(self) -> None:
        (term,) = self.claim("g")
        opened = self.database.opened
        self.database.fail("append", Unavailable("connection lost"))
        self.assertEqual(self.types(self.ask("g", term, 0)), [Unavailable])
        self.assertEqual(self.wait(self.ask("g", term, 0)), [None])
        self.assertEqual(self.database.opened, opened + 1)

    def test_where_the_storage_fails_meanwhile_the_rest_is_refused(self) -> None:
        terms = dict(zip("abc", self.claim("a", "b", "c"), strict=True))
        held = self.database.hold("commit")
        first = self.ask("a", terms["a"], 0)
        held.entered()
        self.database.fail("commit", None, Unavailable("no space"))
        asked = [
            self.ask("a", terms["a"], 1),
            self.ask("b", terms["b"], 0, Entry(1, "command", 0.0, name="poison")),
            self.ask("c", terms["c"], 0),
            self.ask("a", terms["a"], 2),
        ]
        held.leave()
        answers = self.types(first, *asked)
        self.assertEqual(answers, [type(None), type(None), Unavailable, Unavailable, Unavailable])
        self.assertEqual([self.database.games[game].last for game in "abc"], [2, 0, 0])

    def test_what_was_built_on_an_entry_that_failed_fails_like_it(self) -> None:
        (term,) = self.claim("g")
        held = self.database.hold("commit")
        self.database.fail("commit", Unavailable("no space"))
        first = self.ask("g", term, 0)
        held.entered()
        second, third, saved = self.ask("g", term, 1), Got(), Got()
        held.leave()
        # The first is written and the second is not. What follows was asked for before anybody knew.
        self.journal.append("g", term, 2, entries(3, 4), None, third)
        self.journal.save("g", term, snapshot(4), None, saved)
        self.assertEqual(self.types(first, second, third, saved), [type(None), Unavailable, Unavailable, Unavailable])
        self.assertEqual(self.wait(self.ask("g", term, 1), self.ask("g", term, 2)), [None, None])
        self.journal.save("g", term, snapshot(3), None, again := Got())
        self.assertEqual(self.wait(again), [None])

    def test_after_an_entry_that_failed_the_game_can_be_claimed_and_goes_on(self) -> None:
        (term,) = self.claim("g")
        self.database.fail("commit", Unavailable("no space"))
        self.assertEqual(self.types(self.ask("g", term, 0)), [Unavailable])
        self.database.claimed_by_another("g", entry(1))
        (term,) = self.claim("g")
        self.assertEqual(self.wait(self.ask("g", term, 1)), [None])

    def test_what_can_not_be_read_can_be_read_later(self) -> None:
        (term,) = self.claim("g")
        self.wait(self.ask("g", term, 0))
        self.database.fail("history", Unavailable("connection lost"))
        self.database.fail("open", Unavailable("connection lost"))
        for expected in (Unavailable, Unavailable, list):
            self.journal.history("g", 2, 1, 1, got := Got())
            self.assertEqual(self.types(got), [expected])
        self.database.fail("load", Unavailable("connection lost"))
        self.journal.claim("g", got := Got())
        self.assertEqual(self.types(got), [Unavailable])
        self.assertEqual(len(self.claim("g")), 1)
        lost, again = "the journal can't be read: connection lost", "the journal can be read again"
        self.assertEqual(self.reports, [lost, again] * 2)


class UnknownOutcomeTest(ThreadedJournalTestCase):
    """A connection is lost in the middle of a commit."""

    def setUp(self) -> None:
        super().setUp()
        self.terms = dict(zip("ab", self.claim("a", "b"), strict=True))
        self.wait(*(self.ask(game, term, 0) for game, term in self.terms.items()))

    def assert_written_once(self) -> None:
        self.assertEqual(self.database.games["a"].entries, entries(1, 3))
        self.assertEqual(self.database.games["b"].entries, entries(1, 2))

    def ask_lost(self, then: Fault | None = None) -> list[Got]:
        """Append to both games in one batch, at whose commit the connection is lost."""
        held = self.database.hold("commit")
        self.journal.claim("nobody's", Got())
        held.entered()

        def lost() -> None:
            if then is not None:
                then()
            raise OutcomeUnknown("connection lost")

        self.database.fail("commit", lost)
        a, b = self.terms["a"], self.terms["b"]
        asked = [self.ask("a", a, 1), self.ask("b", b, 1), self.ask("a", a, 2)]
        held.leave()
        return asked

    def test_where_it_was_committed_it_is_not_written_again(self) -> None:
        self.assertEqual(self.wait(*self.ask_lost(self.database.commit_lost)), [None] * 3)
        self.assert_written_once()
        self.assertIn("what became of a commit", self.reports[0])
        self.assertIn("knows now", self.reports[1])

    def test_where_it_was_not_committed_it_is_written_again(self) -> None:
        self.assertEqual(self.wait(*self.ask_lost()), [None] * 3)
        self.assert_written_once()

    def test_it_is_never_called_unavailable_however_long_it_takes(self) -> None:
        def then() -> None:
            self.database.commit_lost()
            for call in ("open", "begin", "append", "history"):
                self.database.fail(call, Unavailable("not yet"), Unavailable("not yet"))

        self.assertEqual(self.wait(*self.ask_lost(then)), [None] * 3)
        self.assert_written_once()

    def test_it_may_be_unknown_again(self) -> None:
        def then() -> None:
            self.database.fail("commit", OutcomeUnknown("again"), Unavailable("not yet"), OutcomeUnknown("and again"))

        self.assertEqual(self.wait(*self.ask_lost(then)), [None] * 3)
        self.assert_written_once()

    def test_the_commit_may_come_late(self) -> None:
        # The new transaction waits for the old one, which has its locks until then.
        asked = self.ask_lost(lambda: self.database.fail("begin", Unavailable("not yet"), self.database.commit_lost))
        self.assertEqual(self.wait(*asked), [None] * 3)
        self.assert_written_once()

    def test_where_another_claimed_the_game_before_it_is_fenced(self) -> None:
        asked = self.ask_lost(lambda: self.database.claimed_by_another("a", entry(2, size=77)))
        self.assertEqual(self.types(*asked), [Fenced, type(None), Fenced])
        self.assertEqual(self.database.games["a"].entries, [entry(1), entry(2, size=77)])
        self.assertEqual(self.database.games["b"].entries, entries(1, 2))

    def test_where_another_claimed_the_game_after_it_was_committed_it_is_not_fenced(self) -> None:
        def then() -> None:
            self.database.commit_lost()
            self.database.claimed_by_another("a", entry(4))

        self.assertEqual(self.wait(*self.ask_lost(then)), [None] * 3)
        self.assertEqual(self.database.games["a"].entries, entries(1, 4))
        self.assertEqual(self.wait(self.ask("b", self.terms["b"], 2)), [None])

    def test_what_was_fenced_in_it_stays_fenced(self) -> None:
        held = self.database.hold("commit")
        first = self.ask("a", self.terms["a"], 1)
        held.entered()

        def lost() -> None:
            self.database.commit_lost()
            raise OutcomeUnknown("connection lost")

        self.database.fail("commit", lost)
        asked = [self.ask("b", 999, 1), self.ask("a", self.terms["a"], 2), self.ask("a", self.terms["a"], 2)]
        held.leave()
        self.assertEqual(self.types(first, *asked), [type(None), Fenced, type(None), Fenced])

    def test_snapshots_and_discards_and_claims_are_found_out_too(self) -> None:
        for is_committed in (True, False):
            with_append, discarded = self.claim("x", "y")
            held = self.database.hold("commit")
            claimed, saved, gone, first = Got(), Got(), Got(), Got()
            self.journal.claim("z", first)
            held.entered()

            def lost(is_committed: bool = is_committed) -> None:
                if is_committed:
                    self.database.commit_lost()
                raise OutcomeUnknown("connection lost")

            self.database.fail("commit", lost)
            self.journal.save("x", with_append, snapshot(5), None, saved)
            last = self.ask("x", with_append, 5, entry(6))
            self.journal.claim("x", claimed)
            self.journal.discard("y", discarded, gone)
            held.leave()
            answers = self.wait(first, saved, last, gone, claimed)
            self.assertEqual(answers[1:4], [None] * 3)
            self.assertEqual(answers[4].term, self.database.games["x"].term)
            self.assertNotIn("y", self.database.games)
            self.assertEqual(self.database.games["x"][1:3], (6, snapshot(5)))
            self.journal.discard("x", answers[4].term, gone := Got())
            self.assertEqual(self.wait(gone), [None])

    def lose_next(self, *asks: Callable[[Got], None], then: Fault | None = None) -> list[Any]:
        """Ask for some things in one batch, at whose commit the connection is lost. Returns what they come to."""
        held = self.database.hold("commit")
        self.journal.claim("nobody's", first := Got())
        held.entered()

        def lost() -> None:
            if then is not None:
                then()
            raise OutcomeUnknown("connection lost")

        self.database.fail("commit", lost)
        asked = [Got() for _ in asks]
        for ask, got in zip(asks, asked, strict=True):
            ask(got)
        held.leave()
        return self.wait(first, *asked)[1:]

    def test_a_snapshot_that_was_saved_before_the_game_was_claimed_is_found(self) -> None:
        saved, stored = self.lose_next(
            lambda done: self.journal.save("a", self.terms["a"], snapshot(5), None, done),
            lambda done: self.journal.claim("a", done),
            then=self.database.commit_lost,
        )
        self.assertIsNone(saved)
        self.assertEqual(stored[:3], (self.database.games["a"].term, 5, snapshot(5)))

    def test_entries_are_found_in_whose_place_a_snapshot_was_put_at_once(self) -> None:
        answers = self.lose_next(
            lambda done: self.journal.append("a", self.terms["a"], 1, entries(2, 3), None, done),
            lambda done: self.journal.append("a", self.terms["a"], 3, entries(4, 5), None, done),
            lambda done: self.journal.save("a", self.terms["a"], snapshot(5, alone=True), None, done),
            then=self.database.commit_lost,
        )
        self.assertEqual(answers, [None] * 3)
        self.assertEqual([each.number for each in self.database.games["a"].entries], [5])

    def test_a_game_that_was_discarded_is_found_to_be_gone(self) -> None:
        (gone,) = self.lose_next(
            lambda done: self.journal.discard("a", self.terms["a"], done), then=self.database.commit_lost
        )
        self.assertIsNone(gone)

    def test_a_claim_has_the_term_of_the_attempt_that_came_through(self) -> None:
        def then() -> None:
            first = self.database.lost

            def first_comes_through() -> None:
                self.database.lost = first
                self.database.commit_lost()
                raise OutcomeUnknown("again")

            self.database.fail("commit", first_comes_through)

        appended, stored = self.lose_next(
            lambda done: self.journal.append("a", self.terms["a"], 1, entries(2, 2), None, done),
            lambda done: self.journal.claim("b", done),
            then=then,
        )
        self.assertIsNone(appended)
        self.assertEqual(stored.term, self.database.games["b"].term)
        self.assertEqual(self.wait(self.ask("b", stored.term, 1)), [None])

    def test_close_waits_for_it(self) -> None:
        def then() -> None:
            self.database.commit_lost()
            self.database.fail("open", *[Unavailable("not yet")] * 3)

        asked = self.ask_lost(then)
        self.close()
        self.assertEqual([got.answers for got in asked], [[None]] * 3)

    def test_close_gives_it_up_after_a_while_and_answers_nothing(self) -> None:
        self.patch(writer, "GIVE_UP_SECONDS", 0.02)
        asked = self.ask_lost(lambda: self.database.fail("open", *[Unavailable("never")] * 10_000))
        self.close()
        self.assertEqual([got.answers for got in asked], [[]] * 3)
        self.assertIn("is not known", self.reports[-1])


class FatalTest(ThreadedJournalTestCase):
    """What the process has to end for."""

    def test_after_a_failed_sync_nobody_is_answered(self) -> None:
        for call in ("commit", "begin"):
            (term,) = self.claim("g")
            self.database.fail(call, SyncFailed("the disk is gone"))
            asked = [self.ask("g", term, 0), self.ask("g", term, 1)]
            self.close()
            asked.append(self.ask("g", term, 1))
            self.wait(asked[-1])
            self.assertEqual([got.answers for got in asked[:2]], [[], []])
            self.assertEqual([str(error) for error in self.fatal], ["the disk is gone"])
            self.assertIsInstance(self.fatal[0], SyncFailed)
            self.tearDown()
            self.setUp()

    def test_a_fault_of_ours_is_fatal_too(self) -> None:
        (term,) = self.claim("g")
        self.patch(writer.Writer, "write", lambda self, batch: 1 / 0)
        asked = self.ask("g", term, 0)
        self.close()
        self.assertEqual(asked.answers, [])
        self.assertIn("ZeroDivisionError", str(self.fatal[0]))


class LifeTest(ThreadedJournalTestCase):
    """From the start to the end."""

    def test_both_stores_are_closed_at_the_end(self) -> None:
        self.assertEqual((self.database.opened, self.database.closed), (2, 0))
        self.close()
        self.assertEqual((self.database.opened, self.database.closed), (2, 2))
        self.close()

    def test_close_does_not_wait_where_it_is_called(self) -> None:
        (term,) = self.claim("g")
        held = self.database.hold("commit")
        asked, closed = self.ask("g", term, 0), list[bool]()
        held.entered()
        self.journal.close(lambda: closed.append(True))
        self.assertEqual((asked.answers, closed), ([], []))
        held.leave()
        self.turns.run_until(lambda: closed)
        self.assertEqual(asked.answers, [None])

    def test_where_the_database_can_not_be_opened_it_does_not_start(self) -> None:
        for errors in ([JournalError("corrupt")], [ConfigError("no such host")], [None, JournalError("corrupt")]):
            database, turns = Database(), Turns()
            database.fail("open", *errors)
            journal = ThreadedJournal(database.open, turns.soon, self.fatal.append, self.reports.append)
            error = errors[-1]
            assert error is not None
            self.assertIs(self.assertRaises(type(error), journal.start), error)
            closed, refused = list[bool](), Got()
            journal.claim("g", refused)
            journal.close(lambda closed=closed: closed.append(True))  # type: ignore[misc]
            turns.run_until(lambda closed=closed: closed)  # type: ignore[misc]
            self.assertIsInstance(refused.answers[0], Unavailable)

    def test_the_clock_is_the_databases_and_is_looked_at_now_and_then(self) -> None:
        self.assertEqual(self.journal.now(), 5000)
        self.monotonic += 3
        self.assertEqual(self.journal.now(), 5003)
        self.database.clock = 6000.0
        (term,) = self.claim("g")
        self.assertEqual(self.journal.now(), 5003, "looked at for every batch")
        self.monotonic += clock.LOOK_SECONDS
        self.wait(self.ask("g", term, 0))
        self.journal.due(1, got := Got())
        self.wait(got)
        self.assertEqual(self.journal.now(), 6000)

    def test_a_clock_that_can_not_be_looked_at_harms_no_batch(self) -> None:
        (term,) = self.claim("g")
        self.monotonic += clock.LOOK_SECONDS
        self.database.fail("now", Unavailable("connection lost"))
        self.assertEqual(self.wait(self.ask("g", term, 0)), [None])
        self.assertEqual(self.wait(self.ask("g", term, 1)), [None])

    def test_asking_takes_no_longer_while_the_disk_is_slow(self) -> None:
        (term,) = self.claim("g")
        held = self.database.hold("commit")
        self.ask("g", term, 0)
        held.entered()
        start = time.process_time()
        for number in range(1, 2001):
            self.journal.append("g", term, number, (), None, lambda answer: None)
        self.assertLess(time.process_time() - start, 0.5)
        held.leave()
