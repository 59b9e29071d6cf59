"""Which of OpenSpiel's games are served, and what the list in the documents says. Needs gamesvc[openspiel]."""

from __future__ import annotations

from pathlib import Path

import pyspiel
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.openspiel.kinds import kind_of
from gamesvc.openspiel.loading import PREFIX, NotServed, canonical, name_in
from gamesvc.openspiel.served import EXAMPLES, FROM_FILES, NOT_SERVED, SERVED
from tests.openspiel_list import PAGE, Beside, written

POKER = """EFG 2 R "A card, and a bet" { "Ann" "Bob" } ""

c "" 1 "" { "red" 1/2 "black" 1/2 } 0
p "" 1 1 "red" { "raise" "fold" } 0
p "" 2 1 "" { "meet" "pass" } 0
t "" 1 "" { 2, -2 }
t "" 2 "" { 1, -1 }
t "" 3 "" { 1, -1 }
p "" 1 2 "black" { "raise" "fold" } 0
p "" 2 1 "" { "meet" "pass" } 0
t "" 4 "" { -2, 2 }
t "" 2 "" { 1, -1 }
t "" 5 "" { -1, 1 }
"""

DILEMMA = """NFG 1 R "Dilemma" { "Ann" "Bob" } { 2 2 }

3 3 5 0 0 5 1 1
"""


class Served(SynchronousTestCase):
    def test_each_game_of_openspiels_is_served_or_has_a_reason(self) -> None:
        names = [*(name_in(text) for text in SERVED), *FROM_FILES, *NOT_SERVED]
        self.assertEqual(sorted(names), sorted(pyspiel.registered_names()))
        self.assertGreater(len(SERVED), 100)

    def test_each_is_written_as_its_kind_is_called(self) -> None:
        self.assertEqual([canonical(text).removesuffix("()") for text in SERVED], list(SERVED))

    def test_those_that_are_not_served_are_refused(self) -> None:
        for name, why in NOT_SERVED.items():
            self.assertIn(why, str(self.assertRaises(NotServed, kind_of, name)))

    def test_games_from_files_are_played(self) -> None:
        directory = Path(self.mktemp()).resolve()
        directory.mkdir()
        for name, text in zip(FROM_FILES, (POKER, DILEMMA), strict=True):
            file = EXAMPLES[name].partition("=")[2].removesuffix(")")
            (directory / file).write_text(text)
            kind = PREFIX + EXAMPLES[name].replace(file, str(directory / file))
            for seed in range(4):
                self.assertGreater(Beside(kind, seed).play(), 0)

    def test_the_list_in_the_documents_is_as_it_is_today(self) -> None:
        page = PAGE.read_text()
        self.assertEqual(written(page), page, "run python -m tests.openspiel_list")
