/** What somebody sees who comes to a table without a seat at it. */

import { cover } from "./covers.js";
import { h } from "./dom.js";

/**
 * @param {object} how
 * @param {any} how.game as the lobby tells it; null where that is not known
 * @param {boolean} how.isFree whether there is a seat
 * @param {boolean} how.isOver whether the game is
 * @param {(isWatching: boolean) => void} how.enter
 * @returns {Node[]}
 */
export function door({ game, isFree, isOver, enter }) {
  const names = (game?.players ?? []).filter((each) => each !== null);
  return [
    cover(game?.kind ?? ""),
    h("h2", {}, isOver ? "This game is over" : isFree ? "There is a seat for you" : "All seats are taken"),
    h("p", {}, names.length > 0 ? `At the table: ${names.join(", ")}` : "Nobody sits here yet."),
    h(
      "div.buttons",
      {},
      isFree && h("button.primary.large", { type: "button", on: { click: () => enter(false) } }, "Sit down"),
      h(`button.large${isFree ? "" : ".primary"}`, { type: "button", on: { click: () => enter(true) } }, isOver ? "Look at it" : "Watch"),
    ),
  ];
}

/**
 * There is no such table.
 *
 * @param {string} why
 * @returns {Node[]}
 */
export function noTable(why) {
  return [h("h2", {}, "No such table"), h("p", {}, why), h("a.button", { href: "#/" }, "To the games")];
}
