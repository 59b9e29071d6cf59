"""Options: what a creator chooses, as it is written on a command line, kept, and given to the model."""

from __future__ import annotations

import json
from enum import Enum
from typing import Annotated, Any, Literal

from msgspec import Meta
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Player, command, field
from gamesvc.catalog import Catalog
from gamesvc.errors import ConfigError
from gamesvc.options import OptionsError, checked, given, parse
from tests.tables import Table


class Colour(Enum):
    RED = "red"
    BLACK = "black"


class Chosen(GameModel):
    """Keeps what it was set up with."""

    size: int = 0
    text: str = ""
    sizes: list[int] = field(default_factory=list)

    def setup(
        self,
        size: Annotated[int, Meta(ge=1, le=19)] = 9,
        name: str = "none",
        rate: float = 0.5,
        colour: Colour = Colour.RED,
        sizes: tuple[int, ...] = (),
        mode: Literal["fast", "slow"] | None = None,
        hard: bool = False,
    ) -> None:
        self.size = size
        self.text = f"{name} {rate} {colour.value} {mode} {hard}"
        self.sizes = list(sizes)

    @command
    def look(self, player: Player) -> list[object]:
        return [self.size, self.text, self.sizes]


class Plain(GameModel):
    """Has no options."""

    @command
    def look(self, player: Player) -> None: ...


class Picky(GameModel):
    """Finds only when it is set up that it does not want that."""

    def setup(self, size: int = 1) -> None:
        if size > 3:
            raise ValueError("too large")

    @command
    def look(self, player: Player) -> None: ...


class Written(SynchronousTestCase):
    """How they are written."""

    def test_values_are_json_or_plain_words(self) -> None:
        for text, options in (
            ("chess", {}),
            (" chess ", {}),
            ("chess()", {}),
            ("chess( )", {}),
            ("chess(minutes=5)", {"minutes": 5}),
            ("chess ( minutes = 5 , increment = -2.5 )", {"minutes": 5, "increment": -2.5}),
            ("chess(minutes=5,)", {"minutes": 5}),
            ('a.b:C(name="a, b=c)", other=two words)', {"name": "a, b=c)", "other": "two words"}),
            ('g(sizes=[1, 2], deep={"a": [1, {}]}, last=x)', {"sizes": [1, 2], "deep": {"a": [1, {}]}, "last": "x"}),
            ("g(a=true, b=True, c=False, d=null)", {"a": True, "b": True, "c": False, "d": None}),
            ("g(a=1e3, b=01)", {"a": 1000.0, "b": "01"}),
        ):
            self.assertEqual(parse(text), (text.partition("(")[0].strip(), options), text)

    def test_what_is_wrong_is_shown(self) -> None:
        for text, told in (
            ("", "and options as in name(option=value, ...)"),
            ("chess(minutes=5", "write name"),
            ("chess)minutes=5(", "write name"),
            ("two words", "write name"),
            ("chess(5)", "write option=value, separated by commas, at '5'"),
            ("chess(minutes)", "at 'minutes'"),
            ("chess(minutes=)", "write a number, a word, or JSON, at ''"),
            ("chess(minutes=, b=1)", "write a number, a word, or JSON, at ', b=1'"),
            ('chess(name="open)', "at '\"open'"),
            ("chess(a=[1 b=2)", "at '[1 b=2'"),
            ("chess(a=[1] b=2)", "write a comma before ' b=2'"),
            ("chess(a=1, a=2)", "the option a is given twice"),
        ):
            self.assertIn(told, str(self.assertRaises(OptionsError, parse, text)), text)


class Checked(SynchronousTestCase):
    """Against what a model takes."""

    def test_all_are_kept_those_that_were_not_given_as_well(self) -> None:
        kept = json.loads(checked(Chosen, {"size": 5, "colour": "black"}))
        self.assertEqual(
            kept,
            {"size": 5, "name": "none", "rate": 0.5, "colour": "black", "sizes": [], "mode": None, "hard": False},
        )
        self.assertEqual(checked(Plain, {}), b"{}")

    def test_one_that_is_not_taken_is_named_with_those_that_are(self) -> None:
        for options, told in (
            ({"sise": 5}, "there is no option `sise`; it takes size, name, rate, colour, sizes, mode, hard"),
            ({"size": 20}, "Expected `int` <= 19 - at `size`"),
            ({"size": "big"}, "Expected `int`, got `str` - at `size`"),
            ({"colour": "blue"}, "Invalid enum value 'blue' - at `colour`"),
            ({"sizes": [1, "x"]}, "Expected `int`, got `str` - at `sizes[1]`"),
            ({"mode": "medium"}, "at `mode`"),
            ({"hard": None}, "Expected `bool`, got `null` - at `hard`"),
        ):
            self.assertIn(told, str(self.assertRaises(OptionsError, checked, Chosen, options)), options)
        self.assertIn("Plain takes no options", str(self.assertRaises(OptionsError, checked, Plain, {"size": 1})))

    def test_what_json_has_no_number_for_is_refused_though_it_might_be_null(self) -> None:
        class Loose(GameModel):
            def setup(
                self, rate: float = 0.5, most: float | None = None, all: list[float | None] | None = None
            ) -> None:
                pass

        for text in ("nan", "inf", "-inf"):
            number = float(text)
            for options in ({"rate": number}, {"most": number}, {"all": [1.0, number]}):
                (name,) = options
                told = str(self.assertRaises(OptionsError, checked, Loose, options))
                self.assertIn(f"NaN and infinity are no numbers that an option may have - at `{name}`", told)
        self.assertEqual(checked(Loose, {"all": [None, 2.0]}), b'{"rate":0.5,"most":null,"all":[null,2.0]}')

    def test_what_was_kept_is_given_in_the_types_that_setup_asks_for(self) -> None:
        options = given(Chosen, checked(Chosen, {"colour": "black", "sizes": [3, 4], "rate": 2}))
        self.assertEqual((options["colour"], options["sizes"], options["rate"]), (Colour.BLACK, (3, 4), 2.0))
        # A game that was created before there was an option has its default.
        self.assertEqual(given(Chosen, b"{}")["size"], 9)

    def test_what_a_model_of_today_does_not_take_any_more_is_said(self) -> None:
        error = self.assertRaises(OptionsError, given, Chosen, b'{"size":99}')
        self.assertIn("Chosen.setup does not take the options of this game any more", str(error))


class Served(SynchronousTestCase):
    """From the command line to the model."""

    def told(self, *games: str) -> str:
        return str(self.assertRaises(ConfigError, Catalog, games))

    def test_a_kind_has_its_options(self) -> None:
        kind = Catalog(["tests.test_options:Chosen(size=5, colour=black)"]).default
        self.assertEqual((kind.name, kind.model.__name__), ("Chosen", "Chosen"))
        self.assertEqual(json.loads(kind.options)["size"], 5)

    def test_the_model_is_set_up_with_them(self) -> None:
        options: dict[str, Any] = given(Chosen, checked(Chosen, {"size": 5, "colour": "black", "sizes": [1]}))
        reply = Table(Chosen, options=options).ask("look")
        self.assertEqual(reply["result"], [5, "none 0.5 black None False", [1]])
        self.assertEqual(Table(Chosen).ask("look")["result"], [9, "none 0.5 red None False", []])

    def test_what_is_wrong_with_them_is_found_when_the_server_is_started(self) -> None:
        for game, told in (
            ("tests.test_options:Chosen(size=99)", "Expected `int` <= 19 - at `size`"),
            ("tests.test_options:Chosen(sise=9)", "there is no option `sise`"),
            ("tests.test_options:Chosen(rate=NaN)", "NaN and infinity are no numbers"),
            ("tests.test_options:Plain(size=9)", "Plain takes no options"),
            ("tests.test_options:Chosen(size=9", "and options as in name(option=value, ...)"),
            ("tests.test_options:Picky(size=4)", "the setup of Picky failed: ValueError: too large"),
        ):
            message = self.told(game)
            self.assertIn(told, message)
            self.assertIn(repr(game.partition("(")[0])[1:-1], message)
