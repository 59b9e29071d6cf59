"""One command to a running server, over a connection of its own; on real sockets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from OpenSSL import SSL
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import DefaultOpenSSLContextFactory
from twisted.trial.unittest import TestCase

from gamesvc.auth import TokenValidator
from gamesvc.cli.trusted import trusted_by_twisted
from gamesvc.client import one_command
from gamesvc.client.one_command import ServerError, send_command
from gamesvc.keys import algorithm_of
from tests.certificates import Authority
from tests.test_auth import ED25519, ISSUER, generator
from tests.wire import World

LOOPBACK = "127.0.0.1"


class Talking(TestCase):
    """A server with a game for two to three, and who tells it something."""

    def setUp(self) -> None:
        self.port = 0
        self.lost: list[Deferred[None]] = []
        self.serve()

    def serve(self, *, asks_for_tokens: bool = False) -> None:
        key = algorithm_of(ED25519.public_key(), "key.pem")
        validator = TokenValidator(ISSUER, key, lambda: self.world.now()) if asks_for_tokens else None
        named: dict[str, Any] = {"reactor": reactor, "validator": validator}
        self.world = World(
            games=("tests.held_bots:Nim",), ping_interval=0, handshake_timeout=0, idle_game_seconds=0, **named
        )
        self.world.listener.startFactory()
        self.listen(self.world.listener)
        # Bots that are just about to think.
        self.addCleanup(self.drain)

    def drain(self) -> None:
        for game in self.world.listener.games.values():
            game.drain()

    def listen(self, factory: Any, certified: str = "") -> None:
        make, lost = factory.buildProtocol, self.lost

        def build(address: Any) -> Any:
            protocol = make(address)
            ended: Deferred[None] = Deferred()
            lost.append(ended)
            connection_lost = protocol.connectionLost

            def note(reason: Any) -> None:
                connection_lost(reason)
                ended.callback(None)

            protocol.connectionLost = note
            return protocol

        factory.buildProtocol = build
        listening: Any = reactor
        if certified:
            # `CertificateOptions` hands pyOpenSSL what it warns of.
            options = DefaultOpenSSLContextFactory(certified, certified, SSL.TLS_METHOD)
            port = listening.listenSSL(0, factory, options, interface=LOOPBACK)
        else:
            port = listening.listenTCP(0, factory, interface=LOOPBACK)
        self.addCleanup(port.stopListening)
        self.port = port.getHost().port

    async def send(self, path: str = "g1", token: str | None = None, **arguments: Any) -> Any:
        """What comes of a command; the connection is closed by then."""
        url = f"ws://{LOOPBACK}:{self.port}/{path}"
        try:
            return await send_command(reactor, url, "gamesvc.bot", arguments, token)
        finally:
            for ended in self.lost:
                await ended
            self.lost.clear()

    async def refused(self, path: str = "g1", token: str | None = None, **arguments: Any) -> str:
        """Why nothing comes of it, in a line."""
        try:
            result = await self.send(path, token, **arguments)
        except ServerError as error:
            self.assertNotIn("\n", str(error))
            return str(error)
        raise AssertionError(f"it is not refused: {result}")

    async def test_its_result_is_returned(self) -> None:
        self.assertEqual(await self.send(bot="random"), {"player": "bot-random"})
        self.assertEqual(await self.send(bot="random"), {"player": "bot-random-2"})
        (game,) = self.world.listener.games.values()
        self.assertEqual(game.players, ["bot-random", "bot-random-2", None])

    async def test_who_sends_it_takes_no_seat_whatever_the_address_says(self) -> None:
        await self.send("g1?player=alice", bot="random")
        (game,) = self.world.listener.games.values()
        self.assertEqual(game.players, ["bot-random", None, None])

    async def test_a_refusal_is_told_with_its_code(self) -> None:
        self.assertEqual(await self.refused(bot="chess"), "no_bot: no bot 'chess' is offered here; there are random")
        self.assertTrue((await self.refused(bots="chess")).startswith("bad_arguments: gamesvc.bot: "))
        self.assertEqual(await self.refused(player="zoe"), "no_bot: no bot plays for them")

    async def test_who_is_not_let_in_is_told_why(self) -> None:
        self.assertIn("bad_game_id: the last segment", await self.refused("no:such:game", bot="random"))

    async def test_with_a_token_it_is_done_as_often_as_it_is_said(self) -> None:
        self.serve(asks_for_tokens=True)
        token = generator(self.world.now()).generate(
            "g1", "boss", ["alice", "bob", "carol"], spectate=True, operate=True
        )
        self.assertEqual(await self.send(token=token, player="alice", bot="random"), {"player": "alice"})
        self.assertEqual(await self.send(token=token, player="bob", bot="random"), {"player": "bob"})
        self.assertEqual(await self.send(token=token, player="alice"), {"player": "alice"})
        self.assertEqual(await self.send(token=token, player="alice", bot="random"), {"player": "alice"})
        (game,) = self.world.listener.games.values()
        self.assertEqual([each.player for each in game.instance.standing.bots], ["bob", "alice"])

    async def test_without_one_or_with_one_that_does_not_say_so_it_is_refused(self) -> None:
        self.serve(asks_for_tokens=True)
        self.assertEqual(await self.refused(bot="random"), "token_missing: a token is required here")
        token = generator(self.world.now()).generate("g1", "boss", ["alice"], spectate=True)
        message = await self.refused(token=token, bot="random")
        self.assertEqual(message, "not_a_player: who has bots play needs a token that says operate")
        other = generator(self.world.now()).generate("g2", "boss", operate=True)
        message = await self.refused(token=other, bot="random")
        self.assertEqual(message, "wrong_game: the token is for another game")
        self.assertNotIn(other, message)

    async def test_over_tls_it_is_sent_to_whom_somebody_trusted_has_certified(self) -> None:
        ours, file, certified = Authority("ours"), Path(self.mktemp()), Path(self.mktemp())
        ours.write(file)
        certified.write_bytes(ours.certify())
        self.listen(self.world.listener, str(certified))
        url, trust = f"wss://{LOOPBACK}:{self.port}/g1", trusted_by_twisted(str(file))
        result = await send_command(reactor, url, "gamesvc.bot", {"bot": "random"}, None, trust=trust)
        self.assertEqual(result, {"player": "bot-random"})
        with self.assertRaises(ServerError) as caught:
            await send_command(reactor, url, "gamesvc.bot", {"bot": "random"}, None)
        self.assertIn("certificate verify failed", str(caught.exception))
        with self.assertRaises(ValueError) as wrong:
            await send_command(reactor, f"ws://{LOOPBACK}/g1", "gamesvc.bot", {}, None, trust=trust)
        self.assertIn("write wss://", str(wrong.exception))
        for ended in self.lost:
            await ended

    async def test_nobody_there(self) -> None:
        factory: Any = Factory.forProtocol(Protocol)
        port: Any = reactor.listenTCP(0, factory, interface=LOOPBACK)
        self.port = port.getHost().port
        await port.stopListening()
        self.assertIn(f"can't connect to {LOOPBACK}:{self.port}", await self.refused(bot="random"))

    async def test_one_that_does_not_answer_is_not_waited_for(self) -> None:
        self.patch(one_command, "TIMEOUT_SECONDS", 0.05)
        self.listen(Factory.forProtocol(Protocol))
        self.assertEqual(await self.refused(bot="random"), "the server does not answer")

    async def test_one_that_speaks_something_else_is_told(self) -> None:
        class Web(Protocol):
            def dataReceived(self, data: bytes) -> None:
                assert self.transport is not None
                self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
                self.transport.loseConnection()

        self.listen(Factory.forProtocol(Web))
        self.assertIn("200", await self.refused(bot="random"))

    async def test_what_is_no_address_of_a_game_is_told(self) -> None:
        for url in ("", "http://127.0.0.1/g1", "ws://127.0.0.1", "ws://127.0.0.1/", "ws:///g1", "g1", "ws://h:x/g1"):
            with self.assertRaises(ValueError):
                await send_command(reactor, url, "gamesvc.bot", {}, None)
