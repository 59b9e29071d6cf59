"""What a client's commands come to."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client.actions import Reject, Resolve
from gamesvc.client.commands import Commands
from gamesvc.client.failure import SessionClosed
from gamesvc.client.mirror import OutOfStep
from gamesvc.client.outbox import MAX_WAITING


def error(code: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "message": "it is so", "retryable": True, **more}


class Coming(SynchronousTestCase):
    def setUp(self) -> None:
        self.commands = Commands("p", lambda: 0.0)

    def send(self, *names: str) -> None:
        """Have them on their way."""
        for name in names:
            self.assertIsNone(self.commands.add(*self.commands.write(name, {})))
        self.assertEqual([json.loads(each.text)["command"] for each in self.commands.due(0.0)], list(names))

    def code(self, outcome: Resolve | Reject | None) -> str:
        assert isinstance(outcome, Reject)
        return outcome.error.code

    def test_each_has_an_id_of_its_own_and_what_is_none_takes_none(self) -> None:
        self.assertEqual(self.commands.write("go", {"cell": 4}), ("p-1", '{"command":"go","id":"p-1","cell":4}'))
        for arguments in ({"id": "x"}, {"command": "x"}, {"x": float("nan")}):
            self.assertRaises(ValueError, self.commands.write, "go", arguments)
        self.assertRaises(TypeError, self.commands.write, "go", {"x": object()})
        with self.assertRaisesRegex(TypeError, r"a command's name is a text, and not of type dict: write send\('mark'"):
            self.commands.write({"command": "go"}, {})  # type: ignore[arg-type]  # a mistake
        self.assertEqual(self.commands.write("go", {})[0], "p-2")
        pings = [json.loads(self.commands.ping().text) for _ in range(2)]
        self.assertEqual([each["id"] for each in pings], ["p-ping-1", "p-ping-2"])
        self.assertEqual(self.commands.write("go", {})[0], "p-3")

    def test_a_reply_is_its_own_commands_or_that_of_the_oldest(self) -> None:
        self.send("one", "two", "three")
        take = self.commands.take_reply
        self.assertEqual(take(0.0, {"status": "ok", "id": "p-2", "result": 7}), Resolve("p-2", 7))
        self.assertIsNone(take(0.0, {"status": "ok", "id": "p-2", "result": 7}), "it has its reply")
        self.assertEqual(take(0.0, {"status": "ok"}), Resolve("p-1", None))
        self.assertEqual(self.code(take(0.0, {"status": "error", "id": "p-3", "error": error("refused")})), "refused")
        self.assertIsNone(take(0.0, {"status": "ok"}), "nobody waits")

    def test_what_is_no_reply_is_told(self) -> None:
        self.send("one")
        self.assertRaises(OutOfStep, self.commands.take_reply, 0.0, {"status": "ok", "id": 1})
        self.assertRaises(LookupError, self.commands.take_reply, 0.0, {"status": "error", "id": "p-1"})

    def test_one_that_is_put_off_is_sent_again_and_others_wait_with_it(self) -> None:
        for code in ("rate_limited", "too_many_in_flight", "unavailable", "outcome_unknown"):
            self.setUp()
            self.send("one")
            reply = {"status": "error", "id": "p-1", "error": error(code, retry_ms=2000)}
            self.assertIsNone(self.commands.take_reply(1.0, reply))
            self.assertEqual(self.commands.paused_until, 3.0)
            self.assertEqual(list(self.commands.due(2.9)), [])
            self.assertEqual([json.loads(each.text)["id"] for each in self.commands.due(3.0)], ["p-1"])

    def test_where_the_server_does_not_say_how_long_the_waits_grow_until_one_has_its_reply(self) -> None:
        self.send("one")
        waits = []
        for _ in range(3):
            self.commands.take_reply(0.0, {"status": "error", "id": "p-1", "error": error("unavailable")})
            waits.append(self.commands.paused_until)
            list(self.commands.due(1e9))
        self.assertEqual(waits, [0.125, 0.25, 0.5])
        self.commands.take_reply(0.0, {"status": "ok", "id": "p-1"})
        self.send("two")
        self.commands.take_reply(0.0, {"status": "error", "id": "p-2", "error": error("unavailable")})
        self.assertEqual(self.commands.paused_until, 0.125)

    def test_a_server_may_not_ask_for_any_wait_it_likes(self) -> None:
        self.send("one")
        reply = {"status": "error", "id": "p-1", "error": error("unavailable", retry_ms=10**9)}
        self.commands.take_reply(1.0, reply)
        self.assertEqual(self.commands.paused_until, 301.0)

    def test_the_largest_of_those_on_their_way_is_given_up(self) -> None:
        self.assertIsNone(self.commands.give_up_largest())
        self.send("one", "the largest", "two")
        rejected = self.commands.give_up_largest()
        assert rejected is not None
        self.assertEqual((rejected.id, rejected.error.code), ("p-2", "message_too_big"))

    def test_after_a_lost_line_all_that_have_no_reply_go_again_as_they_were(self) -> None:
        self.send("one", "two", "three")
        self.commands.take_reply(0.0, {"status": "ok", "id": "p-2"})
        self.commands.line_lost()
        self.assertEqual([json.loads(each.text)["id"] for each in self.commands.due(0.0)], ["p-1", "p-3"])
        end = SessionClosed("closed", "it is over")
        self.assertEqual(self.commands.give_up(end), [Reject("p-1", end), Reject("p-3", end)])

    def test_no_more_wait_than_may(self) -> None:
        for number in range(MAX_WAITING):
            self.assertIsNone(self.commands.add(f"{number}", "{}"))
        self.assertEqual(self.code(self.commands.add("x", "{}")), "too_many_waiting")
