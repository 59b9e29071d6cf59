// ws, without compression: at each tick the whole state is encoded as JSON once, and the same Buffer sent to everybody.

import { WebSocket, WebSocketServer } from "ws";

import { anywhere, below, ENTITIES, HEALTH, PERIOD, tick } from "./herd.js";
import { listening, port } from "./room.js";

const TEXT = { binary: false };

const members = new Set();
const entities = new Map();
for (let number = 0; number < ENTITIES; number += 1) {
    entities.set(String(number), { x: anywhere(), y: anywhere(), heading: below(360), hp: HEALTH });
}

const server = new WebSocketServer({ host: "127.0.0.1", port, backlog: 1024, perMessageDeflate: false });

server.on("connection", (socket) => {
    members.add(socket);
    socket.on("error", () => socket.terminate());
    socket.on("close", () => members.delete(socket));
});

setInterval(() => {
    tick(entities, (number) => entities.get(String(number)));
    const state = Buffer.from(JSON.stringify({ entities: Object.fromEntries(entities) }));
    for (const member of members) {
        if (member.readyState === WebSocket.OPEN) {
            member.send(state, TEXT);
        }
    }
}, PERIOD);

server.on("listening", listening);
