// Colyseus, with its own state sync: a Schema, of which it sends what has changed, in binary, patchRate times a second.
// With --small coordinates have 16 bits, as who counts bytes would have them: steps of 0.009. Else they are float32.

import { Room, Server } from "@colyseus/core";
import { MapSchema, schema, t } from "@colyseus/schema";
import { WebSocketTransport } from "@colyseus/ws-transport";

import { anywhere, below, ENTITIES, HEALTH, PERIOD, SIZE, tick } from "./herd.js";
import { listening, port } from "./room.js";

function coordinate() {
    return process.argv.includes("--small") ? t.quantized({ min: 0, max: SIZE, bits: 16 }) : t.float32();
}

const Entity = schema({ x: coordinate(), y: coordinate(), heading: t.uint16(), hp: t.uint8() }, "Entity");
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
            entity.x = anywhere();
            entity.y = anywhere();
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
