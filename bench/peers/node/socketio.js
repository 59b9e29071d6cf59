// socket.io, WebSockets only: a game is one of its rooms, a reply is an acknowledgement. The game is in the query.

import { createServer } from "node:http";

import { Server } from "socket.io";

import { listening, port } from "./room.js";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });
const numbers = new Map();

io.on("connection", (socket) => {
    const game = socket.handshake.query.game;
    socket.join(game);
    socket.on("say", (message, reply) => {
        const seq = (numbers.get(game) ?? 0) + 1;
        numbers.set(game, seq);
        io.to(game).emit("Said", { text: message.text, seq });
        reply({ status: "ok" });
    });
    socket.on("ask", (message, reply) => reply({ status: "ok", result: message.text }));
});

http.listen({ host: "127.0.0.1", port, backlog: 1024 }, listening);
