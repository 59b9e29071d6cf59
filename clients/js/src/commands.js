/**
 * A client's commands, from when they are given until something has come of them: a result, a refusal, or nothing.
 *
 * Which of them are to be sent, the outbox knows; here is what is sent, and what a reply makes of it: some errors are no
 * refusals, but say to try again later.
 */
import { Backoff, askedWait } from "./backoff.js";
import { GameError } from "./error.js";
import { OutOfStep } from "./mirror.js";
import { MOST_WAITING, Outbox } from "./outbox.js";

/** @typedef {import("./actions.js").Transmit} Transmit */
/** @typedef {import("./actions.js").Resolve} Resolve */
/** @typedef {import("./actions.js").Reject} Reject */

const PUT_OFF = new Set(["rate_limited", "too_many_in_flight", "unavailable", "outcome_unknown"]);
const RESERVED = ["command", "id"];

export class Commands {
  #prefix;
  #chance;
  #count = 0;
  #pings = 0;
  #outbox = new Outbox();
  #setbacks;

  /**
   * @param {string} prefix of their ids: no other session of the same player has it
   * @param {() => number} chance random numbers from 0 to 1
   * @param {import("./backoff.js").Waits} waits
   */
  constructor(prefix, chance, waits) {
    this.#prefix = prefix;
    this.#chance = chance;
    this.#setbacks = new Backoff(waits);
  }

  /** How many have no reply yet. */
  get waiting() {
    return this.#outbox.size;
  }

  /** When to go on; null where nothing holds them back. */
  get pausedUntil() {
    return this.#outbox.pausedUntil;
  }

  /**
   * Write a command down.
   *
   * @param {string} command its name
   * @param {object} args by name, such as JSON knows
   * @returns {{ id: string, text: string }} its id, and what is sent, once or more often
   * @throws {TypeError} this is no command
   */
  write(command, args) {
    if (typeof command !== "string") throw new TypeError("a command's name is a text");
    for (const reserved of RESERVED) {
      if (Object.hasOwn(args, reserved)) {
        throw new TypeError(`an argument can't be called '${reserved}': that key is the wire's own`);
      }
    }
    const id = `${this.#prefix}-${this.#count + 1}`;
    // Once: what is sent again under the same id has to be the same, whatever becomes of the arguments.
    const text = JSON.stringify({ command, id, ...args });
    this.#count += 1;
    return { id, text };
  }

  /** Ask the server whether it is there. The reply is nobody's. @returns {Transmit} */
  ping() {
    this.#pings += 1;
    const id = `${this.#prefix}-ping-${this.#pings}`;
    return { do: "transmit", text: JSON.stringify({ command: "gamesvc.ping", id }) };
  }

  /**
   * Have one sent behind the others.
   *
   * @param {string} id
   * @param {string} text
   * @returns {Reject | null} that it is not, as too many wait
   */
  add(id, text) {
    if (this.#outbox.isFull) {
      return rejected(id, new GameError("too_many_waiting", `${MOST_WAITING} commands wait for their replies`, true));
    }
    this.#outbox.add(id, text);
    return null;
  }

  /**
   * Those that are to be sent now.
   *
   * @param {number} now
   * @returns {Transmit[]}
   */
  due(now) {
    return this.#outbox.due(now).map((text) => ({ do: "transmit", text }));
  }

  /**
   * Take a reply.
   *
   * @param {number} now
   * @param {any} reply
   * @returns {Resolve | Reject | null} what has come of a command, if anything has
   * @throws {OutOfStep} it is none; and others
   */
  takeReply(now, reply) {
    // Replies come in the order of the commands, and to what could not be read without its id.
    const id = reply.id ?? this.#outbox.oldest;
    if (id === undefined) return null;
    if (typeof id !== "string") throw new OutOfStep("an id is no text");
    if (reply.status === "ok") {
      if (!this.#outbox.settle(id)) return null;
      this.#outbox.succeeded();
      this.#setbacks.end();
      return { do: "resolve", id, result: reply.result };
    }
    const { code, message, retryable, retry_ms: after } = reply.error;
    const isError = typeof code === "string" && typeof message === "string" && typeof retryable === "boolean";
    if (!isError || (after !== undefined && !Number.isInteger(after))) throw new OutOfStep("an error is none");
    if (PUT_OFF.has(code)) {
      this.#putOff(now, id, after);
      return null;
    }
    if (!this.#outbox.settle(id)) return null;
    this.#setbacks.end();
    return rejected(id, new GameError(code, message, retryable));
  }

  /** If one of those on their way was too big, the largest was; and it did not take effect. @returns {Reject | null} */
  giveUpLargest() {
    const id = this.#outbox.largest;
    if (id === undefined) return null;
    this.#outbox.settle(id);
    return rejected(id, new GameError("message_too_big", "the server does not take so large a message"));
  }

  /** Have all that were sent wait, to be sent again. */
  lineLost() {
    this.#outbox.lineLost();
  }

  /**
   * Reject all.
   *
   * @param {GameError} end
   * @returns {Reject[]}
   */
  giveUp(end) {
    return this.#outbox.giveUp().map((id) => rejected(id, end));
  }

  /**
   * @param {number} now
   * @param {string} id
   * @param {number | undefined} after how many milliseconds to wait, where the server says so
   */
  #putOff(now, id, after) {
    if (!this.#outbox.isOnItsWay(id)) return;
    let until = this.#outbox.pausedUntil;
    if (after !== undefined) until = now + askedWait(after);
    // Half of it at least: the server has not asked for it to be tried at once.
    else until ??= now + this.#setbacks.wait(0.5 + this.#chance() / 2);
    this.#outbox.putBack(id, until);
  }
}

/**
 * @param {string} id
 * @param {GameError} error
 * @returns {Reject}
 */
export function rejected(id, error) {
  return { do: "reject", id, error };
}
