import assert from "node:assert/strict";
import { test } from "node:test";

/** @type {Map<string, string>} */
const kept = new Map();
globalThis.localStorage = /** @type {any} */ ({
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, value) => kept.set(name, value),
});
const { hasSeat, keepSeated } = await import("../../gamesvc/web/playground/keeping.js");

test("who has sat down is known, at that table and by that name", () => {
  assert.equal(hasSeat("g1", "ann"), false, "before anybody has");
  keepSeated("g1", "ann");
  assert.deepEqual([hasSeat("g1", "ann"), hasSeat("g1", "bob"), hasSeat("g2", "ann")], [true, false, false]);
});

test("of the seats that one has had the newest are known", () => {
  keepSeated("old", "ann");
  keepSeated("kept", "ann");
  for (let game = 0; game < 100; game += 1) {
    keepSeated(`g${game}`, "ann");
    keepSeated("kept", "ann");
  }
  assert.deepEqual([hasSeat("old", "ann"), hasSeat("kept", "ann"), hasSeat("g99", "ann")], [false, true, true]);
  assert.ok([...kept.values()].every((text) => text.length < 2000), "what is kept is bounded");
});
