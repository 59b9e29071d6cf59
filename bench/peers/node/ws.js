// ws, without compression: an event is encoded once, and the same Buffer sent to everybody.

import { WebSocket, WebSocketServer } from "ws";

import { gameOf, listening, port } from "./room.js";

const OK = Buffer.from('{"status":"ok"}');
const TEXT = { binary: false };

const rooms = new Map();

function roomOf(game) {
    let room = rooms.get(game);
    if (room === undefined) {
        room = { members: new Set(), seq: 0 };
        rooms.set(game, room);
    }
    return room;
}

const server = new WebSocketServer({ host: "127.0.0.1", port, backlog: 1024, perMessageDeflate: false });

server.on("connection", (socket, request) => {
    const room = roomOf(gameOf(request.url));
    room.members.add(socket);
    socket.on("message", (data) => {
        const message = JSON.parse(data);
        if (message.command === "say") {
            room.seq += 1;
            const event = Buffer.from(JSON.stringify({ event: "Said", text: message.text, seq: room.seq }));
            for (const member of room.members) {
                if (member.readyState === WebSocket.OPEN) {
                    member.send(event, TEXT);
                }
            }
            socket.send(OK, TEXT);
        } else {
            socket.send(JSON.stringify({ status: "ok", result: message.text }));
        }
    });
    socket.on("error", () => socket.terminate());
    socket.on("close", () => room.members.delete(socket));
});

server.on("listening", listening);
