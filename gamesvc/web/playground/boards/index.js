/**
 * Which board a game is played on. A board knows its game by the kind's name, and of the game no more than its state,
 * what is legal, and its events.
 */

/**
 * What a board is given.
 *
 * @typedef {object} Table
 * @property {(command: string, args?: object) => Promise<any>} send undefined where it was refused: that is shown already
 * @property {import("../api.js").Kind | null} kind what is played, as the lobby describes it; null where that is not known
 * @property {() => number} place which of the page's seats this is, from 0
 * @property {() => number} places how many seats the page has
 */

/**
 * @typedef {object} Board
 * @property {Element} element
 * @property {(view: import("../seat.js").View) => void} show
 * @property {(event: any) => string | null} [describe] an event in words; null for those that have nothing of their own
 * @property {(view: import("../seat.js").View) => readonly (string | null)[]} [names] the players, where there are no seats
 *     by which they have their colours
 * @property {import("./rebuilding.js").Rebuild} [rebuild] what the state was after some events, where that can be told
 * @property {() => void} [close]
 */

/** @type {Record<string, () => Promise<{ create: (table: Table) => Board }>>} */
const BOARDS = {
  "tic-tac-toe": () => import("./tic_tac_toe.js"),
  "connect-four": () => import("./connect_four.js"),
  chess: () => import("./chess.js"),
  battleship: () => import("./battleship.js"),
  "crazy-eights": () => import("./crazy_eights.js"),
  arena: () => import("./arena.js"),
  chat: () => import("./chat.js"),
};

const OPENSPIEL = "openspiel:";

/**
 * The board of a kind.
 *
 * @param {string} kind its name
 */
export function boardOf(kind) {
  if (kind.startsWith(OPENSPIEL)) return import("./openspiel.js");
  // A class of an author's, though it be called Chess, has a name of another kind.
  return Object.hasOwn(BOARDS, kind) ? BOARDS[kind]() : import("./plain.js");
}

/** The board of every game that has none of its own. */
export function plainBoard() {
  return import("./plain.js");
}
