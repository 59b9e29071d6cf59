"""A game's event log, held against a plain list of all its events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple
from unittest import mock

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import eventlog
from gamesvc.eventlog import EventLog, Place, Viewer
from gamesvc.frames import deflated_frame, text_frame
from gamesvc.journal.records import Counts, Published
from gamesvc.messages import numbered
from tests.cost import cost

PROPERTY = settings(deadline=None, database=None, max_examples=150)
NAMES = ("alice", "bob", "carol")
VIEWERS = [Viewer(name, framework) for name in (None, *NAMES, "nobody") for framework in (False, True)]


def body(number: int, size: int = 0) -> bytes:
    """An event of the game."""
    return b'{"event":"E","number":%d,"padding":"%b"}' % (number, b"x" * size)


def joined(number: int) -> bytes:
    """An event of gamesvc's own."""
    return b'{"event":"gamesvc.joined","player":"alice","seat":%d}' % number


class Said(NamedTuple):
    """An event, and which entry it is of."""

    body: bytes
    to: frozenset[str] | None
    entry: int

    def is_for(self, viewer: Viewer) -> bool:
        if self.to is not None:
            return viewer.player in self.to
        return viewer.framework or b"gamesvc." not in self.body


@contextmanager
def recent(public: int, private: int) -> Iterator[None]:
    """So many events are recent, of the public ones and of each player's."""
    with mock.patch.multiple(eventlog, RECENT_EVENTS=public, RECENT_PRIVATE_EVENTS=private):
        yield


class What(NamedTuple):
    """One event, as it is drawn.

    Attributes:
        to: who sees it; None for everybody.
        framework: whether it is gamesvc's own.
        size: how large it is.
        skip: how many entries come between it and the event before; 0: both are of one entry.
    """

    to: frozenset[str] | None
    framework: bool
    size: int
    skip: int


PUBLIC = What(None, False, 0, 1)
SIZES, SKIPS = st.sampled_from((0, 0, 300)), st.integers(0, 2)
WHATS = st.one_of(
    st.builds(What, st.none(), st.booleans(), SIZES, SKIPS),
    st.builds(What, st.frozensets(st.sampled_from(NAMES), min_size=1), st.just(False), SIZES, SKIPS),
)
STORIES = st.lists(WHATS, max_size=30).map(lambda whats: story(whats))


def story(whats: Iterable[What]) -> list[Said]:
    said, entry = [], 1
    for number, what in enumerate(whats):
        entry += what.skip
        said.append(Said(joined(number) if what.framework else body(number, what.size), what.to, entry))
    return said


def public(count: int, size: int = 0) -> list[Said]:
    """As many public events, each in an entry of its own."""
    return [Said(body(number, size), None, number + 1) for number in range(count)]


def logged(said: Sequence[Said], log: EventLog | None = None) -> EventLog:
    log = EventLog() if log is None else log
    for each in said:
        log.append(*each)
    return log


def counts(said: Sequence[Said]) -> Counts:
    """How many there are of each kind, counted another way."""
    private = {name: sum(each.to is not None and name in each.to for each in said) for name in NAMES}
    shown = sum(each.is_for(Viewer(None, framework=False)) for each in said)
    framework = sum(each.is_for(Viewer(None, framework=True)) for each in said) - shown
    return Counts(len(said), shown, framework, {name: count for name, count in private.items() if count})


def due(said: Sequence[Said], viewer: Viewer, since: int) -> list[bytes]:
    """The frames that a viewer has to get who has had their events up to a number."""
    own = [each.body for each in said if each.is_for(viewer)]
    return [text_frame(numbered(event, seq)) for seq, event in enumerate(own, 1) if seq > since]


def told(log: EventLog, viewer: Viewer, place: Place) -> list[bytes]:
    """The frames from a place on, as whoever follows the log has them."""
    frames, private = [], place.private
    for position in range(place.position, log.end):
        event = log.event(position)
        if event is not None and event.seen_by(viewer):
            private += event.to is not None
            frames.append(event.frame(private, viewer.framework, viewer.deflates))
    return frames


def held(log: EventLog) -> list[int]:
    """The positions of the events that are here."""
    return [position for position in range(log.end) if log.event(position) is not None]


class Telling(SynchronousTestCase):
    """Can see whether a log tells what it has to."""

    def assert_tells(self, log: EventLog, said: Sequence[Said], *, recent: bool = True) -> None:
        """Every viewer can come back to every place, and is told exactly what they missed."""
        for viewer in VIEWERS:
            head = len(due(said, viewer, 0))
            self.assertEqual(log.head(viewer), head)
            end = log.end_for(viewer)
            self.assertEqual((end.position, end.events), (len(said), head))
            for since in range(head + 1):
                place = log.place_after(viewer, since, recent=recent)
                assert place is not None
                self.assertEqual(told(log, viewer, place), due(said, viewer, since))
                self.assertEqual(place.events, since)
                # The size is that of what was missed, without what is put around it.
                missed = [each.body for each in said if each.is_for(viewer)][since:]
                self.assertEqual(end.size - place.size, sum(map(len, missed)))


class Numbers(Telling):
    """Each viewer counts what they may see, from 1 and without gaps."""

    @PROPERTY
    @given(STORIES)
    def test_whoever_comes_back_to_any_place_is_told_exactly_what_they_missed(self, said: list[Said]) -> None:
        log = logged(said)
        self.assert_tells(log, said)
        self.assertEqual((log.counts, len(log)), (counts(said), len(said)))

    @PROPERTY
    @given(STORIES, st.integers(0, 30))
    def test_a_log_that_was_loaded_counts_on_where_it_was(self, said: list[Said], known: int) -> None:
        before, after = said[:known], said[known:]
        log = logged(after, EventLog(counts(before)))
        self.assertEqual((log.counts, log.floor, len(log)), (counts(said), len(before), len(after)))
        for viewer in VIEWERS:
            first, head = len(due(before, viewer, 0)), len(due(said, viewer, 0))
            for since in range(head + 1):
                place = log.place_after(viewer, since)
                self.assertEqual(place is None, since < first, "what is not here can't be told")
                if place is not None:
                    self.assertEqual(told(log, viewer, place), due(said, viewer, since))

    @PROPERTY
    @given(STORIES)
    def test_from_any_position_on_they_are_told_what_they_see_of_the_rest(self, said: list[Said]) -> None:
        log = logged(said)
        for viewer in VIEWERS:
            for position in range(len(said) + 1):
                place = log.place_at(viewer, position)
                seen = len(due(said[:position], viewer, 0))
                self.assertEqual((place.position, place.events), (position, seen))
                self.assertEqual(told(log, viewer, place), due(said, viewer, seen))

    def test_who_has_had_more_than_there_was_or_less_than_nothing_has_no_place(self) -> None:
        said = [*public(3), Said(body(3), frozenset({"alice"}), 4)]
        log = logged(said)
        for viewer, head in ((Viewer("alice", True), 4), (Viewer("bob", True), 3), (Viewer(None, False), 3)):
            self.assertIsNotNone(log.place_after(viewer, head))
            self.assertIsNone(log.place_after(viewer, head + 1))
            self.assertIsNone(log.place_after(viewer, -1))

    def test_a_log_without_events_is_at_its_end(self) -> None:
        log = EventLog()
        self.assertEqual((len(log), log.floor, log.end, log.counts), (0, 0, 0, Counts()))
        self.assertEqual(log.place_after(Viewer("alice", True), 0), Place(0, 0, 0, 0))

    def test_what_gamesvc_itself_says_is_neither_seen_nor_counted_by_who_does_not_see_it(self) -> None:
        log = logged([Said(joined(0), None, 1), Said(body(1), None, 2), Said(joined(2), None, 3)])
        classic, v1 = Viewer("alice", framework=False), Viewer("alice", framework=True)
        self.assertEqual((log.head(classic), log.head(v1)), (1, 3))
        first = log.event(1)
        assert first is not None
        self.assertEqual(first.frame(0, False), text_frame(numbered(body(1), 1)))
        self.assertEqual(first.frame(0, True), text_frame(numbered(body(1), 2)))

    @PROPERTY
    @given(STORIES)
    def test_others_secrets_change_no_number_and_no_byte(self, said: list[Said]) -> None:
        log = logged(said)
        for viewer in VIEWERS:
            mine = logged([each for each in said if each.to is None or viewer.player in each.to])
            self.assertEqual(log.head(viewer), mine.head(viewer))
            for since in range(log.head(viewer) + 1):
                place, own = log.place_after(viewer, since), mine.place_after(viewer, since)
                assert place is not None
                assert own is not None
                self.assertEqual(place[1:], own[1:])
                self.assertEqual(told(log, viewer, place), told(mine, viewer, own))


class Frames(SynchronousTestCase):
    """An event is encoded once for all who see it under one number."""

    def test_a_frame_is_made_once_for_each_number(self) -> None:
        event = EventLog().append(body(1), None, 1)
        self.assertIs(event.frame(0, True), event.frame(0, False))
        self.assertIsNot(event.frame(0, True), event.frame(1, True))
        self.assertEqual(event.frame(1, True), text_frame(numbered(body(1), 2)))

    def test_when_its_turn_is_over_frames_are_the_same_and_none_is_kept(self) -> None:
        event = EventLog().append(body(1), None, 1)
        first = event.frame(0, False)
        event.keep_no_frames()
        self.assertEqual(event.frame(0, False), first)
        self.assertIsNot(event.frame(0, False), event.frame(0, False))


class Deflated(SynchronousTestCase):
    """What everybody sees is deflated for those who take that."""

    def test_it_is_deflated_once_for_each_number_and_the_others_get_it_as_it_is(self) -> None:
        event = EventLog().append(body(1, 300), None, 1)
        frame = event.frame(0, True, True)
        self.assertEqual(frame, deflated_frame(numbered(body(1, 300), 1)))
        self.assertNotEqual(frame, text_frame(numbered(body(1, 300), 1)))
        self.assertIs(event.frame(0, False, True), frame)
        self.assertEqual(event.frame(0, False), text_frame(numbered(body(1, 300), 1)))
        self.assertEqual(event.frame(1, False, True), deflated_frame(numbered(body(1, 300), 2)))
        self.assertIs(event.frame(0, True, True), frame)

    def test_what_is_private_never_is(self) -> None:
        event = EventLog().append(body(1, 300), frozenset({"alice"}), 1)
        self.assertEqual(event.frame(1, True, True), text_frame(numbered(body(1, 300), 1)))

    def test_it_is_the_same_when_its_turn_is_over(self) -> None:
        event = EventLog().append(body(1, 300), None, 1)
        frame = event.frame(0, True, True)
        event.keep_no_frames()
        self.assertEqual(event.frame(0, True, True), frame)

    def test_it_changes_no_number(self) -> None:
        log = logged([*public(3), Said(joined(3), None, 4), Said(body(4), frozenset({"alice"}), 5)])
        for viewer in VIEWERS:
            also = viewer._replace(deflates=True)
            self.assertEqual((log.end_for(also), log.head(also)), (log.end_for(viewer), log.head(viewer)))
            self.assertEqual(log.place_after(also, 2), log.place_after(viewer, 2))


class Read(NamedTuple):
    """Entries as a journal has them: their numbers, and their events."""

    entries: list[tuple[int, tuple[Published, ...]]]

    @classmethod
    def of(cls, said: Sequence[Said]) -> Read:
        """All entries; some have no events."""
        numbers = range(1, said[-1].entry + 3) if said else ()
        entries: dict[int, list[Published]] = {number: [] for number in numbers}
        for each in said:
            to = None if each.to is None else tuple(sorted(each.to))
            entries[each.entry].append(Published(each.body, to))
        return cls([(number, tuple(events)) for number, events in entries.items()])

    def back_from(self, before: int, events: int) -> list[tuple[int, tuple[Published, ...]]]:
        """Those before a number that have at least so many events, where there are as many."""
        read: list[tuple[int, tuple[Published, ...]]] = []
        for number, published in reversed(self.entries):
            if number < before and events > 0:
                read.insert(0, (number, published))
                events -= len(published)
        return read


def bring_back(log: EventLog, journal: Read, events: int) -> None:
    """Read so many events, or a few more, beside those of the entry in which the floor lies."""
    floor = log.event(log.floor)
    entry = floor.entry if floor is not None else len(journal.entries)
    own = len(dict(journal.entries).get(entry, ()))
    log.prepend(journal.back_from(entry + 1, own + events))


class Older(Telling):
    """What was read from the journal is put before what is here."""

    @PROPERTY
    @given(STORIES, st.integers(0, 30), st.integers(0, 5), st.integers(0, 3), st.integers(1, 12))
    # The floor lies in the middle of an entry; and before all events of one.
    @example(story([What(None, False, 0, 0)] * 6), 0, 2, 2, 1)
    @example(story([What(None, False, 0, each % 2) for each in range(6)]), 0, 4, 4, 1)
    def test_whatever_was_dropped_or_never_loaded_can_be_brought_back_bit_by_bit(
        self, said: list[Said], known: int, public: int, private: int, chunk: int
    ) -> None:
        journal = Read.of(said)
        with recent(public, private):
            log = logged(said[known:], EventLog(counts(said[:known])))
            log.forget(log.end, set())
            self.assertLessEqual(len(log), public + private * len(NAMES))
            log.hold()
            for _ in range(len(said) + 2):
                floor = log.floor
                bring_back(log, journal, chunk)
                self.assertLessEqual(log.floor, floor)
                if floor == 0:
                    break
            self.assertEqual((log.floor, log.counts), (0, counts(said)))
            self.assert_tells(log, said, recent=False)
            # It stays as long as it is held, and goes when it is not, but for what is recent.
            log.forget(log.end, set())
            self.assert_tells(log, said, recent=False)
            log.release()
            log.forget(log.end, set())
            self.assertLessEqual(len(log), public + private * len(NAMES))
            self.assertEqual(log.counts, counts(said))

    @PROPERTY
    @given(STORIES, STORIES, st.integers(0, 5), st.integers(0, 3))
    def test_it_can_be_brought_back_again_and_again(
        self, earlier: list[Said], later: list[Said], public: int, private: int
    ) -> None:
        known = earlier[-1].entry if earlier else 0
        said = [*earlier, *(each._replace(entry=each.entry + known) for each in later)]
        with recent(public, private):
            log = logged(earlier)
            for till in (len(earlier), len(said)):
                logged(said[log.end : till], log)
                log.forget(log.end, set())
                log.hold()
                bring_back(log, Read.of(said[:till]), len(said))
                self.assert_tells(log, said[:till], recent=False)
                log.release()
                log.forget(log.end, set())
            self.assertLessEqual(len(log), public + private * len(NAMES))

    def test_what_happens_while_the_journal_is_read_is_kept_in_its_place(self) -> None:
        said = public(8)
        log = EventLog(counts(said[:5]))
        log.hold()
        read = Read.of(said[:5]).back_from(6, 3)
        logged(said[5:], log)
        log.forget(log.end, set())
        log.prepend(read)
        self.assertEqual(log.floor, 2)
        place = log.place_after(Viewer("alice", True), 2, recent=False)
        assert place is not None
        self.assertEqual(told(log, Viewer("alice", True), place), due(said, Viewer("alice", True), 2))

    def test_what_somebody_still_waited_for_stays_with_what_was_brought_back(self) -> None:
        slow = Viewer("slow", True)
        said = [Said(body(each), (None, frozenset({"slow"}))[each % 2], each + 1) for each in range(20)]
        with recent(2, 2):
            log = logged(said)
            log.forget(2, {"slow"})
            log.hold()
            bring_back(log, Read.of(said), 20)
            log.forget(log.end, set())
            self.assertEqual((log.floor, len(log)), (0, 20))
            place = log.place_after(slow, 3, recent=False)
            assert place is not None
            self.assertEqual(told(log, slow, place), due(said, slow, 3))
            log.release()
            log.forget(10, {"slow"})
            self.assertEqual(held(log), [*range(10, 20)])
            log.forget(log.end, set())
            self.assertEqual(len(log), 4)

    def test_when_it_is_released_what_was_brought_back_stays_for_who_still_waits_for_it(self) -> None:
        said = [
            Said(body(each), (None, frozenset({"slow"}), frozenset({"bob"}))[each % 3], each + 1) for each in range(24)
        ]
        with recent(2, 2):
            log = logged(said)
            log.forget(log.end, set())
            log.hold()
            bring_back(log, Read.of(said), 24)
            log.release()
            log.forget(10, {"slow"})
            self.assertEqual(held(log), [10, 12, 13, 15, 16, *range(18, 24)])
            log.forget(log.end, set())
            self.assertEqual(held(log), [*range(18, 24)])

    def test_no_frames_are_kept_of_what_was_brought_back(self) -> None:
        log = EventLog(counts(public(1)))
        log.prepend([(1, (Published(body(0)),))])
        event = log.event(0)
        assert event is not None
        self.assertIsNot(event.frame(0, False), event.frame(0, False))

    def test_nothing_more_to_read_changes_nothing(self) -> None:
        said = public(3)
        log = logged(said)
        log.prepend([])
        log.prepend([(1, ())])
        self.assertEqual((log.floor, len(log)), (0, 3))
        self.assert_tells(log, said, recent=False)


class Recent(Telling):
    """What everybody has had stays for a while, for those who come back."""

    def test_the_last_256_public_events_are_recent(self) -> None:
        log = logged([*public(300), *(Said(joined(each), None, 301 + each) for each in range(10))])
        log.forget(log.end, set())
        self.assertEqual(held(log), list(range(54, 310)))
        alice = Viewer("alice", framework=True)
        self.assertEqual([log.place_after(alice, seq) is None for seq in (53, 54)], [True, False])

    def test_so_are_the_last_64_private_ones_of_each_player_whatever_others_get(self) -> None:
        said = [Said(body(each), frozenset({("alice", "bob")[each % 2]}), each + 1) for each in range(200)]
        said += [Said(body(each), frozenset({"carol"}), each + 1) for each in range(200, 500)]
        log = logged(said)
        log.forget(log.end, set())
        self.assertEqual(held(log), [*range(72, 200), *range(436, 500)])
        for name, first in (("alice", 36), ("bob", 36), ("carol", 236)):
            for since, is_there in ((first, True), (first - 1, False)):
                place = log.place_after(Viewer(name, framework=True), since)
                self.assertEqual(place is not None, is_there, (name, since))
                if place is not None:
                    viewer = Viewer(name, framework=True)
                    self.assertEqual(told(log, viewer, place), due(said, viewer, since))

    def test_what_several_see_is_recent_as_long_as_it_is_for_one_of_them(self) -> None:
        both, alice = frozenset({"alice", "bob"}), frozenset({"alice"})
        with recent(5, 2):
            log = logged([Said(body(0), both, 1), *(Said(body(each), alice, each + 1) for each in range(1, 10))])
            log.forget(log.end, set())
            self.assertEqual(held(log), [0, 8, 9])
            self.assertIsNotNone(log.place_after(Viewer("bob", True), 0))
            self.assertIsNone(log.place_after(Viewer("alice", True), 0))

    def test_what_is_recent_has_few_bytes(self) -> None:
        size = len(body(0, 1000))
        for to, most in ((None, 1 << 16), (frozenset({"alice"}), 1 << 14)):
            log = logged([Said(body(0, 1000), to, number + 1) for number in range(200)])
            log.forget(log.end, set())
            self.assertEqual(len(log), most // size)
            logged([Said(body(0, 70_000), to, 201)], log)
            log.forget(log.end, set())
            self.assertEqual((len(log), log.floor), (0, log.end))
            logged([Said(body(each), to, 202) for each in range(5)], log)
            log.forget(log.end, set())
            self.assertEqual(len(log), 5)

    def test_an_event_for_nobody_is_counted_and_not_kept(self) -> None:
        log = logged([Said(body(0), frozenset(), 1), Said(body(1), None, 2)])
        log.forget(log.end, set())
        self.assertEqual((held(log), log.counts), ([1], Counts(2, 1, 0, {})))

    @PROPERTY
    @given(STORIES, st.integers(0, 4), st.integers(0, 2), st.sets(st.integers(0, 29)), st.integers(0, 30))
    # What waits for who is behind is public, and older than what is dropped of somebody else's.
    @example(story([*[PUBLIC] * 4, What(frozenset({"bob"}), False, 0, 1)]), 2, 0, {4}, 0)
    def test_whoever_finds_a_place_is_told_everything_and_others_secrets_do_not_decide_whether_they_do(
        self, said: list[Said], public: int, private: int, turns: set[int], slow: int
    ) -> None:
        # Somebody of whom no viewer here knows is behind from one moment on.
        def kept(viewer: Viewer, events: list[Said]) -> list[list[bytes] | None]:
            log = EventLog()
            needed = 0
            for number, each in enumerate(said):
                if each in events:
                    log.append(*each)
                needed = log.end if number <= slow else needed
                if number in turns:
                    log.forget(needed, {"somebody"})
            places = [log.place_after(viewer, since) for since in range(log.head(viewer) + 1)]
            return [None if place is None else told(log, viewer, place) for place in places]

        with recent(public, private):
            for viewer in VIEWERS:
                found = kept(viewer, said)
                for since, frames in enumerate(found):
                    if frames is not None:
                        self.assertEqual(frames, due(said, viewer, since))
                theirs = [each for each in said if each.to is None or viewer.player in each.to]
                self.assertEqual(found, kept(viewer, theirs))

    @PROPERTY
    @given(STORIES, st.integers(1, 3), st.integers(0, 8), st.integers(0, 4), st.sets(st.integers(0, 29)))
    def test_whoever_finds_a_place_is_told_everything_of_however_many_players_something_is_kept(
        self, said: list[Said], windows: int, public: int, private: int, turns: set[int]
    ) -> None:
        with recent(public, private), mock.patch.object(eventlog, "MAX_PRIVATE_WINDOWS", windows):
            log = EventLog()
            for number, each in enumerate(said):
                log.append(*each)
                if number in turns:
                    log.forget(log.end, set())
            for viewer in VIEWERS:
                for since in range(log.head(viewer) + 1):
                    place = log.place_after(viewer, since)
                    if place is not None:
                        self.assertEqual(told(log, viewer, place), due(said, viewer, since))
            log.forget(log.end, set())
            self.assertLessEqual(len(log), public + private * windows)

    def test_what_is_here_for_others_sake_counts_where_that_may_show(self) -> None:
        alice = Viewer("alice", True)
        said = public(10)
        with recent(4, 4):
            log = logged(said)
            log.forget(0, {"slow"})
            self.assertEqual(held(log), list(range(10)))
            self.assertIsNone(log.place_after(alice, 5))
            place = log.place_after(alice, 5, recent=False)
            assert place is not None
            self.assertEqual(told(log, alice, place), due(said, alice, 5))

    def test_who_has_had_nothing_private_for_longest_is_told_of_nothing_where_there_are_many(self) -> None:
        with mock.patch.object(eventlog, "MAX_PRIVATE_WINDOWS", 3):
            names = ("alice", "bob", "carol", "alice", "dave", "erin")
            log = logged([Said(body(each), frozenset({name}), each + 1) for each, name in enumerate(names)])
            log.forget(log.end, set())
            self.assertEqual(held(log), [0, 3, 4, 5])
            for name, since, is_there in (("alice", 0, True), ("dave", 0, True), ("bob", 0, False), ("bob", 1, True)):
                self.assertEqual(log.place_after(Viewer(name, True), since) is not None, is_there, name)
            # Whoever comes again begins anew, and is never told only a part.
            logged([Said(body(6), frozenset({"bob"}), 7)], log)
            bob = Viewer("bob", True)
            self.assertEqual([log.place_after(bob, seq) is not None for seq in (0, 1, 2)], [False, True, True])

    def test_to_find_a_place_takes_no_longer_because_others_got_much(self) -> None:
        def search(others: int) -> float:
            log = logged(public(2))
            logged([Said(body(0), frozenset({"bob"}), 3)] * others, log)
            log.forget(log.end, set())
            return cost(lambda: log.place_after(Viewer("alice", True), 1))

        self.assertLess(search(50_000), 50 * search(50))

    def test_what_is_kept_is_bounded_however_many_names_there_are(self) -> None:
        # In a game without seats a client may make up names.
        log = logged([Said(body(0, 10_000), frozenset({f"p{each}"}), each + 1) for each in range(2000)])
        log.forget(log.end, set())
        self.assertLess(sum(event.size for each in held(log) if (event := log.event(each))), 8 << 20)


class Memory(SynchronousTestCase):
    """Beside what is recent, the log holds what somebody waits for, and nothing else."""

    def test_nothing_is_dropped_that_somebody_has_not_had_and_may_see(self) -> None:
        to_slow, to_other = frozenset({"slow", "bob"}), frozenset({"other"})
        said = [Said(body(each), (None, to_slow, to_other)[each % 3], each + 1) for each in range(30)]
        with recent(2, 2):
            log = logged(said)
            # Public: 24 and 27. Theirs: 25 and 28. The other's: 26 and 29.
            log.forget(10, {"slow"})
            self.assertEqual(held(log), [*(each for each in range(10, 24) if each % 3 != 2), *range(24, 30)])
            log.forget(20, {"slow"})
            self.assertEqual(held(log), [21, 22, *range(24, 30)])
            log.forget(30, set())
            self.assertEqual(held(log), list(range(24, 30)))

    def test_a_place_that_is_not_wholly_here_is_none_although_parts_of_it_are(self) -> None:
        alice = Viewer("alice", True)
        said = [Said(body(each), (None, frozenset({"alice"}))[each % 2], each + 1) for each in range(20)]
        with recent(4, 2):
            log = logged(said)
            log.forget(log.end, set())
            self.assertEqual(held(log), [12, 14, 16, 17, 18, 19])
            self.assertEqual([log.place_after(alice, seq) is None for seq in range(14, 18)], [True, True, False, False])
            self.assertIsNotNone(log.place_after(Viewer("bob", True), 6))

    def test_what_is_held_stays_until_it_is_released(self) -> None:
        with recent(4, 4):
            log = logged(public(8))
            log.forget(log.end, set())
            log.hold()
            logged(public(20), log)
            log.forget(log.end, set())
            self.assertEqual((log.floor, len(log)), (4, 24))
            log.release()
            log.release()
            log.forget(log.end, set())
            self.assertEqual((log.floor, len(log)), (24, 4))

    def test_what_was_dropped_still_counts(self) -> None:
        said = public(400)
        log = logged(said)
        log.forget(log.end, set())
        self.assertEqual((log.counts, log.head(Viewer(None, False))), (counts(said), 400))


class NextAfter(SynchronousTestCase):
    """Where there is something to tell again, for who would step over much that is not here any more."""

    def assert_finds(self, log: EventLog) -> None:
        here = held(log)
        for position in range(-1, log.end + 2):
            following = next((each for each in here if each > position), log.end)
            self.assertEqual(log.next_after(position), following, (position, here, log.end))

    def test_of_nothing_it_is_the_end(self) -> None:
        self.assert_finds(EventLog())
        self.assertEqual(EventLog(Counts(7, 7, 0, {})).next_after(0), 7)

    @PROPERTY
    @given(
        STORIES,
        st.integers(0, 30),
        st.integers(0, 5),
        st.integers(0, 3),
        st.lists(st.tuples(st.integers(0, 10), st.sets(st.sampled_from(NAMES))), max_size=6),
        st.sampled_from((0, 64)),
    )
    def test_it_is_the_first_that_is_here_whatever_was_dropped_and_comes_then(
        self, said: list[Said], known: int, public: int, private: int, turns: list[tuple[int, set[str]]], slack: int
    ) -> None:
        with recent(public, private), mock.patch.object(eventlog, "_SLACK", slack):
            log = logged(said[known:], EventLog(counts(said[:known])))
            for events, behind in turns:
                log.forget(log.end - len(behind), behind)
                self.assert_finds(log)
                logged(said[:events], log)
                self.assert_finds(log)

    @PROPERTY
    @given(STORIES, st.integers(0, 30), st.integers(0, 5), st.integers(0, 3), st.integers(1, 12))
    def test_so_it_is_where_something_was_brought_back(
        self, said: list[Said], known: int, public: int, private: int, chunk: int
    ) -> None:
        journal = Read.of(said)
        with recent(public, private):
            log = logged(said[known:], EventLog(counts(said[:known])))
            log.forget(log.end, set())
            log.hold()
            bring_back(log, journal, chunk)
            self.assert_finds(log)
            logged(said[:3], log)
            self.assert_finds(log)
            log.release()
            log.forget(log.end, set())
            self.assert_finds(log)

    def test_it_takes_no_longer_because_much_was_dropped(self) -> None:
        def find(others: int) -> float:
            log = logged(public(2))
            for _ in range(others):
                logged([Said(body(0), frozenset({"bob"}), 3)] * 100, log)
                log.forget(0, set())
            logged(public(1), log)
            self.assertLess(log.next_after(1), log.end - 1, "bob's last are here")
            return cost(lambda: [log.next_after(position) for position in range(50)])

        self.assertLess(find(500), 50 * find(1))
