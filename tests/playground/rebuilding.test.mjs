import assert from "node:assert/strict";
import { test } from "node:test";
import * as rebuilding from "../../gamesvc/web/playground/boards/rebuilding.js";

const PLAYERS = ["ann", "bob"];
const now = (state = {}, player = "ann") => ({ state, player, players: PLAYERS });
const moved = (...moves) => moves.map((uci, index) => ({ event: "Moved", player: PLAYERS[index % 2], uci, san: "", left: 600 - index }));
const fen = (...moves) => rebuilding.chess(moved(...moves), now({ minutes: 10 })).fen;

test("tic-tac-toe", () => {
  const events = [{ event: "gamesvc.joined", player: "ann" }, { event: "Marked", player: "ann", cell: 4 }, { event: "Marked", player: "bob", cell: 0 }];
  const { board, moves } = rebuilding.ticTacToe(events, now());
  assert.deepEqual([board[4], board[0], board[1], moves], ["ann", "bob", null, 2]);
});

test("connect four", () => {
  const events = [["ann", 1], ["bob", 1], ["ann", 0]].map(([player, column]) => ({ event: "Dropped", player, column }));
  const { columns, height, turns } = rebuilding.connectFour(events, now({ columns: [["x"], ["y"], []], height: 6 }));
  assert.deepEqual([columns, height, turns.current], [[["ann"], ["ann", "bob"], []], 6, "bob"]);
});

test("chess: as it begins, and the first moves", () => {
  assert.equal(fen(), "rnbqkbnr/pppppppp/11111111/11111111/11111111/11111111/PPPPPPPP/RNBQKBNR w");
  assert.equal(fen("e2e4"), "rnbqkbnr/pppppppp/11111111/11111111/1111P111/11111111/PPPP1PPP/RNBQKBNR b");
});

test("chess: castling to both sides", () => {
  assert.match(fen("e2e4", "d7d5", "g1f3", "b8c6", "f1c4", "c8f5", "e1g1", "d8d6", "a2a3", "e8c8"), /^11kr1bnr\/.*\/RNBQ1RK1 w$/);
});

test("chess: a pawn is taken in passing, and one is promoted", () => {
  assert.match(fen("e2e4", "a7a6", "e4e5", "d7d5", "e5d6"), /^rnbqkbnr\/1pp1pppp\/p11P1111\/11111111\//);
  assert.match(fen("e2e4", "a7a6", "e4e5", "d7d5", "e5d6", "a6a5", "d6c7", "a5a4", "c7b8n"), /^rNbqkbnr\//);
});

test("chess: clocks", () => {
  const { clock } = rebuilding.chess(moved("e2e4"), now({ minutes: 10 }));
  assert.deepEqual(clock, { seconds: { ann: 600, bob: 600 }, running: "bob" });
});

test("battleship: one's own fleet is shown from when it was placed", () => {
  const fleets = { ann: [{ name: "destroyer", cell: "A1", across: true }] };
  const placed = [{ event: "Placed", player: "bob" }];
  assert.deepEqual(rebuilding.battleship(placed, now({ fleets })).fleets, {});
  const events = [...placed, { event: "Placed", player: "ann" }, { event: "Shot", player: "ann", cell: "C3", hit: true, sunk: null }];
  const state = rebuilding.battleship(events, now({ fleets }));
  assert.deepEqual([state.fleets, state.hits], [fleets, { bob: {}, ann: { C3: true } }]);
});

test("crazy eights: the hand, and how many cards the others have", () => {
  const events = [
    { event: "Hand", cards: ["2C", "8D"] },
    { event: "Dealt", players: PLAYERS, top: "3C" },
    { event: "Played", player: "ann", card: "2C", suit: "C" },
    { event: "Drew", player: "bob" },
    { event: "Drew", player: "ann" },
    { event: "Drawn", card: "KH" },
  ];
  const state = rebuilding.crazyEights(events, now());
  assert.deepEqual(state.hands, { ann: ["8D", "KH"] });
  assert.deepEqual([state.counts, state.top, state.suit, state.in_stock], [{ ann: 7, bob: 8 }, "2C", "C", 35]);
  assert.deepEqual(rebuilding.crazyEights(events.slice(1, 4), now({}, null)).hands, {});
});

test("OpenSpiel: where each sees something else, and not where it can't be told", () => {
  assert.deepEqual(rebuilding.openSpiel([{ event: "Observed", observation: "2" }], now()), { observation: "2" });
  assert.equal(rebuilding.openSpiel([{ event: "Acted", player: "ann", action: 1 }], now()), null);
});
