"""The Python clients, each against a real server: through lines that are cut at any moment, over TLS, with tokens."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import queue
import ssl
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import jwt
import pytest
from twisted.internet import defer
from twisted.internet.ssl import Certificate, trustRootFromCertificates
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

from gamesvc.client import GameError, SessionClosed, backoff, connect, sync
from gamesvc.client import twisted as on_reactor
from tests.certificates import certify_in
from tests.e2e.accounts import MANY, Account, check, differences, kept_game
from tests.e2e.crash_checks import Kept
from tests.e2e.processes import ANSWER_SECONDS, LOOPBACK, Operator, Server
from tests.e2e.rough_proxy import RoughProxy
from tests.e2e.threads import in_reactor, in_thread
from tests.e2e.watching import UNBOUND, Watcher, serve

COMMANDS = 1000
"""How many each player sends."""
CUTS = 30
"""How often the line is cut meanwhile, at least."""
PLAYERS = ("ann", "bob")
PATIENCE_SECONDS = 10 * ANSWER_SECONDS
"""After how long it is told what is missing. It takes some seconds."""

Message = dict[str, Any]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients come back sooner than they do elsewhere, for they are cut off far more often."""
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(backoff, "MAX_SECONDS", 0.05)


@pytest.fixture
def rough(operator: Operator, hurried: None) -> Iterator[RoughProxy]:
    """A rough line to a server of the ledger."""
    # So that far more than `CUTS` come of it, whatever is sent in one piece.
    with RoughProxy(serve(operator, *UNBOUND).ports["port"], 20260101, cut_chance=0.05) as proxy:
        yield proxy


def moves(player: str) -> dict[str, str]:
    """What a player sends, by its key: every tenth command is one that is refused."""
    return {f"{player}-{number}": "deny" if number % 10 == 9 else "put" for number in range(COMMANDS)}


TOTAL = sum(command == "put" for player in PLAYERS for command in moves(player).values())


def is_last(event: Message) -> bool:
    return (event["event"], event.get("total")) == ("Put", TOTAL)


def has_last(account: Account) -> bool:
    return any(map(is_last, account.events[-1:]))


class Trial:
    """What is played over a rough line, and is judged by what the players noted.

    Args:
        operator: who runs the servers.
        proxy: the line.

    Attributes:
        accounts: the players'.
        states: of the game, as they know it in the end.
    """

    def __init__(self, operator: Operator, proxy: RoughProxy) -> None:
        self.accounts = {player: Account(player) for player in PLAYERS}
        self.states: dict[str, Any] = {}
        self._operator = operator
        self._proxy = proxy
        for player, account in self.accounts.items():
            account.sent = moves(player)

    def address(self, player: str) -> str:
        """Where a player goes."""
        return self._proxy.url("g", f"player={player}&since=0")

    async def play(self, player: str, game: Any, note: Callable[[Any, Callable[[object], None]], None]) -> None:
        """Send everything at once, and wait until all is seen and answered.

        Args:
            player: who does.
            game: their client.
            note: has a function called with what comes of a command.
        """
        account = self.accounts[player]
        account.game = game
        game.on("lost", account.loses)
        answered = []
        for key, command in account.sent.items():
            promise = game.send(command, key=key)
            note(promise, functools.partial(account.hears, key))
            answered.append(promise)
        async for event in game:
            account.sees(event)
            if is_last(event):
                break
        for each in answered:
            with contextlib.suppress(GameError):
                await each
        # The state comes after the events, and before a reply.
        with pytest.raises(GameError):
            await game.send("deny", key="x")
        self.states[player] = game.state

    def report(self) -> str:
        """How far it has come, and what is missing."""
        wrong = differences(self._kept(), self.accounts.values())
        lines = [f"after {PATIENCE_SECONDS:g} s, in which the line was cut {self._proxy.cuts} times:"]
        return "\n".join((*lines, *map(str, self.accounts.values()), *itertools.islice(wrong, MANY)))

    def judge(self) -> None:
        """What the players saw and were told is what happened, no more and no less."""
        server = self._operator.servers[-1]
        with Watcher(server, "g", player="eve", spectate=1, since=0) as eve:
            history = eve.hear(eve.welcome["seq"])
        server.stop()
        kept = self._kept()
        spectator = Account("eve", plays=False)
        for event in history:
            spectator.sees(event)
        check(kept, (*self.accounts.values(), spectator))
        put = [event["total"] for event in spectator.events if event["event"] == "Put"]
        assert put == list(range(1, TOTAL + 1))
        for player in PLAYERS:
            assert self.states[player] == self.states[PLAYERS[0]]
            assert self.states[player]["total"] == TOTAL

    def _kept(self) -> Kept:
        return kept_game(self._operator.directory / "journal.sqlite", "g")


async def played_on_asyncio(trial: Trial, *more: Coroutine[Any, Any, None]) -> None:
    """Have all play, and more happen meanwhile."""

    def note(promise: asyncio.Future[Any], hear: Callable[[object], None]) -> None:
        def pass_on(done: asyncio.Future[Any]) -> None:
            if not done.cancelled():
                hear(done.exception() or done.result())

        promise.add_done_callback(pass_on)

    async def play(player: str) -> None:
        async with connect(trial.address(player)) as game:
            await trial.play(player, game, note)

    playing = asyncio.gather(*map(play, PLAYERS), *more)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            # Who leaves is answered that it is closed, whatever they wait for: it has to be told before that.
            await asyncio.shield(playing)
    except TimeoutError:
        report = trial.report()
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        raise AssertionError(report) from None


@in_thread
def test_on_asyncio_a_rough_line_loses_nothing_and_doubles_nothing(operator: Operator, rough: RoughProxy) -> None:
    trial = Trial(operator, rough)
    asyncio.run(played_on_asyncio(trial))
    assert rough.cuts > CUTS, "the line was hardly ever cut"
    trial.judge()


@in_reactor
async def test_on_twisted_a_rough_line_loses_nothing_and_doubles_nothing(operator: Operator, rough: RoughProxy) -> None:
    from twisted.internet import reactor

    trial = Trial(operator, rough)
    reports: list[str] = []

    def note(promise: defer.Deferred[Any], hear: Callable[[object], None]) -> None:
        def pass_on(outcome: object) -> object:
            hear(outcome.value if isinstance(outcome, Failure) else outcome)
            # A failure that is nobody's would be logged.
            return None

        promise.addBoth(pass_on)

    async def play(player: str) -> None:
        async with on_reactor.connect(reactor, trial.address(player)) as game:
            await trial.play(player, game, note)

    def stop() -> None:
        reports.append(trial.report())
        playing.cancel()

    playing = defer.gatherResults([defer.Deferred.fromCoroutine(play(each)) for each in PLAYERS], consumeErrors=True)
    timer = reactor.callLater(PATIENCE_SECONDS, stop)
    try:
        await playing
    except defer.FirstError:
        if not reports:
            raise
    finally:
        if timer.active():
            timer.cancel()
    assert not reports, reports[0]
    assert rough.cuts > CUTS, "the line was hardly ever cut"
    await deferToThread(trial.judge)


@in_thread
def test_in_a_loop_of_ones_own_a_rough_line_loses_nothing_and_doubles_nothing(
    operator: Operator, rough: RoughProxy
) -> None:
    trial = Trial(operator, rough)
    answered: queue.Queue[tuple[Account, str, Future[Any]]] = queue.Queue()
    with contextlib.ExitStack() as leaving:
        for player, account in trial.accounts.items():
            callbacks = {"lost": account.loses}
            account.game = leaving.enter_context(sync.Game(trial.address(player), callbacks=callbacks))
            for key, command in account.sent.items():
                put = functools.partial(lambda account, key, done: answered.put((account, key, done)), account, key)
                account.game.send(command, key=key).add_done_callback(put)
        # As a game would: it polls while the answers come, and while those of the other's moves do that come behind.
        until = time.monotonic() + PATIENCE_SECONDS
        while not all(each.answers.keys() == each.sent.keys() and has_last(each) for each in trial.accounts.values()):
            if time.monotonic() > until:
                raise AssertionError(trial.report())
            with contextlib.suppress(queue.Empty):
                account, key, done = answered.get(timeout=0.01)
                account.hears(key, done.exception() or done.result())
            for account in trial.accounts.values():
                for event in account.game.poll():
                    account.sees(event)
        for player, account in trial.accounts.items():
            with pytest.raises(GameError):
                account.game.send("deny", key="x").result(ANSWER_SECONDS)
            trial.states[player] = account.game.state
    assert [account.game.status for account in trial.accounts.values()] == ["closed", "closed"]
    assert rough.cuts > CUTS, "the line was hardly ever cut"
    trial.judge()


@in_thread
def test_a_server_that_is_killed_and_started_anew_loses_nothing(operator: Operator, hurried: None) -> None:
    async def kill(trial: Trial) -> None:
        for quarter in (1, 2, 3):
            while len(trial.accounts["ann"].events) < quarter * TOTAL // 4:
                await asyncio.sleep(0.01)
            operator.servers[-1].kill()
            proxy.server_port = (await asyncio.to_thread(serve, operator, *UNBOUND)).ports["port"]

    with RoughProxy(serve(operator, *UNBOUND).ports["port"], 1, cut_chance=0.0) as proxy:
        trial = Trial(operator, proxy)
        asyncio.run(played_on_asyncio(trial, kill(trial)))
    trial.judge()


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

    key = (operator.directory / "signs.pem").read_bytes()

    def token(lifetime: int) -> str:
        claims = {"iss": "urn:example:games", "aud": "g", "sub": "alice", "exp": int(time.time()) + lifetime}
        return jwt.encode(claims, key, algorithm="EdDSA")

    # Long enough to come in with it on a busy machine.
    lifetimes = iter((5, 600))
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
    certify_in(shared_operator.directory)
    endpoint = "ssl:{tls}:privateKey=server.pem:certKey=server.pem:interface=127.0.0.1"
    return shared_operator.serve("twistd", "-n", "--pidfile=", "gamesvc", "--port", endpoint)


def secured_url(server: Server, host: str) -> str:
    return f"wss://{host}:{server.ports['tls']}/g"


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
