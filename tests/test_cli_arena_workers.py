from __future__ import annotations

import signal
from multiprocessing.context import SpawnProcess

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.cli.arena_workers import Order, Task, Workers
from gamesvc.errors import ConfigError
from gamesvc.match import Played


class Processes(SynchronousTestCase):
    """Real ones, with bots that end them."""

    def play(self, order: Order, *lineups: tuple[int, ...], processes: int = 1) -> list[Played]:
        """How the games went, in order."""
        workers = Workers(order, processes)
        self.addCleanup(workers.end)
        tasks = [Task(number, lineup, number) for number, lineup in enumerate(lineups, 1)]
        went = {task.number: played for task, played in workers.play(tasks)}
        workers.end()
        workers.end()
        self.assertEqual(sorted(went), [*range(1, len(lineups) + 1)])
        return [went[number] for number in sorted(went)]

    def test_bots_that_hang_or_die_lose_and_the_others_play_on(self) -> None:
        bots = ("tests.arena_bots:First", "tests.arena_bots:Hangs", "tests.arena_bots:Dies", "tests.arena_bots:Last")
        # Longer than a process may stand still by chance while its bot thinks.
        order = Order("tic-tac-toe", bots, 100, max_think=1.5)
        well, hung, died, again = self.play(order, (0, 3), (0, 1), (2, 0), (0, 3), processes=2)
        self.assertEqual((well.scores, again.scores), ([1.0, -1.0], [1.0, -1.0]))
        self.assertEqual((hung.failed, hung.reason), (1, "thought about a move for more than 1.5 s"))
        self.assertEqual((died.failed, died.reason), (0, "its process ended with the status 7"))

    def test_no_process_gets_the_terminals_interrupts_from_its_beginning_on(self) -> None:
        start, found = SpawnProcess.start, []

        def starting(process: SpawnProcess) -> None:
            found.append(signal.getsignal(signal.SIGINT))
            start(process)

        before = signal.getsignal(signal.SIGINT)
        self.patch(SpawnProcess, "start", starting)
        self.play(Order("tic-tac-toe", ("random", "random"), 100), (0, 1))
        self.assertEqual((found, signal.getsignal(signal.SIGINT)), ([signal.SIG_IGN], before))

    def test_what_was_tried_out_is_not_tried_out_in_each_process(self) -> None:
        # To be tried out it has to have a move.
        (played,) = self.play(Order("openspiel:mnk(k=0,m=0,n=0)", ("random", "random"), 100), (0, 1))
        self.assertEqual((played.scores, played.moves), ([0.0, 0.0], 0))

    def test_what_can_not_be_loaded_there(self) -> None:
        order = Order("tic-tac-toe", ("random", "tests.arena_bots:Nobody"), 100)
        error = self.assertRaises(ConfigError, self.play, order, (0, 1))
        self.assertIn("has no 'Nobody'", str(error))
