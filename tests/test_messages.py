"""What crosses the wire: strict decoding, held against an oracle built on another JSON reader, and encoding."""

from __future__ import annotations

import json
import math
from functools import partial
from itertools import chain
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event
from gamesvc.errors import BAD_ID, BAD_JSON, ERROR_CODES, HTTP_REFUSALS, NO_COMMAND, RATE_LIMITED, REFUSED
from gamesvc.messages import (
    MessageError,
    Request,
    Welcome,
    decode_request,
    encode_arguments,
    encode_bot,
    encode_error,
    encode_joined,
    encode_ok,
    encode_refusal,
    encode_welcome,
    is_framework,
    numbered,
    peek_id,
)
from tests.cost import cost

FAST = settings(deadline=None, database=None, max_examples=200)


# The oracle.


def strictly_read(payload: bytes) -> dict[str, Any]:
    """A JSON object as the protocol allows it, read by the standard library.

    Raises:
        ValueError: it is none.
    """
    try:
        value = json.loads(
            payload.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse,
            parse_int=_of_64_bits,
            parse_float=_finite,
        )
    except RecursionError:
        raise ValueError("deep") from None
    if not isinstance(value, dict) or _depth(value) > 32:
        raise ValueError("no object, or deep")
    json.dumps(value, ensure_ascii=False).encode("utf-8")  # fails at a lone surrogate
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def _refuse(text: str) -> Any:
    raise ValueError(text)


def _of_64_bits(text: str) -> int:
    if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
        raise ValueError(text)
    return int(text)


def _finite(text: str) -> float:
    if math.isinf(float(text)):
        raise ValueError(text)
    return float(text)


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def expected(payload: bytes) -> str:
    """What `outcome` of a payload is to be."""
    try:
        body = strictly_read(payload)
    except ValueError:
        return "bad_json"
    id = body.pop("id", None)
    if not (id is None or (isinstance(id, str) and 1 <= len(id) <= 64)):
        return "bad_id"
    command = body.pop("command", None)
    if not (isinstance(command, str) and command):
        return f"no_command {id!r}"
    return repr((command, id, body))


def outcome(payload: bytes) -> str:
    """What came of a payload, types of numbers and order of keys included; any exception but MessageError gets out."""
    try:
        return repr(tuple(decode_request(payload)))
    except MessageError as error:
        return error.error.code if error.error is not NO_COMMAND else f"no_command {error.id!r}"


# JSON texts, good and bad: values are lists of pairs instead of dicts, so that a key can come twice.


class Pairs(list[tuple[str, Any]]):
    """An object's keys and values, as they are written."""


class Literal(str):
    """Written as it is."""


NUMBERS = st.sampled_from(
    [
        *("0", "-0", "1", "-1", "01", "1.", ".5", "+1", "1e5", "1E+5", "1e", "-", "0x10", "1_0", "1.5e-400", "0e999"),
        *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"),
        *("18446744073709551615", "18446744073709551616", "9" * 400, "1" * 5000, "1e308", "1e309", "-1e400"),
        *("NaN", "Infinity", "-Infinity", "nan", "9223372036854775808.0"),
    ]
).map(Literal)
STRINGS = st.text(st.characters(codec="utf-8"), max_size=5) | st.sampled_from(["{[", '"', "\\", ":", "}]", "\x7f", "é"])
ESCAPES = st.sampled_from(
    [
        r'"\ud800"',
        r'"\udc00"',
        r'"\ud83d\ude00"',
        r'"\ude00\ud83d"',
        r'"\ud83dx"',
        r'"\u0000"',
        r'"\x"',
        r'"\/"',
        r'"\u12"',
    ]
).map(Literal)
KEYS = st.sampled_from(["command", "id", "a", "b", "", ":", r"\u0061", "a\x00", "{"]) | STRINGS
LEAVES = NUMBERS | STRINGS | ESCAPES | st.integers() | st.floats() | st.sampled_from([True, False, None])
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.lists(st.tuples(KEYS, inner), max_size=4).map(Pairs)
)
BODIES = st.tuples(
    st.sampled_from([[], [("command", "mark")], [("command", "")], [("command", None)]]),
    st.sampled_from([[], [("id", "c-17")], [("id", "")], [("id", "x" * 64)], [("id", "x" * 65)], [("id", 5)]]),
    st.lists(st.tuples(KEYS, VALUES), max_size=4),
).map(lambda parts: Pairs(chain.from_iterable(parts)))
FRAGMENTS = st.lists(
    st.sampled_from(
        [
            *(b"{", b"}", b"[", b"]", b":", b",", b'"', b"\\", b" ", b"\n", b"\x0c", b"\x00", b"\xff", b"\xed\xa0\x80"),
            *(b'"command"', b'"id"', b'"a"', b'"\\u0061"', b":1", b"true", b"null", b"NaN", b"\xef\xbb\xbf", b"[" * 33),
        ]
    )
    | st.binary(max_size=3),
    max_size=12,
).map(b"".join)


def written(value: Any) -> str:
    """The text of a value, in which keys with a backslash stand as they are."""
    if isinstance(value, Literal):
        return value
    if isinstance(value, Pairs):
        keys = (f'"{key}"' if key.startswith("\\u") else json.dumps(key) for key, _ in value)
        members = ",".join(f"{key}: {written(item)}" for key, (_, item) in zip(keys, value, strict=True))
        return f"{{{members}}}"
    if isinstance(value, list):
        return f"[{','.join(map(written, value))}]"
    return json.dumps(value, ensure_ascii=False)


class Strictness(SynchronousTestCase):
    @FAST
    @given(BODIES | VALUES)
    def test_it_takes_and_refuses_exactly_what_a_strict_reader_does(self, value: Any) -> None:
        payload = written(value).encode("utf-8", "surrogatepass")
        self.assertEqual(outcome(payload), expected(payload))

    @FAST
    @given(FRAGMENTS | st.binary() | FRAGMENTS.map(lambda rest: b'{"command":"mark",' + rest))
    def test_no_bytes_bring_about_anything_but_a_request_or_a_message_error(self, payload: bytes) -> None:
        self.assertEqual(outcome(payload), expected(payload))

    @FAST
    @given(BODIES.map(written), st.integers(min_value=0), st.binary(max_size=2), st.integers(0, 2))
    def test_a_text_with_a_few_bytes_changed_is_judged_as_a_strict_reader_does(
        self, text: str, where: int, put: bytes, cut: int
    ) -> None:
        payload = text.encode("utf-8", "surrogatepass")
        where %= len(payload)
        payload = payload[:where] + put + payload[where + cut :]
        self.assertEqual(outcome(payload), expected(payload))

    def test_each_of_the_known_traps_is_refused(self) -> None:
        for text in (
            *('{"command":"x","a":1,"a":2}', r'{"command":"x","a":1,"\u0061":2}', '{"command":"x","a":{"b":1,"b":1}}'),
            *('{"command":"x","command":"x"}', '{"command":"x","a":[{"b":":","b":""}]}', '{"command":"x","a":NaN}'),
            *('{"command":"x","a":-Infinity}', '{"command":"x","a":9223372036854775808}', '{"command":"x","a":1e999}'),
            *('{"command":"x","a":[-9223372036854775809]}', r'{"command":"x","a":"\ud800"}', r'{"command":"\udc00"}'),
            *(r'{"command":"x","\ud800":1}', '{"command":"x"} {}', '\ufeff{"command":"x"}', '["command"]', '"x"', ""),
        ):
            self.assertEqual(outcome(text.encode()), "bad_json", text)
        for payload in (b'{"command":"x","a":"\xff"}', b'{"command":"x","\xff":1}', b'{"command":"\xed\xa0\x80"}'):
            self.assertEqual(outcome(payload), "bad_json", payload)

    def test_nesting_is_allowed_to_32_levels_whatever_brackets_the_texts_hold(self) -> None:
        for levels, fits in ((31, True), (32, False), (50_000, False)):
            for opening, closing in (("[", "]"), ('{"a":', "}")):
                payload = b'{"command":"x","text":"[{\\"[{","a":%b1%b}' % (
                    opening.encode() * levels,
                    closing.encode() * levels,
                )
                self.assertEqual(outcome(payload).startswith("('x'"), fits, (levels, opening))
        shallow = b'{"command":"x","a":[%b[]],"b":"%b"}' % (b"[]," * 100, b"[" * 100)
        self.assertEqual(outcome(shallow)[:4], "('x'")

    def test_a_colon_inside_a_text_is_no_key(self) -> None:
        for text in (r'{"command":":\":","a":{":":":"}}', r'{"command":"x","\\":"\\\":"}'):
            self.assertEqual(outcome(text.encode()), expected(text.encode()))
            self.assertTrue(outcome(text.encode()).startswith("("), text)

    def test_what_is_wrong_is_told_without_a_word_of_the_message_itself(self) -> None:
        for text in (
            '{"command":hunter2}',
            '{"hunter2":1,"hunter2":2}',
            r'{"a":"hunter2\x"}',
            '["hunter2"]',
            "hunter2",
        ):
            error = self.assertRaises(MessageError, decode_request, text.encode())
            self.assertIs(error.error, BAD_JSON)
            self.assertNotIn("hunter", error.message)

    def test_a_message_holds_at_most_4096_values_and_commas_in_texts_are_none(self) -> None:
        def codes(payload: bytes) -> str:
            try:
                decode_request(payload)
            except MessageError as error:
                return error.error.code
            return "ok"

        self.assertEqual(codes(b'{"command":"x","a":[' + b"1," * 4090 + b"1]}"), "ok")
        self.assertEqual(codes(b'{"command":"x","a":[' + b"1," * 4100 + b"1]}"), "bad_json")
        self.assertEqual(codes(b'{"command":"x","a":[' + b"[[]]," * 1500 + b"1]}"), "bad_json")
        self.assertEqual(codes(b'{"command":"x","a":"' + b'[{,\\"' * 9000 + b'"}'), "ok")

    def test_numbers_that_are_no_double_are_refused_and_others_are_what_they_say(self) -> None:
        for text, number in {"1e308": 1e308, "-0.0": -0.0, "5e-324": 5e-324, "0.1": 0.1, "1e-999": 0.0}.items():
            self.assertEqual(decode_request(b'{"command":"x","a":%b}' % text.encode()).arguments, {"a": number})
        for text in ("1e309", "-1e999", "123456789e999999999"):
            with self.assertRaises(MessageError) as raised:
                decode_request(b'{"command":"x","a":%b}' % text.encode())
            self.assertIs(raised.exception.error, BAD_JSON)

    def test_an_id_can_be_had_without_reading_the_rest(self) -> None:
        for payload, id in (
            (b'{"command":"x","id":"c-1","a":[1,2]}', "c-1"),
            (b'{"id":"c-1"}', "c-1"),
            (b'{"id":1}', None),
            (b'{"id":""}', None),
            (b'{"id":"%b"}' % (b"x" * 65), None),
            (b"{}", None),
            (b"[" * 50_000, None),
            (b"\xff", None),
            (b'{"id":"\xff"}', None),
        ):
            self.assertEqual(peek_id(payload), id)

    def test_no_message_takes_longer_to_judge_than_its_length_allows(self) -> None:
        # Compared with one of the same length that is refused plainly, so it doesn't matter how fast this machine is.
        size = 8000
        plain = cost(lambda: outcome(b"[" * 33 + b"xx" * size))
        for hostile in (
            b"[" * 33 + b'"' + rb"\"" * size,
            b"[" * 33 + b'"' * 2 * size,
            # With so many values that they are counted, before anybody knows whether it is JSON.
            b"[" * 5000 + b'"' + rb"\"" * size,
            b"[" * 5000 + rb"\"" * size,
            b"[" * 33 + b'"' + rb"\x" * size,
            b"[" * 33 + rb"\"" * size,
            b'{"command":"x","a":"' + rb"\"" * size,
            b'{"command":"x","a":["' + rb"\"" * size + b'"]}',
        ):
            self.assertLess(cost(partial(outcome, hostile)) / plain, 50.0, hostile[:50])


# What a request's arguments may hold, once they were read.
VALUES_OF_REQUESTS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-10, 10) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


class Requests(SynchronousTestCase):
    def test_a_request_is_its_command_its_id_and_the_other_keys(self) -> None:
        self.assertEqual(
            decode_request(b' {"cell": 4, "command": "Mark", "id": "c-17", "event": null}\n'),
            Request("Mark", "c-17", {"cell": 4, "event": None}),
        )
        self.assertEqual(decode_request(b'{"command":"hello"}'), Request("hello", None, {}))

    def test_an_id_is_a_text_of_1_to_64_characters(self) -> None:
        for id in ("x", "x" * 64, "😀" * 64, " ", "\x00"):
            self.assertEqual(decode_request(json.dumps({"command": "x", "id": id}).encode()).id, id)
        others: tuple[object, ...] = ("", "x" * 65, 5, True, 1.5, [], {}, ["x"])
        for bad in others:
            error = self.assertRaises(MessageError, decode_request, json.dumps({"command": "x", "id": bad}).encode())
            self.assertEqual((error.error, error.id, error.message), (BAD_ID, None, BAD_ID.message))

    def test_what_has_no_command_gets_its_id_back(self) -> None:
        for body in ({}, {"command": None}, {"command": ""}, {"command": 5}, {"command": ["mark"]}, {"event": "mark"}):
            error = self.assertRaises(MessageError, decode_request, json.dumps({**body, "id": "c-1"}).encode())
            self.assertEqual((error.error, error.id, error.message), (NO_COMMAND, "c-1", "must specify command"))

    @FAST
    @given(st.dictionaries(st.text().filter(lambda key: key not in ("command", "id")), VALUES_OF_REQUESTS, max_size=5))
    def test_arguments_are_stored_as_they_came_in_the_order_in_which_they_came(self, arguments: dict[str, Any]) -> None:
        encoded = encode_arguments(arguments)
        self.assertEqual(repr(json.loads(encoded)), repr(arguments))
        again = decode_request(b'{"command":"x",%b' % encoded[1:] if arguments else b'{"command":"x"}')
        self.assertEqual(repr(again.arguments), repr(arguments))


class Replies(SynchronousTestCase):
    def test_a_reply_to_a_duplicate_says_so_and_is_otherwise_the_first_one(self) -> None:
        for result in (None, b"null", b"[1]"):
            first, again = (json.loads(encode_ok("c-1", result, duplicate=each)) for each in (False, True))
            self.assertEqual(list(again), [*first, "duplicate"])
            self.assertEqual(again, first | {"duplicate": True})

    @FAST
    @given(id=st.none() | st.text(max_size=64), result=st.none() | st.text() | st.lists(st.integers(-5, 5)))
    def test_an_ok_reply_holds_id_and_result_where_there_are_any_and_its_status_first(
        self, id: str | None, result: object
    ) -> None:
        raw = None if result is None else msgspec.json.encode(result)
        reply = json.loads(encode_ok(id, raw))
        self.assertEqual(next(iter(reply)), "status")
        wanted = {"status": "ok", "id": id, "result": result}
        self.assertEqual(reply, {key: value for key, value in wanted.items() if value is not None})

    def test_a_result_of_null_is_not_no_result(self) -> None:
        self.assertEqual(encode_ok("c-1", b"null"), b'{"status":"ok","id":"c-1","result":null}')

    def test_a_classic_client_gets_what_it_always_got(self) -> None:
        self.assertEqual(encode_ok(), b'{"status":"ok"}')
        self.assertEqual(
            encode_error(NO_COMMAND),
            b'{"status":"error","error":{"code":"no_command","message":"must specify command","retryable":false}}',
        )

    def test_each_error_code_is_sent_with_its_own_message_and_whether_to_retry(self) -> None:
        for error in ERROR_CODES.values():
            body = {"code": error.code, "message": error.message, "retryable": error.retryable}
            self.assertEqual(json.loads(encode_error(error)), {"status": "error", "error": body})

    def test_an_error_reply_says_what_is_wrong_whose_it_is_and_when_to_retry(self) -> None:
        reply = json.loads(encode_error(REFUSED, 'it is not "your" turn', "c-17"))
        self.assertEqual(list(reply), ["status", "error", "id"])
        self.assertEqual((reply["error"]["message"], reply["id"]), ('it is not "your" turn', "c-17"))
        self.assertEqual(json.loads(encode_error(RATE_LIMITED, retry_ms=50))["error"]["retry_ms"], 50)

    def test_the_body_of_a_refused_handshake_is_its_error(self) -> None:
        for refusal in HTTP_REFUSALS.values():
            body = {"code": refusal.code, "message": refusal.message, "retryable": refusal.retryable}
            encoded = encode_refusal(refusal.code, refusal.message, refusal.retryable)
            self.assertEqual(json.loads(encoded), {"error": body})


class Events(SynchronousTestCase):
    def test_a_welcome_names_itself_first_and_holds_a_null_for_a_free_seat(self) -> None:
        welcome = Welcome("g", "chess", "E", 7, False, "alice", True, ["alice", None], ["alice"])
        self.assertEqual(
            encode_welcome(welcome),
            b'{"event":"gamesvc.welcome","game":"g","kind":"chess","epoch":"E","seq":7,"resumed":false,'
            b'"player":"alice","playing":true,"players":["alice",null],"present":["alice"]}',
        )

    def test_a_welcome_may_hold_the_state_last_as_it_was_encoded(self) -> None:
        state = msgspec.Raw(b'{"board":[null,1]}')
        welcome = Welcome("g", "chess", "E", 7, True, "alice", False, [], [], state)
        plain = Welcome("g", "chess", "E", 7, True, "alice", False, [], [])
        self.assertEqual(encode_welcome(welcome), encode_welcome(plain)[:-1] + b',"state":{"board":[null,1]}}')

    def test_who_takes_a_seat_is_told_of_by_name_and_seat(self) -> None:
        self.assertEqual(encode_joined("alice", 1), b'{"event":"gamesvc.joined","player":"alice","seat":1}')

    def test_who_is_played_by_a_bot_is_told_and_who_is_not_any_more(self) -> None:
        self.assertEqual(encode_bot("alice", "random"), b'{"event":"gamesvc.bot","player":"alice","bot":"random"}')
        self.assertEqual(encode_bot("alice", None), b'{"event":"gamesvc.bot","player":"alice","bot":null}')
        self.assertTrue(is_framework(encode_bot("alice", None)))

    def test_a_welcome_names_the_bots_where_there_are_some(self) -> None:
        plain = encode_welcome(Welcome("g", "chess", "E", 7, False, "alice", True, [], []))
        bots = {"bot-random": "random"}
        told = encode_welcome(Welcome("g", "chess", "E", 7, False, "alice", True, [], [], bots=bots))
        self.assertNotIn(b"bots", plain)
        self.assertEqual(told, plain[:-1] + b',"bots":{"bot-random":"random"}}')

    def test_events_of_gamesvc_are_told_from_those_of_a_game(self) -> None:
        welcome = encode_welcome(Welcome("g", "chess", "E", 7, False, "alice", True, [], []))
        self.assertEqual([is_framework(each) for each in (welcome, encode_joined("alice", 0))], [True, True])

        class gamesvc(Event):
            text: str = ""

        class gamesvcjoined(Event):
            pass

        for event in (gamesvc("gamesvc."), gamesvcjoined(), gamesvc('{"event":"gamesvc.joined"}')):
            self.assertFalse(is_framework(msgspec.json.encode(event)), event)

    @FAST
    @given(st.dictionaries(st.text().filter("seq".__ne__), st.text() | st.integers(-5, 5), max_size=3), st.integers(0))
    def test_a_numbered_event_is_the_same_object_with_its_number_last(self, fields: dict[str, Any], seq: int) -> None:
        event = {"event": "Marked", **fields}
        frame = json.loads(numbered(msgspec.json.encode(event), seq))
        self.assertEqual(list(frame.items()), [*event.items(), ("seq", seq)])
