"""A question to a bot, until it is answered."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.bot_asking import Asking
from gamesvc.bot_offer import BotFailed
from gamesvc.bot_questions import Answer
from gamesvc.bots import Choice
from gamesvc.repeated import AGAIN_SECONDS, Repeated
from tests.test_bot_questions import question


class AskingTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.now = 0.0
        self.told: list[str] = []
        self.results: list[Choice | BotFailed | None] = []
        self.repeated = Repeated(lambda: self.now, self.told.append)

    def asking(self, bot: str = "First") -> Asking:
        return Asking(question(bot), self.results.append, self.repeated)

    def fails(self, failure: str, bot: str = "First") -> None:
        self.asking(bot).answer(Answer(failure=failure, details="in choose\n"))

    def test_an_answer_is_told_once(self) -> None:
        asking = self.asking()
        self.assertTrue(asking.is_open)
        asking.answer(Answer(b'{"command":"go"}'))
        asking.answer(Answer())
        self.assertEqual((self.results, asking.is_open, self.told), ([{"command": "go"}], False, []))

    def test_cancelled_it_is_told_to_nobody_and_who_is_busy_with_it_learns_of_that(self) -> None:
        asking, cancelled = self.asking(), list[Asking]()
        asking.at_cancel = cancelled.append
        asking.cancel()
        asking.cancel()
        self.assertEqual((cancelled, asking.is_open), ([asking], False))
        asking.answer(Answer(failure="no idea"))
        self.assertEqual((self.results, self.told), ([], []))
        # One that is answered can't be cancelled.
        answered = self.asking()
        answered.at_cancel = cancelled.append
        answered.answer(Answer())
        answered.cancel()
        self.assertEqual(cancelled, [asking])

    def test_a_failure_is_told_with_its_details(self) -> None:
        self.fails("LookupError: no idea")
        (result,) = self.results
        self.assertEqual(str(result), "LookupError: no idea")
        self.assertEqual(
            self.told, ["the bot tests.thinkers:First failed for 'alice': LookupError: no idea\nin choose"]
        )

    def test_one_that_fails_at_every_move_does_not_fill_the_log(self) -> None:
        for number in range(50):
            self.fails(f"KeyError: 'x{number}'")
            self.fails(f"what it chose has {number} bytes")
        self.assertEqual(len(self.results), 100)
        self.assertEqual(len(self.told), 2)
        self.fails("ValueError: something else")
        self.fails("KeyError: 'x0'", "Quick")
        self.assertEqual(len(self.told), 4)
        self.now += AGAIN_SECONDS
        self.fails("KeyError: 'again'")
        self.assertIn("KeyError: 'again'", self.told[-1])
        self.assertIn("49 more", self.told[-1])

    def test_what_fails_at_the_answer_goes_to_the_log(self) -> None:
        def fail(result: object) -> None:
            raise LookupError("nobody there")

        Asking(question("First"), fail, self.repeated).answer(Answer())
        self.assertEqual(len(self.flushLoggedErrors(LookupError)), 1)
