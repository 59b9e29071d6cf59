/** Functions of a client's user that are called when something comes. */
import { kindOf } from "./options.js";

export class Listeners {
  /** @type {Map<string, Set<(value: any) => void>>} */
  #listeners = new Map();
  #isTold;

  /** @param {(error: unknown) => boolean} isTold whether they hear of an error anyway: it need not be raised then */
  constructor(isTold) {
    this.#isTold = isTold;
  }

  /**
   * @param {string} name of what it is called for
   * @param {(value: any) => void} listener
   * @throws {TypeError} it can't be called
   */
  add(name, listener) {
    if (typeof listener !== "function") {
      const what = `of ${typeof name === "string" ? `'${name}'` : "what happens"}`;
      throw new TypeError(`who is told ${what} is a function, and not ${kindOf(listener)}: on("event", (event) => ...)`);
    }
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
  }

  /**
   * @param {string} name
   * @param {(value: any) => void} listener
   */
  delete(name, listener) {
    this.#listeners.get(name)?.delete(listener);
  }

  /**
   * Call all that listen to this.
   *
   * @param {string} name
   * @param {any} value
   */
  tell(name, value) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        const given = /** @type {any} */ (listener(value));
        // That of an async function.
        if (typeof given?.then === "function") given.then(undefined, this.#fail);
      } catch (error) {
        raise(error);
      }
    }
  }

  /** @param {unknown} error what a promise of theirs came to */
  #fail = (error) => {
    if (!this.#isTold(error)) raise(error);
  };
}

/**
 * Theirs to hear of, and no reason for the session to stop in the middle of something.
 *
 * @param {unknown} error
 */
function raise(error) {
  queueMicrotask(() => {
    throw error;
  });
}
