"""History: who comes back is sent exactly what they missed, or told that it can't be."""

from __future__ import annotations

import json
from collections.abc import Callable
from unittest import mock

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


class InSlices(SynchronousTestCase):
    """Very many come back at once: it is others' turn between them."""

    def setUp(self) -> None:
        self.patch(eventlog, "RECENT_EVENTS", 4)
        self.game = Game(played(*[1] * 30))
        self.others = 0

    def come(self, count: int, cost: float) -> list[list[Outcome]]:
        """So many come back, and each takes so many seconds of work when their place is found."""
        return [self.come_back(WATCHER, number % 20, cost) for number in range(count)]

    def come_back(self, viewer: Viewer, since: int, cost: float) -> list[Outcome]:
        outcomes: list[Outcome] = []

        def found(outcome: Outcome) -> None:
            self.game.clock.rightNow += cost
            outcomes.append(outcome)

        self.game.history.find(viewer, since, found)
        return outcomes

    def told(self, came: list[list[Outcome]]) -> int:
        return sum(bool(outcomes) for outcomes in came)

    def one_turn(self) -> None:
        """Let the reactor have one turn: what is put off meanwhile waits for the next."""
        due = [call for call in self.game.clock.calls if call.getTime() <= self.game.clock.seconds()]
        for call in due:
            self.game.clock.calls.remove(call)
            call.func(*call.args, **call.kw)

    def test_each_turn_serves_a_slice_of_them_in_order_until_all_are_served(self) -> None:
        came = self.come(2000, cost=history.SLICE_SECONDS / 10)
        self.assertEqual((self.told(came), len(self.game.readings)), (0, 1))
        self.game.answer()
        slices = [self.told(came)]
        while self.game.history.is_busy:
            self.one_turn()
            slices.append(self.told(came))
            self.assertEqual([bool(outcomes) for outcomes in came], [place < slices[-1] for place in range(2000)])
        sizes = [after - before for before, after in zip([0, *slices], slices, strict=False)]
        self.assertTrue(all(9 <= size <= 11 for size in sizes[:-1]), sizes)
        self.assertEqual((slices[-1], self.game.readings), (2000, []))
        for number, (place,) in enumerate(came):
            assert isinstance(place, Place)
            self.assertEqual(place.events, number % 20)

    def test_those_who_take_no_time_are_served_in_one_turn(self) -> None:
        came = self.come(2000, cost=0)
        self.game.answer()
        self.assertEqual((self.told(came), self.game.history.is_busy), (2000, False))

    def test_one_who_takes_longer_than_a_slice_is_a_slice(self) -> None:
        came = self.come(5, cost=1)
        self.game.answer()
        for served in range(1, 6):
            self.assertEqual(self.told(came), served)
            self.one_turn()

    def test_nobody_of_a_later_slice_waits_for_more_than_5_seconds(self) -> None:
        came = self.come(20, cost=OVERDUE_SECONDS / 10)
        self.game.answer()
        while self.game.clock.seconds() < OVERDUE_SECONDS:
            self.game.history.look()
            self.one_turn()
        served = self.told(came)
        self.assertEqual(served, 10)
        self.game.history.look()
        self.assertEqual(self.told(came), 20)
        self.assertTrue(all(isinstance(place, Place) for (place,) in came[:served]))
        self.assertTrue(all(isinstance(error, JournalError) for (error,) in came[served:]))
        self.assertFalse(self.game.history.is_busy)
        self.game.clock.advance(history.HOLD_SECONDS)
        self.assertEqual([len(outcomes) for outcomes in came], [1] * 20)
        # Nothing is left of them that would stand in the way of the next.
        outcomes = self.game.find(WATCHER, 2)
        while self.game.readings:
            self.game.answer()
        self.assertIsInstance(outcomes[0], Place)

    def test_those_of_later_slices_are_let_go_where_the_game_is_lost(self) -> None:
        came = self.come(20, cost=1)
        self.game.answer()
        self.game.history.expire()
        self.assertEqual((self.told(came), self.game.history.is_busy), (20, False))
        self.assertEqual([type(outcomes[0]) for outcomes in came], [Place, *[JournalError] * 19])

    def test_what_was_read_stays_until_the_last_slice_and_no_longer(self) -> None:
        count = int(history.HOLD_SECONDS) + 5
        came = self.come(count, cost=1)
        self.game.answer()
        while self.told(came) < count:
            self.game.happen(())
            self.game.publisher.flush()
            self.assertGreaterEqual(len(self.game.log), 30, "it is needed yet")
            self.one_turn()
        self.assertTrue(all(isinstance(place, Place) for (place,) in came))
        self.game.turn()
        self.assertLessEqual(len(self.game.log), 4)

    def test_who_comes_between_two_slices_is_served_and_the_journal_is_not_asked_again(self) -> None:
        came = self.come(10, cost=1)
        self.game.answer()
        late = self.come(1, cost=1)
        self.assertEqual((self.told(came), self.told(late), self.game.readings), (1, 1, []))

    def test_who_needs_more_than_was_read_waits_for_the_next_read_and_the_others_do_not(self) -> None:
        self.patch(history, "READ_AHEAD_EVENTS", 10)
        # What alice missed lies far apart.
        entries = [entry(number, number - 1, ("alice",) if number % 10 == 1 else ("bob",)) for number in range(1, 101)]
        self.game = Game(entries)
        came = [self.come_back(ALICE, since, cost=1) for since in (9, 9, 1, 0, 9)]
        reads = []
        while self.game.readings:
            self.game.answer()
            while self.game.history.is_busy and not self.game.readings:
                self.one_turn()
            reads.append([bool(outcomes) for outcomes in came])
        self.assertEqual((reads[0], reads[-1]), ([True, True, False, False, True], [True] * 5))
        places = [place for (place,) in came if isinstance(place, Place)]
        self.assertEqual([place.events for place in places], [9, 9, 1, 0, 9])


class LookedUp(SynchronousTestCase):
    """Those who stand at the same place are looked up once."""

    def setUp(self) -> None:
        self.patch(eventlog, "RECENT_EVENTS", 4)
        self.patch(eventlog, "RECENT_PRIVATE_EVENTS", 2)

    def looked_up(self, game: Game, came: list[tuple[Viewer, int]]) -> int:
        """How often the log is asked where somebody stands, when the journal has answered."""
        told = [game.come_back(viewer, since) for viewer, since in came]
        with mock.patch.object(game.log, "place_after", wraps=game.log.place_after) as asked:
            game.answer()
        game.turn()
        for (viewer, since), (outcomes, sink) in zip(came, told, strict=True):
            self.assertIsInstance(outcomes[0], Place)
            self.assertEqual(
                sink.got, [(number, seq) for seq, number in enumerate(game.seen(viewer), 1) if seq > since]
            )
        count: int = asked.call_count
        return count

    def test_who_has_had_the_same_and_has_nothing_private(self) -> None:
        crowd = [Viewer(f"p{number}", framework=True) for number in range(500)]
        game = Game(played(*[1] * 30))
        self.assertEqual(self.looked_up(game, [(viewer, 3) for viewer in (WATCHER, *crowd)]), 1)
        game = Game(played(*[1] * 30))
        self.assertEqual(self.looked_up(game, [(viewer, place % 7) for place, viewer in enumerate(crowd)]), 7)

    def test_who_has_private_events_is_looked_up_for_themselves(self) -> None:
        game = Game()
        for number in range(30):
            game.happen(((), ("alice",), ("alice", "bob"))[number % 3])
        game.turn()
        came = [(ALICE, 2), (ALICE, 2), (BOB, 2), (WATCHER, 2), (Viewer("carol", True), 2)]
        self.assertEqual(self.looked_up(game, came), 3)

    def test_who_does_not_see_the_same_is_looked_up_for_themselves(self) -> None:
        game = Game()
        for number in range(30):
            game.happen(((), ("*",))[number % 2])
        game.turn()
        self.assertEqual(self.looked_up(game, [(WATCHER, 2), (Viewer(None, False), 2), (WATCHER, 2)]), 2)


class ReadAhead(SynchronousTestCase):
    """The journal is asked for no more than was missed, and some."""

    def setUp(self) -> None:
        self.patch(eventlog, "RECENT_EVENTS", 4)
        self.game = Game(played(*[1] * 1000))

    def test_for_one_who_missed_little_little_is_read(self) -> None:
        self.game.find(WATCHER, 990)
        (asked,) = self.game.readings
        self.assertEqual((asked.events, asked.size), (10 + history.READ_AHEAD_EVENTS, history.MAX_READ_BYTES))

    def test_it_is_read_for_who_has_missed_most_of_those_who_wait(self) -> None:
        for since in (990, 500, 300, 995):
            self.game.find(WATCHER, since)
        # The first is asked for at once; for those who then wait still, once more.
        asked = []
        while self.game.readings:
            asked.append(self.game.readings[0].events)
            self.game.answer()
        self.assertEqual(asked, [10 + history.READ_AHEAD_EVENTS, 700 + history.READ_AHEAD_EVENTS])
        self.assertFalse(self.game.history.is_busy)

    def test_it_is_never_asked_for_more_than_somebody_may_be_sent(self) -> None:
        self.patch(history, "MAX_RESUME_EVENTS", 500)
        self.game.find(WATCHER, 510)
        self.assertEqual(self.game.readings[0].events, 500)


VIEWERS = (WATCHER, ALICE, BOB, Viewer("alice", False), Viewer(None, False))
EVENTS = st.lists(st.sampled_from(((), (), ("alice",), ("bob",), ("alice", "bob"), ("*",))), max_size=4)
STEPS = st.one_of(
    st.tuples(st.just("happen"), EVENTS),
    st.tuples(st.just("happen"), EVENTS),
    st.tuples(st.just("back"), st.tuples(st.sampled_from(VIEWERS), st.integers(0, 40))),
    st.tuples(st.sampled_from(("turn", "answer", "fail", "wait", "look")), st.none()),
)


class Far(SynchronousTestCase):
    """How far the journal is read back, for whoever asks."""

    def setUp(self) -> None:
        self.patch(eventlog, "RECENT_EVENTS", 4)
        self.patch(eventlog, "RECENT_PRIVATE_EVENTS", 4)
        secrets = [entry(number, number - 1, ("bob",), size=100) for number in range(2, 400)]
        self.entries = [entry(1, 0, ()), *secrets]

    def test_asking_again_and_again_does_not_load_the_whole_journal(self) -> None:
        self.patch(history, "MAX_READ_BYTES", 3000)
        game = Game(self.entries)
        for _ in range(20):
            game.find(ALICE, 0)
            while game.readings:
                game.answer()
            game.clock.advance(1)
        self.assertLess(len(game.log), 80)

    def test_a_read_that_fails_does_not_take_from_others_what_was_read_for_them(self) -> None:
        self.entries[-10:] = [entry(number, number - 1, ("alice",), size=100) for number in range(390, 400)]
        game = Game(self.entries)
        told: list[Outcome] = []

        def found(outcome: Outcome) -> None:
            game.clock.rightNow += 1  # each is a slice
            told.append(outcome)

        for _ in range(5):
            game.history.find(ALICE, game.log.head(ALICE) - 10, found)
        game.answer()
        self.assertEqual(len(told), 1)
        game.find(BOB, 0)  # needs more than was read
        (reading,) = game.readings
        reading.done(Unavailable("down"))
        game.happen(())
        for _ in range(10):
            game.clock.advance(0)
        self.assertEqual([type(outcome) for outcome in told], [Place] * 5)


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
        self.patch(history, "SLICE_SECONDS", 0.0 if at_a_time % 2 else 0.005)
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
        while game.history.is_busy:
            while game.readings:
                game.answer()
            game.turn()
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
