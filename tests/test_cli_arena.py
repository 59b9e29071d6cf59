"""``gamesvc arena``, run in this process; the games are played in others."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.bots import load
from gamesvc.catalog import Catalog
from gamesvc.cli import arena
from gamesvc.cli.arena_workers import Order, Task
from gamesvc.match import Match, Played
from tests import command_line
from tests.pages import Files, blocks

BOTS = (Path(__file__).parent.parent / "docs" / "bots.md").read_text()

run = partial(command_line.run, "arena")


class Here:
    """Plays in this process, and is interrupted after some games."""

    most = 10_000

    def __init__(self, order: Order, count: int) -> None:
        self._order = order

    def play(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Played]]:
        kind = Catalog([self._order.game]).default
        bots = [load(text).make() for text in self._order.bots]
        for task in tasks[: self.most]:
            seated = [bots[place] for place in task.lineup]
            yield task, Match(kind.model, seated, seed=task.seed, max_moves=self._order.max_moves).play()
        if len(tasks) > self.most:
            raise KeyboardInterrupt

    def end(self) -> None:
        pass


class InProcesses(SynchronousTestCase):
    def test_two_runs_print_the_same_but_for_times(self) -> None:
        printed = []
        for processes in ("1", "2"):
            game = ("tic-tac-toe", "random", "random", "tests.arena_bots:Prints")
            status, out, err = run(*game, "--games", "20", "--seed", "5", "--processes", processes)
            self.assertEqual((status, err), (0, ""))
            self.assertNotIn("let me think", out)
            printed.append(re.sub(r" +[0-9.]+ +[0-9.]+$", "", out, flags=re.MULTILINE))
        self.assertEqual(*printed)
        head, _, columns, *rows = printed[0].splitlines()
        self.assertEqual(head, "tic-tac-toe: 21 games, seed 5")
        self.assertEqual(columns.split()[:3], ["bot", "games", "won"])
        self.assertEqual({row[:24].rstrip() for row in rows[:3]}, {"random #1", "random #2", "tests.arena_bots:Prints"})

    def test_ctrl_c_prints_what_was_played(self) -> None:
        """In a process of its own, with others below it that must get none of it."""
        # Who runs the tests in the background may have them, and what they start, ignore it.
        heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
        program = f"{heed}; import sys; from gamesvc.cli import main; sys.exit(main(sys.argv[1:]))"
        command = [sys.executable, "-c", program]
        arguments = ["arena", "tic-tac-toe", "random", "tests.arena_bots:Prints", "--games", "50000"]
        played = subprocess.Popen(
            [*command, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert played.stderr is not None
        begun = b""
        # By then some games are over.
        while len(begun) < 5000 and (more := played.stderr.read(5000)):
            begun += more
        os.killpg(played.pid, signal.SIGINT)
        # Until nobody holds the other end any more: so the others have ended, too.
        out, err = played.communicate(timeout=120)
        self.assertEqual(played.returncode, 130)
        self.assertRegex(out.decode(), r"^tic-tac-toe: \d+ of 50000 games, seed 0\n\nbot ")
        # Nothing else, such as what was interrupted where.
        self.assertEqual((begun + err).replace(b"let me think", b"").strip(), b"")


class Told(SynchronousTestCase):
    def setUp(self) -> None:
        self.patch(arena, "Workers", Here)

    def test_interrupted(self) -> None:
        self.patch(Here, "most", 3)
        status, out, _ = run("tic-tac-toe", "random", "random")
        self.assertEqual((status, out.splitlines()[0]), (130, "tic-tac-toe: 3 of 100 games, seed 0"))

    def test_a_bot_that_fails_loses(self) -> None:
        status, out, err = run("tic-tac-toe", "tests.arena_bots:Cheats", "random", "--games", "6")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("tests.arena_bots:Cheats failed in 6 games, and by that lost:\n", out)
        self.assertIn("choose an empty cell", out)
        self.assertRegex(out, r"\nrandom +6 +6 +0 +0 +100.0 % ")

    def test_games_that_are_not_finished(self) -> None:
        _, out, _ = run("tests.arena_bots:Endless", "random", "random", "--games", "2", "--max-moves", "9")
        self.assertIn("2 games not counted above:\n  2 games, the first is 1: not finished after 9 moves", out)

    def test_as_json(self) -> None:
        status, out, _ = run("tests.arena_bots:Throws", "random", "random", "--games", "4", "--seats", "3", "--json")
        made = json.loads(out)
        self.assertEqual((status, made["wanted"], made["games"], len(made["seats"])), (0, 4, 4, 3))

    def test_an_authors_bot_may_know_what_is_legal(self) -> None:
        status, out, _ = run("tests.arena_bots:Silent", *["tests.arena_bots:Takes"] * 2, "--games", "2")
        self.assertEqual(status, 0)
        self.assertIn("The first seat scored 0.0 %.", out)


class Page(SynchronousTestCase):
    """What docs/bots.md says."""

    def test_the_bot_plays(self) -> None:
        self.patch(arena, "Workers", Here)
        middle, _ = blocks(BOTS)
        Files(self).write(middle.label, middle.code)
        status, out, err = run("connect-four", "random", "middle:Middle(spread=0.5)", "--games", "20")
        self.assertEqual((status, err), (0, ""))
        self.assertNotIn("failed", out)

    def test_a_game_without_a_server(self) -> None:
        _, program = blocks(BOTS)
        out = io.StringIO()
        with redirect_stdout(out):
            exec(program.code, {})
        self.assertRegex(out.getvalue(), r"^\{'alice': -?1.0, 'bob': -?1.0\} \d+\n$")

    def test_the_options_are_those_of_the_command(self) -> None:
        status, out, _ = run("--help")
        self.assertEqual(status, 0)
        options = set(re.findall(r"--[a-z-]+", out)) - {"--help"}
        section = BOTS.partition("## gamesvc arena")[2]
        self.assertEqual(set(re.findall(r"^\| `(--[a-z-]+)`", section, re.MULTILINE)), options)


class Refused(SynchronousTestCase):
    def refused(self, *arguments: str) -> str:
        status, out, err = run(*arguments)
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(err, r"\Agamesvc: [^\n]+\n\Z")
        return err

    def test_what_is_not_there(self) -> None:
        self.assertIn("did you mean 'chess'?", self.refused("ches", "random", "random"))
        self.assertIn("did you mean 'random'?", self.refused("chess", "random", "randon"))

    def test_bots_that_can_not_play_it(self) -> None:
        why = self.refused("tests.arena_bots:Silent", "tests.arena_bots:Takes", "random")
        self.assertIn("bot 'random': ", why)
        self.assertIn("write `def legal(self, player: Player) -> Iterable[Move]` in Silent", why)
        why = self.refused("tic-tac-toe", "random", "tests.arena_bots:OfChess")
        self.assertIn("bot 'tests.arena_bots:OfChess': it plays chess alone", why)
        why = self.refused("tic-tac-toe", "random", "tests.arena_bots:Blames")
        self.assertIn("check raised LookupError: no such table", why)

    def test_one_bot(self) -> None:
        self.assertIn("name it twice", self.refused("tic-tac-toe", "random"))

    def test_games_for_nobody(self) -> None:
        self.assertIn("has no seats", self.refused("chat", "random", "random"))
        alone = self.refused("tests.arena_bots:Alone", *["tests.arena_bots:Takes"] * 2)
        self.assertIn("Alone is played alone", alone)

    def test_how_many_play(self) -> None:
        why = self.refused("tests.arena_bots:Throws", "random", "random", "--seats", "5")
        self.assertIn("--seats 5: Throws is for 2 to 4 players", why)

    def test_bad_arguments(self) -> None:
        for name, value in (("--games", "0"), ("--games", "x"), ("--seed", "-1"), ("--processes", "0")):
            status, _, err = run("tic-tac-toe", "random", "random", name, value)
            self.assertEqual(status, 2)
            self.assertIn(f"argument {name}: '{value}': write a whole number from", err)
