"""The lobby of a real server: two find each other and play, the server is killed, keys come over the network, and what
its description promises is tried out by a program that was written by others.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.e2e.clients import V1, ClassroomClient, refusal
from tests.e2e.processes import LOOPBACK, Operator, Server, until
from tests.e2e.threads import in_thread

GAMES = ("--game", "greetings", "--game", "tic-tac-toe", "--game", "chess")
SECONDS = 40.0
"""How long an answer may take: longer than the lobby puts one off."""


class Answer(NamedTuple):
    """What the lobby answered."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])


def ask(
    server: Server, method: str, path: str, who: str | None = None, body: Any = None, *, key: str | None = None
) -> Answer:
    """Ask the lobby for something."""
    request = urllib.request.Request(f"http://{LOOPBACK}:{server.ports['port']}/api{path}", method=method)
    if who is not None:
        request.add_header("Authorization", f"Bearer {who}")
    if key is not None:
        request.add_header("Idempotency-Key", key)
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:
            status, content = response.status, response.read()
    except HTTPError as refused:
        with refused:
            status, content = refused.code, refused.read()
    return Answer(status, json.loads(content) if content else None)


def play(server: Server, seat: dict[str, Any], **options: Any) -> ClassroomClient:
    """Take the seat that the lobby gave."""
    url = f"ws://{LOOPBACK}:{server.ports['port']}{seat['url']}"
    return ClassroomClient(url, seat["token"], **options)


def again(operator: Operator, server: Server, *options: str) -> Server:
    """Start a server in the place of one that has ended."""
    port = str(server.ports["port"])
    started = operator.serve("twistd", "-n", "--pidfile=", "gamesvc", "--port", port, *options)
    started.ports = server.ports
    until_asked(started)
    return started


def until_asked(server: Server) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            assert ask(server, "GET", "/games").status == 200
            return
        except OSError:
            assert time.monotonic() < deadline, server.log
            time.sleep(0.02)


@in_thread
def test_two_find_each_other_and_play_and_all_is_there_after_a_crash(operator: Operator) -> None:
    server = operator.twistd(*GAMES)
    made = ask(server, "POST", "/games", "ann", {"kind": "tic-tac-toe"}).body
    game = made["game"]["id"]
    (listed,) = ask(server, "GET", "/games?state=open").body["games"]
    assert listed == made["game"]
    seat = ask(server, "POST", f"/games/{game}/join", "bob", {}).body["seat"]
    ticket = ask(server, "POST", "/matches", "carl", {"kind": "chess"}).body["ticket"]
    code = ask(server, "POST", f"/games/{game}/invites", "ann", {}).body["code"]
    with play(server, made["seat"]) as ann:
        assert ann.ask("mark", cell=4)["status"] == "ok"
        server.signal(signal.SIGKILL)
        server.await_end()
    server = again(operator, server, *GAMES)
    (listed,) = ask(server, "GET", "/games?state=playing").body["games"]
    assert (listed["id"], listed["players"]) == (game, ["ann", "bob"])
    with play(server, seat) as bob:
        assert bob.ask("mark", cell=4)["error"]["code"] == "refused"
        assert bob.ask("mark", cell=0)["status"] == "ok"
    assert ask(server, "GET", f"/matches/{ticket}", "carl").body["state"] == "waiting"
    ask(server, "POST", "/matches", "dora", {"kind": "chess"})
    found = ask(server, "GET", f"/matches/{ticket}?wait=25", "carl").body
    assert sorted(found["game"]["players"]) == ["carl", "dora"]
    assert ask(server, "POST", f"/invites/{code}", "eve", {}).code == "no_seat"


class Seekers:
    """Some who play one game after the other with whoever comes, and ask again whenever they get no answer.

    Attributes:
        found: for each game: its players, and who was told of it, each time that they were.
        unanswered: how often somebody got no answer.
    """

    def __init__(self, server: Server, names: tuple[str, ...], rounds: int) -> None:
        self.server = server
        self.found: dict[str, tuple[list[str], list[str]]] = {}
        self.unanswered = 0
        self._left = set(names)
        self._rounds = rounds

    def seek(self, who: str) -> None:
        for number in range(self._rounds):
            if not self._seek_one(who, f"{who}-{number}"):
                break
        self._left.discard(who)

    def _seek_one(self, who: str, key: str) -> bool:
        ticket = None
        while True:
            # Who is alone by now may have been found by the last of the others; nobody else comes.
            is_alone = len(self._left) == 1
            try:
                if ticket is None:
                    answer = ask(self.server, "POST", "/matches", who, {"kind": "tic-tac-toe"}, key=key)
                else:
                    answer = ask(self.server, "GET", f"/matches/{ticket}?wait=1", who)
            except (OSError, http.client.HTTPException):
                self.unanswered += 1
                time.sleep(0.05)  # as any client would, or the server could not start for all who ask
                continue
            if answer.status == 503:
                continue
            assert answer.status < 300, answer
            ticket = answer.body["ticket"]
            if answer.body["state"] == "matched":
                game = answer.body["game"]
                self.found.setdefault(game["id"], (game["players"], []))[1].append(who)
                return True
            assert answer.body["state"] == "waiting", answer
            if is_alone:
                return False


@in_thread
def test_nobody_is_lost_or_matched_twice_when_the_server_is_killed_while_they_find_each_other(
    operator: Operator,
) -> None:
    server = operator.twistd(*GAMES)
    names = tuple(f"p{number}" for number in range(5))
    seekers = Seekers(server, names, 8)
    with ThreadPoolExecutor(len(names)) as pool:
        sought = [pool.submit(seekers.seek, name) for name in names]
        for kill in range(2):
            wanted = 4 * (kill + 1)
            until(lambda: len(seekers.found) >= wanted, f"{wanted} games")  # noqa: B023  it is asked for here
            server.signal(signal.SIGKILL)
            server.await_end()
            server = again(operator, server, *GAMES)
        for each in sought:
            each.result()
    assert seekers.unanswered
    assert len(seekers.found) >= 16
    for players, told in seekers.found.values():
        assert sorted(told) == sorted(players)


@in_thread
def test_a_server_that_stops_answers_who_waits(operator: Operator) -> None:
    server = operator.twistd(*GAMES)
    ticket = ask(server, "POST", "/matches", "ann", {"kind": "chess"}).body["ticket"]
    connection = http.client.HTTPConnection(LOOPBACK, server.ports["port"], timeout=SECONDS)
    connection.request("GET", f"/api/matches/{ticket}?wait=30", headers={"Authorization": "Bearer ann"})
    assert ask(server, "GET", "").status == 200  # so what was sent before that has come
    server.signal(signal.SIGTERM)
    response = connection.getresponse()
    assert json.loads(response.read()) == {"ticket": ticket, "state": "waiting"}
    connection.close()
    server.await_end()


@in_thread
def test_the_journal_of_a_lobby_can_be_read_by_the_command_line(operator: Operator) -> None:
    server = operator.twistd(*GAMES)
    game = ask(server, "POST", "/games", "ann", {"kind": "tic-tac-toe"}).body["game"]["id"]
    server.stop()
    assert game in operator.gamesvc("journal", "list", "--journal", "sqlite:gamesvc.sqlite")


@in_thread
def test_guests_get_tokens_where_tokens_are_asked_for(operator: Operator) -> None:
    operator.gamesvc("keys", "--private", "private.pem", "--public", "public.pem")
    options = (*GAMES, "--enable-auth", "--address", LOOPBACK, "--public-key-file", "public.pem")
    server = operator.twistd(*options, "--private-key-file", "private.pem")
    server.await_log("guests are let in")
    tokens = {name: ask(server, "POST", "/guests", None, {"name": name}).body["token"] for name in ("ann", "bob")}
    made = ask(server, "POST", "/games", tokens["ann"], {"kind": "tic-tac-toe"}).body
    seat = ask(server, "POST", f"/games/{made['game']['id']}/join", tokens["bob"], {}).body["seat"]
    with play(server, made["seat"]) as ann, play(server, seat) as bob:
        assert ann.ask("mark", cell=4)["status"] == "ok"
        assert bob.ask("mark", cell=0)["status"] == "ok"
    # Who somebody is does not open a game, and a seat does not say who somebody is.
    url = f"ws://{LOOPBACK}:{server.ports['port']}/{made['game']['id']}"
    assert refusal(url, tokens["ann"]).status == 403
    assert ask(server, "POST", "/games", seat["token"], {"kind": "chess"}).code == "token_invalid"
    server.stop()
    for token in (*tokens.values(), seat["token"]):
        assert token.rpartition(".")[2] not in server.log
    # With only the public key nothing is made.
    verifying = operator.twistd(*options)
    assert ask(verifying, "GET", "").body["auth"] == "verify"
    assert ask(verifying, "POST", "/guests", None, {}).code == "lobby_closed"


@in_thread
def test_a_private_key_that_is_not_the_public_ones_other_half_is_refused(operator: Operator) -> None:
    operator.gamesvc("keys", "--private", "a.pem", "--public", "a.pub")
    operator.gamesvc("keys", "--private", "b.pem", "--public", "b.pub")
    options = ("--enable-auth", "--public-key-file", "a.pub", "--private-key-file", "b.pem")
    done = operator.run("twistd", "-n", "--pidfile=", "gamesvc", *options)
    assert done.status != 0
    assert "other half" in done.errors + done.output


@contextmanager
def key_server(content: dict[str, Any]) -> Iterator[str]:
    """An issuer's keys, over HTTP from this machine."""

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer((LOOPBACK, 0), Keys) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{served.server_port}/keys"
        finally:
            served.shutdown()
            thread.join()


@in_thread
def test_who_brings_a_token_of_the_operators_issuer_is_known_by_it(operator: Operator) -> None:
    operator.gamesvc("keys", "--private", "private.pem", "--public", "public.pem")
    key = ec.generate_private_key(ec.SECP256R1())
    described = {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())), "kid": "2026"}

    def token(**claims: Any) -> str:
        usual = {"iss": "https://id.example", "aud": "gamesvc", "sub": "zoe", "exp": time.time() + 60}
        return jwt.encode({**usual, **claims}, key, algorithm="ES256", headers={"kid": "2026"})

    with key_server({"keys": [described]}) as address:
        server = operator.twistd(
            *GAMES,
            *("--enable-auth", "--address", LOOPBACK),
            *("--public-key-file", "public.pem", "--private-key-file", "private.pem"),
            *("--identity-issuer", "https://id.example", "--identity-jwks", address),
        )
        assert ask(server, "GET", "").body["auth"] == "identity"
        made = ask(server, "POST", "/games", token(), {"kind": "greetings"}).body
    assert (made["game"]["by"], made["seat"]["player"]) == ("zoe", "zoe")
    with play(server, made["seat"], subprotocols=[V1]) as zoe:
        assert zoe.hear(1)[0]["player"] == "zoe"
    # The keys are known by now, whether or not the issuer answers.
    assert ask(server, "POST", "/games", token(), {"kind": "greetings"}).status == 201
    assert ask(server, "POST", "/games", token(aud="other"), {"kind": "greetings"}).code == "token_invalid"
    assert ask(server, "POST", "/guests", None, {}).code == "no_guests"


def schemathesis() -> list[str]:
    """The program that tries out what a description promises."""
    found = shutil.which("schemathesis", path=str(Path(sys.executable).parent)) or shutil.which("schemathesis")
    if found is None:
        if os.environ.get("CI") == "true":
            raise RuntimeError("schemathesis is not installed, and CI skips nothing")
        pytest.skip("schemathesis is not installed")
    # The lobby may put an answer off for 30 s.
    return [found, "run", "--no-color", "--max-examples", "10", "--seed", "7", "--request-timeout", "120"]


@in_thread
def test_the_lobby_is_as_its_description_says(operator: Operator) -> None:
    command = schemathesis()
    operator.gamesvc("keys", "--private", "private.pem", "--public", "public.pem")
    server = operator.twistd(
        *GAMES,
        *("--journal", "memory", "--enable-auth", "--address", LOOPBACK),
        *("--public-key-file", "public.pem", "--private-key-file", "private.pem"),
    )
    token = ask(server, "POST", "/guests", None, {"name": "ann"}).body["token"]
    address = f"http://{LOOPBACK}:{server.ports['port']}/api"
    described = ask(server, "GET", "/openapi.json").body
    # What is valid by its form and can't be done all the same, such as a game for more than can play it, is refused; so
    # where games are really made, that is none of what is checked.
    for wanted in ("Wish", "Quest"):
        described["components"]["schemas"][wanted]["properties"]["kind"] = {"enum": ["tic-tac-toe", "chess"]}
    # And there somebody waits indeed, with nobody to come: not for as long as they may.
    (wait,) = [each for each in described["paths"]["/matches/{ticket}"]["get"]["parameters"] if each["name"] == "wait"]
    wait["schema"]["maximum"] = 1
    known = operator.write("known.json", json.dumps(described))
    for more in (
        [f"{address}/openapi.json"],
        [str(known), "--url", address, "--exclude-checks", "positive_data_acceptance"],
    ):
        given = [*command, "-H", f"Authorization: Bearer {token}", *more]
        done = subprocess.run(given, cwd=operator.directory, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "incident" not in server.log
