"""Eager sending: bytes go to the socket at once, where nothing waits before them.

A write of Twisted's is put into a buffer, and costs two calls of ``epoll_ctl`` and another turn of the reactor before
the bytes go to the socket. Where its buffer is empty they may as well go there directly. Everything else is Twisted's:
what the socket does not take, sockets that are not TCP, TLS, and errors.

To see whether the buffer is empty takes attributes that Twisted does not promise: those that are used anywhere are used
here, and `is_possible` tries out whether they still mean what they did in Twisted 26.10.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.abstract import FileDescriptor
from twisted.internet.tcp import Server

Send = Callable[[bytes], int]


class EagerSender:
    """Writes to a TCP transport.

    Args:
        transport: a TCP transport of Twisted's.
        queued: is called before something is put into its buffer.

    Attributes:
        send: the socket's: hands it bytes, and says how many of them it took; raises OSError where it can't.
    """

    __slots__ = ("_queued", "_transport", "send")

    def __init__(self, transport: Any, queued: Callable[[], None]) -> None:
        self._transport = transport
        self._queued = queued
        self.send: Send = transport.socket.send

    @property
    def is_clear(self) -> bool:
        """Whether nothing waits before what is sent now."""
        transport = self._transport
        return not (transport.dataBuffer or transport._tempDataBuffer)

    def write(self, data: bytes) -> None:
        """Send, or put into the transport's buffer what can't be sent now."""
        transport = self._transport
        if not (transport.dataBuffer or transport._tempDataBuffer):
            try:
                sent = self.send(data)
            except OSError:
                sent = 0  # it would block, or the line is gone: the transport finds out, and says so to whom it has to
            if sent == len(data):
                return
            data = data[sent:]
        self._queued()
        transport.write(data)


def eager_sender(transport: Any, queued: Callable[[], None]) -> EagerSender | None:
    """What writes to a transport eagerly; None where that can't be done.

    Args:
        transport: the connection's.
        queued: is called before something is put into the transport's buffer: until that `is_clear`, nobody else may
            send.
    """
    # Not its subclasses: they may do something else with what is written.
    if type(transport) is Server and not transport.TLS and _BUFFERS_ARE_KNOWN:
        return EagerSender(transport, queued)
    return None


class _Reactor:
    """Does nothing, for a transport that is tried out."""

    def addWriter(self, writer: object) -> None:
        pass

    def removeWriter(self, writer: object) -> None:
        pass


class _Trial(FileDescriptor):
    """A transport that takes some bytes at a time."""

    connected = 1
    room = 0

    def writeSomeData(self, data: bytes) -> int:
        taken = min(self.room, len(data))
        self.room -= taken
        return taken


def is_possible(transport: Any = None) -> bool:
    """Try out whether the buffers of Twisted's transports are what is believed of them here.

    Args:
        transport: whose; None for one of Twisted's own.
    """
    try:
        trial: Any = transport or _Trial(_Reactor())  # type: ignore[arg-type]  # it asks no more of its reactor
        is_empty = [not (trial.dataBuffer or trial._tempDataBuffer)]
        for room in (None, 1, 1, 2):
            if room is None:
                trial.write(b"abc")
                trial.write(b"d")
            else:
                trial.room = room
                trial.doWrite()
            is_empty.append(not (trial.dataBuffer or trial._tempDataBuffer))
        return is_empty == [True, False, False, False, True] and Server.TLS is False and hasattr(Server, "getHandle")
    # Whatever is different, it is not what is known here.
    except Exception:
        return False


_BUFFERS_ARE_KNOWN = is_possible()
