import assert from "node:assert/strict";
import { test } from "node:test";
import { offerOf } from "../../gamesvc/web/playground/offer.js";

const TABLE = {
  kind: { seats: [2, 4] },
  game: { players: ["ann", null, null, null], finished: false },
  now: undefined,
  count: 1,
  here: 1,
  named: 1,
  most: 4,
  canMake: true,
  mayName: true,
};
const yes = (offer) => Object.entries(offer).filter(([, value]) => value === true).map(([name]) => name);

test("where others are missing all that helps is offered", () => {
  const offer = offerOf(TABLE);
  assert.deepEqual(yes(offer), ["takesSeats", "isFree", "invites", "addsSeat", "addsBot", "watches"]);
  assert.equal(offer.missing, 1);
});

test("what is seen from the page counts for more than what the lobby told", () => {
  const offer = offerOf({ ...TABLE, now: { players: ["ann", "bob", "eve", "kim"], isFinished: false } });
  assert.deepEqual(yes(offer), ["takesSeats", "hasBegun", "watches"], "and where all seats are taken nobody is invited");
  assert.equal(offer.missing, 0);
  const over = offerOf({ ...TABLE, now: { players: ["ann", null], isFinished: true } });
  assert.deepEqual(yes(over), ["takesSeats", "isOver", "playsAgain", "watches"]);
  assert.equal(over.missing, 0);
});

test("at the door there is a seat, and nobody to invite others", () => {
  assert.deepEqual(yes(offerOf({ ...TABLE, count: 0, here: 0 })), ["takesSeats", "isFree"]);
});

test("who needs a token of their own does not sit down here as well", () => {
  assert.equal(offerOf({ ...TABLE, mayName: false }).addsSeat, false);
  assert.equal(offerOf({ ...TABLE, count: 4, here: 4 }).addsSeat, false);
  assert.equal(offerOf({ ...TABLE, canMake: false }).addsBot, false);
});

test("a game without seats is open to all", () => {
  const offer = offerOf({ ...TABLE, kind: { seats: null }, game: { players: [], finished: false } });
  assert.deepEqual(yes(offer), ["isFree", "invites", "addsSeat", "watches"]);
});

test("where the kind is not known, seats tell that it has some", () => {
  assert.equal(offerOf({ ...TABLE, kind: null }).takesSeats, true);
  assert.equal(offerOf({ ...TABLE, kind: null, game: null }).takesSeats, false);
});

test("a game that keeps its players does so from its beginning to its end", () => {
  const kept = { ...TABLE, kind: { seats: [2, 2], can_leave: false }, game: { players: ["ann", "bob"], finished: false } };
  assert.equal(offerOf(kept).keepsPlayers, true);
  assert.equal(offerOf({ ...kept, game: { players: ["ann", null], finished: false } }).keepsPlayers, false);
  assert.equal(offerOf({ ...kept, game: { players: ["ann", "bob"], finished: true } }).keepsPlayers, false);
  assert.equal(offerOf({ ...kept, kind: { seats: [2, 2], can_leave: true } }).keepsPlayers, false);
  assert.equal(offerOf({ ...kept, kind: null }).keepsPlayers, false, "the server says so");
});

test("who played may do so once more, where games are made", () => {
  const over = { ...TABLE, now: { players: ["ann", "bob"], isFinished: true } };
  assert.equal(offerOf(over).playsAgain, true);
  assert.equal(offerOf({ ...over, here: 0, named: 0 }).playsAgain, false, "who watched starts a game of their own");
  assert.equal(offerOf({ ...over, canMake: false }).playsAgain, false);
  assert.equal(offerOf({ ...over, kind: null }).playsAgain, false, "it is not served here any more");
  assert.equal(offerOf({ ...over, game: null }).playsAgain, false, "the lobby knows nothing of it");
  assert.equal(offerOf({ ...over, named: 0 }).playsAgain, false, "a token for this game is none for another");
  assert.equal(offerOf({ ...over, kind: { seats: null } }).playsAgain, false, "nobody sits there");
});
