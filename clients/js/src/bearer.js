/** The token with which a client comes in: one for good, or what a function says that is asked again in its time. */
export class Bearer {
  /** @type {string | undefined} as it is now */
  token;
  #ask;

  /** @param {string | (() => string | Promise<string>) | undefined} token */
  constructor(token) {
    if (typeof token === "function") this.#ask = token;
    else this.token = token;
  }

  /** Whether another one can be had. */
  get isRenewable() {
    return this.#ask !== undefined;
  }

  /** Ask for another one. */
  async renew() {
    if (this.#ask !== undefined) this.token = await this.#ask();
  }
}
