/** Somebody with a browser of their own: a page, and all that it was sent, asked for and complained of. */

import assert from "node:assert/strict";

/** How long anything may take that is awaited: far more than it does, for the machine may be busy. */
const DEADLINE_MS = 100_000;
const DESKTOP = { width: 1280, height: 800 };

/** What a browser says of a server that does not answer: in its own words, or as it names the error. */
const UNREACHABLE = /WebSocket connection to .* failed|Failed to load resource: net::ERR_|net::ERR_INTERNET_DISCONNECTED/;

/**
 * @typedef {object} Frame
 * @property {"in" | "out"} direction
 * @property {string} text
 * @property {any} message what it says
 * @property {number} line which of the visitor's WebSockets it went over, from 0
 */

export class Visitor {
  /** @type {Frame[]} all that went over WebSockets */
  frames = [];
  /** @type {any[]} what came over WebSockets, as messages */
  received = [];
  /** @type {any} as it was told: the newest state, with the patches that came after it */
  state = null;
  /** @type {string[]} what the lobby said, but for which games there are in general */
  bodies = [];
  /** @type {string[]} what the console says, and what else went wrong */
  console = [];
  /** @type {RegExp[]} what may be complained of */
  #expected = [];
  #lines = 0;
  /** @type {Promise<void>[]} */
  #reading = [];

  /**
   * @param {string} name
   * @param {string} url where the playground is
   * @param {import("playwright-core").Page} page
   */
  constructor(name, url, page) {
    this.name = name;
    this.url = url;
    this.page = page;
  }

  /**
   * Open a browser, with a storage of its own, at the playground.
   *
   * @param {import("playwright-core").Browser} browser
   * @param {string} name the visitor's
   * @param {string} url where the playground is
   * @param {object} [how]
   * @param {{ width: number, height: number }} [how.size] of the window
   * @param {boolean} [how.isPhone]
   * @param {boolean} [how.isDark]
   * @param {number} [how.scale] how many pixels make one
   * @param {string} [how.path] where to, below the URL
   */
  static async come(browser, name, url, { size = DESKTOP, isPhone = false, isDark = false, scale = 1, path = "" } = {}) {
    const context = await browser.newContext({
      viewport: size,
      colorScheme: isDark ? "dark" : "light",
      deviceScaleFactor: scale,
      hasTouch: isPhone,
      isMobile: isPhone,
      reducedMotion: "reduce",
    });
    context.setDefaultTimeout(DEADLINE_MS);
    const page = await context.newPage();
    const visitor = new Visitor(name, url, page);
    visitor.#listen();
    await page.addInitScript((player) => {
      // An empty page has no storage.
      if (location.origin === "null") return;
      localStorage.getItem("gamesvc.me") ?? localStorage.setItem("gamesvc.me", JSON.stringify({ player, token: null }));
      document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
        console.error(`against the policy: ${violatedDirective} ${blockedURI}`);
      });
    }, name);
    await visitor.goTo(path);
    return visitor;
  }

  /** @param {string} path below the playground's address */
  async goTo(path) {
    const address = new URL(path, this.url).href;
    const response = await this.page.goto(address);
    // Where only what stands behind the # is another one the browser asks for nothing.
    if (response === null) return;
    assert.match(response.headers()["content-security-policy"] ?? "", /default-src 'none'.*script-src 'self'/, "the page's policy");
  }

  /** Count only what comes from here on. */
  forget() {
    this.frames = [];
    this.received = [];
    this.state = null;
  }

  /** The server may be out of reach, which the browser complains of. */
  expectTrouble() {
    this.expect(UNREACHABLE);
  }

  /** Something may be complained of. @param {RegExp} what */
  expect(what) {
    this.#expected.push(what);
  }

  /** All that came, as text: messages, and what the lobby said. */
  async heard() {
    await Promise.all(this.#reading);
    return [...this.frames.filter(({ direction }) => direction === "in").map(({ text }) => text), ...this.bodies];
  }

  /** Wait until something holds that the page does not show. @param {() => any} condition @param {string} what */
  async until(condition, what) {
    const deadline = Date.now() + DEADLINE_MS;
    for (let found = condition(); ; found = condition()) {
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`${this.name}: ${what}: not within ${DEADLINE_MS} ms`);
      await this.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    }
  }

  /** Be at the first page again, as if one had just come. */
  async comeAgain() {
    await this.page.goto(new URL("#/", this.url).href);
    await this.page.locator(".box").first().waitFor();
    this.forget();
    this.bodies = [];
    this.console = [];
    this.#expected = [];
  }

  /** Hold against the page whatever it complained of. */
  async checkComplaints() {
    await this.heard();
    const complaints = this.console.filter((each) => !this.#expected.some((expected) => expected.test(each)));
    assert.deepEqual(complaints, [], `${this.name}'s page complains`);
  }

  /** Go away for good. */
  async leave() {
    await this.page.context().close().catch(() => {});
  }

  /** @param {any} message */
  #receive(message) {
    this.received.push(message);
    if (message.event === "gamesvc.welcome" || message.event === "gamesvc.state") this.state = message.state ?? this.state;
    else if (message.event === "gamesvc.patch") this.state = patched(this.state, message.patch);
  }

  #listen() {
    const { page } = this;
    const { origin } = new URL(this.url);
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.console.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.console.push(`uncaught: ${error.name}: ${error.message}\n${error.stack}`));
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.origin !== origin && url.protocol !== "data:") this.console.push(`asks elsewhere: ${request.url()}`);
    });
    page.on("response", (response) => {
      const { pathname } = new URL(response.url());
      if (response.status() >= 400) this.console.push(`${response.status()} of ${response.request().method()} ${pathname}`);
      if (!pathname.startsWith("/api") || pathname === "/api/kinds") return;
      const read = response.text().then((text) => this.bodies.push(text), () => {});
      this.#reading.push(/** @type {Promise<any>} */ (read));
    });
    page.on("websocket", (socket) => {
      const line = this.#lines++;
      const note = (direction) => ({ payload }) => {
        const text = String(payload);
        const message = JSON.parse(text);
        this.frames.push({ direction, text, message, line });
        if (direction === "in") this.#receive(message);
      };
      socket.on("framereceived", note("in"));
      socket.on("framesent", note("out"));
    });
  }
}

/**
 * JSON Merge Patch, RFC 7396.
 *
 * @param {any} target
 * @param {any} patch
 */
function patched(target, patch) {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === "object" && target !== null && !Array.isArray(target);
  const result = isObject ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = patched(result[key], value);
  }
  return result;
}
