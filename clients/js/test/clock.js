/** A clock that goes when it is told to, in place of the real one. */
export class Clock {
  #now = 1000;
  #timers = new Map();
  #count = 0;

  /** @param {import("node:test").TestContext} t until whose end it is the clock */
  constructor(t) {
    t.mock.method(performance, "now", () => this.#now);
    t.mock.method(globalThis, "setTimeout", (what, after = 0) => {
      this.#timers.set(++this.#count, { what, at: this.#now + after });
      return this.#count;
    });
    t.mock.method(globalThis, "clearTimeout", (timer) => this.#timers.delete(timer));
  }

  /** How many timers are set. */
  get timers() {
    return this.#timers.size;
  }

  /** Let time go by, and whatever it brings happen. */
  async advance(milliseconds) {
    const end = this.#now + milliseconds;
    for (;;) {
      // What was promised happens first.
      await new Promise((resolve) => setImmediate(resolve));
      const [due] = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
      if (due === undefined) break;
      const [timer, { what, at }] = due;
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, at);
      what();
    }
    this.#now = end;
  }
}
