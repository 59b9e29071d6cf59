"""What can be said in a game, held against what is said when it is played."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from types import new_class
from typing import Any

import msgspec
from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import DefinitionError, Event, GameModel, Player, command, messages
from gamesvc.errors import ERROR_CODES
from gamesvc.games.greetings import Greetings
from gamesvc.schema import DIALECT, definitions, json_schema
from gamesvc.shapes import references
from gamesvc.testing import Refused, Table
from tests.json_schemas import faults
from tests.nim import Nim, Shown
from tests.tictactoe import TicTacToe
from tests.trading import Trading, Viewed


class Described(SynchronousTestCase):
    def setUp(self) -> None:
        self.known = definitions(Trading)

    def assert_is(self, value: Any, name: str) -> None:
        self.assertEqual(list(faults(value, self.known[name], self.known)), [], value)

    def assert_is_not(self, value: Any, name: str) -> None:
        self.assertNotEqual(list(faults(value, self.known[name], self.known)), [], value)


class Document(SynchronousTestCase):
    def test_it_is_one_document_with_all_that_it_refers_to(self) -> None:
        for model in (Trading, Viewed, TicTacToe, Greetings):
            document = json_schema("the-kind", model)
            self.assertEqual(document["$schema"], DIALECT)
            self.assertEqual((document["title"], document["description"]), ("the-kind", model.__doc__))
            targets = {target.removeprefix("#/$defs/") for target in references(document)}
            self.assertLessEqual(targets, set(document["$defs"]))
            named = {name for name in document["$defs"] if name.startswith("type.")}
            self.assertLessEqual(named, targets, "nothing is described that nothing refers to")

    def test_it_is_the_same_each_time(self) -> None:
        self.assertEqual(json.dumps(json_schema("t", Trading)), json.dumps(json_schema("t", Trading)))

    def test_a_small_game(self) -> None:
        known = definitions(TicTacToe)
        self.assertEqual(
            [name for name in known if not name.startswith("gamesvc.")],
            [
                *("command", "command.mark", "command.gamesvc.leave", "command.gamesvc.sit", "command.gamesvc.bot"),
                *("reply", "reply.mark", "reply.gamesvc.leave", "reply.gamesvc.sit", "reply.gamesvc.bot"),
                *("error", "event", "event.Marked", "event.Finished", "state", "options", "framework"),
            ],
        )
        self.assertEqual(known["command.mark"]["description"], "Put your mark on an empty cell, 0 to 8.")
        self.assertEqual(known["command.mark"]["properties"]["cell"], {"type": "integer"})
        self.assertEqual(known["command.mark"]["required"], ["command", "cell"])

    def test_without_seats_there_is_none_to_give_up(self) -> None:
        self.assertNotIn("command.gamesvc.leave", definitions(Greetings))

    def test_a_game_without_events(self) -> None:
        class Silent(GameModel):
            @command
            def nothing(self, player: Player) -> None:
                """Do nothing."""

        known = definitions(Silent)
        self.assertNotEqual(list(faults({"event": "X", "seq": 1}, known["event"], known)), [])


class Commands(Described):
    def test_each_as_a_client_may_send_it(self) -> None:
        card = {"suit": "ore"}
        for message in (
            {"command": "skip"},
            {"command": "skip", "id": "c-1"},
            {"command": "gamesvc.leave"},
            {"command": "trade", "card": card, "price": 1},
            {"command": "trade", "card": {**card, "note": None}, "price": 0.5, "where": [1, 2], "times": 3},
            {"command": "trade", "card": card, "price": 1, "where": None},
        ):
            self.assert_is(message, "command")

    def test_none_as_it_would_be_refused(self) -> None:
        card = {"suit": "ore"}
        refused: tuple[dict[str, Any], ...] = (
            {"command": "jump"},
            {"command": "skip", "id": ""},
            {"command": "skip", "id": "c" * 65},
            {"command": "skip", "louder": True},
            {"command": "trade", "card": card},
            {"command": "trade", "card": card, "price": -1},
            {"command": "trade", "card": {"suit": "wood"}, "price": 1},
            {"command": "trade", "card": card, "price": 1, "where": [1]},
            {"command": "trade", "card": card, "price": 1, "player": "bob"},
        )
        for message in refused:
            self.assert_is_not(message, "command")

    def test_the_whole_docstring_is_there(self) -> None:
        self.assertEqual(self.known["command.trade"]["description"], "Trade a card.\n\nFor a price.")

    def test_results(self) -> None:
        self.assert_is({"status": "ok", "result": 3, "id": "c-1", "duplicate": True}, "reply.count")
        for message in ({"status": "ok"}, {"status": "ok", "result": "3"}, {"status": "error", "result": 3}):
            self.assert_is_not(message, "reply.count")
        self.assert_is({"status": "ok"}, "reply.skip")
        self.assertNotIn("result", self.known["reply.skip"]["properties"])
        self.assert_is({"status": "ok"}, "reply.trade")
        self.assert_is({"status": "ok", "result": {"suit": "ore", "value": 1, "note": None}}, "reply.trade")
        self.assert_is_not({"status": "ok", "result": None}, "reply.trade")
        anything: tuple[Any, ...] = ({"deck": 1}, [1], 1, "")
        for result in anything:
            self.assert_is({"status": "ok", "result": result}, "reply.look")
        self.assert_is({"status": "ok"}, "reply.look")

    def test_a_result_whose_annotation_means_nothing_may_be_anything(self) -> None:
        class Local(Struct):
            value: int

        class Strange(GameModel):
            @command
            def go(self, player: Player) -> Local:
                """Go."""
                return Local(1)

            @command
            def come(self, player: Player):  # type: ignore[no-untyped-def]  # that's what is tested
                """Come."""

            @command
            def stay(self, player: Player) -> Iterator[int]:
                """Stay."""
                return iter(())

        known = definitions(Strange)
        for name in ("reply.go", "reply.come", "reply.stay"):
            self.assertLessEqual(set(known[name]["properties"]["result"]), {"title"})
        self.assertEqual(known["reply.come"]["required"], ["status"])

    def test_errors(self) -> None:
        error = {"code": "bad_json", "message": "no", "retryable": False}
        for code in (*ERROR_CODES, "not_your_turn"):
            self.assert_is({"status": "error", "error": {**error, "code": code}}, "error")
        self.assert_is({"status": "error", "error": {**error, "retry_ms": 20}, "id": "c"}, "reply")
        self.assert_is_not({"status": "error", "error": {**error, "code": "Not Your Turn"}}, "error")
        self.assert_is_not({"status": "error", "error": {"code": "bad_json"}}, "error")
        codes = self.known["error"]["properties"]["error"]["properties"]["code"]["anyOf"][0]["enum"]
        self.assertEqual(codes, list(ERROR_CODES))


class State(Described):
    def test_secret_fields_are_not_in_it_and_none_is_left_out(self) -> None:
        state = self.known["state"]
        self.assertEqual(
            list(state["properties"]), ["piles", "by_number", "hands", "last", "seen", "level", "kind", "tree"]
        )
        self.assertEqual(state["required"], ["piles", "by_number", "hands", "seen", "level", "tree"])
        self.assertEqual(state["properties"]["kind"], {"enum": ["fast", "slow"]})
        self.assertEqual(state["properties"]["last"], {"$ref": "#/$defs/type.CardInState"})

    def test_the_authors_own_view_may_be_anything(self) -> None:
        state = definitions(Viewed)["state"]
        self.assertEqual(state["type"], "object")
        self.assertNotIn("properties", state)

    def test_options(self) -> None:
        for options in ({}, {"cards": 3}, {"suits": ["ore"]}, {"suits": None}):
            self.assert_is(options, "options")
        for options in ({"cards": 0}, {"dice": 1}, {"suits": ["wood"]}):
            self.assert_is_not(options, "options")
        self.assertEqual(self.known["options"]["properties"]["cards"]["default"], 52)


class Legal(Described):
    """What a player may do."""

    def setUp(self) -> None:
        self.known = definitions(Nim)

    def test_it_is_a_list_of_commands_and_not_shown_to_all(self) -> None:
        for legal in ([], [{"command": "take", "count": 2}]):
            self.assert_is({"left": 3, "legal": legal}, "state")
        self.assert_is({"left": 3}, "state")
        for wrong in ([{"command": "jump"}], [{"count": 2}], {"command": "take", "count": 2}):
            self.assert_is_not({"left": 3, "legal": wrong}, "state")

    def test_it_stands_beside_whatever_the_authors_own_view_shows(self) -> None:
        self.known = definitions(Shown)
        self.assert_is({"heaps": [1], "legal": [{"command": "take", "count": 2}]}, "state")
        self.assert_is_not({"heaps": [1], "legal": [{"command": "jump"}]}, "state")


class Played(Described):
    def test_each_frame_of_a_game_is_as_it_is_described(self) -> None:
        table = Table(Trading, "alice", "bob")
        table.watch("carol")
        table.send("alice", "trade", card={"suit": "ore"}, price=0.5)
        table.send("bob", "trade", card={"suit": "grain", "note": "n"}, price=2)
        table.send("bob", "skip")
        table.send("bob", "count")
        table.send("bob", "look")
        self.assertRaises(Refused, table.send, "bob", "trade")
        table.disconnect("bob")
        table.advance(60)
        table.connect("bob")
        table.advance(60)
        kinds = set()
        for name in ("alice", "bob", "carol"):
            for frame in table.frames(name):
                told = frame.get("event", "")
                kind = "reply" if "status" in frame else "framework" if told.startswith("gamesvc.") else "event"
                self.assert_is(frame, kind)
                # As one of several it might pass for another.
                if told:
                    self.assert_is(frame, told if kind == "framework" else f"event.{told}")
                kinds.add(told or frame["status"])
            self.assert_is(table.state_of(name), "state")
        self.assertLessEqual({"gamesvc.welcome", "Traded", "Passed", "Shuffled", "State", "ok", "error"}, kinds)

    def test_an_event_has_its_number(self) -> None:
        for wrong in ({}, {"seq": 0}, {"seq": "1"}):
            self.assert_is_not({"event": "Passed", **wrong}, "event")
        self.assert_is({"event": "Passed", "seq": 1}, "event")


class Framework(Described):
    def test_each_frame_has_the_keys_that_are_sent(self) -> None:
        sent = {
            each.__struct_config__.tag: each
            for each in vars(messages).values()
            if isinstance(each, type)
            and issubclass(each, msgspec.Struct)
            and each.__struct_config__.tag_field == "event"
        }
        self.assertIn("gamesvc.welcome", sent)
        for name, struct in sent.items():
            described = self.known[str(name)]
            fields = msgspec.structs.fields(struct)
            keys = [key for key in described["properties"] if key not in ("event", "seq")]
            self.assertEqual(keys, [each.encode_name for each in fields if each.name != "seq"], name)
            required = [key for key in described["required"] if key not in ("event", "seq")]
            self.assertEqual(
                required, [each.encode_name for each in fields if each.required and each.name != "seq"], name
            )

    def test_any_of_them(self) -> None:
        names = [name for name in self.known if name.startswith("gamesvc.")]
        self.assertEqual([f"#/$defs/{name}" for name in names], list(references(self.known["framework"])))
        self.assert_is({"event": "gamesvc.joined", "player": "a", "seat": 0, "seq": 1}, "framework")
        self.assert_is_not({"event": "gamesvc.joined", "player": "a", "seat": -1, "seq": 1}, "framework")


class Mistakes(SynchronousTestCase):
    def test_two_events_of_one_name(self) -> None:
        def made(key: str) -> type[Event]:
            def fill(body: dict[str, Any]) -> None:
                body.update(__module__=f"module_{key}", __annotations__={key: int})

            return new_class("Twice", (Event,), exec_body=fill)

        first, second = made("a"), made("b")

        class Game(GameModel):
            EVENTS = (first, second)

            @command
            def go(self, player: Player) -> None:
                """Go."""

        known = definitions(Game)
        self.assertEqual(list(references(known["event"])), ["#/$defs/event.Twice", "#/$defs/event.Twice2"])
        self.assertEqual(known["event.Twice2"]["properties"]["event"], {"const": "Twice"})
        self.assertIn("b", known["event.Twice2"]["properties"])

    def test_two_classes_that_nothing_tells_apart(self) -> None:
        first, second = (msgspec.defstruct("Twin", [(key, int)]) for key in "ab")

        class Game(GameModel):
            @command
            def go(self, player: Player, first: first, second: second) -> None:  # type: ignore[valid-type]  # made above
                """Go."""

        error = self.assertRaises(DefinitionError, definitions, Game)
        self.assertRegex(str(error), "^Game: there is no schema for a type in it: .*Twin")

    def test_an_event_whose_types_can_not_be_found_is_named(self) -> None:
        class Local(Enum):
            A = "a"

        class Odd(Event):
            value: Local

        class Game(GameModel):
            @command
            def go(self, player: Player) -> None:
                self.publish(Odd(Local.A))

        error = self.assertRaises(DefinitionError, definitions, Game)
        self.assertRegex(str(error), "^Odd: an annotation is not usable: .*Local")
