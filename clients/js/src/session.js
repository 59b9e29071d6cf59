/**
 * A client's session with a game: what outlives the lines over which it goes.
 *
 * There is no I/O in here, no timer and no clock. It is told what happened, and when, in milliseconds of any clock that
 * does not jump; `take` then says what is to be done, in order, and `deadline` when it wants `tick`. While it lives,
 * each command that it was given takes effect once or is refused, and each event is shown once, in order, whatever
 * becomes of the lines. `clients/vectors.json` holds this one and the Python one to the same conduct.
 */
import { GameError, closedWith, refusedWith, unreachable } from "./error.js";
import { Mirror, OutOfStep } from "./mirror.js";
import { MOST_WAITING, Outbox } from "./outbox.js";

/** @typedef {import("./mirror.js").EventFrame} EventFrame */
/** @typedef {"connecting" | "open" | "reconnecting" | "closed"} Status */

/**
 * What is to be done. `connect`: open a line, with these in the address; `renew`: ask for a token first. `disconnect`:
 * end the line, and tell nothing more of it; the code is null where it is dead or has gone wrong. `lost`: there is no
 * line any more, or none came to be, and there will be another one; the error says why.
 *
 * @typedef {(
 *   | { do: "connect", query: Record<string, string>, renew: boolean }
 *   | { do: "disconnect", code: number | null }
 *   | { do: "transmit", text: string }
 *   | { do: "resolve", id: string, result: any }
 *   | { do: "reject", id: string, error: GameError }
 *   | { do: "welcome", welcome: EventFrame }
 *   | { do: "event", event: EventFrame }
 *   | { do: "state", state: any }
 *   | { do: "lost", error: GameError }
 *   | { do: "status", status: Status, error: GameError | null }
 * )} Action
 */

/**
 * How long it waits before it comes back, in milliseconds: at first, at most, and how long a line must have lasted for
 * the waits to begin anew.
 *
 * @typedef {{ first: number, most: number, good: number }} Backoff
 */

/** @type {Backoff} */
const BACKOFF = { first: 250, most: 15_000, good: 5_000 };
/** How long a line may take until its welcome. */
const WELCOME_WITHIN = 15_000;
/** After how long a silence the server is asked whether it is there. */
const SILENCE = 25_000;
/** How long it may then be silent. */
const ANSWER_WITHIN = 10_000;
/** The longest wait that a server may ask for. */
const MOST_WAIT = 300_000;
/** How many tries may fail before there was ever a welcome. */
const TRIES = 5;
/** All come back after a restart, so the first wait is as long as the third one otherwise. */
const RESTART_STEPS = 2;

const NORMAL = 1000;
const ABNORMAL = 1006;
const TOO_BIG = 1009;
const RESTART = 1012;
const FOR_GOOD = 4400;
const TOKEN_EXPIRED = 4401;
const UNAUTHORIZED = 401;
const PASSING = new Set([408, 425, 429]);
const PUT_OFF = new Set(["rate_limited", "too_many_in_flight", "unavailable", "outcome_unknown"]);

export class Session {
  /** @type {Mirror} */
  mirror;
  /** @type {Status} */
  status = "connecting";
  /** @type {GameError | null} why it is closed; null while it is not */
  error = null;

  #prefix;
  #wantsState;
  #isGuest;
  #isRenewable;
  #tries;
  #chance;
  #backoff;
  #outbox = new Outbox();
  #commands = 0;
  #pings = 0;
  /** @type {Action[]} */
  #actions = [];
  #hasLine = false;
  #failures = 0;
  #setbacks = 0;
  #hasRenewed = false;
  #renewsNext = true;
  #openedAt = 0;
  // When to be told; Infinity where there is nothing of that kind.
  #connectAt = Infinity;
  #welcomeBy = Infinity;
  #pingAt = Infinity;
  #heardBy = Infinity;

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
   * @param {Partial<Backoff>} [options.backoff]
   */
  constructor(options) {
    const { prefix, state = true, epoch = null, since = null, guest = false, renewable = false } = options;
    this.mirror = new Mirror(epoch, since);
    this.#prefix = prefix;
    this.#wantsState = state;
    this.#isGuest = guest;
    this.#isRenewable = renewable;
    this.#tries = options.tries ?? TRIES;
    this.#chance = options.chance ?? Math.random;
    this.#backoff = { ...BACKOFF, ...options.backoff };
  }

  /** When to call `tick`; Infinity where nothing waits for that. @returns {number} */
  get deadline() {
    const pausedUntil = (this.status === "open" ? this.#outbox.pausedUntil : null) ?? Infinity;
    return Math.min(this.#connectAt, this.#welcomeBy, this.#pingAt, this.#heardBy, pausedUntil);
  }

  /** How many commands have no reply yet. */
  get waiting() {
    return this.#outbox.size;
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
    if (typeof command !== "string") throw new TypeError("a command's name is a text");
    for (const reserved of ["command", "id"]) {
      if (Object.hasOwn(args, reserved)) {
        throw new TypeError(`an argument can't be called '${reserved}': that key is the wire's own`);
      }
    }
    const id = `${this.#prefix}-${this.#commands + 1}`;
    // Once: what is sent again under the same id has to be the same, whatever becomes of the arguments.
    const text = JSON.stringify({ command, id, ...args });
    this.#commands += 1;
    if (this.error !== null) this.#reject(id, this.error);
    else if (this.#outbox.isFull) {
      this.#reject(id, new GameError("too_many_waiting", `${MOST_WAITING} commands wait for their replies`, true));
    } else {
      this.#outbox.add(id, text);
      this.#pump(now);
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
    if (code !== null && code >= FOR_GOOD) {
      const end = closedWith(code, reason);
      if (code === TOKEN_EXPIRED && this.#isRenewable) {
        this.#renewsNext = true;
        this.#comeBack(now, end);
      } else {
        this.#hasLine = false;
        this.#finish(end);
      }
      return;
    }
    if (code === TOO_BIG) this.#giveUpLargest();
    // What browsers say of a line that was cut, or never came to be.
    const isTold = code !== null && code !== ABNORMAL;
    const why = isTold ? `the server closed with ${code}${reason && ": "}${reason}` : reason || this.#unsaid;
    this.#comeBack(now, unreachable(why), { least: code === RESTART ? RESTART_STEPS : 0 });
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
    if (!this.#hasLine) return;
    const end = refusedWith(status, code, message);
    if (PASSING.has(status) || status >= 500) {
      this.#comeBack(now, end, { wait: Math.min(Math.max(after, 0), MOST_WAIT) });
    } else if (status === UNAUTHORIZED && this.#isRenewable && !this.#hasRenewed) {
      this.#hasRenewed = true;
      this.#comeBack(now, end);
    } else {
      this.#hasLine = false;
      this.#finish(end);
    }
  }

  /**
   * Time has gone by.
   *
   * @param {number} now
   */
  tick(now) {
    if (this.#connectAt <= now) this.#connect(now);
    else if (this.#welcomeBy <= now) this.#drop(now, `no welcome came within ${WELCOME_WITHIN / 1000} s`);
    else if (this.#heardBy <= now) this.#drop(now, "the server is silent");
    else if (this.#pingAt <= now) {
      // Asked first, however long it was silent: the whole machine may have slept.
      this.#pingAt = Infinity;
      this.#heardBy = now + ANSWER_WITHIN;
      const id = `${this.#prefix}-ping-${++this.#pings}`;
      this.#actions.push({ do: "transmit", text: JSON.stringify({ command: "gamesvc.ping", id }) });
    }
    this.#pump(now);
  }

  /**
   * There is a network again: what waits to come back does so at once.
   *
   * @param {number} now
   */
  hurry(now) {
    if (this.#connectAt < Infinity) this.#connect(now);
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
    this.#connectAt = Infinity;
    this.#hasLine = true;
    this.#welcomeBy = now + WELCOME_WITHIN;
    const { place, welcome } = this.mirror;
    /** @type {Record<string, string>} */
    const query = { ...(this.#wantsState ? { state: "1" } : {}), ...place };
    if (this.#isGuest && welcome !== null) query.player = welcome.player;
    this.#actions.push({ do: "connect", query, renew: this.#isRenewable && this.#renewsNext });
    this.#renewsNext = false;
  }

  /** What may be wrong with a line of which nothing is said. */
  get #unsaid() {
    if (this.status === "open") return "the line was cut";
    return "the server can't be reached, or does not let us in: browsers do not tell which";
  }

  /** @param {number} now */
  #hear(now) {
    if (this.status !== "open") return;
    this.#pingAt = now + SILENCE;
    this.#heardBy = Infinity;
  }

  /**
   * @param {number} now
   * @param {string} reason for people
   */
  #drop(now, reason) {
    this.#actions.push({ do: "disconnect", code: null });
    this.#comeBack(now, unreachable(reason));
  }

  /**
   * Have no line, and another one later.
   *
   * @param {number} now
   * @param {GameError} why the end, where it is one
   * @param {object} [how]
   * @param {number} [how.least] with how many steps of the backoff to begin
   * @param {number} [how.wait] how long to wait besides
   */
  #comeBack(now, why, { least = 0, wait = 0 } = {}) {
    if (this.status !== "open") {
      // A browser does not say why a line did not come to be. It may have been for the token.
      this.#renewsNext = true;
    } else if (now - this.#openedAt >= this.#backoff.good) this.#failures = 0;
    this.#loseLine();
    const wasWelcomed = this.mirror.welcome !== null;
    if (!wasWelcomed && this.#failures + 1 >= this.#tries) {
      this.#finish(why);
      return;
    }
    this.#connectAt = now + wait + this.#wait(Math.max(this.#failures, least), this.#chance());
    this.#failures += 1;
    this.#actions.push({ do: "lost", error: why });
    if (wasWelcomed) this.#become("reconnecting");
  }

  /**
   * @param {number} step how often one has waited already
   * @param {number} chance from 0 to 1
   */
  #wait(step, chance) {
    return chance * Math.min(this.#backoff.most, this.#backoff.first * 2 ** step);
  }

  #loseLine() {
    this.#hasLine = false;
    this.#connectAt = this.#welcomeBy = this.#pingAt = this.#heardBy = Infinity;
    this.#outbox.lineLost();
  }

  /** @param {GameError} end why */
  #finish(end) {
    if (this.#hasLine) this.#actions.push({ do: "disconnect", code: NORMAL });
    this.#loseLine();
    this.error = end;
    const unanswered = this.#outbox.giveUp();
    this.#become("closed");
    for (const id of unanswered) this.#reject(id, end);
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
      this.#openedAt = now;
      this.#hasRenewed = false;
      this.#welcomeBy = Infinity;
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
    // Replies come in the order of the commands, and to what could not be read without its id.
    const id = reply.id ?? this.#outbox.oldest;
    if (id === undefined) return;
    if (typeof id !== "string") throw new OutOfStep("an id is no text");
    if (reply.status === "ok") {
      if (this.#outbox.settle(id)) {
        this.#outbox.succeeded();
        this.#setbacks = 0;
        this.#actions.push({ do: "resolve", id, result: reply.result });
      }
    } else {
      const { code, message, retryable, retry_ms: after } = reply.error;
      const isError = typeof code === "string" && typeof message === "string" && typeof retryable === "boolean";
      if (!isError || (after !== undefined && !Number.isInteger(after))) throw new OutOfStep("an error is none");
      if (PUT_OFF.has(code)) this.#putOff(now, id, after);
      else if (this.#outbox.settle(id)) {
        this.#setbacks = 0;
        this.#reject(id, new GameError(code, message, retryable));
      }
    }
    this.#pump(now);
  }

  /**
   * @param {number} now
   * @param {string} id
   * @param {number | undefined} after how many milliseconds to wait, where the server says so
   */
  #putOff(now, id, after) {
    if (!this.#outbox.isOnItsWay(id)) return;
    let until = this.#outbox.pausedUntil;
    if (after !== undefined) until = now + Math.min(Math.max(after, 0), MOST_WAIT);
    else if (until === null) {
      // Half of it at least: the server has not asked for it to be tried at once.
      until = now + this.#wait(this.#setbacks, 0.5 + this.#chance() / 2);
      this.#setbacks += 1;
    }
    this.#outbox.putBack(id, until);
  }

  /** If one of those on their way was too big, the largest was; and it did not take effect. */
  #giveUpLargest() {
    const id = this.#outbox.largest;
    if (id === undefined) return;
    this.#outbox.settle(id);
    this.#reject(id, new GameError("message_too_big", "the server does not take so large a message"));
  }

  /**
   * @param {string} id
   * @param {GameError} error
   */
  #reject(id, error) {
    this.#actions.push({ do: "reject", id, error });
  }

  // What goes.

  /** @param {number} now */
  #pump(now) {
    if (this.status !== "open") return;
    for (const text of this.#outbox.due(now)) this.#actions.push({ do: "transmit", text });
  }
}
