/**
 * What has to come of a line next, and by when: one is to be opened, its welcome is due, the server is to be asked
 * whether it is there, or its answer is due.
 */

/** How long a line may take until its welcome, in milliseconds. */
export const WELCOME_WITHIN = 15_000;
/** After how long a silence the server is asked whether it is there. */
const SILENCE = 25_000;
/** How long it may then be silent. */
const ANSWER_WITHIN = 10_000;

/** What it is time for. @typedef {"connect" | "welcome" | "ask" | "answer"} Due */

/** There is no line at first, and none is wanted. */
export class Watch {
  /** When the next thing is due; Infinity where nothing is. */
  deadline = Infinity;
  /** @type {Due | null} */
  #what = null;

  /** Whether a line is to be opened some time. */
  get isWaiting() {
    return this.#what === "connect";
  }

  /**
   * What it is time for, if for anything.
   *
   * @param {number} now
   */
  due(now) {
    return this.deadline <= now ? this.#what : null;
  }

  /**
   * There is none, and one is to be opened then.
   *
   * @param {number} until
   */
  waits(until) {
    this.#await("connect", until);
  }

  /**
   * One is being opened.
   *
   * @param {number} now
   */
  opens(now) {
    this.#await("welcome", now + WELCOME_WITHIN);
  }

  /**
   * The welcome came, or whatever comes after it.
   *
   * @param {number} now
   */
  hears(now) {
    this.#await("ask", now + SILENCE);
  }

  /**
   * The server is asked whether it is there.
   *
   * @param {number} now
   */
  asks(now) {
    this.#await("answer", now + ANSWER_WITHIN);
  }

  /** There is none, and none is wanted. */
  stops() {
    this.#await(null, Infinity);
  }

  /**
   * @param {Due | null} what
   * @param {number} deadline
   */
  #await(what, deadline) {
    this.#what = what;
    this.deadline = deadline;
  }
}
