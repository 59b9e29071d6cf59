"""Token buckets and counts."""

from __future__ import annotations

import json
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.controller import GameController
from gamesvc.errors import CloseCode
from gamesvc.limits import Census, Limits, TokenBucket
from gamesvc.messages import encode_ok

FAST = settings(deadline=None, database=None, max_examples=150)
RATES = st.floats(0.01, 1000.0)
BURSTS = st.floats(0.0, 50.0)
PAUSES = st.lists(st.just(0.0) | st.floats(0.0, 10.0), max_size=60)


class Buckets(SynchronousTestCase):
    def test_a_burst_comes_through_at_once_and_the_next_has_to_wait(self) -> None:
        bucket = TokenBucket(rate=4.0, burst=3, now=100.0)
        self.assertEqual([bucket.take(100.0) for _ in range(5)], [0.0, 0.0, 0.0, 0.25, 0.25])
        self.assertEqual(bucket.take(100.125), 0.125)
        self.assertEqual([bucket.take(100.25), bucket.take(100.25)], [0.0, 0.25])

    def test_a_long_silence_saves_no_more_than_a_burst(self) -> None:
        bucket = TokenBucket(rate=1.0, burst=2, now=0.0)
        self.assertEqual([bucket.take(1e9) for _ in range(3)], [0.0, 0.0, 1.0])

    @FAST
    @given(rate=RATES, burst=BURSTS, pauses=PAUSES)
    def test_in_no_stretch_of_time_more_comes_through_than_its_burst_and_rate(
        self, rate: float, burst: float, pauses: list[float]
    ) -> None:
        bucket, now, through = TokenBucket(rate, burst, 0.0), 0.0, []
        for pause in pauses:
            now += pause
            if bucket.take(now) == 0.0:
                through.append(now)
        for first, start in enumerate(through):
            for last, end in enumerate(through[first:], first):
                allowed = max(1.0, burst) + rate * (end - start)
                self.assertLessEqual(last - first + 1, allowed * (1 + 1e-9))

    @FAST
    @given(rate=RATES, burst=BURSTS, pauses=PAUSES)
    def test_who_waits_as_long_as_told_gets_through_and_who_waits_less_does_not(
        self, rate: float, burst: float, pauses: list[float]
    ) -> None:
        patient, hasty, now = TokenBucket(rate, burst, 0.0), TokenBucket(rate, burst, 0.0), 0.0
        for pause in [*pauses, *[0.0] * 60]:
            now += pause
            wait = patient.take(now)
            self.assertEqual(hasty.take(now), wait)
        self.assertGreater(wait, 0.0)
        self.assertEqual(patient.take(now + wait * 1.001 + 1e-6), 0.0)
        if wait > 1e-6:  # else the clock's resolution decides
            self.assertGreater(hasty.take(now + wait * 0.999), 0.0)

    @FAST
    @given(rate=RATES, burst=BURSTS, steps=st.lists(st.floats(-1e6, 0.0), max_size=30))
    def test_a_clock_that_stands_or_steps_back_neither_takes_away_nor_gives(
        self, rate: float, burst: float, steps: list[float]
    ) -> None:
        bucket, through, now = TokenBucket(rate, burst, 0.0), 0, 0.0
        for step in [*steps, *[0.0] * 60]:
            now += step
            through += bucket.take(now) == 0.0
        self.assertEqual(through, min(len(steps) + 60, int(max(1.0, burst))))

    def test_a_rate_of_0_lets_everything_through(self) -> None:
        bucket = TokenBucket(rate=0.0, burst=1, now=0.0)
        self.assertEqual({bucket.take(0.0) for _ in range(1000)}, {0.0})

    def test_a_rate_below_one_a_second_still_lets_one_through(self) -> None:
        bucket = TokenBucket(rate=0.5, burst=0.5, now=0.0)
        self.assertEqual([bucket.take(now) for now in (0.0, 1.0, 2.0)], [0.0, 1.0, 0.0])


class Censuses(SynchronousTestCase):
    @FAST
    @given(maximum=st.integers(0, 3), moves=st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), max_size=60))
    def test_it_counts_by_key_up_to_the_maximum_and_forgets_who_has_none(
        self, maximum: int, moves: list[tuple[bool, str]]
    ) -> None:
        census: Census[str] = Census(maximum)
        counts: Counter[str] = Counter()
        for is_adding, key in moves:
            if is_adding:
                fits = maximum == 0 or counts[key] < maximum
                self.assertIs(census.add(key), fits)
                counts[key] += fits
            elif counts[key]:
                census.remove(key)
                counts[key] -= 1
            else:
                self.assertRaises(KeyError, census.remove, key)
            self.assertEqual(len(census), len(+counts))


class Outlet:
    """Collects replies, for a connection that reads at once."""

    pending_replies = 0

    def __init__(self) -> None:
        self.replies: list[bytes] = []
        self.closed: list[CloseCode] = []

    def reply(self, payload: bytes) -> None:
        self.replies.append(payload)

    def close(self, code: CloseCode) -> None:
        self.closed.append(code)


class NoBounds(SynchronousTestCase):
    def assert_unbounded(self, limits: Limits) -> None:
        outlet = Outlet()
        controller = GameController(lambda request, answer: answer(encode_ok()), outlet, limits, lambda: 0.0)
        for _ in range(100):
            controller.frame_begun()
            controller.text_received(b'{"command":"hello"}')
        statuses = Counter(json.loads(reply)["status"] for reply in outlet.replies)
        self.assertEqual((statuses, outlet.closed), ({"ok": 100}, []))

    def test_0_frames_a_second_mean_no_bound(self) -> None:
        self.assert_unbounded(Limits(commands_per_second=0.0, frames_per_second=0.0))

    def test_0_commands_a_second_mean_no_bound(self) -> None:
        self.assert_unbounded(Limits(commands_per_second=0.0, command_burst=1))

    def test_a_command_burst_of_0_means_no_bound(self) -> None:
        self.assert_unbounded(Limits(commands_per_second=1.0, command_burst=0))
