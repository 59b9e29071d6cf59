/** What somebody sees who comes to a table without a seat at it, or to none. */

import { cover } from "./covers.js";
import { h } from "./dom.js";
import { sentence } from "./words.js";

/**
 * @param {object} how
 * @param {any} how.game as the lobby tells it; null where that is not known
 * @param {boolean} how.isFree whether there is a seat
 * @param {boolean} how.isOver whether the game is
 * @param {(isWatching: boolean) => void} how.enter
 * @returns {Node[]}
 */
export function door({ game, isFree, isOver, enter }) {
  /** @type {string[]} */
  const names = (game?.players ?? []).filter((/** @type {string | null} */ each) => each !== null);
  return [
    cover(game?.kind ?? ""),
    h("h2", {}, isOver ? "This game is over" : isFree ? "There is a seat for you" : "All seats are taken"),
    h("p", {}, names.length > 0 ? ["At the table: ", ...names.flatMap((name, at) => [at > 0 ? ", " : "", h("bdi", {}, name)])] : "Nobody sits here yet."),
    h(
      "div.buttons",
      {},
      isFree && h("button.primary.large", { type: "button", on: { click: () => enter(false) } }, "Sit down"),
      h(`button.large${isFree ? "" : ".primary"}`, { type: "button", on: { click: () => enter(true) } }, isOver ? "Look at it" : "Watch"),
    ),
  ];
}

/**
 * An invitation of one's own, or one that was followed before.
 *
 * @param {object} how
 * @param {any} how.game as the lobby tells it
 * @param {string} how.player who sits there
 * @param {boolean} how.isFree whether there is a seat for somebody else of this screen
 * @param {(isSomebodyElse: boolean) => void} how.enter
 * @returns {Node[]}
 */
export function ownDoor({ game, player, isFree, enter }) {
  return [
    cover(game.kind),
    h("h1", {}, "You sit here already"),
    h("p", {}, "As ", h("b", {}, h("bdi", {}, player)), ". Who is invited opens the link in another browser, or in a private window."),
    h(
      "div.buttons",
      {},
      isFree && h("button.primary.large", { type: "button", on: { click: () => enter(true) } }, "Sit down as somebody else"),
      h(`button.large${isFree ? "" : ".primary"}`, { type: "button", on: { click: () => enter(false) } }, "To your seat"),
    ),
  ];
}

/**
 * It leads nowhere.
 *
 * @param {string} title
 * @param {string} why
 * @param {"h1" | "h2"} [heading] h1 where nothing stands above it
 * @param {Node[]} more what else there is to do
 * @returns {Node[]}
 */
export function errorDoor(title, why, heading = "h2", ...more) {
  return [h(heading, {}, title), h("p", {}, sentence(why)), h("div.buttons", {}, ...more, h("a.button.primary", { href: "#/" }, "To the games"))];
}
