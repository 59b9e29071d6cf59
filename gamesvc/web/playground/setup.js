/** Before a game: who is to sit where, and its options. And waiting for somebody to be matched with. */

import { dialog } from "./dialog.js";
import { h, say } from "./dom.js";
import { cover } from "./covers.js";
import { form, readOrSay } from "./form.js";
import { fieldsOf } from "./schema.js";
import { counted, kindSays, kindTitle, LONGEST_NAME, seatsWorded, sentence } from "./words.js";

/** Seats side by side on one page. */
export const MOST_HERE = 4;
const MOST_ROWS = 8;

const HERE = "here";
const OPEN = "open";
const BOT = "bot:";
const NONE = "none";

/**
 * Ask how a game is to be, and make it.
 *
 * @param {import("./app.js").App} app
 * @param {import("./api.js").Kind} kind
 */
export function setUp(app, kind) {
  const least = kind.seats?.[0] ?? 1;
  const most = Math.min(kind.seats?.[1] ?? MOST_HERE, MOST_ROWS);
  const bots = kind.bots ?? [];
  const takesSeats = kind.seats !== null;
  const rows = Array.from({ length: most }, (_, index) => seatRow(app, index, { bots, takesSeats, isNeeded: index < least }));
  const options = form(fieldsOf(kind.options ?? {}, kind.options ?? {}));
  const wrong = h("p.wrong", { role: "alert" });
  const isPublic = h("input", { type: "checkbox", id: "setup-public", checked: true });
  const publicly = h("div.field.flag", {}, isPublic, h("label", { for: "setup-public" }, "Show it to everybody in the list"));
  const start = h("button.primary.large", {}, "To the table");
  /** @param {string} choose for all seats but the first */
  const preset = (choose) => () => {
    rows.forEach((row, index) => row.choose(index === 0 ? HERE : index >= Math.max(least, 2) ? NONE : choose));
    sync();
  };
  const sync = () => {
    const chosen = rows.map((row) => row.value());
    const here = chosen.filter((each) => each === HERE).length;
    start.disabled = here > MOST_HERE;
    // One more row than is used, for one more who plays.
    const used = chosen.findLastIndex((each) => each !== NONE);
    rows.forEach((row, index) => (row.element.hidden = index > Math.max(used + 1, 1)));
    say(wrong, here > MOST_HERE ? `At most ${MOST_HERE} seats on one page.` : "");
    publicly.hidden = takesSeats && !chosen.includes(OPEN) && chosen.filter((each) => each !== NONE).length >= least;
    for (const [name, button] of presets) {
      const rest = chosen.slice(1, Math.max(least, 2));
      button.setAttribute("aria-pressed", String(rest.length > 0 && rest.every((each) => (name === BOT ? each.startsWith(BOT) : each === name))));
    }
  };
  const presets = /** @type {[string, any][]} */ (
    [
      [HERE, "Side by side", "at this screen", HERE],
      [OPEN, takesSeats ? "Open table" : "Alone at first", takesSeats ? "others come, or are invited" : "others come when they like", takesSeats ? OPEN : NONE],
      ...(bots.length > 0 && takesSeats ? [[BOT, "Against bots", bots.join(", "), `${BOT}${bots[0]}`]] : []),
    ]
      .filter(() => most > 1)
      .map(([name, title, says, choose]) => [name, h("button.preset", { type: "button", on: { click: preset(choose) } }, h("b", {}, title), h("small", {}, says))])
  );
  rows.forEach((row) => row.element.addEventListener("change", sync));
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    const given = readOrSay(options.read, wrong);
    if (given === null) return;
    start.disabled = true;
    try {
      await app.create(kind, given, isPublic.checked && !publicly.hidden, rows.map((row) => row.plan()).filter((each) => each !== null));
      close();
    } catch (error) {
      say(wrong, sentence(/** @type {Error} */ (error).message));
      start.disabled = false;
    }
  };
  const close = dialog(
    kindTitle(kind.name),
    () => [
      h("div.lid", {}, cover(kind.name)),
      h(
        "form.setup",
        { novalidate: true, on: { submit } },
        h("p.says", {}, kindSays(kind)),
        presets.length > 0 && h("div.presets", { role: "group", "aria-label": "Who plays" }, presets.map(([, button]) => button)),
        h("ol.rows", { "aria-label": "Seats" }, rows.map((row) => row.element)),
        !options.isEmpty && h("fieldset", {}, h("legend", {}, "Options"), options.element),
        publicly,
        wrong,
        start,
      ),
    ],
    { kind: "setup-dialog" },
  );
  rows.forEach((row, index) => row.choose(index === 0 ? HERE : row.isNeeded ? OPEN : NONE));
  sync();
}

/**
 * @param {import("./app.js").App} app
 * @param {number} index of the seat
 * @param {{ bots: string[], takesSeats: boolean, isNeeded: boolean }} how
 */
function seatRow(app, index, { bots, takesSeats, isNeeded }) {
  const choices = [
    [HERE, index === 0 ? "You, here" : "Somebody here"],
    ...(takesSeats ? [[OPEN, "Open: who comes"]] : []),
    ...(takesSeats ? bots.map((bot) => [`${BOT}${bot}`, `Bot: ${bot}`]) : []),
    ...(isNeeded ? [] : [[NONE, "Nobody"]]),
  ];
  const select = h("select", { "aria-label": `Seat ${index + 1}` }, choices.map(([value, text]) => h("option", { value }, text)));
  const name = h("input", { type: "text", maxlength: LONGEST_NAME, "aria-label": `Name at seat ${index + 1}`, placeholder: "any name", autocomplete: "off" });
  const sync = () => {
    name.hidden = select.value !== HERE || index === 0 || !app.you.mayName;
  };
  select.addEventListener("change", sync);
  return {
    isNeeded,
    element: h(`li.seat-${index % 6}`, {}, h("i.disc", { "aria-hidden": "true" }), select, name),
    value: () => select.value,
    /** @param {string} value */
    choose(value) {
      const isThere = choices.some(([each]) => each === value);
      select.value = isThere ? value : choices[isNeeded ? Math.min(1, choices.length - 1) : choices.length - 1][0];
      sync();
    },
    /** What is to be done for this seat; null for nothing. @returns {import("./app.js").Plan | null} */
    plan() {
      const { value } = select;
      if (value === HERE) return index === 0 ? { do: "me" } : { do: "guest", name: name.value.trim() || null };
      if (value === OPEN) return { do: "open" };
      return value === NONE ? null : { do: "bot", bot: value.slice(BOT.length) };
    },
  };
}

/**
 * Wait for somebody to play with.
 *
 * @param {import("./app.js").App} app
 * @param {import("./api.js").Kind} kind
 */
export async function quickMatch(app, kind) {
  const stopped = new AbortController();
  const says = h("p", { role: "status" }, "Looking for somebody...");
  const since = performance.now();
  const waited = h("p.waited");
  const counting = setInterval(() => say(waited, `${counted(Math.round((performance.now() - since) / 1000), "second")}`), 1000);
  const close = dialog(
    `Quick match: ${kindTitle(kind.name)}`,
    (end) => [
      h("div.seeking", { "aria-hidden": "true" }, [0, 1, 2, 3].map((at) => h(`i.seat-${at}`, { vars: { "--at": at } }))),
      says,
      waited,
      h("p.hint", {}, seatsWorded(kind.seats), ". Keep this page open."),
      h("button", { type: "button", on: { click: end } }, "Stop looking"),
    ],
    { kind: "match-dialog", closed: () => stopped.abort() },
  );
  /** @type {string | null} */
  let ticket = null;
  try {
    let answer = await app.you.as((who) => app.lobby.match(who, { kind: kind.name }));
    ticket = answer.ticket;
    while (answer.state === "waiting" && !stopped.signal.aborted) {
      const held = /** @type {string} */ (ticket);
      answer = await app.you.as((who) => app.lobby.matched(who, held, stopped.signal));
    }
    if (answer.state === "matched") {
      ticket = null;
      app.sit(answer.game?.id ?? answer.game, await app.you.me());
      close();
    } else if (answer.state === "gone") say(says, "The search has ended. Start another one.");
  } catch (error) {
    if (!stopped.signal.aborted) say(says, sentence(/** @type {Error} */ (error).message));
  } finally {
    clearInterval(counting);
    const held = ticket;
    if (stopped.signal.aborted && held !== null) app.you.as((who) => app.lobby.unmatch(who, held)).catch(() => {});
  }
}
