/**
 * A client of gamesvc: `connect` to a game, and go on with it whatever becomes of the line.
 *
 *     import { connect } from "@gamesvc/client";
 *     const game = await connect("ws://localhost:8080/g1?player=alice");
 *     game.on("event", (event) => console.log(event));
 *     await game.send("mark", { cell: 4 });
 *
 * These are plain modules: a page can import them as they are. What a session has to remember and to decide is in
 * `session.js`; here are the sockets, the timer and the promises around it.
 */
import { addressOf } from "./address.js";
import { GameError } from "./error.js";
import { refusalIn } from "./refusal.js";
import { Session } from "./session.js";

export { GameError };

/** @typedef {import("./session.js").Action} Action */
/** @typedef {{ promise: Promise<any>, resolve: (result: any) => void, reject: (error: unknown) => void }} Reply */

/**
 * Connect to a game.
 *
 * @param {string | URL} url where it is: `ws://HOST:PORT/GAME`; http will do, and in a page what is relative to it
 * @param {object} [options]
 * @param {string | (() => string | Promise<string>)} [options.token] or what gives one, and a new one when it is needed
 * @param {typeof globalThis.WebSocket} [options.WebSocket] where there is no global one
 * @param {boolean} [options.state] whether to keep the game's state; true, unless the address says otherwise
 * @param {string} [options.epoch] with `since`: which history that is of, as `game.epoch` was then
 * @param {number} [options.since] the last event that was seen already: 0 for the whole history
 * @param {number} [options.tries] how many may fail before there was ever a welcome: 5
 * @param {Partial<import("./session.js").Backoff>} [options.backoff] how long to wait before coming back
 * @returns {Promise<Game>} the game, once it has welcomed us
 * @throws {GameError} it did not
 * @throws {TypeError} this is no address, or there is no WebSocket
 */
export async function connect(url, options = {}) {
  return new Promise((resolve, reject) => {
    new Game(url, options, resolve, reject);
  });
}

class Game {
  #url;
  #token;
  #WebSocket;
  /** @type {Session} */
  #session;
  /** @type {WebSocket | null} */
  #socket = null;
  /** Which line it is: what still comes over another one is not listened to. */
  #line = 0;
  /** @type {string | undefined} the token as it is now */
  #bearer;
  /** @type {unknown} what went wrong with a line last, as far as that can be told */
  #cause;
  /** What was said of that, for people. */
  #complaint = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #timerAt = Infinity;
  /** @type {Map<string, Reply>} */
  #replies = new Map();
  /** @type {Map<string, Set<(value: any) => void>>} */
  #listeners = new Map();
  /** @type {(() => void)[] | null} what came before our caller could say what they listen to */
  #held = null;
  #isActing = false;
  #isOpened = false;
  #opened;
  #refused;
  #online = () => this.#feed((now) => this.#session.hurry(now));

  /**
   * @param {string | URL} url
   * @param {any} options
   * @param {(game: Game) => void} opened
   * @param {(error: GameError) => void} refused
   */
  constructor(url, options, opened, refused) {
    const { token, WebSocket = globalThis.WebSocket, backoff, tries } = options;
    if (WebSocket === undefined) {
      throw new TypeError("there is no WebSocket here: give one, { WebSocket }, such as that of the package ws");
    }
    const said = addressOf(url);
    this.#url = said.url;
    this.#token = token;
    if (typeof token !== "function") this.#bearer = token;
    this.#WebSocket = WebSocket;
    this.#opened = opened;
    this.#refused = refused;
    // These are the session's, wherever they were said.
    const { state = said.state ?? true, epoch = said.epoch, since = said.since } = options;
    this.#session = new Session({
      prefix: randomText(),
      state,
      epoch,
      since,
      guest: !said.isNamed,
      renewable: typeof token === "function",
      tries,
      backoff,
    });
    globalThis.addEventListener?.("online", this.#online);
    this.#feed((now) => this.#session.start(now));
  }

  /** `connecting`, `open`, `reconnecting` or `closed`. */
  get status() {
    return this.#session.status;
  }

  /** Why it is closed; null while it is not. */
  get error() {
    return this.#session.error;
  }

  /** What we may see of the game's state; null where that is not known. */
  get state() {
    return this.#session.mirror.state;
  }

  /** The last welcome: who we are, what is played, and how it stood then. */
  get welcome() {
    return this.#session.mirror.welcome;
  }

  /** Our name. */
  get player() {
    return this.welcome?.player ?? null;
  }

  /** Whether our commands are accepted; a spectator's are not. */
  get playing() {
    return this.welcome?.playing ?? false;
  }

  /** The players in the order of their seats, null where one is free. */
  get players() {
    return this.#session.mirror.players;
  }

  /** The players who are connected. */
  get present() {
    return this.#session.mirror.present;
  }

  /** The bots that play, by the player for whom they do. */
  get bots() {
    return this.#session.mirror.bots;
  }

  /** Whether the game is over. */
  get finished() {
    return this.#session.mirror.finished;
  }

  /** The event with which the game ended, without its number; null where it is not over, or ended with none. */
  get outcome() {
    return this.#session.mirror.outcome;
  }

  /** Which history `seq` counts. */
  get epoch() {
    return this.#session.mirror.epoch;
  }

  /** The number of the last event that we have seen. */
  get seq() {
    return this.#session.mirror.seq;
  }

  /** How many commands have no reply yet. */
  get waiting() {
    return this.#session.waiting;
  }

  /**
   * Send a command. It takes effect once, however often the line is lost meanwhile.
   *
   * @param {string} command its name
   * @param {object} [args] its arguments, by name
   * @returns {Promise<any>} what it returned
   * @throws {GameError} it was refused, or the session ended before there was a reply
   */
  send(command, args = {}) {
    const reply = newReply();
    this.#feed((now) => {
      try {
        this.#replies.set(this.#session.send(now, command, args), reply);
      } catch (error) {
        reply.reject(error);
      }
    });
    return reply.promise;
  }

  /**
   * Be told of something: of all events, by `event`, and of one, by its name, `gamesvc.away` and the like included;
   * of `state`, `status` and `welcome`, whenever they are others; and by `lost`, with a GameError that says why, that
   * there is no line, and will be another one.
   *
   * @param {string} name
   * @param {(value: any) => void} listener
   * @returns {() => void} ends it
   */
  on(name, listener) {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => this.off(name, listener);
  }

  /**
   * Not be told of it any more.
   *
   * @param {string} name
   * @param {(value: any) => void} listener
   */
  off(name, listener) {
    this.#listeners.get(name)?.delete(listener);
  }

  /**
   * Cut the line, as if somebody had pulled the plug: to see how it comes back.
   *
   * @returns {boolean} whether there was one
   */
  cut() {
    if (this.#socket === null) return false;
    this.#disconnect(null);
    this.#feed((now) => this.#session.lost(now, null, "you have cut it"));
    return true;
  }

  /** End the session. What waits for a reply is rejected with the code `closed`. */
  close() {
    this.#feed(() => this.#session.close());
  }

  // The session is told, and what it wants is done.

  /** @param {(now: number) => void} what */
  #feed(what) {
    what(performance.now());
    // A listener may send, or close: what follows from that comes after what the listener was told of.
    if (this.#isActing) return;
    this.#isActing = true;
    for (let actions = this.#session.take(); actions.length > 0; actions = this.#session.take()) {
      for (const action of actions) this.#act(action);
    }
    this.#isActing = false;
    this.#setTimer();
  }

  /** @param {Action} action */
  #act(action) {
    switch (action.do) {
      case "connect":
        void this.#open(action);
        break;
      case "disconnect":
        this.#disconnect(action.code);
        break;
      case "transmit":
        this.#socket?.send(action.text);
        break;
      case "resolve":
        this.#reply(action.id)?.resolve(action.result);
        break;
      case "reject":
        this.#reject(action);
        break;
      case "welcome":
        this.#tell("welcome", action.welcome);
        this.#enter();
        break;
      case "event":
        this.#tell("event", action.event);
        this.#tell(action.event.event, action.event);
        break;
      case "state":
        this.#tell("state", action.state);
        break;
      case "lost":
        this.#socket = null;
        this.#tell("lost", action.error);
        break;
      case "status":
        this.#tell("status", action.status);
        if (action.error !== null) this.#end(action.error);
    }
  }

  /** @param {string} id */
  #reply(id) {
    const reply = this.#replies.get(id);
    this.#replies.delete(id);
    return reply;
  }

  /** @param {Extract<Action, { do: "reject" }>} action */
  #reject({ id, error }) {
    const reply = this.#reply(id);
    // That the session is over is told anyway: Node need not end a program that does not ask for the reply.
    if (error === this.error) reply?.promise.catch(() => {});
    reply?.reject(error);
  }

  /**
   * @param {string} name
   * @param {any} value
   */
  #tell(name, value) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(value);
      } catch (error) {
        // Theirs to hear of, and no reason for the session to stop in the middle of something.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #enter() {
    if (this.#isOpened) return;
    this.#isOpened = true;
    this.#opened(this);
    // What comes right behind the first welcome is for listeners that our caller has yet to add.
    this.#held = [];
    setTimeout(() => {
      const held = this.#held ?? [];
      this.#held = null;
      for (const each of held) each();
    });
  }

  /** @param {GameError} error */
  #end(error) {
    globalThis.removeEventListener?.("online", this.#online);
    if (this.#cause !== undefined) error.cause ??= this.#cause;
    this.#refused(error);
  }

  #setTimer() {
    const at = this.#session.deadline;
    if (at === this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    if (at === Infinity) return;
    const tick = () => {
      this.#timerAt = Infinity;
      this.#feed((now) => this.#session.tick(now));
    };
    // Rounded up: a timer that is early would find nothing to do.
    this.#timer = setTimeout(tick, Math.max(0, Math.ceil(at - performance.now())));
  }

  // Lines.

  /** @param {Extract<Action, { do: "connect" }>} how */
  async #open({ query, renew }) {
    const line = ++this.#line;
    const url = new URL(this.#url);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    if (renew) {
      try {
        this.#bearer = await this.#token();
      } catch (error) {
        this.#cause = error;
        this.#hear(line, (now) => this.#session.lost(now, null, "there is no token"));
        return;
      }
      if (line !== this.#line) return;
    }
    const token = this.#bearer;
    let socket;
    try {
      socket = new this.#WebSocket(url.href, ["gamesvc.v1", ...(token === undefined ? [] : [`bearer.${token}`])]);
    } catch {
      // What it says may hold the token.
      const error = new GameError("bad_request", "this is no address, or no token, that a WebSocket takes");
      this.#feed(() => this.#session.close(error));
      return;
    }
    this.#socket = socket;
    this.#complaint = "";
    socket.onmessage = (/** @type {MessageEvent} */ { data }) => {
      this.#hear(line, (now) => this.#session.received(now, data));
    };
    socket.onclose = (/** @type {CloseEvent} */ { code, reason }) => {
      this.#hear(line, (now) => this.#session.lost(now, code, reason || this.#complaint));
    };
    socket.onerror = (/** @type {Event} */ event) => this.#complain(line, event);
    // Only the package ws has this, and says by it more than by the error.
    const tells = /** @type {any} */ (socket);
    tells.on?.("unexpected-response", (/** @type {any} */ request, /** @type {any} */ answer) => {
      void this.#read(line, request, answer);
    });
  }

  /**
   * The handshake was refused, and the answer can be read.
   *
   * @param {number} line
   * @param {any} request an `http.ClientRequest`
   * @param {any} answer an `http.IncomingMessage`
   */
  async #read(line, request, answer) {
    const { status, ...more } = await refusalIn(answer);
    request.destroy();
    this.#hear(line, (now) => this.#session.refused(now, status, more));
  }

  /**
   * Something came of a line.
   *
   * @param {number} line
   * @param {(now: number) => void} what
   */
  #hear(line, what) {
    if (line !== this.#line) return;
    if (this.#held !== null) this.#held.push(() => this.#hear(line, what));
    else this.#feed(what);
  }

  /**
   * @param {number} line
   * @param {any} event in which the package ws says more than browsers do
   */
  #complain(line, event) {
    if (line !== this.#line) return;
    this.#cause = event.error;
    this.#complaint = event.message ?? "";
    const status = /^Unexpected server response: (\d{3})$/.exec(event.message ?? "")?.[1];
    if (status !== undefined) this.#hear(line, (now) => this.#session.refused(now, Number(status)));
    // A close comes right behind it, but not in Node 22, where the line was never opened.
    else setTimeout(() => this.#hear(line, (now) => this.#session.lost(now, null, this.#complaint)));
  }

  /** @param {number | null} code */
  #disconnect(code) {
    const socket = /** @type {any} */ (this.#socket);
    this.#line += 1;
    this.#socket = null;
    if (socket === null) return;
    if (code !== null) socket.close(code);
    // On a dead line the answer to a close would be waited for in vain.
    else if (socket.terminate !== undefined) socket.terminate();
    else socket.close();
  }
}

/** @returns {Reply} */
function newReply() {
  /** @type {any} */
  const reply = {};
  reply.promise = new Promise((resolve, reject) => Object.assign(reply, { resolve, reject }));
  return reply;
}

/** What no other session has. */
function randomText() {
  return Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36).padStart(2, "0")).join("");
}
