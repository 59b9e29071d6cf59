import assert from "node:assert/strict";
import { test } from "node:test";
import { isWithin, wanted } from "../../gamesvc/web/playground/inputs.js";

const within = (values, shape) => values.filter((each) => isWithin(each, { kind: "number", ...shape }));

test("numbers are within their bounds, and those are among them or not", () => {
  assert.deepEqual(within([0, 1, 6, 7, 2.5], { whole: true, least: 1, most: 6 }), [1, 6]);
  assert.deepEqual(within([0, 0.5, 1], { whole: false, above: 0, below: 1 }), [0.5]);
  assert.deepEqual(within([-3, 0, 1e9, 0.1], { whole: false }), [-3, 0, 1e9, 0.1]);
  assert.deepEqual(within([3, 4, 6], { whole: true, step: 2 }), [4, 6]);
  assert.deepEqual(within([-4, -3], { whole: true, step: 2 }), [-4]);
});

test("and what is asked for is said", () => {
  assert.equal(wanted({ kind: "number", whole: true, least: 1, most: 6 }), "a whole number from 1 to 6");
  assert.equal(wanted({ kind: "number", whole: false, above: 0, below: 1 }), "a number above 0 below 1");
  assert.equal(wanted({ kind: "number", whole: true, step: 2 }), "a whole number in steps of 2");
});
