"""What would be said again and again."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.repeated import AGAIN_SECONDS, MAX_SORTS, Repeated


class Saying(SynchronousTestCase):
    def setUp(self) -> None:
        self.now = 5.0
        self.said: list[str] = []
        self.repeated = Repeated(lambda: self.now, self.said.append)

    def test_what_is_new_is_said(self) -> None:
        self.repeated.say("a", "a in one game")
        self.repeated.say("b", "b")
        self.assertEqual(self.said, ["a in one game", "b"])

    def test_what_is_the_same_is_counted_for_a_while(self) -> None:
        for game in range(100):
            self.repeated.say("a", f"a in {game}")
        self.now += AGAIN_SECONDS - 0.001
        self.repeated.say("a", "a in 100")
        self.assertEqual(self.said, ["a in 0"])
        self.now += 0.001
        self.repeated.say("a", "a in 101")
        self.assertEqual(self.said, ["a in 0", "a in 101 (and 100 more like this one)"])
        self.now += AGAIN_SECONDS
        self.repeated.say("a", "a in 102")
        self.assertEqual(self.said[2:], ["a in 102"])

    def test_there_is_a_bound(self) -> None:
        for sort in range(MAX_SORTS + 1):
            self.repeated.say(f"{sort}", f"{sort}")
        self.said.clear()
        self.repeated.say(f"{MAX_SORTS}", "the last is known")
        self.repeated.say("1", "so is the second")
        self.assertEqual(self.said, [])
        self.repeated.say("0", "the first is not")
        self.assertEqual(self.said, ["the first is not"])
