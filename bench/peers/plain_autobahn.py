"""Autobahn on Twisted, without gamesvc: a message is prepared once and sent to everybody."""

from __future__ import annotations

from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet import reactor

from bench.peers.rooms import OK, Room, Rooms, answer, listening, parse, port


class Entrance(WebSocketServerFactory):
    """Where connections come in."""

    def __init__(self) -> None:
        super().__init__()
        self.protocol = Member
        self.rooms: Rooms[Member] = Rooms()


class Member(WebSocketServerProtocol):
    """One connection."""

    factory: Entrance
    room: Room[Member]

    def onConnect(self, request: Any) -> None:
        self.room = self.factory.rooms.at(request.path)

    def onOpen(self) -> None:
        self.room.members.add(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        to_all, text = parse(payload)
        if not to_all:
            self.sendMessage(answer(text))
            return
        prepared = self.factory.prepareMessage(self.room.said(text))
        for member in self.room.members:
            member.sendPreparedMessage(prepared)
        self.sendMessage(OK)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        if hasattr(self, "room"):
            self.room.members.discard(self)


def main() -> None:
    number = port()
    some_reactor: Any = reactor
    some_reactor.listenTCP(number, Entrance(), backlog=1024, interface="127.0.0.1")
    listening(number)
    some_reactor.run()


if __name__ == "__main__":
    main()
