/** Functions of a client's user that are called when something comes. */
export class Listeners {
  /** @type {Map<string, Set<(value: any) => void>>} */
  #listeners = new Map();

  /**
   * @param {string} name of what it is called for
   * @param {(value: any) => void} listener
   */
  add(name, listener) {
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
        listener(value);
      } catch (error) {
        // Theirs to hear of, and no reason for the session to stop in the middle of something.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
