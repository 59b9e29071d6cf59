/**
 * What a client knows of its game: where it stands in the events, who plays and is there, the state, and the end. Kept
 * by welcomes and by events.
 *
 * Nothing in it is changed in place: what has changed is another object than before, and what has not is the same one.
 * So a page can tell by identity what it has to draw anew.
 */

/** @typedef {{ event: string, [key: string]: any }} EventFrame */

/** What came does not follow from what was there before: something was lost on the way, or came to be otherwise. */
export class OutOfStep extends Error {}

export class Mirror {
  /** @type {string | null} which history `seq` counts */
  epoch;
  /** @type {number | null} the number of the last event that was seen */
  seq;
  /** @type {any} what we may see of the game's state; null where that is not known */
  state = null;
  /** @type {EventFrame | null} the last one */
  welcome = null;
  /** @type {(string | null)[]} in the order of the seats, null where one is free */
  players = [];
  /** @type {string[]} the players who are connected */
  present = [];
  /** @type {Record<string, string>} the bots that play, by the player for whom they do */
  bots = {};
  /** Whether the game is over. */
  finished = false;
  /** @type {EventFrame | null} the event with which it ended, without its number; null where it ended with none */
  outcome = null;

  /**
   * @param {string | null} epoch which history `since` is of
   * @param {number | null} since the last event that was seen: 0 for the whole history, null for none of it
   */
  constructor(epoch, since) {
    this.epoch = epoch;
    this.seq = since;
  }

  /** What to say when one comes back. @returns {Record<string, string>} */
  get place() {
    return {
      ...(this.epoch === null ? {} : { epoch: this.epoch }),
      ...(this.seq === null ? {} : { since: `${this.seq}` }),
    };
  }

  /**
   * Begin anew, or where one was.
   *
   * @param {EventFrame} welcome
   * @returns {boolean} whether it has a state
   * @throws {OutOfStep} it is none
   */
  takeWelcome(welcome) {
    checkWelcome(welcome);
    this.players = [...welcome.players];
    this.present = [...welcome.present];
    this.bots = { ...welcome.bots };
    this.finished = welcome.finished ?? false;
    this.outcome = welcome.outcome ?? null;
    this.welcome = welcome;
    this.epoch = welcome.epoch;
    if (!welcome.resumed) {
      this.seq = welcome.seq;
      this.state = null;
    } else this.seq ??= 0;
    const hasState = welcome.state !== undefined;
    if (hasState) this.state = welcome.state;
    return hasState;
  }

  /**
   * Take an event that is no welcome, and nothing of the state.
   *
   * @param {EventFrame} event
   * @returns {boolean} whether it is a new one
   * @throws {OutOfStep} others are missing before it, or it is not as it should be
   */
  takeEvent(event) {
    if (event.seq === undefined || event.seq === null) {
      this.#follow(event);
      return true;
    }
    const last = /** @type {number} */ (this.seq);
    check(Number.isInteger(event.seq), "a number came that is none");
    if (event.seq <= last) return false;
    check(event.seq === last + 1, `event ${event.seq} came after event ${last}`);
    // What was missed is in the welcome already, together with what came after it.
    if (event.seq > this.welcome?.seq) this.#follow(event);
    // One that can't be followed was not seen.
    this.seq = event.seq;
    return true;
  }

  /**
   * @param {any} state in place of the one that was known, if any
   * @throws {OutOfStep} it is none
   */
  takeState(state) {
    check(isObject(state), "a state came that is none");
    this.state = state;
  }

  /**
   * @param {any} patch how the state has changed
   * @throws {OutOfStep} it is not known what it was, or this is no patch
   */
  takePatch(patch) {
    check(isObject(patch), "a patch came that is none");
    check(this.state !== null, "a patch came, and no state before it");
    this.state = merged(this.state, patch);
  }

  /** @param {EventFrame} event may say who is there, or that the game is over */
  #follow({ event, player, seat, bot = null, outcome = null }) {
    if (event === "gamesvc.finished") {
      check(outcome === null || isObject(outcome), "an outcome came that is none");
      this.finished = true;
      this.outcome = outcome;
    }
    if (!NEWS.has(event)) return;
    const isWhole = typeof player === "string" && (bot === null || typeof bot === "string");
    check(isWhole, `${event} does not say of whom it is`);
    if (event === "gamesvc.joined") {
      this.#seat(seat, player);
      this.#show(player);
    } else if (event === "gamesvc.left") {
      this.#seat(seat, null);
      this.#hide(player);
      this.#play(player, null);
    } else if (event === "gamesvc.back") this.#show(player);
    else if (event === "gamesvc.away") this.#hide(player);
    else if (event === "gamesvc.bot") this.#play(player, bot);
  }

  /**
   * @param {number} seat counted from 0
   * @param {string | null} player who has it now
   */
  #seat(seat, player) {
    check(Number.isInteger(seat) && seat in this.players, `there is no seat ${seat}`);
    this.players = this.players.map((each, number) => (number === seat ? player : each));
  }

  /** @param {string} player */
  #show(player) {
    if (!this.present.includes(player)) this.present = [...this.present, player];
  }

  /** @param {string} player */
  #hide(player) {
    if (this.present.includes(player)) this.present = this.present.filter((each) => each !== player);
  }

  /**
   * @param {string} player for whom
   * @param {string | null} bot null where none does any more
   */
  #play(player, bot) {
    this.bots = merged(this.bots, Object.fromEntries([[player, bot]]));
  }
}

const NEWS = new Set(["joined", "left", "away", "back", "bot"].map((name) => `gamesvc.${name}`));

/**
 * @param {boolean} isSo
 * @param {string} else_ what is wrong where it is not
 */
function check(isSo, else_) {
  if (!isSo) throw new OutOfStep(else_);
}

/** @param {EventFrame} welcome */
function checkWelcome({ epoch, seq, resumed, player, players, present, bots, state, finished, outcome }) {
  const isName = (/** @type {any} */ each) => typeof each === "string";
  check(
    isName(epoch) &&
      Number.isInteger(seq) &&
      typeof resumed === "boolean" &&
      isName(player) &&
      Array.isArray(players) &&
      players.every((each) => each === null || isName(each)) &&
      Array.isArray(present) &&
      present.every(isName) &&
      (bots === undefined || (isObject(bots) && Object.values(bots).every(isName))) &&
      (state === undefined || isObject(state)) &&
      (finished === undefined || typeof finished === "boolean") &&
      (outcome === undefined || outcome === null || isObject(outcome)),
    "a welcome came that is none",
  );
}

/**
 * What a JSON Merge Patch (RFC 7396) makes of a value.
 *
 * @param {any} value stays as it is
 * @param {any} patch how it changes
 * @returns {any} the other one, which shares with the first what is the same
 */
export function merged(value, patch) {
  if (!isObject(patch)) return patch;
  // By way of a map, as a player may be called "__proto__", and names are keys.
  const members = new Map(isObject(value) ? Object.entries(value) : []);
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) members.delete(name);
    else members.set(name, merged(members.get(name), change));
  }
  return Object.fromEntries(members);
}

/** @param {any} value */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
