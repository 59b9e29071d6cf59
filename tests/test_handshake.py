"""The opening request, read strictly."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from functools import partial
from http import HTTPStatus
from urllib.parse import parse_qsl

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import HTTP_REFUSALS, HttpRefusal, RequestRefused
from gamesvc.handshake import OpeningRequest, refusal_response, take_head
from gamesvc.messages import CLASSIC, V1
from tests.cost import cost

FAST = settings(deadline=None, database=None, max_examples=200)
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # of RFC 6455, section 1.3
SECRET = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"

REQUIRED = (
    "Host: localhost:8080",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    f"Sec-WebSocket-Key: {KEY}",
)


def head(*more: str | bytes, target: str = "/lobby", without: str = "", line: str | None = None) -> bytes:
    """An opening handshake.

    Args:
        more: header lines beside the required ones, or instead of them.
        target: of the request.
        without: the name of a required header that is left out.
        line: the request line.
    """
    named = {each.partition(":")[0].lower() for each in more if isinstance(each, str)} & {"upgrade", "connection"}
    required = [each for each in REQUIRED if each.partition(":")[0].lower() not in {without.lower(), *named}]
    lines = [line or f"GET {target} HTTP/1.1", *required, *more]
    return b"".join((each if isinstance(each, bytes) else each.encode("latin-1")) + b"\r\n" for each in lines) + b"\r\n"


def code(data: bytes) -> str:
    """What came of a head: the code of its refusal, or ``ok``; any other exception gets out."""
    try:
        OpeningRequest.parse(data)
    except RequestRefused as refused:
        return refused.refusal.code
    return "ok"


class Heads(SynchronousTestCase):
    def refused(self, data: bytes, limit: int) -> HttpRefusal:
        return self.assertRaises(RequestRefused, take_head, data, limit).refusal  # type: ignore[no-any-return]

    def test_a_head_is_cut_off_where_its_empty_line_ends_however_it_comes(self) -> None:
        data = head() + b"\x81\x00\r\n\r\nGET"
        for end in range(len(data) + 1):
            wanted = None if end < len(head()) else (head(), data[len(head()) : end])
            self.assertEqual(take_head(data[:end], 16384), wanted)

    def test_a_head_may_be_as_large_as_the_limit_and_no_byte_larger_whatever_follows(self) -> None:
        size = len(head())
        self.assertEqual(take_head(head() + b"x" * 1000, size), (head(), b"x" * 1000))
        self.assertEqual(self.refused(head(), size - 1).status, 431)

    def test_a_head_that_grows_too_large_is_not_waited_for(self) -> None:
        self.assertIsNone(take_head(b"G" * 100, 100))
        self.assertEqual(self.refused(b"G" * 101, 100).status, 431)

    def test_a_limit_of_0_is_none(self) -> None:
        self.assertIsNone(take_head(b"G" * 1_000_000, 0))

    def test_what_can_not_become_http_is_not_waited_for(self) -> None:
        for first in (b"\x16\x03\x01", b"\x81", b"\x00", b" ", b"\r\n", b"get / HTTP/1.1", b"\xff"):
            self.assertEqual(self.refused(first, 16384).code, "bad_request")

    @FAST
    @given(st.binary(max_size=200) | st.text("G\r\n").map(str.encode), st.integers(0, 100))
    def test_no_bytes_bring_about_anything_but_a_head_a_wait_or_a_refusal(self, data: bytes, limit: int) -> None:
        try:
            taken = take_head(data, limit)
        except RequestRefused:
            return
        if taken is not None:
            self.assertEqual(b"".join(taken), data)
            self.assertTrue(taken[0].endswith(b"\r\n\r\n"))
            self.assertEqual(taken[0].count(b"\r\n\r\n"), 1)


class Requests(SynchronousTestCase):
    def test_everything_that_matters_is_read_and_nothing_else(self) -> None:
        request = OpeningRequest.parse(
            head(
                "ORIGIN: https://Game.example",
                "authorization:Bearer x.y.z \t",
                "Sec-WebSocket-Protocol: gamesvc.v1 ,, gamesvc.classic",
                "sec-websocket-protocol:\tbearer.x.y.z",
                "Cookie: a=b",
                "Cookie: c=d",
                target="/any/path/lobby?player=J%C3%BCrgen+K&a&a=%26",
            ).replace(b"Host: localhost", b"host: LocalHost")
        )
        self.assertEqual(
            request,
            OpeningRequest(
                path="/any/path/lobby",
                query={"player": ["Jürgen K"], "a": ["", "&"]},
                host="localhost:8080",
                origin="https://Game.example",
                authorization="Bearer x.y.z",
                subprotocols=("gamesvc.v1", "gamesvc.classic", "bearer.x.y.z"),
                key=KEY,
            ),
        )
        bare = OpeningRequest.parse(head())
        self.assertEqual((bare.origin, bare.authorization, bare.subprotocols, bare.query), (None, None, (), {}))

    def test_each_way_of_being_wrong_has_its_refusal(self) -> None:
        for wanted, data in (
            ("ok", head("Upgrade: h2c, WebSocket", "Connection: keep-alive, upgrade", "Content-Length: 0")),
            ("ok", head("Upgrade: h2c", "Upgrade: websocket")),
            # The request line.
            ("bad_request", head(line="GET /lobby HTTP/1.1 ")),
            ("bad_request", head(line="GET  /lobby HTTP/1.1")),
            ("bad_request", head(line="GET /lob by HTTP/1.1")),
            ("bad_request", head(line="GET /lobby\tHTTP/1.1")),
            ("bad_request", head(line="GET /lobby HTTP/2.0")),
            ("bad_request", head(line="GET /lobby")),
            ("bad_request", head(line="GET lobby HTTP/1.1")),
            ("bad_request", head(line="GET /l\xe9 HTTP/1.1")),
            ("bad_request", head(line="G(T /lobby HTTP/1.1")),
            ("bad_request", head(target="/lobby#top")),
            ("bad_request", head(target="/lobby?a#top")),
            ("bad_query", head(target="/lobby?player=%ff")),
            ("bad_query", head(target="/lobby?player=%ed%a0%80")),
            ("bad_query", head(target="/lobby?" + "&".join("a" * 33))),
            # Its method, and what it asks for.
            ("method_not_allowed", head(line="POST /lobby HTTP/1.1")),
            ("method_not_allowed", head(line="HEAD /lobby HTTP/1.1", without="Upgrade")),
            ("upgrade_required", head(without="Upgrade")),
            ("upgrade_required", head("Upgrade: websockets")),
            ("upgrade_required", b"GET / HTTP/1.0\r\n\r\n"),
            ("bad_upgrade", head(line="GET /lobby HTTP/1.0")),
            ("bad_upgrade", head("Connection: keep-alive")),
            ("bad_upgrade", head(without="Connection")),
            ("bad_upgrade", head(without="Sec-WebSocket-Version")),
            ("bad_upgrade", head("Sec-WebSocket-Version: 8", without="Sec-WebSocket-Version")),
            ("bad_upgrade", head(without="Sec-WebSocket-Key")),
            # Its key has 16 bytes, in base64.
            ("bad_upgrade", head("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j", without="Sec-WebSocket-Key")),
            ("bad_upgrade", head(f"Sec-WebSocket-Key: {KEY}A", without="Sec-WebSocket-Key")),
            ("bad_upgrade", head(f"Sec-WebSocket-Key: A{KEY}", without="Sec-WebSocket-Key")),
            ("bad_upgrade", head("Sec-WebSocket-Key: " + "d" * 24, without="Sec-WebSocket-Key")),
            ("bad_upgrade", head("Sec-WebSocket-Key: " + "d" * 22 + "=\xe9", without="Sec-WebSocket-Key")),
            ("bad_upgrade", head("Sec-WebSocket-Key: dGhlIHNhbXBsZS-ub25jZQ==", without="Sec-WebSocket-Key")),
            ("ok", head("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAB==", without="Sec-WebSocket-Key")),
            # Header lines.
            ("bad_request", head("NoColon")),
            ("bad_request", head("Space : x")),
            ("bad_request", head(" Folded: x")),
            ("bad_request", head(": x")),
            ("bad_request", head("Na(me: x")),
            ("bad_request", head("Na\xefme: x")),
            ("bad_request", head(without="Host")),
            # A body would be read as frames.
            ("bad_request", head("Content-Length: 5")),
            ("bad_request", head("Content-Length: 0, 0")),
            ("bad_request", head("Transfer-Encoding: chunked")),
            ("bad_request", head("Transfer-Encoding:")),
        ):
            self.assertEqual(code(data), wanted, data)

    def test_a_header_that_decides_something_is_given_once_in_whatever_case(self) -> None:
        for name, value in (
            ("Host", "localhost:8080"),
            ("Origin", "https://game.example"),
            ("Authorization", "Bearer x"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", KEY),
            ("Content-Length", "0"),
        ):
            twice = head(f"{name.upper()}: {value}", f"{name.lower()}: {value}", without=name)
            self.assertEqual(code(twice), "duplicate_header", name)
            self.assertEqual(code(head(f"{name.upper()}: {value}", without=name)), "ok", name)

    def test_spaces_and_tabs_around_a_value_are_no_part_of_it(self) -> None:
        for line in (*REQUIRED, "Content-Length: 0"):
            name, _, value = line.partition(": ")
            for spaced in (f"{name}:{value}", f"{name}:\t {value} \t"):
                self.assertEqual(code(head(spaced, without=name)), "ok", spaced)
        host = OpeningRequest.parse(head("Host:\tlocalhost:8080  ", without="Host")).host
        self.assertEqual(host, "localhost:8080")

    def test_only_spaces_and_tabs_around_a_value_are_no_part_of_it(self) -> None:
        for byte in "\x85\xa0":
            self.assertEqual(code(head(f"Upgrade: websocket{byte}")), "upgrade_required")
            self.assertEqual(code(head(f"Connection: Upgrade{byte}")), "bad_upgrade")
            self.assertEqual(OpeningRequest.parse(head(f"Origin: {byte}null")).origin, f"{byte}null")
            offered = OpeningRequest.parse(head(f"Sec-WebSocket-Protocol: {byte}{V1}{byte}")).subprotocols
            self.assertEqual(offered, (f"{byte}{V1}{byte}",))

    def test_of_two_mistakes_the_first_is_told(self) -> None:
        twice = ("Origin: https://a.example", "Origin: https://b.example")
        self.assertEqual(code(head(*twice, "No colon")), "duplicate_header")
        self.assertEqual(code(head("No colon", *twice)), "bad_request")
        self.assertEqual(code(head(twice[0], "No colon", twice[1])), "bad_request")
        self.assertEqual(code(head(*twice, "No colon", line="GET lobby HTTP/1.1")), "bad_request")
        self.assertEqual(code(head(*twice, *[b"a:"] * 128)), "headers_too_large")

    def test_what_stands_in_a_malformed_line_is_no_header(self) -> None:
        for hiding in ("(X: a", "X : a", "X Host: evil.example", "X\x00Host: evil.example", "X\nHost: evil.example"):
            self.assertEqual(code(head(hiding)), "bad_request", hiding)
            self.assertEqual(code(head(hiding, without="Host")), "bad_request", hiding)

    def test_a_list_may_come_in_several_pieces_and_with_empty_items(self) -> None:
        pieces = "Upgrade: h2c,", "UPGRADE:", "upgrade: ,\t WebSocket ,", "Connection: keep-alive", "connection:upgrade"
        self.assertEqual(code(head(*pieces)), "ok")
        for missing in (2, 4):
            self.assertNotEqual(code(head(*pieces[:missing], *pieces[missing + 1 :])), "ok")
        offers = "Sec-WebSocket-Protocol: a,b", "sec-websocket-protocol:", "Sec-Websocket-Protocol: ,c "
        self.assertEqual(OpeningRequest.parse(head(*offers)).subprotocols, ("a", "b", "c"))

    @FAST
    @given(st.binary(min_size=15, max_size=17).map(base64.b64encode), st.integers(0, 24), st.sampled_from("A=-_ \xe9"))
    def test_a_key_is_just_what_is_16_bytes_in_base64(self, key: bytes, where: int, put: str) -> None:
        changed = key.decode()[:where] + put + key.decode()[where + 1 :]
        for each in (key.decode(), changed.strip(" ")):
            try:
                is_key = len(each) == 24 and len(binascii.a2b_base64(each, strict_mode=True)) == 16
            except ValueError:
                is_key = False
            given = code(head(f"Sec-WebSocket-Key: {each}", without="Sec-WebSocket-Key"))
            self.assertEqual(given, "ok" if is_key else "bad_upgrade", each)

    @FAST
    @given(st.text('ab&=+%23cC"/?;', max_size=30) | st.lists(st.just("a=1"), max_size=40).map("&".join))
    def test_a_query_is_read_as_forms_are(self, query: str) -> None:
        wanted: dict[str, list[str]] = {}
        try:
            pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=32)
        except ValueError:
            self.assertEqual(code(head(target=f"/lobby?{query}")), "bad_query")
            return
        for name, value in pairs:
            wanted.setdefault(name, []).append(value)
        self.assertEqual(OpeningRequest.parse(head(target=f"/lobby?{query}")).query, wanted)


class Smuggling(SynchronousTestCase):
    HIDDEN = b"Authorization: Bearer stolen"

    def test_no_byte_ends_a_line_but_cr_and_lf_together(self) -> None:
        separators = [bytes((byte,)) for byte in range(256)]
        separators += [b"\r\r", b"\n\r", b"\r \n", b"\n\n", b"\x0b\x0c", "\u2028".encode(), "\x85".encode(), b"\r\n "]
        for name in (b"X-Any", b"Origin", b"Cookie", b"Sec-WebSocket-Protocol"):
            for separator in separators:
                hiding = head(name + b": a" + separator + self.HIDDEN)
                try:
                    request = OpeningRequest.parse(hiding)
                except RequestRefused as refused:
                    self.assertEqual(refused.refusal.code, "bad_request")
                    self.assertTrue(separator == b"\x7f" or min(separator) < 0x20, separator)
                else:
                    self.assertIsNone(request.authorization, separator)
                    self.assertFalse({0, 10, 13, 0x1C, 0x7F}.intersection(separator), separator)

    def test_none_hides_in_the_request_line(self) -> None:
        for byte in range(256):
            smuggled = head().replace(b"/lobby", b"/lobby" + bytes((byte,)) + b"HTTP/1.1" + self.HIDDEN)
            try:
                request = OpeningRequest.parse(smuggled)
            except RequestRefused:
                continue
            self.assertTrue(0x20 < byte < 0x7F, byte)
            self.assertIsNone(request.authorization, byte)

    @FAST
    @given(st.integers(min_value=0), st.integers(0, 3), st.binary(max_size=3) | st.sampled_from([b"\r\n", b"\n", b":"]))
    def test_no_change_to_a_head_brings_about_anything_but_a_request_or_a_refusal(
        self, where: int, cut: int, put: bytes
    ) -> None:
        data = head("Origin: https://game.example", f"Sec-WebSocket-Protocol: {V1}", target="/lobby?player=%C3%BC&a=b")
        where %= len(data) - 4
        changed = data[:where] + put + data[where + cut : -4] + b"\r\n\r\n"
        if code(changed) == "ok":
            self.assert_plain(OpeningRequest.parse(changed).plain(V1))

    @FAST
    @given(st.binary(max_size=300))
    def test_no_bytes_bring_about_anything_but_a_refusal(self, data: bytes) -> None:
        self.assertNotEqual(code(data + b"\r\n\r\n"), "ok")

    def assert_plain(self, plain: bytes) -> None:
        lines = plain.decode("ascii").split("\r\n")
        names = [line.partition(":")[0] for line in lines[1:-2]]
        self.assertEqual(lines[0], "GET / HTTP/1.1")
        self.assertEqual(lines[-2:], ["", ""])
        self.assertEqual(plain.splitlines(), plain.split(b"\r\n")[:-1])
        needed = ["Host", "Upgrade", "Connection", "Sec-WebSocket-Version", "Sec-WebSocket-Key"]
        self.assertIn(names, (needed, [*needed, "Sec-WebSocket-Protocol"]))


class PlainHeads(SynchronousTestCase):
    def test_autobahn_gets_neither_token_nor_origin_nor_path(self) -> None:
        for data in (
            head(f"Authorization: Bearer {SECRET}", "Origin: https://game.example"),
            head(f"Sec-WebSocket-Protocol: {V1}, bearer.{SECRET}"),
            head(f"Sec-WebSocket-Protocol: bearer.{SECRET}, {CLASSIC}", f"Cookie: token={SECRET}"),
            head(f"X-{SECRET}: {SECRET}", target=f"/{SECRET}/lobby?token={SECRET}"),
            head(f"Host: {SECRET}", without="Host"),
            head(f"Sec-WebSocket-Extensions: permessage-deflate, {SECRET}; x={SECRET}"),
        ):
            for chosen in (None, V1, CLASSIC):
                plain = OpeningRequest.parse(data).plain(chosen)
                for part in (SECRET, *SECRET.split("."), "bearer", "origin", "game.example", "lobby"):
                    self.assertNotIn(part.lower().encode(), plain.lower())

    def test_it_is_a_handshake_with_the_same_key_and_the_chosen_subprotocol_alone(self) -> None:
        request = OpeningRequest.parse(head(f"Sec-WebSocket-Protocol: x, {CLASSIC}, {V1}"))
        for chosen, offered in ((V1, (V1,)), (CLASSIC, (CLASSIC,)), (None, ())):
            again = OpeningRequest.parse(request.plain(chosen))
            self.assertEqual((again.key, again.subprotocols), (KEY, offered))


class Accepted(SynchronousTestCase):
    def test_the_example_of_the_rfc_is_answered_as_it_says(self) -> None:
        lines = OpeningRequest.parse(head()).accept(None).split(b"\r\n")
        self.assertEqual(lines[0], b"HTTP/1.1 101 Switching Protocols")
        self.assertEqual(lines[-2:], [b"", b""])
        wanted = {b"Upgrade: WebSocket", b"Connection: Upgrade", b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}
        self.assertEqual(set(lines[1:-2]), wanted)

    @FAST
    @given(st.binary(min_size=16, max_size=16), st.sampled_from([None, V1, CLASSIC]))
    def test_the_key_is_answered_and_of_what_was_offered_only_what_was_chosen(
        self, nonce: bytes, chosen: str | None
    ) -> None:
        key = base64.b64encode(nonce).decode()
        asked = head(
            *(f"Sec-WebSocket-Key: {key}", f"Authorization: Bearer {SECRET}", "Origin: https://game.example"),
            *(f"Sec-WebSocket-Protocol: x, {CLASSIC}, {V1}", "Sec-WebSocket-Extensions: permessage-bzip2"),
            without="Sec-WebSocket-Key",
        )
        first, *lines = (
            OpeningRequest.parse(asked).accept(chosen).decode("ascii").removesuffix("\r\n\r\n").split("\r\n")
        )
        digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
        wanted = {
            "Upgrade": "WebSocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": base64.b64encode(digest).decode(),
        }
        if chosen:
            wanted["Sec-WebSocket-Protocol"] = chosen
        self.assertEqual(
            (first, dict(line.split(": ", 1) for line in lines)), ("HTTP/1.1 101 Switching Protocols", wanted)
        )
        self.assertEqual(len(lines), len(wanted))


class Extensions(SynchronousTestCase):
    AGREED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

    def answered(self, *offers: str) -> list[str]:
        """The extensions in the response, one item a line."""
        request = OpeningRequest.parse(head(*(f"Sec-WebSocket-Extensions: {each}" for each in offers)))
        lines = request.accept(V1).decode("ascii").split("\r\n")
        found = [line.partition(": ")[2] for line in lines if line.lower().startswith("sec-websocket-extensions:")]
        self.assertEqual(request.deflates, bool(found))
        self.assertNotIn(b"xtensions", request.plain(V1), "Autobahn would agree by rules of its own")
        return found

    def test_compression_is_agreed_to_where_it_is_offered(self) -> None:
        self.assertEqual(self.answered(), [])
        self.assertEqual(self.answered("permessage-bzip2"), [])
        self.assertEqual(self.answered("permessage-deflate; client_max_window_bits"), [self.AGREED])
        full = f"{self.AGREED}; server_max_window_bits=15"
        self.assertEqual(self.answered("permessage-deflate; server_max_window_bits=15"), [full])

    def test_the_rest_of_the_answer_is_the_same(self) -> None:
        plain = OpeningRequest.parse(head()).accept(V1)
        asked = head("sec-websocket-extensions:permessage-deflate")
        deflates = OpeningRequest.parse(asked).accept(V1)
        self.assertEqual(deflates.replace(f"Sec-WebSocket-Extensions: {self.AGREED}\r\n".encode(), b""), plain)

    def test_offers_may_come_in_several_lines(self) -> None:
        self.assertEqual(self.answered("permessage-bzip2", "permessage-deflate; unknown"), [])
        self.assertEqual(self.answered("permessage-deflate; unknown", "", "permessage-deflate"), [self.AGREED])
        # In several lines, too, nothing is guessed at.
        self.assertEqual(self.answered("permessage-deflate", 'x; y="'), [])

    def test_nobody_is_refused_for_what_they_offer(self) -> None:
        for offered in (
            "",
            ";",
            "permessage-deflate;",
            "permessage-deflate; server_max_window_bits=8",
            '"',
            "\xff=\xff",
        ):
            self.assertEqual(self.answered(offered), [], offered)


class Responses(SynchronousTestCase):
    def test_each_refusal_is_a_whole_http_response_with_its_error_as_json(self) -> None:
        for refusal in HTTP_REFUSALS.values():
            header, _, body = refusal_response(refusal).partition(b"\r\n\r\n")
            first, *lines = header.decode("ascii").split("\r\n")
            fields = dict(line.split(": ", 1) for line in lines)
            self.assertEqual(first, f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}")
            error = {"code": refusal.code, "message": refusal.message, "retryable": refusal.retryable}
            self.assertEqual(json.loads(body), {"error": error})
            always = {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                "Cache-Control": "no-store",
                "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Connection": "close",
            }
            self.assertEqual(fields, always | dict(refusal.headers))
            self.assertEqual(len(fields), len(lines))


class Many(SynchronousTestCase):
    def test_a_request_has_at_most_128_headers(self) -> None:
        self.assertEqual(code(head(*[b"a:"] * 100)), "ok")
        self.assertEqual(code(head(*[b"a:"] * 200)), "headers_too_large")
        room = 128 - len(REQUIRED)
        self.assertEqual(code(head(*[b"a:"] * room)), "ok")
        self.assertEqual(code(head(*[b"a:"] * (room + 1))), "headers_too_large")


class Cost(SynchronousTestCase):
    def test_no_head_takes_longer_to_judge_than_its_length_allows(self) -> None:
        # Compared with one of the same length that is well-formed, so it doesn't matter how fast this machine is.
        size = 8000
        plain = cost(lambda: code(head(b"X: " + b"x" * size)))
        for hostile in (
            head(b"X:" + b" " * size + b"\x00"),
            head(b"X:" + b" \t" * (size // 2) + b"x" + b" " * size + b"\x7f"),
            head(b"X" * size + b"\x00:"),
            head(line="GET /" + "/" * size + "\x00"),
            head(line="G" * size),
            head(b"Sec-WebSocket-Protocol:" + b" ," * (size // 2)),
            head(b"x" * (size // 2) + b"\n" + b"x" * (size // 2) + b":"),
            head(b"x:\n" * (size // 3)),
            head(*[b"Upgrade:" + b"," * 60] * 120),
            head(line="GET /?" + "%41" * (size // 3) + " HTTP/1.1"),
        ):
            self.assertLess(cost(partial(code, hostile)) / plain, 50.0, hostile[-50:])
