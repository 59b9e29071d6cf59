/** The board of a game that has none of its own: its state, what may be done now as buttons, and its commands as forms. */

import { h, say, set } from "../dom.js";
import { form, readOrSay } from "../form.js";
import { worded } from "../outcome.js";
import { commandsOf, titled } from "../schema.js";
import { Tree } from "../tree.js";
import { colourOf } from "../words.js";

const MOST_BUTTONS = 120;
const MOST_TOLD = 12;
/** So many forms are open at first: more of them would leave no room for the state. */
const MOST_OPEN = 3;

/** @param {import("./index.js").Table} table */
export function create(table) {
  const told = h("ol.told", { "aria-label": "What happened last" });
  const state = new Tree();
  const moves = choices(table);
  const commands = commandsOf(table.kind?.commands ?? {});
  const forms = commands.map((command) => commandForm(command, table, commands.length <= MOST_OPEN));
  const more = h("div.commands", { role: "group", "aria-label": "Commands" }, forms.map(({ element }) => element));
  const hint = h("p.hint", { hidden: true }, "Nothing has happened yet.");
  /** The last event that was told. @type {any} */
  let newest;
  const element = h("div.plain", {}, hint, told, moves.element, more, h("details.state-box", { open: true }, h("summary", {}, "State"), state.element));
  /** The state that is shown, and the one before it. @type {any} */
  let shown;
  /** @type {any} */
  let before;
  let wasEmpty = true;
  return {
    element,
    /** @param {import("../seat.js").View} view */
    show(view) {
      const { legal: _, ...rest } = view.state;
      const isEmpty = Object.keys(rest).length === 0;
      set(element.lastElementChild, "hidden", isEmpty);
      // What comes first has not changed.
      if (JSON.stringify(rest) !== JSON.stringify(shown)) [before, shown] = [wasEmpty ? rest : shown, rest];
      wasEmpty = isEmpty;
      if (!isEmpty) state.show(shown, before);
      const last = latest(view.events);
      if (last.at(-1) !== newest) told.replaceChildren(...last.map(({ event }) => bubble(event, view)));
      newest = last.at(-1);
      told.hidden = last.length === 0;
      hint.hidden = last.length > 0 || !isEmpty || view.legal.length > 0;
      moves.show(view.legal);
      const plays = view.player !== null && view.isLive && !view.isFinished;
      more.hidden = !plays;
    },
  };
}

/** The last things that happened, as the game tells them. @param {import("../recorder.js").Noted[]} events */
function latest(events) {
  const found = [];
  for (let at = events.length - 1; at >= 0 && found.length < MOST_TOLD; at -= 1) {
    if (!events[at].event.event.startsWith("gamesvc.")) found.unshift(events[at]);
  }
  return found;
}

/**
 * @param {any} event
 * @param {import("../seat.js").View} view
 */
function bubble(event, view) {
  const text = event.message ?? event.text;
  const who = typeof event.player === "string" ? event.player : null;
  return h(`li.${colourOf(who, view.players)}`, {}, who !== null && typeof text === "string" ? h("span.name", {}, who) : null, typeof text === "string" ? text : worded(event));
}

/**
 * What is legal, as buttons.
 *
 * @param {import("./index.js").Table} table
 */
export function choices(table) {
  const filter = h("input", { type: "search", placeholder: "Find a move", "aria-label": "Find a move" });
  const buttons = h("div.choices", { role: "group", "aria-label": "What you may do" });
  const more = h("p.more", { role: "status" });
  const element = h("div.choosing", {}, filter, buttons, more);
  /** @type {any[]} */
  let legal = [];
  let written = "";
  const draw = () => {
    const wanted = filter.value.trim().toLowerCase();
    const found = legal.map((each) => ({ each, label: labelled(each, legal) })).filter(({ label }) => label.toLowerCase().includes(wanted));
    const hadFocus = buttons.contains(document.activeElement);
    buttons.replaceChildren(
      ...found.slice(0, MOST_BUTTONS).map(({ each, label }) => {
        const { command, ...args } = each;
        return h("button.choice", { type: "button", on: { click: () => table.send(command, args) } }, label);
      }),
    );
    if (hadFocus) buttons.querySelector("button")?.focus();
    const hidden = found.length - MOST_BUTTONS;
    say(more, hidden > 0 ? `${hidden} more: find them by name` : found.length === 0 && legal.length > 0 ? "No move is called so." : "");
    filter.hidden = legal.length <= 24;
  };
  filter.addEventListener("input", draw);
  return {
    element,
    /** @param {any[]} next */
    show(next) {
      element.hidden = next.length === 0;
      const text = JSON.stringify(next);
      if (text === written) return;
      written = text;
      legal = next;
      filter.value = "";
      draw();
    },
  };
}

/**
 * What a choice is called: what tells it from the others.
 *
 * @param {any} each
 * @param {any[]} legal all that there are
 * @returns {string}
 */
function labelled(each, legal) {
  if (typeof each.name === "string") return each.name;
  const { command, ...args } = each;
  const isOnly = legal.every((other) => other.command === command);
  const values = Object.entries(args).map(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return Object.keys(args).length > 1 || typeof value !== "string" ? `${name} ${text}` : text;
  });
  if (values.length === 0) return titled(command);
  return isOnly ? values.join(", ") : `${titled(command)}: ${values.join(", ")}`;
}

/**
 * @param {ReturnType<typeof commandsOf>[number]} command
 * @param {import("./index.js").Table} table
 * @param {boolean} isOpen whether it is unfolded at first
 */
function commandForm(command, table, isOpen) {
  const fields = form(command.fields);
  const wrong = h("p.wrong", { role: "alert" });
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    const args = readOrSay(fields.read, wrong);
    if (args !== null) table.send(command.name, args);
  };
  const button = h("button", { title: command.description }, titled(command.name));
  if (fields.isEmpty) return { element: h("form.command", { on: { submit } }, button, wrong) };
  const body = h("form.command.wide", { novalidate: true, on: { submit } }, h("small", {}, command.description), fields.element, wrong, button);
  return { element: h("details.command", { open: isOpen }, h("summary", {}, titled(command.name)), body) };
}
