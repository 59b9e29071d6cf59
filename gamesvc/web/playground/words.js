/** Small texts that several parts of the page need. It knows of no page. */

/**
 * How long ago something was, as people say it.
 *
 * @param {number} seconds
 */
export function ago(seconds) {
  if (seconds < 45) return "just now";
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.round(hours / 24)} days ago`;
}

/**
 * How many there are of something.
 *
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function counted(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/**
 * How many can play.
 *
 * @param {[number, number] | null} seats
 */
export function seatsWorded(seats) {
  if (seats === null) return "Come and go";
  const [least, most] = seats;
  if (most === 1) return "Solo";
  return least === most ? `${least} players` : `${least} to ${most} players`;
}

/**
 * A number that is always the same for a text.
 *
 * @param {string} text
 */
export function hashed(text) {
  let hash = 2166136261;
  for (const character of text) hash = Math.imul(hash ^ /** @type {number} */ (character.codePointAt(0)), 16777619);
  return hash >>> 0;
}

const OPENSPIEL = "openspiel:";

/**
 * What a kind of game is called.
 *
 * @param {string} kind its name
 */
export function kindTitle(kind) {
  const name = kind.startsWith(OPENSPIEL) ? kind.slice(OPENSPIEL.length) : kind;
  const [, stem = name, rest = ""] = /^([^(]*)\(?(.*?)\)?$/.exec(name) ?? [];
  const words = stem.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/[_\-\s]+/g, " ").trim();
  const title = words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
  return rest === "" ? title : `${title} (${rest.replaceAll("_", " ").replaceAll("=", " ").replaceAll(",", ", ")})`;
}

/**
 * What a kind of game is, in a sentence or two.
 *
 * @param {{ name: string, title?: string, description?: string } | null} kind as the lobby describes it
 */
export function kindSays(kind) {
  const parts = [kind?.title ?? "", kind?.description ?? ""].filter((each) => each !== "" && each !== kind?.name);
  return parts.join(" ").replace(/\s+/g, " ").replaceAll("`", "");
}

const FIRST_NAMES = ["Ada", "Bo", "Cleo", "Dara", "Eli", "Fay", "Gus", "Hana", "Ivo", "Juno", "Kit", "Lou", "Mika", "Nell", "Otis", "Pia"];
const MORE_NAMES = ["Quin", "Remy", "Suki", "Tove", "Uma", "Vito", "Wren", "Xan", "Yara", "Zeno", "Alma", "Bela", "Cy", "Dot", "Enzo", "Flo"];

/**
 * A name for who does not say theirs.
 *
 * @param {() => number} [random] from 0 up to 1
 */
export function anyName(random = Math.random) {
  const names = [...FIRST_NAMES, ...MORE_NAMES];
  return names[Math.floor(random() * names.length)];
}

/** How many colours there are for players. */
export const COLOURS = 6;

/**
 * The class that gives a player their colour: by their seat, and by their name where there are no seats.
 *
 * @param {string | null | undefined} player
 * @param {readonly (string | null)[]} players
 */
export function colourOf(player, players) {
  if (player === null || player === undefined || player === "") return "seat-none";
  const seat = players.indexOf(player);
  return `seat-${(seat === -1 ? hashed(player) : seat) % COLOURS}`;
}

/**
 * Seconds as a clock shows them.
 *
 * @param {number} seconds
 */
export function clocked(seconds) {
  const left = Math.max(0, seconds);
  const whole = Math.floor(left);
  const minutes = Math.floor(whole / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}`;
  return left < 20 ? `${minutes}:${pad(whole % 60)}.${Math.floor((left * 10) % 10)}` : `${minutes}:${pad(whole % 60)}`;
}

/** @param {number} value */
function pad(value) {
  return String(value).padStart(2, "0");
}

/** How long a name may be that somebody gives themselves. */
export const LONGEST_NAME = 32;

/**
 * What an error says, as a sentence of its own.
 *
 * @param {string} text
 */
export function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return begun === "" || /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
