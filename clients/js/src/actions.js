/** What a session wants done. Whoever has the line does it, in the order in which it stands. There are only types here. */

/** @typedef {import("./error.js").GameError} GameError */
/** @typedef {import("./mirror.js").EventFrame} EventFrame */
/** @typedef {"connecting" | "open" | "reconnecting" | "closed"} Status */

/** @typedef {{ do: "transmit", text: string }} Transmit */
/** @typedef {{ do: "resolve", id: string, result: any }} Resolve */
/** @typedef {{ do: "reject", id: string, error: GameError }} Reject */

/**
 * What is to be done. `connect`: open a line, with these in the address; `renew`: ask for a token first. `disconnect`:
 * end the line, and tell nothing more of it; the code is null where it is dead or has gone wrong. `lost`: there is no
 * line any more, or none came to be, and there will be another one; the error says why.
 *
 * @typedef {(
 *   | { do: "connect", query: Record<string, string>, renew: boolean }
 *   | { do: "disconnect", code: number | null }
 *   | Transmit
 *   | Resolve
 *   | Reject
 *   | { do: "welcome", welcome: EventFrame }
 *   | { do: "event", event: EventFrame }
 *   | { do: "state", state: any }
 *   | { do: "lost", error: GameError }
 *   | { do: "status", status: Status, error: GameError | null }
 * )} Action
 */

export {};
