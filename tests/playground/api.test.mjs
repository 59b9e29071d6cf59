import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, Lobby } from "../../gamesvc/web/playground/api.js";

const WHO = { player: "Zoë", token: null };

/** A server that answers what it is told, an Error by not answering; and what it was asked. */
function answering(t, ...answers) {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (url, { method, headers, body }) => {
    asked.push({ method, path: url.pathname, headers, body: JSON.parse(body) });
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return new Response(JSON.stringify(answer.body), { status: answer.status });
  });
  t.mock.timers.enable({ apis: ["setTimeout"] });
  return asked;
}

/** Let time go by, as often as something is asked again. */
async function passing(t, done) {
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((go) => setImmediate(go));
    t.mock.timers.tick(2000);
  }
  return done;
}

test("a game whose answer was lost is asked for again under the same key, and is one", async (t) => {
  const asked = answering(t, new TypeError("cut"), new TypeError("cut"), { status: 201, body: { game: "g1" } });
  const made = await passing(t, new Lobby(new URL("http://h/")).create(WHO, { kind: "chess" }));
  assert.deepEqual(made, { game: "g1" });
  const keys = asked.map(({ headers }) => headers["Idempotency-Key"]);
  assert.match(keys[0], /^[0-9a-f]{32}$/);
  assert.deepEqual(keys, [keys[0], keys[0], keys[0]]);
  assert.deepEqual([asked[2].path, asked[2].body, asked[2].headers.Authorization], ["/api/games", { kind: "chess" }, "Bearer Zo%C3%AB"]);
});

test("each thing that is wanted has a key of its own", async (t) => {
  const ok = { status: 200, body: {} };
  const asked = answering(t, ok, ok, ok);
  const lobby = new Lobby(new URL("http://h/"));
  await lobby.create(WHO, { kind: "chess" });
  await lobby.match(WHO, { kind: "chess" });
  await lobby.addBot(WHO, "g1", "random");
  assert.equal(new Set(asked.map(({ headers }) => headers["Idempotency-Key"])).size, 3);
});

test("what was refused is not asked again", async (t) => {
  const asked = answering(t, { status: 429, body: { error: { code: "too_many", message: "wait", retryable: true } } });
  await assert.rejects(new Lobby(new URL("http://h/")).create(WHO, {}), (error) => error instanceof ApiError && error.code === "too_many");
  assert.equal(asked.length, 1);
});

test("a server that does not answer is given up after a while", async (t) => {
  const asked = answering(t, ...Array.from({ length: 3 }, () => new TypeError("cut")));
  const lost = assert.rejects(new Lobby(new URL("http://h/")).match(WHO, {}), { code: "unreachable", isPassing: true });
  await passing(t, lost);
  assert.equal(asked.length, 3);
});
