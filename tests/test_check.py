"""`gamesvc check` as a whole: each fault that is planted is found under its name, and written as a test that really
runs; what is sound is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.games.greetings import Greetings
from gamesvc.model import GameModel
from gamesvc.testing.search import Found, Search
from gamesvc.testing.written import lines
from tests import faulty_models
from tests.counted_time import count_time
from tests.faulty_models import FAULTY, SOUND
from tests.tictactoe import TicTacToe

PATIENCE = 60.0
"""Seconds that may be taken to find a fault: most take less than one. They are counted, not measured."""

# What a model becomes when its fault is mended.
MENDED = {
    "Stale": "Fresh",
    "TellsTheCard": "Cards",
    "CountsBySecret": "Cards",
    "ErrorThatTells": "Cards",
    "FieldFromSecret": "Cards",
    "GuessTells": "GuessReveals",
    "NeverEnds": "NeedNotEnd",
    "DrawsAndTells": "DrawsByChance",
    "DrawsAndTellsAll": "DrawsByChance",
    "DrawsAndHints": "DrawsAndReveals",
    "HiddenRoll": "HiddenRollRevealed",
    "StockInView": "CardsAndCounts",
    "FirstHandInView": "CardsAndCounts",
    "FirstHandForHands": "CardsAndCounts",
    "SecretInView": "GuessReveals",
    "OwnRoleRaw": "OwnRole",
    "SmallCardsRanked": "SmallCardsRevealed",
    "ChoicesByTheClock": "Choices",
    "ChoicesByTheField": "Choices",
    "LeaveThatTells": "Bazaar",
    "JoinThatTells": "JoinRefused",
    "ChosenThatTells": "Chosen",
    "ConstantThatTells": "ConstantThatReveals",
    "BacksThatTell": "Backs",
    "LegalThatTells": "LegalThatReveals",
    "LegalRefused": "Cells",
    "LegalUnfit": "Cells",
    "LegalTooLate": "LegalInTime",
}


def search(model: type[GameModel], seconds: float = PATIENCE, seed: int = 0) -> Found | None:
    return Search(model, seconds=seconds, seed=seed).run()


def written(model: type[GameModel], found: Found) -> str:
    return "\n".join(lines(model, found, "gamesvc check it")) + "\n"


class Faults(SynchronousTestCase):
    def setUp(self) -> None:
        count_time(self)

    def found(self, name: str) -> list[tuple[type[GameModel], Found]]:
        results: list[tuple[type[GameModel], Found]] = []
        for model in FAULTY[name]:
            found = search(model, 0.4 if name == "endless" else PATIENCE)
            assert found is not None, f"{name} was not found in {model.__name__}"
            self.assertEqual(found.fault.name, name, model.__name__)
            results.append((model, found))
        self.written_tests_run(results)
        return results

    def written_tests_run(self, results: list[tuple[type[GameModel], Found]]) -> None:
        """The tests that are written fail, with the fault's name; with the model mended they pass."""
        with tempfile.TemporaryDirectory() as directory:
            failing = []
            for model, found in results:
                text = written(model, found)
                name = model.__name__
                Path(directory, f"test_red_{name}.py").write_text(text)
                failing.append(f"test_red_{name}.py::test_{found.fault.name.replace('-', '_')}")
                if name in MENDED:
                    # The same steps, of a model that does not have the fault.
                    green = text.replace(f"import {name}\n", f"import {MENDED[name]} as {name}\n")
                    Path(directory, f"test_green_{name}.py").write_text(green)
            report = self.pytest(directory)
        for each in failing:
            self.assertIn(f"FAILED {each} - gamesvc.testing.fault.Fault: {results[0][1].fault.name}: ", report)
        self.assertEqual(report.count("\nFAILED "), len(failing), report)

    def pytest(self, directory: str) -> str:
        root = Path(faulty_models.__file__).parent.parent
        command = [sys.executable, "-m", "pytest", "-q", "-rf", "--tb=line", "-p", "no:cacheprovider", "-c", os.devnull]
        run = subprocess.run(
            [*command, "--rootdir", directory, directory],
            env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "500"},
            cwd=directory,
            capture_output=True,
            text=True,
        )
        return run.stdout

    def test_crash(self) -> None:
        for model, found in self.found("crash"):
            # Where what is wrong is only seen later, there is no line.
            if model not in (faulty_models.CrashOfType, faulty_models.LegalOfNothing):
                self.assertRegex(found.fault.where, r"faulty_models\.py, line \d+, in \w+$")
            self.assertLess(len(found.calls), 9, written(model, found))

    def test_nondeterministic(self) -> None:
        self.found("nondeterministic")

    def test_unstable_state(self) -> None:
        whats = [found.fault.what for _, found in self.found("unstable-state")]
        self.assertEqual(whats[0], "score is 3 (int), and then 3.0 (float), once it was stored")
        self.assertEqual(whats[2], "one and two are one and the same list, and will be two")

    def test_derived(self) -> None:
        self.found("derived")

    def test_dirty_refusal(self) -> None:
        whats = [found.fault.what for _, found in self.found("dirty-refusal")]
        self.assertIn("turns was 0, and was changed to 1 before GameError('it is not your turn')", whats[0])
        self.assertIn("a timer was set", whats[1])
        self.assertIn('{"event":"Done"} was published', whats[2])

    def test_patch(self) -> None:
        self.found("patch")

    def test_leak(self) -> None:
        self.found("leak")

    def test_legal(self) -> None:
        whats = [found.fault.what for _, found in self.found("legal")]
        self.assertRegex(
            whats[0],
            r"^legal names \{'command': 'take', 'cell': \d\} for '\w+', and it is refused: refused: choose a free",
        )
        self.assertIn(
            "names {'command': 'take', 'cell': 10}, which does not fit the command: Expected `int` <= 9", whats[1]
        )
        self.assertIn("it is too late", whats[2])

    def test_endless(self) -> None:
        self.found("endless")


class SoundModels(SynchronousTestCase):
    def setUp(self) -> None:
        count_time(self)

    def test_they_are_left_alone(self) -> None:
        for model in (*SOUND, TicTacToe, Greetings):
            found = search(model, 0.6)
            self.assertIsNone(found, model.__name__ if found is None else written(model, found))

    def test_it_is_told_how_much_was_tried(self) -> None:
        told: list[str] = []
        looking = Search(TicTacToe, seconds=1.0, seed=0, tell=told.append)
        looking.run()
        tried = looking.tried
        self.assertGreater(tried.games, 5)
        self.assertGreater(tried.ended, 0)
        self.assertGreater(tried.commands, tried.accepted)
        self.assertIn(tried.longest, range(5, 10))
        self.assertEqual(tried.compared, 0)
        self.assertIn("of 1 s", told[0])

    def test_secrets_are_compared(self) -> None:
        looking = Search(faulty_models.Cards, seconds=1.0, seed=0)
        looking.run()
        self.assertGreater(looking.tried.compared, 0)


class TheSeed(SynchronousTestCase):
    def setUp(self) -> None:
        count_time(self)

    def test_it_decides_what_is_found(self) -> None:
        model = faulty_models.CrashInTimer
        one, again = search(model, seed=3), search(model, seed=3)
        assert one is not None and again is not None
        self.assertEqual(written(model, one), written(model, again))
