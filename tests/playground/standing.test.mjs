import assert from "node:assert/strict";
import { test } from "node:test";
import { hasOwnSeat, partingOf, returned, turnOf } from "../../gamesvc/web/playground/standing.js";

const VIEW = { state: {}, legal: [], player: "ann", players: ["ann", "bob"], isLive: true, isFinished: false };

test("whose turn it is", () => {
  assert.equal(turnOf({ ...VIEW, legal: [{ command: "mark" }] }), "your turn");
  assert.equal(turnOf({ ...VIEW, state: { turns: { current: "bob" } } }), "bob's turn");
  assert.equal(turnOf({ ...VIEW, state: { clock: { running: "bob" } } }), "bob's turn");
  assert.equal(turnOf({ ...VIEW, state: { to_move: ["bob", "eve"] } }), "bob and eve's turn");
  assert.equal(turnOf({ ...VIEW, state: { turns: { current: "ann" } } }), "");
  assert.equal(turnOf({ ...VIEW, state: { legal: [] } }), "waiting for bob");
  assert.equal(turnOf(VIEW), "");
});

test("for how many it waits, and no more than it needs", () => {
  assert.equal(turnOf({ ...VIEW, players: ["ann", null] }), "waiting for 1 player");
  assert.equal(turnOf({ ...VIEW, players: ["ann", null, null, null] }, 3), "waiting for 2 players");
  assert.equal(turnOf({ ...VIEW, players: ["ann", null, null, null] }, 1), "");
});

test("nothing of a game that is over, or was so long ago", () => {
  const view = { ...VIEW, legal: [{ command: "mark" }] };
  assert.equal(turnOf({ ...view, isFinished: true }), "");
  assert.equal(turnOf({ ...view, isLive: false }), "");
});

test("a line that came back says what was missed, and what was sent", () => {
  const line = { resumed: true, from: 4, to: 4, kept: 0, at: 0 };
  assert.equal(returned(line), "Resumed at #4: nothing was missed.");
  assert.equal(returned({ ...line, to: 5, kept: 1 }), "Resumed at #4: 1 missed event told; 1 command that waited is sent.");
  assert.equal(returned({ ...line, resumed: false, kept: 2 }), "Back, with the state anew; 2 commands that waited are sent.");
});

test("what becomes of a seat that is taken from the page", () => {
  const now = { ...VIEW, isOpen: true };
  assert.equal(partingOf(now, false, false), "give-up");
  assert.equal(partingOf(now, false, true), "stay");
  assert.equal(partingOf({ ...now, player: null }, true, true), "stop");
  assert.equal(partingOf({ ...now, players: [] }, false, false), "put-away", "a game without seats");
  assert.equal(partingOf({ ...now, player: null }, false, true), "put-away", "all seats were taken");
  assert.equal(partingOf({ ...now, isFinished: true }, false, true), "put-away");
  assert.equal(partingOf({ ...now, isOpen: false }, false, true), "put-away", "the seat stays theirs");
});

test("a bot at a seat of its own is known by its name", () => {
  assert.ok(hasOwnSeat("bot-random"));
  assert.ok(hasOwnSeat("bot-random-2"));
  assert.ok(!hasOwnSeat("ann"));
});
