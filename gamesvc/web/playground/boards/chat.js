/** Chat: what was said, and a line to say more. */

import { h, say } from "../dom.js";
import { colourOf } from "../words.js";

const MOST_SHOWN = 300;

/** @param {import("./index.js").Table} table */
export function create(table) {
  const said = h("ol.said", { "aria-label": "What was said", tabindex: 0 });
  const input = h("input", { type: "text", maxlength: 500, "aria-label": "Say something", placeholder: "Say something", autocomplete: "off" });
  /** @param {SubmitEvent} event */
  const speak = async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text === "") return;
    input.value = "";
    const done = await table.send("say", { text }).catch(() => undefined);
    if (done === undefined && input.value === "") input.value = text;
  };
  const button = h("button.primary", {}, "Say");
  const line = h("form", { on: { submit: speak } }, input, button);
  let shown = 0;
  let first = -1;
  return {
    element: h("div.chat", {}, said, line),
    names: speakers,
    /** @param {import("../seat.js").View} view */
    show(view) {
      const all = view.events.filter(({ event }) => event.event === "Said").slice(-MOST_SHOWN);
      const isSame = first === (all[0]?.seq ?? -1) && shown <= all.length;
      if (!isSame) said.replaceChildren();
      const isAtEnd = said.scrollHeight - said.scrollTop - said.clientHeight < 60;
      for (const { event } of all.slice(isSame ? shown : 0)) {
        const isMine = event.player === view.player;
        const text = h("p", {});
        say(text, event.text);
        said.append(h(`li.${colourOf(event.player, speakers(view))}${isMine ? ".mine" : ""}`, {}, h("span.name", {}, event.player), text));
      }
      first = all[0]?.seq ?? -1;
      shown = all.length;
      if (isAtEnd) said.scrollTop = said.scrollHeight;
      input.disabled = button.disabled = view.player === null || view.isFinished;
    },
    /** @param {any} event */
    describe(event) {
      return event.event === "Said" ? `${event.player}: ${event.text}` : null;
    },
  };
}

/** Who has said something, in the order in which they began. @param {import("../seat.js").View} view */
function speakers(view) {
  return [...new Set(view.events.filter(({ event }) => event.event === "Said").map(({ event }) => event.player))];
}
