/**
 * A client of gamesvc: `connect` to a game, and go on with it whatever becomes of the line.
 *
 *     import { connect } from "@gamesvc/client";
 *     const game = await connect("ws://localhost:8080/g1?player=alice");
 *     game.on("event", (event) => console.log(event));
 *     await game.send("mark", { cell: 4 });
 *
 * These are plain modules: a page can import them as they are. What a session has to remember and to decide is in
 * `session.js`, and what a socket does in `line.js`; here are the timer and the promises around them.
 */
import { addressOf } from "./address.js";
import { Bearer } from "./bearer.js";
import { GameError, refusedAt } from "./error.js";
import { Known } from "./known.js";
import { Line } from "./line.js";
import { Listeners } from "./listeners.js";
import { checkedOptions } from "./options.js";
import { Session } from "./session.js";

export { GameError };

/** @typedef {import("./actions.js").Action} Action */

/**
 * What somebody waits for, and who that is: `site` has the stack of the call, where that can be had.
 *
 * @typedef {object} Reply
 * @property {string} command
 * @property {{ stack?: string }} site
 * @property {Promise<any>} promise
 * @property {(result: any) => void} resolve
 * @property {(error: unknown) => void} reject
 */

/**
 * Connect to a game.
 *
 * @param {string | URL} url where it is: `ws://HOST:PORT/GAME`; http will do, and in a page what is relative to it
 * @param {object} [options]
 * @param {string | (() => string | null | Promise<string | null>) | null} [options.token] or what gives one, and a new one
 *   when it is needed
 * @param {typeof globalThis.WebSocket} [options.WebSocket] where there is no global one
 * @param {boolean} [options.state] whether to keep the game's state; true, unless the address says otherwise
 * @param {string} [options.epoch] with `since`: which history that is of, as `game.epoch` was then
 * @param {number} [options.since] the last event that was seen already: 0 for the whole history
 * @param {number} [options.tries] how many may fail before there was ever a welcome: 5
 * @param {Partial<import("./backoff.js").Waits>} [options.backoff] how long to wait before coming back
 * @returns {Promise<Game>} the game, once it has welcomed us
 * @throws {GameError} it did not
 * @throws {TypeError} this is no address, there is no such option, or there is no WebSocket
 */
export async function connect(url, options = {}) {
  return new Promise((resolve, reject) => {
    new Game(url, options, resolve, reject);
  });
}

class Game extends Known {
  #url;
  /** @type {import("./line.js").LineOwner} */
  #owner;
  #session;
  /** @type {Line | null} the newest: what still comes over another one is not listened to */
  #line = null;
  /** @type {unknown} what went wrong with a line last, as far as that can be told */
  #cause;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #timerAt = Infinity;
  /** @type {Map<string, Reply>} */
  #replies = new Map();
  // What waits for a reply when the session ends is rejected, and that is told by `status`.
  #listeners = new Listeners((error) => error !== null && error === this.error);
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
    const { token, WebSocket = globalThis.WebSocket, backoff, tries } = checkedOptions(options);
    if (WebSocket === undefined) {
      throw new TypeError("there is no WebSocket here: give one, { WebSocket }, such as that of the package ws");
    }
    const said = addressOf(url);
    const bearer = new Bearer(token);
    // These are the session's, wherever they were said.
    const { state = said.state ?? true, epoch = said.epoch, since = said.since } = options;
    const session = new Session({
      prefix: randomText(),
      state,
      epoch,
      since,
      guest: !said.isNamed,
      renewable: bearer.isRenewable,
      tries,
      backoff,
    });
    super(session);
    this.#session = session;
    this.#url = said.url;
    this.#owner = this.#ownerOf(WebSocket, bearer);
    this.#opened = opened;
    this.#refused = refused;
    globalThis.addEventListener?.("online", this.#online);
    this.#feed((now) => this.#session.start(now));
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
    const reply = newReply(command);
    capture?.(reply.site, this.send);
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
   * @throws {TypeError} the listener is no function
   */
  on(name, listener) {
    this.#listeners.add(name, listener);
    return () => this.off(name, listener);
  }

  /**
   * Not be told of it any more.
   *
   * @param {string} name
   * @param {(value: any) => void} listener
   */
  off(name, listener) {
    this.#listeners.delete(name, listener);
  }

  /**
   * Cut the line, as if somebody had pulled the plug: to see how it comes back.
   *
   * @returns {boolean} whether there was one
   */
  cut() {
    if (!this.#line?.hasSocket) return false;
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
        this.#open(action);
        break;
      case "disconnect":
        this.#disconnect(action.code);
        break;
      case "transmit":
        this.#line?.transmit(action.text);
        break;
      case "resolve":
        this.#reply(action.id)?.resolve(action.result);
        break;
      case "reject":
        this.#reject(action);
        break;
      case "welcome":
        this.#listeners.tell("welcome", action.welcome);
        this.#enter();
        break;
      case "event":
        this.#listeners.tell("event", action.event);
        this.#listeners.tell(action.event.event, action.event);
        break;
      case "state":
        this.#listeners.tell("state", action.state);
        break;
      case "lost":
        this.#line?.forget();
        this.#listeners.tell("lost", action.error);
        break;
      case "status":
        this.#listeners.tell("status", action.status);
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
    else if (reply !== undefined) refusedAt(error, reply.command, reply.site);
    reply?.reject(error);
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
  #open({ query, renew }) {
    const url = new URL(this.#url);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    this.#line = new Line(this.#owner);
    void this.#line.open(url.href, renew);
  }

  /** @param {number | null} code */
  #disconnect(code) {
    const line = this.#line;
    this.#line = null;
    line?.end(code);
  }

  /**
   * What lines know of us.
   *
   * @param {typeof globalThis.WebSocket} WebSocket
   * @param {Bearer} bearer
   * @returns {import("./line.js").LineOwner}
   */
  #ownerOf(WebSocket, bearer) {
    return {
      WebSocket,
      bearer,
      received: (line, data) => this.#hear(line, (now) => this.#session.received(now, data)),
      lost: (line, code, reason) => this.#hear(line, (now) => this.#session.lost(now, code, reason)),
      refused: (line, status, more) => this.#hear(line, (now) => this.#session.refused(now, status, more)),
      blamed: (line, cause) => {
        if (line === this.#line) this.#cause = cause;
      },
      impossible: (error) => this.#feed(() => this.#session.close(error)),
    };
  }

  /**
   * Something came of a line.
   *
   * @param {Line} line
   * @param {(now: number) => void} what
   */
  #hear(line, what) {
    if (line !== this.#line) return;
    if (this.#held !== null) this.#held.push(() => this.#hear(line, what));
    else this.#feed(what);
  }
}

/**
 * Have the stack of a call, without writing it out, which takes longer. Not all browsers can.
 *
 * @type {((site: object, below: Function) => void) | undefined}
 */
const capture = /** @type {any} */ (Error).captureStackTrace;

/**
 * @param {string} command
 * @returns {Reply}
 */
function newReply(command) {
  /** @type {any} */
  const reply = { command, site: {} };
  reply.promise = new Promise((resolve, reject) => Object.assign(reply, { resolve, reject }));
  return reply;
}

/** What no other session has. */
function randomText() {
  return Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36).padStart(2, "0")).join("");
}
