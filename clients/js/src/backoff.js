/**
 * Waits that grow: each may be twice as long as the one before, and is partly random, so that not all who were turned
 * away at one moment come back at one moment.
 */

/**
 * How long one waits, in milliseconds: at first, at most, and how long a line must have lasted for the waits to begin
 * anew.
 *
 * @typedef {{ first: number, most: number, good: number }} Waits
 */

/** @type {Waits} */
export const WAITS = { first: 250, most: 15_000, good: 5_000 };

/** The longest wait that a server may ask for. */
const MOST_ASKED = 300_000;

/**
 * How long to wait where a server says how long.
 *
 * @param {number} milliseconds
 */
export function askedWait(milliseconds) {
  return Math.min(Math.max(milliseconds, 0), MOST_ASKED);
}

/** How often one has waited in a row. */
export class Backoff {
  /** That many times. */
  steps = 0;
  #first;
  #most;

  /** @param {Waits} waits */
  constructor({ first, most }) {
    this.#first = first;
    this.#most = most;
  }

  /**
   * Wait once more.
   *
   * @param {number} chance from 0 to 1
   * @param {number} [least] with how many steps to begin
   * @returns {number} how long
   */
  wait(chance, least = 0) {
    const step = Math.max(this.steps, least);
    this.steps += 1;
    return chance * Math.min(this.#most, this.#first * 2 ** step);
  }

  /** It went well: the next wait is a short one. */
  end() {
    this.steps = 0;
  }
}
