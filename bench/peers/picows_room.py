"""picows, with its core API and the transport that it brings along, on asyncio's own event loop."""

from __future__ import annotations

import asyncio

from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from bench.peers.rooms import OK, Room, Rooms, answer, listening, parse, port

rooms: Rooms[WSTransport] = Rooms()


class Member(WSListener):
    """One connection."""

    def __init__(self, room: Room[WSTransport]) -> None:
        self._room = room

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._room.members.add(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
            return
        to_all, text = parse(frame.get_payload_as_memoryview())
        if not to_all:
            transport.send(WSMsgType.TEXT, answer(text))
            return
        event = self._room.said(text)
        for member in self._room.members:
            member.send(WSMsgType.TEXT, event)
        transport.send(WSMsgType.TEXT, OK)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._room.members.discard(transport)


def enter(request: WSUpgradeRequest) -> Member:
    """Who a new connection is."""
    return Member(rooms.at(request.path.decode()))


async def main() -> None:
    number = port()
    server = await ws_create_server(enter, "127.0.0.1", number, backlog=1024)
    listening(number)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
