/** What is around the session: sockets that are opened and left, timers, tokens, listeners, promises. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { GameError, connect } from "../src/index.js";
import { Clock } from "./clock.js";

const URL_ = "ws://localhost:8080/g1?player=alice";
/** Nobody waits here. */
const backoff = { first: 0, most: 0, good: 0 };

/** A WebSocket that does nothing by itself. */
class Wire {
  static all = [];
  sent = [];
  closedWith = null;

  constructor(url, protocols) {
    this.url = new URL(url);
    this.protocols = protocols;
    Wire.all.push(this);
  }

  get query() {
    return Object.fromEntries(this.url.searchParams);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.closedWith = code ?? "no code";
  }

  say(...frames) {
    for (const frame of frames) this.onmessage({ data: JSON.stringify(frame) });
  }

  welcome(more = {}) {
    const who = { player: "alice", playing: true, players: ["alice", null], present: ["alice"] };
    this.say({ event: "gamesvc.welcome", game: "g1", kind: "K", epoch: "e1", seq: 0, resumed: false, ...who, ...more });
  }

  end(code = 1006) {
    this.onclose({ code, reason: "" });
  }
}

beforeEach(() => {
  Wire.all = [];
});

/** What has been promised has happened then. */
function turn() {
  return new Promise((resolve) => setTimeout(resolve));
}

/** The line that was opened last. */
async function wire() {
  await turn();
  return Wire.all.at(-1);
}

async function enter(options = {}, welcome = {}, url = URL_) {
  const entering = connect(url, { WebSocket: Wire, backoff, ...options });
  (await wire()).welcome(welcome);
  const game = await entering;
  await turn();
  return game;
}

test("a game is there once it has welcomed us", async () => {
  const entering = connect(URL_, { WebSocket: Wire });
  let isThere = false;
  entering.then(() => (isThere = true));
  const line = await wire();
  assert.equal(line.url.href, "ws://localhost:8080/g1?player=alice&state=1");
  assert.deepEqual(line.protocols, ["gamesvc.v1"]);
  assert.equal(isThere, false);
  line.welcome({ state: { moves: 0 }, bots: { bob: "random" } });
  const game = await entering;
  assert.equal(game.status, "open");
  assert.equal(game.player, "alice");
  assert.equal(game.playing, true);
  assert.deepEqual(game.players, ["alice", null]);
  assert.deepEqual(game.present, ["alice"]);
  assert.deepEqual(game.bots, { bob: "random" });
  assert.deepEqual(game.state, { moves: 0 });
  assert.equal(game.epoch, "e1");
  assert.equal(game.seq, 0);
  assert.equal(game.welcome.kind, "K");
  assert.equal(game.error, null);
  game.close();
});

test("what comes right behind the welcome is told to listeners that are added once the game is there", async () => {
  const entering = connect(URL_, { WebSocket: Wire });
  const line = await wire();
  line.welcome();
  line.say({ event: "Marked", seq: 1 }, { event: "Marked", seq: 2 });
  line.end(4409);
  const game = await entering;
  const told = [];
  game.on("Marked", ({ seq }) => told.push(seq));
  game.on("status", (status) => told.push(status));
  await turn();
  assert.deepEqual(told, [1, 2, "closed"]);
  assert.equal(game.error.code, "replaced");
});

test("each is told what they listen to, until they do not", async () => {
  const game = await enter({}, { state: { moves: 0 } });
  const told = [];
  const note = (name) => (value) => told.push([name, value]);
  const marked = note("Marked");
  const stop = game.on("event", note("event"));
  game.on("Marked", marked);
  game.on("gamesvc.away", note("away"));
  game.on("state", note("state"));
  game.on("status", note("status"));
  const line = await wire();
  line.say({ event: "Marked", cell: 4, seq: 1 }, { event: "gamesvc.away", player: "bob" });
  line.say({ event: "gamesvc.patch", seq: 1, patch: { moves: 1 } });
  const event = { event: "Marked", cell: 4, seq: 1 };
  const away = { event: "gamesvc.away", player: "bob" };
  assert.deepEqual(told.splice(0), [
    ["event", event],
    ["Marked", event],
    ["event", away],
    ["away", away],
    ["state", { moves: 1 }],
  ]);
  stop();
  game.off("Marked", marked);
  line.say({ event: "Marked", cell: 5, seq: 2 });
  game.close();
  assert.deepEqual(told, [["status", "closed"]]);
});

test("the state is never changed in place, and what is the same stays so", async () => {
  const game = await enter({}, { state: { board: [1], hands: { alice: { a: 1 }, bob: { b: 1 } } } });
  const before = game.state;
  (await wire()).say({ event: "gamesvc.patch", seq: 0, patch: { hands: { bob: { b: 2 } } } });
  assert.deepEqual(before, { board: [1], hands: { alice: { a: 1 }, bob: { b: 1 } } });
  assert.deepEqual(game.state, { board: [1], hands: { alice: { a: 1 }, bob: { b: 2 } } });
  assert.equal(game.state.board, before.board);
  assert.equal(game.state.hands.alice, before.hands.alice);
  game.close();
});

test("a player may be called like what objects have", async () => {
  const game = await enter({}, { state: { hands: {} } });
  const hands = '{"__proto__": {"cards": 5}, "constructor": 1}';
  const line = await wire();
  line.onmessage({ data: `{"event": "gamesvc.patch", "seq": 0, "patch": {"hands": ${hands}}}` });
  assert.deepEqual(Object.entries(game.state.hands), [["__proto__", { cards: 5 }], ["constructor", 1]]);
  assert.equal({}.cards, undefined);
  line.say({ event: "gamesvc.bot", player: "__proto__", bot: "random", seq: 1 });
  assert.deepEqual(Object.entries(game.bots), [["__proto__", "random"]]);
  game.close();
});

test("replies", async () => {
  const game = await enter();
  const line = await wire();
  const [first, second, third] = ["a", "b", "c"].map((name) => game.send(name, { n: 1 }));
  const ids = line.sent.map(({ id }) => id);
  assert.deepEqual(line.sent[0], { command: "a", id: ids[0], n: 1 });
  assert.equal(new Set(ids).size, 3);
  assert.equal(game.waiting, 3);
  line.say({ status: "ok", id: ids[0], result: { x: 1 } });
  line.say({ status: "error", id: ids[1], error: { code: "not_your_turn", message: "wait", retryable: true } });
  line.say({ status: "ok", id: ids[2] });
  assert.deepEqual(await first, { x: 1 });
  await assert.rejects(second, (error) => {
    assert.ok(error instanceof GameError);
    assert.deepEqual([error.code, error.message, error.retryable], ["not_your_turn", "wait", true]);
    return true;
  });
  assert.equal(await third, undefined);
  await assert.rejects(game.send("a", { command: "b" }), TypeError);
  await assert.rejects(game.send("a", { id: "b" }), TypeError);
  await assert.rejects(game.send(7), TypeError);
  await assert.rejects(game.send("a", { n: 1n }), TypeError);
  assert.equal(game.waiting, 0);
  game.close();
});

test("a refusal of what nobody waits for holds nothing up", async () => {
  const game = await enter();
  const line = await wire();
  const error = { code: "rate_limited", message: "", retryable: true, retry_ms: 60_000 };
  line.say({ status: "error", id: "x", error });
  game.send("a").catch(() => {});
  assert.equal(line.sent.length, 1);
  game.close();
});

test("a reply before the welcome is none", async () => {
  const game = await enter();
  const reply = game.send("a");
  const old = await wire();
  old.end();
  const line = await wire();
  line.say({ status: "ok", id: old.sent[0].id, result: 1 });
  line.welcome({ resumed: true });
  line.say({ status: "ok", id: line.sent[0].id, result: 2 });
  assert.equal(await reply, 2);
  game.close();
});

test("no two sessions have the same ids", async () => {
  const ids = [];
  for (let count = 0; count < 2; count += 1) {
    const game = await enter();
    game.send("a").catch(() => {});
    ids.push((await wire()).sent[0].id);
    game.close();
  }
  assert.notEqual(...ids);
  assert.ok(ids.every((id) => id.length <= 64));
});

test("a line is lost: what was sent is sent again as it was, over another one", async () => {
  const game = await enter();
  const told = [];
  game.on("status", (status) => told.push(status));
  const args = { cells: [1] };
  const reply = game.send("mark", args);
  args.cells.push(2);
  const old = await wire();
  old.say({ event: "Marked", seq: 1 });
  old.end();
  const line = await wire();
  assert.notEqual(line, old);
  assert.deepEqual(line.query, { player: "alice", state: "1", epoch: "e1", since: "1" });
  line.welcome({ seq: 1, resumed: true });
  assert.deepEqual(line.sent, old.sent);
  assert.deepEqual(line.sent[0].cells, [1]);
  // What still comes over the old one is nobody's.
  old.say({ event: "Marked", seq: 2 });
  old.end(4409);
  assert.equal(game.seq, 1);
  line.say({ status: "ok", id: line.sent[0].id, result: 7, duplicate: true });
  assert.equal(await reply, 7);
  assert.deepEqual(told, ["reconnecting", "open"]);
  game.close();
});

test("a listener may send, and close", async () => {
  const game = await enter();
  const line = await wire();
  const told = [];
  let reply;
  game.on("Marked", ({ seq }) => {
    told.push(seq);
    if (seq === 1) reply = game.send("mark");
    if (seq === 2) game.close();
  });
  game.on("Marked", ({ seq }) => told.push(-seq));
  game.on("status", (status) => told.push(status));
  line.say({ event: "Marked", seq: 1 });
  assert.equal(line.sent.length, 1);
  line.say({ event: "Marked", seq: 2 });
  await assert.rejects(reply, { code: "closed" });
  assert.equal(line.closedWith, 1000);
  line.say({ event: "Marked", seq: 3 });
  // One thing after the other, whoever caused it.
  assert.deepEqual(told, [1, -1, 2, -2, "closed"]);
});

test("a listener that fails is heard of, and disturbs nothing", async (t) => {
  const game = await enter();
  const told = [];
  const thrown = [];
  t.mock.method(globalThis, "queueMicrotask", (what) => thrown.push(what));
  game.on("Marked", () => {
    throw new Error("theirs");
  });
  game.on("Marked", ({ seq }) => told.push(seq));
  (await wire()).say({ event: "Marked", seq: 1 }, { event: "Marked", seq: 2 });
  assert.deepEqual(told, [1, 2]);
  assert.equal(thrown.length, 2);
  assert.throws(thrown[0], /theirs/);
  game.close();
});

test("a guest comes back under the name that it was given", async () => {
  const game = await enter({}, { player: "guest-7" }, "ws://localhost/g1");
  (await wire()).end();
  assert.equal((await wire()).query.player, "guest-7");
  game.close();
});

test("the game is over: it knows, and how", async () => {
  const game = await enter();
  assert.deepEqual([game.finished, game.outcome], [false, null]);
  const told = [];
  game.on("gamesvc.finished", (event) => told.push(event.seq, game.finished));
  const outcome = { event: "Finished", winner: "alice" };
  (await wire()).say({ event: "Finished", winner: "alice", seq: 1 }, { event: "gamesvc.finished", outcome, seq: 2 });
  assert.deepEqual([game.finished, game.outcome, told], [true, outcome, [2, true]]);
  game.close();
});

test("the line is cut on purpose, and it is told why there is none", async () => {
  const game = await enter();
  const told = [];
  game.on("lost", (error) => told.push([error.code, error.message]));
  game.on("status", (status) => told.push(status));
  const old = await wire();
  assert.equal(game.cut(), true);
  assert.equal(old.closedWith, "no code");
  assert.deepEqual(told.splice(0), [["unreachable", "you have cut it"], "reconnecting"]);
  assert.equal(game.cut(), false);
  const line = await wire();
  assert.notEqual(line, old);
  line.onerror({ message: "connect ECONNREFUSED 127.0.0.1:1" });
  line.end();
  assert.deepEqual(told.splice(0), [["unreachable", "connect ECONNREFUSED 127.0.0.1:1"]]);
  (await wire()).end(1012);
  (await wire()).end(1006);
  const either = "nobody is there, or the server does not let us in (token, origin, address)";
  const unsaid = `${either}: such a WebSocket does not tell which`;
  assert.deepEqual(told.splice(0), [
    ["unreachable", "the server closed with 1012"],
    ["unreachable", unsaid],
  ]);
  game.close();
  assert.deepEqual(told, ["closed"]);
});

test("what nobody asks for when the session ends is no unhandled rejection, and a refusal is", async (t) => {
  const unhandled = [];
  const note = (error) => unhandled.push(error.code);
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", note);
  t.after(() => {
    process.off("unhandledRejection", note);
    for (const each of others) process.on("unhandledRejection", each);
  });
  const game = await enter();
  game.send("waits");
  game.send("is refused");
  const line = await wire();
  const error = { code: "refused", message: "no", retryable: false };
  line.say({ status: "error", id: line.sent[1].id, error });
  game.close();
  game.send("too late");
  await turn();
  await turn();
  assert.deepEqual(unhandled, ["refused"]);
});

test("as many tries as one wants", async () => {
  const entering = assert.rejects(connect(URL_, { WebSocket: Wire, backoff, tries: 2 }), { code: "unreachable" });
  for (let tries = 0; tries < 2; tries += 1) (await wire()).end();
  await entering;
  assert.equal(Wire.all.length, 2);
});

test("what is no address is told, with what would be right, and no secret", async () => {
  for (const [url, why] of [
    ["ftp://h/g?token=s3cret", /'ftp:\/\/h\/g' is no game's address: write ws:\/\/HOST:PORT\/GAME/],
    ["ws://h/?token=s3cret", /'ws:\/\/h\/' names no game: write ws:\/\/HOST/],
    ["ws://h/g?since=x", /'since' in the address is 'x', and no event's number: write since=0 for the whole history/],
    ["ws://h/g?since=-1", /'since'/],
    ["ws://h/g?player=a&player=b", /'ws:\/\/h\/g' gives 'player' twice: give it once/],
  ]) {
    await assert.rejects(connect(url, { WebSocket: Wire }), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, why);
      assert.ok(!error.message.includes("s3cret"));
      return true;
    });
  }
  assert.equal(Wire.all.length, 0);
});

test("addresses", async () => {
  const hrefs = [];
  const all = [
    ["http://localhost:8080/g1?player=alice#top", {}],
    ["https://play.example/g1?player=alice", { state: false }],
    [new URL("wss://play.example/g1?player=alice&state=0"), {}],
    ["ws://localhost/g1?player=alice&since=0&spectate=1", {}],
    ["ws://localhost/g1?player=alice", { epoch: "e 0", since: 5 }],
  ];
  for (const [url, options] of all) {
    const game = await enter(options, { resumed: true, seq: 9 }, url);
    hrefs.push((await wire()).url.href);
    game.close();
  }
  assert.deepEqual(hrefs, [
    "ws://localhost:8080/g1?player=alice&state=1",
    "wss://play.example/g1?player=alice",
    "wss://play.example/g1?player=alice",
    "ws://localhost/g1?player=alice&spectate=1&state=1&since=0",
    "ws://localhost/g1?player=alice&state=1&epoch=e+0&since=5",
  ]);
});

test("history from its beginning, by the address", async () => {
  const game = await enter({}, { seq: 2, resumed: true }, `${URL_}&since=0`);
  const line = await wire();
  line.say({ event: "Marked", seq: 1 });
  assert.equal(game.seq, 1);
  line.end();
  assert.deepEqual((await wire()).query, { player: "alice", state: "1", epoch: "e1", since: "1" });
  game.close();
});

test("a token is offered beside the protocol, and nowhere else", async () => {
  const game = await enter({ token: "a.b.c" });
  const line = await wire();
  assert.deepEqual(line.protocols, ["gamesvc.v1", "bearer.a.b.c"]);
  assert.ok(!line.url.href.includes("a.b.c"));
  line.end(4401);
  assert.equal(game.status, "closed");
  assert.equal(game.error.code, "token_expired");
});

test("no token is offered where there is none", async () => {
  for (const token of [null, undefined, () => null, async () => undefined]) {
    const game = await enter({ token });
    assert.deepEqual((await wire()).protocols, ["gamesvc.v1"]);
    game.close();
  }
});

test("what can be no token is told at once, and not repeated", async () => {
  for (const [token, why] of [
    ["", /it is empty/],
    [12345, /of type number/],
    [{ token: "s3cret" }, /of type object/],
    ["s3cret\n", /white space/],
    ["s3cret x", /white space/],
    ["s3cret\0", /no letter/],
    ["s3cr\u00e9t", /no letter/],
  ]) {
    await assert.rejects(connect(URL_, { WebSocket: Wire, token }), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, why);
      assert.doesNotMatch(error.message, /12345|s3cret/);
      return true;
    });
  }
});

test("who can give a new token is asked when one is needed, and not before", async () => {
  let asked = 0;
  const game = await enter({ token: async () => `t${++asked}` });
  const bearers = [];
  const end = async (code, isWelcome) => {
    (await wire()).end(code);
    const line = await wire();
    bearers.push(line.protocols[1]);
    if (isWelcome) line.welcome({ resumed: true });
  };
  await end(1006, true);
  await end(4401, true);
  await end(1012, false);
  // It was not let in, and a browser does not say why.
  await end(1006, true);
  await end(1006, true);
  assert.deepEqual(bearers, ["bearer.t1", "bearer.t2", "bearer.t2", "bearer.t3", "bearer.t3"]);
  game.close();
});

test("there is no token to be had: it is asked for again, and the reason is told", async () => {
  let asked = 0;
  const token = () => {
    asked += 1;
    throw new Error("the shop is closed");
  };
  await assert.rejects(connect(URL_, { WebSocket: Wire, backoff, token }), (error) => {
    assert.equal(error.code, "unreachable");
    assert.equal(error.message, "there is no token: the shop is closed");
    assert.equal(error.cause.message, "the shop is closed");
    return true;
  });
  assert.equal(asked, 5);
  assert.equal(Wire.all.length, 0);
});

test("closed while a token is awaited: no line is opened", async () => {
  const asked = [];
  let token = () => "t1";
  const game = await enter({ token: () => token() });
  token = () => new Promise((resolve) => asked.push(resolve));
  (await wire()).end(4401);
  await turn();
  game.close();
  assert.equal(asked.length, 1);
  asked[0]("t2");
  await turn();
  assert.equal(Wire.all.length, 1);
});

test("a browser does not say why it is not let in: after five tries it is over", async () => {
  const entering = assert.rejects(connect(URL_, { WebSocket: Wire, backoff }), { code: "unreachable" });
  for (let tries = 0; tries < 5; tries += 1) (await wire()).end();
  await entering;
  await turn();
  assert.equal(Wire.all.length, 5);
});

test("an error without a close is the end of a line, too", async () => {
  const entering = connect(URL_, { WebSocket: Wire, backoff });
  (await wire()).onerror({});
  await turn();
  await turn();
  assert.equal(Wire.all.length, 2);
  const line = await wire();
  line.welcome();
  const game = await entering;
  line.onerror({});
  line.end(4409);
  await turn();
  assert.equal(game.error.code, "replaced", "the close has more to say");
});

test("the package ws says why it is not let in", async () => {
  const entering = assert.rejects(connect(URL_, { WebSocket: Wire, backoff }), { code: "http_403" });
  const line = await wire();
  line.onerror({ message: "Unexpected server response: 403", error: new Error("ws says so") });
  line.end();
  await entering;
  assert.equal(Wire.all.length, 1);
});

test("where the answer can be read, it is told in the server's words", async () => {
  /** As the package ws is, to who asks for the answer. */
  class Telling extends Wire {
    on(name, listener) {
      this[name] = listener;
    }
  }
  const answer = (status, headers, ...body) => ({
    statusCode: status,
    headers,
    setEncoding: () => {},
    async *[Symbol.asyncIterator]() {
      yield* body;
    },
  });
  const request = { destroy: () => {} };
  const refused = async (...how) => {
    const entering = connect(URL_, { WebSocket: Telling, backoff, tries: 1 });
    (await wire())["unexpected-response"](request, answer(...how));
    return entering.catch((error) => [error.code, error.message]);
  };
  const said = '{"error": {"code": "wrong_game", "message": "the token is for another game", "retryable": false}}';
  const whole = [said.slice(0, 20), said.slice(20)];
  assert.deepEqual(await refused(403, {}, ...whole), ["wrong_game", "the token is for another game"]);
  const unsaid = ["http_404", "the server answered with HTTP status 404"];
  const others = ["", "<html>", "[]", '{"error": 1}', '{"error": {"code": 7, "message": "x"}}', "x".repeat(100_000)];
  for (const body of others) {
    assert.deepEqual(await refused(404, { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }, body), unsaid);
  }
  const full = ["http_503", "the server answered with HTTP status 503"];
  assert.deepEqual(await refused(503, { "retry-after": "5" }), full);
});

test("what a WebSocket does not take ends it, and the token is not told", async () => {
  class Picky {
    constructor(url, protocols) {
      throw new SyntaxError(`not this: ${protocols}`);
    }
  }
  await assert.rejects(connect(URL_, { WebSocket: Picky, token: "se,cret" }), (error) => {
    assert.equal(error.code, "bad_request");
    assert.ok(!`${error.message} ${error.cause}`.includes("cret"));
    return true;
  });
  await assert.rejects(connect("no address", { WebSocket: Wire }), TypeError);
});

test("there has to be a WebSocket", async (t) => {
  const { WebSocket } = globalThis;
  delete globalThis.WebSocket;
  t.after(() => {
    if (WebSocket !== undefined) globalThis.WebSocket = WebSocket;
  });
  await assert.rejects(connect(URL_), /give one/);
});

test("the global WebSocket is taken where there is one", async (t) => {
  const { WebSocket } = globalThis;
  globalThis.WebSocket = Wire;
  t.after(() => {
    if (WebSocket === undefined) delete globalThis.WebSocket;
    else globalThis.WebSocket = WebSocket;
  });
  const game = await enter({ WebSocket: undefined });
  assert.equal(game.status, "open");
  game.close();
});

test("what is no text, or no JSON, ends the line", async () => {
  const binary = Buffer.from('{"event": "Marked", "seq": 1}');
  for (const data of [binary, "{", "null", "7", '{"event": "gamesvc.welcome"}']) {
    const game = await enter();
    const line = await wire();
    line.onmessage({ data });
    assert.equal(game.status, "reconnecting", `${data}`);
    assert.equal(line.closedWith, "no code");
    game.close();
  }
});

test("a dead line is noticed and left at once; then timers are gone with the session", async (t) => {
  const clock = new Clock(t);
  const entering = connect(URL_, { WebSocket: Wire });
  await clock.advance(0);
  Wire.all[0].welcome();
  const game = await entering;
  await clock.advance(24_999);
  assert.deepEqual(Wire.all[0].sent, []);
  await clock.advance(1);
  assert.equal(Wire.all[0].sent[0].command, "gamesvc.ping");
  let isTerminated = false;
  Wire.all[0].terminate = () => (isTerminated = true);
  await clock.advance(9_999);
  assert.equal(game.status, "open");
  await clock.advance(1);
  assert.equal(game.status, "reconnecting");
  assert.ok(isTerminated, "where that can be, the answer to a close is not waited for");
  await clock.advance(250);
  assert.equal(Wire.all.length, 2);
  game.close();
  assert.equal(clock.timers, 0);
  await clock.advance(100_000);
  assert.equal(Wire.all.length, 2);
});

test("when the network is there again, it comes back at once", async (t) => {
  const listeners = new Map();
  t.mock.method(Math, "random", () => 1);
  globalThis.addEventListener = (name, listener) => listeners.set(name, listener);
  globalThis.removeEventListener = (name) => listeners.delete(name);
  t.after(() => {
    delete globalThis.addEventListener;
    delete globalThis.removeEventListener;
  });
  const game = await enter({ backoff: { first: 100_000, most: 100_000 } });
  (await wire()).end();
  await turn();
  assert.equal(Wire.all.length, 1);
  listeners.get("online")();
  assert.equal((await wire()).query.since, "0");
  listeners.get("online")();
  await turn();
  assert.equal(Wire.all.length, 2);
  game.close();
  assert.equal(listeners.size, 0);
});

test("an option that there is not is told, with the one that is meant, and no value", async () => {
  for (const [options, why] of [
    [{ tokne: "s3cret" }, /^there is no option 'tokne': did you mean 'token'\?$/],
    [{ websocket: Wire }, /did you mean 'WebSocket'\?/],
    [{ player: "s3cret" }, /write it into the address, \?player=NAME/],
    [{ colour: 7 }, /there are token, WebSocket, state, epoch, since, tries, backoff/],
    ["s3cret", /^options are an object, .* and not of type string$/],
    [null, /not null/],
    [[], /not an array/],
  ]) {
    await assert.rejects(connect(URL_, options), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, why);
      assert.ok(!error.message.includes("s3cret"));
      return true;
    });
  }
});

test("a listener is a function", async () => {
  const game = await enter();
  assert.throws(() => game.on("Marked"), /^TypeError: who is told of 'Marked' is a function, and not undefined/);
  game.close();
});

test("a listener that fails later is heard of alike, but not that the session has ended", async (t) => {
  const game = await enter();
  const thrown = [];
  t.mock.method(globalThis, "queueMicrotask", (what) => thrown.push(what));
  game.on("Marked", async () => {
    throw new Error("theirs");
  });
  game.on("Marked", () => game.send("waits"));
  (await wire()).say({ event: "Marked", seq: 1 });
  game.close();
  await turn();
  assert.equal(thrown.length, 1);
  assert.throws(thrown[0], /theirs/);
});

test("a refusal says which command it was, and where it was sent", async () => {
  const game = await enter();
  const line = await wire();
  const sendsFromHere = () => game.send("mark", { cell: 4 });
  const refused = sendsFromHere();
  const error = { code: "taken", message: "the cell is taken", retryable: false };
  line.say({ status: "error", id: line.sent[0].id, error });
  await assert.rejects(refused, (/** @type {any} */ { command, message, stack }) => {
    assert.deepEqual([command, message], ["mark", "the cell is taken"]);
    assert.match(stack, /^GameError: the cell is taken\n    at sendsFromHere /);
    return true;
  });
  game.close();
});

test("an address is shown as it was given, with what to try", async () => {
  for (const [url, why] of [
    ["localhost:18985/g1?token=s3cret", /^'localhost:18985\/g1' is no .* so try ws:\/\/localhost:18985\/g1\)$/],
    ["http://h:80/?token=s3cret#/g/abc?s3cret", /^'http:\/\/h:80\/' names no game: .* so try ws:\/\/h\/abc\)$/],
    ["ftp://me:s3cret@h/g#s3cret", /^'ftp:\/\/h\/g' is no game's address: write ws:\/\/HOST:PORT\/GAME, or wss:\/\/$/],
    ["ws://h:99999/g?token=s3cret", /^'ws:\/\/h:99999\/g' is no game's address/],
    [null, /^a game's address is a text or a URL, and not null: write ws:\/\/HOST:PORT\/GAME/],
    [7, /not of type number/],
  ]) {
    await assert.rejects(connect(url, { WebSocket: Wire }), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, why);
      assert.ok(!`${error.message} ${error.input}`.includes("s3cret"));
      return true;
    });
  }
});

test("what Node's own WebSocket says of all alike is not repeated", async () => {
  const entering = connect(URL_, { WebSocket: Wire, backoff, tries: 1 });
  (await wire()).onerror({ message: "Received network error or non-101 status code." });
  await assert.rejects(entering, /^GameError: nobody is there, or the server does not let us in \(token, /);
});
