/** The session does what `clients/vectors.json` says, as the Python one does. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Session } from "../src/session.js";

const { cases } = JSON.parse(readFileSync(new URL("../../vectors.json", import.meta.url), "utf8"));

/** What happens, by the name that a step has for it. Times are in seconds there, and in milliseconds here. */
const FEEDS = {
  start: (session, now) => session.start(now),
  send: (session, now, { command, arguments: args }) => session.send(now, command, args),
  received: (session, now, message) => session.received(now, JSON.stringify(message)),
  received_text: (session, now, text) => session.received(now, text),
  heard: (session, now) => session.heard(now),
  lost: (session, now, { code }) => session.lost(now, code),
  refused: (session, now, { status, code, retry_after: after = 0 }) =>
    session.refused(now, status, { code, after: after * 1000 }),
  tick: (session, now) => session.tick(now),
  close: (session) => session.close(),
};

/** An action as the vectors have it. */
function told(action) {
  const { do: what } = action;
  if (what === "transmit") return { do: what, message: JSON.parse(action.text) };
  if (what === "resolve") return { do: what, id: action.id, result: action.result ?? null };
  if (what === "reject") return { do: what, id: action.id, code: action.error.code, retryable: action.error.retryable };
  if (what === "lost") return { do: what, code: action.error.code };
  if (what === "welcome") return { do: what, seq: action.welcome.seq, resumed: action.welcome.resumed };
  if (what === "status") {
    return { do: what, status: action.status, ...(action.error === null ? {} : { code: action.error.code }) };
  }
  return action;
}

assert.ok(cases.length > 0);
for (const { name, options, chance, steps } of cases) {
  test(name, () => {
    const session = new Session({ prefix: "p", chance: () => chance, ...options });
    for (const { at, times = 1, then, deadline, mirror = {}, ...happening } of steps) {
      const [[what, details]] = Object.entries(happening);
      for (let time = 0; time < times; time += 1) FEEDS[what](session, at * 1000, details);
      const where = `${what} at ${at}`;
      assert.deepEqual(session.take().map(told), then, where);
      const found = session.deadline === Infinity ? null : Math.round(session.deadline * 1000) / 1e6;
      assert.equal(found, deadline, `the deadline after ${where}`);
      for (const [key, value] of Object.entries(mirror)) {
        assert.deepEqual(session.mirror[key], value, `${key} after ${where}`);
      }
    }
  });
}
