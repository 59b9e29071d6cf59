/**
 * What a client does when a line has ended, or has not come to be: whether it comes back, when, and whether it asks for
 * a new token first.
 */
import { Backoff, askedWait } from "./backoff.js";
import { closedWith, refusedWith, unreachable } from "./error.js";

const ABNORMAL = 1006;
const RESTART = 1012;
const FOR_GOOD = 4400;
const TOKEN_EXPIRED = 4401;
const UNAUTHORIZED = 401;
const PASSING = new Set([408, 425, 429]);
/** All come back after a restart, so the first wait is as long as the third one otherwise. */
const RESTART_STEPS = 2;

/**
 * That there is no line any more, or none came to be. `why`: the end of the session, where it is one; `isFinal`: whether
 * it is one, whatever else there is; `least`: with how many steps of the backoff to begin; `wait`: how long to wait
 * besides.
 *
 * @typedef {{ why: import("./error.js").GameError, isFinal?: boolean, least?: number, wait?: number }} Loss
 */

/** There was no line yet. */
export class Comeback {
  #isRenewable;
  #tries;
  #chance;
  #good;
  #failures;
  #hasRenewed = false;
  #renewsNext = true;
  #wasWelcomed = false;
  /** @type {number | null} */
  #openedAt = null;

  /**
   * @param {object} options
   * @param {boolean} options.renewable whether a new token can be had
   * @param {number} options.tries how many may fail before there was ever a welcome
   * @param {() => number} options.chance random numbers from 0 to 1
   * @param {import("./backoff.js").Waits} options.waits
   */
  constructor({ renewable, tries, chance, waits }) {
    this.#isRenewable = renewable;
    this.#tries = tries;
    this.#chance = chance;
    this.#good = waits.good;
    this.#failures = new Backoff(waits);
  }

  /** Whether to ask for a token now, before a line is opened. It is told once for each time. */
  renews() {
    const renews = this.#renewsNext;
    this.#renewsNext = false;
    return renews && this.#isRenewable;
  }

  /**
   * A line has its welcome.
   *
   * @param {number} now
   */
  welcomed(now) {
    this.#wasWelcomed = true;
    this.#hasRenewed = false;
    this.#openedAt = now;
  }

  /**
   * A line was closed, or did not come to be.
   *
   * @param {number | null} code null where it was cut, or never was there
   * @param {string} reason for people
   * @returns {Loss}
   */
  closed(code, reason) {
    if (code !== null && code >= FOR_GOOD) {
      const canRenew = code === TOKEN_EXPIRED && this.#isRenewable;
      this.#renewsNext ||= canRenew;
      return { why: closedWith(code, reason), isFinal: !canRenew };
    }
    // What browsers say of a line that was cut, or never came to be.
    const isTold = code !== null && code !== ABNORMAL;
    const why = isTold ? `the server closed with ${code}${reason && ": "}${reason}` : reason || this.#unsaid;
    return { why: unreachable(why), least: code === RESTART ? RESTART_STEPS : 0 };
  }

  /**
   * The handshake was refused.
   *
   * @param {number} status of HTTP
   * @param {string} code the one in the body; empty where there was none
   * @param {string} message the one in the body
   * @param {number} after how many milliseconds it says to wait
   * @returns {Loss}
   */
  refused(status, code, message, after) {
    const why = refusedWith(status, code, message);
    if (PASSING.has(status) || status >= 500) return { why, wait: askedWait(after) };
    if (status === UNAUTHORIZED && this.#isRenewable && !this.#hasRenewed) {
      this.#hasRenewed = true;
      return { why };
    }
    return { why, isFinal: true };
  }

  /**
   * When to come back.
   *
   * @param {number} now
   * @param {Loss} loss it is told once
   * @returns {number} Infinity: never
   */
  at(now, { isFinal = false, least = 0, wait = 0 }) {
    if (this.#openedAt === null) {
      // A browser does not say why a line did not come to be. It may have been for the token.
      this.#renewsNext = true;
    } else if (now - this.#openedAt >= this.#good) this.#failures.end();
    this.#openedAt = null;
    if (isFinal || (!this.#wasWelcomed && this.#failures.steps + 1 >= this.#tries)) return Infinity;
    return now + wait + this.#failures.wait(this.#chance(), least);
  }

  /** What may be wrong with a line of which nothing is said. */
  get #unsaid() {
    if (this.#openedAt !== null) return "the line was cut";
    const either = "nobody is there, or the server does not let us in (token, origin, address)";
    return `${either}: such a WebSocket does not tell which`;
  }
}
