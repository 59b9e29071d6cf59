/** Who sits around the table: everybody, not those of this page alone. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { hasOwnSeat } from "./standing.js";
import { colourOf } from "./words.js";

const MOST_SHOWN = 16;

/**
 * @typedef {object} Around
 * @property {readonly (string | null)[]} names in the order of the seats, null where one is free
 * @property {readonly (string | null)[]} order in which they have their colours
 * @property {import("./seat.js").View | undefined} view how it is seen from this page, if from any seat
 * @property {boolean} hasBots whether there are bots that could play
 * @property {boolean} keepsPlayers whether nobody can give their seat up, as things stand
 */

export class Chips {
  element = h("ul.chips", { "aria-label": "Around the table" });
  #standIn;
  #sendAway;

  /**
   * @param {object} how
   * @param {(player: string) => void} how.standIn have a bot play for a player
   * @param {(player: string) => void} how.sendAway have it go
   */
  constructor({ standIn, sendAway }) {
    this.#standIn = standIn;
    this.#sendAway = sendAway;
  }

  /** @param {Around} around */
  show(around) {
    const { names, order, view, hasBots, keepsPlayers } = around;
    const told = JSON.stringify([names, order, view?.present, view?.bots, view?.isFinished, hasBots, keepsPlayers]);
    if (this.element.dataset.told === told) return;
    this.element.dataset.told = told;
    const chips = names.slice(0, MOST_SHOWN).map((name) => (name === null ? free() : this.#chip(name, around)));
    if (names.length > MOST_SHOWN) chips.push(h("li.chip", {}, `and ${names.length - MOST_SHOWN} more`));
    const focused = this.element.contains(document.activeElement) ? document.activeElement?.getAttribute("aria-label") : null;
    this.element.replaceChildren(...chips);
    if (focused) this.element.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
    this.element.hidden = names.length === 0;
  }

  /**
   * @param {string} name
   * @param {Around} around
   */
  #chip(name, { order, view, hasBots, keepsPlayers }) {
    const bot = view?.bots[name];
    const isAway = view !== undefined && view.players.includes(name) && !view.present.includes(name) && bot === undefined;
    const isOver = view?.isFinished ?? true;
    const canGo = bot !== undefined && !isOver && !(keepsPlayers && hasOwnSeat(name));
    /** @type {(says: string, face: Node | string, what: (player: string) => void) => HTMLElement} */
    const button = (says, face, what) => h("button.small.quiet", { type: "button", title: says, "aria-label": says, on: { click: () => what(name) } }, face);
    return h(
      `li.chip.${colourOf(name, order)}${isAway ? ".away" : ""}`,
      {},
      h("i.disc"),
      h("bdi", {}, name),
      bot !== undefined && h("span.bot", {}, icon("bot"), bot),
      isAway && h("span.note", {}, "away"),
      isAway && hasBots && !isOver && button(`Have a bot play for ${name}`, icon("bot"), this.#standIn),
      canGo && button(`Have the bot of ${name} go`, "×", this.#sendAway),
    );
  }
}

function free() {
  return h("li.chip.free.seat-none", {}, h("i.disc"), "free");
}
