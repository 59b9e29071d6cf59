"""GameConnection: bytes in, bytes out."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple
from unittest import mock

import autobahn.websocket.protocol
import txaio
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.auth import TokenValidator
from gamesvc.controller import GameController
from gamesvc.errors import HTTP_REFUSALS, CloseCode
from gamesvc.handshake import OpeningRequest
from gamesvc.keys import VerifyingKey
from gamesvc.limits import ENTER_SECONDS, MAX_FRAGMENTS
from tests.test_deflate import deflated
from tests.wire import NOW, HeldJournal, Line, Logged, Transport, World, close_frame, frame, opening

FAST = settings(
    deadline=None,
    database=None,
    max_examples=150,
    # Some tests are run again by a class that inherits them, which is meant.
    suppress_health_check=[HealthCheck.differing_executors],
)
VALIDATOR = TokenValidator("urn:test", VerifyingKey("EdDSA", Ed25519PrivateKey.generate().public_key()), lambda: NOW)
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
HELLO = {"event": "HelloEvent", "message": "Hello"}
OK = {"status": "ok"}


def rsv1(data: bytes) -> bytes:
    """A frame that says of its message that it is compressed."""
    return bytes((data[0] | 0x40,)) + data[1:]


class Conversation(SynchronousTestCase):
    def test_everybody_in_the_game_gets_the_event_and_its_sender_before_the_reply(self) -> None:
        world = World()
        alice, bob, carol = world.opened("/lobby"), world.opened("/any/path/lobby"), world.opened("/elsewhere")
        alice.say(command="hello")
        self.assertEqual(alice.heard(), [HELLO | {"seq": 1}, OK])
        self.assertEqual(bob.heard(), [HELLO | {"seq": 1}])
        self.assertEqual(carol.heard(), [])

    def test_events_and_reply_of_a_turn_leave_in_one_write(self) -> None:
        alice = World().opened()
        writes = len(alice.transport.writes)
        alice.send(frame(b'{"command":"hello"}') + frame(b'{"command":"yo"}') + frame(b"{}"))
        self.assertEqual(len(alice.transport.writes), writes + 1)
        self.assertEqual(len(alice.heard()), 5)

    def test_a_handshake_and_frames_may_come_in_any_pieces(self) -> None:
        data = opening() + frame(b'{"command":"hello"}') + frame(b'{"com', fin=False) + frame(b'mand":"yo"}', 0)
        for size in (1, 2, 3, 7, len(data)):
            alice = World().line()
            for start in range(0, len(data), size):
                alice.send(data[start : start + size])
            self.assertEqual(alice.response().status, 101)
            self.assertEqual([each.get("event") for each in alice.heard()], ["HelloEvent", None, "YoEvent", None])

    def test_who_speaks_v1_is_welcomed_first_and_gets_ids_back(self) -> None:
        world = World()
        world.opened("/lobby?player=bob").say(command="hello")
        alice = world.line()
        alice.ask("/lobby?player=alice", "Sec-WebSocket-Protocol: gamesvc.v1")
        self.assertEqual(alice.response().headers["Sec-WebSocket-Protocol"], "gamesvc.v1")
        alice.say(command="hello", id="c-17")
        welcome, event, reply = alice.heard()
        self.assertEqual(
            welcome,
            {
                "event": "gamesvc.welcome",
                "game": "lobby",
                "kind": "greetings",
                "epoch": "cnJycnJycnJy",
                "seq": 1,
                "resumed": False,
                "player": "alice",
                "playing": True,
                "players": [],
                "present": ["bob", "alice"],
            },
        )
        self.assertEqual((event["seq"], reply), (2, {"status": "ok", "id": "c-17"}))

    def test_nothing_is_agreed_to_that_was_not_offered_and_no_server_named(self) -> None:
        alice = World().line()
        alice.ask("/lobby", "Sec-WebSocket-Extensions: permessage-bzip2")
        headers = alice.response().headers
        self.assertEqual(set(headers), {"Upgrade", "Connection", "Sec-WebSocket-Accept"})
        self.assertEqual(headers["Sec-WebSocket-Accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")  # of RFC 6455, section 1.3

    def test_a_ping_is_answered(self) -> None:
        alice = World().opened()
        alice.send(frame(b"are you there", 9))
        self.assertEqual(alice.frames(), [(10, b"are you there")])


class Refusal(SynchronousTestCase):
    def test_each_refusal_is_answered_with_its_status_and_a_body_that_says_its_code(self) -> None:
        cases = {
            "bad_request": b"GET /lobby HTTP/1.1\r\nHost : x\r\n\r\n",
            "duplicate_header": opening("/lobby", "Host: a", "Host: b"),
            "bad_upgrade": opening("/lobby", "Sec-WebSocket-Key: short"),
            "bad_game_id": opening("/no.dots"),
            "bad_query": opening("/lobby?player=a&player=b"),
            "bad_player": opening("/lobby?player=%07"),
            "token_twice": opening("/lobby?token=a", "Authorization: Bearer a"),
            "unknown_subprotocol": opening("/lobby", "Sec-WebSocket-Protocol: bearer.a.b.c"),
            "origin_not_allowed": opening("/lobby", "Origin: https://evil.example"),
            "method_not_allowed": b"POST /lobby HTTP/1.1\r\nHost: x\r\n\r\n",
            "upgrade_required": b"GET /lobby HTTP/1.1\r\nHost: x\r\n\r\n",
            "headers_too_large": opening("/lobby", "X: " + "x" * 16384),
        }
        for code, request in cases.items():
            line = World().line()
            line.send(request)
            response, refusal = line.response(), HTTP_REFUSALS[code]
            self.assertEqual((response.status, response.code), (refusal.status, code))
            self.assertLessEqual(set(refusal.headers), set(response.headers.items()))
            self.assertEqual(response.headers["Content-Type"], "application/json")
            self.assertNotIn("Server", response.headers)

    def test_nothing_of_the_request_is_repeated(self) -> None:
        for request in (
            opening("/echo-me!?echo-me"),
            opening("/lobby", "Origin: https://echo-me.example"),
            opening("/lobby", "Sec-WebSocket-Key: echo-me"),
            opening("/lobby?player=a&player=echo-me"),
            b"ECHO-ME /echo-me HTTP/9.9\r\n\r\n",
        ):
            line = World().line()
            line.send(request)
            self.assertNotIn(b"echo-me", line.received().lower())

    def test_who_is_refused_may_read_why_and_is_cut_off_soon(self) -> None:
        world = World()
        line = world.line()
        line.ask("/no.dots")
        line.send(b"more, which nobody reads")
        self.assertTrue(line.transport.half_closed)
        self.assertFalse(line.transport.lost)
        world.pass_time(2)
        self.assertTrue(line.transport.lost)
        self.assertEqual(world.listener.connections, ())

    def test_headers_without_end_are_refused_before_they_end(self) -> None:
        line = World(max_header_bytes=1000).line()
        line.send(b"GET /lobby HTTP/1.1\r\nX: " + b"x" * 976)
        self.assertEqual(line.received(), b"")
        line.send(b"x")
        self.assertEqual(line.response().status, 431)

    def test_who_does_not_ask_in_time_is_cut_off_at_that_time(self) -> None:
        world = World(handshake_timeout=0.5)
        line = world.line()
        line.send(b"GET /")
        world.reactor.advance(0.49)
        self.assertFalse(line.transport.lost)
        world.reactor.advance(0.02)
        self.assertTrue(line.transport.lost)

    def test_who_asked_in_time_stays(self) -> None:
        world = World(handshake_timeout=0.5, ping_interval=0)
        alice = world.opened()
        world.pass_time(60)
        self.assertFalse(alice.transport.lost)

    def test_a_fault_of_ours_in_the_handshake_is_a_500_with_nothing_in_it(self) -> None:
        world = World()
        line = world.line()
        with mock.patch.object(world.listener, "enter", side_effect=RuntimeError("secret")):
            line.ask()
        response = line.response()
        self.assertEqual((response.status, response.code), (500, "internal_error"))
        self.assertNotIn(b"secret", response.body)


class Entering(SynchronousTestCase):
    """Nobody is let in before what that stands on is durable."""

    def setUp(self) -> None:
        self.journal = HeldJournal()
        self.world = World(journal=self.journal, handshake_timeout=0.5, ping_interval=0, idle_game_seconds=0)

    def settle(self) -> None:
        """The journal says everything, until there is nothing more to say."""
        while self.journal.held:
            self.journal.answer()
            self.world.turn()

    def test_the_handshake_is_answered_when_the_journal_has_the_game_and_the_seat(self) -> None:
        world = World(journal=self.journal, games=("tests.tictactoe:TicTacToe",))
        line = world.line()
        line.ask("/g?player=alice", "Sec-WebSocket-Protocol: gamesvc.v1")
        for step in ("claimed", "opened", "seated"):
            self.assertEqual((line.received(), len(self.journal.held)), (b"", 1), step)
            self.journal.held.pop(0)()
            world.turn()
        self.assertEqual(line.response().status, 101)
        self.assertEqual(line.heard()[0]["players"], ["alice", None])

    def test_until_then_nothing_more_is_read_and_what_came_already_is_heard_afterwards(self) -> None:
        hello = frame(b'{"command":"hello"}')
        line = self.world.line()
        line.send(opening() + hello)
        self.assertEqual(line.transport.producerState, "paused")
        line.send(hello)
        self.settle()
        self.assertEqual(line.transport.producerState, "producing")
        self.assertEqual(line.response().status, 101)
        self.assertEqual([each.get("seq") for each in line.heard()], [1, None, 2, None])

    def test_who_has_asked_in_time_is_not_cut_off_because_the_journal_is_slow(self) -> None:
        line = self.world.line()
        line.ask()
        self.world.pass_time(ENTER_SECONDS - 0.25)
        self.settle()
        self.assertEqual(line.response().status, 101)
        self.world.pass_time(60)
        self.assertFalse(line.transport.lost)

    def test_after_three_seconds_they_are_told_to_come_back_and_leave_nothing_behind(self) -> None:
        line = self.world.line()
        line.ask()
        self.world.pass_time(2.75)
        self.assertEqual(line.received(), b"")
        self.world.pass_time(0.25)
        response = line.response()
        self.assertEqual((response.status, response.code), (503, "journal_down"))
        self.assertIn("Retry-After", response.headers)
        self.settle()
        self.assertEqual(line.received(), b"")
        self.world.pass_time(2)
        self.assertTrue(line.transport.lost)
        self.settle()
        self.assertEqual((self.world.listener.games, self.world.reactor.getDelayedCalls()), ({}, []))

    def test_who_hangs_up_meanwhile_leaves_nothing_behind(self) -> None:
        logged = Logged(self)
        line = self.world.line()
        line.ask()
        line.cut()
        self.settle()
        self.assertEqual((self.world.listener.games, self.world.listener.connections), ({}, ()))
        self.assertEqual(self.world.reactor.getDelayedCalls(), [])
        self.assertEqual([text for text in logged.texts() if "incident" in text], [])

    def test_where_the_journal_fails_they_are_told_to_come_back(self) -> None:
        self.journal.close(lambda: None)
        for path in ("/lobby", "/lobby?since=0"):
            line = self.world.line()
            line.ask(path)
            self.settle()
            response = line.response()
            self.assertEqual((response.status, response.code), (503, "journal_down"))
        self.assertEqual(self.world.listener.games, {})

    def test_a_fault_of_ours_does_not_reach_the_journal(self) -> None:
        line = self.world.line()
        line.ask()
        with mock.patch.object(OpeningRequest, "accept", side_effect=RuntimeError("secret")):
            self.settle()
        response = line.response()
        self.assertEqual((response.status, response.code), (500, "internal_error"))
        self.assertNotIn(b"secret", response.body)


class Owed(SynchronousTestCase):
    """Whoever ends a connection, what was asked before has its reply first."""

    def setUp(self) -> None:
        self.journal = HeldJournal()
        self.world = World(journal=self.journal, ping_interval=0, idle_game_seconds=0)
        self.alice, self.bob = self.entered(), self.entered()

    def entered(self) -> Line:
        line = self.world.line()
        line.ask("/lobby", DEFLATE)
        self.settle()
        self.assertEqual(line.response().status, 101)
        return line

    def settle(self) -> None:
        while self.journal.held:
            self.journal.answer()
            self.world.turn()

    def test_nothing_is_said_of_a_command_before_it_is_durable(self) -> None:
        self.alice.say(command="hello")
        self.alice.say(command="jump")
        self.assertEqual((self.alice.heard(), self.bob.heard()), ([], []))
        self.settle()
        event, reply, refusal = self.alice.heard()
        self.assertEqual((event, reply, refusal["error"]["code"]), (HELLO | {"seq": 1}, OK, "unknown_command"))
        self.assertEqual(self.bob.heard(), [HELLO | {"seq": 1}])

    def test_a_clients_close_is_answered_after_the_reply_that_it_is_owed(self) -> None:
        self.alice.send(frame(b'{"command":"hello"}') + close_frame())
        self.assertEqual(self.alice.heard(), [])
        self.settle()
        self.assertEqual(self.alice.heard(), [HELLO | {"seq": 1}, OK, 1000])
        self.assertTrue(self.alice.transport.lost)
        self.assertEqual(len(self.world.listener.games["lobby"].controllers), 1)

    def test_so_is_whatever_breaks_the_protocol(self) -> None:
        for data, code in (
            (frame(b"{}", mask=None), 1002),
            (frame(b"", 3), 1002),
            (close_frame(999), 1002),
            (frame(b"{}", 2), 1003),
            (frame(b"\xff"), 1007),
            (frame(b"\x03\xe8\xff", 8), 1007),
            (frame(b"x" * 70_000), 1009),
            (rsv1(frame(b"\x07")), 1007),
            (rsv1(frame(deflated(bytes(70_000)))), 1009),
        ):
            alice = self.entered()
            alice.say(command="yo")
            alice.send(data)
            self.assertEqual(alice.heard(), [], data[:20])
            self.settle()
            event, *rest = alice.heard()
            self.assertEqual((event["event"], rest), ("YoEvent", [OK, code]), data[:20])

    def test_what_comes_while_a_close_waits_has_no_effect(self) -> None:
        for end in (close_frame(), frame(b"", 2), frame(b"", mask=None)):
            alice = self.entered()
            alice.send(frame(b'{"command":"hello"}') + end + frame(b'{"command":"yo"}'))
            for more in (frame(b'{"command":"hi"}'), frame(b"are you there", 9), close_frame(), b"\xff\xff"):
                alice.send(more)
            self.settle()
            self.assertEqual([type(each) for each in alice.heard()], [dict, dict, int])
            self.assertEqual([each["event"] for each in self.bob.heard()], ["HelloEvent"])

    def test_a_line_that_is_lost_while_a_close_waits_leaves_nothing_behind(self) -> None:
        logged = Logged(self)
        self.alice.send(frame(b'{"command":"hello"}') + close_frame())
        self.alice.cut()
        self.settle()
        self.assertEqual(self.bob.heard(), [HELLO | {"seq": 1}], "it was asked, and took effect")
        self.bob.cut()
        self.settle()
        self.world.turn()
        self.assertEqual(self.world.reactor.getDelayedCalls(), [])
        self.assertEqual([text for text in logged.texts() if "incident" in text], [])

    def test_an_end_of_ours_waits_too(self) -> None:
        self.alice.say(command="hello")
        (controller, _) = self.world.listener.games["lobby"].controllers
        controller.close(CloseCode.TOKEN_EXPIRED)
        self.alice.say(command="yo")
        self.assertEqual(self.alice.heard(), [])
        self.settle()
        self.assertEqual(self.alice.heard(), [HELLO | {"seq": 1}, OK, 4401])

    def test_for_who_does_not_read_nobody_waits(self) -> None:
        self.alice.transport.room = 0
        self.alice.say(command="hello")
        self.settle()
        self.alice.say(command="hello")
        self.world.pass_time(10)
        self.alice.transport.room = 1 << 30
        self.assertEqual(self.alice.heard()[-1], 4000)
        self.settle()
        self.assertEqual([each["seq"] for each in self.bob.heard()], [1, 2])


class Close(SynchronousTestCase):
    def assertCloses(self, data: bytes, code: int, **limits: Any) -> None:
        world = World(**limits)
        alice, bob = world.opened(), world.opened()
        alice.send(data)
        self.assertEqual(alice.heard()[-1], code)
        alice.say(command="hello")
        self.assertEqual((alice.heard(), bob.heard()), ([], []), "what comes after a close frame has no effect")
        self.assertEqual(len(world.listener.games["lobby"].controllers), 1)
        world.pass_time(2)
        self.assertTrue(alice.transport.lost)

    def test_1002_for_a_breach_of_the_protocol(self) -> None:
        self.assertCloses(frame(b"{}", mask=None), 1002)
        self.assertCloses(frame(b"{}", 3), 1002)
        self.assertCloses(b"\xf1\x80abcd", 1002)
        self.assertCloses(frame(b"x" * 126, 9), 1002)
        self.assertCloses(frame(b"", 0), 1002)

    def test_1003_for_binary(self) -> None:
        self.assertCloses(frame(b"{}", 2), 1003)

    def test_1007_for_what_is_not_utf8_even_in_keys_that_nobody_reads(self) -> None:
        self.assertCloses(frame(b'{"command":"hello","\xff":1}'), 1007)
        self.assertCloses(frame(b'{"command":"hello","x":"\xed\xa0\x80"}'), 1007)
        self.assertCloses(frame(b'"\xc3'), 1007)

    def test_1008_for_three_frames_in_a_row_that_are_no_json(self) -> None:
        self.assertCloses(frame(b"no") * 3, 1008)

    def test_1008_for_a_flood_of_frames_of_whatever_kind(self) -> None:
        for each in (frame(b"", 9), frame(b"", 10), frame(b"{}")):
            self.assertCloses(each * 11, 1008, frames_per_second=10)

    def test_1008_for_a_message_in_too_many_pieces(self) -> None:
        pieces = frame(b"", fin=False) + frame(b"", 0, fin=False) * MAX_FRAGMENTS
        self.assertCloses(pieces, 1008, frames_per_second=0)

    def test_1009_for_a_message_over_the_bound_as_soon_as_that_is_known(self) -> None:
        self.assertCloses(frame(b"x" * 101, fin=False)[:8], 1009, max_message_bytes=100)
        self.assertCloses(frame(b"x" * 60, fin=False) + frame(b"x" * 60, 0), 1009, max_message_bytes=100)

    def test_a_message_of_just_the_bound_is_read(self) -> None:
        alice = World(max_message_bytes=100).opened()
        alice.send(frame(json.dumps({"command": "x" * 85}).encode().ljust(100)))
        self.assertEqual(alice.heard()[0]["error"]["code"], "unknown_command")

    def test_1011_for_a_fault_of_ours_with_the_incident_that_the_log_has(self) -> None:
        alice = World().opened()
        logged = Logged(self)
        with mock.patch("gamesvc.controller.decode_request", side_effect=RuntimeError("a bug")):
            alice.say(command="hello")
        (close,) = alice.frames()
        self.assertEqual(close.close_code, 1011)
        self.assertIn(b"72727272", close.payload)
        self.assertTrue(any("72727272" in text for text in logged.texts()))

    def test_a_clients_close_is_answered_and_the_line_ends(self) -> None:
        world = World()
        alice = world.opened()
        game = world.listener.games["lobby"]
        alice.send(close_frame(1001))
        self.assertEqual(alice.heard(), [1000])
        self.assertTrue(alice.transport.lost)
        self.assertEqual(game.controllers, ())

    def test_what_came_in_the_same_piece_as_the_end_neither_has_an_effect_nor_loses_what_was_said(self) -> None:
        hello, closes = frame(b'{"command":"hello"}'), close_frame()
        answered = [HELLO | {"seq": 1}, OK]
        cases: list[tuple[bytes, list[Any]]] = [
            (hello + closes, [*answered, 1000]),
            (hello + frame(b"", 2) + closes, [*answered, 1003]),
            (hello + frame(b"", mask=None) + closes, [*answered, 1002]),
            (hello + frame(b"\xff") + hello + closes, [*answered, 1007]),
            (close_frame(999) + hello, [1002]),
            (frame(b"\x03", 8) + hello, [1002]),
            (frame(b"\x03\xe8\xff", 8) + hello, [1007]),
            (frame(b"no") * 3 + closes, ["bad_json", "bad_json", "bad_json", 1008]),
        ]
        for data, wanted in cases:
            alice = World().opened()
            alice.send(data)
            heard = alice.heard()
            codes = [each["error"]["code"] if isinstance(each, dict) and "error" in each else each for each in heard]
            self.assertEqual(codes, wanted, data)

    def test_who_closes_and_does_not_read_has_left_at_once_and_is_cut_off_soon(self) -> None:
        world = World()
        alice = world.opened()
        alice.transport.room = 0
        alice.say(command="hello")
        alice.send(close_frame())
        self.assertEqual(world.listener.games["lobby"].controllers, ())
        self.assertFalse(alice.transport.lost)
        world.pass_time(2)
        self.assertTrue(alice.transport.lost)

    def test_a_lost_line_leaves_the_game_and_no_timer_behind(self) -> None:
        world = World(idle_game_seconds=0)
        alice = world.opened()
        alice.say(command="hello")
        alice.cut()
        self.assertEqual(world.listener.games["lobby"].controllers, ())
        world.turn()
        self.assertEqual(world.reactor.getDelayedCalls(), [])

    def test_the_reply_to_the_last_frame_leaves_before_the_close_frame(self) -> None:
        alice = World().opened()
        alice.send(frame(b"no") * 3)
        heard = alice.heard()
        self.assertEqual([each["error"]["code"] for each in heard[:3]], ["bad_json"] * 3)
        self.assertEqual(heard[3:], [1008])


class Deflated(SynchronousTestCase):
    """What comes compressed, where that was agreed to."""

    SAY = b'{"command":"hello"}'
    LONG = json.dumps({"command": "jump", "x": "Ж" * 300}).encode()

    def opened(self, world: World) -> Line:
        return world.opened("/lobby", DEFLATE)

    def codes(self, line: Line) -> list[Any]:
        """What was heard; of errors, their codes; of events, nothing."""
        heard = [each for each in line.heard() if isinstance(each, int) or "status" in each]
        return [each["error"]["code"] if isinstance(each, dict) and "error" in each else each for each in heard]

    def assert_closes(self, data: bytes, code: int, *headers: str, **limits: Any) -> None:
        logged = Logged(self)
        world = World(**limits)
        alice, bob = world.opened("/lobby", *(headers or (DEFLATE,))), world.opened()
        alice.send(data)
        self.assertEqual(self.codes(alice), [code], data[:50])
        alice.send(rsv1(frame(deflated(self.SAY))))
        self.assertEqual((alice.heard(), bob.heard()), ([], []), "what comes after a close frame has no effect")
        self.assertEqual(len(world.listener.games["lobby"].controllers), 1)
        self.assertFalse([text for text in logged.texts() if "incident" in text or "command" in text], logged.texts())

    def test_it_is_agreed_to_and_the_connection_knows(self) -> None:
        alice = World().line()
        alice.ask("/lobby", DEFLATE)
        headers = alice.response().headers
        wanted = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        self.assertEqual(headers["Sec-WebSocket-Extensions"], wanted)
        self.assertIs(alice.protocol.deflates, True)
        self.assertIs(World().opened().protocol.deflates, False)

    def test_it_is_known_before_the_game_is_entered(self) -> None:
        world = World()
        alice = world.line()
        known: list[bool] = []
        with mock.patch.object(alice.protocol, "onOpen", side_effect=lambda: known.append(alice.protocol.deflates)):
            alice.ask("/lobby", DEFLATE)
        self.assertEqual(known, [True])

    def test_it_is_read_whether_short_or_long_with_others_between(self) -> None:
        alice = self.opened(World())
        for text, answer in ((self.SAY, OK), (b"", "bad_json"), (self.LONG, "unknown_command")):
            for data in (frame(text), rsv1(frame(deflated(text))), rsv1(frame(deflated(text, level=0)))):
                alice.send(data)
                self.assertEqual(self.codes(alice)[:1], [answer], text)
                alice = alice if text else self.opened(World())
        alice.send(rsv1(frame(deflated(self.SAY))) + frame(self.SAY) + frame(b"", 9) + rsv1(frame(deflated(self.SAY))))
        self.assertEqual([each.opcode for each in alice.frames()].count(1), 6)

    def test_it_may_come_in_any_fragments_and_pieces_with_pings_between(self) -> None:
        payload = deflated(self.LONG)
        for size in (1, 7, len(payload) - 1):
            parts = [payload[start : start + size] for start in range(0, len(payload), size)]
            frames = [frame(part, 0 if at else 1, fin=at == len(parts) - 1) for at, part in enumerate(parts)]
            data = frame(b"", 9).join([rsv1(frames[0]), *frames[1:]])
            for piece in (1, 5, len(data)):
                alice = self.opened(World(frames_per_second=0))
                for start in range(0, len(data), piece):
                    alice.send(data[start : start + piece])
                self.assertEqual(self.codes(alice), ["unknown_command"])
                alice.send(frame(self.SAY))
                self.assertEqual(self.codes(alice), [OK])

    def test_the_bound_is_of_what_is_said(self) -> None:
        text = json.dumps({"command": "x" * 100}).encode().ljust(2000)
        for size in (1, 3, len(deflated(text))):
            payload = deflated(text)
            parts = [payload[start : start + size] for start in range(0, len(payload), size)]
            frames = [frame(part, 0 if at else 1, fin=at == len(parts) - 1) for at, part in enumerate(parts)]
            for limit, answer in ((0, "unknown_command"), (2000, "unknown_command"), (1999, 1009)):
                alice = self.opened(World(max_message_bytes=limit, frames_per_second=0))
                alice.send(rsv1(b"".join(frames)))
                self.assertEqual(self.codes(alice), [answer])

    def test_1009_for_what_would_be_too_much_said_in_little(self) -> None:
        self.assert_closes(rsv1(frame(deflated(bytes(60_000_000)))), 1009)
        self.assert_closes(rsv1(frame(deflated(bytes(101)))), 1009, max_message_bytes=100)

    def test_1009_for_what_is_too_much_before_it_is_inflated(self) -> None:
        with mock.patch("gamesvc.connection.inflated", side_effect=AssertionError("inflated")):
            self.assert_closes(rsv1(frame(b"x" * 101, fin=False)[:8]), 1009, max_message_bytes=100)
            parts = rsv1(frame(b"x" * 60, fin=False)) + frame(b"x" * 60, 0)
            self.assert_closes(parts, 1009, max_message_bytes=100)

    def test_1007_for_what_can_not_be_inflated_or_is_no_utf8(self) -> None:
        long, broken = deflated(self.LONG), deflated(b"\xff" * 900, 0)
        for payload in (b"", b"\x07", b"x" * 200, long[:-1], long[:-9], deflated(b"\xff"), broken):
            self.assert_closes(rsv1(frame(payload)), 1007)
            self.assert_closes(rsv1(frame(payload[:5], fin=False)) + frame(payload[5:], 0), 1007)

    def test_1003_for_binary(self) -> None:
        self.assert_closes(rsv1(frame(deflated(self.SAY), 2)), 1003)

    def test_1002_for_what_says_it_is_compressed_where_nothing_can_be(self) -> None:
        for opcode in (8, 9, 10):
            self.assert_closes(rsv1(frame(b"", opcode)), 1002)
        payload = deflated(self.SAY)
        self.assert_closes(rsv1(frame(payload[:5], fin=False)) + rsv1(frame(payload[5:], 0)), 1002)
        self.assert_closes(frame(self.SAY[:5], fin=False) + rsv1(frame(self.SAY[5:], 0)), 1002)
        for bits in (0x10, 0x20, 0x30, 0x50, 0x60, 0x70):
            self.assert_closes(bytes((0x81 | bits,)) + frame(payload)[1:], 1002)

    def test_1002_where_it_was_not_agreed_to(self) -> None:
        for text in (self.SAY, self.LONG):
            for offer in ("X-None: 1", DEFLATE + "=16", "Sec-WebSocket-Extensions: permessage-bzip2"):
                self.assert_closes(rsv1(frame(deflated(text))), 1002, offer)

    def test_1008_for_a_flood_and_for_what_is_no_json(self) -> None:
        self.assert_closes(rsv1(frame(b"", fin=False)) + frame(b"", 0, fin=False) * 5, 1008, frames_per_second=5)
        alice = self.opened(World())
        alice.send(rsv1(frame(deflated(b"no"))) * 2 + rsv1(frame(deflated(b"no" * 200))))
        self.assertEqual(self.codes(alice), ["bad_json"] * 3 + [1008])

    def test_1008_for_little_that_says_much_over_and_over(self) -> None:
        wide = self.SAY.ljust(60_000)
        # The one in a frame of the usual kind, the other in one that is not, the last in two.
        short, long = deflated(wide), deflated(wide, 0)
        halves = rsv1(frame(short[:9], fin=False)) + frame(short[9:], 0)
        self.assertLess(len(short), 126)
        for data in (rsv1(frame(short)), rsv1(frame(long)), halves):
            alice = self.opened(World(commands_per_second=0))
            for _ in range(20):
                alice.send(data)
            codes = self.codes(alice)
            # Each counts as 15, or 16, of 200.
            self.assertEqual((codes[-1], codes.count(1008), len(codes) in (13, 14)), (1008, 1, True), codes)
            # In time they may be said.
            alice = self.opened(world := World(commands_per_second=0))
            for _ in range(20):
                alice.send(data)
                world.pass_time(0.25)
            self.assertEqual(self.codes(alice), [OK] * 20)
        for data in (rsv1(frame(deflated(self.SAY))), frame(self.SAY), frame(wide)):
            alice = self.opened(World(commands_per_second=0))
            for _ in range(20):
                alice.send(data)
            self.assertEqual(self.codes(alice), [OK] * 20)

    def test_of_two_reasons_to_close_the_first_is_told(self) -> None:
        journal = HeldJournal()
        world = World(journal=journal, ping_interval=0, frames_per_second=2, idle_game_seconds=0)
        alice = world.line()

        def settle() -> None:
            while journal.held:
                journal.answer()
                world.turn()

        alice.ask("/lobby", DEFLATE)
        settle()
        alice.response()
        alice.send(rsv1(frame(deflated(self.SAY))) * 2 + rsv1(frame(b"")))
        settle()
        self.assertEqual(self.codes(alice), [OK, OK, 1008])

    def test_an_unfinished_message_keeps_no_more_than_its_bytes_and_an_idle_connection_nothing(self) -> None:
        world = World()
        alice, bob = self.opened(world), self.opened(world)
        with mock.patch("gamesvc.deflate.zlib.decompressobj", side_effect=AssertionError("begun")):
            alice.send(rsv1(frame(deflated(self.LONG)[:-3], fin=False)))
        own: list[dict[str, Any]] = [vars(line.protocol) for line in (alice, bob)]
        self.assertIs(own[0]["_perMessageCompress"], own[1]["_perMessageCompress"])
        alice.send(frame(deflated(self.LONG)[-3:], 0))
        self.assertEqual(self.codes(alice), ["unknown_command"])

    def test_who_did_not_agree_has_nothing_of_it(self) -> None:
        line = World().opened("/lobby", "Sec-WebSocket-Extensions: permessage-deflate; unknown")
        line.send(frame(self.LONG))
        self.assertNotIn("deflates", vars(line.protocol))
        self.assertIsNone(line.protocol._perMessageCompress)


class Silence(SynchronousTestCase):
    def test_a_peer_that_answers_no_ping_is_cut_off(self) -> None:
        world = World(ping_interval=20, ping_timeout=10)
        alice = world.opened()
        world.pass_time(19.75)
        self.assertEqual(alice.frames(), [])
        world.pass_time(0.5)
        self.assertEqual([each.opcode for each in alice.frames()], [9])
        world.pass_time(9.5)
        self.assertFalse(alice.transport.lost)
        world.pass_time(0.5)
        self.assertTrue(alice.transport.lost)

    def test_a_peer_that_answers_pings_stays(self) -> None:
        world = World(ping_interval=20, ping_timeout=10)
        alice = world.opened()
        for _ in range(5):
            world.pass_time(20.25)
            (ping,) = alice.frames()
            alice.send(frame(ping.payload, 10))
        self.assertFalse(alice.transport.lost)


class SlowConsumer(SynchronousTestCase):
    def test_who_stands_still_for_ten_seconds_is_closed_with_4000_and_nobody_else_notices(self) -> None:
        world = World(ping_interval=0)
        slow, quick = world.opened(), world.opened()
        slow.transport.room = 10
        for _ in range(8):
            quick.say(command="hello")
        self.assertEqual(len(slow.transport.writes), 2, "101, and one event")
        self.assertEqual([each["seq"] for each in quick.heard() if "seq" in each], list(range(1, 9)))
        world.pass_time(9.75)
        self.assertFalse(slow.transport.half_closed)
        world.pass_time(0.25)
        self.assertEqual(slow.heard(), [HELLO | {"seq": 1}, 4000])
        quick.say(command="yo")
        self.assertEqual(len(quick.heard()), 2)
        world.pass_time(2)
        self.assertTrue(slow.transport.lost)

    def test_who_reads_again_in_time_gets_everything_in_order(self) -> None:
        world = World(ping_interval=0)
        slow, quick = world.opened(), world.opened()
        slow.transport.room = 10
        for _ in range(8):
            quick.say(command="hello")
        for _ in range(3):
            slow.send(frame(b"", 9))
        slow.transport.room = 1 << 30
        world.pass_time(9)
        self.assertEqual([each["seq"] for each in slow.heard() + slow.heard()], list(range(1, 9)))
        self.assertLessEqual(len(world.reactor.getDelayedCalls()), 2, "no timer of its stand is left")
        world.pass_time(20)
        self.assertFalse(slow.transport.lost)


class Traps(SynchronousTestCase):
    """What Autobahn 26.10.2 gets wrong. Where one of the tests of Autobahn fails, the way around it can go."""

    def _plain_autobahn(self) -> Transport:
        factory = WebSocketServerFactory(reactor=MemoryReactorClock())
        factory.setProtocolOptions(openHandshakeTimeout=0)
        protocol: Any = WebSocketServerProtocol()
        protocol.factory = factory
        transport = Transport("192.0.2.1")
        transport.protocol = protocol
        protocol.makeConnection(transport)
        return transport

    def test_autobahn_still_leaves_nagles_algorithm_on(self) -> None:
        self.assertIsNone(self._plain_autobahn().no_delay)

    def test_nagles_algorithm_is_off(self) -> None:
        self.assertIs(World().opened().transport.no_delay, True)

    def test_autobahn_still_formats_all_its_options_at_every_connect(self) -> None:
        with mock.patch.object(autobahn.websocket.protocol, "pformat") as pformat:
            self._plain_autobahn()
        self.assertGreater(len(pformat.call_args.args[0]), 20)

    def test_autobahn_still_takes_other_bytes_for_line_breaks(self) -> None:
        _, headers, _ = autobahn.websocket.protocol.parseHttpHeader(b"GET / HTTP/1.1\r\nX: a\x85Origin: b\r\n\r\n")
        self.assertIn("origin", headers)

    def test_txaio_still_rounds_timers_down_to_whole_seconds(self) -> None:
        clock = MemoryReactorClock()
        clock.advance(0.9)
        levels: Any = txaio
        before, levels.config.loop = levels.config.loop, clock
        self.addCleanup(setattr, levels.config, "loop", before)
        fired: list[bool] = []
        levels.make_batched_timer(0.2).call_later(0.9, fired.append, True)
        clock.advance(0.15)
        self.assertTrue(fired, "0.75 s too early")

    def test_no_options_are_formatted_at_connect(self) -> None:
        world = World()
        with mock.patch.object(autobahn.websocket.protocol, "pformat") as pformat:
            world.opened()
        self.assertIsNone(pformat.call_args)

    def test_options_are_not_copied_to_each_connection(self) -> None:
        own = vars(World().opened().protocol)
        self.assertEqual([name for name in WebSocketServerProtocol.CONFIG_ATTRS if name in own], [])

    def test_a_byte_that_autobahn_takes_for_a_line_break_smuggles_no_header_in(self) -> None:
        for byte, status in {"\x85": 101, "\x1c": 400, "\x0b": 400, "\n": 400}.items():
            line = World().line()
            line.send(opening("/lobby", f"X: a{byte}Origin: https://evil.example{byte}Connection: close"))
            self.assertEqual(line.response().status, status)

    def test_there_is_no_open_redirect(self) -> None:
        line = World().line()
        line.send(b"GET /?redirect=https://evil.example HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertNotIn(b"evil", line.received())

    def test_a_token_reaches_no_log_at_any_level_in_any_form_of_request(self) -> None:
        levels: Any = txaio  # which has these once Autobahn has told it to use Twisted
        self.addCleanup(levels.set_global_log_level, levels.get_global_log_level())
        levels.set_global_log_level("trace")
        logged = Logged(self)
        secret = "eyJhbGciOiJFZERTQSJ9.c2VjcmV0.c2lnbmF0dXJl"
        for request in (
            opening("/lobby", f"Authorization: Bearer {secret}"),
            opening("/lobby", f"Sec-WebSocket-Protocol: gamesvc.v1, bearer.{secret}"),
            opening(f"/lobby?token={secret}"),
            opening(f"/{secret}"),
            opening(f"/lobby?token={secret}&token={secret}"),
            f"GET /lobby?token={secret}\r\n\r\n".encode(),
            f"GET /lobby?token={secret} HTTP/1.1\r\nAuthorization {secret}\r\n\r\n".encode(),
            f"TOKEN {secret} {secret} {secret}\r\n{secret}: x\r\n\r\n".encode(),
        ):
            line = World().line()
            line.send(request)
            self.assertNotIn(secret.encode(), line.received())
            line.send(frame(secret.encode()) + frame(secret.encode(), 9) + frame(secret.encode(), 7))
            line.cut()
        self.assertTrue(logged)
        self.assertNotIn("c2lnbmF0dXJl", repr(list(logged)) + str(logged.texts()))


def _frames() -> st.SearchStrategy[bytes]:
    payloads = st.one_of(
        st.binary(max_size=200),
        st.sampled_from([b'{"command":"hello"}', b'{"command":"hello","id":"1"}', b"{}", b"[", b'{"a":"\xff"}']),
    )
    made = st.builds(
        lambda payload, opcode, fin, mask: frame(payload, opcode, fin=fin, mask=mask),
        payloads,
        st.integers(0, 15),
        st.booleans(),
        st.one_of(st.none(), st.binary(min_size=4, max_size=4)),
    )
    return st.lists(st.one_of(made, st.binary(max_size=30)), max_size=12).map(b"".join)


class AnyBytes(SynchronousTestCase):
    """Nothing that a client sends causes an exception, and whatever is said to it is in the tables."""

    @FAST
    @given(st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)), st.integers(1, 50))
    def test_as_a_request(self, data: bytes, size: int) -> None:
        world = World()
        line = world.line()
        for start in range(0, len(data), size):
            line.send(data[start : start + size])
        line.send(b"\r\n\r\n")
        response = line.response()
        self.assertIn(response.code, HTTP_REFUSALS)
        self.assertEqual(response.status, HTTP_REFUSALS[response.code].status)
        self.assertLess(response.status, 500)

    @FAST
    @given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6))
    def test_as_a_request_that_was_damaged(self, damages: list[tuple[int, int]]) -> None:
        request = bytearray(opening("/lobby?player=alice", "Origin: https://game.example", "Authorization: Bearer x"))
        for position, byte in damages:
            request[position % len(request)] = byte
        line = World().line()
        line.send(bytes(request))
        line.send(b"\r\n\r\n")
        self.assertIn(line.response().status, {101, 400, 403, 405, 426})

    @FAST
    @given(_frames(), st.integers(1, 60))
    def test_as_frames(self, data: bytes, size: int) -> None:
        logged = Logged(self)
        world = World(max_message_bytes=150)
        alice, bob = world.opened(), world.opened()
        for start in range(0, len(data), size):
            alice.send(data[start : start + size])
        for each in alice.frames():
            if each.opcode == 8:
                self.assertIn(each.close_code, {1000, 1002, 1003, 1007, 1008, 1009})
            elif each.opcode == 1:
                self.assertIn(next(iter(json.loads(each.payload))), {"event", "status"})
        bob.say(command="hello")
        self.assertEqual(bob.heard()[-1], OK, "whatever alice did, bob plays on")
        alice.cut()
        self.assertEqual([text for text in logged.texts() if "incident" in text], [])


IN_NO_WORDING = "Zq9xW"
"""Part of each token below: a token such as `token_in` stands in the refusal's own code, and would be no leak."""


class AnyToken(SynchronousTestCase):
    """Nothing that claims to be a token causes an exception, admits anybody, or is found in a log."""

    @FAST
    @given(
        st.one_of(
            st.from_regex(r"[A-Za-z0-9_-]{8,60}(\.[A-Za-z0-9_-]{8,60}){0,4}", fullmatch=True),
            st.text(st.characters(min_codepoint=33, max_codepoint=255), min_size=8, max_size=200),
        ),
        st.sampled_from((f"{{}}{IN_NO_WORDING}", f"{IN_NO_WORDING}{{}}")),
        st.sampled_from(("Authorization: Bearer {}", "Sec-WebSocket-Protocol: gamesvc.v1, bearer.{}", "?token={}")),
    )
    def test_in_any_place(self, words: str, mark: str, place: str) -> None:
        logged = Logged(self)
        line = World(validator=VALIDATOR).line()
        given_as = place.format(mark.format(words))
        line.send(opening(f"/lobby{given_as}") if place.startswith("?") else opening("/lobby", given_as))
        response = line.response()
        self.assertIn(response.status, {400, 401})
        self.assertNotIn(IN_NO_WORDING, response.body.decode() + "".join(logged.texts()))
        self.assertEqual([text for text in logged.texts() if "incident" in text], [])


TINY, LARGEST = b'{"command":"hi"}', b'{"command":"hi","x":"%b"}'
SAID = (
    *(TINY, b'{"command":"hello","id":"7"}', b'{"command":"jump"}', b'{"id":"7"}', b"{}", b"[]", b"7", b"no", b"x"),
    *(b'{"command":"yo","\xc3\xa9":"\xf0\x9f\x98\x80"}', b'{"command":"yo","command":"yo"}', b'{"command":7}', b"\0"),
    *(LARGEST % (b"x" * (size - len(LARGEST) + 2)) for size in (124, 125, 126, 200)),
    *(b" " * (size - len(TINY)) + TINY for size in (125, 126, 65535, 65536, 70_000)),
    *(
        b'{"command":"hi","\xff":1}',
        b'{"command":"hi","x":"\xed\xa0\x80"}',
        b"\xff",
        b"\xc3",
        b"\xe2\x82",
        b"",
        b"\x80",
    ),
)
CONTROL = tuple(
    frame(payload, opcode, fin=fin)
    for payload, opcode, fin in (
        *((b"", 9, True), (b"are you there", 9, True), (b"x" * 125, 9, True), (b"x" * 126, 9, True), (b"", 9, False)),
        *((b"", 10, True), (b"I am", 10, True), (b"", 11, True), (b"x", 15, True)),
        *(
            (b"", 8, True),
            (b"\x03", 8, True),
            (b"\x03\xe8", 8, True),
            (b"\x03\xe8bye", 8, True),
            (b"\x03\xed", 8, True),
        ),
    )
)
FRAMES = st.one_of(
    st.builds(frame, st.sampled_from(SAID[:13])),
    st.builds(frame, st.sampled_from(SAID[:13])),
    st.builds(frame, st.sampled_from(SAID), mask=st.binary(min_size=4, max_size=4)),
    st.builds(frame, st.sampled_from(SAID), mask=st.none()),
    st.builds(frame, st.sampled_from(SAID), st.integers(0, 15), fin=st.booleans()),
    st.builds(
        lambda payload, at, between: frame(payload[:at], fin=False) + b"".join(between) + frame(payload[at:], 0),
        st.sampled_from(SAID),
        st.integers(0, 30),
        st.lists(st.sampled_from((*CONTROL, frame(b"", 0, fin=False), frame(TINY))), max_size=2),
    ),
    # Reserved bits, and lengths that could be shorter.
    st.builds(lambda rsv: bytes((0x81 | rsv << 4,)) + frame(TINY)[1:], st.integers(1, 7)),
    st.sampled_from(
        (b"\x81\xfe\x00\x10\1\2\3\4" + frame(TINY)[6:], b"\x81\xff" + bytes(7) + b"\x10\1\2\3\4" + frame(TINY)[6:])
    ),
    st.builds(lambda text, level: rsv1(frame(deflated(text, level))), st.sampled_from(SAID), st.sampled_from((0, 6))),
    st.builds(lambda text, end: rsv1(frame(deflated(text)[:end])), st.sampled_from(SAID), st.integers(0, 12)),
    st.sampled_from(CONTROL),
    st.sampled_from(CONTROL[:2]),
    st.binary(max_size=12),
)


class Heard(NamedTuple):
    """What came of some bytes.

    Attributes:
        told: what their sender was sent.
        others: what others in the game were sent.
        there: how many are in the game.
        ended: whether the server has closed its half of the line, and whether it has cut it off.
    """

    told: bytes
    others: bytes
    there: int
    ended: tuple[bool, bool]


class UsualFrames(SynchronousTestCase):
    """Most frames are read by us and not by Autobahn, and nobody can tell: what comes back is the same, byte for byte
    and turn by turn, and so is what it does to the game."""

    HEADERS: Sequence[str] = ()

    def heard(self, pieces: Sequence[bytes | float], by_autobahn: bool, **options: Any) -> list[Heard]:
        """What came of each piece of what a client sent; a number is a silence of so many seconds."""
        world = World(**{"ping_interval": 0.0, **options})
        alice, bob = world.opened("/lobby", *self.HEADERS), world.opened()
        heard = []
        with contextlib.ExitStack() as stack:
            if by_autobahn:
                stack.enter_context(mock.patch("gamesvc.connection.short_text", return_value=None))
            for piece in pieces:
                if isinstance(piece, bytes):
                    alice.send(piece)
                else:
                    world.pass_time(piece)
                there = len(world.listener.games["lobby"].controllers)
                ended = alice.transport.half_closed, alice.transport.lost
                heard.append(Heard(alice.received(), bob.received(), there, ended))
        return heard

    def assert_same(self, pieces: Sequence[bytes | float], **options: Any) -> None:
        self.assertEqual(
            self.heard(pieces, False, **options), self.heard(pieces, True, **options), (str(pieces)[:1000], options)
        )

    def test_autobahn_does_not_read_them(self) -> None:
        alice = World().opened()
        with mock.patch.object(WebSocketServerProtocol, "_dataReceived", side_effect=AssertionError("read")):
            alice.send(frame(b'{"command":"hello"}') + frame(b"{}" + b" " * 123))
        self.assertEqual(
            [each.get("event", each.get("status")) for each in alice.heard()], ["HelloEvent", "ok", "error"]
        )

    def test_from_the_first_other_frame_on_autobahn_reads_what_came_with_it(self) -> None:
        alice = World().opened()
        rest = frame(b"", 9) + frame(b'{"command":"yo"}')
        with mock.patch.object(alice.protocol, "_dataReceived", wraps=alice.protocol._dataReceived) as received:
            alice.send(frame(b'{"command":"hello"}') + rest)
        received.assert_called_once_with(rest)
        said = [json.loads(each.payload).get("event") for each in alice.frames() if each.opcode == 1]
        self.assertEqual(said, ["HelloEvent", None, "YoEvent", None])

    def test_however_short_conversations_are_cut_into_pieces(self) -> None:
        hi = frame(TINY)
        for data in (
            frame(b"{}"),
            frame(b"a", 9) + hi,
            frame(TINY[:7], fin=False) + frame(b"a", 9) + frame(TINY[7:], 0) + frame(b"{}"),
            frame(b"7", fin=False) + frame(b"{}"),
            # Where Autobahn has the beginning of a frame, the rest looks like another.
            frame(frame(b"{}"), 9, mask=bytes(4)) + hi,
            frame(b"x", 9, mask=bytes((0x82, hi[0] ^ 0x41, hi[1] ^ 0x41, 0))) + hi,
            frame(b"\xc3") + hi,
            frame(b'{"\xff":1}') + hi,
            hi + close_frame() + hi,
            hi + frame(b"{}", 2) + hi,
            b"\xc1" + hi[1:],
            rsv1(frame(deflated(b"7"))) + hi,
            frame(b"no") * 4,
            frame('{"é":"😀"}'.encode()),
            hi + frame(b"{}") + b"\x83\x80",
        ):
            for at in range(1, len(data)):
                self.assert_same([data[:at], data[at:]])
            self.assert_same([data])
            self.assert_same([data[at : at + 1] for at in range(len(data))])

    def test_every_cut_of_a_few_bytes(self) -> None:
        for data in (frame(b"{}"), frame(b"\xff7"), frame(b"7") + b"\x89"):
            ((whole, *_, ended),) = self.heard([data], True)
            for cuts in range(1 << (len(data) - 1)):
                ends = [at + 1 for at in range(len(data) - 1) if cuts >> at & 1]
                pieces = [data[start:end] for start, end in zip([0, *ends], [*ends, len(data)], strict=True)]
                heard = self.heard(pieces, False)
                self.assertEqual((b"".join(each.told for each in heard), heard[-1].ended), (whole, ended), pieces)

    def test_each_thing_that_can_be_said_alone_and_between_others(self) -> None:
        hi = frame(TINY)
        for payload in SAID:
            for opcode, fin in ((1, True), (1, False), (0, True), (2, True)):
                self.assert_same([hi, frame(payload, opcode, fin=fin) + hi, hi])
            self.assert_same([hi, rsv1(frame(deflated(payload))) + hi, hi])
        for each in CONTROL:
            self.assert_same([hi + each + hi, hi])

    @FAST
    @given(
        st.lists(st.one_of(FRAMES, FRAMES.map(lambda data: data[:-1])), max_size=8), st.randoms(use_true_random=False)
    )
    def test_any_bytes_in_any_pieces(self, frames: list[bytes], random: Random) -> None:
        data = b"".join(frames)
        pieces: list[bytes | float] = []
        while data:
            size = random.choice((1, 2, 7, 22, 30, 131, 5000, 100_000))
            pieces.append(data[:size])
            data = data[size:]
            if len(pieces) > 300:
                pieces.append(data)
                break
        self.assert_same(pieces)

    @FAST
    @given(
        st.lists(st.one_of(FRAMES, st.sampled_from((0.25, 0.5, 1.0))), max_size=20),
        st.sampled_from((0.0, 1.0, 4.0, 5.0)),
        st.sampled_from((0, 1, 3)),
        st.sampled_from((0.0, 2.0, 6.0)),
    )
    def test_with_bounds_on_rates(
        self, pieces: list[bytes | float], commands: float, burst: int, frames: float
    ) -> None:
        self.assert_same(pieces, commands_per_second=commands, command_burst=burst, frames_per_second=frames)

    def test_of_a_flood_in_one_piece(self) -> None:
        for frames in (3, 10, 0):
            for rate, burst in ((1, 2), (5, 5), (0, 0)):
                options = {"frames_per_second": frames, "commands_per_second": rate, "command_burst": burst}
                self.assert_same([frame(TINY) * 20, frame(TINY), 1.0, frame(TINY) * 5 + frame(b"", 9) * 5], **options)

    def test_with_a_bound_on_the_size_of_messages(self) -> None:
        for limit in (1, 15, 16, 17, 100, 125, 126):
            for size in (1, 15, 16, 17, 18, 100, 101, 125, 126, 127):
                payload = TINY.ljust(size) if size >= len(TINY) else b"7" * size
                self.assert_same([frame(payload), frame(TINY)], max_message_bytes=limit)
                self.assert_same([rsv1(frame(deflated(payload))), frame(TINY)], max_message_bytes=limit)

    def test_with_32_in_flight(self) -> None:
        def heard(by_autobahn: bool) -> list[list[Any]]:
            journal = HeldJournal()
            world = World(journal=journal, ping_interval=0.0, commands_per_second=0.0, frames_per_second=0.0)
            alice = world.line()
            alice.ask()
            while journal.held:
                journal.answer()
                world.turn()
            alice.response()
            heard = []
            with contextlib.ExitStack() as stack:
                if by_autobahn:
                    stack.enter_context(mock.patch("gamesvc.connection.short_text", return_value=None))
                for count in (40, 3, 200, 20):
                    alice.send(frame(TINY) * count)
                    heard.append(alice.heard())
            while journal.held:
                journal.answer()
                world.turn()
            return [*heard, alice.heard()]

        fast = heard(False)
        self.assertEqual(fast, heard(True))
        self.assertEqual(fast[3][-1:], [4000], "more replies are owed than may be")

    def test_a_message_is_an_answer_to_a_ping_that_is_out(self) -> None:
        def heard(by_autobahn: bool) -> list[tuple[float, list[int], bool]]:
            world = World(ping_interval=20, ping_timeout=10)
            alice = world.opened()
            heard = []
            with contextlib.ExitStack() as stack:
                if by_autobahn:
                    stack.enter_context(mock.patch("gamesvc.connection.short_text", return_value=None))
                for quarter in range(4 * 75):
                    if quarter in (4 * 25, 4 * 25 + 1, 4 * 40):
                        alice.send(frame(TINY))
                    world.pass_time(0.25)
                    opcodes = [each.opcode for each in alice.frames()]
                    if opcodes:
                        heard.append((quarter / 4, opcodes, alice.transport.lost))
                self.assertTrue(alice.transport.lost, "the second ping has no answer")
            return heard

        fast = heard(False)
        self.assertEqual(fast, heard(True))
        self.assertEqual([opcodes for _, opcodes, _ in fast], [[9], [1, 1], [1, 1], [1, 1], [9]])

    def test_what_comes_after_a_cut_in_the_middle_of_a_piece_has_no_effect(self) -> None:
        world = World()
        alice, bob = world.opened(), world.opened()
        with (
            mock.patch.object(
                GameController, "short_text_received", autospec=True, side_effect=lambda *_: alice.protocol.abort()
            ) as received,
            # A real transport says in another turn that it has lost the line.
            mock.patch.object(alice.transport, "abortConnection"),
        ):
            alice.send(frame(TINY) * 5 + frame(b"", 9))
        self.assertEqual((received.call_count, alice.received(), bob.heard()), (1, b"", []))

    def test_a_fault_of_ours_in_the_middle_of_a_piece_is_one_1011(self) -> None:
        world = World()
        alice, bob = world.opened(), world.opened()
        with mock.patch("gamesvc.controller.decode_request", side_effect=RuntimeError("a bug")):
            alice.send(frame(TINY) * 5 + frame(b"", 9))
        (close,) = alice.frames()
        self.assertEqual((close.close_code, bob.heard()), (1011, []))


class UsualFramesDeflated(UsualFrames):
    """The same, where compression is agreed to."""

    HEADERS = (DEFLATE,)

    def test_autobahn_does_not_read_them_either(self) -> None:
        alice = World().opened("/lobby", DEFLATE)
        with mock.patch.object(WebSocketServerProtocol, "_dataReceived", side_effect=AssertionError("read")):
            alice.send(rsv1(frame(deflated(b'{"command":"hello"}'))) + rsv1(frame(deflated(b"{}" + b" " * 20_000))))
        self.assertEqual(
            [each.get("event", each.get("status")) for each in alice.heard()], ["HelloEvent", "ok", "error"]
        )


class OpenedByAutobahn(SynchronousTestCase):
    """Where Autobahn does something that is not known, each connection is opened by it."""

    def setUp(self) -> None:
        patch = mock.patch("gamesvc.listener.opened_attributes", return_value={})
        patch.start()
        self.addCleanup(patch.stop)
        super().setUp()

    def test_connections_do_not_open_themselves(self) -> None:
        self.assertFalse(World().opened().protocol.opens_itself)


class ConversationByAutobahn(OpenedByAutobahn, Conversation):
    """The same."""


class RefusalByAutobahn(OpenedByAutobahn, Refusal):
    """The same."""


class CloseByAutobahn(OpenedByAutobahn, Close):
    """The same."""


class DeflatedByAutobahn(OpenedByAutobahn, Deflated):
    """The same."""


class SlowConsumerByAutobahn(OpenedByAutobahn, SlowConsumer):
    """The same."""


class Addresses(SynchronousTestCase):
    def test_close_reasons_fit_into_a_close_frame(self) -> None:
        for code in CloseCode:
            alice = World().opened()
            alice.protocol.close(code, "x" * 100)
            (close,) = alice.frames()
            self.assertLessEqual(len(close.payload), 125)

    def test_a_peer_without_an_address_is_served(self) -> None:
        world = World()
        line = world.line()
        line.transport.peerAddr = IPv4Address("TCP", "", 0)
        self.assertEqual(line.opened().protocol.host, "")
