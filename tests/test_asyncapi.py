"""The AsyncAPI document: that it holds together, and says of each frame who sends it."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.asyncapi import asyncapi
from gamesvc.games.greetings import Greetings
from gamesvc.messages import SUBPROTOCOLS
from gamesvc.schema import definitions
from gamesvc.shapes import references
from tests.tictactoe import TicTacToe
from tests.trading import Trading, Viewed

MESSAGES = "#/channels/game/messages/"


class Document(SynchronousTestCase):
    def setUp(self) -> None:
        self.document = asyncapi("trading", Trading)

    def names(self, messages: list[dict[str, str]]) -> list[str]:
        """Of the channel's messages."""
        for each in messages:
            self.assertTrue(each["$ref"].startswith(MESSAGES))
        return [each["$ref"].removeprefix(MESSAGES) for each in messages]

    def test_whatever_it_refers_to_is_in_it(self) -> None:
        for model in (Trading, Viewed, TicTacToe, Greetings):
            document = asyncapi("g", model)
            for target in references(document):
                place: Any = document
                for step in target.removeprefix("#/").split("/"):
                    self.assertIn(step, place, target)
                    place = place[step]

    def test_its_head(self) -> None:
        self.assertEqual(self.document["asyncapi"], "3.0.0")
        self.assertEqual(self.document["info"], {"title": "trading", "version": "3", "description": "Trade."})
        self.assertEqual(self.document["defaultContentType"], "application/json")

    def test_where_to_connect(self) -> None:
        channel = self.document["channels"]["game"]
        self.assertEqual(channel["address"], "/{game}")
        self.assertEqual(list(channel["parameters"]), ["game"])
        binding = channel["bindings"]["ws"]
        self.assertEqual(
            list(binding["query"]["properties"]), ["player", "token", "spectate", "state", "epoch", "since"]
        )
        offered = binding["headers"]["properties"]["Sec-WebSocket-Protocol"]["enum"]
        self.assertEqual(offered, list(SUBPROTOCOLS))

    def test_commands_are_received_each_with_its_reply(self) -> None:
        operations = self.document["operations"]
        for name in ("trade", "skip", "count", "look"):
            operation = operations[f"command.{name}"]
            self.assertEqual(operation["action"], "receive")
            self.assertEqual(self.names(operation["messages"]), [f"command.{name}"])
            self.assertEqual(self.names(operation["reply"]["messages"]), [f"reply.{name}", "error"])
        self.assertEqual(operations["command.trade"]["summary"], "Trade a card.")

    def test_events_and_gamesvcs_own_frames_are_sent(self) -> None:
        operations = self.document["operations"]
        self.assertEqual({operations[name]["action"] for name in ("event", "framework")}, {"send"})
        self.assertEqual(
            self.names(operations["event"]["messages"]),
            ["event.Traded", "event.Passed", "event.Shuffled", "event.State"],
        )
        self.assertIn("gamesvc.welcome", self.names(operations["framework"]["messages"]))

    def test_each_frame_is_a_message_of_the_channel_with_its_schema(self) -> None:
        frames = [
            name for name in definitions(Trading) if name == "error" or name.startswith(("command.", "reply."))
        ] + [name for name in definitions(Trading) if name.startswith(("event.", "gamesvc."))]
        messages = self.document["components"]["messages"]
        self.assertCountEqual(messages, frames)
        self.assertEqual(list(self.document["channels"]["game"]["messages"]), list(messages))
        for name, message in messages.items():
            self.assertEqual(message["name"], name)
            self.assertEqual(message["payload"], {"$ref": f"#/components/schemas/{name}"})

    def test_tuples_are_written_as_its_dialect_has_it(self) -> None:
        schemas = self.document["components"]["schemas"]
        self.assertEqual(schemas["type.Place"]["items"], [{"type": "integer"}, {"type": "integer"}])
        self.assertNotIn("prefixItems", schemas["type.Place"])
        self.assertNotIn("prefixItems", str(self.document))

    def test_a_tuple_without_a_name_and_nothing_behind_it(self) -> None:
        from gamesvc.asyncapi import _as_draft_7

        self.assertEqual(
            _as_draft_7({"type": "array", "prefixItems": [{"type": "string"}], "items": False}),
            {"type": "array", "items": [{"type": "string"}], "additionalItems": False},
        )
