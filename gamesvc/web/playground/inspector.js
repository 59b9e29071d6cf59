/** What goes over the wire of one seat: events, state, replies, messages, and how long they take. */

import { h, say, set, svg } from "./dom.js";
import { icon } from "./icons.js";
import { worded } from "./outcome.js";
import { Tree } from "./tree.js";

const TABS = ["Events", "State", "Replies", "Frames"];
const MOST_ROWS = 150;
const DRAW_MS = 200;
const PING_MS = 4000;

export class Inspector {
  /** @type {import("./seat.js").Seat | null} */
  #seat = null;
  #tab = "Events";
  #isDirty = true;
  #tree = new Tree();
  #drawing;
  #pinging;
  /** Words for what happens. @type {import("./boards/index.js").Board | null} */
  #board = null;
  /** The newest of what is listed; null where all is to be listed anew. @type {{ newest: any } | null} */
  #listed = null;
  #seats = h("select", { "aria-label": "Whose line" });
  #latency = h("b");
  #graph = svg("svg.graph", { viewBox: "0 0 120 28", preserveAspectRatio: "none", "aria-hidden": "true" });
  #facts = h("dl.facts");
  #body = h("div.pane", { role: "tabpanel", tabindex: 0 });
  #tabs = TABS.map((name) =>
    h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "pane", on: { click: () => this.#open(name) } }, name),
  );

  /** @param {{ choose: (index: number) => void, fold: () => void }} how told which seat is to be looked at */
  constructor({ choose, fold }) {
    this.#body.id = "pane";
    this.#seats.addEventListener("change", () => choose(Number(this.#seats.value)));
    const tabs = h("div.tabs", { role: "tablist", "aria-label": "The wire", on: { keydown: (/** @type {KeyboardEvent} */ event) => this.#moved(event) } }, this.#tabs);
    const close = h("button.small.quiet", { type: "button", "aria-label": "Fold the wire away", on: { click: fold } }, "×");
    this.element = h(
      "aside.inspector",
      { id: "wire", "aria-label": "The wire" },
      h("header", {}, icon("wire"), h("h2", {}, "The wire"), this.#seats, close),
      h("div.pulse", {}, h("span", {}, this.#latency), this.#graph),
      this.#facts,
      tabs,
      this.#body,
    );
    this.#drawing = setInterval(() => this.#draw(), DRAW_MS);
    // So that there is something to see, also where nobody moves.
    this.#pinging = setInterval(() => {
      const isShown = this.#seat?.status === "open" && this.element.isConnected && !document.hidden;
      if (isShown) this.#seat?.ping().catch(() => {});
    }, PING_MS);
    this.#mark();
  }

  /**
   * @param {import("./seat.js").Seat[]} seats
   * @param {number} chosen
   * @param {import("./boards/index.js").Board | null} board of that seat, which has words for what happens
   */
  show(seats, chosen, board) {
    const names = seats.map((each) => (each.isWatching ? "watching" : each.name));
    if (this.#seats.dataset.names !== names.join("\n")) {
      this.#seats.dataset.names = names.join("\n");
      this.#seats.replaceChildren(...names.map((name, index) => h("option", { value: index }, name)));
    }
    this.#seats.value = String(chosen);
    this.#seats.hidden = seats.length < 2;
    if (this.#seat !== (seats[chosen] ?? null) || this.#board !== board) this.#listed = null;
    this.#seat = seats[chosen] ?? null;
    this.#board = board;
    this.touch();
  }

  /** Something is to be drawn anew. */
  touch() {
    this.#isDirty = true;
  }

  close() {
    clearInterval(this.#drawing);
    clearInterval(this.#pinging);
  }

  /** @param {string} name of the tab */
  #open(name) {
    this.#tab = name;
    this.#listed = null;
    this.#mark();
    this.touch();
    this.#body.scrollTop = 0;
    this.#draw();
  }

  #mark() {
    for (const each of this.#tabs) {
      const isChosen = each.textContent === this.#tab;
      set(each, "aria-selected", String(isChosen));
      set(each, "tabindex", isChosen ? 0 : -1);
    }
    set(this.#body, "aria-labelledby", `tab-${this.#tab}`);
  }

  /** @param {KeyboardEvent} event */
  #moved(event) {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const at = (TABS.indexOf(this.#tab) + step + TABS.length) % TABS.length;
    this.#open(TABS[at]);
    this.#tabs[at].focus();
  }

  #draw() {
    if (!this.#isDirty || this.#seat === null || !this.element.isConnected || this.element.offsetParent === null) return;
    // Who marks a text there wants to copy it.
    const selection = document.getSelection();
    if (selection !== null && !selection.isCollapsed && this.element.contains(selection.anchorNode)) return;
    this.#isDirty = false;
    const { recorder } = this.#seat;
    const { latency, latencies } = recorder;
    say(this.#latency, latency === null ? "– ms" : `${latency < 10 ? latency.toFixed(1) : Math.round(latency)} ms`);
    const most = Math.max(20, ...latencies);
    const step = 120 / 60;
    this.#graph.replaceChildren(
      ...latencies.map((each, index) => svg("rect", { x: (60 - latencies.length + index) * step, y: 28 - (each / most) * 26, width: step * 0.7, height: (each / most) * 26 })),
    );
    /** @type {(name: string, value: string) => HTMLElement[]} */
    const fact = (name, value) => [h("dt", {}, name), h("dd", {}, value)];
    this.#facts.replaceChildren(
      ...fact("game", this.#seat.game?.welcome?.game ?? "–"),
      ...fact("seq", String(recorder.seq)),
      ...fact("epoch", (recorder.epoch ?? "–").slice(0, 12)),
      ...fact("unanswered", String(this.#seat.game?.waiting ?? 0)),
    );
    const pane = this.#body;
    if (this.#tab === "State") {
      this.#showState();
      return;
    }
    // A list that somebody reads does not move under them.
    const grown = pane.scrollHeight;
    const at = pane.scrollTop;
    this.#list();
    if (at > 8) pane.scrollTop = at + pane.scrollHeight - grown;
  }

  #showState() {
    const { recorder, view, lookingAt } = /** @type {import("./seat.js").Seat} */ (this.#seat);
    const at = lookingAt ?? recorder.moments.length - 1;
    const isEmpty = Object.keys(view.state).length === 0;
    const shown = isEmpty ? h("p.hint", {}, "This game shows no state.") : this.#tree.element;
    if (this.#body.firstChild !== shown) this.#body.replaceChildren(shown);
    if (!isEmpty) this.#tree.show(view.state, recorder.moments[at - 1]?.state);
  }

  /** The newest first. What is there already stays, with what somebody has unfolded of it. */
  #list() {
    const { recorder } = /** @type {import("./seat.js").Seat} */ (this.#seat);
    /** @type {[any[], (each: any) => HTMLElement]} */
    const [all, make] =
      this.#tab === "Events"
        ? [recorder.events, (each) => eventRow(each, this.#board?.describe?.(each.event) ?? worded(each.event))]
        : this.#tab === "Replies"
          ? [recorder.replies, replyRow]
          : [recorder.frames, frameRow];
    const shown = all.slice(-MOST_ROWS);
    const known = this.#listed === null ? -1 : shown.lastIndexOf(this.#listed.newest);
    const pane = this.#body;
    if (known === -1) pane.replaceChildren(...(shown.length === 0 ? [h("p.hint", {}, "Nothing yet.")] : []));
    if (shown.length === 0) return;
    pane.prepend(...shown.slice(known + 1).reverse().map(make));
    while (pane.childElementCount > shown.length) pane.lastElementChild?.remove();
    this.#listed = { newest: shown.at(-1) };
  }
}

/**
 * @param {import("./recorder.js").Noted} noted
 * @param {string} what it is in words
 */
function eventRow({ event, seq, at }, what) {
  const { event: name, seq: _, ...fields } = event;
  const kind = name.startsWith("gamesvc.") ? "ours" : "";
  return row(seq === null ? "·" : `#${seq}`, at, h("details", {}, h("summary", {}, what), h("code", {}, `${name} ${JSON.stringify(fields)}`)), kind);
}

/** @param {import("./recorder.js").Reply} reply */
function replyRow({ command, args, isOk, said, isDuplicate, ms, at }) {
  const code = isOk ? (isDuplicate ? "ok, told before" : "ok") : said.code;
  const text = isOk ? (said === undefined ? "" : JSON.stringify(said)) : said.message;
  const asked = `${command} ${Object.keys(args).length > 0 ? JSON.stringify(args) : ""}`;
  return row(ms === null ? "–" : `${Math.round(ms)} ms`, at, h("div", {}, h("code", {}, asked), h("p", {}, h(`b.${isOk ? "good" : "bad"}`, {}, code), ` ${text}`)));
}

/** @param {import("./recorder.js").Frame} frame */
function frameRow({ direction, text, at }) {
  const arrow = { in: "◀", out: "▶", line: "●" }[direction];
  const size = direction === "line" ? "" : `${new TextEncoder().encode(text).length} B`;
  const isLong = text.length > 400;
  const code = h("code", {}, isLong ? `${text.slice(0, 400)}…` : text);
  const whole = isLong ? h("details", {}, h("summary", {}, code), h("code", {}, text)) : code;
  return row(arrow, at, h("div", {}, whole, h("small", {}, size)), direction);
}

/**
 * @param {string} mark
 * @param {number | null} at milliseconds since the epoch; null for what had happened before the page was opened
 * @param {HTMLElement} content
 * @param {string} [kind] a class
 */
function row(mark, at, content, kind = "") {
  return h(`div.row${kind ? `.${kind}` : ""}`, {}, h("span.note", {}, mark), content, at === null ? h("time", { title: "Before this page was opened" }, "before") : stamp(new Date(at)));
}

/** @param {Date} time */
function stamp(time) {
  return h("time", { datetime: time.toISOString() }, time.toLocaleTimeString([], { hour12: false }));
}
