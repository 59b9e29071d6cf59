import assert from "node:assert/strict";
import { test } from "node:test";

// Node 20 has none, and none is opened here.
globalThis.WebSocket ??= /** @type {any} */ (class {});
const { Seat } = await import("../../gamesvc/web/playground/seat.js");

test("a command waits until it is answered, and what the page asks by itself is none", async () => {
  const seat = new Seat({ player: "ann", token: null }, false, async () => assert.fail("nobody sits down"));
  const replies = [];
  const game = { send: (command) => new Promise((resolve, reject) => replies.push({ command, resolve, reject })) };
  seat.game = game;
  const asked = seat.ping();
  assert.equal(seat.waiting, 0);
  const [mark, move] = [seat.send("mark"), seat.send("move")];
  assert.equal(seat.waiting, 2);
  assert.deepEqual(replies.map(({ command }) => command), ["gamesvc.ping", "mark", "move"]);
  replies[1].resolve(1);
  assert.equal(await mark, 1);
  assert.equal(seat.waiting, 1);
  replies[2].reject(new Error("refused"));
  await assert.rejects(move, /refused/);
  assert.equal(seat.waiting, 0);
  replies[0].resolve();
  await asked;
  assert.equal(seat.waiting, 0);
});
