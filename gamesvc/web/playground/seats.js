/** The seats that this page has at a table, side by side: which of them is turned to, and that a reload finds them again. */

import { h } from "./dom.js";
import { keepSitting, sitting } from "./keeping.js";

/** @typedef {import("./seat_view.js").SeatView} SeatView */

export class Seats {
  element = h("div.seats");
  /** In the order in which they were taken. @type {readonly SeatView[]} */
  all = [];
  /** The one that is turned to: always one, where there are any. @type {SeatView | null} */
  chosen = null;
  #game;

  /** @param {string} game its id */
  constructor(game) {
    this.#game = game;
  }

  /** Those that play; from the others one watches. */
  get players() {
    return this.all.filter(({ seat }) => !seat.isWatching);
  }

  /** How the game stands, as the first of them sees it that has a line; undefined where none has seen anything. */
  get now() {
    const first = this.all.find(({ seat }) => seat.status === "open") ?? this.all.find(({ seat }) => seat.game !== null);
    return first?.seat.now;
  }

  /** @param {SeatView} view */
  add(view) {
    this.all = [...this.all, view];
    this.element.append(view.element);
    this.chosen ??= view;
    this.keep();
  }

  /** @param {SeatView} view */
  remove(view) {
    view.close();
    view.element.remove();
    this.all = this.all.filter((each) => each !== view);
    if (this.chosen === view) this.chosen = this.all[0] ?? null;
    this.keep();
    for (const each of this.all) each.show();
  }

  /**
   * Keep who sits here for when the page is loaded again.
   *
   * @param {import("./keeping.js").Step[]} [steps] what is still to be done; without them, what was
   */
  keep(steps = sitting(this.#game).steps) {
    keepSitting(this.#game, { here: this.all.map(({ seat }) => ({ who: seat.who, isWatching: seat.isWatching })), steps });
  }

  /** Show how many there are, and which is turned to. */
  show() {
    const isSeveral = this.all.length > 1;
    this.element.dataset.count = String(this.all.length);
    this.element.classList.toggle("several", isSeveral);
    for (const each of this.all) each.element.classList.toggle("turned-to", each === this.chosen && isSeveral);
  }
}
