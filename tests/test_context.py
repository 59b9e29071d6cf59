"""What a model is lent while it runs."""

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.context import Context


class Lent(SynchronousTestCase):
    """The time, and chance."""

    def test_time_never_runs_backwards(self) -> None:
        context = Context(now=10.0)
        times = []
        for entry, now in enumerate((11.0, 7.0, 11.5, -1.0), 1):
            context.begin(entry, now)
            times.append(context.now)
        self.assertEqual(times, [11.0, 11.0, 11.5, 11.5])

    def test_chance_is_the_same_for_the_same_seed_and_entry_and_another_for_another(self) -> None:
        def throws(seed: bytes) -> list[tuple[float, float]]:
            context = Context(seed)
            thrown = []
            for entry in (1, 2, 3):
                context.begin(entry, float(entry))
                thrown.append((context.random.random(), context.random.random()))
            return thrown

        self.assertEqual(throws(b"seed"), throws(b"seed"))
        numbers = [number for seed in (b"seed", b"other") for pair in throws(seed) for number in pair]
        self.assertEqual(len(set(numbers)), 12)

    def test_chance_does_not_depend_on_how_much_of_it_an_earlier_entry_took(self) -> None:
        frugal, greedy = Context(b"seed"), Context(b"seed")
        frugal.begin(1, 1.0)
        greedy.begin(1, 1.0)
        for _ in range(1000):
            greedy.random.random()
        frugal.begin(2, 2.0)
        greedy.begin(2, 2.0)
        self.assertEqual(frugal.random.random(), greedy.random.random())

    def test_an_entry_that_is_begun_again_has_the_same_chance_whenever_that_is(self) -> None:
        # Who was refused can't throw the dice again.
        context = Context(b"seed")
        context.begin(7, 1.0)
        first = context.random.random()
        context.begin(7, 99.0)
        self.assertEqual(context.random.random(), first)

    def test_a_new_entry_begins_without_events(self) -> None:
        context = Context()
        context.events.append((b"{}", None))
        context.revealed.append(b"1")
        context.begin(1, 0.0)
        self.assertEqual((context.events, context.revealed, context.took_chance), ([], [], False))

    def test_it_is_noticed_whether_an_entry_asked_for_chance(self) -> None:
        context = Context(b"seed")
        context.begin(1, 0.0)
        self.assertFalse(context.took_chance)
        context.random.random()
        self.assertTrue(context.took_chance)
        context.begin(2, 0.0)
        self.assertFalse(context.took_chance)

    def test_who_only_looks_has_no_chance(self) -> None:
        context = Context(b"seed", looks_only=True)
        error = self.assertRaises(RuntimeError, lambda: context.random)
        self.assertIn("keep what was drawn in a field", str(error))
