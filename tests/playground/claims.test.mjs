import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsOf, hasExpired, sinceExpiry } from "../../gamesvc/web/playground/claims.js";

function token(claims) {
  const part = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `e30.${part}.c2ln`;
}

test("a token says for whom it is, and for what", () => {
  const claims = claimsOf(token({ sub: "Zoë ☃", aud: "g1", exp: 100, spectate: true }));
  assert.deepEqual(claims, { player: "Zoë ☃", audience: ["g1"], expires: 100, isSpectator: true });
  const other = claimsOf(token({ sub: "ann", aud: ["gamesvc", 7, "shop"] }));
  assert.deepEqual(other, { player: "ann", audience: ["gamesvc", "shop"], expires: Infinity, isSpectator: false });
});

test("what is no token says nothing", () => {
  const none = ["", "x", "a.b.c", "..", token({ aud: "g1" }), token({ sub: "", aud: "g1" }), token({ sub: "ann" }), token({ sub: "ann", aud: [1] }), token("ann")];
  for (const each of none) assert.equal(claimsOf(each), null, each);
});

test("a token expires when it says so", () => {
  const one = token({ sub: "ann", aud: "g1", exp: 100 });
  assert.deepEqual([hasExpired(one, 99_999), hasExpired(one, 100_000)], [false, true]);
  assert.equal(sinceExpiry(one, 103_000), 3000);
  for (const each of [null, undefined, "x", token({ sub: "ann", aud: "g1" })]) assert.equal(hasExpired(each, 1e15), false);
});
