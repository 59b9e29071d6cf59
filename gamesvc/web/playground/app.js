/** The playground: which of its pages is shown, and who one is. */

import { ApiError, Lobby } from "./api.js";
import { dialog } from "./dialog.js";
import { h, say, set, toast } from "./dom.js";
import { icon } from "./icons.js";
import { keepMe, keepSitting, keepTheme, me, sitting, theme } from "./keeping.js";
import { claimsOf, Shelf } from "./shelf.js";
import { Table } from "./table.js";
import { anyName } from "./words.js";

/** @typedef {import("./api.js").Identity} Identity */

const UNAUTHORIZED = 401;
const AGAIN_MS = 3000;
const LONGEST_NAME = 64;
const THEMES = /** @type {const} */ ([null, "light", "dark"]);

export class App {
  lobby;
  /** @type {any[]} */
  kinds = [];
  /** @type {any} */
  about = null;
  #base = new URL("../", import.meta.url);
  #main = /** @type {HTMLElement} */ (document.getElementById("main"));
  #you = /** @type {HTMLElement} */ (document.getElementById("you"));
  /** @type {{ element: Element, title: string, close: () => void } | null} */
  #page = null;
  /** @type {Promise<Identity> | null} */
  #asking = null;

  constructor() {
    this.lobby = new Lobby(this.#base);
  }

  async start() {
    this.#showTheme();
    document.getElementById("skip")?.addEventListener("click", (event) => {
      event.preventDefault();
      this.#main.focus();
    });
    try {
      this.about = await this.lobby.about();
      this.kinds = await this.lobby.kinds();
    } catch (error) {
      this.#main.replaceChildren(h("p.notice", { role: "alert" }, `The lobby does not answer (${/** @type {Error} */ (error).message}). Trying again...`));
      setTimeout(() => this.start(), AGAIN_MS);
      return;
    }
    window.addEventListener("hashchange", () => this.#route());
    const invitation = new URL(location.href).searchParams.get("invite");
    if (invitation !== null) history.replaceState(null, "", `${this.#base.pathname}#/i/${encodeURIComponent(invitation)}`);
    this.#showYou();
    this.#route();
  }

  /** @param {string} name */
  kind(name) {
    return this.kinds.find((each) => each.name === name) ?? null;
  }

  /** Whether the server makes games and hands out seats. */
  get canMake() {
    return this.about?.auth !== "verify";
  }

  /** Whether one may call oneself as one likes. */
  get mayName() {
    return ["none", "guests"].includes(this.about?.auth);
  }

  /** Who one is, if that is known. @returns {Identity | null} */
  get known() {
    return me();
  }

  /** Who one is: a guest where nothing is known. @returns {Promise<Identity>} */
  me() {
    const known = me();
    if (known !== null) return Promise.resolve(known);
    this.#asking ??= this.#become(null).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /**
   * Ask the lobby something in one's own name; and under a new token where that has expired.
   *
   * @template T
   * @param {(who: Identity) => Promise<T>} what
   * @returns {Promise<T>}
   */
  async as(what) {
    const who = await this.me();
    try {
      return await what(who);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== UNAUTHORIZED || !this.mayName) throw error;
      keepMe(null);
      return what(await this.#become(who.player).catch(() => this.me()));
    }
  }

  /**
   * Somebody else at this screen.
   *
   * @param {string | null} name
   */
  async guest(name) {
    if (!this.mayName) throw new Error("here everybody needs a token of their own: only one seat on this page");
    const wanted = name ?? anyName();
    // Where somebody has the name the lobby makes another one of it.
    const guest = await this.lobby.guest(wanted);
    // Ours is known to this browser, and may be forgotten by the lobby.
    return guest.player === me()?.player ? this.lobby.guest(`${wanted}-2`) : guest;
  }

  /**
   * Make a game, and go there.
   *
   * @param {any} kind
   * @param {any} options
   * @param {boolean} isPublic
   * @param {any[]} plan for each seat: `me`, `guest` with a name, `sit` with an identity, `bot`, or `open`
   */
  async create(kind, options, isPublic, plan) {
    const steps = [];
    for (const each of plan) {
      if (each.do === "me") steps.push({ do: "sit", who: await this.me() });
      else if (each.do === "guest") steps.push({ do: "sit", who: await this.guest(each.name) });
      else if (each.do !== "open") steps.push(each);
    }
    const wanted = { kind: kind.name, options, public: isPublic };
    const [least, most] = kind.seats ?? [0, 0];
    const seats = Math.min(most, Math.max(least, plan.length));
    const { game } = await this.as((who) => this.lobby.create(who, least < most ? { ...wanted, seats } : wanted));
    // Others must not take the seats of those here, so those come first.
    const inOrder = [...steps.filter((each) => each.do === "sit"), ...steps.filter((each) => each.do !== "sit")];
    keepSitting(game.id, { here: [], steps: plan[0]?.do === "bot" ? steps : inOrder });
    this.go(`#/g/${encodeURIComponent(game.id)}`);
  }

  /**
   * Sit down at a table.
   *
   * @param {string} game its id
   * @param {Identity} who
   */
  sit(game, who) {
    const { here, steps } = sitting(game);
    const isThere = here.some((each) => each.who.player === who.player && !each.isWatching);
    keepSitting(game, { here, steps: isThere ? steps : [...steps, { do: "sit", who }] });
    this.go(`#/g/${encodeURIComponent(game)}`);
  }

  /** @param {string} hash */
  go(hash) {
    if (location.hash === hash) this.#route();
    else location.hash = hash;
  }

  /** The address of something on this server, to be sent to others. @param {string} path from its root */
  address(path) {
    return new URL(path, this.#base).href;
  }

  async #route() {
    const [, where = "", given = ""] = location.hash.split("/");
    const what = safely(given);
    this.#page?.close();
    this.#page = null;
    if (where === "g" && what !== "") {
      const table = new Table(this, what);
      this.#turnTo(table);
      await table.open();
    } else if (where === "i" && what !== "") await this.#accept(what);
    else this.#turnTo(new Shelf(this));
  }

  #turnTo(page) {
    this.#page = page;
    this.#main.replaceChildren(page.element);
    document.title = page.title;
    window.scrollTo(0, 0);
  }

  async #accept(code) {
    this.#main.replaceChildren(h("p.notice", { role: "status" }, "Opening the invitation..."));
    try {
      const { game } = await this.as((who) => this.lobby.accept(who, code));
      // Not to be followed again by a reload.
      history.replaceState(null, "", "#/");
      this.sit(game.id, await this.me());
    } catch (error) {
      this.#main.replaceChildren(h("div.door", {}, h("h2", {}, "This invitation does not open"), h("p", {}, /** @type {Error} */ (error).message), h("a.button", { href: "#/" }, "To the games")));
    }
  }

  // Who one is.

  /** @param {string | null} name */
  async #become(name) {
    if (!this.mayName) return this.#askToken();
    const who = await this.guest(name);
    keepMe(who);
    this.#showYou();
    return who;
  }

  /** @returns {Promise<Identity>} */
  #askToken() {
    return new Promise((resolve, reject) => {
      const token = h("textarea", { id: "my-token", rows: 4, spellcheck: "false" });
      const wrong = h("p.wrong", { role: "alert" });
      const submit = (event) => {
        event.preventDefault();
        const claims = claimsOf(token.value.trim());
        if (claims === null) {
          say(wrong, "This is no token.");
          return;
        }
        const who = { player: claims.sub, token: token.value.trim() };
        keepMe(who);
        this.#showYou();
        resolve(who);
        close();
      };
      const close = dialog(
        "Who are you?",
        () => [h("form.setup", { on: { submit } }, h("label", { for: "my-token" }, "Your identity token"), token, wrong, h("button.primary", {}, "That is me"))],
        { closed: () => reject(new Error("without a token nobody knows who you are")) },
      );
      token.focus();
    });
  }

  #showYou() {
    const who = me();
    const button = h("button.you", { type: "button", on: { click: () => this.#rename() } }, icon("pen"), h("span", {}, who?.player ?? "Your name"));
    set(button, "aria-label", who === null ? "Say your name" : `You are ${who.player}: change your name`);
    const paint = h("button.quiet", { type: "button", on: { click: () => this.#nextTheme() } });
    button.hidden = !this.canMake;
    this.#you.replaceChildren(button, paint);
    this.#showTheme();
  }

  #rename() {
    if (!this.mayName) {
      this.#askToken().catch(() => {});
      return;
    }
    const input = h("input", { type: "text", id: "my-name", maxlength: LONGEST_NAME, value: me()?.player ?? "", autocomplete: "nickname" });
    const wrong = h("p.wrong", { role: "alert" });
    const submit = async (event) => {
      event.preventDefault();
      const name = input.value.trim();
      if (name !== "" && name !== me()?.player) {
        try {
          await this.#become(name);
          toast(`You are ${name} from now on. Where you sit, you stay who you were.`, "good");
        } catch (error) {
          say(wrong, /** @type {Error} */ (error).message);
          return;
        }
      }
      close();
    };
    const close = dialog("Your name", () => [h("form.setup", { on: { submit } }, h("label", { for: "my-name" }, "The others see it"), input, wrong, h("button.primary", {}, "That is me"))]);
    input.focus();
    input.select();
  }

  #nextTheme() {
    const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
    keepTheme(next);
    this.#showTheme();
  }

  #showTheme() {
    const chosen = theme();
    set(document.documentElement, "data-theme", chosen);
    const button = this.#you.lastElementChild;
    if (button === null) return;
    const name = chosen === null ? "half" : chosen === "light" ? "sun" : "moon";
    button.replaceChildren(icon(name));
    const says = { half: "Light or dark as the system has it", sun: "Light", moon: "Dark" }[name];
    set(button, "aria-label", `Colours: ${says}`);
    set(button, "title", says);
  }
}

function safely(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

new App().start();
