/** Where a game is, as its address says it. */

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

/**
 * @param {string | URL} text where a game is; http will do, and in a page what is relative to it
 * @returns {Address}
 * @throws {TypeError} it is no such address: what is wrong with it, and what would be right
 */
export function addressOf(text) {
  const url = new URL(text, globalThis.location?.href);
  url.protocol = url.protocol.replace(/^http/, "ws");
  url.hash = "";
  // Without its query, in which a token may be.
  const shown = `${url.protocol}//${url.host}${url.pathname}`;
  const right = "write ws://HOST:PORT/GAME, or wss://";
  if (!/^wss?:$/.test(url.protocol)) throw new TypeError(`'${shown}' is no game's address: ${right}`);
  if (/^\/*$/.test(url.pathname)) throw new TypeError(`'${shown}' names no game: ${right}`);
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
