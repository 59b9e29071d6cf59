/**
 * A client's session with a game: what outlives the lines over which it goes.
 *
 * There is no I/O in here, no timer and no clock. It is told what happened, and when, in milliseconds of any clock that
 * does not jump; `take` then says what is to be done, in order, and `deadline` when it wants `tick`. While it lives,
 * each command that it was given takes effect once or is refused, and each event is shown once, in order, whatever
 * becomes of the lines. `clients/vectors.json` holds this one and the Python one to the same conduct.
 */
import { WAITS } from "./backoff.js";
import { Comeback } from "./comeback.js";
import { Commands, rejected } from "./commands.js";
import { GameError, unreachable } from "./error.js";
import { Mirror, OutOfStep } from "./mirror.js";
import { WELCOME_WITHIN, Watch } from "./watch.js";

/** @typedef {import("./actions.js").Action} Action */
/** @typedef {import("./actions.js").Status} Status */
/** @typedef {import("./comeback.js").Loss} Loss */
/** @typedef {import("./mirror.js").EventFrame} EventFrame */

/** How many tries may fail before there was ever a welcome. */
const TRIES = 5;
const NORMAL = 1000;
const TOO_BIG = 1009;

export class Session {
  /** @type {Mirror} */
  mirror;
  /** @type {Status} */
  status = "connecting";
  /** @type {GameError | null} why it is closed; null while it is not */
  error = null;

  #wantsState;
  #isGuest;
  #commands;
  #comeback;
  #watch = new Watch();
  /** @type {Action[]} */
  #actions = [];
  #hasLine = false;

  /**
   * @param {object} options
   * @param {string} options.prefix of the commands' ids: no other session of the same player has it
   * @param {boolean} [options.state] whether to mirror the game's state
   * @param {string | null} [options.epoch] of the place in the history from which events are wanted
   * @param {number | null} [options.since] the last event that was seen: 0 for the whole history, null for none of it
   * @param {boolean} [options.guest] whether no name was given, so that the server gives one
   * @param {boolean} [options.renewable] whether a new token can be had
   * @param {number} [options.tries] how many may fail before there was ever a welcome
   * @param {() => number} [options.chance] random numbers from 0 to 1
   * @param {Partial<import("./backoff.js").Waits>} [options.backoff]
   */
  constructor(options) {
    const { prefix, state = true, epoch = null, since = null, guest = false, renewable = false } = options;
    this.mirror = new Mirror(epoch, since);
    this.#wantsState = state;
    this.#isGuest = guest;
    const { tries = TRIES, chance = Math.random } = options;
    const waits = { ...WAITS, ...options.backoff };
    this.#commands = new Commands(prefix, chance, waits);
    this.#comeback = new Comeback({ renewable, tries, chance, waits });
  }

  /** When to call `tick`; Infinity where nothing waits for that. @returns {number} */
  get deadline() {
    const pausedUntil = this.status === "open" ? this.#commands.pausedUntil : null;
    return Math.min(this.#watch.deadline, pausedUntil ?? Infinity);
  }

  /** How many commands have no reply yet. */
  get waiting() {
    return this.#commands.waiting;
  }

  /** What is to be done now; it is told once. @returns {Action[]} */
  take() {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  // What happened.

  /**
   * Begin, once.
   *
   * @param {number} now
   */
  start(now) {
    this.#connect(now);
  }

  /**
   * Give it a command. It is resolved or rejected at some time, perhaps at once.
   *
   * @param {number} now
   * @param {string} command its name
   * @param {object} args by name, such as JSON knows
   * @returns {string} its id
   * @throws {TypeError} this is no command
   */
  send(now, command, args) {
    const { id, text } = this.#commands.write(command, args);
    if (this.error !== null) this.#actions.push(rejected(id, this.error));
    else {
      const refused = this.#commands.add(id, text);
      if (refused !== null) this.#actions.push(refused);
      else this.#pump(now);
    }
    return id;
  }

  /**
   * A message came.
   *
   * @param {number} now
   * @param {unknown} data
   */
  received(now, data) {
    if (!this.#hasLine) return;
    this.#hear(now);
    try {
      if (typeof data !== "string") throw new OutOfStep("a message is no text");
      const message = JSON.parse(data);
      if (typeof message !== "object" || message === null || Array.isArray(message)) {
        throw new OutOfStep("a message is no object");
      }
      if ("event" in message) this.#takeEvent(now, message);
      else if ("status" in message && this.status === "open") this.#takeReply(now, message);
    } catch (error) {
      // Nothing that comes after it makes sense any more.
      this.#drop(now, `the server sent what can't be followed: ${/** @type {Error} */ (error).message}`);
    }
  }

  /**
   * A sign of life came.
   *
   * @param {number} now
   */
  heard(now) {
    if (this.#hasLine) this.#hear(now);
  }

  /**
   * The line was closed, or did not come to be.
   *
   * @param {number} now
   * @param {number | null} code null where it was cut, or never was there
   * @param {string} [reason] for people
   */
  lost(now, code, reason = "") {
    if (!this.#hasLine) return;
    if (code === TOO_BIG) {
      const tooBig = this.#commands.giveUpLargest();
      if (tooBig !== null) this.#actions.push(tooBig);
    }
    this.#lose(now, this.#comeback.closed(code, reason));
  }

  /**
   * The handshake was refused.
   *
   * @param {number} now
   * @param {number} status of HTTP
   * @param {object} [more]
   * @param {string} [more.code] the one in the body, if any
   * @param {string} [more.message] the one in the body, if any
   * @param {number} [more.after] how many milliseconds it says to wait
   */
  refused(now, status, { code = "", message = "", after = 0 } = {}) {
    if (this.#hasLine) this.#lose(now, this.#comeback.refused(status, code, message, after));
  }

  /**
   * Time has gone by.
   *
   * @param {number} now
   */
  tick(now) {
    switch (this.#watch.due(now)) {
      case "connect":
        this.#connect(now);
        break;
      case "welcome":
        this.#drop(now, `no welcome came within ${WELCOME_WITHIN / 1000} s`);
        break;
      case "answer":
        this.#drop(now, "the server is silent");
        break;
      case "ask":
        // Asked first, however long it was silent: the whole machine may have slept.
        this.#watch.asks(now);
        this.#actions.push(this.#commands.ping());
    }
    this.#pump(now);
  }

  /**
   * There is a network again: what waits to come back does so at once.
   *
   * @param {number} now
   */
  hurry(now) {
    if (this.#watch.isWaiting) this.#connect(now);
  }

  /**
   * End it.
   *
   * @param {GameError} [error] why, where it is not its user's wish
   */
  close(error = new GameError("closed", "the session was closed")) {
    if (this.error === null) this.#finish(error);
  }

  // The line.

  /** @param {number} now */
  #connect(now) {
    this.#hasLine = true;
    this.#watch.opens(now);
    const { place, welcome } = this.mirror;
    /** @type {Record<string, string>} */
    const query = { ...(this.#wantsState ? { state: "1" } : {}), ...place };
    if (this.#isGuest && welcome !== null) query.player = welcome.player;
    this.#actions.push({ do: "connect", query, renew: this.#comeback.renews() });
  }

  /** @param {number} now */
  #hear(now) {
    if (this.status === "open") this.#watch.hears(now);
  }

  /**
   * @param {number} now
   * @param {string} reason for people
   */
  #drop(now, reason) {
    this.#actions.push({ do: "disconnect", code: null });
    this.#lose(now, { why: unreachable(reason) });
  }

  /**
   * Have no line, and another one later, or none.
   *
   * @param {number} now
   * @param {Loss} loss
   */
  #lose(now, loss) {
    const at = this.#comeback.at(now, loss);
    this.#loseLine();
    if (at === Infinity) {
      this.#finish(loss.why);
      return;
    }
    this.#watch.waits(at);
    this.#actions.push({ do: "lost", error: loss.why });
    if (this.mirror.welcome !== null) this.#become("reconnecting");
  }

  #loseLine() {
    this.#hasLine = false;
    this.#watch.stops();
    this.#commands.lineLost();
  }

  /** @param {GameError} end why */
  #finish(end) {
    if (this.#hasLine) this.#actions.push({ do: "disconnect", code: NORMAL });
    this.#loseLine();
    this.error = end;
    const unanswered = this.#commands.giveUp(end);
    this.#become("closed");
    this.#actions.push(...unanswered);
  }

  /** @param {Status} status */
  #become(status) {
    if (status === this.status) return;
    this.status = status;
    this.#actions.push({ do: "status", status, error: this.error });
  }

  // What comes.

  /**
   * @param {number} now
   * @param {EventFrame} event
   */
  #takeEvent(now, event) {
    const { event: name } = event;
    if (typeof name !== "string") throw new OutOfStep("an event has no name");
    if (name === "gamesvc.welcome") this.#takeWelcome(now, event);
    else if (this.status !== "open") throw new OutOfStep("an event came before the welcome");
    else if (name === "gamesvc.patch" || name === "gamesvc.state") {
      if (!this.#wantsState) return;
      if (name === "gamesvc.patch") this.mirror.takePatch(event.patch);
      else this.mirror.takeState(event.state);
      this.#showState();
    } else if (this.mirror.takeEvent(event)) this.#actions.push({ do: "event", event });
  }

  /**
   * @param {number} now
   * @param {EventFrame} welcome
   */
  #takeWelcome(now, welcome) {
    const hasState = this.mirror.takeWelcome(welcome);
    if (this.status !== "open") {
      this.#comeback.welcomed(now);
      this.#become("open");
      this.#hear(now);
    }
    this.#actions.push({ do: "welcome", welcome });
    if (hasState) this.#showState();
    this.#pump(now);
  }

  #showState() {
    this.#actions.push({ do: "state", state: this.mirror.state });
  }

  /**
   * @param {number} now
   * @param {any} reply
   */
  #takeReply(now, reply) {
    const outcome = this.#commands.takeReply(now, reply);
    if (outcome !== null) this.#actions.push(outcome);
    this.#pump(now);
  }

  // What goes.

  /** @param {number} now */
  #pump(now) {
    if (this.status === "open") this.#actions.push(...this.#commands.due(now));
  }
}
