/** Between clients and a server, on loopback: slices what passes, delays it, and cuts lines, all at random. */
import { connect, createServer } from "node:net";

/**
 * Numbers from 0 to 1 that come out the same for the same seed (the generator is "mulberry32").
 *
 * @param {number} seed
 */
export function chance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class CuttingProxy {
  /** How many lines it has cut. */
  cuts = 0;
  #server;
  #random;
  #lines = new Set();
  #target;

  /**
   * @param {object} options
   * @param {number} options.port the server's
   * @param {() => number} options.random
   * @param {number} options.bytes how many pass in the middle before a line is cut; Infinity for none
   */
  constructor({ port, random, bytes }) {
    this.bytes = bytes;
    this.#target = port;
    this.#random = random;
    this.#server = createServer((client) => this.#pass(client));
  }

  /** @returns {Promise<number>} its port, where it listens now */
  async listen() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this.#server.address().port;
  }

  async close() {
    for (const end of this.#lines) end();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(client) {
    const server = connect(this.#target, "127.0.0.1");
    const end = () => {
      client.destroy();
      server.destroy();
      this.#lines.delete(end);
    };
    this.#lines.add(end);
    for (const each of [client, server]) {
      each.setNoDelay(true);
      each.on("error", end);
      each.on("close", end);
    }
    // Early, too: in the handshake, or before the welcome.
    const life = { left: this.bytes * 2 * this.#random() ** 2 };
    this.#pipe(client, server, life, end);
    this.#pipe(server, client, life, end);
  }

  /** What comes goes on in slices, each a little later; a cut may be in the middle of a frame. */
  async #pipe(from, to, life, end) {
    try {
      for await (const data of from) {
        for (let rest = data; rest.length > 0; ) {
          const size = 1 + Math.floor(this.#random() * Math.min(rest.length, 4000));
          life.left -= size;
          if (life.left <= 0) {
            this.cuts += 1;
            // What had been sent before may have come through or not.
            if (this.#random() < 0.5) to.write(rest.subarray(0, size));
            end();
            return;
          }
          to.write(rest.subarray(0, size));
          rest = rest.subarray(size);
          if (this.#random() < 0.3) await later(this.#random() * 4);
        }
      }
    } catch {
      // It was cut.
    }
    end();
  }
}

/** @param {number} milliseconds */
function later(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
