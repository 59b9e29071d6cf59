"""One connection's conversation: every request is answered, in order, within the limits."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.controller import FRAME_BYTES, GameController
from gamesvc.errors import CloseCode
from gamesvc.eventlog import EventLog, Viewer
from gamesvc.limits import Limits
from gamesvc.messages import Request, encode_ok
from gamesvc.publisher import GamePublisher

UNBOUNDED = Limits(commands_per_second=0.0, frames_per_second=0.0)


class Conversation:
    """A controller between a client and a game that answers when the test says so.

    It is the controller's outlet, too: a connection, whose client reads when the test says so.
    """

    def __init__(self, limits: Limits = UNBOUNDED, *, prompt: bool = True) -> None:
        self.clock = 100.0
        self.prompt = prompt
        self.asked: list[tuple[Request, Callable[[bytes], None]]] = []
        self.replies: list[Any] = []
        self.closed: list[CloseCode] = []
        self.pending_replies = 0
        self.controller = GameController(self._submit, self, limits, lambda: self.clock)

    def _submit(self, request: Request, answer: Callable[[bytes], None]) -> None:
        self.asked.append((request, answer))
        if self.prompt:
            answer(encode_ok(request.id))

    def reply(self, payload: bytes) -> None:
        self.replies.append(json.loads(payload))

    def close(self, code: CloseCode) -> None:
        self.closed.append(code)

    def say(self, **message: object) -> None:
        self.send(json.dumps(message).encode())

    def send(self, payload: bytes) -> None:
        self.controller.frame_begun()
        self.controller.text_received(payload)

    def answer(self, position: int) -> None:
        """The game answers a request."""
        request, answer = self.asked[position]
        answer(encode_ok(request.id))

    @property
    def outcomes(self) -> list[str]:
        """What became of each request: an error's code, or ok."""
        return [each["error"]["code"] if "error" in each else each["status"] for each in self.replies]

    @property
    def ids(self) -> list[str | None]:
        return [each.get("id") for each in self.replies]


class Order(SynchronousTestCase):
    """Replies leave in the order of the requests."""

    def test_a_command_reaches_the_game_as_it_was_sent(self) -> None:
        talk = Conversation()
        talk.say(command="Mark", id="c-1", cell=4, to=["bob"])
        talk.say(command="yo")
        requests = [request for request, _ in talk.asked]
        self.assertEqual(requests, [Request("Mark", "c-1", {"cell": 4, "to": ["bob"]}), Request("yo", None, {})])
        self.assertEqual(talk.replies, [{"status": "ok", "id": "c-1"}, {"status": "ok"}])

    def test_what_is_refused_here_waits_for_the_answers_before_it(self) -> None:
        talk = Conversation(prompt=False)
        talk.say(command="a", id="1")
        talk.send(b"no json")
        talk.say(id="3")
        talk.say(command="d", id="4")
        talk.answer(1)
        self.assertEqual(talk.replies, [])
        talk.answer(0)
        self.assertEqual(talk.outcomes, ["ok", "bad_json", "no_command", "ok"])
        self.assertEqual(talk.ids, ["1", None, "3", "4"])

    @settings(deadline=None, database=None, max_examples=100)
    @given(st.lists(st.integers(0, 11), max_size=40))
    def test_replies_keep_the_order_of_the_requests_however_often_and_in_whatever_order_the_game_answers(
        self, answers: list[int]
    ) -> None:
        talk = Conversation(prompt=False)
        for number in range(12):
            talk.say(command="a", id=str(number))
        answered: set[int] = set()
        for number in answers:
            talk.answer(number)
            answered.add(number)
            due = next(position for position in range(13) if position not in answered)
            self.assertEqual(talk.ids, [str(position) for position in range(due)])

    def test_a_second_answer_does_not_replace_one_that_waits(self) -> None:
        talk = Conversation(prompt=False)
        talk.say(command="a")
        talk.say(command="b", id="2")
        talk.answer(1)
        talk.asked[1][1](encode_ok("another"))
        talk.answer(0)
        self.assertEqual(talk.ids, [None, "2"])


class Pings(SynchronousTestCase):
    """Who asks whether somebody is there is answered, in turn, and the game hears nothing of it."""

    def test_it_is_answered_by_the_controller(self) -> None:
        talk = Conversation()
        talk.say(command="gamesvc.ping")
        talk.say(command="Gamesvc.Ping", id="p-1")
        self.assertEqual(talk.replies, [{"status": "ok"}, {"status": "ok", "id": "p-1"}])
        self.assertEqual(talk.asked, [])

    def test_its_reply_waits_for_those_before(self) -> None:
        talk = Conversation(prompt=False)
        talk.say(command="mark", id="c-1")
        talk.say(command="gamesvc.ping", id="p-1")
        self.assertEqual(talk.ids, [])
        talk.answer(0)
        self.assertEqual(talk.ids, ["c-1", "p-1"])

    def test_it_counts_against_the_bounds(self) -> None:
        talk = Conversation(replace(UNBOUNDED, commands_per_second=1, command_burst=1))
        talk.say(command="gamesvc.ping")
        talk.say(command="gamesvc.ping")
        self.assertEqual(talk.outcomes, ["ok", "rate_limited"])


class Mistakes(SynchronousTestCase):
    """What is no command."""

    def test_each_gets_its_code_and_its_id_where_it_has_a_usable_one(self) -> None:
        talk = Conversation()
        cases: list[tuple[bytes, str, str | None]] = [
            (b"{}", "no_command", None),
            (b'{"command": 1, "id": "x"}', "no_command", "x"),
            (b'{"command": "", "id": "x"}', "no_command", "x"),
            (b"[]", "bad_json", None),
            (b'{"command": "a", "command": "b", "id": "x"}', "bad_json", None),
            (b'{"command": "a", "id": 7}', "bad_id", None),
            (b'{"command": "a", "id": ""}', "bad_id", None),
            (b'{"id": "%b"}' % (b"x" * 65), "bad_id", None),
        ]
        for payload, code, id in cases:
            talk.send(payload)
            self.assertEqual((talk.outcomes[-1], talk.ids[-1]), (code, id), payload)
        self.assertEqual((talk.asked, talk.closed, len(talk.replies)), ([], [], len(cases)))
        self.assertEqual(talk.replies[0]["error"]["message"], "must specify command")

    def test_the_third_in_a_row_that_is_no_json_is_answered_and_closes_with_1008(self) -> None:
        talk = Conversation()
        for payload in (b"", b"[1]", b'{"a":1,"a":2}'):
            self.assertEqual(talk.closed, [])
            talk.send(payload)
        self.assertEqual((talk.outcomes, talk.closed), (["bad_json"] * 3, [CloseCode.POLICY_VIOLATION]))

    def test_two_in_a_row_again_and_again_do_not_close(self) -> None:
        for good in (b'{"command":"a"}', b"{}", b'{"command":"a","id":7}'):
            talk = Conversation()
            for _ in range(5):
                for payload in (b"x", b"x", good):
                    talk.send(payload)
            self.assertEqual(talk.closed, [], good)

    def test_a_binary_message_closes_with_1003(self) -> None:
        talk = Conversation()
        talk.controller.binary_received()
        self.assertEqual((talk.closed, talk.replies), ([CloseCode.UNSUPPORTED_DATA], []))


class Bounds(SynchronousTestCase):
    """How much a client may send."""

    def test_commands_beyond_the_burst_are_told_when_to_come_back_and_then_taken(self) -> None:
        talk = Conversation(Limits(commands_per_second=4.0, command_burst=2, frames_per_second=0.0))
        for number in range(4):
            talk.say(command="a", id=str(number))
        self.assertEqual((talk.outcomes, talk.ids), (["ok", "ok"] + ["rate_limited"] * 2, ["0", "1", "2", "3"]))
        error = talk.replies[-1]["error"]
        self.assertIs(error["retryable"], True)
        self.assertTrue(250 <= error["retry_ms"] <= 251, error)
        talk.clock += 0.2
        talk.say(command="a")
        talk.clock += talk.replies[-1]["error"]["retry_ms"] / 1000
        talk.say(command="a")
        talk.say(command="a")
        self.assertEqual(talk.outcomes[4:], ["rate_limited", "ok", "rate_limited"])
        self.assertEqual((len(talk.asked), talk.closed), (3, []))

    def test_what_comes_beyond_the_rate_is_not_even_read(self) -> None:
        talk = Conversation(Limits(commands_per_second=1.0, command_burst=1))
        talk.say(command="a")
        with mock.patch("gamesvc.controller.decode_request", side_effect=AssertionError("read")):
            for _ in range(3):
                talk.say(command="a", id="c-1", a=[1e308] * 1000)
        self.assertEqual((talk.outcomes[1:], talk.ids[1:]), (["rate_limited"] * 3, ["c-1"] * 3))

    def test_more_frames_of_any_kind_than_allowed_close_with_1008(self) -> None:
        talk = Conversation(Limits(commands_per_second=0.0, frames_per_second=8.0))
        for _ in range(8):
            talk.controller.frame_begun()
        self.assertEqual(talk.closed, [])
        talk.clock += 0.125
        talk.controller.frame_begun()
        self.assertEqual(talk.closed, [])
        talk.say(command="a")
        self.assertEqual((talk.closed, talk.asked, talk.replies), ([CloseCode.POLICY_VIOLATION], [], []))

    def test_what_comes_out_of_compressed_messages_counts_as_frames(self) -> None:
        for size, most in ((FRAME_BYTES - 1, 8), (FRAME_BYTES, 4), (3 * FRAME_BYTES + 1, 2)):
            talk = Conversation(Limits(commands_per_second=0.0, frames_per_second=8.0))
            for _ in range(most):
                self.assertEqual(talk.closed, [])
                talk.controller.frame_begun()
                talk.controller.inflated(size)
            self.assertEqual(talk.closed, [])
            talk.controller.frame_begun()
            self.assertEqual(talk.closed, [CloseCode.POLICY_VIOLATION])
            talk.controller.inflated(size)
            self.assertEqual(len(talk.closed), 1)

    def test_a_command_on_top_of_32_replies_that_were_not_read_is_too_many_in_flight(self) -> None:
        talk = Conversation()
        talk.pending_replies = 31
        talk.say(command="a")
        talk.pending_replies = 32
        talk.say(command="a", id="x")
        self.assertEqual((talk.outcomes, talk.ids[-1]), (["ok", "too_many_in_flight"], "x"))
        self.assertIs(talk.replies[-1]["error"]["retryable"], True)
        talk.pending_replies = 31
        talk.say(command="a")
        self.assertEqual((talk.outcomes[-1], len(talk.asked), talk.closed), ("ok", 2, []))

    def test_commands_that_the_game_has_not_answered_count_too(self) -> None:
        talk = Conversation(prompt=False)
        for _ in range(33):
            talk.say(command="a")
        self.assertEqual((len(talk.asked), talk.replies), (32, []))
        for position in range(32):
            talk.answer(position)
        self.assertEqual(talk.outcomes, ["ok"] * 32 + ["too_many_in_flight"])
        talk.say(command="a")
        self.assertEqual(len(talk.asked), 33)

    def test_refusals_pile_up_to_256_and_one_more_frame_closes_with_4000(self) -> None:
        talk = Conversation(prompt=False)
        for number in range(256):
            talk.send(b"{}" if number % 2 else b'{"command":"a"}')
        self.assertEqual((talk.closed, talk.replies), ([], []))
        talk.send(b"{}")
        self.assertEqual((talk.closed, len(talk.asked)), ([CloseCode.SLOW_CONSUMER], 16))

    def test_a_client_that_reads_may_send_all_at_once_what_the_limits_allow(self) -> None:
        soon: list[Callable[[], None]] = []
        publisher = GamePublisher(soon.append, EventLog(), max_lag_events=100, max_lag_bytes=100_000)

        class Line:
            """A connection whose client reads whatever comes."""

            data = b""

            def write(self, data: bytes) -> None:
                self.data += data

            def close(self, code: CloseCode) -> None:
                self.data += code.name.encode()

        line = Line()
        subscription = publisher.subscribe(Viewer("alice", framework=True), line)
        controller = GameController(lambda request, answer: answer(encode_ok()), subscription, Limits(), lambda: 0.0)
        # In one segment, say, and so in one turn of the reactor.
        for _ in range(Limits.command_burst):
            controller.text_received(b'{"command":"a"}')
        while soon:
            soon.pop(0)()
        self.assertEqual((line.data.count(b'"ok"'), line.data.count(b"error")), (Limits.command_burst, 0))


MOMENTS = st.tuples(
    st.sampled_from((b'{"command":"a"}', b'{"command":"a","id":"x"}', b"{}", b"no", b'{"command":"a","id":7}')),
    st.sampled_from((0.0, 0.0, 0.1, 0.5, 1.0)),
    st.booleans(),
)


class ShortTexts(SynchronousTestCase):
    """A text that is one frame counts as a frame and as a message."""

    @settings(deadline=None, database=None, max_examples=150)
    @given(
        st.lists(MOMENTS, max_size=30),
        st.builds(
            Limits,
            commands_per_second=st.sampled_from((0.0, 2.0, 10.0)),
            command_burst=st.sampled_from((0, 1, 3)),
            frames_per_second=st.sampled_from((0.0, 1.0, 5.0)),
        ),
    )
    def test_it_is_answered_as_one_that_came_as_frame_and_text(
        self, moments: list[tuple[bytes, float, bool]], limits: Limits
    ) -> None:
        short, plain = Conversation(limits, prompt=False), Conversation(limits, prompt=False)
        for payload, seconds, answers in moments:
            short.controller.short_text_received(payload)
            plain.send(payload)
            for talk in (short, plain):
                talk.clock += seconds
                if answers:
                    for position in range(len(talk.asked)):
                        talk.answer(position)
            self.assertEqual((short.replies, short.closed), (plain.replies, plain.closed))
            self.assertEqual([request for request, _ in short.asked], [request for request, _ in plain.asked])

    def test_more_of_them_than_allowed_close_with_1008_and_the_last_is_not_taken(self) -> None:
        talk = Conversation(Limits(commands_per_second=0.0, frames_per_second=8.0))
        for _ in range(9):
            talk.controller.short_text_received(b'{"command":"a"}')
        self.assertEqual((talk.outcomes, talk.closed), (["ok"] * 8, [CloseCode.POLICY_VIOLATION]))

    def test_after_the_end_they_have_no_effect(self) -> None:
        talk = Conversation()
        talk.controller.close(CloseCode.REPLACED)
        talk.controller.short_text_received(b'{"command":"a"}')
        self.assertEqual((talk.asked, talk.replies), ([], []))


class TheEnd(SynchronousTestCase):
    """After which nothing has an effect, but what was taken before has its reply."""

    def assert_deaf(self, talk: Conversation) -> None:
        heard = list(talk.replies), list(talk.closed), len(talk.asked)
        talk.say(command="b")
        for _ in range(3):
            talk.send(b"no json")
        talk.controller.binary_received()
        for _ in range(1000):
            talk.controller.frame_begun()
        for code in (CloseCode.NORMAL, CloseCode.SLOW_CONSUMER):
            talk.controller.close(code)
        self.assertEqual((talk.replies, talk.closed, len(talk.asked)), heard)

    def test_a_close_waits_for_the_replies_that_are_owed_and_nothing_else_has_an_effect(self) -> None:
        talk = Conversation(Limits(), prompt=False)
        talk.say(command="a", id="1")
        talk.say(command="a", id="2")
        talk.controller.close(CloseCode.TOKEN_EXPIRED)
        self.assertEqual((talk.closed, talk.controller.closed), ([], True))
        self.assert_deaf(talk)
        talk.answer(1)
        self.assertEqual((talk.closed, talk.replies), ([], []))
        talk.answer(0)
        self.assertEqual((talk.ids, talk.closed), (["1", "2"], [CloseCode.TOKEN_EXPIRED]))
        self.assert_deaf(talk)

    def test_where_no_reply_is_owed_a_close_closes_at_once(self) -> None:
        talk = Conversation(Limits())
        talk.say(command="a")
        talk.controller.close(CloseCode.TOKEN_EXPIRED)
        self.assertEqual((talk.outcomes, talk.closed), (["ok"], [CloseCode.TOKEN_EXPIRED]))
        self.assert_deaf(talk)

    def test_for_who_does_not_read_nobody_waits(self) -> None:
        talk = Conversation(Limits(), prompt=False)
        talk.say(command="a")
        talk.controller.close(CloseCode.SLOW_CONSUMER)
        self.assertEqual((talk.closed, talk.replies), ([CloseCode.SLOW_CONSUMER], []))
        self.assert_deaf(talk)

    def test_the_reason_that_came_first_is_the_one(self) -> None:
        talk = Conversation(prompt=False)
        talk.say(command="a")
        for code in (CloseCode.SERVICE_RESTART, CloseCode.REPLACED, CloseCode.SLOW_CONSUMER):
            talk.controller.close(code)
        talk.answer(0)
        self.assertEqual(talk.closed, [CloseCode.SERVICE_RESTART])

    def test_who_wants_no_more_is_told_when_everything_has_its_reply(self) -> None:
        talk = Conversation(prompt=False)
        said: list[str] = []
        talk.say(command="a")
        talk.controller.answer_all(lambda: said.append("first"))
        self.assertEqual(said, [])
        self.assert_deaf(talk)
        talk.answer(0)
        self.assertEqual((said, talk.outcomes, talk.closed), (["first"], ["ok"], []))
        talk.controller.answer_all(lambda: said.append("second"))
        self.assertEqual(said, ["first", "second"])

    def test_each_protocol_breach_waits_for_what_was_asked_before_it(self) -> None:
        def no_json(talk: Conversation) -> None:
            for _ in range(3):
                talk.send(b"no json")

        def binary(talk: Conversation) -> None:
            talk.controller.binary_received()

        def flood(talk: Conversation) -> None:
            for _ in range(1000):
                talk.controller.frame_begun()

        for breach, outcomes in ((no_json, ["ok"] + ["bad_json"] * 3), (binary, ["ok"]), (flood, ["ok"])):
            talk = Conversation(Limits(), prompt=False)
            talk.say(command="a")
            breach(talk)
            self.assertEqual((talk.replies, talk.closed), ([], []))
            talk.answer(0)
            self.assertEqual((talk.outcomes, len(talk.closed)), (outcomes, 1))

    def test_after_the_connection_is_lost_nothing_has_an_effect_and_nothing_is_sent(self) -> None:
        talk = Conversation(Limits(), prompt=False)
        talk.say(command="a")
        talk.controller.connection_lost()
        talk.answer(0)
        self.assertEqual((talk.closed, talk.replies), ([], []))
        self.assert_deaf(talk)

    def test_a_close_that_waits_ends_with_the_connection(self) -> None:
        talk = Conversation(prompt=False)
        talk.say(command="a")
        talk.controller.close(CloseCode.REPLACED)
        talk.controller.connection_lost()
        talk.answer(0)
        self.assertEqual((talk.closed, talk.replies), ([], []))

    def test_what_the_game_does_within_a_command_may_end_the_conversation_when_that_is_answered(self) -> None:
        class Kicked(Conversation):
            """In a game that has its player replaced while they ask."""

            def _submit(self, request: Request, answer: Callable[[bytes], None]) -> None:
                self.controller.close(CloseCode.REPLACED)
                self.replies.append("asked")
                super()._submit(request, answer)

            def close(self, code: CloseCode) -> None:
                self.replies.append(code)
                super().close(code)

        talk = Kicked()
        talk.say(command="a")
        self.assertEqual(talk.replies, ["asked", {"status": "ok"}, CloseCode.REPLACED])
        self.assert_deaf(talk)
