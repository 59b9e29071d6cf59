"""The kinds of game that a server offers."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

from gamesvc import games
from gamesvc.catalog import _GAMES, Catalog, shipped
from gamesvc.errors import ConfigError
from gamesvc.games.greetings import Greetings
from tests.modules import WithModules

MODULE = """
from gamesvc import GameModel, command

class Chess(GameModel, seats=2):
    @command
    def move(self, player):
        pass

class Draughts(Chess):
    pass

Checkers = Draughts
number = 5
"""


class WithGames(WithModules):
    """Games of an author's lie on the path."""

    def setUp(self) -> None:
        super().setUp()
        self.module("boardgames", MODULE)

    def names(self, *games: str) -> list[str]:
        return [kind.name for kind in Catalog(games)]

    def told(self, *games: str) -> str:
        """What is told of a game that can't be offered: the last."""
        message = str(self.assertRaises(ConfigError, Catalog, games))
        self.assertTrue(message.startswith(f"game {games[-1]!r}: "), message)
        return message


class Offered(WithGames):
    def test_what_comes_along_is_the_seeds_game_and_all_others_that_can_be_played_here(self) -> None:
        left_out: list[ConfigError] = []
        catalog = Catalog(shipped(left_out.append))
        self.assertEqual((catalog.default.name, catalog.default.model), ("greetings", Greetings))
        written = {each.stem.replace("_", "-") for each in Path(games.__file__).parent.glob("[a-z]*.py")}
        self.assertEqual((sorted(kind.name for kind in catalog), left_out), (sorted(written), []))

    def test_of_what_comes_along_it_is_left_out_and_said_what_a_package_is_missing_for(self) -> None:
        left_out: list[ConfigError] = []
        with mock.patch.dict(sys.modules, {"chess": None}):
            sys.modules.pop("gamesvc.games.chess", None)
            self.assertNotIn("chess", shipped(left_out.append))
        (why,) = left_out
        self.assertEqual(str(why), "game 'chess': needs the package 'chess'; pip install 'gamesvc[chess]'")

    def test_the_first_is_what_a_new_game_id_creates(self) -> None:
        catalog = Catalog(["boardgames:Chess", "greetings", "boardgames:Draughts"])
        self.assertEqual(catalog.default.name, "Chess")
        self.assertEqual([kind.name for kind in catalog], ["Chess", "greetings", "Draughts"])
        self.assertEqual(catalog.default.model.SEATS, (2, 2))

    def test_an_installed_package_offers_games_under_names_of_its_own(self) -> None:
        self.installed("boardgames", "gamesvc.games", chess="boardgames:Chess", greetings="boardgames:Draughts")
        chess, greetings = Catalog(["chess", "greetings"])
        self.assertEqual((chess.name, chess.model.__name__), ("chess", "Chess"))
        # Nobody else can take the name of a built-in game.
        self.assertIs(greetings.model, Greetings)

    def test_a_kind_is_found_by_its_name_and_by_no_other(self) -> None:
        # A stored game knows its kind by this name.
        catalog = Catalog(["boardgames:Chess", "greetings"])
        self.assertIs(catalog.find("greetings"), [*catalog][1])
        self.assertIs(catalog.find("Chess"), catalog.default)
        for name in ("boardgames:Chess", "chess", "Draughts", ""):
            self.assertIsNone(catalog.find(name))

    def test_no_two_have_one_name(self) -> None:
        self.module("others", MODULE)
        self.assertTrue(
            self.told("boardgames:Chess", "others:Chess").endswith(
                "two of the name 'Chess'; leave one of them out, or give one of the classes another name"
            )
        )
        told = self.told("greetings", "greetings")
        self.assertTrue(told.endswith("two of the name 'greetings'; leave one of them out"), told)


class NotThere(WithGames):
    def test_a_name_that_nobody_has_is_told_with_the_nearest_one_or_with_all(self) -> None:
        self.installed("boardgames", "gamesvc.games", chess="boardgames:Chess")
        self.assertIn("did you mean 'greetings'? Or write package.module:Class", self.told("greeting"))
        self.assertIn("did you mean 'chess'?", self.told("cess"))
        names = ", ".join(sorted({*_GAMES.built_in, "chess"}))
        self.assertIn(f"there are {names}. Or write package.module:Class", self.told("poker"))

    def test_a_module_that_is_not_there_is_named(self) -> None:
        self.assertIn("no module 'nowhere'", self.told("nowhere:Chess"))
        self.module("needy", "import not_installed")
        self.assertIn(
            "importing needy failed: ModuleNotFoundError: No module named 'not_installed'", self.told("needy:Chess")
        )
        self.assertIn("write boardgames:Chess", self.told("boardgames.py:Chess"))

    def test_a_class_that_is_not_there_is_named(self) -> None:
        self.assertIn("the module boardgames has no 'Ches'", self.told("boardgames:Ches"))

    def test_what_is_no_game_is_refused(self) -> None:
        for name in ("number", "__file__"):
            self.assertIn(f"{name} is not a subclass of gamesvc.GameModel", self.told(f"boardgames:{name}"))
        self.assertIn("not a subclass", self.told("json:JSONDecoder"))

    def test_the_base_class_of_all_games_is_no_game(self) -> None:
        self.assertIn("GameModel", self.told("gamesvc:GameModel"))
        self.assertIn("GameModel", self.told("boardgames:GameModel"))

    def test_whatever_an_authors_module_raises_is_told_with_the_place_in_it(self) -> None:
        for text, what, line in (
            ("\n\n1 / 0\n", "ZeroDivisionError: division by zero", 3),
            ("def rule():\n    return {}['x']\nrule()\n", "KeyError: 'x'", 2),
            ("class Chess(\n", "SyntaxError: '(' was never closed", 1),
            ("raise ImportError('too old')", "ImportError: too old", 1),
        ):
            self.module("broken", text)
            message = self.told("broken:Chess")
            self.assertIn(what, message)
            self.assertIn(f"broken.py, line {line})", message)

    def test_a_definition_that_is_wrong_is_told_with_the_place_in_it(self) -> None:
        self.module("wrong", "from gamesvc import GameModel, command\n\nclass Chess(GameModel, seats=0):\n    pass\n")
        self.assertRegex(self.told("wrong:Chess"), r"DefinitionError: .*wrong\.py, line 3\)")

    def test_a_game_that_could_not_be_played_is_refused_before_the_first_player_comes(self) -> None:
        lines = (
            "from gamesvc import GameModel, command",
            "class Chess(GameModel):",
            "    turn: int = 0",
            "    def setup(self):",
        )
        for setup, what in (
            ("self.turn = 1 // 0", r"ZeroDivisionError: .*unplayable\.py, line 5\)"),
            ("raise SystemExit(3)", r"SystemExit: 3"),
            # State that would not load again.
            ("self.turn = 'white'", r"turn"),
            ("self.turn = object()", r"turn|object"),
        ):
            self.module(
                "unplayable", "\n".join((*lines, f"        {setup}", "    @command", "    def go(self, player): pass"))
            )
            self.assertRegex(self.told("unplayable:Chess"), what)
        self.module("idle", "from gamesvc import GameModel\nclass Chess(GameModel): pass\n")
        self.assertIn("no @command", self.told("idle:Chess"))

    def test_a_name_of_half_a_game_is_refused_in_words(self) -> None:
        for half in (":Chess", "boardgames:", ":", "", ".boardgames:Chess", "boardgames:Chess:x"):
            message = self.told(half)
            self.assertNotIn("Error", message)
            self.assertIn("package.module:Class", message)


class OfOpenSpiel(WithGames):
    """Games of OpenSpiel's. They need gamesvc[openspiel]."""

    def test_what_stands_behind_the_prefix_is_openspiels_to_read(self) -> None:
        for text in ("openspiel:tic_tac_toe", "openspiel:tic_tac_toe()"):
            kind = Catalog([text]).default
            self.assertEqual((kind.name, kind.options, kind.model.SEATS), ("openspiel:tic_tac_toe", b"{}", (2, 2)))
        self.assertEqual(Catalog(["greetings", text]).find("openspiel:tic_tac_toe"), kind)

    def test_why_one_is_not_served_is_told(self) -> None:
        self.assertIn("did you mean 'openspiel:backgammon'?", self.told("openspiel:backgamon"))
        self.assertIn("mean field", self.told("openspiel:mfg_garnet"))
        self.assertIn("two of the name", self.told("openspiel:chess", "openspiel:chess()"))

    def test_without_openspiel_who_wants_it_is_told_what_to_install(self) -> None:
        for name in [*sys.modules]:
            if name == "pyspiel" or name.startswith("gamesvc.openspiel"):
                self.addCleanup(sys.modules.__setitem__, name, sys.modules.pop(name))
        # None is how the import system is told that there is no such module.
        sys.modules["pyspiel"] = None  # type: ignore[assignment]  # that is how Python notes a module that is not there
        told = self.told("openspiel:chess")
        self.assertEqual(told, "game 'openspiel:chess': needs the package 'pyspiel'; pip install 'gamesvc[openspiel]'")
