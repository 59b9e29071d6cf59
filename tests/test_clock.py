"""A game's time."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.clock import GameClock

PROPERTY = settings(deadline=None, database=None, max_examples=300)


class Clocks:
    """The machine's two clocks, and a game's that reads them."""

    def __init__(self, wall: float = 1000.0, monotonic: float = 50.0, floor: float = 0.0) -> None:
        self.wall = wall
        self.monotonic = monotonic
        self.game = GameClock(lambda: self.wall, lambda: self.monotonic, floor)

    def pass_time(self, seconds: float) -> float:
        self.wall += seconds
        self.monotonic += seconds
        return self.game.now()


class GameClockTest(SynchronousTestCase):
    """Time never runs backwards, and never stands still."""

    def test_it_is_the_walls(self) -> None:
        clocks = Clocks()
        self.assertEqual([clocks.game.now(), clocks.pass_time(2.5)], [1000.0, 1002.5])

    def test_where_the_wall_is_set_forth_it_follows(self) -> None:
        clocks = Clocks()
        clocks.wall += 3600
        self.assertEqual(clocks.game.now(), 4600.0)

    def test_where_the_wall_is_set_back_it_goes_on_as_if_nothing_had_happened(self) -> None:
        clocks = Clocks()
        clocks.pass_time(10)
        clocks.wall -= 3600
        self.assertEqual([clocks.game.now(), clocks.pass_time(1), clocks.pass_time(0.5)], [1010.0, 1011.0, 1011.5])

    def test_when_the_wall_has_caught_up_it_follows_again(self) -> None:
        clocks = Clocks()
        clocks.game.now()
        clocks.wall -= 100
        clocks.pass_time(10)
        clocks.wall += 200
        self.assertEqual([clocks.game.now(), clocks.pass_time(1)], [1110.0, 1111.0])

    def test_it_begins_no_earlier_than_where_the_game_was_left_and_goes_on_from_there(self) -> None:
        clocks = Clocks(floor=5000.0)
        self.assertEqual([clocks.game.now(), clocks.pass_time(2)], [5000.0, 5002.0])

    def test_what_passes_before_it_is_first_read_counts(self) -> None:
        clocks = Clocks(floor=5000.0)
        self.assertEqual(clocks.pass_time(7), 5007.0)

    def test_no_rounding_runs_it_backwards(self) -> None:
        clocks = Clocks(1000.0, monotonic=537934.9074348211, floor=1800548390.0598443)
        self.assertEqual([clocks.game.now() for _ in range(3)], [1800548390.0598443] * 3)

    @PROPERTY
    @given(
        st.floats(0, 1e6),
        st.floats(1.7e9, 1.9e9),
        st.lists(st.tuples(st.floats(-1e4, 1e4), st.sampled_from((0.0, 1e-9, 1e-6, 0.1, 7.3, 1e5))), max_size=20),
    )
    def test_whatever_is_done_to_the_wall_it_never_runs_backwards_nor_stands_still_nor_stays_behind_the_wall(
        self, monotonic: float, floor: float, steps: list[tuple[float, float]]
    ) -> None:
        clocks = Clocks(1.8e9, monotonic, floor)
        last = clocks.game.now()
        self.assertGreaterEqual(last, floor)
        for set_by, seconds in steps:
            clocks.wall += set_by
            now = clocks.pass_time(seconds)
            self.assertGreaterEqual(now, last)
            self.assertGreaterEqual(now, clocks.wall)
            self.assertGreaterEqual(now, last + seconds - 1e-6)
            last = now
