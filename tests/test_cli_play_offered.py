"""What a server says of the games that it offers."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.cli.play_offered import NotTold, ask, understood
from gamesvc.client.address import Address
from tests.e2e.processes import free_port

COMMANDS = {"anyOf": [{"properties": {"command": {"const": "mark"}, "cell": {"type": "integer"}}, "required": []}]}


class Understood(SynchronousTestCase):
    def test_each_kind_has_its_commands(self) -> None:
        told: dict[str, Any] = {"kinds": [{"name": "x", "title": "X", "commands": COMMANDS}], "more": 1}
        found = understood(json.dumps(told).encode())
        self.assertEqual([command.name for command in found["x"]], ["mark"])

    def test_one_that_can_not_be_understood_is_left_out(self) -> None:
        told = {"kinds": [{"name": "x", "commands": {}}, {"name": "y", "commands": COMMANDS}]}
        self.assertEqual(list(understood(json.dumps(told).encode())), ["y"])

    def test_what_is_no_such_answer_is_told(self) -> None:
        for body in (
            b"",
            b"<html>",
            b"[]",
            b"{}",
            b'{"kinds": 4}',
            b'{"kinds": [{"name": 4}]}',
            b"\xff",
            b"[" * 100_000,
        ):
            with self.assertRaises(NotTold):
                understood(body)


class Ask(SynchronousTestCase):
    def test_where_nobody_answers_that_is_told(self) -> None:
        with self.assertRaises(NotTold) as caught:
            ask(Address(f"ws://127.0.0.1:{free_port()}/g"))
        self.assertIn("/api/kinds", str(caught.exception))
