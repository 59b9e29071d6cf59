/**
 * States out of events: who comes later is told the events from the beginning, and not the states that there were. As far
 * as a board draws them they are made anew here. None of this knows of a page.
 */

/** @typedef {{ event: string, [key: string]: any }} EventFrame */

/**
 * What a game's state was after some events.
 *
 * @typedef {(events: EventFrame[], now: { state: any, player: string | null, players: readonly (string | null)[] }) => any} Rebuild
 */

/** @type {Rebuild} */
export function ticTacToe(events) {
  const board = Array(9).fill(null);
  const marks = events.filter((each) => each.event === "Marked");
  for (const { player, cell } of marks) board[cell] = player;
  return { board, moves: marks.length };
}

/** @type {Rebuild} */
export function connectFour(events, { state, players }) {
  const columns = (state.columns ?? []).map(() => /** @type {string[]} */ ([]));
  const drops = events.filter((each) => each.event === "Dropped");
  for (const { player, column } of drops) columns[column]?.push(player);
  return { columns, height: state.height, turns: { current: players[drops.length % players.length] ?? undefined } };
}

/** @type {Rebuild} */
export function battleship(events, { state }) {
  const placed = events.filter((each) => each.event === "Placed").map(({ player }) => player);
  const hits = Object.fromEntries(placed.map((player) => [player, /** @type {Record<string, boolean>} */ ({})]));
  for (const { event, player, cell, hit } of events) if (event === "Shot" && hits[player] !== undefined) hits[player][cell] = hit;
  const fleets = Object.fromEntries(Object.entries(state.fleets ?? {}).filter(([player]) => placed.includes(player)));
  return { placed, hits, fleets, turns: {} };
}

/** @type {Rebuild} */
export function crazyEights(events, { player }) {
  /** @type {any} */
  const state = { counts: {}, hands: {}, in_stock: 0, turns: {} };
  /** @param {string[]} cards */
  const hand = (cards) => {
    if (player !== null) state.hands[player] = cards;
  };
  for (const each of events) {
    if (each.event === "Hand") hand([...each.cards]);
    else if (each.event === "Drawn") hand([...(state.hands[player ?? ""] ?? []), each.card]);
    else if (each.event === "Dealt") {
      const count = each.players.length === 2 ? 7 : 5;
      state.counts = Object.fromEntries(each.players.map((/** @type {string} */ name) => [name, count]));
      state.in_stock = 51 - count * each.players.length;
      state.top = each.top;
      state.suit = each.top.at(-1);
    } else if (each.event === "Drew") {
      state.counts[each.player] += 1;
      state.in_stock -= 1;
    } else if (each.event === "Played") {
      state.counts[each.player] -= 1;
      state.top = each.card;
      state.suit = each.suit;
      if (each.player === player) hand((state.hands[player ?? ""] ?? []).filter((/** @type {string} */ card) => card !== each.card));
    }
  }
  return state;
}

/** @type {Rebuild} */
export function chess(events, { state, players }) {
  const board = [..."rnbqkbnrpppppppp", ...Array(32).fill(null), ..."PPPPPPPPRNBQKBNR"];
  const moved = events.filter((each) => each.event === "Moved");
  for (const { uci } of moved) moveOn(board, uci);
  const [white, black] = players;
  const seconds = { ...Object.fromEntries(players.map((player) => [player, (state.minutes ?? 0) * 60])) };
  for (const { player, left } of moved) seconds[player] = left;
  return {
    white: white ?? "",
    black: black ?? "",
    fen: `${written(board)} ${moved.length % 2 === 0 ? "w" : "b"}`,
    moves: Object.fromEntries(moved.map(({ uci }, index) => [index + 1, uci])),
    minutes: state.minutes,
    clock: { seconds, running: moved.length % 2 === 0 ? white : black },
  };
}

/** @type {Rebuild} */
export function openSpiel(events) {
  // Of a game in which each sees something else, what one sees is an event. Of the others nobody can tell here.
  const seen = events.findLast((each) => each.event === "Observed");
  return seen === undefined ? null : { observation: seen.observation };
}

/**
 * Move a piece that may move so.
 *
 * @param {(string | null)[]} board from a8 to h1
 * @param {string} uci as in e2e4
 */
function moveOn(board, uci) {
  const [from, to] = [placed(uci.slice(0, 2)), placed(uci.slice(2, 4))];
  const piece = board[from];
  const isTaking = board[to] !== null;
  board[to] = piece;
  board[from] = null;
  const promoted = uci[4];
  if (promoted !== undefined) board[to] = piece === "P" ? promoted.toUpperCase() : promoted;
  // In passing, a pawn is taken from beside.
  const isAslant = from % 8 !== to % 8;
  if ((piece === "P" || piece === "p") && isAslant && !isTaking) board[from - (from % 8) + (to % 8)] = null;
  if ((piece === "K" || piece === "k") && Math.abs(to - from) === 2) {
    const row = from - (from % 8);
    const [corner, beside] = to > from ? [row + 7, to - 1] : [row, to + 1];
    board[beside] = board[corner];
    board[corner] = null;
  }
}

/** @param {string} square */
function placed(square) {
  return (8 - Number(square[1])) * 8 + "abcdefgh".indexOf(square[0]);
}

/** @param {(string | null)[]} board */
function written(board) {
  const rows = Array.from({ length: 8 }, (_, row) => board.slice(row * 8, row * 8 + 8).map((each) => each ?? "1").join(""));
  return rows.join("/");
}
