/** Crazy eights: a hand of cards, those of the others face down, and the pile between. */

import { h, say, set, svg } from "../dom.js";
import { colourOf, counted } from "../words.js";
import { crazyEights } from "./rebuilding.js";

/** @type {Record<string, string>} */
const SUITS = { C: "clubs", D: "diamonds", H: "hearts", S: "spades" };
/** @type {Record<string, string>} */
const RANKS = { A: "ace", J: "jack", Q: "queen", K: "king" };
const ORDER = ["A", "2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K"];
/** @type {Record<string, string>} */
const SHAPES = {
  C: "M24 6a8.500 8.500 0 0 1 7.200 13A8.500 8.500 0 1 1 27 32.500c.4 4 2 7 4.500 9.500h-15c2.500-2.500 4.100-5.500 4.500-9.500A8.500 8.500 0 1 1 16.800 19A8.500 8.500 0 0 1 24 6z",
  D: "M24 4L38 24L24 44L10 24z",
  H: "M24 43C10 32 6 25 6 18a9.500 9.500 0 0 1 18-4.300A9.500 9.500 0 0 1 42 18c0 7-4 14-18 25z",
  S: "M24 4c12 10 18 15 18 22a8.500 8.500 0 0 1-15 5.500c.4 4 2 7.500 4.500 10.500h-15c2.500-3 4.100-6.500 4.500-10.500A8.500 8.500 0 0 1 6 26c0-7 6-12 18-22z",
};
const TICK_MS = 250;

/** @param {import("./index.js").Table} table */
export function create(table) {
  /** @type {import("../seat.js").View | null} */
  let view = null;
  /** The eight for which a suit is chosen. @type {string | null} */
  let eight = null;
  /** Cards that were in the hand before. @type {Set<string> | null} */
  let held = null;
  /** Cards and suits as they are shown: what is as it was stays, for it may have the focus, or be pressed just now. */
  let shownHand = "";
  /** @type {string | null} */
  let shownEight = null;

  const others = h("ul.others", { "aria-label": "The others" });
  const stock = h("button.card.back", { type: "button", on: { click: () => act("draw") } });
  const inStock = h("span.count");
  const top = h("div.face-up");
  const suit = h("div.suit", { role: "status" });
  const timer = h("div.timer", { role: "timer", "aria-label": "Time left" }, h("i"));
  const deal = h("button.primary", { type: "button", on: { click: () => act("deal") } }, "Deal");
  const pass = h("button", { type: "button", on: { click: () => act("pass_on") } }, "Pass");
  const suits = h("div.suits", { role: "group", "aria-label": "Which suit follows?", hidden: true });
  const hand = h("ul.hand", { "aria-label": "Your hand" });
  const element = h(
    "div.crazy-eights",
    {},
    others,
    h("div.pile", {}, h("div.stock", {}, stock, inStock), top, suit),
    timer,
    h("div.controls", {}, deal, pass),
    suits,
    hand,
  );
  const ticking = setInterval(() => tick(), TICK_MS);

  /** @param {string} command */
  const can = (command) => view?.legal.some((each) => each.command === command) ?? false;

  /** @param {string} command */
  function act(command) {
    eight = null;
    table.send(command);
  }

  /** @param {string} card */
  function play(card) {
    if (view === null) return;
    const ways = view.legal.filter((each) => each.command === "play" && each.card === card);
    if (ways.length > 1 || card.startsWith("8")) {
      eight = eight === card ? null : card;
      draw();
      suits.querySelector("button")?.focus();
    } else table.send("play", { card });
  }

  function draw() {
    if (view === null) return;
    const { state, player, players, outcome } = view;
    const seated = players.filter((each) => each !== null);
    const around = player === null ? seated : [...seated.slice(seated.indexOf(player) + 1), ...seated.slice(0, seated.indexOf(player))];
    const turn = state.turns?.current ?? null;
    const isDealt = (state.top ?? null) !== null;
    others.replaceChildren(
      ...around.map((each) => {
        const count = state.counts?.[each] ?? 0;
        const shown = outcome?.hands?.[each] ?? null;
        const cards = shown === null ? Array.from({ length: Math.min(count, 12) }, () => h("span.card.back")) : sorted(shown).map((card) => face(card));
        return h(
          `li.${colourOf(each, players)}`,
          { "aria-current": turn === each && !view?.isFinished ? "true" : null },
          h("span.name", {}, h("i.disc"), each),
          h(`span.fan${shown === null ? "" : ".shown"}`, { "aria-hidden": shown === null ? "true" : null }, cards),
          h("span.count", {}, isDealt ? counted(count, "card") : "waits"),
        );
      }),
    );
    const left = state.in_stock ?? 0;
    stock.hidden = !isDealt;
    stock.disabled = !can("draw");
    set(stock, "aria-label", `Draw a card: ${left} left`);
    stock.classList.toggle("empty", left === 0);
    say(inStock, isDealt ? (left === 0 ? "empty" : `${left} left`) : "");
    top.replaceChildren(...(isDealt ? [face(state.top)] : [h("span.card.none")]));
    suit.replaceChildren(...(isDealt ? ["Follow ", pip(state.suit), ` ${SUITS[state.suit]}`] : []));
    suit.hidden = !isDealt || view.isFinished;
    deal.hidden = isDealt || player === null || !view.isLive;
    deal.disabled = seated.length < 2;
    pass.hidden = !can("pass_on");
    drawHand(sorted(state.hands?.[player ?? ""] ?? []));
    const chooses = eight !== null && view.legal.some((each) => each.card === eight);
    if (!chooses) eight = null;
    suits.hidden = !chooses;
    if (shownEight === eight) {
      tick();
      return;
    }
    shownEight = eight;
    suits.replaceChildren(
      ...(chooses ? Object.keys(SUITS) : []).map((each) => {
        const choose = () => {
          const card = eight;
          eight = null;
          table.send("play", { card, suit: each });
        };
        return h("button", { type: "button", "aria-label": SUITS[each], on: { click: choose } }, pip(each));
      }),
    );
    tick();
  }

  /** @param {string[]} cards */
  function drawHand(cards) {
    const focused = document.activeElement?.closest(".hand [data-card]")?.getAttribute("data-card") ?? undefined;
    const playable = new Set((view?.legal ?? []).filter((each) => each.command === "play").map((each) => each.card));
    const written = JSON.stringify([cards, [...playable], eight]);
    if (shownHand === written) return;
    shownHand = written;
    hand.style.setProperty("--cards", String(cards.length));
    hand.replaceChildren(
      ...cards.map((card, index) => {
        const button = h(
          `button.card-button${held !== null && !held.has(card) ? ".new" : ""}`,
          {
            type: "button",
            "aria-label": named(card) + (playable.has(card) ? "" : ", can't be played now"),
            "aria-disabled": playable.has(card) ? null : "true",
            "aria-pressed": eight === card ? "true" : null,
            data: { card },
            on: { click: () => playable.has(card) && play(card) },
          },
          face(card, true),
        );
        return h("li", { vars: { "--at": index - (cards.length - 1) / 2 } }, button);
      }),
    );
    if (view?.isLive && cards.length > 0) held = new Set(cards);
    if (focused !== undefined && hand.isConnected) {
      const again = hand.querySelector(`[data-card="${focused}"]`) ?? hand.querySelector("button");
      again?.focus();
    }
  }

  function tick() {
    const { turn_ends: ends, turn_seconds: all = 60 } = view?.state ?? {};
    const isRunning = typeof ends === "number" && view?.isLive && !view.isFinished;
    timer.hidden = !isRunning;
    if (!isRunning) return;
    const left = Math.max(0, Math.min(all, ends - Date.now() / 1000));
    timer.style.setProperty("--left", String(left / all));
    timer.classList.toggle("short", left < 10);
    set(timer, "title", `${Math.ceil(left)} seconds left`);
  }

  return {
    element,
    /** @param {import("../seat.js").View} next */
    show(next) {
      view = next;
      draw();
    },
    rebuild: crazyEights,
    /** @param {any} event */
    describe(event) {
      if (event.event === "Dealt") return `The cards are dealt: ${named(event.top)} lies on top`;
      if (event.event === "Hand") return `You are dealt ${event.cards.map(named).join(", ")}`;
      if (event.event === "Drew") return `${event.player} draws a card`;
      if (event.event === "Drawn") return `You have drawn the ${named(event.card)}`;
      if (event.event === "Passed") return `${event.player} passes`;
      if (event.event !== "Played") return null;
      const follows = event.card.startsWith("8") ? `: ${SUITS[event.suit]} follow` : "";
      return `${event.player} plays the ${named(event.card)}${follows}`;
    },
    close() {
      clearInterval(ticking);
    },
  };
}

/** @param {string[]} cards */
function sorted(cards) {
  /** @param {string} card */
  const worth = (card) => "CDSH".indexOf(card.slice(-1)) * 20 + ORDER.indexOf(card.slice(0, -1));
  return [...cards].sort((one, other) => worth(one) - worth(other));
}

/** @param {string} card such as 10H */
function named(card) {
  const rank = card.slice(0, -1);
  return `${RANKS[rank] ?? rank} of ${SUITS[card.slice(-1)]}`;
}

/** @param {string} suit its letter */
function pip(suit) {
  return svg(`svg.pip.${"DH".includes(suit) ? "red" : "dark"}`, { viewBox: "0 0 48 48", "aria-hidden": "true" }, svg("path", { d: SHAPES[suit] }));
}

/**
 * @param {string} card
 * @param {boolean} [isNamed] whether what it lies in says which it is
 */
function face(card, isNamed = false) {
  const suit = card.slice(-1);
  const rank = card.slice(0, -1);
  return h(
    `span.card.face.${"DH".includes(suit) ? "red" : "dark"}`,
    isNamed ? { "aria-hidden": "true" } : { role: "img", "aria-label": named(card) },
    h("b", { "aria-hidden": "true" }, rank, pip(suit)),
    rank === "8" ? h("em", { "aria-hidden": "true" }) : pip(suit),
  );
}
