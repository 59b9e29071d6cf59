/** One seat on the page: who sits there, how their line is, the board, what was refused, and the slider through time. */

import { boardOf, plainBoard } from "./boards/index.js";
import { announce, gently, h, say, set } from "./dom.js";
import { History } from "./history.js";
import { icon } from "./icons.js";
import { told, worded } from "./outcome.js";
import { partingOf, returned, turnOf } from "./standing.js";
import { colourOf, sentence } from "./words.js";

const REFUSAL_MS = 5000;
const RETURN_MS = 6000;
const PARTING = {
  stop: "Stop watching",
  "give-up": "Give this seat up",
  stay: "Give this seat up",
  "put-away": "Put this seat away",
};
const STAYS = "this game keeps its players until it is over";
const STATUS = { connecting: "connecting", open: "on the line", reconnecting: "line lost", closed: "closed" };

export class SeatView {
  /** @type {import("./boards/index.js").Board | null} */
  board = null;
  #seat;
  #how;
  #isCovered = false;
  #isLoading = false;
  /** The outcome that the banner tells, as text; undefined where it tells none. @type {string | undefined} */
  #told;
  #wasMine = false;
  #returns = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #refusing;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #returning;

  #disc = h("i.disc");
  #name = h("bdi");
  #lamp = h("span.lamp", { role: "status" });
  #turn = h("span.turn");
  #plug = h("button.small.quiet", { type: "button", on: { click: () => this.#togglePlug() } });
  #cover = h("button.small.quiet", { type: "button", on: { click: () => this.#toggleCover() } });
  #leave = h("button.small.quiet", { type: "button", on: { click: () => this.#part() } }, icon("leave"));
  #banner = h("div.banner", { role: "status", hidden: true });
  #place = h("div.board");
  #refusal = h("p.refusal", { role: "alert" });
  #failure = h(
    "div.refusal.failure",
    { role: "alert", hidden: true },
    h("span"),
    h("button.small", { type: "button", on: { click: () => this.#seat.reopen() } }, "Try again"),
  );
  #return = h("p.return", { role: "status" });
  #history;

  /**
   * @param {import("./seat.js").Seat} seat
   * @param {object} how
   * @param {() => string} how.kindName what is played; empty where that is not known before the welcome
   * @param {(name: string) => import("./api.js").Kind | null} how.kind how the lobby describes it
   * @param {(view: SeatView) => void} how.leave
   * @param {() => boolean} how.keepsPlayers whether nobody can give their seat up, as things stand
   * @param {(view: SeatView) => void} how.choose told when this seat is turned to
   * @param {() => void} how.again starts the same game once more
   * @param {() => boolean} how.playsAgain whether it can be started here
   * @param {(view: SeatView) => number} how.place which of the page's seats this is
   * @param {() => number} how.places
   * @param {(view: SeatView) => boolean} how.speaks whether what happens is read out here
   */
  constructor(seat, how) {
    this.#seat = seat;
    this.#how = how;
    this.#history = new History(seat);
    this.element = h(
      "section.seat",
      { "aria-label": seat.isWatching ? "Watching" : `Seat of ${seat.name}`, on: { focusin: () => how.choose(this), pointerdown: () => how.choose(this) } },
      h("header", {}, this.#disc, h("div.who", {}, h("h2", {}, this.#name), h("p", {}, this.#lamp, this.#turn)), this.#plug, this.#cover, this.#leave),
      this.#place,
      h("div.notes", {}, this.#return, this.#refusal),
      this.#failure,
      this.#banner,
      this.#history.element,
    );
    seat.addEventListener("change", () => this.show());
    seat.addEventListener("event", (event) => this.#heard(/** @type {CustomEvent} */ (event).detail));
    this.show();
  }

  get seat() {
    return this.#seat;
  }

  /** The players, in the order in which they have their colours. */
  get names() {
    const { view } = this.#seat;
    return this.board?.names?.(view) ?? view.players;
  }

  /** What becomes of the seat when it is taken from the page. */
  get parting() {
    const { now, isWatching } = this.#seat;
    return partingOf(now, isWatching, this.#how.keepsPlayers());
  }

  /** An event in words. @param {any} event */
  describe(event) {
    return this.board?.describe?.(event) ?? null;
  }

  close() {
    this.board?.close?.();
    this.board = null;
    this.#seat.close();
    clearTimeout(this.#refusing);
    clearTimeout(this.#returning);
  }

  /** Draw it as it is now. */
  show() {
    const seat = this.#seat;
    const kindName = this.#how.kindName();
    if (!this.#isLoading && kindName !== "") this.#load(kindName);
    this.#fill();
    const { view, status, cable, recorder } = seat;
    const colour = seat.isWatching ? "seat-none" : colourOf(seat.name, this.names);
    this.element.className = `seat ${colour}${seat.isWatching ? " watching" : ""}${view.isLive ? "" : " past"}${status === "open" ? "" : " off"}`;
    say(this.#name, seat.isWatching ? "Watching" : seat.name);
    const { waiting } = seat;
    const what = cable.isPlugged ? STATUS[status] : "unplugged";
    const isShown = status === "open" && cable.isPlugged;
    say(this.#lamp, isShown ? "" : waiting > 0 ? `${what}, ${waiting} waiting` : what);
    set(this.#lamp, "data-status", cable.isPlugged ? status : "unplugged");
    set(this.#lamp, "title", what);
    const isMine = view.isLive && view.legal.length > 0;
    say(this.#turn, isShown ? turnOf(view, this.#how.kind(kindName)?.seats?.[0]) : "");
    this.element.classList.toggle("mine", isMine && isShown);
    if (isMine && !this.#wasMine && this.#how.speaks(this) && seat.recorder.events.length > 0) announce(`Your turn, ${seat.name}`);
    if (isMine && !this.#wasMine) this.#comeForth();
    this.#wasMine = isMine;
    this.#button(this.#plug, cable.isPlugged ? "plug" : "unplug", cable.isPlugged ? "Cut the line" : "Plug the line in again", !cable.isPlugged);
    this.#plug.hidden = status === "closed";
    this.#button(this.#cover, this.#isCovered ? "cover" : "eye", this.#isCovered ? "Uncover this seat" : "Cover this seat", this.#isCovered);
    this.#cover.hidden = this.#how.places() < 2;
    const { parting } = this;
    set(this.#leave, "aria-label", PARTING[parting]);
    set(this.#leave, "title", parting === "stay" ? sentence(STAYS) : PARTING[parting]);
    // It can be pressed all the same: there, where nothing can be pointed at, it says why it does nothing.
    set(this.#leave, "aria-disabled", parting === "stay" && "true");
    this.element.classList.toggle("covered", this.#isCovered);
    this.#showFailure();
    this.#showReturn(recorder);
    this.#showBanner(view);
    this.#history.show();
    this.#draw(view);
  }

  /** Where the seats lie one behind the other, the one whose turn it is is shown. */
  #comeForth() {
    const row = this.element.parentElement;
    if (row !== null && row.scrollWidth > row.clientWidth) {
      this.element.scrollIntoView({ inline: "start", block: "nearest", behavior: gently() });
    }
  }

  /** @param {any} error what was refused */
  refuse(error) {
    say(this.#refusal, sentence(error.message));
    this.#place.classList.remove("shaken");
    void this.#place.offsetWidth;
    this.#place.classList.add("shaken");
    clearTimeout(this.#refusing);
    this.#refusing = setTimeout(() => this.#endRefusal(), REFUSAL_MS);
  }

  #endRefusal() {
    clearTimeout(this.#refusing);
    say(this.#refusal, "");
  }

  /** @param {string} kindName what is played */
  async #load(kindName) {
    this.#isLoading = true;
    /** @type {import("./boards/index.js").Table} */
    const table = {
      kind: this.#how.kind(kindName),
      place: () => this.#how.place(this),
      places: () => this.#how.places(),
      send: async (command, args) => {
        try {
          // What is answered without a result is answered all the same.
          const result = (await this.#seat.send(command, args)) ?? null;
          this.#endRefusal();
          return result;
        } catch (error) {
          this.refuse(error);
          return undefined;
        }
      },
    };
    const module = await boardOf(kindName).catch(() => plainBoard());
    this.#take(module.create(table));
    this.#fallBack = async () => this.#take((await plainBoard()).create(table));
  }

  /** @type {() => Promise<void>} */
  #fallBack = async () => {};

  /** @param {import("./boards/index.js").Board} board */
  #take(board) {
    this.board?.close?.();
    this.board = board;
    this.#place.replaceChildren(board.element);
    this.show();
  }

  /** @param {import("./seat.js").View} view */
  #draw(view) {
    if (this.board === null) return;
    try {
      this.board.show(view);
    } catch (error) {
      // A game of the same name may be another one.
      console.error(error);
      this.board = null;
      this.#fallBack();
    }
  }

  /** States that were not seen are made of the events, where the board can do so. */
  #fill() {
    const { recorder, game, name, isWatching } = this.#seat;
    const { rebuild } = this.board ?? {};
    if (rebuild === undefined || !recorder.hasGaps) return;
    const now = { state: game?.state ?? {}, player: isWatching ? null : name, players: game?.players ?? [] };
    recorder.fill((events) => {
      try {
        return rebuild(events, now);
      } catch {
        return null; // a game of the same name, and of other events
      }
    });
  }

  #showFailure() {
    const { failure, isFinished } = this.#seat;
    this.element.classList.toggle("failed", failure !== null);
    this.#failure.hidden = failure === null || isFinished;
    if (failure !== null) say(/** @type {Element} */ (this.#failure.firstElementChild), `No connection. ${sentence(failure.message)}`);
  }

  /** @param {import("./recorder.js").Recorder} recorder */
  #showReturn({ returns }) {
    if (returns.length === this.#returns) {
      const last = returns.at(-1);
      if (last !== undefined && this.#return.textContent !== "") say(this.#return, returned(last));
      return;
    }
    this.#returns = returns.length;
    const latest = returns.at(-1);
    if (latest !== undefined && this.#seat.failure === null) say(this.#return, returned(latest));
    clearTimeout(this.#returning);
    this.#returning = setTimeout(() => say(this.#return, ""), RETURN_MS);
  }

  /** @param {import("./seat.js").View} view */
  #showBanner(view) {
    this.#banner.hidden = !view.isFinished;
    const outcome = JSON.stringify(view.outcome);
    if (!view.isFinished || this.#told === outcome) return;
    this.#told = outcome;
    const { headline, tone, detail } = told(view.outcome, view.players, view.player ?? (this.#seat.isWatching ? null : this.#seat.name));
    this.#banner.className = `banner ${tone}`;
    const again = this.#how.playsAgain() ? h("button.primary", { type: "button", on: { click: () => this.#how.again() } }, icon("again"), "Play again") : "";
    const blocks = h("div.blocks", { "aria-hidden": "true" }, Array.from({ length: 12 }, (_, at) => h(`i.seat-${at % 4}`, { vars: { "--at": at } })));
    this.#banner.replaceChildren(tone === "won" ? blocks : "", h("strong", {}, headline), h("span", {}, detail), again);
  }

  #part() {
    if (this.parting === "stay") this.refuse(new Error(STAYS));
    else this.#how.leave(this);
  }

  #togglePlug() {
    const { cable } = this.#seat;
    if (cable.isPlugged) cable.unplug();
    else cable.plug();
    this.show();
  }

  #toggleCover() {
    this.#isCovered = !this.#isCovered;
    this.show();
  }

  /**
   * @param {HTMLElement} element
   * @param {Parameters<typeof icon>[0]} name of its picture
   * @param {string} label
   * @param {boolean} isPressed
   */
  #button(element, name, label, isPressed) {
    set(element, "aria-label", label);
    set(element, "title", label);
    set(element, "aria-pressed", String(isPressed));
    if (element.dataset.icon === name) return;
    element.dataset.icon = name;
    element.replaceChildren(icon(name));
  }

  /** @param {any} event */
  #heard(event) {
    if (!this.#how.speaks(this) || this.#seat.recorder.isPast(event)) return;
    if (event.event === "gamesvc.finished") {
      const { now } = this.#seat;
      const { headline, detail } = told(event.outcome ?? null, now.players, now.player);
      announce(sentence(detail === "" ? headline : `${headline}: ${detail}`));
    } else announce(this.describe(event) ?? worded(event));
  }
}
