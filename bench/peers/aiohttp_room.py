"""aiohttp's WebSockets, without compression. It can't prepare a frame for many, but it can send bytes as a text."""

from __future__ import annotations

import contextlib

from aiohttp import WSMsgType, web

from bench.peers.rooms import OK, Room, Rooms, answer, listening, parse, port

rooms: Rooms[web.WebSocketResponse] = Rooms()


async def converse(request: web.Request) -> web.WebSocketResponse:
    """One connection."""
    connection = web.WebSocketResponse(compress=False)
    await connection.prepare(request)
    room = rooms.at(request.path)
    room.members.add(connection)
    try:
        async for message in connection:
            to_all, text = parse(message.data)
            if to_all:
                await tell(room, text)
                await connection.send_frame(OK, WSMsgType.TEXT)
            else:
                await connection.send_frame(answer(text), WSMsgType.TEXT)
    finally:
        room.members.discard(connection)
    return connection


async def tell(room: Room[web.WebSocketResponse], text: str) -> None:
    """Send what was said to everybody in the game."""
    event = room.said(text)
    for member in tuple(room.members):
        # Who is gone is taken out by their own task.
        with contextlib.suppress(ConnectionError):
            await member.send_frame(event, WSMsgType.TEXT)


def main() -> None:
    number = port()
    application = web.Application()
    application.router.add_get("/{game:.*}", converse)
    web.run_app(
        application,
        host="127.0.0.1",
        port=number,
        access_log=None,
        backlog=1024,
        print=lambda *_: listening(number),
    )


if __name__ == "__main__":
    main()
