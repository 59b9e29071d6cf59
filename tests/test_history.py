"""History: who comes back is sent exactly what they missed, or told that it can't be."""

from __future__ import annotations

import json
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import eventlog, history
from gamesvc.errors import CloseCode, JournalError, Unavailable
from gamesvc.eventlog import EventLog, Place, Viewer
from gamesvc.history import History
from gamesvc.journal.records import Counts, Entry, Published
from gamesvc.limits import OVERDUE_SECONDS
from gamesvc.publisher import GamePublisher
from gamesvc.recovery import count
from tests.tables import payloads

PROPERTY = settings(deadline=None, database=None, max_examples=200)

Outcome = Place | JournalError | None


class Reading:
    """The journal was asked to read back."""

    def __init__(self, before: int, events: int, size: int, done: Callable[[list[Entry] | JournalError], None]) -> None:
        self.before, self.events, self.size = before, events, size
        self.done = done


class Sink:
    """A connection that takes everything."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data

    def close(self, code: CloseCode) -> None:
        raise AssertionError(code)

    @property
    def got(self) -> list[tuple[int, int]]:
        """The number of each event in the game, and its ``seq``."""
        events = [json.loads(payload) for payload in payloads(self.data)]
        return [(event["number"], event["seq"]) for event in events]


class Game:
    """A game's entries, its log, its publisher, and a journal that answers when the test says so.

    Args:
        awake_since: how many entries the log knows nothing of but their counts; None: of none.
    """

    def __init__(self, entries: list[Entry] | None = None, *, journaled: bool = True) -> None:
        self.clock = Clock()
        self.entries = list(entries or ())
        counts = count(Counts(), [event for entry in self.entries for event in entry.events])
        self.numbered = counts.all
        self.log = EventLog(counts)
        self.publisher = GamePublisher(
            lambda call: self.clock.callLater(0, call), self.log, max_lag_events=10**6, max_lag_bytes=1 << 30
        )
        self.readings: list[Reading] = []
        read = (lambda *asked: self.readings.append(Reading(*asked))) if journaled else None
        self.history = History(
            self.log,
            read,
            lambda: len(self.entries),
            self.clock.callLater,
            self.clock.seconds,
            self.publisher.schedule,
        )

    def happen(self, *events: tuple[str, ...], size: int = 0) -> None:
        """An entry with events, each to some players; to everybody where none are named."""
        self.entries.append(entry(len(self.entries) + 1, self.numbered, *events, size=size))
        self.numbered += len(events)
        for event in self.entries[-1].events:
            to = None if event.to is None else frozenset(event.to)
            self.publisher.publish(event.body, to, len(self.entries))

    def turn(self) -> None:
        self.clock.advance(0)

    def find(self, viewer: Viewer, since: int) -> list[Outcome]:
        outcomes: list[Outcome] = []
        self.history.find(viewer, since, outcomes.append)
        return outcomes

    def come_back(self, viewer: Viewer, since: int) -> tuple[list[Outcome], Sink]:
        """Somebody who is subscribed at once where they are found to stand somewhere."""
        outcomes: list[Outcome] = []
        sink = Sink()

        def found(outcome: Outcome) -> None:
            outcomes.append(outcome)
            if isinstance(outcome, Place):
                self.publisher.subscribe(viewer, sink, outcome)

        self.history.find(viewer, since, found)
        return outcomes, sink

    def answer(self) -> None:
        """The journal reads what it was asked for, as it is now, but no later than was asked."""
        asked = self.readings.pop(0)
        read: list[Entry] = []
        events, size = asked.events, asked.size
        for each in reversed(self.entries[: asked.before - 1]):
            if events <= 0 or size <= 0:
                break
            read.insert(0, each)
            events -= len(each.events)
            size -= sum(len(event.body) for event in each.events)
        asked.done(read)

    def seen(self, viewer: Viewer) -> list[int]:
        """The numbers of all events that somebody may see."""
        return [
            json.loads(event.body)["number"]
            for entry in self.entries
            for event in entry.events
            if (event.to is None and (viewer.framework or b'"gamesvc.' not in event.body))
            or (event.to is not None and viewer.player in event.to)
        ]


def entry(number: int, first: int, *events: tuple[str, ...], size: int = 0) -> Entry:
    bodies = []
    for place, to in enumerate(events):
        name = "gamesvc.joined" if to == ("*",) else "E"
        body = b'{"event":"%b","number":%d,"padding":"%b"}' % (name.encode(), first + place + 1, b"x" * size)
        bodies.append(Published(body, None if to in ((), ("*",)) else to))
    return Entry(number, "command", 0.0, events=tuple(bodies))


def played(*counts: int) -> list[Entry]:
    """Entries with so many events each, to everybody."""
    entries: list[Entry] = []
    for number, events in enumerate(counts, 1):
        entries.append(entry(number, sum(counts[: number - 1]), *[()] * events))
    return entries


WATCHER, ALICE, BOB = Viewer(None, True), Viewer("alice", True), Viewer("bob", True)


class FromMemory(SynchronousTestCase):
    """What is recent."""

    def test_who_missed_little_is_told_at_once_and_the_journal_is_not_asked(self) -> None:
        game = Game()
        for _ in range(5):
            game.happen((), ("alice",))
        game.turn()
        outcomes, sink = game.come_back(ALICE, 7)
        game.turn()
        self.assertEqual((len(outcomes), sink.got, game.readings), (1, [(8, 8), (9, 9), (10, 10)], []))
        outcomes, sink = game.come_back(WATCHER, 3)
        game.turn()
        self.assertEqual((sink.got, game.readings), ([(7, 4), (9, 5)], []))

    def test_who_missed_nothing_stands_at_the_end(self) -> None:
        game = Game(played(3))
        (place,) = game.find(WATCHER, 3)
        self.assertEqual(place, game.log.end_for(WATCHER))

    def test_a_number_that_there_was_never_is_not_found(self) -> None:
        game = Game(played(3))
        self.assertEqual([game.find(WATCHER, since) for since in (4, 10**9, -1)], [[None]] * 3)
        self.assertEqual(game.readings, [])

    def test_a_game_that_is_not_journaled_knows_what_is_in_memory_and_no_more(self) -> None:
        game = Game(played(3), journaled=False)
        game.happen(())
        self.assertEqual(game.find(WATCHER, 2), [None])
        (place,) = game.find(WATCHER, 3)
        self.assertIsInstance(place, Place)


class FromTheJournal(SynchronousTestCase):
    """What is older."""

    def setUp(self) -> None:
        self.patch(eventlog, "RECENT_EVENTS", 4)

    def test_what_was_missed_is_read_back_and_sent_with_its_numbers(self) -> None:
        game = Game(played(1, 2, 1, 3))
        outcomes, sink = game.come_back(WATCHER, 2)
        self.assertEqual((outcomes, game.readings[0].before), ([], 5))
        self.assertTrue(game.history.is_busy)
        game.answer()
        game.turn()
        self.assertEqual(sink.got, [(number, number) for number in range(3, 8)])
        self.assertFalse(game.history.is_busy)

    def test_one_read_is_for_all_who_wait_and_for_those_who_come_soon_after(self) -> None:
        game = Game(played(*[1] * 30))
        waiting = [game.come_back(WATCHER, since) for since in range(20)]
        self.assertEqual(len(game.readings), 1)
        game.answer()
        game.turn()
        for since, (outcomes, sink) in enumerate(waiting):
            self.assertEqual((len(outcomes), [seq for _, seq in sink.got]), (1, list(range(since + 1, 31))))
        game.clock.advance(9)
        game.happen(())
        game.turn()
        _, sink = game.come_back(WATCHER, 5)
        game.turn()
        self.assertEqual(([seq for _, seq in sink.got], game.readings), (list(range(6, 32)), []))

    def test_what_was_read_is_let_go_after_a_while(self) -> None:
        game = Game(played(*[1] * 30))
        game.come_back(WATCHER, 3)
        game.answer()
        game.turn()
        self.assertEqual(len(game.log), 30)
        game.clock.advance(10)
        game.happen(())
        game.turn()
        self.assertLessEqual(len(game.log), 4)
        outcomes, _ = game.come_back(WATCHER, 3)
        self.assertEqual((outcomes, len(game.readings)), ([], 1))

    def test_a_floor_in_the_middle_of_an_entry_costs_and_doubles_no_event(self) -> None:
        for floor in range(1, 8):
            self.patch(eventlog, "RECENT_EVENTS", floor)
            game = Game()
            for events in (1, 3, 3, 1):
                game.happen(*[()] * events)
            game.turn()
            _, sink = game.come_back(WATCHER, 0)
            game.answer()
            game.turn()
            self.assertEqual(sink.got, [(number, number) for number in range(1, 9)], f"the last {floor} are here")

    def test_what_is_published_during_the_read_comes_once(self) -> None:
        for before in (0, 3):
            game = Game(played(2, 2, 2))
            for _ in range(before):
                game.happen((), ())
            game.turn()
            _, sink = game.come_back(WATCHER, 1)
            for _ in range(9):
                game.happen((), ())
                game.turn()
            game.answer()
            game.happen(())
            game.turn()
            self.assertEqual(sink.got, [(number, number) for number in range(2, game.numbered + 1)])

    def test_who_missed_more_than_10000_events_is_not_sent_them_and_nothing_is_read(self) -> None:
        self.assertEqual(history.MAX_RESUME_EVENTS, 10_000)
        game = Game(played(10_001))
        self.assertEqual((game.find(WATCHER, 0), game.readings), ([None], []))
        outcomes, sink = game.come_back(WATCHER, 1)
        game.answer()
        game.turn()
        self.assertEqual((len(outcomes), len(sink.got)), (1, 10_000))

    def test_events_that_somebody_may_not_see_do_not_count_for_how_many_they_missed(self) -> None:
        self.patch(history, "MAX_RESUME_EVENTS", 20)
        entries = [entry(number, number - 1, () if number % 9 == 1 else ("bob",)) for number in range(1, 100)]
        game = Game(entries)
        _, sink = game.come_back(ALICE, 0)
        while game.readings:
            game.answer()
        game.turn()
        self.assertEqual([seq for _, seq in sink.got], list(range(1, 12)))
        self.assertEqual(game.find(BOB, 0), [None])

    def test_who_missed_too_many_bytes_of_their_own_is_not_sent_them(self) -> None:
        self.patch(history, "MAX_RESUME_BYTES", 1000)
        game = Game([entry(number, number - 1, ("bob",) if number % 2 else (), size=100) for number in range(1, 15)])
        outcomes, _ = game.come_back(WATCHER, 0)
        fewer, sink = game.come_back(BOB, 8)
        game.answer()
        game.turn()
        self.assertEqual((len(outcomes), len(fewer), len(sink.got)), (1, 1, 6))
        self.assertEqual(game.find(BOB, 0), [None])
        self.assertIsInstance(outcomes[0], Place)

    def test_the_journal_is_not_read_back_without_end(self) -> None:
        self.patch(history, "MAX_READ_BYTES", 3000)
        game = Game([entry(1, 0, ()), *(entry(number, number - 1, ("bob",), size=100) for number in range(2, 200))])
        outcomes = game.find(ALICE, 0)
        reads = 0
        while game.readings:
            game.answer()
            reads += 1
        self.assertEqual(outcomes, [None])
        self.assertLess(reads, 3)
        self.assertLess(len(game.log), 80)

    def test_a_journal_that_has_forgotten_it_is_believed(self) -> None:
        game = Game(played(*[1] * 9))
        outcomes = game.find(WATCHER, 2)
        game.readings.pop().done(game.entries[5:])
        # It may be asked whether there is more.
        if game.readings:
            game.readings.pop().done([])
        self.assertEqual((outcomes, game.readings), ([None], []))
        (place,) = game.find(WATCHER, 6)
        self.assertIsInstance(place, Place)

    def test_a_journal_that_fails_is_told_and_asked_again_next_time(self) -> None:
        game = Game(played(*[1] * 9))
        waiting = [game.find(WATCHER, since) for since in (2, 3)]
        game.readings.pop().done(Unavailable("down"))
        self.assertEqual([type(each[0]) for each in waiting], [Unavailable] * 2)
        self.assertFalse(game.history.is_busy)
        _, sink = game.come_back(WATCHER, 2)
        game.answer()
        game.turn()
        self.assertEqual(len(sink.got), 7)

    def test_nobody_waits_for_more_than_5_seconds(self) -> None:
        game = Game(played(*[1] * 9))
        outcomes = game.find(WATCHER, 2)
        game.clock.advance(OVERDUE_SECONDS - 0.1)
        game.history.look()
        self.assertEqual(outcomes, [])
        game.clock.advance(0.1)
        game.history.look()
        self.assertIsInstance(outcomes[0], JournalError)
        game.answer()
        self.assertEqual((len(outcomes), game.history.is_busy), (1, False))
        # What came too late was not kept: who comes next has it read anew.
        outcomes = game.find(WATCHER, 2)
        game.answer()
        self.assertIsInstance(outcomes[0], Place)

    def test_let_go_at_once_where_the_game_is_lost(self) -> None:
        game = Game(played(*[1] * 9))
        outcomes = game.find(WATCHER, 2)
        game.history.expire()
        self.assertIsInstance(outcomes[0], JournalError)

    def test_who_comes_while_others_are_told_is_told_too(self) -> None:
        game = Game(played(*[1] * 20))
        late: list[Outcome] = []

        def found(outcome: Outcome) -> None:
            if len(late) == 0:
                game.history.find(WATCHER, 1, late.append)

        game.history.find(WATCHER, 5, found)
        while game.readings:
            game.answer()
        self.assertIsInstance(late[0], Place)


VIEWERS = (WATCHER, ALICE, BOB, Viewer("alice", False), Viewer(None, False))
EVENTS = st.lists(st.sampled_from(((), (), ("alice",), ("bob",), ("alice", "bob"), ("*",))), max_size=4)
STEPS = st.one_of(
    st.tuples(st.just("happen"), EVENTS),
    st.tuples(st.just("happen"), EVENTS),
    st.tuples(st.just("back"), st.tuples(st.sampled_from(VIEWERS), st.integers(0, 40))),
    st.tuples(st.sampled_from(("turn", "answer", "fail", "wait", "look")), st.none()),
)


class AnySchedule(SynchronousTestCase):
    """Whatever happens while somebody comes back."""

    @PROPERTY
    @given(st.lists(EVENTS, max_size=20), st.lists(STEPS, max_size=50), st.integers(1, 8), st.integers(5, 12))
    def test_everybody_gets_exactly_what_they_missed_and_what_comes_after(
        self, before: list[list[tuple[str, ...]]], steps: list[tuple[str, object]], recent: int, at_a_time: int
    ) -> None:
        self.patch(eventlog, "RECENT_EVENTS", recent)
        self.patch(eventlog, "RECENT_PRIVATE_EVENTS", at_a_time % 4 + 1)
        self.patch(history, "MAX_RESUME_EVENTS", at_a_time)
        entries: list[Entry] = []
        for events in before:
            entries.append(entry(len(entries) + 1, sum(len(each.events) for each in entries), *events))
        game = Game(entries)
        came: list[tuple[Viewer, int, int, list[Outcome], Sink]] = []
        for what, argument in steps:
            if what == "happen":
                assert isinstance(argument, list)
                game.happen(*argument)
            elif what == "back":
                assert isinstance(argument, tuple)
                viewer, ago = argument
                head = len(game.seen(viewer))
                came.append((viewer, max(0, head - ago), head, *game.come_back(viewer, max(0, head - ago))))
            elif what == "turn":
                game.turn()
            elif what == "wait":
                game.clock.advance(4)
            elif what == "look":
                game.history.look()
            elif game.readings:
                if what == "answer":
                    game.answer()
                else:
                    game.readings.pop(0).done(Unavailable("down"))
        while game.readings:
            game.answer()
        game.clock.advance(60)
        game.turn()
        for viewer, since, head, outcomes, sink in came:
            (outcome,) = outcomes
            seen = game.seen(viewer)
            if isinstance(outcome, Place):
                due = [(number, seq) for seq, number in enumerate(seen, 1) if seq > since]
                self.assertEqual(sink.got, due)
            elif outcome is None:
                self.assertGreater(head - since, at_a_time)
            else:
                self.assertLessEqual(head - since, at_a_time)
            self.assertEqual(game.log.head(viewer), len(seen))
        game.happen(())
        game.turn()
        self.assertLessEqual(len(game.log), recent + 2 * (at_a_time % 4 + 1))
