/** The lobby's API, as the page uses it. */

import { LONGEST_NAME } from "./words.js";

/** Who asks: a name, and the token that proves it where the server wants one. */
/** @typedef {{ player: string, token: string | null, gameToken?: string }} Identity `gameToken`: one for a game, which the
 *     lobby does not know */
/** @typedef {{ player: string, url: string, token: string | null }} Place a seat, or a place to watch from */

/**
 * What can be played.
 *
 * @typedef {object} Kind
 * @property {string} name
 * @property {string} title
 * @property {string} description
 * @property {[number, number] | null} seats from and to; null where there are none
 * @property {boolean} can_leave whether a seat can be given up once the game has begun
 * @property {any} options as JSON Schema
 * @property {any} commands as JSON Schema
 * @property {string[]} bots those that can play it
 */

/**
 * A game, as it stands.
 *
 * @typedef {object} Game
 * @property {string} id
 * @property {string} kind
 * @property {any} options
 * @property {boolean} public
 * @property {(string | null)[]} players in the order of the seats, null where one is free
 * @property {number | null} free how many may still come; null where there are no seats
 * @property {boolean} finished
 * @property {number} created in seconds since the epoch
 * @property {string | null} [by] who made it
 */

/** What the request went to was no lobby, or nothing answered. */
const UNREACHABLE = 0;
const TOO_MANY = 429;
const SERVER_ERROR = 500;

/** How long to wait before what got no answer is asked again, in milliseconds. */
const AGAIN = [500, 2000];

export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {{ code?: string, message?: string, retryable?: boolean }} error
   * @param {number | null} retryAfter in seconds
   */
  constructor(status, { code = "failed", message = `the server answered ${status}`, retryable = false }, retryAfter) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryable = retryable;
    this.retryAfter = retryAfter;
  }

  /** Whether it may be otherwise in a moment, though nobody does anything about it. */
  get isPassing() {
    return this.status === UNREACHABLE || this.status === TOO_MANY || this.status >= SERVER_ERROR;
  }
}

export class Lobby {
  #base;

  /** @param {URL} base the address of the page */
  constructor(base) {
    this.#base = base;
  }

  about() {
    return this.#ask("GET", "api");
  }

  /** @returns {Promise<Kind[]>} */
  async kinds() {
    return (await this.#ask("GET", "api/kinds")).kinds;
  }

  /**
   * @param {string | null} name that one would like; null for any
   * @returns {Promise<Identity>}
   */
  guest(name = null) {
    return this.#ask("POST", "api/guests", { body: name === null ? {} : { name } });
  }

  /**
   * The same guest with a new token; or somebody else, where the name is not theirs any more.
   *
   * @param {Identity} who whose token is still good, or has expired
   * @returns {Promise<Identity>}
   */
  renewed(who) {
    // The lobby may have made a longer name of one than can be wished for. Their token says it.
    const body = [...who.player].length > LONGEST_NAME ? {} : { name: who.player };
    return this.#ask("POST", "api/guests", { who, body });
  }

  /**
   * @param {Record<string, string | number>} filter
   * @returns {Promise<{ games: Game[] }>}
   */
  games(filter) {
    return this.#ask("GET", "api/games", { query: filter });
  }

  /**
   * @param {string} id
   * @param {Identity | null} [who]
   * @returns {Promise<Game>}
   */
  game(id, who = null) {
    return this.#ask("GET", `api/games/${encodeURIComponent(id)}`, { who });
  }

  /**
   * @param {Identity} who
   * @param {{ kind: string, options: any, public: boolean, seats?: number }} wanted
   */
  create(who, wanted) {
    return this.#once("api/games", who, wanted);
  }

  /**
   * A game that is over, once more. All who ask for it sit at the same new table.
   *
   * @param {Identity} who
   * @param {string} id
   * @returns {Promise<{ game: Game }>}
   */
  again(who, id) {
    return this.#ask("POST", `api/games/${encodeURIComponent(id)}/again`, { who, body: {} });
  }

  /**
   * @param {Identity} who
   * @param {string} id
   * @returns {Promise<Place>}
   */
  async join(who, id) {
    return (await this.#ask("POST", `api/games/${encodeURIComponent(id)}/join`, { who, body: {} })).seat;
  }

  /**
   * @param {Identity} who
   * @param {string} id
   * @returns {Promise<Place>}
   */
  async watch(who, id) {
    return (await this.#ask("POST", `api/games/${encodeURIComponent(id)}/watch`, { who, body: {} })).seat;
  }

  /**
   * @param {Identity} who
   * @param {string} id
   */
  leave(who, id) {
    return this.#ask("POST", `api/games/${encodeURIComponent(id)}/leave`, { who, body: {} });
  }

  /**
   * @param {Identity} who
   * @param {string} id
   * @param {string} bot
   * @param {string | null} [player] for whom it stands in; null for a free seat
   */
  addBot(who, id, bot, player = null) {
    const body = player === null ? { bot } : { bot, player };
    return this.#once(`api/games/${encodeURIComponent(id)}/bots`, who, body);
  }

  /**
   * @param {Identity} who
   * @param {string} id
   * @param {string} player
   */
  removeBot(who, id, player) {
    return this.#ask("DELETE", `api/games/${encodeURIComponent(id)}/bots/${encodeURIComponent(player)}`, { who });
  }

  /**
   * @param {Identity} who
   * @param {string} id
   */
  invite(who, id) {
    return this.#ask("POST", `api/games/${encodeURIComponent(id)}/invites`, { who, body: {} });
  }

  /**
   * @param {Identity} who
   * @param {string} code
   */
  accept(who, code) {
    return this.#ask("POST", `api/invites/${encodeURIComponent(code)}`, { who, body: {} });
  }

  /**
   * @param {Identity} who
   * @param {{ kind: string, players?: number }} wanted
   */
  match(who, wanted) {
    return this.#once("api/matches", who, wanted);
  }

  /**
   * @param {Identity} who
   * @param {string} ticket
   * @param {AbortSignal} signal
   */
  matched(who, ticket, signal) {
    return this.#ask("GET", `api/matches/${encodeURIComponent(ticket)}`, { who, query: { wait: 25 }, signal });
  }

  /**
   * @param {Identity} who
   * @param {string} ticket
   */
  unmatch(who, ticket) {
    return this.#ask("DELETE", `api/matches/${encodeURIComponent(ticket)}`, { who });
  }

  /**
   * Where the WebSocket of a place is. The lobby tells it from the server's root, which need not be this host's.
   *
   * @param {Place} place
   */
  socketOf(place) {
    const url = new URL(place.url.replace(/^\//, ""), this.#base);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url;
  }

  /**
   * Have something done that is not to be done twice: where the answer is lost, it is asked for again under the same key.
   *
   * @param {string} path
   * @param {Identity} who
   * @param {any} body
   */
  async #once(path, who, body) {
    const key = randomKey();
    for (const pause of AGAIN) {
      try {
        return await this.#ask("POST", path, { who, body, key });
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== UNREACHABLE) throw error;
      }
      await new Promise((go) => setTimeout(go, pause));
    }
    return await this.#ask("POST", path, { who, body, key });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{ who?: Identity | null, body?: any, query?: Record<string, any>, signal?: AbortSignal, key?: string }} [more]
   */
  async #ask(method, path, { who = null, body, query = {}, signal, key } = {}) {
    const url = new URL(path, this.#base);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (key !== undefined) headers["Idempotency-Key"] = key;
    if (who?.token) headers.Authorization = `Bearer ${who.token}`;
    // Where the server asks for no tokens the name is all there is.
    else if (who !== null) headers.Authorization = `Bearer ${encodeURIComponent(who.player)}`;
    let response;
    try {
      response = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(UNREACHABLE, { code: "unreachable", message: "the server does not answer", retryable: true }, null);
    }
    const said = response.status === 204 ? null : await response.json().catch(() => null);
    if (response.ok) return said;
    const retryAfter = Number(response.headers.get("Retry-After"));
    throw new ApiError(response.status, said?.error ?? {}, retryAfter > 0 ? retryAfter : null);
  }
}

/** Not crypto.randomUUID, which is there on https and on this machine only. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
