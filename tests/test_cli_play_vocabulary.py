"""What can be said in a game: read from its JSON Schema, and from what is legal."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.catalog import Catalog
from gamesvc.cli.play_vocabulary import (
    Argument,
    BadSchema,
    Command,
    Vocabulary,
    choices_in,
    from_choices,
    from_schema,
)
from gamesvc.schema import definitions, refer


def vocabulary_of(game: str) -> Vocabulary:
    """The commands of a game that ships, as its schema tells them."""
    return from_schema({**refer("command"), "$defs": definitions(Catalog((game,)).default.model)})


def described(**properties: Any) -> Command:
    """A command with arguments of these schemas."""
    schema = {"properties": {"command": {"const": "go"}, "id": {}, **properties}, "required": ["command", "must"]}
    (command,) = from_schema({"anyOf": [schema], "$defs": {"type.Suit": {"enum": ["C", "D"]}}})
    return command


def argument(schema: Any) -> Argument:
    """An argument of this schema."""
    found = described(given=schema).argument("given")
    assert found is not None
    return found


class FromSchema(SynchronousTestCase):
    def test_each_command_of_a_game_is_found_with_its_arguments_in_their_order(self) -> None:
        found = {command.name: [each.name for each in command.arguments] for command in vocabulary_of("crazy-eights")}
        own = {name: arguments for name, arguments in found.items() if not name.startswith("gamesvc.")}
        self.assertEqual(own, {"deal": [], "draw": [], "pass_on": [], "play": ["card", "suit"]})
        self.assertEqual(found["gamesvc.bot"], ["bot", "player"])
        self.assertTrue(vocabulary_of("crazy-eights").is_whole)

    def test_a_command_is_found_in_upper_and_in_lower_case(self) -> None:
        vocabulary = vocabulary_of("tic-tac-toe")
        for name in ("mark", "MARK"):
            command = vocabulary.find(name)
            assert command is not None
            self.assertEqual((command.name, command.doc), ("mark", "Put your mark on an empty cell, 0 to 8."))
        self.assertIsNone(vocabulary.find("jump"))

    def test_what_must_be_given_is_told_from_what_may(self) -> None:
        found = described(must={"type": "string"}, may={"type": "string", "description": "as you like"})
        self.assertEqual([(each.name, each.is_required) for each in found.arguments], [("must", True), ("may", False)])
        self.assertEqual([each.doc for each in found.arguments], ["", "as you like"])

    def test_an_argument_takes_values_of_its_types_and_no_others(self) -> None:
        values = ("x", 4, 0.5, True, None, [1], {"a": 1})
        for schema, taken in (
            ({"type": "string"}, ("x",)),
            ({"type": "integer"}, (4,)),
            ({"type": "number"}, (4, 0.5)),
            ({"type": "boolean"}, (True,)),
            ({"type": "array", "items": {}}, ([1],)),
            ({"type": "object"}, ({"a": 1},)),
            ({"type": ["string", "null"]}, ("x", None)),
            ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, (4, None)),
            ({"enum": ["x", 4]}, ("x", 4)),
            # In Python True is 1.
            ({"enum": [1]}, ()),
            ({"const": "x"}, ("x",)),
            ({}, values),
            ({"anyOf": [{"type": "integer"}, {}]}, values),
            (True, values),
        ):
            found = argument(schema)
            self.assertEqual([value for value in values if found.takes(value)], list(taken), schema)

    def test_references_are_followed_and_not_in_circles(self) -> None:
        self.assertEqual(
            argument({"anyOf": [{"$ref": "#/$defs/type.Suit"}, {"type": "null"}]}).choices, ["C", "D", None]
        )
        round_and_round = {"$ref": "#/$defs/a"}
        command = {"properties": {"command": {"const": "go"}, "x": round_and_round}}
        circle = {"$defs": {"a": round_and_round}, "anyOf": [command]}
        (found,) = from_schema(circle)
        self.assertTrue(found.arguments[0].takes("anything"))

    def test_values_are_listed_where_they_are_few(self) -> None:
        self.assertEqual(argument({"type": "integer", "minimum": 2, "maximum": 4}).choices, [2, 3, 4])
        self.assertEqual(argument({"type": "integer", "minimum": 0, "maximum": 10**12}).choices, [])
        self.assertEqual(argument({"type": "integer", "minimum": 0}).choices, [])
        self.assertEqual(argument({"type": "boolean"}).choices, [False, True])
        self.assertEqual(argument({"type": "string"}).choices, [])

    def test_what_is_wanted_is_said_in_words(self) -> None:
        cases: list[tuple[Any, str]] = [
            ({"type": "integer", "minimum": 0, "maximum": 8}, "a whole number from 0 to 8"),
            ({"anyOf": [{"enum": ["C", "D"]}, {"type": "null"}]}, "one of C, D or null"),
            ({"type": ["string", "null"]}, "text or null"),
            ({}, "anything"),
        ]
        for schema, words in cases:
            self.assertEqual(argument(schema).wanted, words)

    def test_a_game_without_commands_has_none(self) -> None:
        self.assertEqual(list(from_schema({"description": "what players can do", "not": {}})), [])

    def test_what_describes_no_commands_is_refused(self) -> None:
        many = [{"type": "string"}] * 40
        nested: Any = {"anyOf": [{"anyOf": [{"anyOf": many}] * 40}] * 40}
        command = {"const": "go"}
        schemas: list[Any] = [
            None,
            [],
            {"$defs": 4},
            {"anyOf": [{}]},
            {"anyOf": [{"properties": {"command": {"const": 4}}}]},
            {"anyOf": [{"properties": {"command": "go"}}]},
            {"anyOf": [{"properties": {"command": command}, "required": "command"}]},
            {"anyOf": [{"properties": {"command": command, "x": nested}}]},
        ]
        for schema in schemas:
            with self.assertRaises(BadSchema):
                from_schema(schema)


class FromChoices(SynchronousTestCase):
    def test_what_is_legal_tells_some_of_the_commands(self) -> None:
        found = from_choices(({"command": "play", "card": "8C", "suit": "H"}, {"command": "draw"}))
        self.assertEqual(
            [(command.name, [each.name for each in command.arguments]) for command in found],
            [("play", ["card", "suit"]), ("draw", [])],
        )
        self.assertFalse(found.is_whole)

    def test_choices_are_found_in_a_state_whatever_else_it_holds(self) -> None:
        choice = {"command": "draw"}
        self.assertEqual(choices_in({"legal": [choice], "x": 1}), [choice])
        states: list[Any] = [None, {}, {"legal": 4}, {"legal": [4]}, {"legal": [{}]}, {"legal": [{"command": 4}]}]
        for state in states:
            self.assertEqual(choices_in(state), [])
