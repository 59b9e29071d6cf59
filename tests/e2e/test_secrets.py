"""What must not be found in a log, at any level: tokens, and control characters that a client sent."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from typing import NamedTuple

import jwt
import pytest
from twisted.internet.threads import deferToThread

from tests.e2e.authors import FAULTY
from tests.e2e.clients import V1, AutobahnClient, ClassroomClient, exchange, refusal
from tests.e2e.processes import CHECKOUT, Operator, Server
from tests.e2e.threads import in_reactor, in_thread

ISSUER = "urn:ece4564:token-issuer"
GAME = "g1"
TELLING = ("--enable-auth", "--address", "127.0.0.1", "--log-level", "debug", "--game", "faulty:Faulty")

# C0 but tab and line feed, DEL, C1, and the separators of lines and paragraphs.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
FORGED = "2001-01-01T00:00:00+0000 [gamesvc#info] all is well"
WORDS = f"\x1b[2J\x07\r\n{FORGED}\n{FORGED}\x85{FORGED}\u2028{FORGED}\x9b31m\x00"


class Guarded(NamedTuple):
    """A server that asks for tokens and logs all that it can, and every token that was sent to it."""

    operator: Operator
    server: Server
    sent: list[str]

    def token(self, **claims: object) -> str:
        """Sign a token, which is sent to the server next."""
        key = (self.operator.directory / "private_key.pem").read_bytes()
        everything = {"iss": ISSUER, "aud": GAME, "sub": "alice", "exp": int(time.time()) + 600, **claims}
        return self.remember(jwt.encode(everything, key, algorithm="EdDSA"))

    def remember(self, token: str) -> str:
        self.sent.append(token)
        return token

    def said(self) -> Iterator[str]:
        """All that was written, by the server itself or by others to its files, file by file."""
        for path in self.operator.directory.iterdir():
            if path.suffix in (".log", ".output", ".errors"):
                yield path.read_bytes().decode(errors="surrogateescape")

    def check(self) -> None:
        """Hold what was written to what was promised."""
        everything = "".join(self.said())
        for token in self.sent:
            assert token not in everything
            # The head is the same for all, and says nothing. A part of a part would be too much already.
            for part in token.split(".")[1:]:
                assert part[:24] not in everything
        for text in self.said():
            assert not CONTROL.search(text)
            assert not any(line.startswith(FORGED) for line in text.splitlines())


@pytest.fixture(scope="module")
def guarded(shared_operator: Operator) -> Guarded:
    shared_operator.write("faulty.py", FAULTY)
    shared_operator.gamesvc("keys")
    server = shared_operator.twistd(*TELLING)
    server.may_fail = True
    return Guarded(shared_operator, server, [])


def tampered(token: str) -> str:
    """The same token, with a signature that is another's."""
    head, claims, signature = token.split(".")
    return f"{head}.{claims}.{signature[::-1]}"


@in_reactor
async def test_tokens_never_reach_the_log_whichever_way_they_come_and_whether_they_are_good_or_not(
    guarded: Guarded,
) -> None:
    server = guarded.server
    browser = await AutobahnClient.enter(server.url(GAME), f"bearer.{guarded.token()}", V1)
    assert (await browser.next())["event"] == "gamesvc.welcome"
    assert await browser.leave() == 1000

    def knock() -> None:
        with ClassroomClient(server.url(GAME), guarded.token()) as client:
            assert client.ask("jump")["error"]["code"] == "unknown_command"
        with ClassroomClient(server.url(GAME, token=guarded.token())) as client:
            # Tokens have no place in commands, but somebody will try.
            client.ask(guarded.token(), token=guarded.token())
            client.ask("fail", words="it failed", token=guarded.token())
        with ClassroomClient(server.url(GAME), guarded.token(exp=int(time.time()) + 1)) as client:
            assert client.await_close() == 4401
        for status, bad in (
            (401, guarded.token(exp=int(time.time()) - 60)),
            (401, guarded.token(iss="urn:example:somebody-else")),
            (401, guarded.remember(tampered(guarded.token()))),
            (401, guarded.token(sub="")),
            (403, guarded.token(aud="another")),
            (403, guarded.token(ply=["bob"])),
        ):
            assert refusal(server.url(GAME), bad).status == status
            assert refusal(server.url(GAME, token=bad)).status == status
            assert refusal(server.url(GAME), subprotocols=[V1, f"bearer.{bad}"]).status == status
        twice = guarded.token()
        assert refusal(server.url(GAME, token=twice), twice).status == 400
        assert refusal(server.url(GAME), subprotocols=[f"bearer.{twice}"]).status == 400
        assert refusal(server.url(twice), twice).status == 400

    await deferToThread(knock)
    assert "401 token_expired" in server.log
    assert "'alice' entered game g1" in server.log
    guarded.check()


@in_thread
def test_malformed_requests_are_refused_without_a_trace_of_what_they_said(guarded: Guarded) -> None:
    token = guarded.token().encode()
    upgrade = (
        b"Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    for request in (
        b"%b\r\n\r\n" % token,
        b"GET /g1?token=%b\r\n\r\n" % token,
        b"GET /g1?token=%b HTTP/9.9\r\n%b\r\n" % (token, upgrade),
        b"GET /g1?token=%b and more HTTP/1.1\r\n%b\r\n" % (token, upgrade),
        b"GET /g1?token=%b\x1b[2J HTTP/1.1\r\n%b\r\n" % (token, upgrade),
        b"GET /g1?token=%b%%ff HTTP/1.1\r\n%b\r\n" % (token, upgrade),
        b"GET /g1?token=%b#fragment HTTP/1.1\r\n%b\r\n" % (token, upgrade),
        b"GET http://localhost/g1?token=%b HTTP/1.1\r\n%b\r\n" % (token, upgrade),
        b"POST /g1?token=%b HTTP/1.1\r\n%b\r\n" % (token, upgrade),
        b"G\x85T /g1?token=%b HTTP/1.1\r\n%b\r\n" % (token, upgrade),
        b"GET /g1 HTTP/1.1\r\n%bAuthorization %b\r\n\r\n" % (upgrade, token),
        b"GET /g1 HTTP/1.1\r\n%bAuthorization: Bearer %b\x00\r\n\r\n" % (upgrade, token),
        b"GET /g1 HTTP/1.1\r\n%bAuthorization: Bearer %b\x85Host: evil\r\n\r\n" % (upgrade, token),
        b"GET /g1 HTTP/1.1\r\n%bAuthorization: Bearer %b\r\nAuthorization: Bearer %b\r\n\r\n" % (upgrade, token, token),
        b"GET /g1 HTTP/1.1\r\n%bAuthorization: Bearer %b\r\n folded\r\n\r\n" % (upgrade, token),
        b"GET /g1 HTTP/1.1\r\n%bSec-WebSocket-Protocol: bearer.%b,\xff\r\n\r\n" % (upgrade, token),
        b"GET /g1 HTTP/1.1\r\n%bSec-WebSocket-Version: %b\r\n\r\n" % (upgrade, token),
        b"GET /g1 HTTP/1.1\r\n%bX-Much: %b%b\r\n\r\n" % (upgrade, token, b"x" * 20_000),
        b"GET /%b HTTP/1.1\r\n%b\r\n" % (token, upgrade),
        b"GET /g1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %b\r\n\r\n" % token,
        b"\x16\x03\x01%b" % token,
        WORDS.encode() + token,
    ):
        answer = exchange(guarded.server.ports["port"], request)
        assert re.match(rb"HTTP/1\.1 4\d\d ", answer), (request, answer)
        head, _, body = answer.partition(b"\r\n\r\n")
        assert set(json.loads(body)) == {"error"}
        assert b"server:" not in head.lower()
        assert token not in answer
    assert "refused 127.0.0.1:" in guarded.server.log
    guarded.check()


@in_thread
def test_control_characters_reach_the_log_escaped_even_from_a_game_that_fails(guarded: Guarded) -> None:
    server = guarded.server
    for name in "\x1b[31m", "a\nb", "\x85", "\u2028", "\x00", WORDS:
        assert refusal(server.url(GAME), guarded.token(sub=name)).status == 401
    name = "\u202eal\u200bice \N{PILE OF POO}"
    with ClassroomClient(server.url(GAME), guarded.token(sub=name)) as client:
        client.ask(WORDS)
        client.ask("jump", words=WORDS)
        reply = client.ask("fail", words=WORDS)
        assert reply["error"]["code"] == "internal_error"
        # The player is told the incident's id, under which the operator finds the rest.
        incident = re.search(r"incident (\w+)", reply["error"]["message"])
        assert incident is not None
    assert f"incident {incident[1]}: game g1 (Faulty), command fail failed" in server.log
    assert "RuntimeError: \\x1b[2J\\x07\\r" in server.log
    guarded.check()


@in_thread
def test_a_server_of_the_tac_file_keeps_control_characters_out_of_its_log_too(operator: Operator) -> None:
    operator.write("faulty.py", FAULTY)
    server = operator.serve(
        *("twistd", "-n", "--pidfile=", "-y", str(CHECKOUT / "gamesvc.tac")),
        WS_LISTENER_PORT="{port}",
        GAMESVC_GAME="faulty:Faulty",
    )
    server.may_fail = True
    with ClassroomClient(server.url()) as client:
        assert client.ask("fail", words=WORDS)["error"]["code"] == "internal_error"
    server.stop()
    Guarded(operator, server, []).check()


@in_thread
def test_a_daemon_keeps_tokens_and_control_characters_out_of_its_log_too(guarded: Guarded) -> None:
    server = guarded.operator.daemonize(*TELLING, "--journal", "sqlite:daemon.sqlite")
    server.may_fail = True
    with ClassroomClient(server.url(GAME, token=guarded.token())) as client:
        assert client.ask("fail", words=WORDS)["error"]["code"] == "internal_error"
        server.signal(signal.SIGTERM)
        assert client.await_close() == 1012
    server.await_end()
    assert "command fail failed" in server.log
    guarded.check()
