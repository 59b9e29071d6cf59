"""The Python clients, each against a real server: through lines that are cut at any moment, over TLS, with tokens."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import queue
import ssl
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet import defer
from twisted.internet.ssl import Certificate, trustRootFromCertificates

from gamesvc.client import GameError, SessionClosed, backoff, connect, sync
from gamesvc.client import twisted as on_reactor
from tests.e2e.processes import ANSWER_SECONDS, LOOPBACK, Operator, Server
from tests.e2e.rough_proxy import RoughProxy
from tests.e2e.threads import in_reactor, in_thread
from tests.e2e.watching import UNBOUND, Watcher, serve

COMMANDS = 1000
"""How many each player sends."""
CUTS = 30
"""How often the line is cut meanwhile, at least."""
PLAYERS = ("ann", "bob")

Message = dict[str, Any]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients come back sooner than they do elsewhere, for they are cut off far more often."""
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(backoff, "MAX_SECONDS", 0.05)


@pytest.fixture
def rough(operator: Operator, hurried: None) -> Iterator[RoughProxy]:
    """A rough line to a server of the ledger."""
    with RoughProxy(serve(operator, *UNBOUND).ports["port"], 20260101) as proxy:
        yield proxy


def address(proxy: RoughProxy, player: str) -> str:
    return proxy.url("g", f"player={player}&since=0")


def moves(player: str) -> list[tuple[str, str]]:
    """What a player sends: every tenth command is one that is refused."""
    return [("deny" if number % 10 == 9 else "put", f"{player}-{number}") for number in range(COMMANDS)]


def taken(outcomes: Sequence[object]) -> list[Any]:
    """What the commands returned that were not refused, which are those that should not be."""
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [getattr(error, "code", error) for error in refused] == ["refused"] * len(refused)
    assert len(refused) == sum(command == "deny" for command, _ in moves("x"))
    return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]


TOTAL = sum(command == "put" for player in PLAYERS for command, _ in moves(player))


def check(server: Server, seen: dict[str, list[Message]], totals: dict[str, list[int]], states: Sequence[Any]) -> None:
    """What clients saw is what happened, no more and no less.

    Args:
        server: has the game.
        seen: the events that came to each player.
        totals: of each player's commands, in their order, the game's total after it.
        states: the game's state, as each player knows it in the end.
    """
    with Watcher(server, "g", player="eve", spectate=1, since=0) as eve:
        history = eve.hear(eve.welcome["seq"])
    put = [event for event in history if event["event"] == "Put"]
    assert [event["total"] for event in put] == list(range(1, TOTAL + 1))
    for player in PLAYERS:
        # Who is away, and back again, is not counted.
        numbers = [event["seq"] for event in seen[player] if "seq" in event]
        assert numbers == list(range(1, len(numbers) + 1))
        assert [event for event in seen[player] if event["event"] == "Put"] == put
        # In the order in which they were sent, each once, and each reply is its own command's.
        own = [event for event in put if event["player"] == player]
        assert [event["key"] for event in own] == [key for command, key in moves(player) if command == "put"]
        assert [event["total"] for event in own] == totals[player]
    for state in states:
        assert state["total"] == TOTAL
        assert state == states[0]


def is_last(event: Message) -> bool:
    return (event["event"], event.get("total")) == ("Put", TOTAL)


@in_thread
def test_on_asyncio_a_rough_line_loses_nothing_and_doubles_nothing(operator: Operator, rough: RoughProxy) -> None:
    seen: dict[str, list[Message]] = {}
    totals: dict[str, list[int]] = {}

    async def play(player: str) -> object:
        async with connect(address(rough, player)) as game:
            sent = [game.send(command, key=key) for command, key in moves(player)]
            seen[player] = []
            async for event in game:
                seen[player].append(event)
                if is_last(event):
                    break
            totals[player] = [outcome[0] for outcome in taken(await asyncio.gather(*sent, return_exceptions=True))]
            # The state comes after the events, and before a reply.
            with pytest.raises(GameError):
                await game.send("deny", key="x")
            return game.state

    async def main() -> list[object]:
        async with asyncio.timeout(10 * ANSWER_SECONDS):
            return await asyncio.gather(*map(play, PLAYERS))

    states = asyncio.run(main())
    assert rough.cuts > CUTS, "the line was hardly ever cut"
    check(operator.servers[0], seen, totals, states)


@in_reactor
async def test_on_twisted_a_rough_line_loses_nothing_and_doubles_nothing(operator: Operator, rough: RoughProxy) -> None:
    from twisted.internet import reactor

    seen: dict[str, list[Message]] = {}
    totals: dict[str, list[int]] = {}

    async def play(player: str) -> object:
        async with on_reactor.connect(reactor, address(rough, player)) as game:
            sent = [game.send(command, key=key) for command, key in moves(player)]
            for each in sent:
                each.addErrback(lambda failure: failure.value)
            seen[player] = []
            async for event in game:
                seen[player].append(event)
                if is_last(event):
                    break
            totals[player] = [outcome[0] for outcome in taken([await each for each in sent])]
            with pytest.raises(GameError):
                await game.send("deny", key="x")
            return game.state

    playing = [defer.Deferred.fromCoroutine(play(player)) for player in PLAYERS]
    states = await defer.gatherResults(playing, consumeErrors=True).addTimeout(10 * ANSWER_SECONDS, reactor)
    assert rough.cuts > CUTS, "the line was hardly ever cut"
    await in_another_thread(lambda: check(operator.servers[0], seen, totals, states))


async def in_another_thread(work: Callable[[], None]) -> None:
    from twisted.internet.threads import deferToThread

    await deferToThread(work)


@in_thread
def test_in_a_loop_of_ones_own_a_rough_line_loses_nothing_and_doubles_nothing(
    operator: Operator, rough: RoughProxy
) -> None:
    seen: dict[str, list[Message]] = {player: [] for player in PLAYERS}
    games = {player: sync.connect(address(rough, player)) for player in PLAYERS}
    sent = {player: [game.send(command, key=key) for command, key in moves(player)] for player, game in games.items()}
    totals = {}
    for player in PLAYERS:
        outcomes = [each.exception(10 * ANSWER_SECONDS) or each.result() for each in sent[player]]
        totals[player] = [outcome[0] for outcome in taken(outcomes)]
    for player, game in games.items():
        # The other's last events may not be there yet: a command of one's own is behind them.
        while not any(map(is_last, seen[player])):
            with pytest.raises(GameError):
                game.send("deny", key="x").result(10 * ANSWER_SECONDS)
            seen[player] += game.poll()
    assert rough.cuts > CUTS, "the line was hardly ever cut"
    states = [game.state for game in games.values()]
    for game in games.values():
        game.close()
        assert game.status == "closed"
    check(operator.servers[0], seen, totals, states)


@in_thread
def test_a_server_that_is_killed_and_started_anew_loses_nothing(operator: Operator, hurried: None) -> None:
    seen: dict[str, list[Message]] = {player: [] for player in PLAYERS}
    totals: dict[str, list[int]] = {}

    async def play(proxy: RoughProxy, player: str) -> object:
        async with connect(address(proxy, player)) as game:
            sent = [game.send(command, key=key) for command, key in moves(player)]
            async for event in game:
                seen[player].append(event)
                if is_last(event):
                    break
            totals[player] = [outcome[0] for outcome in taken(await asyncio.gather(*sent, return_exceptions=True))]
            with pytest.raises(GameError):
                await game.send("deny", key="x")
            return game.state

    async def kill(proxy: RoughProxy) -> None:
        for quarter in (1, 2, 3):
            while len(seen["ann"]) < quarter * TOTAL // 4:
                await asyncio.sleep(0.01)
            operator.servers[-1].kill()
            proxy.server_port = (await asyncio.to_thread(serve, operator, *UNBOUND)).ports["port"]

    async def main(proxy: RoughProxy) -> list[object]:
        async with asyncio.timeout(10 * ANSWER_SECONDS):
            *states, _ = await asyncio.gather(*(play(proxy, player) for player in PLAYERS), kill(proxy))
            return states

    with RoughProxy(serve(operator, *UNBOUND).ports["port"], 1, cut_chance=0.0) as proxy:
        states = asyncio.run(main(proxy))
    check(operator.servers[-1], seen, totals, states)


@in_thread
def test_the_client_that_calls_back(operator: Operator) -> None:
    server = operator.twistd("--game", "tic-tac-toe")
    came: queue.Queue[Any] = queue.Queue()
    url = server.url("g", player="alice", since="0")
    alice = sync.GameClient(url, None, lambda event: came.put(event["event"]))
    bob = sync.GameClient(server.url("g"), None, None, player="bob")
    with pytest.raises(RuntimeError, match="start"):
        alice.send({"command": "mark", "cell": 4})
    alice.start()
    try:
        # Who comes first begins.
        assert came.get(timeout=ANSWER_SECONDS) == "gamesvc.joined"
        bob.start()
        assert came.get(timeout=ANSWER_SECONDS) == "gamesvc.joined"
        with pytest.raises(ValueError, match="command"):
            alice.send({"cell": 4})
        alice.send({"command": "mark", "cell": 4}, came.put, came.put)
        assert [came.get(timeout=ANSWER_SECONDS) for _ in range(2)] == ["Marked", None]
        alice.send({"command": "mark", "cell": 4}, came.put, came.put)
        error = came.get(timeout=ANSWER_SECONDS)
        assert isinstance(error, GameError)
        assert (error.code, error.message) == ("refused", "it is not your turn")
    finally:
        alice.stop()
        bob.stop()
    alice.stop()


@in_thread
def test_an_expired_token_is_followed_by_another_one(operator: Operator, hurried: None) -> None:
    operator.gamesvc("keys", "--private", "signs.pem", "--public", "verifies.pem")
    operator.environment |= {"PRIVATE_KEY_FILE": "signs.pem", "TOKEN_ISSUER_URI": "urn:example:games"}
    server = operator.twistd("--game", "tic-tac-toe", ENABLE_AUTH="True", PUBLIC_KEY_FILE="verifies.pem")

    def token(lifetime: str) -> str:
        return operator.gamesvc("token", "--game", "g", "--player", "alice", "--lifetime", lifetime)

    lifetimes = iter(("2", "600"))
    statuses: queue.Queue[str] = queue.Queue()
    options: dict[str, Any] = {"token": lambda: token(next(lifetimes)), "callbacks": {"status": statuses.put}}
    with sync.Game(server.url("g"), **options) as game:
        expected = ["open", "reconnecting", "open"]
        assert [statuses.get(timeout=ANSWER_SECONDS) for _ in expected] == expected
        assert game.player == "alice"
    for wrong, code in (("x.y.z", "token_invalid"), (None, "token_missing")):
        with pytest.raises(SessionClosed) as caught:
            sync.connect(server.url("g"), token=wrong)
        assert caught.value.code == code


@pytest.fixture(scope="module")
def secured(shared_operator: Operator) -> Server:
    """A server that speaks TLS, with a certificate for the loopback address, of an authority of its operator's own."""
    make_certificates(shared_operator.directory)
    endpoint = "ssl:{tls}:privateKey=key.pem:certKey=certificate.pem:interface=127.0.0.1"
    return shared_operator.serve("twistd", "-n", "--pidfile=", "gamesvc", "--port", endpoint)


def secured_url(server: Server, host: str) -> str:
    return f"wss://{host}:{server.ports['tls']}/g"


def make_certificates(directory: Path) -> None:
    """Make an authority (``ca.pem``), and have it certify a key for the loopback address."""
    now = datetime.datetime.now(datetime.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("our authority", LOOPBACK)]
    hosts = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))])
    for place, file in enumerate(("ca.pem", "certificate.pem")):
        made = (
            x509.CertificateBuilder()
            .issuer_name(names[0])
            .subject_name(names[place])
            .public_key(keys[place].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=file == "ca.pem", path_length=None), critical=True)
        )
        if file != "ca.pem":
            made = made.add_extension(hosts, critical=False)
        signed = made.sign(keys[0], hashes.SHA256())
        (directory / file).write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    unencrypted = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (directory / "key.pem").write_bytes(keys[1].private_bytes(serialization.Encoding.PEM, *unencrypted))


def authority(operator: Operator) -> Path:
    return operator.directory / "ca.pem"


@in_thread
def test_on_asyncio_the_certificate_must_be_the_hosts(
    shared_operator: Operator, secured: Server, hurried: None
) -> None:
    trust = ssl.create_default_context(cafile=str(authority(shared_operator)))
    with sync.connect(secured_url(secured, "127.0.0.1"), player="ann", ssl=trust) as game:
        assert game.send("hello").result(ANSWER_SECONDS) is None
    for host, context, why in (("localhost", trust, "not valid for 'localhost'"), ("127.0.0.1", None, "local issuer")):
        with pytest.raises(SessionClosed) as caught:
            sync.connect(secured_url(secured, host), player="ann", ssl=context)
        assert caught.value.code == "unreachable"
        assert caught.value.message.startswith(f"can't connect to {host}:{secured.ports['tls']}: ")
        assert "certificate" in caught.value.message.lower()
        assert why in caught.value.message


@in_thread
def test_at_a_terminal_the_certificates_to_trust_are_in_a_file(shared_operator: Operator, secured: Server) -> None:
    url = secured_url(secured, LOOPBACK)
    played = shared_operator.run("gamesvc", "play", url, "--ca-file", "ca.pem", "--player", "bob")
    assert played.status == 0, played
    refused = shared_operator.run("gamesvc", "play", url, "--player", "bob")
    assert refused.status == 1
    assert "certificate verify failed" in refused.errors


@in_reactor
async def test_on_twisted_the_certificate_must_be_the_hosts(
    shared_operator: Operator, secured: Server, hurried: None
) -> None:
    from twisted.internet import reactor

    trust = trustRootFromCertificates([Certificate.loadPEM(authority(shared_operator).read_bytes())])
    async with on_reactor.connect(reactor, secured_url(secured, "127.0.0.1"), player="ann", trust=trust) as game:
        assert await game.send("hello") is None
    for host, root, why in (("localhost", trust, "not one for this host"), ("127.0.0.1", None, "verify failed")):
        with pytest.raises(SessionClosed) as caught:
            await on_reactor.connect(reactor, secured_url(secured, host), player="ann", trust=root)
        assert caught.value.code == "unreachable"
        assert caught.value.message.startswith(f"can't connect to {host}:{secured.ports['tls']}: ")
        assert "certificate" in caught.value.message
        assert why in caught.value.message
