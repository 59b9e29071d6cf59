/** A way to the server that can be cut, as a cable can. */

import { createConnection, createServer } from "node:net";

export class Detour {
  url;
  #server;
  /** @type {Set<import("node:net").Socket>} */
  #sockets = new Set();
  #isCut = false;

  /** @param {import("node:net").Server} server @param {string} url */
  constructor(server, url) {
    this.#server = server;
    this.url = url;
  }

  /** @param {string} url where it leads to */
  static async to(url) {
    const { hostname, port } = new URL(url);
    const server = createServer((near) => detour.#join(near, createConnection(Number(port), hostname)));
    await new Promise((resolve) => server.listen(0, hostname, () => resolve(null)));
    const { port: own } = /** @type {import("node:net").AddressInfo} */ (server.address());
    const detour = new Detour(server, `http://${hostname}:${own}/`);
    return detour;
  }

  /** Nothing gets through any more, and what was under way is lost. */
  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend() {
    this.#isCut = false;
  }

  close() {
    this.cut();
    this.#server.close();
  }

  #join(near, far) {
    for (const [socket, other] of [[near, far], [far, near]]) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
    if (this.#isCut) near.destroy();
  }
}
