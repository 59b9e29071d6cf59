/** What a token says. Whether it is to be believed is for the server to say. It knows of no page. */

/**
 * @typedef {object} Claims
 * @property {string} player who it is for
 * @property {string[]} audience what it is good for: a game's id, or whoever wants to know who somebody is
 * @property {number} expires in seconds since the epoch; Infinity where it does not say
 * @property {boolean} isSpectator whether it lets one watch, and not play
 */

/**
 * Read a token.
 *
 * @param {string} token
 * @returns {Claims | null} null where it is none
 */
export function claimsOf(token) {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
    const { sub, aud, exp, spectate } = JSON.parse(new TextDecoder().decode(bytes));
    const audience = (Array.isArray(aud) ? aud : [aud]).filter((each) => typeof each === "string");
    if (typeof sub !== "string" || sub === "" || audience.length === 0) return null;
    return { player: sub, audience, expires: typeof exp === "number" ? exp : Infinity, isSpectator: spectate === true };
  } catch {
    return null;
  }
}

/**
 * Whether a token was good once, and is not any more.
 *
 * @param {string | null | undefined} token
 * @param {number} [now] in milliseconds since the epoch
 */
export function hasExpired(token, now = Date.now()) {
  return sinceExpiry(token, now) >= 0;
}

/**
 * How long ago a token expired, in milliseconds: below 0 where it holds still, or for ever.
 *
 * @param {string | null | undefined} token
 * @param {number} [now] in milliseconds since the epoch
 */
export function sinceExpiry(token, now = Date.now()) {
  const claims = typeof token === "string" ? claimsOf(token) : null;
  return claims === null ? -Infinity : now - claims.expires * 1000;
}
