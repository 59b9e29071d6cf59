/** How a seat stands, in a few words: whose turn it is, and what became of its line. It knows of no page. */

import { counted } from "./words.js";

/**
 * Whose turn it is, or for whom the game waits; empty where that is not known.
 *
 * @param {Pick<import("./seat.js").View, "state" | "legal" | "player" | "players" | "isLive" | "isFinished">} view
 * @param {number} [least] how many players it needs
 */
export function turnOf({ state, legal, player, players, isLive, isFinished }, least = players.length) {
  if (!isLive || isFinished) return "";
  if (legal.length > 0) return "your turn";
  // As the games that ship, and OpenSpiel's, say whose turn it is.
  const toMove = Array.isArray(state.to_move) ? state.to_move.join(" and ") : undefined;
  const current = state.turns?.current ?? state.clock?.running ?? toMove;
  if (typeof current === "string" && current !== "") return current === player ? "" : `${current}'s turn`;
  const missing = least - players.filter((each) => each !== null).length;
  if (missing > 0) return `waiting for ${counted(missing, "player")}`;
  const others = players.filter((each) => each !== player && each !== null);
  return player !== null && state.legal !== undefined && others.length === 1 ? `waiting for ${others[0]}` : "";
}

/**
 * What happened when the line came back.
 *
 * @param {import("./recorder.js").Return} how
 */
export function returned({ resumed, from, to, kept }) {
  const missed = to - from;
  const sent = kept > 0 ? `; ${counted(kept, "command")} that waited ${kept === 1 ? "is" : "are"} sent` : "";
  if (!resumed) return `Back, with the state anew${sent}.`;
  return `Resumed at #${from}: ${missed > 0 ? `${counted(missed, "missed event")} told` : "nothing was missed"}${sent}.`;
}

/**
 * What the button does that takes a seat from the page: one stops watching, gives the seat up, has to stay, or puts away
 * what is nobody's seat any more, or can't be reached.
 *
 * @param {Pick<import("./seat.js").View, "player" | "players" | "isFinished" | "isOpen">} now
 * @param {boolean} isWatching
 * @param {boolean} keepsPlayers whether nobody can give their seat up, as things stand
 * @returns {"stop" | "give-up" | "stay" | "put-away"}
 */
export function partingOf({ player, players, isFinished, isOpen }, isWatching, keepsPlayers) {
  if (isWatching) return "stop";
  if (player === null || !players.includes(player) || isFinished || !isOpen) return "put-away";
  return keepsPlayers ? "stay" : "give-up";
}

/**
 * Whether a bot has a seat of its own; else it stands in for the player who has it.
 *
 * @param {string} player for whom it plays
 */
export function hasOwnSeat(player) {
  // As the server calls them.
  return player.startsWith("bot-");
}
