/** Why a command came to nothing, or a session to its end. */

/** With what the lines of a stack begin where `Error.captureStackTrace` comes from. */
const FRAME = "\n    at ";

/**
 * A command was refused, or could not be sent; or the session is over.
 *
 * `code` is for programs: one of the server's, or of the game's own; the name of a close code, such as `replaced`; or
 * one of the client's: `closed`, `unreachable`, `too_many_waiting`, `message_too_big`. `message` is for people.
 */
export class GameError extends Error {
  /** @type {string | undefined} the name of the command that was refused; missing where the session is over */
  command;

  /**
   * @param {string} code for programs
   * @param {string} message for people
   * @param {boolean} [retryable] whether the same command can succeed later
   */
  constructor(code, message, retryable = false) {
    super(message);
    this.name = "GameError";
    this.code = code;
    this.retryable = retryable;
  }
}

/**
 * Have the refusal of a command say which, and its stack where it was sent: what else is in it, is only of the client.
 *
 * @param {GameError} error of this one alone
 * @param {string} command its name
 * @param {{ stack?: string }} site as `Error.captureStackTrace` has left it
 */
export function refusedAt(error, command, { stack }) {
  error.command = command;
  if (typeof stack !== "string") return;
  const start = stack.indexOf(FRAME);
  if (start !== -1) error.stack = `${error.name}: ${error.message}${stack.slice(start)}`;
}

/** @type {Record<number, string>} with which a server sends us away for good; 4403 and 4410 are for later versions */
const CLOSE_NAMES = { 4401: "token_expired", 4403: "revoked", 4409: "replaced", 4410: "game_over" };

/**
 * The end of a session whose line was closed with a code that says: do not come back.
 *
 * @param {number} code
 * @param {string} reason for people
 */
export function closedWith(code, reason) {
  return new GameError(CLOSE_NAMES[code] ?? `closed_${code}`, reason || `the server closed with ${code}`);
}

/**
 * The end of a session that was not let in.
 *
 * @param {number} status of HTTP
 * @param {string} code the one in the answer's body; empty where there was none
 * @param {string} message the one in the answer's body
 */
export function refusedWith(status, code, message) {
  const unsaid = `the server answered with HTTP status ${status}`;
  return new GameError(code || `http_${status}`, message || unsaid);
}

/** @param {string} reason for people */
export function unreachable(reason) {
  return new GameError("unreachable", reason);
}
