/** The playground: which of its pages is shown. */

import { ApiError, Lobby } from "./api.js";
import { h, set, toast } from "./dom.js";
import { errorDoor, ownDoor } from "./door.js";
import { icon } from "./icons.js";
import { hasSeat, keepSitting, keepTheme, sitting, theme } from "./keeping.js";
import { Shelf } from "./shelf.js";
import { Table } from "./table.js";
import { kindTitle, sentence } from "./words.js";
import { You } from "./you.js";

/** @typedef {import("./api.js").Game} Game */
/** @typedef {import("./api.js").Identity} Identity */
/** @typedef {import("./api.js").Kind} Kind */
/** @typedef {{ element: Element, title: string, close: () => void }} Page */

/**
 * What is to be done for a seat of a game that is made.
 *
 * @typedef {(
 *   | { do: "me" }
 *   | { do: "guest", name: string | null }
 *   | { do: "bot", bot: string }
 *   | { do: "open" }
 * )} Plan
 */

const AGAIN_MS = 3000;
const THEMES = /** @type {const} */ ([null, "light", "dark"]);

export class App {
  lobby;
  /** @type {Kind[]} */
  kinds = [];
  /** @type {any} */
  about = null;
  /** Who one is. @type {You} */
  you = /** @type {any} */ (null);
  #base = new URL("../", import.meta.url);
  #main = /** @type {HTMLElement} */ (document.getElementById("main"));
  #band = /** @type {HTMLElement} */ (document.getElementById("you"));
  #paint = h("button.quiet", { type: "button", on: { click: () => this.#nextTheme() } });
  /** @type {Page | null} */
  #page = null;
  #isFirst = true;

  constructor() {
    this.lobby = new Lobby(this.#base);
    this.#showTheme();
    this.#band.replaceChildren(this.#paint);
    document.getElementById("skip")?.addEventListener("click", (event) => {
      event.preventDefault();
      this.#main.focus();
    });
  }

  async start() {
    try {
      this.about = await this.lobby.about();
      this.kinds = await this.lobby.kinds();
    } catch (error) {
      if (error instanceof ApiError && error.code === "host_not_allowed") {
        const says = `This server does not go by the name ${location.hostname}. Open it by its IP address, or start it with `;
        this.#main.replaceChildren(h("p.notice", { role: "alert" }, says, h("code", {}, `--allow-origin ${location.origin}`), "."));
        return;
      }
      this.#main.replaceChildren(h("p.notice", { role: "alert" }, `The lobby does not answer (${/** @type {Error} */ (error).message}). Trying again...`));
      setTimeout(() => this.start(), AGAIN_MS);
      return;
    }
    this.you = new You(this.lobby, this.about);
    this.#band.prepend(this.you.element);
    window.addEventListener("hashchange", () => this.#route());
    const invitation = new URL(location.href).searchParams.get("invite");
    const table = new URL(location.href).searchParams.get("table");
    const path = [invitation, table].filter((each) => each !== null).map((each) => encodeURIComponent(/** @type {string} */ (each)));
    if (invitation !== null) history.replaceState(null, "", `${this.#base.pathname}#/i/${path.join("/")}`);
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

  /**
   * Make a game, and go there.
   *
   * @param {Kind} kind
   * @param {any} options
   * @param {boolean} isPublic
   * @param {Plan[]} plan for each seat
   */
  async create(kind, options, isPublic, plan) {
    /** @type {import("./keeping.js").Step[]} */
    const steps = [];
    for (const each of plan) {
      if (each.do === "me") steps.push({ do: "sit", who: await this.you.me() });
      else if (each.do === "guest") steps.push({ do: "sit", who: await this.you.guest(each.name) });
      else if (each.do !== "open") steps.push(each);
    }
    const wanted = { kind: kind.name, options, public: isPublic };
    const [least, most] = kind.seats ?? [0, 0];
    const seats = Math.min(most, Math.max(least, plan.length));
    const { game } = await this.you.as((who) => this.lobby.create(who, least < most ? { ...wanted, seats } : wanted));
    // Others must not take the seats of those here, so those come first.
    const inOrder = [...steps.filter((each) => each.do === "sit"), ...steps.filter((each) => each.do !== "sit")];
    keepSitting(game.id, { here: [], steps: plan[0]?.do === "bot" ? steps : inOrder });
    this.go(`#/g/${encodeURIComponent(game.id)}`);
  }

  /**
   * Sit down, those of a table that is over, at a new one.
   *
   * @param {string} game its id
   * @param {Identity[]} all in the order in which they are to sit
   */
  sitDown(game, all) {
    // Who has gone there before, and comes once more, finds all as it is.
    if (sitting(game).here.length === 0) keepSitting(game, { here: [], steps: all.map((who) => ({ do: "sit", who })) });
    this.go(`#/g/${encodeURIComponent(game)}`);
  }

  /**
   * Sit down at a table.
   *
   * @param {string} game its id
   * @param {Identity} who
   * @param {boolean} [isWatching]
   */
  sit(game, who, isWatching = false) {
    const { here, steps } = sitting(game);
    const isThere = here.some((each) => each.who.player === who.player && each.isWatching === isWatching && each.who.gameToken === who.gameToken);
    const others = here.filter((each) => who.gameToken === undefined || each.who.player !== who.player);
    keepSitting(game, isThere ? { here, steps } : { here: others, steps: [...steps, { do: isWatching ? "watch" : "sit", who }] });
    this.go(`#/g/${encodeURIComponent(game)}`);
  }

  /** @param {string} hash */
  go(hash) {
    if (location.hash === hash) this.#route();
    else location.hash = hash;
  }

  /**
   * The address by which others are invited.
   *
   * @param {string} path from the server's root
   * @param {Game | null} game
   */
  invitation(path, game) {
    const url = new URL(path.replace(/^\//, ""), this.#base);
    // So that who comes too late can watch. A game that is not listed can be joined by whoever knows its id, and for longer.
    if (game?.public) url.searchParams.set("table", game.id);
    return url.href;
  }

  async #route() {
    const [, where = "", given = "", further = ""] = location.hash.split("/");
    const what = safely(given);
    if (where === "as") {
      // Not to be left in the address, where others could read it.
      history.replaceState(null, "", "#/");
      await this.you.takeOver(what);
      if (location.hash !== "#/") return;
    }
    this.#page?.close();
    this.#page = null;
    if (where === "g" && what !== "") {
      const table = new Table(this, what);
      this.#turnTo(table);
      await table.open();
    } else if (where === "i" && what !== "") await this.#accept(what, safely(further));
    else this.#turnTo(new Shelf(this));
  }

  /** @param {Page} page */
  #turnTo(page) {
    this.#page = page;
    this.#main.replaceChildren(page.element);
    document.title = page.title;
    window.scrollTo(0, 0);
    // What had the focus is gone: who goes by keys, or listens, goes on at the beginning of the new page.
    if (!this.#isFirst) this.#main.focus({ preventScroll: true });
    this.#isFirst = false;
  }

  /**
   * @param {string} code
   * @param {string} table the id of the game to which it leads, where the link says so
   */
  async #accept(code, table) {
    this.#main.replaceChildren(h("p.notice", { role: "status" }, "Opening the invitation..."));
    try {
      const { game } = await this.you.as((who) => this.lobby.accept(who, code));
      // Not to be followed again by a reload.
      history.replaceState(null, "", "#/");
      const me = await this.you.me();
      if (hasSeat(game.id, me.player)) this.#showOwn(game, me);
      else this.sit(game.id, me);
    } catch (error) {
      const watch = async () => this.sit(table, await this.you.me(), true);
      const isTooLate = table !== "" && error instanceof ApiError && ["no_seat", "game_over"].includes(error.code);
      const more = isTooLate ? [h("button", { type: "button", on: { click: watch } }, error.code === "no_seat" ? "Watch" : "Look at it")] : [];
      const { message } = /** @type {Error} */ (error);
      this.#main.replaceChildren(h("div.door", { role: "alert" }, errorDoor("This invitation does not open", message, "h1", ...more)));
    }
  }

  /**
   * The invitation is to where one sits already: the same name in another window is nobody else.
   *
   * @param {Game} game
   * @param {Identity} me
   */
  #showOwn(game, me) {
    const isFree = this.you.mayName && (game.players.length === 0 || game.players.includes(null));
    let isEntering = false;
    const enter = async (/** @type {boolean} */ isSomebodyElse) => {
      if (isEntering) return;
      isEntering = true;
      try {
        this.sit(game.id, isSomebodyElse ? await this.you.guest(null) : me);
      } catch (error) {
        isEntering = false;
        toast(sentence(/** @type {Error} */ (error).message), "bad");
      }
    };
    const element = h("div.door", {}, ownDoor({ game, player: me.player, isFree, enter }));
    this.#turnTo({ element, title: `${kindTitle(game.kind)} · gamesvc`, close() {} });
  }

  #nextTheme() {
    const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
    keepTheme(next);
    this.#showTheme();
  }

  #showTheme() {
    const chosen = theme();
    set(document.documentElement, "data-theme", chosen);
    const name = chosen === null ? "half" : chosen === "light" ? "sun" : "moon";
    this.#paint.replaceChildren(icon(name));
    const says = { half: "Light or dark as the system has it", sun: "Light", moon: "Dark" }[name];
    set(this.#paint, "aria-label", `Colours: ${says}`);
    set(this.#paint, "title", says);
  }
}

/** @param {string} text */
function safely(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

new App().start();
