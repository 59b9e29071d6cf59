/** What a client's user can read of the game: always the newest that came. */
export class Known {
  #session;

  /** @param {import("./session.js").Session} session */
  constructor(session) {
    this.#session = session;
  }

  /** `connecting`, `open`, `reconnecting` or `closed`. */
  get status() {
    return this.#session.status;
  }

  /** Why it is closed; null while it is not. */
  get error() {
    return this.#session.error;
  }

  /** What we may see of the game's state; null where that is not known. */
  get state() {
    return this.#session.mirror.state;
  }

  /** The last welcome: who we are, what is played, and how it stood then. */
  get welcome() {
    return this.#session.mirror.welcome;
  }

  /** Our name. */
  get player() {
    return this.welcome?.player ?? null;
  }

  /** Whether our commands are accepted; a spectator's are not. */
  get playing() {
    return this.welcome?.playing ?? false;
  }

  /** The players in the order of their seats, null where one is free. */
  get players() {
    return this.#session.mirror.players;
  }

  /** The players who are connected. */
  get present() {
    return this.#session.mirror.present;
  }

  /** The bots that play, by the player for whom they do. */
  get bots() {
    return this.#session.mirror.bots;
  }

  /** Whether the game is over. */
  get finished() {
    return this.#session.mirror.finished;
  }

  /** The event with which the game ended, without its number; null where it is not over, or ended with none. */
  get outcome() {
    return this.#session.mirror.outcome;
  }

  /** Which history `seq` counts. */
  get epoch() {
    return this.#session.mirror.epoch;
  }

  /** The number of the last event that we have seen. */
  get seq() {
    return this.#session.mirror.seq;
  }

  /** How many commands have no reply yet. */
  get waiting() {
    return this.#session.waiting;
  }
}
