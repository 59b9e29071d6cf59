/**
 * What a seat has seen: every message, the events with their numbers, the states one after the other, the replies and
 * how long they took. It knows of no page and no socket, and all of it is bounded.
 */

const MOST_FRAMES = 400;
const MOST_EVENTS = 10_000;
const MOST_MOMENTS = 2_000;
const MOST_REPLIES = 200;
const MOST_PINGS = 60;
const MOST_RETURNS = 50;
/** How many states are made of events in one go. */
const MOST_REBUILT = 500;
/** Characters of a message that are kept to be looked at. */
const MOST_TEXT = 20_000;

/**
 * @typedef {object} Frame
 * @property {number} number counts what went over the line, from 1
 * @property {"in" | "out" | "line"} direction
 * @property {string} text
 * @property {number} at milliseconds since the epoch
 */

/**
 * @typedef {object} Noted
 * @property {any} event as it came
 * @property {number | null} at milliseconds since the epoch; null for what had happened before we came
 * @property {number | null} seq its number; null for what has none
 */

/**
 * A state, and what had happened when it came.
 *
 * @typedef {object} Moment
 * @property {any} state
 * @property {readonly (string | null)[]} players
 * @property {number} events how many had been noted
 * @property {number} seq the number of the last of them
 * @property {number | null} at milliseconds since the epoch; null for one before we came
 */

/**
 * @typedef {object} Reply
 * @property {string} command
 * @property {any} args
 * @property {boolean} isOk
 * @property {any} said its result, or its error
 * @property {boolean} isDuplicate whether the server had told it before
 * @property {number | null} ms how long it took; null where it was not seen sent
 * @property {number} at milliseconds since the epoch
 */

/**
 * A line that came back.
 *
 * @typedef {object} Return
 * @property {boolean} resumed whether what was missed was told
 * @property {number} from the last number that we had
 * @property {number} to the last number now
 * @property {number} kept how many commands had waited for it without a reply, and were sent then
 * @property {number} at milliseconds since the epoch
 */

export class Recorder {
  /** @type {Frame[]} */
  frames = [];
  /** @type {Noted[]} */
  events = [];
  /** @type {Moment[]} */
  moments = [];
  /** @type {Reply[]} newest last */
  replies = [];
  /** @type {number[]} how many milliseconds each reply took, newest last */
  latencies = [];
  /** @type {Return[]} */
  returns = [];
  /** @type {string | null} */
  epoch = null;
  seq = 0;
  /** @type {any} the newest welcome */
  welcome = null;

  /** @type {Map<string, { command: string, args: any, at: number }>} */
  #asked = new Map();
  /** How many events there were with each that was missed, as far as nobody has looked at it. @type {number[]} */
  #missed = [];
  /** The last number of what had happened when we came. */
  #past = 0;
  #number = 0;
  #lines = 0;
  /** Which of the lines the newest welcome came over. */
  #welcomedLine = 0;
  #now;

  /** @param {() => number} [now] milliseconds since the epoch */
  constructor(now = Date.now) {
    this.#now = now;
  }

  /**
   * Something went over the line, or became of it.
   *
   * @param {"in" | "out" | "line"} direction
   * @param {string} text
   */
  note(direction, text) {
    const at = this.#now();
    this.frames.push({ number: ++this.#number, direction, text: text.slice(0, MOST_TEXT), at });
    if (this.frames.length > MOST_FRAMES) this.frames.splice(0, this.frames.length - MOST_FRAMES);
    if (direction === "line") {
      if (text.startsWith("open")) this.#lines += 1;
      return;
    }
    const frame = parsed(text);
    if (frame === null) return;
    if (direction === "out") this.#out(frame, at);
    else if (typeof frame.event === "string") this.#event(frame, at);
    else if (typeof frame.status === "string") this.#reply(frame, at);
  }

  /**
   * The line has come back, and with it goes what had waited.
   *
   * @param {number} kept how many commands
   */
  resend(kept) {
    const latest = this.returns.at(-1);
    if (latest !== undefined) latest.kept = kept;
  }

  /**
   * The state is another one.
   *
   * @param {any} state
   * @param {readonly (string | null)[]} players
   */
  show(state, players) {
    const moment = { state, players, events: this.events.length, seq: this.seq, at: this.#now() };
    const last = this.moments.at(-1);
    // Who comes back is told the state anew, and nothing may have happened.
    if (last !== undefined && last.events === moment.events && same(last.state, state)) this.moments.pop();
    this.moments.push(moment);
    // Every second one of the older half goes: the way that a fast game took stays to be seen.
    if (this.moments.length > MOST_MOMENTS) {
      const half = MOST_MOMENTS / 2;
      this.moments = this.moments.filter((_, index) => index >= half || index % 2 === 0);
    }
  }

  /**
   * Fill in the states that were not seen: those before we came, and while the line was lost.
   *
   * @param {(events: any[]) => any} rebuild what the state was after some events; null where that can't be told
   */
  fill(rebuild) {
    let last = "";
    for (const at of this.#missed.splice(0).slice(-MOST_REBUILT)) {
      const { event, seq, at: time } = this.events[at - 1];
      // Who sits where is no part of the state; but it is told of before the first move, and there was a state then.
      if (event.event.startsWith("gamesvc.") && this.moments[0]?.events < at) continue;
      const state = rebuild(this.events.slice(0, at).map((each) => each.event));
      const text = JSON.stringify(state);
      if (state === null || text === last) continue;
      last = text;
      const next = this.moments.findIndex((each) => each.events >= at);
      if (next === -1 || this.moments[next].events === at) continue;
      const { players } = this.moments[next];
      this.moments.splice(next, 0, { state, players, events: at, seq: seq ?? 0, at: time });
    }
  }

  /** Whether there are states that were not seen, and that nobody has tried to fill in. */
  get hasGaps() {
    const last = this.moments.at(-1)?.events ?? 0;
    return this.#missed.length > 0 && last >= this.#missed[this.#missed.length - 1];
  }

  /** Whether something had happened before we came, and is told from the history. @param {{ seq?: number }} event */
  isPast({ seq }) {
    return seq !== undefined && seq <= this.#past;
  }

  /** The events that had happened at a moment. @param {Moment} moment */
  eventsAt(moment) {
    return this.events.slice(0, moment.events);
  }

  /** How long replies take in the middle, in milliseconds; null where there were none. */
  get latency() {
    const sorted = [...this.latencies].sort((one, other) => one - other);
    return sorted.length === 0 ? null : sorted[Math.floor(sorted.length / 2)];
  }

  /**
   * @param {any} frame
   * @param {number} at milliseconds since the epoch
   */
  #out(frame, at) {
    if (typeof frame.id !== "string") return;
    const { command, id, ...args } = frame;
    this.#asked.set(id, { command, args, at });
  }

  /**
   * @param {any} frame
   * @param {number} at milliseconds since the epoch
   */
  #event(frame, at) {
    if (frame.event === "gamesvc.welcome") this.#welcomed(frame, at);
    else if (frame.event === "gamesvc.patch" || frame.event === "gamesvc.state") return;
    else if (typeof frame.seq === "number") {
      if (frame.seq <= this.seq) return;
      this.seq = frame.seq;
      this.#keep({ event: frame, at: this.isPast(frame) ? null : at, seq: frame.seq });
      // It is told afterwards, and without the state that it led to.
      if (this.welcome?.resumed && frame.seq <= this.welcome.seq) this.#missed.push(this.events.length);
    } else this.#keep({ event: frame, at, seq: null });
  }

  /**
   * @param {any} frame
   * @param {number} at milliseconds since the epoch
   */
  #welcomed(frame, at) {
    const isReturn = this.welcome !== null && this.#welcomedLine !== this.#lines;
    const isNew = this.epoch !== frame.epoch;
    this.#welcomedLine = this.#lines;
    if (isReturn) this.returns.push({ resumed: frame.resumed, from: this.seq, to: frame.seq, kept: 0, at });
    if (this.returns.length > MOST_RETURNS) this.returns.shift();
    if (isNew && this.epoch !== null) this.#keep({ event: { event: "another history begins" }, at, seq: null });
    // Of an own history all is told, from its beginning; of another one what comes now.
    if (!frame.resumed) this.seq = frame.seq;
    else if (isNew) this.seq = 0;
    if (isNew) this.#past = frame.seq;
    this.epoch = frame.epoch;
    this.welcome = frame;
  }

  /** @param {Noted} noted */
  #keep(noted) {
    this.events.push(noted);
    if (this.events.length <= MOST_EVENTS) return;
    const gone = MOST_EVENTS / 10;
    this.events.splice(0, gone);
    this.#missed = [];
    for (const moment of this.moments) moment.events = Math.max(0, moment.events - gone);
  }

  /**
   * @param {any} frame
   * @param {number} at milliseconds since the epoch
   */
  #reply(frame, at) {
    const asked = this.#asked.get(frame.id);
    if (typeof frame.id === "string") this.#asked.delete(frame.id);
    const ms = asked === undefined ? null : at - asked.at;
    if (ms !== null) {
      this.latencies.push(ms);
      if (this.latencies.length > MOST_PINGS) this.latencies.shift();
    }
    if (asked?.command === "gamesvc.ping") return;
    const isOk = frame.status === "ok";
    this.replies.push({
      command: asked?.command ?? "?",
      args: asked?.args ?? {},
      isOk,
      said: isOk ? frame.result : frame.error,
      isDuplicate: frame.duplicate === true,
      ms,
      at,
    });
    if (this.replies.length > MOST_REPLIES) this.replies.shift();
  }
}

/**
 * @param {string} text
 * @returns {any} null for what is no message
 */
function parsed(text) {
  try {
    const frame = JSON.parse(text);
    return typeof frame === "object" && frame !== null ? frame : null;
  } catch {
    return null;
  }
}

/**
 * @param {any} one
 * @param {any} other
 */
function same(one, other) {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
