// Colyseus, with its own protocol: a room without state that broadcasts messages. A reply is that to a request.

import { Room, Server } from "@colyseus/core";
import { WebSocketTransport } from "@colyseus/ws-transport";

import { listening, port } from "./room.js";

class Talk extends Room {
    maxClients = 100000;
    patchRate = null;
    seatReservationTimeout = 600;
    seq = 0;

    onCreate() {
        this.onMessage("say", (client, message) => {
            this.seq += 1;
            this.broadcast("Said", { text: message.text, seq: this.seq });
            return { status: "ok" };
        });
        this.onMessage("ask", (client, message) => ({ status: "ok", result: message.text }));
    }
}

const server = new Server({ greet: false, transport: new WebSocketTransport() });
server.define("talk", Talk).filterBy(["game"]);
await server.listen(port, "127.0.0.1", 1024);
listening();
