"""Between a client and a PostgreSQL server, on loopback: cuts a connection off at a COMMIT, where it is told to."""

from __future__ import annotations

import contextlib
import socket
import threading
from enum import Enum, auto

COMMIT = b"COMMIT\0"


class AtCommit(Enum):
    """What happens to the next COMMIT. Those after it pass."""

    PASS = auto()
    CUT_BEFORE = auto()
    """Both are cut off, and the server does not get it."""
    CUT_AFTER = auto()
    """The server gets it and carries it out, and both are cut off before the client hears of that."""
    HOLD = auto()
    """The client is cut off. The server knows nothing of that, and gets it when `CuttingProxy.release` is called."""


class CuttingProxy:
    """Listens until it is closed.

    Args:
        port: the server's, on 127.0.0.1.

    Attributes:
        port: its own, on 127.0.0.1.
        at_commit: what happens to the next COMMIT.
        stalls_then: whether nothing is passed on after a cut, until `flow`.
        asked: how often a client has said something after the server did, or first: the round trips.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.at_commit = AtCommit.PASS
        self.stalls_then = False
        self.asked = 0
        self._flows = threading.Event()
        self._flows.set()
        self._released = threading.Event()
        self._closed = False
        self._links: list[_Link] = []
        self._accepting = threading.Thread(target=self._accept, name="cutting proxy", daemon=True)
        self._accepting.start()

    @property
    def flows(self) -> bool:
        """Whether something is passed on."""
        return self._flows.is_set()

    def stall(self) -> None:
        """Pass nothing on, either way, until `flow`."""
        self._flows.clear()

    def flow(self) -> None:
        """Go on after `stall`."""
        self._flows.set()

    def release(self) -> None:
        """Pass on the COMMIT that was held."""
        self._released.set()

    def cut(self) -> None:
        """Cut off everybody who is connected."""
        for link in self._links:
            link.cut()

    def close(self) -> None:
        """End everything, and wait for that."""
        self._closed = True
        self._flows.set()
        self._released.set()
        # It waits for somebody to connect.
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._accepting.join()
        self._listening.close()
        for link in self._links:
            link.close()

    def pass_on(self) -> None:
        """Wait while nothing is passed on."""
        self._flows.wait()

    def wait_for_release(self) -> None:
        """Wait until a COMMIT that was held is to be passed on."""
        self._released.wait()

    def _accept(self) -> None:
        while True:
            client, _ = self._listening.accept()
            if self._closed:
                client.close()
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                client.close()
                continue
            self._links.append(_Link(self, client, server))


class _Link:
    """One client's connection, and the one to the server that goes with it."""

    def __init__(self, proxy: CuttingProxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._asks = False
        self._answer_is_lost = False
        self._threads = [
            threading.Thread(target=work, name="cutting proxy", daemon=True)
            for work in (self._to_server, self._to_client)
        ]
        for thread in self._threads:
            thread.start()

    def cut(self) -> None:
        _cut(self._client)
        _cut(self._server)

    def close(self) -> None:
        self.cut()
        for thread in self._threads:
            thread.join()
        self._client.close()
        self._server.close()

    def _to_server(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._client.recv(1 << 16):
                self._proxy.pass_on()
                if not self._asks:
                    self._asks = True
                    self._proxy.asked += 1
                if COMMIT in data and not self._may_pass():
                    break
                self._server.sendall(data)
        _cut(self._server)

    def _may_pass(self) -> bool:
        """What happens to a COMMIT. False where the server does not get it."""
        what, self._proxy.at_commit = self._proxy.at_commit, AtCommit.PASS
        if what is AtCommit.CUT_BEFORE:
            self._lose_client()
        elif what is AtCommit.CUT_AFTER:
            self._answer_is_lost = True
        elif what is AtCommit.HOLD:
            self._answer_is_lost = True
            self._lose_client()
            self._proxy.wait_for_release()
        return what is not AtCommit.CUT_BEFORE

    def _lose_client(self) -> None:
        if self._proxy.stalls_then:
            self._proxy.stall()
        _cut(self._client)

    def _to_client(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._server.recv(1 << 16):
                self._proxy.pass_on()
                self._asks = False
                if self._answer_is_lost:
                    self._lose_client()
                    break
                self._client.sendall(data)
        self.cut()


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
