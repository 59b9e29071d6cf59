/** The first page: the games as boxes on a shelf, and the tables at which others sit. */

import { claimsOf, hasExpired } from "./claims.js";
import { cover } from "./covers.js";
import { gently, h, say } from "./dom.js";
import { quickMatch, setUp } from "./setup.js";
import { ago, colourOf, counted, kindSays, kindTitle, seatsWorded } from "./words.js";

/** @typedef {import("./api.js").Game} Game */
/** @typedef {import("./api.js").Kind} Kind */

const LOOK_MS = 4000;
/** From how many games on they are searched by name. */
const MANY = 12;
const MOST_TABLES = 30;
const SMALLEST = "greetings";

export class Shelf {
  #app;
  #looking;
  #isLooking = false;
  #state = h("select", { "aria-label": "Which tables", on: { change: () => this.#look() } }, [
    h("option", { value: "open" }, "waiting for players"),
    h("option", { value: "playing" }, "playing"),
    h("option", { value: "finished" }, "over"),
  ]);
  #kind;
  #tables = h("ul.tables");
  #none = h("p.hint", { role: "status" });
  #waiting = h("button", { type: "button", hidden: true, on: { click: () => this.#turnToTables() } });
  #tablesTitle = h("h2", { id: "tables-title", tabindex: -1 }, "Tables");

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.#app = app;
    // The smallest game there is comes along for clients to be tried with: whoever comes to play finds the others first.
    const kinds = app.kinds.toSorted((one, other) => Number(one.name === SMALLEST) - Number(other.name === SMALLEST));
    this.#kind = h("select", { "aria-label": "Of which game", on: { change: () => this.#look() } }, [
      h("option", { value: "" }, "any game"),
      ...kinds.map((kind) => h("option", { value: kind.name }, kindTitle(kind.name))),
    ]);
    const boxes = kinds.map((kind) => ({ kind, element: box(app, kind) }));
    const search = h("input", {
      type: "search",
      placeholder: `Find one of ${kinds.length} games`,
      "aria-label": "Find a game",
      hidden: kinds.length <= MANY,
      on: {
        input() {
          const wanted = search.value.trim().toLowerCase();
          for (const { kind, element } of boxes) {
            element.hidden = !`${kind.name} ${kindTitle(kind.name)} ${kindSays(kind)}`.toLowerCase().includes(wanted);
          }
        },
      },
    });
    this.element = h(
      "div.lobby",
      {},
      h(
        "section.shelf",
        { "aria-labelledby": "shelf-title" },
        h("header", {}, h("h1", { id: "shelf-title" }, "What shall we play?"), h("div.filters", {}, this.#waiting, search)),
        app.canMake ? h("ul.boxes", {}, boxes.map(({ element }) => element)) : this.#byToken(),
      ),
      app.canMake && h(
        "section.open",
        { "aria-labelledby": "tables-title" },
        h("header", {}, this.#tablesTitle, h("div.filters", {}, this.#state, this.#kind)),
        this.#none,
        this.#tables,
      ),
    );
    this.#looking = setInterval(() => {
      if (!document.hidden && app.canMake) this.#look();
    }, LOOK_MS);
    if (app.canMake) this.#look();
  }

  get title() {
    return "gamesvc playground";
  }

  close() {
    clearInterval(this.#looking);
  }

  #byToken() {
    const token = h("textarea", { id: "game-token", rows: 3, spellcheck: "false" });
    const wrong = h("p.wrong", { role: "alert" });
    /** @param {SubmitEvent} event */
    const submit = (event) => {
      event.preventDefault();
      const text = token.value.trim();
      const claims = claimsOf(text);
      if (claims === null) say(wrong, "This is no token for a game.");
      else if (hasExpired(text)) say(wrong, "This token has expired: ask for a new one where you got it.");
      else this.#app.sit(claims.audience[0], { player: claims.player, token: null, gameToken: text }, claims.isSpectator);
    };
    return h("form.setup.by-token", { on: { submit } }, h("label", { for: "game-token" }, "This server hands out no seats: bring a token for one, from where the game is arranged."), token, wrong, h("button.primary", {}, "To the table"));
  }

  async #look() {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const filter = { state: this.#state.value, limit: MOST_TABLES, ...(this.#kind.value === "" ? {} : { kind: this.#kind.value }) };
    try {
      const { games } = await this.#app.lobby.games(filter);
      this.#show(games);
    } catch (error) {
      say(this.#none, `The tables can't be shown: ${/** @type {Error} */ (error).message}.`);
    } finally {
      this.#isLooking = false;
    }
  }

  #turnToTables() {
    this.#tablesTitle.scrollIntoView({ behavior: gently() });
    this.#tablesTitle.focus({ preventScroll: true });
  }

  /** @param {Game[]} games */
  #show(games) {
    const isWaiting = this.#state.value === "open" && games.length > 0;
    this.#waiting.hidden = !isWaiting;
    if (isWaiting) say(this.#waiting, `${counted(games.length, "table")} ${games.length === 1 ? "waits" : "wait"} for players`);
    /** @type {Record<string, string>} */
    const nothing = { open: "Nobody waits at the moment. Open a table, and others find it here.", playing: "Nobody plays at the moment.", finished: "No game is over yet." };
    say(this.#none, games.length === 0 ? nothing[this.#state.value] : counted(games.length, "table"));
    const text = JSON.stringify(games);
    if (this.#tables.dataset.games === text) return;
    this.#tables.dataset.games = text;
    const focused = this.#tables.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).getAttribute("href") : null;
    this.#tables.replaceChildren(...games.map((game) => this.#table(game)));
    if (focused !== null) this.#tables.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  }

  /** @param {Game} game */
  #table(game) {
    const sitting = game.players.filter((each) => each !== null);
    const free = game.free ?? game.players.length - sitting.length;
    const seats = game.players.map((each) => h(`i.disc.${colourOf(each, game.players)}`, { title: each ?? "free" }));
    const verb = game.finished ? "Look" : free > 0 || game.players.length === 0 ? "Join" : "Watch";
    const who = sitting.length > 0 ? sitting.join(", ") : game.by !== undefined && game.by !== null ? `opened by ${game.by}` : "nobody yet";
    return h(
      "li",
      {},
      cover(game.kind),
      h("div", {}, h("b", {}, kindTitle(game.kind)), h("p", {}, seats.length > 0 && h("span.discs", { "aria-hidden": "true" }, seats), h("bdi", {}, who)), h("small", {}, ago(Date.now() / 1000 - game.created))),
      h("a.button", { href: `#/g/${encodeURIComponent(game.id)}`, "aria-label": `${verb}: ${kindTitle(game.kind)}, ${who}` }, verb),
    );
  }
}

/**
 * @param {import("./app.js").App} app
 * @param {Kind} kind
 */
function box(app, kind) {
  const title = kindTitle(kind.name);
  const play = h("button.primary", { type: "button", "aria-label": `Play ${title}`, on: { click: () => setUp(app, kind) } }, "Play");
  const canMatch = kind.seats !== null && kind.seats[1] > 1;
  const quick = h("button", { type: "button", "aria-label": `Quick match: ${title}`, on: { click: () => quickMatch(app, kind) } }, "Quick match");
  return h(
    "li.box",
    {},
    cover(kind.name),
    h("div.label", {}, h("h2", {}, title), h("p.many", {}, seatsWorded(kind.seats)), h("p.says", {}, kindSays(kind)), h("div.buttons", {}, play, canMatch && quick)),
  );
}
