/** A line of a client's: a WebSocket, from the first attempt to its end. What becomes of it, it tells its owner. */
import { GameError } from "./error.js";
import { refusalIn } from "./refusal.js";

/**
 * Whose line it is, which listens to the newest one only. `impossible`: there can be none; `blamed`: this went wrong with
 * it, for programs; the others as in `Session`.
 *
 * @typedef {object} LineOwner
 * @property {typeof globalThis.WebSocket} WebSocket
 * @property {import("./bearer.js").Bearer} bearer
 * @property {(line: Line, data: unknown) => void} received
 * @property {(line: Line, code: number | null, reason: string) => void} lost
 * @property {(line: Line, status: number, more?: Omit<import("./refusal.js").Refusal, "status">) => void} refused
 * @property {(line: Line, cause: unknown) => void} blamed
 * @property {(error: GameError) => void} impossible
 */

/** What the WebSocket of Node says of each line that did not come to be, whatever it was. */
const SAYS_NOTHING = /^Received network error or non-101 status code/;
/** How much is told of what somebody's own function has thrown. */
const MOST_SAID = 500;

export class Line {
  #owner;
  /** @type {WebSocket | null} */
  #socket = null;
  #isEnded = false;
  /** What was said of what went wrong, for people. */
  #complaint = "";

  /** @param {LineOwner} owner */
  constructor(owner) {
    this.#owner = owner;
  }

  /** Whether there is something to be cut. */
  get hasSocket() {
    return this.#socket !== null;
  }

  /**
   * Begin to connect.
   *
   * @param {string} url
   * @param {boolean} renew whether to ask for a token
   */
  async open(url, renew) {
    const { WebSocket, bearer } = this.#owner;
    if (renew) {
      try {
        await bearer.renew();
      } catch (error) {
        this.#owner.blamed(this, error);
        this.#owner.lost(this, null, `there is no token${saidBy(error)}`);
        return;
      }
      if (this.#isEnded) return;
    }
    const { token } = bearer;
    let socket;
    try {
      socket = new WebSocket(url, ["gamesvc.v1", ...(token === undefined ? [] : [`bearer.${token}`])]);
    } catch {
      // What it says may hold the token.
      this.#owner.impossible(new GameError("bad_request", "this is no address, or no token, that a WebSocket takes"));
      return;
    }
    this.#socket = socket;
    socket.onmessage = (/** @type {MessageEvent} */ { data }) => this.#owner.received(this, data);
    socket.onclose = (/** @type {CloseEvent} */ { code, reason }) => {
      this.#owner.lost(this, code, reason || this.#complaint);
    };
    socket.onerror = (/** @type {Event} */ event) => this.#complain(event);
    // Only the package ws has this, and says by it more than by the error.
    const tells = /** @type {any} */ (socket);
    tells.on?.("unexpected-response", (/** @type {any} */ request, /** @type {any} */ answer) => {
      void this.#read(request, answer);
    });
  }

  /** @param {string} text */
  transmit(text) {
    this.#socket?.send(text);
  }

  /** It is over, and was the other side's to end. */
  forget() {
    this.#socket = null;
  }

  /**
   * End it.
   *
   * @param {number | null} code null where it is dead, or has gone wrong
   */
  end(code) {
    const socket = /** @type {any} */ (this.#socket);
    this.#isEnded = true;
    this.#socket = null;
    if (socket === null) return;
    if (code !== null) socket.close(code);
    // On a dead line the answer to a close would be waited for in vain.
    else if (socket.terminate !== undefined) socket.terminate();
    else socket.close();
  }

  /**
   * The handshake was refused, and the answer can be read.
   *
   * @param {any} request an `http.ClientRequest`
   * @param {any} answer an `http.IncomingMessage`
   */
  async #read(request, answer) {
    const { status, ...more } = await refusalIn(answer);
    request.destroy();
    this.#owner.refused(this, status, more);
  }

  /** @param {any} event in which the package ws says more than browsers do */
  #complain(event) {
    this.#owner.blamed(this, event.error);
    const said = event.message ?? "";
    this.#complaint = SAYS_NOTHING.test(said) ? "" : said;
    const status = /^Unexpected server response: (\d{3})$/.exec(this.#complaint)?.[1];
    if (status !== undefined) this.#owner.refused(this, Number(status));
    // A close comes right behind it, but not in Node 22, where the line was never opened.
    else setTimeout(() => this.#owner.lost(this, null, this.#complaint));
  }
}

/**
 * What an error says, to be put behind a sentence.
 *
 * @param {any} error whatever was thrown
 */
function saidBy(error) {
  const said = typeof error === "string" ? error : error?.message;
  return typeof said === "string" && said !== "" ? `: ${said.slice(0, MOST_SAID)}` : "";
}
