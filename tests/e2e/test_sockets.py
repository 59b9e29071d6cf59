"""What only a real socket has: options that a transport in memory can't show."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.address import IPv4Address
from twisted.internet.threads import blockingCallFromThread, deferToThread
from websockets.sync.client import connect

from gamesvc.config import load
from gamesvc.service import GameService, make_game_service
from tests.certificates import make_certificate
from tests.e2e.processes import ANSWER_SECONDS, LOOPBACK
from tests.e2e.threads import in_reactor

_REACTOR: Any = reactor  # typed as less than it can do


# Twisted 26.10 hands pyOpenSSL certificates in a form that it has deprecated.
@pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")
@pytest.mark.parametrize("kind", ["tcp", "ssl"])
@in_reactor
async def test_nagles_algorithm_is_really_off(kind: str, tmp_path: Path) -> None:
    # Autobahn 26.10.2 means to turn it off, and does not: 20,000 small messages a second become 44.
    endpoint, trust = "tcp:0", None
    if kind == "ssl":
        make_certificate(tmp_path / "key.pem", tmp_path / "cert.pem")
        endpoint = f"ssl:0:privateKey={tmp_path / 'key.pem'}:certKey={tmp_path / 'cert.pem'}"
        trust = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    service = make_game_service(load({"port": [endpoint]}, {}), reactor)
    service.privilegedStartService()
    service.startService()
    try:
        scheme = "wss" if trust else "ws"
        (where,) = service.listening
        assert isinstance(where, IPv4Address)
        assert await deferToThread(_is_off, service, f"{scheme}://{LOOPBACK}:{where.port}/lobby", trust)
    finally:
        await service.stopService()


def _is_off(service: GameService, url: str, trust: ssl.SSLContext | None) -> bool:
    def look() -> bool:
        (connection,) = service.listener.connections
        return bool(connection.transport.getTcpNoDelay())

    with connect(url, ssl=trust, open_timeout=ANSWER_SECONDS, close_timeout=ANSWER_SECONDS):
        return blockingCallFromThread(_REACTOR, look)
