/** The page of one game: up to four seats side by side, who else sits there, and the wire. */

import { Chips } from "./chips.js";
import { cover } from "./covers.js";
import { h, say, set, soon, toast } from "./dom.js";
import { door, noTable } from "./door.js";
import { icon } from "./icons.js";
import { Inspector } from "./inspector.js";
import { showInvite } from "./invite.js";
import { folded, keepFolded, keepSitting, sitting } from "./keeping.js";
import { Seat } from "./seat.js";
import { SeatView } from "./seat_view.js";
import { MOST_HERE } from "./setup.js";
import { kindTitle } from "./words.js";

/** How long after an event the lobby is asked whether it was the last. */
const ASK_MS = 700;
/** How often at most, in milliseconds. */
const ASK_EVERY = 5000;
/** Below this width the wire is folded at first, in pixels. */
const WIDE = 1100;

export class Table {
  /** @type {any} */
  #game = null;
  /** @type {SeatView[]} */
  #views = [];
  /** @type {SeatView | null} */
  #chosen = null;
  #app;
  #id;
  #isClosed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #asking;
  #askedAt = -Infinity;

  #title = h("h1");
  #lid = h("div.lid");
  #chips = new Chips({ standIn: (player) => this.#standIn(player), sendAway: (player) => this.#sendBotAway(player) });
  #seats = h("div.seats");
  #door = h("div.door", { hidden: true });
  #invite = h("button", { type: "button", on: { click: () => this.#showInvite() } }, icon("link"), h("span", {}, "Invite"));
  #more = h("button", { type: "button", on: { click: () => this.#sitAnother() } }, icon("chair"), h("span", {}, "Add a seat"));
  #watch = h("button", { type: "button", on: { click: () => this.#watchToo() } }, icon("eye"), h("span", {}, "Watch"));
  #bots = h("select.bots", { "aria-label": "Seat a bot", on: { change: () => this.#seatBot() } });
  #wire = h("button", { type: "button", "aria-controls": "wire", on: { click: () => this.#fold(!this.#isFolded) } }, icon("wire"), h("span", {}, "Wire"));
  #inspector = new Inspector({ choose: (index) => this.#choose(this.#views[index]), fold: () => this.#fold(true) });
  #isFolded = folded() ?? window.innerWidth < WIDE;
  #update = soon(() => this.#show());

  /**
   * @param {import("./app.js").App} app
   * @param {string} id the game's
   */
  constructor(app, id) {
    this.#app = app;
    this.#id = id;
    this.element = h(
      "div.table-page",
      {},
      h(
        "div.table",
        {},
        h("header.rail", {}, this.#lid, this.#title, h("div.tools", {}, this.#invite, this.#more, this.#bots, this.#watch, this.#wire)),
        this.#chips.element,
        this.#door,
        this.#seats,
      ),
      this.#inspector.element,
    );
    this.#fold(this.#isFolded);
  }

  get title() {
    return `${kindTitle(this.#kindName || "table")} · gamesvc`;
  }

  async open() {
    const { lobby, canMake } = this.#app;
    const { here, steps } = sitting(this.#id);
    // Who has a token for the game needs no lobby to play.
    const isKnown = [...here, ...steps].some((each) => "who" in each && each.who.gameToken);
    try {
      if (canMake) this.#game = await lobby.game(this.#id, this.#app.known);
      else if (!isKnown) throw new Error("This server hands out no seats: bring a token for one.");
    } catch (error) {
      if (!isKnown) {
        this.#door.hidden = false;
        this.#door.replaceChildren(...noTable(/** @type {Error} */ (error).message));
        return;
      }
    }
    if (this.#isClosed) return;
    const bots = this.#kind?.bots ?? [];
    this.#bots.replaceChildren(h("option", { value: "" }, "Add a bot"), ...bots.map((bot) => h("option", { value: bot }, bot)));
    for (const { who, isWatching } of here) this.#sit(who, isWatching);
    this.#show();
    await this.#take(steps);
    this.#show();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#asking);
    for (const view of this.#views) view.close();
    this.#inspector.close();
  }

  /** What is played; empty where that is not known yet. */
  get #kindName() {
    return this.#game?.kind ?? this.#views[0]?.seat.game?.welcome?.kind ?? "";
  }

  get #kind() {
    return this.#app.kind(this.#kindName);
  }

  /** Do what was planned when the game was made, one after the other: who comes first sits first. */
  async #take(steps) {
    let left = steps;
    for (const step of steps) {
      left = left.slice(1);
      if (step.do === "bot") {
        try {
          await this.#app.as((who) => this.#app.lobby.addBot(who, this.#id, step.bot));
        } catch (error) {
          toast(`The bot ${step.bot} does not come: ${/** @type {Error} */ (error).message}`, "bad");
        }
      } else await this.#sit(step.who, step.do === "watch").opened;
      if (this.#isClosed) return;
      this.#keep(left);
    }
  }

  #sit(who, isWatching) {
    const { lobby } = this.#app;
    const place = async () => {
      if (who.gameToken) return { url: lobby.socketOf({ player: who.player, url: `/${this.#id}`, token: null }), token: who.gameToken };
      const found = isWatching ? await lobby.watch(who, this.#id) : await lobby.join(who, this.#id);
      return { url: lobby.socketOf(found), token: found.token };
    };
    const seat = new Seat(who, isWatching, place);
    const view = new SeatView(seat, {
      kindName: () => this.#kindName,
      kind: (name) => this.#app.kind(name),
      leave: (each) => this.#leave(each),
      choose: (each) => this.#choose(each),
      again: () => this.#again(),
      place: (each) => this.#players.indexOf(each),
      places: () => this.#players.length,
      speaks: (each) => each === (this.#chosen ?? this.#views[0]),
    });
    this.#views = [...this.#views, view];
    this.#seats.append(view.element);
    seat.addEventListener("change", this.#update);
    seat.addEventListener("note", () => this.#inspector.touch());
    seat.addEventListener("event", () => this.#askSoon());
    this.#chosen ??= view;
    this.#keep();
    this.#update();
    return { view, opened: seat.open() };
  }

  get #players() {
    return this.#views.filter(({ seat }) => !seat.isWatching);
  }

  #keep(steps = sitting(this.#id).steps) {
    keepSitting(this.#id, { here: this.#views.map(({ seat }) => ({ who: seat.who, isWatching: seat.isWatching })), steps });
  }

  async #leave(view) {
    const { seat } = view;
    const takesSeat = seat.view.players.length > 0 && seat.view.player !== null && !seat.isFinished && seat.status === "open";
    if (takesSeat) {
      try {
        await seat.send("gamesvc.leave");
      } catch (error) {
        if (/** @type {any} */ (error).code !== "game_over") {
          view.refuse(error);
          return;
        }
      }
    }
    view.close();
    view.element.remove();
    this.#views = this.#views.filter((each) => each !== view);
    if (this.#chosen === view) this.#chosen = this.#views[0] ?? null;
    this.#keep();
    for (const each of this.#views) each.show();
    this.#show();
  }

  #choose(view) {
    if (view === undefined || view === this.#chosen) return;
    this.#chosen = view;
    this.#update();
  }

  /** Show what belongs to the whole table. */
  #show() {
    if (this.#isClosed) return;
    say(this.#title, kindTitle(this.#kindName || "table"));
    if (this.#lid.dataset.kind !== this.#kindName) this.#lid.replaceChildren(cover(this.#kindName));
    this.#lid.dataset.kind = this.#kindName;
    const first = this.#views.find(({ seat }) => seat.status === "open")?.seat ?? this.#views[0]?.seat;
    const view = first?.view;
    const players = view !== undefined && first?.game !== null ? view.players : (this.#game?.players ?? []);
    const isOver = view?.isFinished ?? this.#game?.finished ?? false;
    const takesSeats = this.#kind?.seats !== null;
    const free = players.filter((each) => each === null).length;
    const isFree = !isOver && (free > 0 || !takesSeats);
    const here = this.#players.length;
    const isWatching = this.#views.some(({ seat }) => seat.isWatching);
    this.#seats.dataset.count = String(this.#views.length);
    this.#more.hidden = !isFree || here >= MOST_HERE || here === 0 || !this.#app.canMake;
    this.#bots.hidden = isOver || free === 0 || this.#bots.childElementCount < 2 || this.#views.length === 0;
    this.#watch.hidden = isWatching || this.#views.length === 0 || this.#views.length >= MOST_HERE || !this.#app.canMake;
    this.#invite.hidden = isOver || this.#game === null;
    this.#showDoor(isFree, isOver);
    this.#wire.hidden = this.#views.length === 0;
    this.#inspector.element.hidden = this.#isFolded || this.#views.length === 0;
    this.element.classList.toggle("folded", this.#inspector.element.hidden);
    // Where there are no seats nobody tells who comes: those on this page are known.
    const around = [...new Set([...(view?.present ?? []), ...this.#players.map(({ seat }) => seat.name)])];
    const present = view === undefined ? [] : [...view.present, ...this.#here(/** @type {Seat} */ (first))];
    this.#chips.show({
      names: takesSeats ? players : around,
      order: takesSeats ? players : (this.#views[0]?.names ?? around),
      view: view === undefined ? undefined : { ...view, present },
      hasBots: this.#bots.childElementCount > 1,
    });
    this.#seats.classList.toggle("several", this.#views.length > 1);
    for (const each of this.#views) each.element.classList.toggle("turned-to", each === this.#chosen && this.#views.length > 1);
    const seats = this.#views.map(({ seat }) => seat);
    this.#inspector.show(seats, Math.max(0, this.#views.indexOf(/** @type {SeatView} */ (this.#chosen))), (event) => this.#chosen?.describe(event) ?? null);
    document.title = this.#views.some(({ seat }) => seat.view.legal.length > 0 && !seat.isFinished) && document.hidden ? `Your turn · ${this.title}` : this.title;
  }

  #showDoor(isFree, isOver) {
    const isOutside = this.#views.length === 0 && sitting(this.#id).steps.length === 0;
    if (this.#door.hidden !== isOutside) return;
    this.#door.hidden = !isOutside;
    if (!isOutside) return;
    this.#door.replaceChildren(...door({ game: this.#game, isFree, isOver, enter: (isWatching) => this.#enter(isWatching) }));
  }

  /**
   * Who is here, though nobody has said so: those of this page, and of whom something was heard since the welcome.
   *
   * @param {Seat} seat
   */
  #here({ recorder }) {
    const since = recorder.welcome?.seq ?? 0;
    const heard = recorder.events.filter(({ seq }) => seq !== null && seq > since).map(({ event }) => event.player);
    return [...heard, ...this.#players.filter(({ seat }) => seat.status === "open").map(({ seat }) => seat.name)];
  }

  #fold(isFolded) {
    if (this.#isFolded !== isFolded) keepFolded(isFolded);
    this.#isFolded = isFolded;
    set(this.#wire, "aria-expanded", String(!isFolded));
    this.#inspector.touch();
    this.#update();
  }

  // What the buttons do.

  async #try(what) {
    try {
      return await what();
    } catch (error) {
      toast(/** @type {Error} */ (error).message, "bad");
      return undefined;
    }
  }

  #enter(isWatching) {
    this.#try(async () => {
      this.#sit(await this.#app.me(), isWatching);
    });
  }

  #sitAnother() {
    this.#try(async () => {
      this.#sit(await this.#app.guest(null), false);
    });
  }

  #watchToo() {
    this.#try(async () => {
      this.#sit(await this.#app.me(), true);
    });
  }

  #seatBot() {
    const bot = this.#bots.value;
    this.#bots.value = "";
    if (bot !== "") this.#ask((who) => this.#app.lobby.addBot(who, this.#id, bot));
  }

  #standIn(player) {
    const bot = /** @type {HTMLOptionElement} */ (this.#bots.options[1]).value;
    this.#ask((who) => this.#app.lobby.addBot(who, this.#id, bot, player));
  }

  #sendBotAway(player) {
    this.#ask((who) => this.#app.lobby.removeBot(who, this.#id, player));
  }

  /**
   * Ask the lobby something for the one of this page who is turned to.
   *
   * @template T
   * @param {(who: import("./api.js").Identity) => Promise<T>} what
   * @returns {Promise<T | undefined>} undefined where it was refused: that is shown
   */
  #ask(what) {
    const view = this.#chosen ?? this.#views[0];
    return this.#try(() => (view === undefined ? this.#app.as(what) : what(view.seat.who)));
  }

  async #showInvite() {
    const invite = await this.#ask((who) => this.#app.lobby.invite(who, this.#id));
    if (invite === undefined) return;
    showInvite(this.#app.address(invite.url.replace(/^\//, "")), this.title);
  }

  #again() {
    const bots = Object.values(this.#views[0]?.seat.view.bots ?? {});
    const plan = [...this.#players.map(({ seat }) => ({ do: "sit", who: seat.who })), ...bots.map((bot) => ({ do: "bot", bot }))];
    const count = this.#views[0]?.seat.view.players.length ?? 0;
    const open = Array.from({ length: Math.max(0, count - plan.length) }, () => ({ do: "open" }));
    this.#try(() => this.#app.create(this.#kind, this.#game?.options ?? {}, this.#game?.public ?? false, [...plan, ...open]));
  }

  /** The wire does not say of every game that it is over: the lobby does. */
  #askSoon() {
    const seat = this.#views[0]?.seat;
    const isPossible = seat !== undefined && !seat.isFinished && seat.view.players.length > 0 && seat.view.legal.length === 0;
    if (!isPossible || performance.now() - this.#askedAt < ASK_EVERY || this.#game === null) return;
    this.#askedAt = performance.now();
    this.#asking = setTimeout(async () => {
      const game = await this.#app.lobby.game(this.#id, this.#app.known).catch(() => null);
      if (game?.finished) for (const { seat: each } of this.#views) each.end(null);
    }, ASK_MS);
  }
}
