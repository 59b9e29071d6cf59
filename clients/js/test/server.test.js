/**
 * Against real servers, all of which serve `tests.e2e.crash_game:Ledger`: the one at `GAMESVC_URL` takes as much as one
 * can send, the one at `GAMESVC_SLOW_URL` little, and the one at `GAMESVC_GUARDED_URL` asks for tokens, signed with the
 * key in the file `GAMESVC_KEY_FILE`. tests/e2e/test_js_client.py starts them; what the clients noted for it, in the
 * directory `GAMESVC_NOTES`, it holds against the journal of the first.
 */
import assert from "node:assert/strict";
import { sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { after, suite, test } from "node:test";

import Ws from "ws";

import { GameError, connect } from "../src/index.js";
import { CuttingProxy, chance } from "./proxy.js";

const { GAMESVC_URL: url, GAMESVC_SLOW_URL: slowUrl } = process.env;
const { GAMESVC_GUARDED_URL: guardedUrl, GAMESVC_KEY_FILE: keyFile, GAMESVC_NOTES: notes } = process.env;
const isServed = [url, slowUrl, guardedUrl, keyFile].every((each) => each !== undefined);
const skip = isServed ? false : "there are no servers: GAMESVC_URL and the like are not set";
const start = Number(process.env.SEED ?? Date.now() % 2 ** 31);
/** A line is cut every few milliseconds here, so none is a good one, and one that waited long would get nowhere. */
const backoff = { first: 5, most: 40, good: 200 };
/** After how many milliseconds it is told what is missing. It takes some seconds, and more on a machine that is busy. */
const PATIENCE = 250_000;
/** For how many seconds a token holds that is to expire: long enough to come in with it on such a machine. */
const SHORTLY = 4;

const open = [];
after(async () => {
  for (const each of open) await each.close();
});

/** The same keys; of thousands, only those are told that differ. */
function assertSame(found, expected, what) {
  if (found.length === expected.length && found.every((key, place) => key === expected[place])) return;
  const place = expected.findIndex((key, number) => key !== found[number]);
  const near = (keys) => keys.slice(Math.max(0, place - 2), place + 3);
  const counts = `${found.length} instead of ${expected.length}`;
  assert.fail(`${what}: ${counts}; at ${place} ${near(found)} instead of ${near(expected)}`);
}

/** Notes what a client sends and is told, from the game's beginning, and what of it breaks the rules. */
class Witness {
  keys = [];
  events = [];
  statuses = [];
  complaints = [];
  losses = 0;
  /** The commands' names, by their keys. */
  sent = new Map();
  /** What came of them: their results, or the codes with which they were refused. */
  answers = new Map();

  constructor(game) {
    this.game = game;
    game.on("event", (event) => {
      const { seq, key } = event;
      // Who is away, and back again, is not counted.
      if (seq === undefined) return;
      if (seq !== this.last + 1) this.complaints.push(`event ${seq} came after ${this.last}`);
      this.events.push(event);
      if (key !== undefined) this.keys.push(`${event.event} ${key}`);
    });
    game.on("lost", () => {
      this.losses += 1;
    });
    game.on("welcome", ({ resumed }) => {
      if (!resumed) this.complaints.push("everything can be resumed here, and was not");
    });
    game.on("status", (status) => this.statuses.push(status));
  }

  /** The number of the last event that was seen. */
  get last() {
    return this.events.at(-1)?.seq ?? 0;
  }

  /** Send a command whose argument tells it from all others. */
  async send(command, key) {
    this.sent.set(key, command);
    try {
      const result = await this.game.send(command, { key });
      this.answers.set(key, { result });
      return result;
    } catch (error) {
      this.answers.set(key, { code: error.code });
      throw error;
    }
  }

  /** How far it has come, for people. */
  get report() {
    const { player, status, seq } = this.game;
    const waiting = [...this.sent].flatMap(([key, command]) => (this.answers.has(key) ? [] : [`${command} ${key}`]));
    const first = waiting.length > 0 ? ` (not ${waiting.slice(0, 3)}${waiting.length > 3 ? " and others" : ""})` : "";
    return (
      `${player}: ${this.sent.size} sent, ${this.answers.size} answered${first}, ${this.events.length} events seen, ` +
      `the last of them ${this.last}, the client is ${status} at event ${seq}, the line was lost ${this.losses} times`
    );
  }

  /** Write it where it will be held against the journal, when the server has stopped. */
  note(directory, name) {
    const { player, playing: plays } = this.game;
    const [sent, answers] = [this.sent, this.answers].map((each) => Object.fromEntries(each));
    writeFileSync(`${directory}/${name}.json`, JSON.stringify({ player, plays, sent, answers, events: this.events }));
  }
}

/** What is promised; where that takes too long, the test fails, and says what there is instead. */
async function soon(promise, describe) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: describe() })), PATIENCE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A token for a player of a game, for so many seconds, signed with the server's own key (Ed25519). */
function token(game, player, seconds) {
  const exp = Math.ceil(Date.now() / 1000 + seconds);
  const claims = { iss: "urn:ece4564:token-issuer", aud: game, sub: player, exp };
  const encode = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const signed = `${encode({ alg: "EdDSA", typ: "JWT" })}.${encode(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), readFileSync(keyFile)).toString("base64url")}`;
}

/** Node 22 has a WebSocket of its own, which says less of why it was refused than that of ws. */
const kinds = [{ kind: "ws", WebSocket: Ws, refused: (code) => code }];
if (globalThis.WebSocket !== undefined) {
  kinds.push({ kind: "global", WebSocket: globalThis.WebSocket, refused: () => "unreachable" });
}
for (const each of kinds) suite(each.kind, () => testWith(each));

function testWith({ kind, WebSocket, refused }) {
  const seed = `${kind}-${start}`;

  async function enter(address, options = {}) {
    const game = await connect(address, { WebSocket, ...options });
    open.push(game);
    return game;
  }

  /** Somebody who sees everything from the beginning. */
  async function witness(address, options = {}) {
    return new Witness(await enter(address, { since: 0, ...options }));
  }

  test("a player and somebody who watches", { skip }, async () => {
    const alice = await enter(`${url}/plain-${seed}?player=alice`);
    assert.equal(alice.status, "open");
    assert.equal(alice.player, "alice");
    assert.equal(alice.playing, true);
    assert.equal(alice.players[0], "alice");
    assert.equal(alice.state.total, 0);
    const watcher = await enter(`${url}/plain-${seed}?player=carol&spectate=1`, { since: 0 });
    const joined = new Promise((resolve) => watcher.on("gamesvc.joined", resolve));
    assert.equal((await joined).player, "alice");
    const [total] = await alice.send("put", { key: "first" });
    assert.equal(total, 1);
    // A reply means that its sender has seen it all.
    assert.equal(alice.state.total, 1);
    assert.equal(await alice.send("quiet", { key: "second" }), undefined);
    await assert.rejects(alice.send("deny", { key: "third" }), (error) => {
      assert.ok(error instanceof GameError);
      assert.equal(error.code, "refused");
      assert.equal(error.retryable, false);
      return true;
    });
    await assert.rejects(alice.send("jump"), { code: "unknown_command" });
    await assert.rejects(watcher.send("put", { key: "fourth" }), { code: "not_a_player" });
    await assert.rejects(alice.send("put", { id: "mine" }), TypeError);
    alice.close();
    assert.equal(alice.status, "closed");
    await assert.rejects(alice.send("put", { key: "fifth" }), { code: "closed" });
  });

  test("what can't be: the reason is told", { skip }, async () => {
    await assert.rejects(enter(`${url}/no%20game`, { backoff }), { code: refused("bad_game_id") });
    await assert.rejects(enter("ws://127.0.0.1:1/g", { backoff }), { code: "unreachable" });
  });

  test("a message that is too big takes nothing else with it", { skip }, async () => {
    const alice = await enter(`${url}/big-${seed}?player=alice`, { backoff });
    const small = alice.send("put", { key: "small" });
    await assert.rejects(alice.send("put", { key: "x".repeat(100_000) }), { code: "message_too_big" });
    assert.equal((await small)[0], 1);
    assert.equal((await alice.send("put", { key: "last" }))[0], 2);
  });

  test("what the server can't read is refused, and holds nothing up", { skip }, async () => {
    const alice = await enter(`${url}/deep-${seed}?player=alice`);
    let deep = 1;
    for (let level = 0; level < 40; level += 1) deep = [deep];
    const refused = assert.rejects(alice.send("put", { key: deep }), { code: "bad_json" });
    assert.equal((await alice.send("put", { key: "after" }))[0], 1);
    await refused;
  });

  test("who sends faster than the server takes has to wait, and no more", { skip }, async () => {
    const seen = await witness(`${slowUrl}/slow-${seed}?player=alice`);
    const { game: alice } = seen;
    const keys = Array.from({ length: 120 }, (_, number) => `k${number}`);
    await Promise.all(keys.map((key) => alice.send("put", { key })));
    assert.equal(alice.state.total, keys.length);
    assertSame(seen.keys.toSorted(), keys.map((key) => `Put ${key}`).toSorted(), "what was put");
    assert.deepEqual(seen.complaints, []);
    assert.deepEqual(seen.statuses, [], "the line was not lost");
  });

  test("lines are cut, delayed and sliced: nothing is lost, and nothing comes twice", { skip }, async (t) => {
    t.diagnostic(`SEED=${start}`);
    const random = chance(start);
    const proxy = new CuttingProxy({ port: Number(new URL(url).port), random, bytes: 20_000 });
    open.push(proxy);
    const game = `127.0.0.1:${await proxy.listen()}/cut-${seed}`;
    const EACH = 1500;
    const names = ["alice", "bob", "carol"];
    const witnesses = await Promise.all(names.map((name) => witness(`ws://${game}?player=${name}`, { backoff })));
    const players = witnesses.map((each) => each.game);
    if (notes !== undefined) {
      t.after(() => [...witnesses, watcher].forEach((each) => each.note(notes, `cut-${seed}.${each.game.player}`)));
    }
    const told = () => {
      const lines = [...witnesses, watcher].map(({ report }) => report);
      return [`after ${PATIENCE / 1000} s, in which the line was cut ${proxy.cuts} times:`, ...lines].join("\n");
    };
    const watcher = await witness(`ws://${game}?player=dora&spectate=1`, { backoff });

    const public_ = [];
    const own = players.map(() => []);
    let effects = 0;
    async function play(player, number) {
      let last = 0;
      const outcomes = [];
      for (let count = 0; count < EACH; count += 1) {
        const key = `${player.player}-${count}`;
        const command = ["put", "put", "whisper", "both", "quiet", "deny"][Math.floor(random() * 6)];
        if (command === "put" || command === "both") public_.push(`Put ${key}`);
        if (command === "both") public_.push(`Put ${key}`);
        if (command === "whisper" || command === "both") own[number].push(`Whispered ${key}`);
        if (command !== "deny") effects += 1;
        const sent = witnesses[number].send(command, key);
        outcomes.push(
          command === "deny"
            ? assert.rejects(sent, { code: "refused" })
            : sent.then((receipt) => {
                if (receipt === undefined) return;
                assert.ok(receipt[0] > last, "they take effect in the order in which they were sent");
                last = receipt[0];
              }),
        );
        // Sometimes one by one, sometimes many at a time.
        if (random() < 0.05 || player.waiting > 200) await outcomes.at(-1);
      }
      await Promise.all(outcomes);
    }
    await soon(Promise.all(players.map(play)), told);
    const returns = witnesses.map(({ statuses }) => statuses.filter((status) => status === "open").length);
    t.diagnostic(`${effects} effects, ${proxy.cuts} cuts, ${returns} returns`);
    assert.ok(proxy.cuts > 50, `only ${proxy.cuts} cuts`);

    for (const { complaints } of [...witnesses, watcher]) assert.deepEqual(complaints, []);

    // From now on nothing is cut, and what is left to be seen is.
    proxy.bytes = Infinity;
    const truths = await Promise.all(names.map((name) => witness(`${url}/cut-${seed}?player=${name}`)));
    for (const [number, { game: player, keys: told }] of truths.entries()) {
      // It is told everything before its reply, and so is the one that was cut off so often.
      await assert.rejects(soon(player.send("deny", { key: "end" }), told), { code: "refused" });
      await assert.rejects(soon(players[number].send("deny", { key: "end" }), told), { code: "refused" });
      assert.equal(player.state.total, effects, "as much took effect as was sent, and was not to be refused");
      assert.deepEqual(players[number].state, player.state);
      assert.equal(players[number].seq, player.seq);
      assertSame(witnesses[number].keys, told, "what a player saw");
      assertSame(told.filter((key) => key.startsWith("Put ")).toSorted(), public_.toSorted(), "what was put");
      const whispered = told.filter((key) => key.startsWith(`Whispered ${player.player}-`));
      assertSame(whispered.toSorted(), own[number].toSorted(), "what was whispered");
    }
    await assert.rejects(soon(watcher.game.send("put", { key: "x" }), told), { code: "not_a_player" });
    const shown = truths[0].keys.filter((key) => key.startsWith("Put "));
    assertSame(watcher.keys, shown, "what a spectator saw");
    for (const { complaints } of [...truths, ...witnesses, watcher]) assert.deepEqual(complaints, []);
  });

  // At once: each waits for a token to expire.
  suite("tokens", { concurrency: true }, () => {
    test("a token expires in the middle of play, and another one takes its place", { skip }, async () => {
      const game = `token-${seed}`;
      let asked = 0;
      const seen = await witness(`${guardedUrl}/${game}`, {
        backoff,
        token: () => {
          asked += 1;
          return token(game, "alice", asked === 1 ? SHORTLY : 600);
        },
      });
      const { game: alice } = seen;
      assert.equal(alice.player, "alice");
      const isBack = new Promise((resolve) => alice.on("status", (status) => status === "open" && resolve()));
      await alice.send("put", { key: "first" });
      await isBack;
      assert.deepEqual(seen.statuses, ["reconnecting", "open"]);
      assert.equal(asked, 2);
      assert.equal((await alice.send("put", { key: "second" }))[0], 2);
      assert.deepEqual(seen.keys, ["Put first", "Put second"]);
      assert.deepEqual(seen.complaints, []);
    });

    test("the wrong token is refused, and an expired one that can't be had anew ends the session", { skip }, async () => {
      const wrong = token("one", "alice", 600);
      await assert.rejects(enter(`${guardedUrl}/other`, { backoff, token: wrong }), { code: refused("wrong_game") });
      await assert.rejects(enter(`${guardedUrl}/one`, { backoff }), { code: refused("token_missing") });
      const alice = await enter(`${guardedUrl}/one-${seed}`, { token: token(`one-${seed}`, "alice", SHORTLY) });
      await new Promise((resolve) => alice.on("status", resolve));
      assert.equal(alice.status, "closed");
      assert.equal(alice.error.code, "token_expired");
      await assert.rejects(alice.send("put", { key: "late" }), { code: "token_expired" });
    });
  });
}
