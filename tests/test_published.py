"""Which events are found in the code of a model."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameModel, Player, command, field
from gamesvc.published import published
from tests import drawing, tictactoe, trading


class Direct(Event):
    pass


class InLambda(Event):
    pass


class InProperty(Event):
    pass


class InStatic(Event):
    pass


class ByDefault(Event):
    pass


class Listed(Event):
    pass


class Mapped(Event):
    pass


class Constant(Event):
    pass


class ByFunction(Event):
    pass


class ByField(Event):
    pass


class Decorated(Event):
    pass


class Inherited(Event):
    pass


class Mixed(Event):
    pass


class FromObject(Event):
    pass


class Unused(Event):
    pass


class Base(Event):
    pass


EVENTS = [Listed, {"mapped": (Mapped,)}]


def deeper(model: GameModel) -> None:
    model.publish(ByFunction())
    publish(model)


def publish(model: GameModel) -> None:
    deeper(model)


class Part(Struct):
    def event(self) -> Event:
        return ByField()


class Referee:
    def judge(self) -> Event:
        return FromObject()


REFEREE = Referee()


class Mixin:
    __slots__ = ()

    def mix(self) -> Event:
        return Mixed()


def logged(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        Decorated()
        return method(*arguments)

    return functools.wraps(method)(call)


class Parent(GameModel):
    @command
    def inherited(self, player: Player) -> None:
        self.publish(Inherited())


class Everything(Mixin, Parent):
    CONSTANT = (Constant,)
    parts: dict[str, list[Part]] = field(default_factory=dict)

    class Nested(Event):
        pass

    @command
    def direct(self, player: Player) -> None:
        self.publish(Direct())

    @command
    def various(self, player: Player) -> None:
        make = lambda: InLambda()  # noqa: E731  # that one within another is found is what is tested
        self.publish(make())
        self.publish(EVENTS[0]())  # type: ignore[operator]  # a list of anything
        publish(self)
        self.publish(REFEREE.judge())
        self.publish(tictactoe.Marked(player, 1))

    @property
    def made(self) -> Event:
        return InProperty()

    @staticmethod
    def make() -> Event:
        return InStatic()

    def default(self, kind: type[Event] = ByDefault) -> None:
        self.publish(kind())

    @logged
    def decorated(self) -> None:
        pass


class Published(SynchronousTestCase):
    def names(self, model: type[GameModel]) -> list[str]:
        return [event.__name__ for event in published(model)]

    def test_those_of_a_small_game_in_the_order_of_its_code(self) -> None:
        self.assertEqual(published(tictactoe.TicTacToe), (tictactoe.Marked, tictactoe.Finished))

    def test_each_way_in_which_code_can_name_one(self) -> None:
        self.assertCountEqual(
            self.names(Everything),
            [
                *("Direct", "InLambda", "InProperty", "InStatic", "ByDefault", "Listed", "Mapped", "Constant"),
                *("ByFunction", "ByField", "Decorated", "Inherited", "Mixed", "FromObject", "Nested", "Marked"),
            ],
        )

    def test_what_nothing_names_is_not_found_and_event_itself_is_none(self) -> None:
        names = self.names(Everything)
        self.assertNotIn("Unused", names)
        self.assertNotIn("Base", names)
        self.assertNotIn("Event", names)
        self.assertNotIn("Finished", names, "another module is not taken for all that it holds")

    def test_a_name_within_a_function_means_what_it_means_there(self) -> None:
        class Local(Event):
            pass

        class Game(GameModel):
            @command
            def go(self, player: Player) -> None:
                self.publish(Local())

        self.assertEqual(published(Game), (Local,))

    def library(self, name: str) -> ModuleType:
        """A module with an event, and a function that publishes it."""
        module = ModuleType(name)
        exec(
            "from gamesvc import Event\n"
            "class Foreign(Event):\n    pass\n"
            "def help(model):\n    model.publish(Foreign())\n",
            vars(module),
        )
        return module

    def test_functions_of_the_same_package_are_looked_into_and_no_others(self) -> None:
        for name, found in (("tests.library", ["Foreign"]), ("library", []), ("other.library", [])):
            library = self.library(name)

            class Game(GameModel):
                @command
                def go(self, player: Player) -> None:
                    library.help(self)  # noqa: B023  # the class is used within the loop

            self.assertEqual(self.names(Game), found, name)

    def test_modules_without_a_package_are_no_package_together(self) -> None:
        alone = ModuleType("alone")
        vars(alone)["library"] = self.library("library")
        exec(
            "from gamesvc import GameModel, Player, command\n"
            "class Game(GameModel):\n"
            "    @command\n"
            "    def go(self, player: Player) -> None:\n"
            "        library.help(self)\n",
            vars(alone),
        )
        self.assertEqual(self.names(alone.Game), [])

    def test_an_event_of_any_module_is_found_where_it_is_named(self) -> None:
        library = self.library("library")

        class Game(GameModel):
            @command
            def go(self, player: Player) -> None:
                self.publish(library.Foreign())

        self.assertEqual(self.names(Game), ["Foreign"])

    def test_an_attribute_is_not_taken_for_what_the_module_has_of_its_name(self) -> None:
        class Game(GameModel):
            @command
            def go(self, player: Player) -> None:
                self.publish(Direct())

        self.assertEqual(self.names(Game), ["Direct"], "there is a function publish in this module")

    def test_a_module_is_not_made_to_import_anything(self) -> None:
        lazy = ModuleType("lazy")

        def refuse(name: str) -> Any:
            self.fail(f"it was asked for {name}")

        vars(lazy)["__getattr__"] = refuse

        class Game(GameModel):
            @command
            def go(self, player: Player) -> None:
                self.publish(lazy.Marked())

        self.assertEqual(published(Game), ())

    def test_the_games_of_these_tests(self) -> None:
        self.assertEqual(self.names(trading.Trading), ["Traded", "Passed", "Shuffled", "State"])
        self.assertIn("Drew", self.names(drawing.Drawing))
