/** The options with which one connects: what is none of them is told, rather than dropped. */

const KNOWN = ["token", "WebSocket", "state", "epoch", "since", "tries", "backoff"];
/** What other clients have as options, and this one in the address. */
const IN_ADDRESS = new Map([["player", "?player=NAME"], ["spectate", "?spectate=1"]]);
/** How many letters may be wrong in a name that is still known again. */
const MOST_WRONG = 2;
const MOST_CHARACTERS = 40;

/**
 * @param {unknown} options
 * @returns {any} the same
 * @throws {TypeError} these are none, or there is one that is none; values are not repeated
 */
export function checkedOptions(options) {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`options are an object, such as { token: "eyJhbGci..." }, and not ${kindOf(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (KNOWN.includes(name)) continue;
    throw new TypeError(`there is no option '${name.slice(0, MOST_CHARACTERS)}': ${hintFor(name)}`);
  }
  return options;
}

/**
 * What something is instead, without saying it.
 *
 * @param {unknown} value
 */
export function kindOf(value) {
  if (value === null || value === undefined) return `${value}`;
  return Array.isArray(value) ? "an array" : `of type ${typeof value}`;
}

/** @param {string} name */
function hintFor(name) {
  const written = IN_ADDRESS.get(name);
  if (written !== undefined) return `write it into the address, ${written}`;
  const all = `there are ${KNOWN.join(", ")}`;
  if (name.length > MOST_CHARACTERS) return all;
  const distances = KNOWN.map((known) => distance(name.toLowerCase(), known.toLowerCase()));
  const least = Math.min(...distances);
  return least <= MOST_WRONG ? `did you mean '${KNOWN[distances.indexOf(least)]}'?` : all;
}

/**
 * How many letters have to be changed, put in or left out for the one to be the other.
 *
 * @param {string} one
 * @param {string} other
 */
function distance(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, place) => place);
  for (const [line, letter] of [...one].entries()) {
    const next = [line + 1];
    for (let place = 1; place < row.length; place += 1) {
      const changed = row[place - 1] + (letter === other[place - 1] ? 0 : 1);
      next.push(Math.min(changed, row[place] + 1, next[place - 1] + 1));
    }
    row = next;
  }
  return row[other.length];
}
