"""BotProcesses: bots think in processes of their own, and whatever they do there, the reactor goes on."""

from __future__ import annotations

import json
import os
import signal
import sys
from functools import partial
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from gamesvc import bot_processes, bot_queue
from gamesvc.bot_asking import Asking
from gamesvc.bot_child import IDLE_SECONDS, UNWANTED_SECONDS, Child
from gamesvc.bot_offer import BotFailed
from gamesvc.bot_pipes import END_SECONDS, MAX_THINK_SECONDS
from gamesvc.bot_processes import QUICK_SECONDS, BotProcesses
from gamesvc.bots import Choice
from gamesvc.repeated import AGAIN_SECONDS
from tests import thinkers
from tests.test_bot_questions import question
from tests.wire import Logged

FIRST = {"command": "mark", "cell": 0}
Result = Choice | BotFailed | None


class Reactor(Clock):
    """Its time is the test's, and its processes are real."""

    def __init__(self) -> None:
        super().__init__()
        self.started = 0

    def spawnProcess(self, *arguments: Any, **named: Any) -> Any:
        self.started += 1
        return reactor.spawnProcess(*arguments, **named)


class WithProcesses(TestCase):
    """Up to two processes."""

    def setUp(self) -> None:
        self.clock = Reactor()
        self.processes = BotProcesses(self.clock, 2)
        self.logged = Logged(self)
        self.addCleanup(self.processes.stop)
        self._begun, self._wanted = 0, list[tuple[int, Deferred[None]]]()
        begin = Child._begin

        def begins(child: Child, asking: Asking) -> None:
            begin(child, asking)
            self._begun += 1
            for wanted, found in self._wanted:
                if wanted == self._begun:
                    found.callback(None)

        self.patch(Child, "_begin", begins)

    def begun(self, count: int) -> Deferred[None]:
        """Fires when so many bots have begun to think."""
        found: Deferred[None] = Deferred()
        if self._begun >= count:
            found.callback(None)
        else:
            self._wanted.append((count, found))
        return found

    def ask(self, bot: str, game: str = "g1") -> Deferred[Result]:
        """Ask, and have it begin."""
        answered: Deferred[Result] = Deferred()
        self.processes.ask(question(bot, game=game), answered.callback)
        self.assertFalse(answered.called)
        self.clock.advance(0)
        return answered

    async def failure(self, bot: str) -> str:
        """How a bot fails."""
        result = await self.ask(bot)
        assert isinstance(result, BotFailed), result
        told = [text for text in self.logged.texts() if result.reason in text]
        self.assertEqual(len(told), 1, self.logged.texts())
        self.assertIn(bot.partition("(")[0], told[0])
        self.assertIn("'alice'", told[0])
        return result.reason

    @property
    def printed(self) -> list[str]:
        return [text.partition(" printed")[2] for text in self.logged.texts() if " printed" in text]


class Answers(WithProcesses):
    async def test_a_bot_that_thinks_does_so_in_another_process_as_this_one_would(self) -> None:
        told: Any = await self.ask("Telling")
        self.assertNotEqual(told["pid"], os.getpid())
        self.assertEqual(told["cwd"], os.getcwd())
        here = [each or os.getcwd() for each in sys.path]
        self.assertEqual([each for each in told["path"] if each in here], [*dict.fromkeys(here)])

    async def test_it_is_not_lent_what_is_secret(self) -> None:
        self.patch(
            os, "environ", {**os.environ, "GAMESVC_JOURNAL": "postgresql://games:hunter2@db/games", "HUE": "red"}
        )
        told: Any = await self.ask("Telling")
        self.assertIn("HUE", told["environment"])
        self.assertNotIn("GAMESVC_JOURNAL", told["environment"])

    async def test_a_process_is_used_again(self) -> None:
        one: Any = await self.ask("Telling")
        other: Any = await self.ask("Telling")
        self.assertEqual((one["pid"], self.clock.started), (other["pid"], 1))

    async def test_a_bot_that_is_quick_answers_here_at_the_next_turn(self) -> None:
        self.assertEqual(self.successResultOf(self.ask("Quick")), FIRST)
        self.assertEqual(self.clock.started, 0)

    async def test_nothing_is_an_answer(self) -> None:
        answered: Deferred[Result] = Deferred()
        nothing = question("First")
        self.processes.ask(type(nothing)(nothing.bot, nothing.game_kind, "alice", (), b"{}", 1), answered.callback)
        self.clock.advance(0)
        self.assertIsNone(await answered)

    async def test_who_is_told_the_answer_may_ask_again(self) -> None:
        done: Deferred[Result] = Deferred()
        self.processes.ask(question("First"), lambda _: self.again(done))
        self.clock.advance(0)
        self.assertEqual(await done, FIRST)
        self.assertEqual(self.clock.started, 1)

    def again(self, done: Deferred[Result]) -> None:
        self.processes.ask(question("First"), done.callback)
        self.clock.advance(0)

    async def test_so_many_think_at_a_time_and_the_others_wait(self) -> None:
        hanging = [self.ask("Hanging") for _ in range(2)]
        waiting = self.ask("First")
        self.assertEqual((self.clock.started, self.processes.count, self.processes.waiting), (2, 2, 1))
        await self.begun(2)
        self.clock.advance(MAX_THINK_SECONDS)
        for each in hanging:
            self.assertIsInstance(self.successResultOf(each), BotFailed)
        self.assertEqual(await waiting, FIRST)

    async def test_where_games_wait_they_take_turns(self) -> None:
        self.processes.size = 1
        order: list[str] = []
        done: Deferred[None] = Deferred()

        def answered(game: str, result: Result) -> None:
            order.append(game)
            if len(order) == 4:
                done.callback(None)

        for game in "aaab":
            self.processes.ask(question("First", game=game), partial(answered, game))
        self.clock.advance(0)
        await done
        self.assertEqual(order, ["a", "a", "b", "a"])
        self.assertEqual(self.clock.started, 1)


class Slow(WithProcesses):
    """Bots that say they are quick."""

    def take(self, seconds: float) -> None:
        """Let the bot take so long."""

        def think() -> None:
            self.clock.rightNow += seconds

        self.patch(thinkers.Stepwise, "think", think)

    async def test_one_that_is_not_thinks_in_a_process_from_then_on(self) -> None:
        self.take(QUICK_SECONDS * 1.2)
        answered: list[Result] = []
        for _ in range(3):
            self.processes.ask(question("Stepwise"), answered.append)
        self.clock.advance(0)
        # The first was answered here; those that were about to be are not.
        self.assertEqual((answered, self.clock.started), ([FIRST], 2))
        self.assertEqual(await self.ask("Stepwise"), FIRST)
        (told,) = [text for text in self.logged.texts() if "says that it is quick" in text]
        self.assertIn("tests.thinkers:Stepwise", told)
        self.assertIn("60 ms", told)
        # Others are asked here, as before.
        self.assertEqual(self.successResultOf(self.ask("Quick")), FIRST)

    async def test_one_that_is_stays_here(self) -> None:
        self.take(QUICK_SECONDS * 0.8)
        for _ in range(3):
            self.assertEqual(self.successResultOf(self.ask("Stepwise")), FIRST)
        self.assertEqual(self.logged.texts(), [])

    async def test_the_time_in_which_it_is_made_does_not_count(self) -> None:
        make = thinkers.Stepwise.__init__

        def making(bot: thinkers.Stepwise) -> None:
            make(bot)
            self.clock.rightNow += 10

        self.patch(thinkers.Stepwise, "__init__", making)
        for _ in range(2):
            self.assertEqual(self.successResultOf(self.ask("Stepwise")), FIRST)
        self.assertEqual(self.logged.texts(), [])


class Failures(WithProcesses):
    async def test_a_bot_that_fails_is_told_and_its_process_goes_on(self) -> None:
        self.assertEqual(await self.failure("Failing"), "LookupError: no idea at all")
        self.assertTrue(any("in choose" in text for text in self.logged.texts()))
        self.assertEqual(await self.failure("Leaving"), "SystemExit: 3")
        self.assertIn("returned list", await self.failure("Nonsense"))
        self.assertIn("the most is", await self.failure("Verbose"))
        self.assertEqual(await self.ask("First"), FIRST)
        self.assertEqual(self.clock.started, 1)

    async def test_a_bot_that_is_not_there_is_told(self) -> None:
        self.assertIn("no bot of this name", await self.failure("poker"))

    async def test_a_bot_that_thinks_too_long_is_ended_with_its_process(self) -> None:
        hanging = self.ask("Hanging")
        await self.begun(1)
        self.clock.advance(MAX_THINK_SECONDS - 1)
        self.assertNoResult(hanging)
        self.clock.advance(1)
        self.assertIn("longer than 30 s", str(self.successResultOf(hanging)))
        self.assertEqual(self.processes.count, 0)
        self.assertEqual(await self.ask("First"), FIRST)

    async def test_a_process_that_ends_is_replaced(self) -> None:
        self.assertIn("exit code 3", await self.failure("Dying"))
        self.assertEqual(await self.ask("First"), FIRST)
        self.assertEqual((self.clock.started, self.processes.count), (2, 1))

    async def test_one_whose_process_is_killed_is_asked_once_more_in_another(self) -> None:
        path = os.path.abspath(self.mktemp())
        self.assertEqual(await self.ask(f"Killed(path={json.dumps(path)})"), FIRST)
        self.assertEqual((self.clock.started, self.processes.count), (2, 1))
        self.assertEqual(len([text for text in self.logged.texts() if "once more" in text]), 1)
        self.assertIn("signal 9", str(await self.ask("Killed")))
        self.assertEqual(self.clock.started, 3)

    async def test_one_that_is_killed_each_time_fails(self) -> None:
        self.assertIn("signal 9", str(await self.ask("Killed")))
        self.assertEqual(self.clock.started, 2)

    async def test_one_that_fails_again_and_again_does_not_fill_the_log(self) -> None:
        for _ in range(3):
            self.assertIsInstance(await self.ask("Failing"), BotFailed)
        self.assertEqual(len([text for text in self.logged.texts() if "no idea" in text]), 1)
        self.clock.advance(AGAIN_SECONDS)
        await self.ask("Failing")
        self.assertEqual(len([text for text in self.logged.texts() if "2 more" in text]), 1)

    async def test_where_too_many_wait_it_is_told(self) -> None:
        self.patch(bot_queue, "MAX_WAITING", 1)
        told: list[Result] = []
        for bot in ("Hanging", "Hanging", "First", "First"):
            self.processes.ask(question(bot), told.append)
        self.assertEqual(told, [])
        self.clock.advance(0)
        (failed,) = told
        self.assertIn("others wait for a process already", str(failed))

    async def test_what_is_no_answer_is_told_and_its_process_ended(self) -> None:
        for bot in (
            "Scribbling(text=garbage)",
            'Scribbling(text="\\u0000\\u0000\\u0000\\u0003abc")',
            'Scribbling(text="\\u00ff\\u00ff\\u00ff\\u00ff")',
        ):
            self.assertIn("what is no answer", await self.failure(bot))
        self.assertEqual(self.processes.count, 0)
        # Two at once.
        twice = 'Scribbling(text="\\u0000\\u0000\\u0000\\u0001\\u0080", count=2)'
        self.assertIn("more than one answer", await self.failure(twice))

    async def test_where_no_process_can_be_started_it_is_told(self) -> None:
        def refuse(*arguments: Any, **named: Any) -> Any:
            raise OSError("too many processes")

        self.patch(self.clock, "spawnProcess", refuse)
        self.assertEqual(await self.failure("First"), "no process can be started: too many processes")


class Printed(WithProcesses):
    async def test_what_bots_print_goes_to_the_log(self) -> None:
        self.assertEqual(await self.ask("Chatty"), FIRST)
        await self.processes.stop()
        self.assertEqual(sorted(self.printed), [": to standard error", f": {'x' * 20}"])
        self.assertTrue(any("the bot tests.thinkers:Chatty printed" in text for text in self.logged.texts()))

    async def test_also_the_last_words_of_one_that_ends_its_process(self) -> None:
        await self.failure("Dying")
        self.assertEqual(sorted(self.printed), [": and half a line", ": the last words"])


class Ends(WithProcesses):
    async def test_a_question_that_is_not_asked_any_more_is_not_answered(self) -> None:
        told: list[Result] = []
        for bot in ("Quick", "First"):
            self.processes.ask(question(bot), told.append).cancel()
        self.clock.advance(0)
        self.assertEqual(self.clock.started, 0)
        self.assertEqual(self.processes.waiting, 0)
        # One that thinks already thinks on for a moment, for nobody.
        thinking: Asking = self.processes.ask(question("First"), told.append)
        self.clock.advance(0)
        thinking.cancel()
        self.assertEqual(await self.ask("First"), FIRST)
        self.assertEqual(told, [])

    async def test_one_that_thinks_for_nobody_does_not_keep_its_process(self) -> None:
        self.processes.size = 1
        hanging = self.processes.ask(question("Hanging"), lambda _: None)
        waiting = self.ask("First")
        await self.begun(1)
        hanging.cancel()
        self.clock.advance(UNWANTED_SECONDS)
        self.assertEqual(await waiting, FIRST)

    async def test_a_process_that_has_nothing_to_do_ends_after_a_while(self) -> None:
        gone: Deferred[None] = Deferred()
        is_gone = self.processes.is_gone

        def told(worker: Any) -> None:
            is_gone(worker)
            gone.callback(None)

        self.patch(self.processes, "is_gone", told)
        await self.ask("First")
        self.clock.advance(IDLE_SECONDS - 1)
        self.assertEqual(await self.ask("First"), FIRST)
        self.clock.advance(IDLE_SECONDS - 1)
        self.assertEqual(self.processes.count, 1)
        self.clock.advance(1)
        self.assertEqual(self.processes.count, 0)
        await gone
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_where_there_was_nothing_to_do_there_is_nothing_to_wait_for(self) -> None:
        self.successResultOf(self.processes.stop())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_stopped_it_tells_nothing_more_and_all_processes_end(self) -> None:
        told: list[Result] = []
        await self.ask("First")
        for bot in ("First", "Hanging", "First", "Quick"):
            self.processes.ask(question(bot), told.append)
        self.clock.advance(0)
        self.assertEqual(told, [FIRST])
        stopped = self.processes.stop()
        self.assertNoResult(stopped)
        self.processes.ask(question("First"), told.append)
        self.clock.advance(0)
        await stopped
        self.assertEqual((told, self.processes.count), ([FIRST], 0))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_a_quick_bot_is_not_asked_any_more_either(self) -> None:
        told: list[Result] = []
        self.processes.ask(question("Quick"), told.append)
        await self.processes.stop()
        self.assertFalse(self.processes.ask(question("Quick"), told.append).is_open)
        self.clock.advance(0)
        self.assertEqual(told, [])

    async def test_nor_is_told_after_the_end_that_a_bot_is_not_there(self) -> None:
        told: list[Result] = []
        self.processes.ask(question("poker"), told.append)
        await self.processes.stop()
        self.clock.advance(0)
        self.assertEqual(told, [])

    async def test_what_a_bot_has_started_does_not_hold_up_the_end(self) -> None:
        exited: Deferred[None] = Deferred()
        process_exited = Child.processExited

        def told(child: Child, reason: Failure) -> None:
            process_exited(child, reason)
            exited.callback(None)

        self.patch(Child, "processExited", told)
        parted: Any = await self.ask("Parting")
        self.addCleanup(os.kill, parted["pid"], signal.SIGKILL)
        stopped = self.processes.stop()
        await exited
        # The process has ended, and its pipes are open.
        self.assertNoResult(stopped)
        self.clock.advance(END_SECONDS)
        await stopped


class Size(TestCase):
    def test_one_core_is_left_to_the_games(self) -> None:
        for cores, size in ((1, 1), (2, 1), (8, 7)):
            self.patch(bot_processes, "_cores", lambda cores=cores: cores)
            self.assertEqual(BotProcesses(Clock()).size, size)
