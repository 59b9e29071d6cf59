"""Settings from the environment, keys and tokens from the command ``gamesvc``, and whom the server lets in."""

from __future__ import annotations

import base64
import json
import stat
import time
from typing import Any, NamedTuple

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from tests.e2e.clients import V1, AutobahnClient, ClassroomClient, refusal
from tests.e2e.processes import Operator, Server, listens
from tests.e2e.threads import in_reactor, in_thread

ISSUER = "urn:example:the-issuer"
DEFAULT_PORT = 10020
ANOTHER_LOOPBACK = "127.0.0.2"


class Guarded(NamedTuple):
    """A server that asks for tokens, and who can issue them."""

    operator: Operator
    server: Server

    def sign(self, token: str, **changes: Any) -> str:
        """Another token, which differs in a few claims."""
        return jwt.encode({**part(token, 1), **changes}, (self.operator.directory / "signs.pem").read_bytes(), "RS256")

    def token(self, game: str, player: str, *more: str) -> str:
        """Have the command ``gamesvc`` issue a token."""
        return self.operator.gamesvc("token", "--game", game, "--player", player, *more)


@pytest.fixture(scope="module")
def guarded(shared_operator: Operator) -> Guarded:
    shared_operator.gamesvc("keys", "--type", "rsa", "--private", "signs.pem", "--public", "verifies.pem")
    shared_operator.environment |= {"PRIVATE_KEY_FILE": "signs.pem", "TOKEN_ISSUER_URI": ISSUER}
    server = shared_operator.serve(
        "twistd",
        "-n",
        "--pidfile=",
        "gamesvc",
        WS_LISTENER_PORT="{port}",
        LOCAL_IP="127.0.0.1",
        ENABLE_AUTH="True",
        PUBLIC_KEY_FILE="verifies.pem",
    )
    return Guarded(shared_operator, server)


@pytest.fixture(scope="module")
def token(guarded: Guarded) -> str:
    return guarded.token("g1", "alice", "--players", "alice,bob")


def part(token: str, place: int) -> dict[str, Any]:
    """The header or the claims of a token."""
    text = token.split(".")[place]
    found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert isinstance(found, dict)
    return found


@in_thread
def test_rsa_keys_make_the_tokens_of_the_classroom(guarded: Guarded, token: str) -> None:
    assert stat.S_IMODE((guarded.operator.directory / "signs.pem").stat().st_mode) == 0o600
    assert part(token, 0)["alg"] == "RS256"
    claims = part(token, 1)
    assert {name: claims[name] for name in ("iss", "aud", "sub", "ply")} == {
        "iss": ISSUER,
        "aud": "g1",
        "sub": "alice",
        "ply": ["alice", "bob"],
    }
    assert abs(claims["exp"] - time.time() - 3600) < 60


@in_thread
def test_a_token_in_the_header_admits_its_player(guarded: Guarded, token: str) -> None:
    with ClassroomClient(guarded.server.url("any/path/g1"), token) as client:
        assert client.ask("hello") == {"status": "ok"}
        assert client.events == [{"event": "HelloEvent", "message": "Hello", "seq": 1}]


@in_thread
def test_a_token_in_the_query_admits_its_player_whatever_name_the_query_gives(guarded: Guarded, token: str) -> None:
    url = guarded.server.url("g1", token=token, player="mallory")
    with ClassroomClient(url, subprotocols=[V1]) as client:
        assert client.hear(1)[0]["player"] == "alice"


@in_reactor
async def test_a_token_among_the_subprotocols_admits_its_player_and_is_not_sent_back(
    guarded: Guarded, token: str
) -> None:
    client = await AutobahnClient.enter(guarded.server.url("g1"), f"bearer.{token}", V1)
    assert client.subprotocol == V1
    assert token not in str(client.http_headers)
    assert (await client.next())["player"] == "alice"
    assert await client.leave() == 1000


@in_thread
def test_who_has_no_token_or_a_wrong_one_gets_401(guarded: Guarded, token: str) -> None:
    url = guarded.server.url("g1")
    head, claims, signature = token.split(".")
    forged = base64.urlsafe_b64encode(json.dumps({**part(token, 1), "sub": "mallory"}).encode()).rstrip(b"=").decode()
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    missing = refusal(url)
    assert (missing.status, missing.code, missing.headers["www-authenticate"]) == (401, "token_missing", "Bearer")
    for wrong in (
        "nonsense",
        f"{head}.{forged}.{signature}",
        f"{unsigned}.{claims}.",
        guarded.sign(token, iss="urn:example:somebody-else"),
        jwt.encode(part(token, 1), generate_private_key(65537, 2048), "RS256"),
    ):
        refused = refusal(url, wrong)
        assert (refused.status, refused.code, refused.headers["www-authenticate"]) == (401, "token_invalid", "Bearer")


@in_thread
def test_a_token_for_another_game_gets_403(guarded: Guarded, token: str) -> None:
    assert refusal(guarded.server.url("g2"), token)[:2] == (403, "wrong_game")


@in_thread
def test_a_player_who_is_not_among_the_players_gets_403_but_may_watch_where_the_token_says_so(
    guarded: Guarded, token: str
) -> None:
    url = guarded.server.url("g1")
    assert refusal(url, guarded.sign(token, sub="eve"))[:2] == (403, "player_not_in_game")
    with ClassroomClient(url, guarded.token("g1", "eve", "--players", "alice,bob", "--spectate")) as watcher:
        assert watcher.ask("hello")["error"]["code"] == "not_a_player"


@in_thread
def test_a_connection_is_closed_with_4401_when_its_token_expires(guarded: Guarded) -> None:
    token = guarded.sign(guarded.token("g1", "alice"), exp=int(time.time()) + 3)
    with ClassroomClient(guarded.server.url("g1"), token) as client:
        assert client.await_close() == 4401
        # The 10 s for clocks that differ are granted at the door only.
        late = time.time() - part(token, 1)["exp"]
        assert -0.1 < late < 9.9


@in_thread
def test_local_ip_says_which_address_is_listened_on_with_tokens_too(guarded: Guarded) -> None:
    port = guarded.server.ports["port"]
    assert listens(("127.0.0.1", port))
    assert not listens((ANOTHER_LOOPBACK, port))


@in_thread
def test_what_nobody_has_set_serves_greetings_to_everybody_on_this_machine_on_port_10020(operator: Operator) -> None:
    assert not listens(("127.0.0.1", DEFAULT_PORT)), (
        f"somebody listens on port {DEFAULT_PORT} of this machine, which this test needs: end that program first"
    )
    server = operator.serve("twistd", "-n", "gamesvc")
    server.await_log(f" at ws://127.0.0.1:{DEFAULT_PORT}/")
    with ClassroomClient(f"ws://127.0.0.1:{DEFAULT_PORT}/classroom/1234") as client:
        assert client.ask("yo") == {"status": "ok"}
    assert not listens((ANOTHER_LOOPBACK, DEFAULT_PORT))
