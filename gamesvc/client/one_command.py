"""One command, sent over a connection of its own: what an operator's tool says to a running server."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.ssl import optionsForClientTLS

TIMEOUT_SECONDS = 15.0
"""How long a server may take to answer."""

_PORTS = {"ws": 80, "wss": 443}


class ServerError(Exception):
    """The server can't be reached, does not let us in, or refuses the command. The message says which, and why."""


class Silence:
    """A log of nothing: what a tool has to say, it says itself."""

    def __getattr__(self, level: str) -> Any:
        return lambda *arguments, **keywords: None


class _Protocol(WebSocketClientProtocol):
    log = Silence()
    factory: _Factory

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        frame = json.loads(payload)
        if frame.get("event") == "gamesvc.welcome":
            self.sendMessage(json.dumps(self.factory.request).encode())
        elif "status" in frame and frame.get("id") == self.factory.request["id"]:
            self.factory.end(frame)
            self.sendClose(1000)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        self.factory.end(ServerError(reason or f"the connection was closed with {code}"))


class _Factory(WebSocketClientFactory):
    protocol: type[WebSocketClientProtocol] = _Protocol
    log = Silence()
    noisy = False

    def __init__(self, url: str, request: dict[str, Any], headers: Mapping[str, str]) -> None:
        super().__init__(url, protocols=["gamesvc.v1"], headers=dict(headers))
        self.request = request
        self.outcome: Deferred[dict[str, Any]] = Deferred()

    def end(self, outcome: dict[str, Any] | ServerError) -> None:
        """What came of it; the first that is told counts."""
        if not self.outcome.called:
            if isinstance(outcome, ServerError):
                self.outcome.errback(outcome)
            else:
                self.outcome.callback(outcome)


async def send_command(reactor: Any, url: str, command: str, arguments: Mapping[str, Any], token: str | None) -> Any:
    """Send a command to a game, as somebody who watches it.

    Args:
        reactor: connects, and has timers.
        url: the game's: ``ws://host:port/game``, or ``wss://``, where the certificate has to be the host's.
        command: its name.
        arguments: by name.
        token: a token for the game; None where none is asked for.

    Returns:
        The reply's result.

    Raises:
        ServerError: nothing came of it.
        ValueError: it is no such URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or not parts.path.strip("/"):
        raise ValueError(f"{url!r} is no game's address: write ws://HOST:PORT/GAME, or wss://")
    query = urlencode([*parse_qsl(parts.query), ("spectate", "1")])
    factory = _Factory(
        parts._replace(query=query, fragment="").geturl(),
        # One of its own: under the same one the server would take it for what was sent before.
        {"command": command, "id": secrets.token_hex(16), **arguments},
        {} if token is None else {"Authorization": f"Bearer {token}"},
    )
    host, port = parts.hostname, parts.port or _PORTS[parts.scheme]
    endpoint: IStreamClientEndpoint = HostnameEndpoint(reactor, host, port, timeout=TIMEOUT_SECONDS)
    if parts.scheme == "wss":
        endpoint = wrapClientTLS(optionsForClientTLS(host), endpoint)
    try:
        connection: Any = await endpoint.connect(factory)
    except Exception as error:
        raise ServerError(f"can't connect to {host}:{port}: {error}") from None
    late = reactor.callLater(TIMEOUT_SECONDS, factory.end, ServerError("the server does not answer"))
    try:
        reply = await factory.outcome
    finally:
        if late.active():
            late.cancel()
        else:
            connection.transport.abortConnection()
    if reply["status"] == "error":
        raise ServerError("{code}: {message}".format(**reply["error"]))
    return reply.get("result")
