/** What the page remembers: who one is, in this browser; and where one sits, in this tab. */

/** @typedef {import("./api.js").Identity} Identity */

/** @typedef {{ do: "sit", who: Identity } | { do: "bot", bot: string } | { do: "watch", who: Identity }} Step */

/**
 * Where one sits at a table, and what is still to be done there.
 *
 * @typedef {object} Sitting
 * @property {{ who: Identity, isWatching: boolean }[]} here
 * @property {Step[]} steps
 */

const ME = "gamesvc.me";
const THEME = "gamesvc.theme";
const SITTING = "gamesvc.sitting.";
const FOLDED = "gamesvc.folded";
const SEATED = "gamesvc.seated";
const MOST_SEATED = 64;

/** @returns {Identity | null} */
export function me() {
  return read(localStorage, ME);
}

/** @param {Identity | null} who */
export function keepMe(who) {
  write(localStorage, ME, who);
}

/** @returns {"light" | "dark" | null} null where the system is to say */
export function theme() {
  return read(localStorage, THEME);
}

/** @param {"light" | "dark" | null} which */
export function keepTheme(which) {
  write(localStorage, THEME, which);
}

/** @returns {boolean | null} whether the wire's panel is folded */
export function folded() {
  return read(localStorage, FOLDED);
}

/** @param {boolean} isFolded */
export function keepFolded(isFolded) {
  write(localStorage, FOLDED, isFolded);
}

/**
 * @param {string} game its id
 * @returns {Sitting}
 */
export function sitting(game) {
  return read(sessionStorage, SITTING + game) ?? { here: [], steps: [] };
}

/**
 * @param {string} game its id
 * @param {Sitting} how
 */
export function keepSitting(game, how) {
  write(sessionStorage, SITTING + game, how);
}

/**
 * Whether somebody has sat down at a table, in any window of this browser.
 *
 * @param {string} game its id
 * @param {string} player
 */
export function hasSeat(game, player) {
  return seated().includes(seatKey(game, player));
}

/**
 * @param {string} game its id
 * @param {string} player who has sat down
 */
export function keepSeated(game, player) {
  const key = seatKey(game, player);
  write(localStorage, SEATED, [...seated().filter((each) => each !== key), key].slice(-MOST_SEATED));
}

/** @returns {string[]} the newest last */
function seated() {
  return read(localStorage, SEATED) ?? [];
}

/**
 * @param {string} game its id
 * @param {string} player
 */
function seatKey(game, player) {
  return JSON.stringify([game, player]);
}

// A browser may forbid it, or have no room: then the page forgets.

/**
 * @param {Storage} where
 * @param {string} name
 */
function read(where, name) {
  try {
    return JSON.parse(where.getItem(name) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {Storage} where
 * @param {string} name
 * @param {any} value null: nothing any more
 */
function write(where, name, value) {
  try {
    if (value === null) where.removeItem(name);
    else where.setItem(name, JSON.stringify(value));
  } catch {
    // As above.
  }
}
