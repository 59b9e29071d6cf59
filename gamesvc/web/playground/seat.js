/** One seat of this page, or one place to watch from: a connection, and what it has seen. */

import { ApiError } from "./api.js";
import { connect } from "../client/index.js";
import { Cable } from "./line.js";
import { Recorder } from "./recorder.js";
import { soon } from "./dom.js";

/** @typedef {import("./api.js").Identity} Identity */
/** @typedef {any} Game as the client has it */

/**
 * What a board draws.
 *
 * @typedef {object} View
 * @property {any} state what the seat may see; {} where it is shown none
 * @property {any[]} legal what may be done now, each as it can be sent
 * @property {string | null} player whose view it is; null for who watches
 * @property {readonly (string | null)[]} players in the order of the seats
 * @property {readonly string[]} present
 * @property {Record<string, string>} bots
 * @property {boolean} isFinished
 * @property {any} outcome the event with which it ended, if any
 * @property {boolean} isLive whether it is how things stand now; else it is a look back
 * @property {boolean} isOpen whether the line is there
 * @property {import("./recorder.js").Noted[]} events what had happened
 */

/** A board that is looked back at has no room for what may be done. */
const NOTHING_LEGAL = /** @type {any[]} */ ([]);

export class Seat extends EventTarget {
  recorder = new Recorder();
  cable = new Cable((direction, text) => {
    this.recorder.note(direction, text);
    this.dispatchEvent(new Event("note"));
  });
  /** @type {Game | null} */
  game = null;
  /** @type {Error | null} why there is no connection, and will be none */
  failure = null;
  /** Which of the recorder's moments is looked at; null for now. @type {number | null} */
  lookingAt = null;
  isFinished = false;
  /** @type {any} */
  outcome = null;

  /** What is played, as the server said first. @type {string | null} */
  #kind = null;
  #place;
  #waiting = 0;
  #isClosed = false;
  #changed = soon(() => this.dispatchEvent(new Event("change")));

  /**
   * @param {Identity} who
   * @param {boolean} isWatching
   * @param {() => Promise<{ url: URL, token: string | null }>} place asks where to connect, and with what
   */
  constructor(who, isWatching, place) {
    super();
    this.who = who;
    this.isWatching = isWatching;
    this.#place = place;
  }

  /** Sit down. It returns when the server has said welcome; or it is a failure, which is kept. */
  async open() {
    try {
      const { url, token } = await this.#place();
      let isFirst = true;
      const again = async () => {
        if (isFirst) {
          isFirst = false;
          return /** @type {string} */ (token);
        }
        return /** @type {string} */ ((await this.#placeAgain()).token);
      };
      const options = { WebSocket: /** @type {any} */ (this.cable.WebSocket), since: 0 };
      const game = await connect(url, token === null ? options : { ...options, token: again });
      if (this.#isClosed) {
        game.close();
        return;
      }
      this.#follow(game);
    } catch (error) {
      this.failure ??= /** @type {Error} */ (error);
    }
    this.#changed();
  }

  /** Sit down once more, where that has failed. */
  async reopen() {
    this.failure = null;
    this.#changed();
    await this.open();
  }

  /** Get up from here, and leave the seat as it is. */
  close() {
    this.#isClosed = true;
    this.game?.close();
  }

  get name() {
    return this.game?.player ?? this.who.player;
  }

  /** @returns {"connecting" | "open" | "reconnecting" | "closed"} */
  get status() {
    if (this.failure !== null) return "closed";
    return this.game?.status ?? "connecting";
  }

  /** How many commands wait for their replies: those that somebody has sent, and not what the page asks by itself. */
  get waiting() {
    return this.#waiting;
  }

  /**
   * @param {string} command
   * @param {object} [args]
   */
  async send(command, args = {}) {
    if (this.game === null) throw new Error("not connected yet");
    const reply = this.game.send(command, args);
    this.#waiting += 1;
    this.#changed();
    try {
      return await reply;
    } finally {
      this.#waiting -= 1;
      this.#changed();
    }
  }

  /** Ask the server whether it is there: to see how long that takes. */
  async ping() {
    await this.game?.send("gamesvc.ping");
  }

  /** @param {number | null} moment which to look at; null for now */
  look(moment) {
    this.lookingAt = moment !== null && moment < this.recorder.moments.length - 1 ? Math.max(0, moment) : null;
    this.#changed();
  }

  /** How things stand. @returns {View} */
  get now() {
    const { game, recorder, isFinished, outcome } = this;
    const state = game?.state ?? {};
    return {
      player: game?.playing ? game.player : null,
      players: game?.players ?? [],
      present: game?.present ?? [],
      bots: game?.bots ?? {},
      isOpen: this.status === "open",
      state,
      legal: isFinished ? NOTHING_LEGAL : (state.legal ?? NOTHING_LEGAL),
      isFinished,
      outcome,
      isLive: true,
      events: recorder.events,
    };
  }

  /** What is looked at: how things stand, or how they stood. @returns {View} */
  get view() {
    const { now, recorder } = this;
    const moment = this.lookingAt === null ? undefined : recorder.moments[this.lookingAt];
    if (moment === undefined) return now;
    const { state, players } = moment;
    const events = recorder.eventsAt(moment);
    return { ...now, state: state ?? {}, legal: NOTHING_LEGAL, players, isFinished: false, outcome: null, isLive: false, events };
  }

  /** @param {Game} game */
  #follow(game) {
    this.game = game;
    this.#welcomed(game);
    if (game.state !== null) this.recorder.show(game.state, game.players);
    game.on("welcome", () => {
      this.recorder.resend(this.#waiting);
      this.#welcomed(game);
    });
    game.on("state", (/** @type {any} */ state) => {
      this.recorder.show(state, game.players);
      this.#changed();
    });
    game.on("event", (/** @type {any} */ event) => {
      if (event.event === "gamesvc.finished") this.#end(event.outcome ?? null);
      this.dispatchEvent(new CustomEvent("event", { detail: event }));
      this.#changed();
    });
    game.on("status", (/** @type {string} */ status) => {
      if (status === "closed" && !this.#isClosed) this.failure ??= game.error;
      this.#changed();
    });
    for (const name of ["gamesvc.away", "gamesvc.back"]) game.on(name, () => this.#changed());
  }

  /** @param {Game} game */
  #welcomed(game) {
    const { kind, finished, outcome } = game.welcome;
    // A server that keeps games in memory knows nothing of them when it has started anew, and makes another one.
    if (this.#kind !== null && this.#kind !== kind) {
      this.#fail(new Error("the server has started anew, and this game is gone"));
      return;
    }
    this.#kind = kind;
    if (finished) this.#end(outcome ?? null);
    else this.isFinished = false;
    this.#changed();
  }

  /** @param {any} outcome the event with which it ended, if any */
  #end(outcome) {
    this.isFinished = true;
    this.outcome = outcome;
    this.#changed();
  }

  /** Ask where to connect once more. What will not be otherwise next time ends it here. */
  async #placeAgain() {
    try {
      return await this.#place();
    } catch (error) {
      const isPassing = error instanceof ApiError && error.isPassing;
      if (!isPassing && /** @type {any} */ (error).retryable !== true) this.#fail(/** @type {Error} */ (error));
      throw error;
    }
  }

  /** @param {Error} why there will be no connection any more */
  #fail(why) {
    this.failure = why;
    this.game?.close();
    this.#changed();
  }
}
