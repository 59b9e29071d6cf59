"""Listening: the ports of a server, on all of which it listens, or on none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from twisted.internet import endpoints
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import gatherResults, maybeDeferred
from twisted.internet.interfaces import IAddress, IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.python.failure import Failure

from gamesvc.errors import ConfigError
from gamesvc.logs import logger

log = logger(__name__)

_SECURE = re.compile("(haproxy:)*(ssl|tls):")
"""How Twisted's endpoints begin that speak TLS. haproxy: is put before an endpoint."""


class ListenError(Exception):
    """A port can't be listened on. The message says which, and why."""


class Listening:
    """Some ports.

    Args:
        reactor: runs them.
        texts: Twisted endpoint strings.

    Raises:
        ConfigError: one is no endpoint.
    """

    def __init__(self, reactor: Any, texts: Iterable[str]) -> None:
        self._endpoints = [(text, _endpoint(reactor, text)) for text in texts]
        self._ports: list[IListeningPort] = []

    @property
    def addresses(self) -> list[IAddress]:
        """Where it listens now, in the order of the endpoints."""
        return [port.getHost() for port in self._ports]

    @property
    def places(self) -> Iterator[str]:
        """Where clients find it now, for people."""
        for (text, _), address in zip(self._endpoints, self.addresses, strict=True):
            yield _place(text, address)

    def start(self, factory: IProtocolFactory) -> None:
        """Listen.

        Args:
            factory: gets the connections.

        Raises:
            ListenError: a port can't be listened on; then none is.
        """
        for text, endpoint in self._endpoints:
            outcome: list[Any] = []
            endpoint.listen(factory).addBoth(outcome.append)
            if outcome and not isinstance(outcome[0], Failure):
                self._ports.append(outcome[0])
                continue
            self.give_up()
            # All of Twisted's endpoints listen at once, so nothing is awaited.
            why = outcome[0].value if outcome else "this kind of endpoint takes its time, and can't be used here"
            # A CannotListenError repeats the address in a way of its own; the system's words suffice.
            why = getattr(getattr(why, "socketError", why), "strerror", None) or why
            # The reason first: of a daemon's complaint twistd shows no more than the beginning.
            raise ListenError(f"{why}: can't listen on {text}")

    def give_up(self) -> None:
        """Listen no more, where the server does not start after all."""
        for port in self._ports:
            port.stopListening()

    async def stop(self) -> None:
        """Listen no more: until all that can be closed are."""
        ports, self._ports = self._ports, []
        await gatherResults([maybeDeferred(port.stopListening).addErrback(_still_open) for port in ports])


def _endpoint(reactor: Any, text: str) -> IStreamServerEndpoint:
    try:
        endpoint: IStreamServerEndpoint = endpoints.serverFromString(reactor, text)
        return endpoint
    # What goes wrong inside an endpoint's parser is of any type, and always about the text.
    except Exception as error:
        raise ConfigError(f"port {text!r} is no endpoint: {error}") from None


def _place(text: str, address: IAddress) -> str:
    if not isinstance(address, (IPv4Address, IPv6Address)):
        return text
    scheme = "wss" if _SECURE.match(text) else "ws"
    name = f"[{address.host}]" if isinstance(address, IPv6Address) else address.host
    return f"{scheme}://{name}:{address.port}/GAME"


def _still_open(failure: Failure) -> None:
    log.failure("a port did not close", failure=failure)
