/** Any game of OpenSpiel's: what it lets one observe, as it writes it, and the moves by their names. */

import { h, say } from "../dom.js";
import { colourOf } from "../words.js";
import { choices } from "./plain.js";
import { openSpiel } from "./rebuilding.js";

const MOST_MOVES = 400;
const LETTER_PART = 0.6;

/** @param {import("./index.js").Table} table */
export function create(table) {
  const seen = h("pre.observation", { tabindex: 0, "aria-label": "What you see" });
  const moves = choices(table);
  const done = h("ol.done", { "aria-label": "What was done", tabindex: 0 });
  const returns = h("ul.returns", { "aria-label": "What each has got" });
  let count = -1;
  return {
    element: h("div.openspiel", {}, h("div.observed", {}, seen), returns, moves.element, done),
    /** @param {import("../seat.js").View} view */
    show(view) {
      const { state } = view;
      /** @type {string} */
      const text = state.observation ?? "";
      const lines = text.replace(/\s+$/, "").split("\n");
      say(seen, text === "" ? waiting(view) : lines.join("\n"));
      // What is one line is no drawing, and may be broken.
      seen.classList.toggle("prose", lines.length === 1);
      // As large as its longest line lets it be.
      const widest = Math.max(12, ...lines.map((line) => line.length));
      seen.style.setProperty("--fits", String(1 / (widest * LETTER_PART)));
      seen.style.setProperty("--lines", String(lines.length));
      moves.show(view.legal);
      returns.replaceChildren(
        ...Object.entries(state.returns ?? {}).map(([player, points]) =>
          h(`li.${colourOf(player, view.players)}`, {}, h("i.disc"), player, h("b", {}, String(points))),
        ),
      );
      const acts = view.events.filter(({ event }) => ["Acted", "ActedTogether", "Chance"].includes(event.event)).slice(-MOST_MOVES);
      if (acts.length === count) return;
      count = acts.length;
      done.replaceChildren(...acts.map(({ event }) => h(`li.${colourOf(event.player, view.players)}`, {}, worded(event))));
      done.scrollTop = done.scrollHeight;
      done.hidden = count === 0;
    },
    rebuild: openSpiel,
    /** @param {any} event */
    describe(event) {
      if (event.event === "Observed") return "You see something new";
      return ["Acted", "ActedTogether", "Chance"].includes(event.event) ? worded(event, true) : null;
    },
  };
}

/** @param {import("../seat.js").View} view */
function waiting({ players, player }) {
  if (players.includes(null)) return "It begins when all seats are taken.";
  return player === null ? "This game shows nothing to who watches." : "There is nothing to see yet.";
}

/**
 * @param {any} event
 * @param {boolean} [isWhole] whether it says who did it
 */
function worded(event, isWhole = false) {
  if (event.event === "Chance") return `Chance: ${event.name}`;
  if (event.event === "ActedTogether") return Object.entries(event.names).map(([player, name]) => `${player}: ${name}`).join(", ");
  return isWhole ? `${event.player} plays ${event.name}` : event.name;
}
