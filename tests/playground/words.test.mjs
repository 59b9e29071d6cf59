import assert from "node:assert/strict";
import { test } from "node:test";
import { cellsOf, fits, FLEET, randomFleet } from "../../gamesvc/web/playground/boards/fleet.js";
import { told, worded } from "../../gamesvc/web/playground/outcome.js";
import { ago, anyName, clocked, colourOf, counted, kindSays, kindTitle, seatsWorded, sentence } from "../../gamesvc/web/playground/words.js";

const PLAYERS = ["ann", "bob"];

test("how a game came out, from each side", () => {
  const tone = (outcome, me) => told(outcome, PLAYERS, me).tone;
  assert.deepEqual([tone({ winner: "ann" }, "ann"), tone({ winner: "ann" }, "bob"), tone({ winner: "ann" }, null)], ["won", "lost", "over"]);
  assert.equal(tone({ winner: null }, "ann"), "draw");
  assert.equal(tone({ winners: ["bob"] }, "bob"), "won");
  assert.equal(tone({ returns: { ann: -1, bob: 1 } }, "ann"), "lost");
  assert.equal(tone({ returns: { ann: 0, bob: 0 } }, "ann"), "draw");
  assert.equal(tone({}, "ann"), "over");
  assert.equal(tone(null, "ann"), "over");
  assert.equal(told({ returns: { ann: 12 } }, ["ann"], "ann").tone, "over");
});

test("it is said in words", () => {
  assert.equal(told({ winner: "ann" }, PLAYERS, "ann").headline, "You win");
  assert.equal(told({ winner: "ann" }, PLAYERS, "bob").headline, "ann wins");
  assert.equal(told({ winners: ["ann", "bob"] }, [...PLAYERS, "eve"], null).headline, "ann and bob win");
  assert.equal(told({ score: "1-0", winner: "ann", reason: "time_vs_all" }, PLAYERS, null).detail, "1-0 · time vs all");
});

test("events in words", () => {
  assert.equal(worded({ event: "gamesvc.joined", player: "ann", seat: 0, seq: 1 }), "ann takes seat 1");
  assert.equal(worded({ event: "gamesvc.finished", outcome: { event: "Ended" }, seq: 9 }), "the game is over");
  assert.equal(worded({ event: "gamesvc.bot", player: "ann", bot: null }), "ann plays without a bot again");
  assert.equal(worded({ event: "Marked", player: "ann", cell: 4, seq: 3 }), "ann: Marked (cell 4)");
  assert.equal(worded({ event: "Hello" }), "Hello");
});

test("kinds of games have names that people read", () => {
  assert.equal(kindTitle("tic-tac-toe"), "Tic tac toe");
  assert.equal(kindTitle("TicTacToe"), "Tic tac toe");
  assert.equal(kindTitle("openspiel:kuhn_poker"), "Kuhn poker");
  assert.equal(kindTitle("openspiel:go(board_size=9,komi=7.5)"), "Go (board size 9, komi 7.5)");
  assert.equal(kindSays({ name: "x", title: "Three in\na row.", description: "" }), "Three in a row.");
});

test("small words", () => {
  assert.deepEqual([counted(1, "move"), counted(0, "move"), counted(2, "half", "halves")], ["1 move", "0 moves", "2 halves"]);
  assert.deepEqual([seatsWorded(null), seatsWorded([1, 1]), seatsWorded([2, 2]), seatsWorded([2, 4])], ["Come and go", "Solo", "2 players", "2 to 4 players"]);
  assert.deepEqual([ago(3), ago(120), ago(7200), ago(400_000)], ["just now", "2 min ago", "2 h ago", "5 days ago"]);
  assert.deepEqual([clocked(600), clocked(3661), clocked(9.87), clocked(-1)], ["10:00", "1:01:01", "0:09.8", "0:00.0"]);
  assert.equal(anyName(() => 0), "Ada");
});

test("a player's colour is their seat's, and their name's where there are none", () => {
  assert.deepEqual([colourOf("bob", PLAYERS), colourOf(null, PLAYERS), colourOf("", [])], ["seat-1", "seat-none", "seat-none"]);
  assert.equal(colourOf("zoe", []), colourOf("zoe", []));
});

test("ships lie within the edges, and not on one another", () => {
  const destroyer = { name: "destroyer", cell: "J1", across: true };
  assert.deepEqual(cellsOf(destroyer), ["J1"]);
  assert.equal(fits(destroyer, []), false);
  assert.equal(fits({ ...destroyer, across: false }, []), true);
  assert.equal(fits({ ...destroyer, across: false }, [{ name: "cruiser", cell: "J2", across: false }]), false);
  for (let each = 0; each < 50; each += 1) {
    const fleet = randomFleet();
    assert.equal(new Set(fleet.flatMap(cellsOf)).size, FLEET.reduce((sum, { length }) => sum + length, 0));
  }
});

test("what an error says is a sentence where it stands alone", () => {
  assert.equal(sentence("there is no such game"), "There is no such game.");
  assert.equal(sentence("Try again!"), "Try again!");
  assert.equal(sentence(""), "");
});
