"""What an operator writes for a bot, and what an author may have written wrong."""

from __future__ import annotations

import sys
from typing import Any

from gamesvc.bots import load
from gamesvc.bots.random import RandomBot
from gamesvc.bots.search import SearchBot
from gamesvc.errors import ConfigError
from tests.modules import WithModules

MODULE = """
from typing import Annotated
from msgspec import Meta
from gamesvc.bots import Bot

class Clever(Bot):
    def __init__(self, depth: Annotated[int, Meta(ge=1)] = 3, style: str = "bold", weights: list[float] = [1.0]):
        self.given = depth, style, weights

    def choose(self, turn):
        return None

class Cleverer(Clever):
    pass

number = 5
"""


class WithBots(WithModules):
    """Bots of an author's lie on the path."""

    def setUp(self) -> None:
        super().setUp()
        self.module("mybots", MODULE)

    def bot(self, body: str) -> str:
        """What is told of a bot with such a body."""
        self.module("wrong", f"from gamesvc.bots import Bot\nclass Wrong(Bot):\n    {body}\n")
        return self.told("wrong:Wrong")

    def told(self, text: str) -> str:
        message = str(self.assertRaises(ConfigError, load, text))
        self.assertTrue(message.startswith(f"bot {text!r}: "), message)
        return message


class Found(WithBots):
    def test_built_in_bots_are_found_by_their_names(self) -> None:
        kind = load("random")
        self.assertEqual((kind.name, kind.text, kind.bot_class, kind.options), ("random", "random", RandomBot, {}))
        kind = load("search(seconds=2)")
        self.assertEqual((kind.name, kind.text, kind.bot_class), ("search", "search(seconds=2)", SearchBot))
        self.assertEqual(kind.options["seconds"], 2.0)
        made: Any = kind.make()
        self.assertEqual((made.seconds, made.simulations), (2.0, 0))
        self.assertIsNot(made, kind.make())

    def test_an_authors_class_is_found_by_its_module(self) -> None:
        kind = load("mybots:Cleverer(depth=5, weights=[1, 2.5])")
        made: Any = kind.make()
        self.assertEqual((kind.name, made.given), ("Cleverer", (5, "bold", [1.0, 2.5])))
        plain: Any = load("mybots:Clever").make()
        self.assertEqual(plain.given, (3, "bold", [1.0]))

    def test_an_installed_package_offers_bots_under_names_of_its_own(self) -> None:
        self.installed("mybots", "gamesvc.bots", clever="mybots:Clever", random="mybots:Clever")
        kind = load("clever(depth=4)")
        self.assertEqual((kind.name, kind.bot_class.__name__), ("clever", "Clever"))
        # Nobody else can take the name of a built-in bot.
        self.assertIs(load("random").bot_class, RandomBot)
        self.assertIn("did you mean 'clever'?", self.told("cleer"))


class NotThere(WithBots):
    def test_a_name_that_nobody_has_is_told_with_the_nearest_one_or_with_all(self) -> None:
        self.assertIn("did you mean 'random'? Or write package.module:Class", self.told("randm"))
        self.assertRegex(self.told("poker"), r"there are .*random, search")

    def test_a_module_or_class_that_is_not_there_is_named(self) -> None:
        self.assertIn("no module 'nowhere'", self.told("nowhere:Clever"))
        self.assertIn("write mybots:Clever", self.told("mybots.py:Clever"))
        self.assertIn("the module mybots has no 'Clevr'", self.told("mybots:Clevr"))
        self.module("needy", "import not_installed")
        self.assertIn("importing needy failed: ModuleNotFoundError", self.told("needy:Clever"))

    def test_a_package_that_a_built_in_bot_needs_is_named_with_what_brings_it(self) -> None:
        for name in [*sys.modules]:
            if name.startswith("gamesvc.openspiel"):
                self.patch_module(name)
        # What is None there can't be imported.
        for name in ("numpy", "open_spiel", "pyspiel"):
            self.patch_module(name)
            sys.modules[name] = None  # type: ignore[assignment]  # Python's own way to say so
        for bot in ("openspiel-mcts", "openspiel-random(x=1)"):
            self.assertRegex(self.told(bot), r"needs the package '\w+'; pip install 'gamesvc\[openspiel\]'")

    def patch_module(self, name: str) -> None:
        """Have a module be imported anew, until the test has ended."""
        was = sys.modules.pop(name, None)
        if was is None:
            self.addCleanup(sys.modules.pop, name, None)
        else:
            self.addCleanup(sys.modules.__setitem__, name, was)

    def test_what_is_no_bot_is_refused(self) -> None:
        for text in ("mybots:number", "mybots:Bot", "json:JSONDecoder"):
            self.assertIn("is not a subclass of gamesvc.bots.Bot", self.told(text))

    def test_what_a_module_raises_is_told_with_the_place_in_it(self) -> None:
        self.module("broken", "\n\n1 / 0\n")
        self.assertRegex(self.told("broken:Clever"), r"ZeroDivisionError: .*broken\.py, line 3\)")
        self.module("broken", "class Clever(\n")
        self.assertRegex(self.told("broken:Clever"), r"SyntaxError: .*broken\.py, line 1\)")

    def test_half_a_name_is_refused_in_words(self) -> None:
        for half in (":Clever", "mybots:", "", "random(", "random(x)"):
            self.assertNotIn("Error", self.told(half))


class Options(WithBots):
    def test_an_option_that_there_is_not_is_told_with_those_that_there_are(self) -> None:
        self.assertIn("it takes no options", self.told("random(seconds=2)"))
        message = self.told("mybots:Clever(deep=3)")
        self.assertIn("there is no option `deep`", message)
        self.assertIn("it takes depth, style, weights", message)

    def test_a_value_that_does_not_fit_is_told_with_its_option(self) -> None:
        for text, why in (
            ("mybots:Clever(depth=deep)", "Expected `int`, got `str` - at `depth`; it takes depth, "),
            ("mybots:Clever(depth=0)", "Expected `int` >= 1 - at `depth`; "),
            ("search(seconds=0)", "Expected `float` > 0.0 - at `seconds`; "),
            ("search(seconds=60)", "Expected `float` <= 25.0 - at `seconds`; "),
        ):
            self.assertIn(f": {why}", self.told(text))

    def test_each_needs_a_type_and_a_default(self) -> None:
        body = "def choose(self, turn): pass\n    def __init__(self, {}): pass"
        self.assertIn("'depth' needs a type; write `depth: int = ...`", self.bot(body.format("depth=3")))
        self.assertIn("'depth' needs a default; write `depth: float = ...`", self.bot(body.format("depth: float")))
        self.assertIn("options come by their names", self.bot(body.format("*depths: int")))
        self.assertIn("options come by their names", self.bot(body.format("depth: int = 3, /")))
        self.assertIn("Nothing", self.bot(body.format("depth: 'Nothing' = 3")))
        self.assertIn("not usable", self.bot(body.format("depth: int | list[int] | set[int] = 3")))

    def test_a_bot_that_can_not_be_made_is_refused_with_the_place(self) -> None:
        message = self.bot("def choose(self, turn): pass\n    def __init__(self): 1 / 0")
        self.assertRegex(message, r"making Wrong failed: ZeroDivisionError: .*wrong\.py, line 4\)")


class Mistakes(WithBots):
    def test_a_bot_without_choose_is_refused(self) -> None:
        self.assertIn("Wrong has no choose; write `def choose(self, turn: Turn) -> ", self.bot("pass"))

    def test_a_choose_that_waits_or_yields_or_can_not_be_called_is_refused(self) -> None:
        self.assertIn("without async", self.bot("async def choose(self, turn): pass"))
        for body in (
            "def choose(self, turn): yield",
            "def choose(self): pass",
            "def choose(self, turn, more): pass",
            "def choose(self, *turns): pass",
            "choose = 3",
        ):
            self.assertIn("Wrong.choose: write `def choose(self, turn: Turn)", self.bot(body))

    def test_other_methods_are_looked_at_too(self) -> None:
        choose = "def choose(self, turn): pass\n    "
        self.assertIn("Wrong.check: write `def check", self.bot(f"{choose}def check(self): pass"))
        self.assertIn("Wrong.quick: write True", self.bot(f"{choose}quick = 'yes'"))
