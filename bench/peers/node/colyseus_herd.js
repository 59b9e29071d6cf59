// Colyseus, with its own state sync: a Schema, of which it sends what has changed, in binary, patchRate times a second.
// With --small coordinates are whole hundredths in 16 bits, as who counts bytes would have them; else they are float32.

import { Room, Server } from "@colyseus/core";
import { MapSchema, schema, t } from "@colyseus/schema";
import { WebSocketTransport } from "@colyseus/ws-transport";

import { anywhere, below, ENTITIES, HEALTH, move, PERIOD, tick } from "./herd.js";
import { listening, port } from "./room.js";

const isSmall = process.argv.includes("--small");

const Entity = schema(
    isSmall
        ? { x: t.uint16(), y: t.uint16(), heading: t.uint16(), hp: t.uint8() }
        : { x: t.float32(), y: t.float32(), heading: t.uint16(), hp: t.uint8() },
    "Entity",
);
const State = schema({ entities: t.map(Entity) }, "State");

class Herd extends Room {
    maxClients = 100000;
    patchRate = PERIOD;
    seatReservationTimeout = 600;
    state = new State();

    onCreate() {
        this.state.entities = new MapSchema();
        for (let number = 0; number < ENTITIES; number += 1) {
            const entity = new Entity();
            entity.x = isSmall ? Math.round(anywhere() * 100) : anywhere();
            entity.y = isSmall ? Math.round(anywhere() * 100) : anywhere();
            entity.heading = below(360);
            entity.hp = HEALTH;
            this.state.entities.set(String(number), entity);
        }
        this.setSimulationInterval(() => this.step(), PERIOD);
    }

    step() {
        tick(this.state.entities, (number) => this.state.entities.get(String(number)));
    }
}

const server = new Server({ greet: false, transport: new WebSocketTransport() });
server.define("herd", Herd);
await server.listen(port, "127.0.0.1", 1024);
listening();
