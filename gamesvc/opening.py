"""What Autobahn's opening handshake leaves behind, found out once, so that connections can be opened without it.

`handshake` has read the request already, strictly. To make a plain one of it, and have Autobahn read that, takes longer
than everything else that is done for a connection, and leaves 4 KB of attributes behind that nobody reads. What it
comes to is the same for all connections: so one is opened by Autobahn, on a line that leads nowhere, and what has
become of that is what all others begin with, as attributes of their class. Where Autobahn does something that is not
known here, each connection goes its way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autobahn.twisted.websocket import WebSocketServerProtocol

from gamesvc.handshake import OpeningRequest
from gamesvc.logs import Silence

_PLAIN = (type(None), bool, int, float, str, bytes)

_REQUEST = OpeningRequest(
    path="/",
    query={},
    host="localhost",
    origin=None,
    authorization=None,
    subprotocols=(),
    key="dGhlIHNhbXBsZSBub25jZQ==",  # of RFC 6455, section 1.3
)

_OWN = frozenset(
    (
        "_admitted",
        "_results",
        "_transport_details",
        "_valid_events",
        "autoPingPendingCall",
        "data",
        "factory",
        "http_headers",
        "http_request_params",
        "is_closed",
        "is_open",
        "openHandshakeTimeoutCall",
        "send_queue",
        "state",
        "trafficStats",
        "transport",
        "utf8validator",
        "websocket_extensions",
        "websocket_extensions_in_use",
        "websocket_protocols",
    )
)
"""What can't be shared as it is: each connection gets its own, or nobody reads it once the connection is open."""

_OF_THE_REQUEST = ("_wskey", "http_request_data", "http_response_data", "http_status_line", "peer")


class _Line:
    """A transport that leads nowhere."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data


class _Unheard:
    """Stands for the Deferreds that Autobahn fires, and for which nobody waits."""

    called = False

    def callback(self, result: object) -> None:
        pass

    errback = callback


class _Factory:
    """What Autobahn asks of a factory while a connection opens. It is its own timer, too, which never rings."""

    isServer = True
    isSecure = False
    server = ""
    externalPort = port = countConnections = 0

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self._batched_timer = self

    def call_later(self, seconds: float, call: Callable[..., object], *arguments: object) -> _Factory:
        return self

    def cancel(self) -> None:
        pass


def opened_attributes(
    options: dict[str, object], protocol: type[WebSocketServerProtocol] = WebSocketServerProtocol
) -> dict[str, object]:
    """The attributes with which connections may begin.

    Args:
        options: attributes that Autobahn's factory would give them.
        protocol: Autobahn's.

    Returns:
        None at all where Autobahn opens connections in a way that is not known here; then each has to be opened by it.
    """
    try:
        trial: Any = type("Trial", (protocol,), {**options, "CONFIG_ATTRS": (), "log": Silence()})()
        line = _Line()
        states: list[int] = []
        trial.factory, trial.transport = _Factory(), line
        trial.onConnect = lambda request: None
        trial.onOpen = lambda: states.append(trial.state)
        trial.connectionMade()
        trial.dataReceived(_REQUEST.plain(None))
        del trial.onConnect, trial.onOpen
        found = vars(trial)
        kept = {name: value for name, value in found.items() if name not in _OWN}
        is_known = all(type(value) in _PLAIN for value in kept.values())
        if not is_known or states != [trial.STATE_OPEN] or line.written != _REQUEST.accept(None):
            return {}
        return {
            **kept,
            **dict.fromkeys(_OF_THE_REQUEST),
            "opens_itself": True,
            "state": trial.STATE_CONNECTING,
            "data": b"",
            "autoPingPendingCall": None,
            "openHandshakeTimeoutCall": None,
            "is_open": _Unheard(),
            "is_closed": _Unheard(),
            "_transport_details": None,
            # Of all connections together: nobody reads it.
            "trafficStats": found["trafficStats"],
            # What is chopped would be put there, and nothing is.
            "send_queue": (),
            "websocket_extensions": (),
            "websocket_extensions_in_use": (),
            "websocket_protocols": (),
        }
    # Whatever is different, it is not what is known here.
    except Exception:
        return {}
