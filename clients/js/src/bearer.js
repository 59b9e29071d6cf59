/** The token with which a client comes in: one for good, or what a function says that is asked again in its time. */
export class Bearer {
  /** @type {string | undefined} as it is now */
  token;
  #ask;

  /**
   * @param {string | (() => string | null | Promise<string | null>) | null | undefined} token
   * @throws {TypeError} it can be none
   */
  constructor(token) {
    if (typeof token === "function") this.#ask = token;
    else this.token = checkedToken(token);
  }

  /** Whether another one can be had. */
  get isRenewable() {
    return this.#ask !== undefined;
  }

  /**
   * Ask for another one.
   *
   * @throws {TypeError} what was given can be none
   */
  async renew() {
    if (this.#ask !== undefined) this.token = checkedToken(await this.#ask());
  }
}

/**
 * A token, or none, where it is one. What it is, is not repeated.
 *
 * @param {unknown} token
 * @returns {string | undefined}
 */
function checkedToken(token) {
  // What a browser's storage has nothing of is null.
  if (token === null || token === undefined) return undefined;
  let what = "";
  if (typeof token !== "string") what = `it is of type ${typeof token}`;
  else if (token === "") what = "it is empty";
  else if (!/^[!-~]+$/.test(token)) what = "it has white space in it, or what is no letter";
  else return token;
  throw new TypeError(`that is no token (${what}): a token is a text such as eyJhbGci...`);
}
