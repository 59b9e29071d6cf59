/**
 * A client's commands that have no reply yet: which of them are on their way, and which wait.
 *
 * They are sent in the order in which they were given, and after a lost line again, under the same ids, before new
 * ones; so whatever is sent anew, the server has few ids to know of.
 */

/** How many commands are on their way at a time. */
const WINDOW = 32;
/** How many commands may have no reply. */
export const MOST_WAITING = 1024;
/** After how many successes in a row twice as many go at a time. */
const GROWTH = 8;

export class Outbox {
  /** @type {number | null} when to go on; null where nothing holds us back */
  pausedUntil = null;
  /** @type {Map<string, string>} what is sent, by id */
  #unanswered = new Map();
  /** @type {Set<string>} ids, in the order of sending */
  #onTheirWay = new Set();
  #window = WINDOW;
  #successes = 0;

  get size() {
    return this.#unanswered.size;
  }

  /** Whether it takes nothing more. */
  get isFull() {
    return this.size >= MOST_WAITING;
  }

  /**
   * Put a command behind the others.
   *
   * @param {string} id
   * @param {string} text
   */
  add(id, text) {
    this.#unanswered.set(id, text);
  }

  /**
   * The commands that are to be sent now; they are on their way then.
   *
   * @param {number} now
   * @returns {string[]}
   */
  due(now) {
    /** @type {string[]} */
    const texts = [];
    if (this.pausedUntil !== null && now < this.pausedUntil) return texts;
    this.pausedUntil = null;
    const room = Math.min(this.#window, this.size) - this.#onTheirWay.size;
    if (room <= 0) return texts;
    for (const [id, text] of this.#unanswered) {
      if (texts.length === room) break;
      if (this.#onTheirWay.has(id)) continue;
      this.#onTheirWay.add(id);
      texts.push(text);
    }
    return texts;
  }

  /**
   * Whether a command was sent, and has no reply.
   *
   * @param {string} id
   */
  isOnItsWay(id) {
    return this.#onTheirWay.has(id);
  }

  /** Id of the command that was sent before all others on their way, if there is any. @returns {string | undefined} */
  get oldest() {
    return this.#onTheirWay.values().next().value;
  }

  /** Id of the largest command on its way, if there is any. @returns {string | undefined} */
  get largest() {
    let largest;
    let most = -1;
    for (const id of this.#onTheirWay) {
      const size = new TextEncoder().encode(this.#unanswered.get(id)).length;
      if (size > most) [largest, most] = [id, size];
    }
    return largest;
  }

  /**
   * Forget a command that has its reply.
   *
   * @param {string} id
   * @returns {boolean} whether it was waited for
   */
  settle(id) {
    this.#onTheirWay.delete(id);
    return this.#unanswered.delete(id);
  }

  /** A command took effect: after some in a row, more may be on their way than before. */
  succeeded() {
    if (this.#window === WINDOW) return;
    this.#successes += 1;
    if (this.#successes < GROWTH) return;
    this.#successes = 0;
    this.#window = Math.min(WINDOW, 2 * this.#window);
  }

  /**
   * Have a command that was put off wait for a while, and all others with it. From then on they go one by one, until it
   * is seen that more do: those that are on their way behind one that was put off may overtake it, and many at a time
   * would look to the server like a flood.
   *
   * @param {string} id
   * @param {number} until when to go on
   */
  putBack(id, until) {
    this.#onTheirWay.delete(id);
    this.#window = 1;
    this.#successes = 0;
    this.pausedUntil = Math.max(until, this.pausedUntil ?? until);
  }

  /** Have all that were on their way wait, to be sent again. */
  lineLost() {
    this.#onTheirWay.clear();
    this.#window = WINDOW;
    this.#successes = 0;
    this.pausedUntil = null;
  }

  /** Forget all. @returns {string[]} their ids, in order */
  giveUp() {
    const ids = [...this.#unanswered.keys()];
    this.#unanswered.clear();
    this.lineLost();
    return ids;
  }
}
