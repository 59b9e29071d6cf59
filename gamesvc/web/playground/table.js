/** The page of one game: up to four seats side by side, who else sits there, and the wire. */

import { ApiError } from "./api.js";
import { Chips } from "./chips.js";
import { confirmed } from "./dialog.js";
import { h, soon, toast } from "./dom.js";
import { door, errorDoor } from "./door.js";
import { Inspector } from "./inspector.js";
import { copyInvite, showInvite } from "./invite.js";
import { folded, keepFolded, keepSeated, sitting } from "./keeping.js";
import { offerOf } from "./offer.js";
import { Rail } from "./rail.js";
import { Seat } from "./seat.js";
import { SeatView } from "./seat_view.js";
import { Seats } from "./seats.js";
import { MOST_HERE } from "./setup.js";
import { hasOwnSeat } from "./standing.js";
import { kindTitle, sentence } from "./words.js";

/** @typedef {import("./api.js").Identity} Identity */
/** @typedef {import("./keeping.js").Step} Step */

/** Below this width the wire is folded at first, in pixels. */
const WIDE = 1100;
/** After how long the lobby is asked again that did not answer, in milliseconds. */
const AGAIN_MS = 3000;

export class Table {
  /** @type {import("./api.js").Game | null} */
  #game = null;
  #app;
  #id;
  #isClosed = false;
  /** Whether those here are on their way to where the game is played again. */
  #isLeaving = false;
  /** Whether the lobby has told of the game: before that nobody knows what to offer at the door. */
  #isKnown = false;

  #rail = new Rail({
    invite: () => this.#invite((url) => showInvite(url, this.title)),
    copyLink: () => this.#invite((url) => copyInvite(url, this.title)),
    sitAnother: () => this.#try(async () => this.#sit(await this.#app.you.guest(null), false)),
    watch: () => this.#enter(true),
    fold: () => this.#fold(!this.#isFolded),
    seatBot: (bot) => this.#ask((who) => this.#app.lobby.addBot(who, this.#id, bot)),
  });
  #chips = new Chips({ standIn: (player) => this.#standIn(player), sendAway: (player) => this.#sendBotAway(player) });
  #seats;
  #door = h("div.door", { hidden: true });
  #inspector = new Inspector({ choose: (index) => this.#choose(this.#seats.all[index]), fold: () => this.#fold(true) });
  #isFolded = folded() ?? window.innerWidth < WIDE;
  #update = soon(() => this.#show());

  /**
   * @param {import("./app.js").App} app
   * @param {string} id the game's
   */
  constructor(app, id) {
    this.#app = app;
    this.#id = id;
    this.#seats = new Seats(id);
    const table = h("div.table", {}, this.#rail.element, this.#chips.element, this.#door, this.#seats.element);
    this.element = h("div.table-page", {}, table, this.#inspector.element);
    this.#fold(this.#isFolded);
  }

  get title() {
    return `${kindTitle(this.#kindName || "table")} · gamesvc`;
  }

  async open() {
    const { lobby, canMake, you } = this.#app;
    const { here, steps } = sitting(this.#id);
    // Who has a token for the game needs no lobby to play.
    const hasToken = [...here, ...steps].some((each) => "who" in each && each.who.gameToken);
    try {
      if (canMake) this.#game = await lobby.game(this.#id, you.known);
      else if (!hasToken) throw new Error("this server hands out no seats: bring a token for one");
    } catch (error) {
      if (this.#isClosed) return;
      const isPassing = error instanceof ApiError && error.isPassing;
      if (isPassing || !hasToken) {
        const title = isPassing ? "The table is out of reach" : "No such table";
        this.#door.hidden = false;
        this.#door.replaceChildren(...errorDoor(title, /** @type {Error} */ (error).message));
        if (isPassing) setTimeout(() => !this.#isClosed && this.open(), AGAIN_MS);
        return;
      }
    }
    if (this.#isClosed) return;
    this.#door.hidden = true;
    this.#isKnown = true;
    this.#rail.offerBots(this.#kind?.bots ?? []);
    for (const { who, isWatching } of here) this.#sit(who, isWatching);
    this.#show();
    await this.#take(steps);
    this.#show();
  }

  close() {
    this.#isClosed = true;
    for (const view of this.#seats.all) {
      view.close();
      this.#app.you.release(view.seat.who);
    }
    this.#inspector.close();
  }

  /** What is played; empty where that is not known yet. */
  get #kindName() {
    return this.#game?.kind ?? this.#seats.all[0]?.seat.game?.welcome?.kind ?? "";
  }

  get #kind() {
    return this.#app.kind(this.#kindName);
  }

  /**
   * Do what was planned when the game was made, one after the other: who comes first sits first.
   *
   * @param {Step[]} steps
   */
  async #take(steps) {
    let left = steps;
    for (const step of steps) {
      left = left.slice(1);
      if (step.do === "bot") {
        try {
          await this.#app.you.as((who) => this.#app.lobby.addBot(who, this.#id, step.bot));
        } catch (error) {
          toast(`The bot ${step.bot} does not come: ${/** @type {Error} */ (error).message}`, "bad");
        }
      } else await this.#sit(step.who, step.do === "watch").opened;
      if (this.#isClosed) return;
      this.#seats.keep(left);
    }
  }

  /**
   * @param {Identity} who
   * @param {boolean} isWatching
   */
  #sit(who, isWatching) {
    const seat = new Seat(who, isWatching, () => this.#place(who, isWatching));
    const view = new SeatView(seat, {
      kindName: () => this.#kindName,
      kind: (name) => this.#app.kind(name),
      leave: (each) => this.#leave(each),
      keepsPlayers: () => this.#offer.keepsPlayers,
      choose: (each) => this.#choose(each),
      again: () => this.#again(),
      playsAgain: () => this.#offer.playsAgain,
      place: (each) => this.#seats.players.indexOf(each),
      places: () => this.#seats.players.length,
      speaks: (each) => each === this.#seats.chosen,
    });
    seat.addEventListener("change", this.#update);
    seat.addEventListener("note", () => this.#inspector.touch());
    this.#seats.add(view);
    this.#update();
    return { view, opened: seat.open() };
  }

  /**
   * Where somebody is to connect, and with what.
   *
   * @param {Identity} who
   * @param {boolean} isWatching
   */
  async #place(who, isWatching) {
    const { lobby, you } = this.#app;
    if (who.gameToken) return { url: lobby.socketOf({ player: who.player, url: `/${this.#id}`, token: null }), token: who.gameToken };
    const found = await you.asSitting(who, (each) => (isWatching ? lobby.watch(each, this.#id) : lobby.join(each, this.#id)));
    this.#seats.keep();
    if (!isWatching) keepSeated(this.#id, who.player);
    return { url: lobby.socketOf(found), token: found.token };
  }

  /** What there is to do, as things stand now, also where a seat looks back. */
  get #offer() {
    const { canMake, you } = this.#app;
    const { all, players, now } = this.#seats;
    const [count, here] = [all.length, players.length];
    return offerOf({ kind: this.#kind, game: this.#game, now, count, here, named: this.#named.length, most: MOST_HERE, canMake, mayName: you.mayName });
  }

  /** @param {SeatView} view */
  async #leave(view) {
    const { seat } = view;
    if (view.parting === "give-up") {
      if (!(await this.#mayGo(`Give the seat of ${seat.name} up?`, "Give it up"))) return;
      try {
        await seat.send("gamesvc.leave");
      } catch (error) {
        if (/** @type {any} */ (error).code !== "game_over") {
          view.refuse(/** @type {Error} */ (error));
          return;
        }
      }
    }
    this.#seats.remove(view);
    this.#show();
  }

  /** @param {SeatView | undefined} view */
  #choose(view) {
    if (view === undefined || view === this.#seats.chosen) return;
    this.#seats.chosen = view;
    this.#update();
  }

  /** Show what belongs to the whole table: as it is now, also where a seat looks back. */
  #show() {
    if (this.#isClosed) return;
    const { all, chosen, players: playing, now } = this.#seats;
    const offer = this.#offer;
    const { players, takesSeats, isFree, isOver } = offer;
    const seats = all.map(({ seat }) => seat);
    const isWatching = seats.some((each) => each.isWatching);
    this.#rail.show(this.#kindName, { ...offer, watches: offer.watches && !isWatching }, all.length > 0);
    this.#showDoor(isFree, isOver);
    this.#inspector.element.hidden = this.#isFolded || all.length === 0;
    this.element.classList.toggle("folded", this.#inspector.element.hidden);
    const around = [...new Set([...(now?.present ?? []), ...playing.map(({ seat }) => seat.name)])];
    this.#chips.show({
      names: takesSeats ? players : around,
      order: takesSeats ? players : (all[0]?.names ?? around),
      view: now,
      hasBots: this.#rail.firstBot !== undefined,
      keepsPlayers: offer.keepsPlayers,
    });
    this.#seats.show();
    this.#inspector.show(seats, Math.max(0, seats.findIndex((each) => each === chosen?.seat)), chosen?.board ?? null);
    const isMine = seats.some(({ now: each, isFinished }) => each.legal.length > 0 && !isFinished);
    document.title = isMine && document.hidden ? `Your turn · ${this.title}` : this.title;
  }

  /**
   * @param {boolean} isFree
   * @param {boolean} isOver
   */
  #showDoor(isFree, isOver) {
    const isOutside = this.#isKnown && this.#seats.all.length === 0 && sitting(this.#id).steps.length === 0;
    if (this.#door.hidden !== isOutside) return;
    this.#door.hidden = !isOutside;
    if (!isOutside) return;
    this.#door.replaceChildren(...door({ game: this.#game, isFree, isOver, enter: (isWatching) => this.#enter(isWatching) }));
  }

  /** @param {boolean} isFolded */
  #fold(isFolded) {
    if (this.#isFolded !== isFolded) keepFolded(isFolded);
    this.#isFolded = isFolded;
    this.#rail.showFolded(isFolded);
    this.#inspector.touch();
    this.#update();
  }

  // What the buttons do.

  /**
   * Whether somebody is to go: asked where the game has begun.
   *
   * @param {string} question
   * @param {string} yes
   */
  async #mayGo(question, yes) {
    return !this.#offer.hasBegun || confirmed(question, "The game has begun. Most games end when a player goes, and the others win.", yes);
  }

  /**
   * @template T
   * @param {() => Promise<T>} what
   * @returns {Promise<T | undefined>} undefined where it was refused: that is shown
   */
  async #try(what) {
    try {
      return await what();
    } catch (error) {
      toast(sentence(/** @type {Error} */ (error).message), "bad");
      return undefined;
    }
  }

  /** @param {boolean} isWatching */
  #enter(isWatching) {
    this.#try(async () => this.#sit({ ...(await this.#app.you.me()) }, isWatching));
  }

  /** @param {string} player */
  #standIn(player) {
    const bot = this.#rail.firstBot;
    if (bot !== undefined) this.#ask((who) => this.#app.lobby.addBot(who, this.#id, bot, player));
  }

  /** @param {string} player */
  async #sendBotAway(player) {
    // Whose place it holds gets it back, and nothing ends.
    if (hasOwnSeat(player) && !(await this.#mayGo(`Have the bot of ${player} go?`, "Have it go"))) return;
    this.#ask((who) => this.#app.lobby.removeBot(who, this.#id, player));
  }

  /**
   * Ask the lobby something for the one of this page who is turned to.
   *
   * @template T
   * @param {(who: Identity) => Promise<T>} what
   * @returns {Promise<T | undefined>} undefined where it was refused: that is shown
   */
  #ask(what) {
    const view = this.#seats.chosen;
    const { you } = this.#app;
    return this.#try(() => (view === null ? you.as(what) : you.asSitting(view.seat.who, what)));
  }

  /** @param {(url: string) => void} then */
  async #invite(then) {
    const invite = await this.#ask((who) => this.#app.lobby.invite(who, this.#id));
    if (invite !== undefined) then(this.#app.invitation(invite.url, this.#game));
  }

  /** Those who play here under a name that the lobby knows: a token for this game is none for another. */
  get #named() {
    return this.#seats.players.map(({ seat }) => seat.who).filter((who) => who.gameToken === undefined);
  }

  /** Those who play here sit down at the table where the game is played once more, and find there who else wants to. */
  #again() {
    const { lobby, you } = this.#app;
    const all = this.#named;
    const [first] = all;
    if (first === undefined || this.#isLeaving) return;
    this.#isLeaving = true;
    this.#try(async () => {
      try {
        const { game } = await you.asSitting(first, (who) => lobby.again(who, this.#id));
        if (!this.#isClosed) this.#app.sitDown(game.id, all);
      } finally {
        this.#isLeaving = false;
      }
    });
  }
}
