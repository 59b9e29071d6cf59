import assert from "node:assert/strict";
import { test } from "node:test";
import { Recorder } from "../../gamesvc/web/playground/recorder.js";

const welcome = (more = {}) =>
  JSON.stringify({ event: "gamesvc.welcome", game: "g1", epoch: "E", seq: 0, resumed: false, player: "ann", playing: true, players: [], present: [], ...more });
const marked = (seq, cell = seq) => JSON.stringify({ event: "Marked", cell, seq });

function opened(more) {
  let now = 0;
  const recorder = new Recorder(() => (now += 10));
  recorder.note("line", "open /g1?state=1");
  recorder.note("in", welcome(more));
  return recorder;
}

test("events are kept with their numbers, each once", () => {
  const recorder = opened();
  for (const seq of [1, 2, 2, 1, 3]) recorder.note("in", marked(seq));
  assert.deepEqual(recorder.events.map(({ seq }) => seq), [1, 2, 3]);
  assert.equal(recorder.seq, 3);
});

test("what had happened before we came is told from the history, and nobody knows when it was", () => {
  const recorder = opened({ seq: 2, resumed: true });
  for (const seq of [1, 2, 3]) recorder.note("in", marked(seq));
  recorder.note("line", "closed: 1006");
  recorder.note("line", "open /g1?epoch=E&since=3");
  recorder.note("in", welcome({ seq: 4, resumed: true }));
  recorder.note("in", marked(4));
  recorder.note("in", '{"event": "gamesvc.away", "player": "bob"}');
  assert.deepEqual(recorder.events.map(({ event, at }) => [recorder.isPast(event), at === null]), [
    [true, true],
    [true, true],
    [false, false],
    [false, false],
    [false, false],
  ]);
  recorder.note("in", welcome({ epoch: "F", seq: 1, resumed: true }));
  recorder.note("in", marked(1));
  assert.equal(recorder.events.at(-1).at, null, "another history is told from its beginning");
});

test("events without a number are kept, and patches are none", () => {
  const recorder = opened();
  recorder.note("in", '{"event": "gamesvc.away", "player": "bob"}');
  recorder.note("in", '{"event": "gamesvc.patch", "seq": 0, "patch": {}}');
  assert.deepEqual(recorder.events.map(({ event, seq }) => [event.event, seq]), [["gamesvc.away", null]]);
});

test("replies are matched with what was asked, and timed", () => {
  const recorder = opened();
  recorder.note("out", '{"command": "mark", "id": "a-1", "cell": 4}');
  recorder.note("in", '{"status": "ok", "id": "a-1", "result": 7}');
  recorder.note("out", '{"command": "mark", "id": "a-2", "cell": 4}');
  recorder.note("in", '{"status": "error", "id": "a-2", "error": {"code": "refused", "message": "no", "retryable": false}}');
  const [good, bad] = recorder.replies;
  assert.deepEqual([good.command, good.args, good.isOk, good.said, good.ms], ["mark", { cell: 4 }, true, 7, 10]);
  assert.deepEqual([bad.isOk, bad.said.code], [false, "refused"]);
  assert.equal(recorder.latency, 10);
});

test("a ping is timed, and is no reply to be shown", () => {
  const recorder = opened();
  recorder.note("out", '{"command": "gamesvc.ping", "id": "p-1"}');
  recorder.note("in", '{"status": "ok", "id": "p-1"}');
  assert.deepEqual([recorder.latencies, recorder.replies], [[10], []]);
});

test("a line that comes back is told of, with what was missed and what had waited", () => {
  const recorder = opened();
  recorder.note("in", marked(1));
  assert.deepEqual(recorder.returns, []);
  recorder.note("line", "closed: 1006");
  recorder.note("line", "open /g1?epoch=E&since=1");
  recorder.note("in", welcome({ seq: 3, resumed: true }));
  recorder.resend(2);
  const [{ resumed, from, to, kept }] = recorder.returns;
  assert.deepEqual([resumed, from, to, kept], [true, 1, 3, 2]);
});

test("a welcome on the same line is no return, and begins other numbers", () => {
  const recorder = opened({ seq: 5 });
  recorder.note("in", welcome({ epoch: "F", seq: 2 }));
  recorder.note("in", marked(3));
  assert.deepEqual(recorder.returns, []);
  assert.deepEqual(recorder.events.map(({ seq }) => seq), [null, 3]);
});

test("a state that is told anew, with nothing between, is one moment", () => {
  const recorder = opened();
  recorder.show({ moves: 0 }, []);
  recorder.show({ moves: 0 }, []);
  recorder.note("in", marked(1));
  recorder.show({ moves: 1 }, []);
  assert.deepEqual(recorder.moments.map(({ state, seq }) => [state.moves, seq]), [[0, 0], [1, 1]]);
  assert.equal(recorder.eventsAt(recorder.moments[1]).length, 1);
});

test("states that were missed are filled in, between those that were seen", () => {
  const recorder = opened({ seq: 3, resumed: true });
  for (const seq of [1, 2, 3]) recorder.note("in", marked(seq));
  assert.equal(recorder.hasGaps, false, "not before there is a state");
  recorder.show({ moves: 3 }, ["ann"]);
  assert.equal(recorder.hasGaps, true);
  recorder.fill((events) => ({ moves: events.length }));
  assert.equal(recorder.hasGaps, false);
  recorder.note("in", marked(4));
  recorder.show({ moves: 4 }, ["ann"]);
  assert.equal(recorder.hasGaps, false, "this one was seen");
  assert.deepEqual(recorder.moments.map(({ state, seq }) => [state.moves, seq]), [[1, 1], [2, 2], [3, 3], [4, 4]]);
});

test("there was a state before the first move, while all sat down", () => {
  const joined = (seq) => JSON.stringify({ event: "gamesvc.joined", player: "ann", seat: 0, seq });
  const recorder = opened({ seq: 4, resumed: true });
  for (const text of [joined(1), joined(2), marked(3), joined(4)]) recorder.note("in", text);
  recorder.show({ moves: 1 }, ["ann"]);
  recorder.fill((events) => ({ moves: events.filter(({ event }) => event === "Marked").length }));
  assert.deepEqual(recorder.moments.map(({ state, seq }) => [state.moves, seq]), [[0, 1], [1, 3], [1, 4]]);
});

test("states that can't be told are left out, and what changes nothing as well", () => {
  const recorder = opened({ seq: 4, resumed: true });
  for (const seq of [1, 2, 3, 4]) recorder.note("in", marked(seq));
  recorder.show({ moves: 9 }, []);
  recorder.fill((events) => (events.length === 1 ? null : { moves: 2 }));
  assert.deepEqual(recorder.moments.map(({ state, seq }) => [state.moves, seq]), [[2, 2], [9, 4]]);
});

test("all of it is bounded", () => {
  const recorder = opened();
  for (let seq = 1; seq <= 12_000; seq += 1) {
    recorder.note("in", marked(seq));
    recorder.show({ moves: seq }, []);
    recorder.note("out", `{"command": "mark", "id": "a-${seq}"}`);
    recorder.note("in", `{"status": "ok", "id": "a-${seq}"}`);
  }
  recorder.note("in", JSON.stringify({ event: "Long", text: "x".repeat(100_000), seq: 12_001 }));
  assert.ok(recorder.frames.length <= 400 && recorder.events.length <= 10_000 && recorder.moments.length <= 2_000);
  assert.ok(recorder.replies.length <= 200 && recorder.latencies.length <= 60);
  assert.ok(recorder.frames.every(({ text }) => text.length <= 20_000));
  assert.equal(recorder.moments.at(-1).state.moves, 12_000);
  assert.equal(recorder.eventsAt(recorder.moments.at(-1)).at(-1).seq, 12_000);
});

test("what is no JSON is shown, and harms nothing", () => {
  const recorder = opened();
  for (const text of ["", "{", "null", "7", '{"event": 7}']) recorder.note("in", text);
  assert.deepEqual(recorder.events, []);
  assert.equal(recorder.frames.length, 7);
});
