/** Where a game is, as its address says it. */
import { kindOf } from "./options.js";

/**
 * What an address says: where to connect, and what of its query is for the session.
 *
 * @typedef {object} Address
 * @property {URL} url for a WebSocket
 * @property {boolean} isNamed whether it says who comes
 * @property {boolean | undefined} state whether to keep the state, where it says so
 * @property {string | undefined} epoch which history `since` is of
 * @property {number | undefined} since the last event that was seen
 */

const RIGHT = "write ws://HOST:PORT/GAME, or wss://";
const MOST_SHOWN = 200;
/** In what of a page's address comes behind the `#`: which game it shows. */
const PAGE_OF_A_GAME = /^#\/g(\/[^/?&]+)/;

/**
 * @param {string | URL} text where a game is; http will do, and in a page what is relative to it
 * @returns {Address}
 * @throws {TypeError} it is no such address: what is wrong with it, and what would be right
 */
export function addressOf(text) {
  if (typeof text !== "string" && typeof text?.href !== "string") {
    throw new TypeError(`a game's address is a text or a URL, and not ${kindOf(text)}: ${RIGHT}`);
  }
  const given = `${text}`;
  const shown = shownOf(given);
  const url = parsed(given, globalThis.location?.href);
  if (url === null || !/^(ws|http)s?:$/.test(url.protocol)) {
    throw new TypeError(`'${shown}' is no game's address: ${RIGHT}${hintFor(given, shown)}`);
  }
  url.protocol = url.protocol.replace(/^http/, "ws");
  if (/^\/*$/.test(url.pathname)) {
    const game = PAGE_OF_A_GAME.exec(url.hash)?.[1];
    const hint = game === undefined ? "" : ` (it is a page's, so try ${url.protocol}//${url.host}${game})`;
    throw new TypeError(`'${shown}' names no game: ${RIGHT}${hint}`);
  }
  url.hash = "";
  const names = [...url.searchParams.keys()];
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) throw new TypeError(`the address '${shown}' gives '${twice}' twice: give it once`);
  const { player, state, epoch, since } = Object.fromEntries(url.searchParams);
  if (since !== undefined && !/^\d{1,15}$/.test(since)) {
    const known = "write since=0 for the whole history, or the number of the last event that was seen";
    throw new TypeError(`'since' in the address is '${since.slice(0, 18)}', and no event's number: ${known}`);
  }
  for (const name of ["state", "epoch", "since"]) url.searchParams.delete(name);
  return {
    url,
    isNamed: player !== undefined,
    state: state === undefined ? undefined : state === "1" || state === "true",
    epoch,
    since: since === undefined ? undefined : Number(since),
  };
}

/**
 * As it was given, without what may be secret: a password, the query, and what comes behind a `#`.
 *
 * @param {string} given
 */
function shownOf(given) {
  const [bare] = given.split(/[?#]/, 1);
  return bare.replace(/^((?:[a-z][\w+.-]*:)?[\\/]+)?.*@/is, "$1").slice(0, MOST_SHOWN);
}

/**
 * @param {string} text
 * @param {string} [base] where there is one: that to which it is relative
 * @returns {URL | null} null where it can't be read
 */
function parsed(text, base) {
  try {
    return new URL(text, base);
  } catch {
    // What is thrown has all of it, with the secrets.
    return null;
  }
}

/**
 * What to try, where `ws://` seems to be all that is missing.
 *
 * @param {string} given
 * @param {string} shown
 */
function hintFor(given, shown) {
  if (/^\w*:?[\\/]/.test(given)) return "";
  const url = parsed(`ws://${shown}`);
  const isMeant = url !== null && !/^\/*$/.test(url.pathname);
  return isMeant ? ` (it does not begin with ws://, so try ws://${shown})` : "";
}
